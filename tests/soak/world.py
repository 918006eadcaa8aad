# SPDX-License-Identifier: Apache-2.0
"""What all applications of a round share."""

from __future__ import annotations

from dataclasses import dataclass, field

from pydriver.xocl import Client, Xocl
from tests.soak.coverage import ADAPTER, CHAIN, HS, Coverage
from tests.soak.model import Model
from tests.soak.modes import Mode, slot_class


@dataclass
class World:
    """`room`: bytes of the longest packet; `hangs`: runs may hang."""

    user: Xocl
    uuid: bytes
    mode: Mode
    model: Model
    coverage: Coverage
    room: int
    hangs: bool
    delays: tuple[int, ...] = (0, 0, 10, 300)
    clients: dict[int, Client] = field(default_factory=dict)
    failure: AssertionError | None = None
    """What an application found wrong; its process then stands still, and the round must end."""

    @property
    def slot_class(self) -> int:
        """Under host scheduling: of the slots that the driver asks for."""
        return slot_class(self.room if self.mode.host else self.user.ert.slot_size)

    def now_ns(self) -> int:
        return self.user.clock.now_ns()

    def protocol(self, index: int) -> str:
        return self.model.units[index].protocol

    def hit(self, command: str, protocol: str) -> None:
        self.coverage.hit(command, self.mode, self.slot_class, protocol)

    def startable(self, index: int) -> bool:
        """Start commands for the unit do what they should in this mode."""
        protocol = self.protocol(index)
        return protocol in (HS, ADAPTER) or (protocol == CHAIN and self.mode.continues)
