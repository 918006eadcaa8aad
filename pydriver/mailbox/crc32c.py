# SPDX-License-Identifier: Apache-2.0
"""CRC-32C as the kernel's `crc32c_le`: reflected Castagnoli polynomial, no final inversion."""

from __future__ import annotations


def _table() -> tuple[int, ...]:
    entries = []
    for byte in range(256):
        crc = byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
        entries.append(crc)
    return tuple(entries)


_TABLE = _table()


def crc32c(data: bytes, seed: int = 0xFFFF_FFFF) -> int:
    """CRC of `data`, going on from `seed`. XOR with 0xFFFFFFFF gives the published CRC-32C."""
    crc = seed
    for byte in data:
        crc = crc >> 8 ^ _TABLE[(crc ^ byte) & 0xFF]
    return crc
