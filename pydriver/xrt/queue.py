# SPDX-License-Identifier: Apache-2.0
"""Queues (`xrt::queue`): work that is done in order, one after the other, beside whoever put it there."""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any, Generic, TypeVar

from pydriver.platform import Clock, Task

T = TypeVar("T")


class Completion(Generic[T]):
    """The end of one piece of work (`xrt::queue::event`)."""

    def __init__(self, clock: Clock) -> None:
        self._ended = clock.event()
        self._result: T | None = None
        self._error: Exception | None = None

    @property
    def done(self) -> bool:
        return self._ended.is_set()

    async def wait(self) -> T:
        """Its result. Raises what the work raised."""
        await self._ended.wait()
        if self._error is not None:
            raise self._error
        return self._result  # type: ignore[return-value]

    async def settled(self) -> None:
        """Wait for the end, whatever it is."""
        await self._ended.wait()

    async def run(self, work: Callable[[], Awaitable[T]]) -> None:
        """Do it (for `Queue`)."""
        try:
            self._result = await work()
        except Exception as error:
            self._error = error
        finally:
            self._ended.set()


class Queue:
    """One consumer. An error of one piece of work stays with its `Completion`; the next one is done."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._waiting: deque[tuple[Completion[Any], Callable[[], Awaitable[Any]]]] = deque()
        self._worker: Task | None = None

    def enqueue(self, work: Callable[[], Awaitable[T]]) -> Completion[T]:
        """Have `work` done after all that is in the queue, for example ``enqueue(bo.sync_to_device)``."""
        completion: Completion[T] = Completion(self._clock)
        self._waiting.append((completion, work))
        if self._worker is None or self._worker.done():
            self._worker = self._clock.spawn(self._work(), "xrt.queue")
        return completion

    def after(self, event: Completion[Any]) -> Completion[Any]:
        """Let this queue wait there for an event of another one (`enqueue(event)`); its error is not ours."""
        return self.enqueue(event.settled)

    async def _work(self) -> None:
        while self._waiting:
            completion, work = self._waiting.popleft()
            await completion.run(work)
