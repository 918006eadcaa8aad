# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: E501
"""ERT control and status registers. Generated from hdl/regs/ert_csr.rdl by tools/regs.py; edit the source."""

from pydriver.regs.types import Field, Register

SIZE = 0x600

STATUS0 = Register(
    "STATUS0",
    0x000,
    (
        Field("SLOTS", 0, 32, "rw/rclr,w1s", 0x0, "Bit i: slot 32*n+i is done.", volatile=True),
    ),
    "Slots that completed since the last read. The scheduler's write ors bits in; a read from either side clears. Raises host interrupt n while non-zero and HOST_INTERRUPT_ENABLE is set.",
    whole_word=True,
)

STATUS1 = Register(
    "STATUS1",
    0x004,
    (
        Field("SLOTS", 0, 32, "rw/rclr,w1s", 0x0, "Bit i: slot 32*n+i is done.", volatile=True),
    ),
    "Slots that completed since the last read. The scheduler's write ors bits in; a read from either side clears. Raises host interrupt n while non-zero and HOST_INTERRUPT_ENABLE is set.",
    whole_word=True,
)

STATUS2 = Register(
    "STATUS2",
    0x008,
    (
        Field("SLOTS", 0, 32, "rw/rclr,w1s", 0x0, "Bit i: slot 32*n+i is done.", volatile=True),
    ),
    "Slots that completed since the last read. The scheduler's write ors bits in; a read from either side clears. Raises host interrupt n while non-zero and HOST_INTERRUPT_ENABLE is set.",
    whole_word=True,
)

STATUS3 = Register(
    "STATUS3",
    0x00C,
    (
        Field("SLOTS", 0, 32, "rw/rclr,w1s", 0x0, "Bit i: slot 32*n+i is done.", volatile=True),
    ),
    "Slots that completed since the last read. The scheduler's write ors bits in; a read from either side clears. Raises host interrupt n while non-zero and HOST_INTERRUPT_ENABLE is set.",
    whole_word=True,
)

CU_DMA_ENABLE = Register(
    "CU_DMA_ENABLE",
    0x018,
    (
        Field("ENABLE", 0, 1, "rw", 0x0, "1: enabled."),
    ),
    "Enables the register map copy engine. Clearing it drops the slots that wait; the one under way is finished.",
    whole_word=True,
)

CU_DMA0 = Register(
    "CU_DMA0",
    0x01C,
    (
        Field("SLOTS", 0, 32, "wo/pulse", 0x0, "Write one to start the slot."),
    ),
    "Slots whose register map the copy engine (CUDMA) shall move to their compute unit, and start it. Ignored while CU_DMA_ENABLE is 0.",
    side_effect=True,
    whole_word=True,
)

CU_DMA1 = Register(
    "CU_DMA1",
    0x020,
    (
        Field("SLOTS", 0, 32, "wo/pulse", 0x0, "Write one to start the slot."),
    ),
    "Slots whose register map the copy engine (CUDMA) shall move to their compute unit, and start it. Ignored while CU_DMA_ENABLE is 0.",
    side_effect=True,
    whole_word=True,
)

CU_DMA2 = Register(
    "CU_DMA2",
    0x024,
    (
        Field("SLOTS", 0, 32, "wo/pulse", 0x0, "Write one to start the slot."),
    ),
    "Slots whose register map the copy engine (CUDMA) shall move to their compute unit, and start it. Ignored while CU_DMA_ENABLE is 0.",
    side_effect=True,
    whole_word=True,
)

CU_DMA3 = Register(
    "CU_DMA3",
    0x028,
    (
        Field("SLOTS", 0, 32, "wo/pulse", 0x0, "Write one to start the slot."),
    ),
    "Slots whose register map the copy engine (CUDMA) shall move to their compute unit, and start it. Ignored while CU_DMA_ENABLE is 0.",
    side_effect=True,
    whole_word=True,
)

CQ_SLOT_SIZE = Register(
    "CQ_SLOT_SIZE",
    0x02C,
    (
        Field("VALUE", 0, 32, "rw", 0x0, "Value."),
    ),
    "Size of a command queue slot in words.",
    whole_word=True,
)

CU_OFFSET = Register(
    "CU_OFFSET",
    0x030,
    (
        Field("VALUE", 0, 32, "rw", 0x0, "Value."),
    ),
    "log2 of the distance between compute units in bytes (16). Writing it makes the engines find units by number, with CU_BASE.",
    whole_word=True,
)

CQ_NUM_SLOTS = Register(
    "CQ_NUM_SLOTS",
    0x034,
    (
        Field("VALUE", 0, 32, "rw", 0x0, "Value."),
    ),
    "Number of slots in the command queue.",
    whole_word=True,
)

CU_BASE = Register(
    "CU_BASE",
    0x038,
    (
        Field("VALUE", 0, 32, "rw", 0x0, "Value."),
    ),
    "Address of the first compute unit divided by four.",
    whole_word=True,
)

CQ_BASE = Register(
    "CQ_BASE",
    0x03C,
    (
        Field("VALUE", 0, 32, "rw", 0x0, "Value."),
    ),
    "Address of the command queue divided by four.",
    whole_word=True,
)

CU_ISR_ENABLE = Register(
    "CU_ISR_ENABLE",
    0x040,
    (
        Field("ENABLE", 0, 1, "rw", 0x0, "1: enabled."),
    ),
    "Enables the interrupt collector, which fills CU_STATUSn.",
    whole_word=True,
)

