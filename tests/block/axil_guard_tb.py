# SPDX-License-Identifier: Apache-2.0
"""Cocotb tests of axil_guard (bench: tests/rtl/axil_guard_bench.sv)."""

from __future__ import annotations

import logging
import random
from typing import Any

import cocotb
from cocotb.triggers import ClockCycles, FallingEdge, Timer, with_timeout
from cocotb.utils import get_sim_time
from cocotb_coverage.coverage import CoverCross, CoverPoint, coverage_db, coverage_section
from cocotbext.axi import AxiLiteBus, AxiLiteMaster, AxiResp

from tb.cocotb_util import CLOCK_PERIOD_NS, reset, seeded_random, start_clock

TIMEOUT = 32
NEVER = 10**9
SLACK = 6  # cycles that the bus functional models and the guard's registers add

Coverage = coverage_section(
    CoverPoint("guard.operation", xf=lambda op, *_: op, bins=["read", "write"]),
    CoverPoint("guard.outcome", xf=lambda _op, out, *_: out, bins=["answered", "timeout", "refused"]),
    CoverPoint("guard.closed", xf=lambda *a: a[2], bins=[False, True]),
    CoverCross("guard.operation_outcome", items=["guard.operation", "guard.outcome"]),
    CoverCross(
        "guard.outcome_closed",
        items=["guard.outcome", "guard.closed"],
        ign_bins=[("answered", True), ("refused", True)],
    ),
)


@Coverage
def sample(operation: str, outcome: str, closed: bool) -> None:
    """One finished request; `closed`: isolated all the time."""


def word_at(address: int) -> int:
    """What the slave answers to a read, so that an answer to another request is seen."""
    return (address * 0x9E3779B1) & 0xFFFF_FFFF


class Slave:
    """The slave behind the guard: takes and answers requests after chosen numbers of cycles."""

    def __init__(self, dut: Any) -> None:
        self.dut = dut
        self.take_delay = self.answer_delay = 0
        self.data_delay = 0  # of W behind AW
        self.garbage: random.Random | None = None
        self.reads: list[int] = []
        self.writes: list[tuple[int, int]] = []
        self._address = self._data = 0
        self._read: int | None = None
        self._write: int | None = None
        self._aw = self._w = False
        self._waited = {"ar": 0, "aw": 0, "w": 0}

    def _get(self, name: str) -> int:
        return int(getattr(self.dut, f"m_axil_{name}").value)

    def _set(self, **values: int) -> None:
        for name, value in values.items():
            getattr(self.dut, f"m_axil_{name}").value = value

    def rest(self) -> None:
        """Forget everything: the region was reset."""
        self._read = self._write = None
        self._aw = self._w = False
        self._waited = dict.fromkeys(self._waited, 0)
        self._set(arready=0, awready=0, wready=0, rvalid=0, rresp=0, rdata=0, bvalid=0, bresp=0)

    async def run(self) -> None:
        self.rest()
        while True:
            await FallingEdge(self.dut.clk)
            if self.garbage is not None:
                bits = self.garbage.getrandbits
                self._set(
                    arready=bits(1), awready=bits(1), wready=bits(1), rvalid=bits(1), rresp=bits(2),
                    rdata=bits(32), bvalid=bits(1), bresp=bits(2),
                )  # fmt: skip
                continue
            self._drive()
            await Timer(1, unit="ns")
            self._observe()

    def _drive(self) -> None:
        delays = {"ar": self.take_delay, "aw": self.take_delay, "w": self.take_delay + self.data_delay}
        busy = {"ar": self._read is not None, "aw": self._aw, "w": self._w}
        for channel, delay in delays.items():
            self._set(**{f"{channel}ready": int(not busy[channel] and self._waited[channel] >= delay)})
        read_ready = self._read is not None and self._read <= 0
        write_ready = self._write is not None and self._write <= 0
        self._set(rvalid=int(read_ready), rdata=word_at(self._address) if read_ready else 0)
        self._set(bvalid=int(write_ready))

    def _observe(self) -> None:
        for channel in ("ar", "aw", "w"):
            valid = self._get(f"{channel}valid")
            self._waited[channel] = self._waited[channel] + 1 if valid else 0
        if self._get("rvalid") and self._get("rready"):
            self._read = None
        elif self._read is not None:
            self._read -= 1
        if self._get("bvalid") and self._get("bready"):
            self._write = None
            self._aw = self._w = False
        elif self._write is not None:
            self._write -= 1
        if self._get("arvalid") and self._get("arready"):
            self._address = self._get("araddr")
            self.reads.append(self._address)
            self._read, self._waited["ar"] = self.answer_delay, 0
        if self._get("awvalid") and self._get("awready"):
            self._address, self._aw, self._waited["aw"] = self._get("awaddr"), True, 0
        if self._get("wvalid") and self._get("wready"):
            self._data, self._w, self._waited["w"] = self._get("wdata"), True, 0
        if self._aw and self._w and self._write is None:
            self.writes.append((self._address, self._data))
            self._write = self.answer_delay


