# SPDX-License-Identifier: Apache-2.0
"""Fast adapter: descriptors good and broken, a full queue, errors of the memory, a kernel behind it."""

import pytest

from tb.runner import simulate


@pytest.mark.parametrize("depth_w", [1, 3])
def test_cu_fa(sim: str, depth_w: int) -> None:
    simulate(
        top="cu_fa_gated",
        test_module="tests.block.cu_fa_tb",
        sim=sim,
        parameters={"DEPTH_W": depth_w},
        env={"DEPTH_W": str(depth_w)},
        name=f"cu_fa_{depth_w}",
        timeout_s=300,
    )


def test_vadd_fa(sim: str) -> None:
    """The adapter in front of a real kernel, both on one memory port."""
    simulate(top="krnl_vadd_fa", test_module="tests.block.vadd_fa_tb", sim=sim, timeout_s=300)
