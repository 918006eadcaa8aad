# SPDX-License-Identifier: Apache-2.0
"""READ_AXLF: the order of checks and steps, and what stays of an image.

Source: XRT ICAP contract §2.1 (order and errors), software mailbox contract §6.3 and §7 (images without a
bitstream, preloaded images).
"""

from __future__ import annotations

import errno
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pydriver.errors import fail
from pydriver.platform.sync import Lock
from pydriver.subdev.bitstream import Bitstream
from pydriver.xclbin import NULL_UUID, Axlf, ClockFreq, Connection, Ip, SectionKind, checks, parse
from pydriver.xocl.cu import CommandMemory
from pydriver.xocl.kds import ComputeUnit, KdsFlags, units_of
from pydriver.xocl.memory import BoFlags, BufferObject

if TYPE_CHECKING:
    from pydriver.xocl.driver import Xocl

CONFIGURATION = frozenset(
    {
        SectionKind.BITSTREAM,
        SectionKind.CLEARING_BITSTREAM,
        SectionKind.BITSTREAM_PARTIAL_PDI,
        SectionKind.PDI,
        SectionKind.MCS,
        SectionKind.DESIGN_CHECK_POINT,
        SectionKind.ASK_FLASH,
    }
)
"""Sections with the design itself; the driver keeps none of them."""
FA_MEMORY_MAX = 128 << 10
METADATA = (SectionKind.IP_LAYOUT, SectionKind.MEM_TOPOLOGY)
"""Without these nothing can be configured; the management PF refuses an image without them too."""


@dataclass
class Loaded:
    """What the driver keeps of the loaded image; empty when none is. `axlf` has metadata only."""

    ip_layout: tuple[Ip, ...] = ()
    connectivity: tuple[Connection, ...] = ()
    clocks: tuple[ClockFreq, ...] = ()
    axlf: Axlf | None = None


def is_lite(axlf: Axlf) -> bool:
    """The image has no bitstream: what programs the card is somewhere else."""
    full = (SectionKind.BITSTREAM, SectionKind.BITSTREAM_PARTIAL_PDI)
    return all(axlf.section(kind) is None for kind in full)


def without_design(axlf: Axlf) -> Axlf:
    """The image without the sections that hold the design, nor bytes between sections, nor a signature."""
    kept = tuple(section for section in axlf.sections if section.kind not in CONFIGURATION)
    end = axlf.length - len(axlf.signature)
    return replace(axlf, sections=kept, gaps=(), signature=b"", signature_length=-1, length=end)


