# SPDX-License-Identifier: Apache-2.0
"""Functional coverage of the soak: command x mode x completion x slot class x protocol of the unit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import product

from tests.soak.modes import SLOT_CLASSES, V30, Mode

HS, CHAIN, NONE, ADAPTER, COPY, NO_UNIT = "hs", "chain", "none", "adapter", "copy unit", "no unit"
PROTOCOLS = (HS, CHAIN, NONE, ADAPTER, COPY, NO_UNIT)
STARTS = ("START_CU", "EXEC_WRITE", "START_KEY_VAL")
QUESTIONS = ("CLK_CALIB", "MB_VALIDATE")
COMMANDS = (*STARTS, "START_FA", "START_COPYBO", "CU_STAT", "CONFIGURE", "ABORT", *QUESTIONS, "REFUSED")

Bin = tuple[str, str, str, int, str]
"""Command, mode, completion, slot class, protocol."""


def unreachable(
    command: str, mode: Mode, slots: int, protocol: str, absent: Collection[str] = ()
) -> str | None:
    """Why a bin cannot be hit; None when it can. `absent`: protocols that no unit of the images has."""
    if slots < 2048 and mode.flags.cu_dma:
        return "the driver never cuts more than 32 slots for CUDMA"
    if command == "START_COPYBO":
        return None if protocol == COPY else "the copy unit alone copies"
    if command in ("CU_STAT", "CONFIGURE", "ABORT", *QUESTIONS):
        if protocol != NO_UNIT:
            return "goes to no unit"
        if command == "ABORT" and not mode.host:
            return "the embedded scheduler aborts no commands for clients (EINVAL, among REFUSED)"
        if command in QUESTIONS and mode.firmware != V30:
            return "only firmware v30 knows it"
        return None
    if protocol in (COPY, NO_UNIT):
        return None if command == "REFUSED" and protocol == NO_UNIT else "needs a unit of the image"
    if protocol in absent:
        return "no unit of the images has this protocol"
    if protocol == ADAPTER:
        if not mode.host:
            return "with a fast adapter in the image the driver does not use the embedded scheduler"
        return None if command in ("START_FA", "REFUSED") else "a fast adapter takes descriptors only"
    if command == "START_FA":
        return "only fast adapters take descriptors"
    if protocol == NONE and mode.flags.cu_isr:
        return "a unit without interrupt in the image switches cu_isr off"
    if protocol == NONE:
        return None if command == "REFUSED" else "there is no start bit (EINVAL, among REFUSED)"
    if protocol == CHAIN and command != "REFUSED" and not mode.continues:
        return "the driver masks the protocol out, and this firmware then never continues a unit"
    return None


@dataclass
class Coverage:
    """Bins that were hit. A refused packet counts for the protocol of the unit that it named."""

    absent: frozenset[str] = frozenset()
    """Protocols that no unit of the images has."""
    hits: Counter[Bin] = field(default_factory=Counter)
    ends: Counter[tuple[str, str]] = field(default_factory=Counter)
    """(mode, final state) of commands, with "killed" for processes."""

    def hit(self, command: str, mode: Mode, slots: int, protocol: str) -> None:
        assert unreachable(command, mode, slots, protocol, self.absent) is None, (command, mode, protocol)
        self.hits[command, mode.name, mode.completion, slots, protocol] += 1

    def has(self, command: str, mode: Mode, slots: int, protocol: str) -> bool:
        """The bin was hit before."""
        return bool(self.hits[command, mode.name, mode.completion, slots, protocol])

    def missing(self, modes: Iterable[Mode], classes: Sequence[int] = SLOT_CLASSES) -> list[Bin]:
        """Bins that can be hit and were not."""
        return [
            (command, mode.name, mode.completion, slots, protocol)
            for mode, command, slots, protocol in product(modes, COMMANDS, classes, PROTOCOLS)
            if unreachable(command, mode, slots, protocol, self.absent) is None
            and not self.has(command, mode, slots, protocol)
        ]

    def report(self, modes: Sequence[Mode], classes: Sequence[int] = SLOT_CLASSES) -> str:
        """What was hit and, by reason, how many bins cannot be."""
        missing = self.missing(modes, classes)
        reasons = Counter(
            why
            for mode, command, slots, protocol in product(modes, COMMANDS, classes, PROTOCOLS)
            if (why := unreachable(command, mode, slots, protocol, self.absent)) is not None
        )
        lines = [f"{len(self.hits)} bins hit, {len(missing)} missing, {sum(self.hits.values())} hits"]
        lines += [f"  missing {each}" for each in missing]
        lines += [f"  {count} unreachable: {why}" for why, count in reasons.items()]
        lines += [f"  {mode}: {count} {end}" for (mode, end), count in sorted(self.ends.items())]
        return "\n".join(lines)
