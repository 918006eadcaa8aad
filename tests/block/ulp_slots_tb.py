# SPDX-License-Identifier: Apache-2.0
"""Slots in groups: each is reached and only it, light slots refuse what they have not, clocks stand still."""

from __future__ import annotations

import os
from typing import Any

import cocotb
from cocotb.triggers import ClockCycles, FallingEdge, RisingEdge

from pydriver.regs import cu_probe
from tb.cocotb_util import reset, seeded_random, start_clock
from tools.kernels.modules import AXI_IN

SLOTS = int(os.environ.get("SLOTS", "4"))
FULL = int(os.environ.get("FULL_SLOTS", "4"))
CU, STRIDE = 0x180_0000, 0x1_0000
VADD, PROBE, PROBE_CHAIN = 1, 6, 7
DONE, IDLE = 2, 4


class Bench:
    """The region alone: control port and configuration; its memory port leads nowhere."""

    def __init__(self, dut: Any) -> None:
        self.dut = dut
        self.rng = seeded_random("ulp_slots")

    @classmethod
    async def create(cls, dut: Any) -> Bench:
        for name in ("awaddr", "awvalid", "wdata", "wstrb", "wvalid", "araddr", "arvalid"):
            getattr(dut, f"s_axil_{name}").value = 0
        dut.s_axil_bready.value = 1
        dut.s_axil_rready.value = 1
        for name in AXI_IN:
            getattr(dut, f"m_axi_{name}").value = 0
        dut.region_rst.value = 0
        dut.cfg_loading.value = 0
        dut.cfg_valid.value = 0
        dut.cfg_slot_kernel.value = 0
        dut.rst.value = 1
        start_clock(dut.clk)
        await ClockCycles(dut.clk, 3)
        await reset(dut)
        return cls(dut)

    async def configure(self, kernels: list[int]) -> None:
        dut = self.dut
        await FallingEdge(dut.clk)
        dut.cfg_valid.value = 0
        dut.cfg_loading.value = 1
        await ClockCycles(dut.clk, 5)
        await FallingEdge(dut.clk)
        dut.cfg_slot_kernel.value = int.from_bytes(bytes(kernels), "little")
        dut.cfg_loading.value = 0
        dut.cfg_valid.value = 1
        await ClockCycles(dut.clk, 3)

    async def read(self, address: int, patience: int = 30) -> int | None:
        """A read; None when nothing answers."""
        dut = self.dut
        await FallingEdge(dut.clk)
        dut.s_axil_araddr.value = address
        dut.s_axil_arvalid.value = 1
        taken = False
        for _ in range(patience):
            await RisingEdge(dut.clk)
            if taken and int(dut.s_axil_rvalid.value) and int(dut.s_axil_rready.value):
                return int(dut.s_axil_rdata.value)
            if not taken and int(dut.s_axil_arready.value):
                taken = True
                dut.s_axil_arvalid.value = 0
        dut.s_axil_arvalid.value = 0
        return None

    async def write(self, address: int, value: int, patience: int = 30) -> bool:
        """A write; False when nothing answers."""
        dut = self.dut
        await FallingEdge(dut.clk)
        dut.s_axil_awaddr.value = address
        dut.s_axil_wdata.value = value
        dut.s_axil_wstrb.value = 15
        dut.s_axil_awvalid.value = 1
        dut.s_axil_wvalid.value = 1
        waiting = {"aw", "w"}
        for _ in range(patience):
            await RisingEdge(dut.clk)
            if not waiting and int(dut.s_axil_bvalid.value) and int(dut.s_axil_bready.value):
                return True
            for channel in sorted(waiting):
                if int(getattr(dut, f"s_axil_{channel}ready").value):
                    waiting.remove(channel)
                    getattr(dut, f"s_axil_{channel}valid").value = 0
        dut.s_axil_awvalid.value = 0
        dut.s_axil_wvalid.value = 0
        return False

    async def offered(self, channel: str, cycles: int) -> int:
        """For so many cycles nothing is taken; how often an answer was on offer, always the same one."""
        dut = self.dut
        valid, data = (
            (dut.s_axil_bvalid, dut.s_axil_bresp)
            if channel == "writes"
            else (dut.s_axil_rvalid, dut.s_axil_rdata)
        )
        seen = []
        for _ in range(cycles):
            await FallingEdge(dut.clk)
            if int(valid.value):
                seen.append(int(data.value))
        assert len(set(seen)) <= 1, "an answer changed before it was taken"
        return len(seen)


