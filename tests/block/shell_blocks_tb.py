# SPDX-License-Identifier: Apache-2.0
"""Cocotb tests of the small shell blocks: what the register plan cannot see (outputs, content, memory)."""

from __future__ import annotations

import logging
from typing import Any

import cocotb
from cocotb.triggers import ClockCycles, FallingEdge, Timer
from cocotbext.axi import AxiLiteBus, AxiLiteMaster, AxiResp

from pydriver.regs import axi_gate, calib_gpio, cfg_gpio, feature_rom, mb_reset_gpio, user_bar
from tb.cocotb_util import reset, seeded_random, start_clock


async def start(dut: Any) -> AxiLiteMaster:
    """Clock, reset and a master."""
    dut.rst.value = 1
    await Timer(1, unit="ns")
    start_clock(dut.clk)
    await ClockCycles(dut.clk, 2)
    master = AxiLiteMaster(AxiLiteBus.from_prefix(dut, "s_axil"), dut.clk, dut.rst)
    for part in (master.write_if, master.read_if):
        part.log.setLevel(logging.WARNING)
    await reset(dut)
    return master


@cocotb.test()
async def gate_sequences(dut: Any) -> None:
    """The driver's freeze and free (XRT ICAP contract §3), and reset closing the gate."""
    master = await start(dut)
    names = axi_gate.WR.STATE
    assert int(dut.open.value) == 0, "a fresh shell is isolated"
    for step, is_open in (("RELEASING", 0), ("OPEN", 1), ("ISOLATED", 0), ("RELEASING", 0), ("OPEN", 1)):
        await master.write_dword(axi_gate.WR.offset, names.value(step))
        await FallingEdge(dut.clk)
        assert int(dut.open.value) == is_open, step
        assert int(dut.state.value) == names.value(step)
        assert await master.read_dword(axi_gate.RD.offset) == names.value(step)
    # Clock changes on two-stage shells go 0, then 1: open.
    await master.write_dword(axi_gate.WR.offset, 0)
    await master.write_dword(axi_gate.WR.offset, 1)
    await FallingEdge(dut.clk)
    assert int(dut.open.value) == 1
    # The state register is not writable.
    await master.write_dword(axi_gate.RD.offset, 0)
    assert await master.read_dword(axi_gate.RD.offset) == 1
    await reset(dut)
    assert int(dut.open.value) == 0
    assert await master.read_dword(axi_gate.RD.offset) == 0


@cocotb.test()
async def calibration_bit(dut: Any) -> None:
    """Bit 0 follows the input."""
    dut.calib_done.value = 0
    master = await start(dut)
    for level in (0, 1, 0, 1):
        dut.calib_done.value = level
        assert await master.read_dword(calib_gpio.DATA.offset) == level


@cocotb.test()
async def processor_reset(dut: Any) -> None:
    """Held after reset; 1 runs, 0 holds, read back."""
    master = await start(dut)
    assert int(dut.mb_run.value) == 0
    for level in (1, 0, 1):
        await master.write_dword(mb_reset_gpio.DATA.offset, level)
        await FallingEdge(dut.clk)
        assert int(dut.mb_run.value) == level
        assert await master.read_dword(mb_reset_gpio.DATA.offset) == level
    await reset(dut)
    assert int(dut.mb_run.value) == 0


@cocotb.test()
async def runtime_configuration(dut: Any) -> None:
    """The outputs follow the control bits; the status shows the processor's sleep and cannot be written."""
    dut.mb_asleep.value = 0
    master = await start(dut)
    for value in (0, 1, 2, 3, 0):
        await master.write_dword(cfg_gpio.CONTROL.offset, value)
        await FallingEdge(dut.clk)
        assert int(dut.cu_to_host.value) == value & 1
        assert int(dut.mb_wake.value) == value >> 1
        assert await master.read_dword(cfg_gpio.CONTROL.offset) == value
    for asleep in (1, 0, 1):
        dut.mb_asleep.value = asleep
        await master.write_dword(cfg_gpio.STATUS.offset, 1 - asleep)
        assert bool(await master.read_dword(cfg_gpio.STATUS.offset)) == asleep
    await master.write_dword(cfg_gpio.CONTROL.offset, 3)
    await reset(dut)
    assert (int(dut.cu_to_host.value), int(dut.mb_wake.value)) == (0, 0)


@cocotb.test()
async def rom_content(dut: Any) -> None:
    """The 216 bytes as the drivers parse them (XRT platform contract §4)."""
    master = await start(dut)
    rom = bytes((await master.read(0, 216)).data)
    assert len(rom) == feature_rom.SIZE
    assert rom[0:4] == b"xlnx"
    assert int.from_bytes(rom[16:24], "little") == 1561465320
    assert rom[24:88] == b"xcu200-fsgd2104-2-e".ljust(64, b"\0")
    assert rom[88:152] == b"xilinx_u200_xdma_201830_2".ljust(64, b"\0")
    assert rom[152] == 2, "DDR channels"
    assert rom[153] == 16, "GiB a channel"
    features = int.from_bytes(rom[168:176], "little")
    assert features & 1, "unified"
    assert features >> 3 & 1, "scheduler"
    assert not features & (1 << 18 | 1 << 20 | 1 << 22), "no HBM, no QDMA, no pass-through"
    assert features >> 19 & 1, "copy unit"
    assert rom[192:194] == b"\0\0"
    assert rom[196:212] == user_bar.KDMA.base.to_bytes(16, "little"), "one copy unit, in the user BAR"
    assert rom[212:216] == bytes(4)
    # Read only.
    await master.write(0, bytes(216))
    assert bytes((await master.read(0, 216)).data) == rom


@cocotb.test()
async def memory(dut: Any) -> None:
    """Zero at first; any bytes at any place; kept over a reset."""
    rng = seeded_random("memory")
    master = await start(dut)
    size = 1 << len(dut.s_axil_araddr)
    model = bytearray(size)
    assert not any((await master.read(0, 64)).data)
    for _ in range(300):
        length = rng.choice((1, 2, 3, 4, 4, 4, 5, 8, 17))
        address = rng.choice((0, size - 64, rng.randrange(size - 64))) + rng.randrange(64 - length)
        if rng.random() < 0.5:
            data = rng.randbytes(length)
            model[address : address + length] = data
            assert (await master.write(address, data)).resp == AxiResp.OKAY
        else:
            answer = await master.read(address, length)
            assert answer.resp == AxiResp.OKAY
            assert bytes(answer.data) == bytes(model[address : address + length]), f"0x{address:X}"
    await reset(dut)
    for address in (0, size - 64):
        assert bytes((await master.read(address, 64)).data) == bytes(model[address : address + 64])
    await ClockCycles(dut.clk, 2)
    assert int(dut.active.value) == 0
