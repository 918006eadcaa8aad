# SPDX-License-Identifier: Apache-2.0
"""The golden model: what each command must do, and what really happened to it.

It predicts the unit of every command (the least used of those allowed), and knows in which final states a
command may end. Written from the XRT KDS contract §2 to §7, not from the driver.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from itertools import pairwise

from pydriver.ert import FINAL_STATES, State
from tests.soak import coverage
from tests.soak.modes import Mode

GIVEN_UP = frozenset({State.ABORT, State.TIMEOUT})
COPY_UNIT = -1
"""Stands for the shell's copy unit, which has no index among the image's units."""
SHOWN = 8
"""Faults that a failing soak prints."""


@dataclass
class Sent:
    """An accepted command. `unit` is None for a command that goes to no unit."""

    number: int
    command: str
    client: int
    unit: int | None
    at_ns: int
    pages: bytearray
    payload: list[int] = field(default_factory=list)
    hangs: bool = False
    may_end: set[State] = field(default_factory=lambda: {State.COMPLETED})
    seen_ns: int | None = None
    runs: list[tuple[int, int]] = field(default_factory=list)
    """(unit, time) of each run."""

    @property
    def state(self) -> State:
        """As the packet says, now or when its buffer was freed."""
        return State(self.pages[0] & 0xF)

    def __str__(self) -> str:
        unit = "" if self.unit is None else f" for unit {self.unit}"
        runs = ", ".join(f"ran on unit {unit} until {at} ns" for unit, at in self.runs) or "never ran"
        seen = "" if self.seen_ns is None else f", seen at {self.seen_ns} ns"
        return (
            f"command {self.number} ({self.command} of client {self.client}{unit}, "
            f"sent at {self.at_ns} ns): {runs}, {self.state.name}{seen}"
        )


@dataclass
class Unit:
    """A unit of the image. `reset`: a software reset may have ended runs of others."""

    protocol: str
    usage: int = 0
    reset: bool = False


class Model:
    """One round with one image in one mode."""

    def __init__(self, mode: Mode, protocols: list[str]) -> None:
        self.mode = mode
        self.units = [Unit(protocol) for protocol in protocols]
        self.sent: list[Sent] = []
        self.faults: list[str] = []
        self.finished: dict[int, int] = {}
        """Client -> commands whose end its driver must have counted."""

    # --- what clients do ------------------------------------------------------------------------------

    def choose(self, mask: int, allowed: Collection[int]) -> int:
        """The unit that the driver must pick of the units in `mask` that the client has opened."""
        candidates = [index for index in allowed if mask >> index & 1]
        return min(candidates, key=lambda index: (self.units[index].usage, index))

    def accept(self, sent: Sent) -> None:
        """The driver has taken a command."""
        self.sent.append(sent)
        self.finished[sent.client] = self.finished.get(sent.client, 0) + 1
        if sent.unit is not None and sent.unit != COPY_UNIT:
            self.units[sent.unit].usage += 1
        if sent.hangs:
            sent.may_end = {State.TIMEOUT, State.ABORT}

    def refused_late(self, client: int) -> None:
        """The driver has taken a command and ended it with ERROR at once."""
        self.finished[client] = self.finished.get(client, 0) + 1

    def leaves(self, client: int) -> None:
        """A client closes a context or dies: whatever has not ended may be given up from now on."""
        for sent in self.sent:
            if sent.client == client and sent.state not in FINAL_STATES:
                self.may_give_up(sent)

    def may_give_up(self, sent: Sent) -> None:
        """A command may be aborted from now on; if it runs, its unit may be reset."""
        sent.may_end |= GIVEN_UP
        if self.mode.host and sent.unit is not None and sent.unit != COPY_UNIT:
            self.units[sent.unit].reset = True

    def seen(self, sent: Sent, now_ns: int) -> State:
        """Its client has seen the end of a command."""
        sent.seen_ns = now_ns
        if sent.unit is not None and sent.unit != COPY_UNIT and sent.state == State.COMPLETED:
            self.expect(len(sent.runs) == 1, f"completed, but not run once: {sent}")
        return sent.state

    # --- what the card does ---------------------------------------------------------------------------

    def ran(self, unit: int, token: int, now_ns: int) -> None:
        """A unit has finished a run that was started with `token`."""
        if not 0 < token <= len(self.sent):
            self.faults.append(f"unit {unit} ran token {token:#x} at {now_ns} ns, which nobody sent")
            return
        sent = self.sent[token - 1]
        sent.runs.append((unit, now_ns))
        self.expect(len(sent.runs) == 1, f"ran twice: {sent}")
        self.expect(unit == sent.unit, f"on the wrong unit: {sent}")
        self.expect(now_ns >= sent.at_ns, f"before it was sent: {sent}")

    # --- judgement ------------------------------------------------------------------------------------

    def expect(self, good: bool, text: str) -> None:
        """Note a fault."""
        if not good:
            self.faults.append(text)

    def judge(self) -> None:
        """Everything has ended: check every command, and the order on every unit. Raises AssertionError."""
        for sent in self.sent:
            self._judge(sent)
        for index in range(len(self.units)):
            self._judge_order(index)
        shown = "\n".join(self.faults[:SHOWN])
        assert not self.faults, f"{self.mode}, {len(self.faults)} faults:\n{shown}"

    def _judge(self, sent: Sent) -> None:
        state, runs = sent.state, len(sent.runs)
        allowed = set(sent.may_end)
        if sent.unit is None or sent.unit == COPY_UNIT:
            self.expect(state in allowed, f"ended wrong: {sent}")
            return
        unit = self.units[sent.unit]
        neighbour = unit.reset and unit.protocol == coverage.CHAIN
        if neighbour:
            allowed.add(State.ABORT)
        self.expect(state in FINAL_STATES, f"lost: {sent}")
        self.expect(state in allowed, f"ended wrong: {sent}")
        if sent.hangs:
            self.expect(runs == 0, f"a run that hangs has ended: {sent}")
        elif state == State.COMPLETED:
            self.expect(runs == 1, f"completed, but not run once: {sent}")
        elif state == State.ABORT and not neighbour:
            self.expect(runs == 0, f"aborted, but run: {sent}")
        elif state == State.TIMEOUT and not self.mode.host:
            self.expect(runs == 1, f"given up while a slot had it, but not run once: {sent}")

    def _judge_order(self, index: int) -> None:
        """Host scheduling: first come, first served on each unit."""
        tokens = sorted((at, sent.number) for sent in self.sent for unit, at in sent.runs if unit == index)
        order = [number for _, number in tokens]
        if self.mode.host:
            for before, after in pairwise(order):
                late = self.sent[before - 1]
                self.expect(before < after, f"overtaken on unit {index} by command {before}: {late}")

    def runs_on(self, index: int) -> list[Sent]:
        """The commands that ran on a unit, in the order in which they ended."""
        found = [(at, sent.number) for sent in self.sent for unit, at in sent.runs if unit == index]
        return [self.sent[number - 1] for _, number in sorted(found)]
