# SPDX-License-Identifier: Apache-2.0
"""The outside: when it looks, how it paces time, and that it leaves no trace."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from typing import Any, TypeVar

import pytest

from pydriver.platform import outside as outside_module
from pydriver.platform.outside import READ, WRITE, Outside
from pydriver.platform.virtual import Deadlock, VirtualPlatform

T = TypeVar("T")
MS = 1_000_000
SECOND = 1_000_000_000


class Bench:
    """A platform and one pair of sockets: `ours` is to be watched, `theirs` is the other process."""

    def __init__(self) -> None:
        self.platform = VirtualPlatform()
        self.clock = self.platform.clock
        self.outside = self.platform.outside
        self.ours, self.theirs = socket.socketpair()
        self.ours.setblocking(False)
        self.got: list[bytes] = []

    def watch(self) -> None:
        self.outside.watch(self.ours.fileno(), READ, self.receive)

    def receive(self, events: int) -> None:
        assert events == READ
        self.got.append(self.ours.recv(4096))

    def run(self, body: Callable[[], Coroutine[Any, Any, T]]) -> T:
        return self.platform.run(body(), 1_000_000 * SECOND)

    async def wall_per_simulated(self, ns: int) -> float:
        """Wall seconds that `ns` of simulated time take."""
        began = time.monotonic()
        await self.clock.sleep_ns(ns)
        return time.monotonic() - began


@pytest.fixture
def bench() -> Iterator[Bench]:
    bench = Bench()
    yield bench
    bench.outside.close()
    bench.clock.close()
    bench.ours.close()
    bench.theirs.close()


@pytest.fixture
def steps(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Every sleep on the platform's clock, in nanoseconds."""
    taken: list[int] = []
    sleep_ns = bench.clock.sleep_ns

    async def counted(ns: int) -> None:
        taken.append(ns)
        await sleep_ns(ns)

    monkeypatch.setattr(bench.clock, "sleep_ns", counted)
    return taken


def test_time_is_free_until_it_is_held(bench: Bench) -> None:
    async def body() -> None:
        bench.watch()
        assert await bench.wall_per_simulated(100 * SECOND) < 2
        with bench.outside.hold():
            assert bench.outside.held
            assert await bench.wall_per_simulated(50 * MS) > 0.045
        assert not bench.outside.held
        assert await bench.wall_per_simulated(100 * SECOND) < 2

    bench.run(body)


def test_pace_scales_held_time(bench: Bench) -> None:
    async def body() -> None:
        bench.outside.pace = 100.0
        with bench.outside.hold():
            assert 0.045 < await bench.wall_per_simulated(5 * SECOND) < 2

    bench.run(body)


def test_a_hold_begins_at_once_after_a_long_quiet_time(bench: Bench) -> None:
    async def body() -> None:
        bench.watch()
        await bench.clock.sleep_ns(1000 * SECOND)
        with bench.outside.hold():
            assert await bench.wall_per_simulated(20 * MS) > 0.015

    bench.run(body)


def test_a_busy_descriptor_does_not_let_held_time_run_ahead(bench: Bench) -> None:
    bench.theirs.sendall(b"never read")

    async def body() -> None:
        bench.outside.watch(bench.ours.fileno(), READ, lambda events: None)
        with bench.outside.hold():
            assert await bench.wall_per_simulated(30 * MS) > 0.025

    bench.run(body)


@pytest.mark.parametrize("access_ns", [5_000, 100_000, 900_000])
def test_accesses_do_not_change_the_pace(bench: Bench, access_ns: int) -> None:
    async def body() -> None:
        bench.watch()
        with bench.outside.hold():
            began, simulated = time.monotonic(), bench.clock.now_ns()
            while bench.clock.now_ns() - simulated < 50 * MS:
                await bench.clock.sleep_ns(access_ns)
                bench.outside.active()
                bench.watch()
            assert time.monotonic() - began > 0.045

    bench.run(body)


