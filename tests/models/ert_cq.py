# SPDX-License-Identifier: Apache-2.0
"""Golden model of the ERT command queue memory: activity hint, and reads that collide with a write."""

from __future__ import annotations

BLOCK = 512


class ErtCq:
    """`size` bytes, zero at power-up. `touched`: bit per 512-byte block the host wrote to."""

    NOISE = 0x5A0F33C6

    def __init__(self, size: int = 0x10000):
        self.memory = bytearray(size)
        self.touched = 0
        self.noise = self.NOISE

    def read(self, offset: int) -> int:
        """One word."""
        return int.from_bytes(self.memory[offset : offset + 4], "little")

    def mixed(self, offset: int, value: int, strobe: int) -> int:
        """What a read of a word may return that the other port writes in the same cycle: bits of both."""
        old = self.read(offset)
        data = sum((value if strobe >> lane & 1 else old) & 0xFF << 8 * lane for lane in range(4))
        return old & self.noise | data & ~self.noise

    def collided(self) -> None:
        """After a cycle with a collision the next one mixes other bits: a 32-bit shift register."""
        taps = self.noise >> 31 ^ self.noise >> 21 ^ self.noise >> 1 ^ self.noise
        self.noise = (self.noise << 1 | taps & 1) & 0xFFFFFFFF

    def write(self, offset: int, value: int, strobe: int = 0xF) -> None:
        """Bytes of one word."""
        data = value.to_bytes(4, "little")
        if strobe == 0xF:
            self.memory[offset : offset + 4] = data
            return
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
