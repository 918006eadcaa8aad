# SPDX-License-Identifier: Apache-2.0
"""Control block of the compute units: HS and CHAIN, both forms of ISR."""

import pytest

from tb.runner import simulate


@pytest.mark.parametrize(("chain", "clear_on_read"), [(0, 0), (1, 0), (0, 1)])
def test_cu_ctrl(sim: str, chain: int, clear_on_read: int) -> None:
    simulate(
        top="cu_ctrl_gated",
        test_module="tests.block.cu_ctrl_tb",
        sim=sim,
        parameters={"PROTOCOL": chain, "ISR_CLEAR_ON_READ": clear_on_read},
        env={"CHAIN": str(chain), "CLEAR_ON_READ": str(clear_on_read)},
        name=f"cu_ctrl_{'chain' if chain else 'hs'}{'_cor' if clear_on_read else ''}",
        timeout_s=300,
    )
