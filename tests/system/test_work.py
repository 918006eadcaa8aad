# SPDX-License-Identifier: Apache-2.0
"""Work for compute units on the whole card: both schedulers, every kind of unit, what goes wrong."""

import pytest

from tb.runner import simulate


@pytest.mark.parametrize("subject", ["host", "ert", "faults"])
def test_work(sim: str, subject: str) -> None:
    simulate("tb_fast", f"tests.system.work_{subject}_tb", sim, name=f"work_{subject}", timeout_s=300)
