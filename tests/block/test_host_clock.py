# SPDX-License-Identifier: Apache-2.0
"""The clock of the fast host's tops stops when nothing happens, and nothing else changes."""

import json

from tb.runner import simulate


def test_stopping_changes_nothing(sim: str) -> None:
    steps = []
    for free_run in ("0", "1"):
        result = simulate(
            "tb_host_fast",
            "tests.block.host_clock_tb",
            sim,
            env={"FREE_RUN": free_run},
            name=f"host_clock_{free_run}",
            timeout_s=120,
        )
        steps.append(json.loads((result.directory / "steps.json").read_text()))
    assert len(steps[0]) > 300
    assert steps[0] == steps[1]