CU_STATUS0 = Register(
    "CU_STATUS0",
    0x044,
    (
        Field("UNITS", 0, 32, "ro/rclr", 0x0, "Bit i: unit 32*n+i interrupted.", volatile=True),
    ),
    "Compute units whose interrupt the collector (CUISR) took back since the scheduler's last read. Only the scheduler's read clears.",
    whole_word=True,
)

CU_STATUS1 = Register(
    "CU_STATUS1",
    0x048,
    (
        Field("UNITS", 0, 32, "ro/rclr", 0x0, "Bit i: unit 32*n+i interrupted.", volatile=True),
    ),
    "Compute units whose interrupt the collector (CUISR) took back since the scheduler's last read. Only the scheduler's read clears.",
    whole_word=True,
)

CU_STATUS2 = Register(
    "CU_STATUS2",
    0x04C,
    (
        Field("UNITS", 0, 32, "ro/rclr", 0x0, "Bit i: unit 32*n+i interrupted.", volatile=True),
    ),
    "Compute units whose interrupt the collector (CUISR) took back since the scheduler's last read. Only the scheduler's read clears.",
    whole_word=True,
)

CU_STATUS3 = Register(
    "CU_STATUS3",
    0x050,
    (
        Field("UNITS", 0, 32, "ro/rclr", 0x0, "Bit i: unit 32*n+i interrupted.", volatile=True),
    ),
    "Compute units whose interrupt the collector (CUISR) took back since the scheduler's last read. Only the scheduler's read clears.",
    whole_word=True,
)

CQ_STATUS_ENABLE = Register(
    "CQ_STATUS_ENABLE",
    0x054,
    (
        Field("ENABLE", 0, 1, "rw", 0x0, "1: enabled."),
    ),
    "Enables the doorbell: CQ_STATUSn interrupts the scheduler while non-zero.",
    whole_word=True,
)

CQ_STATUS0 = Register(
    "CQ_STATUS0",
    0x058,
    (
        Field("SLOTS", 0, 32, "ro/rclr", 0x0, "Bit i: slot 32*n+i has a new command.", volatile=True),
    ),
    "Slots the host rang for. The host's write ors bits in; the scheduler's read clears, its write is ignored.",
    whole_word=True,
)

CQ_STATUS1 = Register(
    "CQ_STATUS1",
    0x05C,
    (
        Field("SLOTS", 0, 32, "ro/rclr", 0x0, "Bit i: slot 32*n+i has a new command.", volatile=True),
    ),
    "Slots the host rang for. The host's write ors bits in; the scheduler's read clears, its write is ignored.",
    whole_word=True,
)

CQ_STATUS2 = Register(
    "CQ_STATUS2",
    0x060,
    (
        Field("SLOTS", 0, 32, "ro/rclr", 0x0, "Bit i: slot 32*n+i has a new command.", volatile=True),
    ),
    "Slots the host rang for. The host's write ors bits in; the scheduler's read clears, its write is ignored.",
    whole_word=True,
)

CQ_STATUS3 = Register(
    "CQ_STATUS3",
    0x064,
    (
        Field("SLOTS", 0, 32, "ro/rclr", 0x0, "Bit i: slot 32*n+i has a new command.", volatile=True),
    ),
    "Slots the host rang for. The host's write ors bits in; the scheduler's read clears, its write is ignored.",
    whole_word=True,
)

NUM_CUS = Register(
    "NUM_CUS",
    0x068,
    (
        Field("VALUE", 0, 32, "rw", 0x0, "Value."),
    ),
    "Number of compute units.",
    whole_word=True,
)

HOST_INTERRUPT_ENABLE = Register(
    "HOST_INTERRUPT_ENABLE",
    0x100,
    (
        Field("ENABLE", 0, 1, "rw", 0x0, "1: enabled."),
    ),
    "1: STATUSn raises the host's interrupt n.",
    whole_word=True,
)

CUDMA_STATE = Register(
    "CUDMA_STATE",
    0x318,
    (
        Field("STATE", 0, 32, "ro", 0x1, "1: idle, 2: busy.", volatile=True),
    ),
    "State of the register map copy engine.",
    whole_word=True,
)

CUISR_STATE = Register(
    "CUISR_STATE",
    0x328,
    (
        Field("STATE", 0, 32, "ro", 0x1, "1: idle, 2: busy.", volatile=True),
    ),
    "State of the interrupt collector.",
    whole_word=True,
)

CUISR_LUT = Register(
    "CUISR_LUT*",
    0x400,
    (
        Field("VALUE", 0, 32, "rw", None, "Address in words."),
    ),
    "Address of compute unit n divided by four, for the interrupt collector. Writing it makes the engines find units by address: this table, and word 1 of a slot. Memory: keeps its contents over a reset.",
    whole_word=True,
).array(128, 0x4)

REGISTERS: tuple[Register, ...] = (
    STATUS0,
    STATUS1,
    STATUS2,
    STATUS3,
    CU_DMA_ENABLE,
    CU_DMA0,
    CU_DMA1,
    CU_DMA2,
    CU_DMA3,
    CQ_SLOT_SIZE,
    CU_OFFSET,
    CQ_NUM_SLOTS,
    CU_BASE,
    CQ_BASE,
    CU_ISR_ENABLE,
    CU_STATUS0,
    CU_STATUS1,
    CU_STATUS2,
    CU_STATUS3,
    CQ_STATUS_ENABLE,
    CQ_STATUS0,
    CQ_STATUS1,
    CQ_STATUS2,
    CQ_STATUS3,
    NUM_CUS,
    HOST_INTERRUPT_ENABLE,
    CUDMA_STATE,
    CUISR_STATE,
    *CUISR_LUT,
)
