# SPDX-License-Identifier: Apache-2.0
"""User function, BAR4. Generated from hdl/regs/user_mem_bar.rdl by tools/regs.py; edit the source."""

from pydriver.regs.types import Window

SIZE = 0xC000000

DDR0 = Window("DDR0", 0x0, 0x4000000, "DDR bank 0")

DDR1 = Window("DDR1", 0x4000000, 0x4000000, "DDR bank 1")

PLRAM = Window("PLRAM", 0x8000000, 0x4000000, "PLRAM")

WINDOWS: tuple[Window, ...] = (
    DDR0,
    DDR1,
    PLRAM,
)
