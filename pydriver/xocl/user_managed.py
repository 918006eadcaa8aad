# SPDX-License-Identifier: Apache-2.0
"""A compute unit whose interrupt belongs to an application: the descriptor behind ioctl CTX, operation 2.

Source: XRT KDS contract §6. Whether the client may have it (the unit held exclusively, the scheduler off) is
the caller's to check.
"""

from __future__ import annotations

import errno
import struct
from typing import Self

from pydriver.errors import fail
from pydriver.platform import Clock
from pydriver.subdev.intc import Intc, Mode
from pydriver.xocl.cu.host import HostCus
from pydriver.xocl.cu.unit import ComputeUnit

_COUNT = struct.Struct("<i")


class UserManagedCu:
    """One open descriptor. Make it with `open`."""

    def __init__(self, clock: Clock, cu: ComputeUnit, intc: Intc, host: HostCus | None) -> None:
        self.cu = cu
        self._clock = clock
        self._intc = intc
        self._host = host
        self._count = 0
        self._arrived = clock.event()
        self._closed = False

    @classmethod
    async def open(
        cls, clock: Clock, cu: ComputeUnit, intc: Intc | None, host: HostCus | None = None
    ) -> Self:
        """Take the unit's interrupt; it is off until `write` enables it. `host` gives it up meanwhile.

        Raises EOPNOTSUPP (the unit or the shell has no interrupt to the host), EBUSY (the scheduler's
        interrupts are enabled, or somebody has this one).
        """
        if intc is None or not cu.interrupt:
            raise fail(errno.EOPNOTSUPP, f"{cu.name} has no interrupt to the host")
        if cu.user_managed:
            raise fail(errno.EBUSY, f"the interrupt of {cu.name} is somebody else's")
        descriptor = cls(clock, cu, intc, host)
        cu.user_managed = True
        try:
            if host is not None:
                await host.lend_interrupt(cu)
            await intc.set_mode(Mode.CU)
            intc.request(Mode.CU, cu.interrupt_id, descriptor._interrupt)
        except BaseException:
            cu.user_managed = False
            if host is not None:
                await host.take_interrupt_back(cu)
            raise
        return descriptor

    async def read(self, size: int = _COUNT.size) -> bytes:
        """4 bytes: how many interrupts came since the last read, at least one is waited for.

        Raises EINVAL (size), EBADF (closed, also while waiting).
        """
        self._check(size)
        while not self._count:
            self._arrived.clear()
            await self._arrived.wait()
            self._check(size)
        count, self._count = self._count, 0
        return _COUNT.pack(count)

    async def write(self, data: bytes) -> int:
        """4 bytes, a signed number: 1 enables the interrupt, 0 disables it. Returns 4.

        Raises EINVAL (size, another number), EBADF (closed).
        """
        self._check(len(data))
        (value,) = _COUNT.unpack(data)
        if value not in (0, 1):
            raise fail(errno.EINVAL, f"{value} neither enables (1) nor disables (0) an interrupt")
        # A process that is killed now must not leave the bank's interrupt half enabled.
        error: OSError | None = await self._clock.spawn(self._switch(value == 1), "user.ucu.write").join()
        if error is not None:
            raise error
        return len(data)

    async def _switch(self, on: bool) -> OSError | None:
        try:
            await (self._intc.enable if on else self._intc.disable)(Mode.CU, self.cu.interrupt_id)
        except OSError as error:
            return error
        return None

    async def poll(self, timeout_ns: int | None = None) -> bool:
        """Whether a read would not wait; waits up to `timeout_ns` for that. Raises EBADF (closed)."""
        self._check(_COUNT.size)
        if not self._count:
            self._arrived.clear()
            await self._arrived.wait(timeout_ns)
            self._check(_COUNT.size)
        return bool(self._count)

    async def close(self) -> None:
        """Give the interrupt back; who waits gets EBADF. Closing twice does nothing."""
        if self._closed:
            return
        self._closed = True
        self._arrived.set()
        await self._intc.disable(Mode.CU, self.cu.interrupt_id)
        self._intc.request(Mode.CU, self.cu.interrupt_id, None)
        self.cu.user_managed = False
        if self._host is not None:
            await self._host.take_interrupt_back(self.cu)

    async def _interrupt(self, _: int) -> None:
        self._count += 1
        # The unit's line stays high until the application clears it: off until it asks for the next one.
        await self._intc.disable(Mode.CU, self.cu.interrupt_id)
        self._arrived.set()

    def _check(self, size: int) -> None:
        if self._closed:
            raise fail(errno.EBADF, f"the interrupt of {self.cu.name} is closed")
        if size != _COUNT.size:
            raise fail(errno.EINVAL, f"{size} bytes, an interrupt count has {_COUNT.size}")
