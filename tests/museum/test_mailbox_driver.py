# SPDX-License-Identifier: Apache-2.0
"""Historic defects of the mailbox driver, on the model of its hardware in virtual time."""

from __future__ import annotations

import errno
from collections.abc import Sequence
from typing import Any

import pytest

from pydriver.mailbox import Mailbox, Opcode, Request, receive
from pydriver.mailbox.channel import Ticker
from pydriver.mailbox.inbox import Listener
from pydriver.mailbox.packets import Flags, Received, split
from pydriver.mailbox.port import Port
from pydriver.regs import mailbox, user_bar
from tests.museum.exhibit import caught, meet, result_of
from tests.unit.mailbox_pair import ECHO, SECOND, Pair

MS = SECOND // 1000


# --- PR 561 ---


class NobodyLooks(Mailbox):
    """Old: only an interrupt makes the receiver look."""

    def _tick(self) -> None:
        self._tx.tick()
        self._rx.tick()
        self._replies.tick()
        self._settle()


async def lost_interrupts(pair: Pair) -> None:
    await pair.start()
    await pair.clock.sleep_ns(SECOND)
    pair.card.user.msix_enabled = False
    begin = pair.clock.now_ns()
    code = await result_of(pair.user.request(ECHO, b"?", response_ttl_s=5))
    assert code == 0, f"the answer was there and the request ended with {errno.errorcode[code]}"
    assert pair.clock.now_ns() - begin < SECOND
    pair.card.user.msix_enabled = True
    assert await pair.user.request(ECHO, b"next") == b"next"


def test_pr_561_interrupt_goes_missing() -> None:
    """https://github.com/Xilinx/XRT/pull/561: an interrupt of the mailbox gets lost and with it the message.

    Here: the user function's MSI-X is off while the answer comes in; the 100 ms timer looks for it.
    """
    meet(lost_interrupts)
    with caught("ended with ETIME"):
        meet(lost_interrupts, NobodyLooks)


