# SPDX-License-Identifier: Apache-2.0
"""Runs the vendor's firmware on a core: each of its register accesses is one on the core's bus.

The firmware polls for ever. When it went round all slots and changed nothing, the next round waits until the
host writes to the queue, an interrupt comes or, if it looked at a unit, a pause is over: simulated time
passes and nothing else does.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from bridge.ert import Build, program
from bridge.ert.link import Link
from firmware_model.core import Core
from firmware_model.ert.memory_map import CARD, MemoryMap
from pydriver.regs import ert_csr, mb_intc

_CSR_SIZE = _INTC_SIZE = _BANK_SIZE = 0x1000
CLOCK_NS = 4


def translate(addr: int, source: MemoryMap, target: MemoryMap) -> int:
    """The place in `target` of what is at `addr` in `source`; units are at the same addresses in both."""
    windows = [(source.cq, target.cq, source.cq_size), (source.csr, target.csr, _CSR_SIZE)]
    windows.append((source.intc, target.intc, _INTC_SIZE))
    windows += [
        (theirs, ours, _BANK_SIZE) for theirs, ours in zip(source.cu_intc, target.cu_intc, strict=True)
    ]
    for theirs, ours, size in windows:
        if theirs <= addr < theirs + size:
            return ours + addr - theirs
    return addr


@dataclass
class Round:
    """What the firmware did since it began to go round the slots."""

    slots: int = 16
    steps: int = 0
    changed: bool = False
    looked_at_unit: bool = False

    def begin(self) -> None:
        self.steps = 0
        self.changed = self.looked_at_unit = False


@dataclass
class VendorFirmware:
    """The firmware's process. Make one per start of the processor and `run` it; `accesses` counts R and W."""

    build: Build
    poll_ns: int = 2000
    target: MemoryMap = CARD
    accesses: dict[str, int] = field(default_factory=lambda: {"R": 0, "W": 0})
    _round: Round = field(default_factory=Round)
    _interrupts_on: bool = False

    async def run(self, core: Core) -> None:
        """Until the firmware exits or the caller cancels.

        Raises ENOENT as `program`, EIO and ETIMEDOUT as `Link.receive` when it does not go on as it should.
        """
        link = Link([str(program(self.build))], f"AMD's scheduler firmware ({self.build.name})")
        try:
            await self._serve(core, link)
        finally:
            link.close()

    async def _serve(self, core: Core, link: Link) -> None:
        while (message := link.receive()) is not None:
            letter, addr, value = message
            match letter:
                case "R":
                    answer = await self._read(core, addr)
                case "W":
                    await self._write(core, addr, value)
                    continue
                case "L":
                    await self._step(core)
                    answer = int(core.interrupt_pending())
                case switch:
                    self._interrupts_on = switch == "E"
                    continue
            link.answer(answer)

    async def _read(self, core: Core, addr: int) -> int:
        if addr == self.build.base_register:
            return self.build.base
        if addr == self.build.memory.clock:
            return core.now_ns() // CLOCK_NS & 0xFFFFFFFF
        place = translate(addr, self.build.memory, self.target)
        self.accesses["R"] += 1
        self._round.looked_at_unit |= not self._is_scheduler(place)
        return await core.bus.read32(place)

    async def _write(self, core: Core, addr: int, value: int) -> None:
        place = translate(addr, self.build.memory, self.target)
        self.accesses["W"] += 1
        if place == self.target.csr + ert_csr.CQ_NUM_SLOTS.offset:
            self._round.slots = min(max(value, 1), 128)
        # Interrupts are switched off and on around a command that still cannot start.
        self._round.changed |= place != self.target.intc + mb_intc.MER.offset
        await core.bus.write32(place, value)

    async def _step(self, core: Core) -> None:
        """One slot; after the last one of a round that changed nothing, wait."""
        if self._round.steps >= self._round.slots:
            if not self._round.changed:
                timeout = self.poll_ns if self._round.looked_at_unit else None
                await core.wait_activity(timeout, self._interrupts_on)
            self._round.begin()
        self._round.steps += 1

    def _is_scheduler(self, addr: int) -> bool:
        """One of the scheduler's own blocks, which tell of themselves when something happens."""
        target = self.target
        blocks = [(target.cq, target.cq_size), (target.csr, _CSR_SIZE), (target.intc, _INTC_SIZE)]
        return any(base <= addr < base + size for base, size in blocks)
