# SPDX-License-Identifier: Apache-2.0
"""Starting a command: its registers go to the unit, by the scheduler or by the copy engine (CUDMA)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from firmware_model.ert.slots import AP_START, Slot
from pydriver.ert import Opcode
from pydriver.regs import ert_csr

if TYPE_CHECKING:
    from firmware_model.ert.scheduler import Scheduler

FIRST_ARGUMENT = 4
"""Index of the first register map word copied to a unit; control, GIE, IER and ISR come before."""


async def start_guarded(firmware: Scheduler, index: int, slot: Slot) -> None:
    """Start on the normal path, where the interrupt handler must not come in between."""
    guard = firmware.guards_starts
    if guard:
        await firmware.master_enable(False)
    await start(firmware, index, slot, may_use_dma=True)
    if guard:
        await firmware.master_enable(True)


async def start(firmware: Scheduler, index: int, slot: Slot, may_use_dma: bool = False) -> None:
    """Start the command of a slot on its unit, which must be free.

    START_CU, START_KEY_VAL, START_FA, INIT_CU and the rest are all taken as plain register maps; only
    EXEC_WRITE is {offset, value} pairs.
    """
    unit = firmware.units[slot.cu]
    if slot.opcode == Opcode.EXEC_WRITE:
        # An odd count takes the word behind the register map for the last value, as the vendor's does.
        words = await _regmap(firmware, slot, 0, slot.regmap_size + slot.regmap_size % 2)
        pairs = zip(words[0::2], words[1::2], strict=True)
        await firmware.bus.write32s(
            [*((unit.addr + at, value) for at, value in pairs), (unit.addr, AP_START)]
        )
    elif may_use_dma and (writes := dma_writes(firmware, index, slot)):
        await firmware.bus.write32s(writes)
    else:
        words = await _regmap(firmware, slot, FIRST_ARGUMENT, slot.regmap_size)
        arguments = [(unit.addr + 4 * (FIRST_ARGUMENT + i), word) for i, word in enumerate(words)]
        await firmware.bus.write32s([*arguments, (unit.addr, AP_START)])
    unit.busy = True
    unit.slot = index
    unit.executions += 1
    if firmware.standing_aborts:
        firmware.another_pass()


def dma_writes(firmware: Scheduler, index: int, slot: Slot) -> list[tuple[int, int]]:
    """What makes the copy engine start the slot; empty when it is not to be used."""
    form = firmware.dma_form(slot)
    if form is None:
        return []
    if form == "address":
        writes = [(slot.addr + 4, firmware.units[slot.cu].addr >> 2)]
    else:
        masks = (len(firmware.units) - 1) // 32 + 1
        writes = [(slot.addr + 4 + 4 * i, (1 << slot.cu) >> 32 * i & 0xFFFFFFFF) for i in range(masks)]
    word, bit = divmod(index, 32)
    return [*writes, (firmware.map.csr + ert_csr.CU_DMA0.offset + 4 * word, 1 << bit)]


async def _regmap(firmware: Scheduler, slot: Slot, first: int, end: int) -> list[int]:
    return await firmware.bus.read32s([slot.regmap_addr + 4 * i for i in range(first, end)])
