# SPDX-License-Identifier: Apache-2.0
"""Hot reset and the smaller resets of the management PF."""

from __future__ import annotations

import errno

import pytest

from pydriver.errors import fail
from pydriver.mailbox import MailboxOptions, Opcode
from pydriver.mailbox.messages import FirewallData, pack_request
from pydriver.platform.virtual import VirtualPlatform
from pydriver.xclbin import NULL_UUID, parse
from pydriver.xclmgmt import Providers, Xclmgmt
from tests.unit.mgmt_rig import Bare, pair, settle
from tests.unit.rig import DEMO, SECOND, Rig, raises

UUID = parse(DEMO).uuid
ONLINE, OFFLINE = 1, 2


class Firewalls:
    """Trip until they have been cleared `stubborn` times."""

    def __init__(self, stubborn: int) -> None:
        self.stubborn = stubborn
        self.clears = 0

    async def data(self) -> FirewallData:
        return FirewallData()

    async def tripped(self) -> bool:
        return self.clears < self.stubborn

    async def clear(self) -> None:
        self.clears += 1
        if self.clears == 1:
            raise fail(errno.EBUSY, "a response is outstanding")


async def online_again(mgmt: Xclmgmt, rig: Rig) -> None:
    """Wait for the end of a reset."""
    for _ in range(1000):
        if not mgmt.offline:
            return
        await settle(rig, 10)
    raise AssertionError("the reset does not end")


async def back(mgmt: Xclmgmt, bare: Bare) -> None:
    """The card works again, from the bottom up."""
    await bare.start()
    assert (await bare.probe()).conn_flags & 1
    assert await bare.number(Opcode.LOAD_XCLBIN, DEMO) == 0
    assert bare.rig.card.gate.state == 3
    assert not mgmt.offline and await mgmt.microblaze.running()


# --- on request ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("interrupt", [True, False], ids=["interrupt", "polled"])
def test_a_requested_reset(interrupt: bool) -> None:
    rig = Rig()
    seen: list[str] = []
    notified: list[list[int]] = []

    async def main() -> None:
        options = MailboxOptions(interrupt=interrupt)
        mgmt, bare = await pair(rig, mailbox=options)
        mgmt.attributes.on_change.append(seen.append)
        # What the user PF was told by the time the link goes down.
        rig.platform.on_hot_reset.append(lambda: notified.append(bare.states()))
        await mgmt.download(DEMO)
        mgmt.resets.firewall_reported = True
        assert await bare.number(Opcode.HOT_RESET) == 0
        assert mgmt.offline and await mgmt.attributes.read("dev_offline") == "1\n"
        await online_again(mgmt, rig)
        assert notified == [[OFFLINE]] and rig.card.mgmt.msix_enabled
        assert mgmt.downloader.bitstream.uuid == NULL_UUID and rig.card.gate.state == 0
        assert not mgmt.resets.firewall_reported
        # The bare side was reset too; the ONLINE notice waits for it in the FIFO or has been lost with it.
        await back(mgmt, bare)
        await mgmt.remove()

    rig.run(main())
    assert seen.count("dev_offline") == 3
    assert rig.said("mgmt.reset", "the card is back") and not rig.said("mgmt.reset", "forced")


