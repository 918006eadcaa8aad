# SPDX-License-Identifier: Apache-2.0
"""Hardware mailbox, one side. Generated from hdl/regs/mailbox.rdl by tools/regs.py; edit the source."""

from pydriver.regs.types import Field, Register

SIZE = 0x30

WRDATA = Register(
    "WRDATA",
    0x000,
    (
        Field("VALUE", 0, 32, "wo", 0x0, "Word to send."),
    ),
    "Pushes one word into this side's TX FIFO. While it is full the word is dropped and ERROR.FULL is set.",
    keyhole=True,
    whole_word=True,
)

RDDATA = Register(
    "RDDATA",
    0x008,
    (
        Field("VALUE", 0, 32, "ro", 0x0, "Oldest received word."),
    ),
    "Pops one word of this side's RX FIFO. While it is empty the data is 0 and ERROR.EMPTY is set.",
    keyhole=True,
    whole_word=True,
)

STATUS = Register(
    "STATUS",
    0x010,
    (
        Field("EMPTY", 0, 1, "ro", 0x1, "RX FIFO is empty."),
        Field("FULL", 1, 1, "ro", 0x0, "TX FIFO is full."),
        Field("STA", 2, 1, "ro", 0x1, "TX FIFO holds SIT words or fewer."),
        Field("RTA", 3, 1, "ro", 0x0, "RX FIFO holds more than RIT words."),
    ),
    "",
    whole_word=True,
)

ERROR = Register(
    "ERROR",
    0x014,
    (
        Field("EMPTY", 0, 1, "ro/rclr", 0x0, "RDDATA was read while the RX FIFO was empty."),
        Field("FULL", 1, 1, "ro/rclr", 0x0, "WRDATA was written while the TX FIFO was full."),
    ),
    "Cleared by reading. An error of the same cycle stays.",
    whole_word=True,
)

SIT = Register(
    "SIT",
    0x018,
    (
        Field("VALUE", 0, 16, "rw", 0x0, "Words."),
    ),
    "Threshold of STATUS.STA.",
    side_effect=True,
    whole_word=True,
)

RIT = Register(
    "RIT",
    0x01C,
    (
        Field("VALUE", 0, 16, "rw", 0x0, "Words."),
    ),
    "Threshold of STATUS.RTA.",
    side_effect=True,
    whole_word=True,
)

IS = Register(
    "IS",
    0x020,
    (
        Field("STI", 0, 1, "rw/w1c", 0x0, "STATUS.STA rose."),
        Field("RTI", 1, 1, "rw/w1c", 0x0, "STATUS.RTA rose."),
        Field("ERR", 2, 1, "rw/w1c", 0x0, "A bit of ERROR was set."),
    ),
    "Sticky; write 1 to clear. An event of the same cycle stays.",
    whole_word=True,
)

IE = Register(
    "IE",
    0x024,
    (
        Field("STI", 0, 1, "rw", 0x0, "Enables IS.STI."),
        Field("RTI", 1, 1, "rw", 0x0, "Enables IS.RTI."),
        Field("ERR", 2, 1, "rw", 0x0, "Enables IS.ERR."),
    ),
    "",
    whole_word=True,
)

IP = Register(
    "IP",
    0x028,
    (
        Field("STI", 0, 1, "ro", 0x0, "IS.STI and IE.STI."),
        Field("RTI", 1, 1, "ro", 0x0, "IS.RTI and IE.RTI."),
        Field("ERR", 2, 1, "ro", 0x0, "IS.ERR and IE.ERR."),
    ),
    "IS and IE. The interrupt output is high while a bit is set.",
    whole_word=True,
)

CTRL = Register(
    "CTRL",
    0x02C,
    (
        Field("RST_TX", 0, 1, "wo/pulse", 0x0, "Empty the TX FIFO."),
        Field("RST_RX", 1, 1, "wo/pulse", 0x0, "Empty the RX FIFO."),
    ),
    "Empties FIFOs. Writing 3 flushes both directions, also what the peer has not read yet.",
    side_effect=True,
    whole_word=True,
)

REGISTERS: tuple[Register, ...] = (
    WRDATA,
    RDDATA,
    STATUS,
    ERROR,
    SIT,
    RIT,
    IS,
    IE,
    IP,
    CTRL,
)