class Loader:
    """The image of one user PF: loads it, and knows which one is loaded."""

    def __init__(self, driver: Xocl) -> None:
        self.bitstream = Bitstream()
        self.loaded = Loaded()
        self.lock = Lock(driver.clock)
        """Held while an image is loaded; a reset waits for it."""
        self._driver = driver
        self._mem_topology: bytes | None = None
        self._descriptors: BufferObject | None = None

    async def load(self, image: bytes, flags: KdsFlags, force: bool) -> None:
        """See `Xocl.read_axlf`."""
        driver = self._driver
        async with self.lock:
            if not driver.rom.unified:
                raise fail(errno.EINVAL, "the shell is not a unified one")
            axlf = parse(image)
            checks.check_uuid(axlf)
            if driver.kds.state.bad:
                raise fail(errno.EDEADLK, "the scheduler is in a bad state; the card needs a reset")
            if axlf.uuid == self.bitstream.uuid and not force:
                driver.on_event("user", f"{axlf.uuid.hex()} is loaded already")
                return
            self._check_in_use()
            self._check_image(axlf)
            topology = axlf.section(SectionKind.MEM_TOPOLOGY)
            axlf.mem_topology()  # its size must be exact
            if not (driver.options.data_retention and topology == self._mem_topology):
                driver.memory.check_empty(own=int(self._descriptors is not None))
            # Not before: until here the old image may stay.
            self._free_descriptors()
            driver.kds.forget_image()
            driver.on_event("user", f"loads {axlf.uuid.hex()}, {axlf.length} bytes")
            try:
                with self.bitstream.writer():
                    self._check_image(axlf)
                    self._check_in_use()
                    cus = await self._program(axlf, image[: axlf.length], force)
                await self._configure(cus, flags)
            finally:
                driver.attribute_source.image_changed()
            driver.on_event("user", f"{axlf.uuid.hex()} is ready")

    async def _program(self, axlf: Axlf, image: bytes, force: bool) -> list[ComputeUnit]:
        driver = self._driver
        self.loaded = Loaded()
        try:
            await driver.peer.download(axlf, image, force)
            if is_lite(axlf):
                self._check_metadata(axlf)
            cus = units_of(axlf)
            self.loaded = Loaded(
                axlf.ip_layout(), axlf.connectivity(), axlf.clock_topology(), without_design(axlf)
            )
            self.bitstream.uuid = axlf.uuid
        except BaseException as error:
            # Whoever asked may also have been killed: what is on the card is no image that anybody knows.
            self.bitstream.uuid = NULL_UUID
            driver.on_event("user", f"load failed: {getattr(error, 'strerror', None) or 'given up'}")
            raise
        finally:
            # The topology is kept even when the load failed.
            self._mem_topology = axlf.section(SectionKind.MEM_TOPOLOGY)
            driver.memory.configure(axlf.group_topology() or axlf.mem_topology())
        return cus

    async def reconfigure(self) -> None:
        """Configure the scheduler again for the loaded image, after its clocks have changed."""
        state = self._driver.kds.state
        await self._configure(state.cus, state.flags)

    async def _configure(self, cus: list[ComputeUnit], flags: KdsFlags) -> None:
        """Configure the scheduler; a failure leaves no image loaded."""
        driver = self._driver
        polling = flags.polling or driver.options.ert_polling
        try:
            self._reserve_descriptors(cus)
            await driver.kds.configure(cus, replace(flags, polling=polling), driver.rom.has_scheduler)
        except BaseException:
            self.bitstream.uuid = NULL_UUID
            raise

    def _reserve_descriptors(self, cus: list[ComputeUnit]) -> None:
        """Keep memory for the descriptors of fast adapters, at the last argument of the first of them.

        As in the real driver: 128 KiB at most, or the whole bank. Raises ENOMEM, EINVAL (no such memory).
        """
        driver = self._driver
        adapter = next((cu for cu in cus if cu.fast_adapter), None)
        if adapter is None or self._descriptors is not None:
            return
        index = next(i for i, ip in enumerate(self.loaded.ip_layout) if ip.name == adapter.name)
        mine = [each for each in self.loaded.connectivity if each.ip_index == index]
        if not mine or driver.dma is None:
            raise fail(errno.EINVAL, f"{adapter.name} has no memory for its descriptors")
        bank = max(mine, key=lambda each: each.arg_index).mem_index
        size = min(driver.memory.banks[bank].size, FA_MEMORY_MAX)
        self._descriptors = driver.memory.create(size, BoFlags.DEV_ONLY | bank)
        driver.host_cus.command_memory = CommandMemory(driver.dma, self._descriptors.address, size)

    def _free_descriptors(self) -> None:
        if self._descriptors is not None:
            self._driver.memory.free(self._descriptors.handle)
        self._descriptors = None
        self._driver.host_cus.command_memory = None

    def forget(self) -> None:
        """No image is loaded and nobody uses one: the card is being reset."""
        self.bitstream.unlock(NULL_UUID)
        self.bitstream.uuid = NULL_UUID
        self.loaded = Loaded()
        self._mem_topology = None
        self._free_descriptors()
        self._driver.attribute_source.image_changed()

    def _check_in_use(self) -> None:
        if self.bitstream.in_use:
            count = self.bitstream.references
            raise fail(errno.EBUSY, f"the loaded image is in use by {count} clients")

    def _check_image(self, axlf: Axlf) -> None:
        rom = self._driver.rom
        checks.check_version(axlf)
        if not rom.has_uuid:
            checks.check_feature_rom(axlf, rom.timestamp)
        interfaces = axlf.interface_uuids()
        if interfaces and not is_lite(axlf):
            # A legacy shell has no device tree, hence no interface uuid to match.
            checks.check_interfaces(axlf, self._driver.peer.shell.interfaces)

    @staticmethod
    def _check_metadata(axlf: Axlf) -> None:
        for kind in METADATA:
            if axlf.section(kind) is None:
                raise fail(errno.ENODEV, f"the image has neither a bitstream nor a {kind.name} section")
