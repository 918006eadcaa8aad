# SPDX-License-Identifier: Apache-2.0
"""Each scheduler firmware, ours and AMD's, schedules real commands on the RTL card, on both simulators."""

from __future__ import annotations

import pytest

from cards import firmware
from tb.runner import simulate
from tests.interop.native import unavailable


def _simulate(module: str, sim: str, choice: str, **env: str) -> None:
    try:
        firmware.identify(choice)
    except OSError as error:
        unavailable(str(error))
    simulate(
        "tb_fast",
        f"tests.interop.{module}",
        sim,
        env={"FIRMWARE": choice, **env},
        name="-".join([module, choice, *env]),
        timeout_s=300,
    )


@pytest.mark.parametrize("choice", firmware.CHOICES)
def test_firmware_on_the_card(sim: str, choice: str) -> None:
    _simulate("vendor_firmware_tb", sim, choice)


@pytest.mark.parametrize("choice", firmware.CHOICES)
def test_every_mode_of_the_firmware(sim: str, choice: str) -> None:
    _simulate("firmware_modes_tb", sim, choice)


@pytest.mark.parametrize("choice", ["v20", "v30"])
def test_interrupt_driven_firmware(sim: str, choice: str) -> None:
    _simulate("firmware_modes_tb", sim, choice, DRIVEN="1")
