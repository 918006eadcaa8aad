# SPDX-License-Identifier: Apache-2.0
"""The scheduler of the legacy, U50 and v20 builds (XRT ERT contract §5; `ert/scheduler/scheduler.cpp`)."""

from __future__ import annotations

from firmware_model.core import Core
from firmware_model.ert import unit_interrupts
from firmware_model.ert.options import Options
from firmware_model.ert.scheduler import Scheduler
from firmware_model.ert.slots import CU_CTRL, CU_GIE, CU_IER, CU_ISR, Slot, SlotState
from pydriver.ert import Feature
from pydriver.regs import Register, ert_csr, mb_intc

CU_DMA_MAX_WORDS = 127 + 4
"""Register maps of this size and more are copied by the firmware on cards older than dsa52."""
INTC_CQ, INTC_CU, INTC_CDMA = 1 << 0, 1 << 1, 1 << 2


async def run(core: Core, options: Options | None = None) -> None:
    """Boot and schedule until the host sends EXIT."""
    scheduler = SchedulerV20(core, options or Options())
    await scheduler.setup()
    while not scheduler.exited:
        await scheduler.step()


class SchedulerV20(Scheduler):
    """Copy engine and interrupt collector if asked for; units polled otherwise."""

    @property
    def _dataflow(self) -> bool:
        return self.feature(Feature.DATAFLOW)

    @property
    def _dsa52(self) -> bool:
        return self.feature(Feature.DSA52) or (self.options.force_dsa52 and self.configured)

    @property
    def _cu_isr(self) -> bool:
        return self.feature(Feature.CU_ISR)

    @property
    def _cq_int(self) -> bool:
        return self.feature(Feature.CQ_INT)

    @property
    def cached_mode(self) -> bool:
        return self._dataflow and self.feature(Feature.KDS_30)

    @property
    def watch_mode(self) -> bool:
        return self._dataflow and not self.feature(Feature.KDS_30)

    @property
    def unit_banks(self) -> bool:
        return self.options.interrupt_driven and self.configured and not (self._cu_isr or self.watch_mode)

    @property
    def polls_running(self) -> bool:
        return not self._cu_isr

    @property
    def interrupts_on(self) -> bool:
        return self._cu_isr or self._cq_int or self.unit_banks

    @property
    def guards_starts(self) -> bool:
        return self.interrupts_on

    def num_slots(self) -> int:
        if self.watch_mode:
            return len(self.units) + 1
        # The processor's divider gives 0 for a division by 0; a queue without slots hears nothing more.
        return self.map.cq_size // self.slot_size if self.slot_size else 0

    def configuration(self, num_slots: int) -> list[tuple[Register, int]]:
        geometry = [(ert_csr.CU_OFFSET, self.cu_shift), (ert_csr.CU_BASE, self.cu_base // 4)]
        if self._dsa52:
            geometry = []
        writes = [
            (ert_csr.CQ_SLOT_SIZE, self.slot_size // 4),
            *geometry[:1],
            (ert_csr.CQ_NUM_SLOTS, num_slots),
            *geometry[1:],
            (ert_csr.CQ_BASE, self.map.engine_queue // 4),
            (ert_csr.NUM_CUS, len(self.units)),
            (ert_csr.CU_DMA_ENABLE, int(self.feature(Feature.CU_DMA))),
        ]
        if self._dsa52:
            writes += [(ert_csr.CUISR_LUT[i], unit.addr // 4) for i, unit in enumerate(self.units)]
        return writes

    async def setup_interrupts(self) -> None:
        inputs = 0
        if self._cu_isr:
            await self._unit_interrupts(1)
            await self.csr_write(ert_csr.CU_ISR_ENABLE, 1)
            inputs |= INTC_CU | (INTC_CDMA if self.feature(Feature.CDMA) else 0)
        else:
            await self._unit_interrupts(0)
            await self.intc_clear(mb_intc.IER, INTC_CU | INTC_CDMA)
            await self.csr_write(ert_csr.CU_ISR_ENABLE, 0)
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
            await self.intc_write(mb_intc.IER, inputs)
            await self.master_enable(True)
        else:
            await self.intc_clear(mb_intc.MER, mb_intc.MER.ME.mask | mb_intc.MER.HIE.mask)

    async def _unit_interrupts(self, enable: int) -> None:
        units = [unit.addr for unit in self.units if unit.has_registers]
        await self.bus.write32s([(unit + offset, enable) for unit in units for offset in (CU_GIE, CU_IER)])

    def dma_form(self, slot: Slot) -> str | None:
        if not self.feature(Feature.CU_DMA):
            return None
        if self._dsa52:
            return "address"
        return "mask" if slot.regmap_size < CU_DMA_MAX_WORDS else None

    async def interrupt(self) -> None:
        """The interrupt handler: collected units, doorbells, then the CDMA unit."""
        pending = await self.bus.read32(self.map.intc + mb_intc.IPR.offset)
        if pending & INTC_CU:
            for cu in await self.read_set_bits(ert_csr.CU_STATUS0, len(self.units)):
                if self.units[cu].has_registers:
                    await self.unit_interrupted(cu, resume=True)
        if pending & INTC_CQ:
            await self.doorbells()
        if pending & INTC_CDMA and self.units:
            # The memory copy unit is the last one; the collector has not cleared it.
            cu = len(self.units) - 1
            await self.unit_interrupted(cu, resume=True)
            await self.bus.read32(self.units[cu].addr + CU_CTRL)
            await self.bus.write32(self.units[cu].addr + CU_ISR, 1)
        if pending & unit_interrupts.BANKS:
            await unit_interrupts.serve(self, pending)
        await self.intc_write(mb_intc.IAR, pending)

    async def exit(self, index: int, slot: Slot) -> None:
        """The firmware ends; only a reset starts it again."""
        if self.unit_banks:
            await unit_interrupts.disable(self)
        await self.csr_write(ert_csr.CU_DMA_ENABLE, 0)
        await self.csr_write(ert_csr.CU_ISR_ENABLE, 0)
        idle = False
        while not idle:  # one idle engine is enough: the vendor's condition
            states = [self.map.csr + state.offset for state in (ert_csr.CUDMA_STATE, ert_csr.CUISR_STATE)]
            idle = 1 in await self.bus.read32s(states)
        slot.state = SlotState.FREE
        await self.bus.write32(slot.addr, slot.header)
        self.exited = True

    async def other_special(self, index: int, slot: Slot, opcode: int) -> None:
        """There is none: CLK_CALIB, MB_VALIDATE, the access test and SK_* are ignored."""
