# SPDX-License-Identifier: Apache-2.0
"""CUDMA and CUISR: commands through both, in lockstep with the models and counted end to end."""

from __future__ import annotations

import os
import random
from typing import Any

import cocotb
from cocotb_coverage.coverage import CoverPoint, coverage_db, coverage_section

from tb.cocotb_util import seeded_random
from tests.block.ert_lockstep import Edge, Lockstep, Write
from tests.models import ert_csr, mb_intc
from tests.models.ert_engines import Access, Fetch

CTRL, GIE, IER, ISR = 0x0, 0x4, 0x8, 0xC
AP_START, AP_DONE, AP_IDLE, AP_CONTINUE, AUTO_RESTART = 1 << 0, 1 << 1, 1 << 2, 1 << 4, 1 << 7
UNITS_AT, STRIDE = 0x1800000, 16
START_CU = 0
CU_STATUS, CU_DMA = ert_csr.CU_STATUS, ert_csr.CU_DMA


def header(words: int, extra: int = 0, opcode: int = START_CU) -> int:
    """A packet header: `words` behind it, `extra` mask words more than one, type CU, state NEW."""
    return 3 << 28 | opcode << 23 | words << 12 | extra << 10 | 1


class Unit:
    """A compute unit's registers as the engines use them; `chain`: done, and so ISR, holds until continue."""

    def __init__(self, chain: bool = False) -> None:
        self.chain = chain
        self.isr = self.starts = self.flags = 0
        self.running = self.done = False
        self.registers: dict[int, int] = {}

    def read(self, offset: int) -> int:
        if offset == ISR:
            return self.isr
        value = AP_DONE * self.done | AP_IDLE | self.flags
        self.done = self.done and self.chain
        return value

    def write(self, offset: int, value: int) -> None:
        if offset == CTRL:
            assert value == AP_START or value == AP_CONTINUE | self.flags
            if value & AP_CONTINUE:
                self.done = False
            else:
                assert not self.running and not self.done, "started twice, or before continue"
                self.running = True
                self.starts += 1
        elif offset == ISR:
            self.isr ^= value
        else:
            self.registers[offset] = value
        self.isr |= self.done and self.chain

    def finish(self) -> None:
        self.running, self.done = False, True
        self.isr |= 1


