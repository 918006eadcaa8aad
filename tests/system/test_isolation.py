# SPDX-License-Identifier: Apache-2.0
"""The user function cannot reach, disturb or delay what belongs to the management function."""

from tb.runner import simulate


def test_isolation(sim: str) -> None:
    simulate("tb_fast", "tests.system.isolation_tb", sim, name="isolation", timeout_s=200)
