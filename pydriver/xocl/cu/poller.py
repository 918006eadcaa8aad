# SPDX-License-Identifier: Apache-2.0
"""The polling worker: one for all units that have no interrupt worker. Source: XRT KDS contract §3."""

from __future__ import annotations

from collections.abc import Callable

from pydriver.platform import Clock, Task
from pydriver.xocl.cu.queue import CuQueue


class Poller:
    """Steps the queues that have something to do, in the order in which they got it."""

    def __init__(self, clock: Clock, pause: Callable[[int], int]) -> None:
        """`pause`: between two passes, by the time in which nothing has moved; both in ns."""
        self._clock = clock
        self._pause = pause
        self._active: dict[int, CuQueue] = {}
        self._wake = clock.event()
        self._task: Task | None = None
        self._stopping = False
        self._current: int | None = None
        self._stepped = clock.event()

    def add(self, index: int, queue: CuQueue) -> None:
        """The queue of unit `index` has something to do."""
        self._active[index] = queue
        self._wake.set()
        if self._task is None and not self._stopping:
            self._task = self._clock.spawn(self._run(), "user.cu.poll")

    async def release(self, index: int) -> None:
        """Until the poller has its hands off the queue: a queue has one worker at any time."""
        self._active.pop(index, None)
        while self._current == index:
            self._stepped.clear()
            await self._stepped.wait()
            self._active.pop(index, None)

    async def stop(self) -> None:
        """Stop polling and forget all queues."""
        self._stopping = True
        self._wake.set()
        if self._task is not None:
            await self._task.join()
            self._task = None
        self._active.clear()
        self._stopping = False

    async def _run(self) -> None:
        last_move = self._clock.now_ns()
        while not self._stopping:
            # What comes from here on ends the pause below.
            self._wake.clear()
            for index, queue in list(self._active.items()):
                before = queue.moves
                if index in self._active:
                    await self._step(index, queue)
                if queue.moves != before:
                    last_move = self._clock.now_ns()
            quiet = self._clock.now_ns() - last_move
            await self._wake.wait(self._pause(quiet) if self._active else None)

    async def _step(self, index: int, queue: CuQueue) -> None:
        self._current = index
        try:
            if not await queue.step():
                self._active.pop(index, None)
        finally:
            self._current = None
            self._stepped.set()
