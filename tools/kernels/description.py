# SPDX-License-Identifier: Apache-2.0
"""Kernel descriptions: `kernel.toml`, the single source for what the host and the region know of a kernel.

docs/bring_your_own.md explains every key, `tools.kernels.reader` reads the file.
Source of the register map: XRT compute unit contract §1, §3, §7.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

WINDOW = 1 << 16
"""Bytes of register space of a slot."""

COUNTER_OFFSET, INPUT_CTRL_OFFSET, OUTPUT_CTRL_OFFSET = 0x10, 0x14, 0x18


class DescriptionError(ValueError):
    """A description that cannot be used; the message is a sentence that names the file and the key."""


class Protocol(Enum):
    """How the host starts the kernel. `value` is the word in the file."""

    HS = "hs"
    CHAIN = "chain"
    NONE = "none"
    FAST_ADAPTER = "fa"

    @property
    def ip_control(self) -> int:
        """Number in IP_LAYOUT."""
        return {"hs": 0, "chain": 1, "none": 2, "fa": 5}[self.value]

    @property
    def xml(self) -> str:
        """`hwControlProtocol` of the kernel metadata."""
        return {"hs": "ap_ctrl_hs", "chain": "ap_ctrl_chain", "none": "ap_ctrl_none", "fa": "fast_adapter"}[
            self.value
        ]


class Kind(Enum):
    """What an argument is."""

    BUFFER = "buffer"  # a 64-bit device address
    SCALAR = "scalar"
    ARRAY = "array"  # words that sit in the register window itself


class Direction(Enum):
    """Who writes the argument's registers."""

    IN = "in"
    OUT = "out"


@dataclass(frozen=True)
class Argument:
    """One argument: `offset` and `size` in bytes, within the register window; `index` counts from 0."""

    index: int
    name: str
    kind: Kind
    direction: Direction
    offset: int
    size: int
    type: str
    doc: str

    @property
    def end(self) -> int:
        """First byte after it."""
        return self.offset + self.size

    @property
    def words(self) -> int:
        return self.size // 4

    @property
    def registers(self) -> tuple[str, ...]:
        """Names of its registers, an array's once; a reserved word behind them is not among these."""
        name = self.name.upper()
        return (f"{name}_LO", f"{name}_HI") if self.kind is not Kind.ARRAY and self.words == 2 else (name,)


@dataclass(frozen=True)
class Description:
    """One kernel."""

    path: Path
    name: str
    title: str
    doc: str
    module: str
    type_id: int
    protocol: Protocol
    memory: bool
    light: bool  # also in the slots without a memory port
    interrupt: bool
    sw_reset: bool
    counted_auto_restart: bool
    mailbox: str  # none, in, out, inout
    parameters: Mapping[str, int]
    arguments: tuple[Argument, ...]

    @property
    def mailbox_in(self) -> bool:
        return self.mailbox in ("in", "inout")

    @property
    def mailbox_out(self) -> bool:
        return self.mailbox in ("out", "inout")

    @property
    def control_words(self) -> Mapping[str, int]:
        """Name and offset of the registers before the arguments."""
        words = (
            {} if self.protocol is Protocol.NONE else {"CTRL": 0x00, "GIE": 0x04, "IER": 0x08, "ISR": 0x0C}
        )
        if self.counted_auto_restart:
            words["AUTO_RESTART_COUNTER"] = COUNTER_OFFSET
        if self.mailbox_in:
            words["INPUT_CTRL"] = INPUT_CTRL_OFFSET
        if self.mailbox_out:
            words["OUTPUT_CTRL"] = OUTPUT_CTRL_OFFSET
        return words

    @property
    def first_argument(self) -> int:
        """Lowest offset that an argument may have: behind the control words."""
        if self.mailbox != "none":
            return OUTPUT_CTRL_OFFSET + 4
        if self.counted_auto_restart:
            return COUNTER_OFFSET + 4
        return COUNTER_OFFSET
