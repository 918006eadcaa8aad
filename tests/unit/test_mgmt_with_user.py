# SPDX-License-Identifier: Apache-2.0
"""What the management PF does on its own or by configuration, opposite the user PF's real driver."""

from __future__ import annotations

import errno
from dataclasses import replace
from pathlib import Path
from uuid import UUID as TextUuid

import pytest

from pydriver.mailbox import Opcode
from pydriver.xclbin import NULL_UUID, SectionKind, parse
from pydriver.xclbin.strip import strip
from pydriver.xclmgmt import Providers
from pydriver.xclmgmt.server import UUID_AT
from pydriver.xclmgmt.shell import RpState
from pydriver.xocl import UserOptions, Xocl
from pydriver.xrt import Device, Kernel
from tests.unit.rig import DEMO, MGMT, SECOND, Rig, device_tree, raises, run_vadd, without
from tests.unit.test_mgmt_requests import INTERFACE, Wizards
from tests.unit.test_mgmt_shell import Partition, shell_tree

UUID = parse(DEMO).uuid


async def ready_again(user: Xocl, rig: Rig) -> None:
    """Wait until the user PF has come back."""
    for _ in range(300):
        await rig.clock.sleep_ns(SECOND // 10)
        if user.peer.ready and not user.offline:
            return
    raise AssertionError("the user PF does not come back")


def test_a_firewall_trip_ends_in_a_reset_of_the_card() -> None:
    rig = Rig()

    async def main() -> None:
        mgmt, user, device = await rig.loaded()
        await mgmt.report_firewall_trip()
        await rig.clock.sleep_ns(SECOND // 10)
        assert user.offline and mgmt.resets.firewall_reported
        await ready_again(user, rig)
        assert mgmt.mailbox.metrics.requests[Opcode.HOT_RESET] == 1
        assert mgmt.downloader.bitstream.uuid == NULL_UUID and not mgmt.resets.firewall_reported
        await device.close()
        again = Device.attach(user)
        await again.load_xclbin(DEMO)
        await run_vadd(again, await Kernel.open(again, UUID, "vadd:{vadd_1}"), 16)
        await again.close()

    rig.run(main())


def test_the_shell_is_programmed_with_the_consent_of_the_user() -> None:
    rig = Rig()
    partition = Partition()
    options = replace(MGMT, shell=shell_tree(), providers=Providers(partition=partition))

    async def main() -> None:
        mgmt, user = await rig.both(options)
        await mgmt.attributes.write("rp_program", "1")
        await rig.clock.sleep_ns(SECOND)
        assert partition.programmed == 0, "the user PF takes two seconds to let go"
        await ready_again(user, rig)
        while mgmt.shell.state != RpState.IDLE:
            await rig.clock.sleep_ns(SECOND // 10)
        assert partition.programmed == 1
        await user.read_axlf(DEMO)

    rig.run(main())


def test_a_guest_with_the_fake_image_runs_the_stored_one(tmp_path: Path) -> None:
    rig = Rig()
    fake = without(SectionKind.BITSTREAM)
    fake = fake[:UUID_AT] + UUID + fake[UUID_AT + 16 :]
    stored = tmp_path / "xilinx" / "xclbins" / f"{TextUuid(bytes=UUID)}_{INTERFACE}.xclbin"
    stored.parent.mkdir(parents=True)
    options = replace(MGMT, firmware_dir=tmp_path, shell=device_tree([INTERFACE]), config_xclbin_change=True)

    async def main() -> None:
        mgmt, user = await rig.both(options, UserOptions(guest=True))
        device = Device.attach(user)
        with raises(errno.ENOENT):
            await device.load_xclbin(fake)
        stored.write_bytes(DEMO)
        assert await device.load_xclbin(fake) == UUID
        assert mgmt.mailbox.metrics.requests[Opcode.LOAD_XCLBIN] == 2
        await run_vadd(device, await Kernel.open(device, UUID, "vadd:{vadd_1}"), 16)
        await device.close()

    rig.run(main())


@pytest.mark.parametrize("cached", [True, False], ids=["cached", "not cached"])
def test_a_preloaded_image_outlives_a_reset_only_in_the_cache(cached: bool) -> None:
    """Downloads are not allowed: what is there can be used, what a reset took can not."""
    rig = Rig()
    downloads = 1 << Opcode.LOAD_XCLBIN | 1 << Opcode.LOAD_XCLBIN_KADDR
    options = replace(MGMT, channel_disable=downloads, cache_xclbin=cached)
    fake = strip(parse(DEMO)).to_bytes()

    async def main() -> None:
        mgmt = await rig.mgmt(options)
        await mgmt.download(DEMO)
        user = await rig.user(UserOptions(guest=True))
        device = Device.attach(user)
        assert await device.load_xclbin(fake) == UUID
        await run_vadd(device, await Kernel.open(device, UUID, "vadd:{vadd_1}"), 16)
        await device.close()
        user.hot_reset()
        await rig.clock.sleep_ns(3 * SECOND)
        await ready_again(user, rig)
        again = Device.attach(user)
        if cached:
            assert await again.load_xclbin(fake) == UUID
            await run_vadd(again, await Kernel.open(again, UUID, "vadd:{vadd_1}"), 16)
        else:
            with raises(errno.ETIMEDOUT, "disabled"):
                await again.load_xclbin(fake)
        await again.close()
        assert not mgmt.mailbox.metrics.requests.get(Opcode.LOAD_XCLBIN)

    rig.run(main())


def test_the_user_sets_the_clocks() -> None:
    rig = Rig()
    wizards = Wizards()

    async def main() -> None:
        _, user = await rig.both(replace(MGMT, providers=Providers(clocks=wizards)))
        await user.read_axlf(DEMO)
        await user.reclock([150, 250])
        with raises(errno.EDOM):
            await user.reclock([301])

    rig.run(main())
    assert wizards.asked == [[150, 250, 0, 0]]
