# SPDX-License-Identifier: Apache-2.0
"""The region's address decoder and clocks with several groups of slots."""

import pytest

from tb.runner import simulate


@pytest.mark.parametrize(("slots", "full"), [(20, 2), (1, 1), (17, 0)])
def test_ulp_slots(sim: str, slots: int, full: int) -> None:
    simulate(
        top="ulp",
        test_module="tests.block.ulp_slots_tb",
        sim=sim,
        parameters={"SLOTS": slots, "FULL_SLOTS": full},
        env={"SLOTS": str(slots), "FULL_SLOTS": str(full)},
        name=f"ulp_slots_{slots}",
        timeout_s=300,
    )
