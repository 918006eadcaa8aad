# SPDX-License-Identifier: Apache-2.0
"""The static region as a whole: who reaches what, engines on its interconnect, copy unit, interrupts."""

from __future__ import annotations

import logging
from typing import Any

import cocotb
from cocotb.triggers import ClockCycles, Timer
from cocotbext.axi import AxiBus, AxiLiteBus, AxiLiteMaster, AxiLiteRam, AxiRam, AxiResp

from pydriver.regs import (
    axi_gate,
    cfg_gpio,
    cu_intc,
    cu_memcopy,
    ert_csr,
    mb_bus,
    mb_intc,
    mgmt_bar,
    user_bar,
)
from tb.cocotb_util import reset, seeded_random, start_clock

MGMT, USER, MB = "mgmt", "user", "mb"
REGION_SIZE = 1 << 25
CU = user_bar.CU[0].base
GATE = mgmt_bar.AXI_GATE.base

# Who may reach what: written down once more, independent of the RTL's matrix. Addresses of the user and the
# management function's BAR 0, and of the scheduler's bus.
REACHABLE = {
    MGMT: {
        mgmt_bar.HWICAP, mgmt_bar.AXI_GATE, mgmt_bar.CALIB_GPIO, mgmt_bar.FEATURE_ROM, mgmt_bar.MB_RESET_GPIO,
        mgmt_bar.CMC_IMAGE, mgmt_bar.SCHED_IMAGE, mgmt_bar.ERT_CSR, mgmt_bar.ERT_CQ, mgmt_bar.MAILBOX,
    },
    USER: {
        user_bar.FEATURE_ROM, user_bar.ERT_CSR, user_bar.ERT_CQ, *user_bar.CU_INTC, user_bar.ERT_CFG_GPIO,
        user_bar.KDMA, user_bar.MAILBOX, *user_bar.CU[:128:16],
    },
    MB: {
        mb_bus.SCHED_IMAGE, mb_bus.ERT_CSR, mb_bus.ERT_CQ, *mb_bus.CU_INTC, mb_bus.ERT_CFG_GPIO, mb_bus.KDMA,
        mb_bus.INTC, *mb_bus.CU[:128:16],
        mgmt_bar.SCHED_IMAGE,  # its own image, also where management has it
    },
}  # fmt: skip


