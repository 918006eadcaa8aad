# SPDX-License-Identifier: Apache-2.0
"""AXI4-Lite guard: timeouts, late answers, isolation."""

from tb.runner import simulate


def test_axil_guard(sim: str) -> None:
    simulate(
        top="axil_guard_bench",
        test_module="tests.block.axil_guard_tb",
        sim=sim,
        parameters={"TIMEOUT_CYCLES": 32},
        name="axil_guard",
        timeout_s=300,
    )
