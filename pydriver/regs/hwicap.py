# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: E501
"""Configuration access port. Generated from hdl/regs/hwicap.rdl by tools/regs.py; edit the source."""

from pydriver.regs.types import Field, Register

SIZE = 0x120

GIER = Register(
    "GIER",
    0x01C,
    (
        Field("GIE", 31, 1, "rw", 0x0, "Enables the interrupt output."),
    ),
    "",
    whole_word=True,
)

ISR = Register(
    "ISR",
    0x020,
    (
        Field("WRP", 0, 1, "rw/w1t", 0x0, "The write FIFO became less than half full.", volatile=True),
        Field("RDP", 1, 1, "rw/w1t", 0x0, "The read FIFO became more than half full.", volatile=True),
        Field("WEMPTY", 2, 1, "rw/w1t", 0x0, "The write FIFO became empty.", volatile=True),
        Field("RFULL", 3, 1, "rw/w1t", 0x0, "The read FIFO became full.", volatile=True),
    ),
    "A written 1 toggles its bit. An event of the same cycle sets it.",
    whole_word=True,
)

IER = Register(
    "IER",
    0x028,
    (
        Field("WRP", 0, 1, "rw", 0x0, "Enables ISR.WRP."),
        Field("RDP", 1, 1, "rw", 0x0, "Enables ISR.RDP."),
        Field("WEMPTY", 2, 1, "rw", 0x0, "Enables ISR.WEMPTY."),
        Field("RFULL", 3, 1, "rw", 0x0, "Enables ISR.RFULL."),
    ),
    "",
    whole_word=True,
)

WF = Register(
    "WF",
    0x100,
    (
        Field("VALUE", 0, 32, "wo", 0x0, "Word in register order: the first byte of the file is the most significant."),
    ),
    "Pushes one configuration word. Dropped while the FIFO is full.",
    keyhole=True,
    whole_word=True,
)

RF = Register(
    "RF",
    0x104,
    (
        Field("VALUE", 0, 32, "ro", 0x0, "Oldest word."),
    ),
    "Pops one word that a read command fetched; 0 while the FIFO is empty.",
    keyhole=True,
    whole_word=True,
)

SZ = Register(
    "SZ",
    0x108,
    (
        Field("VALUE", 0, 12, "wo", 0x0, "Words."),
    ),
    "Number of words that the next read command fetches.",
    whole_word=True,
)

CR = Register(
    "CR",
    0x10C,
    (
        Field("WRITE", 0, 1, "rw", 0x0, "Send the write FIFO to the engine; clears itself when all has been sent."),
        Field("READ", 1, 1, "rw", 0x0, "Fetch SZ words into the read FIFO; clears itself when they are there."),
        Field("FIFO_CLEAR", 2, 1, "wo/pulse", 0x0, "Empty both FIFOs."),
        Field("SW_RESET", 3, 1, "wo/pulse", 0x0, "Reset the registers and FIFOs; the engine keeps its state."),
        Field("ABORT", 4, 1, "wo/pulse", 0x0, "Stop, empty both FIFOs, take the engine out of its packet and out of sync."),
    ),
    "",
    side_effect=True,
    whole_word=True,
)

SR = Register(
    "SR",
    0x110,
    (
        Field("DONE", 0, 1, "ro", 0x0, "The last download ended well."),
        Field("EOS", 2, 1, "ro", 0x0, "End of start-up, same as DONE."),
    ),
    "",
    whole_word=True,
)

WFV = Register(
    "WFV",
    0x114,
    (
        Field("VALUE", 0, 16, "ro", 0x400, "Free words."),
    ),
    "",
    whole_word=True,
)

RFO = Register(
    "RFO",
    0x118,
    (
        Field("VALUE", 0, 16, "ro", 0x0, "Words to read."),
    ),
    "",
    whole_word=True,
)

ASR = Register(
    "ASR",
    0x11C,
    (
        Field("VALUE", 0, 8, "ro", 0x0, "Status byte."),
    ),
    "Engine status word of the last abort: CFGERR_B, DALIGN, RIP, IN_ABORT_B, then ones.",
    whole_word=True,
)

REGISTERS: tuple[Register, ...] = (
    GIER,
    ISR,
    IER,
    WF,
    RF,
    SZ,
    CR,
    SR,
    WFV,
    RFO,
    ASR,
)
