# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: E501
"""User function, BAR0. Generated from hdl/regs/user_bar.rdl by tools/regs.py; edit the source."""

from pydriver.regs.types import Window

SIZE = 0x2000000

FEATURE_ROM = Window("FEATURE_ROM", 0xB0000, 0x1000, "[Feature ROM](feature_rom.md)")

ERT_CSR = Window("ERT_CSR", 0x180000, 0x1000, "[ERT control and status](ert_csr.md)")

ERT_CQ = Window("ERT_CQ", 0x190000, 0x10000, "ERT command queue memory")

CU_INTC = Window("CU_INTC*", 0x1A0000, 0x1000, "[CU interrupt controller](cu_intc.md) n: units 32*n to 32*n+31").array(4, 0x1000)

ERT_CFG_GPIO = Window("ERT_CFG_GPIO", 0x1A8000, 0x1000, "[ERT configuration](cfg_gpio.md)")

KDMA = Window("KDMA", 0x1B0000, 0x10000, "KDMA: the shell's memory copy unit")

MAILBOX = Window("MAILBOX", 0x200000, 0x1000, "[Mailbox](mailbox.md), user side")

CU = Window("CU*", 0x1800000, 0x10000, "Compute unit slots of the dynamic region").array(128, 0x10000)

WINDOWS: tuple[Window, ...] = (
    FEATURE_ROM,
    ERT_CSR,
    ERT_CQ,
    *CU_INTC,
    ERT_CFG_GPIO,
    KDMA,
    MAILBOX,
    *CU,
)
