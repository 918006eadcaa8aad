# SPDX-License-Identifier: Apache-2.0
"""Interrupt BARs of both functions on one MSI-X port, on clocks that stop when idle."""

from tb.runner import simulate

DIRECTED = [
    "register_values",
    "byte_strobes",
    "level_semantics",
    "mask_and_pending",
    "failed_messages",
    "functions_share_port",
    "clock_may_stop",
]
BENCH = "tests.block.pcie_irq_tb"


def test_pcie_irq_directed(sim: str) -> None:
    simulate(
        top="pcie_irq_pair",
        test_module=BENCH,
        sim=sim,
        testcase=DIRECTED,
        name="pcie_irq_directed",
        timeout_s=300,
    )


def test_pcie_irq_random(sim: str) -> None:
    simulate(
        top="pcie_irq_pair",
        test_module=BENCH,
        sim=sim,
        testcase=["random_steps"],
        env={"STEPS": "500"},
        name="pcie_irq_random",
        timeout_s=300,
    )
