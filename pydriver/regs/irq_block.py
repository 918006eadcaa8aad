# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: E501
"""Interrupt BAR. Generated from hdl/regs/irq_block.rdl by tools/regs.py; edit the source."""

from pydriver.regs.types import Field, Register

SIZE = 0x8FE4

IRQ_ID = Register(
    "IRQ_ID",
    0x2000,
    (
        Field("VERSION", 0, 8, "ro", 0x6, "Version of the XDMA core."),
        Field("ID", 16, 16, "ro", 0x1FC2, "0x1FC2: IRQ block."),
    ),
    "",
)

USR_ENABLE = Register(
    "USR_ENABLE",
    0x2004,
    (
        Field("ENABLE", 0, 16, "rw", 0x0, "Bit i: user interrupt i sends its vector when its request rises, or when this bit does while it is high."),
    ),
    "",
    side_effect=True,
)

USR_ENABLE_W1S = Register(
    "USR_ENABLE_W1S",
    0x2008,
    (
        Field("SET", 0, 16, "wo/pulse", 0x0, "Write one to set the bit of USR_ENABLE."),
    ),
    "",
    side_effect=True,
)

USR_ENABLE_W1C = Register(
    "USR_ENABLE_W1C",
    0x200C,
    (
        Field("CLEAR", 0, 16, "wo/pulse", 0x0, "Write one to clear the bit of USR_ENABLE."),
    ),
    "",
    side_effect=True,
)

CHNL_ENABLE = Register(
    "CHNL_ENABLE",
    0x2010,
    (
        Field("ENABLE", 0, 8, "rw", 0x0, "Bit i: channel interrupt i, as USR_ENABLE."),
    ),
    "",
    side_effect=True,
)

CHNL_ENABLE_W1S = Register(
    "CHNL_ENABLE_W1S",
    0x2014,
    (
        Field("SET", 0, 8, "wo/pulse", 0x0, "Write one to set the bit of CHNL_ENABLE."),
    ),
    "",
    side_effect=True,
)

CHNL_ENABLE_W1C = Register(
    "CHNL_ENABLE_W1C",
    0x2018,
    (
        Field("CLEAR", 0, 8, "wo/pulse", 0x0, "Write one to clear the bit of CHNL_ENABLE."),
    ),
    "",
    side_effect=True,
)

USR_REQUEST = Register(
    "USR_REQUEST",
    0x2040,
    (
        Field("REQUEST", 0, 16, "ro", 0x0, "Bit i: user interrupt i requests and is enabled.", volatile=True),
    ),
    "",
)

CHNL_REQUEST = Register(
    "CHNL_REQUEST",
    0x2044,
    (
        Field("REQUEST", 0, 8, "ro", 0x0, "Bit i: channel interrupt i requests and is enabled.", volatile=True),
    ),
    "",
)

USR_PENDING = Register(
    "USR_PENDING",
    0x2048,
    (
        Field("PENDING", 0, 16, "ro", 0x0, "Bit i: user interrupt i requests, enabled or not. Cleared at its source.", volatile=True),
    ),
    "",
)

CHNL_PENDING = Register(
    "CHNL_PENDING",
    0x204C,
    (
        Field("PENDING", 0, 8, "ro", 0x0, "Bit i: channel interrupt i requests, enabled or not. Cleared at its source.", volatile=True),
    ),
    "",
)

USR_VECTOR = Register(
    "USR_VECTOR*",
    0x2080,
    (
        Field("VECTOR0", 0, 5, "rw", 0x0, "Vector of user interrupt 4 n."),
        Field("VECTOR1", 8, 5, "rw", 0x0, "Vector of user interrupt 4 n + 1."),
        Field("VECTOR2", 16, 5, "rw", 0x0, "Vector of user interrupt 4 n + 2."),
        Field("VECTOR3", 24, 5, "rw", 0x0, "Vector of user interrupt 4 n + 3."),
    ),
    "MSI-X vectors of user interrupts 4 n to 4 n + 3.",
).array(4, 0x4)

