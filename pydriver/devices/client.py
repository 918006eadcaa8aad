# SPDX-License-Identifier: Apache-2.0
"""Device files and attributes as a program outside the simulation sees them: blocking calls.

The same calls work on the sockets of a simulated machine and on the character devices and sysfs files of a
real one. Everything raises OSError with the errno the driver gives.
"""

from __future__ import annotations

import abc
import array
import ctypes
import errno
import fcntl
import os
import select
import socket
import stat
import struct
import threading
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from pydriver.devices import protocol
from pydriver.devices.protocol import Op
from pydriver.errors import fail

StrPath = str | os.PathLike[str]

GONE = "the device went away"
ATTRIBUTE_READ = 1 << 16
# Below this a copy is cheaper than a second system call.
JOIN_BELOW = 1 << 16


class ShortRead(OSError):
    """EMSGSIZE of a read: `header` is what the driver put into the buffer, the message stays where it is."""

    def __init__(self, header: bytes) -> None:
        super().__init__(errno.EMSGSIZE, "the message is longer than the read")
        self.header = header


class DeviceFile(abc.ABC):
    """An open device node. Make it with `open`; it is a context manager.

    Calls of several threads follow each other: a blocked read holds up a write, so wait with `wait_readable`
    or `select` on `fileno()` first, as the daemons do.
    """

    @staticmethod
    def open(path: StrPath, flags: int = os.O_RDWR) -> DeviceFile:
        """Raises ENOENT, ENXIO (the driver is offline or gone), EACCES, and what the driver's open gives."""
        if stat.S_ISSOCK(os.stat(path).st_mode):
            return ServedFile(path, flags)
        return PlainFile(path, flags)

    @abc.abstractmethod
    def fileno(self) -> int:
        """For `select`: readable while `read` would find something, hang-up when the device went away."""

    @abc.abstractmethod
    def read(self, size: int) -> bytes:
        """At most `size` bytes; blocks.

        A mailbox node raises EINVAL for less than 32 bytes, `ShortRead` when the message is longer, EINTR
        after `interrupt` (software mailbox contract §2).
        """

    @abc.abstractmethod
    def write(self, data: bytes) -> int:
        """Write all of `data` or nothing; the number of bytes. A mailbox node raises EINVAL, EBUSY, EINTR."""

    @abc.abstractmethod
    def ioctl(self, command: int, data: bytes) -> int:
        """The driver's result (>= 0). For DOWNLOAD_AXLF `data` is the image. Raises ENOTTY, its error."""

    @abc.abstractmethod
    def close(self) -> None:
        """Further calls raise EBADF. Closing twice is allowed."""

    def interrupt(self) -> None:
        """From another thread: a blocked call raises EINTR. A signal does this on a real machine."""
        raise fail(errno.ENOTSUP, "only calls on a simulated machine can be interrupted from a thread")

    def wait_readable(self, timeout_s: float | None = None) -> bool:
        """Wait until `read` would find something. Raises ENODEV when the device went away."""
        poll = select.poll()
        poll.register(self.fileno(), select.POLLIN)
        ready = poll.poll(None if timeout_s is None else max(0, int(timeout_s * 1000)))
        if ready and ready[0][1] & (select.POLLHUP | select.POLLERR) and not ready[0][1] & select.POLLIN:
            raise fail(errno.ENODEV, GONE)
        return bool(ready)

    def read_frame(self) -> bytes:
        """One whole mailbox message: a read of 32 bytes to learn the size, then the exact read."""
        size = protocol.FRAME_HEADER
        while True:
            try:
                return self.read(size)
            except ShortRead as short:
                # Between two reads the message may time out and a longer one take its place.
                (payload,) = protocol.FRAME_SIZE.unpack_from(short.header)
                size = payload + protocol.FRAME_HEADER
            if size > protocol.MAX_LENGTH:
                raise fail(errno.EMSGSIZE, f"a message of {payload} bytes is longer than allowed")

    def write_frame(self, frame: bytes) -> None:
        """One whole mailbox message. Raises EIO when the driver took less."""
        written = self.write(frame)
        if written != len(frame):
            raise fail(errno.EIO, f"the driver took {written} of {len(frame)} bytes")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class PlainFile(DeviceFile):
    """A character device of a real machine, or a plain file."""

    def __init__(self, path: StrPath, flags: int) -> None:
        self._fd = os.open(path, flags | os.O_CLOEXEC)

    def fileno(self) -> int:
        return self._fd

    def read(self, size: int) -> bytes:
        # Not os.read: on EMSGSIZE the driver has filled the buffer, and only this keeps it.
        buffer = bytearray(size)
        try:
            count = os.readv(self._fd, [buffer])
        except OSError as error:
            if error.errno == errno.EMSGSIZE:
                raise ShortRead(bytes(buffer[: protocol.FRAME_HEADER])) from error
            raise
        return bytes(memoryview(buffer)[:count])

    def write(self, data: bytes) -> int:
        return os.write(self._fd, data)

    def ioctl(self, command: int, data: bytes) -> int:
        if command & protocol.COMMAND_MASK != protocol.DOWNLOAD_AXLF & protocol.COMMAND_MASK:
            return int(fcntl.ioctl(self._fd, command, bytearray(data), True))
        image = ctypes.create_string_buffer(data, len(data))
        argument = bytearray(struct.pack("@P", ctypes.addressof(image)))
        return int(fcntl.ioctl(self._fd, command, argument, True))

    def close(self) -> None:
        fd, self._fd = self._fd, -1
        if fd >= 0:
            os.close(fd)


