# SPDX-License-Identifier: Apache-2.0
"""Publishes drivers below a root directory, so that other processes open their nodes and attributes.

Layout of a root, as on a machine: `dev/xfpga/mailbox.<m|u><N>.0`, `dev/xclmgmt<instance>`,
`dev/dri/renderD<n>` (an empty file), `sys/bus/pci/devices/<address>/...`, links
`sys/bus/pci/drivers/<driver>/<address>`, and `etc`. Source of the names: software mailbox contract §2 and §3.
"""

from __future__ import annotations

import errno
import inspect
import re
import socket
from collections.abc import Iterable, Mapping
from contextlib import suppress

from pydriver.devices import protocol
from pydriver.devices.client import StrPath
from pydriver.devices.connection import Connection
from pydriver.devices.discover import DRIVERS as BOUND_TO
from pydriver.devices.discover import Kind
from pydriver.devices.nodes import AttributeNode, MailboxNode, MgmtNode, Node
from pydriver.devices.tree import FunctionTree, MachineTree
from pydriver.errors import fail
from pydriver.platform import Platform
from pydriver.platform.outside import READ
from pydriver.platform.trace import OnEvent, silent
from pydriver.sysfs import AttributeTree
from pydriver.xclmgmt import Xclmgmt
from pydriver.xocl import Xocl

SOURCE = "devices"
# Of one function. Every connection of a mailbox node needs four descriptors; a process usually has 1024.
MAX_CONNECTIONS = 64
DEVICES = "sys/bus/pci/devices"
DRIVERS = "sys/bus/pci/drivers"
_RENDER = re.compile(r"drm/(renderD\d+)/.*")


class DeviceServer:
    """One simulated machine: a root directory with the functions that the machine sees."""

    def __init__(self, platform: Platform, root: StrPath, on_event: OnEvent = silent) -> None:
        """`root` is made when it does not exist."""
        self._platform = platform
        self._on_event = on_event
        self._machine = MachineTree(root)
        self._functions: dict[int, Publication] = {}
        self._machine.directory(self._machine.root)

    async def add_mgmt(self, driver: Xclmgmt) -> None:
        """Publish a mgmt function. Raises EEXIST, EADDRINUSE; and what reading its attributes raises."""
        instance = int(await driver.attributes.read("instance"), 0)
        await self._add(driver, "mgmt", {f"dev/xclmgmt{instance}": MgmtNode(driver)})

    async def add_user(self, driver: Xocl) -> None:
        """Publish a user function. Raises EEXIST, EADDRINUSE; and what reading its attributes raises."""
        paths = driver.attributes.paths()
        render = {match[1] for path in paths if (match := _RENDER.fullmatch(path))}
        await self._add(driver, "user", {}, [f"dev/dri/{name}" for name in sorted(render)])

    def remove(self, driver: object) -> None:
        """Take a function's files away and end its connections; nothing when it is not published."""
        publication = self._functions.pop(id(driver), None)
        if publication is not None:
            publication.close()
            self._on_event(SOURCE, f"{publication.name} removed")

    def close(self) -> None:
        """Take everything away that was made; clients see a hang-up."""
        for publication in list(self._functions.values()):
            publication.close()
        self._functions.clear()
        self._machine.prune()

    async def _add(
        self,
        driver: Xclmgmt | Xocl,
        kind: Kind,
        nodes: Mapping[str, Node],
        files: Iterable[str] = (),
    ) -> None:
        address, attributes, driver_name = driver.options.address, driver.attributes, BOUND_TO[kind]
        if id(driver) in self._functions:
            raise fail(errno.EEXIST, f"{address} is published already")
        name, directory = str(address), f"{DEVICES}/{address}"
        publication = Publication(
            self._platform, FunctionTree(self._machine), name, attributes, self._on_event
        )
        self._functions[id(driver)] = publication
        try:
            publication.files.claim(directory)
            await publication.publish_attributes()
            if publication.closed:
                raise fail(errno.ENODEV, f"{address} was removed while it was being published")
            publication.serve(f"{directory}/{protocol.LIVE}", AttributeNode(attributes))
            publication.serve(
                f"dev/xfpga/mailbox.{kind[0]}{address.number}.0", MailboxNode(driver.mailbox.software)
            )
            for path, node in nodes.items():
                publication.serve(path, node)
            for path in files:
                publication.files.touch(path)
            self._machine.directory(self._machine.root / "etc")
            publication.files.link(f"{directory}/driver", f"../../drivers/{driver_name}")
            # Programs look here for functions: last, when all the rest is there.
            publication.files.link(f"{DRIVERS}/{driver_name}/{name}", f"../../devices/{name}")
        except BaseException:
            self.remove(driver)
            raise
        self._on_event(SOURCE, f"{name} published under {self._machine.root}")


