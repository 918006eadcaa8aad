# SPDX-License-Identifier: Apache-2.0
"""The polled path before KDS 3.0, slots from 1 on (XRT ERT contract §5): slot n stands for unit n - 1.

The host writes the unit's registers itself; a start or continue bit in the slot's header asks the scheduler
to say when the unit is done.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from firmware_model.ert.slots import AP_CONTINUE, AP_DONE, AP_IDLE, AP_START

if TYPE_CHECKING:
    from firmware_model.ert.scheduler import Scheduler


def is_watched(firmware: Scheduler, index: int) -> bool:
    """The unit of this slot is being watched."""
    return 0 < index <= len(firmware.units) and firmware.units[index - 1].busy


async def fetch(firmware: Scheduler, index: int, header: int) -> None:
    """Watch the unit if the header asks for it."""
    if header & (AP_START | AP_CONTINUE) and index <= len(firmware.units):
        await firmware.bus.write32(firmware.slots[index].addr, 0)
        unit = firmware.units[index - 1]
        unit.slot = index
        # A unit without registers could never be seen to be done.
        unit.busy = unit.has_registers


async def check(firmware: Scheduler, index: int, control: int) -> None:
    """Tell the host when the unit is done, or idle because the host saw done first."""
    if control & (AP_DONE | AP_IDLE):
        firmware.units[index - 1].busy = False
        await firmware.notify(index)
