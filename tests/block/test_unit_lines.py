# SPDX-License-Identifier: Apache-2.0
"""Interrupt lines of the compute units, for cards of several sizes."""

import pytest

from tb.runner import simulate


@pytest.mark.parametrize("slots", [1, 4, 33])
def test_unit_lines(sim: str, slots: int) -> None:
    simulate(
        "unit_lines",
        "tests.block.unit_lines_tb",
        sim,
        parameters={"SLOTS": slots},
        name=f"unit_lines_{slots}",
        timeout_s=100,
    )