class Publication:
    """One function: its files, its listening sockets and its connections."""

    def __init__(
        self,
        platform: Platform,
        files: FunctionTree,
        name: str,
        attributes: AttributeTree,
        on_event: OnEvent,
    ) -> None:
        """`name`: the PCI address, `files` its part of the machine's files."""
        self.name = name
        self.files = files
        self._on_event = on_event
        self._platform = platform
        self._directory = f"{DEVICES}/{name}"
        self._attributes = attributes
        self._changed: dict[str, None] = {}
        self._refreshing = False
        self._listeners: list[socket.socket] = []
        self._connections: set[Connection] = set()
        self.closed = False
        attributes.on_change.append(self._on_change)

    def serve(self, path: str, node: Node) -> None:
        """Listen at `path` for openers of `node`. Raises EEXIST, EADDRINUSE."""
        listener = self.files.listen(path)
        self._listeners.append(listener)
        name = path.removeprefix(self._directory + "/").removeprefix("dev/")
        self._platform.outside.watch(listener.fileno(), READ, lambda _: self._accept(listener, node, name))

    def close(self) -> None:
        """End of all connections, and of all files."""
        self.closed = True
        self._attributes.on_change.remove(self._on_change)
        for listener in self._listeners:
            self._platform.outside.unwatch(listener.fileno())
            listener.close()
        for connection in list(self._connections):
            connection.close()
        self.files.remove()

    def _accept(self, listener: socket.socket, node: Node, name: str) -> None:
        try:
            sock, _ = listener.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return
        if len(self._connections) >= MAX_CONNECTIONS:
            sock.close()
            self._on_event(SOURCE, f"{self.name} {name}: too many connections")
            return

        def ended(reason: str) -> None:
            self._connections.discard(connection)
            if reason:
                self._on_event(SOURCE, f"{self.name} {name}: connection refused: {reason}")

        connection = Connection(self._platform.clock, self._platform.outside, sock, node, ended)
        self._connections.add(connection)

    # --- attributes as files ------------------------------------------------------------------------

    async def publish_attributes(self) -> None:
        """Write every attribute's file."""
        for path in self._attributes.paths():
            await self._snapshot(path)

    async def _snapshot(self, path: str) -> None:
        attribute = self._attributes.attribute(path)
        text = ""
        # What a coroutine shows comes from registers or from the peer: asking may take seconds or take
        # something away (a test message), so only a reader of the attribute itself makes it happen.
        if attribute.show is not None and not inspect.iscoroutinefunction(attribute.show):
            # Without a value the file keeps its place; who wants to know why asks the attribute itself.
            with suppress(OSError):
                text = await self._attributes.read(path)
        if not self.closed:
            self.files.write(f"{self._directory}/{path}", text, attribute.mode)

    def _on_change(self, path: str) -> None:
        self._changed[path] = None
        if not self._refreshing:
            self._refreshing = True
            self._platform.clock.spawn(self._refresh(), "attribute files")

    async def _refresh(self) -> None:
        try:
            while self._changed and not self.closed:
                path = next(iter(self._changed))
                del self._changed[path]
                await self._snapshot(path)
        finally:
            self._refreshing = False
