# SPDX-License-Identifier: Apache-2.0
"""Packets of the hardware mailbox: cutting messages into packets and joining them again. No I/O here.

A packet is 16 little-endian words (XRT mailbox contract §2): word 0 kind and end flag, word 1 payload size in
bytes, then 56 bytes of body. A MSG_START body begins with id (u64), flags (u32), message size (u32) and holds
up to 40 bytes of payload, a MSG_BODY up to 56.
"""

from __future__ import annotations

import errno
import struct
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum, IntFlag

PACKET_WORDS = 16
START_PAYLOAD = 40
BODY_PAYLOAD = 56
END_OF_MESSAGE = 1 << 31
KIND_MASK = 0xFF

_WORDS = struct.Struct("<16I")
_START = struct.Struct("<IIQII40s")
_BODY = struct.Struct("<II56s")


class Kind(IntEnum):
    """Packet kinds, bits [7:0] of word 0."""

    INVALID = 0
    TEST = 1
    MSG_START = 2
    MSG_BODY = 3


class Flags(IntFlag):
    """Message flags. A notification is a request that nobody answers."""

    RESPONSE = 1
    REQUEST = 2


Packet = tuple[int, ...]
"""The 16 words of a packet."""


def packet_count(size: int) -> int:
    """Packets that a message of `size` bytes takes."""
    return 1 + -(-max(0, size - START_PAYLOAD) // BODY_PAYLOAD)


def split(msg_id: int, flags: int, data: bytes) -> Iterator[Packet]:
    """Cut a message into its packets, in order, each when it is asked for."""
    left = packet_count(len(data))
    first = data[:START_PAYLOAD]
    kind = Kind.MSG_START | (END_OF_MESSAGE if left == 1 else 0)
    yield _WORDS.unpack(_START.pack(kind, len(first), msg_id, flags, len(data), first))
    for at in range(START_PAYLOAD, len(data), BODY_PAYLOAD):
        part = data[at : at + BODY_PAYLOAD]
        kind = Kind.MSG_BODY | (END_OF_MESSAGE if at + BODY_PAYLOAD >= len(data) else 0)
        yield _WORDS.unpack(_BODY.pack(kind, len(part), part))


def test_packet(payload: bytes) -> Packet:
    """A TEST packet. Raises ValueError for more than 56 bytes."""
    if len(payload) > BODY_PAYLOAD:
        raise ValueError(f"a TEST packet holds {BODY_PAYLOAD} bytes, not {len(payload)}")
    return _WORDS.unpack(_BODY.pack(Kind.TEST, len(payload), payload))


@dataclass(frozen=True)
class Received:
    """A message that ended: `error` is 0 or the positive errno that ended it (then `data` is what came).

    `software`: it came over the software channel.
    """

    msg_id: int
    flags: int
    data: bytes
    error: int = 0
    software: bool = False


@dataclass
class _Partial:
    msg_id: int
    flags: int
    size: int
    data: bytearray


Accept = Callable[[int, int, int], int | None]
"""(id, flags, size) -> None: take the message; 0: drop it; an errno: end it at once with that errno."""


class Reassembler:
    """Joins packets of one direction to messages by the receiver rules of the XRT mailbox contract §2.

    `feed` returns the messages that ended with this packet. Dropped packets leave a sentence in `dropped`.
    """

    def __init__(self, accept: Accept) -> None:
        self._accept = accept
        self._current: _Partial | None = None
        self.dropped: list[str] = []
        self.test_payload = b""

    @property
    def busy(self) -> bool:
        """A message is partial."""
        return self._current is not None

    def abort(self, error: int) -> Received | None:
        """End the partial message, if any, with `error`."""
        partial, self._current = self._current, None
        if partial is None:
            return None
        return Received(partial.msg_id, partial.flags, bytes(partial.data), error)

    def feed(self, words: Sequence[int]) -> list[Received]:
        kind = words[0] & KIND_MASK
        size = words[1]
        raw = _WORDS.pack(*words)
        if kind == Kind.TEST:
            self.test_payload = raw[8 : 8 + min(size, BODY_PAYLOAD)]
            return []
        if kind == Kind.MSG_START:
            return self._start(raw)
        if kind == Kind.MSG_BODY:
            if self._current is None:
                self.dropped.append("a MSG_BODY without a message")
                return []
            return self._payload(raw[8:], size, bool(words[0] & END_OF_MESSAGE))
        self.dropped.append(f"a packet of unknown kind {kind}")
        return []

    def _start(self, raw: bytes) -> list[Received]:
        ended = []
        unfinished = self.abort(errno.EBADMSG)
        if unfinished:
            ended.append(unfinished)
        kind, payload_size, msg_id, flags, size, payload = _START.unpack(raw)
        refusal = self._accept(msg_id, flags, size)
        if refusal is not None:
            if refusal:
                ended.append(Received(msg_id, flags, b"", refusal))
            else:
                self.dropped.append(f"a message {msg_id:#x} nobody waits for")
            return ended
        self._current = _Partial(msg_id, flags, size, bytearray())
        return ended + self._payload(payload, payload_size, bool(kind & END_OF_MESSAGE))

    def _payload(self, body: bytes, size: int, end: bool) -> list[Received]:
        partial = self._current
        assert partial is not None
        if size > partial.size - len(partial.data) or size > len(body):
            partial_end = self.abort(errno.EBADMSG)
            return [partial_end] if partial_end else []
        partial.data += body[:size]
        if not end:
            return []
        self._current = None
        return [Received(partial.msg_id, partial.flags, bytes(partial.data))]
