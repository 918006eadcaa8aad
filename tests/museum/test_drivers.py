# SPDX-License-Identifier: Apache-2.0
"""Historic defects of resets and downloads, with both drivers on the model of the card in virtual time."""

from __future__ import annotations

import errno
from typing import Any

import pytest

from pydriver.errors import fail
from pydriver.mailbox import ConnFlags, Opcode, transmit
from pydriver.mailbox.messages import ConnResp, pack_int
from pydriver.platform.virtual import VirtualFunction
from pydriver.xclbin import Axlf, SectionKind, parse
from pydriver.xclmgmt import Xclmgmt, icap
from pydriver.xclmgmt.download import Downloader
from pydriver.xclmgmt.driver import MAILBOX_USER_IRQ
from pydriver.xocl import UserOptions, peer_download, peer_requests
from pydriver.xocl.peer_download import PeerDownload
from tests.museum.exhibit import caught, result_of
from tests.unit.rig import DEMO, SECOND, Rig, changed
from tests.unit.user_peer import ScriptedDaemon

UUID = parse(DEMO).uuid
MS = SECOND // 1000
GUEST = UserOptions(guest=True)


# --- PR 3367 ---


def comes_back_from_a_reset() -> None:
    rig = Rig()

    async def main() -> None:
        mgmt, user = await rig.both()
        user.hot_reset()
        await rig.clock.sleep_ns(10 * SECOND)
        assert not user.offline and user.peer.ready, "the user function did not come back from the reset"
        await rig.clock.sleep_ns(SECOND)
        begin = rig.clock.now_ns()
        assert await result_of(user.peer.icap_data()) == 0, "the management function hears nothing"
        assert rig.clock.now_ns() - begin < 10 * MS, "by the timer, not by interrupts"
        await mgmt.remove()

    rig.run(main())


