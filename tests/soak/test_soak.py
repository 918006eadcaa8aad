# SPDX-License-Identifier: Apache-2.0
"""The soak on the RTL card, small and with 128 slots."""

from __future__ import annotations

import os

import pytest

from tb.runner import simulate
from tests.soak.cases import CASES

LARGE = {"NUM_SLOTS": 128, "FULL_SLOTS": 8}
LONGER = int(os.environ.get("SOAK", "1"))
"""Processes per round, as a multiple."""


@pytest.mark.parametrize("case", CASES)
def test_soak(sim: str, case: str) -> None:
    simulate(
        "tb_fast",
        "tests.soak.soak_tb",
        sim,
        env={"CASE": case, "SOAK": str(LONGER)},
        name=f"soak_{case}",
        timeout_s=500 * LONGER,
    )


def test_soak_of_a_full_card(sim: str) -> None:
    """128 units; 128 slots, all of them in use at once."""
    simulate(
        "tb_fast",
        "tests.soak.soak_tb",
        sim,
        parameters=LARGE,
        env={"CASE": "full", "SOAK": str(LONGER)},
        name="soak_full",
        timeout_s=500 * LONGER,
    )
