# SPDX-License-Identifier: Apache-2.0
"""Clock reading, access times and access test of the v30 build (XRT ERT contract §1.1, §6)."""

from __future__ import annotations

from dataclasses import astuple, dataclass
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING

from firmware_model.ert.slots import AP_IDLE, CU_CTRL, Slot, SlotState

if TYPE_CHECKING:
    from firmware_model.ert.scheduler import Scheduler

CLOCK_NS = 4
"""Period of the card's clock, for a card without a cycle counter on the processor's bus."""
REPETITIONS = 1024
HOST_PATTERN, DEVICE_PATTERN = 0xF0F0F0F0, 0x0F0F0F0F
"""What the host fills a slot with before the access test, and what the firmware leaves there (`ert.h`)."""
_H2H, _WR_COUNT, _WR_TEST = 0x04, 0x18, 0x1C


@dataclass
class Timing:
    """Words of the reply to CLK_CALIB and MB_VALIDATE, the header first; cycles, kept between commands."""

    header: int = 0
    timestamp: int = 0
    cq_read: int = 0
    cq_write: int = 0
    cu_read: int = 0
    cu_write: int = 0


@dataclass
class Access:
    """Words of the reply to ACCESS_TEST; 1: that direction works."""

    header: int = 0
    h2h: int = 0
    h2d: int = 0
    d2h: int = 0
    d2d: int = 0
    d2cu: int = 0
    wr_count: int = 0
    wr_test: int = 0


async def clock_calibration(firmware: Scheduler, index: int, slot: Slot, timing: Timing) -> None:
    """CLK_CALIB: read the cycle counter."""
    timing.timestamp = await _clock(firmware)
    await _reply(firmware, index, slot, timing)


async def validate(firmware: Scheduler, index: int, slot: Slot, timing: Timing) -> None:
    """MB_VALIDATE: how many cycles one access takes. Leaves 0 in the first unit's control register.

    A command that ends on that unit meanwhile is reported: its AP_DONE is cleared by the reads.
    """
    unit = firmware.units[0].addr + CU_CTRL if firmware.units else slot.addr
    running = [(of_slot, cu) for of_slot, cu in firmware.polled() if cu == 0]
    timing.cq_read, _ = await _time_reads(firmware, slot.addr)
    timing.cq_write = await _time_writes(firmware, slot.addr)
    timing.cu_read, control = await _time_reads(firmware, unit)
    for of_slot, cu in running:
        await firmware.control_read(of_slot, cu, control)
    timing.cu_write = await _time_writes(firmware, unit)
    await _reply(firmware, index, slot, timing)


async def access_test(firmware: Scheduler, index: int, slot: Slot, access: Access) -> bool:
    """ACCESS_TEST: check the host's writes while it counts down, the slot's body, and that units are idle."""
    bus = firmware.bus
    good = True
    slot.state = SlotState.FREE
    while await bus.read32(slot.addr + _WR_COUNT):
        if await bus.read32(slot.addr + _WR_TEST) not in (0, 0xFFFFFFFF):
            access.wr_test = 0
    access.h2h = await bus.read32(slot.addr + _H2H)
    for offset in range(4 * len(astuple(access)), firmware.slot_size, 4):
        if await bus.read32(slot.addr + offset) != HOST_PATTERN:
            access.h2d, good = 0, False
            break
        await bus.write32(slot.addr + offset, DEVICE_PATTERN)
        if await bus.read32(slot.addr + offset) != DEVICE_PATTERN:
            access.d2d, good = 0, False
            break
    controls = await bus.read32s([unit.addr + CU_CTRL for unit in firmware.units if unit.has_registers])
    if any(control != AP_IDLE for control in controls):
        access.d2cu, good = 0, False
    await _reply(firmware, index, slot, access)
    return good


async def _clock(firmware: Scheduler) -> int:
    if firmware.map.clock is not None:
        return await firmware.bus.read32(firmware.map.clock)
    return firmware.core.now_ns() // CLOCK_NS & 0xFFFFFFFF


async def _time_reads(firmware: Scheduler, addr: int) -> tuple[int, int]:
    """Cycles of a read, and every bit that was seen set."""
    before = await _clock(firmware)
    values = await firmware.bus.read32s([addr] * REPETITIONS)
    cycles = (await _clock(firmware) - before) % (1 << 32) // REPETITIONS
    return cycles, reduce(or_, values)


async def _time_writes(firmware: Scheduler, addr: int) -> int:
    before = await _clock(firmware)
    await firmware.bus.write32s([(addr, 0)] * REPETITIONS)
    return (await _clock(firmware) - before) % (1 << 32) // REPETITIONS


async def _reply(firmware: Scheduler, index: int, slot: Slot, reply: Timing | Access) -> None:
    words = astuple(reply)
    await firmware.bus.write32s([(slot.addr + 4 * i, word) for i, word in enumerate(words)])
    await firmware.complete(index)
