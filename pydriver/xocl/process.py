# SPDX-License-Identifier: Apache-2.0
"""A process on the host as the driver sees it: tasks, and files that the kernel closes when it dies.

A process can be killed at any point at which one of its tasks waits. What it has asked the kernel to do by
`call` is finished first, as an uninterruptible ioctl is; everything else is abandoned where it is. Then the
kernel closes its files: descriptors of units, contexts, commands, buffers (XRT KDS contract §1).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from typing import TYPE_CHECKING, Any, TypeVar

from pydriver.platform import Task
from pydriver.xocl.client import Client
from pydriver.xocl.quirks import KernelOops

if TYPE_CHECKING:
    from pydriver.xocl.driver import Xocl

T = TypeVar("T")


class Process:
    """One process. `start` gives it a task, `kill` ends it, `wait` waits for the end of it all."""

    def __init__(self, driver: Xocl, pid: int) -> None:
        self.pid = pid
        self.error: Exception | None = None
        """What ended it, if an error did."""
        self._driver = driver
        self._clock = driver.clock
        self._files: list[Client] = []
        self._tasks: list[Task] = []
        self._kernel: list[Task] = []
        self._dying = False
        self._gone = driver.clock.event()

    @property
    def alive(self) -> bool:
        return not self._dying

    def open(self) -> Client:
        """Open the device. Raises ENXIO while it is offline."""
        client = self._driver.open(self.pid)
        self._files.append(client)
        return client

    def start(self, program: Callable[[Process], Coroutine[Any, Any, Any]]) -> None:
        """Run `program` in it; the process ends when its last task does, or with the first error."""
        self._tasks.append(self._clock.spawn(self._run(program), f"process {self.pid}"))

    async def call(self, request: Coroutine[Any, Any, T]) -> T:
        """A call of the kernel that a dying process still has finished, for example `Xocl.read_axlf`."""
        task = self._clock.spawn(request, f"process {self.pid} in the kernel")
        self._kernel = [*(each for each in self._kernel if not each.done()), task]
        result: T = await task.join()
        return result

    def kill(self) -> None:
        """End it now; not for use from within it. Its files are closed soon: see `wait`."""
        if self._dying:
            return
        self._dying = True
        for task in self._tasks:
            task.cancel()
        self._clock.spawn(self._clean_up(), f"process {self.pid} exits")

    async def wait(self) -> None:
        """Until it is gone and its files are closed."""
        await self._gone.wait()

    async def _run(self, program: Callable[[Process], Awaitable[Any]]) -> None:
        try:
            await program(self)
        except (OSError, KernelOops) as error:
            self.error = error
        except Exception as error:
            # A mistake of the program: the process ends, and whoever runs it all hears of it too.
            self.error = error
            self._task_ends()
            raise
        self._task_ends()

    def _task_ends(self) -> None:
        self._tasks = [task for task in self._tasks if not task.done()]
        if not self._dying and (self.error is not None or len(self._tasks) <= 1):
            # Not `kill`: a task cannot cancel itself.
            self._dying = True
            self._clock.spawn(self._exit(), f"process {self.pid} exits")

    async def _exit(self) -> None:
        for task in self._tasks:
            if not task.done():
                task.cancel()
        await self._clean_up()

    async def _clean_up(self) -> None:
        for task in self._kernel:
            if not task.done():
                await self._settle(task)
        for client in self._files:
            await client.close()
        self._files.clear()
        self._driver.on_event("user.process", f"process {self.pid} is gone")
        self._gone.set()

    @staticmethod
    async def _settle(task: Task) -> None:
        try:
            await task.join()
        except (OSError, KernelOops):
            return  # nobody is left who would hear of it
