# SPDX-License-Identifier: Apache-2.0
"""Embedded scheduler of the legacy/v20 build (XRT ERT contract §5; XRT 2.13 `ert/scheduler/scheduler.cpp`).

Behaves on the bus as the vendor's firmware, with three liberties a host cannot see: headers of free slots
are fetched only after the host wrote there; a compute unit is polled with a pause; a unit that is not running
is not polled.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from firmware_model.core import Core
from pydriver.ert import CU_STAT_MAGIC, Feature, Header, Opcode, State, Type
from pydriver.regs import Register, cu_ctrl, ert_csr, mb_bus, mb_intc

CQ = mb_bus.ERT_CQ.base
CQ_SIZE = mb_bus.ERT_CQ.size
CSR = mb_bus.ERT_CSR.base
INTC = mb_bus.INTC.base

MAX_SLOTS = 128
STATUS_WORDS = 4
MAX_CUS = 128
DEFAULT_SLOT_SIZE = 0x1000
ARGUMENTS = 4
"""Index of the first register map word copied to a unit; control, GIE, IER and ISR come before."""
CU_DMA_MAX_WORDS = 127 + 4
"""Register maps of this size and more are copied by the firmware on cards older than dsa52."""

INTC_CQ, INTC_CU, INTC_CDMA = 1 << 0, 1 << 1, 1 << 2
BLOCK_SHIFT = 9
"""The activity hint names 512-byte blocks of the queue."""
ALL_BLOCKS = -1

TAKEN = 0xF
"""Or'd into the header in the queue when the scheduler took the command."""

AP_START, AP_DONE = cu_ctrl.CTRL.AP_START.mask, cu_ctrl.CTRL.AP_DONE.mask
AP_CONTINUE = cu_ctrl.CTRL.AP_CONTINUE.mask
CU_CTRL, CU_GIE, CU_IER, CU_ISR = (register.offset for register in cu_ctrl.REGISTERS)
AP_CTRL_NONE = 2
"""Protocol code in the low byte of a unit's configured address: a unit without control registers."""


@dataclass(frozen=True)
class Options:
    """How this instance differs from the vendor's build.

    `version` is the answer to CU_STAT. `poll_ns` is the pause between two looks at a running unit.
    `force_dsa52` makes the look-up table form unconditional (the vendor's emulation build).
    `ack_cu_interrupt`: the scheduler does the interrupt collector's work and clears a unit's interrupt; for a
    card whose collector only latches edges.
    """

    version: int = 0
    poll_ns: int = 2000
    force_dsa52: bool = False
    ack_cu_interrupt: bool = True


class SlotState(IntEnum):
    """State of a slot in the scheduler's memory, low nibble of the header it keeps."""

    NEW = 1
    QUEUED = 2
    RUNNING = 3
    FREE = 4


@dataclass
class Slot:
    """A command queue slot as the scheduler remembers it."""

    addr: int
    state: SlotState = SlotState.FREE
    header: int = 0
    cu: int = 0
    regmap_addr: int = 0
    regmap_size: int = 0

    @property
    def opcode(self) -> int:
        return Header.unpack(self.header).opcode


async def run(core: Core, options: Options | None = None) -> None:
    """Boot and schedule until the host sends EXIT."""
    scheduler = Scheduler(core, options or Options())
    await scheduler.setup()
    while not scheduler.exited:
        await scheduler.step()


