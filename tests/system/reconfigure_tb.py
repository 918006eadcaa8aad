# SPDX-License-Identifier: Apache-2.0
"""Other kernels in the slots, slots that lose theirs, reloads, and a gate left open."""

from __future__ import annotations

import errno

import cocotb

from pydriver.regs import RegBlock, axi_gate, ert_csr, mb_bus, mgmt_bar
from pydriver.xrt import Kernel
from tests.system.rig import ALL_ONES, CU, DEMO, Rig, bit, run_reduce, run_vadd, stream
from tests.unit.rig import raises
from tools.image import ComputeUnit
from tools.mkxclbin import make_xclbin

AP_IDLE = 4


def swapped_image() -> bytes:
    """An image with reduce in slot 0 and one vadd in slot 2; slot 1 loses its kernel."""
    units = [ComputeUnit("reduce", slot=0, memory="bank1"), ComputeUnit("vadd", slot=2)]
    return make_xclbin(units, bitstream=stream((2, 0, 1, 0)), mirror=False)


@cocotb.test(timeout_time=10, timeout_unit="sec")
async def other_kernels_in_the_slots(dut) -> None:
    rig = await Rig.power_on(dut)
    _, device = await rig.loaded()
    first = device.driver.bitstream.uuid
    for name in ("vadd:{vadd_1}", "vadd:{vadd_2}"):
        await run_vadd(device, first, name=name)
    await run_reduce(device, first)
    second = await device.load_xclbin(swapped_image())
    assert second != first
    assert [cu.address for cu in device.driver.kds.cus] == [CU[0], CU[2]]
    await run_vadd(device, second)
    await run_reduce(device, second)
    with raises(errno.EINVAL):
        await Kernel.open(device, second, "vadd:{vadd_2}")
    assert await rig.cu_control(0) & AP_IDLE
    # The slot that lost its kernel does not answer, and the guard then holds the region like a tripped
    # firewall: everything behind it fails until the gate was closed.
    errors = len(rig.host.errors)
    assert await rig.cu_control(1) == ALL_ONES
    assert await rig.cu_control(0) == ALL_ONES
    assert len(rig.host.errors) == errors + 2
    third = await device.load_xclbin(DEMO)
    assert third == first
    for name in ("vadd:{vadd_1}", "vadd:{vadd_2}"):
        await run_vadd(device, third, name=name)
    await run_reduce(device, third)


@cocotb.test(timeout_time=10, timeout_unit="sec")
async def reload_only_by_force(dut) -> None:
    rig = await Rig.power_on(dut)
    mgmt, device = await rig.loaded()
    uuid = device.driver.bitstream.uuid
    writes = rig.hwicap_writes()
    assert await device.load_xclbin(DEMO) == uuid
    assert rig.hwicap_writes() == writes, "the same image again is nothing to do"
    assert await device.load_xclbin(DEMO, force=True) == uuid
    assert rig.hwicap_writes() > writes + 90, "forced: programmed again"
    await run_vadd(device, uuid)
    # The user driver forgot, the management driver has the image: nothing is programmed either.
    writes = rig.hwicap_writes()
    device.driver.bitstream.uuid = bytes(16)
    assert await device.load_xclbin(DEMO) == uuid
    assert rig.hwicap_writes() == writes
    assert mgmt.downloader.bitstream.uuid == uuid
    await run_vadd(device, uuid)


@cocotb.test(timeout_time=10, timeout_unit="sec")
async def gate_left_open_is_seen(dut) -> None:
    """The ICAP driven by hand: frames loaded behind an open gate disturb what looks at the region."""
    rig = await Rig.power_on(dut)
    mgmt, device = await rig.loaded()
    uuid = device.driver.bitstream.uuid
    gate = RegBlock(rig.mgmt_function.bars[0], mgmt_bar.AXI_GATE)
    bus = rig.card.processor.bus
    await run_vadd(device, uuid)
    await mgmt.microblaze._reset(0)
    await bus.write32(mb_bus.ERT_CSR.base + ert_csr.CU_ISR_ENABLE.offset, 1)
    status = mb_bus.ERT_CSR.base + ert_csr.CU_STATUS0.offset
    await bus.read32(status)

    async def looks() -> tuple[list[int], int]:
        """Reads of a unit's CTRL, and the interrupts that the scheduler's CSR saw."""
        values = [await rig.cu_control(0) for _ in range(8)]
        return values, await bus.read32(status)

    # The right way: closed gate, nothing but the guard's error, no interrupt.
    await mgmt.gate.freeze()
    with raises(errno.ETIMEDOUT):
        await mgmt.icap.program(bit(truncate=True))
    values, interrupts = await looks()
    assert values == [ALL_ONES] * 8 and interrupts == 0
    await mgmt.icap.program(bit())
    await mgmt.gate.free()
    values, interrupts = await looks()
    assert values == [AP_IDLE] * 8 and interrupts == 0
    assert not int(dut.monitor.spoiled.value)
    # The wrong way.
    assert await gate.read(axi_gate.RD) == 3
    with raises(errno.ETIMEDOUT):
        await mgmt.icap.program(bit(truncate=True))
    values, interrupts = await looks()
    cocotb.log.info("gate open: CTRL %s, interrupts %#x", " ".join(f"{v:x}" for v in values), interrupts)
    assert set(values) - {ALL_ONES, AP_IDLE}, "reads of the region give garbage"
    assert interrupts, "units that do not exist interrupt"
    assert int(dut.monitor.spoiled.value), "the protocol checkers behind the region had to look away"
    # A download in the right order makes all of it good again.
    await mgmt.microblaze._reset(1)
    device.driver.bitstream.uuid = bytes(16)
    assert await device.load_xclbin(DEMO, force=True) == uuid
    await run_vadd(device, uuid)
    await run_reduce(device, uuid)