class ServedFile(DeviceFile):
    """A file behind a socket of `pydriver.devices.server`."""

    def __init__(self, path: StrPath, flags: int, name: str = "") -> None:
        """`name`: the attribute's path, when `path` is a `.live` socket."""
        self._readiness = -1
        self._lost = False
        # One call at a time; an interrupt may come between a call's request and its reply, not inside one.
        self._calling = threading.Lock()
        self._sending = threading.Lock()
        try:
            self._socket: socket.socket | None = protocol.connect(path)
        except ConnectionRefusedError as error:
            raise fail(errno.ENXIO, f"nobody serves {os.fspath(path)}") from error
        try:
            self._call(Op.OPEN, protocol.OPEN_FLAGS.pack(flags) + name.encode())
        except BaseException:
            self.close()
            raise

    def fileno(self) -> int:
        if self._readiness >= 0:
            return self._readiness
        return self._connection().fileno()

    def read(self, size: int) -> bytes:
        return self._call(Op.READ, protocol.READ_SIZE.pack(size))[1]

    def write(self, data: bytes) -> int:
        return self._call(Op.WRITE, data)[0]

    def ioctl(self, command: int, data: bytes) -> int:
        return self._call(Op.IOCTL, protocol.IOCTL_COMMAND.pack(command), data)[0]

    def interrupt(self) -> None:
        with self._sending:
            self._live_connection().sendall(protocol.request(Op.INTERRUPT))

    def close(self) -> None:
        sock, self._socket = self._socket, None
        if sock is not None:
            self._lose(sock)
            sock.close()
        readiness, self._readiness = self._readiness, -1
        if readiness >= 0:
            os.close(readiness)

    def _lose(self, sock: socket.socket) -> None:
        """End the connection, also under a call of another thread, and keep the descriptors: they say so."""
        self._lost = True
        # The other side may have ended it first.
        with suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)

    def _connection(self) -> socket.socket:
        if self._socket is None:
            raise fail(errno.EBADF, "the file is closed")
        return self._socket

    def _live_connection(self) -> socket.socket:
        sock = self._connection()
        if self._lost:
            raise fail(errno.ENODEV, GONE)
        return sock

    def _call(self, op: Op, *parts: bytes) -> tuple[int, bytes]:
        """Result and data. Raises the errno of the reply, ENODEV when the server is gone."""
        length = sum(len(part) for part in parts)
        if length > protocol.MAX_LENGTH:
            raise fail(errno.EINVAL, f"{length} bytes are more than one call takes")
        with self._calling:
            sock = self._live_connection()
            try:
                self._send(sock, protocol.REQUEST.pack(op, length), parts)
                result, size = protocol.REPLY.unpack(self._receive(sock, protocol.REPLY.size))
                data = self._receive(sock, size) if size else b""
            except (BrokenPipeError, ConnectionResetError) as error:
                self._lose(sock)
                raise fail(errno.EBADF if self._socket is None else errno.ENODEV, GONE) from error
            except BaseException:
                # Whatever ended the wait (a signal's exception), the reply would be taken for the next one's.
                self._lose(sock)
                raise
        if result >= 0:
            return result, data
        if result == -errno.EMSGSIZE:
            raise ShortRead(data)
        code = errno.EINTR if result == -protocol.ERESTARTSYS else -result
        raise OSError(code, os.strerror(code))

    def _send(self, sock: socket.socket, header: bytes, parts: tuple[bytes, ...]) -> None:
        with self._sending:
            if sum(len(part) for part in parts) < JOIN_BELOW:
                sock.sendall(header + b"".join(parts))
                return
            sock.sendall(header)
            for part in parts:
                sock.sendall(part)

    def _receive(self, sock: socket.socket, size: int) -> bytes:
        if size > protocol.MAX_LENGTH:
            raise fail(errno.EPROTO, f"a reply of {size} bytes is longer than allowed")
        data = bytearray(size)
        view, got = memoryview(data), 0
        while got < size:
            if self._readiness < 0:
                count = self._receive_descriptor(sock, view[got:])
            else:
                count = sock.recv_into(view[got:])
            if count == 0:
                raise ConnectionResetError(errno.ECONNRESET, "the server closed the connection")
            got += count
        return bytes(data)

    def _receive_descriptor(self, sock: socket.socket, view: memoryview) -> int:
        numbers = array.array("i")
        count, ancillary, _, _ = sock.recvmsg_into([view], socket.CMSG_SPACE(numbers.itemsize))
        for level, kind, data in ancillary:
            if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                numbers.frombytes(data[: len(data) - len(data) % numbers.itemsize])
        for number in numbers:
            os.set_inheritable(number, False)
            self._readiness = number
        return count


