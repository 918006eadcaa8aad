# SPDX-License-Identifier: Apache-2.0
"""A card full of compute units: each configured through two frames, reached, started and heard."""

from __future__ import annotations

import cocotb

from pydriver.regs import cu_probe
from tests.system.rig import CU, Rig, run_vadd
from tools.bitgen import build_stream
from tools.image import ComputeUnit, Image, place, slot_kernels
from tools.mkxclbin import make_xclbin

IDLE, DONE = 4, 2


def packed(units: list[ComputeUnit]) -> bytes:
    """The image with as little as possible to carry through the mailbox."""
    stream = build_stream(slot_kernels(place(Image(units))))
    return make_xclbin(units, bitstream=stream, mirror=False)


@cocotb.test(timeout_time=20, timeout_unit="sec")
async def every_slot_works(dut) -> None:
    rig = await Rig.power_on(dut)
    units = [ComputeUnit("vadd"), ComputeUnit("probe_chain"), *[ComputeUnit("probe")] * 126]
    _, device = await rig.loaded(packed(units))
    uuid = device.driver.bitstream.uuid
    assert len(device.driver.kds.cus) == 128
    bar = rig.user_function.bars[0]
    for slot in range(2, 128):
        await bar.write32(CU[slot] + cu_probe.TOKEN.offset, 0x1000 + slot)
        await bar.write32(CU[slot] + cu_probe.CTRL.offset, 1)
    for slot in range(2, 128):
        while not await rig.cu_control(slot) & DONE:
            pass
        assert await bar.read32(CU[slot] + cu_probe.LAST.offset) == 0x1000 + slot
        assert await rig.cu_control(slot) == IDLE
    await run_vadd(device, uuid)
