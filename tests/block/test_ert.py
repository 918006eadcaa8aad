# SPDX-License-Identifier: Apache-2.0
"""The ERT subsystem (queue, registers, interrupt controller) against its golden models."""

from __future__ import annotations

import pytest

from tb.runner import simulate


@pytest.mark.parametrize("gated", [0, 1], ids=["free", "gated"])
def test_ert(sim: str, gated: int) -> None:
    simulate(
        top="ert_gated",
        test_module="tests.block.ert_tb",
        sim=sim,
        parameters={"GATED": gated},
        name=f"ert_{'gated' if gated else 'free'}",
        timeout_s=200,
    )