def _live(path: StrPath) -> tuple[Path, str] | None:
    """The `.live` socket above an attribute file and the attribute's path in it; None on a real machine."""
    path = Path(path)
    for directory in path.parents:
        live = directory / protocol.LIVE
        if live.is_socket():
            return live, str(path.relative_to(directory))
    return None


def _open_attribute(path: StrPath, flags: int) -> DeviceFile:
    live = _live(path)
    if live is None:
        # A shell's `echo` truncates too; it means nothing to sysfs, and leaves no rest in a plain file.
        return PlainFile(path, flags | os.O_TRUNC if flags & os.O_ACCMODE else flags)
    try:
        return ServedFile(live[0], flags, live[1])
    except OSError as error:
        if error.errno == errno.ENXIO:
            raise fail(errno.ENODEV, f"the device of {os.fspath(path)} is gone") from error
        raise


def read_attribute(path: StrPath) -> str:
    """Text of an attribute file, with the line end sysfs gives it. Raises ENOENT, EACCES, ENODEV."""
    with _open_attribute(path, os.O_RDONLY) as file:
        parts = []
        while part := file.read(ATTRIBUTE_READ):
            parts.append(part)
    return b"".join(parts).decode(errors="replace")


def write_attribute(path: StrPath, text: str) -> None:
    """Store `text` in one write, as sysfs wants it. Raises ENOENT, EACCES, EINVAL, ENODEV."""
    with _open_attribute(path, os.O_WRONLY) as file:
        file.write(text.encode())
