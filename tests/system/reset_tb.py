# SPDX-License-Identifier: Apache-2.0
"""Hot resets of a card at rest and of one with all kinds of things under way."""

from __future__ import annotations

import errno
import struct
from collections.abc import Sequence
from typing import Any

import cocotb

from pydriver.platform import HOT_RESET_NS, LINK_UP_NS
from pydriver.regs import (
    RegBlock,
    Register,
    Window,
    axi_gate,
    calib_gpio,
    cfg_gpio,
    cu_ctrl,
    cu_intc,
    cu_memcopy,
    cu_vadd,
    ert_csr,
    hwicap,
    irq_block,
    mailbox,
    mb_reset_gpio,
    mgmt_bar,
    user_bar,
    user_mem_bar,
)
from pydriver.xrt import Device
from tb.cocotb_util import seeded_random
from tb.hosts.config_space import BAR0, COMMAND, MSIX_CAP, MSIX_ENABLE, PCIE_CAP
from tb.platform import SimFunction
from tests.system.rig import ALL_ONES, CU, DEMO, Rig, run_vadd, stream
from tests.unit.rig import raises

MAILBOX_IRQ = 11
MAILBOX_VECTOR = 11
SOON_NS = 50_000
# Reading it pops what is not there: unknown data on a simulator that has such.
SKIPPED = (hwicap.RF, *ert_csr.CUISR_LUT)
MGMT_BLOCKS = (
    (mgmt_bar.HWICAP, hwicap.REGISTERS),
    (mgmt_bar.AXI_GATE, axi_gate.REGISTERS),
    (mgmt_bar.CALIB_GPIO, calib_gpio.REGISTERS),
    (mgmt_bar.MB_RESET_GPIO, mb_reset_gpio.REGISTERS),
    (mgmt_bar.MAILBOX, mailbox.REGISTERS),
)
USER_BLOCKS = (
    (user_bar.MAILBOX, mailbox.REGISTERS),
    (user_bar.ERT_CSR, ert_csr.REGISTERS),
    (user_bar.ERT_CFG_GPIO, cfg_gpio.REGISTERS),
    (user_bar.CU_INTC[3], cu_intc.REGISTERS),
    (user_bar.KDMA, cu_memcopy.REGISTERS),
)
IRQ_BAR = Window("IRQ", 0, 0x10000, "")
IRQ_REGISTERS = [
    register
    for register in irq_block.REGISTERS
    if register not in (*irq_block.MSIX_ADDR_LO, *irq_block.MSIX_ADDR_HI, *irq_block.MSIX_DATA)
]

Blocks = Sequence[tuple[Window, Sequence[Register]]]


async def snapshot(rig: Rig) -> dict[str, int]:
    """Every register of both functions that a reset defines."""
    values = {}
    for function, blocks in ((rig.mgmt_function, MGMT_BLOCKS), (rig.user_function, USER_BLOCKS)):
        places: list[tuple[int, Blocks]] = [(0, blocks), (2, [(IRQ_BAR, IRQ_REGISTERS)])]
        for bar, blocks_of_bar in places:
            for window, registers in blocks_of_bar:
                block = RegBlock(function.bars[bar], window)
                chosen = [register for register in registers if register not in SKIPPED]
                for register, value in zip(chosen, await block.read_many(chosen), strict=True):
                    values[f"{function.name} {window.name} {register.name} {register.offset:#x}"] = value
    return values


async def configuration(function: SimFunction) -> dict[int, int]:
    """What the kernel restores."""
    return {at: await function.config_read32(at) for at in (*range(0, 0x40, 4), PCIE_CAP + 8)}


