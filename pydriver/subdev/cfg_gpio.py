# SPDX-License-Identifier: Apache-2.0
"""The scheduler processor's sleep, in the ERT configuration GPIO. Source: XRT ERT contract §8.

The GPIO's other half, who gets the host interrupts, belongs to `Intc`.
"""

from __future__ import annotations

from pydriver.platform import Bar
from pydriver.regs import RegBlock, Window, cfg_gpio

ALL_ONES = 0xFFFF_FFFF


class CfgGpio:
    """The GPIO in the user BAR."""

    def __init__(self, bar: Bar, window: Window) -> None:
        self._regs = RegBlock(bar, window)

    async def wake(self, awake: bool) -> None:
        """Ask the scheduler processor to be awake, or let it sleep when it wants to."""
        mask = cfg_gpio.CONTROL.WAKE.mask
        control = await self._regs.read(cfg_gpio.CONTROL)
        await self._regs.write(cfg_gpio.CONTROL, control | mask if awake else control & ~mask)

    async def asleep(self) -> bool:
        """The processor sleeps. A card that does not answer has none that does."""
        status = await self._regs.read(cfg_gpio.STATUS)
        return status not in (0, ALL_ONES)
