# SPDX-License-Identifier: Apache-2.0
"""The kernels in their slot, against cocotbext-axi's memory with random stalls, and the models."""

from __future__ import annotations

import itertools
import os
import random
from collections.abc import Iterator
from typing import Any

import cocotb
from cocotb.triggers import ClockCycles, FallingEdge, with_timeout
from cocotb_coverage.coverage import CoverPoint, coverage_db
from cocotbext.axi import AxiBus, AxiLiteBus, AxiLiteMaster, AxiRam, AxiSlave

from pydriver.regs import cu_reduce, cu_vadd
from tb.cocotb_util import reset, seeded_random, start_clock
from tests.models import kernels

CHAIN = os.environ.get("CHAIN") == "1"
MEMORY = 1 << 16
VADD, REDUCE = 1, 2
DONE, IDLE, CONTINUE = 2, 4, 0x10


class Bench:
    """A slot holding kernel type `kernel` (0: empty), a control master and a memory."""

    def __init__(self, dut: Any, kernel: int, memory: bool = True) -> None:
        self.dut = dut
        self.kernel = kernel
        self.rng = seeded_random(f"kernel{kernel}")
        self.control = AxiLiteMaster(AxiLiteBus.from_prefix(dut, "s_axil"), dut.clk, dut.rst)
        if memory:
            self.ram = AxiRam(AxiBus.from_prefix(dut, "m_axi"), dut.clk, dut.rst, size=MEMORY)
            for interface in (self.ram.write_if, self.ram.read_if):
                interface.log.setLevel("WARNING")
        for interface in (self.control.write_if, self.control.read_if):
            interface.log.setLevel("WARNING")

    @classmethod
    async def create(cls, dut: Any, kernel: int, memory: bool = True) -> Bench:
        """A bench after reset."""
        dut.rst.value = 1
        dut.kernel.value = kernel
        start_clock(dut.clk)
        await ClockCycles(dut.clk, 3)  # the bus models take no unknown values, not even in reset
        bench = cls(dut, kernel, memory)
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

    async def run(self, *args: tuple[Any, int]) -> int:
        """Write arguments, start, wait for done by interrupt; returns the cycles until then."""
        for register, value in args:
            await self.write(register.offset, value)
        await self.write(cu_vadd.GIE.offset, 1)
        await self.write(cu_vadd.IER.offset, 1)
        await self.write(cu_vadd.CTRL.offset, 1)
        cycles = 0
        while not int(self.dut.irq.value):
            await FallingEdge(self.dut.clk)
            cycles += 1
            assert cycles < 40_000, "the kernel never finished"
        assert await self.read(cu_vadd.CTRL.offset) & DONE
        if CHAIN:
            await self.write(cu_vadd.CTRL.offset, CONTINUE)
        await self.write(cu_vadd.ISR.offset, await self.read(cu_vadd.ISR.offset))
        assert not int(self.dut.irq.value)
        assert await self.read(cu_vadd.CTRL.offset) & (DONE | IDLE) == IDLE
        await ClockCycles(self.dut.clk, 2)
        assert not int(self.dut.active.value), "an idle slot must let its clock stop"
        return cycles

    async def vadd(self, a: int, b: int, out: int, count: int) -> int:
        return await self.run(
            (cu_vadd.A_LO, a & 0xFFFFFFFF),
            (cu_vadd.A_HI, a >> 32),
            (cu_vadd.B_LO, b & 0xFFFFFFFF),
            (cu_vadd.B_HI, b >> 32),
            (cu_vadd.OUT_LO, out & 0xFFFFFFFF),
            (cu_vadd.OUT_HI, out >> 32),
            (cu_vadd.N, count),
        )

    async def reduce(self, data: int, out: int, count: int) -> int:
        return await self.run(
            (cu_reduce.IN_LO, data & 0xFFFFFFFF),
            (cu_reduce.IN_HI, data >> 32),
            (cu_reduce.OUT_LO, out & 0xFFFFFFFF),
            (cu_reduce.OUT_HI, out >> 32),
            (cu_reduce.N, count),
        )


def size(rng: random.Random) -> int:
    return rng.choice((0, 1, rng.randrange(2, 8), 8, rng.randrange(9, 40), 128, rng.randrange(100, 500)))


