# SPDX-License-Identifier: Apache-2.0
"""Management function, BAR0. Generated from hdl/regs/mgmt_bar.rdl by tools/regs.py; edit the source."""

from pydriver.regs.types import Window

SIZE = 0x211000

HWICAP = Window("HWICAP", 0x20000, 0x1000, "[HWICAP](hwicap.md)")

AXI_GATE = Window("AXI_GATE", 0x30000, 0x1000, "[AXI gate](axi_gate.md) of the dynamic region")

CALIB_GPIO = Window("CALIB_GPIO", 0x32000, 0x1000, "[Memory calibration](calib_gpio.md)")

FEATURE_ROM = Window("FEATURE_ROM", 0xB0000, 0x1000, "[Feature ROM](feature_rom.md)")

MB_RESET_GPIO = Window("MB_RESET_GPIO", 0x131000, 0x1000, "[MicroBlaze reset](mb_reset_gpio.md)")

CMC_IMAGE = Window("CMC_IMAGE", 0x140000, 0x20000, "CMC image memory")

SCHED_IMAGE = Window("SCHED_IMAGE", 0x160000, 0x20000, "Scheduler image memory")

ERT_CSR = Window("ERT_CSR", 0x180000, 0x1000, "[ERT control and status](ert_csr.md)")

ERT_CQ = Window("ERT_CQ", 0x190000, 0x10000, "ERT command queue memory")

MAILBOX = Window("MAILBOX", 0x210000, 0x1000, "[Mailbox](mailbox.md), management side")

WINDOWS: tuple[Window, ...] = (
    HWICAP,
    AXI_GATE,
    CALIB_GPIO,
    FEATURE_ROM,
    MB_RESET_GPIO,
    CMC_IMAGE,
    SCHED_IMAGE,
    ERT_CSR,
    ERT_CQ,
    MAILBOX,
)
