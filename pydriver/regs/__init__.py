# SPDX-License-Identifier: Apache-2.0
"""Register definitions, generated from hdl/regs by `python -m tools.regs`, and access through a BAR.

`from pydriver.regs import RegBlock, mailbox, mgmt_bar` and then
`await RegBlock(bar, mgmt_bar.MAILBOX).read(mailbox.STATUS)`.
"""

from __future__ import annotations

from collections.abc import Sequence

from pydriver.platform import Bar
from pydriver.regs.types import Field, Register, Window, find_window

__all__ = ["Field", "RegBlock", "Register", "Window", "find_window"]


class RegBlock:
    """One register block, seen through a window of a BAR."""

    def __init__(self, bar: Bar, window: Window):
        self.bar = bar
        self.window = window

    def address(self, register: Register) -> int:
        """BAR offset of `register`. Raises IndexError outside the window."""
        if register.offset >= self.window.size:
            raise IndexError(f"{register.name} at 0x{register.offset:X} is outside {self.window.name}")
        return self.window.base + register.offset

    async def read(self, register: Register) -> int:
        """The register's value; 0xFFFFFFFF when the card did not answer."""
        return await self.bar.read32(self.address(register))

    async def write(self, register: Register, value: int) -> None:
        """Posted write of the whole register."""
        await self.bar.write32(self.address(register), value)

    async def read_many(self, registers: Sequence[Register]) -> list[int]:
        """One value per register, in order, in one go. A register may appear more than once."""
        return await self.bar.read32s([self.address(r) for r in registers])

    async def write_many(self, writes: Sequence[tuple[Register, int]]) -> None:
        """Posted writes, in order, in one go."""
        await self.bar.write32s([(self.address(r), value) for r, value in writes])
