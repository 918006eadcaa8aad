# SPDX-License-Identifier: Apache-2.0
"""Buffers of an application."""

from __future__ import annotations

import errno
from enum import IntFlag
from typing import TYPE_CHECKING, Self

from pydriver import ert
from pydriver.errors import fail
from pydriver.ert import State
from pydriver.xocl.memory import FROM_DEVICE, TO_DEVICE, BoFlags, BufferObject
from pydriver.xrt.command import Command

if TYPE_CHECKING:
    from pydriver.xrt.device import Device

GROUP_MASK = 0xFF_FFFF


class Flags(IntFlag):
    """Kinds of buffer (`xrt::bo::flags`). Which ones there are, the driver's memory manager says."""

    NORMAL = 0
    CACHEABLE = BoFlags.CACHEABLE
    DEVICE_ONLY = BoFlags.DEV_ONLY
    HOST_ONLY = BoFlags.HOST_ONLY
    P2P = BoFlags.P2P
    SVM = BoFlags.SVM


class BO:
    """A buffer in a memory bank, with host pages that `map` shows. Make it with `alloc`, or `sub`.

    A part of a buffer (`offset` bytes behind the start of the whole one) shares its pages and its memory.
    """

    def __init__(self, device: Device, bo: BufferObject, size: int | None = None, offset: int = 0) -> None:
        self._device = device
        self._bo = bo
        self._size = bo.size if size is None else size
        self._offset = offset

    @classmethod
    async def alloc(cls, device: Device, size: int, group: int, flags: int = Flags.NORMAL) -> Self:
        """`size` bytes in memory bank `group` (`Kernel.group_id`). Raises EINVAL, ENOMEM."""
        return cls(device, device.client.create_bo(size, flags | group))

    def sub(self, size: int, offset: int) -> BO:
        """`size` bytes of this buffer from `offset` on. Raises EINVAL when they are not inside it."""
        self._inside(offset, size)
        return BO(self._device, self._bo, size, self._offset + offset)

    @property
    def size(self) -> int:
        """Bytes."""
        return self._size

    @property
    def offset(self) -> int:
        """Bytes between the start of the whole buffer and this part of it."""
        return self._offset

    @property
    def address(self) -> int:
        """Device address."""
        return self._bo.address + self._offset

    @property
    def handle(self) -> int:
        """The driver's name for the whole buffer."""
        return self._bo.handle

    @property
    def memory_group(self) -> int:
        """The bank it was allocated in."""
        return self._bo.flags & GROUP_MASK

    @property
    def flags(self) -> Flags:
        """What kind it is."""
        return Flags(self._bo.flags & ~GROUP_MASK)

    def map(self) -> memoryview:
        """The host pages, writable, `size` bytes. Raises EINVAL when it has none."""
        whole = self._device.driver.memory.map(self._bo.handle)
        return whole[self._offset : self._offset + self._size]

    def write(self, data: bytes, offset: int = 0) -> None:
        """Copy into the host pages. Raises EINVAL outside the buffer."""
        self._inside(offset, len(data))
        self._device.driver.memory.pwrite(self._bo.handle, self._offset + offset, data)

    def read(self, size: int | None = None, offset: int = 0) -> bytes:
        """Copy of the host pages. Raises EINVAL outside the buffer."""
        length = self._size - offset if size is None else size
        self._inside(offset, length)
        return self._device.driver.memory.pread(self._bo.handle, self._offset + offset, length)

    async def sync_to_device(self, size: int | None = None, offset: int = 0) -> None:
        """Host pages to device memory. Raises EINVAL, EOPNOTSUPP, EIO."""
        await self.sync(TO_DEVICE, size, offset)

    async def sync_from_device(self, size: int | None = None, offset: int = 0) -> None:
        """Device memory to host pages. Raises EINVAL, EOPNOTSUPP, EIO."""
        await self.sync(FROM_DEVICE, size, offset)

    async def sync(self, direction: int, size: int | None = None, offset: int = 0) -> None:
        """`direction` is TO_DEVICE or FROM_DEVICE. Raises EINVAL, EOPNOTSUPP, EIO."""
        if direction not in (TO_DEVICE, FROM_DEVICE):
            raise fail(errno.EINVAL, f"{direction} is no direction to sync in")
        length = self._size - offset if size is None else size
        self._inside(offset, length)
        await self._device.driver.memory.sync(self._bo.handle, direction, self._offset + offset, length)

    async def copy(self, src: BO, size: int | None = None, src_offset: int = 0, dst_offset: int = 0) -> None:
        """Copy device memory of `src` into this buffer's; all of `src` by default.

        The card's copy unit does it. Where that cannot (it is missing, the client has no context, offsets or
        size are no multiples of 64 bytes) the host copies, and then the host pages of both are as the device
        memory. Raises EINVAL (nothing to copy, outside a buffer, host copy of a buffer without host pages).
        """
        length = src.size if size is None else size
        if length <= 0:
            raise fail(errno.EINVAL, "a copy needs at least one byte")
        src._inside(src_offset, length)
        self._inside(dst_offset, length)
        try:
            await self._copy_on_card(src, length, src_offset, dst_offset)
        except OSError as error:
            self._device.driver.on_event("xrt", f"host copy of {length} bytes: {error.strerror}")
            await src.sync_from_device(length, src_offset)
            self.map()[dst_offset : dst_offset + length] = src.map()[src_offset : src_offset + length]
            await self.sync_to_device(length, dst_offset)

    async def _copy_on_card(self, src: BO, size: int, src_offset: int, dst_offset: int) -> None:
        if src._device is not self._device:
            raise fail(errno.EINVAL, "the buffers are on different devices")
        command = Command(self._device)
        at, to = src._offset + src_offset, self._offset + dst_offset
        command.submit(ert.start_copybo(at, to, size, src.handle, self.handle))
        await command.wait()
        if command.state() != State.COMPLETED:
            raise fail(errno.EIO, f"the copy unit's command ended {command.state().name}")

    def free(self) -> None:
        """Free the whole buffer. Raises ENOENT when it was freed before."""
        self._device.client.free_bo(self._bo.handle)

    def _inside(self, offset: int, size: int) -> None:
        if offset < 0 or size < 0 or offset + size > self._size:
            raise fail(errno.EINVAL, f"{size} bytes at {offset} are outside a buffer of {self._size} bytes")
