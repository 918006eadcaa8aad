# SPDX-License-Identifier: Apache-2.0
"""The card gets identical beats from both hosts and answers with identical ones; the proof can fail."""

import os
import random
import shutil
from pathlib import Path

import pytest

from tb.runner import run_directory
from tests.block.host_equivalence import compare, prove

# (function, BAR, base, bytes): memories of the card, where any access of any size may go.
WINDOWS = (
    (0, 0, 0x14_0000, 8192),  # CMC image
    (0, 0, 0x16_0000, 8192),  # scheduler image, its processor held in reset
    (0, 0, 0x19_0000, 8192),  # command queue
    (1, 0, 0x19_F000, 4096),
    (1, 4, 0x000_0000, 8192),  # memory banks
    (1, 4, 0x400_1000, 8192),
    (1, 4, 0x801_F000, 4096),
)
COUNT = 500


def test_equivalence(sim: str, tmp_path: Path) -> None:
    seed = int(os.environ.get("SEED", "1"))
    beats = prove(sim, "tb_fast", "tb_conformance", WINDOWS, count=COUNT, seed=seed, name="card_equivalence")
    assert beats > 1500
    # One bit of one beat, anywhere but in the tag, must be seen.
    rng = random.Random(seed)
    runs = [run_directory(f"card_equivalence_{host}", sim) for host in ("fast", "conformance")]
    for trial in range(6):
        name = ("cq.log", "cc.log")[trial % 2]
        copies = [tmp_path / f"{trial}-{run.name}" for run in runs]
        for run, copy in zip(runs, copies, strict=True):
            copy.mkdir()
            for file in ("cq.log", "cc.log", "values.json"):
                shutil.copy(run / file, copy / file)
        flip(copies[trial // 2 % 2] / name, rng)
        with pytest.raises(AssertionError, match=name):
            compare(*copies)


def flip(log: Path, rng: random.Random) -> None:
    """Change one data bit above the descriptor of one beat of the log."""
    lines = log.read_text().splitlines()
    index = rng.randrange(len(lines))
    data, rest = lines[index].split(" ", 1)
    lines[index] = f"{int(data, 16) ^ 1 << rng.randrange(128, 256):064x} {rest}"
    log.write_text("\n".join(lines) + "\n")
