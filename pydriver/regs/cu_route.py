# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: E501
"""Compute unit route. Generated from hdl/regs/cu_route.rdl by tools/regs.py; edit the source."""

from pydriver.regs.types import Field, Register

SIZE = 0x800

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

AUTO_RESTART_COUNTER = Register(
    "AUTO_RESTART_COUNTER",
    0x010,
    (
        Field("COUNT", 0, 32, "rw", 0x0, "Executions still to start.", volatile=True),
    ),
    "Executions still to start. Written before a start: how many it runs (0 means one, FFFFFFFF for ever). Each start takes one off. Writing 0 lets the execution under way be the last.",
    side_effect=True,
)

INPUT_CTRL = Register(
    "INPUT_CTRL",
    0x014,
    (
        Field("RELEASE", 0, 1, "rw", 0x0, "Write 1: all inputs as they are now wait for the next (re)start. Write 0: withdraw what still waits.", volatile=True),
        Field("PENDING", 1, 1, "ro", 0x0, "A released set waits; the next (re)start takes all of it at once.", volatile=True),
    ),
    "Every write counts, also one that changes no bit.",
    side_effect=True,
)

OUTPUT_CTRL = Register(
    "OUTPUT_CTRL",
    0x018,
    (
        Field("REQUEST", 0, 1, "rw", 0x0, "Write 1: ask for the outputs of the next done. Write 0: withdraw the request.", volatile=True),
        Field("PENDING", 1, 1, "ro", 0x0, "The request waits; the next done copies all outputs at once.", volatile=True),
    ),
    "Every write counts, also one that changes no bit.",
    side_effect=True,
)

IN_LO = Register(
    "IN_LO",
    0x01C,
    (
        Field("VALUE", 0, 32, "rw", 0x0, "One word of an argument, latched by the kernel at start."),
    ),
    "",
)

IN_HI = Register(
    "IN_HI",
    0x020,
    (
        Field("VALUE", 0, 32, "rw", 0x0, "One word of an argument, latched by the kernel at start."),
    ),
    "",
)

IN_RESERVED = Register(
    "IN_RESERVED",
    0x024,
    (
        Field("VALUE", 0, 32, "rw", 0x0, "One word of an argument, latched by the kernel at start."),
    ),
    "Keeps what is written and does nothing.",
)

OUT_LO = Register(
    "OUT_LO",
    0x028,
    (
        Field("VALUE", 0, 32, "rw", 0x0, "One word of an argument, latched by the kernel at start."),
    ),
    "",
)

OUT_HI = Register(
    "OUT_HI",
    0x02C,
    (
        Field("VALUE", 0, 32, "rw", 0x0, "One word of an argument, latched by the kernel at start."),
    ),
    "",
)

OUT_RESERVED = Register(
    "OUT_RESERVED",
    0x030,
    (
        Field("VALUE", 0, 32, "rw", 0x0, "One word of an argument, latched by the kernel at start."),
    ),
    "Keeps what is written and does nothing.",
)

ENTRIES = Register(
    "ENTRIES",
    0x034,
    (
        Field("VALUE", 0, 32, "rw", 0x0, "One word of an argument, latched by the kernel at start."),
    ),
    "Places in each ring, a power of two.",
)

TAG = Register(
    "TAG",
    0x038,
    (
        Field("VALUE", 0, 32, "rw", 0x0, "One word of an argument, latched by the kernel at start."),
    ),
    "Name of the table, chosen by the host; LAST_TAG returns it.",
)

PACKETS = Register(
    "PACKETS",
    0x03C,
    (
        Field("VALUE", 0, 32, "ro", 0x0, "One word of a result; changes only together with all others, when the kernel is done.", volatile=True),
    ),
    "Packets done since the reset; modulo ENTRIES the place of the next one.",
)

DROPPED = Register(
    "DROPPED",
    0x040,
    (
        Field("VALUE", 0, 32, "ro", 0x0, "One word of a result; changes only together with all others, when the kernel is done.", volatile=True),
    ),
    "Packets with a drop entry among them.",
)

LAST_TAG = Register(
    "LAST_TAG",
    0x044,
    (
        Field("VALUE", 0, 32, "ro", 0x0, "One word of a result; changes only together with all others, when the kernel is done.", volatile=True),
    ),
    "TAG of the set that the last packet was routed with.",
)

TABLE = Register(
    "TABLE*",
    0x400,
    (
        Field("VALUE", 0, 32, "rw", 0x0, "One word of an argument, latched by the kernel at start."),
    ),
    "Entry of each key: bit 31 drops, the rest is the host's.",
).array(256, 0x4)

REGISTERS: tuple[Register, ...] = (
    CTRL,
    GIE,
    IER,
    ISR,
    AUTO_RESTART_COUNTER,
    INPUT_CTRL,
    OUTPUT_CTRL,
    IN_LO,
    IN_HI,
    IN_RESERVED,
    OUT_LO,
    OUT_HI,
    OUT_RESERVED,
    ENTRIES,
    TAG,
    PACKETS,
    DROPPED,
    LAST_TAG,
    *TABLE,
)
