# SPDX-License-Identifier: Apache-2.0
"""MicroBlaze reset GPIO. Generated from hdl/regs/mb_reset_gpio.rdl by tools/regs.py; edit the source."""

from pydriver.regs.types import Field, Register

SIZE = 0x4

DATA = Register(
    "DATA",
    0x000,
    (
        Field("RUN", 0, 1, "rw", 0x0, "1 run, 0 hold in reset."),
    ),
    "Reset control, reads back.",
)

REGISTERS: tuple[Register, ...] = (
    DATA,
)
