# SPDX-License-Identifier: Apache-2.0
"""IPs that the application drives itself, and their interrupts."""

from __future__ import annotations

import errno

import pytest

from pydriver.regs import cu_ctrl
from pydriver.xclbin import IpControl
from pydriver.xocl import KdsFlags
from pydriver.xrt import AccessMode, Device, Ip, Kernel
from tests.unit.rig import SECOND, raises
from tests.unit.xrt_rig import PLAIN_ARGS, VADD, Spec, XrtRig

NONE = Spec("plain", PLAIN_ARGS, (2,), control=IpControl.AP_CTRL_NONE, range=0x100)
CTRL, GIE, IER, ISR = (r.offset for r in (cu_ctrl.CTRL, cu_ctrl.GIE, cu_ctrl.IER, cu_ctrl.ISR))
MS = SECOND // 1000


def test_registers_of_an_ip_without_start_bit() -> None:
    rig = XrtRig(VADD, NONE)

    async def main() -> None:
        device, uuid = await rig.device()
        for name in ("plain:{plain_1}", "plain:plain_1"):
            ip = await Ip.open(device, uuid, name)
            await ip.write_register(0x10, 7)
            assert await ip.read_register(0x10) == rig.card.units[2].registers[0x10] == 7
            for offset, code in ((0x100, errno.ERANGE), (-4, errno.ERANGE), (0x11, errno.EINVAL)):
                with raises(code):
                    await ip.read_register(offset)
                with raises(code):
                    await ip.write_register(offset, 0)
            await ip.close()
            await ip.close()
        assert device.driver.bitstream.references == 0
        for name in ("plain", "plain:{plain_2}", "nothing:{x}"):
            with raises(errno.EINVAL, "no IP"):
                await Ip.open(device, uuid, name)

    rig.run(main())


def test_an_ip_is_held_alone() -> None:
    rig = XrtRig(VADD)

    async def main() -> None:
        device, uuid = await rig.device()
        other = Device.attach(device.driver)
        kernel = await Kernel.open(device, uuid, "vadd:{vadd_1}")
        with raises(errno.EINVAL, "already"):
            await Ip.open(device, uuid, "vadd:vadd_1")
        with raises(errno.EINVAL, "shared"):
            await Ip.open(other, uuid, "vadd:vadd_1")
        await kernel.close()
        ip = await Ip.open(other, uuid, "vadd:vadd_1")
        with raises(errno.EINVAL, "exclusively"):
            await Kernel.open(device, uuid, "vadd:{vadd_1}")
        await ip.close()
        await Kernel.open(device, uuid, "vadd:{vadd_1}", AccessMode.EXCLUSIVE)

    rig.run(main())


def test_a_shared_ip_when_xrt_ini_says_so() -> None:
    rig = XrtRig(VADD)

    async def main() -> None:
        device, uuid = await rig.device(KdsFlags(rw_shared=True))
        await Ip.open(Device.attach(device.driver), uuid, "vadd:vadd_1")
        ip = await Ip.open(device, uuid, "vadd:vadd_1")
        with raises(errno.EINVAL, "exclusively"):
            await ip.create_interrupt_notify()

    rig.run(main())


@pytest.mark.parametrize("timed", [False, True])
def test_interrupts_of_an_ip(timed: bool) -> None:
    rig = XrtRig(VADD)

    async def main() -> None:
        device, uuid = await rig.device()
        ip = await Ip.open(device, uuid, "vadd:vadd_1")
        interrupt = await ip.create_interrupt_notify()
        assert await ip.create_interrupt_notify() is interrupt

        async def arrives() -> int:
            """Wake-ups until the unit says why; the controller latches a level that is cleared too late."""
            wakes = 0
            while not await ip.read_register(ISR):
                assert await interrupt.wait(100 if timed else None) is True
                wakes += 1
                if timed:
                    await interrupt.enable()
            await ip.write_register(ISR, 1)
            return wakes

        await ip.write_register(GIE, 1)
        await ip.write_register(IER, 1)
        for _ in range(3):
            before = rig.clock.now_ns()
            await ip.write_register(CTRL, 1)
            assert 1 <= await arrives() <= 2
            assert rig.clock.now_ns() - before < MS
        while await interrupt.wait(1):  # what the level left behind
            pass
        await ip.write_register(CTRL, 1)
        assert await interrupt.wait(1) is False, "a wait with time-out enabled it again"
        await ip.write_register(ISR, 1)
        await interrupt.enable()
        await interrupt.wait(1)
        await interrupt.enable()
        assert await interrupt.wait(1) is False
        await interrupt.disable()
        await ip.write_register(CTRL, 1)
        assert await interrupt.wait(1) is False
        await ip.close()

    rig.run(main())
    assert rig.card.units[0].completed == 5 and not rig.card.units[0].lost_starts
