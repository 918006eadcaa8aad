# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: E501
"""Compute unit memcopy. Generated from hdl/regs/cu_memcopy.rdl by tools/regs.py; edit the source."""

from pydriver.regs.types import Field, Register

SIZE = 0x34

CTRL = Register(
    "CTRL",
    0x000,
    (
        Field("AP_START", 0, 1, "rw/w1s", 0x0, "Write 1 to start; stays 1 until the kernel is ready. Writing 1 to a 1 changes nothing.", volatile=True),
        Field("AP_DONE", 1, 1, "ro/rclr", 0x0, "The kernel is done. AP_CTRL_HS: cleared by reading; AP_CTRL_CHAIN: cleared by AP_CONTINUE.", volatile=True),
        Field("AP_IDLE", 2, 1, "ro", 0x1, "The kernel is idle.", volatile=True),
        Field("AP_READY", 3, 1, "ro/rclr", 0x0, "The kernel has taken its inputs; cleared by reading.", volatile=True),
        Field("AP_CONTINUE", 4, 1, "wo/pulse", 0x0, "Write 1 to release a held AP_DONE (AP_CTRL_CHAIN).", volatile=True),
        Field("AUTO_RESTART", 7, 1, "rw", 0x0, "The kernel starts again whenever it is ready, until this is 0. Every write of this byte sets it.", volatile=True),
        Field("SW_RESET", 8, 1, "rw/w1s", 0x0, "Write 1 to abandon the run; 0 again when the kernel is quiet. Only units with software reset.", volatile=True),
        Field("INTERRUPT", 9, 1, "ro", 0x0, "Level of the interrupt output.", volatile=True),
    ),
    "Handshake with the kernel. All ones means that the compute unit is dead.",
    side_effect=True,
)

GIE = Register(
    "GIE",
    0x004,
    (
        Field("ENABLE", 0, 1, "rw", 0x0, "Lets ISR raise the interrupt."),
    ),
    "",
)

IER = Register(
    "IER",
    0x008,
    (
        Field("DONE", 0, 1, "rw", 0x0, "Done sets ISR."),
        Field("READY", 1, 1, "rw", 0x0, "Ready sets ISR."),
    ),
    "",
)

ISR = Register(
    "ISR",
    0x00C,
    (
        Field("DONE", 0, 1, "rw/w1t", 0x0, "The kernel was done.", volatile=True),
        Field("READY", 1, 1, "rw/w1t", 0x0, "The kernel was ready.", volatile=True),
    ),
    "Toggle on write: write back what was read. Writing 1 to a 0 creates an interrupt.",
    side_effect=True,
)

SRC_LO = Register(
    "SRC_LO",
    0x010,
    (
        Field("VALUE", 0, 32, "rw", 0x0, "One word of an argument, latched by the kernel at start."),
    ),
    "",
)

SRC_HI = Register(
    "SRC_HI",
    0x014,
    (
        Field("VALUE", 0, 32, "rw", 0x0, "One word of an argument, latched by the kernel at start."),
    ),
    "",
)

SRC_RESERVED = Register(
    "SRC_RESERVED",
    0x018,
    (
        Field("VALUE", 0, 32, "rw", 0x0, "One word of an argument, latched by the kernel at start."),
    ),
    "Keeps what is written and does nothing.",
)

DST_LO = Register(
    "DST_LO",
    0x01C,
    (
        Field("VALUE", 0, 32, "rw", 0x0, "One word of an argument, latched by the kernel at start."),
    ),
    "",
)

DST_HI = Register(
    "DST_HI",
    0x020,
    (
        Field("VALUE", 0, 32, "rw", 0x0, "One word of an argument, latched by the kernel at start."),
    ),
    "",
)

DST_RESERVED = Register(
    "DST_RESERVED",
    0x024,
    (
        Field("VALUE", 0, 32, "rw", 0x0, "One word of an argument, latched by the kernel at start."),
    ),
    "Keeps what is written and does nothing.",
)

SIZE_LO = Register(
    "SIZE_LO",
    0x028,
    (
        Field("VALUE", 0, 32, "rw", 0x0, "One word of an argument, latched by the kernel at start."),
    ),
    "Blocks of 64 bytes; the upper word is without effect.",
)

SIZE_HI = Register(
    "SIZE_HI",
    0x02C,
    (
        Field("VALUE", 0, 32, "rw", 0x0, "One word of an argument, latched by the kernel at start."),
    ),
    "Blocks of 64 bytes; the upper word is without effect.",
)

SIZE_RESERVED = Register(
    "SIZE_RESERVED",
    0x030,
    (
        Field("VALUE", 0, 32, "rw", 0x0, "One word of an argument, latched by the kernel at start."),
    ),
    "Keeps what is written and does nothing.",
)

REGISTERS: tuple[Register, ...] = (
    CTRL,
    GIE,
    IER,
    ISR,
    SRC_LO,
    SRC_HI,
    SRC_RESERVED,
    DST_LO,
    DST_HI,
    DST_RESERVED,
    SIZE_LO,
    SIZE_HI,
    SIZE_RESERVED,
)
