# SPDX-License-Identifier: Apache-2.0
"""Golden model of the ERT command queue memory with its activity hint."""

from __future__ import annotations

BLOCK = 512


class ErtCq:
    """`size` bytes, zero at power-up. `touched`: bit per 512-byte block the host wrote to."""

    def __init__(self, size: int = 0x10000):
        self.memory = bytearray(size)
        self.touched = 0

    def read(self, offset: int) -> int:
        """One word."""
        return int.from_bytes(self.memory[offset : offset + 4], "little")

    def write(self, offset: int, value: int, strobe: int = 0xF) -> None:
        """Bytes of one word."""
        data = value.to_bytes(4, "little")
        for lane in range(4):
            if strobe >> lane & 1:
                self.memory[offset + lane] = data[lane]

    def host_write(self, offset: int, value: int, strobe: int = 0xF, headers_aligned: bool = True) -> None:
        """A write of the host; sets the hint. With aligned headers only a block's first word counts."""
        self.write(offset, value, strobe)
        if not headers_aligned or offset % BLOCK == 0:
            self.touched |= 1 << offset // BLOCK

    def acknowledge(self, blocks: int) -> None:
        """The scheduler takes the hint of these blocks back."""
        self.touched &= ~blocks
