# SPDX-License-Identifier: Apache-2.0
"""Dynamic region, its isolation, reconfiguration garbage."""

from tb.runner import simulate


def test_ulp_path(sim: str) -> None:
    simulate(
        top="ulp_path",
        test_module="tests.block.ulp_path_tb",
        sim=sim,
        name="ulp_path",
        timeout_s=500,
    )
