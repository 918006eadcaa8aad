# SPDX-License-Identifier: Apache-2.0
"""The embedded runtime's engines on the whole card."""

import pytest

from tb.runner import simulate


@pytest.mark.parametrize("collision", [0, 1], ids=["old", "mixed"])
def test_engines(sim: str, collision: int) -> None:
    simulate(
        "tb_fast",
        "tests.system.engines_tb",
        sim,
        parameters={"CQ_COLLISION": collision},
        name=f"engines_{'mixed' if collision else 'old'}",
        timeout_s=300,
    )
