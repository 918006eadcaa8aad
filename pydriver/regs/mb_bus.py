# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: E501
"""MicroBlaze bus. Generated from hdl/regs/mb_bus.rdl by tools/regs.py; edit the source."""

from pydriver.regs.types import Window

SIZE = 0x41201000

SCHED_IMAGE = Window("SCHED_IMAGE", 0x0, 0x20000, "Scheduler image memory")

ERT_CSR = Window("ERT_CSR", 0x180000, 0x1000, "[ERT control and status](ert_csr.md)")

ERT_CQ = Window("ERT_CQ", 0x190000, 0x10000, "ERT command queue memory")

CU_INTC = Window("CU_INTC*", 0x1A0000, 0x1000, "[CU interrupt controller](cu_intc.md) n: units 32*n to 32*n+31").array(4, 0x1000)

ERT_CFG_GPIO = Window("ERT_CFG_GPIO", 0x1A8000, 0x1000, "[ERT configuration](cfg_gpio.md)")

KDMA = Window("KDMA", 0x1B0000, 0x10000, "KDMA: the shell's memory copy unit")

CU = Window("CU*", 0x1800000, 0x10000, "Compute unit slots of the dynamic region").array(128, 0x10000)

INTC = Window("INTC", 0x41200000, 0x1000, "Interrupt controller")

WINDOWS: tuple[Window, ...] = (
    SCHED_IMAGE,
    ERT_CSR,
    ERT_CQ,
    *CU_INTC,
    ERT_CFG_GPIO,
    KDMA,
    *CU,
    INTC,
)
