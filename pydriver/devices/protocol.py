# SPDX-License-Identifier: Apache-2.0
"""The words spoken on the sockets behind device files and attributes.

One connection is one open file. The client sends a request and waits for its reply; while a read or a write
blocks it may send INTERRUPT, nothing else. Everything is little endian.

Request: u32 operation, u32 length, payload of that length. Reply: i32 result (>= 0, or a negative errno),
u32 length, data of that length. The bytes of a mailbox message are those of the software mailbox contract §1.
"""

from __future__ import annotations

import enum
import errno
import os
import socket
import struct
from pathlib import Path

from pydriver.errors import fail

REQUEST = struct.Struct("<II")
REPLY = struct.Struct("<iI")
OPEN_FLAGS = struct.Struct("<I")
READ_SIZE = struct.Struct("<Q")
IOCTL_COMMAND = struct.Struct("<I")

MAX_LENGTH = (1 << 30) + 4096
"""Largest payload of a request or reply: the largest frame and a bit; more ends the connection."""

FRAME_HEADER = 32
FRAME_SIZE = struct.Struct("<Q")

ERESTARTSYS = 512
"""Result of a blocked read or write after INTERRUPT, as inside the kernel; clients show EINTR."""

DOWNLOAD_AXLF = 0x4008_5806
"""_IOW('X', 6, pointer to the image). On the socket the image itself is the data."""
COMMAND_MASK = 0xFFFF
"""The size and direction bits of an ioctl command are not compared."""

LIVE = ".live"
"""Name of the socket behind the attribute files, in the directory of the PCI function."""


class Op(enum.IntEnum):
    """Operations of a request; the payload is in the comment."""

    OPEN = 1  # u32 Linux open flags, utf-8 name: "" on a device node, the attribute's path on `.live`
    READ = 2  # u64 size
    WRITE = 3  # data
    IOCTL = 4  # u32 command, data
    INTERRUPT = 5  # nothing; no reply of its own


def request(op: Op, payload: bytes = b"") -> bytes:
    """One request."""
    return REQUEST.pack(op, len(payload)) + payload


class SocketPlace:
    """Where a socket lies, of any length: `sun_path` takes 108 bytes, so its directory is named by number.

    ``with SocketPlace(path) as address: sock.connect(address)``. Raises ENOENT, ENOTDIR, and
    ENAMETOOLONG when the last component alone is too long.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = Path(path)
        self._directory = -1

    def __enter__(self) -> str:
        self._directory = os.open(self._path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        address = f"/proc/self/fd/{self._directory}/{self._path.name}"
        if len(os.fsencode(address)) > 107:
            os.close(self._directory)
            raise fail(errno.ENAMETOOLONG, f"{self._path.name} is too long a name for a socket")
        return address

    def __exit__(self, *_: object) -> None:
        os.close(self._directory)


def connect(path: str | os.PathLike[str]) -> socket.socket:
    """A blocking connection to the socket at `path`. Raises ENOENT, ECONNREFUSED (nobody serves it)."""
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
    try:
        with SocketPlace(path) as address:
            sock.connect(address)
    except BaseException:
        sock.close()
        raise
    return sock
