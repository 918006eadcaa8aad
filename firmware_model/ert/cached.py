# SPDX-License-Identifier: Apache-2.0
"""The polled path of KDS 3.0, slots from 1 on (XRT ERT contract §5): no states, a command is cached or not.

The header in the queue is cleared when the command is taken, and a done unit gets AP_CONTINUE whatever its
protocol. The scheduler then never learns that a slot is free; CU_STAT shows the header as it was written.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from firmware_model.ert import start
from firmware_model.ert.slots import AP_CONTINUE, AP_START, CU_CTRL, Slot
from pydriver.ert import Feature, Header

if TYPE_CHECKING:
    from firmware_model.ert.scheduler import Scheduler


async def fetch(firmware: Scheduler, index: int, header: int) -> None:
    """Take the command whose header was just read, if there is one."""
    slot = firmware.slots[index]
    if header:
        # The queue's memory may return garbage for a read that collides with the host's write: read again.
        header = await firmware.bus.read32(slot.addr)
    if not header & AP_START:
        return
    await firmware.bus.write32(slot.addr, 0)
    if firmware.feature(Feature.ECHO):
        await firmware.notify(index)
        return
    if await firmware.other_cached(index, slot, Header.unpack(header).opcode):
        return
    slot.cached = True
    slot.header = header
    firmware.taken.add(index)
    slot.locate(await firmware.bus.read32(slot.addr + 4))


async def execute(firmware: Scheduler, index: int, slot: Slot) -> None:
    """Start the command of a slot if its unit is free."""
    if slot.cu < len(firmware.units) and not firmware.units[slot.cu].busy:
        await start.start(firmware, index, slot)


def is_polled(firmware: Scheduler, slot: Slot) -> bool:
    """The unit of a cached command runs, for it or for another slot, and no interrupt will tell its end."""
    if slot.cu >= len(firmware.units) or not firmware.units[slot.cu].busy:
        return False
    return not firmware.feature(Feature.CU_ISR)


async def complete(firmware: Scheduler, cu: int, resume: bool = True) -> None:
    """The unit is done: continue it (unless the caller does) and tell the host."""
    unit = firmware.units[cu]
    if resume:
        await firmware.bus.write32(unit.addr + CU_CTRL, AP_CONTINUE)
    await firmware.notify(unit.slot)
    unit.busy = False
    firmware.slots[unit.slot].cached = False
