# SPDX-License-Identifier: Apache-2.0
"""Reference model of the HWICAP register file (XRT ICAP contract §1), one call per clock cycle.

A write command hands the engine one word per cycle until the write FIFO is found empty; a read command
fetches one word per cycle. Within a cycle everything sees the state before it.
"""

from __future__ import annotations

from collections import deque

from tests.models.config_engine import ConfigEngine

GIER, ISR, IER = 0x1C, 0x20, 0x28
WF, RF, SZ, CR, SR, WFV, RFO, ASR = 0x100, 0x104, 0x108, 0x10C, 0x110, 0x114, 0x118, 0x11C
CR_WRITE, CR_READ, CR_CLEAR, CR_RESET, CR_ABORT = 1, 2, 4, 8, 16


class Hwicap:
    """The block with its engine."""

    def __init__(self, engine: ConfigEngine, write_depth: int, read_depth: int) -> None:
        self.engine = engine
        self.write_depth = write_depth
        self.read_depth = read_depth
        self.taken: list[int] = []  # words that the engine took in the last step
        self._power_on()

    def _power_on(self) -> None:
        self.write_fifo: deque[int] = deque()
        self.read_fifo: deque[int] = deque()
        self.gie = self.ier = self.isr = self.size = self.fetch = self.asr = 0
        self.writing = self.reading = False
        self.seen = 0b0101  # levels of the last cycle: below half, and empty

    @property
    def irq(self) -> int:
        """The interrupt level."""
        return int(bool(self.gie and self.isr & self.ier))

    @property
    def levels(self) -> int:
        """Conditions whose rising edge sets ISR."""
        below_half = len(self.write_fifo) < self.write_depth // 2
        above_half = len(self.read_fifo) > self.read_depth // 2
        full = len(self.read_fifo) == self.read_depth
        return below_half | above_half << 1 | (not self.write_fifo) << 2 | full << 3

    def peek(self, offset: int) -> int:
        """What a read of `offset` returns, without its effects."""
        values = {
            GIER: self.gie << 31, ISR: self.isr, IER: self.ier,
            RF: self.read_fifo[0] if self.read_fifo else 0,
            CR: self.writing | self.reading << 1, SR: 5 if self.engine.done else 0,
            WFV: self.write_depth - len(self.write_fifo), RFO: len(self.read_fifo), ASR: self.asr,
        }  # fmt: skip
        return values.get(offset, 0)

    def step(self, write: tuple[int, int] | None, read: int | None) -> int | None:
        """One clock cycle with these register accesses; returns the read data."""
        answer = None if read is None else self.peek(read)
        offset, value = write or (None, 0)
        command = value if offset == CR else 0
        engine_status = self.engine.status_byte
        self.taken = []
        if command & (CR_CLEAR | CR_RESET | CR_ABORT):
            self._flush(command, engine_status)
            return answer

        writing, was_reading = self.writing, self.reading
        fetching = was_reading and not writing
        push = offset == WF and len(self.write_fifo) < self.write_depth
        can_fetch = fetching and self.fetch and len(self.read_fifo) < self.read_depth
        edges = self.levels & ~self.seen
        self.seen = self.levels
        self.isr = (self.isr ^ (value & 15 if offset == ISR else 0)) | edges
        if not self.write_fifo:
            self.writing = False
        if fetching and not self.fetch:
            self.reading = False
        if writing and self.write_fifo:
            word = self.write_fifo.popleft()
            self.taken.append(word)
            self.engine.word(word)
        if read == RF and self.read_fifo:
            self.read_fifo.popleft()
        if can_fetch:
            self.read_fifo.append(self.engine.read())
            self.fetch -= 1
        if push:
            self.write_fifo.append(value)
        self._registers(offset, value, was_reading)
        return answer

    def _registers(self, offset: int | None, value: int, was_reading: bool) -> None:
        if offset == GIER:
            self.gie = value >> 31
        elif offset == IER:
            self.ier = value & 15
        elif offset == SZ:
            self.size = value & 0xFFF
        elif offset == CR:
            self.writing = self.writing or bool(value & CR_WRITE)
            if value & CR_READ and not was_reading:
                self.reading = True
                self.fetch = self.size

    def _flush(self, command: int, engine_status: int) -> None:
        edges, seen = self.levels & ~self.seen, self.levels
        self.write_fifo.clear()
        self.read_fifo.clear()
        self.writing = self.reading = False
        self.fetch = 0
        self.isr |= edges
        self.seen = seen
        if command & CR_RESET:
            self._power_on()
        if command & CR_ABORT:
            self.asr = engine_status
            self.engine.abort()
