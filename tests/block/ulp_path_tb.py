# SPDX-License-Identifier: Apache-2.0
"""The dynamic region behind its isolation: slots, reconfiguration garbage, a gate closing at any moment."""

from __future__ import annotations

import os
from typing import Any

import cocotb
from cocotb.triggers import ClockCycles, FallingEdge, RisingEdge, with_timeout
from cocotb_coverage.coverage import CoverPoint, coverage_db
from cocotbext.axi import AxiBus, AxiMaster

from pydriver.regs import cu_reduce, cu_vadd
from tb.cocotb_util import reset, seeded_random, start_clock
from tests.models import kernels
from tests.models.memory import BANKS

CU = 0x180_0000
STRIDE = 0x1_0000
NONE, VADD, REDUCE = 0, 1, 2
DDR0, DDR1 = BANKS["ddr0"][0], BANKS["ddr1"][0]
DONE, IDLE = 2, 4
WORD = 32
# What moves while the region loads, and what must not: the same behind the isolation.
REGION = ("raw_irq", "s_axi_awvalid", "s_axi_arvalid", "s_axil_rvalid", "s_axil_bvalid", "s_axil_arready")
BEHIND = ("irq", "m_axi_awvalid", "m_axi_wvalid", "m_axi_arvalid")


class Bench:
    """The region with helpers for its control port, its configuration and the memory behind it."""

    def __init__(self, dut: Any) -> None:
        self.dut = dut
        self.rng = seeded_random("ulp_path")
        self.host = AxiMaster(AxiBus.from_prefix(dut, "h_axi"), dut.clk, dut.rst, max_burst_len=16)
        for interface in (self.host.write_if, self.host.read_if):
            interface.log.setLevel("WARNING")

    @classmethod
    async def create(cls, dut: Any, slots: list[int] | None = None) -> Bench:
        """After reset; with `slots` configured and the gate open, else empty and closed."""
        dut.rst.value = 1
        for name in ("awaddr", "awvalid", "wdata", "wstrb", "wvalid", "araddr", "arvalid"):
            getattr(dut, f"s_axil_{name}").value = 0
        dut.s_axil_bready.value = 1
        dut.s_axil_rready.value = 1
        dut.isolate.value = 1
        dut.cfg_loading.value = 0
        dut.cfg_valid.value = 0
        dut.cfg_slot_kernel.value = 0
        dut.memory_stall.value = 0
        dut.check.value = 1
        start_clock(dut.clk)
        await ClockCycles(dut.clk, 3)
        bench = cls(dut)
        await reset(dut)
        if slots is not None:
            await bench.configure(slots)
            await bench.gate(open_it=True)
        return bench

    async def gate(self, open_it: bool) -> None:
        await FallingEdge(self.dut.clk)
        self.dut.isolate.value = int(not open_it)
        await ClockCycles(self.dut.clk, 4)

    async def configure(self, slots: list[int], cycles: int = 30) -> None:
        """A configuration that loads for some cycles."""
        await FallingEdge(self.dut.clk)
        self.dut.cfg_loading.value = 1
        self.dut.cfg_valid.value = 0
        await ClockCycles(self.dut.clk, cycles)
        await FallingEdge(self.dut.clk)
        self.dut.cfg_slot_kernel.value = int.from_bytes(bytes(slots), "little")
        self.dut.cfg_loading.value = 0
        self.dut.cfg_valid.value = 1
        await ClockCycles(self.dut.clk, 3)

    async def read(self, address: int, patience: int = 100) -> int | None:
        """A read; None (request taken back) when nothing answers for `patience` cycles."""
        dut = self.dut
        await FallingEdge(dut.clk)
        dut.s_axil_araddr.value = address
        dut.s_axil_arvalid.value = 1
        accepted = False
        for _ in range(patience):
            await RisingEdge(dut.clk)
            if accepted and int(dut.s_axil_rvalid.value):
                return int(dut.s_axil_rdata.value)
            if not accepted and int(dut.s_axil_arready.value):
                accepted = True
                dut.s_axil_arvalid.value = 0
        assert not accepted, f"request to {address:#x} taken, no answer"
        dut.s_axil_arvalid.value = 0
        return None

    async def write(self, address: int, value: int, patience: int = 100) -> bool:
        """A write; False (request taken back) when nothing answers for `patience` cycles."""
        dut = self.dut
        await FallingEdge(dut.clk)
        dut.s_axil_awaddr.value = address
        dut.s_axil_wdata.value = value
        dut.s_axil_wstrb.value = 15
        dut.s_axil_awvalid.value = 1
        dut.s_axil_wvalid.value = 1
        open_channels = {"aw", "w"}
        for _ in range(patience):
            await RisingEdge(dut.clk)
            if not open_channels and int(dut.s_axil_bvalid.value):
                return True
            for channel in sorted(open_channels):
                if int(getattr(dut, f"s_axil_{channel}ready").value):
                    open_channels.remove(channel)
                    getattr(dut, f"s_axil_{channel}valid").value = 0
        assert len(open_channels) == 2, f"half of a write to {address:#x} taken"
        dut.s_axil_awvalid.value = 0
        dut.s_axil_wvalid.value = 0
        return False

    def bank(self, address: int) -> tuple[Any, int]:
        """The memory array and index of a device address in one of the DDR banks."""
        if address >= DDR1:
            return self.dut.shared.memory.ddr1.mem, (address - DDR1) // WORD
        return self.dut.shared.memory.ddr0.mem, (address - DDR0) // WORD

    def load(self, address: int, data: bytes) -> None:
        """Put whole memory words in place without simulation time."""
        array, index = self.bank(address)
        for i in range(0, len(data), WORD):
            array[index + i // WORD].value = int.from_bytes(data[i : i + WORD], "little")

    def peek(self, address: int, length: int) -> bytes:
        array, index = self.bank(address)
        words = (int(array[index + i].value).to_bytes(WORD, "little") for i in range(length // WORD))
        return b"".join(words)

    async def start(self, slot: int, **registers: int) -> None:
        """Write arguments by register name (64-bit where there is a _HI), enable interrupts, start."""
        base = CU + STRIDE * slot
        block = cu_reduce if "IN" in registers else cu_vadd
        regs = {register.name: register.offset for register in block.REGISTERS}
        for name, value in registers.items():
            if f"{name}_LO" in regs:
                assert await self.write(base + regs[f"{name}_LO"], value & 0xFFFFFFFF)
                assert await self.write(base + regs[f"{name}_HI"], value >> 32)
            else:
                assert await self.write(base + regs[name], value)
        for name, value in (("GIE", 1), ("IER", 1), ("CTRL", 1)):
            assert await self.write(base + regs[name], value)

    async def finish(self, slot: int, patience: int = 4000) -> None:
        """Wait for the slot's interrupt, take done and clear the interrupt."""
        base = CU + STRIDE * slot
        for _ in range(patience):
            if int(self.dut.irq.value) >> slot & 1:
                break
            await FallingEdge(self.dut.clk)
        else:
            raise AssertionError(f"slot {slot} never finished")
        control = await self.read(base)
        assert control is not None and control & DONE
        assert await self.write(base + cu_vadd.ISR.offset, 1)
        assert not int(self.dut.irq.value) >> slot & 1

    async def drained(self, patience: int = 600) -> None:
        for _ in range(patience):
            await FallingEdge(self.dut.clk)
            if not int(self.dut.isolate_active.value):
                return
        raise AssertionError("the isolation never finished the open bursts")


def pattern(bench: Bench, count: int) -> bytes:
    return bench.rng.randbytes(4 * count)


@cocotb.test()
async def only_configured_slots_answer(dut: Any) -> None:
    """No configuration, empty slots, addresses beyond the slots, closed gate: no answer, no clock needed."""
    bench = await Bench.create(dut)
    for address in (CU, CU + STRIDE, CU + 3 * STRIDE):
        assert await bench.read(address) is None
        assert not await bench.write(address, 1)
    await bench.configure([VADD, NONE, REDUCE, NONE])
    assert await bench.read(CU) is None, "gate closed: the region is in reset"
    await bench.gate(open_it=True)
    answers = [await bench.read(CU + STRIDE * slot) for slot in range(4)]
    assert answers == [IDLE, None, IDLE, None]
    writes = [await bench.write(CU + STRIDE * slot + 0x10, slot) for slot in range(4)]
    assert writes == [True, False, True, False]
    for address in (CU + 4 * STRIDE, CU - 4, 0, 0xFFFF_FFFC, CU + (1 << 31)):
        assert await bench.read(address) is None, hex(address)
        assert not await bench.write(address, 1), hex(address)
    assert await bench.read(CU + 2 * STRIDE + 0x10) == 2, "slots do not mix"
    await ClockCycles(dut.clk, 3)
    assert not int(dut.active.value)


@cocotb.test()
async def kernels_share_the_memory(dut: Any) -> None:
    """Three slots run at once while the host uses the memory too; all results are right, interrupts too."""
    bench = await Bench.create(dut, [VADD, VADD, REDUCE, NONE])
    count = 300
    a, b, c = (pattern(bench, 304) for _ in range(3))
    for address, data in ((DDR0, a), (DDR0 + 0x2000, b), (DDR1, c)):
        bench.load(address, data)
    await bench.start(0, A=DDR0, B=DDR0 + 0x2000, OUT=DDR1 + 0x4000, N=count)
    await bench.start(1, A=DDR1, B=DDR0, OUT=DDR0 + 0x8004, N=count)
    await bench.start(2, IN=DDR1 + 8, OUT=DDR1 + 0x9018, N=count)
    note = bench.rng.randbytes(1500)
    await with_timeout(bench.host.write(DDR0 + 0x1_0003, note), 50, "us")
    got = await with_timeout(bench.host.read(DDR0 + 0x1_0003, len(note)), 50, "us")
    assert got.data == note
    for slot in range(3):
        await bench.finish(slot)
    words_a, words_b, words_c = (kernels.unpack(x) for x in (a, b, c))
    sums = kernels.pack(kernels.vadd(words_a[:count], words_b[:count]))
    assert bench.peek(DDR1 + 0x4000, 1216)[: 4 * count] == sums
    sums = kernels.pack(kernels.vadd(words_c[:count], words_a[:count]))
    got = await bench.host.read(DDR0 + 0x8000, 4 * count + 8)
    assert got.data == bytes(4) + sums + bytes(4)
    result = kernels.pack(kernels.reduce(words_c[2 : 2 + count]))
    got = await bench.host.read(DDR1 + 0x9014, 24)
    assert got.data == bytes(4) + result + bytes(4)
    await ClockCycles(dut.clk, 5)
    assert not int(dut.active.value)


@cocotb.test()
async def decode_errors_do_not_hang(dut: Any) -> None:
    """Pointers to nowhere: the kernels finish, the memory keeps its content."""
    bench = await Bench.create(dut, [VADD, REDUCE, NONE, NONE])
    bench.load(DDR0, b"\x11" * 64)
    await bench.start(0, A=0, B=DDR0, OUT=DDR0 + (16 << 20), N=200)
    await bench.start(1, IN=0x60_0000_0000, OUT=0x20, N=200)
    await bench.finish(0)
    await bench.finish(1)
    assert bench.peek(DDR0, 64) == b"\x11" * 64


async def watch_loading(bench: Bench, cycles: int) -> dict[str, int]:
    """Load for some cycles; in how many each signal was high."""
    dut = bench.dut
    names = (*REGION, *BEHIND)
    seen = dict.fromkeys(names, 0)
    dut.cfg_loading.value = 1
    dut.cfg_valid.value = 0
    for _ in range(cycles):
        await FallingEdge(dut.clk)
        for name in names:
            seen[name] += int(getattr(dut, name).value) != 0
    return seen


@cocotb.test()
async def closed_gate_stops_the_garbage(dut: Any) -> None:
    """While the region loads behind a closed gate, no interrupt and no memory request gets out."""
    bench = await Bench.create(dut, [VADD, NONE, NONE, NONE])
    note = bench.rng.randbytes(64)
    bench.load(DDR0, note)
    await bench.gate(open_it=False)
    seen = await watch_loading(bench, 400)
    for name in REGION:
        assert seen[name] > 100, f"{name} was quiet: there is no hazard to find"
    for name in BEHIND:
        assert seen[name] == 0, f"{name} got through the closed gate"
    dut.cfg_loading.value = 0
    await ClockCycles(dut.clk, 3)
    assert bench.peek(DDR0, 64) == note
    assert not int(dut.active.value)


@cocotb.test()
async def open_gate_shows_the_hazard(dut: Any) -> None:
    """A driver that forgets the gate gets false interrupts and stray memory requests."""
    bench = await Bench.create(dut, [VADD, NONE, NONE, NONE])
    dut.check.value = 0
    seen = await watch_loading(bench, 400)
    for name in BEHIND:
        assert seen[name] > 0, f"{name}: the hazard is hidden"
    # Closing the gate afterwards still cleans up: nothing stays stuck, the memory works.
    await bench.gate(open_it=False)
    await bench.drained(3000)
    await bench.configure([VADD, NONE, NONE, NONE])
    await bench.gate(open_it=True)
    dut.check.value = 1
    assert await bench.read(CU) == IDLE
    await with_timeout(bench.host.write(DDR0 + 0x100, b"after"), 20, "us")
    assert (await with_timeout(bench.host.read(DDR0 + 0x100, 5), 20, "us")).data == b"after"


def phase(dut: Any) -> str:
    """What the memory port of the region is doing."""
    if int(dut.isolation.wr_busy.value):
        if int(dut.m_axi_awvalid.value):
            return "address waits"
        return "write data" if int(dut.isolation.w_open.value) else "write response"
    if int(dut.isolation.rd_busy.value):
        return "read address waits" if int(dut.m_axi_arvalid.value) else "read data"
    return "idle"


PHASES = ["address waits", "write data", "write response", "read address waits", "read data", "idle"]


@CoverPoint("gate.phase", xf=lambda where, reopened: where, bins=PHASES)
@CoverPoint("gate.reopened_early", xf=lambda where, reopened: reopened, bins=[False, True])
def sample(where: str, reopened: bool) -> None:
    """Functional coverage of one gate closing."""


@cocotb.test()
async def gate_closes_in_a_burst(dut: Any) -> None:
    """At any moment of a run: the memory port stays clean, no false data, the region starts anew."""
    bench = await Bench.create(dut, [VADD, REDUCE, NONE, NONE])
    rng = bench.rng
    count = 256
    a, b = pattern(bench, count), pattern(bench, count)
    bench.load(DDR0, a)
    bench.load(DDR0 + 0x1000, b)
    sums = kernels.vadd(kernels.unpack(a), kernels.unpack(b))
    old = b"\xa5" * (4 * count)
    for number in range(int(os.environ.get("CLOSINGS", "60"))):
        bench.load(DDR1, old)
        await bench.start(0, A=DDR0, B=DDR0 + 0x1000, OUT=DDR1, N=count)
        if rng.random() < 0.5:
            await bench.start(1, IN=DDR0, OUT=DDR1 + 0x1000, N=count)
        wanted = rng.choice(PHASES)
        for cycle in range(rng.randrange(20, 160)):
            dut.memory_stall.value = int(rng.random() < 0.3)
            await FallingEdge(dut.clk)
            if cycle > 10 and phase(dut) == wanted and rng.random() < 0.3:
                break
        where = phase(dut)
        stalled = rng.random() < 0.5
        dut.memory_stall.value = int(stalled)
        dut.isolate.value = 1
        await ClockCycles(dut.clk, rng.randrange(1, 6))
        await FallingEdge(dut.clk)
        early = stalled and bool(int(dut.isolate_active.value)) and rng.random() < 0.7
        if not early:
            dut.memory_stall.value = 0
            await bench.drained()
        sample(where, early)
        await bench.gate(open_it=True)
        dut.memory_stall.value = 0
        message = f"closing {number} in phase '{where}'"
        for register in (cu_vadd.CTRL, cu_vadd.N, cu_vadd.GIE, cu_vadd.ISR):
            assert await bench.read(CU + register.offset) == register.reset, f"{message}: {register.name}"
        await bench.drained()
        got = kernels.unpack(bench.peek(DDR1, 4 * count))
        assert all(x in (0xA5A5A5A5, y) for x, y in zip(got, sums, strict=True)), message
        note = rng.randbytes(40)
        await with_timeout(bench.host.write(DDR1 + 0x3000, note), 20, "us")
        assert (await with_timeout(bench.host.read(DDR1 + 0x3000, 40), 20, "us")).data == note, message
        if number % 10 == 0:
            await bench.start(0, A=DDR0, B=DDR0 + 0x1000, OUT=DDR1, N=count)
            await bench.finish(0)
            assert bench.peek(DDR1, 4 * count) == kernels.pack(sums), message
    for name in ("gate.phase", "gate.reopened_early"):
        point = coverage_db[name]
        assert point.cover_percentage == 100, f"{name}: {point.detailed_coverage}"
    coverage_db.export_to_xml(os.path.join(os.environ.get("RUN_DIR", "."), "coverage.xml"))


@cocotb.test()
async def reconfiguration_forgets(dut: Any) -> None:
    """New content starts from reset, in the same slot and with the same kernel."""
    bench = await Bench.create(dut, [VADD, REDUCE, NONE, NONE])
    for slot in (0, 1):
        assert await bench.write(CU + STRIDE * slot + 0x28, 1000 + slot)
        assert await bench.write(CU + STRIDE * slot + cu_vadd.GIE.offset, 1)
        assert await bench.write(CU + STRIDE * slot + cu_vadd.ISR.offset, 1)
    assert int(dut.irq.value) == 3
    for slots in ([VADD, REDUCE, NONE, NONE], [REDUCE, VADD, NONE, VADD]):
        await bench.gate(open_it=False)
        await bench.configure(slots)
        await bench.gate(open_it=True)
        assert int(dut.irq.value) == 0
        for slot, kernel in enumerate(slots):
            for register in (cu_vadd if kernel == VADD else cu_reduce).REGISTERS:
                expected = register.reset if kernel else None
                got = await bench.read(CU + STRIDE * slot + register.offset)
                assert got == expected, f"slot {slot} {register.name}: {got}"
