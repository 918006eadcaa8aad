# SPDX-License-Identifier: Apache-2.0
"""One kernel in `krnl_checked`: a control master in front, a memory with random stalls behind."""

from __future__ import annotations

import itertools
import os
import random
from collections.abc import Awaitable, Callable, Iterable, Iterator
from typing import Any

from cocotb.triggers import ClockCycles, FallingEdge, with_timeout
from cocotb_coverage.coverage import coverage_db
from cocotbext.axi import AxiBus, AxiLiteBus, AxiLiteMaster, AxiRam, AxiSlave

from pydriver.regs import cu_vadd
from tb.cocotb_util import reset, seeded_random, start_clock

MEMORY = 1 << 16
CTRL, GIE, IER, ISR = (r.offset for r in (cu_vadd.CTRL, cu_vadd.GIE, cu_vadd.IER, cu_vadd.ISR))
START, DONE, IDLE, READY, CONTINUE = 1, 2, 4, 8, 0x10
AUTO_RESTART, SW_RESET = 0x80, 0x100
MOST_CYCLES = 60_000


class Bench:
    """The kernel, its registers and (`memory`) a memory of 64 KiB that repeats through the address space."""

    def __init__(self, dut: Any, salt: str, memory: bool = True) -> None:
        self.dut = dut
        self.rng = seeded_random(salt)
        self.control = AxiLiteMaster(AxiLiteBus.from_prefix(dut, "s_axil"), dut.clk, dut.rst)
        if memory:
            self.ram = AxiRam(AxiBus.from_prefix(dut, "m_axi"), dut.clk, dut.rst, size=MEMORY)
            for interface in (self.ram.write_if, self.ram.read_if):
                interface.log.setLevel("WARNING")
        for interface in (self.control.write_if, self.control.read_if):
            interface.log.setLevel("WARNING")

    @classmethod
    async def create(cls, dut: Any, salt: str, memory: bool = True) -> Bench:
        """A bench after reset; `salt` tells the random streams of tests apart."""
        dut.rst.value = 1
        for name in ("awready", "wready", "bvalid", "arready", "rvalid"):
            getattr(dut, f"m_axi_{name}").value = 0  # a kernel without memory: nobody else drives them
        start_clock(dut.clk)
        await ClockCycles(dut.clk, 3)  # the bus models take no unknown values, not even in reset
        bench = cls(dut, salt, memory)
        await reset(dut)
        await ClockCycles(dut.clk, 2)
        return bench

    def stall(self, level: float) -> None:
        """Let every memory channel wait for that share of the cycles."""

        def pauses(rng: random.Random) -> Iterator[bool]:
            return (rng.random() < level for _ in itertools.repeat(None))

        write, read = self.ram.write_if, self.ram.read_if
        for channel in (
            write.aw_channel,
            write.w_channel,
            write.b_channel,
            read.ar_channel,
            read.r_channel,
        ):
            channel.clear_pause_generator()
            channel.pause = False
            if level:
                channel.set_pause_generator(pauses(random.Random(self.rng.random())))

    async def read(self, offset: int) -> int:
        return await with_timeout(self.control.read_dword(offset), 20, "us")

    async def write(self, offset: int, value: int) -> None:
        await with_timeout(self.control.write_dword(offset, value), 20, "us")

    async def write_all(self, offset: int, words: Iterable[int]) -> None:
        """Consecutive registers from `offset` on."""
        for index, word in enumerate(words):
            await self.write(offset + 4 * index, word)

    async def read_all(self, offset: int, count: int) -> list[int]:
        return [await self.read(offset + 4 * index) for index in range(count)]

    async def write_address(self, register: Any, address: int) -> None:
        """A 64-bit address into `register` (its low word) and the next."""
        await self.write_all(register.offset, (address & 0xFFFFFFFF, address >> 32))

    async def until(self, condition: Callable[[], bool]) -> int:
        """Wait at falling clock edges; returns the cycles. Fails when it takes unreasonably long."""
        cycles = 0
        while not condition():
            await FallingEdge(self.dut.clk)
            cycles += 1
            assert cycles < MOST_CYCLES, "the kernel never got there"
        return cycles

    async def until_reads(self, offset: int, bits: int, value: int) -> int:
        """Read a register until `bits` of it are `value`; returns what was read last."""
        for _ in range(2000):
            word = await self.read(offset)
            if word & bits == value:
                return word
        raise AssertionError(f"register {offset:#x} is {word:#x}, it never had {value:#x} in {bits:#x}")

    async def until_ctrl(self, bits: int, value: int) -> int:
        """`until_reads` of CTRL."""
        return await self.until_reads(CTRL, bits, value)

    async def run(self, chain: bool = False) -> int:
        """Start, wait for the done interrupt, acknowledge it; returns the cycles until the interrupt."""
        await self.write(GIE, 1)
        await self.write(IER, 1)
        await self.write(CTRL, START)
        cycles = await self.until(lambda: int(self.dut.irq.value) != 0)
        assert await self.read(CTRL) & DONE
        if chain:
            await self.write(CTRL, CONTINUE)
        await self.write(ISR, await self.read(ISR))
        assert not int(self.dut.irq.value)
        assert await self.read(CTRL) & (DONE | IDLE) == IDLE
        await self.stopped()
        return cycles

    async def stopped(self) -> None:
        """An idle kernel must let its clock stop."""
        await ClockCycles(self.dut.clk, 2)
        await FallingEdge(self.dut.clk)
        assert not int(self.dut.active.value), "the clock still runs"

    async def software_reset(self) -> None:
        """CTRL bit 8, until it has cleared itself."""
        await self.write(CTRL, SW_RESET)
        assert await self.until_ctrl(SW_RESET, 0) & (START | DONE | IDLE) == IDLE

    async def abandon(self, start: Callable[[], Awaitable[None]], most: int) -> None:
        """Start a run, reset the kernel up to `most` cycles later; nothing of the run may come afterwards."""
        await start()
        await ClockCycles(self.dut.clk, self.rng.randrange(1, most))
        await self.software_reset()
        outstanding = ("m_axi_arvalid", "m_axi_awvalid", "m_axi_wvalid", "m_axi_rready", "m_axi_bready")
        for _ in range(40):
            await FallingEdge(self.dut.clk)
            busy = [name for name in outstanding if int(getattr(self.dut, name).value)]
            assert not busy, f"{busy} after the software reset"
        await self.stopped()


