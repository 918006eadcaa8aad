# SPDX-License-Identifier: Apache-2.0
"""The process of the vendor's firmware and its two streams: messages out of it, answers into it.

The simulation stands still while the firmware computes, so nothing in it could notice that the process is
dead or says nothing any more: every message has a deadline in real time.
"""

from __future__ import annotations

import errno
import os
import select
import struct
import subprocess
from collections.abc import Sequence

from pydriver.errors import DriverError, fail

SILENCE_S = 30.0
"""Most between two messages; the program's own limit is shorter (`kHungSeconds` in `sched_em.cpp`)."""
END_S = 5.0
"""How long a process that has closed a stream may take to end."""
CHUNK = 1 << 16
_MESSAGE = struct.Struct("<III")
_ANSWER = struct.Struct("<I")

Message = tuple[str, int, int]
"""Letter, address, value; see `sched_em.cpp`."""


class Link:
    """The running process. `close` it."""

    def __init__(self, command: Sequence[str], name: str) -> None:
        """`name`: who it is, for errors."""
        self._name = name
        self._process = subprocess.Popen(
            list(command), stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
        )
        assert self._process.stdin is not None and self._process.stdout is not None
        self._into, self._out = self._process.stdin, self._process.stdout
        self._poll = select.poll()
        self._poll.register(self._out, select.POLLIN)
        self._bytes = b""
        self._at = 0
        self._last = "before its first access"

    def receive(self) -> Message | None:
        """The next message, None when the firmware has ended by itself.

        Raises EIO when the process died or broke off within a message, ETIMEDOUT when it says nothing for
        `SILENCE_S`; both name the process, its exit code and its last access.
        """
        while len(self._bytes) - self._at < _MESSAGE.size:
            if not self._poll.poll(SILENCE_S * 1000):
                raise self._error(errno.ETIMEDOUT, f"has said nothing for {SILENCE_S:g} s")
            chunk = os.read(self._out.fileno(), CHUNK)
            if not chunk:
                self._check_end()
                return None
            self._bytes = self._bytes[self._at :] + chunk
            self._at = 0
        letter, addr, value = _MESSAGE.unpack_from(self._bytes, self._at)
        self._at += _MESSAGE.size
        if letter == ord("R"):
            self._last = f"after a read of {addr:#x}"
        elif letter == ord("W"):
            self._last = f"after a write of {value:#x} to {addr:#x}"
        return chr(letter), addr, value

    def answer(self, value: int) -> None:
        """Answer a message. Raises EIO when the process does not take it."""
        try:
            self._into.write(_ANSWER.pack(value))
        except BrokenPipeError:
            raise self._error(errno.EIO, f"{self._exit_code()} and takes no answer") from None

    def close(self) -> None:
        """End the process, whatever it does."""
        self._process.kill()
        self._process.wait()
        self._into.close()
        self._out.close()

    def _check_end(self) -> None:
        """Raises EIO unless the process ended well, between two messages."""
        code = self._exit_code()
        if self._process.returncode != 0 or self._at != len(self._bytes):
            raise self._error(errno.EIO, code)

    def _exit_code(self) -> str:
        try:
            return f"ended with exit code {self._process.wait(END_S)}"
        except subprocess.TimeoutExpired:
            return "closed a stream and runs on"

    def _error(self, code: int, what: str) -> DriverError:
        return fail(code, f"{self._name} {what}, {self._last}")
