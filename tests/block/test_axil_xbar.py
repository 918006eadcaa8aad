# SPDX-License-Identifier: Apache-2.0
"""AXI4-Lite interconnect: random traffic against a model, a hung slave, fairness, latency."""

from tb.runner import simulate


def test_axil_xbar(sim: str) -> None:
    simulate(
        top="axil_xbar_bench",
        test_module="tests.block.axil_xbar_tb",
        sim=sim,
        name="axil_xbar",
        timeout_s=300,
    )
