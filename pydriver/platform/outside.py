# SPDX-License-Identifier: Apache-2.0
"""The world outside the platform's time: sockets of other processes, served while simulated time runs.

A simulation's time and the wall clock have nothing to do with each other, until another process has to answer
something. `Outside` serves file descriptors from one task of the platform. As long as nobody holds time, it
only looks whether something has come, rarely enough that this costs nothing. While somebody does (`hold`),
simulated time does not run ahead of the wall clock, so that a time-out of six seconds gives the other process
six seconds, and what comes is served at once. While another process waits for the simulation (`work`),
holding time would keep both waiting: it runs freely although somebody holds it.
"""

from __future__ import annotations

import selectors
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from pydriver.platform import Clock, Task

READ = selectors.EVENT_READ
WRITE = selectors.EVENT_WRITE
Ready = Callable[[int], None]
"""Called with the events (READ, WRITE) that a descriptor is ready for."""

HELD_STEP_NS = 1_000_000
MIN_STEP_NS = 1_000
# How far held time runs ahead before it waits: `select` waits in whole milliseconds.
GRAIN_S = 0.001
MAX_STEP_NS = 50_000_000
# A step that `active` does not cut short.
SHORT_STEP_NS = 10_000
# One look per this much wall time is often enough: steps adapt to it, whatever simulating them costs.
LOOK_EVERY_S = 0.002


