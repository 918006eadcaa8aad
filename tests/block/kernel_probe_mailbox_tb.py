# SPDX-License-Identifier: Apache-2.0
"""Kernel probe_mailbox: counted restart and mailbox traffic without a memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cocotb
from cocotb.triggers import ClockCycles, FallingEdge
from cocotb_coverage.coverage import CoverPoint

from pydriver.regs import cu_probe_mailbox as regs
from tests.block.kernel_bench import (
    AUTO_RESTART,
    CTRL,
    DONE,
    IDLE,
    START,
    Bench,
    check_coverage,
    rounds,
)
from tests.models import kernels

COUNTER = regs.AUTO_RESTART_COUNTER.offset
INPUT, OUTPUT = regs.INPUT_CTRL.offset, regs.OUTPUT_CTRL.offset
SYNC, BUSY = 1, 2
FOR_EVER = 0xFFFFFFFF
HANG = 1


@dataclass(frozen=True)
class Set:
    """A released set of arguments; its token is its number."""

    token: int
    words: tuple[int, ...]


class Unit:
    """The kernel, all sets that were written, and a model that follows execution by execution."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.sets = {0: Set(0, (0,) * len(regs.IN))}
        self.model = kernels.Probe()
        self.digests = [0]  # after each execution
        cocotb.start_soon(self._watch())

    async def _watch(self) -> None:
        kernel = self.bench.dut.g_krnl_probe_mailbox.dut
        while True:
            await FallingEdge(self.bench.dut.clk)
            if int(kernel.ap_done.value):
                used = self.sets[int(kernel.last.value)]
                assert used.token >= self.model.last, f"set {used.token} after set {self.model.last}"
                self.model.run(used.token, used.words)
                self.digests.append(self.model.digest)

    async def write(self, delay: int = 0, control: int = 0) -> Set:
        """A new set in the host's copy, words in random order."""
        rng = self.bench.rng
        fresh = Set(max(self.sets) + 1, tuple(rng.getrandbits(32) for _ in regs.IN))
        self.sets[fresh.token] = fresh
        writes = [(r.offset, word) for r, word in zip(regs.IN, fresh.words, strict=True)]
        writes += [
            (regs.TOKEN.offset, fresh.token),
            (regs.DELAY.offset, delay),
            (regs.CONTROL.offset, control),
        ]
        rng.shuffle(writes)
        for offset, word in writes:
            await self.bench.write(offset, word)
        return fresh

    async def outputs(self) -> None:
        """The host's copy of the outputs is that of one execution."""
        names = (regs.RUNS, regs.DIGEST, regs.LAST)
        runs, digest, last = [await self.bench.read(name.offset) for name in names]
        assert digest == self.digests[runs], f"digest of run {runs}"
        array = await self.bench.read_all(regs.OUT[0].offset, len(regs.OUT))
        assert array == kernels.Probe(runs, digest, last).array(self.sets[last].words), f"array of run {runs}"


ACTIONS = ["release", "release and wait", "outputs", "outputs later", "withdraw", "pause"]


@CoverPoint("probe_mailbox.action", xf=lambda action: action, bins=ACTIONS)
def sample(action: str) -> None:
    """What the host did."""


async def traffic(unit: Unit, action: str) -> None:
    """One of ACTIONS."""
    bench = unit.bench
    if action == "pause":
        await ClockCycles(bench.dut.clk, bench.rng.randrange(1, 300))
    elif action == "outputs":
        least = unit.model.runs
        await bench.write(OUTPUT, SYNC)
        await bench.until_reads(OUTPUT, BUSY, 0)
        await unit.outputs()
        assert await bench.read(regs.RUNS.offset) > least
    elif action == "outputs later":
        await unit.outputs()
    else:
        await unit.write(bench.rng.choice((0, 0, bench.rng.randrange(40))))
        await bench.write(INPUT, SYNC)
        if action == "release and wait":
            await bench.until_reads(INPUT, BUSY, 0)
        if action == "withdraw":
            await bench.write(INPUT, 0)


@cocotb.test()
async def random_traffic(dut: Any) -> None:
    """For ever restarting: every set of inputs and outputs is whole, and sets are used in order."""
    bench = await Bench.create(dut, "traffic", memory=False)
    unit = Unit(bench)
    await bench.write(COUNTER, FOR_EVER)
    await bench.write(CTRL, START)
    for _ in rounds("probe_mailbox", 60):
        action = bench.rng.choice(ACTIONS)
        await traffic(unit, action)
        sample(action)
    await bench.write(COUNTER, 0)
    await bench.until_ctrl(DONE, DONE)
    assert await bench.read(CTRL) & (START | IDLE) == IDLE
    await bench.stopped()
    check_coverage("probe_mailbox")


@cocotb.test()
async def counted(dut: Any) -> None:
    """A counter of n makes n executions and one done."""
    bench = await Bench.create(dut, "counted", memory=False)
    unit = Unit(bench)
    total = 0
    for count in (0, 1, 2, 9):
        await unit.write()
        await bench.write(INPUT, SYNC)
        await bench.write(COUNTER, count)
        await bench.write(OUTPUT, SYNC)
        await bench.run()
        total += max(count, 1)
        assert unit.model.runs == total
        await unit.outputs()


@cocotb.test()
async def hang_and_software_reset(dut: Any) -> None:
    """Hanging or restarting, at any moment: the reset brings it back, the lost run counts nowhere."""
    bench = await Bench.create(dut, "hang", memory=False)
    unit = Unit(bench)
    for number in range(12):
        await unit.write(control=HANG * (number % 2))
        await bench.write(INPUT, SYNC)
        await bench.write(CTRL, START | AUTO_RESTART)
        await ClockCycles(dut.clk, bench.rng.randrange(1, 120))
        runs = unit.model.runs
        if number % 2:
            assert await bench.read(CTRL) & (START | DONE | IDLE) == START
            await bench.stopped()
        await bench.software_reset()
        await bench.stopped()
        assert unit.model.runs - runs <= (0 if number % 2 else 1)
        await unit.write()
        await bench.write(INPUT, SYNC)
        await bench.write(OUTPUT, SYNC)
        await bench.run()
        await unit.outputs()
        assert await bench.read(regs.RUNS.offset) == unit.model.runs