def test_pr_3367_reset_fails_because_the_mailbox_interrupt_is_disabled(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """https://github.com/Xilinx/XRT/pull/3367: a reset failed since the interrupt of mailbox.m was disabled.

    The fix is the order: offline, reset, ready, online. Here: old, the interrupt is off after the reset.
    """
    comes_back_from_a_reset()
    start_channel = Xclmgmt.start_channel

    async def with_interrupts_the_first_time(self: Xclmgmt) -> None:
        await start_channel(self)
        if self.ready:
            await self.irqs.disable(MAILBOX_USER_IRQ)

    monkeypatch.setattr(Xclmgmt, "start_channel", with_interrupts_the_first_time)
    with caught("did not come back from the reset|hears nothing"):
        comes_back_from_a_reset()


# --- PR 4605, 4606 ---


def reset_with_a_late_daemon(delay_s: int) -> None:
    """The daemon opens the node again `delay_s` after the driver has asked for the reset."""
    rig = Rig()

    async def main() -> None:
        rig.platform.outside.pace = 1000
        user = await rig.user(UserOptions(software_only=True, guest=True))
        daemon = ScriptedDaemon(rig, user.mailbox.software)
        daemon.answers[Opcode.USER_PROBE] = ConnResp(conn_flags=int(ConnFlags.PEER_READY)).pack()
        daemon.answers[Opcode.PEER_DATA] = pack_int(-errno.EOPNOTSUPP)
        daemon.answers[Opcode.HOT_RESET] = pack_int(0)
        daemon.open()
        await daemon.online()
        await rig.clock.sleep_ns(SECOND)
        # A daemon that has the node open, and does not read yet: it is about to open it anew.
        daemon.close()
        user.mailbox.software.open()
        user.hot_reset()
        await rig.clock.sleep_ns(delay_s * SECOND + 2100 * MS)
        daemon.open()
        await rig.clock.sleep_ns(SECOND)
        assert (Opcode.HOT_RESET, b"") in daemon.seen, "HOT_RESET timed out before the daemon came"
        assert user.lifecycle.down
        await daemon.online()
        await rig.clock.sleep_ns(SECOND)
        assert not user.offline and user.peer.ready

    rig.run(main())


def test_pr_4605_4606_hot_reset_message_times_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """https://github.com/Xilinx/XRT/pull/4605 and /4606: the HOT_RESET message times out.

    The mailbox goes offline and online right before it, and the daemon has not opened the node again. Here:
    the daemon comes 4 s late; HOT_RESET has 6 s, old 2.
    """
    reset_with_a_late_daemon(4)
    monkeypatch.setattr(transmit, "SOFTWARE_TX_TTL_S", 2)
    monkeypatch.setattr(peer_requests, "RESET_TX_TTL_S", 2)
    with caught("HOT_RESET timed out"):
        reset_with_a_late_daemon(4)


# --- PR 1712, 2246, 3105 ---


def slow_download(seconds: int) -> str:
    """A download that takes the management function that long; the sentence of its failure, or nothing."""
    rig = Rig()
    told: list[str] = []

    async def main() -> None:
        mgmt, user = await rig.both(user=GUEST)
        download = mgmt.downloader.download

        async def slow(image: bytes) -> None:
            await rig.clock.sleep_ns(seconds * SECOND)
            await download(image)

        mgmt.downloader.download = slow  # type: ignore[method-assign]
        begin = rig.clock.now_ns()
        try:
            await user.read_axlf(DEMO)
        except OSError as error:
            assert error.errno == errno.ETIMEDOUT
            told.append(str(error.strerror))
            assert rig.clock.now_ns() - begin < 52 * SECOND, "longer than the TTL"
        mgmt.downloader.download = download  # type: ignore[method-assign]
        await rig.clock.sleep_ns(60 * SECOND)
        other = changed(DEMO, uuid=bytes(range(16)))
        assert await result_of(user.read_axlf(other)) == 0, "the next download does not work"

    rig.run(main())
    return told[0] if told else ""


def loads_within(seconds: int) -> None:
    sentence = slow_download(seconds)
    assert not sentence, f"a download of {seconds} s failed: {sentence}"


def test_pr_1712_download_time_out_of_the_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    """https://github.com/Xilinx/XRT/pull/1712: an image takes longer than a request may; the caller's time.

    Here: old, LOAD_XCLBIN has the 20 s of every request.
    """
    loads_within(30)
    monkeypatch.setattr(peer_download, "download_ttl_s", lambda _axlf: 20)
    with caught("a download of 30 s failed"):
        loads_within(30)


def test_pr_2246_the_time_out_says_what_timed_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """https://github.com/Xilinx/XRT/pull/2246: more details when the download of an image times out.

    Here: who did not answer, and to what; old, a bare number.
    """

    def check() -> None:
        sentence = slow_download(70)
        assert "management PF" in sentence and "LOAD_XCLBIN" in sentence, f"{sentence!r} tells nothing"

    check()
    ask = PeerDownload._ask

    async def bare(self: PeerDownload, *arguments: Any) -> int:
        try:
            return await ask(self, *arguments)
        except OSError as error:
            assert error.errno is not None
            raise fail(error.errno, "failed") from error

    monkeypatch.setattr(PeerDownload, "_ask", bare)
    with caught("tells nothing"):
        check()


def test_pr_3105_a_small_image_has_fifty_seconds_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """https://github.com/Xilinx/XRT/pull/3105: minimum time-out of 50 s for a download (a cloud takes long).

    Here: old, the time is that of the image's size alone.
    """
    loads_within(45)
    monkeypatch.setattr(peer_download, "MIN_DOWNLOAD_TTL_S", 0)
    with caught("a download of 45 s failed"):
        loads_within(45)


# --- PR 3602 ---


def gate_is_closed_while_programming() -> None:
    rig = Rig()
    states: list[int] = []

    async def main() -> None:
        mgmt = await rig.mgmt()
        program = mgmt.icap.program

        async def watched(section: bytes) -> None:
            states.append(rig.card.gate.state)
            await program(section)
            states.append(rig.card.gate.state)

        mgmt.icap.program = watched  # type: ignore[method-assign]
        for _ in range(2):
            await mgmt.download(DEMO)
            assert rig.card.gate.state == 3
        assert states == [0] * 4, f"the gate was in states {states} around programming"
        assert rig.card.gate.history == [2, 3, 0, 2, 3], "opened in two steps, closed before the next image"

    rig.run(main())


def test_pr_3602_gate_is_not_cycled_around_a_download(monkeypatch: pytest.MonkeyPatch) -> None:
    """https://github.com/Xilinx/XRT/pull/3602: the gate was not reset during the download on one platform.

    Here: the region is isolated while it is programmed, the first time and again.
    """
    gate_is_closed_while_programming()

    async def left_open(self: Downloader, axlf: Axlf) -> None:
        section = axlf.section(SectionKind.BITSTREAM)
        assert section is not None
        await self._icap.program(section)
        await self._gate.free()

    monkeypatch.setattr(Downloader, "_program", left_open)
    with caught("around programming"):
        gate_is_closed_while_programming()


# --- PR 4985: the device does not take the image ---


def stuck_port() -> None:
    rig = Rig()

    async def main() -> None:
        mgmt = await rig.mgmt()
        await rig.clock.sleep_ns(SECOND)
        rig.card.icap_stuck = True
        task = rig.clock.spawn(result_of(mgmt.download(DEMO)))
        await rig.clock.sleep_ns(50 * MS)
        assert task.done(), "the host polls the device for ever"
        assert await task.join() == errno.EIO
        before = reads(rig.card.mgmt)
        await rig.clock.sleep_ns(SECOND)
        assert reads(rig.card.mgmt) == before
        rig.card.icap_stuck = False
        await mgmt.download(DEMO)
        assert mgmt.downloader.bitstream.uuid == UUID

    rig.run(main())


def reads(function: VirtualFunction) -> int:
    return function.bars[0].reads


def test_pr_4985_host_polls_a_configuration_port_that_takes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """https://github.com/Xilinx/XRT/pull/4985: a time-out per packet, and for the device to take the image.

    Here: the write FIFO never has room.
    """
    stuck_port()
    write_words = icap.Icap._write_words

    async def for_ever(self: icap.Icap, words: tuple[int, ...]) -> None:
        while True:
            if await result_of(write_words(self, words)) == 0:
                return

    monkeypatch.setattr(icap.Icap, "_write_words", for_ever)
    with caught("for ever"):
        stuck_port()
