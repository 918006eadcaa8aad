# SPDX-License-Identifier: Apache-2.0
"""Kernels vadd (environment KERNEL=1) and reduce (2) against the models, with both control protocols."""

from __future__ import annotations

import os
import random
from typing import Any

import cocotb
from cocotb.triggers import ClockCycles
from cocotb_coverage.coverage import CoverPoint

from pydriver.regs import cu_reduce, cu_vadd
from tests.block.kernel_bench import (
    CONTINUE,
    CTRL,
    DONE,
    IDLE,
    MEMORY,
    START,
    Bench,
    check_coverage,
    rounds,
    with_failing_memory,
)
from tests.models import kernels

CHAIN = os.environ.get("CHAIN") == "1"
VADD = os.environ.get("KERNEL", "1") == "1"
HIGH = 0x40_0000_0000


async def arguments(bench: Bench, a: int, b: int, out: int, count: int) -> None:
    """Of vadd; reduce has no `b`."""
    if VADD:
        await bench.write_address(cu_vadd.A_LO, a)
        await bench.write_address(cu_vadd.B_LO, b)
        await bench.write_address(cu_vadd.OUT_LO, out)
        await bench.write(cu_vadd.N.offset, count)
    else:
        await bench.write_address(cu_reduce.IN_LO, a)
        await bench.write_address(cu_reduce.OUT_LO, out)
        await bench.write(cu_reduce.N.offset, count)


async def compute(bench: Bench, a: int, b: int, out: int, count: int) -> int:
    """One run; returns its cycles."""
    await arguments(bench, a, b, out, count)
    return await bench.run(CHAIN)


def expected(image: bytearray, a: int, b: int, out: int, count: int) -> None:
    """The same run on a picture of the memory."""
    first = kernels.unpack(image[a : a + 4 * count])
    if VADD:
        result = kernels.vadd(first, kernels.unpack(image[b : b + 4 * count]))
    else:
        result = list(kernels.reduce(first))
    image[out : out + 4 * len(result)] = kernels.pack(result)


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


@cocotb.test()
async def random_runs(dut: Any) -> None:
    """Random sizes, alignments and stalls; nothing but the result changes in memory."""
    bench = await Bench.create(dut, "random")
    for number in rounds("kernel", 40):
        bench.stall(bench.rng.choice((0, 0, 0.3, 0.7)))
        count = size(bench.rng)
        a, b, out = (place(bench.rng, region) for region in range(3))
        if number < 8:
            a, out = a & ~0x1F | 4 * number, out & ~0x1F | 4 * (7 - number)
        image = bytearray(bench.rng.randbytes(MEMORY))
        bench.ram.write(0, bytes(image))
        expected(image, a, b, out, count)
        await compute(bench, HIGH + a, HIGH + b, HIGH + out, count)
        where = f"run {number}: n={count} a={a:#x} b={b:#x} out={out:#x}"
        assert bench.ram.read(0, MEMORY) == image, where
        sample(count, a, out)
    check_coverage("kernel")


@cocotb.test()
async def speed(dut: Any) -> None:
    """Cycles for 1024 aligned elements with an unstalled memory stay what the documentation says."""
    bench = await Bench.create(dut, "speed")
    cycles = await compute(bench, 0, 0x4000, 0x8000, 1024)
    cocotb.log.info("1024 elements: %d cycles", cycles)
    assert cycles < (500 if VADD else 160)


@cocotb.test()
async def errors_do_not_hang(dut: Any) -> None:
    """A memory that answers SLVERR: the kernel finishes."""
    bench = await with_failing_memory(dut, "errors")
    await compute(bench, 0, 0x4000, 0x8000, 200)


@cocotb.test()
async def arguments_are_latched(dut: Any) -> None:
    """Arguments written while the kernel runs, and a second start, do not disturb the run."""
    bench = await Bench.create(dut, "latched")
    data = bench.rng.randbytes(0x2000)
    image = bytearray(MEMORY)
    image[: len(data)] = data
    bench.ram.write(0, bytes(image))
    await arguments(bench, 0, 0x1000, 0x8000, 512)
    await bench.write(CTRL, START)
    await arguments(bench, 0x2000, 0x2000, 0x2000, 0x2000)
    if not CHAIN:
        await bench.write(CTRL, START)
    await bench.until_ctrl(DONE, DONE)
    await bench.write(CTRL, CONTINUE)
    await ClockCycles(dut.clk, 300)
    assert await bench.read(CTRL) & (START | DONE | IDLE) == IDLE, "the second start was run"
    expected(image, 0, 0x1000, 0x8000, 512)
    assert bench.ram.read(0, MEMORY) == image


@cocotb.test()
async def software_reset(dut: Any) -> None:
    """At any moment of a run: bus beats under way end, no done comes, and the next run is right."""
    bench = await Bench.create(dut, "software reset")
    for _ in range(15):
        bench.stall(bench.rng.choice((0, 0.5)))
        a, b, out = (place(bench.rng, region) for region in range(3))

        async def start() -> None:
            await arguments(bench, a, b, out, 500)  # noqa: B023
            await bench.write(CTRL, START)

        await bench.abandon(start, 200)
        image = bytearray(bench.rng.randbytes(MEMORY))
        bench.ram.write(0, bytes(image))
        expected(image, a, b, out, 60)
        await compute(bench, a, b, out, 60)
        assert bench.ram.read(0, MEMORY) == image
