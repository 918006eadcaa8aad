# SPDX-License-Identifier: Apache-2.0
"""Interrupts of compute units through the four unit interrupt controllers (XRT ERT contract §6)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from firmware_model.ert.slots import AP_CONTINUE, AP_DONE, AP_IDLE, CU_CTRL, CU_GIE, CU_IER, CU_ISR
from pydriver.regs import cu_intc

if TYPE_CHECKING:
    from firmware_model.ert.scheduler import Scheduler

BANK0_BIT = 5
"""Input of the scheduler's interrupt controller at which bank 0 is; the others follow."""
BANKS = 0xF << BANK0_BIT
MASTER = cu_intc.MER.ME.mask | cu_intc.MER.HIE.mask
_ALL = 0xFFFFFFFF


async def enable(firmware: Scheduler) -> None:
    """Let all units and all banks interrupt."""
    units = [unit.addr for unit in firmware.units if unit.has_registers]
    banks = firmware.map.cu_intc
    await firmware.bus.write32s([(unit + offset, 1) for unit in units for offset in (CU_GIE, CU_IER)])
    await firmware.bus.write32s([(bank + cu_intc.IER.offset, _ALL) for bank in banks])
    await firmware.bus.write32s([(bank + cu_intc.MER.offset, MASTER) for bank in banks])


async def disable(firmware: Scheduler) -> None:
    """Master disable of all banks."""
    await firmware.bus.write32s([(bank + cu_intc.MER.offset, 0) for bank in firmware.map.cu_intc])


async def serve(firmware: Scheduler, pending: int) -> None:
    """Complete what the banks that interrupt (bits of the main controller) say, and acknowledge there."""
    lines = {cu: cu for cu in range(len(firmware.units))}
    if firmware.options.one_unit_on_bit_1 and len(firmware.units) == 1:
        lines = {1: 0}
    for bank, base in enumerate(firmware.map.cu_intc):
        if not pending >> (BANK0_BIT + bank) & 1:
            continue
        requests = await firmware.bus.read32(base + cu_intc.IPR.offset)
        for bit in range(32):
            if requests >> bit & 1 and (cu := lines.get(32 * bank + bit)) is not None:
                await _unit_done(firmware, cu)
        await firmware.bus.write32(base + cu_intc.IAR.offset, requests)


async def _unit_done(firmware: Scheduler, cu: int) -> None:
    unit = firmware.units[cu]
    control = await firmware.bus.read32(unit.addr + CU_CTRL)
    if control & (AP_DONE | AP_IDLE):
        await firmware.unit_interrupted(cu, resume=False)
    if control & AP_DONE:
        await firmware.bus.write32s([(unit.addr + CU_CTRL, AP_CONTINUE), (unit.addr + CU_ISR, 1)])
    else:
        # Left over from before the interrupts were on, or the host was faster: take back what is there.
        await firmware.bus.write32(unit.addr + CU_ISR, await firmware.bus.read32(unit.addr + CU_ISR))
