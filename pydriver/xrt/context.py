# SPDX-License-Identifier: Apache-2.0
"""Units that an application has opened. Kernels of one device share a unit's context, as XRT's do."""

from __future__ import annotations

import errno
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

from pydriver.errors import fail
from pydriver.xocl.client import VIRTUAL_CU
from pydriver.xrt.registers import RegisterSpace

if TYPE_CHECKING:
    from pydriver.xocl.kds import ComputeUnit
    from pydriver.xrt.device import Device
    from pydriver.xrt.mailbox_port import MailboxPort


class AccessMode(Enum):
    """`xrt::kernel::cu_access_mode`: alone, with other kernels and processes, or without a context."""

    EXCLUSIVE = 0
    SHARED = 1
    NONE = 2


@dataclass
class CuContext:
    """One unit as this device has it open. `users`: kernels that hold it."""

    cu: ComputeUnit
    mode: AccessMode
    registers: RegisterSpace
    users: int = 0
    mailbox: MailboxPort | None = field(default=None)


class Contexts:
    """All units of one device. While there are some, the image is held too, and with it the copy unit."""

    def __init__(self, device: Device) -> None:
        self._device = device
        self._open: dict[int, CuContext] = {}
        self._real = 0

    async def open(self, uuid: bytes, cu: ComputeUnit, mode: AccessMode, size: int) -> CuContext:
        """A context on `cu`, the one that is there or a new one; `size` is its register space in bytes.

        Raises EINVAL when a kernel of this device has the unit in another mode, else as
        `Client.open_context`.
        """
        context = self._open.get(cu.index)
        if context is None:
            if mode is not AccessMode.NONE:
                await self._hold(uuid, cu.index, mode is AccessMode.EXCLUSIVE)
            registers = RegisterSpace(self._device.driver.bar, cu.address, size)
            context = self._open[cu.index] = CuContext(cu, mode, registers)
        elif context.mode is not mode:
            has, wants = context.mode.name.lower(), mode.name.lower()
            raise fail(errno.EINVAL, f"{cu.name} is open as {has} here and cannot be opened as {wants}")
        context.users += 1
        return context

    async def close(self, uuid: bytes, context: CuContext) -> None:
        """Give back one use; the last one closes the context. Raises as `Client.close_context`."""
        context.users -= 1
        if context.users:
            return
        self._open.pop(context.cu.index, None)
        if context.mailbox is not None:
            await context.mailbox.close()
        if context.mode is not AccessMode.NONE:
            try:
                # It waits; the image stays held for those who open a unit meanwhile.
                await self._device.client.close_context(uuid, context.cu.index)
            finally:
                self._real = max(0, self._real - 1)  # none when the client was closed meanwhile
            await self._let_go(uuid)

    async def _hold(self, uuid: bytes, cu_index: int, exclusive: bool) -> None:
        client = self._device.client
        if not self._real:
            await client.open_context(uuid, VIRTUAL_CU)
        try:
            await client.open_context(uuid, cu_index, exclusive)
        except OSError:
            await self._let_go(uuid)
            raise
        self._real += 1

    async def _let_go(self, uuid: bytes) -> None:
        if not self._real:
            await self._device.client.close_context(uuid, VIRTUAL_CU)

    def forget(self) -> None:
        """The client is closed and its contexts with it."""
        self._open.clear()
        self._real = 0
