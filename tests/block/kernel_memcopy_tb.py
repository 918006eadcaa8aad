# SPDX-License-Identifier: Apache-2.0
"""Kernel memcopy: XRT's KDMA unit."""

from __future__ import annotations

import random
from typing import Any

import cocotb
from cocotb_coverage.coverage import CoverPoint

from pydriver.regs import cu_memcopy
from tests.block.kernel_bench import CTRL, MEMORY, START, Bench, check_coverage, rounds, with_failing_memory

HIGH = 0x50_0000_0000
BLOCK = 64
PAGE = 0x1000
SIZES = ["0", "1", "2-8", "9-32", ">32"]


async def arguments(bench: Bench, source: int, target: int, blocks: int) -> None:
    await bench.write_address(cu_memcopy.SRC_LO, source)
    await bench.write(cu_memcopy.SRC_RESERVED.offset, bench.rng.getrandbits(32))
    await bench.write_address(cu_memcopy.DST_LO, target)
    await bench.write(cu_memcopy.DST_RESERVED.offset, bench.rng.getrandbits(32))
    await bench.write(cu_memcopy.SIZE_LO.offset, blocks)
    await bench.write(cu_memcopy.SIZE_HI.offset, bench.rng.getrandbits(32))


async def copy(bench: Bench, source: int, target: int, blocks: int) -> int:
    """One run; returns its cycles."""
    await arguments(bench, source, target, blocks)
    return await bench.run()


def place(rng: random.Random, region: int) -> int:
    """A block address: anywhere in the first 12 KiB of the region, often shortly before a page."""
    return region * 0x8000 + rng.choice((0, BLOCK * rng.randrange(192), PAGE - BLOCK * rng.randrange(1, 9)))


def size_bin(blocks: int) -> str:
    return SIZES[sum(blocks > limit for limit in (0, 1, 8, 32))]


def crosses(address: int, blocks: int) -> bool:
    return blocks > 0 and address // PAGE != (address + BLOCK * blocks - 1) // PAGE


@CoverPoint("memcopy.size", xf=lambda source, target, blocks, stall: size_bin(blocks), bins=SIZES)
@CoverPoint("memcopy.from", xf=lambda source, *rest: source // BLOCK % 8, bins=list(range(8)))
@CoverPoint("memcopy.to", xf=lambda source, target, *rest: target // BLOCK % 8, bins=list(range(8)))
@CoverPoint("memcopy.read_pages", xf=lambda s, t, blocks, stall: crosses(s, blocks), bins=[False, True])
@CoverPoint("memcopy.write_pages", xf=lambda s, t, blocks, stall: crosses(t, blocks), bins=[False, True])
@CoverPoint("memcopy.stall", xf=lambda *run: run[3], bins=[0, 0.3, 0.7])
def sample(source: int, target: int, blocks: int, stall: float) -> None:
    """Functional coverage of one run."""


@cocotb.test()
async def random_copies(dut: Any) -> None:
    """Random sizes, places and stalls; nothing but the target changes in memory."""
    bench = await Bench.create(dut, "random")
    rng = bench.rng
    for number in rounds("memcopy", 40):
        stall = rng.choice((0, 0.3, 0.7))
        bench.stall(stall)
        blocks = rng.choice((0, 1, rng.randrange(2, 9), rng.randrange(9, 33), rng.randrange(33, 150)))
        source, target = place(rng, 0), place(rng, 1)
        image = bytearray(rng.randbytes(MEMORY))
        bench.ram.write(0, bytes(image))
        image[target : target + BLOCK * blocks] = image[source : source + BLOCK * blocks]
        await copy(bench, HIGH + source, HIGH + target, blocks)
        where = f"run {number}: {blocks} blocks from {source:#x} to {target:#x}"
        assert bench.ram.read(0, MEMORY) == image, where
        sample(source, target, blocks, stall)
    check_coverage("memcopy")


@cocotb.test()
async def speed(dut: Any) -> None:
    """8 KiB with an unstalled memory: reads and writes go on side by side."""
    bench = await Bench.create(dut, "speed")
    cycles = await copy(bench, 0, 0x8000, 128)
    cocotb.log.info("128 blocks: %d cycles", cycles)
    assert cycles < 350


@cocotb.test()
async def errors_do_not_hang(dut: Any) -> None:
    """A memory that answers SLVERR: the kernel finishes."""
    bench = await with_failing_memory(dut, "errors")
    await copy(bench, 0, 0x8000, 20)


@cocotb.test()
async def software_reset(dut: Any) -> None:
    """At any moment of a run: bus beats under way end, no done comes, and the next run is right."""
    bench = await Bench.create(dut, "software reset")
    for _ in range(20):
        bench.stall(bench.rng.choice((0, 0.5)))

        async def start() -> None:
            await arguments(bench, place(bench.rng, 0), place(bench.rng, 1), 100)
            await bench.write(CTRL, START)

        await bench.abandon(start, 200)
        image = bytearray(bench.rng.randbytes(MEMORY))
        bench.ram.write(0, bytes(image))
        image[0x8000 : 0x8000 + 20 * BLOCK] = image[: 20 * BLOCK]
        await copy(bench, 0, 0x8000, 20)
        assert bench.ram.read(0, MEMORY) == image
