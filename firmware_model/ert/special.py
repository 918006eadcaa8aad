# SPDX-License-Identifier: Apache-2.0
"""Special commands, those whose type is not CU, that both versions know (XRT ERT contract §5)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from firmware_model.ert.slots import MAX_CUS, Slot, SlotState, Unit
from pydriver.ert import CU_STAT_MAGIC, Feature, Header, Opcode

if TYPE_CHECKING:
    from firmware_model.ert.scheduler import Scheduler


async def process(firmware: Scheduler, index: int, slot: Slot) -> None:
    """Do a special command. An unknown one is ignored and its slot is never free again."""
    if slot.opcode == Opcode.CONFIGURE:
        await _configure(firmware, index, slot)
    elif slot.opcode == Opcode.CU_STAT:
        await _cu_stat(firmware, index, slot)
    elif slot.opcode == Opcode.EXIT:
        await firmware.exit(index, slot)
    elif slot.opcode == Opcode.ABORT:
        await _abort(firmware, index, slot)
    else:
        await firmware.other_special(index, slot, slot.opcode)


async def _configure(firmware: Scheduler, index: int, slot: Slot) -> None:
    words = await firmware.bus.read32s([slot.addr + 4 * i for i in range(1, 6)])
    firmware.slot_size, num_cus, firmware.cu_shift, firmware.cu_base, features = words
    count = min(num_cus, MAX_CUS)
    units = await firmware.bus.read32s([slot.addr + 4 * (6 + i) for i in range(count)])
    firmware.units = [Unit(word) for word in units]
    firmware.features = Feature(features)
    firmware.configured = True
    firmware.host_interrupt = Feature.POLLING not in firmware.features
    await firmware.setup()
    await firmware.notify(index)


async def _cu_stat(firmware: Scheduler, index: int, slot: Slot) -> None:
    words = [CU_STAT_MAGIC, firmware.options.version, len(firmware.slots), len(firmware.units)]
    words += [unit.executions for unit in firmware.units]
    words += [int(unit.busy) for unit in firmware.units]
    words += [other.state for other in firmware.slots]
    words = words[: firmware.slot_size // 4 - 1]
    await firmware.bus.write32s([(slot.addr + 4 + 4 * i, word) for i, word in enumerate(words)])
    await firmware.complete(index)


async def _abort(firmware: Scheduler, index: int, slot: Slot) -> None:
    """Free the running slot named in header bits [22:15].

    As in the vendor's build the slot that holds the abort itself is notified but stays occupied, and the
    abort is done again in every pass: whatever runs in the named slot later is aborted too.
    """
    slots = firmware.slots
    target = Header.unpack(slot.header).count >> 3
    aborted = slots[target] if target < len(slots) else slot
    runs = aborted.state == SlotState.RUNNING and Header.unpack(aborted.header).opcode == Opcode.START_CU
    guard = firmware.guards_starts and (runs or index not in firmware.standing_aborts)
    firmware.standing_aborts.add(index)
    if guard:
        await firmware.master_enable(False)
    if runs:
        await firmware.complete(target)
        firmware.units[aborted.cu].busy = False
        await firmware.notify(index)
        firmware.another_pass()
    if guard:
        await firmware.master_enable(True)
