# SPDX-License-Identifier: Apache-2.0
"""Frames of the software channel and the two slots of the device node, without a mailbox around them."""

from __future__ import annotations

import errno
from collections.abc import Awaitable, Callable

import pytest

from pydriver.mailbox.frames import FRAME_HEADER, HEADER, MAX_FRAME, Frame
from pydriver.mailbox.software import SoftwareChannel
from pydriver.platform.virtual import TaskCancelled, VirtualClock
from tests.unit.mailbox_pair import SECOND, raises

Main = Callable[[VirtualClock, SoftwareChannel], Awaitable[None]]


def run(main: Main) -> None:
    clock = VirtualClock()
    channel = SoftwareChannel(clock)

    async def all_of_it() -> None:
        await main(clock, channel)

    clock.run(all_of_it(), 100 * SECOND)
    clock.close()


def nothing() -> None:
    """For messages whose reading interests nobody."""


def test_layout_of_a_frame() -> None:
    frame = Frame(2, 0x1122334455667788, b"abc")
    raw = frame.pack()
    assert raw == bytes.fromhex("0300000000000000 0200000000000000 8877665544332211") + b"abc" + bytes(8)
    assert len(raw) == frame.size == FRAME_HEADER + 3
    assert frame.header() == raw[:24] + bytes(8)
    assert HEADER.size_of(raw[:8]) == 3
    assert Frame.unpack(raw) == Frame.unpack(raw + b"next") == frame


def test_frames_that_are_none() -> None:
    raw = Frame(1, 5, bytes(100)).pack()
    for short in (b"", raw[:31], raw[:-1]):
        with raises(errno.EINVAL):
            Frame.unpack(short)
    with raises(errno.EINVAL, "1 GiB"):
        Frame.unpack(HEADER.pack(MAX_FRAME, 1, 5) + bytes(100))


def test_open_is_refused_while_offline() -> None:
    async def main(clock: VirtualClock, channel: SoftwareChannel) -> None:
        channel.offline = True
        with raises(errno.ENXIO):
            channel.open()
        assert not channel.present
        channel.offline = False
        channel.open()
        assert channel.present
        channel.open()
        channel.close()
        assert channel.present, "the other opener is still there"
        channel.close()
        assert not channel.present

    run(main)


def test_read_waits_tells_the_size_and_takes_the_whole() -> None:
    async def main(clock: VirtualClock, channel: SoftwareChannel) -> None:
        frame = Frame(2, 77, b"x" * 100)
        taken: list[bool] = []
        polls: list[bool] = []
        channel.on_readable.append(polls.append)
        reader = clock.spawn(channel.read(32))
        await clock.sleep_ns(SECOND)
        assert not reader.done()
        channel.post(frame, lambda: taken.append(True))
        header = await reader.join()
        assert (header.error, header.data) == (errno.EMSGSIZE, frame.header())
        short = await channel.read(131)
        assert (short.error, short.data, taken) == (errno.EMSGSIZE, frame.header(), [])
        assert channel.readable and polls == [True]
        whole = await channel.read(132)
        assert (whole.error, whole.data) == (0, frame.pack())
        assert taken == [True] and polls == [True, False] and not channel.readable
        for size in (0, 31):
            with raises(errno.EINVAL):
                await channel.read(size)

    run(main)


def test_two_readers_get_one_message_each() -> None:
    async def main(clock: VirtualClock, channel: SoftwareChannel) -> None:
        readers = [clock.spawn(channel.read(100)) for _ in range(2)]
        await clock.sleep_ns(1)
        channel.post(Frame(1, 1, b"a"), nothing)
        await clock.sleep_ns(1)
        assert [reader.done() for reader in readers].count(True) == 1
        channel.post(Frame(1, 2, b"b"), nothing)
        got = {Frame.unpack((await reader.join()).data).id for reader in readers}
        assert got == {1, 2}

    run(main)


def test_interrupted_read_loses_nothing() -> None:
    async def main(clock: VirtualClock, channel: SoftwareChannel) -> None:
        reader = clock.spawn(channel.read(100))
        await clock.sleep_ns(1)
        channel.post(Frame(1, 1, b"kept"), nothing)
        # The reader has been woken, but has not run yet.
        reader.cancel()
        with pytest.raises(TaskCancelled):
            await reader.join()
        assert channel.readable
        assert Frame.unpack((await channel.read(100)).data).payload == b"kept"

    run(main)


def test_write_takes_all_or_nothing() -> None:
    async def main(clock: VirtualClock, channel: SoftwareChannel) -> None:
        good = Frame(2, 9, b"payload").pack()
        for bad in (b"", good[:31], good[:-1], Frame(2, 0, b"no id").pack(), Frame(2, 9, b"").pack()):
            with raises(errno.EINVAL):
                await channel.write(bad)
            assert not channel.received
        assert await channel.write(good + b"more") == len(good)
        assert channel.take() == Frame(2, 9, b"payload")
        assert channel.take() is None

    run(main)


def test_write_waits_for_the_slot_and_the_second_waiter_finds_it_taken() -> None:
    async def main(clock: VirtualClock, channel: SoftwareChannel) -> None:
        frames = [Frame(1, msg_id, bytes([msg_id])).pack() for msg_id in (1, 2, 3)]
        await channel.write(frames[0])
        first, second = (clock.spawn(channel.write(frame)) for frame in frames[1:])
        await clock.sleep_ns(SECOND)
        assert not first.done() and not second.done()
        taken = channel.take()
        assert taken is not None and taken.id == 1
        assert await first.join() == len(frames[1])
        with raises(errno.EBUSY):
            await second.join()
        taken = channel.take()
        assert taken is not None and taken.id == 2

    run(main)


def test_interrupted_write_leaves_nothing() -> None:
    async def main(clock: VirtualClock, channel: SoftwareChannel) -> None:
        await channel.write(Frame(1, 1, b"first").pack())
        writer = clock.spawn(channel.write(Frame(1, 2, b"second").pack()))
        await clock.sleep_ns(1)
        channel.take()
        writer.cancel()
        with pytest.raises(TaskCancelled):
            await writer.join()
        assert not channel.received
        assert await channel.write(Frame(1, 3, b"third").pack()) == 37

    run(main)


def test_withdrawn_message_is_gone_for_the_reader() -> None:
    async def main(clock: VirtualClock, channel: SoftwareChannel) -> None:
        polls: list[bool] = []
        channel.on_readable.append(polls.append)
        channel.post(Frame(1, 1, b"old"), nothing)
        assert (await channel.read(32)).error == errno.EMSGSIZE
        channel.withdraw()
        reader = clock.spawn(channel.read(100))
        await clock.sleep_ns(SECOND)
        assert not reader.done() and polls == [True, False]
        channel.post(Frame(1, 2, b"new"), nothing)
        assert Frame.unpack((await reader.join()).data).id == 2

    run(main)
