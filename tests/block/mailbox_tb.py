# SPDX-License-Identifier: Apache-2.0
"""Cocotb tests of hw_mailbox; tests/block/test_mailbox.py runs them."""

from __future__ import annotations

import os
import random
from collections import deque
from collections.abc import Coroutine
from typing import Any

import cocotb
from cocotb.triggers import ClockCycles, FallingEdge, Timer
from cocotb_coverage.coverage import CoverCross, CoverPoint, coverage_db, coverage_section

from tb.cocotb_util import reset, seeded_random, start_clock
from tests.block.axil_tap import AxilPort
from tests.models import mailbox as model

DEPTH = int(os.environ.get("DEPTH", "128"))
PACKET = 16
MIN_ROUNDS, MAX_ROUNDS = 4, 40
READABLE = [model.STATUS, model.ERROR, model.IS, model.IP, model.IE, model.SIT, model.RIT]
NOT_WRITABLE = [0x04, 0x0C, model.STATUS, model.ERROR, model.IP, 0x30]


class Port(AxilPort):
    """One side: register access and its interrupt."""

    def __init__(self, dut: Any, side: str) -> None:
        super().__init__(dut, f"s_axil_{side}")
        self._irq = getattr(dut, f"irq_{side}")

    async def send(self, *words: int) -> None:
        for word in words:
            await self.write(model.WRDATA, word)

    async def receive(self, count: int) -> list[int]:
        return [await self.read(model.RDDATA) for _ in range(count)]

    @property
    def irq(self) -> int:
        return int(self._irq.value)


class Lockstep:
    """Runs the model beside the RTL and compares read data and interrupts in every cycle."""

    def __init__(self, dut: Any, a: Port, b: Port) -> None:
        self.dut = dut
        self.ports = (a, b)
        self.model = model.Mailbox(DEPTH)
        self.expected: tuple[deque[tuple[int, int]], ...] = (deque(), deque())
        self.cycles = 0
        self.reads = 0
        self.met: set[str] = set()

    async def run(self) -> None:
        while True:
            self.check()
            await FallingEdge(self.dut.clk)

    def check(self) -> None:
        cycles = [port.tap.sample() for port in self.ports]
        for port, side, cycle, queue in zip(
            self.ports, (self.model.a, self.model.b), cycles, self.expected, strict=True
        ):
            assert port.irq == side.irq, f"cycle {self.cycles}: irq {port.irq}, model {side.irq}"
            if cycle.data is not None:
                offset, data = queue.popleft()
                assert cycle.data == data, f"cycle {self.cycles}: {offset:#x} {cycle.data:#x}, not {data:#x}"
                self.reads += 1
        before = [(len(s.tx), len(s.rx)) for s in (self.model.a, self.model.b)]
        answers = self.model.step(*(model.Access(c.write, c.read) for c in cycles))
        for cycle, answer, queue in zip(cycles, answers, self.expected, strict=True):
            if answer is not None:
                queue.append((cycle.read, answer))
        for side, (tx, rx) in zip((self.model.a, self.model.b), before, strict=True):
            self.met |= side.events
            for event in side.events:
                outgoing = event in ("push", "overflow", "sti")
                cover(event, tx if outgoing else rx, side.sit if outgoing else side.rit)
        self.cycles += 1


def level_class(occupancy: int) -> str:
    """Occupancy as the coverage sees it."""
    names = {0: "empty", 15: "15", 16: "16", DEPTH - 1: "depth-1", DEPTH: "full"}
    return names.get(occupancy, "1-14" if occupancy < 15 else "17-")


def threshold_class(threshold: int) -> str:
    """Threshold as the coverage sees it."""
    names = {0: "0", 1: "1", 15: "15", DEPTH - 1: "depth-1", DEPTH: "depth"}
    return names.get(threshold, "above" if threshold > DEPTH else "between")


