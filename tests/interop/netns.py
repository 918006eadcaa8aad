# SPDX-License-Identifier: Apache-2.0
"""A private network for programs that bind every interface: a network namespace with nothing but a loopback.

The namespace needs no rights where the kernel lets users make user namespaces (`unshare --map-root-user`);
root makes it without one. A holder process keeps it; programs enter it with `nsenter`.
"""

from __future__ import annotations

import os
import subprocess
import sys
from types import TracebackType
from typing import Self

# Brings the loopback up, says so, and stays until its standard input ends.
HOLDER = """
import fcntl, socket, struct, sys
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
    fcntl.ioctl(sock, 0x8914, struct.pack("16sh22x", b"lo", 0x1 | 0x40))  # SIOCSIFFLAGS: IFF_UP, IFF_RUNNING
print("up", flush=True)
sys.stdin.read()
"""


class Network:
    """Use as a context manager; `command` gives the words that run a program inside."""

    def __init__(self) -> None:
        self._holder: subprocess.Popen[str] | None = None
        self._enter: list[str] = []

    def __enter__(self) -> Self:
        """Raises OSError with the reason when this machine gives no namespace or has no `unshare`."""
        reasons = []
        ways = [["--net"]] if os.geteuid() == 0 else []
        for way in [*ways, ["--user", "--map-root-user", "--net"]]:
            holder = subprocess.Popen(
                ["unshare", *way, sys.executable, "-I", "-c", HOLDER],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            assert holder.stdout is not None
            if holder.stdout.readline() == "up\n":
                self._holder = holder
                user = ["--user", "--preserve-credentials"] if "--user" in way else []
                self._enter = ["nsenter", f"--target={holder.pid}", *user, "--net"]
                return self
            reasons.append(holder.communicate(timeout=10)[1].strip())
        raise OSError("; ".join(reasons))

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._holder is not None:
            self._holder.communicate(timeout=10)
            self._holder = None

    def command(self, *words: str) -> list[str]:
        """The command line that runs `words` inside."""
        assert self._holder is not None, "the namespace is not up"
        return [*self._enter, *words]
