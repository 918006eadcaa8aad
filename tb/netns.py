# SPDX-License-Identifier: Apache-2.0
"""Private networks for daemons: network namespaces, alone or two of them joined by a virtual cable.

They work without root where the kernel lets users make user namespaces. Needs `unshare` and `nsenter`
(util-linux), a cable `ip` (iproute2) too.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from types import TracebackType
from typing import Self

_SUBNET = "10.77.0"

# Brings the loopback up, says so, and stays until its standard input ends, however its maker ended.
_HOLDER = """
import fcntl, socket, struct, sys
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
    fcntl.ioctl(sock, 0x8914, struct.pack("16sh22x", b"lo", 0x1 | 0x40))  # SIOCSIFFLAGS: IFF_UP, IFF_RUNNING
print("up", flush=True)
sys.stdin.read()
"""


class NoNamespaces(OSError):
    """This machine does not allow it; the sentence says why."""


class Namespace:
    """A network with nothing but a loopback, alive until `close` or the end of this process."""

    def __init__(self, within: Namespace | None = None) -> None:
        """`within`: the namespace whose owner owns this one too. Raises NoNamespaces."""
        _require("unshare", "nsenter")
        self._user: list[str] = within._user if within else []
        outer = within.enter(network=False) if within else []
        ways: list[list[str]] = [[]] if within or os.geteuid() == 0 else []
        if not within:
            ways.append(["--user", "--map-root-user"])
        reasons = []
        for own_user in ways:
            self._holder = subprocess.Popen(
                [*outer, "unshare", *own_user, "--net", sys.executable, "-I", "-c", _HOLDER],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            assert self._holder.stdout is not None
            if self._holder.stdout.readline() == "up\n":
                if own_user:
                    self._user = ["--user", "--preserve-credentials"]
                return
            reasons.append(self._holder.communicate(timeout=10)[1].strip())
        raise NoNamespaces("; ".join(reasons))

    @property
    def pid(self) -> int:
        """Of the process that holds it."""
        return self._holder.pid

    def enter(self, network: bool = True) -> list[str]:
        """Words before a command that make it run inside, or with this namespace's rights only."""
        what = [*self._user, *(["--net"] if network else [])]
        return ["nsenter", f"--target={self.pid}", *what] if what else []

    def close(self) -> None:
        """Closing twice is allowed."""
        self._holder.kill()
        self._holder.communicate()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class Cable:
    """Two namespaces with one address each, on one cable. Close it when done."""

    def __init__(self) -> None:
        """Raises NoNamespaces."""
        _require("ip")
        self._ends: list[Namespace] = []
        try:
            self._ends.append(Namespace())
            self._ends.append(Namespace(within=self._ends[0]))
            first, second = self._ends
            link = "ip link add end0 type veth peer name end1 netns"
            _run([*first.enter(), *link.split(), str(second.pid)])
            for index, end in enumerate(self._ends):
                for words in (
                    f"ip addr add {self.address(index)}/24 dev end{index}",
                    f"ip link set end{index} up",
                ):
                    _run([*end.enter(), *words.split()])
        except BaseException:
            self.close()
            raise

    def address(self, end: int) -> str:
        """IPv4 address of end 0 or 1."""
        return f"{_SUBNET}.{end + 1}"

    def enter(self, end: int) -> list[str]:
        """Words before a command that make it run at end 0 or 1."""
        return self._ends[end].enter()

    def close(self) -> None:
        """Closing twice is allowed."""
        while self._ends:
            self._ends.pop().close()


def _require(*tools: str) -> None:
    missing = [tool for tool in tools if not shutil.which(tool)]
    if missing:
        raise NoNamespaces(f"{', '.join(missing)} missing (Debian packages util-linux and iproute2)")


def _run(words: Sequence[str]) -> None:
    try:
        run = subprocess.run(words, capture_output=True, text=True, check=False, timeout=10)
    except subprocess.TimeoutExpired as error:
        raise NoNamespaces(f"`{' '.join(words)}` does not end") from error
    if run.returncode:
        raise NoNamespaces(f"`{' '.join(words)}`: {(run.stderr or run.stdout).strip()}")
