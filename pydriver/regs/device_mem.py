# SPDX-License-Identifier: Apache-2.0
"""Device memory. Generated from hdl/regs/device_mem.rdl by tools/regs.py; edit the source."""

from pydriver.regs.types import Window

SIZE = 0x5001000000

PLRAM = Window("PLRAM", 0x3000000000, 0x20000, "PLRAM, 128 KiB")

DDR0 = Window("DDR0", 0x4000000000, 0x1000000, "DDR bank 0, 16 MiB")

DDR1 = Window("DDR1", 0x5000000000, 0x1000000, "DDR bank 1, 16 MiB")

WINDOWS: tuple[Window, ...] = (
    PLRAM,
    DDR0,
    DDR1,
)
