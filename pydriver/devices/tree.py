# SPDX-License-Identifier: Apache-2.0
"""Files of a simulated machine on disk: made below a root directory and taken away again.

Nothing is deleted that was not made here: every file is remembered by its inode, directories go only when
they are empty. What a server that was killed left behind is taken over: sockets on which nobody listens any
more, and the files in a function's directory with such a socket.
"""

from __future__ import annotations

import errno
import os
import socket
from contextlib import suppress
from pathlib import Path

from pydriver.devices import protocol
from pydriver.devices.client import StrPath
from pydriver.errors import fail

BACKLOG = 64


class MachineTree:
    """Directories below a root, shared by the functions of the machine."""

    def __init__(self, root: StrPath) -> None:
        self.root = Path(root).absolute()
        self._made: list[Path] = []

    def directory(self, path: Path) -> Path:
        """Make `path` and what is above it."""
        missing = [path]
        while not missing[-1].parent.is_dir():
            missing.append(missing[-1].parent)
        for step in reversed(missing):
            with suppress(FileExistsError):
                step.mkdir()
                self._made.append(step)
        if not path.is_dir():
            raise fail(errno.ENOTDIR, f"{path} is in the way")
        return path

    def prune(self) -> None:
        """Remove the directories made here that are empty."""
        kept = []
        for path in reversed(self._made):
            try:
                path.rmdir()
            except FileNotFoundError:
                pass
            except OSError:
                kept.append(path)
        self._made = kept[::-1]


class FunctionTree:
    """The files of one PCI function. Paths are relative to the root."""

    def __init__(self, machine: MachineTree) -> None:
        self._machine = machine
        self._made: list[tuple[Path, int]] = []

    def claim(self, directory: str) -> None:
        """The directory to write the function's attributes into.

        Raises EEXIST when there are files in it and no socket `.live` says that they were made by a server.
        """
        path = self._machine.root / directory
        if path.is_dir() and any(path.iterdir()) and not (path / protocol.LIVE).is_socket():
            raise fail(errno.EEXIST, f"{path} exists and is not of a simulated machine")
        self._machine.directory(path)

    def listen(self, name: str) -> socket.socket:
        """A listening socket. Raises EADDRINUSE when another server has it, EEXIST for any other file."""
        path = self._place(name)
        if path.exists() or path.is_symlink():
            if not path.is_socket():
                raise fail(errno.EEXIST, f"{path} exists and is not a socket")
            with suppress(ConnectionRefusedError):
                protocol.connect(path).close()
                raise fail(errno.EADDRINUSE, f"{path} is served by another process")
            path.unlink()
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK)
        try:
            with protocol.SocketPlace(path) as address:
                sock.bind(address)
            self._remember(path)
            sock.listen(BACKLOG)
        except BaseException:
            sock.close()
            raise
        return sock

    def write(self, name: str, text: str, mode: int) -> None:
        """A file with `text`, in place of what was there; a reader sees the old or the new text."""
        path = self._place(name)
        new = path.with_name(f".{path.name}.new")
        new.unlink(missing_ok=True)
        with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "w") as file:
            file.write(text)
            os.fchmod(file.fileno(), mode)
        new.rename(path)
        self._remember(path)

    def touch(self, name: str) -> None:
        """An empty file, unless there is one already, which stays as it is."""
        path = self._place(name)
        with suppress(FileExistsError):
            path.touch(0o666, exist_ok=False)
            self._remember(path)

    def link(self, name: str, target: str) -> None:
        """A symbolic link; an equal one is taken over. Raises EEXIST for anything else in its place."""
        path = self._place(name)
        if path.is_symlink() and str(path.readlink()) == target:
            path.unlink()
        path.symlink_to(target)
        self._remember(path)

    def remove(self) -> None:
        """Take all files away that are still those made here, the last made first."""
        for path, inode in reversed(self._made):
            with suppress(FileNotFoundError):
                if path.lstat().st_ino == inode:
                    path.unlink()
        self._made.clear()
        self._machine.prune()

    def _place(self, name: str) -> Path:
        path = self._machine.root / name
        self._machine.directory(path.parent)
        return path

    def _remember(self, path: Path) -> None:
        self._made = [(made, inode) for made, inode in self._made if made != path]
        self._made.append((path, path.lstat().st_ino))
