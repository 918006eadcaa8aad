# SPDX-License-Identifier: Apache-2.0
"""Frames of the software channel on a TCP stream and on the mailbox node.

A frame occupies 32 + sz bytes on both: u64 sz, u64 flags, u64 id, sz payload bytes from byte 24 on and eight
bytes of padding, little endian (software mailbox contract §1, §5.1). The daemons pass frames through as they
came, so they are kept as bytes.
"""

from __future__ import annotations

import contextlib
import errno
import os
import socket
import threading
from dataclasses import dataclass

from pydriver.devices import DeviceFile
from pydriver.errors import fail
from pydriver.mailbox.frames import FRAME_HEADER, HEADER, MAX_FRAME, PAYLOAD_AT
from pydriver.mailbox.messages import HEADER_SIZEOF, opcode_name, unpack_int

RESPONSE = 1
REQUEST = 2

STALL_S = 30.0
"""A peer that moves no byte for this long in the middle of a frame is given up."""
FIRST_STEP = 16 << 20
"""Bytes of a large frame that memory is taken for first; then as much again as has come."""

NODE_GONE = "the mailbox node went away"

# A read that lasts this long found its message timed out after poll had reported it.
EMPTY_READ_S = 0.2

_OPCODE_AT = 8
_INT_BYTES = 4


@dataclass(frozen=True)
class RawFrame:
    """One frame, all 32 + sz bytes."""

    raw: bytes

    @property
    def size(self) -> int:
        """Payload bytes."""
        return len(self.raw) - FRAME_HEADER

    @property
    def flags(self) -> int:
        return int.from_bytes(self.raw[8:16], "little")

    @property
    def id(self) -> int:
        return int.from_bytes(self.raw[16:24], "little")

    @property
    def payload(self) -> bytes:
        """A copy of the payload."""
        return self.raw[PAYLOAD_AT : PAYLOAD_AT + self.size]

    @property
    def is_response(self) -> bool:
        return bool(self.flags & RESPONSE)

    @property
    def opcode(self) -> int | None:
        """Opcode of a request; None for a response and for a request that is too short to have one."""
        if self.is_response or self.size < HEADER_SIZEOF:
            return None
        at = PAYLOAD_AT + _OPCODE_AT
        return int.from_bytes(self.raw[at : at + 4], "little")

    @property
    def result(self) -> int | None:
        """The number of a response that is one number."""
        return unpack_int(self.payload) if self.is_response and self.size == _INT_BYTES else None

    @property
    def name(self) -> str:
        """For log lines: `LOAD_XCLBIN`, `response`, `short request`."""
        if self.is_response:
            return "response"
        return "short request" if self.opcode is None else opcode_name(self.opcode)


def checked_size(header: bytes) -> int:
    """Payload bytes a frame's header announces.

    Raises EMSGSIZE for more than 1 GiB, EINVAL for one without payload or with id 0: no mailbox takes it.
    """
    size, _flags, ident = HEADER.unpack_from(header)
    if size > MAX_FRAME:
        raise fail(errno.EMSGSIZE, f"a frame of {size} bytes is announced, {MAX_FRAME} are allowed")
    if size == 0 or ident == 0:
        raise fail(errno.EINVAL, f"a frame with {size} payload bytes and id {ident:#x} is no message")
    return int(size)


