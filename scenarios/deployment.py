# SPDX-License-Identifier: Apache-2.0
"""The machines of a deployment: roots with device files, and daemons that report what they do."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from pydriver.devices.server import DeviceServer
from pydriver.platform.outside import READ
from pydriver.xocl import Xocl
from scenarios.stage import Stage

START_S = 20.0 if os.environ.get("HOST", "fast") == "fast" else 300.0
"""Wall seconds that a daemon and its handshake get; the conformance host simulates 30 us a second."""
# Longer than a daemon that hangs takes to give up by itself.
_END_S = 10.0


class Daemon:
    """A running daemon; the events it reports reach the stage while simulated time goes on."""

    def __init__(self, stage: Stage, name: str, words: Sequence[str], log: Path) -> None:
        """`log` receives what the daemon says to people."""
        self.name = name
        self._stage = stage
        self._outside = stage.platform.outside
        self._rest = b""
        self._log = log.open("wb")
        # A daemon must not outlive a simulation that was killed.
        leash = ["setpriv", "--pdeathsig", "TERM"] if shutil.which("setpriv") else []
        self._process = subprocess.Popen(
            [*words[: _inner(words)], *leash, *words[_inner(words) :]],
            stdout=subprocess.PIPE,
            stderr=self._log,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
        assert self._process.stdout is not None
        self._pipe = self._process.stdout.fileno()
        os.set_blocking(self._pipe, False)
        self._outside.watch(self._pipe, READ, self._readable)

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    def _readable(self, _events: int) -> None:
        try:
            data = os.read(self._pipe, 1 << 16)
        except BlockingIOError:
            return
        if not data:
            self._outside.unwatch(self._pipe)
            return
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            self._stage.daemon_event(json.loads(line))

    def kill(self) -> None:
        """End it at once, as a crash would; nothing when it has ended."""
        self._process.kill()
        self._process.wait(_END_S)
        self._close()

    async def stop(self) -> int:
        """Ask it to end and wait for that; returns its exit status, at once when it has ended."""
        try:
            if self.running:
                self._process.terminate()
                await self._outside.until(lambda: not self.running, _END_S)
        finally:
            self.kill()
        return self._process.returncode

    def _close(self) -> None:
        """Take what the daemon still said; nothing more comes."""
        assert self._process.stdout is not None
        if not self._process.stdout.closed:
            self._outside.unwatch(self._pipe)
            self._readable(READ)
            self._process.stdout.close()
            self._log.close()


def _inner(words: Sequence[str]) -> int:
    """Where the Python program begins, behind the words that enter a namespace."""
    return words.index(sys.executable)


class Deployment:
    """Machines by name, each a directory laid out like `/`, and the daemons on them."""

    def __init__(self, stage: Stage, directory: Path) -> None:
        self._stage = stage
        self._directory = directory / "machines"
        shutil.rmtree(self._directory, ignore_errors=True)
        self._servers: dict[str, DeviceServer] = {}
        self._daemons: list[Daemon] = []
        self._closing: list[Callable[[], None]] = []

    def machine(self, name: str) -> DeviceServer:
        """The machine's device files; made at the first call."""
        if name not in self._servers:
            root = self.root(name)
            root.mkdir(parents=True)
            self._servers[name] = DeviceServer(self._stage.platform, root, self._stage.event)
        return self._servers[name]

    def root(self, name: str) -> Path:
        return self._directory / name

    def on_close(self, action: Callable[[], None]) -> None:
        """Do `action` when the deployment ends, whatever happened."""
        self._closing.append(action)

    def start(self, machine: str, module: str, *arguments: Any, inside: Sequence[str] = ()) -> Daemon:
        """Run `python -m module --root <machine> ...`; `inside`: words that enter a namespace."""
        name = module.rsplit(".", 1)[-1]
        words = [*inside, sys.executable, "-m", module, "--root", str(self.root(machine))]
        words += ["--events", "/dev/stdout", *map(str, arguments)]
        daemon = Daemon(self._stage, name, words, self._directory / f"{machine}-{name}.log")
        self._daemons.append(daemon)
        return daemon

    async def close(self) -> None:
        """End daemons, then servers, then the rest: all of it, whatever fails on the way."""
        async with AsyncExitStack() as ending:
            for action in self._closing:
                ending.callback(action)
            for server in self._servers.values():
                ending.callback(server.close)
            for daemon in self._daemons:
                ending.push_async_callback(daemon.stop)


async def start_mpd(deployment: Deployment, stage: Stage, machine: str, user: Xocl, *words: str) -> Daemon:
    """Run MPD and wait until it has the user function's mailbox node open. Raises AssertionError."""
    daemon = deployment.start(machine, "pydriver.daemons.mpd", *words)
    if not await stage.platform.outside.until(lambda: user.mailbox.software.present, START_S):
        raise AssertionError("MPD did not open the mailbox node")
    return daemon
