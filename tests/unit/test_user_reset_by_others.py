# SPDX-License-Identifier: Apache-2.0
"""The user PF when the card is reset without its doing, and when the management PF goes and comes."""

from __future__ import annotations

import errno

import pytest

from pydriver.mailbox import ConnFlags, Group, MailboxOptions, Opcode, PeerStateFlags, Request
from pydriver.mailbox.messages import ConnResp, pack_int
from pydriver.xclbin import NULL_UUID, parse
from pydriver.xclmgmt import MgmtOptions
from pydriver.xocl import UserOptions, Xocl
from pydriver.xrt import Device, Kernel
from tests.unit.rig import DEMO, MGMT, POLLED, SECOND, Rig, device_tree, raises, run_vadd
from tests.unit.test_user_peer_data import piece
from tests.unit.user_peer import ScriptedPeer, icap, peers

UUID = parse(DEMO).uuid
MS = SECOND // 1000
ONLINE, OFFLINE = PeerStateFlags.ONLINE, PeerStateFlags.OFFLINE
MODES = pytest.mark.parametrize(
    "mailbox", [MailboxOptions(sleepless_tx=True), POLLED], ids=["interrupt", "polled"]
)


async def loads_and_runs(user: Xocl) -> Device:
    """From opening the device on; the completion comes by interrupt. The device stays open."""
    device = Device.attach(user)
    await device.load_xclbin(DEMO)
    await run_vadd(device, await Kernel.open(device, UUID, "vadd:{vadd_1}"), 20)
    return device


