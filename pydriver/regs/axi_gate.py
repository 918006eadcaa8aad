# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: E501
"""AXI gate. Generated from hdl/regs/axi_gate.rdl by tools/regs.py; edit the source."""

from pydriver.regs.types import Field, Register

SIZE = 0xC

WR = Register(
    "WR",
    0x000,
    (
        Field("STATE", 0, 2, "rw", 0x0, "Wanted state.", values=(("ISOLATED", 0x0), ("RELEASING", 0x2), ("OPEN", 0x3),)),
    ),
    "Gate control.",
)

RD = Register(
    "RD",
    0x008,
    (
        Field("STATE", 0, 2, "ro", 0x0, "Present state; not zero when open or opening.", volatile=True, values=(("ISOLATED", 0x0), ("RELEASING", 0x2), ("OPEN", 0x3),)),
    ),
    "Gate state.",
)

REGISTERS: tuple[Register, ...] = (
    WR,
    RD,
)
