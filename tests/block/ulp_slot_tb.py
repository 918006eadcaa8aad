# SPDX-License-Identifier: Apache-2.0
"""A slot of the dynamic region: empty, and with one kernel after another."""

from __future__ import annotations

from typing import Any

import cocotb
from cocotb.triggers import ClockCycles, FallingEdge

from pydriver.regs import cu_reduce, cu_vadd
from tb.cocotb_util import reset
from tests.block.kernel_bench import Bench

VADD, REDUCE = 1, 2


async def create(dut: Any, kernel: int) -> Bench:
    dut.kernel.value = kernel
    return await Bench.create(dut, f"slot {kernel}")


@cocotb.test()
async def empty_slot_never_answers(dut: Any) -> None:
    """Type 0 and unknown types: no ready, no response, no clock needed."""
    await create(dut, 0)
    for kernel in (0, 99, 255):
        dut.kernel.value = kernel
        await ClockCycles(dut.clk, 3)  # one edge to come, one in reset
        dut.s_axil_araddr.value = 0
        dut.s_axil_awaddr.value = 0
        dut.s_axil_arvalid.value = 1
        dut.s_axil_awvalid.value = 1
        dut.s_axil_wvalid.value = 1
        for _ in range(100):
            await FallingEdge(dut.clk)
            for signal in (dut.s_axil_arready, dut.s_axil_awready, dut.s_axil_wready):
                assert not int(signal.value)
            for signal in (dut.s_axil_rvalid, dut.s_axil_bvalid, dut.active, dut.irq):
                assert not int(signal.value)
        dut.rst.value = 1  # the only legal way to take an unanswered request back
        dut.s_axil_arvalid.value = 0
        dut.s_axil_awvalid.value = 0
        dut.s_axil_wvalid.value = 0
        await reset(dut)


@cocotb.test()
async def a_new_kernel_knows_nothing(dut: Any) -> None:
    """Replaced by another type and back: registers at reset, the run under way is forgotten."""
    bench = await create(dut, VADD)
    await bench.write(cu_vadd.N.offset, 1000)
    await bench.write(cu_vadd.GIE.offset, 1)
    await bench.write(cu_vadd.ISR.offset, 3)
    assert int(dut.irq.value)
    dut.kernel.value = REDUCE
    await ClockCycles(dut.clk, 3)
    assert not int(dut.irq.value)
    assert await bench.read(cu_reduce.N.offset) == 0
    dut.kernel.value = VADD
    await ClockCycles(dut.clk, 3)
    for register in cu_vadd.REGISTERS:
        assert await bench.read(register.offset) == register.reset, register.name