class Outside:
    """File descriptors beside simulated time. One per platform; not for use from other threads."""

    def __init__(self, clock: Clock, pace: float = 1.0, longest_step_ns: int = MAX_STEP_NS) -> None:
        """`pace`: simulated seconds per wall second while time is held; tests of long time-outs raise it.

        `longest_step_ns`: simulated time between two looks when nothing goes on. After a quiet time that much
        is simulated before the next look, unless the platform says that it is `active`.
        """
        self.pace = pace
        self._clock = clock
        self._longest_step_ns = longest_step_ns
        self._selector: selectors.BaseSelector | None = None
        self._watched: dict[int, Ready] = {}
        self._holds = 0
        self._works = 0
        self._task: Task | None = None
        self._step = MIN_STEP_NS
        self._rest = ""
        self._ahead_s = 0.0
        self._paced_from = (0.0, 0)
        self._closed = False

    @property
    def held(self) -> bool:
        """Simulated time follows the wall clock: somebody waits for the outside and nobody there for us."""
        return self._holds > 0 and self._works == 0

    def watch(self, fd: int, events: int, ready: Ready) -> None:
        """Call `ready` when `fd` is ready for `events`; again for the same `fd` changes both.

        An exception of `ready` ends the watch of this descriptor and fails the run; the others go on.
        """
        if self._closed:
            raise RuntimeError("nothing can be watched after close")
        if self._selector is None:
            self._selector = selectors.DefaultSelector()
        if fd in self._watched:
            self._selector.modify(fd, events)
        else:
            self._selector.register(fd, events)
        self._watched[fd] = ready
        self._start()

    def unwatch(self, fd: int) -> None:
        """Forget `fd`; nothing if it is not watched. Before it is closed."""
        if self._watched.pop(fd, None) is not None and self._selector is not None:
            self._selector.unregister(fd)

    @contextmanager
    def hold(self) -> Iterator[None]:
        """While inside, simulated time runs at most at the wall clock's pace, except during `work`."""
        self._holds += 1
        self._start()
        try:
            yield
        finally:
            self._holds -= 1

    @contextmanager
    def work(self) -> Iterator[None]:
        """While inside, another process waits for simulated work to be done: nobody holds time."""
        self._works += 1
        try:
            yield
        finally:
            self._works -= 1
            self._start()

    async def until(self, condition: Callable[[], bool], wall_s: float) -> bool:
        """Hold time until `condition` holds; False when `wall_s` wall seconds passed first."""
        deadline = time.monotonic() + wall_s
        with self.hold():
            while not condition():
                if time.monotonic() > deadline:
                    return False
                await self._clock.sleep_ns(HELD_STEP_NS)
        return True

    def active(self) -> None:
        """The platform begins something that may be slow to simulate: no long step before the next look."""
        if self._rest and self._step > SHORT_STEP_NS:
            self._step = MIN_STEP_NS
            self._interrupt_rest()
            self._spawn()

    def close(self) -> None:
        """Forget everything; no task and no timer is left."""
        self._closed = True
        self._watched.clear()
        if self._selector is not None:
            self._selector.close()
            self._selector = None
        self._interrupt_rest()

    def _start(self) -> None:
        """See to it that the task runs, and that a hold begins now and not after a long step."""
        if self._closed or not (self._watched or self._holds):
            return
        if self._rest == "free" and self.held:
            self._interrupt_rest()
        if self._task is None or self._task.done():
            self._paced_from, self._ahead_s = (time.monotonic(), self._clock.now_ns()), 0.0
        self._spawn()

    def _spawn(self) -> None:
        if self._task is None or self._task.done():
            self._task = self._clock.spawn(self._serve(), "outside")

    def _interrupt_rest(self) -> None:
        # Only a task that sleeps: any other looks at the state by itself, and may be the caller.
        if self._rest and self._task is not None:
            self._rest = ""
            self._task.cancel()
            self._task = None

    async def _serve(self) -> None:
        """Ends when there is nothing to watch, so that a simulation without an outside has no timer."""
        looked = time.monotonic()
        while not self._closed and (self._watched or self._holds):
            if self.held:
                ahead_s = self._ahead()
                self._dispatch(ahead_s if ahead_s >= GRAIN_S else 0.0)
                # However early a descriptor ended the look: no more simulated time than wall time passed.
                waits = self._ahead() >= GRAIN_S
                looked = time.monotonic()
                await self._sleep("held", MIN_STEP_NS if waits else min(self._step, HELD_STEP_NS))
                continue
            await self._sleep("free", self._step)
            self._paced_from, self._ahead_s = (time.monotonic(), self._clock.now_ns()), 0.0
            if time.monotonic() - looked >= LOOK_EVERY_S / 2:
                looked = time.monotonic()
                self._dispatch(0.0)

    def _ahead(self) -> float:
        """Wall seconds that held time is ahead of the wall clock; being behind is not made up for."""
        wall_s, simulated_ns = time.monotonic(), self._clock.now_ns()
        before_s, before_ns = self._paced_from
        self._paced_from = wall_s, simulated_ns
        self._ahead_s += (simulated_ns - before_ns) / 1e9 / self.pace - (wall_s - before_s)
        self._ahead_s = max(0.0, self._ahead_s)
        return self._ahead_s

    async def _sleep(self, rest: str, ns: int) -> None:
        """Simulate `ns`, and let the next step take about as long as there should be between two looks."""
        began = time.monotonic()
        self._rest = rest
        await self._clock.sleep_ns(ns)
        self._rest = ""
        took = time.monotonic() - began
        if took > 2 * LOOK_EVERY_S:
            self._step = max(int(ns * LOOK_EVERY_S / took), MIN_STEP_NS)
        elif took < LOOK_EVERY_S / 2:
            self._step = min(2 * self._step, self._longest_step_ns)

    def _dispatch(self, timeout_s: float) -> None:
        timeout_s = max(0.0, timeout_s)
        if self._selector is None:
            time.sleep(timeout_s)
            return
        for key, events in self._selector.select(timeout_s):
            # A callback may have unwatched a descriptor that was ready in the same look.
            ready = self._watched.get(key.fd)
            if ready is not None:
                self._call(key.fd, ready, events)

    def _call(self, fd: int, ready: Ready, events: int) -> None:
        try:
            ready(events)
        except Exception as error:
            self.unwatch(fd)
            # A task nobody joins: the run fails with this error, and meanwhile the others are served.
            self._clock.spawn(_raise(error), f"outside callback of {fd}")


async def _raise(error: Exception) -> None:
    raise error
