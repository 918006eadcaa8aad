# SPDX-License-Identifier: Apache-2.0
"""The scheduler of the v30 build (XRT ERT contract §6; `ert/scheduler/scheduler_v30.cpp`).

No copy engine and no interrupt collector. A host of KDS 3.0 gets the cached path, whatever it says of
dataflow, unless it asks for interrupts.
"""

from __future__ import annotations

from firmware_model.core import Core
from firmware_model.ert import self_test, unit_interrupts
from firmware_model.ert.options import Options
from firmware_model.ert.scheduler import Scheduler
from firmware_model.ert.slots import Slot, SlotState
from pydriver.ert import Feature, Opcode, State
from pydriver.regs import Register, ert_csr, mb_intc

INTC_CQ = 1 << 0
INTC_ALWAYS = 0xB
"""Inputs switched on with any interrupt: doorbell, and two this card has nothing at."""


async def run(core: Core, options: Options | None = None) -> None:
    """Boot and schedule for ever; after EXIT the processor sleeps until the host wakes it."""
    scheduler = SchedulerV30(core, options or Options())
    await scheduler.setup()
    while True:
        await scheduler.step()


class SchedulerV30(Scheduler):
    """Units polled, or interrupting through the unit interrupt controllers."""

    def __init__(self, core: Core, options: Options):
        super().__init__(core, options)
        self.timing = self_test.Timing()
        self.access = self_test.Access()

    @property
    def _kds_30(self) -> bool:
        return self.feature(Feature.KDS_30)

    @property
    def _intr(self) -> bool:
        return self.feature(Feature.INTR)

    @property
    def _cq_int(self) -> bool:
        return self.feature(Feature.CQ_INT)

    @property
    def _polling(self) -> bool:
        if not self.configured:
            return True
        return not self._intr and (self.feature(Feature.DATAFLOW) or self._kds_30)

    @property
    def cached_mode(self) -> bool:
        return self._polling and self._kds_30

    @property
    def watch_mode(self) -> bool:
        return self._polling and not self._kds_30

    @property
    def unit_banks(self) -> bool:
        return self._kds_30 and (self._intr or self.options.interrupt_driven)

    @property
    def polls_running(self) -> bool:
        return not self._kds_30

    @property
    def interrupts_on(self) -> bool:
        return self.unit_banks or self._cq_int

    @property
    def guards_starts(self) -> bool:
        return not self._polling or self._cq_int

    def num_slots(self) -> int:
        # The processor's divider gives 0 for a division by 0; a queue without slots hears nothing more.
        return self.map.cq_size // self.slot_size if self.slot_size else 0

    def configuration(self, num_slots: int) -> list[tuple[Register, int]]:
        return [
            (ert_csr.CQ_SLOT_SIZE, self.slot_size // 4),
            (ert_csr.CU_OFFSET, self.cu_shift),
            (ert_csr.CQ_NUM_SLOTS, num_slots),
            (ert_csr.CU_BASE, self.cu_base // 4),
            (ert_csr.CQ_BASE, 0),
            (ert_csr.NUM_CUS, len(self.units)),
        ]

    async def setup_interrupts(self) -> None:
        inputs = 0
        if self.unit_banks:
            await unit_interrupts.enable(self)
            inputs |= unit_interrupts.BANKS
        if self._cq_int:
            await self.csr_write(ert_csr.CQ_STATUS_ENABLE, 1)
            inputs |= INTC_CQ
        else:
            await self.intc_clear(mb_intc.IER, INTC_CQ)
            await self.csr_write(ert_csr.CQ_STATUS_ENABLE, 0)
        if inputs:
            await self.intc_write(mb_intc.IER, inputs | INTC_ALWAYS)
            await self.master_enable(True)
        else:
            await self.intc_clear(mb_intc.MER, mb_intc.MER.ME.mask | mb_intc.MER.HIE.mask)

    async def take(self, index: int, header: int) -> None:
        """With echo on, a command on the normal path is answered and stays in the queue."""
        if self.feature(Feature.ECHO) and index > 0 and header & 0xF == State.NEW:
            self.slots[index].state = SlotState.FREE
            await self.notify(index)
        else:
            await super().take(index, header)

    async def interrupt(self) -> None:
        """The interrupt handler: doorbells, then the banks of units."""
        pending = await self.bus.read32(self.map.intc + mb_intc.IPR.offset)
        if pending & INTC_CQ:
            await self.doorbells()
        await unit_interrupts.serve(self, pending)
        await self.intc_write(mb_intc.IAR, pending)

    async def exit(self, index: int, slot: Slot) -> None:
        """Sleep; the loop goes on where it was when the host wakes the processor."""
        if self.unit_banks:
            await unit_interrupts.disable(self)
        slot.state = SlotState.FREE
        await self.bus.write32(slot.addr, slot.header)
        await self.notify(index)
        self.core.set_asleep(True)
        await self.core.wait_awake()
        self.core.set_asleep(False)
        self.another_pass()

    async def other_special(self, index: int, slot: Slot, opcode: int) -> None:
        if opcode == Opcode.CLK_CALIB:
            await self_test.clock_calibration(self, index, slot, self.timing)
        elif opcode == Opcode.MB_VALIDATE:
            await self_test.validate(self, index, slot, self.timing)
        elif opcode == Opcode.ACCESS_TEST_C:
            self.access = self_test.Access(h2d=1, d2h=1, d2d=1, d2cu=1, wr_test=1)
            await self_test.access_test(self, index, slot, self.access)

    async def other_cached(self, index: int, slot: Slot, opcode: int) -> bool:
        # As in the vendor's build a test that failed is then taken for a command to start.
        return opcode == Opcode.ACCESS_TEST and await self_test.access_test(self, index, slot, self.access)
