# SPDX-License-Identifier: Apache-2.0
"""The packet router that never stops, on the card: `make sim SCENARIO=routes`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from scenarios.scenario_routes import ENTRIES, TABLES
from tests.system.test_flow import scenario


@pytest.mark.parametrize("seed", ["1", "2"])
def test_routes(sim: str, seed: str, tmp_path: Path) -> None:
    run = scenario(tmp_path, "--sim", sim, "--scenario", "routes", "--seed", seed)
    assert run.returncode == 0, run.stdout + run.stderr
    report = json.loads((tmp_path / f"routes-fast-{sim}" / "report.json").read_text())
    assert report["ok"] and all(step["ok"] for step in report["steps"])
    assert report["verdict"].startswith(f"{TABLES} route tables")
    # The last picture: a ring of results, in which at least two tables show.
    lines = [line.split()[-1] for line in run.stdout.splitlines() if "summary" in line and "ring" in line]
    ring = "".join(lines)
    assert len(ring) == ENTRIES and len(set(ring)) >= 2 and str(TABLES) in ring
