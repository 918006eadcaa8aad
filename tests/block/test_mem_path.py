# SPDX-License-Identifier: Apache-2.0
"""Memory path of the card: arbiter, address map, banks, memory BAR window."""

from tb.runner import simulate


def test_mem_path(sim: str) -> None:
    simulate(
        top="mem_path",
        test_module="tests.block.mem_path_tb",
        sim=sim,
        name="mem_path",
        timeout_s=300,
    )