def test_online_comes_after_a_requested_reset() -> None:
    rig = Rig()

    async def main() -> None:
        mgmt, bare = await pair(rig)
        link_down = rig.clock.event()

        async def user_side() -> None:
            # As the user PF's driver: it brings its own side back as soon as the link is up again.
            await link_down.wait()
            while rig.card.user.dead:
                await rig.clock.sleep_ns(SECOND // 10_000)
            await bare.start()

        rig.clock.spawn(user_side())
        rig.platform.on_hot_reset.append(link_down.set)
        assert await bare.number(Opcode.HOT_RESET) == 0
        await online_again(mgmt, rig)
        await settle(rig)
        assert bare.states() == [OFFLINE, ONLINE]

    rig.run(main())


def test_a_response_that_cannot_be_posted_forces_the_reset(monkeypatch: pytest.MonkeyPatch) -> None:
    rig = Rig()

    async def main() -> None:
        mgmt, bare = await pair(rig)

        async def respond(*_: object) -> None:
            raise fail(errno.ENOMEM, "no memory for a message")

        monkeypatch.setattr(mgmt.mailbox, "respond", respond)
        with raises(errno.ETIME):
            await bare.mailbox.request(Opcode.HOT_RESET, response_ttl_s=1)
        monkeypatch.undo()
        await online_again(mgmt, rig)
        await back(mgmt, bare)
        assert bare.states() == []

    rig.run(main())
    assert rig.said("mgmt.reset", "forced hot reset")


def test_two_requests_make_one_reset() -> None:
    rig = Rig()
    resets: list[int] = []

    async def main() -> None:
        mgmt, bare = await pair(rig)
        rig.platform.on_hot_reset.append(lambda: resets.append(1))
        mgmt.schedule_reset(force=False)
        mgmt.schedule_reset(force=True)
        await settle(rig)
        await online_again(mgmt, rig)
        await settle(rig, 5000)
        await back(mgmt, bare)

    rig.run(main())
    assert resets == [1]


# --- by attribute ----------------------------------------------------------------------------------------


def test_a_forced_reset_tells_nobody() -> None:
    rig = Rig()

    async def main() -> None:
        mgmt, bare = await pair(rig)
        await mgmt.attributes.write("mgmt_reset", "1\n")
        await back(mgmt, bare)
        await settle(rig)
        assert bare.states() == []

    rig.run(main())


def test_the_other_values_of_mgmt_reset() -> None:
    rig = Rig()

    async def main() -> None:
        mgmt, _ = await pair(rig)
        await mgmt.download(DEMO)
        history = rig.card.gate.history
        del history[:]
        for value in ("0", "3", "4"):
            await mgmt.attributes.write("mgmt_reset", value)
        assert history == []
        await mgmt.attributes.write("mgmt_reset", "2")
        assert history == [0, 2, 3]
        mgmt.downloader.bitstream.lock(UUID)
        await mgmt.attributes.write("mgmt_reset", "2")
        assert history == [0, 2, 3], "nothing while the image is in use"
        for value in ("5", "4294967296", "0x1", "-1", "one", "", "1 1", "²"):
            with raises(errno.EINVAL):
                await mgmt.attributes.write("mgmt_reset", value)
        with raises(errno.EACCES):
            await mgmt.attributes.read("mgmt_reset")
        assert mgmt.downloader.bitstream.uuid == UUID

    rig.run(main())


# --- what can go wrong -------------------------------------------------------------------------------------


@pytest.mark.parametrize("force", [False, True], ids=["requested", "forced"])
def test_a_machine_that_cannot_reset_the_card(force: bool) -> None:
    rig = Rig()

    async def main() -> None:
        mgmt, bare = await pair(rig)
        rig.platform.on_hot_reset.clear()
        with raises(errno.ENODEV):
            await mgmt.hot_reset(force=True)
        assert rig.card.gate.state == 0, "there was nothing to open it for"
        await mgmt.download(DEMO)
        with raises(errno.ENODEV):
            await mgmt.hot_reset(force)
        assert not mgmt.offline and rig.card.gate.state == 3
        await settle(rig)
        assert bare.states() == ([] if force else [OFFLINE, ONLINE])
        assert (await bare.icap())[72:88] == UUID, "all is as it was"
        assert await mgmt.microblaze.running()
        with raises(errno.ENODEV):
            await mgmt.attributes.write("mgmt_reset", "1")
        assert await bare.number(Opcode.HOT_RESET) == 0, "the user PF hears of it too late"
        await settle(rig)
        await online_again(mgmt, rig)
        await settle(rig)
        assert bare.states()[-1] == ONLINE
        assert (await bare.icap())[72:88] == UUID

    rig.run(main())
    assert rig.said("mgmt.reset", "hot reset failed: there is no bridge")


def after_reset(rig: Rig, dead: bool) -> None:
    """From now on a reset leaves the management PF dead, or alive."""

    async def hot_reset() -> None:
        await VirtualPlatform.hot_reset(rig.platform)
        rig.card.mgmt.dead = dead

    rig.platform.hot_reset = hot_reset  # type: ignore[method-assign]


def test_a_card_that_does_not_come_back() -> None:
    rig = Rig()

    async def main() -> None:
        mgmt, bare = await pair(rig)
        after_reset(rig, True)
        begin = rig.clock.now_ns()
        with raises(errno.ENODEV):
            await mgmt.hot_reset()
        assert rig.clock.now_ns() - begin < 10 * SECOND
        assert mgmt.offline
        with raises(errno.ENXIO):
            mgmt.mailbox.software.open()
        with raises(errno.ETIME):
            await bare.mailbox.request(Opcode.USER_PROBE, bytes(24), response_ttl_s=1)
        after_reset(rig, False)
        await mgmt.hot_reset(force=True)
        await back(mgmt, bare)
        mgmt.mailbox.software.open()

    rig.run(main())


def test_a_dead_card_is_reset_within_a_bound() -> None:
    rig = Rig()

    async def main() -> None:
        mgmt, bare = await pair(rig)
        rig.card.mgmt.dead = True
        after_reset(rig, False)
        begin = rig.clock.now_ns()
        await mgmt.hot_reset()
        assert rig.clock.now_ns() - begin < 10 * SECOND
        await back(mgmt, bare)

    rig.run(main())


def test_a_user_side_that_reads_nothing_does_not_hold_the_reset() -> None:
    rig = Rig()

    async def main() -> None:
        mgmt = await rig.mgmt()
        begin = rig.clock.now_ns()
        await mgmt.hot_reset()
        assert 2 * SECOND <= rig.clock.now_ns() - begin < 10 * SECOND
        await back(mgmt, await Bare.open(rig))

    rig.run(main())


def test_a_reset_waits_for_the_download_that_is_going_on() -> None:
    rig = Rig()

    async def main() -> None:
        mgmt, bare = await pair(rig)
        rig.card.calibration.after = 5
        task = rig.clock.spawn(bare.ask(Opcode.LOAD_XCLBIN, DEMO))
        while not mgmt.downloader.bitstream.writing:
            await settle(rig, 1)
        await mgmt.hot_reset(force=True)
        assert await task.join() == bytes(4)
        assert mgmt.downloader.bitstream.uuid == NULL_UUID
        await back(mgmt, bare)

    rig.run(main())


def test_a_download_that_never_ends_does_not_hold_the_reset() -> None:
    rig = Rig()

    async def main() -> None:
        mgmt, bare = await pair(rig)
        with mgmt.downloader.bitstream.writer():
            begin = rig.clock.now_ns()
            await mgmt.hot_reset(force=True)
            assert 60 * SECOND <= rig.clock.now_ns() - begin < 70 * SECOND
        await back(mgmt, bare)

    rig.run(main())


@pytest.mark.parametrize("stubborn", [0, 1, 9, 10, 11])
def test_firewalls_are_cleared_after_the_reset(stubborn: int) -> None:
    rig = Rig()
    firewalls = Firewalls(stubborn)

    async def main() -> None:
        mgmt, bare = await pair(rig, providers=Providers(firewall=firewalls))
        if stubborn > 10:
            with raises(errno.EIO, "warm reboot"):
                await mgmt.hot_reset()
            assert mgmt.offline
        else:
            await mgmt.hot_reset()
            await back(mgmt, bare)

    rig.run(main())
    assert firewalls.clears == min(stubborn, 10)


# --- the kept image ----------------------------------------------------------------------------------------


def test_the_kept_image_is_there_before_online_is_said() -> None:
    rig = Rig()

    async def main() -> None:
        mgmt, bare = await pair(rig, cache_xclbin=True)
        await mgmt.download(DEMO)
        await mgmt.hot_reset()
        assert mgmt.downloader.bitstream.uuid == UUID and rig.card.gate.state == 3
        await bare.start()
        assert (await bare.icap())[72:88] == UUID
        await mgmt.attributes.write("cache_xclbin", "0")
        await mgmt.download(DEMO)
        await mgmt.hot_reset()
        assert mgmt.downloader.bitstream.uuid == NULL_UUID

    rig.run(main())


def test_only_the_local_download_is_kept_and_a_bad_one_is_not_fatal() -> None:
    rig = Rig()

    async def main() -> None:
        mgmt, bare = await pair(rig, cache_xclbin=True)
        assert await bare.number(Opcode.LOAD_XCLBIN, DEMO) == 0
        assert mgmt.kept_image is None
        with raises(errno.EINVAL):
            await mgmt.download(b"xclbin1\0" + DEMO[8:])
        assert mgmt.kept_image is None
        await mgmt.download(DEMO)
        rig.card.set_rom(timestamp=1)
        rig.card.icap_stuck = True
        await mgmt.hot_reset()
        assert mgmt.downloader.bitstream.uuid == NULL_UUID and not mgmt.offline
        rig.card.icap_stuck = False
        await back(mgmt, bare)

    rig.run(main())
    assert rig.said("mgmt.reset", "the kept image does not load")


# --- the notice --------------------------------------------------------------------------------------------


def test_a_firewall_trip_is_reported_once() -> None:
    rig = Rig()

    async def main() -> None:
        mgmt, bare = await pair(rig)
        await mgmt.report_firewall_trip()
        await mgmt.report_firewall_trip()
        await settle(rig)
        assert bare.notices == [(Opcode.FIREWALL, b"")]
        await mgmt.hot_reset(force=True)
        await bare.start()
        await mgmt.report_firewall_trip()
        await settle(rig)
        assert bare.notices == [(Opcode.FIREWALL, b"")] * 2

    rig.run(main())
    assert rig.said("mgmt", "the card needs a hot reset")


def test_a_trip_that_could_not_be_reported_is_reported_again() -> None:
    rig = Rig()

    async def main() -> None:
        mgmt, bare = await pair(rig)
        mgmt.mailbox.channel_disable = 1 << Opcode.FIREWALL
        await mgmt.report_firewall_trip()
        mgmt.mailbox.channel_disable = 0
        await mgmt.report_firewall_trip()
        await settle(rig)
        assert bare.notices == [(Opcode.FIREWALL, b"")]

    rig.run(main())


# --- what goes on meanwhile --------------------------------------------------------------------------------


def test_a_download_that_begins_while_the_last_words_leave_is_finished_before_the_reset() -> None:
    """The user PF reads nothing, so the words have their two seconds; meanwhile it sends an image."""
    rig = Rig()
    writing: list[bool] = []

    async def main() -> None:
        mgmt, bare = await pair(rig)
        await bare.mailbox.stop()
        rig.card.calibration.after = 5
        rig.platform.on_hot_reset.append(lambda: writing.append(mgmt.downloader.bitstream.writing))
        reset = rig.clock.spawn(mgmt.hot_reset())
        await settle(rig, 100)
        await bare.push(pack_request(Opcode.LOAD_XCLBIN, DEMO))
        await settle(rig)
        assert mgmt.downloader.bitstream.writing and not writing
        await reset.join()
        assert writing == [False] and mgmt.downloader.bitstream.uuid == NULL_UUID
        await back(mgmt, bare)

    rig.run(main())
    assert rig.said("mgmt.icap", "is loaded"), "the download was finished, not cut off"


def test_removing_the_driver_does_not_leave_the_card_in_reset() -> None:
    rig = Rig()

    async def main() -> None:
        mgmt, bare = await pair(rig)
        assert await bare.number(Opcode.HOT_RESET) == 0
        while not rig.card.mgmt.dead:
            await settle(rig, 10)
        await mgmt.remove()
        assert not rig.card.mgmt.dead and not mgmt.ready
        await back(await rig.mgmt(), bare)

    rig.run(main())


def test_a_request_that_meets_a_driver_on_its_way_out_resets_nothing() -> None:
    rig = Rig()
    resets: list[int] = []

    async def main() -> None:
        mgmt, bare = await pair(rig)
        rig.platform.on_hot_reset.append(lambda: resets.append(1))
        with mgmt.downloader.bitstream.writer():
            removal = rig.clock.spawn(mgmt.remove())
            await settle(rig)
            assert bare.states() == [OFFLINE]
            assert await bare.number(Opcode.HOT_RESET) == 0
            late = rig.clock.spawn(mgmt.attributes.write("mgmt_reset", "1"))
            image = rig.clock.spawn(mgmt.download(DEMO))
            await settle(rig)
        await removal.join()
        with raises(errno.ENODEV):
            await late.join()
        with raises(errno.ENOTTY):
            await image.join()
        await settle(rig, 5000)
        assert not resets and not mgmt.mailbox.running
        await back(await rig.mgmt(), bare)

    rig.run(main())
