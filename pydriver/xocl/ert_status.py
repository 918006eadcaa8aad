# SPDX-License-Identifier: Apache-2.0
"""How the driver hears that slots are done: by the scheduler's four interrupts, or by looking.

Source: XRT ERT contract §4, compute unit contract §5 (ERT mode). STATUS is cleared by a read, so there is
one reader at any time: while the driver polls, the interrupts are off, and the other way round.
"""

from __future__ import annotations

import functools
from collections.abc import Callable

from pydriver.platform import Clock, Task
from pydriver.regs import RegBlock
from pydriver.subdev.intc import PER_GROUP, STATUS, Intc, Mode

OnDone = Callable[[int, int], None]
"""Called with the number of a STATUS register and the bits that were in it."""


class StatusWatch:
    """The one reader of the STATUS registers."""

    def __init__(
        self,
        clock: Clock,
        csr: RegBlock,
        intc: Intc,
        on_done: OnDone,
        waiting: Callable[[], bool],
        *,
        poll_ns: int,
    ) -> None:
        """`waiting`: polling makes sense; `wake` when that may have become true."""
        self._clock = clock
        self._csr = csr
        self._intc = intc
        self._on_done = on_done
        self._waiting = waiting
        self._poll_ns = poll_ns
        self._busy = clock.event()
        self._poller: Task | None = None
        self._interrupts_on = False

    async def start(self, polling: bool) -> None:
        """Begin to listen; whoever read before has stopped."""
        await self.stop()
        if polling:
            self._poller = self._clock.spawn(self._poll(), "user.ert.poll")
            return
        self._interrupts_on = True
        for index in range(len(STATUS)):
            self._intc.request_status(index, functools.partial(self._handle, index))
            await self._intc.enable(Mode.ERT, PER_GROUP * index)

    async def stop(self) -> None:
        """Nobody reads any more."""
        if self._poller is not None:
            self._poller.cancel()
            self._poller = None
        if self._interrupts_on:
            self._interrupts_on = False
            for index in range(len(STATUS)):
                await self._intc.disable(Mode.ERT, PER_GROUP * index)
                self._intc.request_status(index, None)

    def wake(self) -> None:
        """There may be something to look for."""
        self._busy.set()

    async def _handle(self, index: int, status: int) -> None:
        self._on_done(index, status)

    async def _poll(self) -> None:
        while True:
            while not self._waiting():
                self._busy.clear()
                await self._busy.wait()
            for index, value in enumerate(await self._csr.read_many(STATUS)):
                self._on_done(index, value)
            await self._clock.sleep_ns(self._poll_ns)