class _Failing:
    """A memory every access of which is answered with an error."""

    async def read(self, address: int, length: int, **kwargs: Any) -> bytes:
        raise OSError("no memory here")

    async def write(self, address: int, data: bytes, **kwargs: Any) -> None:
        raise OSError("no memory here")


async def with_failing_memory(dut: Any, salt: str) -> Bench:
    """A bench whose memory answers SLVERR to everything."""
    bench = await Bench.create(dut, salt, memory=False)
    slave = AxiSlave(AxiBus.from_prefix(dut, "m_axi"), dut.clk, dut.rst, target=_Failing())
    slave.write_if.log.setLevel("CRITICAL")
    slave.read_if.log.setLevel("CRITICAL")
    return bench


def check_coverage(prefix: str) -> None:
    """Every cover point below `prefix` is full; the numbers go to coverage.xml of the run."""
    points = [name for name in coverage_db if name.startswith(prefix) and name != prefix]
    assert points
    for name in points:
        point = coverage_db[name]
        assert point.cover_percentage == 100, f"{name}: {point.detailed_coverage}"
    coverage_db.export_to_xml(os.path.join(os.environ.get("RUN_DIR", "."), "coverage.xml"))


def covered(prefix: str) -> bool:
    """Whether every cover point below `prefix` is full."""
    points = [name for name in coverage_db if name.startswith(prefix) and name != prefix]
    return all(coverage_db[name].cover_percentage == 100 for name in points)


def rounds(prefix: str, least: int) -> Iterator[int]:
    """Round numbers: `least` of them, then more until the points below `prefix` are full (at most 5x)."""
    for number in range(5 * least):
        if number >= least and covered(prefix):
            return
        yield number
    check_coverage(prefix)
