# SPDX-License-Identifier: Apache-2.0
"""Interrupt lines of units: line n is that of the n-th slot with a unit, for any mixture of slots."""

from __future__ import annotations

from typing import Any

import cocotb
from cocotb.triggers import Timer

from tb.cocotb_util import seeded_random

ROUNDS = 300


@cocotb.test()
async def lines_are_counted_over_the_units(dut: Any) -> None:
    rng = seeded_random("lines")
    slots = len(dut.slot_irq)
    gaps = 0
    for _ in range(ROUNDS):
        share = rng.choice((0.0, 0.3, 0.9, 1.0))
        kernels = [rng.randint(1, 255) if rng.random() < share else 0 for _ in range(slots)]
        dut.slot_kernel.value = sum(kind << 8 * slot for slot, kind in enumerate(kernels))
        units = [slot for slot, kind in enumerate(kernels) if kind]
        gaps += units != list(range(len(units)))
        for _ in range(3):
            # An empty slot has no interrupt.
            irq = sum(rng.getrandbits(1) << slot for slot in units)
            dut.slot_irq.value = irq
            await Timer(1, "ns")
            expected = sum((irq >> slot & 1) << line for line, slot in enumerate(units))
            assert int(dut.unit_irq.value) == expected, (kernels, bin(irq))
    assert ROUNDS // 10 < gaps < ROUNDS or slots == 1
