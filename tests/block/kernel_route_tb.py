# SPDX-License-Identifier: Apache-2.0
"""Kernel route: packets flow while the host changes routes and asks for counters at random times."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import cocotb
from cocotb.triggers import ClockCycles, FallingEdge
from cocotb_coverage.coverage import CoverPoint

from pydriver.regs import cu_route
from tests.block.kernel_bench import (
    AUTO_RESTART,
    CTRL,
    DONE,
    IDLE,
    MEMORY,
    START,
    Bench,
    check_coverage,
    covered,
    with_failing_memory,
)
from tests.models import kernels

COUNTER = cu_route.AUTO_RESTART_COUNTER.offset
INPUT, OUTPUT = cu_route.INPUT_CTRL.offset, cu_route.OUTPUT_CTRL.offset
SYNC, BUSY = 1, 2
FOR_EVER = 0xFFFFFFFF
HIGH = 0x40_0000_0000
RING, RESULTS, ENTRIES = 0x0000, 0x8000, 64
BEAT = 32


@dataclass
class Table:
    """A routing table: `tag` is its number and stands in bits 30:16 of every entry."""

    tag: int
    entries: list[int]


@dataclass
class Monitor:
    """Every result beat, checked as it is written: one table, released, never older than the one before."""

    bench: Bench
    packets: list[list[int]]
    tables: dict[int, Table] = field(default_factory=dict)
    tags: list[int] = field(default_factory=list)  # of each packet that was written
    dropped: list[bool] = field(default_factory=list)
    started: int = 0
    oldest: int = 0  # packets that start from now on have at least this table
    floors: list[int] = field(default_factory=list)  # `oldest` at the start of each packet
    address: int = 0

    def __post_init__(self) -> None:
        cocotb.start_soon(self._watch())

    async def _watch(self) -> None:
        dut, kernel = self.bench.dut, self.bench.dut.g_krnl_route.dut
        while True:
            await FallingEdge(dut.clk)
            if int(kernel.run.value):
                self.floors.append(self.oldest)
            if int(dut.m_axi_awvalid.value) and int(dut.m_axi_awready.value):
                self.address = int(dut.m_axi_awaddr.value)
            if int(dut.m_axi_wvalid.value) and int(dut.m_axi_wready.value):
                self._result(int(dut.m_axi_wdata.value), int(dut.m_axi_wstrb.value))

    def _result(self, data: int, strobes: int) -> None:
        number = len(self.tags)
        where = f"packet {number}"
        place = number % ENTRIES
        assert strobes == 0xFFFFFFFF, where
        entries = kernels.unpack(data.to_bytes(BEAT, "little"))
        tags = {entry >> 16 & 0x7FFF for entry in entries}
        assert len(tags) == 1, f"{where} saw tables {sorted(tags)}"
        tag = tags.pop()
        assert tag in self.tables, f"{where} saw table {tag}, which was not released"
        expected, dropped = kernels.route(self.packets[place], self.tables[tag].entries)
        assert entries == expected, where
        assert tag >= (self.tags[-1] if self.tags else 0), f"{where} saw table {tag} after {self.tags[-1]}"
        assert tag >= self.floors[number], f"{where} saw table {tag} after {self.floors[number]} was taken"
        self.tags.append(tag)
        self.dropped.append(dropped)


class Host:
    """What a host does with the mailbox: writes sets, releases, withdraws, reads counters."""

    def __init__(self, bench: Bench, monitor: Monitor) -> None:
        self.bench = bench
        self.monitor = monitor
        self.tag = 0

    async def setup(self) -> None:
        """Ring addresses; they are part of every released set."""
        await self.bench.write_address(cu_route.IN_LO, HIGH + RING)
        await self.bench.write_address(cu_route.OUT_LO, HIGH + RESULTS)
        await self.bench.write(cu_route.ENTRIES.offset, ENTRIES)

    async def write_table(self) -> Table:
        """A new table and its tag into the host's copy, words in random order."""
        rng = self.bench.rng
        self.tag += 1
        entries = [self.tag << 16 | rng.getrandbits(16) for _ in range(256)]
        for key in rng.sample(range(256), rng.choice((0, 3, 40))):
            entries[key] |= kernels.DROP
        writes = [(register.offset, entry) for register, entry in zip(cu_route.TABLE, entries, strict=True)]
        writes.append((cu_route.TAG.offset, self.tag))
        rng.shuffle(writes)
        for offset, word in writes:
            await self.bench.write(offset, word)
        return Table(self.tag, entries)

    async def release(self) -> Table:
        table = await self.write_table()
        self.monitor.tables[table.tag] = table
        await self.bench.write(INPUT, SYNC)
        return table

    async def taken(self, table: Table) -> None:
        """Wait until the kernel has the last released table; no later packet may see an older one."""
        await self.bench.until_reads(INPUT, BUSY, 0)
        self.monitor.oldest = max(self.monitor.oldest, table.tag)

    async def counters(self) -> None:
        """A fresh set of outputs is that of one moment: the counters after some packet."""
        await self.bench.write(OUTPUT, SYNC)
        least = len(self.monitor.tags)
        await self.bench.until_reads(OUTPUT, BUSY, 0)
        most = len(self.monitor.tags)
        names = (cu_route.PACKETS, cu_route.DROPPED, cu_route.LAST_TAG)
        packets, dropped, last_tag = [await self.bench.read(name.offset) for name in names]
        assert least <= packets <= most, f"{packets} packets, between {least} and {most}"
        assert dropped == sum(self.monitor.dropped[:packets])
        assert last_tag == self.monitor.tags[packets - 1]