class Scheduler:
    """The firmware's state. `setup` boots it, `step` is one pass of its loop including the wait."""

    def __init__(self, core: Core, options: Options):
        self.core = core
        self.bus = core.bus
        self.options = options
        self.exited = False
        self.slot_size = DEFAULT_SLOT_SIZE
        self.features = Feature(0)
        self.host_interrupt = False
        self.cu_shift = 16
        self.cu_base = 0
        # Before the first CONFIGURE: three units that the boot sequence leaves alone.
        self.cu_words = [AP_CTRL_NONE] * 3
        self.slots: list[Slot] = []
        self.cu_slot: dict[int, int] = {}
        self.executions: list[int] = []
        self._touched = ALL_BLOCKS
        self._freed: list[int] = []

    # ---- set-up -------------------------------------------------------------------------------------

    @property
    def _dsa52(self) -> bool:
        return Feature.DSA52 in self.features or (self.options.force_dsa52 and self.features != 0)

    @property
    def _cu_isr(self) -> bool:
        return Feature.CU_ISR in self.features

    @property
    def _cq_int(self) -> bool:
        return Feature.CQ_INT in self.features

    @property
    def _dataflow(self) -> bool:
        return Feature.DATAFLOW in self.features

    @property
    def _interrupts(self) -> bool:
        return self._cu_isr or self._cq_int

    def _cu_addr(self, cu: int) -> int:
        return self.cu_words[cu] & ~0xFF

    def _has_registers(self, cu: int) -> bool:
        return self.cu_words[cu] & 0xFF != AP_CTRL_NONE

    async def _csr_write(self, register: Register, value: int) -> None:
        await self.bus.write32(CSR + register.offset, value)

    async def _intc_write(self, register: Register, value: int) -> None:
        await self.bus.write32(INTC + register.offset, value)

    async def _intc_clear(self, register: Register, bits: int) -> None:
        value = await self.bus.read32(INTC + register.offset)
        await self._intc_write(register, value & ~bits)

    async def setup(self) -> None:
        """Initialise queue, registers and interrupts; at boot and after every CONFIGURE."""
        num_cus = len(self.cu_words)
        # The processor's divider gives 0 for a division by 0; a queue without slots hears nothing more.
        num_slots = CQ_SIZE // self.slot_size if self.slot_size else 0
        if self._dataflow and Feature.KDS_30 not in self.features:
            num_slots = num_cus + 1
        self.slots = [Slot(CQ + self.slot_size * i) for i in range(min(num_slots, MAX_SLOTS))]
        self.cu_slot = {}
        self.executions = [0] * num_cus
        self._touched = ALL_BLOCKS
        self._freed = []

        await self.bus.write32s([(slot.addr, 0) for slot in self.slots])
        await self.bus.read32s([CSR + ert_csr.STATUS0.offset + 4 * i for i in range(4)])
        registers = [(ert_csr.CQ_SLOT_SIZE, self.slot_size // 4)]
        if not self._dsa52:
            registers.append((ert_csr.CU_OFFSET, self.cu_shift))
        registers.append((ert_csr.CQ_NUM_SLOTS, num_slots))
        if not self._dsa52:
            registers.append((ert_csr.CU_BASE, self.cu_base // 4))
        registers += [
            (ert_csr.CQ_BASE, CQ // 4),
            (ert_csr.NUM_CUS, num_cus),
            (ert_csr.CU_DMA_ENABLE, int(Feature.CU_DMA in self.features)),
        ]
        if self._dsa52:
            registers += [(ert_csr.CUISR_LUT[i], self._cu_addr(i) // 4) for i in range(num_cus)]
        await self.bus.write32s([(CSR + register.offset, value) for register, value in registers])
        await self._setup_interrupts()
        await self._csr_write(ert_csr.HOST_INTERRUPT_ENABLE, int(self.host_interrupt))

    async def _setup_interrupts(self) -> None:
        units = [self._cu_addr(i) for i in range(len(self.cu_words)) if self._has_registers(i)]
        enable = int(self._cu_isr)
        await self.bus.write32s([(cu + offset, enable) for cu in units for offset in (CU_GIE, CU_IER)])
        inputs = 0
        if self._cu_isr:
            await self._csr_write(ert_csr.CU_ISR_ENABLE, 1)
            inputs |= INTC_CU | (INTC_CDMA if Feature.CDMA in self.features else 0)
        else:
            await self._intc_clear(mb_intc.IER, INTC_CU | INTC_CDMA)
            await self._csr_write(ert_csr.CU_ISR_ENABLE, 0)
        if self._cq_int:
            await self._csr_write(ert_csr.CQ_STATUS_ENABLE, 1)
            inputs |= INTC_CQ
        else:
            await self._intc_clear(mb_intc.IER, INTC_CQ)
            await self._csr_write(ert_csr.CQ_STATUS_ENABLE, 0)
        if inputs:
            await self._intc_write(mb_intc.IER, inputs)
            await self._master_enable(True)
        else:
            await self._intc_clear(mb_intc.MER, mb_intc.MER.ME.mask | mb_intc.MER.HIE.mask)

    async def _master_enable(self, on: bool) -> None:
        await self._intc_write(mb_intc.MER, mb_intc.MER.ME.mask | mb_intc.MER.HIE.mask if on else 0)

    # ---- the loop -----------------------------------------------------------------------------------

    async def step(self) -> None:
        """One pass over all slots, then wait; not when a slot became free: another may start."""
        if self._interrupts and self.core.interrupt_pending():
            await self._interrupt()
        slots = self.slots
        await self._poll_units()
        await self._fetch()
        for index, slot in enumerate(slots):
            await self._advance(index, slot)
            if self.exited:
                return
            if slots is not self.slots:  # a CONFIGURE replaced them; the old ones must not be walked on
                return
        if not self._freed:
            await self._wait()

    async def _wait(self) -> None:
        polled = bool(self.cu_slot) and (self._dataflow or not self._cu_isr)
        self._touched |= await self.core.wait_activity(self.options.poll_ns if polled else None)

    def _polled(self, index: int) -> bool:
        return not self._cq_int or (self._dataflow and index > 0)

    async def _fetch(self) -> None:
        """Look for new commands in the free slots that the host wrote to.

        A slot that just became free is looked at too: a host that gave up on its command may have reused it.
        """
        if not self._touched and not self._freed:
            return
        wanted = set(self._freed)
        if self._touched:
            wanted |= {
                i
                for i, slot in enumerate(self.slots)
                if self._touched >> (slot.addr - CQ >> BLOCK_SHIFT) & 1 and self._polled(i)
            }
        self._touched = 0
        self._freed = []
        await self._fetch_slots(sorted(wanted))

    async def _fetch_slots(self, indices: list[int]) -> None:
        indices = [i for i in indices if self.slots[i].state == SlotState.FREE]
        if not indices:
            return
        headers = await self.bus.read32s([self.slots[i].addr for i in indices])
        for index, header in zip(indices, headers, strict=True):
            if self._dataflow and index > 0:
                if header:
                    await self._take_dataflow(index)
            elif header & 0xF == State.NEW:
                await self._take(index, header)

    async def _take(self, index: int, header: int) -> None:
        slot = self.slots[index]
        await self.bus.write32(slot.addr, header | TAKEN)
        slot.header = header
        slot.state = SlotState.NEW

    async def _take_dataflow(self, index: int) -> None:
        # The queue's memory may return garbage for a read that collides with the host's write: read again.
        slot = self.slots[index]
        header = await self.bus.read32(slot.addr)
        if Feature.KDS_30 not in self.features:
            await self._watch_unit(index, header)
            return
        if not header & AP_START:
            return
        await self.bus.write32(slot.addr, 0)
        if Feature.ECHO in self.features:
            await self._notify(index)
            return
        slot.header = header
        slot.state = SlotState.QUEUED
        await self._locate_regmap(slot)

    async def _watch_unit(self, index: int, header: int) -> None:
        """Dataflow before KDS 3.0: the host starts the unit itself and asks for its completion."""
        if header & (AP_START | AP_CONTINUE) and index - 1 not in self.cu_slot:
            await self.bus.write32(self.slots[index].addr, 0)
            self.cu_slot[index - 1] = index
            self.slots[index].state = SlotState.RUNNING

    async def _advance(self, index: int, slot: Slot) -> None:
        """Move a slot on as far as it goes."""
        if slot.state == SlotState.NEW:
            header = Header.unpack(slot.header)
            if header.type != Type.CU:
                await self._special(index, slot, header)
                return
            await self._locate_regmap(slot)
            slot.state = SlotState.QUEUED
        if slot.state == SlotState.QUEUED and slot.cu < len(self.cu_words) and slot.cu not in self.cu_slot:
            await self._start(index, slot)

    async def _locate_regmap(self, slot: Slot) -> None:
        header = Header.unpack(slot.header)
        masks = 1 + header.extra_cu_masks
        slot.cu = await self.bus.read32(slot.addr + 4)
        slot.regmap_addr = slot.addr + 4 + 4 * masks
        slot.regmap_size = max(header.count - masks, 0)

    async def _start(self, index: int, slot: Slot) -> None:
        guard = self._interrupts and not self._dataflow
        if guard:
            await self._master_enable(False)
        cu = self._cu_addr(slot.cu)
        if slot.opcode == Opcode.EXEC_WRITE:
            words = await self._regmap(slot, 0)
            pairs = list(zip(words[0::2], words[1::2], strict=False))
            await self.bus.write32s([*((cu + offset, value) for offset, value in pairs), (cu, AP_START)])
        elif (
            Feature.CU_DMA in self.features
            and not self._dataflow
            and (self._dsa52 or slot.regmap_size < CU_DMA_MAX_WORDS)
        ):
            await self._start_by_dma(index, slot, cu)
        else:
            words = await self._regmap(slot, ARGUMENTS)
            arguments = [(cu + 4 * (ARGUMENTS + i), word) for i, word in enumerate(words)]
            await self.bus.write32s([*arguments, (cu, AP_START)])
        self.cu_slot[slot.cu] = index
        self.executions[slot.cu] += 1
        slot.state = SlotState.RUNNING
        if guard:
            await self._master_enable(True)

    async def _regmap(self, slot: Slot, first: int) -> list[int]:
        return await self.bus.read32s([slot.regmap_addr + 4 * i for i in range(first, slot.regmap_size)])

    async def _start_by_dma(self, index: int, slot: Slot, cu: int) -> None:
        if self._dsa52:
            writes = [(slot.addr + 4, cu >> 2)]
        else:
            masks = (len(self.cu_words) - 1) // 32 + 1
            writes = [(slot.addr + 4 + 4 * i, (1 << slot.cu) >> 32 * i & 0xFFFFFFFF) for i in range(masks)]
        word, bit = divmod(index, 32)
        writes.append((CSR + ert_csr.CU_DMA0.offset + 4 * word, 1 << bit))
        await self.bus.write32s(writes)

    # ---- completion ---------------------------------------------------------------------------------

    async def _poll_units(self) -> None:
        """Look at the running units that no interrupt announces."""
        running = list(self.cu_slot.items())
        if not running or (self._cu_isr and not self._dataflow):
            return
        values = await self.bus.read32s([self._cu_addr(cu) + CU_CTRL for cu, _ in running])
        watched = self._dataflow and Feature.KDS_30 not in self.features
        done_bits = AP_DONE | 4 if watched else AP_DONE
        for (cu, index), value in zip(running, values, strict=True):
            if not value & done_bits:
                continue
            if self._dataflow and not watched:
                await self.bus.write32(self._cu_addr(cu) + CU_CTRL, AP_CONTINUE)
            del self.cu_slot[cu]
            await self._complete(index)

    async def _complete(self, index: int) -> None:
        self.slots[index].state = SlotState.FREE
        self._freed.append(index)
        await self._notify(index)

    async def _notify(self, index: int) -> None:
        word, bit = divmod(index, 32)
        await self.bus.write32(CSR + ert_csr.STATUS0.offset + 4 * word, 1 << bit)

    async def _interrupt(self) -> None:
        """The interrupt handler."""
        pending = await self.bus.read32(INTC + mb_intc.IPR.offset)
        if pending & INTC_CU:
            for cu in await self._read_set_bits(ert_csr.CU_STATUS0, len(self.cu_words)):
                if self._has_registers(cu) and cu in self.cu_slot:
                    if self.options.ack_cu_interrupt:
                        await self._clear_unit(cu)
                    await self._complete(self.cu_slot.pop(cu))
        if pending & INTC_CQ:
            slots = await self._read_set_bits(ert_csr.CQ_STATUS0, len(self.slots))
            await self._fetch_slots(slots)
        if pending & INTC_CDMA:
            cu = len(self.cu_words) - 1
            if cu in self.cu_slot:
                await self._complete(self.cu_slot.pop(cu))
            await self.bus.read32(self._cu_addr(cu) + CU_CTRL)
            await self.bus.write32(self._cu_addr(cu) + CU_ISR, 1)
        await self._intc_write(mb_intc.IAR, pending)

    async def _read_set_bits(self, first: Register, count: int) -> list[int]:
        # All four words, whatever is configured: a bit beyond would keep the interrupt line high for ever.
        words = await self.bus.read32s([CSR + first.offset + 4 * i for i in range(STATUS_WORDS)])
        bits = sum(word << 32 * i for i, word in enumerate(words))
        return [i for i in range(count) if bits >> i & 1]

    async def _clear_unit(self, cu: int) -> None:
        """Take back a unit's interrupt: reading control clears done, its status bits toggle when written."""
        addr = self._cu_addr(cu)
        await self.bus.read32(addr + CU_CTRL)
        await self.bus.write32(addr + CU_ISR, await self.bus.read32(addr + CU_ISR))

    # ---- special commands ---------------------------------------------------------------------------

    async def _special(self, index: int, slot: Slot, header: Header) -> None:
        """Any command whose type is not CU. An unknown one is ignored and its slot is never free again."""
        if header.opcode == Opcode.CONFIGURE:
            await self._configure(index, slot)
        elif header.opcode == Opcode.CU_STAT:
            await self._cu_stat(index, slot)
        elif header.opcode == Opcode.EXIT:
            await self._exit(slot, header)
        elif header.opcode == Opcode.ABORT:
            await self._abort(index, header)

    async def _configure(self, index: int, slot: Slot) -> None:
        words = await self.bus.read32s([slot.addr + 4 * i for i in range(1, 6)])
        self.slot_size, num_cus, self.cu_shift, self.cu_base, features = words
        count = min(num_cus, MAX_CUS)
        self.cu_words = await self.bus.read32s([slot.addr + 4 * (6 + i) for i in range(count)])
        self.features = Feature(features)
        self.host_interrupt = Feature.POLLING not in self.features
        await self.setup()
        await self._notify(index)

    async def _cu_stat(self, index: int, slot: Slot) -> None:
        words = [CU_STAT_MAGIC, self.options.version, len(self.slots), len(self.cu_words)]
        words += self.executions
        words += [int(cu in self.cu_slot) for cu in range(len(self.cu_words))]
        words += [other.state for other in self.slots]
        words = words[: self.slot_size // 4 - 1]
        await self.bus.write32s([(slot.addr + 4 + 4 * i, word) for i, word in enumerate(words)])
        await self._complete(index)

    async def _exit(self, slot: Slot, header: Header) -> None:
        await self._csr_write(ert_csr.CU_DMA_ENABLE, 0)
        await self._csr_write(ert_csr.CU_ISR_ENABLE, 0)
        idle = False
        while not idle:  # one idle engine is enough: the vendor's condition
            states = await self.bus.read32s(
                [CSR + ert_csr.CUDMA_STATE.offset, CSR + ert_csr.CUISR_STATE.offset]
            )
            idle = 1 in states
        await self.bus.write32(slot.addr, header.with_state(State.COMPLETED).pack())
        self.exited = True

    async def _abort(self, index: int, header: Header) -> None:
        """Free the running slot named in header bits [22:15].

        As in the vendor's build the slot that holds the abort itself is notified but stays occupied.
        """
        target = header.count >> 3
        if target >= len(self.slots):
            return
        slot = self.slots[target]
        if slot.state == SlotState.RUNNING and slot.opcode == Opcode.START_CU:
            del self.cu_slot[slot.cu]
            await self._complete(target)
            await self._notify(index)
