# SPDX-License-Identifier: Apache-2.0
"""Cocotb side of tests/block/test_registers.py: the plan on the block that the environment names.

BLOCK: module of pydriver.regs; PREFIX: of its AXI4-Lite port; SPAN: bytes of its address space; TIES: inputs
and their values, "name=0,…" (AXI4-Lite port "prefix=idle").
"""

from __future__ import annotations

import importlib
import logging
import os
from collections.abc import Iterator
from typing import Any

import cocotb
from cocotb.triggers import ClockCycles, Timer
from cocotbext.axi import AxiLiteBus, AxiLiteMaster

from tb.cocotb_util import reset, seeded_random, start_clock
from tests.block.regplan import RegisterPlan

BLOCK = importlib.import_module(f"pydriver.regs.{os.environ['BLOCK']}")
PREFIX = os.environ["PREFIX"]
SPAN = int(os.environ["SPAN"], 0)
TIES = [tie.split("=") for tie in os.environ["TIES"].split(",") if tie]
AXIL_INPUTS = (
    "awaddr", "awvalid", "wdata", "wstrb", "wvalid", "bready", "araddr", "arvalid", "rready",
)  # fmt: skip


async def prepare(dut: Any, salt: str) -> RegisterPlan:
    """Reset the block with its other inputs at rest and make the plan for it."""
    rng = seeded_random(f"{BLOCK.__name__} {salt}")
    for name, value in TIES:
        inputs = [f"{name}_{port}" for port in AXIL_INPUTS] if value == "idle" else [name]
        for each in inputs:
            getattr(dut, each).value = 0 if value == "idle" else int(value, 0)
    dut.rst.value = 1
    await Timer(1, unit="ns")  # no clock edge without reset
    start_clock(dut.clk)
    await ClockCycles(dut.clk, 2)
    master = AxiLiteMaster(AxiLiteBus.from_prefix(dut, PREFIX), dut.clk, dut.rst)
    for part in (master.write_if, master.read_if):
        part.log.setLevel(logging.WARNING)

    def pauses() -> Iterator[bool]:
        while True:
            yield rng.random() < 0.2

    for channel in (master.write_if.b_channel, master.read_if.r_channel):
        channel.set_pause_generator(pauses())
    await reset(dut)
    return RegisterPlan(master, BLOCK.REGISTERS, SPAN, rng)


async def run_plan(dut: Any, part: str) -> None:
    plan = await prepare(dut, part)
    await getattr(plan, part)()
    cocotb.log.info("%s: %s, %d accesses", BLOCK.__name__, part, plan.accesses)
    # A block without registers that may be written at will has nothing for the other parts.
    assert plan.accesses > 0 or part not in ("reset_values", "unmapped"), "the plan did nothing"


@cocotb.test()
async def reset_values(dut: Any) -> None:
    await run_plan(dut, "reset_values")


@cocotb.test()
async def bit_bash(dut: Any) -> None:
    await run_plan(dut, "bit_bash")


@cocotb.test()
async def aliasing(dut: Any) -> None:
    await run_plan(dut, "aliasing")


@cocotb.test()
async def unmapped(dut: Any) -> None:
    await run_plan(dut, "unmapped")


@cocotb.test()
async def byte_strobes(dut: Any) -> None:
    await run_plan(dut, "byte_strobes")
