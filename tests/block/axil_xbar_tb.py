# SPDX-License-Identifier: Apache-2.0
"""Cocotb tests of axil_xbar (bench: tests/rtl/axil_xbar_bench.sv, which also checks the protocol)."""

from __future__ import annotations

import logging
import random
from collections import Counter
from collections.abc import Iterator
from typing import Any

import cocotb
from cocotb.triggers import ClockCycles, Combine, FallingEdge, Timer, with_timeout
from cocotb_coverage.coverage import CoverCross, CoverPoint, coverage_db, coverage_section
from cocotbext.axi import AxiLiteBus, AxiLiteMaster, AxiLiteSlave, AxiResp
from cocotbext.axi.address_space import Region

from tb.cocotb_util import reset, seeded_random, start_clock
from tests.models.address_map import Range, target

MASTERS = range(3)
RANGES = (
    Range(0x0000, 0x1000, frozenset({0, 1, 2})),
    Range(0x1000, 0x1000, frozenset({0, 1})),
    Range(0xC100, 0x0100, frozenset({1, 2})),
    Range(0x8000, 0x8000, frozenset({0, 1, 2})),
)
HUNG = 3
ERROR_OFFSET = 0xF0  # words at this offset of each 256 bytes are refused by every slave
CHOICES = ("s0", "s1", "s2", "s3", "nobody")

Coverage = coverage_section(
    CoverPoint("xbar.master", xf=lambda m, *_: m, bins=list(MASTERS)),
    CoverPoint("xbar.operation", xf=lambda _m, op, *_: op, bins=["read", "write"]),
    CoverPoint("xbar.target", xf=lambda _m, _op, to, *_: to, bins=list(CHOICES)),
    CoverPoint("xbar.response", xf=lambda *a: a[3], bins=["OKAY", "SLVERR", "DECERR"]),
    CoverPoint("xbar.rivals", xf=lambda *a: a[4], bins=[0, 1, 2]),
    CoverCross(
        "xbar.master_operation_target",
        items=["xbar.master", "xbar.operation", "xbar.target"],
        ign_bins=[(0, op, "s2") for op in ("read", "write")] + [(2, op, "s1") for op in ("read", "write")],
    ),
    CoverCross("xbar.operation_response", items=["xbar.operation", "xbar.response"]),
)


@Coverage
def sample(master: int, operation: str, to: str, response: str, rivals: int) -> None:
    """One finished access; `rivals`: other masters that had one under way at the same slave."""


class Slave(Region):
    """Memory that refuses some offsets and counts its accesses."""

    def __init__(self) -> None:
        super().__init__(0x10000)
        self.words: dict[int, int] = {}
        self.accesses = 0

    async def _read(self, address: int, length: int, **kwargs: Any) -> bytes:
        self.accesses += 1
        if address % 0x100 >= ERROR_OFFSET:
            raise ValueError("refused")
        return self.words.get(address, 0).to_bytes(4, "little")

    async def _write(self, address: int, data: bytes, **kwargs: Any) -> None:
        self.accesses += 1
        if address % 0x100 >= ERROR_OFFSET:
            raise ValueError("refused")
        word = bytearray(self.words.get(address & ~3, 0).to_bytes(4, "little"))
        word[address % 4 : address % 4 + len(data)] = data
        self.words[address & ~3] = int.from_bytes(word, "little")


