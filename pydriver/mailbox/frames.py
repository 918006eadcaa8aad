# SPDX-License-Identifier: Apache-2.0
"""Frames of the software channel, as they are on the device node and on the wire. No I/O here.

A frame is a header of three little-endian u64 (payload bytes, flags, message id), the payload from byte 24 on
and eight zero bytes behind it, so it occupies 32 + size bytes (software mailbox contract §1).
"""

from __future__ import annotations

import errno
import struct
from dataclasses import dataclass

from pydriver.errors import fail

PAYLOAD_AT = 24
FRAME_HEADER = 32
"""`sizeof` of the header with its one data byte: the smallest frame, and what a frame adds to its payload."""
MAX_FRAME = 1 << 30
"""A daemon refuses a frame that is bigger."""


class FrameHeader(struct.Struct):
    """The header's numbers: `pack(size, flags, id)` and `unpack_from(data)`, and the size alone."""

    def size_of(self, start: bytes) -> int:
        """Payload bytes of the frame that begins with `start` (at least 8 bytes); the frame has 32 more."""
        return int.from_bytes(start[:8], "little")


HEADER = FrameHeader("<QQQ")


@dataclass(frozen=True)
class Frame:
    """One message on the software channel; `flags` and `id` are the mailbox message's."""

    flags: int
    id: int
    payload: bytes

    @property
    def size(self) -> int:
        """Bytes the frame occupies on the device node and on the wire."""
        return FRAME_HEADER + len(self.payload)

    def header(self) -> bytes:
        """The 32 bytes that a reader always gets: the header and eight zero bytes."""
        return HEADER.pack(len(self.payload), self.flags, self.id).ljust(FRAME_HEADER, b"\0")

    def pack(self) -> bytes:
        """All bytes of the frame, the eight behind the payload zero."""
        pad = bytes(FRAME_HEADER - PAYLOAD_AT)
        return b"".join((HEADER.pack(len(self.payload), self.flags, self.id), self.payload, pad))

    @classmethod
    def unpack(cls, data: bytes) -> Frame:
        """The frame that `data` begins with; what follows it is ignored.

        Raises EINVAL for less than 32 bytes, less than the header promises, or more than 1 GiB.
        """
        if len(data) < FRAME_HEADER:
            raise fail(errno.EINVAL, f"a frame of {len(data)} bytes is shorter than its header")
        size, flags, msg_id = HEADER.unpack_from(data)
        if FRAME_HEADER + size > MAX_FRAME:
            raise fail(errno.EINVAL, f"a frame with {size} bytes of payload is bigger than 1 GiB")
        if len(data) < FRAME_HEADER + size:
            raise fail(errno.EINVAL, f"a frame of {FRAME_HEADER + size} bytes came with {len(data)} only")
        return cls(flags, msg_id, bytes(data[PAYLOAD_AT : PAYLOAD_AT + size]))
