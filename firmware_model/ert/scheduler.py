# SPDX-License-Identifier: Apache-2.0
"""The scheduler's loop, common to both versions (XRT ERT contract §5 and §6).

The vendor's firmware goes round all slots for ever: it reads the header of every free one and the control
register of every running unit. Here a pass does what that loop would find to do, and between passes the
processor waits: see `firmware_model.ert.differences`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

from firmware_model.core import Core
from firmware_model.ert import cached, special, start, watched
from firmware_model.ert.options import Options
from firmware_model.ert.slots import (
    AP_CTRL_NONE,
    AP_DONE,
    CU_CTRL,
    DEFAULT_SLOT_SIZE,
    MAX_SLOTS,
    STATUS_WORDS,
    TAKEN,
    Slot,
    SlotState,
    Unit,
)
from pydriver.ert import Feature, Header, State, Type
from pydriver.regs import Register, ert_csr, mb_intc

BLOCK_SHIFT = 9
"""The activity hint names 512-byte blocks of the queue."""
ALL_BLOCKS = -1
MASTER = mb_intc.MER.ME.mask | mb_intc.MER.HIE.mask


class Scheduler(ABC):
    """The firmware's state. `setup` boots it, `step` is one pass of its loop including the wait."""

    def __init__(self, core: Core, options: Options):
        self.core = core
        self.bus = core.bus
        self.options = options
        self.map = options.memory_map
        self.exited = False
        self.slot_size = DEFAULT_SLOT_SIZE
        self.features = Feature(0)
        self.configured = False
        self.host_interrupt = False
        self.cu_shift = 16
        self.cu_base = 0
        # Before the first CONFIGURE: three units that the boot sequence leaves alone.
        self.units = [Unit(AP_CTRL_NONE) for _ in range(3)]
        self.slots: list[Slot] = []
        self.standing_aborts: set[int] = set()
        self.taken: set[int] = set()
        """Slots with a command; a pass looks at no others, so what it costs does not grow with the queue."""
        self._look: set[int] = set()
        self._blocks: dict[int, list[int]] = {}
        self._again = False

    # ---- what the versions differ in

    @property
    @abstractmethod
    def cached_mode(self) -> bool:
        """Slots from 1 on take the cached path (`firmware_model.ert.cached`)."""

    @property
    @abstractmethod
    def watch_mode(self) -> bool:
        """Slots from 1 on stand for units that the host starts itself (`firmware_model.ert.watched`)."""

    @property
    @abstractmethod
    def unit_banks(self) -> bool:
        """Units interrupt through the four unit interrupt controllers and are not polled."""

    @property
    @abstractmethod
    def polls_running(self) -> bool:
        """Running commands of the normal path are found by polling their units."""

    @property
    @abstractmethod
    def interrupts_on(self) -> bool:
        """The processor takes interrupts."""

    @property
    @abstractmethod
    def guards_starts(self) -> bool:
        """Interrupts are off while a command of the normal path is started or aborted."""

    @abstractmethod
    def num_slots(self) -> int:
        """Slots of the configured queue, as reported; not all need to be usable."""

    @abstractmethod
    def configuration(self, num_slots: int) -> list[tuple[Register, int]]:
        """CSR writes of a set-up, in order."""

    @abstractmethod
    async def setup_interrupts(self) -> None:
        """Switch the interrupts of units and doorbell on or off."""

    @abstractmethod
    async def interrupt(self) -> None:
        """The interrupt handler."""

    def dma_form(self, slot: Slot) -> str | None:
        """How the copy engine is told the unit of a slot: "address" or "mask"; None: it is not used."""
        return None

    @abstractmethod
    async def exit(self, index: int, slot: Slot) -> None:
        """EXIT."""

    @abstractmethod
    async def other_special(self, index: int, slot: Slot, opcode: int) -> None:
        """A special command only this version knows; an unknown one is ignored and blocks its slot."""

    async def other_cached(self, index: int, slot: Slot, opcode: int) -> bool:
        """A command of the cached path only this version knows; True when it is dealt with."""
        return False

    # ---- bus

    async def csr_write(self, register: Register, value: int) -> None:
        await self.bus.write32(self.map.csr + register.offset, value)

    async def intc_write(self, register: Register, value: int) -> None:
        await self.bus.write32(self.map.intc + register.offset, value)

    async def intc_clear(self, register: Register, bits: int) -> None:
        value = await self.bus.read32(self.map.intc + register.offset)
        await self.intc_write(register, value & ~bits)

    async def master_enable(self, on: bool) -> None:
        await self.intc_write(mb_intc.MER, MASTER if on else 0)

    async def notify(self, index: int) -> None:
        """Tell the host that a slot is done."""
        word, bit = divmod(index, 32)
        await self.bus.write32(self.map.csr + ert_csr.STATUS0.offset + 4 * word, 1 << bit)

    async def read_set_bits(self, first: Register, count: int) -> list[int]:
        """Bits set in the four words from `first` on, those below `count`."""
        # All four words, whatever is configured: a bit beyond would keep the interrupt line high for ever.
        words = await self.bus.read32s([self.map.csr + first.offset + 4 * i for i in range(STATUS_WORDS)])
        bits = sum(word << 32 * i for i, word in enumerate(words))
        return [i for i in range(count) if bits >> i & 1]

    # ---- set-up

    def feature(self, feature: Feature) -> bool:
        return feature in self.features

    async def setup(self) -> None:
        """Initialise queue, registers and interrupts; at boot and after every CONFIGURE."""
        num_slots = self.num_slots()
        self.slots = [Slot(self.map.cq + self.slot_size * i) for i in range(min(num_slots, MAX_SLOTS))]
        self.units = [Unit(unit.word) for unit in self.units]
        self.standing_aborts = set()
        self.taken = set()
        self._blocks = {}
        for index, slot in enumerate(self.slots):
            self._blocks.setdefault(slot.addr - self.map.cq >> BLOCK_SHIFT, []).append(index)
        self._look = set(range(len(self.slots)))
        self._again = True

        await self.bus.write32s([(slot.addr, 0) for slot in self.slots])
        await self.bus.read32s([self.map.csr + ert_csr.STATUS0.offset + 4 * i for i in range(STATUS_WORDS)])
        registers = self.configuration(num_slots)
        await self.bus.write32s([(self.map.csr + register.offset, value) for register, value in registers])
        await self.setup_interrupts()
        await self.csr_write(ert_csr.HOST_INTERRUPT_ENABLE, int(self.host_interrupt))

    # ---- the loop

    async def step(self) -> None:
        """One pass over all slots, then wait; not when the pass itself made something possible."""
        self._again = False
        if self.interrupts_on and self.core.interrupt_pending():
            await self.interrupt()
        await self._poll()
        await self._fetch()
        slots = self.slots
        for index in self._with_command():
            slot = slots[index]
            if slot.cached:
                await cached.execute(self, index, slot)
            elif slot.state in (SlotState.NEW, SlotState.QUEUED) and self._normal(index):
                await self._advance(index, slot)
            # A CONFIGURE replaced the slots; the old ones must not be walked on.
            if self.exited or slots is not self.slots:
                return
        if not self._again:
            timeout = self.options.poll_ns if self.polled() else None
            self._note(await self.core.wait_activity(timeout, self.interrupts_on))

    def _with_command(self) -> list[int]:
        """Slots with a command, in order; those that have become free are forgotten."""
        if self.watch_mode:  # a slot stands for a unit there, and there are no more slots than units
            return list(range(len(self.slots)))
        slots, cached_mode = self.slots, self.cached_mode
        self.taken = {
            index
            for index in self.taken
            if (slots[index].cached if cached_mode and index else slots[index].state != SlotState.FREE)
        }
        return sorted(self.taken)

    def another_pass(self) -> None:
        """Something a slot may wait for has happened in the middle of a pass."""
        self._again = True

    def _normal(self, index: int) -> bool:
        return index == 0 or not (self.cached_mode or self.watch_mode)

    def _note(self, blocks: int) -> None:
        """Remember which headers may have changed."""
        if blocks == ALL_BLOCKS:
            self._look = set(range(len(self.slots)))
        while blocks > 0:
            block = (blocks & -blocks).bit_length() - 1
            self._look.update(self._blocks.get(block, ()))
            blocks &= blocks - 1

    def _fetches(self, index: int) -> bool:
        """The loop would read this slot's header now."""
        slot = self.slots[index]
        if self._normal(index):
            return slot.state == SlotState.FREE
        return not (slot.cached if self.cached_mode else watched.is_watched(self, index))

    async def _fetch(self) -> None:
        """Read the headers that may have changed, where the loop wants a new command."""
        if self.feature(Feature.CQ_INT):
            self._look = {index for index in self._look if not self._normal(index)}
        wanted = sorted(index for index in self._look if self._fetches(index))
        if not wanted:
            return
        self._look.difference_update(wanted)
        headers = await self.bus.read32s([self.slots[index].addr for index in wanted])
        for index, header in zip(wanted, headers, strict=True):
            if self._normal(index):
                await self.take(index, header)
            elif self.cached_mode:
                await cached.fetch(self, index, header)
            else:
                await watched.fetch(self, index, header)

    async def take(self, index: int, header: int) -> None:
        """Free to new: take a command of the normal path out of the queue."""
        if header & 0xF == State.NEW:
            slot = self.slots[index]
            await self.bus.write32(slot.addr, header | TAKEN)
            slot.header = header
            self.taken.add(index)

    async def doorbells(self) -> None:
        """Doorbells of the interrupt handler. A slot that is not free is taken too, as in the vendor's."""
        rung = await self.read_set_bits(ert_csr.CQ_STATUS0, len(self.slots))
        headers = await self.bus.read32s([self.slots[index].addr for index in rung])
        for index, header in zip(rung, headers, strict=True):
            await self.take(index, header)

    async def _advance(self, index: int, slot: Slot) -> None:
        """Move a slot of the normal path on as far as it goes."""
        if slot.state == SlotState.NEW:
            header = Header.unpack(slot.header)
            slot.opcode = header.opcode
            if header.type != Type.CU:
                await special.process(self, index, slot)
                return
            slot.locate(await self.bus.read32(slot.addr + 4))
            slot.state = SlotState.QUEUED
        if slot.cu < len(self.units) and not self.units[slot.cu].busy:
            await start.start_guarded(self, index, slot)
            slot.state = SlotState.RUNNING

    # ---- completion

    def polled(self) -> list[tuple[int, int]]:
        """(slot, unit) of the commands that the loop would find done by reading the unit."""
        if self.unit_banks:
            return []
        found: dict[int, int] = {}
        # The modes cannot change in here, and asking for them costs more than all the rest.
        normal_path = not (self.cached_mode or self.watch_mode)
        watch_mode, polls_running = self.watch_mode, self.polls_running
        for index in self._with_command():
            slot = self.slots[index]
            if index == 0 or normal_path:
                if polls_running and slot.state == SlotState.RUNNING:
                    found.setdefault(slot.cu, index)
            elif watch_mode:
                if watched.is_watched(self, index):
                    found.setdefault(index - 1, index)
            elif slot.cached and cached.is_polled(self, slot):
                found.setdefault(slot.cu, index)
        return [(index, cu) for cu, index in found.items()]

    async def _poll(self) -> None:
        """Look at the running units that no interrupt announces."""
        running = self.polled()
        if not running:
            return
        values = await self.bus.read32s([self.units[cu].addr + CU_CTRL for _, cu in running])
        for (index, cu), value in zip(running, values, strict=True):
            await self.control_read(index, cu, value)

    async def control_read(self, index: int, cu: int, value: int) -> None:
        """A polled unit's control register was read; it may have said, once, that the command is done."""
        if not self._normal(index) and self.watch_mode:
            await watched.check(self, index, value)
        elif not value & AP_DONE:
            return
        elif self._normal(index):
            self.units[cu].busy = False
            await self.complete(index)
        else:
            await cached.complete(self, cu)

    async def complete(self, index: int) -> None:
        """Tell the host and free the slot."""
        await self.notify(index)
        self.slots[index].state = SlotState.FREE
        if index in self._look:
            self._again = True

    async def unit_interrupted(self, cu: int, resume: bool) -> None:
        """A unit's interrupt says that its command is done; one of a unit that is not running says nothing.

        `resume`: nobody else gives the unit its AP_CONTINUE.
        """
        unit = self.units[cu]
        if not unit.busy:
            return
        if self._normal(unit.slot):
            unit.busy = False
            await self.complete(unit.slot)
        elif self.cached_mode:
            await cached.complete(self, cu, resume)
