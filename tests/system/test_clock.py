# SPDX-License-Identifier: Apache-2.0
"""The clock of the card stops when nothing happens, and nothing else changes: values, times, messages."""

import json

from tb.runner import simulate


def test_stopping_changes_nothing(sim: str) -> None:
    steps = []
    for free_run in ("0", "1"):
        result = simulate(
            "tb_fast",
            "tests.system.clock_tb",
            sim,
            env={"FREE_RUN": free_run},
            name=f"system_clock_{free_run}",
            timeout_s=200,
        )
        steps.append(json.loads((result.directory / "steps.json").read_text()))
    assert len(steps[0]) > 300
    for index, (stopping, running) in enumerate(zip(*steps, strict=False)):
        assert stopping == running, f"step {index}"
    assert len(steps[0]) == len(steps[1])
