# SPDX-License-Identifier: Apache-2.0
"""A level that another process can wait for with `select`: a pipe with a byte in it, or without."""

from __future__ import annotations

import os
from contextlib import suppress


class Readiness:
    """`client_end` is readable while the level is on; hang-up after `close` and when this process dies.

    The client gets `client_end` and need not behave: this side has its own open files of the pipe, none of
    which block, whatever the client does to its own.
    """

    def __init__(self) -> None:
        self.client_end, self._write_end = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        self._read_end = os.open(
            f"/proc/self/fd/{self.client_end}", os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC
        )
        self._on = False

    def set(self, on: bool) -> None:
        """Nothing after `close`."""
        if on == self._on or self._write_end < 0:
            return
        self._on = on
        with suppress(BlockingIOError):
            if on:
                os.write(self._write_end, b"!")
            else:
                os.read(self._read_end, 1)

    def close(self) -> None:
        """Closing twice is allowed."""
        if self._write_end >= 0:
            for fd in (self.client_end, self._write_end, self._read_end):
                os.close(fd)
            self._write_end = -1
