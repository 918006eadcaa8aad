# SPDX-License-Identifier: Apache-2.0
"""Offline and online of the user PF: hot reset, firewall trips, shell programming."""

from __future__ import annotations

import errno

import pytest

from pydriver.ert import State
from pydriver.mailbox import ConnFlags, Group, MailboxOptions, Opcode, PeerStateFlags, Request
from pydriver.mailbox.messages import ConnResp, FirewallData, P2pBarAddr, pack_int
from pydriver.xclbin import NULL_UUID, parse
from pydriver.xocl import BoFlags, Client, KdsFlags, UserOptions, Xocl
from pydriver.xocl import client as client_module
from pydriver.xocl.cu import CuOptions
from pydriver.xrt import BO, Device, Kernel
from tests.unit.rig import DEMO, POLLED, SECOND, Rig, device_tree, raises, run_vadd
from tests.unit.test_user_peer_data import piece
from tests.unit.user_peer import ScriptedPeer, icap, peers

UUID = parse(DEMO).uuid
LOAD = Opcode.LOAD_XCLBIN_KADDR
FIREWALL_CODE = "0x0000030103010001"


async def ready(rig: Rig, **options: object) -> tuple[ScriptedPeer, Xocl]:
    """A peer in the same domain that takes every image and resets the card when it is asked to."""
    peer, user = await peers(rig, **options)
    peer.connection = ConnResp(conn_flags=int(ConnFlags.PEER_READY | ConnFlags.PEER_SAME_DOMAIN))
    peer.groups[Group.ICAP] = icap(NULL_UUID)
    peer.answers[LOAD] = pack_int(0)
    peer.answers[Opcode.HOT_RESET] = pack_int(0)
    await user.peer.connect()
    return peer, user


def resets(peer: ScriptedPeer, result: int = 0, announce: bool = True) -> None:
    """HOT_RESET is answered and carried out."""
    clock = peer.rig.clock

    async def carry_out() -> None:
        await peer.reset_card()
        if announce:
            await peer.online()

    async def answer(request: Request) -> bytes:
        clock.spawn(carry_out(), "reset")
        return pack_int(result)

    peer.answers[Opcode.HOT_RESET] = answer


