# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: E501
"""ERT interrupt controller. Generated from hdl/regs/mb_intc.rdl by tools/regs.py; edit the source."""

from pydriver.regs.types import Field, Register

SIZE = 0x20

ISR = Register(
    "ISR",
    0x000,
    (
        Field("REQUESTS", 0, 9, "rw", 0x0, "Bit i: input i requests.", volatile=True),
    ),
    "Latched requests, whether enabled or not. Software may write it until MER.HIE is set.",
    whole_word=True,
)

IPR = Register(
    "IPR",
    0x004,
    (
        Field("PENDING", 0, 9, "ro", 0x0, "Bit i: input i requests and is enabled.", volatile=True),
    ),
    "Enabled requests: ISR and IER.",
    whole_word=True,
)

IER = Register(
    "IER",
    0x008,
    (
        Field("ENABLES", 0, 9, "rw", 0x0, "Bit i: input i may interrupt."),
    ),
    "Enables of the inputs.",
    side_effect=True,
    whole_word=True,
)

IAR = Register(
    "IAR",
    0x00C,
    (
        Field("ACK", 0, 9, "wo/pulse", 0x0, "Write one to clear the latched request; it is latched again while the input is high."),
    ),
    "Acknowledge.",
    side_effect=True,
    whole_word=True,
)

SIE = Register(
    "SIE",
    0x010,
    (
        Field("SET", 0, 9, "wo/pulse", 0x0, "Write one to set the bit of IER."),
    ),
    "Set enables.",
    side_effect=True,
    whole_word=True,
)

CIE = Register(
    "CIE",
    0x014,
    (
        Field("CLEAR", 0, 9, "wo/pulse", 0x0, "Write one to clear the bit of IER."),
    ),
    "Clear enables.",
    side_effect=True,
    whole_word=True,
)

IVR = Register(
    "IVR",
    0x018,
    (
        Field("VECTOR", 0, 32, "ro", 0xFFFFFFFF, "Lowest pending input; all ones when none.", volatile=True),
    ),
    "Vector.",
    whole_word=True,
)

MER = Register(
    "MER",
    0x01C,
    (
        Field("ME", 0, 1, "rw", 0x0, "1: the interrupt output follows IPR."),
        Field("HIE", 1, 1, "rw/w1s", 0x0, "1: the inputs are latched. Only reset clears it."),
    ),
    "Master enable.",
    whole_word=True,
)

REGISTERS: tuple[Register, ...] = (
    ISR,
    IPR,
    IER,
    IAR,
    SIE,
    CIE,
    IVR,
    MER,
)
