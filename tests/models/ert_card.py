# SPDX-License-Identifier: Apache-2.0
"""Reference card for tests of the scheduler firmware, in virtual time, without RTL.

Queue, registers, interrupt controller and compute units; a firmware model or the vendor's firmware drives it.
"""

from __future__ import annotations

from collections.abc import Sequence

from tests.models import ert_csr
from tests.models.ert_cq import ErtCq
from tests.models.ert_csr import Access, ErtCsr
from tests.models.mb_intc import MbIntc
from tests.models.virtual_time import Kernel

CSR, CQ, INTC = 0x180000, 0x190000, 0x41200000
CU_BASE, CU_STRIDE = 0x1800000, 0x10000
AP_START, AP_DONE, AP_IDLE, AP_CONTINUE = 1, 2, 4, 0x10


class Unit:
    """An HLS compute unit that takes `run_ns`; `runs`: the registers written for each run."""

    def __init__(self, kernel: Kernel, run_ns: int = 3000, chain: bool = False):
        self.kernel = kernel
        self.run_ns = run_ns
        self.chain = chain
        self.gie = self.ier = self.isr = 0
        self.args: dict[int, int] = {}
        self.runs: list[dict[int, int]] = []
        self.end: int | None = None
        self.done = False
        self.continues = 0

    def settle(self) -> None:
        """Finish a run whose time has come."""
        if self.end is not None and self.kernel.now >= self.end:
            self.end = None
            self.done = True
            self.isr |= self.ier & 1

    @property
    def irq(self) -> bool:
        return bool(self.gie and self.isr)

    def read(self, offset: int) -> int:
        self.settle()
        if offset == 0:
            busy = self.end is not None
            value = AP_START * busy | AP_DONE * self.done | AP_IDLE * (not busy)
            if not self.chain:
                self.done = False
            return value
        return {4: self.gie, 8: self.ier, 0xC: self.isr}.get(offset, self.args.get(offset, 0))

    def write(self, offset: int, value: int) -> None:
        self.settle()
        if offset == 0:
            if value & AP_CONTINUE:
                self.continues += 1
                if self.chain:
                    self.done = False
            if value & AP_START:
                assert self.end is None, "a unit was started while it was running"
                assert not (self.chain and self.done), "a unit was started before continue"
                self.runs.append(self.args)
                self.args = {}
                self.end = self.kernel.now + self.run_ns
        elif offset == 4:
            self.gie = value & 1
        elif offset == 8:
            self.ier = value & 3
        elif offset == 0xC:
            self.isr ^= value & 3
        else:
            self.args[offset] = value


class Card:
    """Decodes the scheduler's bus and the host's view of queue and registers; traces the scheduler.

    `collector`: hardware (CUISR) clears a unit's interrupt once it is in CU_STATUS; else the firmware must.
    """

    def __init__(self, kernel: Kernel, units: Sequence[Unit], collector: bool = False):
        self.kernel = kernel
        self.collector = collector
        self.units = list(units)
        self.csr = ErtCsr()
        self.cq = ErtCq()
        self.intc = MbIntc()
        self.trace: list[tuple[str, int, int]] = []
        kernel.events.append(self._next_end)

    def _next_end(self) -> int | None:
        return min((unit.end for unit in self.units if unit.end is not None), default=None)

    def _clock(self, access: Access | None = None, intc_write: tuple[int, int] | None = None) -> Access:
        """A few idle edges around one with the access, so that interrupt levels settle."""
        access = access or Access()
        self.data = (None, None)
        for edge in range(3):
            for unit in self.units:
                unit.settle()
            lines = sum(unit.irq << i for i, unit in enumerate(self.units))
            levels = int(self.csr.mb_irq_cq) | int(self.csr.mb_irq_cu) << 1
            result = self.csr.cycle(access if edge == 0 else Access(), lines)
            if edge == 0:
                self.data = result
            self.intc.cycle(levels, intc_write if edge == 0 else None)
            if self.collector:
                for unit in self.units:
                    if self.csr.lines >> self.units.index(unit) & 1:
                        unit.read(0)
                        unit.isr = 0
        return access

    @property
    def mb_irq(self) -> bool:
        self._clock()
        return self.intc.irq

    @property
    def host_irq(self) -> int:
        return self.csr.host_irq

    # ---- the scheduler's bus

    def mb_read(self, addr: int) -> int:
        value = self._mb_read(addr)
        self.trace.append(("R", addr, value))
        return value

    def _mb_read(self, addr: int) -> int:
        if CSR <= addr < CSR + 0x1000:
            self._clock(Access(mb_read=addr - CSR))
            assert self.data[1] is not None
            return self.data[1]
        self._clock()
        if CQ <= addr < CQ + len(self.cq.memory):
            return self.cq.read(addr - CQ)
        if INTC <= addr < INTC + 0x1000:
            return self.intc.read(addr - INTC)
        unit, offset = self._unit(addr)
        return unit.read(offset)

    def mb_write(self, addr: int, value: int) -> None:
        self.trace.append(("W", addr, value))
        if CSR <= addr < CSR + 0x1000:
            self._clock(Access(mb_write=(addr - CSR, value)))
        elif CQ <= addr < CQ + len(self.cq.memory):
            self.cq.write(addr - CQ, value)
        elif INTC <= addr < INTC + 0x1000:
            self._clock(intc_write=(addr - INTC, value))
        else:
            unit, offset = self._unit(addr)
            unit.write(offset, value)

    def _unit(self, addr: int) -> tuple[Unit, int]:
        index, offset = divmod(addr - CU_BASE, CU_STRIDE)
        assert 0 <= index < len(self.units), f"the scheduler went to 0x{addr:X}, where nothing is"
        return self.units[index], offset

    # ---- the host

    def host_write_cq(self, offset: int, value: int) -> None:
        self.cq.host_write(offset, value, headers_aligned=self.csr.headers_aligned)

    def host_read_csr(self, offset: int) -> int:
        self._clock(Access(host_read=offset))
        assert self.data[0] is not None
        return self.data[0]

    def host_write_csr(self, offset: int, value: int) -> None:
        self._clock(Access(host_write=(offset, value)))