def place(rng: random.Random, region: int) -> int:
    """A word address in the region's first 12 KiB: aligned, anywhere, or shortly before a 4 KiB page."""
    base = region * 0x4000
    return base + rng.choice((0, 0x40, 4 * rng.randrange(2048), 0x1000 - 4 * rng.randrange(1, 40)))


LANES = list(range(8))
SIZES = ["0", "1", "2-8", "9-128", ">128"]


def size_bin(count: int) -> str:
    return SIZES[sum(count > limit for limit in (0, 1, 8, 128))]


def crosses(address: int, count: int) -> bool:
    return count > 0 and address >> 12 != (address + 4 * count - 1) >> 12


@CoverPoint("kernel.size", xf=lambda count, first, out: size_bin(count), bins=SIZES)
@CoverPoint("kernel.lane_in", xf=lambda count, first, out: first >> 2 & 7, bins=LANES)
@CoverPoint("kernel.lane_out", xf=lambda count, first, out: out >> 2 & 7, bins=LANES)
@CoverPoint("kernel.crosses_page", xf=lambda count, first, out: crosses(first, count), bins=[False, True])
def sample(count: int, first: int, out: int) -> None:
    """Functional coverage of one run."""


def check_coverage() -> None:
    for name in ("kernel.size", "kernel.lane_in", "kernel.lane_out", "kernel.crosses_page"):
        point = coverage_db[name]
        assert point.cover_percentage == 100, f"{name}: {point.detailed_coverage}"
    coverage_db.export_to_xml(os.path.join(os.environ.get("RUN_DIR", "."), "coverage.xml"))


@cocotb.test()
async def random_vadd(dut: Any) -> None:
    """Random sizes, alignments and stalls; nothing but the result changes in memory."""
    bench = await Bench.create(dut, VADD)
    high = 0x40_0000_0000
    for number in range(int(os.environ.get("RUNS", "40"))):
        bench.stall(bench.rng.choice((0, 0, 0.3, 0.7)))
        count = size(bench.rng)
        a, b, out = (place(bench.rng, region) for region in range(3))
        if number < 8:
            a, out = a & ~0x1F | 4 * number, out & ~0x1F | 4 * (7 - number)
        image = bytearray(bench.rng.randbytes(MEMORY))
        bench.ram.write(0, bytes(image))
        sums = kernels.vadd(
            kernels.unpack(image[a : a + 4 * count]), kernels.unpack(image[b : b + 4 * count])
        )
        image[out : out + 4 * count] = kernels.pack(sums)
        await bench.vadd(high + a, high + b, high + out, count)
        where = f"run {number}: n={count} a={a:#x} b={b:#x} out={out:#x}"
        assert bench.ram.read(0, MEMORY) == image, where
        sample(count, a, out)
    check_coverage()


@cocotb.test()
async def random_reduce(dut: Any) -> None:
    """Random sizes, alignments and stalls; nothing but the 16 bytes of the result changes in memory."""
    bench = await Bench.create(dut, REDUCE)
    high = 0x50_0000_0000
    for number in range(int(os.environ.get("RUNS", "40"))):
        bench.stall(bench.rng.choice((0, 0, 0.3, 0.7)))
        count = size(bench.rng)
        data, out = place(bench.rng, 0), place(bench.rng, 2)
        if number < 8:
            data, out = data & ~0x1F | 4 * number, out & ~0x1F | 4 * (7 - number)
        image = bytearray(bench.rng.randbytes(MEMORY))
        bench.ram.write(0, bytes(image))
        result = kernels.reduce(kernels.unpack(image[data : data + 4 * count]))
        image[out : out + 16] = kernels.pack(result)
        await bench.reduce(high + data, high + out, count)
        where = f"run {number}: n={count} in={data:#x} out={out:#x}"
        assert bench.ram.read(0, MEMORY) == image, where
        sample(count, data, out)
    check_coverage()


@cocotb.test()
async def speed(dut: Any) -> None:
    """Cycles for 1024 aligned elements with an unstalled memory stay what the documentation says."""
    bench = await Bench.create(dut, VADD)
    cycles = await bench.vadd(0, 0x4000, 0x8000, 1024)
    dut.kernel.value = REDUCE
    await ClockCycles(dut.clk, 3)
    reduce_cycles = await bench.reduce(0, 0x8000, 1024)
    cocotb.log.info("1024 elements: vadd %d cycles, reduce %d cycles", cycles, reduce_cycles)
    assert cycles < 750
    assert reduce_cycles < 220