class Bench:
    """The masters, the slaves and what every access must come to."""

    def __init__(self, dut: Any, salt: str) -> None:
        self.dut = dut
        self.rng = seeded_random(salt)
        self.busy_at: Counter[int] = Counter()
        self.words: dict[int, int] = {}
        self.served: list[int] = []

    async def start(self, slaves: tuple[int, ...] = (0, 1, 2, 3), pauses: bool = True) -> None:
        dut = self.dut
        dut.rst.value = 1
        for index in range(4):
            for name in ("awready", "wready", "bvalid", "bresp", "arready", "rvalid", "rresp", "rdata"):
                getattr(dut, f"s{index}_axil_{name}").value = 0
        await Timer(1, unit="ns")
        start_clock(dut.clk)
        await ClockCycles(dut.clk, 2)
        self.masters = [
            AxiLiteMaster(AxiLiteBus.from_prefix(dut, f"m{m}_axil"), dut.clk, dut.rst) for m in MASTERS
        ]
        self.slaves = {s: Slave() for s in slaves}
        fronts = [
            AxiLiteSlave(AxiLiteBus.from_prefix(dut, f"s{s}_axil"), dut.clk, dut.rst, target=slave)
            for s, slave in self.slaves.items()
        ]
        for port in (*self.masters, *fronts):
            for part in (port.write_if, port.read_if):
                part.log.setLevel(logging.CRITICAL)
            if pauses:
                self._stall(port)
        await reset(dut)

    def _stall(self, port: AxiLiteMaster | AxiLiteSlave) -> None:
        write, read = port.write_if, port.read_if
        for channel in (
            write.aw_channel, write.w_channel, write.b_channel, read.ar_channel, read.r_channel,
        ):  # fmt: skip
            channel.set_pause_generator(self._pauses())

    def _pauses(self) -> Iterator[bool]:
        rng = random.Random(self.rng.random())
        while True:
            share = rng.choice((0.0, 0.2, 0.7))
            for _ in range(rng.randrange(5, 40)):
                yield rng.random() < share

    async def access(self, master: int, address: int, value: int | None, lanes: range = range(4)) -> None:
        """A write of the bytes `lanes` of `value`, or a read, checked against the model."""
        to = target(RANGES, master, address)
        expected = AxiResp.DECERR if to is None else AxiResp.OKAY
        if to is not None and address % 0x100 >= ERROR_OFFSET:
            expected = AxiResp.SLVERR
        rivals = min(self.busy_at[to], 2) if to is not None else 0
        if to is not None:
            self.busy_at[to] += 1
        if value is None:
            answer = await self.masters[master].read(address, 4)
            if expected == AxiResp.OKAY:
                word = int.from_bytes(answer.data, "little")
                assert word == self.words.get(address, 0), f"master {master} read 0x{word:X} at 0x{address:X}"
        else:
            data = value.to_bytes(4, "little")[lanes.start : lanes.stop]
            if expected == AxiResp.OKAY:
                word = bytearray(self.words.get(address, 0).to_bytes(4, "little"))
                word[lanes.start : lanes.stop] = data
                self.words[address] = int.from_bytes(word, "little")
            answer = await self.masters[master].write(address + lanes.start, data)
        if to is not None:
            self.busy_at[to] -= 1
        assert answer.resp == expected, (
            f"master {master} at 0x{address:X}: {answer.resp!r}, expected {expected!r}"
        )
        self.served.append(master)
        operation = "read" if value is None else "write"
        sample(master, operation, "nobody" if to is None else f"s{to}", expected.name, rivals)

    def address(self, master: int, avoid: int | None = None) -> int:
        """A random address; words that several masters would write are left to one of them."""
        while True:
            each = self.rng.choice(RANGES)
            base = self.rng.choice((each.base, each.base + each.size - 0x100, 0x2000, 0x7F00, 0xC100, 0xC200))
            address = base + 12 * self.rng.randrange(0x100 // 12) + 4 * master
            if avoid is None or target(RANGES, master, address) != avoid:
                return address

    async def traffic(self, master: int, count: int, avoid: int | None = None) -> None:
        """`count` random accesses of one master; sometimes a read and a write at once."""
        for _ in range(count):
            jobs = [self._one(master, avoid)]
            if self.rng.random() < 0.2:
                write = self.address(master, avoid)
                read = write ^ 0x40 if target(RANGES, master, write ^ 0x40) != avoid else None
                jobs = [self.access(master, write, self.rng.getrandbits(32))]
                if read is not None and read % 12 // 4 == write % 12 // 4:
                    jobs.append(self.access(master, read, None))
            await Combine(*(cocotb.start_soon(job) for job in jobs))

    def _one(self, master: int, avoid: int | None) -> Any:
        value = self.rng.getrandbits(32) if self.rng.random() < 0.5 else None
        first = self.rng.choice((0, 0, 0, 1, 2, 3))
        lanes = range(first, self.rng.choice((4, 4, self.rng.randrange(first + 1, 5))))
        return self.access(master, self.address(master, avoid), value, lanes)


@cocotb.test()
async def random_traffic(dut: Any) -> None:
    """Three masters at once, everybody stalling at random: data, responses, and no master forgotten."""
    bench = Bench(dut, "xbar traffic")
    await bench.start()
    tasks = [cocotb.start_soon(bench.traffic(m, 400)) for m in MASTERS]
    await with_timeout(Combine(*tasks), 400, "us")
    assert sum(slave.accesses for slave in bench.slaves.values()) > 0
    for index, slave in bench.slaves.items():
        for address in slave.words:
            assert any(target(RANGES, m, address) == index for m in MASTERS), (
                f"0x{address:X} at slave {index}"
            )
    await ClockCycles(dut.clk, 4)
    assert int(dut.active.value) == 0, "still active with nothing to do"
    coverage_db.report_coverage(cocotb.log.info, bins=False)
    missing = [
        f"{name}: {bin_}"
        for name in ("xbar.master_operation_target", "xbar.operation_response", "xbar.rivals")
        for bin_, hits in coverage_db[name].detailed_coverage.items()
        if hits == 0
    ]
    assert not missing, f"not covered: {missing}"


@cocotb.test()
async def hung_slave(dut: Any) -> None:
    """A slave that never answers holds the master that asked it, and nobody else."""
    bench = Bench(dut, "xbar hung")
    await bench.start(slaves=(0, 1, 2))
    stuck = cocotb.start_soon(bench.masters[2].read(0x8000, 4))
    await ClockCycles(dut.clk, 10)
    tasks = [cocotb.start_soon(bench.traffic(m, 150, avoid=HUNG)) for m in (0, 1)]
    await with_timeout(Combine(*tasks), 200, "us")
    assert not stuck.done()
    await FallingEdge(dut.clk)
    assert int(dut.m_active.value) == 0b100
    assert int(dut.s_active.value) == 0b1000
    # The slave wakes up: its master gets the answer.
    assert int(dut.s3_axil_arvalid.value) == 1
    dut.s3_axil_arready.value = 1
    await FallingEdge(dut.clk)
    dut.s3_axil_arready.value = 0
    dut.s3_axil_rvalid.value = 1
    dut.s3_axil_rdata.value = 0x5EED5EED
    answer = await with_timeout(stuck, 1, "us")
    await FallingEdge(dut.clk)
    dut.s3_axil_rvalid.value = 0
    assert int.from_bytes(answer.data, "little") == 0x5EED5EED
    await ClockCycles(dut.clk, 2)
    assert int(dut.active.value) == 0


@cocotb.test()
async def fairness(dut: Any) -> None:
    """Masters that all want one slave take turns."""
    bench = Bench(dut, "xbar fairness")
    await bench.start(pauses=False)

    async def hammer(master: int) -> None:
        while True:
            await bench.access(master, 0x0010 + 4 * master, None)

    tasks = [cocotb.start_soon(hammer(m)) for m in MASTERS]
    await ClockCycles(dut.clk, 400)
    for task in tasks:
        task.cancel()
    turns = bench.served[3:-3]
    assert len(turns) >= 30
    for position in range(len(turns) - 2):
        three = turns[position : position + 3]
        assert sorted(three) == [0, 1, 2], f"turns {three} at {position}"


@cocotb.test()
async def reads_and_writes_alternate(dut: Any) -> None:
    """A master that always has a write waiting still gets its reads done, and the other way round."""
    bench = Bench(dut, "xbar alternate")
    await bench.start(pauses=False)
    done: list[str] = []

    async def many(name: str, value: int | None) -> None:
        jobs = []
        for _ in range(30):
            if value is None:
                jobs.append(bench.masters[0].init_read(0x0020, 4))
            else:
                jobs.append(bench.masters[0].init_write(0x0040, bytes(4)))
        for job in jobs:
            await job.wait()
            done.append(name)

    await with_timeout(
        Combine(cocotb.start_soon(many("read", None)), cocotb.start_soon(many("write", 0))), 20, "us"
    )
    for position in range(4, 50):
        assert set(done[position : position + 4]) == {"read", "write"}, done


@cocotb.test()
async def latency(dut: Any) -> None:
    """A request reaches the slave after one cycle, its answer passes in the same cycle."""
    bench = Bench(dut, "xbar latency")
    await bench.start(slaves=(1, 2, 3), pauses=False)
    read = cocotb.start_soon(bench.masters[1].read(0x0100, 4))
    while not int(dut.m1_axil_arvalid.value):
        await FallingEdge(dut.clk)
    assert int(dut.s0_axil_arvalid.value) == 0
    await FallingEdge(dut.clk)
    assert int(dut.s0_axil_arvalid.value) == 1
    assert int(dut.s0_axil_araddr.value) == 0x0100
    dut.s0_axil_arready.value = 1
    await FallingEdge(dut.clk)
    dut.s0_axil_arready.value = 0
    dut.s0_axil_rvalid.value = 1
    dut.s0_axil_rdata.value = 0x1234
    await Timer(1, unit="ns")
    assert int(dut.m1_axil_rvalid.value) == 1
    assert int(dut.m1_axil_rdata.value) == 0x1234
    await FallingEdge(dut.clk)
    dut.s0_axil_rvalid.value = 0
    answer = await with_timeout(read, 1, "us")
    assert answer.resp == AxiResp.OKAY
