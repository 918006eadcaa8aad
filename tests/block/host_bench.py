# SPDX-License-Identifier: Apache-2.0
"""Rates of a host on the test card, per CPU second of the simulator process."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import cocotb

from tests.block.host_setup import HOST, platform


async def rate(count: int, work: Callable[[], Awaitable[object]], per: int = 1) -> float:
    """Units per CPU second of `count` repetitions of `work`, each of `per` units."""
    start = time.process_time()
    for _ in range(count):
        await work()
    return count * per / (time.process_time() - start)


@cocotb.test()
async def rates(dut) -> None:
    card = await platform(dut)
    bar = card.functions[1].bars[0]
    scale = 1 if HOST == "fast" else 50
    offsets = [4 * n for n in range(64)]
    block = bytes(range(256)) * 16
    results = {
        "single reads/s": await rate(4000 // scale, lambda: bar.read32(0x10)),
        "host only reads/s": await rate(4000 // scale, lambda: card.host.read32(1, 0, 0x10)),
        "vector reads/s": await rate(200 // scale, lambda: bar.read32s(offsets), 64),
        "posted writes/s": await rate(200 // scale, lambda: bar.write32s([(o, o) for o in offsets]), 64),
        "write+read pairs/s": await rate(2000 // scale, lambda: write_read(bar)),
        "block write bytes/s": await rate(100 // scale, lambda: bar.write(0, block), 4096),
        "block read bytes/s": await rate(100 // scale, lambda: bar.read(0, 4096), 4096),
    }
    if HOST == "fast":
        start = time.process_time()
        for _ in range(100):
            card.memory.write(4096, block)
        results["memory write bytes/s"] = 409600 / (time.process_time() - start)
        start = time.process_time()
        for _ in range(100):
            card.memory.read(4096, 4096)
        results["memory read bytes/s"] = 409600 / (time.process_time() - start)
        dut.clock.free_run.value = 1
        start = time.process_time()
        await card.clock.sleep_ns(400_000)
        results["idle cycles/s, clock forced"] = 100_000 / (time.process_time() - start)
        dut.clock.free_run.value = 0
        start, cycles = time.process_time(), int(dut.clock.cycles.value)
        await card.clock.sleep_ns(10**9)
        results["idle second, CPU s"] = time.process_time() - start
        cycles = int(dut.clock.cycles.value)
        await bar.read32s(offsets * 10)
        results["cycles per vector read"] = (int(dut.clock.cycles.value) - cycles) / 640
        cycles = int(dut.clock.cycles.value)
        for _ in range(100):
            await bar.read32(0)
        results["cycles per single read"] = (int(dut.clock.cycles.value) - cycles) / 100
    for name, value in results.items():
        cocotb.log.info("%-28s %12.4g", name, value)
    (Path(os.environ["RUN_DIR"]) / "rates.json").write_text(json.dumps(results))


async def write_read(bar) -> None:
    await bar.write32(0x20, 1)
    await bar.read32(0x20)
