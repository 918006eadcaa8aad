# SPDX-License-Identifier: Apache-2.0
"""Both hosts against the same API tests, on both simulators."""

import pytest

from tb.runner import simulate


@pytest.mark.parametrize("host", ["fast", "conformance"])
def test_host(sim: str, host: str) -> None:
    simulate(
        f"tb_host_{host}",
        "tests.block.host_tb",
        sim,
        env={"HOST": host},
        name=f"host_{host}",
        timeout_s=400,
    )
