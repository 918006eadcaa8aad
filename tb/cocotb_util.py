# SPDX-License-Identifier: Apache-2.0
"""What every cocotb test needs: a clock, a reset, a reproducible random source."""

from __future__ import annotations

import os
import random
from typing import Any

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import ClockCycles, FallingEdge

CLOCK_PERIOD_NS = 4


def start_clock(signal: Any, period_ns: int = CLOCK_PERIOD_NS) -> None:
    """Run a clock on `signal` inside the simulator (Icarus' default would be a Python task)."""
    Clock(signal, period_ns, unit="ns", impl="gpi").start()


async def reset(dut: Any, cycles: int = 5) -> None:
    """Hold `dut.rst` high for some cycles; return after a falling clock edge with it low."""
    await FallingEdge(dut.clk)
    dut.rst.value = 1
    await ClockCycles(dut.clk, cycles)
    await FallingEdge(dut.clk)
    dut.rst.value = 0
    await FallingEdge(dut.clk)


def seeded_random(salt: str = "") -> random.Random:
    """A random source seeded from environment SEED (printed) and `salt`."""
    seed = int(os.environ.get("SEED", "1"))
    cocotb.log.info("seed %d%s (rerun with SEED=%d)", seed, f" {salt}" if salt else "", seed)
    return random.Random(f"{seed}{salt}")
