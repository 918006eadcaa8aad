# SPDX-License-Identifier: Apache-2.0
"""A hot reset of the card: what is lost, what ends, and that everything works again afterwards."""

from tb.runner import simulate


def test_reset(sim: str) -> None:
    simulate("tb_fast", "tests.system.reset_tb", sim, name="reset", timeout_s=200)


def test_drivers_through_a_reset(sim: str) -> None:
    simulate("tb_fast", "tests.system.reset_drivers_tb", sim, name="reset_drivers", timeout_s=300)


def test_conformance_host_has_none(sim: str) -> None:
    simulate(
        "tb_conformance",
        "tests.system.reset_refused_tb",
        sim,
        name="reset_refused",
        env={"HOST": "conformance"},
        timeout_s=100,
    )
