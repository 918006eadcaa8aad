# SPDX-License-Identifier: Apache-2.0
"""A unit behind a fast adapter, in virtual time: what `tests.models.cu_fa` makes of descriptors, queued.

Source: XRT compute unit contract §2.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

from pydriver.platform.virtual import ALL_ONES, Target
from pydriver.regs import cu_fa
from tests.models import cu_fa as descriptor
from tests.models import kernels
from tests.models.units import Arguments

if TYPE_CHECKING:
    from tests.models.card import Card

HEADER_BYTES = 4 * descriptor.HEADER_WORDS
ENTRY_BYTES = 8
LONGEST = 64 << 10
TASK_NS = 2_000


class FastAdapter(Target):
    """Takes descriptors from device memory, one after the other; put it at `card.units[n]`.

    `effect`: what the kernel behind it does to device memory with its arguments, None for nothing. Knobs:
    `hang`, `depth` (descriptors that wait), `count` (tasks so far). `ran`: arguments of each task.
    """

    def __init__(
        self, card: Card, slot: int, effect: Callable[[Target, Arguments], None] | None = None
    ) -> None:
        self.card = card
        self.slot = slot
        self.effect = effect
        self.depth = 16
        self.hang = False
        self.ran: list[Arguments] = []
        self.reset()

    def reset(self) -> None:
        """The reset pin."""
        self.registers: Arguments = {}
        self.count = self.errors = self.isr = self.ier = self.current = 0
        self.waiting: deque[int] = deque()
        self.busy = False
        self._changed()

    def read32(self, offset: int) -> int:
        if self.card.gate.state != 3:
            return ALL_ONES
        values = {
            cu_fa.IER.offset: self.ier,
            cu_fa.SR.offset: self.errors,
            cu_fa.TCR.offset: self.count,
            cu_fa.CDAR.offset: self.current,
            cu_fa.FDR.offset: self.depth,
        }
        if offset == cu_fa.ISR.offset:
            value, self.isr = self.isr, 0
            self._changed()
            return value
        return values.get(offset, self.registers.get(offset, 0))

    def write32(self, offset: int, value: int) -> None:
        if offset == cu_fa.IER.offset:
            self.ier = value & 1
        elif offset == cu_fa.SR.offset:
            self.errors = value & 7
        elif offset == cu_fa.DESCRIPTOR_LO.offset:
            self._push(self.registers.get(cu_fa.DESCRIPTOR_HI.offset, 0) << 32 | value)
        else:
            self.registers[offset] = value
        self._changed()

    def _push(self, address: int) -> None:
        if len(self.waiting) == self.depth:
            self.errors |= cu_fa.SR.OVERRUN.mask
            return
        self.waiting.append(address)
        if not self.busy:
            self.busy = True
            self.card.clock.spawn(self._work(), "fast adapter")

    async def _work(self) -> None:
        while self.waiting:
            address = self.waiting.popleft()
            self.current = address & ALL_ONES
            await self.card.clock.sleep_ns(TASK_NS)
            while self.hang:
                await self.card.clock.sleep_ns(TASK_NS)
            self._task(address)
        self.busy = False

    def _task(self, address: int) -> None:
        memory = self.card.device_memory
        _, inputs, in_bytes, outputs, out_bytes = kernels.unpack(memory.read(address, HEADER_BYTES))
        # The byte counts are those of the values alone; offset and size stand in front of each.
        length = HEADER_BYTES + in_bytes + out_bytes + ENTRY_BYTES * (inputs + outputs)
        words = kernels.unpack(memory.read(address, min(length, LONGEST)))
        outcome = descriptor.run(address, words)
        args: Arguments = dict(outcome.writes)
        if outcome.started:
            if self.effect is not None:
                self.effect(memory, args)
            self.ran.append(args)
        if outcome.error:
            self.errors |= outcome.error
            return
        for offset, index in outcome.reads:
            memory.write(address + 4 * index, kernels.pack([args.get(offset, 0)]))
        memory.write(address, kernels.pack([descriptor.COMPLETE]))
        self.count = (self.count + 1) & ALL_ONES
        self.isr = 1
        self._changed()

    def _changed(self) -> None:
        self.card.set_unit_line(self.slot, bool(self.isr and self.ier))