class Bench:
    """Guard, slave and a master that measures how long its requests take."""

    def __init__(self, dut: Any) -> None:
        self.dut = dut
        self.slave = Slave(dut)
        self.cycles = 0

    async def start(self, slave: bool = True) -> None:
        dut = self.dut
        dut.rst.value = 1
        dut.isolate.value = 0
        self.slave.rest()
        await Timer(1, unit="ns")
        start_clock(dut.clk)
        await ClockCycles(dut.clk, 2)
        self.master = AxiLiteMaster(AxiLiteBus.from_prefix(dut, "s_axil"), dut.clk, dut.rst)
        for part in (self.master.write_if, self.master.read_if):
            part.log.setLevel(logging.WARNING)
        await reset(dut)
        if slave:
            cocotb.start_soon(self.slave.run())

    async def read(self, address: int) -> AxiResp:
        """A read; the answer if any must be that address's. Sets `cycles`."""
        started = get_sim_time("ns")
        answer = await with_timeout(self.master.read(address, 4), 2, "us")
        self.cycles = round((get_sim_time("ns") - started) / CLOCK_PERIOD_NS)
        if answer.resp == AxiResp.OKAY:
            value = int.from_bytes(answer.data, "little")
            assert value == word_at(address), f"0x{address:X} answered with somebody else's 0x{value:X}"
        return answer.resp

    async def write(self, address: int, value: int) -> AxiResp:
        started = get_sim_time("ns")
        answer = await with_timeout(self.master.write(address, value.to_bytes(4, "little")), 2, "us")
        self.cycles = round((get_sim_time("ns") - started) / CLOCK_PERIOD_NS)
        return answer.resp

    @property
    def trips(self) -> int:
        return int(self.dut.tripped_count.value)

    async def isolate(self, on: bool) -> None:
        await FallingEdge(self.dut.clk)
        self.dut.isolate.value = int(on)
        await FallingEdge(self.dut.clk)


@cocotb.test()
async def passes_what_is_answered(dut: Any) -> None:
    """Below the timeout nothing changes: addresses, data, responses, error responses."""
    rng = seeded_random("guard passes")
    bench = Bench(dut)
    await bench.start()
    expected = []
    for index in range(60):
        bench.slave.take_delay, bench.slave.data_delay = rng.randrange(4), rng.randrange(3)
        bench.slave.answer_delay = rng.randrange(TIMEOUT - 14)
        address = 4 * index
        if rng.random() < 0.5:
            assert await bench.read(address) == AxiResp.OKAY
        else:
            expected.append((address, rng.getrandbits(32)))
            assert await bench.write(*expected[-1]) == AxiResp.OKAY
    assert bench.slave.writes == expected
    assert bench.trips == 0
    bench.slave.take_delay = bench.slave.data_delay = bench.slave.answer_delay = 0
    dut.m_axil_rresp.value = 3
    assert await bench.read(0x100) == AxiResp.DECERR
    await ClockCycles(dut.clk, 3)
    assert int(dut.active.value) == 0


@cocotb.test()
async def timeout_when_not_taken(dut: Any) -> None:
    """An empty place takes no request: SLVERR after the timeout, and the clock may stop afterwards."""
    bench = Bench(dut)
    await bench.start()
    bench.slave.take_delay = NEVER
    assert await bench.read(0x10) == AxiResp.SLVERR
    assert TIMEOUT <= bench.cycles <= TIMEOUT + SLACK
    assert bench.trips == 1
    await ClockCycles(dut.clk, 4)
    assert int(dut.active.value) == 0, "a hung request keeps the clock running"
    assert int(dut.m_axil_arvalid.value) == 1, "a request was withdrawn"
    # While it hangs, everything else is refused at once, and does not count as another trip.
    assert await bench.write(0x14, 1) == AxiResp.SLVERR
    assert bench.cycles <= SLACK
    assert await bench.read(0x18) == AxiResp.SLVERR
    assert bench.cycles <= SLACK
    assert bench.trips == 1
    assert not bench.slave.reads
    assert not bench.slave.writes


