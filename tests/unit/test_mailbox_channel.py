# SPDX-License-Identifier: Apache-2.0
"""Two channel engines on the golden model of the mailbox hardware."""

from __future__ import annotations

import random

import pytest

from pydriver.mailbox import Opcode, receive
from pydriver.mailbox.inbox import LISTENER_MESSAGES
from pydriver.mailbox.packets import Flags, Received, split
from pydriver.regs import mgmt_bar, user_bar
from tests.models.card import MailboxPort
from tests.models.mailbox import Access
from tests.unit.mailbox_pair import ECHO, SECOND, Pair, raises

MODES = pytest.mark.parametrize("interrupt", [True, False], ids=["interrupt", "polled"])


@MODES
def test_requests_of_many_sizes_are_echoed(interrupt: bool) -> None:
    rng = random.Random(4)

    async def main(pair: Pair) -> None:
        await pair.start()
        for size in (0, 1, 23, 24, 25, 40, 79, 80, 81, 500, 3000):
            payload = rng.randbytes(size)
            assert await pair.user.request(ECHO, payload, max_response=4000) == payload
        assert pair.mgmt.metrics.requests == {ECHO: 11}

    Pair(interrupt).run(main)


@MODES
def test_many_at_once_are_matched_by_id(interrupt: bool) -> None:
    async def main(pair: Pair) -> None:
        await pair.start()
        payloads = [bytes([i]) * (30 * i + 1) for i in range(4)]
        tasks = [pair.clock.spawn(pair.user.request(ECHO, data)) for data in payloads]
        assert [await task.join() for task in tasks] == payloads

    Pair(interrupt).run(main)


def test_interrupt_mode_sets_the_registers_and_sleeps_when_idle() -> None:
    async def main(pair: Pair) -> None:
        await pair.start()
        await pair.user.request(ECHO, b"x")
        side = pair.card.user_mailbox
        assert (side.rit, side.sit, side.ie) == (15, 0, 3)
        await pair.clock.sleep_ns(SECOND)
        before = pair.card.user.bars[0].reads
        await pair.clock.sleep_ns(100 * SECOND)
        assert pair.card.user.bars[0].reads == before, "an idle channel touched the card"

    Pair().run(main)


