# SPDX-License-Identifier: Apache-2.0
"""Host interrupts 0 to 3 of the user function: completions of the embedded scheduler, or of compute units.

In ERT mode each of the four stands for one STATUS register of the scheduler, which is cleared by reading; in
CU mode for one AXI interrupt controller with 32 compute units. Source: XRT compute unit contract §5, ERT
contract §8 (selection in `ep_ert_config_00`).
"""

from __future__ import annotations

import errno
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum

from pydriver.errors import fail
from pydriver.platform import Bar, Clock, Task
from pydriver.platform.sync import Lock
from pydriver.platform.trace import OnEvent, silent
from pydriver.regs import Window, cfg_gpio, cu_intc, ert_csr, user_bar
from pydriver.subdev.irq_block import IrqBlock

GROUPS = 4
PER_GROUP = 32
SOURCES = GROUPS * PER_GROUP
LOOKS = 3
"""How often a handler looks while its interrupt is off."""
STATUS = (ert_csr.STATUS0, ert_csr.STATUS1, ert_csr.STATUS2, ert_csr.STATUS3)
MASTER = cu_intc.MER.ME.mask | cu_intc.MER.HIE.mask

Handler = Callable[[int], Awaitable[None]]
"""Called with the interrupt id, or for `request_status` with all bits of the status register."""


class Mode(Enum):
    """Whose interrupts reach the host."""

    ERT = "ERT"
    CU = "CU"


@dataclass
class _Group:
    """32 sources behind one host interrupt in one mode. `enabled`: bit mask."""

    handlers: dict[int, Handler] = field(default_factory=dict)
    whole: Handler | None = None
    enabled: int = 0
    count: int = 0


