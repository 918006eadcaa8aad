# SPDX-License-Identifier: Apache-2.0
"""`msd.conf` as the management tool reads and writes it."""

from __future__ import annotations

import errno
import socket
from pathlib import Path

from pydriver.errors import fail


def read_host(path: Path) -> str:
    """The configured host; without a file this machine's name.

    Raises EIO for a line without `=`: here, unlike in MSD, that is an error.
    """
    host = socket.gethostname()
    if not path.exists():
        return host
    for line in path.read_text(errors="replace").splitlines():
        key, separator, value = line.partition("=")
        if not separator:
            raise fail(errno.EIO, f"Bad daemon config file line '{line}'")
        if key.strip() == "host":
            host = value.strip()
    return host


def write_host(path: Path, host: str) -> None:
    """Replace the file. Raises EINVAL for a name that cannot be on one line, OSError."""
    if not host or any(not character.isprintable() or character.isspace() for character in host):
        raise fail(errno.EINVAL, f"{host!r} is no host name")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"host={host}\n")
