# SPDX-License-Identifier: Apache-2.0
"""What must not stop the mailbox: broken packets, a peer that lies, lost interrupts, a card that goes away.

Each test ends with a request that works.
"""

from __future__ import annotations

import errno
import os
import random
from collections.abc import Iterable

import pytest

from pydriver.mailbox import Frame, Opcode, ReadResult, Request, inbox, packets, receive
from pydriver.mailbox.messages import pack_request
from pydriver.mailbox.packets import END_OF_MESSAGE, Flags, Packet, Received, split
from pydriver.regs import mailbox, mgmt_bar, user_bar
from tests.unit.mailbox_pair import ECHO, SECOND, Pair, raises

MS = SECOND // 1000
MODES = pytest.mark.parametrize("interrupt", [True, False], ids=["interrupt", "polled"])


async def inject(pair: Pair, stream: Iterable[Packet], pause_ns: int = MS) -> None:
    """Write packets into the user side's FIFO, past its driver."""
    for packet in stream:
        await pair.card.user.bars[0].write32s([(user_bar.MAILBOX.base, word) for word in packet])
        await pair.clock.sleep_ns(pause_ns)


async def works(pair: Pair) -> None:
    """The next request does."""
    assert await pair.user.request(ECHO, b"next" * 30, max_response=200) == b"next" * 30


def message(size: int, msg_id: int = 5) -> list[Packet]:
    """The packets of a request with `size` bytes of payload."""
    return list(split(msg_id, Flags.REQUEST, pack_request(ECHO, bytes(size))))


def with_word(packet: Packet, index: int, value: int) -> Packet:
    return (*packet[:index], value, *packet[index + 1 :])


def announced(packet: Packet, size: int) -> Packet:
    """The START packet with another message size."""
    return with_word(packet, 5, size)


BROKEN: dict[str, tuple[list[Packet], str]] = {
    "larger than announced": (
        [announced(message(100)[0], 80), *message(100)[1:]],
        "EBADMSG",
    ),
    "payload beyond a packet": ([message(100)[0], with_word(message(100)[1], 1, 57)], "EBADMSG"),
    "start while partial": ([message(100)[0], *message(0, 6)], "EBADMSG"),
    "body without start": (message(100)[1:], "MSG_BODY without a message"),
    "unknown kind": ([with_word(message(0)[0], 0, 0x84 | END_OF_MESSAGE)], "unknown kind"),
    "invalid kind": ([(0,) * 16], "unknown kind 0"),
    "unknown opcode": (list(split(5, Flags.REQUEST, pack_request(42, b""))), "there is no such request"),
    "huge opcode": (list(split(5, Flags.REQUEST, pack_request(0xFFFFFFFF, b""))), "no such request"),
    "response nobody waits for": (list(split(5, Flags.RESPONSE, bytes(90))), "nobody waits"),
    "neither request nor response": (list(split(5, 4, bytes(90))), "nobody waits"),
    "a request of 128 MiB": ([announced(message(100)[0], 4096 << 15)], "nobody waits"),
    "below the header": (list(split(5, Flags.REQUEST, bytes(15))), "shorter than its header"),
    "never finished": (message(100)[:1], "ETIME"),
}


@MODES
@pytest.mark.parametrize("case", BROKEN)
def test_broken_messages_are_dropped(case: str, interrupt: bool) -> None:
    stream, sentence = BROKEN[case]

    async def main(pair: Pair) -> None:
        await pair.start()
        await inject(pair, stream)
        await pair.clock.sleep_ns(1200 * MS if case == "never finished" else 10 * MS)
        assert any(sentence in line for line in pair.log), pair.log
        served = 1 if case == "start while partial" else 0
        assert len(pair.served) == served
        await works(pair)

    Pair(interrupt).run(main)


def test_message_smaller_than_announced_is_served_with_what_came() -> None:
    async def main(pair: Pair) -> None:
        await pair.start()
        first = announced(message(20)[0], 500)
        await inject(pair, [with_word(first, 0, first[0] | END_OF_MESSAGE)])
        await pair.clock.sleep_ns(MS)
        assert [(request.length, request.msg_id) for request in pair.served] == [(20, 5)]
        await works(pair)

    Pair().run(main)


