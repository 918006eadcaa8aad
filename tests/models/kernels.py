# SPDX-License-Identifier: Apache-2.0
"""What the card's kernels compute, in plain Python on lists of unsigned 32-bit words."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce as fold
from operator import xor

MASK = 0xFFFF_FFFF


def vadd(a: Sequence[int], b: Sequence[int]) -> list[int]:
    """Element sums modulo 2**32. Raises ValueError when the lengths differ."""
    return [(x + y) & MASK for x, y in zip(a, b, strict=True)]


def reduce(data: Sequence[int]) -> tuple[int, int, int, int]:
    """Sum modulo 2**32, minimum, maximum, exclusive or; of nothing: 0, FFFFFFFF, 0, 0."""
    return sum(data) & MASK, min(data, default=MASK), max(data, default=0), fold(xor, data, 0)


def pack(words: Sequence[int]) -> bytes:
    """Words as the little-endian bytes the card's memory holds."""
    return b"".join(word.to_bytes(4, "little") for word in words)


def unpack(data: bytes) -> list[int]:
    """Little-endian bytes as words. Raises ValueError when they are not whole words."""
    if len(data) % 4:
        raise ValueError(f"{len(data)} bytes are not whole words")
    return [int.from_bytes(data[i : i + 4], "little") for i in range(0, len(data), 4)]
