# SPDX-License-Identifier: Apache-2.0
"""What a hostile user function aims at, and what it must not be able to change."""

from __future__ import annotations

import random

from pydriver.regs import hwicap, irq_block, mailbox, mgmt_bar, user_bar
from tests.system.rig import CU, Rig

TABLE_AT, TABLE_BYTES = irq_block.MSIX_ADDR_LO[0].offset, 512
# Where the number of elements is in the argument registers of the kernels: a run must end some day.
COUNT_REGISTERS = (0x28, 0x34)
MOST_ELEMENTS = 0xFF
# Blocks of the management function that the user function has no business with (offset, bytes).
PRIVATE = (
    (mgmt_bar.AXI_GATE.base, 0x10),
    (mgmt_bar.CALIB_GPIO.base, 0x10),
    (mgmt_bar.FEATURE_ROM.base, 0x100),
    (mgmt_bar.MB_RESET_GPIO.base, 0x10),
    (mgmt_bar.CMC_IMAGE.base, 0x200),
    (mgmt_bar.CMC_IMAGE.base + 0x1FE00, 0x200),
    (mgmt_bar.SCHED_IMAGE.base, 0x200),
    (mgmt_bar.SCHED_IMAGE.base + 0x1FE00, 0x200),
    (mgmt_bar.HWICAP.base + hwicap.GIER.offset, 4),
    (mgmt_bar.HWICAP.base + hwicap.IER.offset, 4),
    (mgmt_bar.HWICAP.base + hwicap.SZ.offset, 0x14),
    (mgmt_bar.MAILBOX.base + mailbox.SIT.offset, 8),
    (mgmt_bar.MAILBOX.base + mailbox.IE.offset, 4),
)
PRIVATE_IRQ = (
    (irq_block.IRQ_ID.offset, 0x20),
    (irq_block.USR_VECTOR[0].offset, 0x40),
    (irq_block.CONFIG_ID.offset, 0x20),
    (TABLE_AT, TABLE_BYTES),
)


async def private_state(rig: Rig) -> list[bytes]:
    """What only the management function may change."""
    bars = rig.mgmt_function.bars
    state = [await bars[0].read(at, size) for at, size in PRIVATE]
    return state + [await bars[2].read(at, size) for at, size in PRIVATE_IRQ]


def place(rng: random.Random, bar: int, size: int) -> int:
    """An offset: half of them where something is."""
    if rng.random() < 0.5:
        return rng.randrange(size)
    if bar == 0:
        bases = [window.base for window in (*user_bar.WINDOWS, *mgmt_bar.WINDOWS)]
        return rng.choice([*bases, 0, 0x1840000, 0x1FFF000, CU[3]]) + rng.randrange(0x200)
    if bar == 2:
        return rng.choice(
            [*(at for at, _ in PRIVATE_IRQ), irq_block.MSIX_PBA.offset, 0x9000, 0xF000]
        ) + rng.randrange(0x200)
    return rng.choice([0, 0x100_0000, 0x400_0000, 0x500_0000, 0x800_0000, 0x802_0000, 0xC00_0000]) + (
        rng.randrange(0x200)
    )


def tame(offset: int, value: int) -> int:
    """A kernel that works on four thousand million elements is legal, and takes longer than a test may."""
    in_slot = offset - CU[0]
    in_unit = 0 <= in_slot < 0x40000 or offset in user_bar.KDMA
    if in_unit and offset % 0x10000 & 0x7C in COUNT_REGISTERS:
        return value & MOST_ELEMENTS
    return value
