# SPDX-License-Identifier: Apache-2.0
"""PCIe front at its CQ and CC pins: directed cases and constrained-random requests.

The gated top stops the clock whenever the front says that it needs none."""

import pytest

from tb.runner import simulate

BENCH = "tests.block.pcie_front_tb"
DIRECTED = [
    "single_read_latency",
    "byte_count_table",
    "routing_isolation",
    "payload_and_boundaries",
    "zero_length",
    "unsupported_requests",
    "error_responses",
    "poisoned_requests",
    "malformed_requests",
    "hung_user_target",
    "hung_user_posted_flood",
]


def test_pcie_front_directed(sim: str) -> None:
    simulate(
        top="pcie_front",
        test_module=BENCH,
        sim=sim,
        testcase=DIRECTED,
        name="pcie_front_directed",
        timeout_s=400,
    )


@pytest.mark.parametrize("top", ["pcie_front", "pcie_front_gated"])
def test_pcie_front_random(sim: str, top: str) -> None:
    simulate(
        top=top,
        test_module=BENCH,
        sim=sim,
        testcase=["random_requests"],
        env={"REQUESTS": "600" if top == "pcie_front" else "300"},
        name=f"{top}_random",
        timeout_s=400,
    )


def test_pcie_front_foreign_host(sim: str) -> None:
    simulate(
        top="pcie_front",
        test_module="tests.block.pcie_foreign_tb",
        sim=sim,
        name="pcie_front_foreign",
        timeout_s=300,
    )