def test_activity_after_a_quiet_time_is_looked_into_at_once(bench: Bench, steps: list[int]) -> None:
    async def body() -> None:
        bench.watch()
        await bench.clock.sleep_ns(100 * SECOND)
        assert max(steps[1:]) == outside_module.MAX_STEP_NS
        steps.clear()
        bench.theirs.sendall(b"x")
        while not bench.got:
            bench.outside.active()
            # An access that takes long to simulate.
            time.sleep(0.001)
            await bench.clock.sleep_ns(1000)
        assert sum(steps) < MS

    bench.run(body)


def test_steps_follow_what_they_cost(bench: Bench, steps: list[int]) -> None:
    async def body() -> None:
        bench.watch()
        await bench.clock.sleep_ns(100 * SECOND)
        steps.clear()
        # A simulated millisecond takes ten wall milliseconds: one long step, then looks every few of these.
        for _ in range(100):
            time.sleep(0.01)
            await bench.clock.sleep_ns(MS)
        looks = [step for step in steps if step != MS]
        assert len(looks) > 20
        assert max(looks[1:]) <= 2 * MS

    bench.run(body)


def test_holds_and_work_nest(bench: Bench) -> None:
    async def body() -> None:
        with bench.outside.hold(), bench.outside.hold():
            with bench.outside.work():
                assert not bench.outside.held
                assert await bench.wall_per_simulated(100 * SECOND) < 2
            assert bench.outside.held
            assert await bench.wall_per_simulated(20 * MS) > 0.015
        with bench.outside.work(), bench.outside.hold():
            assert not bench.outside.held

    bench.run(body)


def test_work_does_not_outlive_an_error(bench: Bench) -> None:
    async def body() -> None:
        for context in (bench.outside.hold, bench.outside.work):
            with pytest.raises(KeyError), context():
                raise KeyError
        with bench.outside.hold():
            assert bench.outside.held

    bench.run(body)


def test_what_comes_is_served_with_and_without_a_hold(bench: Bench) -> None:
    async def body() -> None:
        bench.watch()
        bench.theirs.sendall(b"one")
        while not bench.got:
            await bench.clock.sleep_ns(MS)
        bench.theirs.sendall(b"two")
        assert await bench.outside.until(lambda: len(bench.got) == 2, 5)
        assert bench.got == [b"one", b"two"]

    bench.run(body)


def test_an_answer_during_a_hold_comes_at_once(bench: Bench) -> None:
    bench.outside.pace = 0.001

    async def body() -> None:
        bench.watch()
        threading.Timer(0.02, bench.theirs.sendall, [b"answer"]).start()
        began = time.monotonic()
        with bench.outside.hold():
            # At this pace a step takes a wall second, unless something comes.
            while not bench.got:
                await bench.clock.sleep_ns(1000)
        assert time.monotonic() - began < 0.5

    bench.run(body)


def test_events_are_told_apart_and_changed(bench: Bench) -> None:
    seen: list[int] = []

    async def body() -> None:
        fd = bench.ours.fileno()
        bench.outside.watch(fd, READ | WRITE, seen.append)
        assert await bench.outside.until(lambda: bool(seen), 5)
        assert set(seen) == {WRITE}
        bench.outside.watch(fd, READ, bench.receive)
        seen.clear()
        bench.theirs.sendall(b"x")
        assert await bench.outside.until(lambda: bool(bench.got), 5)
        assert not seen
        bench.outside.unwatch(fd)
        bench.outside.unwatch(fd)
        bench.theirs.sendall(b"y")
        assert not await bench.outside.until(lambda: len(bench.got) > 1, 0.02)

    bench.run(body)


def test_a_callback_may_forget_a_descriptor_that_is_ready_too(bench: Bench) -> None:
    pipes = [os.pipe() for _ in range(2)]
    called: list[int] = []

    def callback(index: int) -> Callable[[int], None]:
        def ready(_: int) -> None:
            called.append(index)
            for read_end, _write_end in pipes:
                bench.outside.unwatch(read_end)

        return ready

    async def body() -> None:
        for index, (read_end, write_end) in enumerate(pipes):
            os.write(write_end, b"x")
            bench.outside.watch(read_end, READ, callback(index))
        assert await bench.outside.until(lambda: bool(called), 5)
        assert len(called) == 1

    bench.run(body)
    for pair in pipes:
        for fd in pair:
            os.close(fd)


