# SPDX-License-Identifier: Apache-2.0
"""MSI-X masks of both functions, per vector and per function: held back, never lost."""

from tb.runner import simulate


def test_interrupts(sim: str) -> None:
    simulate("tb_fast", "tests.system.interrupts_tb", sim, name="interrupts", timeout_s=200)
