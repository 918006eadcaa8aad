# SPDX-License-Identifier: Apache-2.0
"""A host whose bridge cannot reset the card says so and changes nothing."""

from __future__ import annotations

import errno

import cocotb

from pydriver.regs import mailbox, mgmt_bar
from tb.hosts.config_space import MSIX_CAP, MSIX_ENABLE
from tests.system.rig import Rig
from tests.unit.rig import raises

SIT = mgmt_bar.MAILBOX.base + mailbox.SIT.offset


@cocotb.test(timeout_time=10, timeout_unit="ms")
async def refused(dut) -> None:
    rig = await Rig.power_on(dut)
    bar = rig.mgmt_function.bars[0]
    await rig.mgmt_function.enable_msix()
    await bar.write32(SIT, 5)
    before = rig.clock.now_ns()
    with raises(errno.ENODEV, "no hot reset"):
        await rig.platform.hot_reset()
    assert rig.clock.now_ns() == before
    assert await bar.read32(SIT) == 5
    assert await rig.mgmt_function.config_read32(MSIX_CAP) & MSIX_ENABLE
