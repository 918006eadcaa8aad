# SPDX-License-Identifier: Apache-2.0
"""Downloading an image on the management PF.

Source: XRT ICAP contract §2.2, in its order. Steps for hardware that this shell does not have are not
executed: freezing the XMC (no `ep_cmc_mutex`), saving and restoring the DDR calibration and the DDR reset
gate (no SRSR), sub-devices of a user partition (a legacy shell has none), clock wizards and counters (their
registers are not on the card), DNA (no IP_DNASC at a place the card has). The clock topology is still judged.
A signature can be required (`sec_level`); there is no key ring, so then nothing passes.
"""

from __future__ import annotations

import errno
from collections import Counter
from collections.abc import Collection

from pydriver.errors import fail
from pydriver.platform import Clock
from pydriver.platform.trace import OnEvent, silent
from pydriver.regs import RegBlock, calib_gpio
from pydriver.subdev.bitstream import Bitstream
from pydriver.subdev.feature_rom import FeatureRom
from pydriver.xclbin import NULL_UUID, Axlf, ClockFreq, ClockType, Mode, SectionKind, checks, parse
from pydriver.xclmgmt.axigate import AxiGate
from pydriver.xclmgmt.icap import Icap

CALIBRATION_TRIES = 20
CALIBRATION_PERIOD_NS = 500_000_000
MAX_CLOCKS = 4
MAX_SYSTEM_CLOCKS = 2


class Downloader:
    """Checks an image and programs it; keeps what the management PF remembers of it."""

    def __init__(
        self,
        clock: Clock,
        rom: FeatureRom,
        icap: Icap,
        gate: AxiGate,
        calibration: RegBlock,
        *,
        sec_level: int = 0,
        data_retention: bool = False,
        interfaces: Collection[str] = (),
        on_event: OnEvent = silent,
    ) -> None:
        """`interfaces`: those the shell offers to an image (32 hex digits each); a legacy shell has none."""
        self.bitstream = Bitstream()
        self.mem_topology = b""
        self.ip_layout = b""
        self.retained = False
        self.clocks: tuple[ClockFreq, ...] = ()
        self.sec_level = sec_level
        self.data_retention = data_retention
        self.interfaces = interfaces
        self._clock = clock
        self._rom = rom
        self._icap = icap
        self._gate = gate
        self._calibration = calibration
        self._on_event = on_event

    async def calibrated(self) -> bool:
        """All memory controllers have calibrated."""
        return bool(await self._calibration.read(calib_gpio.DATA) & calib_gpio.DATA.DONE.mask)

    async def download(self, image: bytes) -> None:
        """Program `image`, a complete axlf file.

        Raises EBUSY (another download, or clients on the loaded image), EINVAL (format, version, interface),
        EOPNOTSUPP (made for another shell), EKEYREJECTED, EDOM (clocks), EIO and ETIMEDOUT (programming,
        calibration), ENODEV (no IP_LAYOUT or MEM_TOPOLOGY). After an error from programming on the uuid is
        null; after one in programming the gate is closed.
        """
        with self.bitstream.writer():
            axlf = parse(image)
            self._check(axlf)
            self._on_event("mgmt.icap", f"downloads {axlf.uuid.hex()}, {axlf.length} bytes")
            # Null until all is done: also when whoever waits for the download is cancelled.
            self.bitstream.uuid = NULL_UUID
            try:
                await self._download(axlf)
            except OSError as error:
                self._on_event("mgmt.icap", f"download failed: {error.strerror}")
                raise
            self.bitstream.uuid = axlf.uuid
            self._on_event("mgmt.icap", f"{axlf.uuid.hex()} is loaded")

    def forget(self) -> None:
        """The region is empty again, as after a reset of the card."""
        self.bitstream.uuid = NULL_UUID
        self.bitstream.references = 0
        self.mem_topology = self.ip_layout = b""
        self.clocks = ()
        self.retained = False

    def _check(self, axlf: Axlf) -> None:
        full = axlf.section(SectionKind.BITSTREAM) is not None
        if full or axlf.section(SectionKind.BITSTREAM_PARTIAL_PDI) is not None:
            checks.check_interfaces(axlf, self.interfaces)
        checks.check_version(axlf)
        if not self._rom.has_uuid:
            checks.check_feature_rom(axlf, self._rom.timestamp)
        if self.bitstream.in_use:
            raise fail(errno.EBUSY, "the loaded image is in use")

    async def _download(self, axlf: Axlf) -> None:
        topology = axlf.section(SectionKind.MEM_TOPOLOGY) or b""
        self.retained = self.data_retention and bool(topology) and topology == self.mem_topology
        self.mem_topology = topology
        self.ip_layout = axlf.section(SectionKind.IP_LAYOUT) or b""
        if self.sec_level > 0:
            raise fail(
                errno.EKEYREJECTED,
                "no key on the key ring verifies the signature" if axlf.signed else "the image is not signed",
            )
        _check_clocks(axlf)
        self.clocks = axlf.clock_topology()
        if axlf.mode != Mode.FLAT:
            await self._program(axlf)
        for kind in (SectionKind.IP_LAYOUT, SectionKind.MEM_TOPOLOGY):
            if axlf.section(kind) is None:
                raise fail(errno.ENODEV, f"the image has no {kind.name} section")
        await self.wait_calibrated()

    async def _program(self, axlf: Axlf) -> None:
        section = axlf.section(SectionKind.BITSTREAM)
        if section is None:
            raise fail(errno.EINVAL, "the image has no BITSTREAM section")
        await self._gate.freeze()
        await self._icap.program(section)
        await self._gate.free()

    async def wait_calibrated(self) -> None:
        """Raises ETIMEDOUT when the memory controllers have not calibrated within 10 s."""
        for _ in range(CALIBRATION_TRIES):
            if await self.calibrated():
                return
            await self._clock.sleep_ns(CALIBRATION_PERIOD_NS)
        raise fail(errno.ETIMEDOUT, "MIG calibration timeout after a bitstream download")


def _check_clocks(axlf: Axlf) -> None:
    """Raises EDOM unless there is one DATA, one KERNEL and at most two SYSTEM clocks (ICAP contract §4.1)."""
    if axlf.section(SectionKind.CLOCK_FREQ_TOPOLOGY) is None:
        return
    clocks = axlf.clock_topology()
    kinds = Counter(clock.type for clock in clocks)
    if (
        len(clocks) > MAX_CLOCKS
        or kinds[ClockType.DATA] != 1
        or kinds[ClockType.KERNEL] != 1
        or kinds[ClockType.SYSTEM] > MAX_SYSTEM_CLOCKS
    ):
        raise fail(errno.EDOM, "the clock topology is not one DATA, one KERNEL and at most two SYSTEM clocks")
