# SPDX-License-Identifier: Apache-2.0
"""AMD's scheduler firmware schedules real commands on the RTL card, on both simulators."""

from tb.runner import simulate
from tests.interop.sched_em import program


def test_vendor_firmware_on_the_card(sim: str) -> None:
    simulate(
        "tb_fast",
        "tests.interop.vendor_firmware_tb",
        sim,
        env={"FIRMWARE": str(program())},
        name="vendor_firmware",
        timeout_s=200,
    )
