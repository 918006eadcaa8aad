# SPDX-License-Identifier: Apache-2.0
"""Interrupt BAR of one function: XDMA IRQ block (PG195) over an MSI-X table (PCIe 6.8.2).

A pure register and event model: `level` and register writes go in, what may or must be sent
comes out. Sources 0-15 are the user interrupts, 16-23 the channels.
"""

from __future__ import annotations

from dataclasses import dataclass, field

USER_SOURCES = 16
CHANNEL_SOURCES = 8
VECTORS = 32

IRQ_ID, CONFIG_ID = 0x2000, 0x3000
USR_ENABLE, USR_W1S, USR_W1C = 0x2004, 0x2008, 0x200C
CHNL_ENABLE, CHNL_W1S, CHNL_W1C = 0x2010, 0x2014, 0x2018
USR_REQUEST, CHNL_REQUEST, USR_PENDING, CHNL_PENDING = 0x2040, 0x2044, 0x2048, 0x204C
USR_VECTOR, CHNL_VECTOR = 0x2080, 0x20A0
TABLE, PBA = 0x8000, 0x8FE0

# Register, first source, sources; one byte each.
VECTOR_BLOCKS = ((USR_VECTOR, 0, USER_SOURCES), (CHNL_VECTOR, USER_SOURCES, CHANNEL_SOURCES))


@dataclass
class Entry:
    """One table entry."""

    address: int = 0
    data: int = 0
    masked: bool = True


@dataclass
class IrqBar:
    """State of one interrupt BAR. `pending` counts nothing: an MSI-X vector is pending or not."""

    max_payload: int = 0
    max_read: int = 0
    enabled: bool = False
    function_mask: bool = False
    user_enable: int = 0
    channel_enable: int = 0
    user_request: int = 0
    channel_request: int = 0
    vector: list[int] = field(default_factory=lambda: [0] * (USER_SOURCES + CHANNEL_SOURCES))
    table: list[Entry] = field(default_factory=lambda: [Entry() for _ in range(VECTORS)])
    pending: set[int] = field(default_factory=set)
    _level: int = 0

    def _update(self) -> None:
        """A vector becomes pending when a source's (request & enable) rises."""
        level = self.user_request & self.user_enable
        level |= (self.channel_request & self.channel_enable) << USER_SOURCES
        rising = level & ~self._level
        self._level = level
        if self.enabled:
            self.pending |= {vector for source, vector in enumerate(self.vector) if rising >> source & 1}
        else:
            self.pending.clear()

    def set_enabled(self, enabled: bool, function_mask: bool) -> None:
        """The MSI-X control bits of the configuration space."""
        self.enabled, self.function_mask = enabled, function_mask
        self._update()

    def request(self, user: int, channel: int = 0) -> None:
        """The level inputs."""
        self.user_request, self.channel_request = user, channel
        self._update()

    def write(self, offset: int, value: int) -> None:
        """A 32-bit register write; what is not writable ignores it."""
        if TABLE <= offset < TABLE + 16 * VECTORS:
            entry, part = self.table[(offset - TABLE) // 16], offset % 16
            if part == 0:
                entry.address = entry.address & ~0xFFFFFFFF | value
            elif part == 4:
                entry.address = entry.address & 0xFFFFFFFF | value << 32
            elif part == 8:
                entry.data = value
            else:
                entry.masked = bool(value & 1)
            return
        user, channel = value & 0xFFFF, value & 0xFF
        if offset == USR_ENABLE:
            self.user_enable = user
        elif offset == USR_W1S:
            self.user_enable |= user
        elif offset == USR_W1C:
            self.user_enable &= ~user
        elif offset == CHNL_ENABLE:
            self.channel_enable = channel
        elif offset == CHNL_W1S:
            self.channel_enable |= channel
        elif offset == CHNL_W1C:
            self.channel_enable &= ~channel
        for base, first, count in VECTOR_BLOCKS:
            if base <= offset < base + count:
                for index in range(4):
                    self.vector[first + offset - base + index] = value >> (8 * index) & 0x1F
        self._update()

    def read(self, offset: int) -> int:
        """A 32-bit register read (no side effects in this block)."""
        if TABLE <= offset < TABLE + 16 * VECTORS:
            entry = self.table[(offset - TABLE) // 16]
            return (
                entry.address & 0xFFFFFFFF,
                entry.address >> 32,
                entry.data,
                int(entry.masked),
            )[offset % 16 // 4]
        for base, first, count in VECTOR_BLOCKS:
            if base <= offset < base + count:
                start = first + offset - base
                return sum(self.vector[start + index] << (8 * index) for index in range(4))
        fixed = {
            IRQ_ID: 0x1FC20006,
            CONFIG_ID: 0x1FC30006,
            0x3008: self.max_payload,
            0x300C: self.max_read,
            0x3010: 0xFF01,
            0x3014: int(self.enabled) << 1,
            0x3018: 2,
            USR_ENABLE: self.user_enable,
            CHNL_ENABLE: self.channel_enable,
            USR_REQUEST: self.user_request & self.user_enable,
            CHNL_REQUEST: self.channel_request & self.channel_enable,
            USR_PENDING: self.user_request,
            CHNL_PENDING: self.channel_request,
            PBA: sum(1 << vector for vector in self.pending),
        }
        return fixed.get(offset, 0)

    def sendable(self) -> set[int]:
        """Vectors that must be sent now, in any order."""
        if not self.enabled or self.function_mask:
            return set()
        return {vector for vector in self.pending if not self.table[vector].masked}

    def sent(self, address: int, data: int) -> int:
        """Account for a message; returns its vector. Raises AssertionError when none such may be sent."""
        for vector in sorted(self.sendable()):
            if (self.table[vector].address, self.table[vector].data) == (address, data):
                self.pending.remove(vector)
                return vector
        raise AssertionError(f"message {address:#x} := {data:#x} is not due, but {self.sendable()}")
