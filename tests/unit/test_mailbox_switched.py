# SPDX-License-Identifier: Apache-2.0
"""Messages over the software channel: which go there, in which order, how long they wait, who holds time."""

from __future__ import annotations

import errno
import os
import random

import pytest

from pydriver.mailbox import Frame, Opcode, Request, packets
from pydriver.mailbox.messages import pack_request
from pydriver.mailbox.packets import Flags, Received, split
from pydriver.regs import user_bar
from tests.unit.mailbox_pair import ECHO, SECOND, Pair, raises, read_frame

MS = SECOND // 1000
MODES = pytest.mark.parametrize("interrupt", [True, False], ids=["interrupt", "polled"])


@MODES
def test_switched_requests_go_through_the_daemons_and_the_rest_does_not(interrupt: bool) -> None:
    rng = random.Random(5)

    async def main(pair: Pair) -> None:
        await pair.start()
        pair.switch(ECHO)
        pair.courier()
        for size in (1, 23, 40, 4000, 100_000):
            payload = rng.randbytes(size)
            assert await pair.user.request(ECHO, payload, max_response=size) == payload
        assert pair.mgmt.metrics.raw_bytes == pair.user.metrics.raw_bytes == 0
        assert pair.mgmt.metrics.requests == {ECHO: 5}
        await pair.mgmt.offer_test_message("over the hardware")
        assert await pair.user.fetch_test_message() == "over the hardware"
        assert pair.mgmt.metrics.raw_bytes > 0

    Pair(interrupt).run(main)


def test_many_at_once_are_matched_by_id() -> None:
    async def main(pair: Pair) -> None:
        await pair.start()
        pair.switch(ECHO)
        pair.courier()
        payloads = [bytes([i]) * (3000 * i + 1) for i in range(5)]
        tasks = [pair.clock.spawn(pair.user.request(ECHO, data, max_response=20_000)) for data in payloads]
        assert [await task.join() for task in tasks] == payloads

    Pair().run(main)


def test_random_traffic_over_both_channels_keeps_its_order() -> None:
    """Whatever is switched, the peer hears requests in the order in which they were sent."""
    seed = int(os.environ.get("SEED", "1"))
    print(f"SEED={seed}")
    rng = random.Random(seed)
    switched, plain = Opcode.MGMT_STATE, Opcode.FIREWALL

    async def main(pair: Pair) -> None:
        heard: list[int] = []

        async def listener(received: Received) -> None:
            heard.append(int.from_bytes(received.data[12:16], "little"))

        pair.mgmt.listen(listener)
        await pair.start()
        pair.switch(switched)
        pair.user.software.open()
        pair.mgmt.software.open()

        async def carry() -> None:
            while True:
                await pair.clock.sleep_ns(rng.randrange(3 * MS))
                frame = await read_frame(pair.user.software)
                await pair.mgmt.software.write(frame.pack())

        pair.clock.spawn(carry())
        for number in range(60):
            await pair.user.notify(
                rng.choice([switched, plain]), number.to_bytes(4, "little") + bytes(rng.randrange(200))
            )
            await pair.clock.sleep_ns(rng.randrange(2 * MS))
        await pair.clock.sleep_ns(SECOND)
        assert heard == list(range(60))

    Pair().run(main)


def test_nothing_passes_an_unread_software_message() -> None:
    async def main(pair: Pair) -> None:
        await pair.start()
        pair.switch(Opcode.FIREWALL)
        pair.user.software.open()
        await pair.user.notify(Opcode.FIREWALL)
        task = pair.clock.spawn(pair.user.request(ECHO, b"behind"))
        await pair.clock.sleep_ns(SECOND)
        assert not task.done() and pair.mgmt.metrics.raw_bytes == 0
        await read_frame(pair.user.software)
        assert await task.join() == b"behind"

    Pair().run(main)


def test_nothing_passes_a_full_hardware_fifo() -> None:
    async def main(pair: Pair) -> None:
        await pair.start(mgmt=False)
        pair.switch(Opcode.FIREWALL)
        pair.user.software.open()
        await pair.user.notify(ECHO, b"one packet")
        await pair.user.notify(Opcode.FIREWALL)
        await pair.clock.sleep_ns(SECOND)
        assert not pair.user.software.readable
        await pair.mgmt.start()
        await pair.clock.sleep_ns(SECOND)
        assert pair.user.software.readable

    Pair().run(main)