def at(slot: int, register: Any) -> int:
    return CU + STRIDE * slot + register.offset


@cocotb.test()
async def every_slot_is_its_own(dut: Any) -> None:
    """Writes in random order, read back in another; then each runs and interrupts."""
    bench = await Bench.create(dut)
    await bench.configure([PROBE] * SLOTS)
    order = list(range(SLOTS))
    bench.rng.shuffle(order)
    for slot in order:
        assert await bench.write(at(slot, cu_probe.TOKEN), 0xABC000 + slot)
        assert await bench.write(at(slot, cu_probe.GIE), 1)
        assert await bench.write(at(slot, cu_probe.IER), 1)
    bench.rng.shuffle(order)
    for slot in order:
        assert await bench.read(at(slot, cu_probe.TOKEN)) == 0xABC000 + slot
    await ClockCycles(dut.clk, 3)
    assert not int(dut.active.value)
    raised = 0
    for slot in order:
        assert await bench.write(at(slot, cu_probe.CTRL), 1)
        await ClockCycles(dut.clk, 140)
        raised |= 1 << slot
        assert int(dut.cu_irq.value) == raised, f"slot {slot}"
    for slot in range(SLOTS):
        assert await bench.read(at(slot, cu_probe.LAST)) == 0xABC000 + slot
        assert await bench.read(at(slot, cu_probe.RUNS)) == 1
        control = await bench.read(at(slot, cu_probe.CTRL))
        assert control is not None and control & DONE
        assert await bench.write(at(slot, cu_probe.ISR), 1)
        raised &= ~(1 << slot)
        assert int(dut.cu_irq.value) == raised
    await ClockCycles(dut.clk, 3)
    assert not int(dut.active.value)


@cocotb.test()
async def answers_wait_until_they_are_taken(dut: Any) -> None:
    """A master that is slow to take answers gets each once and unchanged, clock or no clock."""
    bench = await Bench.create(dut)
    await bench.configure([PROBE] * SLOTS)
    slow = {"writes": False, "reads": False}
    values = {slot: bench.rng.getrandbits(32) for slot in range(SLOTS)}

    async def reluctant() -> None:
        while True:
            for channel, ready in (("writes", dut.s_axil_bready), ("reads", dut.s_axil_rready)):
                ready.value = 0
                slow[channel] |= bool(await bench.offered(channel, bench.rng.randrange(5)))
                ready.value = 1
            await FallingEdge(dut.clk)

    taking = cocotb.start_soon(reluctant())
    for _ in range(2 * SLOTS + 40):
        slot = bench.rng.randrange(SLOTS)
        if bench.rng.random() < 0.5:
            values[slot] = bench.rng.getrandbits(32)
        assert await bench.write(at(slot, cu_probe.TOKEN), values[slot])
        assert await bench.read(at(slot, cu_probe.TOKEN)) == values[slot]
        assert await bench.read(at(slot, cu_probe.CTRL)) == IDLE
    taking.cancel()
    assert all(slow.values()), "no answer had to wait"
    dut.s_axil_bready.value = 1
    dut.s_axil_rready.value = 1
    await ClockCycles(dut.clk, 6)
    assert not int(dut.s_axil_bvalid.value) and not int(dut.s_axil_rvalid.value), "an answer came twice"
    assert not int(dut.active.value)


