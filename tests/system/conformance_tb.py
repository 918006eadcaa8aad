# SPDX-License-Identifier: Apache-2.0
"""Drivers, an image and kernels over the conformance host."""

from __future__ import annotations

import cocotb

from tests.system.rig import Rig, run_reduce, run_vadd


@cocotb.test(timeout_time=3, timeout_unit="ms")
async def drivers_load_and_run(dut) -> None:
    rig = await Rig.power_on(dut)
    _, device = await rig.loaded()
    uuid = device.driver.bitstream.uuid
    await run_vadd(device, uuid)
    await run_reduce(device, uuid)
    assert not rig.host.errors
