# SPDX-License-Identifier: Apache-2.0
"""Which slave of an interconnect an address belongs to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Range:
    """One slave: addresses `base` to `base` + `size` - 1, reached by `masters`."""

    base: int
    size: int
    masters: frozenset[int]


def target(ranges: Sequence[Range], master: int, address: int) -> int | None:
    """Index of the first slave that holds `address` and may be reached by `master`; None: decode error."""
    for index, each in enumerate(ranges):
        if master in each.masters and each.base <= address < each.base + each.size:
            return index
    return None