@MODES
def test_without_a_daemon_the_message_sits_in_the_slot_for_six_seconds(interrupt: bool) -> None:
    async def main(pair: Pair) -> None:
        await pair.start()
        pair.switch(ECHO)
        begin = pair.clock.now_ns()
        with raises(errno.ETIME, "could not be sent"):
            await pair.user.request(ECHO, b"unread")
        assert 5.9 * SECOND <= pair.clock.now_ns() - begin <= 6.2 * SECOND
        assert not pair.user.software.readable, "the slot is free again"
        assert pair.holds[1].entered == 0, "nobody is there to be waited for"
        # A daemon that comes now finds nothing of before, and the next request works.
        pair.courier()
        await pair.clock.sleep_ns(SECOND)
        assert not pair.served
        assert await pair.user.request(ECHO, b"read") == b"read"

    Pair(interrupt).run(main)


def test_a_daemon_that_comes_within_the_time_finds_the_message() -> None:
    async def main(pair: Pair) -> None:
        await pair.start()
        pair.switch(ECHO)
        task = pair.clock.spawn(pair.user.request(ECHO, b"late"))
        await pair.clock.sleep_ns(5 * SECOND)
        pair.courier()
        assert await task.join() == b"late"

    Pair().run(main)


def test_the_response_s_time_begins_when_the_daemon_has_read_the_request() -> None:
    async def main(pair: Pair) -> None:
        await pair.start()
        pair.switch(ECHO)
        pair.user.software.open()
        begin = pair.clock.now_ns()
        task = pair.clock.spawn(pair.user.request(ECHO, b"never answered", response_ttl_s=3))
        await pair.clock.sleep_ns(4 * SECOND)
        frame = await read_frame(pair.user.software)
        with raises(errno.ETIME, "no usable response"):
            await task.join()
        assert 6.9 * SECOND <= pair.clock.now_ns() - begin <= 7.2 * SECOND
        # The answer that comes now finds nobody.
        await pair.user.software.write(Frame(Flags.RESPONSE, frame.id, b"too late").pack())
        await pair.clock.sleep_ns(MS)
        assert any("nobody waits" in line for line in pair.log)
        assert pair.holds[1].now == 0
        pair.courier()
        assert await pair.user.request(ECHO, b"next") == b"next"

    Pair().run(main)


def test_response_bigger_than_the_buffer_is_emsgsize() -> None:
    async def main(pair: Pair) -> None:
        await pair.start()
        pair.switch(ECHO)
        pair.courier()
        with raises(errno.EMSGSIZE):
            await pair.user.request(ECHO, bytes(101), max_response=100)
        assert await pair.user.request(ECHO, bytes(100), max_response=100) == bytes(100)

    Pair().run(main)


def test_response_goes_out_on_the_channel_of_the_mask() -> None:
    """The driver chooses by opcode, so a mask that changed meanwhile changes the way of the response."""

    async def main(pair: Pair) -> None:
        await pair.start()
        pair.mgmt.software.open()

        async def changing(request: Request) -> bytes | None:
            pair.mgmt.channel_switch = 1 << ECHO
            return b"over the node"

        pair.server.handlers[ECHO] = changing
        task = pair.clock.spawn(pair.user.request(ECHO, b"over the FIFO"))
        frame = await read_frame(pair.mgmt.software)
        assert (frame.flags, frame.payload) == (Flags.RESPONSE, b"over the node")
        await pair.user.software.write(frame.pack())
        assert await task.join() == b"over the node"

    Pair().run(main)


def test_requests_on_the_wrong_channel_are_dropped() -> None:
    async def main(pair: Pair) -> None:
        await pair.start()
        pair.courier()
        pair.user.channel_switch = 1 << ECHO
        with raises(errno.ETIME):
            await pair.user.request(ECHO, b"software, mask says hardware")
        assert any("belongs on the hardware channel" in line for line in pair.log)
        pair.user.channel_switch = 0
        pair.mgmt.channel_switch = 1 << ECHO
        with raises(errno.ETIME):
            await pair.user.request(ECHO, b"hardware, mask says software")
        assert any("belongs on the software channel" in line for line in pair.log)
        assert not pair.served
        pair.mgmt.channel_switch = 0
        assert await pair.user.request(ECHO, b"both hardware") == b"both hardware"

    Pair().run(main)