LEVELS = ["empty", "1-14", "15", "16", "17-", "depth-1", "full"]
THRESHOLDS = ["0", "1", "15", "depth-1", "depth", "above", "between"]
FLOW = ["push", "pop", "overflow", "underflow", "sti", "rti"]
EVENTS = [*FLOW, "flush_data", "flush_empty", "error_cleared", "w1c_race"]
OF_LEVEL = {
    "push": LEVELS[:-1],
    "pop": LEVELS[1:],
    "overflow": ["full"],
    "underflow": ["empty"],
    "flush_empty": [],  # counted by its event alone, as the errors' and interrupts' levels follow from them
}
PUSH_POP = [(e, lv) for e in EVENTS for lv in LEVELS if lv in OF_LEVEL.get(e, [])]
FLOW_AT = [
    (e, lv, t) for e in ("push", "pop", "overflow", "underflow") for lv in OF_LEVEL[e] for t in THRESHOLDS
]


@coverage_section(
    CoverPoint("mailbox.event", xf=lambda event, level, threshold: event, bins=EVENTS),
    CoverPoint("mailbox.level", xf=lambda event, level, threshold: level_class(level), bins=LEVELS),
    CoverPoint("mailbox.threshold", xf=lambda event, level, thr: threshold_class(thr), bins=THRESHOLDS),
    CoverPoint("mailbox.flow", xf=lambda e, lv, thr: (e, level_class(lv)), bins=PUSH_POP),
    CoverPoint(
        "mailbox.flow_at_threshold",
        xf=lambda e, lv, thr: (e, level_class(lv), threshold_class(thr)),
        bins=FLOW_AT,
    ),
    CoverCross(
        "mailbox.event_threshold",
        items=["mailbox.event", "mailbox.threshold"],
        # STA never falls at a threshold of the depth or above, so it cannot rise; RTA never rises there.
        # For these the threshold means nothing.
        ign_bins=[(e, t) for e in ("sti", "rti") for t in ("depth", "above")]
        + [(e, t) for e in ("w1c_race", "error_cleared", "flush_empty") for t in THRESHOLDS],
    ),
)
def cover(event: str, level: int, threshold: int) -> None:
    """One event of one side, with the occupancy and the threshold of the direction it concerns."""


async def start(dut: Any) -> tuple[Port, Port, Lockstep]:
    """Clock, reset, both ports, and the lockstep check from the first cycle on."""
    a, b = Port(dut, "a"), Port(dut, "b")
    dut.rst.value = 1
    await Timer(1, "ns")
    start_clock(dut.clk)
    await reset(dut)
    lockstep = Lockstep(dut, a, b)
    cocotb.start_soon(lockstep.run())
    return a, b, lockstep


@cocotb.test()
async def reset_values(dut: Any) -> None:
    """Every register after reset; reserved and unmapped offsets read 0 and take no writes."""
    for port in (await start(dut))[:2]:
        assert await port.read(model.STATUS) == 0x5
        for offset in (model.ERROR, model.SIT, model.RIT, model.IS, model.IE, model.IP):
            assert await port.read(offset) == 0
        for offset in (model.WRDATA, 0x04, 0x0C, model.CTRL, 0x30, 0x3C, 0x110, 0xFFC):
            assert await port.read(offset) == 0
        for offset in (0x04, 0x0C, model.STATUS, model.ERROR, model.IP, 0x30, 0x100, 0x118):
            await port.write(offset, 0xFFFFFFFF)
        assert await port.read(model.STATUS) == 0x5
        assert await port.read(model.SIT) == 0
        assert not port.irq


@cocotb.test()
async def threshold_edges(dut: Any) -> None:
    """STA is occupancy <= SIT and RTA is occupancy > RIT, at every occupancy, for the edge thresholds."""
    a, b, _ = await start(dut)
    for threshold in sorted({0, 1, 15, DEPTH - 1, DEPTH}):
        await a.write(model.SIT, threshold)
        await b.write(model.RIT, threshold)
        assert await a.read(model.SIT) == threshold
        for occupancy in range(DEPTH + 1):
            sender, receiver = await a.read(model.STATUS), await b.read(model.STATUS)
            assert bool(sender & model.STA) == (occupancy <= threshold), (threshold, occupancy)
            assert bool(sender & model.FULL) == (occupancy == DEPTH)
            assert bool(receiver & model.RTA) == (occupancy > threshold), (threshold, occupancy)
            assert bool(receiver & model.EMPTY) == (occupancy == 0)
            if occupancy < DEPTH:
                await a.write(model.WRDATA, occupancy)
        assert await b.receive(DEPTH) == list(range(DEPTH))