class _Failing:
    """A memory every access of which is answered with an error."""

    async def read(self, address: int, length: int, **kwargs: Any) -> bytes:
        raise OSError("no memory here")

    async def write(self, address: int, data: bytes, **kwargs: Any) -> None:
        raise OSError("no memory here")


@cocotb.test()
async def errors_do_not_hang(dut: Any) -> None:
    """A memory that answers SLVERR: both kernels finish."""
    bench = await Bench.create(dut, VADD, memory=False)
    slave = AxiSlave(AxiBus.from_prefix(dut, "m_axi"), dut.clk, dut.rst, target=_Failing())
    slave.write_if.log.setLevel("CRITICAL")
    slave.read_if.log.setLevel("CRITICAL")
    await bench.vadd(0, 0x4000, 0x8000, 200)
    dut.kernel.value = REDUCE
    await ClockCycles(dut.clk, 3)
    await bench.reduce(0, 0x8000, 200)


@cocotb.test()
async def arguments_are_latched(dut: Any) -> None:
    """Arguments written while the kernel runs, and a second start, do not disturb the run."""
    bench = await Bench.create(dut, VADD)
    data = bench.rng.randbytes(2 * 0x1000)
    bench.ram.write(0, bytes(MEMORY))
    bench.ram.write(0, data)
    registers = (cu_vadd.A_LO, cu_vadd.B_LO, cu_vadd.OUT_LO, cu_vadd.N)
    for register, value in zip(registers, (0, 0x1000, 0x8000, 512), strict=True):
        await bench.write(register.offset, value)
    await bench.write(cu_vadd.CTRL.offset, 1)
    for register in registers:
        await bench.write(register.offset, 0x2000)
    if not CHAIN:
        await bench.write(cu_vadd.CTRL.offset, 1)
    for _ in range(200):
        if await bench.read(cu_vadd.CTRL.offset) & DONE:
            break
    else:
        raise AssertionError("the kernel never finished")
    await bench.write(cu_vadd.CTRL.offset, CONTINUE)
    await ClockCycles(dut.clk, 300)
    assert await bench.read(cu_vadd.CTRL.offset) & (1 | DONE | IDLE) == IDLE, "the second start was run"
    sums = kernels.vadd(kernels.unpack(data[:0x800]), kernels.unpack(data[0x1000:0x1800]))
    assert bench.ram.read(0x8000, 0x800) == kernels.pack(sums)
    assert bench.ram.read(0x8800, 0x800) == bytes(0x800)


@cocotb.test()
async def empty_slot_never_answers(dut: Any) -> None:
    """Type 0 and unknown types: no ready, no response, no clock needed."""
    await Bench.create(dut, 0)
    for kernel in (0, 3, 255):
        dut.kernel.value = kernel
        dut.s_axil_araddr.value = 0
        dut.s_axil_awaddr.value = 0
        dut.s_axil_arvalid.value = 1
        dut.s_axil_awvalid.value = 1
        dut.s_axil_wvalid.value = 1
        for _ in range(100):
            await FallingEdge(dut.clk)
            for signal in (dut.s_axil_arready, dut.s_axil_awready, dut.s_axil_wready):
                assert not int(signal.value)
            for signal in (dut.s_axil_rvalid, dut.s_axil_bvalid, dut.active, dut.irq):
                assert not int(signal.value)
        dut.rst.value = 1  # the only legal way to take an unanswered request back
        dut.s_axil_arvalid.value = 0
        dut.s_axil_awvalid.value = 0
        dut.s_axil_wvalid.value = 0
        await reset(dut)


@cocotb.test()
async def a_new_kernel_knows_nothing(dut: Any) -> None:
    """Replaced by another type and back: registers at reset, the run under way is forgotten."""
    bench = await Bench.create(dut, VADD)
    bench.ram.write(0, bytes(MEMORY))
    await bench.write(cu_vadd.N.offset, 1000)
    await bench.write(cu_vadd.GIE.offset, 1)
    await bench.write(cu_vadd.ISR.offset, 3)
    assert int(dut.irq.value)
    dut.kernel.value = REDUCE
    await ClockCycles(dut.clk, 3)
    assert not int(dut.irq.value)
    assert await bench.read(cu_reduce.N.offset) == 0
    dut.kernel.value = VADD
    await ClockCycles(dut.clk, 3)
    for register in cu_vadd.REGISTERS:
        assert await bench.read(register.offset) == register.reset, register.name
