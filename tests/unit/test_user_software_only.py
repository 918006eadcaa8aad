# SPDX-License-Identifier: Apache-2.0
"""A user PF whose mailbox has no registers: all goes through a daemon, as at a cloud vendor."""

from __future__ import annotations

import errno

import pytest

from pydriver.mailbox import Group, Opcode
from pydriver.mailbox.messages import ConnResp, pack_int
from pydriver.regs import user_bar
from pydriver.xclbin import parse
from pydriver.xocl import UserOptions, Xocl
from pydriver.xrt import Device
from tests.unit.rig import DEMO, SECOND, Rig, raises
from tests.unit.user_peer import ScriptedDaemon, icap

UUID = parse(DEMO).uuid
OPTIONS = UserOptions(software_only=True, guest=True)


class Watched(Rig):
    """Counts accesses to the mailbox's registers."""

    def __init__(self) -> None:
        super().__init__()
        self.platform.outside.pace = 1000
        self.touched = 0
        bar = self.platform.functions[1].bars[0]
        for name in ("read32", "write32", "read", "write"):
            method = getattr(bar.target, name)

            def counted(offset: int, *rest: object, method=method) -> object:  # type: ignore[no-untyped-def]
                self.touched += offset in user_bar.MAILBOX
                return method(offset, *rest)

            setattr(bar.target, name, counted)


async def connected(rig: Rig) -> tuple[Xocl, ScriptedDaemon]:
    user = await rig.user(OPTIONS)
    daemon = ScriptedDaemon(rig, user.mailbox.software)
    daemon.answers[Opcode.USER_PROBE] = ConnResp(conn_flags=1).pack()
    daemon.answers[Opcode.PEER_DATA] = pack_int(-errno.EOPNOTSUPP)
    daemon.answers[Opcode.LOAD_XCLBIN] = pack_int(0)
    daemon.open()
    await daemon.online()
    await rig.clock.sleep_ns(SECOND)
    return user, daemon


def test_nothing_works_until_a_daemon_is_there_and_no_register_is_touched() -> None:
    rig = Watched()

    async def main() -> None:
        begin = rig.clock.now_ns()
        user = await rig.user(OPTIONS)
        assert rig.clock.now_ns() - begin < SECOND, "nobody waits for a daemon that is not there"
        assert not user.peer.ready and not user.mailbox.interrupt_mode
        for request in (user.peer.icap_data(), user.peer.requests.hot_reset(), user.peer.data.mig_ecc()):
            with raises(errno.EFAULT):
                await request
        with raises(errno.ETIMEDOUT, "handshake"):
            await user.read_axlf(DEMO)
        await rig.clock.sleep_ns(30 * SECOND)
        assert rig.touched == 0

    rig.run(main())


def test_a_daemon_comes_and_the_card_can_be_used() -> None:
    rig = Watched()

    async def main() -> None:
        user, daemon = await connected(rig)
        assert user.peer.ready
        assert {opcode for opcode, _ in daemon.seen} == {Opcode.PEER_DATA, Opcode.USER_PROBE}
        assert await user.attributes.read("ready") == "0x1\n"
        device = Device.attach(user)
        assert await device.load_xclbin(DEMO) == UUID
        assert daemon.seen[-1] == (Opcode.LOAD_XCLBIN, DEMO)
        assert rig.touched == 0

    rig.run(main())


def test_a_daemon_that_goes_away_and_comes_back() -> None:
    rig = Watched()

    async def main() -> None:
        user, daemon = await connected(rig)
        daemon.close()
        begin = rig.clock.now_ns()
        with raises(errno.ETIMEDOUT):
            await user.read_axlf(DEMO)
        assert rig.clock.now_ns() - begin < SECOND
        daemon.open()
        await user.read_axlf(DEMO)
        assert user.bitstream.uuid == UUID

    rig.run(main())


def test_a_vendor_that_has_the_image_loaded_already() -> None:
    rig = Watched()

    async def main() -> None:
        user, daemon = await connected(rig)
        daemon.answers[Opcode.PEER_DATA] = icap(UUID)
        daemon.answers[Opcode.LOAD_XCLBIN] = pack_int(-errno.EPERM)
        await user.read_axlf(DEMO)
        assert daemon.seen[-1][0] == Opcode.PEER_DATA and daemon.seen[-1][1][0] == Group.ICAP

    rig.run(main())


@pytest.mark.parametrize("answer", [0, -errno.ESHUTDOWN], ids=["no-op", "unplugged"])
def test_a_reset_by_the_vendor(answer: int) -> None:
    rig = Watched()

    async def main() -> None:
        user, daemon = await connected(rig)
        daemon.answers[Opcode.HOT_RESET] = pack_int(answer)
        user.hot_reset()
        await rig.clock.sleep_ns(4 * SECOND)
        assert user.offline and user.lifecycle.down
        with raises(errno.ENXIO):
            user.open()
        await daemon.online()
        await rig.clock.sleep_ns(SECOND)
        assert not user.offline and user.peer.ready
        await user.read_axlf(DEMO)
        assert rig.touched == 0

    rig.run(main())
