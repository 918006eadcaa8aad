# SPDX-License-Identifier: Apache-2.0
"""PCIe requests and completions, and their beats on the 256-bit CQ and CC streams (PG213).

Everything here is dword aligned and without straddle; one beat has eight 32-bit lanes.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

LANES = 8
CQ_DESCRIPTOR_LANES = 4
CC_DESCRIPTOR_LANES = 3
SOP = 1 << 40
DISCONTINUE = 1 << 41


class Kind(enum.IntEnum):
    """Request type field of the completer request descriptor."""

    READ = 0
    WRITE = 1
    IO_READ = 2
    IO_WRITE = 3
    FETCH_ADD = 4
    SWAP = 5
    CAS = 6
    LOCKED_READ = 7
    CFG_READ_0 = 8
    CFG_READ_1 = 9
    CFG_WRITE_0 = 10
    CFG_WRITE_1 = 11
    MESSAGE = 12
    MESSAGE_VENDOR = 13
    MESSAGE_ATS = 14

    @property
    def posted(self) -> bool:
        return self in (Kind.WRITE, Kind.MESSAGE, Kind.MESSAGE_VENDOR, Kind.MESSAGE_ATS)


class Status(enum.IntEnum):
    """Completion status."""

    SC = 0
    UR = 1
    CA = 4


@dataclass(frozen=True)
class Request:
    """One completer request; `address` is the host's (low two bits 0), `length` counts dwords."""

    kind: Kind
    function: int
    bar: int
    address: int
    length: int = 1
    first_be: int = 0xF
    last_be: int = 0
    payload: tuple[int, ...] = ()
    tag: int = 0
    requester: int = 0
    tc: int = 0
    attr: int = 0
    aperture: int = 0

    @property
    def key(self) -> tuple[int, int]:
        """What a completion is found by."""
        return self.requester, self.tag

    def enables(self) -> list[int]:
        """Byte enables of every dword."""
        if self.length == 1:
            return [self.first_be]
        return [self.first_be, *[0xF] * (self.length - 2), self.last_be]


class Beat(NamedTuple):
    """One transfer of a stream."""

    data: int
    keep: int
    user: int
    last: bool


@dataclass(frozen=True)
class Completion:
    """One completion as it stands on CC."""

    lower: int
    byte_count: int
    locked: bool
    length: int
    status: int
    requester: int
    tag: int
    function: int
    tc: int
    attr: int
    data: tuple[int, ...]

    @property
    def key(self) -> tuple[int, int]:
        """What the request is found by."""
        return self.requester, self.tag


def _join(lanes: Sequence[int]) -> int:
    return sum(lane << (32 * index) for index, lane in enumerate(lanes))


def cq_beats(request: Request) -> list[Beat]:
    """The beats of a well-formed request; parity bits stay 0 (parity is off)."""
    descriptor = [
        request.address & 0xFFFFFFFC,
        request.address >> 32,
        request.length | request.kind << 11 | request.requester << 16,
        request.tag | request.function << 8 | request.bar << 16 | request.aperture << 19 | request.tc << 25
        | request.attr << 28,
    ]  # fmt: skip
    lanes = descriptor + list(request.payload)
    enables = [0] * CQ_DESCRIPTOR_LANES + (request.enables() if request.payload else [])
    beats = []
    for start in range(0, len(lanes), LANES):
        part = lanes[start : start + LANES]
        user = sum(be << (8 + 4 * lane) for lane, be in enumerate(enables[start : start + LANES]))
        if start == 0:
            user |= request.first_be | request.last_be << 4 | SOP
        beats.append(Beat(_join(part), (1 << len(part)) - 1, user, start + LANES >= len(lanes)))
    return beats


def unpack_completion(beats: Sequence[Beat]) -> Completion:
    """The completion in whole CC beats. Raises AssertionError when its framing is wrong."""
    lanes: list[int] = []
    for index, beat in enumerate(beats):
        last = index == len(beats) - 1
        assert beat.last == last
        assert beat.keep and beat.keep & (beat.keep + 1) == 0, f"keep {beat.keep:#x} has gaps"
        assert last or beat.keep == 0xFF, f"keep {beat.keep:#x} before the last beat"
        lanes += [beat.data >> (32 * lane) & 0xFFFFFFFF for lane in range(beat.keep.bit_length())]
    assert len(lanes) >= CC_DESCRIPTOR_LANES, "shorter than its descriptor"
    first, second, third = lanes[:CC_DESCRIPTOR_LANES]
    assert first & 0xC000FF80 == 0 and first >> 29 <= 1, f"reserved bits of {first:#x}"
    assert second & 0xC000 == 0, f"reserved bits or poison of {second:#x}"
    assert third & 0x81FF0000 == 0, f"bus number or forced ECRC in {third:#x}"
    return Completion(
        lower=first & 0x7F,
        byte_count=first >> 16 & 0x1FFF,
        locked=bool(first >> 29 & 1),
        length=second & 0x7FF,
        status=second >> 11 & 7,
        requester=second >> 16,
        tag=third & 0xFF,
        function=third >> 8 & 0xFF,
        tc=third >> 25 & 7,
        attr=third >> 28 & 7,
        data=tuple(lanes[CC_DESCRIPTOR_LANES:]),
    )


class CcMonitor:
    """Always-on rules of the CC stream; give it every clock cycle's settled values."""

    def __init__(self) -> None:
        self._held: Beat | None = None
        self._beats: list[Beat] = []

    @property
    def in_packet(self) -> bool:
        return bool(self._beats) or self._held is not None

    def cycle(self, beat: Beat | None, ready: bool) -> Completion | None:
        """`beat` is None while tvalid is low. Returns the completion that ends in this cycle.

        Raises AssertionError on a broken handshake, a gap in a packet's lanes or an illegal completion.
        """
        assert self._held in (None, beat), "CC changed while tvalid waited for tready"
        self._held = None
        if beat is None:
            return None
        assert beat.user == 0, "CC tuser: neither discontinue nor parity is used"
        if not ready:
            self._held = beat
            return None
        self._beats.append(beat)
        if not beat.last:
            return None
        completion = unpack_completion(self._beats)
        self._beats = []
        self._check(completion)
        return completion

    @staticmethod
    def _check(completion: Completion) -> None:
        assert completion.status in list(Status), f"status {completion.status}"
        assert len(completion.data) == completion.length, "dword count differs from the data"
        assert (completion.length > 0) == (completion.status == Status.SC), "only good completions carry data"
        assert 1 <= completion.byte_count <= 4096, f"byte count {completion.byte_count}"
        if completion.status == Status.SC:
            carried = 4 * completion.length - (completion.lower & 3)
            # The last completion may carry unused bytes of its last dword, never a dword too many.
            assert carried - completion.byte_count <= 3, f"more data than the byte count: {completion}"
