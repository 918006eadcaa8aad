# SPDX-License-Identifier: Apache-2.0
"""The ERT subsystem (queue, registers, interrupt controllers, engines) against its golden models."""

from __future__ import annotations

import pytest

from tb.runner import simulate


@pytest.mark.parametrize("gated", [0, 1], ids=["free", "gated"])
def test_ert(sim: str, gated: int) -> None:
    _run("ert", sim, gated)


@pytest.mark.parametrize("gated", [0, 1], ids=["free", "gated"])
def test_ert_engines(sim: str, gated: int) -> None:
    _run("ert_engines", sim, gated)


def _run(module: str, sim: str, gated: int) -> None:
    """Reads that collide with a write: garbage with the running clock, the old value with the gated one."""
    simulate(
        top="ert_gated",
        test_module=f"tests.block.{module}_tb",
        sim=sim,
        parameters={"GATED": gated, "COLLISION": 1 - gated},
        env={"COLLISION": str(1 - gated)},
        name=f"{module}_{'gated' if gated else 'free'}",
        timeout_s=200,
    )
