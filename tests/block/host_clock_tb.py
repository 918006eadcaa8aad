# SPDX-License-Identifier: Apache-2.0
"""The clock that stops: same results and times as one that never does, and idle time is free."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import cocotb
from cocotb.triggers import Timer

from tb.cocotb_util import seeded_random
from tb.hosts.axil_port import AxilPort
from tests.block.host_setup import platform

DMA = 0x4000


@cocotb.test(timeout_time=20, timeout_unit="ms")
async def workload(dut) -> None:
    """Accesses, sleeps of any length and interrupts, with the time of each step."""
    dut.clock.free_run.value = int(os.environ["FREE_RUN"])
    card = await platform(dut)
    port = AxilPort(dut.port)
    rng = seeded_random("clock")
    await card.functions[1].enable_msix()
    registers, memory = card.functions[1].bars[2], card.functions[0].bars[0]
    steps: list[object] = []
    for _ in range(300):
        kind = rng.randrange(7)
        if kind == 0:
            await card.clock.sleep_ns(rng.choice((1, 2, 3, 4, 7, 50, 1000, 4001)))
        elif kind == 1:
            await Timer(rng.randrange(1, 9000), "ps")
        elif kind == 2:
            await memory.write32(4 * rng.randrange(64), rng.getrandbits(32))
        elif kind == 3:
            steps.append(await memory.read32(4 * rng.randrange(64)))
        elif kind == 4:
            steps.append((await memory.read(rng.randrange(200), rng.randrange(500))).hex())
        elif kind == 5:
            await port.write32(4 * rng.randrange(16), rng.getrandbits(32))
            steps.append(await port.read32(4 * rng.randrange(16)))
        else:
            vector = rng.randrange(32)
            await registers.write32(DMA + 0x14, vector << 8 | 1)
            assert await card.functions[1].msix_event(vector).wait(1000)
            card.functions[1].msix_event(vector).clear()
        steps.append(cocotb.utils.get_sim_time("ps"))
    cycles = int(dut.clock.cycles.value)
    elapsed = cocotb.utils.get_sim_time("ps") // 4000
    if dut.clock.free_run.value:
        assert abs(cycles - elapsed) <= 1
    else:
        assert cycles < elapsed * 3 // 4, (cycles, elapsed)
    (Path(os.environ["RUN_DIR"]) / "steps.json").write_text(json.dumps(steps))


@cocotb.test(timeout_time=2, timeout_unit="sec")
async def idle_second_is_free(dut) -> None:
    if os.environ["FREE_RUN"] == "1":
        return
    dut.clock.free_run.value = 0
    card = await platform(dut)
    await card.functions[0].bars[0].write32(0, 5)
    await card.clock.sleep_ns(1000)
    cycles, wall = int(dut.clock.cycles.value), time.monotonic()
    await card.clock.sleep_ns(10**9)
    assert time.monotonic() - wall < 0.5
    assert int(dut.clock.cycles.value) == cycles
    assert await card.functions[0].bars[0].read32(0) == 5
    assert int(dut.clock.cycles.value) < cycles + 30
