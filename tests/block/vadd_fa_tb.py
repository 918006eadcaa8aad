# SPDX-License-Identifier: Apache-2.0
"""krnl_vadd_fa: sums of vectors, one descriptor each, adapter and kernel on one memory port."""

from __future__ import annotations

from typing import Any

import cocotb
from cocotb.triggers import ClockCycles
from cocotbext.axi import AxiBus, AxiLiteBus, AxiLiteMaster, AxiRam

from pydriver.regs import cu_fa, cu_vadd
from tb.cocotb_util import reset, seeded_random, start_clock

DESCRIPTORS, VECTORS, ROOM = 0x0, 0x10000, 0x1000
TASKS = 24


def words(values: list[int]) -> bytes:
    return b"".join(value.to_bytes(4, "little") for value in values)


def descriptor(arguments: list[tuple[int, list[int]]]) -> bytes:
    """A descriptor with inputs only: (register offset, words) each."""
    size = 4 * sum(len(value) for _, value in arguments)
    flat = [0, len(arguments), size, 0, 0]
    for offset, value in arguments:
        flat += [offset, 4 * len(value), *value]
    return words(flat)


@cocotb.test()
async def sums(dut: Any) -> None:
    """As many tasks outstanding as the queue takes; all sums right, all status words written, TCR counts."""
    rng = seeded_random("vadd_fa")
    for name in ("s_axil_awvalid", "s_axil_wvalid", "s_axil_arvalid", "m_axi_awready", "m_axi_wready"):
        getattr(dut, name).value = 0
    start_clock(dut.clk)
    await reset(dut)
    host = AxiLiteMaster(AxiLiteBus.from_prefix(dut, "s_axil"), dut.clk, dut.rst)
    ram = AxiRam(AxiBus.from_prefix(dut, "m_axi"), dut.clk, dut.rst, size=1 << 18)
    await reset(dut)

    async def read(register: Any) -> int:
        return int.from_bytes((await host.read(register.offset, 4)).data, "little")

    async def push(address: int) -> None:
        await host.write(cu_fa.DESCRIPTOR_LO.offset, address.to_bytes(4, "little"))

    depth = await read(cu_fa.FDR)
    expected: list[tuple[int, list[int]]] = []
    for task in range(TASKS):
        count = rng.choice((0, 1, 7, 8, 40, 200))
        a, b = ([rng.getrandbits(32) for _ in range(count)] for _ in range(2))
        place = VECTORS + (task % 8) * 4 * ROOM
        at = [place + index * ROOM + 4 * rng.randrange(8) for index in range(3)]
        while task - await read(cu_fa.TCR) >= min(depth, 8):  # the vectors of task - 8 are free again
            await ClockCycles(dut.clk, 50)
        if task >= 8:
            check(ram, expected[task - 8])
        ram.write(at[0], words(a))
        ram.write(at[1], words(b))
        expected.append((at[2], [(x + y) & 0xFFFFFFFF for x, y in zip(a, b, strict=True)]))
        slot = DESCRIPTORS + 0x100 * (task % 32)
        names = ("A_LO", "B_LO", "OUT_LO", "N")
        offsets = [getattr(cu_vadd, name).offset for name in names]
        values = [[at[0], 0], [at[1], 0], [at[2], 0], [count]]
        ram.write(slot, descriptor(list(zip(offsets, values, strict=True))))
        await push(slot)
    while await read(cu_fa.TCR) < TASKS:
        await ClockCycles(dut.clk, 50)
    for result in expected[-8:]:
        check(ram, result)
    assert all(ram.read(DESCRIPTORS + 0x100 * task, 4) == words([1]) for task in range(TASKS))
    assert await read(cu_fa.SR) == 0
    assert await read(cu_fa.ISR) == 1
    await ClockCycles(dut.clk, 4)
    assert not int(dut.active.value), "an idle unit wants its clock"


def check(ram: AxiRam, result: tuple[int, list[int]]) -> None:
    at, values = result
    assert ram.read(at, 4 * len(values)) == words(values)
