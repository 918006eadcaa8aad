# SPDX-License-Identifier: Apache-2.0
"""The clock gate passes whole pulses only, whenever its enable moves."""

from __future__ import annotations

import cocotb
from cocotb.triggers import FallingEdge, Timer

from tb.cocotb_util import CLOCK_PERIOD_NS, seeded_random, start_clock


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def pulses_are_whole(dut) -> None:
    rng = seeded_random()
    dut.en.value = 0
    start_clock(dut.clk)
    await FallingEdge(dut.clk)
    high_steps = 0
    passed = 0
    for _ in range(2000):
        # Four samples per period, 0.5 ns off the edges; the enable moves at any of them.
        expected = int(dut.en.value)
        for step in range(4):
            await Timer(0.5 if step == 0 else 1, "ns")
            gclk = int(dut.gclk.value)
            high = step in (2, 3)
            if not high:
                assert gclk == 0, "pulse outside the high phase"
                dut.en.value = rng.getrandbits(1)
                await Timer(1, "ps")
                expected = int(dut.en.value)
                await Timer(-1 + 2, "ps")
            else:
                assert gclk == expected, "enable moved inside the high phase reached the output"
                high_steps += gclk
                passed += 1
                dut.en.value = rng.getrandbits(1)
        await FallingEdge(dut.clk)
    assert 0 < high_steps < passed
    assert CLOCK_PERIOD_NS == 4
