# SPDX-License-Identifier: Apache-2.0
"""Units with the HLS control block: every register sequence of AP_CTRL_HS and AP_CTRL_CHAIN.

Source: XRT compute unit contract §1.1 (sequences), §1.2 (software reset).
"""

from __future__ import annotations

import errno
from collections.abc import Sequence
from dataclasses import dataclass

from pydriver.errors import fail
from pydriver.ert import Header, Opcode, to_words
from pydriver.platform import Bar, Clock
from pydriver.platform.sync import Lock
from pydriver.regs import cu_ctrl, user_bar
from pydriver.xclbin import IpControl
from pydriver.xocl.cu.unit import ComputeUnit

ALL_ONES = 0xFFFF_FFFF
CTRL, GIE = cu_ctrl.CTRL.offset, cu_ctrl.GIE.offset
IER, ISR = cu_ctrl.IER.offset, cu_ctrl.ISR.offset
START, DONE = cu_ctrl.CTRL.AP_START.mask, cu_ctrl.CTRL.AP_DONE.mask
CONTINUE, SW_RESET = cu_ctrl.CTRL.AP_CONTINUE.mask, cu_ctrl.CTRL.SW_RESET.mask
DONE_INTERRUPT, READY_INTERRUPT = cu_ctrl.ISR.DONE.mask, cu_ctrl.ISR.READY.mask
INTERRUPTS = DONE_INTERRUPT | READY_INTERRUPT
ARGUMENTS = cu_ctrl.SIZE
APERTURE = user_bar.CU[0].size
EXEC_WRITE_RESERVED = 6
REGMAP_CONTROL_WORDS = 4
"""The first words of a register map stand for control, interrupt enables and status: nobody writes them."""
RESET_POLL_NS = 1_000_000
RESET_POLLS = 10_000
NO_BACK_OFF = -1


@dataclass(frozen=True)
class Progress:
    """What a look at the hardware found: runs that are done, inputs that it has taken since the last look."""

    done: int = 0
    ready: int = 0


def payload(packet: bytes) -> Sequence[int]:
    """The words of a start packet behind the unit masks."""
    header = Header.unpack(int.from_bytes(packet[:4], "little"))
    return to_words(packet[: 4 + 4 * header.count])[2 + header.extra_cu_masks :]


def register_writes(packet: bytes) -> list[tuple[int, int]]:
    """(offset in the unit, value) pairs that a start command sets before the start bit.

    Raises EINVAL for an offset that is no register of the unit.
    """
    opcode = Header.unpack(int.from_bytes(packet[:4], "little")).opcode
    words = payload(packet)
    if opcode == Opcode.START_CU:
        arguments = words[REGMAP_CONTROL_WORDS:]
        writes = [(ARGUMENTS + 4 * index, word) for index, word in enumerate(arguments)]
    else:
        if opcode == Opcode.EXEC_WRITE:
            words = words[EXEC_WRITE_RESERVED:]
        writes = list(zip(words[0::2], words[1::2], strict=False))
    for offset, _ in writes:
        if offset % 4 or offset >= APERTURE:
            raise fail(errno.EINVAL, f"{offset:#x} is no register of a unit")
    return writes


