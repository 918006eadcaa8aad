# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: E501
"""ERT configuration. Generated from hdl/regs/cfg_gpio.rdl by tools/regs.py; edit the source."""

from pydriver.regs.types import Field, Register

SIZE = 0xC

CONTROL = Register(
    "CONTROL",
    0x000,
    (
        Field("CU_TO_HOST", 0, 1, "rw", 0x0, "1: host interrupts 0 to 3 come from the CU interrupt controllers; 0: from STATUS0 to STATUS3."),
        Field("WAKE", 1, 1, "rw", 0x0, "1: the scheduler processor is to be awake."),
    ),
    "Control.",
    whole_word=True,
)

STATUS = Register(
    "STATUS",
    0x008,
    (
        Field("ASLEEP", 0, 32, "ro", 0x0, "Non-zero: the scheduler processor sleeps.", volatile=True),
    ),
    "Status.",
    whole_word=True,
)

REGISTERS: tuple[Register, ...] = (
    CONTROL,
    STATUS,
)