class AlwaysTicking(Mailbox):
    """Old: the timer goes on whether a message is outstanding or not."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._ticker = Ticker(self.clock, lambda: True, self._tick)


async def quiet_when_idle(pair: Pair) -> None:
    await pair.start()
    await pair.user.request(ECHO, b"?")
    await pair.clock.sleep_ns(SECOND)
    bars = [function.bars[0] for function in (pair.card.mgmt, pair.card.user)]
    before = [bar.reads + bar.writes for bar in bars]
    await pair.clock.sleep_ns(100 * SECOND)
    touched = sum(bar.reads + bar.writes for bar in bars) - sum(before)
    assert touched == 0, f"an idle channel touched the card {touched} times"


def test_pr_561_timer_kept_running() -> None:
    """https://github.com/Xilinx/XRT/pull/561: the message timer ran although no message was queued.

    Here: seen as accesses to the card in 100 idle seconds, since whoever ticks also looks.
    """
    meet(quiet_when_idle)
    with caught("touched the card"):
        meet(quiet_when_idle, AlwaysTicking)


# --- PR 569 ---


class ServesInTheRxThread(Mailbox):
    """Old: the thread that receives packets also works on the requests, so nothing is received meanwhile."""

    serving = False

    def listen(self, listener: Listener) -> None:
        async def in_the_rx_thread(received: Received) -> None:
            self.serving = True
            try:
                await listener(received)
            finally:
                self.serving = False

        super().listen(in_the_rx_thread)
        if self.port is not None:
            packet_there = self.port.packet_there

            async def when_served() -> bool:
                while self.serving:
                    await self.clock.sleep_ns(MS)
                return await packet_there()

            self.port.packet_there = when_served  # type: ignore[method-assign]


async def receives_while_it_serves(pair: Pair) -> None:
    await pair.start()
    asked: list[int] = []

    async def asks_back(request: Request) -> bytes | None:
        asked.append(await result_of(pair.mgmt.request(Opcode.TEST_READ, response_ttl_s=2)))
        return b"done"

    pair.server.handlers[Opcode.RECLOCK] = asks_back
    await pair.user.offer_test_message("text")
    await pair.clock.sleep_ns(10 * MS)
    assert await pair.user.request(Opcode.RECLOCK, b"?", response_ttl_s=10) == b"done"
    assert asked == [0], "a handler that waits for an answer kept the answer from being received"
    assert await pair.user.request(ECHO, b"next") == b"next"


def test_pr_569_requests_processed_in_the_rx_thread() -> None:
    """https://github.com/Xilinx/XRT/pull/569: peer requests were processed inside the RX thread.

    Here: the management side's handler asks the user side something; its answer must be received meanwhile.
    """
    meet(receives_while_it_serves)
    with caught("kept the answer"):
        meet(receives_while_it_serves, ServesInTheRxThread)


@pytest.mark.parametrize("interrupt", [True, False], ids=["interrupt", "timer only"])
def test_pr_569_timer_only_mode(interrupt: bool) -> None:
    """The same thread added a mode without any interrupt: it carries messages too."""

    async def main(pair: Pair) -> None:
        await pair.start()
        await pair.user.request(ECHO, bytes(500), max_response=500)
        counts = (pair.card.mgmt.msix_count, pair.card.user.msix_count)
        assert all(counts) if interrupt else not any(counts)
        assert pair.card.user_mailbox.ie == (3 if interrupt else 0)

    meet(main, interrupt=interrupt)


# --- PR 2375 ---


class NoTimeToSend(Mailbox):
    """Old: a message that is to be sent waits for the FIFO as long as that takes."""

    def _tick(self) -> None:
        self._rx.tick()
        self._replies.tick()
        self._settle()


async def ends_without_hardware(pair: Pair) -> None:
    await pair.start()
    pair.card.user.dead = True
    task = pair.clock.spawn(result_of(pair.user.request(ECHO, b"?")))
    await pair.clock.sleep_ns(SECOND * 22 // 10)
    assert task.done(), "hangs beyond the TTL of a message that is to be sent"
    assert await task.join() == errno.ETIME
    pair.card.user.dead = False
    assert await pair.user.request(ECHO, b"next") == b"next"


@pytest.mark.parametrize("interrupt", [True, False], ids=["interrupt", "polled"])
def test_pr_2375_request_hangs_when_the_hardware_is_inaccessible(interrupt: bool) -> None:
    """https://github.com/Xilinx/XRT/pull/2375: a request hangs if the hardware is completely inaccessible.

    Here: every read of the user function gives all ones; ETIME after the 2 s of a message that is to be sent.
    """
    meet(ends_without_hardware, interrupt=interrupt, sleepless_tx=False)
    with caught("hangs"):
        meet(ends_without_hardware, NoTimeToSend, interrupt=interrupt, sleepless_tx=False)


class OnesAreBits(Port):
    """Old: a status of all ones is a status, with a packet there and room to send."""

    async def status(self) -> int:
        return await self.regs.read(mailbox.STATUS)

    async def take_packet(self) -> tuple[Sequence[int], bool, bool]:
        words, _, _ = await super().take_packet()
        return words, False, bool(await self.status() & mailbox.STATUS.RTA.mask)


class BelievesAllOnes(Mailbox):
    def __init__(self, clock: Any, bar: Any, window: Any, *args: Any, **options: Any) -> None:
        super().__init__(clock, bar, window, *args, **options)
        self.port = self._tx._port = OnesAreBits(bar, window)


async def dead_hardware_is_left_alone(pair: Pair) -> None:
    await pair.start()
    pair.card.user.dead = True
    task = pair.clock.spawn(result_of(pair.user.request(ECHO, b"?", response_ttl_s=1)))
    await pair.clock.sleep_ns(SECOND // 5)
    bar = pair.card.user.bars[0]
    before = bar.reads
    await pair.clock.sleep_ns(SECOND // 10)
    assert bar.reads - before < 10, f"{bar.reads - before} reads of a dead card in 100 ms"
    assert await task.join() == errno.ETIME


def test_pr_2375_all_ones_is_no_status() -> None:
    """The same defect from the other side: all ones says that a packet is there, without an end."""
    meet(dead_hardware_is_left_alone, rate_limit=None)
    with caught("reads of a dead card in 100 ms"):
        meet(dead_hardware_is_left_alone, BelievesAllOnes, rate_limit=None)


# --- PR 4704 ---


@pytest.fixture
def small_window(monkeypatch: pytest.MonkeyPatch) -> None:
    """A sixteenth of the rate guard's window, for short tests."""
    monkeypatch.setattr(receive, "RATE_WINDOW_WORDS", receive.RATE_WINDOW_WORDS // 16)


class TrustsTheRate(Mailbox):
    """Old: whatever comes is received, however fast."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._rx._guard.count = lambda _words: None  # type: ignore[method-assign]
        self._rx.reset = lambda: None  # type: ignore[method-assign]


async def flood_ends(pair: Pair) -> None:
    await pair.start()
    words = next(split(7, Flags.REQUEST, bytes(40)))
    send, wrdata = pair.card.user.bars[0].write32s, user_bar.MAILBOX.base
    for _ in range(1000):
        await send([(wrdata, word) for word in words])
        await pair.clock.sleep_ns(MS // 50)
    received = pair.mgmt.metrics.raw_bytes
    assert received < 16 << 10, f"{received} bytes of a flood were received"
    assert pair.card.mailbox.a.ie == 0
    await pair.user.stop()
    await pair.mgmt.restart()
    await pair.user.start()
    assert await pair.user.request(ECHO, b"next") == b"next"


@pytest.mark.usefixtures("small_window")
def test_pr_4704_untrusted_peer_floods() -> None:
    """https://github.com/Xilinx/XRT/pull/4704: do not trust the peer: too many packets disable the mailbox.

    Here: 1000 packets at 3 MB/s from the user function; after the guard's window nothing more is read.
    """
    meet(flood_ends)
    with caught("bytes of a flood were received"):
        meet(flood_ends, TrustsTheRate)


class ServesEverything(Mailbox):
    """Old: a request is served although the administrator has disabled its opcode."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._dispatch._disabled = lambda _opcode: False


async def disabled_is_dropped(pair: Pair) -> None:
    await pair.start()
    pair.mgmt.channel_disable = 1 << ECHO
    for packet in split(7, Flags.REQUEST, bytes(8) + ECHO.to_bytes(4, "little") + bytes(20)):
        await pair.card.user.bars[0].write32s([(user_bar.MAILBOX.base, word) for word in packet])
    await pair.clock.sleep_ns(MS)
    assert not pair.served, "a disabled request was served"
    pair.mgmt.channel_disable = 0
    assert await pair.user.request(ECHO, b"next") == b"next"


def test_pr_4704_disabled_requests_are_discarded() -> None:
    """The same thread: a peer that does not keep to the mask that it was told is not served either."""
    meet(disabled_is_dropped)
    with caught("a disabled request was served"):
        meet(disabled_is_dropped, ServesEverything)


# --- PR 4985 ---

POLLED_READS_PER_S = 2 * 10_000
INTERRUPT_READS_PER_S = 50


async def transfer_that_stalls(pair: Pair, limit: int) -> None:
    """The management side stops reading in the middle of an image."""
    await pair.start()
    task = pair.clock.spawn(result_of(pair.user.request(ECHO, bytes(20_000), response_ttl_s=50)))
    while pair.mgmt.metrics.raw_bytes < 5000:
        await pair.clock.sleep_ns(MS // 10)
    await pair.mgmt.stop()
    begin, before = pair.clock.now_ns(), pair.card.user.bars[0].reads
    await pair.clock.sleep_ns(3 * SECOND)
    reads = pair.card.user.bars[0].reads - before
    assert task.done(), "the host looks at the card for ever"
    assert await task.join() == errno.ETIME
    assert reads <= limit * 3, f"{reads} reads in {(pair.clock.now_ns() - begin) / SECOND} s"
    await pair.mgmt.start()
    assert await pair.user.request(ECHO, b"next") == b"next"


@pytest.mark.parametrize(
    ("interrupt", "sleepless"),
    [(True, False), (False, False), (False, True)],
    ids=["interrupt", "polled", "sleepless"],
)
def test_pr_4985_host_polls_the_device_for_ever(interrupt: bool, sleepless: bool) -> None:
    """https://github.com/Xilinx/XRT/pull/4985: no time-out in the transfer of an image, so a soft lock-up.

    Here: the peer stops reading in the middle. ETIME within a second, and accesses that are bounded in time.
    """
    limit = INTERRUPT_READS_PER_S if interrupt else POLLED_READS_PER_S

    async def main(pair: Pair) -> None:
        await transfer_that_stalls(pair, limit)

    meet(main, interrupt=interrupt, sleepless_tx=sleepless)
    with caught("for ever"):
        meet(main, NoTimeToSend, interrupt=interrupt, sleepless_tx=sleepless)


def test_pr_4985_accesses_of_a_transfer_that_goes_well() -> None:
    """Reads of a message of 20 kB there and back: bounded by its packets, and by time when polled."""
    packets = 1 + -(-20_000 // 56)
    for interrupt in (True, False):

        async def main(pair: Pair, interrupt: bool = interrupt) -> None:
            await pair.start()
            await pair.clock.sleep_ns(SECOND)
            bars = [function.bars[0] for function in (pair.card.mgmt, pair.card.user)]
            begin, before = pair.clock.now_ns(), [bar.reads for bar in bars]
            await pair.user.request(ECHO, bytes(20_000), max_response=20_000)
            reads = [bar.reads - start for bar, start in zip(bars, before, strict=True)]
            seconds = (pair.clock.now_ns() - begin) / SECOND
            print(f"{2 * packets} packets, {reads} reads in {seconds * 1000:.1f} ms, interrupt={interrupt}")
            # Of a packet: 18 reads by the receiver, ERROR by the sender, STATUS and IS on both sides.
            per_packet = 18 + 10 if interrupt else 2 * 18 + 10
            polls = 0 if interrupt else 2 * POLLED_READS_PER_S * seconds
            assert max(reads) < per_packet * 2 * packets / 2 + polls + 100, reads

        meet(main, interrupt=interrupt, sleepless_tx=False)