CHNL_VECTOR = Register(
    "CHNL_VECTOR*",
    0x20A0,
    (
        Field("VECTOR0", 0, 5, "rw", 0x0, "Vector of channel interrupt 4 n."),
        Field("VECTOR1", 8, 5, "rw", 0x0, "Vector of channel interrupt 4 n + 1."),
        Field("VECTOR2", 16, 5, "rw", 0x0, "Vector of channel interrupt 4 n + 2."),
        Field("VECTOR3", 24, 5, "rw", 0x0, "Vector of channel interrupt 4 n + 3."),
    ),
    "MSI-X vectors of channel interrupts 4 n to 4 n + 3.",
).array(2, 0x4)

CONFIG_ID = Register(
    "CONFIG_ID",
    0x3000,
    (
        Field("VERSION", 0, 8, "ro", 0x6, "Version of the XDMA core."),
        Field("ID", 16, 16, "ro", 0x1FC3, "0x1FC3: config block."),
    ),
    "",
)

CONFIG_MAX_PAYLOAD = Register(
    "CONFIG_MAX_PAYLOAD",
    0x3008,
    (
        Field("VALUE", 0, 3, "ro", 0x0, "Payload limit of the link: 128 << value bytes.", volatile=True),
    ),
    "",
)

CONFIG_MAX_READ = Register(
    "CONFIG_MAX_READ",
    0x300C,
    (
        Field("VALUE", 0, 3, "ro", 0x0, "Read request limit: 128 << value bytes.", volatile=True),
    ),
    "",
)

CONFIG_SYSTEM_ID = Register(
    "CONFIG_SYSTEM_ID",
    0x3010,
    (
        Field("VALUE", 0, 16, "ro", 0xFF01, "As the XDMA core's default."),
    ),
    "",
)

CONFIG_MSI = Register(
    "CONFIG_MSI",
    0x3014,
    (
        Field("MSIX", 1, 1, "ro", 0x0, "MSI-X is enabled in this function.", volatile=True),
    ),
    "",
)

CONFIG_WIDTH = Register(
    "CONFIG_WIDTH",
    0x3018,
    (
        Field("VALUE", 0, 3, "ro", 0x2, "2: 256 bit."),
    ),
    "",
)

MSIX_ADDR_LO = Register(
    "MSIX*_ADDR_LO",
    0x8000,
    (
        Field("VALUE", 0, 32, "rw", None, "Bits 31:0. Memory: keeps its contents over a reset."),
    ),
    "",
    side_effect=True,
).array(32, 0x10)

MSIX_ADDR_HI = Register(
    "MSIX*_ADDR_HI",
    0x8004,
    (
        Field("VALUE", 0, 32, "rw", None, "Bits 63:32."),
    ),
    "",
    side_effect=True,
).array(32, 0x10)

MSIX_DATA = Register(
    "MSIX*_DATA",
    0x8008,
    (
        Field("VALUE", 0, 32, "rw", None, "What the message writes."),
    ),
    "",
    side_effect=True,
).array(32, 0x10)

MSIX_CONTROL = Register(
    "MSIX*_CONTROL",
    0x800C,
    (
        Field("MASK", 0, 1, "rw", 0x1, "1: the vector is masked; it becomes pending instead of being sent."),
    ),
    "",
    side_effect=True,
).array(32, 0x10)

MSIX_PBA = Register(
    "MSIX_PBA",
    0x8FE0,
    (
        Field("PENDING", 0, 32, "ro", 0x0, "Bit i: vector i waits, masked or not sent yet.", volatile=True),
    ),
    "",
)

REGISTERS: tuple[Register, ...] = (
    IRQ_ID,
    USR_ENABLE,
    USR_ENABLE_W1S,
    USR_ENABLE_W1C,
    CHNL_ENABLE,
    CHNL_ENABLE_W1S,
    CHNL_ENABLE_W1C,
    USR_REQUEST,
    CHNL_REQUEST,
    USR_PENDING,
    CHNL_PENDING,
    *USR_VECTOR,
    *CHNL_VECTOR,
    CONFIG_ID,
    CONFIG_MAX_PAYLOAD,
    CONFIG_MAX_READ,
    CONFIG_SYSTEM_ID,
    CONFIG_MSI,
    CONFIG_WIDTH,
    *MSIX_ADDR_LO,
    *MSIX_ADDR_HI,
    *MSIX_DATA,
    *MSIX_CONTROL,
    MSIX_PBA,
)