class Shell:
    """The static region with a master on each port, memory for the dynamic region and for the copy unit."""

    def __init__(self, dut: Any) -> None:
        self.dut = dut
        for name in ("cu_irq", "touch_ack", "mb_asleep"):
            getattr(dut, name).value = 0
        dut.calib_done.value = 1
        self.masters = {
            name: AxiLiteMaster(AxiLiteBus.from_prefix(dut, f"s_axil_{name}"), dut.clk, dut.rst)
            for name in (MGMT, USER, MB)
        }
        self.region = AxiLiteRam(
            AxiLiteBus.from_prefix(dut, "m_axil_ulp"), dut.clk, dut.rst, size=REGION_SIZE
        )
        self.memory = AxiRam(AxiBus.from_prefix(dut, "m_axi_kdma"), dut.clk, dut.rst, size=1 << 16)
        ends = (*self.masters.values(), self.region, self.memory)
        for part in [part for end in ends for part in (end.write_if, end.read_if)]:
            part.log.setLevel(logging.WARNING)

    @classmethod
    async def start(cls, dut: Any, gate_open: bool = True) -> Shell:
        dut.rst.value = 1
        await Timer(1, unit="ns")
        start_clock(dut.clk)
        await ClockCycles(dut.clk, 2)
        shell = cls(dut)
        await reset(dut)
        if gate_open:
            for step in ("RELEASING", "OPEN"):
                await shell.write(MGMT, GATE + axi_gate.WR.offset, axi_gate.WR.STATE.value(step))
        return shell

    async def read(self, master: str, address: int) -> int:
        answer = await self.masters[master].read(address, 4)
        assert answer.resp == AxiResp.OKAY, f"{master} reads 0x{address:X}: {answer.resp!r}"
        return int.from_bytes(answer.data, "little")

    async def write(self, master: str, address: int, value: int) -> None:
        answer = await self.masters[master].write(address, value.to_bytes(4, "little"))
        assert answer.resp == AxiResp.OKAY, f"{master} writes 0x{address:X}: {answer.resp!r}"

    async def csr(self, register: Any, value: int) -> None:
        await self.write(MB, mb_bus.ERT_CSR.base + register.offset, value)

    async def engines_on(self, units: int = 4) -> None:
        """What a dsa52 setup writes, slots of 512 bytes."""
        await self.csr(ert_csr.CQ_SLOT_SIZE, 128)
        await self.csr(ert_csr.NUM_CUS, units)
        for n in range(units):
            await self.csr(ert_csr.CUISR_LUT[n], (CU + 0x10000 * n) // 4)
        await self.csr(ert_csr.CU_DMA_ENABLE, 1)

    async def start_slot(self, slot: int, unit: int, arguments: list[int]) -> None:
        """A command for the unit at this address, and its copy started."""
        words = [3 << 28 | 5 + len(arguments) << 12 | 1, unit // 4, 0, 0, 0, 0, *arguments]
        for index, word in enumerate(words):
            await self.write(USER, user_bar.ERT_CQ.base + 512 * slot + 4 * index, word)
        await self.csr(ert_csr.CU_DMA0, 1 << slot)

    async def idle(self) -> None:
        while await self.read(MB, mb_bus.ERT_CSR.base + ert_csr.CUDMA_STATE.offset) != 1:
            pass

    def unit_word(self, address: int) -> int:
        return int.from_bytes(self.region.read(address, 4), "little")


@cocotb.test()
async def who_reaches_what(dut: Any) -> None:
    """Every block from every side: what is not in the table answers DECERR, reads and writes alike."""
    shell = await Shell.start(dut)
    blocks = {mem.base for module in (mgmt_bar, user_bar, mb_bus) for mem in module.WINDOWS}
    for name, master in shell.masters.items():
        reachable = {mem.base for mem in REACHABLE[name]}
        places = sorted(blocks if name == MB else {base for base in blocks if base < 1 << 25})
        for base in places:
            if base in reachable or (CU <= base < CU + 128 * 0x10000 and name != MGMT):
                await shell.read(name, base)
            else:
                for answer in (await master.read(base, 4), await master.write(base, bytes(4))):
                    assert answer.resp == AxiResp.DECERR, f"{name} reaches 0x{base:X}"


@cocotb.test()
async def engines_reach_units_only(dut: Any) -> None:
    """A slot that names neither a unit nor the copy unit changes nothing: the engine gets an error."""
    shell = await Shell.start(dut)
    await shell.engines_on()
    gate = GATE + axi_gate.RD.offset
    forbidden = [
        mem.base for mem in (*mgmt_bar.WINDOWS, *mb_bus.WINDOWS)
        if not CU <= mem.base < CU + 128 * 0x10000 and mem.base != mb_bus.KDMA.base and mem.base
    ]  # fmt: skip
    for base in forbidden:
        await shell.start_slot(0, base, [0])
        await shell.idle()
    assert await shell.read(MGMT, gate) == axi_gate.WR.STATE.value("OPEN")
    assert await shell.read(MGMT, mgmt_bar.MB_RESET_GPIO.base) == 0
    assert await shell.read(MB, mb_bus.ERT_CFG_GPIO.base) == 0
    # And with the real thing the engine still works.
    await shell.start_slot(1, CU + 0x20000, [0x1234])
    await shell.idle()
    assert shell.unit_word(CU + 0x20010) == 0x1234 and shell.unit_word(CU + 0x20000) == 1


@cocotb.test()
async def scheduler_polls_while_the_engine_copies(dut: Any) -> None:
    """The scheduler's polls overtake the copy on the interconnect: the unit looks idle, then started."""
    shell = await Shell.start(dut)
    await shell.engines_on()
    arguments = [seeded_random().getrandbits(32) for _ in range(40)]
    await shell.start_slot(0, CU, arguments)
    polls = []
    while not polls or polls[-1] != 1:
        polls.append(await shell.read(MB, CU))
        if polls[-1] == 1:
            assert [shell.unit_word(CU + 0x10 + 4 * i) for i in range(40)] == arguments
    assert polls.count(0) > 5, polls
    assert await shell.read(USER, CU + 0x10) == arguments[0]


@cocotb.test()
async def copy_unit(dut: Any) -> None:
    """Host, scheduler and engine use it at its address; it raises input 2 of the scheduler's controller."""
    shell = await Shell.start(dut)
    rng = seeded_random("kdma")
    data = rng.randbytes(4 * 64)
    shell.memory.write(0x1000, data)
    await shell.engines_on()
    await shell.write(MB, mb_bus.INTC.base + mb_intc.IER.offset, 1 << 2)
    await shell.write(MB, mb_bus.INTC.base + mb_intc.MER.offset, 3)
    await shell.write(MB, mb_bus.KDMA.base + cu_memcopy.GIE.offset, 1)
    await shell.write(USER, user_bar.KDMA.base + cu_memcopy.IER.offset, 1)
    first, last = cu_memcopy.SRC_LO.offset, cu_memcopy.SIZE_LO.offset
    registers = dict.fromkeys(range(first, last + 4, 4), 0)
    registers |= {first: 0x1000, cu_memcopy.DST_LO.offset: 0x4000, last: 4}
    await shell.start_slot(0, mb_bus.KDMA.base, list(registers.values()))
    for _ in range(2000):
        if int(dut.mb_irq.value):
            break
        await ClockCycles(dut.clk, 1)
    assert int(dut.mb_irq.value) == 1
    assert await shell.read(MB, mb_bus.INTC.base + mb_intc.IPR.offset) == 1 << 2
    assert shell.memory.read(0x4000, len(data)) == data
    # The scheduler's handler: read CTRL, clear ISR, acknowledge.
    assert await shell.read(MB, mb_bus.KDMA.base) & 2
    await shell.write(MB, mb_bus.KDMA.base + cu_memcopy.ISR.offset, 1)
    await shell.write(MB, mb_bus.INTC.base + mb_intc.IAR.offset, 1 << 2)
    await ClockCycles(dut.clk, 4)
    assert int(dut.mb_irq.value) == 0 and int(dut.busy.value) == 0


@cocotb.test()
async def who_gets_the_interrupts(dut: Any) -> None:
    """CU_TO_HOST: host interrupt n from controller n instead of STATUSn; both sides use the controllers."""
    shell = await Shell.start(dut)
    await shell.csr(ert_csr.HOST_INTERRUPT_ENABLE, 1)
    await shell.csr(ert_csr.STATUS1, 1)
    await shell.write(USER, user_bar.CU_INTC[0].base + cu_intc.IER.offset, 0b100)
    await shell.write(MB, mb_bus.CU_INTC[0].base + cu_intc.MER.offset, 3)
    dut.cu_irq.value = 0b100
    await ClockCycles(dut.clk, 4)
    control = user_bar.ERT_CFG_GPIO.base + cfg_gpio.CONTROL.offset
    for value, irq in ((0, 0b10), (cfg_gpio.CONTROL.CU_TO_HOST.mask, 0b01), (0, 0b10)):
        await shell.write(USER, control, value)
        await ClockCycles(dut.clk, 2)
        assert int(dut.ert_host_irq.value) == irq
    assert await shell.read(MB, mb_bus.CU_INTC[0].base + cu_intc.IPR.offset) == 0b100
    dut.cu_irq.value = 0
    await shell.write(USER, user_bar.CU_INTC[0].base + cu_intc.IAR.offset, 0b100)
    assert await shell.read(USER, user_bar.CU_INTC[0].base + cu_intc.ISR.offset) == 0
    dut.mb_asleep.value = 1
    assert await shell.read(USER, user_bar.ERT_CFG_GPIO.base + cfg_gpio.STATUS.offset) == 1
    await shell.write(USER, control, cfg_gpio.CONTROL.WAKE.mask)
    assert int(dut.mb_wake.value) == 1
