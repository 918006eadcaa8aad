# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: E501
"""Compute unit probe_none. Generated from hdl/regs/cu_probe_none.rdl by tools/regs.py; edit the source."""

from pydriver.regs.types import Field, Register

SIZE = 0x1BC

CONTROL = Register(
    "CONTROL",
    0x010,
    (
        Field("VALUE", 0, 32, "rw", 0x0, "One word of an argument, latched by the kernel at start."),
    ),
    "Bit 0: take the start and hang. Bit 1: be ready but never done. Both until a software reset.",
)

DELAY = Register(
    "DELAY",
    0x014,
    (
        Field("VALUE", 0, 32, "rw", 0x0, "One word of an argument, latched by the kernel at start."),
    ),
    "Clock cycles that the execution takes longer.",
)

TOKEN = Register(
    "TOKEN",
    0x018,
    (
        Field("VALUE", 0, 32, "rw", 0x0, "One word of an argument, latched by the kernel at start."),
    ),
    "Goes into DIGEST and LAST.",
)

PAYLOAD = Register(
    "PAYLOAD*",
    0x01C,
    (
        Field("VALUE", 0, 32, "rw", 0x0, "One word of an argument, latched by the kernel at start."),
    ),
    "Goes into DIGEST.",
).array(101, 0x4)

RUNS = Register(
    "RUNS",
    0x1B0,
    (
        Field("VALUE", 0, 32, "ro", 0x0, "One word of a result; changes only together with all others, when the kernel is done.", volatile=True),
    ),
    "Executions since the reset.",
)

DIGEST = Register(
    "DIGEST",
    0x1B4,
    (
        Field("VALUE", 0, 32, "ro", 0x0, "One word of a result; changes only together with all others, when the kernel is done.", volatile=True),
    ),
    "Of every execution: rotated left by one, then exclusive or with TOKEN and all words of PAYLOAD.",
)

LAST = Register(
    "LAST",
    0x1B8,
    (
        Field("VALUE", 0, 32, "ro", 0x0, "One word of a result; changes only together with all others, when the kernel is done.", volatile=True),
    ),
    "TOKEN of the last execution.",
)

REGISTERS: tuple[Register, ...] = (
    CONTROL,
    DELAY,
    TOKEN,
    *PAYLOAD,
    RUNS,
    DIGEST,
    LAST,
)