@cocotb.test()
async def packet_interrupt(dut: Any) -> None:
    """Interrupt mode: RIT=15 interrupts with the 16th word, not before; SIT=0 when the last was read."""
    a, b, _ = await start(dut)
    for port in (a, b):
        await port.write(model.CTRL, 3)
        await port.write(model.RIT, PACKET - 1)
        await port.write(model.SIT, 0)
        await port.write(model.IE, model.STI | model.RTI)
    for sender, receiver in ((a, b), (b, a)):
        for sent in range(1, PACKET + 1):
            await sender.send(sent)
            await ClockCycles(dut.clk, 3)
            assert receiver.irq == (sent == PACKET), f"after {sent} words"
        assert await receiver.read(model.IS) == model.RTI
        await receiver.write(model.IS, model.RTI)
        assert not receiver.irq and not sender.irq
        for received in range(1, PACKET + 1):
            assert await receiver.receive(1) == [received]
            await ClockCycles(dut.clk, 3)
            assert sender.irq == (received == PACKET), f"{received} words read"
        assert await sender.read(model.IP) == model.STI
        await sender.write(model.IS, model.STI)
        assert not sender.irq


@cocotb.test()
async def polled_mode(dut: Any) -> None:
    """Timer mode: SIT=RIT=0, no interrupt; STA means the TX FIFO is empty, RTA that a word is there."""
    a, b, _ = await start(dut)
    for port in (a, b):
        await port.write(model.CTRL, 3)
        await port.write(model.IE, 0)
    packet = [0x11111111 * n & 0xFFFFFFFF for n in range(PACKET)]
    await a.send(*packet)
    assert await a.read(model.STATUS) & model.STA == 0
    assert await b.read(model.STATUS) & model.RTA
    assert await b.receive(PACKET - 1) == packet[:-1]
    assert await a.read(model.STATUS) & model.STA == 0
    assert await b.receive(1) == packet[-1:]
    assert await a.read(model.STATUS) & model.STA
    assert await b.read(model.STATUS) & model.RTA == 0
    assert await b.read(model.ERROR) == 0
    assert await b.read(model.IS) == model.RTI and not a.irq and not b.irq


@cocotb.test()
async def error_register(dut: Any) -> None:
    """Empty reads and full writes set sticky bits, cleared by reading, and IS.ERR; no data changes."""
    a, b, _ = await start(dut)
    for port in (a, b):
        await port.write(model.IE, model.ERR)
    assert await b.read(model.RDDATA) == 0
    assert b.irq and not a.irq
    assert await b.read(model.IS) & model.ERR
    assert await b.read(model.ERROR) == 1
    assert await b.read(model.ERROR) == 0
    assert b.irq, "reading ERROR does not clear IS.ERR"
    await b.write(model.IS, model.ERR)
    assert not b.irq
    await a.send(*range(DEPTH))
    assert await a.read(model.ERROR) == 0
    await a.send(0xBAD)
    assert await a.read(model.STATUS) & model.FULL
    assert a.irq
    await a.read(model.RDDATA)
    assert await a.read(model.ERROR) == 3
    assert await a.read(model.ERROR) == 0
    assert await b.receive(DEPTH) == list(range(DEPTH)), "the word written while full is dropped"
    assert await b.read(model.STATUS) & model.EMPTY


@cocotb.test()
async def control_flush(dut: Any) -> None:
    """CTRL empties TX, RX or both, of both directions from either side, and clears itself."""
    a, b, _ = await start(dut)
    for first, other in ((a, b), (b, a)):
        for value, tx_left, rx_left in ((0, 5, 7), (1, 0, 7), (2, 5, 0), (3, 0, 0)):
            await first.write(model.CTRL, 3)
            await first.send(*range(5))
            await other.send(*range(7))
            await first.write(model.CTRL, value)
            assert await first.read(model.CTRL) == 0
            await first.write(model.SIT, 4)
            assert bool(await first.read(model.STATUS) & model.STA) == (tx_left == 0)
            assert await other.receive(tx_left) == list(range(tx_left))
            assert await other.read(model.STATUS) & model.EMPTY
            assert await first.receive(rx_left) == list(range(rx_left))
            assert await first.read(model.STATUS) & model.EMPTY
            await first.write(model.SIT, 0)
            assert await first.read(model.ERROR) == 0
        await first.send(1, 2, 3)
        await other.write(model.CTRL, 2)
        assert await first.read(model.STATUS) & model.STA, "the peer's RX flush empties this side's TX"