@cocotb.test()
async def late_answers_are_swallowed(dut: Any) -> None:
    """The answer that comes after the timeout reaches nobody; afterwards all is well again."""
    bench = Bench(dut)
    await bench.start()
    for operation in ("read", "write"):
        before = bench.trips
        bench.slave.answer_delay = 3 * TIMEOUT
        answer = bench.read(0x20) if operation == "read" else bench.write(0x24, 5)
        assert await answer == AxiResp.SLVERR
        assert bench.trips == before + 1
        assert await bench.read(0x28) == AxiResp.SLVERR
        assert bench.cycles <= SLACK
        bench.slave.answer_delay = 0
        await ClockCycles(dut.clk, 3 * TIMEOUT)
        assert await bench.read(0x2C) == AxiResp.OKAY
        assert await bench.write(0x30, 7) == AxiResp.OKAY
        assert bench.slave.writes[-1] == (0x30, 7)
        assert bench.trips == before + 1


@cocotb.test()
async def half_taken_write(dut: Any) -> None:
    """A slave that took the address but not the data is waited for like any other."""
    bench = Bench(dut)
    await bench.start()
    bench.slave.data_delay = 2 * TIMEOUT
    assert await bench.write(0x40, 9) == AxiResp.SLVERR
    assert await bench.read(0x44) == AxiResp.SLVERR
    assert bench.cycles <= SLACK
    await ClockCycles(dut.clk, 2 * TIMEOUT)
    bench.slave.data_delay = 0
    assert bench.slave.writes == [(0x40, 9)]
    assert await bench.write(0x48, 11) == AxiResp.OKAY


@cocotb.test()
async def isolation(dut: Any) -> None:
    """Isolated: nothing reaches the region, its garbage reaches nobody, requests time out."""
    rng = seeded_random("guard isolation")
    bench = Bench(dut)
    await bench.start()
    await bench.isolate(True)
    bench.slave.garbage = rng
    for index in range(6):
        request = bench.read(4 * index) if index % 2 else bench.write(4 * index, index)
        task = cocotb.start_soon(request)
        while not task.done():
            await FallingEdge(dut.clk)
            valids = [int(getattr(dut, f"m_axil_{n}valid").value) for n in ("ar", "aw", "w")]
            readies = [int(getattr(dut, f"m_axil_{n}ready").value) for n in ("r", "b")]
            assert not any(valids + readies), "something passes the isolation"
        assert task.result() == AxiResp.SLVERR
        assert TIMEOUT <= bench.cycles <= TIMEOUT + SLACK
    assert bench.trips == 6
    bench.slave.garbage = None
    bench.slave.rest()
    await bench.isolate(False)
    assert await bench.read(0x50) == AxiResp.OKAY
    assert bench.slave.reads == [0x50]
    assert not bench.slave.writes


