# SPDX-License-Identifier: Apache-2.0
"""Kernel fir: AP_CTRL_CHAIN with two executions in flight."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

import cocotb
from cocotb.triggers import ClockCycles, FallingEdge
from cocotb_coverage.coverage import CoverPoint

from pydriver.regs import cu_fir
from tests.block.kernel_bench import (
    AUTO_RESTART,
    CONTINUE,
    CTRL,
    DONE,
    IDLE,
    MEMORY,
    READY,
    START,
    Bench,
    check_coverage,
    rounds,
    with_failing_memory,
)
from tests.models import kernels

HIGH = 0x40_0000_0000
SIZES = ["0", "1-7", "8", "9-512", ">512"]
TARGET = 0x8000


@dataclass(frozen=True)
class Block:
    """One execution: addresses in bytes, multiples of 32."""

    source: int
    target: int
    count: int
    taps: tuple[int, ...]

    def apply(self, image: bytearray) -> None:
        """The same on a picture of the memory."""
        data = kernels.unpack(image[self.source : self.source + 4 * self.count])
        result = kernels.pack(kernels.fir(data, self.taps))
        image[self.target : self.target + len(result)] = result


def random_block(rng: random.Random, target: int, most: int = 700) -> Block:
    """Small or extreme taps; a source in the lower half of the memory, often across a page."""
    count = rng.choice((0, rng.randrange(1, 8), 8, rng.randrange(9, 513), rng.randrange(513, 700)))
    count = min(count, most)
    source = rng.choice((0, 32 * rng.randrange(128), 0x1000 - 32 * rng.randrange(1, 20)))
    taps = tuple(rng.choice((0, 1, 0xFFFFFFFF, 1 << 31, rng.getrandbits(32))) for _ in range(8))
    return Block(source, target, count, taps)


async def start(bench: Bench, block: Block, ctrl: int = START) -> None:
    """Write the arguments of a block and start it; the start bit must be clear."""
    await bench.write_address(cu_fir.IN_LO, HIGH + block.source)
    await bench.write_address(cu_fir.OUT_LO, HIGH + block.target)
    await bench.write(cu_fir.N.offset, block.count)
    await bench.write_all(cu_fir.TAPS[0].offset, block.taps)
    await bench.write(CTRL, ctrl)


def size_bin(count: int) -> str:
    return SIZES[sum(count > limit for limit in (0, 7, 8, 512))]


@CoverPoint("fir.size", xf=lambda block, flight: size_bin(block.count), bins=SIZES)
@CoverPoint("fir.tail", xf=lambda block, flight: block.count % 8, bins=list(range(8)))
@CoverPoint("fir.in_flight", xf=lambda block, flight: flight, bins=[0, 1])
def sample(block: Block, flight: int) -> None:
    """A block, and how many were under way when it was started."""


class Monitor:
    """Counts the handshakes inside the kernel at every clock edge."""

    def __init__(self, bench: Bench) -> None:
        self.dut = bench.dut.g_krnl_fir.dut
        self.accepted = self.done = self.most = 0
        self.accepted_before_done: list[int] = []  # of start n: executions done at that time
        cocotb.start_soon(self._watch())

    async def _watch(self) -> None:
        while True:
            await FallingEdge(self.dut.clk)
            if int(self.dut.run.value):
                self.accepted_before_done.append(self.done)
                self.accepted += 1
            self.done += int(self.dut.stored.value)
            self.most = max(self.most, self.accepted - self.done)


@cocotb.test()
async def random_blocks(dut: Any) -> None:
    """A stream of blocks, each started as soon as the kernel is ready, with late continues and stalls."""
    bench = await Bench.create(dut, "random")
    monitor = Monitor(bench)
    rng = bench.rng
    for number in rounds("fir", 25):
        bench.stall(rng.choice((0, 0, 0.3, 0.7)))
        image = bytearray(rng.randbytes(MEMORY))
        bench.ram.write(0, bytes(image))
        blocks = [random_block(rng, TARGET + 0xC00 * n) for n in range(rng.randrange(1, 5))]
        started = done = 0
        lazy = rng.random() < 0.5
        for _ in range(3000):
            ctrl = await bench.read(CTRL)
            if ctrl & DONE and (not lazy or rng.random() < 0.2):
                await bench.write(CTRL, CONTINUE)
                blocks[done].apply(image)
                done += 1
                target = blocks[done - 1].target
                assert bench.ram.read(target, 0xC00) == image[target : target + 0xC00], f"round {number}"
            elif not ctrl & START and started < len(blocks):
                await start(bench, blocks[started])
                sample(blocks[started], min(started - done, 1))
                started += 1
            if done == len(blocks):
                break
        assert done == len(blocks), f"round {number}: {done} of {len(blocks)} blocks done"
        assert bench.ram.read(0, MEMORY) == image, f"round {number}"
        assert await bench.read(CTRL) & (START | DONE | IDLE) == IDLE
        await bench.stopped()
    assert monitor.accepted == monitor.done
    check_coverage("fir")


@cocotb.test()
async def overlap(dut: Any) -> None:
    """Start n+1 is accepted before done n: ready comes first, and a held done does not stop the next read."""
    bench = await Bench.create(dut, "overlap")
    monitor = Monitor(bench)
    image = bytearray(bench.rng.randbytes(MEMORY))
    bench.ram.write(0, bytes(image))
    # A slow write side keeps block 0 in the back while block 1 is taken.
    bench.ram.write_if.b_channel.pause = True
    taps = (1, 2, 3, 4, 5, 6, 7, 8)
    first, second = Block(0, TARGET, 128, taps), Block(0x1000, TARGET + 0x1000, 320, taps[::-1])
    await start(bench, first)
    ctrl = await bench.until_ctrl(START, 0)
    assert ctrl & (READY | DONE | IDLE) == READY, "ready comes before done"
    await start(bench, second)
    await bench.until_ctrl(START, 0)
    assert monitor.accepted_before_done == [0, 0], "start 1 was not accepted before done 0"
    assert monitor.most == 2
    assert not await bench.read(CTRL) & DONE
    bench.ram.write_if.b_channel.pause = False
    await bench.until_ctrl(DONE, DONE)
    first.apply(image)
    await ClockCycles(dut.clk, 500)
    # Held: done stays, the second block is not stored before the host continues, and no clock is needed.
    assert await bench.read(CTRL) & (DONE | IDLE) == DONE
    assert bench.ram.read(0, MEMORY) == image
    await bench.stopped()
    await bench.write(CTRL, CONTINUE)
    await bench.until_ctrl(DONE, DONE)
    second.apply(image)
    assert bench.ram.read(0, MEMORY) == image
    await bench.write(CTRL, CONTINUE)
    assert await bench.until_ctrl(DONE, 0) & IDLE
    await bench.stopped()


@cocotb.test()
async def free_running(dut: Any) -> None:
    """CTRL bit 7: overlapping executions without a host; only the last done is the host's to continue."""
    bench = await Bench.create(dut, "free running")
    monitor = Monitor(bench)
    image = bytearray(bench.rng.randbytes(MEMORY))
    bench.ram.write(0, bytes(image))
    block = Block(0, TARGET, 200, (3, 1, 4, 1, 5, 9, 2, 6))
    await start(bench, block, START | AUTO_RESTART)
    for _ in range(150):
        assert not await bench.read(CTRL) & DONE
    assert monitor.done > 3 and monitor.most == 2
    await bench.write(CTRL, 0)
    await bench.until_ctrl(DONE, DONE)
    assert monitor.accepted == monitor.done
    block.apply(image)
    assert bench.ram.read(0, MEMORY) == image
    await bench.write(CTRL, CONTINUE)
    assert await bench.until_ctrl(DONE, 0) & IDLE
    await bench.stopped()


