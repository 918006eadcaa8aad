# SPDX-License-Identifier: Apache-2.0
"""MSD and MPD as processes, AMD's or ours, on the device files of a simulated card.

AMD's come from the Debian package libxrt-utils. Its MSD binds every interface, so all four run in a private
network namespace. The card is where the test is; the daemons reach it through the sockets of the machines'
root directories.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

import pytest

from bridge import preload
from pydriver.subdev.identity import PciAddress
from tb.netns import Namespace, NoNamespaces
from tb.runner import ROOT
from tests.interop.native import unavailable

Maker = Literal["amd", "ours"]
Role = Literal["msd", "mpd"]
AMD = {"msd": "msd", "mpd": "xrt_mpd"}
HOST = "127.0.0.1"
CONTAINER_PLUGIN = next(iter(sorted(Path("/usr/lib").glob("*/libcontainer_mpd_plugin.so"))), None)
# Each of AMD's looks at its end condition every 3 s, in two threads one after the other.
STOP_S = 15.0


def require_amd() -> None:
    """The test ends where AMD's daemons, or a compiler for the preloaded library, are missing."""
    if any(shutil.which(name) is None for name in AMD.values()):
        unavailable("AMD's daemons msd and xrt_mpd (Debian package libxrt-utils) are not installed")
    if shutil.which("cc") is None:
        unavailable("no C compiler for the library that AMD's daemons are started with")


def private_network() -> Namespace:
    """The test is skipped where the machine gives none. Close it when done."""
    if any(shutil.which(name) is None for name in ("unshare", "nsenter")):
        unavailable("unshare and nsenter (Debian package util-linux) are not installed")
    try:
        return Namespace()
    except NoNamespaces as error:
        # Not a package that could be installed: containers forbid it.
        pytest.skip(f"no private network for a daemon that binds every interface: {error}")


@dataclass
class Daemon:
    """One running daemon and what it has said."""

    role: Role
    maker: Maker
    process: subprocess.Popen[bytes]
    log: Path

    def said(self, *parts: str) -> bool:
        """Some part is in its log."""
        text = self.log.read_text(errors="replace")
        return any(part in text for part in parts)

    def ask_to_stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """As a crash: nothing is taken back."""
        self.process.kill()
        self.process.wait(timeout=10)

    @property
    def ended(self) -> bool:
        return self.process.poll() is not None


class Daemons:
    """Both daemons of one card: MSD in the machine `host`, MPD in `guest`, both below `place`; logs too.

    With a C plugin for MPD there is one machine only, because the plugin looks for the management function.
    """

    def __init__(self, network: Namespace, place: Path, plugin: Path | None = None) -> None:
        """`plugin` is put where XRT installs it."""
        self.host, self.guest = (place / "machine",) * 2 if plugin else (place / "host", place / "guest")
        self._network = network
        self._plugin = plugin
        self._logs = place
        self._running: list[Daemon] = []
        (self.host / "etc").mkdir(parents=True, exist_ok=True)
        (self.host / "etc/msd.conf").write_text(f"host = {HOST}\n")
        if plugin is not None:
            link = self.guest / "opt/xilinx/xrt/lib/libmpd_plugin.so"
            link.parent.mkdir(parents=True, exist_ok=True)
            link.unlink(missing_ok=True)
            link.symlink_to(plugin)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        for daemon in self._running:
            with suppress(ProcessLookupError):
                daemon.process.kill()
            daemon.process.wait(timeout=10)

    def replug(self, address: PciAddress) -> None:
        """Tell MPD that the mailbox of a user function went away and came back."""
        number = address.number
        path = f"/devices/pci0000:00/{address}/mailbox.u.{number}/xrt_user/xfpga!mailbox.u{number}.0"
        for action in ("remove", "add"):
            assert preload.udev_event(self.guest, action, path) == 1

    def start(self, role: Role, maker: Maker) -> Daemon:
        """Start a daemon; it needs a while."""
        root = self.host if role == "msd" else self.guest
        log = self._logs / f"{len(self._running)}-{role}-{maker}.log"
        environment = dict(os.environ, PYTHONPATH=str(ROOT))
        # In our MPD a C plugin needs the library too.
        loaded = maker == "amd" or (role == "mpd" and self._plugin is not None)
        variables = preload.environment(root, log if maker == "amd" else None) if loaded else {}
        ours = [sys.executable, "-m", f"pydriver.daemons.{role}", "--root", str(root), "--verbose"]
        words = [
            *self._network.enter(),
            "env",
            *(f"{name}={value}" for name, value in variables.items()),
            *([AMD[role]] if maker == "amd" else ours),
        ]
        log.unlink(missing_ok=True)
        with log.open("ab") as sink:
            process = subprocess.Popen(
                words, env=environment, stdin=subprocess.DEVNULL, stdout=sink, stderr=sink, cwd=self._logs
            )
        daemon = Daemon(role, maker, process, log)
        self._running.append(daemon)
        return daemon
