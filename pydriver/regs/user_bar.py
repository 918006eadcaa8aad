# SPDX-License-Identifier: Apache-2.0
"""User function, BAR0. Generated from hdl/regs/user_bar.rdl by tools/regs.py; edit the source."""

from pydriver.regs.types import Window

SIZE = 0x1840000

FEATURE_ROM = Window("FEATURE_ROM", 0xB0000, 0x1000, "[Feature ROM](feature_rom.md)")

ERT_CSR = Window("ERT_CSR", 0x180000, 0x1000, "[ERT control and status](ert_csr.md)")

ERT_CQ = Window("ERT_CQ", 0x190000, 0x10000, "ERT command queue memory")

MAILBOX = Window("MAILBOX", 0x200000, 0x1000, "[Mailbox](mailbox.md), user side")

CU = Window("CU*", 0x1800000, 0x10000, "Compute unit slots of the dynamic region").array(4, 0x10000)

WINDOWS: tuple[Window, ...] = (
    FEATURE_ROM,
    ERT_CSR,
    ERT_CQ,
    MAILBOX,
    *CU,
)
