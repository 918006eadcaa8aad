# SPDX-License-Identifier: Apache-2.0
"""Both hosts put identical beats on the pins of the test card, and the comparison can fail."""

import json
import os
from pathlib import Path

import pytest

from tests.block.host_equivalence import compare, prove

# Everything but the registers and the MSI-X table of the test card, across all BARs.
WINDOWS = (
    (0, 0, 0, 8192),
    (0, 0, 0x1F0_0000, 8192),
    (1, 0, 0x4000, 8192),
    (1, 2, 0xA000, 4096),
    (0, 2, 0x1_2000, 8192),
    (1, 4, 0, 8192),
    (1, 4, 0xFFF_E000, 8192),
)


def test_equivalence(sim: str) -> None:
    seed = int(os.environ.get("SEED", "1"))
    beats = prove(sim, "tb_host_fast", "tb_host_conformance", WINDOWS, seed=seed)
    assert beats > 2000


@pytest.mark.parametrize("file", ["cq.log", "cc.log", "values.json"])
def test_comparison_can_fail(tmp_path: Path, file: str) -> None:
    beat = f"{1 << 96 | 0x40:064x} 1f {0x1_0000_00F0_000F:022x} 1\n"
    for name in ("a", "b"):
        directory = tmp_path / name
        directory.mkdir()
        (directory / "cq.log").write_text(beat * 3)
        (directory / "cc.log").write_text(beat * 2)
        (directory / "values.json").write_text(json.dumps([1, "ff"]))
    # Another tag of the same parity is no difference.
    (tmp_path / "b" / "cq.log").write_text(beat.replace("1" + "0" * 22, "7" + "0" * 22) * 3)
    assert "7000" in (tmp_path / "b" / "cq.log").read_text()
    assert compare(tmp_path / "a", tmp_path / "b") == 3
    other = tmp_path / "b" / file
    other.write_text(other.read_text().replace("f", "e", 1))
    with pytest.raises(AssertionError):
        compare(tmp_path / "a", tmp_path / "b")
