# SPDX-License-Identifier: Apache-2.0
"""What a fast adapter makes of a descriptor: XRT compute unit contract §2 and XRT's ert_fa.h."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

OVERRUN, DECODE_ERROR, COUNT_ERROR = 1, 2, 4
COMPLETE = 1
HEADER_WORDS = 5
MOST_BYTES = 8 << 10
ALIGNMENT = 32


@dataclass
class Outcome:
    """`writes`: (offset, value) to the kernel's registers, in order, without the start.

    `reads`: (offset, index of the descriptor word that takes the value). `error`: bits of SR; when the kernel
    was started all the same, `started`. A task without error is completed.
    """

    writes: list[tuple[int, int]] = field(default_factory=list)
    reads: list[tuple[int, int]] = field(default_factory=list)
    started: bool = False
    error: int = 0


class _CountError(Exception):
    pass


def _entries(words: Sequence[int], at: int, number: int, length: int) -> Iterator[tuple[int, int, int]]:
    """(register offset, index of the value's first word, words) of each entry. Raises _CountError."""
    for _ in range(number):
        offset, size = words[at], words[at + 1]
        if size == 0 or size % 4 or size > length:
            raise _CountError
        yield offset, at + 2, size // 4
        length -= size
        at += 2 + size // 4
    if length:
        raise _CountError


def run(address: int, words: Sequence[int]) -> Outcome:
    """The task at `address` whose memory holds `words`."""
    outcome = Outcome()
    if address % ALIGNMENT or address >> 40:
        outcome.error = DECODE_ERROR
        return outcome
    status, inputs, in_bytes, outputs, out_bytes = words[:HEADER_WORDS]
    if status:
        outcome.error = DECODE_ERROR
        return outcome
    at = HEADER_WORDS
    try:
        for length in (in_bytes, out_bytes):
            if length >= MOST_BYTES or length % 4:
                raise _CountError
        for offset, index, count in _entries(words, at, inputs, in_bytes):
            outcome.writes += [(offset + 4 * n, words[index + n]) for n in range(count)]
            at = index + count
        outcome.started = True
        for offset, index, count in _entries(words, at, outputs, out_bytes):
            outcome.reads += [(offset + 4 * n, index + n) for n in range(count)]
    except _CountError:
        outcome.error = COUNT_ERROR
    return outcome
