# SPDX-License-Identifier: Apache-2.0
"""The conformance host carries the drivers from probe to a kernel's result."""

from tb.runner import simulate


def test_conformance(sim: str) -> None:
    simulate(
        "tb_conformance",
        "tests.system.conformance_tb",
        sim,
        env={"HOST": "conformance"},
        name="conformance",
        timeout_s=200,
    )
