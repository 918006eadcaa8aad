# SPDX-License-Identifier: Apache-2.0
"""Delayed works of the driver, as on the real one's single-threaded work queue.

A work that is queued already is not queued again, however often somebody asks; one that is asked for while it
runs runs once more afterwards. Works run one at a time. Source: XRT mailbox contract §7 (which requests queue
which work, and after how long).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from enum import Enum

from pydriver.platform import Clock, Task
from pydriver.platform.trace import OnEvent, silent

MS = 1_000_000
RESET_DELAY_NS = 2000 * MS
PROGRAM_SHELL_DELAY_NS = 2000 * MS
REFRESH_DELAY_NS = 1 * MS


class Work(Enum):
    """What can be queued."""

    RESET = "reset"
    PROGRAM_SHELL = "program shell"
    REFRESH = "refresh"
    PEER_AWAY = "peer away"


class WorkQueue:
    """Runs works when their time has come. `start` first; what is queued before waits."""

    def __init__(
        self,
        clock: Clock,
        works: Mapping[Work, Callable[[], Awaitable[None]]],
        on_event: OnEvent = silent,
    ) -> None:
        self._clock = clock
        self._works = dict(works)
        self._on_event = on_event
        self._due: dict[Work, int] = {}
        self._queued = clock.event()
        self._idle = clock.event()
        self._idle.set()
        self._task: Task | None = None
        self._running: Work | None = None

    def start(self) -> None:
        """Begin to work."""
        if self._task is None:
            self._task = self._clock.spawn(self._run(), "user.works")

    def stop(self) -> None:
        """Forget what is queued and cancel what runs; not for use from within a work."""
        if self._task is not None:
            self._task.cancel()
            self._task = None
        self._running = None
        self._due.clear()
        self._idle.set()

    def queue(self, work: Work, delay_ns: int) -> None:
        """Have `work` done after `delay_ns`; nothing when it is queued already, with whatever delay."""
        if work in self._due:
            return
        self._due[work] = self._clock.now_ns() + delay_ns
        self._idle.clear()
        self._queued.set()

    def drop(self, work: Work) -> None:
        """Forget `work` if it has not begun."""
        self._due.pop(work, None)
        self._queued.set()

    def pending(self, work: Work) -> bool:
        """`work` is queued and has not begun."""
        return work in self._due

    def under_way(self, work: Work) -> bool:
        """`work` is queued or runs."""
        return work in self._due or work is self._running

    async def flush(self) -> None:
        """Wait until nothing is queued and nothing runs; not for use from within a work."""
        await self._idle.wait()

    async def _run(self) -> None:
        while True:
            self._queued.clear()
            if not self._due:
                self._idle.set()
                await self._queued.wait()
                continue
            work, due = min(self._due.items(), key=lambda item: item[1])
            now = self._clock.now_ns()
            if due > now:
                # Something with less delay may come meanwhile.
                await self._queued.wait(due - now)
                continue
            del self._due[work]
            self._running = work
            self._on_event("user.work", work.value)
            try:
                await self._works[work]()
            except OSError as error:
                self._on_event("user.work", f"{work.value} failed: {error.strerror or error}")
            self._running = None