def test_disabled_opcode_is_dropped_at_the_receiver_of_the_software_channel() -> None:
    async def main(pair: Pair) -> None:
        await pair.start()
        pair.switch(ECHO)
        pair.courier()
        pair.mgmt.channel_disable = 1 << ECHO
        with raises(errno.ETIME):
            await pair.user.request(ECHO, b"refused", response_ttl_s=2)
        assert not pair.served and any("disabled" in line for line in pair.log)
        with raises(errno.EFAULT, "disabled"):
            await pair.mgmt.respond(5, ECHO, b"")

    Pair().run(main)


def test_mailbox_without_registers() -> None:
    async def main(pair: Pair) -> None:
        await pair.user.start()
        before = pair.card.user.bars[0].reads + pair.card.user.bars[0].writes
        with raises(errno.EFAULT, "no daemon"):
            await pair.user.request(Opcode.USER_PROBE)
        pair.user.software.open()
        task = pair.clock.spawn(pair.user.request(Opcode.USER_PROBE, b"conn", max_response=100))
        frame = await read_frame(pair.user.software)
        assert frame.payload == pack_request(Opcode.USER_PROBE, b"conn")
        await pair.user.software.write(Frame(Flags.RESPONSE, frame.id, b"ready").pack())
        assert await task.join() == b"ready"
        await pair.user.send_test_packet(b"goes nowhere")
        await pair.clock.sleep_ns(SECOND)
        pair.user.software.close()
        with raises(errno.EFAULT):
            await pair.user.request(ECHO)
        assert pair.card.user.bars[0].reads + pair.card.user.bars[0].writes == before

    Pair(registers=False).run(main)


def test_register_less_mailbox_serves_what_the_daemon_writes() -> None:
    async def main(pair: Pair) -> None:
        got: list[Received] = []

        async def listener(received: Received) -> None:
            got.append(received)

        pair.user.listen(listener)
        await pair.user.start()
        message = pack_request(Opcode.MGMT_STATE, bytes(8))
        await pair.user.software.write(Frame(Flags.REQUEST, 9, message).pack())
        await pair.clock.sleep_ns(MS)
        assert [(item.data, item.software) for item in got] == [(message, True)]

    Pair(registers=False).run(main)


def test_listener_queue_takes_five_over_the_software_channel_too() -> None:
    async def main(pair: Pair) -> None:
        gate = pair.clock.event()
        seen: list[int] = []

        async def slow(received: Received) -> None:
            await gate.wait()
            seen.append(received.msg_id)

        pair.mgmt.listen(slow)
        await pair.start()
        pair.mgmt.channel_switch = 1 << ECHO
        for msg_id in range(1, 12):
            await pair.mgmt.software.write(Frame(Flags.REQUEST, msg_id, pack_request(ECHO, b"")).pack())
            await pair.clock.sleep_ns(MS)
        gate.set()
        await pair.clock.sleep_ns(SECOND)
        assert seen == [1, 2, 3, 4, 5, 6]
        assert sum("queue is full" in line for line in pair.log) == 5
        await pair.mgmt.software.write(Frame(Flags.REQUEST, 99, pack_request(ECHO, b"")).pack())
        await pair.clock.sleep_ns(MS)
        assert seen[-1] == 99

    Pair().run(main)


def test_frames_that_are_neither_and_replayed_ids_are_dropped() -> None:
    async def main(pair: Pair) -> None:
        await pair.start()
        pair.switch(ECHO)
        node = pair.user.software
        node.open()
        await node.write(Frame(0, 5, b"neither request nor response").pack())
        task = pair.clock.spawn(pair.user.request(ECHO, b"?"))
        frame = await read_frame(node)
        answer = Frame(Flags.RESPONSE, frame.id, b"!").pack()
        await node.write(answer)
        await node.write(answer)
        assert await task.join() == b"!"
        second = pair.clock.spawn(pair.user.request(ECHO, b"??"))
        other = await read_frame(node)
        await node.write(answer)
        await node.write(Frame(Flags.RESPONSE, other.id, b"!!").pack())
        assert await second.join() == b"!!"
        assert sum("nobody waits" in line for line in pair.log) == 3

    Pair().run(main)


