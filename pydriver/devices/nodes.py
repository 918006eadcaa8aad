# SPDX-License-Identifier: Apache-2.0
"""What is behind the sockets: the mailbox node, the mgmt node and the attributes of a PCI function.

A `Node` gives an `OpenFile` for every opener; the connection calls it, one call at a time, in a task of the
platform. Calls raise OSError with the errno of the driver. Source: software mailbox contract §2 and §4.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from typing import Protocol

from pydriver.devices import protocol
from pydriver.errors import fail
from pydriver.mailbox.software import SoftwareChannel
from pydriver.sysfs import AttributeTree
from pydriver.xclmgmt import Xclmgmt

Answer = tuple[int, bytes]
"""Result (>= 0, or a negative errno that comes with data) and data."""
Told = Callable[[bool], None]


class Node(Protocol):
    """One socket's worth of files."""

    async def open(self, name: str, flags: int) -> OpenFile:
        """`flags`: Linux open flags; `name`: "" or the attribute's path. Raises ENXIO, ENOENT, EACCES."""
        ...


class OpenFile:
    """A file that supports nothing; the kinds override what they have."""

    interruptible = False
    """A blocked call may be cancelled at any time without losing anything."""

    async def read(self, size: int) -> Answer:
        """Up to `size` bytes. Raises EINVAL when the file cannot be read."""
        raise fail(errno.EINVAL, "this file cannot be read")

    async def write(self, data: bytes) -> Answer:
        """The number of bytes taken. Raises EINVAL when the file cannot be written."""
        raise fail(errno.EINVAL, "this file cannot be written")

    async def ioctl(self, command: int, data: bytes) -> Answer:
        """Raises ENOTTY for a command the file does not have."""
        raise fail(errno.ENOTTY, f"no ioctl {command:#x}")

    def close(self) -> None:
        """The opener is gone."""

    def follow(self, told: Told) -> bool:
        """Call `told` whenever there begins or ceases to be something to read; False: no such thing here."""
        return False


class MailboxNode:
    """`/dev/xfpga/mailbox.<m|u><N>.0`."""

    def __init__(self, channel: SoftwareChannel) -> None:
        self._channel = channel

    async def open(self, name: str, flags: int) -> OpenFile:
        _expect_no_name(name)
        self._channel.open()
        return _MailboxFile(self._channel)


class _MailboxFile(OpenFile):
    interruptible = True

    def __init__(self, channel: SoftwareChannel) -> None:
        self._channel = channel
        self._told: Told | None = None

    async def read(self, size: int) -> Answer:
        result = await self._channel.read(size)
        return -result.error or len(result.data), result.data

    async def write(self, data: bytes) -> Answer:
        return await self._channel.write(data), b""

    def close(self) -> None:
        if self._told is not None:
            self._channel.on_readable.remove(self._told)
            self._told = None
        self._channel.close()

    def follow(self, told: Told) -> bool:
        self._told = told
        self._channel.on_readable.append(told)
        told(self._channel.readable)
        return True


class MgmtNode:
    """`/dev/xclmgmt<instance>`: the download of an image."""

    def __init__(self, driver: Xclmgmt) -> None:
        self._driver = driver

    async def open(self, name: str, flags: int) -> OpenFile:
        _expect_no_name(name)
        return _MgmtFile(self._driver)


class _MgmtFile(OpenFile):
    def __init__(self, driver: Xclmgmt) -> None:
        self._driver = driver

    async def ioctl(self, command: int, data: bytes) -> Answer:
        if command & protocol.COMMAND_MASK != protocol.DOWNLOAD_AXLF & protocol.COMMAND_MASK:
            return await super().ioctl(command, data)
        await self._driver.download(data)
        return 0, b""


class AttributeNode:
    """The socket `.live` of a PCI function: every attribute by its path."""

    def __init__(self, tree: AttributeTree) -> None:
        self._tree = tree

    async def open(self, name: str, flags: int) -> OpenFile:
        attribute = self._tree.attribute(name)
        access = flags & os.O_ACCMODE
        if access != os.O_WRONLY and attribute.show is None:
            raise fail(errno.EACCES, f"{name} cannot be read")
        if access != os.O_RDONLY and attribute.store is None:
            raise fail(errno.EACCES, f"{name} cannot be written")
        return _AttributeFile(self._tree, name, access)


class _AttributeFile(OpenFile):
    """The value is made at the first read and handed out from there, as sysfs does; a write is one value."""

    def __init__(self, tree: AttributeTree, path: str, access: int) -> None:
        self._tree = tree
        self._path = path
        self._access = access
        self._text: bytes | None = None
        self._at = 0

    async def read(self, size: int) -> Answer:
        if self._access == os.O_WRONLY:
            raise fail(errno.EBADF, f"{self._path} is open for writing only")
        if self._text is None:
            self._text = (await self._tree.read(self._path)).encode()
        data = self._text[self._at : self._at + size]
        self._at += len(data)
        return len(data), data

    async def write(self, data: bytes) -> Answer:
        if self._access == os.O_RDONLY:
            raise fail(errno.EBADF, f"{self._path} is open for reading only")
        try:
            text = data.decode()
        except UnicodeDecodeError as error:
            raise fail(errno.EINVAL, f"{self._path} takes text") from error
        await self._tree.write(self._path, text)
        return len(data), b""


def _expect_no_name(name: str) -> None:
    if name:
        raise fail(errno.ENOTDIR, f"there is no {name} below a device node")
