# SPDX-License-Identifier: Apache-2.0
"""Golden models of the ERT engines: register map copy (CUDMA) and interrupt collector (CUISR).

Each job is written as a generator that asks for one thing at a time (a word of the queue, a bus access) and
goes on when a clock edge answered it. Sources: XRT ERT contract §3, §5; docs/blocks/ert.md has the rules
where that is silent.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field

SLOTS = UNITS = 128
FIRST_WORD = 4
CTRL, ISR = 0x0, 0xC
AP_DONE, AP_CONTINUE, AUTO_RESTART = 1 << 1, 1 << 4, 1 << 7
MASK = 0xFFFFFFFF


@dataclass
class Config:
    """The CSR words that the engines look at, as they are before an edge."""

    by_address: bool = False
    cu_base: int = 0
    cu_offset: int = 0
    num_cus: int = 0
    slot_words: int = 0
    lut: dict[int, int] = field(default_factory=dict)

    def numbered(self, n: int) -> int:
        """Byte address of unit n where units lie side by side."""
        return (self.cu_base << 2) + (n << (self.cu_offset & 31)) & MASK

    def collected(self, n: int) -> int:
        """Byte address of unit n for the collector."""
        return self.lut.get(n, 0) << 2 & MASK if self.by_address else self.numbered(n)


@dataclass(frozen=True)
class Fetch:
    """Wants the word at this offset of the queue (bytes)."""

    offset: int


@dataclass(frozen=True)
class Access:
    """Wants a bus access; `value` None for a read."""

    address: int
    value: int | None = None


class Tick:
    """Wants a clock edge."""


@dataclass(frozen=True)
class Answer:
    """Response of the bus: the value read (0 for a write), and whether it was OKAY."""

    value: int
    good: bool


def first_after(bits: int, last: int, count: int) -> int:
    """The first set bit after `last`, round the end; `last` itself comes last."""
    return next(n for n in ((last + i) % count for i in range(1, count + 1)) if bits >> n & 1)


class Cudma:
    """The copy engine. `request` is what it waits for, None while it has no slot."""

    def __init__(self, queue_bytes: int = 0x10000) -> None:
        self.queue_bytes = queue_bytes
        self.pending = 0
        self.last = SLOTS - 1
        self.config = Config()
        self.request: Fetch | Access | None = None
        self.dropped = 0
        self._job: Generator[Fetch | Access, int | Answer, None] | None = None

    @property
    def idle(self) -> bool:
        return self._job is None and not self.pending

    def cycle(self, config: Config, enable: bool, started: int, answer: int | Answer | None) -> None:
        """One edge. `started`: slots written in it; `answer`: the word or the response asked for."""
        self.config = config
        taken = 0
        if self._job is None:
            if enable and self.pending:
                self.last = first_after(self.pending, self.last, SLOTS)
                taken = 1 << self.last
                self._job = self._slot(self.last * config.slot_words * 4)
                self.request = next(self._job)
        elif answer is not None:
            try:
                self.request = self._job.send(answer)
            except StopIteration:
                self._job = self.request = None
        self.pending = self.pending & ~taken | started if enable else 0

    def _slot(self, at: int) -> Generator[Fetch | Access, int | Answer, None]:
        def word(index: int) -> Fetch:
            return Fetch((at + 4 * index) % self.queue_bytes)

        header = yield word(0)
        assert isinstance(header, int)
        masks = 1 + (header >> 10 & 3)
        size = max((header >> 12 & 0x7FF) - masks, 0)
        unit = yield from self._unit(word)
        if unit is None:
            self.dropped += 1
            return
        for index in range(FIRST_WORD, size):
            value = yield word(1 + masks + index)
            assert isinstance(value, int)
            answer = yield Access(unit + 4 * index & MASK, value)
            assert isinstance(answer, Answer)
            if not answer.good:
                return
        yield Access(unit + CTRL, 1)

    def _unit(self, word):  # type: ignore[no-untyped-def]
        if not self.config.by_address and not self.config.num_cus:
            return None
        index = 0
        while True:
            value = yield word(1 + index)
            if self.config.by_address:
                return value << 2 & MASK
            if value:
                return self.config.numbered(32 * index + (value & -value).bit_length() - 1)
            index += 1
            if 32 * index >= min(self.config.num_cus, UNITS):
                return None


class Cuisr:
    """The interrupt collector. `request` is the bus access it waits for."""

    def __init__(self) -> None:
        self.n = 0
        self.muted = 0
        self.config = Config()
        self.request: Tick | Access | None = None
        self.reported = 0
        self._held = False
        self._line = False
        self._mute = 0
        self._job: Generator[Tick | Access, Answer | None, None] | None = None

    @property
    def idle(self) -> bool:
        return self._job is None

    def cycle(self, config: Config, enable: bool, lines: int, answer: Answer | None) -> int:
        """One edge with the lines' levels before it. Returns the units reported in it, as bits."""
        self.config = config
        self.reported = self._mute = 0
        waiting = lines & ~self.muted if enable else 0
        self._line = bool(lines >> self.n & 1)
        self._held = self._held and self._line
        if self._job is None:
            if waiting:
                self.n = first_after(waiting, self.n, UNITS)
                self._job = self._unit()
                self.request = next(self._job)
        elif isinstance(self.request, Tick) or answer is not None:
            try:
                self.request = self._job.send(answer)
            except StopIteration:
                self._job = self.request = None
        self.muted = self.muted & lines | self._mute
        return self.reported

    def _unit(self) -> Generator[Tick | Access, Answer | None, None]:
        one = 1 << self.n
        yield Tick()
        self._held = self._line
        unit = self.config.collected(self.n)
        cause = yield Access(unit + ISR & MASK)
        assert cause is not None
        # Without a cause the line fell meanwhile, or it means nothing: then the unit waits for it to fall.
        if not cause.good or cause.value == 0:
            if not cause.good or self._held:
                self._mute = one
            yield Tick()
            return
        control = yield Access(unit + CTRL)
        assert control is not None
        if not control.good:
            self._mute = one
            yield Tick()
            return
        if control.value & AP_DONE:
            # A chained unit holds done, and so its interrupt, until it is continued.
            continued = yield Access(unit + CTRL & MASK, AP_CONTINUE | control.value & AUTO_RESTART)
            assert continued is not None
            if not continued.good:
                self._mute = one
                yield Tick()
                return
        cleared = yield Access(unit + ISR & MASK, cause.value)
        assert cleared is not None
        if cleared.good:
            self.reported = one
        else:
            self._mute = one
        yield Tick()
