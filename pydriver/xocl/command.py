# SPDX-License-Identifier: Apache-2.0
"""A command on its way through the scheduler."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from pydriver.ert import FINAL_STATES, Header, State

Owner = object
"""Whoever a command belongs to; compared by identity when a client's commands are aborted."""


@dataclass(eq=False)
class Command:
    """A copied packet. `finished` is called once, with the command in its final `state`.

    `cu_index` is None for special commands; `handle` is the command buffer it came in (0: none); `reply`
    holds the slot's words for those that answer, when `wants_reply`. `on_end`: whoever else waits for it.
    """

    packet: bytes
    owner: Owner
    finished: Callable[[Command], None]
    cu_index: int | None = None
    state: State = State.NEW
    reply: list[int] = field(default_factory=list)
    wants_reply: bool = False
    times: dict[State, int] = field(default_factory=dict)
    handle: int = 0
    on_end: list[Callable[[], object]] = field(default_factory=list)

    @property
    def header(self) -> Header:
        return Header.unpack(int.from_bytes(self.packet[:4], "little"))

    @property
    def over(self) -> bool:
        """It has ended: `finished` has been called."""
        return self.state in FINAL_STATES

    def mark(self, state: State, now_ns: int) -> None:
        """It is in `state` now."""
        self.state = state
        self.times[state] = now_ns

    def finish(self, state: State, now_ns: int) -> None:
        """It ends in `state`; nothing when it has ended already."""
        if not self.over:
            self.mark(state, now_ns)
            self.finished(self)
            for callback in self.on_end:
                callback()
