# SPDX-License-Identifier: Apache-2.0
"""What the embedded scheduler's firmware answers to the commands that ask it something.

Source: XRT ERT contract §1.1 (validate, access_valid), §4 (replies) and §7 (what sysfs shows of them).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from pydriver.ert import Opcode, to_bytes

if TYPE_CHECKING:
    from pydriver.xocl.command import Command
    from pydriver.xocl.ert_slots import Slots

HOST_PATTERN = 0xF0F0_F0F0
DEVICE_PATTERN = 0x0F0F_0F0F
VALIDATE_BYTES = 24
ACCESS_BYTES = 32
START_SK_BYTES = 8
_ACCESS_TESTS = (1, 2, 3, 4, 5, 7)
"""Words of access_valid that say 1 for a test that was passed; word 6 is a counter."""
_H2H, _D2H, _WR_TEST = 1, 3, 7


@dataclass
class Answers:
    """The last answers: `validate` is {header, time stamp, CQ read, CQ write, CU read, CU write}.

    `data_integrity`: 1 when the last access test passed, 0 otherwise and before the first.
    """

    validate: list[int] = field(default_factory=lambda: [0] * (VALIDATE_BYTES // 4))
    data_integrity: int = 0

    @property
    def clock_timestamp(self) -> int:
        return self.validate[1]

    @property
    def cq_read_cnt(self) -> int:
        """Cycles of one access of the firmware, as are the next three."""
        return self.validate[2]

    @property
    def cq_write_cnt(self) -> int:
        return self.validate[3]

    @property
    def cu_read_cnt(self) -> int:
        return self.validate[4]

    @property
    def cu_write_cnt(self) -> int:
        return self.validate[5]

    @staticmethod
    def size(command: Command, slot_size: int) -> int:
        """Bytes of the answer in the slot."""
        opcode = command.header.opcode
        if opcode in (Opcode.CLK_CALIB, Opcode.MB_VALIDATE):
            return VALIDATE_BYTES
        return START_SK_BYTES if opcode == Opcode.SK_START else slot_size

    @staticmethod
    async def prepare_access_test(slots: Slots, slot: int, command: Command) -> None:
        """The host's half of ACCESS_TEST_C: its pattern behind the packet, and whether it reads back.

        The real driver also writes the word `wr_test` ten million times while the firmware looks at it; here
        it is left at all ones, one of the two values the firmware accepts.
        """
        passed = await slots.fill(slot, ACCESS_BYTES, HOST_PATTERN)
        words = [0] * (ACCESS_BYTES // 4)
        words[0] = replace(command.header, count=len(words) - 1).pack()
        words[_H2H] = int(passed)
        words[_WR_TEST] = 0xFFFF_FFFF
        command.packet = to_bytes(words)

    def keep(self, command: Command) -> None:
        """Remember an answer; of an access test only its 32 bytes go to the application."""
        opcode, reply = command.header.opcode, command.reply
        if opcode in (Opcode.CLK_CALIB, Opcode.MB_VALIDATE):
            self.validate = list(reply)
        elif opcode == Opcode.ACCESS_TEST_C:
            if any(word != DEVICE_PATTERN for word in reply[ACCESS_BYTES // 4 :]):
                reply[_D2H] = 0
            self.data_integrity = int(all(reply[index] & 1 for index in _ACCESS_TESTS))
            del reply[ACCESS_BYTES // 4 :]
