# SPDX-License-Identifier: Apache-2.0
"""A scenario whose second step fails, for the tests of the runner."""

from __future__ import annotations

from typing import Any

from cards.xrt_u200 import USER, Card
from scenarios.stage import Stage


async def run(stage: Stage, dut: Any, host: str) -> str:
    async with stage.step("power on"):
        stage.card = await Card.power_on(dut, host, stage.event)
    async with stage.step("expect the impossible"):
        value = await stage.card.platform.functions[USER].bars[0].read32(0xB0000)
        raise AssertionError(f"the feature ROM starts with {value:#x}, as it should")
    return "not reached"