class Core:
    """The processor of the firmware model on a `Card`; every bus access takes `access_ns`."""

    def __init__(self, card: Card, access_ns: int = 40):
        self.card = card
        self.kernel = card.kernel
        self.access_ns = access_ns
        self.waits = 0

    @property
    def bus(self) -> Core:
        return self

    async def read32(self, addr: int) -> int:
        await self.kernel.sleep(self.access_ns)
        return self.card.mb_read(addr)

    async def write32(self, addr: int, value: int) -> None:
        await self.kernel.sleep(self.access_ns)
        self.card.mb_write(addr, value)

    async def read32s(self, addrs: Sequence[int]) -> list[int]:
        return [await self.read32(addr) for addr in addrs]

    async def write32s(self, writes: Sequence[tuple[int, int]]) -> None:
        for addr, value in writes:
            await self.write32(addr, value)

    def interrupt_pending(self) -> bool:
        return self.card.mb_irq

    async def wait_interrupt(self) -> None:
        await self.kernel.until(self.interrupt_pending)

    async def wait_activity(self, timeout_ns: int | None = None) -> int:
        self.waits += 1
        await self.kernel.until(lambda: bool(self.card.cq.touched) or self.card.mb_irq, timeout_ns)
        blocks = self.card.cq.touched
        self.card.cq.acknowledge(blocks)
        return blocks

    def now_ns(self) -> int:
        return self.kernel.now

    async def sleep_ns(self, ns: int) -> None:
        await self.kernel.sleep(ns)


class Host:
    """What the user driver does with queue and registers (XRT ERT contract §4)."""

    def __init__(self, card: Card, access_ns: int = 100):
        self.card = card
        self.kernel = card.kernel
        self.access_ns = access_ns
        self.slot_size = 0x1000
        self.completions: list[int] = []

    async def submit(self, slot: int, words: Sequence[int]) -> None:
        """Write a slot, header last, and ring the doorbell."""
        base = slot * self.slot_size
        for index in [*range(1, len(words)), 0]:
            await self.kernel.sleep(self.access_ns)
            self.card.host_write_cq(base + 4 * index, words[index])
        await self.kernel.sleep(self.access_ns)
        self.card.host_write_csr(ert_csr.CQ_STATUS + 4 * (slot // 32), 1 << slot % 32)

    async def collect(self) -> list[int]:
        """Read the status registers once; return the slots that were done."""
        done = []
        for word in range(4):
            await self.kernel.sleep(self.access_ns)
            value = self.card.host_read_csr(4 * word)
            done += [32 * word + bit for bit in range(32) if value >> bit & 1]
        self.completions += done
        return done

    async def wait(self, slot: int, timeout_ns: int = 1_000_000, interrupt: bool = False) -> None:
        """Until `slot` is done, by polling or by interrupt."""
        deadline = self.kernel.now + timeout_ns
        while slot not in self.completions:
            if interrupt:
                assert await self.kernel.until(lambda: self.card.host_irq != 0, timeout_ns), "no interrupt"
            else:
                await self.kernel.sleep(1000)
            assert self.kernel.now < deadline, f"slot {slot} did not complete"
            await self.collect()
        self.completions.remove(slot)

    def reply(self, slot: int, count: int) -> list[int]:
        """Words of a slot."""
        return [self.card.cq.read(slot * self.slot_size + 4 * i) for i in range(count)]