@cocotb.test()
async def speed(dut: Any) -> None:
    """Eight blocks of 1024 samples: overlap makes them cheaper than one after the other."""
    bench = await Bench.create(dut, "speed")
    taps = tuple(range(8))

    async def cycles(overlapped: bool) -> int:
        begin = cocotb.utils.get_sim_time("ns")
        done = 0
        for number in range(8):
            await start(bench, Block(0, TARGET, 1024, taps))
            if not overlapped or number:
                await bench.until_ctrl(DONE, DONE)
                await bench.write(CTRL, CONTINUE)
                done += 1
            await bench.until_ctrl(START, 0)
        if overlapped:
            await bench.until_ctrl(DONE, DONE)
            await bench.write(CTRL, CONTINUE)
        return int(cocotb.utils.get_sim_time("ns") - begin) // 4

    apart, together = await cycles(False), await cycles(True)
    cocotb.log.info("8 x 1024 samples: %d cycles one by one, %d overlapped", apart, together)
    assert together < apart


@cocotb.test()
async def errors_do_not_hang(dut: Any) -> None:
    """A memory that answers SLVERR: the kernel finishes."""
    bench = await with_failing_memory(dut, "errors")
    await start(bench, Block(0, TARGET, 100, (1,) * 8))
    await bench.until_ctrl(DONE, DONE)
    await bench.write(CTRL, CONTINUE)


@cocotb.test()
async def software_reset(dut: Any) -> None:
    """With one or two executions in flight, at any moment, done held or not: then the next is right."""
    bench = await Bench.create(dut, "software reset")
    rng = bench.rng
    for _ in range(20):
        bench.stall(rng.choice((0, 0.5)))

        async def begin() -> None:
            await start(bench, random_block(rng, TARGET))
            if rng.random() < 0.6:
                await bench.until_ctrl(START, 0)
                await start(bench, random_block(rng, TARGET + 0x1000))

        await bench.abandon(begin, 300)
        image = bytearray(rng.randbytes(MEMORY))
        bench.ram.write(0, bytes(image))
        block = random_block(rng, TARGET)
        block.apply(image)
        await start(bench, block)
        await bench.until_ctrl(DONE, DONE)
        await bench.write(CTRL, CONTINUE)
        assert bench.ram.read(0, MEMORY) == image
