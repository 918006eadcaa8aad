# SPDX-License-Identifier: Apache-2.0
"""Buffer objects and device memory. Source: XRT memory and DMA contract §2, §3 and §9.

Kinds of buffer here: normal, device-only and command (EXECBUF) buffers. The host's pages of a buffer are a
bytearray that `map` shows; the DMA engine brings them to where it can reach them.
"""

from __future__ import annotations

import errno
from dataclasses import dataclass
from enum import IntFlag

from pydriver.errors import fail
from pydriver.platform.ranges import RangeAllocator
from pydriver.xclbin import MemBank, MemType
from pydriver.xocl.dma import DmaEngine

PAGE = 4096
BANK_MASK = 0xFF_FFFF
NO_ADDRESS = 0xFFFF_FFFF_FFFF_FFFF
TO_DEVICE = 0
FROM_DEVICE = 1
_STREAMS = (MemType.MEM_STREAMING, MemType.MEM_STREAMING_CONNECTION)


class BoFlags(IntFlag):
    """Upper bits of the flags word; bits [23:0] are the memory bank index."""

    CACHEABLE = 1 << 24
    KERNBUF = 1 << 25
    SGL = 1 << 26
    SVM = 1 << 27
    DEV_ONLY = 1 << 28
    HOST_ONLY = 1 << 29
    P2P = 1 << 30
    EXECBUF = 1 << 31


_KINDS = BoFlags.SGL | BoFlags.SVM | BoFlags.HOST_ONLY | BoFlags.P2P


@dataclass
class BufferObject:
    """One buffer. `size` is what was asked, `address` the device address (all ones: none).

    `imported`: another device's, whose pages these are.
    """

    handle: int
    size: int
    flags: int
    address: int = NO_ADDRESS
    bank: int | None = None
    pages: bytearray | None = None
    imported: bool = False

    @property
    def is_exec(self) -> bool:
        return bool(self.flags & BoFlags.EXECBUF)