class Bench:
    """The ERT block, its units, and a scheduler's accesses."""

    def __init__(self, dut: Any, rng: random.Random) -> None:
        self.dut, self.rng = dut, rng
        self.step = Lockstep(dut, rng)
        self.step.on_edge = self._edge
        self.bus = self.step.units
        self.bus.read_value = lambda address: self.unit(address).read(address & 0xFFFF)
        self.bus.on_write = lambda address, value: self.unit(address).write(address & 0xFFFF, value)
        self.units: dict[int, Unit] = {}
        self.slot_words = 128
        self.form = ""

    async def start(self) -> None:
        await self.step.start()

    def unit(self, address: int) -> Unit:
        at = address >> STRIDE << STRIDE
        if at not in self.units:
            self.units[at] = Unit(chain=self.rng.random() < 0.5)
        return self.units[at]

    def address(self, n: int) -> int:
        return UNITS_AT + (n << STRIDE)

    @property
    def lines(self) -> int:
        """The units' interrupt lines."""
        waiting = [address for address, unit in self.units.items() if unit.isr and address >= UNITS_AT]
        return sum(1 << (address - UNITS_AT >> STRIDE) for address in waiting)

    async def clock(self, edges: int = 1, **reads_writes: Any) -> dict[str, int]:
        """Edges with the units' lines as they are; reads and writes go into the first."""
        data = await self.step.step(cu_irq=self.lines, **reads_writes)
        for _ in range(edges - 1):
            await self.step.step(cu_irq=self.lines)
        return data

    async def write(self, offset: int, value: int) -> None:
        """The scheduler writes a register."""
        await self.clock(writes={"csr_mb": (offset, value, 0xF)})

    async def read(self, offset: int) -> int:
        """The scheduler reads a register."""
        return (await self.clock(reads={"csr_mb": offset}))["csr_mb"]

    async def configure(self, form: str, num_cus: int, slot_words: int = 128) -> None:
        """What the firmware's setup writes: units by "address" (dsa52) or by "mask"."""
        self.form, self.slot_words = form, slot_words
        await self.write(ert_csr.CQ_SLOT_SIZE, slot_words)
        await self.write(ert_csr.NUM_CUS, num_cus)
        if form == "mask":
            await self.write(ert_csr.CU_OFFSET, STRIDE)
            await self.write(ert_csr.CU_BASE, UNITS_AT // 4)
        else:
            for n in range(num_cus):
                await self.write(ert_csr.LUT + 4 * n, self.address(n) // 4)
        await self.write(ert_csr.CU_DMA_ENABLE, 1)

    def slot(self, slot: int, n: int, arguments: list[int], extra: int = 0) -> list[Write]:
        """The words of a slot with a command for unit n: what host and scheduler wrote before the start."""
        masks = [self.rng.getrandbits(32) for _ in range(1 + extra)]
        control = [self.rng.getrandbits(32) for _ in range(4)]
        words = [header(1 + extra + 4 + len(arguments), extra), *masks, *control, *arguments]
        if self.form == "address":
            words[1] = self.address(n) // 4
        else:
            for index in range((self.step.csr.word(ert_csr.NUM_CUS) + 31) // 32):
                words[1 + index] = (1 << n) >> 32 * index & 0xFFFFFFFF
        at = 4 * slot * self.slot_words
        return [((at + 4 * i) % 0x10000, word, 0xF) for i, word in enumerate(words)]

    async def fill(self, slot: int, n: int, arguments: list[int], extra: int = 0) -> None:
        for write in self.slot(slot, n, arguments, extra):
            await self.clock(writes={"cq_host": write})

    async def ring(self, slot: int) -> None:
        """Start the copy of a slot."""
        await self.write(CU_DMA + 4 * (slot // 32), 1 << slot % 32)

    async def until_idle(self, limit: int = 2000) -> None:
        for _ in range(limit):
            await self.clock()
            if self.step.cudma.idle and self.step.cuisr.idle:
                return
        raise AssertionError("the engines do not come to rest")

    def _edge(self, edge: Edge) -> None:
        sample(self, edge)


# ---- coverage -----------------------------------------------------------------------------------------

YES_NO = [True, False]
COVERAGE = coverage_section(
    CoverPoint("engines.form", xf=lambda f: f["form"], bins=["address", "mask"]),
    CoverPoint("engines.mask_words", xf=lambda f: f["mask_words"], bins=[1, 2, 3, 4]),
    CoverPoint("engines.bank", xf=lambda f: f["bank"], bins=[0, 1, 2, 3]),
    CoverPoint("engines.slot_bank", xf=lambda f: f["slot_bank"], bins=[0, 1, 2, 3]),
    CoverPoint("engines.waiting", xf=lambda f: f["waiting"], bins=[0, 1, 2, "more"]),
    CoverPoint("engines.start_while_busy", xf=lambda f: f["start_while_busy"], bins=YES_NO),
    CoverPoint("engines.port_taken", xf=lambda f: f["port_taken"], bins=YES_NO),
    CoverPoint("engines.host_writes_meanwhile", xf=lambda f: f["host_writes"], bins=YES_NO),
    CoverPoint("engines.both_want_to_write", xf=lambda f: f["both"], bins=YES_NO),
    CoverPoint("engines.state_read", xf=lambda f: f["state_read"], bins=[1, 2]),
    CoverPoint("engines.cu_status_race", xf=lambda f: f["race"], bins=YES_NO),
    CoverPoint("engines.lines_waiting", xf=lambda f: f["lines"], bins=[0, 1, 2, "more"]),
)


@COVERAGE
def covered(facts: dict[str, Any]) -> None:
    """Sampling point of the functional coverage."""


def several(count: int) -> int | str:
    return count if count < 3 else "more"


def sample(bench: Bench, edge: Edge) -> None:
    """Record what an edge does."""
    step = bench.step
    taken, dma, isr = edge.taken, edge.dma, edge.isr
    mb_read, mb_write = taken["csr_mb"]
    unit = isr.address - UNITS_AT >> STRIDE + 5 if isinstance(isr, Access) else None
    status = mb_read is not None and CU_STATUS <= mb_read < CU_STATUS + 16
    busy = not step.csr.cudma_idle
    facts = {
        "form": bench.form if dma else None,
        "mask_words": (step.csr.word(ert_csr.NUM_CUS) + 31) // 32 if dma and bench.form == "mask" else None,
        "bank": unit,
        "slot_bank": step.cudma.last // 32 if dma else None,
        "waiting": several(step.cudma.pending.bit_count()),
        "start_while_busy": mb_write is not None and CU_DMA <= mb_write[0] < CU_DMA + 16 and busy,
        "port_taken": isinstance(dma, Fetch) and taken["cq_mb"] != (None, None),
        "host_writes": isinstance(dma, Fetch) and taken["cq_host"][1] is not None,
        "both": isinstance(dma, Access) and isinstance(isr, Access) and isr.value is not None,
        "state_read": step.ports["csr_mb"].expected if mb_read == ert_csr.CUDMA_STATE else None,
        "race": status and bool(edge.reported >> 8 * (mb_read - CU_STATUS) & 0xFFFFFFFF),
        "lines": several(bench.lines.bit_count()),
    }
    covered(facts)


def uncovered() -> list[str]:
    """Cover points with the bins that nothing has hit."""
    return [
        f"{name}: {sorted(str(b) for b, n in item.detailed_coverage.items() if n == 0)}"
        for name, item in coverage_db.items()
        if name.startswith("engines.") and item.cover_percentage < 100
    ]


# ---- random commands ----------------------------------------------------------------------------------


class Scheduler:
    """Keeps units and slots busy and counts: every start is one command, every report one completion."""

    def __init__(self, bench: Bench, num_cus: int, slots: int) -> None:
        self.bench, self.rng = bench, bench.rng
        self.slots = slots
        self.num_cus = num_cus
        self.free = set(range(num_cus))
        self.busy_slots: set[int] = set()
        self.slot_of: dict[int, int] = {}
        self.wanted: dict[int, dict[int, int]] = {}
        self.words: list[Write] = []
        self.then: tuple[int, int] | None = None
        self.started = self.completed = 0
        self.read = 0

    def next_command(self) -> None:
        """Choose slot, unit and arguments; the words go out one per cycle."""
        unit = self.rng.choice(sorted(self.free))
        slot = self.rng.choice(sorted(set(range(self.slots)) - self.busy_slots))
        count = self.rng.choice([0, 1, 2, 3, 10, 30])
        extra = self.rng.choice([0, 0, 1, 3])
        arguments = [self.rng.getrandbits(32) for _ in range(count)]
        self.words = self.bench.slot(slot, unit, arguments, extra)
        self.rng.shuffle(self.words)
        self.free.remove(unit)
        self.busy_slots.add(slot)
        self.slot_of[unit] = slot
        self.wanted[unit] = {0x10 + 4 * i: value for i, value in enumerate(arguments)}
        self.then = slot, unit

    def finish_units(self) -> None:
        """Running units end; what they were given must be what the command said."""
        for address, unit in self.bench.units.items():
            if unit.running and self.rng.random() < 0.1:
                n = address - UNITS_AT >> STRIDE
                assert unit.registers == self.wanted[n], f"unit {n} has other arguments"
                unit.registers = {}
                unit.finish()

    def completions(self, word: int, bits: int) -> None:
        for n in range(32 * word, 32 * word + 32):
            if bits >> n % 32 & 1:
                unit = self.bench.unit(self.bench.address(n))
                assert n in self.slot_of and not unit.running, f"unit {n}: not done"
                self.busy_slots.discard(self.slot_of.pop(n))
                self.free.add(n)
                self.completed += 1

    async def cycle(self, feed: bool) -> None:
        bench, rng = self.bench, self.rng
        reads, writes = {}, {}
        if feed and not self.words and self.then is None and self.free and len(self.busy_slots) < self.slots:
            self.next_command()
        ports = bench.step.ports
        if self.words and ports["cq_host"].write is None:
            writes["cq_host"] = self.words.pop()
        elif self.then and not self.words and {ports[p].write for p in ("cq_host", "csr_mb")} == {None}:
            slot = self.then[0]
            writes["csr_mb"] = (CU_DMA + 4 * (slot // 32), 1 << slot % 32, 0xF)
            self.started += 1
            self.then = None
        if ports["csr_mb"].read is None and rng.random() < 0.4:
            status = CU_STATUS + 4 * rng.randrange(4)
            reads["csr_mb"] = rng.choice([status, status, ert_csr.CUDMA_STATE, ert_csr.CUISR_STATE])
            self.read = reads["csr_mb"]
        if rng.random() < 0.4:
            reads["cq_mb"] = 4 * rng.randrange(1 << 14)
        if rng.random() < 0.3:
            reads["cq_host"] = 4 * rng.randrange(1 << 14)
        self.finish_units()
        data = await bench.clock(reads=reads, writes=writes)
        if "csr_mb" in data and CU_STATUS <= self.read < CU_STATUS + 16:
            self.completions((self.read - CU_STATUS) // 4, data["csr_mb"])


@cocotb.test()
async def random_commands(dut: Any) -> None:
    """Both forms, 1 to 128 units and slots: no command lost, none run twice, arguments whole."""
    rng = seeded_random("engines")
    bench = Bench(dut, rng)
    await bench.start()
    fixed = os.environ.get("ROUNDS")
    least, most = (int(fixed), int(fixed)) if fixed else (8, 60)
    for turn in range(most):
        if turn >= least and not uncovered():
            break
        num_cus = [128, 1, 40, 70, 128, 2, 33, 97][turn % 8]
        bench.bus.slow = rng.choice([0.0, 0.3, 0.8])
        slot_words = rng.choice([128, 128, 144, 512])
        await bench.configure(["address", "mask", "mask", "mask"][turn % 4], num_cus, slot_words)
        await bench.write(ert_csr.CU_ISR_ENABLE, 1)
        scheduler = Scheduler(bench, num_cus, min(0x4000 // slot_words, 128))
        for _ in range(400):
            await scheduler.cycle(feed=True)
        for _ in range(20_000):
            if scheduler.completed == scheduler.started and scheduler.then is None:
                break
            await scheduler.cycle(feed=False)
        assert scheduler.completed == scheduler.started > 0, "a command was lost"
        starts = sum(unit.starts for unit in bench.units.values())
        assert starts == scheduler.started, f"{starts} starts for {scheduler.started} commands"
        cocotb.log.info("%s form, %d units: %d commands", bench.form, num_cus, starts)
        bench.units.clear()
        await bench.step.reset()
    if not fixed:
        assert not uncovered(), f"not covered: {uncovered()}"


# ---- single behaviours --------------------------------------------------------------------------------


async def ready(dut: Any, form: str = "address", num_cus: int = 4, slow: float = 0.5) -> Bench:
    bench = Bench(dut, seeded_random())
    bench.bus.slow = slow
    await bench.start()
    await bench.configure(form, num_cus)
    return bench


@cocotb.test()
async def start_comes_last(dut: Any) -> None:
    """Words 0 to 3 of the register map stay with the scheduler; arguments ascend; CTRL is written last."""
    bench = await ready(dut)
    await bench.fill(2, 3, [0xA, 0xB, 0xC], extra=2)
    await bench.ring(2)
    await bench.until_idle()
    at = bench.address(3)
    assert bench.bus.log == [(at + 0x10, 0xA), (at + 0x14, 0xB), (at + 0x18, 0xC), (at, 1)]


@cocotb.test()
async def polling_before_the_copy_has_ended(dut: Any) -> None:
    """A scheduler that looks too early finds the unit idle as before the start; CUDMA_STATE tells."""
    bench = await ready(dut)
    await bench.fill(0, 0, list(range(20)))
    unit = bench.unit(bench.address(0))
    await bench.ring(0)
    early = 0
    while await bench.read(ert_csr.CUDMA_STATE) == 2:
        early += not unit.starts
        assert not unit.starts or bench.step.cudma.idle, "started before its registers were there"
    assert early > 20, "the engine is faster than a bus"
    assert unit.starts == 1 and len(unit.registers) == 20


@cocotb.test()
async def disabled_engine(dut: Any) -> None:
    """Starts are ignored while it is off; switching off drops what waits and finishes what is under way."""
    bench = await ready(dut)
    await bench.write(ert_csr.CU_DMA_ENABLE, 0)
    for slot in range(3):
        await bench.fill(slot, slot, [slot] * 8)
        await bench.ring(slot)
    await bench.clock(20)
    assert not bench.bus.log and await bench.read(ert_csr.CUDMA_STATE) == 1
    await bench.write(ert_csr.CU_DMA_ENABLE, 1)
    for slot in range(3):
        await bench.ring(slot)
    await bench.write(ert_csr.CU_DMA_ENABLE, 0)
    assert await bench.read(ert_csr.CUDMA_STATE) == 2
    await bench.until_idle()
    assert await bench.read(ert_csr.CUDMA_STATE) == 1
    await bench.write(ert_csr.CU_DMA_ENABLE, 1)
    await bench.clock(20)
    assert [bench.unit(bench.address(n)).starts for n in range(3)] == [1, 0, 0]


@cocotb.test()
async def a_start_in_the_cycle_its_slot_is_taken(dut: Any) -> None:
    """Written twice, cycle after cycle, a slot is copied twice: the second write is not lost."""
    bench = await ready(dut)
    bench.bus.on_write = lambda address, value: None
    for slot in (0, 100):
        await bench.fill(slot, 1, [5])
        await bench.ring(slot)
        await bench.ring(slot)
        await bench.until_idle()
    assert bench.bus.log == [(bench.address(1) + 0x10, 5), (bench.address(1), 1)] * 4


@cocotb.test()
async def a_slot_without_unit(dut: Any) -> None:
    """Mask form: no bit in the masks of the configured units, or no units at all, means nothing to start."""
    bench = await ready(dut, "mask", 40)
    for offset, value in ((0, header(10)), (4, 0), (8, 0), (12, 1)):
        await bench.clock(writes={"cq_host": (offset, value, 0xF)})
    await bench.ring(0)
    await bench.until_idle()
    assert not bench.bus.log and bench.step.cudma.dropped == 1
    await bench.write(ert_csr.NUM_CUS, 0)
    await bench.ring(0)
    await bench.until_idle()
    assert not bench.bus.log and bench.step.cudma.dropped == 2


@cocotb.test()
async def an_error_prevents_the_start(dut: Any) -> None:
    """A unit that does not take its registers is not started, and the next slot gets its turn."""
    bench = await ready(dut)
    await bench.fill(0, 0, [1, 2, 3])
    await bench.fill(1, 1, [4])
    bench.bus.errors = 1.0
    await bench.ring(0)
    await bench.until_idle()
    assert not bench.bus.log
    bench.bus.errors = 0.0
    await bench.ring(1)
    await bench.until_idle()
    assert bench.unit(bench.address(1)).starts == 1 and not bench.unit(bench.address(0)).starts


@cocotb.test()
async def the_form_follows_the_last_setup(dut: Any) -> None:
    """Boot writes CU_OFFSET; a dsa52 setup fills the table instead: units are then found by address."""
    bench = await ready(dut)
    await bench.write(ert_csr.CU_ISR_ENABLE, 1)
    for turn, form in enumerate(("mask", "address", "mask"), 1):
        await bench.configure(form, 4)
        await bench.fill(5, 2, [turn])
        await bench.ring(5)
        await bench.until_idle()
        unit = bench.unit(bench.address(2))
        assert unit.starts == turn and unit.registers == {0x10: turn}, form
        unit.finish()
        await bench.clock()
        await bench.until_idle()
        assert await bench.read(CU_STATUS) == 4 and unit.isr == 0, form


@cocotb.test()
async def collector_clears_before_it_reports(dut: Any) -> None:
    """ISR and CTRL read, CONTINUE, ISR written back, and only then CU_STATUS and the scheduler's input 1."""
    bench = await ready(dut, num_cus=128)
    await bench.write(ert_csr.CU_ISR_ENABLE, 1)
    await bench.clock(writes={"intc": (mb_intc.IER, 2, 0xF)})
    await bench.clock(writes={"intc": (mb_intc.MER, 3, 0xF)})
    for n in (127, 0, 64, 33):
        unit = bench.unit(bench.address(n))
        unit.finish()
        while unit.isr:
            assert bench.step.csr.cu_status == 0, "reported before it was cleared"
            await bench.clock()
        await bench.clock(4)
        assert int(dut.mb_irq.value) == 1
        assert await bench.read(CU_STATUS + 4 * (n // 32)) == 1 << n % 32
        await bench.clock(2, writes={"intc": (mb_intc.IAR, 2, 0xF)})
        assert int(dut.mb_irq.value) == 0
        assert bench.bus.log[-2:] == [(bench.address(n) + CTRL, AP_CONTINUE), (bench.address(n) + ISR, 1)]


@cocotb.test()
async def a_chained_unit_is_reported_once(dut: Any) -> None:
    """It holds done, and so its interrupt, until it is continued; a free running one goes on running."""
    bench = await ready(dut)
    await bench.write(ert_csr.CU_ISR_ENABLE, 1)
    for n, flags in ((1, 0), (2, AUTO_RESTART)):
        unit = bench.units[bench.address(n)] = Unit(chain=True)
        unit.flags = flags
        unit.finish()
        await bench.clock()
        await bench.until_idle()
        assert not unit.isr and not unit.done
        assert await bench.read(CU_STATUS) == 1 << n
        await bench.clock(200)
        assert await bench.read(CU_STATUS) == 0, "reported again"


@cocotb.test()
async def a_line_without_cause(dut: Any) -> None:
    """A unit with a high line and an ISR of 0 is left alone until the line falls; others are served."""
    bench = await ready(dut)
    await bench.write(ert_csr.CU_ISR_ENABLE, 1)
    bench.bus.read_value = lambda address: 0
    for _ in range(40):
        await bench.step.step(cu_irq=0b0001)
    assert bench.step.cuisr.idle and bench.step.cuisr.muted == 1 and bench.step.csr.cu_status == 0
    assert int(dut.active.value) == 0, "a dead line keeps the clock on"
    bench.bus.read_value = lambda address: 1
    for _ in range(40):
        await bench.step.step(cu_irq=0b0101)
        if bench.step.csr.cu_status:
            break
    assert bench.step.csr.cu_status == 0b0100
    for _ in range(10):
        await bench.step.step(cu_irq=0b0001)
    assert int(dut.active.value) == 0
    for lines in (0, 0, *[0b0001] * 40):
        await bench.step.step(cu_irq=lines)
        if bench.step.csr.cu_status & 1:
            break
    assert bench.step.csr.cu_status & 1


@cocotb.test()
async def disabled_collector(dut: Any) -> None:
    """Nothing is read while it is off; a line that is high when it is switched on is served."""
    bench = await ready(dut)
    unit = bench.unit(bench.address(1))
    unit.finish()
    await bench.clock(20)
    assert unit.isr == 1 and await bench.read(ert_csr.CUISR_STATE) == 1
    await bench.write(ert_csr.CU_ISR_ENABLE, 1)
    await bench.clock(2)
    assert await bench.read(ert_csr.CUISR_STATE) == 2
    await bench.until_idle()
    assert await bench.read(CU_STATUS) == 2


@cocotb.test()
async def unit_controllers_reach_the_scheduler(dut: Any) -> None:
    """Each of the four raises its own output and the scheduler's input 5 to 8, from an idle block."""
    bench = Bench(dut, seeded_random())
    await bench.start()
    await bench.clock(writes={"intc": (mb_intc.IER, 0x1E0, 0xF)})
    await bench.clock(writes={"intc": (mb_intc.MER, 3, 0xF)})
    for bank in range(4):
        at = bank << 12
        await bench.clock(writes={"cu_intc": (at + mb_intc.MER, 3, 0xF)})
        await bench.clock(writes={"cu_intc": (at + mb_intc.SIE, 1 << 7, 0xF)})
        await bench.clock(5)
        line = 1 << 32 * bank + 7
        for _ in range(3):
            await bench.step.step(cu_irq=line | 1 << 32 * bank + 9)
        assert int(dut.cu_intc_irq.value) == 1 << bank
        assert (await bench.step.step({"cu_intc": at + mb_intc.IPR, "intc": mb_intc.IPR}, cu_irq=line)) == {
            "cu_intc": 1 << 7,
            "intc": 1 << 5 + bank,
        }
        await bench.step.step(writes={"cu_intc": (at + mb_intc.IAR, 1 << 7, 0xF)}, cu_irq=line)
        assert int(dut.cu_intc_irq.value) == 1 << bank, "still high: latched again"
        await bench.clock()
        await bench.clock(writes={"cu_intc": (at + mb_intc.IAR, 1 << 7, 0xF)})
        assert int(dut.cu_intc_irq.value) == 0
        await bench.clock(2, writes={"intc": (mb_intc.IAR, 0x1E0, 0xF)})
        assert int(dut.mb_irq.value) == 0


@cocotb.test()
async def read_collides_with_a_write(dut: Any) -> None:
    """The scheduler reads a header as the host writes it: old value or garbage; the second look is right."""
    bench = Bench(dut, seeded_random())
    await bench.start()
    seen = set()
    for turn in range(40):
        old, new = (0, 0xFFFFFFFF) if turn % 2 else (0xFFFFFFFF, 0)
        await bench.clock(writes={"cq_host": (0x200, old, 0xF)})
        data = await bench.clock(reads={"cq_mb": 0x200}, writes={"cq_host": (0x200, new, 0xF)})
        seen.add(data["cq_mb"] ^ old)
        assert (await bench.clock(reads={"cq_mb": 0x200}))["cq_mb"] == new
    if bench.step.collisions:
        assert len(seen) > 30 and 0 not in seen, "collisions must show"
    else:
        assert seen == {0}
