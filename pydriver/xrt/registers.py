# SPDX-License-Identifier: Apache-2.0
"""Register space of one compute unit, as an application that holds it exclusively has it mapped."""

from __future__ import annotations

import errno
from collections.abc import Sequence

from pydriver.errors import fail
from pydriver.platform import Bar

WORD = 4
DEFAULT_RANGE = 0x10000
"""Bytes of a unit whose metadata name no range: what the driver lets an application map."""


class RegisterSpace:
    """`size` bytes of the user BAR from `base` on. Offsets count from `base`."""

    def __init__(self, bar: Bar, base: int, size: int) -> None:
        self._bar = bar
        self._base = base
        self.size = size

    async def read(self, offset: int) -> int:
        """One register. Raises ERANGE outside the space, EINVAL for an address that is not at a word."""
        return await self._bar.read32(self._place(offset, 1))

    async def write(self, offset: int, value: int) -> None:
        """One register. Raises as `read`, EINVAL also for a value that is no 32-bit word."""
        await self.write_words(offset, (value,))

    async def read_words(self, offset: int, count: int) -> list[int]:
        """Registers one after the other. Raises as `read`."""
        at = self._place(offset, count)
        return await self._bar.read32s([at + WORD * index for index in range(count)])

    async def write_words(self, offset: int, words: Sequence[int]) -> None:
        """Registers one after the other. Raises as `write`."""
        at = self._place(offset, len(words))
        for word in words:
            if not 0 <= word < 1 << 32:
                raise fail(errno.EINVAL, f"{word:#x} is not a 32-bit word")
        await self._bar.write32s([(at + WORD * index, word) for index, word in enumerate(words)])

    def _place(self, offset: int, count: int) -> int:
        if offset % WORD:
            raise fail(errno.EINVAL, f"offset {offset:#x} is not at a word")
        if offset < 0 or offset + WORD * count > self.size:
            raise fail(errno.ERANGE, f"offset {offset:#x} is outside the {self.size:#x} bytes of registers")
        return self._base + offset
