# SPDX-License-Identifier: Apache-2.0
"""The configuration port: writing a bitstream through the HWICAP and reading the IDCODE.

Source: XRT ICAP contract §1.1 and §1.2. This shell has no `ep_icap_reset`, so the reset pulse before
programming is not given.
"""

from __future__ import annotations

import errno
import struct

from pydriver.errors import fail
from pydriver.platform import Clock
from pydriver.platform.trace import OnEvent, silent
from pydriver.regs import RegBlock, hwicap
from pydriver.xclbin import parse_bit

CHUNK_BYTES = 1024
CR_POLLS = 20
CR_POLL_NS = 50
DONE_POLLS = 10
DONE_POLL_NS = 5_000
DONE_MASK = 0x5
ALL_ONES = 0xFFFF_FFFF

# Configuration registers of the device and what of STAT tells why a stream was refused.
_IDCODE = 12
_STAT = 7
_STAT_CRC_ERROR = 1 << 0
_STAT_ID_ERROR = 1 << 15


def _read_request(register: int) -> tuple[int, ...]:
    """Dummy, sync, type 1 read of one word, each with no-operations around."""
    nop = 0x20000000
    return (0xFFFFFFFF, 0xAA995566, nop, nop, 0x28000001 | register << 13, nop, nop)


class Icap:
    """Programs the region behind the gate; the caller closes and opens the gate."""

    def __init__(self, clock: Clock, regs: RegBlock, on_event: OnEvent = silent) -> None:
        self._clock = clock
        self._regs = regs
        self._on_event = on_event
        self._wf = regs.address(hwicap.WF)

    async def read_idcode(self) -> int:
        """IDCODE of the device. Raises EIO when the port does not take the request or has no answer."""
        await self._regs.read_many([hwicap.SR, hwicap.SR])
        await self._regs.write(hwicap.GIER, 0)
        await self._regs.read(hwicap.WFV)
        return await self._read_register(_IDCODE)

    async def _read_register(self, register: int) -> int:
        regs = self._regs
        await regs.bar.write32s([(self._wf, word) for word in _read_request(register)])
        await self._command(hwicap.CR.WRITE.mask)
        await regs.write(hwicap.SZ, 1)
        await self._command(hwicap.CR.READ.mask)
        if not await regs.read(hwicap.RFO):
            raise fail(errno.EIO, "the configuration port returned no word of a configuration register")
        return await regs.read(hwicap.RF)

    async def _why(self) -> str:
        """What the device says about the stream it did not accept."""
        try:
            status = await self._read_register(_STAT)
        except OSError:
            return "the configuration port does not answer"
        if status & _STAT_ID_ERROR:
            return "the bitstream is for another device (IDCODE mismatch)"
        if status & _STAT_CRC_ERROR:
            return "the bitstream is corrupt (CRC error)"
        return "the stream ended without being accepted: no sync word, cut short, or without a CRC check"

    async def program(self, section: bytes) -> None:
        """Write the BITSTREAM section `section` (a `.bit` file with its header).

        Raises EINVAL (header), EIO (FIFO without room, write stuck), ETIMEDOUT (not done at the end; the
        sentence names what the device's status register says, which the real driver does not look at).
        Bytes at the end that do not fill a word are dropped, as the driver does.
        """
        data = parse_bit(section).data
        shown = 0
        for start in range(0, len(data), CHUNK_BYTES):
            chunk = data[start : start + CHUNK_BYTES]
            await self._write_words(struct.unpack(f">{len(chunk) // 4}I", chunk[: len(chunk) & ~3]))
            sent = start + len(chunk)
            if 10 * sent // len(data) > shown:
                shown = 10 * sent // len(data)
                self._on_event("mgmt.icap", f"{sent}/{len(data)} bytes")
        for _ in range(DONE_POLLS):
            await self._clock.sleep_ns(DONE_POLL_NS)
            status = await self._regs.read(hwicap.SR)
            # All ones is a port that does not answer; the real driver would take it for done.
            if status != ALL_ONES and status & DONE_MASK:
                self._on_event("mgmt.icap", "done")
                return
        raise fail(errno.ETIMEDOUT, f"bitstream download timeout: {await self._why()}")

    async def _write_words(self, words: tuple[int, ...]) -> None:
        at = 0
        while at < len(words):
            room = await self._regs.read(hwicap.WFV)
            if room in (0, ALL_ONES):
                raise fail(errno.EIO, "the write FIFO of the configuration port has no room")
            part = words[at : at + room]
            await self._regs.bar.write32s([(self._wf, word) for word in part])
            await self._command(hwicap.CR.WRITE.mask)
            at += len(part)

    async def _command(self, bit: int) -> None:
        """Set a control bit and wait until the port clears it. Raises EIO."""
        await self._regs.write(hwicap.CR, bit)
        for _ in range(CR_POLLS):
            control = await self._regs.read(hwicap.CR)
            if control != ALL_ONES and not control & bit:
                return
            await self._clock.sleep_ns(CR_POLL_NS)
        raise fail(errno.EIO, f"the configuration port did not finish command {bit:#x}")
