# SPDX-License-Identifier: Apache-2.0
"""What the scheduler remembers of a command queue slot and of a compute unit."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from pydriver.ert import Header
from pydriver.regs import cu_ctrl

MAX_SLOTS = 128
MAX_CUS = 128
DEFAULT_SLOT_SIZE = 0x1000
STATUS_WORDS = 4

AP_START, AP_DONE = cu_ctrl.CTRL.AP_START.mask, cu_ctrl.CTRL.AP_DONE.mask
AP_IDLE, AP_CONTINUE = cu_ctrl.CTRL.AP_IDLE.mask, cu_ctrl.CTRL.AP_CONTINUE.mask
CU_CTRL, CU_GIE, CU_IER, CU_ISR = (register.offset for register in cu_ctrl.REGISTERS)
AP_CTRL_NONE = 2
"""Protocol code in the low byte of a unit's configured address: a unit without control registers."""

TAKEN = 0xF
"""Or'd into the header in the queue when the scheduler took the command."""


class SlotState(IntEnum):
    """State of a slot, the low nibble of the header the scheduler keeps."""

    NEW = 1
    QUEUED = 2
    RUNNING = 3
    FREE = 4


@dataclass
class Slot:
    """A command queue slot.

    `header`: the last command's header with the slot's state in its low nibble. On the cached path
    (`firmware_model.ert.cached`) the nibble stays what the host wrote; `cached` says that a command is there.
    """

    addr: int
    header: int = SlotState.FREE
    opcode: int = 0
    cu: int = 0
    regmap_addr: int = 0
    regmap_size: int = 0
    cached: bool = False

    @property
    def state(self) -> int:
        return self.header & 0xF

    @state.setter
    def state(self, state: int) -> None:
        self.header = self.header & ~0xF | state

    def locate(self, cu: int) -> None:
        """Take the unit's index and find the register map in the slot, from the header."""
        header = Header.unpack(self.header)
        masks = 1 + header.extra_cu_masks
        self.cu = cu
        self.opcode = header.opcode
        self.regmap_addr = self.addr + 4 + 4 * masks
        self.regmap_size = max(header.count - masks, 0)


@dataclass
class Unit:
    """A compute unit: its configured word and what it does. `slot` is that of its last command."""

    word: int
    busy: bool = False
    slot: int = 0
    executions: int = 0

    @property
    def addr(self) -> int:
        return self.word & ~0xFF

    @property
    def has_registers(self) -> bool:
        return self.word & 0xFF != AP_CTRL_NONE