def test_polled_mode_slows_down_after_a_second() -> None:
    async def main(pair: Pair) -> None:
        await pair.start()
        side = pair.card.user_mailbox
        assert (side.rit, side.sit, side.ie) == (0, 0, 0)
        bar = pair.card.user.bars[0]
        before = bar.reads
        await pair.clock.sleep_ns(SECOND // 2)
        assert 4000 < bar.reads - before < 6000
        await pair.clock.sleep_ns(SECOND)
        before = bar.reads
        await pair.clock.sleep_ns(10 * SECOND)
        assert 90 <= bar.reads - before <= 110
        assert await pair.user.request(ECHO, b"late", max_response=8) == b"late"

    Pair(interrupt=False).run(main)


@MODES
def test_dead_peer_gives_etime_after_20_seconds(interrupt: bool) -> None:
    async def main(pair: Pair) -> None:
        await pair.start(mgmt=False)
        begin = pair.clock.now_ns()
        with raises(62, "got no usable response"):
            await pair.user.request(ECHO, b"one packet")
        assert 19.9 * SECOND <= pair.clock.now_ns() - begin <= 20.2 * SECOND
        # The first packet still lies in the FIFO, so the next request cannot even be sent.
        begin = pair.clock.now_ns()
        with raises(62, "could not be sent"):
            await pair.user.request(ECHO, b"next")
        assert 1.9 * SECOND <= pair.clock.now_ns() - begin <= 2.2 * SECOND

    Pair(interrupt, sleepless_tx=False).run(main)


def test_caller_s_time_to_live() -> None:
    async def main(pair: Pair) -> None:
        await pair.start(mgmt=False)
        begin = pair.clock.now_ns()
        with raises(62):
            await pair.user.request(ECHO, b"x", response_ttl_s=50)
        assert 49.9 * SECOND <= pair.clock.now_ns() - begin <= 50.2 * SECOND
        begin = pair.clock.now_ns()
        with raises(62):
            await pair.user.request(ECHO, b"x", tx_ttl_s=6)
        assert 5.9 * SECOND <= pair.clock.now_ns() - begin <= 6.2 * SECOND

    Pair().run(main)


def test_message_that_stalls_in_the_middle_gets_one_second() -> None:
    async def main(pair: Pair) -> None:
        await pair.start(mgmt=False)
        begin = pair.clock.now_ns()
        with raises(62, "could not be sent"):
            await pair.user.request(ECHO, bytes(500))
        assert 0.9 * SECOND <= pair.clock.now_ns() - begin <= 1.2 * SECOND

    Pair().run(main)


def test_half_received_message_ends_after_a_second() -> None:
    async def main(pair: Pair) -> None:
        await pair.start()
        first, _ = split(77, Flags.REQUEST, bytes(60))
        await pair.card.user.bars[0].write32s([(user_bar.MAILBOX.base, word) for word in first])
        await pair.clock.sleep_ns(SECOND // 2)
        assert not any("ETIME" in line for line in pair.log)
        await pair.clock.sleep_ns(SECOND)
        assert any("ETIME" in line for line in pair.log)
        assert await pair.user.request(ECHO, b"fine") == b"fine"

    Pair().run(main)


def test_slow_response_gets_a_second_per_packet() -> None:
    async def main(pair: Pair) -> None:
        await pair.start()
        data = bytes(range(256)) * 8

        async def answer(received: Received) -> None:
            for packet in split(received.msg_id, Flags.RESPONSE, data):
                await pair.clock.sleep_ns(SECOND * 7 // 10)
                await pair.card.mgmt.bars[0].write32s([(mgmt_bar.MAILBOX.base, word) for word in packet])

        pair.mgmt.listen(answer)
        begin = pair.clock.now_ns()
        assert await pair.user.request(ECHO, max_response=len(data), response_ttl_s=2) == data
        assert pair.clock.now_ns() - begin > 20 * SECOND

    Pair().run(main)


def test_response_too_big_is_emsgsize() -> None:
    async def main(pair: Pair) -> None:
        await pair.start()
        with raises(90):
            await pair.user.request(ECHO, bytes(101), max_response=100)
        assert await pair.user.request(ECHO, bytes(100), max_response=100) == bytes(100)

    Pair().run(main)


def test_unanswered_requests_time_out() -> None:
    """No handler, an opcode beyond the last, a message below the header: dropped, never answered."""

    async def main(pair: Pair) -> None:
        await pair.start()
        for opcode in (Opcode.LOCK_BITSTREAM, 17, 200):
            with raises(62):
                await pair.user.request(opcode, bytes(24))
        for packet in split(5, Flags.REQUEST, bytes(15)):
            await pair.card.user.bars[0].write32s([(user_bar.MAILBOX.base, word) for word in packet])
        await pair.clock.sleep_ns(SECOND)
        assert not pair.served
        drops = [line for line in pair.log if line.startswith("server: drops")]
        assert len(drops) == 4

    Pair().run(main)


def test_listener_queue_takes_five_and_drops_the_rest() -> None:
    async def main(pair: Pair) -> None:
        gate = pair.clock.event()
        seen: list[bytes] = []

        async def slow(received: Received) -> None:
            await gate.wait()
            seen.append(received.data)

        pair.mgmt.listen(slow)
        await pair.start()
        for index in range(10):
            await pair.user.notify(Opcode.MGMT_STATE, bytes([index]))
        await pair.clock.sleep_ns(SECOND)
        gate.set()
        await pair.clock.sleep_ns(SECOND)
        # One is in the listener's hands, five wait.
        assert [data[12] for data in seen] == list(range(1 + LISTENER_MESSAGES))

    Pair().run(main)


def test_masks_disable_and_switch_opcodes() -> None:
    async def main(pair: Pair) -> None:
        await pair.start()
        pair.user.channel_disable = 1 << ECHO
        with raises(14, "disabled"):
            await pair.user.request(ECHO)
        with raises(14, "disabled"):
            await pair.user.notify(ECHO)
        pair.user.channel_disable = 0
        pair.user.channel_switch = 1 << ECHO | 1 << Opcode.USER_PROBE
        assert pair.user.channel_switch == 1 << ECHO, "the handshake cannot be switched"
        pair.user.channel_switch = 0
        pair.mgmt.channel_disable = 1 << ECHO
        with raises(62):
            await pair.user.request(ECHO)
        pair.mgmt.channel_disable = 0
        pair.mgmt.channel_switch = 1 << ECHO
        with raises(62):
            await pair.user.request(ECHO)
        assert not pair.served

    Pair().run(main)


def test_test_mode_refuses_the_driver_s_own_requests() -> None:
    async def main(pair: Pair) -> None:
        await pair.start()
        with raises(13):
            await pair.user.request(ECHO)
        with raises(13):
            await pair.user.notify(ECHO)

    Pair(test_mode=True).run(main)


def test_stop_ends_waiters_with_eshutdown() -> None:
    async def main(pair: Pair) -> None:
        await pair.start(mgmt=False)

        async def ask(size: int) -> None:
            with raises(108):
                await pair.user.request(ECHO, bytes(size))

        tasks = [pair.clock.spawn(ask(size)) for size in (1, 1000)]
        await pair.clock.sleep_ns(SECOND // 10)
        await pair.user.stop()
        for task in tasks:
            await task.join()
        assert pair.card.user_mailbox.ie == 0
        with raises(108):
            await pair.user.request(ECHO)

    Pair().run(main)


def test_test_packet_and_test_messages() -> None:
    async def main(pair: Pair) -> None:
        await pair.start()
        await pair.user.send_test_packet(b"fifty-six bytes at most")
        await pair.clock.sleep_ns(SECOND)
        assert pair.mgmt.test_payload == b"fifty-six bytes at most"
        with raises(62):
            await pair.user.fetch_test_message()
        await pair.mgmt.offer_test_message("hello from the other side" * 5)
        assert await pair.user.test_ready.wait(SECOND)
        assert await pair.user.fetch_test_message() == "hello from the other side" * 5
        assert not pair.served

    Pair().run(main)


def test_all_ones_is_neither_ready_nor_an_error() -> None:
    async def main(pair: Pair) -> None:
        await pair.start()
        pair.card.user.dead = True
        task = pair.clock.spawn(_expect_etime(pair))
        await task.join()
        pair.card.user.dead = False
        assert await pair.user.request(ECHO, b"back") == b"back"

    async def _expect_etime(pair: Pair) -> None:
        with raises(62, "could not be sent"):
            await pair.user.request(ECHO, b"gone")

    Pair().run(main)
    # Without the sleepless transmitter, whose two seconds of looking would be a million reads.
    Pair(interrupt=False, sleepless_tx=False).run(main)


def test_corrupt_word_does_not_reach_the_handler_as_a_request() -> None:
    """A flipped kind drops the first packet, and the rest of the message with it."""

    async def main(pair: Pair) -> None:
        await pair.start()
        pair.card.corrupt_mailbox_word = (0, 0x40)
        with raises(62):
            await pair.user.request(ECHO, bytes(100))
        assert not pair.served
        assert await pair.user.request(ECHO, b"next") == b"next"

    Pair().run(main)


def test_corrupt_payload_size_is_ebadmsg_and_dropped() -> None:
    async def main(pair: Pair) -> None:
        await pair.start()
        pair.card.corrupt_mailbox_word = (17, 0x80)
        with raises(62):
            await pair.user.request(ECHO, bytes(100))
        assert any("EBADMSG" in line for line in pair.log)

    Pair().run(main)


@pytest.fixture
def small_window(monkeypatch: pytest.MonkeyPatch) -> None:
    """A sixteenth of the rate guard's window, for short tests."""
    assert 4 * receive.RATE_WINDOW_WORDS == 128 * 1024
    monkeypatch.setattr(receive, "RATE_WINDOW_WORDS", receive.RATE_WINDOW_WORDS // 16)


@pytest.mark.usefixtures("small_window")
@pytest.mark.parametrize("limit", [600_000, None])
def test_rate_guard_makes_the_receiver_deaf(limit: int | None) -> None:
    async def main(pair: Pair) -> None:
        await pair.start()
        for _ in range(2):
            if limit is None:
                assert await pair.user.request(ECHO, bytes(9_000), max_response=9_000) == bytes(9_000)
                continue
            with raises(62):
                await pair.user.request(ECHO, bytes(13_000))
        assert pair.mgmt.deaf is (limit is not None)
        if limit:
            assert pair.card.mailbox.a.ie == 0

    Pair(rate_limit=limit).run(main)


@pytest.mark.usefixtures("small_window")
def test_slow_traffic_does_not_trip_the_guard() -> None:
    async def main(pair: Pair) -> None:
        await pair.start()
        for _ in range(6):
            await pair.user.request(ECHO, bytes(2_000), max_response=2_000)
            await pair.clock.sleep_ns(SECOND // 100)
        assert not pair.mgmt.deaf
        assert pair.mgmt.metrics.raw_bytes > 4 * receive.RATE_WINDOW_WORDS

    Pair().run(main)


def test_notifications_go_both_ways_and_responses_of_strangers_are_dropped() -> None:
    async def main(pair: Pair) -> None:
        got: list[bytes] = []

        async def listener(received: Received) -> None:
            got.append(received.data)

        pair.user.listen(listener)
        await pair.start()
        await pair.mgmt.notify(Opcode.MGMT_STATE, bytes(8))
        await pair.mgmt.respond(0xDEAD, ECHO, b"nobody asked" * 10)
        assert await pair.user.request(ECHO, b"mine") == b"mine"
        assert len(got) == 1 and len(got[0]) == 24
        assert any("nobody waits" in line for line in pair.log)

    Pair().run(main)


def test_interrupt_that_rises_while_another_is_handled_is_not_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    """The request line stays high then, so no second message comes: the handler must look again."""
    read32 = MailboxPort.read32
    packet = next(split(5, Flags.REQUEST, b"raced"))

    def racing(port: MailboxPort, offset: int) -> int:
        value = read32(port, offset)
        if offset == 0x20 and value and not port.mgmt and not port.card.mailbox.b.rx:
            for word in packet:
                port.card.mailbox.step(Access(write=(0, word)), Access())
            monkeypatch.setattr(MailboxPort, "read32", read32)
        return value

    async def main(pair: Pair) -> None:
        got: list[bytes] = []

        async def listener(received: Received) -> None:
            got.append(received.data)

        pair.user.listen(listener)
        await pair.start(mgmt=False)
        await pair.user.notify(Opcode.MGMT_STATE)
        await pair.clock.sleep_ns(SECOND // 1000)
        monkeypatch.setattr(MailboxPort, "read32", racing)
        await pair.card.mgmt.bars[0].read32s([mgmt_bar.MAILBOX.base + 8] * 16)
        await pair.clock.sleep_ns(SECOND // 1000)
        assert got == [b"raced"]

    Pair().run(main)


def test_incomplete_packet_is_read_after_a_second_and_discarded() -> None:
    async def main(pair: Pair) -> None:
        await pair.start()
        packet = next(split(5, Flags.REQUEST, bytes(20)))
        await pair.card.user.bars[0].write32s([(user_bar.MAILBOX.base, word) for word in packet[:8]])
        await pair.clock.sleep_ns(3 * SECOND)
        assert pair.mgmt.metrics.raw_bytes == 64 and not pair.mgmt.metrics.requests
        assert await pair.user.request(ECHO, b"whole") == b"whole"

    Pair(interrupt=False, sleepless_tx=False).run(main)
