# SPDX-License-Identifier: Apache-2.0
"""A few coroutines in virtual time: the smallest kernel that unit tests of firmware need."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Generator
from dataclasses import dataclass
from typing import Any


@dataclass
class Wait:
    """Awaitable: until `condition` holds (gives True) or `deadline` ns (gives False); None: never."""

    condition: Callable[[], bool] | None
    deadline: int | None

    def __await__(self) -> Generator[Wait, bool, bool]:
        return (yield self)


class Deadlock(AssertionError):
    """Nobody can go on and time has nowhere to go."""


@dataclass
class _Task:
    coro: Coroutine[Any, Any, Any]
    wait: Wait
    started: bool = False


class Kernel:
    """Runs coroutines that await `sleep` and `until`; time jumps to the next deadline or event.

    `events`: functions that give the time of the next change that a condition may depend on, or None.
    """

    def __init__(self) -> None:
        self.now = 0
        self.events: list[Callable[[], int | None]] = []
        self._tasks: list[_Task] = []

    def sleep(self, ns: int) -> Wait:
        return Wait(None, self.now + ns)

    def until(self, condition: Callable[[], bool], timeout_ns: int | None = None) -> Wait:
        return Wait(condition, None if timeout_ns is None else self.now + timeout_ns)

    def spawn(self, coro: Coroutine[Any, Any, Any]) -> None:
        self._tasks.append(_Task(coro, Wait(None, self.now)))

    def run(self, coro: Coroutine[Any, Any, Any], limit_ns: int = 1_000_000_000) -> Any:
        """Run `coro` to its end beside the spawned ones; return its result. Raises Deadlock."""
        main = _Task(coro, Wait(None, self.now))
        self._tasks.insert(0, main)
        end = self.now + limit_ns
        try:
            while True:
                progress = False
                for task in list(self._tasks):
                    met = task.wait.condition is not None and task.wait.condition()
                    if not met and (task.wait.deadline is None or task.wait.deadline > self.now):
                        continue
                    progress = True
                    try:
                        task.wait = task.coro.send(met if task.started else None)
                        task.started = True
                    except StopIteration as stop:
                        self._tasks.remove(task)
                        if task is main:
                            return stop.value
                if not progress:
                    self._advance(end)
        finally:
            if main in self._tasks:
                self._tasks.remove(main)

    def close(self) -> None:
        """End the spawned coroutines."""
        for task in self._tasks:
            task.coro.close()
        self._tasks.clear()

    def _advance(self, end: int) -> None:
        times = [task.wait.deadline for task in self._tasks] + [event() for event in self.events]
        later = [time for time in times if time is not None and time > self.now]
        if not later or min(later) > end:
            raise Deadlock(f"nothing can happen after {self.now} ns")
        self.now = min(later)
