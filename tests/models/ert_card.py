# SPDX-License-Identifier: Apache-2.0
"""Reference card for tests of the scheduler firmware, in virtual time, without RTL.

Queue, registers, copy engine (CUDMA), interrupt collector (CUISR), interrupt controllers and compute units; a
firmware model or the vendor's firmware drives it.
"""

from __future__ import annotations

from collections.abc import Sequence

from firmware_model.ert.memory_map import CARD
from pydriver.ert import Header
from pydriver.regs import mb_bus
from tests.models import ert_csr
from tests.models.ert_cq import ErtCq
from tests.models.ert_csr import Access, ErtCsr
from tests.models.ert_unit import AP_CONTINUE, AP_DONE, AP_START, Unit
from tests.models.mb_intc import MbIntc
from tests.models.virtual_time import Kernel

CSR, CQ, INTC, BANKS = CARD.csr, CARD.cq, CARD.intc, CARD.cu_intc
CU_BASE, CU_STRIDE = mb_bus.CU[0].base, mb_bus.CU[1].base - mb_bus.CU[0].base
BLOCK = 0x1000
BANK_INPUT = 5
CDMA_INPUT = 2
DMA_ACCESS_NS = 60


class Card:
    """Decodes the scheduler's bus and the host's view of queue and registers; traces the scheduler.

    `first_slot`: slot of the region in which the first unit is; the others follow. `first_line`: its
    interrupt line. `cdma`: the last unit is the shell's memory copy unit, whose interrupt goes to the
    scheduler's controller, not to the collector.
    """

    def __init__(
        self,
        kernel: Kernel,
        units: Sequence[Unit],
        first_slot: int = 0,
        cdma: bool = False,
        first_line: int = 0,
    ):
        self.kernel = kernel
        self.units = list(units)
        self.first_slot = first_slot
        self.first_line = first_line
        self.cdma = cdma
        self.csr = ErtCsr()
        self.cq = ErtCq()
        self.intc = MbIntc()
        self.banks = [MbIntc(32) for _ in BANKS]
        self.trace: list[tuple[str, int, int]] = []
        self.asleep = False
        self.wake = False
        self._copying = 0
        kernel.events.append(self._next_end)

    def unit_address(self, index: int) -> int:
        """Where unit `index` is on the bus."""
        return CU_BASE + CU_STRIDE * (self.first_slot + index)

    def _next_end(self) -> int | None:
        return min((unit.end for unit in self.units if unit.end is not None), default=None)

    # ---- interrupts

    def _lines(self) -> int:
        for unit in self.units:
            unit.settle()
        return sum(unit.irq << self.first_line + i for i, unit in enumerate(self.units))

    def _collect(self, lines: int) -> int:
        """What the collector does with the lines: take each interrupt back and report the unit."""
        if not self.csr.word(ert_csr.CU_ISR_ENABLE):
            return 0
        taken = lines >> self.first_line
        if self.cdma:
            taken &= ~(1 << len(self.units) - 1)
        for index, unit in enumerate(self.units):
            if taken >> index & 1:
                if unit.read(0) & AP_DONE:
                    unit.write(0, AP_CONTINUE)
                unit.isr = 0
        return taken

    def settle(
        self, access: Access | None = None, bank: int = -1, write: tuple[int, int] | None = None
    ) -> None:
        """A few edges around one with the access, so that interrupt levels settle.

        `write`: (offset, value) into the controller of a bank, or the scheduler's own for bank -1.
        """
        access = access or Access()
        for edge in range(2):
            lines = self._lines()
            result = self.csr.cycle(access if edge == 0 else Access(), reported=self._collect(lines))
            if edge == 0:
                self.data = result
            lines = self._lines()
            for index, model in enumerate(self.banks):
                mine = write if edge == 0 and bank == index else None
                if mine is not None or lines or model.isr:
                    model.cycle(lines >> 32 * index & 0xFFFFFFFF, mine)
            levels = int(self.csr.mb_irq_cq) | int(self.csr.mb_irq_cu) << 1
            levels |= sum(model.irq << BANK_INPUT + index for index, model in enumerate(self.banks))
            if self.cdma and self.units[-1].irq:
                levels |= 1 << CDMA_INPUT
            self.intc.cycle(levels, write if edge == 0 and bank == -1 else None)

    @property
    def mb_irq(self) -> bool:
        self.settle()
        return self.intc.irq

    @property
    def host_irq(self) -> int:
        return self.csr.host_irq

    # ---- the copy engine

    def _dma_unit(self, slot: int) -> int:
        """Address of the unit that word 1.. of the slot names."""
        words = [self.cq.read(slot + 4 * i) for i in range(1, 5)]
        if self.csr.by_address:
            return words[0] << 2
        masks = (self.csr.word(ert_csr.NUM_CUS) - 1) // 32 + 1
        mask = sum(word << 32 * i for i, word in enumerate(words[:masks]))
        assert mask.bit_count() == 1, f"the copy engine was given the units {mask:#x}"
        return (self.csr.word(ert_csr.CU_BASE) << 2) + (
            mask.bit_length() - 1 << self.csr.word(ert_csr.CU_OFFSET)
        )

    async def _copy(self, slot: int) -> None:
        addr = slot * self.csr.word(ert_csr.CQ_SLOT_SIZE) * 4
        header = Header.unpack(self.cq.read(addr))
        masks = 1 + header.extra_cu_masks
        unit, base = self._unit(self._dma_unit(addr))
        for index in range(4, header.count - masks):
            await self.kernel.sleep(DMA_ACCESS_NS)
            unit.write(base + 4 * index, self.cq.read(addr + 4 + 4 * masks + 4 * index))
        await self.kernel.sleep(DMA_ACCESS_NS)
        unit.write(base, AP_START)
        self._copying -= 1
        self.csr.cudma_idle = self._copying == 0

    def _start_copies(self, word: int, bits: int) -> None:
        if not self.csr.word(ert_csr.CU_DMA_ENABLE):
            return
        for bit in range(32):
            if bits >> bit & 1:
                self._copying += 1
                self.csr.cudma_idle = False
                self.kernel.spawn(self._copy(32 * word + bit))

    # ---- the scheduler's bus

    def mb_read(self, addr: int) -> int:
        value = self._mb_read(addr)
        self.trace.append(("R", addr, value))
        return value

    def _mb_read(self, addr: int) -> int:
        if CSR <= addr < CSR + BLOCK:
            self.settle(Access(mb_read=addr - CSR))
            assert self.data[1] is not None
            return self.data[1]
        if CQ <= addr < CQ + len(self.cq.memory):
            return self.cq.read(addr - CQ)
        self.settle()
        if INTC <= addr < INTC + BLOCK:
            return self.intc.read(addr - INTC)
        for base, bank in zip(BANKS, self.banks, strict=True):
            if base <= addr < base + BLOCK:
                return bank.read(addr - base)
        unit, offset = self._unit(addr)
        return unit.read(offset)

    def mb_write(self, addr: int, value: int) -> None:
        self.trace.append(("W", addr, value))
        if CSR <= addr < CSR + BLOCK:
            offset = addr - CSR
            self.settle(Access(mb_write=(offset, value)))
            if ert_csr.CU_DMA <= offset < ert_csr.CU_DMA + 16:
                self._start_copies((offset - ert_csr.CU_DMA) // 4, value)
        elif CQ <= addr < CQ + len(self.cq.memory):
            self.cq.write(addr - CQ, value)
        elif INTC <= addr < INTC + BLOCK:
            self.settle(write=(addr - INTC, value))
        else:
            for index, base in enumerate(BANKS):
                if base <= addr < base + BLOCK:
                    self.settle(bank=index, write=(addr - base, value))
                    return
            unit, offset = self._unit(addr)
            unit.write(offset, value)

    def _unit(self, addr: int) -> tuple[Unit, int]:
        slot, offset = divmod(addr - CU_BASE, CU_STRIDE)
        index = slot - self.first_slot
        assert 0 <= index < len(self.units), f"the scheduler went to 0x{addr:X}, where nothing is"
        return self.units[index], offset

    # ---- the host

    def host_write_cq(self, offset: int, value: int) -> None:
        self.cq.host_write(offset, value, headers_aligned=self.csr.headers_aligned)

    def host_read_csr(self, offset: int) -> int:
        self.settle(Access(host_read=offset))
        assert self.data[0] is not None
        return self.data[0]

    def host_write_csr(self, offset: int, value: int) -> None:
        self.settle(Access(host_write=(offset, value)))
