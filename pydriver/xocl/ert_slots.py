# SPDX-License-Identifier: Apache-2.0
"""The slots of the command queue. Source: XRT ERT contract §4 (submission) and §7 (late completions).

Slot 0 is for special commands. A slot whose command was given up is not used again until the card's late
answer has come: it would complete a newer command there. Slot 0 is kept back too, but not from CONFIGURE, and
whoever gave up ends it with `late_answer` when no answer comes: without slot 0 nothing could be asked.
"""

from __future__ import annotations

from pydriver.ert import Opcode, Type, slot_words
from pydriver.platform import Bar
from pydriver.regs import Window
from pydriver.xocl.command import Command, Owner

SPECIAL_SLOT = 0
SPECIAL = frozenset(
    {
        Opcode.EXIT,
        Opcode.CONFIGURE,
        Opcode.SK_CONFIG,
        Opcode.CU_STAT,
        Opcode.CLK_CALIB,
        Opcode.MB_VALIDATE,
        Opcode.ACCESS_TEST_C,
    }
)
DEFAULT_SLOT_SIZE = 4096
"""The firmware's own before it is configured."""


class Slots:
    """Which command is in which slot, and the bytes on the card."""

    def __init__(self, bar: Bar, queue: Window, keep_back: bool, translate: bool) -> None:
        """`keep_back`: see above. `translate`: START_KEY_VAL becomes EXEC_WRITE, which the
        firmware understands."""
        self.queue_size = queue.size
        self._bar = bar
        self._base = queue.base
        self._keep_back = keep_back
        self._translate = translate
        self.reset()

    def reset(self) -> None:
        """As the firmware has it before it is configured."""
        self.cut(DEFAULT_SLOT_SIZE)

    def cut(self, size: int) -> None:
        """Cut the queue into slots of `size` bytes, all free."""
        self.size = size
        self._commands: list[Command | None] = [None] * (self.queue_size // size)
        self._late: set[int] = set()

    def __len__(self) -> int:
        return len(self._commands)

    @property
    def commands(self) -> list[tuple[int, Command]]:
        """(slot, command) of everything that is out."""
        return [(slot, entry) for slot, entry in enumerate(self._commands) if entry is not None]

    @property
    def late(self) -> bool:
        """Something was given up and may still be answered."""
        return bool(self._late)

    def all_out(self, index: int) -> bool:
        """Every slot of the 32 of a status register has something to answer."""
        group = range(32 * index, 32 * index + 32)
        return group.stop <= len(self._commands) and all(
            slot in self._late or self._commands[slot] is not None for slot in group
        )

    def find(self, command: Command) -> int | None:
        """A free slot that `command` may have."""
        if command.header.opcode in SPECIAL:
            waits = SPECIAL_SLOT in self._late and command.header.opcode != Opcode.CONFIGURE
            return SPECIAL_SLOT if self._commands[SPECIAL_SLOT] is None and not waits else None
        for slot in range(SPECIAL_SLOT + 1, len(self._commands)):
            if self._commands[slot] is None and slot not in self._late:
                return slot
        return None

    def put(self, slot: int, command: Command) -> None:
        """`command` has the slot from now on. CONFIGURE replaces what was given up there, so the next answer
        is its own."""
        self._commands[slot] = command
        if command.header.opcode == Opcode.CONFIGURE:
            self._late.discard(slot)

    def __getitem__(self, slot: int) -> Command | None:
        return self._commands[slot]

    def release(self, slot: int) -> None:
        """The slot is free."""
        self._commands[slot] = None

    def give_up(self, owner: Owner) -> list[Command]:
        """Take an owner's commands out; the card may still answer them."""
        given_up = []
        for slot, command in self.commands:
            if command.owner is owner:
                self._commands[slot] = None
                given_up.append(command)
                if self._keep_back:
                    self._late.add(slot)
        return given_up

    def late_answer(self, slot: int) -> bool:
        """The card answers a command that was given up: its slot is free now. False when none was."""
        if slot not in self._late:
            return False
        self._late.remove(slot)
        return True

    async def write(self, slot: int, command: Command, bell: tuple[int, int]) -> None:
        """Write the packet, the header last because it makes the slot valid, then ring `bell`."""
        words = slot_words(command.packet, command.cu_index)
        if self._translate:
            words[0] = _as_exec_write(words[0])
        base = self._base + slot * self.size
        writes = [(base + 4 * index, word) for index, word in enumerate(words) if index]
        await self._bar.write32s([*writes, (base, words[0]), bell])

    async def fill(self, slot: int, start: int, word: int) -> bool:
        """Write `word` from byte `start` of a slot to its end; whether all of it reads back."""
        base = self._base + slot * self.size + start
        data = word.to_bytes(4, "little") * ((self.size - start) // 4)
        await self._bar.write(base, data)
        return await self._bar.read(base, len(data)) == data

    async def read(self, slot: int, length: int) -> list[int]:
        """Words of a slot, `length` bytes."""
        raw = await self._bar.read(self._base + slot * self.size, length)
        return [int.from_bytes(raw[at : at + 4], "little") for at in range(0, len(raw), 4)]


def _as_exec_write(header: int) -> int:
    """START_KEY_VAL is taken for a register map by the firmware; the pairs of EXEC_WRITE are not."""
    if header >> 23 & 0x1F == Opcode.START_KEY_VAL and header >> 28 == Type.CU:
        return header & ~(0x1F << 23) | Opcode.EXEC_WRITE << 23
    return header