class FrameLink:
    """A connected TCP socket that carries frames.

    One thread may receive while another one sends; `cut` may be called from any thread and ends both.
    """

    def __init__(self, sock: socket.socket, stall_s: float = STALL_S) -> None:
        sock.settimeout(stall_s)
        if sock.family == socket.AF_INET:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            _keep_alive(sock)
        self._sock = sock
        self._stall_s = stall_s

    def fileno(self) -> int:
        """-1 after `close`."""
        return self._sock.fileno()

    def receive(self) -> RawFrame | None:
        """The next frame; None when the peer closed between two frames.

        Raises ECONNRESET (closed in the middle of a frame), ETIMEDOUT (stalled in a frame), EMSGSIZE and
        EINVAL (`checked_size`); after any of them the stream is of no use.
        """
        header = bytearray(FRAME_HEADER)
        if not self._fill(memoryview(header), may_end=True):
            return None
        total = FRAME_HEADER + checked_size(bytes(header))
        frame = header
        while len(frame) < total:
            got = len(frame)
            # Not all at once: an announcement alone must not take the memory.
            frame += bytes(min(total - got, max(got, FIRST_STEP)))
            with memoryview(frame) as view, view[got:] as rest:
                self._fill(rest)
        return RawFrame(bytes(frame))

    def send(self, frame: RawFrame) -> None:
        """Send it all. Raises ECONNRESET or EPIPE, and ETIMEDOUT when the peer takes nothing for too long."""
        view = memoryview(frame.raw)
        sent = 0
        while sent < len(view):
            try:
                sent += self._sock.send(view[sent:])
            except TimeoutError as error:
                text = f"the peer took {sent} of {len(view)} bytes and then none for {self._stall_s:g} s"
                raise fail(errno.ETIMEDOUT, text) from error

    def cut(self) -> None:
        """End the connection under whoever is blocked in it."""
        try:
            self._sock.shutdown(socket.SHUT_RDWR)
        except OSError as error:
            if error.errno not in (errno.ENOTCONN, errno.EBADF):
                raise

    def close(self) -> None:
        """Close the socket; only when no other thread uses it."""
        self._sock.close()

    def _fill(self, view: memoryview, may_end: bool = False) -> bool:
        got = 0
        while got < len(view):
            try:
                count = self._sock.recv_into(view[got:])
            except TimeoutError as error:
                text = f"the peer sent {got} of {len(view)} bytes and then none for {self._stall_s:g} s"
                raise fail(errno.ETIMEDOUT, text) from error
            if count == 0:
                if got == 0 and may_end:
                    return False
                raise fail(errno.ECONNRESET, f"the peer closed after {got} of {len(view)} bytes")
            got += count
        return True


def _keep_alive(sock: socket.socket) -> None:
    """Notice within half a minute a peer that vanished; the protocol itself has no sign of life."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in ((socket.TCP_KEEPIDLE, 10), (socket.TCP_KEEPINTVL, 5), (socket.TCP_KEEPCNT, 4)):
        sock.setsockopt(socket.IPPROTO_TCP, option, value)


class MailboxNode:
    """The mailbox node of a function as a place for frames. One thread may receive while others send."""

    def __init__(self, device: DeviceFile) -> None:
        self.device = device
        self._idle = threading.Event()
        self._idle.set()
        self._writing = threading.Lock()

    def fileno(self) -> int:
        return self.device.fileno()

    def receive(self, alone: bool = False) -> RawFrame | None:
        """The waiting frame; None when it timed out before it was read. Raises what the driver gives.

        `alone`: no other thread sends, and so nobody else would end a read that found its message gone.
        """
        if not self.device.wait_readable(0):
            return None
        self._idle.clear()
        watchdog = threading.Thread(target=self._release_quietly, daemon=True) if alone else None
        if watchdog is not None:
            watchdog.start()
        try:
            raw = self.device.read_frame()
        except InterruptedError:
            return None
        finally:
            self._idle.set()
            if watchdog is not None:
                # An interrupt under way must not meet the next call.
                watchdog.join()
        if len(raw) < FRAME_HEADER or len(raw) != FRAME_HEADER + checked_size(raw):
            raise fail(errno.EIO, f"the mailbox node gave {len(raw)} bytes that are no frame")
        return RawFrame(raw)

    def send(self, frame: RawFrame) -> None:
        """Write it; blocks until the driver takes it. Raises what the driver gives."""
        self.release()
        with self._writing:
            self.device.write_frame(frame.raw)

    def release(self) -> None:
        """End a read that found its message gone and now holds up everything else."""
        while not self._idle.wait(EMPTY_READ_S):
            try:
                self.device.interrupt()
            except OSError as error:
                # A character device does not hold up a write.
                if error.errno == errno.ENOTSUP:
                    return
                raise

    def _release_quietly(self) -> None:
        # A device that is gone says so to the reader too.
        with contextlib.suppress(OSError):
            self.release()

    def close(self) -> None:
        """Blocked calls of other threads fail."""
        self.device.close()


Identity = tuple[int, int]
"""Which file a path means."""


def node_identity(path: os.PathLike[str]) -> Identity | None:
    """Which file is at `path` now; None: none. Another one than before means the function was set up anew."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_dev, status.st_ino


def check_identity(path: os.PathLike[str], expected: Identity | None) -> None:
    """Raises ENODEV when the node at `path` is not the one it was."""
    found = node_identity(path)
    if found is None:
        raise fail(errno.ENODEV, NODE_GONE)
    if found != expected:
        raise fail(errno.ENODEV, "the mailbox node was replaced")