def test_broken_response_ends_the_request_with_ebadmsg() -> None:
    """A response that is overtaken by another message, and one that brings more than it announced."""

    async def main(pair: Pair) -> None:
        await pair.start()
        send = pair.card.mgmt.bars[0].write32s
        broken: list[list[Packet]] = []

        async def lie(request: Request) -> bytes | None:
            parts = list(split(request.msg_id, Flags.RESPONSE, bytes(90)))
            broken.append(parts)
            second = parts[:1] if len(broken) == 1 else [with_word(parts[1], 1, 56)]
            for packet in (parts[0], *second):
                await pair.clock.sleep_ns(MS)
                await send([(mgmt_bar.MAILBOX.base, word) for word in packet])
            return None

        pair.server.handlers[Opcode.RECLOCK] = lie
        for _ in range(2):
            with raises(errno.EBADMSG):
                await pair.user.request(Opcode.RECLOCK, b"?")
        await pair.clock.sleep_ns(2 * SECOND)
        await works(pair)

    Pair().run(main)


def test_replayed_response_is_dropped() -> None:
    async def main(pair: Pair) -> None:
        await pair.start()

        async def twice(request: Request) -> bytes | None:
            await request.reply(b"once")
            return b"once"

        pair.server.handlers[Opcode.RECLOCK] = twice
        assert await pair.user.request(Opcode.RECLOCK, b"?") == b"once"
        await works(pair)
        assert sum("nobody waits" in line for line in pair.log) == 1

    Pair().run(main)


def test_replayed_request_is_served_again_under_its_id() -> None:
    async def main(pair: Pair) -> None:
        await pair.start()
        await inject(pair, message(4, 77) * 2)
        assert [request.msg_id for request in pair.served] == [77, 77]
        await works(pair)

    Pair().run(main)


def test_late_response_is_dropped() -> None:
    async def main(pair: Pair) -> None:
        await pair.start()

        async def slow(request: Request) -> bytes | None:
            await pair.clock.sleep_ns(4 * SECOND)
            return b"late"

        pair.server.handlers[Opcode.RECLOCK] = slow
        with raises(errno.ETIME, "no usable response"):
            await pair.user.request(Opcode.RECLOCK, b"?", response_ttl_s=2)
        await pair.clock.sleep_ns(5 * SECOND)
        assert any("nobody waits" in line for line in pair.log)
        await works(pair)

    Pair().run(main)


def test_response_that_cannot_be_sent_leaves_nothing_behind() -> None:
    """The peer does not read: the response is given up after its two seconds, the next one is sent."""

    async def main(pair: Pair) -> None:
        await pair.start()
        pair.card.user.dead = True
        await pair.mgmt.notify(Opcode.MGMT_STATE, bytes(8))
        await pair.mgmt.respond(5, ECHO, bytes(100))
        await pair.clock.sleep_ns(4 * SECOND)
        assert any("response to PEER_DATA not sent: ETIME" in line for line in pair.log)
        pair.card.user.dead = False
        await works(pair)

    Pair().run(main)


def test_waiting_messages_lose_no_time_in_the_queue() -> None:
    """Each message has its own time from its turn on, so one that stands behind many is still sent."""

    async def main(pair: Pair) -> None:
        await pair.start(mgmt=False)
        begin = pair.clock.now_ns()
        tasks = [pair.clock.spawn(pair.user.request(ECHO, b"q")) for _ in range(3)]
        ends = []
        for task in tasks[1:] + tasks[:1]:
            with raises(errno.ETIME):
                await task.join()
            ends.append((pair.clock.now_ns() - begin) / SECOND)
        # The first lies in the FIFO and waits for its response, so the others cannot be sent.
        assert ends == pytest.approx([2, 4, 20], abs=0.3)

    Pair().run(main)


def test_handler_that_fails_does_not_stop_the_server() -> None:
    async def main(pair: Pair) -> None:
        await pair.start()

        async def failing(request: Request) -> bytes | None:
            raise OSError(errno.EIO, "the block does not answer")

        pair.server.handlers[Opcode.RECLOCK] = failing
        with raises(errno.ETIME):
            await pair.user.request(Opcode.RECLOCK, b"?", response_ttl_s=1)
        assert any("the block does not answer" in line for line in pair.log)
        await works(pair)

    Pair().run(main)