async def flow(dut: Any, salt: str) -> tuple[Bench, Monitor, Host]:
    """A bench with packets in the ring, a first table released, not started."""
    bench = await Bench.create(dut, salt)
    image = bytearray(bench.rng.randbytes(MEMORY))
    bench.ram.write(0, bytes(image))
    packets = [
        kernels.unpack(image[RING + BEAT * place : RING + BEAT * (place + 1)]) for place in range(ENTRIES)
    ]
    monitor = Monitor(bench, packets)
    host = Host(bench, monitor)
    await host.setup()
    await host.release()
    return bench, monitor, host


ACTIONS = ["release and wait", "release again", "withdraw", "hold later", "counters", "pause"]


@CoverPoint("route.action", xf=lambda action, stall, drops: action, bins=ACTIONS)
@CoverPoint("route.stall", xf=lambda action, stall, drops: stall, bins=[0, 0.3, 0.7])
@CoverPoint("route.dropped", xf=lambda action, stall, drops: drops, bins=[False, True])
def sample(action: str, stall: float, drops: bool) -> None:
    """What the host did, and whether the packet before was dropped."""


@cocotb.test()
async def routes_change_while_packets_flow(dut: Any) -> None:
    """The flagship: for ever restarting, random mailbox traffic; every beat uniform, tables in order."""
    bench, monitor, host = await flow(dut, "flow")
    rng = bench.rng
    await bench.write(COUNTER, FOR_EVER)
    await bench.write(CTRL, START)
    for number in range(120):
        if number >= 24 and covered("route"):
            break
        stall = rng.choice((0, 0.3, 0.7))
        bench.stall(stall)
        action = rng.choice(ACTIONS)
        if action == "counters":
            await host.counters()
        elif action == "pause":
            await ClockCycles(dut.clk, rng.randrange(1, 200))
        elif action == "withdraw":
            await host.release()
            await bench.write(INPUT, 0)
            assert not await bench.read(INPUT) & BUSY
        elif action == "hold later":
            table = await host.release()
            await host.taken(table)
            await bench.write(INPUT, 0)
            await bench.write(cu_route.TAG.offset, rng.getrandbits(32))
        else:
            table = await host.release()
            if action == "release and wait":
                await host.taken(table)
        drops = monitor.dropped[-1] if monitor.dropped else False
        sample(action, stall, drops)
    bench.stall(0)
    await host.counters()
    await bench.write(COUNTER, 0)
    await bench.until_ctrl(DONE, DONE)
    done = len(monitor.tags)
    await ClockCycles(dut.clk, 200)
    assert len(monitor.tags) == done and await bench.read(CTRL) & (START | DONE | IDLE) == IDLE
    assert len(set(monitor.tags)) > 5, "too few tables were used"
    cocotb.log.info("%d packets, %d tables of %d", done, len(set(monitor.tags)), host.tag)
    await bench.stopped()
    check_coverage("route")


@cocotb.test()
async def counted(dut: Any) -> None:
    """A counter of n routes n packets, says done once, and goes on at the same place at the next start."""
    bench, monitor, _ = await flow(dut, "counted")
    total = 0
    for count in (1, 0, 7, ENTRIES + 3):
        await bench.write(COUNTER, count)
        cycles = await bench.run()
        total += max(count, 1)
        assert len(monitor.tags) == total, f"{len(monitor.tags)} packets after a count of {count}"
        cocotb.log.info("%d packets: %d cycles", max(count, 1), cycles)
    image = bench.ram.read(RESULTS, BEAT * ENTRIES)
    expected = [kernels.route(packet, monitor.tables[1].entries)[0] for packet in monitor.packets]
    assert image == b"".join(kernels.pack(entries) for entries in expected)


@cocotb.test()
async def speed(dut: Any) -> None:
    """Cycles per packet with an unstalled memory stay what the documentation says."""
    bench, _, _ = await flow(dut, "speed")
    await bench.write(COUNTER, 100)
    cycles = await bench.run()
    cocotb.log.info("%.1f cycles per packet", cycles / 100)
    assert cycles < 1900


@cocotb.test()
async def errors_do_not_hang(dut: Any) -> None:
    """A memory that answers SLVERR: the kernel goes on."""
    bench = await with_failing_memory(dut, "errors")
    await bench.write(COUNTER, 5)
    await bench.run()


@cocotb.test()
async def free_running_and_software_reset(dut: Any) -> None:
    """CTRL bit 7 restarts until a software reset at any moment, which clears counters and position."""
    bench, monitor, _ = await flow(dut, "reset")
    for _ in range(15):
        bench.stall(bench.rng.choice((0, 0.5)))

        async def start() -> None:
            await bench.write(CTRL, START | AUTO_RESTART)

        await bench.abandon(start, 150)
        monitor.tags.clear()
        monitor.dropped.clear()
        monitor.floors.clear()
        bench.stall(0)
        await bench.write(COUNTER, 3)
        await bench.write(OUTPUT, SYNC)
        await bench.run()
        assert len(monitor.tags) == 3
        assert not await bench.read(OUTPUT) & BUSY
        assert await bench.read(cu_route.DROPPED.offset) == sum(monitor.dropped[:1])
        assert await bench.read(cu_route.PACKETS.offset) == 1
        await bench.software_reset()
        monitor.tags.clear()
        monitor.dropped.clear()
        monitor.floors.clear()