class MemoryManager:
    """Banks of the loaded image's MEM_TOPOLOGY, and the buffers that live in them."""

    def __init__(self, dma: DmaEngine | None) -> None:
        self._dma = dma
        self._banks: tuple[MemBank, ...] = ()
        self._usable: frozenset[int] = frozenset()
        self._ranges = RangeAllocator(0, 0)
        self._buffers: dict[int, BufferObject] = {}
        self._next_handle = 1

    @property
    def banks(self) -> tuple[MemBank, ...]:
        return self._banks

    def device_buffers(self) -> int:
        """How many buffers live in device memory."""
        return sum(bo.bank is not None for bo in self._buffers.values())

    def buffers(self) -> int:
        """How many buffers there are at all."""
        return len(self._buffers)

    def used(self, bank: int) -> tuple[int, int]:
        """(bytes, buffers) in use in a bank."""
        count = sum(bo.bank == bank for bo in self._buffers.values())
        entry = self._banks[bank]
        return (self._ranges.used_in(entry.base, entry.base + entry.size), count)

    def check_empty(self, own: int = 0) -> None:
        """Raises EPERM while buffers are in device memory: another image would take it from under them.

        `own`: how many of them are the driver's, which will give them back.
        """
        others = self.device_buffers() - own
        if others:
            raise fail(errno.EPERM, f"{others} buffers are still in device memory")

    def configure(self, banks: tuple[MemBank, ...]) -> None:
        """Take over a new topology; buffers must be gone or the topology the same.

        One allocator spans all banks, because the banks of a group topology overlap.
        """
        if banks == self._banks and self.device_buffers():
            return
        self._banks = banks
        self._usable = frozenset(
            index for index, bank in enumerate(banks) if bank.used and bank.type not in _STREAMS
        )
        used = [banks[index] for index in self._usable]
        base = min((bank.base for bank in used), default=0)
        end = max((bank.base + bank.size for bank in used), default=0)
        self._ranges = RangeAllocator(base, end - base)

    def reset(self) -> None:
        """Forget all buffers and banks: the card is being reset."""
        self._buffers.clear()
        self.configure(())

    def create(self, size: int, flags: int) -> BufferObject:
        """Make a buffer of `size` bytes; the flags word names bank and kind.

        Raises EINVAL (size 0, no such bank, bank unused or a stream, a kind this shell has no hardware for),
        ENOMEM (bank full).
        """
        if size <= 0:
            raise fail(errno.EINVAL, "a buffer needs at least one byte")
        if flags & _KINDS:
            kind = BoFlags(flags & _KINDS)
            raise fail(errno.EINVAL, f"buffers of kind {kind!r} need hardware that is not here")
        rounded = -(-size // PAGE) * PAGE
        bo = BufferObject(self._next_handle, size, flags)
        if not flags & BoFlags.EXECBUF:
            bo.bank = flags & BANK_MASK
            bo.address = self._alloc(bo.bank, rounded)
        if not flags & BoFlags.DEV_ONLY:
            bo.pages = bytearray(rounded)
        self._next_handle += 1
        self._buffers[bo.handle] = bo
        return bo

    def import_pages(self, pages: bytearray) -> BufferObject:
        """A handle for the pages of another device's buffer. Raises EINVAL for none."""
        if not pages:
            raise fail(errno.EINVAL, "a buffer needs at least one byte")
        bo = BufferObject(self._next_handle, len(pages), 0, pages=pages, imported=True)
        self._next_handle += 1
        self._buffers[bo.handle] = bo
        return bo

    def _alloc(self, index: int, size: int) -> int:
        if not self._banks:
            raise fail(errno.EINVAL, "there is no device memory: no image is loaded")
        if index >= len(self._banks):
            raise fail(errno.EINVAL, f"memory bank {index} does not exist, {len(self._banks)} do")
        bank = self._banks[index]
        if index not in self._usable:
            raise fail(errno.EINVAL, f"memory bank {index} ({bank.tag}) is unused or a stream")
        address = self._ranges.alloc(size, PAGE, bank.base, bank.base + bank.size)
        if address is None:
            raise fail(errno.ENOMEM, f"bank {index} ({bank.tag}) has no {size} bytes left")
        return address

    def find(self, handle: int) -> BufferObject:
        """Raises ENOENT."""
        bo = self._buffers.get(handle)
        if bo is None:
            raise fail(errno.ENOENT, f"there is no buffer {handle}")
        return bo

    def free(self, handle: int) -> None:
        """Raises ENOENT."""
        bo = self.find(handle)
        del self._buffers[handle]
        if bo.bank is not None:
            self._ranges.free(bo.address)

    def map(self, handle: int) -> memoryview:
        """The buffer's host pages, `size` bytes. Raises ENOENT, EINVAL for a device-only buffer."""
        return memoryview(self._pages(handle))[: self.find(handle).size]

    def pwrite(self, handle: int, offset: int, data: bytes) -> None:
        """Write to the host pages; no transfer. Raises ENOENT, EINVAL."""
        self._check_range(self.find(handle), offset, len(data))
        self._pages(handle)[offset : offset + len(data)] = data

    def pread(self, handle: int, offset: int, size: int) -> bytes:
        """Read the host pages; no transfer. Raises ENOENT, EINVAL."""
        self._check_range(self.find(handle), offset, size)
        return bytes(self._pages(handle)[offset : offset + size])

    async def sync(self, handle: int, direction: int, offset: int, size: int) -> None:
        """Transfer between host pages and device. `direction`: TO_DEVICE or FROM_DEVICE.

        Raises ENOENT, EOPNOTSUPP (nothing to transfer between), EINVAL (range), EIO.
        """
        bo = self.find(handle)
        if bo.pages is None or bo.bank is None:
            raise fail(errno.EOPNOTSUPP, f"buffer {handle} has not both host pages and device memory")
        self._check_range(bo, offset, size)
        engine = self._engine()
        if direction == TO_DEVICE:
            await engine.write(bo.address + offset, memoryview(bo.pages)[offset : offset + size])
        else:
            data = await engine.read(bo.address + offset, size)
            if len(data) != size:
                raise fail(errno.EIO, f"only {len(data)} of {size} bytes came from the device")
            bo.pages[offset : offset + size] = data

    async def copy_imported(
        self, src: BufferObject, src_offset: int, dst: BufferObject, dst_offset: int, size: int
    ) -> None:
        """Copy between the pages of an imported buffer and a buffer on the card. Raises EIO."""
        engine = self._engine()
        if src.imported:
            assert src.pages is not None
            data = memoryview(src.pages)[src_offset : src_offset + size]
            await engine.write(dst.address + dst_offset, data)
            return
        data = memoryview(await engine.read(src.address + src_offset, size))
        if len(data) != size:
            raise fail(errno.EIO, f"only {len(data)} of {size} bytes came from the device")
        assert dst.pages is not None
        dst.pages[dst_offset : dst_offset + size] = data

    async def unmanaged_write(self, address: int, data: bytes) -> None:
        """Write device memory by address. Raises EINVAL outside the banks, EIO."""
        self._check_address(address, len(data))
        await self._engine().write(address, data)

    async def unmanaged_read(self, address: int, length: int) -> bytes:
        """Read device memory by address. Raises EINVAL outside the banks, EIO."""
        self._check_address(address, length)
        return await self._engine().read(address, length)

    def _engine(self) -> DmaEngine:
        if self._dma is None:
            raise fail(errno.EIO, "the user PF has no way to device memory")
        return self._dma

    def _pages(self, handle: int) -> bytearray:
        pages = self.find(handle).pages
        if pages is None:
            raise fail(errno.EINVAL, f"buffer {handle} is in device memory only")
        return pages

    def _check_range(self, bo: BufferObject, offset: int, size: int) -> None:
        if offset < 0 or size < 0 or offset + size > bo.size:
            raise fail(errno.EINVAL, f"{size} bytes at {offset} are not inside a buffer of {bo.size} bytes")

    def _check_address(self, address: int, length: int) -> None:
        for index in self._usable:
            bank = self._banks[index]
            if bank.base <= address and address + length <= bank.base + bank.size:
                return
        raise fail(errno.EINVAL, f"{length} bytes at {address:#x} are outside the memory banks")
