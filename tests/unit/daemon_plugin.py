# SPDX-License-Identifier: Apache-2.0
"""Plugins for the daemon tests. What they were asked is appended to the file of option `log`."""

from __future__ import annotations

import errno
import os
import socket
import time
from pathlib import Path

from pydriver.daemons.plugins import MpdPlugin, MsdPlugin, PluginContext
from pydriver.errors import fail


class Local(MpdPlugin):
    """Handles everything here; a load takes option `delay` seconds."""

    def init(self, context: PluginContext) -> None:
        self.log = Path(context.options["log"])
        self.delay_s = float(context.options.get("delay", "0"))
        if "broken" in context.options:
            raise fail(errno.ENODEV, "there is no key server")

    def fini(self) -> None:
        self._note("fini")

    def get_remote_msd_fd(self, index: int) -> int | None:
        return -1

    def mb_notify(self, index, mailbox, online: bool) -> int:
        self._note(f"notify {index} {online}")
        return 0

    def load_xclbin(self, index: int, axlf: bytes) -> int:
        self._note(f"load {index} {len(axlf)} begins")
        time.sleep(self.delay_s)
        self._note(f"load {index} ends")
        return 0

    def hot_reset(self, index: int) -> int:
        raise fail(errno.EBUSY, "not now")

    def _note(self, text: str) -> None:
        with self.log.open("a") as file:
            file.write(text + "\n")


class Tunnel(MpdPlugin):
    """Brings its own way to MSD: a Unix socket at option `path`."""

    def init(self, context: PluginContext) -> None:
        self.path = context.options["path"]

    def get_remote_msd_fd(self, index: int) -> int | None:
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        sock.connect(self.path)
        return sock.detach()


class Broken(MpdPlugin):
    """Does not even know the way."""

    def get_remote_msd_fd(self, index: int) -> int | None:
        return 1 // 0


class BrokenNotice(MpdPlugin):
    """Answers, but does not survive the news that the mailbox is open."""

    def get_remote_msd_fd(self, index: int) -> int | None:
        return -1

    def mb_notify(self, index, mailbox, online: bool) -> int:
        return 1 // 0

    def hot_reset(self, index: int) -> int:
        return 0


class Swap(MsdPlugin):
    """Loads another image, unless the guest's ends in `X`."""

    def init(self, context: PluginContext) -> None:
        self.image = Path(context.options["image"])

    def retrieve_xclbin(self, orig: bytes) -> bytes:
        if orig.endswith(b"X"):
            raise fail(errno.EACCES, "not yours")
        if orig.endswith(b"Y"):
            raise ValueError("secret")
        return self.image.read_bytes()

    def fini(self) -> None:
        os.unlink(self.image)