@cocotb.test()
async def isolation_forgets_what_was_under_way(dut: Any) -> None:
    """Isolated while a request hangs: it times out, and the region starts anew afterwards."""
    bench = Bench(dut)
    await bench.start()
    for take, answer in ((NEVER, 0), (0, NEVER)):
        bench.slave.take_delay, bench.slave.answer_delay = take, answer
        task = cocotb.start_soon(bench.read(0x60))
        await ClockCycles(dut.clk, TIMEOUT // 2)
        await bench.isolate(True)
        assert await task == AxiResp.SLVERR
        assert TIMEOUT <= bench.cycles <= TIMEOUT + SLACK
        # A second one that hangs past its timeout before the gate closes.
        await bench.isolate(False)
        bench.slave.rest()
        assert await bench.write(0x64, 1) == AxiResp.SLVERR
        await bench.isolate(True)
        bench.slave.take_delay = bench.slave.answer_delay = 0
        bench.slave.rest()
        await bench.isolate(False)
        assert await bench.write(0x68, 2) == AxiResp.OKAY
        assert await bench.read(0x6C) == AxiResp.OKAY


@cocotb.test()
async def isolation_and_answer_at_once(dut: Any) -> None:
    """An answer in the cycle in which the gate closes is garbage already."""
    bench = Bench(dut)
    await bench.start()
    bench.slave.answer_delay = NEVER
    for operation in ("read", "write"):
        task = cocotb.start_soon(bench.read(0x70) if operation == "read" else bench.write(0x74, 1))
        await ClockCycles(dut.clk, 10)
        await FallingEdge(dut.clk)
        await Timer(100, unit="ps")  # behind the slave's own drive
        dut.isolate.value = 1
        dut.m_axil_rvalid.value = 1
        dut.m_axil_bvalid.value = 1
        bench.slave.garbage = seeded_random("guard")
        assert await task == AxiResp.SLVERR
        bench.slave.garbage = None
        bench.slave.rest()
        await bench.isolate(False)


@cocotb.test()
async def answers_nobody_asked_for(dut: Any) -> None:
    """A response before the slave took all of the request is not the answer to it."""
    bench = Bench(dut)
    await bench.start(slave=False)

    async def cycle(**values: int) -> None:
        for name, value in values.items():
            getattr(dut, f"m_axil_{name}").value = value
        await FallingEdge(dut.clk)
        for name in values:
            getattr(dut, f"m_axil_{name}").value = 0

    write = cocotb.start_soon(bench.write(0x80, 3))
    while not int(dut.m_axil_awvalid.value):
        await FallingEdge(dut.clk)
    await cycle(awready=1)
    await cycle(bvalid=1, bresp=2)
    await cycle(wready=1)
    await cycle()
    assert not write.done()
    await cycle(bvalid=1)
    assert await write == AxiResp.OKAY
    read = cocotb.start_soon(bench.read(0x84))
    while not int(dut.m_axil_arvalid.value):
        await FallingEdge(dut.clk)
    await cycle(rvalid=1, rdata=0xBAD)
    await cycle(arready=1)
    await cycle()
    assert not read.done()
    await cycle(rvalid=1, rdata=word_at(0x84))
    assert await read == AxiResp.OKAY
    assert bench.trips == 0


@cocotb.test()
async def random_delays(dut: Any) -> None:
    """Delays around the timeout and gates closing at random: every request is answered, in time, rightly."""
    rng = seeded_random("guard random")
    bench = Bench(dut)
    await bench.start()
    hung_until = 0.0
    for index in range(250):
        address = 4 * index
        closed = rng.random() < 0.1
        if closed:
            await bench.isolate(True)
            bench.slave.rest()
            bench.slave.garbage = rng
        elif rng.random() < 0.3:
            await ClockCycles(dut.clk, rng.randrange(3 * TIMEOUT))
        bench.slave.take_delay = rng.choice((0, 0, 3, TIMEOUT, 2 * TIMEOUT))
        bench.slave.answer_delay = rng.choice((0, 1, 5, TIMEOUT // 2, 2 * TIMEOUT))
        delay = bench.slave.take_delay + bench.slave.answer_delay
        now = get_sim_time("ns")
        refused = now < hung_until and not closed
        before = bench.trips
        operation = rng.choice(("read", "write"))
        response = await (bench.read(address) if operation == "read" else bench.write(address, index))
        outcome = "answered" if response == AxiResp.OKAY else "timeout" if bench.trips > before else "refused"
        sample(operation, outcome, closed)
        assert bench.cycles <= TIMEOUT + SLACK, f"request {index} took {bench.cycles} cycles"
        if closed:
            assert outcome == "timeout"
            bench.slave.garbage = None
            bench.slave.rest()
            await bench.isolate(False)
            hung_until = 0.0
        elif outcome == "refused":
            assert refused, f"request {index} was refused although nothing is under way"
        elif delay <= TIMEOUT - SLACK:
            assert outcome == "answered", f"request {index}: {outcome}, slave's delay {delay}"
        else:
            assert outcome == "timeout", f"request {index}: {outcome}, slave's delay {delay}"
            # Generous: the delays of the waiting request may be changed by the next ones.
            hung_until = now + 10 * TIMEOUT * CLOCK_PERIOD_NS
    missing = [
        f"{name}: {bin_}"
        for name in ("guard.operation_outcome", "guard.outcome_closed")
        for bin_, hits in coverage_db[name].detailed_coverage.items()
        if hits == 0
    ]
    assert not missing, f"not covered: {missing}"