@cocotb.test()
async def interrupt_registers(dut: Any) -> None:
    """IS is sticky and cleared by ones; IE masks; IP is both; a level alone does not set IS again."""
    a, b, _ = await start(dut)
    await a.send(1)
    assert await b.read(model.IS) == model.RTI and not b.irq
    await b.write(model.IE, model.STI)
    assert await b.read(model.IP) == 0 and not b.irq
    await b.write(model.IE, model.RTI)
    assert await b.read(model.IP) == model.RTI and b.irq
    await b.write(model.IS, model.STI | model.ERR)
    assert b.irq, "only the written bits clear"
    await b.write(model.IS, model.RTI)
    assert not b.irq and await b.read(model.STATUS) & model.RTA
    await a.send(2)
    await ClockCycles(dut.clk, 4)
    assert not b.irq, "RTA stayed high: no new edge"
    await b.receive(2)
    await a.send(3)
    await ClockCycles(dut.clk, 4)
    assert b.irq
    await b.write(model.RIT, 5)
    await b.write(model.IS, 7)
    assert not b.irq
    await b.write(model.RIT, 0)
    await ClockCycles(dut.clk, 4)
    assert b.irq, "lowering RIT raises RTA"
    await b.write(model.IE, 0xFFFFFFF8)
    assert await b.read(model.IE) == 0 and not b.irq


async def together(dut: Any, offset: int, first: Coroutine, second: Coroutine) -> None:
    """Start two accesses `offset` cycles apart (negative: the second one first); wait for both."""

    async def late(job: Coroutine, delay: int) -> None:
        if delay > 0:
            await ClockCycles(dut.clk, delay)
        await job

    tasks = [cocotb.start_soon(late(first, -offset)), cocotb.start_soon(late(second, offset))]
    for task in tasks:
        await task


@cocotb.test()
async def event_meets_clear(dut: Any) -> None:
    """An event in the very cycle of its clear stays: IS against RTI and ERR, ERROR against a new error."""
    a, b, lockstep = await start(dut)
    seen: set[str] = set()
    for port in (a, b):
        await port.write(model.IE, 7)
    for offset in range(-5, 6):
        await b.write(model.CTRL, 2)
        await b.write(model.IS, 7)
        await together(dut, offset, a.send(1), b.write(model.IS, model.RTI))
        await ClockCycles(dut.clk, 3)
        seen.add(f"rti {b.irq}")
        await b.write(model.CTRL, 2)
        await b.write(model.IS, 7)
        await together(dut, offset, b.read(model.RDDATA), b.write(model.IS, model.ERR))
        seen.add(f"err {b.irq}")
    await a.send(*range(DEPTH))
    for offset in range(-5, 6):
        await a.read(model.ERROR)
        await together(dut, offset, a.send(0), a.read(model.ERROR))
        seen.add(f"error {await a.read(model.ERROR)}")
    assert seen == {"rti 0", "rti 1", "err 0", "err 1", "error 0", "error 2"}, seen
    assert lockstep.met >= {"w1c_race", "error_race"}, "the offsets never hit the same cycle"


@cocotb.test()
async def word_order(dut: Any) -> None:
    """Both directions at once, around the end of the memory, without loss."""
    a, b, _ = await start(dut)
    count = 3 * DEPTH + 5

    async def produce(port: Port, base: int) -> None:
        for index in range(count):
            while await port.read(model.STATUS) & model.FULL:
                pass
            await port.send(base + index)

    async def consume(port: Port, base: int) -> None:
        for index in range(count):
            while await port.read(model.STATUS) & model.EMPTY:
                pass
            assert await port.receive(1) == [base + index]

    jobs = [(produce, a, 0x1000), (produce, b, 0x2000), (consume, a, 0x2000), (consume, b, 0x1000)]
    for task in [cocotb.start_soon(job(port, base)) for job, port, base in jobs]:
        await task