async def disturb(rig: Rig) -> None:
    """Something else in as many registers as possible."""
    bar, irqs = rig.mgmt_function.bars[0], rig.mgmt_function.bars[2]
    for block, writes in (
        (mgmt_bar.AXI_GATE, [(axi_gate.WR, 3)]),
        (mgmt_bar.MB_RESET_GPIO, [(mb_reset_gpio.DATA, 1)]),
        (mgmt_bar.HWICAP, [(hwicap.IER, 15), (hwicap.GIER, 1 << 31), (hwicap.SZ, 77), (hwicap.WF, 1)]),
        (mgmt_bar.MAILBOX, [(mailbox.SIT, 3), (mailbox.RIT, 2), (mailbox.IE, 7), (mailbox.WRDATA, 9)]),
    ):
        await RegBlock(bar, block).write_many(writes)
    user = RegBlock(rig.user_function.bars[0], user_bar.MAILBOX)
    await user.write_many([(mailbox.SIT, 1), (mailbox.IE, 4), *[(mailbox.WRDATA, n) for n in range(40)]])
    await rig.user_function.bars[0].write32(user_bar.ERT_CSR.base + ert_csr.CQ_STATUS1.offset, 0x55)
    for window, writes in (
        (user_bar.ERT_CFG_GPIO, [(cfg_gpio.CONTROL, 3)]),
        (user_bar.CU_INTC[3], [(cu_intc.ISR, 0xF0), (cu_intc.IER, 0xAA), (cu_intc.MER, 3)]),
        (user_bar.KDMA, [(cu_memcopy.IER, 3), (cu_memcopy.SRC_LO, 0x1234)]),
    ):
        await RegBlock(rig.user_function.bars[0], window).write_many(writes)
    for function in (rig.mgmt_function, rig.user_function):
        await function.enable_msix()
        await function.bars[2].write32(irq_block.USR_ENABLE.offset, 0xFFFF)
        await function.bars[2].write32(irq_block.USR_VECTOR[2].offset, 0x0B0A0908)
    await irqs.read32(irq_block.IRQ_ID.offset)
    await rig.clock.sleep_ns(1000)


@cocotb.test(timeout_time=10, timeout_unit="sec")
async def registers_are_those_of_a_fresh_card(dut: Any) -> None:
    rig = await Rig.power_on(dut, max_payload=1, max_read_request=3)
    fresh = await snapshot(rig)
    kept = [await configuration(function) for function in rig.platform.functions.values()]
    for _ in range(2):
        await disturb(rig)
        disturbed = await snapshot(rig)
        changed = [name for name, value in disturbed.items() if value != fresh[name]]
        assert len(changed) > 70, "the test would not see much"
        cycles, before = int(dut.clock.cycles.value), rig.clock.now_ns()
        await rig.platform.hot_reset()
        assert rig.clock.now_ns() - before == HOT_RESET_NS + LINK_UP_NS
        assert 4 <= int(dut.clock.cycles.value) - cycles < 60, "the card saw it, and the clock stopped"
        assert [await configuration(function) for function in rig.platform.functions.values()] == kept
        assert await snapshot(rig) == fresh
        for function in rig.platform.functions.values():
            assert not await function.config_read32(MSIX_CAP) & MSIX_ENABLE
    assert not rig.host.errors
    assert int(dut.host.x_max_payload.value) == 1 and int(dut.host.x_max_read_request.value) == 3


@cocotb.test(timeout_time=10, timeout_unit="sec")
async def interrupts_come_back_when_enabled_again(dut: Any) -> None:
    rig = await Rig.power_on(dut)
    function = rig.mgmt_function
    block = RegBlock(function.bars[0], mgmt_bar.MAILBOX)
    event = function.msix_event(MAILBOX_VECTOR)

    async def cause() -> bool:
        """A word from the user function; whether the interrupt came."""
        event.clear()
        await block.write(mailbox.IE, mailbox.IE.RTI.mask)
        await function.bars[2].write32(irq_block.USR_ENABLE.offset, 1 << MAILBOX_IRQ)
        await function.bars[2].write32(irq_block.USR_VECTOR[2].offset, 0x0B0A0908)
        # The word goes another way inside the card and would be faster.
        await function.bars[2].read32(irq_block.USR_VECTOR[2].offset)
        await rig.user_function.bars[0].write32(user_bar.MAILBOX.base + mailbox.WRDATA.offset, 1)
        arrived = await event.wait(SOON_NS)
        await block.read(mailbox.RDDATA)
        await block.write(mailbox.IS, 7)
        return arrived

    await function.enable_msix()
    assert await cause()
    await rig.platform.hot_reset()
    assert not await cause(), "MSI-X is off"
    assert await function.enable_msix() == 32
    assert await cause()