@pytest.mark.parametrize("mailbox", [MailboxOptions(sleepless_tx=True), POLLED], ids=["interrupt", "polled"])
def test_hot_reset_from_beginning_to_end(mailbox: MailboxOptions) -> None:
    rig = Rig()

    async def main() -> None:
        mgmt = await rig.mgmt()
        user = await rig.user(UserOptions(mailbox=mailbox, ert_polling=not mailbox.interrupt))
        device = Device.attach(user)
        await device.load_xclbin(DEMO)
        kernel = await Kernel.open(device, UUID, "vadd:{vadd_1}")
        await run_vadd(device, kernel, 20)
        begin = rig.clock.now_ns()
        user.hot_reset()
        assert rig.clock.now_ns() == begin and user.offline
        with raises(errno.ENXIO):
            user.open()
        await rig.clock.sleep_ns(SECOND * 19 // 10)
        assert Opcode.HOT_RESET not in mgmt.mailbox.metrics.requests
        await run_vadd(device, kernel, 20)  # who had the device open goes on for the two seconds
        await rig.clock.sleep_ns(SECOND * 4 // 10)
        assert mgmt.mailbox.metrics.requests[Opcode.HOT_RESET] == 1
        with raises(errno.ENODEV):
            await run_vadd(device, kernel, 20)
        while user.offline:
            await rig.clock.sleep_ns(SECOND // 10)
            assert rig.clock.now_ns() - begin < 20 * SECOND
        await user.lifecycle.works.flush()
        assert user.peer.ready and user.peer.state & ConnFlags.PEER_SAME_DOMAIN
        assert user.mailbox.interrupt_mode == mailbox.interrupt
        assert user.bitstream.uuid == NULL_UUID and user.loaded.axlf is None and not user.memory.banks
        with raises(errno.ENODEV):
            await device.client.open_context(UUID, 0)
        await device.close()
        again = Device.attach(user)
        await again.load_xclbin(DEMO)
        await run_vadd(again, await Kernel.open(again, UUID, "vadd:{vadd_2}"), 20)
        await again.close()
        await user.remove()
        await mgmt.remove()

    rig.run(main())


def test_hot_reset_that_the_mask_forbids() -> None:
    rig = Rig()

    async def main() -> None:
        peer, user = await ready(rig)
        peer.connection = ConnResp(conn_flags=1, chan_disable=1 << Opcode.HOT_RESET)
        await user.peer.connect()
        with raises(errno.EOPNOTSUPP):
            user.hot_reset()
        assert not user.offline
        user.open()
        await rig.clock.sleep_ns(5 * SECOND)
        assert peer.count(Opcode.HOT_RESET) == 0

    rig.run(main())


@pytest.mark.parametrize(
    "answer",
    [pack_int(-errno.EINVAL), pack_int(-2040), pack_int(3), bytes(5), None],
    ids=["refused", "no serial number", "positive", "too long", "never"],
)
def test_a_reset_that_does_not_come_brings_the_device_back(answer: bytes | None) -> None:
    rig = Rig()

    async def main() -> None:
        peer, user = await ready(rig)
        device = Device.attach(user)
        await device.load_xclbin(DEMO)
        peer.answers[Opcode.HOT_RESET] = answer
        user.hot_reset()
        await rig.clock.sleep_ns(4 * SECOND + (20 * SECOND if answer is None else 0))
        assert not user.offline and user.mailbox.interrupt_mode and user.peer.ready
        assert user.bitstream.uuid == NULL_UUID, "the clients and the image are gone all the same"
        peer.groups[Group.ICAP] = icap(UUID)
        again = Device.attach(user)
        await again.load_xclbin(DEMO)
        assert peer.count(LOAD) == 1, "the card has it still"
        await again.client.open_context(UUID, 0)

    rig.run(main())


def test_hot_reset_has_six_seconds_to_leave() -> None:
    """The peer reads nothing, so the FIFO stays full: HOT_RESET waits 6 s where others wait 2."""
    rig = Rig()

    async def main() -> None:
        peer, user = await ready(rig)
        await peer.mailbox.stop()
        first = rig.clock.spawn(user.peer.data.loaded_uuid())
        await rig.clock.sleep_ns(SECOND)
        begin = rig.clock.now_ns()
        with raises(errno.ETIME, "sent"):
            await user.peer.requests.hot_reset()
        assert 5.8 * SECOND < rig.clock.now_ns() - begin < 6.2 * SECOND
        with raises(errno.ETIME, "sent"):
            await user.peer.requests.program_shell()
        assert rig.clock.now_ns() - begin < 8.4 * SECOND
        assert await first.join() == NULL_UUID

    rig.run(main())


def test_eshutdown_means_that_the_card_will_be_unplugged() -> None:
    rig = Rig()

    async def main() -> None:
        peer, user = await ready(rig)
        resets(peer, -errno.ESHUTDOWN, announce=False)
        user.hot_reset()
        await rig.clock.sleep_ns(120 * SECOND)
        assert user.offline and not user.peer.ready and not user.mailbox.interrupt_mode
        with raises(errno.ENXIO):
            user.open()
        await peer.online()
        await rig.clock.sleep_ns(SECOND)
        assert not user.offline and user.peer.ready and user.mailbox.interrupt_mode

    rig.run(main())
    assert rig.said("user", "unplugged")


def test_what_was_announced_before_the_reset_does_not_bring_the_device_back() -> None:
    rig = Rig()

    async def main() -> None:
        peer, user = await ready(rig)

        async def answer(request: Request) -> bytes:
            await peer.online()
            await rig.clock.sleep_ns(SECOND // 100)
            return pack_int(0)

        peer.answers[Opcode.HOT_RESET] = answer
        user.hot_reset()
        await rig.clock.sleep_ns(10 * SECOND)
        assert user.offline
        await peer.reset_card()
        await peer.online()
        await rig.clock.sleep_ns(SECOND)
        assert not user.offline and user.peer.ready

    rig.run(main())


# --- clients ------------------------------------------------------------------------------------------------


def test_clients_end_with_the_right_errno_and_their_commands_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "CLOSE_STEP_NS", client_module.CLOSE_STEP_NS // 1000)
    rig = Rig()

    async def main() -> None:
        _, user, device = await rig.loaded()
        other = user.open()
        kernel = await Kernel.open(device, UUID, "vadd:{vadd_1}")
        buffers = [await BO.alloc(device, 64, 0) for _ in range(3)]
        polling = rig.clock.spawn(poll(other))
        user.hot_reset()
        # The firmware polls a hung unit all the time, so let it hang shortly before the reset only.
        await rig.clock.sleep_ns(2 * SECOND - SECOND // 1000)
        rig.card.units[0].hang = True
        run = kernel(*buffers, 16)
        waiting = rig.clock.spawn(run.wait())
        await rig.clock.sleep_ns(SECOND // 2)
        assert waiting.done() and await waiting.join() == State.TIMEOUT
        assert await polling.join() == errno.ENODEV
        client = device.client
        for call in (
            lambda: client.execbuf(1),
            lambda: client.create_bo(4096, BoFlags.EXECBUF),
            lambda: client.open_context(UUID, 0),
            lambda: client.close_context(UUID, 0),
            lambda: client.poll(0),
        ):
            with raises(errno.ENODEV):
                result = call()
                if hasattr(result, "__await__"):
                    await result
        assert not user.clients and user.ert.idle and not user.kds.cus
        await other.close()
        await device.close()
        while user.offline:
            await rig.clock.sleep_ns(SECOND)

    rig.run(main(), 100)


async def poll(client: Client) -> int | None:
    try:
        await client.poll()
    except OSError as error:
        return error.errno
    return None


def test_the_bad_state_of_the_scheduler_ends_with_a_reset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "CLOSE_STEP_NS", client_module.CLOSE_STEP_NS // 1000)
    rig = Rig()

    async def main() -> None:
        _, user, device = await rig.loaded(KdsFlags(ert=False))
        kernel = await Kernel.open(device, UUID, "vadd:{vadd_1}")
        rig.card.units[0].hang = True
        user.host_cus.options = CuOptions(poll_interval_us=1000)
        kernel(*[await BO.alloc(device, 64, 0) for _ in range(3)], 16)
        await rig.clock.sleep_ns(SECOND // 1000)
        await kernel.close()
        with raises(errno.EDEADLK):
            await user.read_axlf(DEMO, force=True)
        user.hot_reset()
        await rig.clock.sleep_ns(6 * SECOND)
        rig.card.units[0].hang = False
        assert not user.offline
        again = Device.attach(user)
        await again.load_xclbin(DEMO)
        await run_vadd(again, await Kernel.open(again, UUID, "vadd:{vadd_1}"), 16)

    rig.run(main(), 100)


def test_a_reset_waits_for_a_load_and_the_other_way_round() -> None:
    rig = Rig()

    async def slow(request: Request) -> bytes:
        await rig.clock.sleep_ns(10 * SECOND)
        return pack_int(0)

    async def main() -> None:
        peer, user = await ready(rig)
        peer.answers[LOAD] = slow
        client = user.open()
        loading = rig.clock.spawn(user.read_axlf(DEMO))
        await rig.clock.sleep_ns(SECOND)
        user.hot_reset()
        await rig.clock.sleep_ns(5 * SECOND)
        assert peer.count(Opcode.HOT_RESET) == 0 and user.clients == [client]
        await loading.join()
        await rig.clock.sleep_ns(SECOND)
        assert peer.count(Opcode.HOT_RESET) == 1 and user.bitstream.uuid == NULL_UUID

    rig.run(main())


# --- firewall -----------------------------------------------------------------------------------------------


def test_a_firewall_trip_is_recorded_and_leads_to_a_reset() -> None:
    rig = Rig()

    async def main() -> None:
        peer, user = await ready(rig)
        resets(peer)
        peer.groups[Group.FIREWALL] = FirewallData(
            err_detected_level=1, err_detected_time=77, err_detected_level_name=b"CTRL_USER"
        ).pack()
        device = Device.attach(user)
        await device.load_xclbin(DEMO)
        tree = user.attributes
        assert await tree.read("xocl_errors") == ""
        begin = rig.clock.now_ns()
        await peer.mailbox.notify(Opcode.FIREWALL)
        await rig.clock.sleep_ns(SECOND // 10)
        assert (await tree.read("xocl_errors")).split()[0] == FIREWALL_CODE
        assert user.offline and await tree.read("dev_offline") == "1\n"
        with raises(errno.ENXIO):
            user.open()
        assert await tree.read("firewall.u.257/detected_level_name") == "CTRL_USER\n"
        assert await tree.read("firewall.u.257/detected_time") == "77\n"
        await device.client.open_context(UUID, 0)
        await device.client.close_context(UUID, 0)
        await rig.clock.sleep_ns(begin + SECOND * 195 // 100 - rig.clock.now_ns())
        assert peer.count(Opcode.HOT_RESET) == 0
        await rig.clock.sleep_ns(SECOND // 10)
        assert peer.count(Opcode.HOT_RESET) == 1
        await rig.clock.sleep_ns(5 * SECOND)
        assert not user.offline and user.peer.ready
        assert await tree.read("xocl_errors") == "", "a reset clears the records"

    rig.run(main())


def test_a_flood_of_trips_is_one_reset() -> None:
    rig = Rig()

    async def main() -> None:
        peer, user = await ready(rig)
        resets(peer)
        peer.groups[Group.FIREWALL] = None
        for _ in range(100):
            await peer.mailbox.notify(Opcode.FIREWALL)
        await rig.clock.sleep_ns(SECOND)
        assert 1 <= len(user.lifecycle.errors.records) <= 32
        assert peer.count(Opcode.PEER_DATA, Group.FIREWALL) == 1
        await rig.clock.sleep_ns(9 * SECOND)
        assert peer.count(Opcode.HOT_RESET) == 1 and not user.offline
        assert peer.count(Opcode.PEER_DATA, Group.FIREWALL) == 1, "one question at a time, not one a notice"

    rig.run(main())


def test_an_announcement_between_trip_and_reset_leaves_clients_alone() -> None:
    rig = Rig()

    async def main() -> None:
        peer, user = await ready(rig)
        resets(peer)
        device = Device.attach(user)
        await device.load_xclbin(DEMO)
        await device.client.open_context(UUID, 0)
        await peer.mailbox.notify(Opcode.FIREWALL)
        await peer.say(PeerStateFlags.ONLINE)
        await rig.clock.sleep_ns(SECOND)
        assert user.offline and user.bitstream.references == 1
        await device.client.close_context(UUID, 0)
        await rig.clock.sleep_ns(5 * SECOND)
        assert not user.offline and peer.count(Opcode.HOT_RESET) == 1

    rig.run(main())


def test_a_card_that_does_not_come_back_stays_down_and_a_later_announcement_helps() -> None:
    rig = Rig()

    async def main() -> None:
        peer, user = await ready(rig)
        resets(peer)
        user.hot_reset()
        await rig.clock.sleep_ns(3 * SECOND)
        assert user.lifecycle.down
        rig.card.user_irqs.function.dead = False
        broken, rig.card.user_irqs.read32 = rig.card.user_irqs.read32, lambda offset: 0  # type: ignore[method-assign]
        await rig.clock.sleep_ns(5 * SECOND)
        assert user.offline and rig.said("user.work", "refresh failed")
        rig.card.user_irqs.read32 = broken  # type: ignore[method-assign]
        await peer.online()
        await rig.clock.sleep_ns(SECOND)
        assert not user.offline and user.peer.ready

    rig.run(main())


# --- shell --------------------------------------------------------------------------------------------------


def test_the_shell_changes() -> None:
    rig = Rig()
    old, new = device_tree(["0" * 31 + "1"]), device_tree(["0" * 31 + "2"])

    async def main() -> None:
        peer, user = await ready(rig)
        peer.groups[Group.SUBDEV] = piece(3, 0, old)
        await user.lifecycle.refresh()
        client = user.open()
        peer.answers[Opcode.PROGRAM_SHELL] = pack_int(0)
        peer.groups[Group.SUBDEV] = piece(4, 0, b"")
        begin = rig.clock.now_ns()
        await peer.mailbox.notify(Opcode.CHG_SHELL)
        await rig.clock.sleep_ns(SECOND * 19 // 10)
        assert not user.offline and peer.count(Opcode.PROGRAM_SHELL) == 0
        await rig.clock.sleep_ns(SECOND // 2)
        assert user.offline and peer.count(Opcode.PROGRAM_SHELL) == 1
        with raises(errno.ENODEV):
            await client.poll(0)
        probes = peer.count(Opcode.USER_PROBE)
        await rig.clock.sleep_ns(10 * SECOND)
        assert user.offline and peer.count(Opcode.PEER_DATA, Group.SUBDEV) >= 4
        assert user.peer.shell.tree == b""
        peer.groups[Group.SUBDEV] = piece(3, 0, new)
        await rig.clock.sleep_ns(3 * SECOND)
        assert not user.offline and user.peer.shell.interfaces == ("0" * 31 + "2",)
        assert peer.count(Opcode.USER_PROBE) == probes + 1 and peer.count(Opcode.PROGRAM_SHELL) == 1
        assert rig.clock.now_ns() - begin < 20 * SECOND

    rig.run(main())


@pytest.mark.parametrize("answer", [pack_int(-errno.EBUSY), None], ids=["busy", "never"])
def test_a_shell_that_is_not_programmed(answer: bytes | None) -> None:
    rig = Rig()

    async def main() -> None:
        peer, user = await ready(rig)
        tree = device_tree(["0" * 31 + "1"])
        peer.groups[Group.SUBDEV] = piece(3, 0, tree)
        await user.lifecycle.refresh()
        peer.answers[Opcode.PROGRAM_SHELL] = answer
        await peer.mailbox.notify(Opcode.CHG_SHELL)
        await rig.clock.sleep_ns(30 * SECOND)
        assert not user.offline and user.peer.shell.tree == tree

    rig.run(main())


def test_a_shell_that_takes_more_than_a_minute_comes_with_the_announcement() -> None:
    rig = Rig()

    async def main() -> None:
        peer, user = await ready(rig)
        peer.answers[Opcode.PROGRAM_SHELL] = pack_int(0)
        peer.groups[Group.SUBDEV] = piece(4, 0, b"")
        await peer.mailbox.notify(Opcode.CHG_SHELL)
        await rig.clock.sleep_ns(80 * SECOND)
        before = peer.count(Opcode.PEER_DATA)
        await rig.clock.sleep_ns(60 * SECOND)
        assert user.offline and peer.count(Opcode.PEER_DATA) == before, "it has stopped asking"
        peer.groups[Group.SUBDEV] = piece(3, 0, device_tree(["0" * 31 + "2"]))
        await peer.online()
        await rig.clock.sleep_ns(SECOND)
        assert not user.offline and user.peer.ready and user.peer.shell.interfaces

    rig.run(main())


def test_a_pending_partition_is_programmed_by_a_driver_that_comes_late() -> None:
    rig = Rig()

    async def main() -> None:
        peer = await ScriptedPeer(rig).start()
        peer.groups[Group.SUBDEV] = piece(4, 0, b"")

        async def programs(request: Request) -> bytes:
            peer.groups[Group.SUBDEV] = piece(3, 0, device_tree(["0" * 31 + "3"]))
            return pack_int(0)

        peer.answers[Opcode.PROGRAM_SHELL] = programs
        user = await rig.user()
        assert user.peer.ready and not user.offline and user.peer.shell.interfaces == ("0" * 31 + "3",)

    rig.run(main())


# --- clocks and P2P -------------------------------------------------------------------------------------


def test_reclock_sends_what_the_real_one_sends() -> None:
    rig = Rig()

    async def main() -> None:
        peer, user = await ready(rig)
        await user.read_axlf(DEMO)
        built_for = [clock.freq_mhz for clock in user.loaded.clocks]
        assert built_for
        offline = []

        async def answer(request: Request) -> bytes:
            offline.append(user.offline)
            return pack_int(0)

        peer.answers[Opcode.RECLOCK] = answer
        await user.reclock([built_for[0], 0], region=2)
        payload = peer.seen[-1][1]
        assert len(payload) == 36
        assert payload[:12] == bytes([2, 0, 0, 0]) + built_for[0].to_bytes(2, "little") + bytes(6)
        assert any(payload[12:]), "what lies behind is not part of the request"
        assert offline == [True] and not user.offline
        for freqs in ([9], [built_for[0] + 1], [0, 0, 0, 0, 100], [0, 0, 0, 100]):
            with raises(errno.EDOM):
                await user.reclock(freqs)
        for result, code in ((-errno.EBUSY, errno.EBUSY), (4, errno.EIO)):
            peer.answers[Opcode.RECLOCK] = pack_int(result)
            with raises(code):
                await user.reclock([10])
        peer.answers[Opcode.RECLOCK] = b""
        with raises(errno.ENODEV):
            await user.reclock([10])
        before = peer.count(Opcode.RECLOCK)
        client = user.open()
        await client.open_context(UUID, 0)
        with raises(errno.EBUSY, "context"):
            await user.reclock([10])
        assert peer.count(Opcode.RECLOCK) == before and not user.offline
        await client.close()

    rig.run(main())


def test_reclock_without_an_image_and_with_a_dead_peer() -> None:
    rig = Rig()

    async def main() -> None:
        peer, user = await ready(rig)
        with raises(errno.EDOM):
            await user.reclock([100])
        await user.read_axlf(DEMO)
        begin = rig.clock.now_ns()
        with raises(errno.ETIME):
            await user.reclock([100])
        assert rig.clock.now_ns() - begin < 21 * SECOND and not user.offline
        user.hot_reset()
        with raises(errno.ETIME):
            await user.reclock([100])
        assert user.offline, "the reset that comes keeps it offline"
        assert peer.count(Opcode.RECLOCK) == 2

    rig.run(main())


def test_the_scheduler_works_after_reclocking() -> None:
    rig = Rig()

    async def main() -> None:
        _, user, device = await rig.loaded()
        with raises(errno.ENODEV):  # the card has no clock wizards
            await user.reclock([100])
        await user.loader.reconfigure()
        await run_vadd(device, await Kernel.open(device, UUID, "vadd:{vadd_1}"), 16)
        assert user.kds.state.ert_on

    rig.run(main())


def test_p2p_address() -> None:
    rig = Rig()

    async def main() -> None:
        peer, user = await ready(rig)
        peer.answers[Opcode.READ_P2P_BAR_ADDR] = pack_int(0)
        assert await user.peer.requests.read_p2p_bar_addr(0x12_3400_0000, 1 << 30) == 0
        assert P2pBarAddr.unpack(peer.seen[-1][1]) == P2pBarAddr(0x12_3400_0000, 1 << 30)
        assert len(peer.seen[-1][1]) == 16
        peer.answers[Opcode.READ_P2P_BAR_ADDR] = pack_int(-errno.EOPNOTSUPP)
        assert await user.peer.requests.read_p2p_bar_addr(0, 0) == -errno.EOPNOTSUPP

    rig.run(main())
