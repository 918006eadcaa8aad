# SPDX-License-Identifier: Apache-2.0
"""Proof that both hosts are the same to a card: one access list, two hosts, identical beats on the pins.

Runs any pair of tops: the fast one with instances `host`, `clock` and `log`, the conformance one with
the card's pins as ports and an instance `log` (tb/rtl/pin_log.sv).
"""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from pathlib import Path

from tb.runner import simulate

# (function, BAR, base, bytes): memory-like places, where any access of any size may go.
Window = tuple[int, int, int, int]
# (kind, function, BAR, arguments)
Access = tuple[str, int, int, list[int]]

_TAG_CQ = 0xFF << 96
_TAG_CC = 0xFF << 64
# Position in CQ tuser of the parity of byte 12, which holds the tag.
_TAG_PARITY = 53 + 12


def accesses(windows: Sequence[Window], count: int, seed: int) -> list[Access]:
    """A random list of `count` accesses of all kinds; blocks of any alignment up to 1500 bytes."""
    rng = random.Random(seed)
    result: list[Access] = []
    for _ in range(count):
        function, bar, base, size = rng.choice(list(windows))
        kind = rng.choices(("r", "w", "rs", "ws", "R", "W"), (8, 8, 2, 2, 3, 3))[0]
        if kind in ("R", "W"):
            start = rng.randrange(size)
            arguments = [base + start, min(rng.choice((1, 3, 4, 17, 64, 300, 1500)), size - start)]
            if kind == "W":
                arguments.append(rng.getrandbits(32))
        else:
            number = 1 if len(kind) == 1 else rng.randrange(1, 20)
            arguments = []
            for _ in range(number):
                arguments.append(base + 4 * rng.randrange(size // 4))
                if kind[0] == "w":
                    arguments.append(rng.getrandbits(32))
        result.append((kind, function, bar, arguments))
    return result


def _beats(path: Path, tag: int) -> list[tuple[int, ...]]:
    """Beats as integers (data, keep, user, last): the tag of each first beat as if it were 0."""
    beats = []
    first = True
    for line in path.read_text().splitlines():
        fields = [int(field, 16) for field in line.split()]
        if first:
            if len(fields) == 4:
                # The tag's parity bit goes with it; a wrong one stays wrong.
                odd = (fields[0] & tag).bit_count() & 1
                fields[2] ^= odd << _TAG_PARITY
            fields[0] &= ~tag
        first = bool(fields[-1])
        beats.append(tuple(fields))
    return beats


def compare(fast: Path, conformance: Path) -> int:
    """Compare two run directories; returns the number of CQ beats. Raises AssertionError with the place."""
    for name, tag in (("cq.log", _TAG_CQ), ("cc.log", _TAG_CC)):
        ours, reference = _beats(fast / name, tag), _beats(conformance / name, tag)
        for index, (one, other) in enumerate(zip(ours, reference, strict=False)):
            assert one == other, (
                f"{name} beat {index} differs\n  fast        {' '.join(f'{f:x}' for f in one)}\n"
                f"  conformance {' '.join(f'{f:x}' for f in other)}"
            )
        assert len(ours) == len(reference), f"{name}: {len(ours)} beats against {len(reference)}"
    one, other = ((path / "values.json").read_text() for path in (fast, conformance))
    assert json.loads(one) == json.loads(other), "the hosts returned different data"
    return len(_beats(fast / "cq.log", _TAG_CQ))


def prove(
    sim: str,
    fast_top: str,
    conformance_top: str,
    windows: Sequence[Window],
    *,
    count: int = 600,
    seed: int = 1,
    name: str = "equivalence",
    timeout_s: int = 400,
) -> int:
    """Run the list on both tops and compare; returns the number of CQ beats.

    Raises AssertionError naming the first beat that differs.
    """
    directories = []
    for host, top in (("fast", fast_top), ("conformance", conformance_top)):
        result = simulate(
            top,
            "tests.block.host_equivalence_tb",
            sim,
            seed=seed,
            env={
                "HOST": host,
                "EQUIVALENCE": json.dumps({"windows": list(windows), "count": count, "seed": seed}),
            },
            name=f"{name}_{host}",
            timeout_s=timeout_s,
        )
        directories.append(result.directory)
    return compare(*directories)