async def comes_back(user: Xocl, rig: Rig) -> None:
    for _ in range(100):
        if user.peer.ready and not user.offline:
            return
        await rig.clock.sleep_ns(SECOND // 10)
    raise AssertionError("the user PF does not come back")


@MODES
def test_after_a_reset_that_the_management_announces_everything_works(mailbox: MailboxOptions) -> None:
    rig = Rig()

    async def main() -> None:
        mgmt, user = await rig.both(user=UserOptions(mailbox=mailbox))
        old = await loads_and_runs(user)
        for _ in range(2):
            # Long after the start, when a mailbox with interrupts looks for nothing by itself.
            await rig.clock.sleep_ns(SECOND)
            await mgmt.hot_reset()
            await comes_back(user, rig)
            assert user.bitstream.uuid == NULL_UUID and user.mailbox.interrupt_mode == mailbox.interrupt
            with raises(errno.ENODEV):
                await old.client.open_context(UUID, 0)
            await old.close()
            old = await loads_and_runs(user)
        assert Opcode.HOT_RESET not in mgmt.mailbox.metrics.requests
        await old.close()
        await user.remove()
        await mgmt.remove()

    rig.run(main())
    assert rig.said("user", "the card has been reset")


@MODES
def test_after_a_forced_reset_the_next_announcement_helps(mailbox: MailboxOptions) -> None:
    rig = Rig()

    async def main() -> None:
        mgmt, user = await rig.both(user=UserOptions(mailbox=mailbox))
        await loads_and_runs(user)
        await rig.clock.sleep_ns(SECOND)
        await mgmt.hot_reset(force=True)
        await rig.clock.sleep_ns(SECOND)
        assert user.bitstream.uuid == UUID, "nobody told"
        await mgmt.set_comm_id("host=here")
        if mailbox.interrupt:
            # Without its interrupts the mailbox looks only while it waits for something itself.
            await user.peer.data.loaded_uuid()
        await rig.clock.sleep_ns(SECOND)
        assert user.peer.ready and not user.offline and user.bitstream.uuid == NULL_UUID
        assert user.peer.connection.comm_id == "host=here"
        await loads_and_runs(user)

    rig.run(main())


def test_who_waits_for_an_answer_from_before_the_reset_does_not_wait_on() -> None:
    rig = Rig()

    async def main() -> None:
        peer, user = await peers(rig)
        peer.groups[Group.ICAP] = icap(NULL_UUID)
        loading = rig.clock.spawn(user.read_axlf(DEMO))
        await rig.clock.sleep_ns(10 * MS)
        assert peer.count(Opcode.LOAD_XCLBIN) == 1
        await peer.say(OFFLINE)
        await peer.reset_card()
        begin = rig.clock.now_ns()
        await peer.online()
        with raises(errno.ETIMEDOUT):
            await loading.join()
        assert rig.clock.now_ns() - begin < SECOND, "not the 50 s an image may take"
        await rig.clock.sleep_ns(SECOND)
        assert user.peer.ready and not user.offline

    rig.run(main())


def test_a_management_driver_that_is_loaded_again_disturbs_nobody() -> None:
    rig = Rig()

    async def main() -> None:
        mgmt, user = await rig.both()
        device = await loads_and_runs(user)
        kernel = await Kernel.open(device, UUID, "vadd:{vadd_2}")
        await mgmt.remove()
        await rig.clock.sleep_ns(SECOND)
        assert not user.peer.ready and not user.mailbox.interrupt_mode and not user.offline
        await run_vadd(device, kernel, 20)
        await rig.mgmt(MgmtOptions(clear_queue=False))
        await rig.clock.sleep_ns(SECOND)
        assert user.peer.ready and user.mailbox.interrupt_mode and user.bitstream.uuid == UUID
        await run_vadd(device, kernel, 20)

    rig.run(main())


def test_the_last_word_counts() -> None:
    rig = Rig()

    async def main() -> None:
        peer, user = await peers(rig)
        probes = peer.count(Opcode.USER_PROBE)
        for flags in (ONLINE, OFFLINE):
            await peer.say(flags)
        await rig.clock.sleep_ns(SECOND)
        assert not user.peer.ready and not user.mailbox.interrupt_mode
        for flags in (OFFLINE, ONLINE, OFFLINE, ONLINE):
            await peer.say(flags)
        await rig.clock.sleep_ns(SECOND)
        assert user.peer.ready and user.mailbox.interrupt_mode
        assert probes < peer.count(Opcode.USER_PROBE) <= probes + 3

    rig.run(main())


def test_a_reset_that_does_not_come_is_followed_by_a_handshake() -> None:
    """What the peer announced while the mailbox was set up anew is not missed."""
    rig = Rig()

    async def main() -> None:
        peer, user = await peers(rig)
        peer.answers[Opcode.HOT_RESET] = pack_int(-errno.EINVAL)
        user.hot_reset()
        await rig.clock.sleep_ns(SECOND)
        probes = peer.count(Opcode.USER_PROBE)
        peer.connection = ConnResp(conn_flags=int(ConnFlags.PEER_READY), chan_disable=1 << Opcode.RECLOCK)
        await rig.clock.sleep_ns(3 * SECOND)
        assert not user.offline and peer.count(Opcode.USER_PROBE) == probes + 1
        assert user.mailbox.channel_disable == 1 << Opcode.RECLOCK

    rig.run(main())


def test_a_partition_that_waits_and_is_not_programmed_does_not_stop_the_handshake() -> None:
    rig = Rig()

    async def main() -> None:
        peer = await ScriptedPeer(rig).start()
        peer.groups[Group.SUBDEV] = piece(4, 0, b"")
        peer.answers[Opcode.PROGRAM_SHELL] = pack_int(-errno.EBUSY)
        user = await rig.user()
        assert user.peer.ready and not user.offline and peer.count(Opcode.PROGRAM_SHELL) == 1

    rig.run(main())


def test_a_shell_that_is_programmed_after_a_reset_of_the_card() -> None:
    """ONLINE finds the card reset and the partition waiting: both are done."""
    rig = Rig()

    async def main() -> None:
        peer, user = await peers(rig)
        user.open()

        async def programs(request: Request) -> bytes:
            peer.groups[Group.SUBDEV] = piece(3, 0, device_tree(["0" * 31 + "7"]))
            return pack_int(0)

        peer.answers[Opcode.PROGRAM_SHELL] = programs
        peer.groups[Group.SUBDEV] = piece(4, 0, b"")
        await peer.say(OFFLINE)
        await peer.reset_card()
        await peer.online()
        await rig.clock.sleep_ns(5 * SECOND)
        assert user.peer.ready and not user.offline and not user.clients and user.mailbox.interrupt_mode
        assert user.peer.shell.interfaces == ("0" * 31 + "7",)

    rig.run(main())


# --- interrupts or not ------------------------------------------------------------------------------------


def test_a_driver_that_began_polled_can_be_given_its_interrupt_and_back() -> None:
    rig = Rig()
    options = MgmtOptions(mailbox=MailboxOptions(interrupt=False), sched_image=MGMT.sched_image)
    sides = (("mailbox.m.256/intr_mode", rig.card.mgmt, 11), ("mailbox.u.257/intr_mode", rig.card.user, 8))

    async def main() -> None:
        mgmt, user = await rig.both(options, UserOptions(mailbox=POLLED))
        trees = (mgmt.attributes, user.attributes)
        blocks = (rig.card.mgmt_irqs, rig.card.user_irqs)
        masks = (1 << 11, 1 << 4)
        before = [function.msix_count.get(vector, 0) for _, function, vector in sides]
        for block, mask in zip(blocks, masks, strict=True):
            assert not block.enable & mask, "let through only when it is used"
        for tree, (path, _, _) in zip(trees, sides, strict=True):
            await tree.write(path, "1")
        await rig.clock.sleep_ns(SECOND)
        reads = [function.bars[0].reads for _, function, _ in sides]
        await rig.clock.sleep_ns(SECOND)
        assert [function.bars[0].reads for _, function, _ in sides] == reads, "nobody polls any more"
        begin = rig.clock.now_ns()
        assert await user.peer.data.loaded_uuid() == NULL_UUID
        assert rig.clock.now_ns() - begin < MS, "no tick had to help"
        for count, block, mask, (_, function, vector) in zip(before, blocks, masks, sides, strict=True):
            assert function.msix_count[vector] > count and block.enable & mask
        for tree, (path, _, _), block, mask in zip(trees, sides, blocks, masks, strict=True):
            await tree.write(path, "0")
            assert not block.enable & mask
        assert await user.peer.data.loaded_uuid() == NULL_UUID

    rig.run(main())


def test_what_two_polled_drivers_cost_when_nothing_happens() -> None:
    """XRT mailbox contract §1.2: looks 50 to 100 us apart for a second, then one every 100 ms."""
    rig = Rig()
    options = MgmtOptions(mailbox=MailboxOptions(interrupt=False), sched_image=MGMT.sched_image)

    async def main() -> None:
        await rig.both(options, UserOptions(mailbox=POLLED))
        bars = (rig.card.mgmt.bars[0], rig.card.user.bars[0])

        async def accesses(ns: int) -> list[tuple[int, int]]:
            before = [(bar.reads, bar.writes) for bar in bars]
            await rig.clock.sleep_ns(ns)
            return [(bar.reads - r, bar.writes - w) for bar, (r, w) in zip(bars, before, strict=True)]

        for reads, writes in await accesses(SECOND // 2):
            assert 4900 <= reads <= 10_000 and writes == 0
        await rig.clock.sleep_ns(SECOND)
        for reads, writes in await accesses(10 * SECOND):
            assert 99 <= reads <= 101 and writes == 0

    rig.run(main())


def test_the_end_of_a_reclocking_does_not_open_a_device_that_is_taken_down() -> None:
    rig = Rig()

    async def slow(request: Request) -> bytes:
        await rig.clock.sleep_ns(3 * SECOND)
        return pack_int(0)

    async def main() -> None:
        peer, user = await peers(rig)
        peer.groups[Group.ICAP] = icap(NULL_UUID)
        peer.answers[Opcode.LOAD_XCLBIN] = pack_int(0)
        peer.answers[Opcode.RECLOCK] = slow
        await user.read_axlf(DEMO)
        await peer.mailbox.notify(Opcode.CHG_SHELL)
        await rig.clock.sleep_ns(SECOND)
        reclocking = rig.clock.spawn(user.reclock([10]))
        # Two seconds after the notice the device is to go down, but has to wait for the reclocking.
        await rig.clock.sleep_ns(SECOND * 3 // 2)
        assert user.offline and not reclocking.done()
        await reclocking.join()
        with raises(errno.ENXIO):
            user.open()

    rig.run(main())
