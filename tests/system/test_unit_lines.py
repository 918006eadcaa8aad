# SPDX-License-Identifier: Apache-2.0
"""Interrupt lines of units that do not fill the region's slots from 0 on."""

from tb.runner import simulate


def test_lines_of_units_with_empty_slots_between(sim: str) -> None:
    simulate("tb_fast", "tests.system.unit_lines_tb", sim, name="unit_lines", timeout_s=200)
