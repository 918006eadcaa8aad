# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: E501
"""Compute unit behind a fast adapter. Generated from hdl/regs/cu_fa.rdl by tools/regs.py; edit the source."""

from pydriver.regs.types import Field, Register

SIZE = 0x20

DESCRIPTOR_HI = Register(
    "DESCRIPTOR_HI",
    0x000,
    (
        Field("ADDRESS", 0, 32, "rw", 0x0, "Bits 63:32 of the next descriptor's address."),
    ),
    "",
)

DESCRIPTOR_LO = Register(
    "DESCRIPTOR_LO",
    0x004,
    (
        Field("ADDRESS", 0, 32, "rw", 0x0, "Bits 31:0 of the descriptor's address."),
    ),
    "A write pushes the descriptor.",
    side_effect=True,
)

ISR = Register(
    "ISR",
    0x008,
    (
        Field("DONE", 0, 1, "ro/rclr", 0x0, "A task was completed.", volatile=True),
    ),
    "",
    side_effect=True,
)

IER = Register(
    "IER",
    0x00C,
    (
        Field("DONE", 0, 1, "rw", 0x0, "Lets ISR raise the interrupt."),
    ),
    "",
)

SR = Register(
    "SR",
    0x010,
    (
        Field("OVERRUN", 0, 1, "rw", 0x0, "A descriptor was pushed into a full queue and dropped.", volatile=True),
        Field("DECODE_ERROR", 1, 1, "rw", 0x0, "A descriptor made no sense or could not be read.", volatile=True),
        Field("COUNT_ERROR", 2, 1, "rw", 0x0, "A descriptor's counts of arguments and bytes disagree.", volatile=True),
    ),
    "Errors stay until they are overwritten with 0.",
)

TCR = Register(
    "TCR",
    0x014,
    (
        Field("COUNT", 0, 32, "ro", 0x0, "Tasks completed since reset, modulo 2^32.", volatile=True),
    ),
    "",
)

CDAR = Register(
    "CDAR",
    0x018,
    (
        Field("ADDRESS", 0, 32, "ro", 0x0, "Bits 31:0 of the address of the descriptor last taken from the queue.", volatile=True),
    ),
    "",
)

FDR = Register(
    "FDR",
    0x01C,
    (
        Field("DEPTH", 0, 32, "ro", 0x10, "Descriptors that fit into the queue."),
    ),
    "",
)

REGISTERS: tuple[Register, ...] = (
    DESCRIPTOR_HI,
    DESCRIPTOR_LO,
    ISR,
    IER,
    SR,
    TCR,
    CDAR,
    FDR,
)