@cocotb.test(timeout_time=10, timeout_unit="sec")
async def nothing_answers_meanwhile(dut: Any) -> None:
    rig = await Rig.power_on(dut)
    bar, memory = rig.mgmt_function.bars[0], rig.user_function.bars[4]
    sit = mgmt_bar.MAILBOX.base + mailbox.SIT.offset
    await memory.write(user_mem_bar.DDR0.base, bytes(64))
    begin = rig.clock.now_ns()
    reset = rig.clock.spawn(rig.platform.hot_reset())
    for at in (1, 100, HOT_RESET_NS // 2, HOT_RESET_NS + 100, HOT_RESET_NS + LINK_UP_NS - 1):
        await rig.clock.sleep_ns(begin + at - rig.clock.now_ns())
        assert await bar.read32(mgmt_bar.FEATURE_ROM.base) == ALL_ONES
        assert await bar.read32s([mgmt_bar.FEATURE_ROM.base] * 3) == [ALL_ONES] * 3
        assert await memory.read(user_mem_bar.DDR0.base, 5000) == b"\xff" * 5000
        await bar.write32(sit, 3)
        await memory.write(user_mem_bar.DDR0.base, b"lost")
        assert await rig.user_function.config_read32(0) == ALL_ONES
        await rig.user_function.config_write32(COMMAND, 0)
        with raises(errno.EAGAIN, "reset already"):
            await rig.platform.hot_reset()
        assert not reset.done() and rig.clock.now_ns() == begin + at, "a dead link answers at once"
    await reset.join()
    assert rig.clock.now_ns() == begin + HOT_RESET_NS + LINK_UP_NS
    assert await bar.read32(mgmt_bar.FEATURE_ROM.base) == 0x786E6C78
    assert await bar.read32(sit) == 0
    assert await rig.user_function.config_read32(COMMAND) & 6 == 6
    assert await memory.read(user_mem_bar.DDR0.base, 4) != b"lost"


@cocotb.test(timeout_time=60, timeout_unit="sec")
async def outstanding_requests_end(dut: Any) -> None:
    """A reset at any moment of a transfer: it ends, at once, with its data or with all ones."""
    rig = await Rig.power_on(dut)
    rng = seeded_random("outstanding")
    bar, memory = rig.mgmt_function.bars[0], rig.user_function.bars[4]
    base = user_mem_bar.DDR0.base
    data = rng.randbytes(8192)
    rom = mgmt_bar.FEATURE_ROM.base
    await memory.write(base, data)
    outcomes = set()

    async def dword() -> Sequence[int]:
        return [await bar.read32(rom)]

    async def vector() -> Sequence[int]:
        return await bar.read32s([rom] * 64)

    async def behind_the_gate() -> Sequence[int]:
        return [await rig.user_function.bars[0].read32(CU[0]), ALL_ONES]

    async def block_read() -> bytes:
        return await memory.read(base, len(data))

    async def block_write() -> bytes:
        await memory.write(base, data)
        return b""

    # How long each runs, so that the reset hits all parts of it.
    lengths = {dword: 300, vector: 3000, behind_the_gate: 600, block_read: 5000, block_write: 5000}
    for work, length in lengths.items():
        for delay in sorted([0, 4, *(rng.randrange(length) for _ in range(4))]):
            task = rig.clock.spawn(work())
            others = [rig.clock.spawn(dword()) for _ in range(2)]
            if delay:
                await rig.clock.sleep_ns(delay)
            done = task.done()
            begin = rig.clock.now_ns()
            reset = rig.clock.spawn(rig.platform.hot_reset())
            await rig.clock.sleep_ns(200)
            assert all(one.done() for one in (task, *others)), f"{work.__name__} still waits after {delay} ns"
            result = await task.join()
            if isinstance(result, bytes):
                assert all(got in (wanted, 0xFF) for got, wanted in zip(result, data, strict=False))
                outcomes.add((work.__name__, b"\xff" * 128 in result))
            else:
                assert set(result) <= {0x786E6C78, ALL_ONES}
                outcomes.add((work.__name__, ALL_ONES in result))
            assert done <= (not isinstance(result, bytes) or b"\xff" * 128 not in result)
            await reset.join()
            assert rig.clock.now_ns() == begin + HOT_RESET_NS + LINK_UP_NS
            # Whole and in order again, nothing left from before.
            assert await vector() == [0x786E6C78] * 64
            await memory.write(base, data)
            assert await memory.read(base, 5000) == data[:5000]
    wanted = {("dword", True), ("vector", True), ("block_read", True)}
    assert wanted <= outcomes, f"only seen: {outcomes}"
    assert not rig.host.unexpected_completions


async def half_a_stream(rig: Rig) -> None:
    """The first words of a configuration stream, some of them still in the FIFO."""
    port = RegBlock(rig.mgmt_function.bars[0], mgmt_bar.HWICAP)
    words = struct.unpack(f">{len(DEMO_STREAM) // 4}I", DEMO_STREAM)
    half = len(words) * 2 // 3
    for start in range(0, half, 32):
        await port.write_many([(hwicap.WF, word) for word in words[start : min(start + 32, half)]])
        await port.write(hwicap.CR, hwicap.CR.WRITE.mask)
        await port.read(hwicap.CR)
    await port.write_many([(hwicap.WF, word) for word in words[half : half + 20]])


DEMO_STREAM = stream()


@cocotb.test(timeout_time=10, timeout_unit="sec")
async def a_half_programmed_region_is_empty(dut: Any) -> None:
    rig = await Rig.power_on(dut)
    await half_a_stream(rig)
    port = RegBlock(rig.mgmt_function.bars[0], mgmt_bar.HWICAP)
    room = await port.read(hwicap.WFV)
    gate = RegBlock(rig.mgmt_function.bars[0], mgmt_bar.AXI_GATE)

    async def spoilt() -> bool:
        """Open the gate; whether frames are being loaded behind it."""
        await gate.write(axi_gate.WR, 3)
        await gate.read(axi_gate.RD)
        return bool(int(dut.monitor.spoiled.value))

    assert await spoilt()
    await rig.platform.hot_reset()
    assert await port.read(hwicap.WFV) == room + 20
    assert not await spoilt()
    assert await rig.cu_control(0) == ALL_ONES, "no kernel there"
    await gate.write(axi_gate.WR, 0)
    # The card comes alive in the same simulation.
    _, device = await rig.loaded()
    await run_vadd(device, device.driver.bitstream.uuid)


async def remove(*drivers: Any) -> None:
    for driver in drivers:
        await driver.remove()


@cocotb.test(timeout_time=20, timeout_unit="sec")
async def a_running_card_starts_again(dut: Any) -> None:
    """Kernel at work, firmware running, transfer under way, gate open; then the same with the gate closed."""
    rig = await Rig.power_on(dut)
    for closed in (False, True):
        mgmt, device = await rig.loaded()
        await run_vadd(device, device.driver.bitstream.uuid)
        user = device.driver
        assert rig.card.processor.running
        bar = rig.user_function.bars[0]
        await mgmt.microblaze._reset(0)
        for register, value in ((cu_vadd.A_LO, 0), (cu_vadd.N, 4096)):
            await bar.write32(CU[0] + register.offset, value)
        await bar.write32(CU[0] + cu_ctrl.CTRL.offset, 1)
        await bar.read32(CU[0] + cu_ctrl.GIE.offset)
        assert int(dut.card.u_region.slot_active.value) & 1, "at work"
        await mgmt.microblaze._reset(1)
        await rig.clock.sleep_ns(3000)
        if closed:
            await mgmt.gate.freeze()
        transfer = rig.clock.spawn(rig.user_function.bars[4].read(user_mem_bar.DDR0.base, 65536))
        await rig.clock.sleep_ns(2000)
        assert not transfer.done()
        reset = rig.clock.spawn(rig.platform.hot_reset())
        await rig.clock.sleep_ns(1000)
        assert rig.card.processor.running is None, "the processor is held"
        await reset.join()
        assert not int(dut.card.u_region.slot_active.value), "nothing works or asks for the clock"
        assert rig.card.processor.running is None, "until the driver releases it"
        assert [event[1:] for event in rig.events if event[1] == "mb"][-1] == ("mb", "held in reset")
        assert transfer.done()
        await remove(user, mgmt)
    mgmt, device = await rig.loaded()
    await run_vadd(device, device.driver.bitstream.uuid)


@cocotb.test(timeout_time=10, timeout_unit="sec")
async def resets_in_a_row(dut: Any) -> None:
    rig = await Rig.power_on(dut)
    for _ in range(3):
        await rig.platform.hot_reset()
    mgmt, user = await rig.drivers()
    device = Device.attach(user)
    uuid = await device.load_xclbin(DEMO)
    await run_vadd(device, uuid)
    await remove(user, mgmt)
    bars = [await rig.mgmt_function.config_read32(BAR0), await rig.user_function.config_read32(BAR0)]
    await rig.platform.hot_reset()
    assert bars == [await rig.mgmt_function.config_read32(BAR0), await rig.user_function.config_read32(BAR0)]
