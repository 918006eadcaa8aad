# SPDX-License-Identifier: Apache-2.0
"""A command on its way through the scheduler."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from pydriver.ert import Header, State

Owner = object
"""Whoever a command belongs to; compared by identity when a client's commands are aborted."""


@dataclass
class Command:
    """A copied packet. `finished` is called once, with the command in its final `state`.

    `cu_index` is None for special commands; `reply` holds the slot's words for those that answer.
    """

    packet: bytes
    owner: Owner
    finished: Callable[[Command], None]
    cu_index: int | None = None
    state: State = State.NEW
    reply: list[int] = field(default_factory=list)
    wants_reply: bool = False
    times: dict[State, int] = field(default_factory=dict)

    @property
    def header(self) -> Header:
        return Header.unpack(int.from_bytes(self.packet[:4], "little"))
