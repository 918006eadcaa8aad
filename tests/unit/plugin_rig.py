# SPDX-License-Identifier: Apache-2.0
"""A machine for plugin tests: a root directory with functions, and a management node that takes downloads."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Mapping
from pathlib import Path

from pydriver.daemons.plugins import PluginContext
from pydriver.devices import protocol
from pydriver.devices.protocol import Op

MGMT = "0000:01:00.0"
USER = "0000:01:00.1"


class Machine:
    """`downloads` are the images the node got; `result` is what it answers next; `said` the plugins' log."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.downloads: list[bytes] = []
        self.result = 0
        self.said: list[str] = []
        self.add_function("xclmgmt", MGMT)
        self.add_function("xocl", USER)
        (root / "dev").mkdir()
        self._listener = socket.socket(socket.AF_UNIX)
        with protocol.SocketPlace(root / "dev/xclmgmt0") as address:
            self._listener.bind(address)
        self._listener.listen()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def add_function(self, driver: str, bdf: str) -> Path:
        """Directory of a function; as in sysfs the driver's folder has a link to it."""
        place = self.root / "sys/bus/pci/devices" / bdf
        place.mkdir(parents=True)
        if driver == "xclmgmt":
            (place / "instance").write_text("0\n")
        else:
            (place / "drm/renderD128").mkdir(parents=True)
        drivers = self.root / "sys/bus/pci/drivers" / driver
        drivers.mkdir(parents=True, exist_ok=True)
        (drivers / bdf).symlink_to(os.path.relpath(place, drivers))
        return place

    def context(self, options: Mapping[str, str] | None = None) -> PluginContext:
        return PluginContext(self.root, self.said.append, dict(options or {}))

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(5)

    def _serve(self) -> None:
        while True:
            try:
                file, _ = self._listener.accept()
            except OSError:
                return
            with file:
                while head := _exactly(file, protocol.REQUEST.size):
                    op, length = protocol.REQUEST.unpack(head)
                    data = _exactly(file, length)
                    result = 0
                    if op == Op.IOCTL:
                        self.downloads.append(data[protocol.IOCTL_COMMAND.size :])
                        result = self.result
                    file.sendall(protocol.REPLY.pack(result, 0))


def _exactly(file: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size and (part := file.recv(size - len(data))):
        data += part
    return data