@cocotb.test()
async def slots_hold_what_they_are_built_for(dut: Any) -> None:
    """A kernel that is not light answers in the full slots only; nothing answers behind the last slot."""
    bench = await Bench.create(dut)
    for kernel in (VADD, PROBE_CHAIN):
        await bench.configure([kernel] * SLOTS)
        for slot in sorted({0, FULL - 1, FULL, SLOTS // 2, SLOTS - 1} & set(range(SLOTS))):
            found = await bench.read(at(slot, cu_probe.CTRL))
            assert found == (IDLE if slot < FULL else None), (kernel, slot)
            assert await bench.write(at(slot, cu_probe.GIE), 0) == (slot < FULL)
    await bench.configure([PROBE] * SLOTS)
    for address in (at(SLOTS, cu_probe.CTRL), CU - 4, CU + (1 << 23), 0):
        assert await bench.read(address) is None, hex(address)
        assert not await bench.write(address, 1), hex(address)
    assert await bench.read(at(SLOTS - 1, cu_probe.CTRL)) == IDLE


@cocotb.test()
async def a_new_content_starts_anew(dut: Any) -> None:
    """Registers and runs do not survive a reconfiguration, nor do interrupts; other kernels may follow."""
    bench = await Bench.create(dut)
    last = SLOTS - 1
    await bench.configure([PROBE] * SLOTS)
    assert await bench.write(at(last, cu_probe.TOKEN), 5)
    assert await bench.write(at(last, cu_probe.CONTROL), 1)
    assert await bench.write(at(last, cu_probe.CTRL), 1)
    await bench.configure([PROBE] * last + [0])
    assert await bench.read(at(last, cu_probe.CTRL)) is None
    await bench.configure([0] * last + [PROBE])
    assert await bench.read(at(last, cu_probe.CTRL)) == IDLE
    assert await bench.read(at(last, cu_probe.TOKEN)) == 0
    assert last == 0 or await bench.read(at(0, cu_probe.CTRL)) is None
    dut.region_rst.value = 1
    assert await bench.read(at(last, cu_probe.CTRL)) is None
    dut.region_rst.value = 0
    assert await bench.read(at(last, cu_probe.CTRL)) == IDLE


@cocotb.test()
async def idle_slots_have_no_clock(dut: Any) -> None:
    """While one slot is accessed and runs, no other slot's kernels and no other group get a clock edge."""
    if SLOTS <= 16:
        return
    bench = await Bench.create(dut)
    await bench.configure([PROBE] * SLOTS)
    counts = dict.fromkeys(("group", "slot", "own"), 0)

    async def count(name: str, clock: Any) -> None:
        while True:
            await RisingEdge(clock)
            counts[name] += 1

    second = dut.g_group[1]
    cocotb.start_soon(count("group", second.group_clk))
    first = dut.g_group[0].slots
    cocotb.start_soon(count("slot", first.g_slot[3].slot.slot_clk))
    cocotb.start_soon(count("own", first.g_slot[5].slot.slot_clk))
    assert await bench.write(at(5, cu_probe.DELAY), 50)
    assert await bench.write(at(5, cu_probe.CTRL), 1)
    await ClockCycles(dut.clk, 300)
    assert await bench.read(at(5, cu_probe.RUNS)) == 1
    assert (counts["group"], counts["slot"]) == (0, 0)
    assert 50 < counts["own"] < 300, "the busy slot has one, and only while it is busy"


@cocotb.test()
async def every_output_is_garbage_while_loading(dut: Any) -> None:
    """Each interrupt line and each output of the ports moves while the region is reconfigured."""
    bench = await Bench.create(dut)
    await bench.configure([PROBE] * SLOTS)
    dut.cfg_loading.value = 1
    dut.cfg_valid.value = 0
    seen = dict.fromkeys(("cu_irq", "s_axil_rdata", "m_axi_awaddr", "m_axi_wdata", "m_axi_araddr"), 0)
    for _ in range(200):
        await FallingEdge(dut.clk)
        for name in seen:
            seen[name] |= int(getattr(dut, name).value)
    for name, bits in seen.items():
        assert bits == (1 << len(getattr(dut, name))) - 1, name
    dut.cfg_loading.value = 0
    await FallingEdge(dut.clk)
    assert int(dut.cu_irq.value) == 0