def test_software_message_waits_for_the_end_of_one_that_comes_over_the_hardware() -> None:
    async def main(pair: Pair) -> None:
        seen: list[int] = []

        async def listener(received: Received) -> None:
            seen.append(received.msg_id)

        pair.mgmt.listen(listener)
        await pair.start()
        first, last = split(1, Flags.REQUEST, pack_request(ECHO, bytes(50)))
        at = user_bar.MAILBOX.base
        bar = pair.card.user.bars[0]
        await bar.write32s([(at, word) for word in first])
        await pair.clock.sleep_ns(MS)
        await pair.mgmt.software.write(Frame(Flags.REQUEST, 2, pack_request(ECHO, b"")).pack())
        writer = pair.clock.spawn(pair.mgmt.software.write(Frame(Flags.REQUEST, 3, bytes(16)).pack()))
        await pair.clock.sleep_ns(MS)
        assert seen == [] and not writer.done()
        await bar.write32s([(at, word) for word in last])
        await pair.clock.sleep_ns(MS)
        assert seen == [1, 2, 3] and writer.done()

    Pair().run(main)


def test_time_is_held_only_while_a_daemon_has_something_to_do() -> None:
    async def main(pair: Pair) -> None:
        hold = pair.holds[1]
        await pair.start()
        pair.switch(ECHO)
        node = pair.user.software
        task = pair.clock.spawn(pair.user.request(ECHO, b"?"))
        await pair.clock.sleep_ns(SECOND)
        assert hold.now == 0, "held without a daemon"
        node.open()
        assert hold.now == 1, "the message waits for the daemon"
        assert (await node.read(32)).error == errno.EMSGSIZE
        assert hold.now == 1
        frame = await read_frame(node)
        await pair.clock.sleep_ns(SECOND)
        assert hold.now == 1, "the daemon works on the request"
        await node.write(Frame(Flags.RESPONSE, frame.id, b"!").pack())
        assert hold.now == 0
        assert await task.join() == b"!"
        await pair.clock.sleep_ns(SECOND)
        assert hold.now == 0 and hold.entered == 1
        # A notification is done when it has been read.
        pair.switch(Opcode.MGMT_STATE)
        await pair.user.notify(Opcode.MGMT_STATE)
        await pair.clock.sleep_ns(MS)
        assert hold.now == 1
        await read_frame(node)
        assert hold.now == 0
        # Hardware traffic holds nothing.
        assert await pair.user.request(ECHO, b"fast") == b"fast"
        assert hold.entered == 2

    Pair().run(main)


def test_hold_ends_with_the_daemon_the_time_and_the_channel() -> None:
    async def main(pair: Pair) -> None:
        hold = pair.holds[1]
        await pair.start()
        pair.switch(ECHO)
        node = pair.user.software

        async def ask(error: int, ttl_s: int = 2) -> None:
            with raises(error):
                await pair.user.request(ECHO, b"?", response_ttl_s=ttl_s)
            assert hold.now == 0

        node.open()
        task = pair.clock.spawn(ask(errno.ETIME))
        await read_frame(node)
        node.close()
        assert hold.now == 0, "the daemon died with the request in its hands"
        node.open()
        assert hold.now == 0, "the next daemon knows nothing of it"
        await task.join()
        await ask(errno.ETIME)
        task = pair.clock.spawn(ask(errno.ETIME))
        await read_frame(node)
        assert hold.now == 1
        await task.join()
        for read in (False, True):
            task = pair.clock.spawn(ask(errno.ESHUTDOWN))
            await pair.clock.sleep_ns(MS)
            if read:
                await read_frame(node)
            assert hold.now == 1
            await pair.user.restart()
            await task.join()
        waiting = pair.clock.spawn(pair.user.request(ECHO, b"?"))
        await read_frame(node)
        waiting.cancel()
        assert hold.now == 0, "the asker is gone"

    Pair().run(main)


def test_big_message_is_whole_and_never_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    """64 MiB there and back: a handful of copies, not a million packets."""
    size = 64 << 20
    monkeypatch.delattr(packets, "split")
    payload = random.Random(3).randbytes(1 << 20) * 64

    async def main(pair: Pair) -> None:
        await pair.start()
        pair.switch(ECHO)
        pair.courier()
        answer = await pair.user.request(ECHO, payload, max_response=size)
        assert answer == payload
        assert pair.user.metrics.raw_bytes == 0

    Pair().run(main)


def test_a_request_of_128_mib_is_dropped_unread() -> None:
    limit = 4096 << 15

    async def main(pair: Pair) -> None:
        await pair.start()
        node = pair.mgmt.software
        await node.write(Frame(Flags.REQUEST, 5, bytes(limit)).pack())
        await pair.clock.sleep_ns(MS)
        assert any("dropped a message" in line for line in pair.log) and not node.received

    Pair().run(main)
