# SPDX-License-Identifier: Apache-2.0
"""The user driver's handshake and the peer's announcements, against good and bad peers."""

from __future__ import annotations

import errno

import pytest

from pydriver.mailbox import ConnFlags, Opcode, PeerStateFlags, Request
from pydriver.mailbox.messages import Conn, ConnResp, pack_int
from pydriver.xocl import UserOptions
from tests.unit.rig import DEMO, SECOND, Rig, raises
from tests.unit.user_peer import ScriptedPeer, peers

FULL = ConnResp(
    version=0,
    conn_flags=1,
    chan_switch=1 << Opcode.LOAD_XCLBIN,
    comm_id=b"host=10.0.0.1\nport=4711\nid=0x1234\n",
    chan_disable=1 << Opcode.HOT_RESET,
)


def test_everything_of_the_answer_is_taken() -> None:
    rig = Rig()

    async def main() -> None:
        peer, user = await peers(rig)
        peer.connection = FULL
        user.peer.changed.clear()
        assert await user.peer.connect() and user.peer.changed.is_set()
        assert user.peer.state == ConnFlags.PEER_READY
        assert user.mailbox.channel_switch == FULL.chan_switch
        assert user.mailbox.channel_disable == FULL.chan_disable
        assert user.peer.connection.comm_id == FULL.comm_id.decode()
        conn = Conn.unpack(peer.seen[-1][1])
        assert (conn.version, conn.kaddr) == (0, conn.paddr) and conn.crc32

    rig.run(main())


@pytest.mark.parametrize(
    ("answer", "flags"),
    [(b"", 0), (b"\x01", 0), (pack_int(-95), 0), (bytes(8) + b"\xff" * 8, 3), (bytes(2081), 0)],
    ids=["empty", "byte", "number", "only the flags", "too long"],
)
def test_odd_answers_to_the_handshake(answer: bytes, flags: int) -> None:
    rig = Rig()

    async def main() -> None:
        peer, user = await peers(rig)
        peer.connection = FULL
        assert await user.peer.connect()
        peer.answers[Opcode.USER_PROBE] = answer
        assert await user.peer.connect() == bool(flags)
        assert user.peer.state == ConnFlags(flags)
        connection = user.peer.connection
        assert (user.mailbox.channel_switch, user.mailbox.channel_disable, connection.comm_id) == (0, 0, "")
        del peer.answers[Opcode.USER_PROBE]
        assert await user.peer.connect(), "the next one works"

    rig.run(main())


def test_a_peer_that_never_answers_and_one_that_answers_late() -> None:
    rig = Rig()

    async def late(request: Request) -> bytes:
        await rig.clock.sleep_ns(25 * SECOND)
        return FULL.pack()

    async def main() -> None:
        peer, user = await peers(rig)
        for answer in (None, late):
            peer.answers[Opcode.USER_PROBE] = answer
            begin = rig.clock.now_ns()
            assert not await user.peer.connect()
            assert 19 * SECOND < rig.clock.now_ns() - begin < 21 * SECOND
            with raises(errno.ETIMEDOUT, "handshake"):
                await user.read_axlf(DEMO)
        await rig.clock.sleep_ns(10 * SECOND)
        assert not user.peer.ready, "an answer that came after its time is nobody's"
        peer.answers[Opcode.USER_PROBE] = FULL.pack()
        assert await user.peer.connect()

    rig.run(main())


def test_the_tree_is_asked_for_before_the_handshake_and_a_failure_does_not_stop_it() -> None:
    rig = Rig()

    async def main() -> None:
        peer = ScriptedPeer(rig)
        peer.answers[Opcode.PEER_DATA] = None
        await peer.start()
        user = await rig.user()
        assert [opcode for opcode, _ in peer.seen] == [Opcode.PEER_DATA, Opcode.USER_PROBE]
        assert user.peer.ready

    rig.run(main())


def test_a_flood_of_announcements_is_a_few_handshakes_one_at_a_time() -> None:
    rig = Rig()
    at_once, most = 0, 0

    async def slow(request: Request) -> bytes:
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        await rig.clock.sleep_ns(SECOND // 5)
        at_once -= 1
        return FULL.pack()

    async def main() -> None:
        peer, user = await peers(rig)
        # Nobody but the handshake and the tree is served while the flood lasts.
        peer.answers[Opcode.USER_PROBE] = slow
        before = peer.count(Opcode.USER_PROBE)
        for _ in range(200):
            await peer.online()
        await rig.clock.sleep_ns(5 * SECOND)
        assert 1 <= peer.count(Opcode.USER_PROBE) - before <= 3
        assert user.peer.ready and most == 1
        before = peer.count(Opcode.USER_PROBE)
        await rig.clock.sleep_ns(30 * SECOND)
        assert peer.count(Opcode.USER_PROBE) == before, "no storm afterwards"

    rig.run(main())


def test_offline_during_a_handshake_wins_over_its_answer() -> None:
    rig = Rig()

    async def main() -> None:
        peer, user = await peers(rig)

        async def goes_away(request: Request) -> bytes:
            await peer.say(PeerStateFlags.OFFLINE)
            await rig.clock.sleep_ns(SECOND // 10)
            return FULL.pack()

        peer.answers[Opcode.USER_PROBE] = goes_away
        assert not await user.peer.connect() and not user.peer.ready
        peer.answers[Opcode.USER_PROBE] = FULL.pack()
        await peer.online()
        await rig.clock.sleep_ns(SECOND)
        assert user.peer.ready

    rig.run(main())


def test_announcements_that_say_nothing() -> None:
    rig = Rig()

    async def main() -> None:
        peer, user = await peers(rig)
        before = len(peer.seen)
        await peer.say(4)
        await peer.say(0)
        await peer.mailbox.notify(Opcode.MGMT_STATE, b"\x02")
        await peer.mailbox.notify(Opcode.RECLOCK, bytes(36))
        await rig.clock.sleep_ns(SECOND)
        assert user.peer.ready and len(peer.seen) == before
        await peer.say(PeerStateFlags.ONLINE | PeerStateFlags.OFFLINE)
        await rig.clock.sleep_ns(SECOND)
        assert peer.count(Opcode.USER_PROBE) == 2, "online goes first"

    rig.run(main())
    assert rig.said("user.peer", "unknown peer state 0x4")


def test_masks_that_forbid_the_tree_do_not_lock_the_user_pf_out() -> None:
    """A mask with PEER_DATA must not be the last one the user PF ever learns."""
    rig = Rig()

    async def main() -> None:
        peer, user = await peers(rig)
        peer.connection = ConnResp(conn_flags=1, chan_disable=1 << Opcode.PEER_DATA)
        await peer.online()
        await rig.clock.sleep_ns(SECOND)
        with raises(errno.EFAULT):
            await user.peer.icap_data()
        peer.connection = ConnResp(conn_flags=1)
        await peer.online()
        await rig.clock.sleep_ns(SECOND)
        assert user.mailbox.channel_disable == 0

    rig.run(main())


def test_removal_leaves_no_work_behind() -> None:
    rig = Rig()

    async def main() -> None:
        peer, user = await peers(rig, guest=True)
        await peer.online()
        user.hot_reset()
        await user.remove()
        before = len(peer.seen)
        await rig.clock.sleep_ns(30 * SECOND)
        assert len(peer.seen) == before

    rig.run(main())


def test_options_carry_the_address() -> None:
    assert str(UserOptions().address) == "0000:01:00.1" and UserOptions().address.number == 257
