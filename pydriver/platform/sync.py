# SPDX-License-Identifier: Apache-2.0
"""Locks and queues made of the platform's events, so that they work under every scheduler."""

from __future__ import annotations

from collections import deque
from types import TracebackType
from typing import Generic, TypeVar

from pydriver.platform import Clock, Event

T = TypeVar("T")


class Lock:
    """Mutual exclusion, first come first served: ``async with lock:``."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._held = False
        self._waiting: deque[Event] = deque()

    @property
    def locked(self) -> bool:
        return self._held

    async def acquire(self) -> None:
        if not self._held:
            self._held = True
            return
        turn = self._clock.event()
        self._waiting.append(turn)
        try:
            await turn.wait()
        except BaseException:
            if turn.is_set():
                self.release()
            else:
                self._waiting.remove(turn)
            raise

    def release(self) -> None:
        """Pass the lock to the longest waiting coroutine, or open it."""
        if self._waiting:
            self._waiting.popleft().set()
        else:
            self._held = False

    async def __aenter__(self) -> None:
        await self.acquire()

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


class Queue(Generic[T]):
    """Unbounded first-in first-out queue with a waiting `get`."""

    def __init__(self, clock: Clock) -> None:
        self._items: deque[T] = deque()
        self._filled = clock.event()

    def __len__(self) -> int:
        return len(self._items)

    def put(self, item: T) -> None:
        self._items.append(item)
        self._filled.set()

    async def get(self) -> T:
        while not self._items:
            self._filled.clear()
            await self._filled.wait()
        return self._items.popleft()