def test_an_error_in_a_callback_fails_the_run_and_the_others_are_served(bench: Bench) -> None:
    read_end, write_end = os.pipe()

    def fails(_: int) -> None:
        raise ZeroDivisionError("a callback")

    async def body() -> None:
        bench.watch()
        bench.outside.watch(read_end, READ, fails)
        os.write(write_end, b"x")
        bench.theirs.sendall(b"x")
        assert await bench.outside.until(lambda: bool(bench.got), 5)
        bench.theirs.sendall(b"y")
        assert await bench.outside.until(lambda: len(bench.got) == 2, 5)

    with pytest.raises(ZeroDivisionError, match="a callback"):
        bench.run(body)
    os.close(read_end)
    os.close(write_end)


def test_until_gives_up_after_wall_time(bench: Bench) -> None:
    async def body() -> None:
        began, wall = bench.clock.now_ns(), time.monotonic()
        assert not await bench.outside.until(lambda: False, 0.05)
        assert 0.045 < time.monotonic() - wall < 2
        assert (bench.clock.now_ns() - began) / SECOND < time.monotonic() - wall + 0.002
        assert await bench.outside.until(lambda: True, 0)
        assert not bench.outside.held

    bench.run(body)


def test_waiting_for_the_outside_is_no_busy_loop(bench: Bench, steps: list[int]) -> None:
    async def body() -> None:
        bench.watch()
        assert not await bench.outside.until(lambda: False, 0.1)
        # One of `until` and one of the outside in every millisecond.
        assert len(steps) < 2 * 100 + 20

    bench.run(body)


def test_a_quiet_hour_takes_few_looks(bench: Bench, steps: list[int]) -> None:
    async def body() -> None:
        bench.watch()
        await bench.clock.sleep_ns(3600 * SECOND)

    bench.run(body)
    assert len(steps) < 1.2 * 3600 * SECOND / outside_module.MAX_STEP_NS
    assert max(steps[1:]) == outside_module.MAX_STEP_NS


def test_a_platform_can_ask_for_shorter_steps(bench: Bench, steps: list[int]) -> None:
    outside = Outside(bench.clock, longest_step_ns=2 * MS)

    async def body() -> None:
        outside.watch(bench.ours.fileno(), READ, bench.receive)
        await bench.clock.sleep_ns(SECOND)

    bench.run(body)
    outside.close()
    assert max(steps[1:]) == 2 * MS


def test_without_anything_to_watch_there_is_no_timer(bench: Bench) -> None:
    async def for_ever() -> None:
        await bench.clock.event().wait()

    with pytest.raises(Deadlock):
        bench.run(for_ever)

    async def watched_once() -> None:
        bench.watch()
        await bench.clock.sleep_ns(SECOND)
        bench.outside.unwatch(bench.ours.fileno())
        with bench.outside.hold():
            await bench.clock.sleep_ns(MS)
        await bench.clock.event().wait()

    with pytest.raises(Deadlock):
        bench.run(watched_once)


def test_close_leaves_neither_task_nor_timer(bench: Bench) -> None:
    async def body() -> None:
        bench.watch()
        await bench.clock.sleep_ns(SECOND)
        bench.outside.close()
        bench.outside.close()
        bench.outside.unwatch(bench.ours.fileno())
        with bench.outside.hold():
            await bench.clock.sleep_ns(SECOND)
        with pytest.raises(RuntimeError):
            bench.watch()
        assert bench.clock._alive.keys() == {id(bench.clock.current)}
        await bench.clock.event().wait()

    with pytest.raises(Deadlock):
        bench.run(body)


def test_close_from_a_callback_is_allowed(bench: Bench) -> None:
    async def body() -> None:
        bench.outside.watch(bench.ours.fileno(), READ, lambda _: bench.outside.close())
        bench.theirs.sendall(b"x")
        assert not await bench.outside.until(lambda: False, 0.02)

    bench.run(body)
    assert bench.clock._alive == {}


def test_a_platform_that_watches_nothing_needs_no_descriptor() -> None:
    before = len(os.listdir("/proc/self/fd"))
    platforms = [VirtualPlatform() for _ in range(5)]
    assert len(os.listdir("/proc/self/fd")) == before
    del platforms
