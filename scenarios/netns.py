# SPDX-License-Identifier: Apache-2.0
"""Two machines' networks on one: a pair of network namespaces joined by a virtual cable.

Works without root where user namespaces are allowed. Needs `unshare` and `nsenter` (util-linux) and `ip`
(iproute2).
"""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

_TOOLS = ("unshare", "nsenter", "ip")
_READY_S = 3.0
_SUBNET = "10.77.0"


class NoNamespaces(RuntimeError):
    """This machine does not allow it; the sentence says why."""


def _run(words: Sequence[str]) -> None:
    run = subprocess.run(words, capture_output=True, text=True, check=False, timeout=10)
    if run.returncode:
        raise NoNamespaces(f"`{' '.join(words)}`: {(run.stderr or run.stdout).strip()}")


class _Namespace:
    """A network namespace, alive as long as its first process."""

    def __init__(self, within: _Namespace | None) -> None:
        outer = within.enter(network=False) if within else []
        rights = [] if within else ["--map-root-user"]
        self._process = subprocess.Popen(
            [*outer, "unshare", *rights, "--net", "sleep", "infinity"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        own = Path("/proc/self/ns/net").readlink()
        deadline = time.monotonic() + _READY_S
        while self._process.poll() is None and time.monotonic() < deadline:
            try:
                if Path(f"/proc/{self._process.pid}/ns/net").readlink() != own and self._is_asleep():
                    return
            except OSError:
                break
            time.sleep(0.01)
        self.close()
        raise NoNamespaces("a network namespace cannot be made here")

    @property
    def pid(self) -> int:
        return self._process.pid

    def _is_asleep(self) -> bool:
        return Path(f"/proc/{self.pid}/comm").read_text().strip() == "sleep"

    def enter(self, network: bool = True) -> list[str]:
        """Words before a command that make it run inside."""
        words = ["nsenter", "--preserve-credentials", "--user", "--target", str(self.pid)]
        return [*words, "--net"] if network else words

    def close(self) -> None:
        self._process.kill()
        self._process.wait()


class Cable:
    """Two namespaces with one address each, on one cable. Close it when done."""

    def __init__(self) -> None:
        """Raises NoNamespaces."""
        missing = [tool for tool in _TOOLS if not shutil.which(tool)]
        if missing:
            raise NoNamespaces(f"{', '.join(missing)} missing (Debian packages util-linux and iproute2)")
        self._ends: list[_Namespace] = []
        try:
            self._ends.append(_Namespace(None))
            self._ends.append(_Namespace(self._ends[0]))
            first, second = self._ends
            _run(
                [
                    *first.enter(),
                    *["ip", "link", "add", "end0", "type", "veth", "peer", "name", "end1", "netns"],
                    str(second.pid),
                ]
            )
            for index, end in enumerate(self._ends):
                for words in (
                    f"ip addr add {self.address(index)}/24 dev end{index}",
                    f"ip link set end{index} up",
                    "ip link set lo up",
                ):
                    _run([*end.enter(), *words.split()])
        except (NoNamespaces, OSError, subprocess.TimeoutExpired) as error:
            self.close()
            raise NoNamespaces(str(error)) from error

    def address(self, end: int) -> str:
        """IPv4 address of end 0 or 1."""
        return f"{_SUBNET}.{end + 1}"

    def enter(self, end: int) -> list[str]:
        """Words before a command that make it run at end 0 or 1."""
        return self._ends[end].enter()

    def close(self) -> None:
        while self._ends:
            self._ends.pop().close()
