# SPDX-License-Identifier: Apache-2.0
"""The region gets other kernels; what a gate left open does; reloads."""

from tb.runner import simulate


def test_reconfigure(sim: str) -> None:
    simulate("tb_fast", "tests.system.reconfigure_tb", sim, name="reconfigure", timeout_s=200)
