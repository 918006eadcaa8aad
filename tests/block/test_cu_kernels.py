# SPDX-License-Identifier: Apache-2.0
"""Kernels vadd and reduce in a slot, with both control protocols."""

import pytest

from tb.runner import simulate


@pytest.mark.parametrize("chain", [0, 1])
def test_cu_kernels(sim: str, chain: int) -> None:
    simulate(
        top="ulp_slot_checked",
        test_module="tests.block.cu_kernels_tb",
        sim=sim,
        parameters={"PROTOCOL": chain},
        env={"CHAIN": str(chain)},
        name=f"cu_kernels_{'chain' if chain else 'hs'}",
        timeout_s=400,
    )