class Intc:
    """The four host interrupts. `start` first.

    `blanking`: the handler keeps its XDMA interrupt off while it looks several times; otherwise, in CU mode,
    it disables the sources in the controller meanwhile (sysfs `intc_blanking`).
    """

    def __init__(
        self,
        clock: Clock,
        bar: Bar,
        irqs: IrqBlock,
        *,
        csr: Window = user_bar.ERT_CSR,
        controllers: Sequence[Window] = user_bar.CU_INTC,
        gpio: Window | None = user_bar.ERT_CFG_GPIO,
        on_event: OnEvent = silent,
    ) -> None:
        """`gpio`: where the shell selects whose interrupts reach the host; None when there is no choice."""
        self.mode = Mode.ERT
        self.blanking = True
        self._clock = clock
        self._bar = bar
        self._irqs = irqs
        self._status = [csr.base + register.offset for register in STATUS]
        self._controllers = [window.base for window in controllers]
        self._gpio = gpio
        self._on_event = on_event
        self._groups = {mode: [_Group() for _ in range(GROUPS)] for mode in Mode}
        self._lock = Lock(clock)
        self._tasks: list[Task] = []

    async def start(self) -> None:
        """Begin to listen. Who had the card before may have left the other choice."""
        await self._select(self.mode)
        for index in range(GROUPS):
            self._tasks.append(self._clock.spawn(self._worker(index), f"user.intc{index}"))

    async def stop(self) -> None:
        """All host interrupts off, nobody listens any more; requests and enables are forgotten."""
        for task in self._tasks:
            task.cancel()
        self._tasks.clear()
        for index in range(GROUPS):
            await self._irqs.disable(index)
        self._groups = {mode: [_Group() for _ in range(GROUPS)] for mode in Mode}

    # --- sources --------------------------------------------------------------------------------------

    def request(self, mode: Mode, source: int, handler: Handler | None) -> None:
        """Set the handler of a source, None to give the source up. It is not enabled yet.

        Raises EINVAL (no such source), EBUSY (another handler is there).
        """
        group, bit = self._place(mode, source)
        if handler is None:
            group.handlers.pop(bit, None)
            return
        if bit in group.handlers:
            raise fail(errno.EBUSY, f"{mode.value} interrupt {source} has a handler already")
        group.handlers[bit] = handler

    def request_status(self, index: int, handler: Handler | None) -> None:
        """ERT mode: one handler for all bits of STATUS register `index`, None to give it up.

        Raises EINVAL (no such register), EBUSY (another handler is there).
        """
        group, _ = self._place(Mode.ERT, PER_GROUP * index)
        if handler is not None and group.whole is not None:
            raise fail(errno.EBUSY, f"STATUS{index} has a handler already")
        group.whole = handler

    async def enable(self, mode: Mode, source: int) -> None:
        """Let a source interrupt. In the other mode it takes effect at `set_mode`. Raises EINVAL."""
        await self._switch(mode, source, on=True)

    async def disable(self, mode: Mode, source: int) -> None:
        """Keep a source back. Raises EINVAL."""
        await self._switch(mode, source, on=False)

    def enabled(self, mode: Mode) -> int:
        """Bit n: source n is enabled."""
        return sum(group.enabled << PER_GROUP * index for index, group in enumerate(self._groups[mode]))

    def counts(self) -> list[tuple[str, int]]:
        """Interrupts by host interrupt and mode, for sysfs `intc_stat`."""
        names = {Mode.ERT: "CSR", Mode.CU: "CU INTC"}
        return [
            (f"{names[mode]}[{index}]", group.count)
            for mode, groups in self._groups.items()
            for index, group in enumerate(groups)
        ]

    async def set_mode(self, mode: Mode) -> None:
        """Choose whose interrupts reach the host. Raises EBUSY while sources of the other mode are on."""
        async with self._lock:
            if mode == self.mode:
                return
            if any(group.enabled for group in self._groups[self.mode]):
                raise fail(errno.EBUSY, f"{self.mode.value} interrupts are enabled")
            await self._select(mode)
            self.mode = mode
            for index, group in enumerate(self._groups[mode]):
                await self._irqs.disable(index)
                if mode == Mode.CU:
                    # The scheduler's firmware may have left its own enables.
                    await self._write(index, cu_intc.IER.offset, 0)
                if group.enabled:
                    await self._irqs.enable(index)
                    if mode == Mode.CU:
                        await self._set(index, group.enabled)
        self._on_event("user.intc", f"{mode.value} interrupts")

    async def _select(self, mode: Mode) -> None:
        if self._gpio is None:
            return
        at = self._gpio.base + cfg_gpio.CONTROL.offset
        choice = cfg_gpio.CONTROL.CU_TO_HOST.mask
        control = await self._bar.read32(at)
        await self._bar.write32(at, control | choice if mode == Mode.CU else control & ~choice)

    async def _switch(self, mode: Mode, source: int, on: bool) -> None:
        self._place(mode, source)
        # One at a time: the accesses of two would mix, and a change of the mode would come between.
        async with self._lock:
            group, bit = self._place(mode, source)
            if on and bit not in group.handlers and group.whole is None:
                raise fail(errno.EINVAL, f"{mode.value} interrupt {source} has no handler")
            before = group.enabled
            group.enabled = before | 1 << bit if on else before & ~(1 << bit)
            if mode == self.mode and group.enabled != before:
                await self._apply(source // PER_GROUP, before, group.enabled)

    async def _apply(self, index: int, before: int, after: int) -> None:
        """Bring the hardware of a group from one set of enabled sources, a bit mask, to another."""
        if not before:
            await self._irqs.enable(index)
        elif not after:
            await self._irqs.disable(index)
        if self.mode == Mode.CU:
            if after & ~before:
                await self._set(index, after & ~before)
            else:
                await self._write(index, cu_intc.CIE.offset, before & ~after)

    async def _set(self, index: int, bits: int) -> None:
        base = self._controllers[index]
        master = (base + cu_intc.MER.offset, MASTER)
        await self._bar.write32s([master, (base + cu_intc.SIE.offset, bits)])

    def _place(self, mode: Mode, source: int) -> tuple[_Group, int]:
        if not 0 <= source < SOURCES:
            raise fail(errno.EINVAL, f"interrupt {source} is not one of {SOURCES}")
        return self._groups[mode][source // PER_GROUP], source % PER_GROUP

    # --- handling -------------------------------------------------------------------------------------

    async def _worker(self, index: int) -> None:
        event = self._irqs.event(index)
        while True:
            await event.wait()
            event.clear()
            # The mode may change meanwhile; this interrupt is one of the mode in which it came.
            mode = self.mode
            if not self._groups[mode][index].enabled:
                # A message from before. STATUS is cleared by a read, and somebody may be polling it.
                continue
            self._groups[mode][index].count += 1
            self._on_event("user.irq", f"{mode.value} interrupt {index}")
            if self.blanking:
                await self._handle_blanked(mode, index)
            elif mode == Mode.ERT:
                await self._look(mode, index)
            else:
                await self._handle_disabled(index)

    async def _handle_blanked(self, mode: Mode, index: int) -> None:
        # The line to XDMA is a level, but XDMA waits for an edge: off, look several times, on, look again.
        await self._irqs.disable(index)
        if mode == Mode.ERT:
            for pending in await self._bar.read32s([self._status[index]] * LOOKS):
                await self._handle(mode, index, pending)
        else:
            for _ in range(LOOKS):
                await self._look(mode, index)
        if self._groups[self.mode][index].enabled:
            await self._irqs.enable(index)
        await self._look(mode, index)

    async def _look(self, mode: Mode, index: int) -> None:
        if mode == Mode.ERT:
            await self._handle(mode, index, await self._bar.read32(self._status[index]))
            return
        # ISR and not IPR: a disabled source is seen too, but only an enabled one is called.
        pending = await self._bar.read32(self._controllers[index] + cu_intc.ISR.offset)
        await self._handle(mode, index, pending)
        await self._write(index, cu_intc.IAR.offset, pending)

    async def _handle_disabled(self, index: int) -> None:
        # While all sources are off the controller's output is low, so switching them on makes an edge.
        group = self._groups[Mode.CU][index]
        await self._write(index, cu_intc.CIE.offset, group.enabled)
        await self._look(Mode.CU, index)
        # A handler may have disabled its source.
        await self._write(index, cu_intc.SIE.offset, group.enabled)

    async def _handle(self, mode: Mode, index: int, pending: int) -> None:
        group = self._groups[mode][index]
        if group.whole is not None:
            if pending and group.enabled:
                await group.whole(pending)
            return
        for bit, handler in sorted(group.handlers.items()):
            if pending >> bit & group.enabled >> bit & 1:
                await handler(PER_GROUP * index + bit)

    async def _write(self, index: int, offset: int, value: int) -> None:
        await self._bar.write32(self._controllers[index] + offset, value)
