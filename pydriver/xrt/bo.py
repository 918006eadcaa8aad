# SPDX-License-Identifier: Apache-2.0
"""Buffers of an application."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from pydriver.xocl.memory import FROM_DEVICE, TO_DEVICE, BufferObject

if TYPE_CHECKING:
    from pydriver.xrt.device import Device


class BO:
    """A buffer in a memory bank, with host pages that `map` shows. Make it with `alloc`."""

    def __init__(self, device: Device, bo: BufferObject) -> None:
        self._device = device
        self._bo = bo

    @classmethod
    async def alloc(cls, device: Device, size: int, group: int, flags: int = 0) -> Self:
        """`size` bytes in memory bank `group` (`Kernel.group_id`). Raises EINVAL, ENOMEM."""
        return cls(device, device.client.create_bo(size, flags | group))

    @property
    def size(self) -> int:
        """Bytes."""
        return self._bo.size

    @property
    def address(self) -> int:
        """Device address."""
        return self._bo.address

    @property
    def handle(self) -> int:
        return self._bo.handle

    def map(self) -> memoryview:
        """The host pages, writable, `size` bytes."""
        return self._device.driver.memory.map(self._bo.handle)

    def write(self, data: bytes, offset: int = 0) -> None:
        """Copy into the host pages. Raises EINVAL outside the buffer."""
        self._device.driver.memory.pwrite(self._bo.handle, offset, data)

    def read(self, size: int | None = None, offset: int = 0) -> bytes:
        """Copy of the host pages. Raises EINVAL outside the buffer."""
        length = self.size - offset if size is None else size
        return self._device.driver.memory.pread(self._bo.handle, offset, length)

    async def sync_to_device(self, size: int | None = None, offset: int = 0) -> None:
        """Host pages to device memory. Raises EINVAL, EOPNOTSUPP, EIO."""
        await self._sync(TO_DEVICE, size, offset)

    async def sync_from_device(self, size: int | None = None, offset: int = 0) -> None:
        """Device memory to host pages. Raises EINVAL, EOPNOTSUPP, EIO."""
        await self._sync(FROM_DEVICE, size, offset)

    async def _sync(self, direction: int, size: int | None, offset: int) -> None:
        length = self.size - offset if size is None else size
        await self._device.driver.memory.sync(self._bo.handle, direction, offset, length)

    def free(self) -> None:
        """Raises ENOENT when it was freed before."""
        self._device.client.free_bo(self._bo.handle)
