# SPDX-License-Identifier: Apache-2.0
"""The clock gate, on both simulators."""

from tb.runner import simulate


def test_clk_gate(sim: str) -> None:
    simulate("clk_gate", "tests.block.clk_gate_tb", sim, timeout_s=60)
