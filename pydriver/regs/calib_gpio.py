# SPDX-License-Identifier: Apache-2.0
"""Memory calibration GPIO. Generated from hdl/regs/calib_gpio.rdl by tools/regs.py; edit the source."""

from pydriver.regs.types import Field, Register

SIZE = 0x4

DATA = Register(
    "DATA",
    0x000,
    (
        Field("DONE", 0, 1, "ro", None, "All memory controllers are calibrated.", volatile=True),
    ),
    "Calibration state.",
)

REGISTERS: tuple[Register, ...] = (
    DATA,
)
