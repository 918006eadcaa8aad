# SPDX-License-Identifier: Apache-2.0
"""Reference model of the hardware mailbox (XRT mailbox contract §1.1), one call per clock cycle.

What the contract leaves open is decided as in docs/blocks/mailbox.md: within a cycle everything sees the
state before it; a new event wins over a clear, a flush over a push or pop; STA/RTA edges reach IS one
cycle after the level changed; data read from an empty FIFO is 0.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

WRDATA, RDDATA, STATUS, ERROR = 0x00, 0x08, 0x10, 0x14
SIT, RIT, IS, IE, IP, CTRL = 0x18, 0x1C, 0x20, 0x24, 0x28, 0x2C

EMPTY, FULL, STA, RTA = 1, 2, 4, 8
STI, RTI, ERR = 1, 2, 4
THRESHOLD_MASK = 0xFFFF


@dataclass
class Access:
    """The register accesses of one side in one cycle."""

    write: tuple[int, int] | None = None  # offset, value
    read: int | None = None  # offset


@dataclass
class Side:
    """Registers of one side; `tx` and `rx` are the queues it shares with its peer."""

    tx: deque[int]
    rx: deque[int]
    depth: int
    sit: int = 0
    rit: int = 0
    is_: int = 0
    ie: int = 0
    error: int = 0
    edges: int = 0  # STI/RTI edges seen in the last cycle that reach IS in this one
    events: set[str] = field(default_factory=set)

    @property
    def status(self) -> int:
        """STATUS as the register reads."""
        bits = EMPTY if not self.rx else 0
        bits |= FULL if len(self.tx) == self.depth else 0
        bits |= STA if len(self.tx) <= self.sit else 0
        return bits | (RTA if len(self.rx) > self.rit else 0)

    @property
    def irq(self) -> int:
        """The interrupt level."""
        return int(bool(self.is_ & self.ie))

    def peek(self, offset: int) -> int:
        """What a read of `offset` returns, without its effects."""
        if offset == RDDATA:
            return self.rx[0] if self.rx else 0
        values = {
            STATUS: self.status, ERROR: self.error, SIT: self.sit, RIT: self.rit,
            IS: self.is_, IE: self.ie, IP: self.is_ & self.ie,
        }  # fmt: skip
        return values.get(offset, 0)


class Mailbox:
    """Both sides. `a` is the management function's, `b` the user function's."""

    def __init__(self, depth: int) -> None:
        to_b: deque[int] = deque()
        to_a: deque[int] = deque()
        self.depth = depth
        self.a = Side(tx=to_b, rx=to_a, depth=depth)
        self.b = Side(tx=to_a, rx=to_b, depth=depth)

    def step(self, a: Access, b: Access) -> tuple[int | None, int | None]:
        """One clock cycle; returns the data that the reads of side a and b will give (None: no read)."""
        sides = ((self.a, a), (self.b, b))
        reads = tuple(None if access.read is None else side.peek(access.read) for side, access in sides)
        levels = [side.status for side, _ in sides]
        pushes: list[tuple[deque[int], int]] = []
        pops: list[deque[int]] = []
        flushes: list[deque[int]] = []
        for side, access in sides:
            side.events = set()
            self._registers(side, access, pushes, pops, flushes)
        for queue in pops:
            queue.popleft()
        for queue, word in pushes:
            queue.append(word)
        for queue in flushes:
            queue.clear()
        for (side, _), level in zip(sides, levels, strict=True):
            rose = side.status & ~level
            side.edges = (STI if rose & STA else 0) | (RTI if rose & RTA else 0)
        return reads[0], reads[1]

    def _registers(
        self,
        side: Side,
        access: Access,
        pushes: list[tuple[deque[int], int]],
        pops: list[deque[int]],
        flushes: list[deque[int]],
    ) -> None:
        new_is, new_error, clear_is, clear_error = side.edges, 0, 0, 0
        if side.edges & STI:
            side.events.add("sti")
        if side.edges & RTI:
            side.events.add("rti")
        if access.read == RDDATA:
            if side.rx:
                pops.append(side.rx)
                side.events.add("pop")
            else:
                new_error |= 1
                side.events.add("underflow")
        elif access.read == ERROR:
            clear_error = 3
            if side.error:
                side.events.add("error_cleared")
        if access.write:
            offset, value = access.write
            if offset == WRDATA:
                if len(side.tx) < self.depth:
                    pushes.append((side.tx, value))
                    side.events.add("push")
                else:
                    new_error |= 2
                    side.events.add("overflow")
            elif offset == SIT:
                side.sit = value & THRESHOLD_MASK
            elif offset == RIT:
                side.rit = value & THRESHOLD_MASK
            elif offset == IE:
                side.ie = value & 7
            elif offset == IS:
                clear_is = value & 7
            elif offset == CTRL:
                for bit, queue in ((1, side.tx), (2, side.rx)):
                    if value & bit:
                        flushes.append(queue)
                        side.events.add("flush_data" if queue else "flush_empty")
        if new_error:
            new_is |= ERR
        if clear_is & new_is:
            side.events.add("w1c_race")
        if clear_error and new_error:
            side.events.add("error_race")
        side.is_ = side.is_ & ~clear_is | new_is
        side.error = (0 if clear_error else side.error) | new_error
