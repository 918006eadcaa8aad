# SPDX-License-Identifier: Apache-2.0
"""A small fault and the test that must find it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Mutant:
    """`old` in `file` becomes `new`; then `killer` (a pytest node) must fail on an assertion."""

    name: str
    file: str
    old: str
    new: str
    killer: str