@MODES
def test_card_that_goes_away_while_a_response_is_awaited(interrupt: bool) -> None:
    async def main(pair: Pair) -> None:
        await pair.start()

        async def slow(request: Request) -> bytes | None:
            await pair.clock.sleep_ns(SECOND)
            return b"while the card is away"

        pair.server.handlers[Opcode.RECLOCK] = slow
        task = pair.clock.spawn(pair.user.request(Opcode.RECLOCK, b"?", response_ttl_s=5))
        await pair.clock.sleep_ns(SECOND // 2)
        pair.card.user.dead = True
        with raises(errno.ETIME, "no usable response"):
            await task.join()
        pair.card.user.dead = False
        await works(pair)
        assert any("nobody waits" in line for line in pair.log)

    Pair(interrupt, sleepless_tx=False).run(main)


@MODES
@pytest.mark.parametrize("words", [0, 1, 6, 15])
def test_packet_that_the_card_takes_away_with_it_is_none(words: int, interrupt: bool) -> None:
    """What was read of it before is not made up with all ones: the data could be a number."""

    async def main(pair: Pair) -> None:
        await pair.start()
        bar = pair.card.user.bars[0]
        read, popped = bar.target.read32, []

        def counted(offset: int) -> int:
            if offset == user_bar.MAILBOX.base + mailbox.RDDATA.offset:
                popped.append(offset)
                pair.card.user.dead |= len(popped) > words
            return read(offset)

        bar.target.read32 = counted  # type: ignore[method-assign]
        with raises(errno.ETIME, "no usable response"):
            await pair.user.request(ECHO, bytes(8), response_ttl_s=2)
        bar.target.read32 = read  # type: ignore[method-assign]
        assert len(popped) == words + 1
        pair.card.user.dead = False
        await pair.user.restart()
        await works(pair)

    Pair(interrupt, sleepless_tx=False).run(main)


def test_card_that_is_gone_ends_software_messages_too() -> None:
    async def main(pair: Pair) -> None:
        await pair.start()
        pair.switch(ECHO)
        pair.courier()
        pair.card.user.dead = True
        begin = pair.clock.now_ns()
        with raises(errno.ETIME, "could not be sent"):
            await pair.user.request(ECHO, b"?")
        assert 5.9 * SECOND <= pair.clock.now_ns() - begin <= 6.2 * SECOND
        pair.card.user.dead = False
        await works(pair)

    Pair().run(main)


def test_lost_interrupts_are_covered_by_the_timer() -> None:
    """The asker looks every 100 ms while it waits: for its response, and for room for its next packet."""

    async def main(pair: Pair) -> None:
        await pair.start()
        pair.card.user.msix_enabled = False
        begin = pair.clock.now_ns()
        assert await pair.user.request(ECHO, bytes(100), max_response=100) == bytes(100)
        assert pair.clock.now_ns() - begin < SECOND
        pair.card.user.msix_enabled = True
        await works(pair)

    Pair().run(main)


def test_interrupt_mode_can_change_while_the_channel_works() -> None:
    async def main(pair: Pair) -> None:
        await pair.start()
        side = pair.card.user_mailbox
        for _ in range(2):
            await pair.user.set_interrupt_mode(False)
            assert (side.rit, side.sit, side.ie, pair.user.interrupt_mode) == (0, 0, 0, False)
            await works(pair)
            before = pair.card.user.bars[0].reads
            await pair.clock.sleep_ns(SECOND // 10)
            assert pair.card.user.bars[0].reads > before, "nobody polls"
            task = pair.clock.spawn(pair.user.request(ECHO, bytes(2000), max_response=2000))
            await pair.clock.sleep_ns(MS // 4)
            await pair.user.set_interrupt_mode(True)
            assert (side.rit, side.sit, side.ie, pair.user.interrupt_mode) == (15, 0, 3, True)
            assert await task.join() == bytes(2000)
            await pair.clock.sleep_ns(SECOND)
            before = pair.card.user.bars[0].reads
            await pair.clock.sleep_ns(10 * SECOND)
            assert pair.card.user.bars[0].reads == before, "somebody still polls"

    Pair().run(main)


def test_no_interrupt_no_interrupt_mode() -> None:
    async def main(pair: Pair) -> None:
        pair.user._irq = None
        await pair.start()
        await pair.user.set_interrupt_mode(False)
        with raises(errno.EINVAL):
            await pair.user.set_interrupt_mode(True)
        await works(pair)

    Pair(interrupt=False).run(main)


@pytest.fixture
def small_window(monkeypatch: pytest.MonkeyPatch) -> None:
    """A sixteenth of the rate guard's window, for short tests."""
    monkeypatch.setattr(receive, "RATE_WINDOW_WORDS", receive.RATE_WINDOW_WORDS // 16)


@MODES
@pytest.mark.usefixtures("small_window")
def test_deaf_mailbox_works_again_after_a_restart(interrupt: bool) -> None:
    async def main(pair: Pair) -> None:
        await pair.start()
        with raises(errno.ETIME):
            await pair.user.request(ECHO, bytes(20_000), max_response=20_000, response_ttl_s=1)
        with raises(errno.ETIME):
            await pair.user.request(ECHO, b"unheard", response_ttl_s=1)
        assert pair.mgmt.deaf and pair.card.mailbox.a.ie == 0
        if interrupt:
            await pair.mgmt.notify(Opcode.MGMT_STATE, bytes(8))
            await pair.clock.sleep_ns(3 * SECOND)
            assert any("MGMT_STATE not sent: ETIME" in line for line in pair.log)
        await pair.mgmt.restart()
        assert not pair.mgmt.deaf
        await works(pair)
        # Slowly it may say as much as it likes.
        for _ in range(5):
            await works(pair)
            await pair.clock.sleep_ns(20 * MS)

    # A polling receiver is too slow to trip the real guard.
    Pair(interrupt, sleepless_tx=False, rate_limit=600_000 if interrupt else 100_000).run(main)


@pytest.mark.usefixtures("small_window")
def test_deaf_hardware_does_not_stop_the_daemons() -> None:
    async def main(pair: Pair) -> None:
        await pair.start()
        pair.switch(Opcode.RECLOCK)
        pair.courier()
        pair.server.handlers[Opcode.RECLOCK] = pair.echo
        with raises(errno.ETIME):
            await pair.user.request(ECHO, bytes(20_000), max_response=20_000, response_ttl_s=1)
        assert pair.mgmt.deaf
        # What is left in the FIFO of the deaf side keeps the user side from sending, as the order is strict.
        await pair.card.mgmt.bars[0].write32s([(mgmt_bar.MAILBOX.base + 0x2C, 2)])
        assert await pair.user.request(Opcode.RECLOCK, b"still") == b"still"
        await pair.mgmt.restart()
        await works(pair)

    Pair().run(main)


@pytest.mark.usefixtures("small_window")
def test_rate_is_measured_from_the_first_packet_of_a_window() -> None:
    """A pause before a burst does not hide the burst."""

    async def main(pair: Pair) -> None:
        await pair.start()
        await pair.clock.sleep_ns(100 * SECOND)
        with raises(errno.ETIME):
            await pair.user.request(ECHO, bytes(20_000), max_response=20_000, response_ttl_s=1)
        assert pair.mgmt.deaf

    Pair().run(main)


@MODES
def test_restart_ends_what_is_under_way_and_forgets_it(interrupt: bool) -> None:
    async def main(pair: Pair) -> None:
        await pair.start()

        async def slow(request: Request) -> bytes | None:
            await pair.clock.sleep_ns(100 * MS)
            return b"answer of before"

        async def ask(size: int) -> None:
            with raises(errno.ESHUTDOWN):
                await pair.user.request(Opcode.RECLOCK, bytes(size))

        pair.server.handlers[Opcode.RECLOCK] = slow
        tasks = [pair.clock.spawn(ask(size)) for size in (1, 3000, 5)]
        await pair.clock.sleep_ns(3 * MS)
        await pair.user.restart()
        for task in tasks:
            await task.join()
        await pair.clock.sleep_ns(SECOND)
        assert (pair.card.user_mailbox.ie == 3) is interrupt
        await works(pair)

    Pair(interrupt).run(main)


def test_restart_while_a_handler_works_lets_it_finish() -> None:
    async def main(pair: Pair) -> None:
        await pair.start()
        steps: list[str] = []

        async def slow(request: Request) -> bytes | None:
            steps.append("begins")
            await pair.clock.sleep_ns(SECOND)
            steps.append("ends")
            return b"to nobody"

        pair.server.handlers[Opcode.RECLOCK] = slow
        await pair.user.notify(Opcode.RECLOCK, b"")
        await pair.user.notify(Opcode.RECLOCK, b"dropped with the queue")
        await pair.clock.sleep_ns(100 * MS)
        await pair.mgmt.restart()
        assert steps == ["begins"]
        task = pair.clock.spawn(pair.user.request(ECHO, b"after"))
        await pair.clock.sleep_ns(100 * MS)
        assert not task.done(), "one request at a time"
        assert await task.join() == b"after"
        assert steps == ["begins", "ends"]

    Pair().run(main)


def test_offline_refuses_the_node_and_ends_requests() -> None:
    async def main(pair: Pair) -> None:
        await pair.start()
        pair.switch(ECHO)
        node = pair.user.software
        node.open()
        reader = pair.clock.spawn(node.read(1000))
        await pair.clock.sleep_ns(MS)
        await pair.user.go_offline()
        assert not pair.user.running
        with raises(errno.ENXIO):
            node.open()
        with raises(errno.ESHUTDOWN):
            await pair.user.request(ECHO)
        with raises(errno.ESHUTDOWN):
            await pair.user.notify(Opcode.MGMT_STATE)
        assert not reader.done()
        await pair.user.go_online()
        node.open()
        task = pair.clock.spawn(pair.user.request(ECHO, b"?"))
        frame = packets_frame(await reader.join())
        await node.write(frame)
        assert await task.join() == b"!"
        await pair.user.go_online()
        pair.switch()
        await works(pair)

    def packets_frame(result: object) -> bytes:
        assert isinstance(result, ReadResult) and not result.error
        return Frame(Flags.RESPONSE, Frame.unpack(result.data).id, b"!").pack()

    Pair().run(main)


@MODES
def test_hot_reset_of_the_card_and_restart_of_both_sides(interrupt: bool) -> None:
    async def main(pair: Pair) -> None:
        await pair.start()
        await works(pair)
        pair.card.mailbox.__init__(pair.card.mailbox.depth)  # type: ignore[misc]
        for function in (pair.card.mgmt, pair.card.user):
            function.msix_enabled = False
        for side in (pair.mgmt, pair.user):
            await side.restart()
        for function in (pair.card.mgmt, pair.card.user):
            await function.enable_msix()
        await works(pair)

    Pair(interrupt).run(main)


def test_drained_means_that_the_peer_has_read_it() -> None:
    async def main(pair: Pair) -> None:
        await pair.start(mgmt=False)
        await pair.user.notify(ECHO, b"one packet")
        assert not await pair.user.drained(SECOND)
        await pair.mgmt.start()
        await pair.user.notify(ECHO, bytes(500))
        assert await pair.user.drained(SECOND)
        assert len(pair.served) == 1
        pair.switch(ECHO)
        pair.user.software.open()
        await pair.user.notify(ECHO, b"frame")
        assert not await pair.user.drained(SECOND)
        await pair.user.software.read(100)
        assert await pair.user.drained(SECOND)
        await pair.user.stop()
        assert await pair.user.drained(SECOND)

    Pair().run(main)


@MODES
def test_random_garbage_does_not_stop_the_receiver(interrupt: bool) -> None:
    """Packets of random words, more than half with a valid kind; then a request works."""
    seed = int(os.environ.get("SEED", "1"))
    print(f"SEED={seed}")
    rng = random.Random(seed)

    async def main(pair: Pair) -> None:
        await pair.start()
        for _ in range(200):
            kind = rng.choice([0, 1, 2, 3, 3, 4, 0xFF]) | rng.choice([0, END_OF_MESSAGE])
            words = [kind, rng.choice([0, 16, 40, 56, 57, rng.getrandbits(32)])]
            words += [rng.getrandbits(rng.choice([2, 8, 32])) for _ in range(14)]
            await inject(pair, [tuple(words)])
        await pair.clock.sleep_ns(2 * SECOND)
        await works(pair)

    Pair(interrupt, rate_limit=None).run(main)


def test_big_message_is_cut_as_it_goes() -> None:
    """The first packet of 64 MiB costs no more than that of 1 KiB."""
    stream = packets.split(1, Flags.REQUEST, bytes(64 << 20))
    assert not isinstance(stream, list)
    assert next(stream)[5] == 64 << 20
    assert packets.packet_count(64 << 20) == 1 + -(-((64 << 20) - 40) // 56)


def test_listener_queue_is_bounded_in_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    assert inbox.LISTENER_BYTES == 256 << 20
    monkeypatch.setattr(inbox, "LISTENER_BYTES", 256 << 10)

    async def main(pair: Pair) -> None:
        gate = pair.clock.event()
        seen: list[int] = []

        async def slow(received: Received) -> None:
            await gate.wait()
            seen.append(len(received.data))

        pair.mgmt.listen(slow)
        await pair.start()
        body = pack_request(ECHO, bytes(127 << 10))
        for _ in range(5):
            await pair.mgmt.software.write(Frame(Flags.REQUEST, 7, body).pack())
            await pair.clock.sleep_ns(MS)
        gate.set()
        await pair.clock.sleep_ns(MS)
        assert seen == [len(body)] * 3, "one in the listener's hands, two wait, two dropped"

    Pair().run(main)
