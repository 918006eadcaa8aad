# SPDX-License-Identifier: Apache-2.0
"""What both hosts share: status codes, error records, request splitting, the host's memory allocator."""

from __future__ import annotations

import enum
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from tb.hosts.config_space import FunctionSpec

ALL_ONES = 0xFFFF_FFFF
PAGE = 4096
# Where MSI-X messages go: the root complex's message region.
MSI_ADDRESS = 0x8000_0000


class Status(enum.IntEnum):
    """How a request ended. Up to 4: PCIe completion status."""

    SC = 0
    UR = 1
    CRS = 2
    CA = 4
    TIMEOUT = 8
    POISONED = 9
    MALFORMED = 10
    # The conformance host cannot tell UR from CA.
    FAILED = 15


@dataclass(frozen=True)
class AccessError:
    """A request that did not complete successfully. `offset` is the byte offset in the BAR."""

    time_ns: int
    function: int
    bar: int
    offset: int
    write: bool
    status: Status


class Host(Protocol):
    """What `tb.platform` needs of a host. Offsets and lengths in bytes; failed reads give all ones."""

    functions: Sequence[FunctionSpec]
    errors: list[AccessError]

    async def hot_reset(self) -> None:
        """Reset the card through its link; returns when its configuration is restored.

        Raises OSError ENODEV on a host that cannot.
        """
        ...

    async def flush(self) -> None:
        """Wait until every posted write left the host."""
        ...

    async def read32(self, function: int, bar: int, offset: int) -> int: ...
    async def write32(self, function: int, bar: int, offset: int, value: int) -> None: ...
    async def read32s(self, function: int, bar: int, offsets: Sequence[int]) -> list[int]: ...
    async def write32s(self, function: int, bar: int, writes: Sequence[tuple[int, int]]) -> None: ...
    async def read(self, function: int, bar: int, offset: int, length: int) -> bytes: ...
    async def write(self, function: int, bar: int, offset: int, data: bytes) -> None: ...
    async def config_read32(self, function: int, offset: int) -> int: ...
    async def config_write32(self, function: int, offset: int, value: int) -> None: ...
    def allocate_messages(self, function: int, count: int) -> list[tuple[int, int]]:
        """(address, data) of `count` new MSI-X messages."""
        ...

    def on_message(self, data: int, callback: object) -> None: ...
    def memory_read(self, address: int, length: int) -> bytes: ...
    def memory_write(self, address: int, data: bytes) -> None: ...
    @property
    def memory_size(self) -> int: ...


def split_read(address: int, length: int, max_read_request: int) -> Iterator[tuple[int, int]]:
    """(address, bytes) of the read requests for a block, as a root complex issues them.

    Cut at the maximum read request size (bytes), then at 128-byte boundaries, never across 4 KiB.
    """
    while length:
        size = length
        if size > max_read_request - address % 4:
            size = min(size, max_read_request - address % 128)
        size = min(size, PAGE - address % PAGE)
        yield address, size
        address += size
        length -= size


def check_range(spec: FunctionSpec, bar: int, offset: int, length: int) -> None:
    """Raise IndexError when a block does not lie inside the BAR."""
    if offset < 0 or length < 0 or offset + length > spec.bar(bar).size:
        raise IndexError(f"{spec.name} BAR{bar}: {length} bytes at {offset:#x} are outside")


def check_dword(spec: FunctionSpec, bar: int, offset: int) -> None:
    """Raise ValueError for a misaligned dword, IndexError outside the BAR."""
    if offset % 4:
        raise ValueError(f"{spec.name} BAR{bar}: dword offset {offset:#x} is not aligned")
    check_range(spec, bar, offset, 4)


class Allocator:
    """First-fit allocator over physical memory; the first page stays free, so no address is 0."""

    def __init__(self, size: int) -> None:
        self._free: list[tuple[int, int]] = [(PAGE, size - PAGE)]
        self._used: dict[int, int] = {}

    def alloc(self, size: int, align: int = PAGE) -> int:
        """Address of `size` bytes. Raises MemoryError when there is no room, ValueError for bad sizes."""
        if size <= 0 or align <= 0 or align & (align - 1):
            raise ValueError(f"cannot allocate {size} bytes aligned to {align}")
        for index, (base, room) in enumerate(self._free):
            address = (base + align - 1) & -align
            if address + size <= base + room:
                pieces = [(base, address - base), (address + size, base + room - address - size)]
                self._free[index : index + 1] = [piece for piece in pieces if piece[1]]
                self._used[address] = size
                return address
        raise MemoryError(f"no room for {size} bytes in host memory")

    def free(self, address: int) -> None:
        """Raises ValueError for an address that was not allocated."""
        if address not in self._used:
            raise ValueError(f"{address:#x} is not allocated")
        pieces = sorted([*self._free, (address, self._used.pop(address))])
        merged = [pieces[0]]
        for base, size in pieces[1:]:
            last, length = merged[-1]
            if last + length == base:
                merged[-1] = (last, length + size)
            else:
                merged.append((base, size))
        self._free = merged
