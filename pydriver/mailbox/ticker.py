# SPDX-License-Identifier: Apache-2.0
"""The 100 ms timer of a channel (XRT mailbox contract §3.1)."""

from __future__ import annotations

from collections.abc import Callable

from pydriver.mailbox.options import TICK_NS
from pydriver.platform import Clock


class Ticker:
    """Calls `tick` at every full 100 ms of the clock as long as `outstanding()`; without, it has no timer."""

    def __init__(self, clock: Clock, outstanding: Callable[[], bool], tick: Callable[[], None]) -> None:
        self._clock = clock
        self._outstanding = outstanding
        self._tick = tick
        self._look = clock.event()
        self._halt = clock.event()
        self._stopped = False

    def look(self) -> None:
        """Something is outstanding now, perhaps."""
        self._look.set()

    def stop(self) -> None:
        """End `run`."""
        self._stopped = True
        self._look.set()
        self._halt.set()

    def arm(self) -> None:
        """Before each `run`."""
        self._stopped = False
        self._halt.clear()

    async def run(self) -> None:
        """Until `stop`."""
        while not self._stopped:
            if not self._outstanding():
                self._look.clear()
                await self._look.wait()
                continue
            now = self._clock.now_ns()
            if not await self._halt.wait(TICK_NS - now % TICK_NS):
                self._tick()
