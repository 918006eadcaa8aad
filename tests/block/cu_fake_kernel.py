# SPDX-License-Identifier: Apache-2.0
"""A kernel of random speed that obeys the rules of docs/compute_units.md, and a host-side notion of sets."""

from __future__ import annotations

import random
from collections import deque
from dataclasses import dataclass, replace

from tests.models.cu import CHAIN, NONE, Kernel, Shape


def result(number: int, index: int) -> int:
    """Word `index` that execution `number` gives back; the upper half names the execution."""
    return number << 16 & 0xFFFF0000 | (number * 0x9E37 + index * 0x1234) & 0xFFFF


@dataclass
class Run:
    """One execution: cycles to ready, cycles from ready to done, words of the output array to write."""

    number: int
    left: int
    latency: int
    stores: int


class FakeKernel:
    """`front` still takes inputs, `flight` is between ready and done, oldest first."""

    def __init__(self, rng: random.Random, shape: Shape) -> None:
        self._rng = rng
        self._shape = shape
        self.front: Run | None = None
        self.flight: deque[Run] = deque()
        self.runs = 0
        self._quiet_in = 0
        self._drives: Kernel | None = None

    @property
    def state(self) -> str:
        return "run" if self.front else "done" if self.flight else "idle"

    def drives(self, resetting: bool) -> Kernel:
        """The outputs of this cycle. Junk outside done, so that nobody may look at it."""
        ready = self.front is not None and self.front.left == 0 and len(self.flight) < 4
        finishing = self.flight[0] if self.flight else self.front if ready else None
        done = finishing is not None and finishing.latency == 0
        number = finishing.number if done and finishing else self._rng.getrandbits(16)
        outs = tuple(result(number, index) for index in range(self._shape.outs))
        store = None
        if self.front and self._shape.out_array and not resetting:
            index = max(self.front.stores - 1, 0)
            store = (index, result(self.front.number, 0x100 + index))
        idle = self.front is None and not self.flight
        quiet = idle or self._quiet_in == 0
        self._drives = Kernel(done, ready, idle, quiet, outs, store)
        return self._drives

    def clock(self, start: bool, cont: bool, resetting: bool) -> bool:
        """One edge with the block's outputs; did an execution begin?"""
        drove = self._drives
        assert drove is not None
        if resetting:
            self._quiet_in = max(self._quiet_in - 1, 0)
            if drove.quiet:
                self.front = None
                self.flight.clear()
            return False
        retired = drove.done and (cont or self._shape.protocol != CHAIN)
        if retired and self.flight:
            self.flight.popleft()
            retired = False
        for run in self.flight:
            run.latency = max(run.latency - 1, 0)
        if self.front and self.front.stores:
            self.front.stores -= 1
        if drove.ready and self.front:
            if not retired:
                self.flight.append(replace(self.front, latency=max(self.front.latency - 1, 0)))
            self.front = None
        elif self.front:
            self.front.left = max(self.front.left - 1, 0)
        elif start and not (self._shape.out_array and self.flight) and self._may_begin():
            self._begin()
            return True
        return False

    def _may_begin(self) -> bool:
        return self._shape.protocol != NONE or self._rng.random() < 0.1

    def _begin(self) -> None:
        rng, stores = self._rng, self._shape.out_array
        self.runs += 1
        overlaps = self._shape.protocol != NONE and not stores
        latency = rng.choice((0, 0, 1, 2, 9)) if overlaps else 0
        self._quiet_in = rng.choice((0, 1, 5))
        self.front = Run(self.runs, stores + rng.choice((0, 0, 1, 2, 6, 19)), latency, stores)


class Sets:
    """The test's own notion of input sets: what the host released, seen from the bus alone.

    `kernel` is the set the kernel must see: (scalars, array); None for a word where the host broke the rule
    that an array is written whole between two releases.
    """

    def __init__(self, shape: Shape) -> None:
        self._shape = shape
        self.scalars = [0] * shape.words
        self.array: list[int | None] = [0] * shape.in_array
        self.waiting: tuple[tuple[int, ...], tuple[int | None, ...]] | None = None
        self.kernel = (tuple(self.scalars), tuple(self.array))
        self.releases = self.withdrawn = self.replaced = self.consumed = self.whole = 0

    def started(self) -> None:
        if self.waiting is not None:
            self.kernel, self.waiting = self.waiting, None
            self.consumed += 1
            self.whole += None not in self.kernel[1]

    def release(self) -> None:
        self.releases += 1
        self.replaced += self.waiting is not None
        self.waiting = (tuple(self.scalars), tuple(self.array))
        self.array = [None] * self._shape.in_array

    def hold(self) -> None:
        self.withdrawn += self.waiting is not None
        self.waiting = None
