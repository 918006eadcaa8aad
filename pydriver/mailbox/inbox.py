# SPDX-License-Identifier: Apache-2.0
"""Requests of the peer that wait for the listener: a short queue, so that a flooding peer cannot fill memory.

Source: XRT mailbox contract §3 (limits, silent drop).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable

from pydriver.mailbox.packets import Received
from pydriver.platform import Clock, Task

LISTENER_MESSAGES = 5
LISTENER_BYTES = 4096 << 16

Listener = Callable[[Received], Awaitable[None]]


class Inbox:
    """Gives messages to one coroutine function, one at a time, in order of arrival."""

    def __init__(self, clock: Clock, listener: Listener, name: str) -> None:
        self._clock = clock
        self._listener = listener
        self._name = name
        self._queue: deque[Received] = deque()
        self._bytes = 0
        self._filled = clock.event()
        self._task: Task | None = None
        self._open = False
        self._serving = False

    def offer(self, received: Received) -> bool:
        """Queue a message; False when five wait already or it would make 256 MiB, and it is dropped."""
        size = len(received.data)
        if len(self._queue) >= LISTENER_MESSAGES or self._bytes + size >= LISTENER_BYTES:
            return False
        self._queue.append(received)
        self._bytes += size
        self._filled.set()
        return True

    def start(self) -> None:
        """Begin to serve. A message of before, still in the listener's hands, is finished first."""
        self._open = True
        if self._task is None or self._task.done():
            self._task = self._clock.spawn(self._run(), self._name)

    def stop(self) -> None:
        """Drop what waits. What the listener works on it may finish; it is not torn out of a bus access."""
        self._open = False
        self._queue.clear()
        self._bytes = 0
        if self._task is not None and not self._serving:
            self._task.cancel()
            self._task = None

    async def _run(self) -> None:
        while self._open:
            while not self._queue:
                self._filled.clear()
                await self._filled.wait()
            received = self._queue.popleft()
            self._bytes -= len(received.data)
            self._serving = True
            try:
                await self._listener(received)
            finally:
                self._serving = False