class HlsUnit:
    """The hardware of one unit. One run can be started; AP_CTRL_CHAIN takes the next when it is ready."""

    max_credits = 1
    busy_threshold = NO_BACK_OFF

    def __init__(self, clock: Clock, bar: Bar, cu: ComputeUnit) -> None:
        self.cu = cu
        self.credits = self.max_credits
        self._clock = clock
        self._bar = bar
        self._chain = cu.control == IpControl.AP_CTRL_CHAIN
        self._outstanding = 0
        self._lock = Lock(clock)
        # Counted by the interrupt handler, consumed by `check`.
        self._done = 0

    async def start(self, packet: bytes) -> None:
        """Write the arguments, then the start bit. Raises EINVAL (see `register_writes`)."""
        writes = register_writes(packet)
        self._outstanding += 1
        base = self.cu.address
        await self._bar.write32s([*((base + at, word) for at, word in writes), (base + CTRL, START)])

    async def check(self) -> Progress:
        """Look at CTRL, if there is anything to expect. Raises EIO when the unit does not answer."""
        return await (self._check_chain() if self._chain else self._check_hs())

    async def _check_hs(self) -> Progress:
        # Reading is expensive, and it clears done.
        if not self._outstanding:
            return Progress()
        control = await self._control()
        if not control & DONE:
            return Progress()
        self._outstanding -= 1
        return Progress(1, 1)

    async def _check_chain(self) -> Progress:
        used = self.max_credits - self.credits
        if not used and not self._outstanding and not self._done:
            return Progress()
        # Done and continue are one step: the interrupt handler must not see the same done.
        async with self._lock:
            done, self._done = self._done, 0
            control = await self._control()
            # The start bit alone tells. A ready interrupt may be handled after the bit was seen and the next
            # run was started: counting it too would start a third run over the second.
            ready = int(used > 0 and not control & START)
            if control & DONE:
                done += 1
                await self._continue()
        return Progress(done, ready)

    async def _continue(self) -> None:
        self._outstanding = max(self._outstanding - 1, 0)
        await self._write(CTRL, CONTINUE)

    async def _control(self) -> int:
        control = await self._read(CTRL)
        self.cu.status = control
        if control == ALL_ONES:
            raise fail(errno.EIO, f"{self.cu.name} does not answer")
        return control

    # --- interrupts -----------------------------------------------------------------------------------

    async def enable_interrupt(self) -> None:
        """Done and ready interrupt."""
        base = self.cu.address
        await self._bar.write32s([(base + GIE, cu_ctrl.GIE.ENABLE.mask), (base + IER, INTERRUPTS)])

    async def disable_interrupt(self) -> None:
        """Neither does."""
        enabled = await self._read(IER)
        base = self.cu.address
        await self._bar.write32s([(base + GIE, 0), (base + IER, enabled & ~INTERRUPTS & ALL_ONES)])

    async def clear_interrupt(self) -> None:
        """The interrupt handler: acknowledge what ISR shows.

        Writing toggles, so exactly the bits that were read go back: a 1 for a bit that is 0 would make an
        interrupt. AP_CTRL_CHAIN: continue goes first, because done is a level that would set ISR again.
        AP_CTRL_HS: CTRL is not read here, that would consume done.
        """
        status = await self._read(ISR)
        if status == ALL_ONES:
            return
        if self._chain:
            async with self._lock:
                if status & DONE_INTERRUPT and await self._read(CTRL) & DONE:
                    self._done += 1
                    await self._continue()
        await self._write(ISR, status)

    # --- software reset -------------------------------------------------------------------------------

    async def reset(self) -> bool:
        """Abandon what runs. False when the unit has no software reset or did not finish it in 10 s."""
        if not self.cu.sw_reset:
            return False
        await self._write(CTRL, SW_RESET)
        for _ in range(RESET_POLLS):
            await self._clock.sleep_ns(RESET_POLL_NS)
            control = await self._read(CTRL)
            if control != ALL_ONES and not control & SW_RESET:
                self.forget()
                return True
        return False

    def forget(self) -> None:
        """Nothing is under way any more: all credits are back."""
        self.credits = self.max_credits
        self._outstanding = self._done = 0

    async def explain(self) -> str:
        """What the hardware says about a run that does not end."""
        return f"CTRL {await self._read(CTRL):#x}"

    # --- registers ------------------------------------------------------------------------------------

    async def _read(self, offset: int) -> int:
        return await self._bar.read32(self.cu.address + offset)

    async def _write(self, offset: int, value: int) -> None:
        await self._bar.write32(self.cu.address + offset, value)
