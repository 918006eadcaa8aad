# SPDX-License-Identifier: Apache-2.0
"""The packet router as an application sees it: route tables, packets, and what must be true of the results.

An entry of a table names the table: version in bits [30:16], port in [15:0], bit 31 drops. So the eight
entries of a packet say which table routed it, and whether it was one table only.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from pydriver.xrt import BO, Device, Kernel, Mailbox, Run
from scenarios.checks import check

KEYS = 256
WORDS = 8
BEAT = 4 * WORDS
DROP = 1 << 31
VERSION_SHIFT = 16
MAX_VERSION = 0x7FFF
EMPTY = "."
DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"

Words = np.ndarray[Any, np.dtype[np.uint32]]


def table(version: int, drop_every: int = 61) -> Words:
    """The routes of a version: 256 entries. Every version sends most keys elsewhere and drops other ones."""
    keys = np.arange(KEYS, dtype=np.uint32)
    ports = (keys * np.uint32(2 * version + 1) + np.uint32(version)) & np.uint32(0xFFFF)
    drop = np.where((keys + version) % drop_every == 0, np.uint32(DROP), np.uint32(0))
    return drop | np.uint32(version << VERSION_SHIFT) | ports


def packets(rng: np.random.Generator, entries: int) -> Words:
    """`entries` packets of eight keys; the upper bits of a word are anything."""
    return rng.integers(0, 1 << 32, (entries, WORDS), dtype=np.uint32)


@dataclass(frozen=True)
class Look:
    """What one look at the result ring showed. `versions`: of each place, 0 where nothing was yet."""

    versions: tuple[int, ...]

    @property
    def newest(self) -> int:
        return max(self.versions)

    def __str__(self) -> str:
        """One character a place: the version, in base 36."""
        return "".join(DIGITS[v % len(DIGITS)] if v else EMPTY for v in self.versions)


class Observer:
    """Looks at the results while the router goes on writing them, and never believes them."""

    def __init__(self, keys: Words) -> None:
        self._keys = keys & np.uint32(KEYS - 1)
        self._last = np.zeros(len(keys), dtype=np.int64)
        self.beats = 0

    def look(self, ring: bytes, released: int) -> Look:
        """Check the result ring; `released` is the newest version that was written to the mailbox.

        Raises AssertionError: a packet was routed by two tables, by a table that was not released, by an
        older one than its place has seen, or wrongly.
        """
        beats = np.frombuffer(ring, dtype=np.uint32).reshape(-1, WORDS)
        versions = (beats >> np.uint32(VERSION_SHIFT)).astype(np.int64) & MAX_VERSION
        for place, (beat, row) in enumerate(zip(beats, versions, strict=True)):
            version = int(row[0])
            if len({int(v) for v in row}) > 1:
                raise AssertionError(f"place {place}: one packet, two tables: versions {row.tolist()}")
            if version > released:
                raise AssertionError(f"place {place}: table {version} before it was released")
            if version < self._last[place]:
                raise AssertionError(f"place {place}: table {version} after table {self._last[place]}")
            if version:
                expected = table(version)[self._keys[place]]
                check(f"entries at place {place}, table {version}", beat.tolist(), expected.tolist())
                self.beats += 1
        self._last = versions[:, 0].copy()
        return Look(tuple(int(v) for v in self._last))


def in_order(look: Look) -> bool:
    """A ring that nobody writes any more is a run of rising versions that begins somewhere in it."""
    versions = look.versions
    pairs = zip(versions, (*versions[1:], versions[0]), strict=True)
    return sum(left > right for left, right in pairs) <= 1


@dataclass(frozen=True)
class Counters:
    """Outputs of one execution."""

    packets: int
    dropped: int
    tag: int


class Router:
    """One unit of `route` with its rings. Make it with `make`."""

    def __init__(self, kernel: Kernel, source: BO, sink: BO, keys: Words) -> None:
        self.kernel = kernel
        self.observer = Observer(keys)
        self.run: Run = kernel.run()
        self.mailbox = Mailbox(self.run)
        self.released = 0
        self._source = source
        self._sink = sink

    @classmethod
    async def make(cls, device: Device, uuid: bytes, unit: str, keys: Words) -> Router:
        """Open the unit, fill its packet ring, clear its result ring, set everything but the table."""
        kernel = await Kernel.open(device, uuid, f"route:{{{unit}}}")
        size = BEAT * len(keys)
        source, sink = [await BO.alloc(device, size, kernel.group_id(index)) for index in range(2)]
        source.map()[:] = keys.tobytes()
        sink.map()[:] = bytes(size)
        await source.sync_to_device()
        await sink.sync_to_device()
        router = cls(kernel, source, sink, keys)
        for name, value in (("in", source), ("out", sink), ("entries", len(keys))):
            router.run.set_arg(name, value)
        return router

    def first_table(self, version: int) -> None:
        """The routes of the first start."""
        self.run.set_arg("tag", version)
        self.run.set_arg("table", table(version))
        self.released = version

    async def change(self, version: int) -> None:
        """New routes, while packets flow."""
        await self.mailbox.set_arg("tag", version)
        await self.mailbox.set_arg("table", table(version))
        self.released = version
        await self.mailbox.write()

    async def counters(self) -> Counters:
        """Of an execution that ended after this was called."""
        await self.mailbox.read()
        values = [await self.mailbox.get_int(name) for name in ("packets", "dropped", "last_tag")]
        return Counters(*values)

    async def look(self) -> Look:
        """Fetch the results and check them. Raises AssertionError as `Observer.look`."""
        await self._sink.sync_from_device()
        return self.observer.look(self._sink.read(), self.released)

    async def close(self) -> None:
        """Give everything back."""
        self._source.free()
        self._sink.free()
        await self.kernel.close()


def wrapped(look: Look, width: int) -> Iterator[str]:
    """The picture of a ring in lines of `width` places."""
    text = str(look)
    for at in range(0, len(text), width):
        yield text[at : at + width]
