# SPDX-License-Identifier: Apache-2.0
"""Kernel probe under AP_CTRL_HS (environment KERNEL=6), AP_CTRL_CHAIN (7) and AP_CTRL_NONE (8)."""

from __future__ import annotations

import os
from typing import Any

import cocotb
from cocotb.triggers import ClockCycles
from cocotb_coverage.coverage import CoverPoint

from pydriver.regs import cu_probe
from tests.block.kernel_bench import (
    CONTINUE,
    CTRL,
    DONE,
    IDLE,
    READY,
    START,
    Bench,
    check_coverage,
    rounds,
)
from tests.models import kernels

CHAIN = os.environ.get("KERNEL") == "7"
NONE = os.environ.get("KERNEL") == "8"
HANG, LOSE_DONE = 1, 2


class Probe:
    """The kernel, what its argument registers hold, and the model."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.model = kernels.Probe()
        self.payload = [0] * len(cu_probe.PAYLOAD)

    async def arguments(self, delay: int, control: int = 0, words: int = 3) -> int:
        """New payload words, delay and control; returns a token, not yet written under AP_CTRL_NONE."""
        rng = self.bench.rng
        for index in rng.sample(range(len(self.payload)), words):
            self.payload[index] = rng.getrandbits(32)
            await self.bench.write(cu_probe.PAYLOAD[index].offset, self.payload[index])
        await self.bench.write(cu_probe.CONTROL.offset, control)
        await self.bench.write(cu_probe.DELAY.offset, delay)
        token = rng.randrange(1, 1 << 32)
        if not NONE:
            await self.bench.write(cu_probe.TOKEN.offset, token)
        return token

    async def run(self, delay: int = 0, words: int = 3) -> int:
        """One execution; returns its cycles until done (AP_CTRL_NONE: until the clock stops)."""
        token = await self.arguments(delay, words=words)
        if NONE:
            await self.bench.write(cu_probe.TOKEN.offset, token)
            cycles = await self.bench.until(lambda: not int(self.bench.dut.active.value))
        else:
            cycles = await self.bench.run(CHAIN)
        self.model.run(token, self.payload)
        await self.check()
        return cycles

    async def check(self) -> None:
        outs = [await self.bench.read(r.offset) for r in (cu_probe.RUNS, cu_probe.DIGEST, cu_probe.LAST)]
        assert outs == [self.model.runs, self.model.digest, self.model.last]

    async def idle(self) -> bool:
        if NONE:
            return not int(self.bench.dut.active.value)
        return bool(await self.bench.read(CTRL) & IDLE)


DELAYS = ["0", "1-15", ">15"]


@CoverPoint("probe.delay", xf=lambda delay, words: DELAYS[sum(delay > n for n in (0, 15))], bins=DELAYS)
@CoverPoint("probe.words", xf=lambda delay, words: words, bins=[0, 1, 101])
def sample(delay: int, words: int) -> None:
    """One execution: its delay, and how many payload words changed before it."""


@cocotb.test()
async def random_runs(dut: Any) -> None:
    """The digest follows the model over executions with any delay and payload."""
    bench = await Bench.create(dut, "random", memory=False)
    probe = Probe(bench)
    for _ in rounds("probe", 25):
        delay = bench.rng.choice((0, bench.rng.randrange(1, 16), bench.rng.randrange(16, 300)))
        words = bench.rng.choice((0, 1, 1, 101))
        await probe.run(delay, words)
        sample(delay, words)
    assert await bench.read_all(cu_probe.PAYLOAD[0].offset, len(probe.payload)) == probe.payload
    check_coverage("probe")


@cocotb.test()
async def delay_counts_cycles(dut: Any) -> None:
    """DELAY makes an execution exactly that many cycles longer."""
    probe = Probe(await Bench.create(dut, "delay", memory=False))
    shortest = await probe.run(0)
    for delay in (1, 10, 77):
        assert await probe.run(delay) == shortest + delay


@cocotb.test(skip=NONE)
async def hang_and_software_reset(dut: Any) -> None:
    """Hanging, without a clock, or slow: the reset brings it back, and the lost run counts nowhere."""
    bench = await Bench.create(dut, "hang", memory=False)
    probe = Probe(bench)
    for control, delay in [(HANG, 5), (LOSE_DONE, 5), (0, 10_000)] * 5:
        await probe.run(bench.rng.randrange(5))
        await probe.arguments(delay, control)
        await bench.write(CTRL, START)
        await ClockCycles(dut.clk, bench.rng.randrange(1, 300))
        ctrl = await bench.read(CTRL) & (START | DONE | IDLE | READY)
        assert ctrl == (READY if CHAIN and control != HANG else START)
        if control:
            await bench.stopped()
        await bench.software_reset()
        await bench.stopped()
        await probe.check()


@cocotb.test(skip=not CHAIN)
async def done_is_held(dut: Any) -> None:
    """Ready at once, done held over any number of reads; the next start waits for the continue."""
    bench = await Bench.create(dut, "held", memory=False)
    probe = Probe(bench)
    token = await probe.arguments(300)
    await bench.write(CTRL, START)
    assert await bench.until_ctrl(START, 0) & (READY | DONE) == READY
    probe.model.run(token, probe.payload)
    token = await probe.arguments(0)
    assert not await bench.read(CTRL) & DONE, "the next arguments were to be written before done"
    await bench.until_ctrl(DONE, DONE)
    await probe.check()
    await bench.write(CTRL, START)
    for _ in range(3):
        await ClockCycles(dut.clk, 50)
        assert await bench.read(CTRL) & (START | DONE | IDLE) == START | DONE
        await probe.check()
    await bench.write(CTRL, CONTINUE)
    await bench.until_ctrl(START | DONE, DONE)
    probe.model.run(token, probe.payload)
    await probe.check()
    await bench.write(CTRL, CONTINUE)
    assert await bench.until_ctrl(DONE, 0) & IDLE
    await bench.stopped()


@cocotb.test(skip=CHAIN or NONE)
async def a_start_while_running_is_the_same_start(dut: Any) -> None:
    """Two starts, one execution, with the arguments of the first."""
    bench = await Bench.create(dut, "twice", memory=False)
    probe = Probe(bench)
    token = await probe.arguments(200)
    await bench.write(CTRL, START)
    await bench.write(CTRL, START)
    probe.model.run(token, probe.payload)
    await probe.arguments(0)
    await bench.until_ctrl(DONE, DONE)
    await ClockCycles(dut.clk, 100)
    await probe.check()


@cocotb.test(skip=not NONE)
async def only_a_new_token_runs_it(dut: Any) -> None:
    """Nothing but a TOKEN that differs from LAST begins an execution; CTRL is without effect."""
    bench = await Bench.create(dut, "token", memory=False)
    probe = Probe(bench)
    await probe.run(3)
    await bench.write(CTRL, START)
    await probe.arguments(0)
    await bench.write(cu_probe.TOKEN.offset, probe.model.last)
    await bench.stopped()
    await probe.check()
    # A token that comes during an execution makes another one.
    first = await probe.arguments(50, words=0)
    await bench.write(cu_probe.TOKEN.offset, first)
    await bench.write(cu_probe.TOKEN.offset, first ^ 1)
    await bench.until(lambda: not int(dut.active.value))
    probe.model.run(first, probe.payload)
    probe.model.run(first ^ 1, probe.payload)
    await probe.check()
    assert not int(dut.irq.value)
