# SPDX-License-Identifier: Apache-2.0
"""What the embedded scheduler has done on each unit (sysfs `stat` of its device; XRT ERT contract §7)."""

from __future__ import annotations

from collections.abc import Iterable

from pydriver.xocl.command import Command


class CuCounts:
    """Per CU index: commands that completed, and commands in slots."""

    def __init__(self) -> None:
        self._completed: dict[int, int] = {}
        self._in_slots: dict[int, int] = {}

    def started(self, command: Command) -> None:
        """A command has a slot."""
        if command.cu_index is not None:
            self._in_slots[command.cu_index] = self._in_slots.get(command.cu_index, 0) + 1

    def ended(self, command: Command, completed: bool) -> None:
        """It has none any more; nothing when a new configuration has forgotten it."""
        index = command.cu_index
        if index is not None and self._in_slots.get(index):
            self._in_slots[index] -= 1
            self._completed[index] = self._completed.get(index, 0) + completed

    def text(self, indices: Iterable[int]) -> str:
        """A line per unit."""
        return "".join(f"{self._completed.get(i, 0)} {self._in_slots.get(i, 0)}\n" for i in indices)
