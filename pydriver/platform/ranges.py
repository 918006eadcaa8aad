# SPDX-License-Identifier: Apache-2.0
"""First-fit allocator of address ranges, for host memory and for device memory banks."""

from __future__ import annotations


class RangeAllocator:
    """Hands out non-overlapping ranges of ``[base, base + size)``; sizes and addresses in bytes."""

    def __init__(self, base: int, size: int) -> None:
        self.base = base
        self.size = size
        self._free: list[tuple[int, int]] = [(base, base + size)] if size else []
        self._used: dict[int, int] = {}

    def used_in(self, low: int, high: int) -> int:
        """Bytes handed out that begin in ``[low, high)``."""
        return sum(size for addr, size in self._used.items() if low <= addr < high)

    def alloc(
        self, size: int, align: int = 4096, low: int | None = None, high: int | None = None
    ) -> int | None:
        """Lowest fitting address that is a multiple of `align`, or None when there is no room.

        `low` and `high` restrict the range to ``[low, high)``.
        """
        for index, (start, end) in enumerate(self._free):
            addr = -(-max(start, low or 0) // align) * align
            if addr + size > end or (high is not None and addr + size > high):
                continue
            rest = [(start, addr)] if addr > start else []
            if addr + size < end:
                rest.append((addr + size, end))
            self._free[index : index + 1] = rest
            self._used[addr] = size
            return addr
        return None

    def free(self, addr: int) -> None:
        """Give back what `alloc` returned. Raises KeyError for anything else."""
        start, end = addr, addr + self._used.pop(addr)
        merged: list[tuple[int, int]] = []
        for low, high in self._free:
            if high == start:
                start = low
            elif low == end:
                end = high
            else:
                merged.append((low, high))
        merged.append((start, end))
        merged.sort()
        self._free = merged
