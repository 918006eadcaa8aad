# SPDX-License-Identifier: Apache-2.0
"""The card with 128 slots."""

from tb.runner import simulate

LARGE = {"NUM_SLOTS": 128, "FULL_SLOTS": 8}


def test_large_card(sim: str) -> None:
    simulate(
        "tb_fast",
        "tests.system.large_card_tb",
        sim,
        parameters=LARGE,
        name="large_card",
        timeout_s=500,
    )
