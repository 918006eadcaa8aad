# SPDX-License-Identifier: Apache-2.0
"""The model card's hot reset: what is lost, what stays, and that the drivers can start again."""

from __future__ import annotations

import errno

from pydriver.platform import HOT_RESET_NS, LINK_UP_NS
from pydriver.platform.virtual import ALL_ONES, VirtualPlatform
from pydriver.regs import axi_gate, mailbox, mb_reset_gpio, mgmt_bar, user_bar, user_mem_bar
from pydriver.xrt import Device, Kernel
from tests.unit.rig import DEMO, Rig, raises, run_vadd

GATE = mgmt_bar.AXI_GATE.base + axi_gate.RD.offset
SIT = mgmt_bar.MAILBOX.base + mailbox.SIT.offset
STATUS = mgmt_bar.MAILBOX.base + mailbox.STATUS.offset
WRDATA = user_bar.MAILBOX.base + mailbox.WRDATA.offset
RUN = mgmt_bar.MB_RESET_GPIO.base + mb_reset_gpio.DATA.offset
IMAGE = mgmt_bar.SCHED_IMAGE.base


def test_registers_are_lost_and_memories_stay() -> None:
    rig = Rig()

    async def main() -> None:
        await rig.loaded()
        mgmt = rig.platform.functions[0].bars[0]
        user = rig.platform.functions[1].bars
        await user[4].write(user_mem_bar.DDR0.base, b"secret")
        await mgmt.write32(SIT, 7)
        await user[0].write32(WRDATA, 0x1234)
        image = await mgmt.read(IMAGE, 64)
        assert await mgmt.read32s([GATE, SIT, RUN]) == [3, 7, 1]
        assert rig.platform.functions[0].msix_enabled
        before = rig.clock.now_ns()
        await rig.platform.hot_reset()
        assert rig.clock.now_ns() - before == HOT_RESET_NS + LINK_UP_NS
        assert await mgmt.read32s([GATE, SIT, RUN]) == [0, 0, 0]
        assert await mgmt.read32(STATUS) & 1, "nothing to receive"
        assert await mgmt.read(IMAGE, 64) == image
        assert await user[0].read32(user_bar.CU[0].base) == ALL_ONES, "the gate is closed"
        await mgmt.write32(mgmt_bar.AXI_GATE.base + axi_gate.WR.offset, 3)
        assert await user[0].read32(user_bar.CU[0].base) == ALL_ONES, "no kernel behind it"
        assert await user[4].read(user_mem_bar.DDR0.base, 6) != b"secret"
        assert not any(function.msix_enabled for function in rig.platform.functions.values())

    rig.run(main())


def test_nothing_answers_until_the_link_is_back() -> None:
    rig = Rig()

    async def main() -> None:
        mgmt = rig.platform.functions[0].bars[0]
        reset = rig.clock.spawn(rig.platform.hot_reset())
        for pause in (0, HOT_RESET_NS, LINK_UP_NS - HOT_RESET_NS):
            await rig.clock.sleep_ns(pause)
            assert await mgmt.read32(STATUS) == ALL_ONES
            await mgmt.write32(SIT, 7)
        await reset.join()
        assert await mgmt.read32(SIT) == 0

    rig.run(main())


def test_drivers_start_again() -> None:
    rig = Rig()

    async def main() -> None:
        mgmt, user, _ = await rig.loaded()
        await rig.platform.hot_reset()
        await user.remove()
        await mgmt.remove()
        _, user = await rig.both()
        device = Device.attach(user)
        uuid = await device.load_xclbin(DEMO)
        await run_vadd(device, await Kernel.open(device, uuid, "vadd"), 64)

    rig.run(main())


def test_no_bridge_no_reset() -> None:
    platform = VirtualPlatform()
    with raises(errno.ENODEV, "nothing here can reset"):
        platform.run(platform.hot_reset())
