# SPDX-License-Identifier: Apache-2.0
"""The software channel: what the mailbox's character device does, with one message slot per direction.

No file descriptors here: a server of device files calls `open`, `read`, `write` and `close` for the process
that has the node open, the mailbox calls the rest. Interrupting a blocked call (ERESTARTSYS on the device) is
cancelling its task, which loses nothing: a call waits first and then does all its work at once.
Source: software mailbox contract §2.
"""

from __future__ import annotations

import errno
from collections.abc import Callable
from dataclasses import dataclass

from pydriver.errors import fail
from pydriver.mailbox.frames import FRAME_HEADER, HEADER, PAYLOAD_AT, Frame
from pydriver.platform import Clock


@dataclass(frozen=True)
class ReadResult:
    """`error` 0: `data` is a whole frame. EMSGSIZE: `data` is its 32 header bytes and the frame stays."""

    data: bytes
    error: int = 0


@dataclass(frozen=True)
class _Outgoing:
    frame: Frame
    taken: Callable[[], None]


class SoftwareChannel:
    """Both slots of one mailbox's device node.

    `on_readable` are called with True when an outgoing message waits in the slot (POLLIN) and with False when
    it has gone, read or timed out; `on_present` with whether a daemon is there, when one opened or closed the
    node. `on_change` belongs to the mailbox: called after a slot was filled or emptied, and after the daemon
    opened or closed the node.
    """

    def __init__(self, clock: Clock) -> None:
        self.offline = False
        self.on_readable: list[Callable[[bool], None]] = []
        self.on_present: list[Callable[[bool], None]] = []
        self.on_change: Callable[[], None] = lambda: None
        self._openers = 0
        self._outgoing: _Outgoing | None = None
        self._incoming: Frame | None = None
        self._filled = clock.event()
        self._free = clock.event()
        self._free.set()

    # --- the daemon's side --------------------------------------------------------------------------

    @property
    def present(self) -> bool:
        """A daemon has the node open."""
        return self._openers > 0

    @property
    def readable(self) -> bool:
        """An outgoing message waits: what poll reports as POLLIN."""
        return self._outgoing is not None

    def open(self) -> None:
        """Mark the daemon present. Raises ENXIO while the mailbox is offline."""
        if self.offline:
            raise fail(errno.ENXIO, "the mailbox is offline")
        self._openers += 1
        self._tell_present()
        self.on_change()

    def close(self) -> None:
        """Mark the daemon absent, when it was the last that had the node open."""
        self._openers = max(0, self._openers - 1)
        self._tell_present()
        self.on_change()

    async def read(self, size: int) -> ReadResult:
        """Wait for an outgoing message and take it, when `size` bytes are enough for its frame.

        Otherwise the result is EMSGSIZE with the header, and the message stays. Raises EINVAL below 32 bytes.
        """
        if size < FRAME_HEADER:
            raise fail(errno.EINVAL, f"a buffer of {size} bytes has no room for the header")
        while self._outgoing is None:
            await self._filled.wait()
        frame = self._outgoing.frame
        if size < frame.size:
            return ReadResult(frame.header(), errno.EMSGSIZE)
        taken = self._outgoing.taken
        self._outgoing = None
        self._filled.clear()
        taken()
        self._tell(False)
        return ReadResult(frame.pack())

    async def write(self, frame: bytes) -> int:
        """Wait for the incoming slot and fill it, wholly or not at all; returns the bytes of the frame.

        Raises EINVAL (shorter than 32 bytes or than its header says, id or size 0) and EBUSY (another writer
        that waited for the same slot was first).
        """
        if len(frame) < FRAME_HEADER:
            raise fail(errno.EINVAL, f"a frame of {len(frame)} bytes is shorter than its header")
        if self._incoming is not None:
            await self._free.wait()
            if self._incoming is not None:
                raise fail(errno.EBUSY, "another writer took the slot")
        size, flags, msg_id = HEADER.unpack_from(frame)
        if msg_id == 0 or size == 0:
            raise fail(errno.EINVAL, f"a frame needs an id and a payload, not {msg_id} and {size} bytes")
        if len(frame) < FRAME_HEADER + size:
            raise fail(errno.EINVAL, f"a frame of {FRAME_HEADER + size} bytes came with {len(frame)} only")
        self._incoming = Frame(flags, msg_id, bytes(frame[PAYLOAD_AT : PAYLOAD_AT + size]))
        self._free.clear()
        self.on_change()
        return FRAME_HEADER + int(size)

    # --- the mailbox's side -------------------------------------------------------------------------

    def post(self, frame: Frame, taken: Callable[[], None]) -> None:
        """Put a message into the free outgoing slot; `taken` is called when the daemon has read it."""
        assert self._outgoing is None, "the slot is not free"
        self._outgoing = _Outgoing(frame, taken)
        self._filled.set()
        self._tell(True)

    def withdraw(self) -> None:
        """Take the outgoing message, if any, back out of the slot."""
        if self._outgoing is not None:
            self._outgoing = None
            self._filled.clear()
            self._tell(False)

    @property
    def received(self) -> bool:
        """The incoming slot holds a message."""
        return self._incoming is not None

    def take(self) -> Frame | None:
        """The incoming message, if there is one; the slot is free then and a waiting writer goes on."""
        frame, self._incoming = self._incoming, None
        self._free.set()
        return frame

    def clear(self) -> None:
        """Empty both slots, as when the channels of the mailbox are set up or torn down."""
        self.withdraw()
        self.take()

    def _tell_present(self) -> None:
        for callback in list(self.on_present):
            callback(self.present)

    def _tell(self, readable: bool) -> None:
        for callback in list(self.on_readable):
            callback(readable)
        self.on_change()