@cocotb.test()
async def clock_may_stop(dut: Any) -> None:
    """`active` falls when nothing is left to do, whatever the FIFOs hold and the interrupts say."""
    a, b, _ = await start(dut)
    await b.write(model.IE, model.RTI)
    await a.send(1, 2, 3)
    await ClockCycles(dut.clk, 4)
    for _ in range(10):
        await FallingEdge(dut.clk)
        assert b.irq and not int(dut.active.value)


class Traffic:
    """Random accesses of one side, in phases that fill, drain, poke or rest."""

    PHASES = ("fill", "fill", "drain", "drain", "mixed", "poke")

    def __init__(self, dut: Any, port: Port, rng: random.Random) -> None:
        self.dut, self.port, self.rng = dut, port, rng

    def threshold(self) -> int:
        other = self.rng.choice([self.rng.randrange(DEPTH), DEPTH + self.rng.randrange(1, 900)])
        return self.rng.choice([0, 1, 15, DEPTH - 1, DEPTH, other])

    async def run(self, phases: int) -> None:
        for _ in range(phases):
            phase = self.rng.choice(self.PHASES)
            if self.rng.random() < 0.7:
                await self.port.write(self.rng.choice([model.SIT, model.RIT]), self.threshold())
            for _ in range(self.rng.randrange(5, 50)):
                await self.access(phase)
                if self.rng.random() < 0.1:
                    await ClockCycles(self.dut.clk, self.rng.randrange(1, 12))

    async def access(self, phase: str) -> None:
        rng, port = self.rng, self.port
        weights = {"fill": (16, 2, 2), "drain": (2, 16, 2), "mixed": (8, 8, 4), "poke": (2, 2, 10)}[phase]
        kind = rng.choices(["write", "read", "register"], weights)[0]
        if kind == "write":
            await port.write(model.WRDATA, rng.getrandbits(32))
        elif kind == "read":
            await port.read(model.RDDATA)
        elif rng.random() < 0.5:
            await port.read(rng.choice(READABLE))
        else:
            await self.configure()

    async def configure(self) -> None:
        rng, port = self.rng, self.port
        choice = rng.choices(["is", "ie", "sit", "rit", "ctrl", "odd"], [8, 4, 2, 2, 1, 1])[0]
        if choice == "is":
            await port.write(model.IS, rng.randrange(8))
        elif choice == "ie":
            await port.write(model.IE, rng.getrandbits(32))
        elif choice in ("sit", "rit"):
            await port.write(model.SIT if choice == "sit" else model.RIT, self.threshold())
        elif choice == "ctrl":
            await port.write(model.CTRL, rng.randrange(4))
        else:
            await port.write(rng.choice(NOT_WRITABLE), rng.getrandbits(32))


@cocotb.test()
async def random_lockstep(dut: Any) -> None:
    """Both sides at once against the model, until the traffic is done; then the coverage must be there."""
    rng = seeded_random("mailbox")
    a, b, lockstep = await start(dut)
    for port in (a, b):
        port.slow_down(random.Random(rng.random()), 0.2)
    # Two streams per side, so that a read and a write of one side can fall into the same cycle.
    streams = [Traffic(dut, port, random.Random(rng.random())) for port in (a, a, b, b)]
    for count in range(MAX_ROUNDS):
        if count >= MIN_ROUNDS and not uncovered():
            break
        for task in [cocotb.start_soon(traffic.run(10)) for traffic in streams]:
            await task
    await Timer(100, "ns")
    report(dut, lockstep)


GOALS = {f"mailbox.{name}": 100 for name in ("event", "level", "threshold", "flow")}
GOALS |= {"mailbox.event_threshold": 90, "mailbox.flow_at_threshold": 75}


def uncovered() -> list[str]:
    """Coverage items below their goal."""
    return [name for name, goal in GOALS.items() if coverage_db[name].cover_percentage < goal]


def report(dut: Any, lockstep: Lockstep) -> None:
    """Print the coverage and require it."""
    dut._log.info("%d cycles, %d reads compared", lockstep.cycles, lockstep.reads)
    for name, goal in GOALS.items():
        item = coverage_db[name]
        missing = [key for key, hits in item.detailed_coverage.items() if not hits]
        dut._log.info("coverage %s %.0f %% (goal %d), missing %s", name, item.cover_percentage, goal, missing)
    assert not uncovered(), f"not covered: {uncovered()}"
    assert lockstep.reads > 1000
