# SPDX-License-Identifier: Apache-2.0
"""The virtual-time scheduler, its memory and the primitives made of events."""

from __future__ import annotations

import pytest

from pydriver.platform.ranges import RangeAllocator
from pydriver.platform.sync import Lock, Queue
from pydriver.platform.virtual import (
    Deadlock,
    Ram,
    TaskCancelled,
    VirtualClock,
    VirtualMemory,
    VirtualPlatform,
)


def test_time_jumps_and_order_is_fixed() -> None:
    clock = VirtualClock()
    log: list[tuple[int, str]] = []

    async def worker(name: str, step: int) -> str:
        for _ in range(3):
            await clock.sleep_ns(step)
            log.append((clock.now_ns(), name))
        return name

    async def main() -> list[str]:
        tasks = [clock.spawn(worker("a", 10), "a"), clock.spawn(worker("b", 15), "b")]
        return [await task.join() for task in tasks]

    assert clock.run(main()) == ["a", "b"]
    assert log == [(10, "a"), (15, "b"), (20, "a"), (30, "b"), (30, "a"), (45, "b")]


def test_event_times_out_or_wakes() -> None:
    clock = VirtualClock()

    async def main() -> None:
        event = clock.event()
        assert not await event.wait(100)
        assert clock.now_ns() == 100

        async def setter() -> None:
            await clock.sleep_ns(50)
            event.set()

        clock.spawn(setter())
        assert await event.wait(100)
        assert clock.now_ns() == 150
        assert await event.wait(100), "the level stays"
        event.clear()
        assert not await event.wait(10)

    clock.run(main())


def test_cancel_runs_cleanup_and_joiners_see_it() -> None:
    clock = VirtualClock()
    cleaned = []

    async def sleeper() -> None:
        try:
            await clock.sleep_ns(1000)
        finally:
            cleaned.append(clock.now_ns())

    async def main() -> None:
        task = clock.spawn(sleeper())
        await clock.sleep_ns(10)
        task.cancel()
        assert task.done()
        with pytest.raises(TaskCancelled):
            await task.join()

    clock.run(main())
    assert cleaned == [10]


def test_cancel_beats_a_queued_wake_up() -> None:
    clock = VirtualClock()
    reached = []

    async def waiter(event: object) -> None:
        await event.wait()  # type: ignore[attr-defined]
        reached.append(True)

    async def main() -> None:
        event = clock.event()
        task = clock.spawn(waiter(event))
        await clock.sleep_ns(1)
        event.set()
        task.cancel()
        await clock.sleep_ns(1)

    clock.run(main())
    assert not reached


def test_deadlock_and_limit_name_who_waits() -> None:
    clock = VirtualClock()

    async def stuck() -> None:
        await clock.event().wait()

    with pytest.raises(Deadlock, match="main"):
        clock.run(stuck())

    async def forever() -> None:
        while True:
            await clock.sleep_ns(10)

    with pytest.raises(TimeoutError):
        VirtualClock.run(clock, forever(), limit_ns=100)


def test_background_failure_is_not_lost() -> None:
    clock = VirtualClock()

    async def fails() -> None:
        raise ValueError("broken")

    async def main() -> None:
        clock.spawn(fails())
        await clock.sleep_ns(10)

    with pytest.raises(ValueError, match="broken"):
        clock.run(main())


def test_lock_is_fair_and_survives_cancel() -> None:
    clock = VirtualClock()
    order = []
    lock = Lock(clock)

    async def worker(name: str) -> None:
        async with lock:
            order.append(name)
            await clock.sleep_ns(10)

    async def main() -> None:
        tasks = [clock.spawn(worker(name), name) for name in "abcd"]
        await clock.sleep_ns(5)
        tasks[1].cancel()
        for task in (tasks[0], tasks[2], tasks[3]):
            await task.join()
        assert not lock.locked

    clock.run(main())
    assert order == ["a", "c", "d"]


def test_queue_is_first_in_first_out() -> None:
    clock = VirtualClock()
    queue: Queue[int] = Queue(clock)

    async def producer() -> None:
        for item in range(5):
            queue.put(item)
            await clock.sleep_ns(item % 2 * 10)

    async def main() -> list[int]:
        clock.spawn(producer())
        return [await queue.get() for _ in range(5)]

    assert clock.run(main()) == [0, 1, 2, 3, 4]


def test_bar_blocks_of_any_alignment_and_dead_card() -> None:
    platform = VirtualPlatform()
    function = platform.add_function(0, "f", 0x1234)
    function.add_bar(0, 64, Ram(64))
    bar = function.bars[0]

    async def main() -> None:
        await bar.write(3, b"\x01\x02\x03\x04\x05")
        assert await bar.read(2, 7) == b"\0\x01\x02\x03\x04\x05\0"
        await bar.write32s([(8, 0xAABBCCDD), (12, 1)])
        assert await bar.read32s([8, 12, 8]) == [0xAABBCCDD, 1, 0xAABBCCDD]
        with pytest.raises(ValueError, match="not an access"):
            await bar.read32(2)
        with pytest.raises(ValueError, match="not an access"):
            await bar.read(60, 8)
        function.dead = True
        await bar.write32(8, 0)
        assert await bar.read32(8) == 0xFFFFFFFF
        assert await bar.read(0, 3) == b"\xff\xff\xff"
        function.dead = False
        assert await bar.read32(8) == 0xAABBCCDD

    platform.run(main())


def test_msix_needs_enabling() -> None:
    platform = VirtualPlatform()
    function = platform.add_function(0, "f", 0x1234)

    async def main() -> None:
        function.raise_msix(3)
        assert not function.msix_event(3).is_set()
        assert await function.enable_msix() == 32
        function.raise_msix(3)
        assert function.msix_event(3).is_set()

    platform.run(main())


def test_host_memory_bounds_and_reuse() -> None:
    memory = VirtualMemory(size=0x10000, base=0x1000)
    first = memory.alloc(100)
    second = memory.alloc(4097)
    assert (first, second) == (0x1000, 0x2000)
    memory.write(second, b"hello")
    assert memory.read(second, 5) == b"hello"
    memory.free(first)
    assert memory.alloc(50) == first
    with pytest.raises(IndexError):
        memory.read(0xFFF, 1)
    with pytest.raises(IndexError):
        memory.write(0x10FFF, b"ab")
    with pytest.raises(MemoryError):
        memory.alloc(0x10000)


def test_range_allocator_windows_and_merging() -> None:
    ranges = RangeAllocator(0x1000, 0x10000)
    a = ranges.alloc(0x1000)
    b = ranges.alloc(0x1000, low=0x8000, high=0xA000)
    assert (a, b) == (0x1000, 0x8000)
    assert ranges.alloc(0x1001, low=0x9000, high=0xA000) is None
    c = ranges.alloc(0x1000, low=0x8000, high=0xA000)
    assert c == 0x9000
    assert ranges.used_in(0x8000, 0xA000) == 0x2000
    for addr in (a, c, b):
        assert addr is not None
        ranges.free(addr)
    assert ranges.alloc(0x10000) == 0x1000
    with pytest.raises(KeyError):
        ranges.free(0x2000)
