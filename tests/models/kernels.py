# SPDX-License-Identifier: Apache-2.0
"""What the card's kernels compute, in plain Python on lists of unsigned 32-bit words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce as fold
from operator import xor

MASK = 0xFFFF_FFFF
DROP = 1 << 31
"""The bit of a routing table entry that drops."""
KEYS = 8
"""Keys of a packet."""


def vadd(a: Sequence[int], b: Sequence[int]) -> list[int]:
    """Element sums modulo 2**32. Raises ValueError when the lengths differ."""
    return [(x + y) & MASK for x, y in zip(a, b, strict=True)]


def reduce(data: Sequence[int]) -> tuple[int, int, int, int]:
    """Sum modulo 2**32, minimum, maximum, exclusive or; of nothing: 0, FFFFFFFF, 0, 0."""
    return sum(data) & MASK, min(data, default=MASK), max(data, default=0), fold(xor, data, 0)


def fir(data: Sequence[int], taps: Sequence[int]) -> list[int]:
    """out[i] = sum of taps[k] * data[i - k] modulo 2**32; there are zeros before the block."""
    return [sum(tap * data[i - k] for k, tap in enumerate(taps) if i >= k) & MASK for i in range(len(data))]


def route(packet: Sequence[int], table: Sequence[int]) -> tuple[list[int], bool]:
    """The entries of a packet's keys (low eight bits of each word), and whether the packet is dropped."""
    entries = [table[word & 0xFF] for word in packet]
    return entries, any(entry & DROP for entry in entries)


@dataclass
class Probe:
    """What the probe kernels remember: executions, digest, token of the last execution."""

    runs: int = 0
    digest: int = 0
    last: int = 0

    def run(self, token: int, payload: Sequence[int]) -> None:
        """One execution with these arguments ends."""
        self.runs = (self.runs + 1) & MASK
        self.digest = (self.digest << 1 | self.digest >> 31) & MASK ^ fold(xor, payload, token)
        self.last = token

    def array(self, data: Sequence[int]) -> list[int]:
        """The output array of probe_mailbox after its last execution, which had the input array `data`."""
        return [(word + self.last + self.runs) & MASK for word in data]


def pack(words: Sequence[int]) -> bytes:
    """Words as the little-endian bytes the card's memory holds."""
    return b"".join(word.to_bytes(4, "little") for word in words)


def unpack(data: bytes) -> list[int]:
    """Little-endian bytes as words. Raises ValueError when they are not whole words."""
    if len(data) % 4:
        raise ValueError(f"{len(data)} bytes are not whole words")
    return [int.from_bytes(data[i : i + 4], "little") for i in range(0, len(data), 4)]
