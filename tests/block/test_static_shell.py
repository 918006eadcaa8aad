# SPDX-License-Identifier: Apache-2.0
"""The static region with a master on every port."""

from tb.runner import simulate


def test_static_shell(sim: str) -> None:
    simulate("static_shell", "tests.block.static_shell_tb", sim, name="static_shell", timeout_s=200)
