# SPDX-License-Identifier: Apache-2.0
"""Attributes as in sysfs: a small typed tree of texts that daemons and tools read and write.

A path is relative to the PCI function's directory, for example ``mailbox.m.256/connection``. Reading gives
the text as the file would hold it, ending with a newline; writing takes the text with or without one. Source
of the attributes themselves: XRT mailbox contract §8, software mailbox contract §3.
"""

from __future__ import annotations

import errno
import inspect
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from pydriver.errors import fail

Show = Callable[[], "str | Awaitable[str]"]
Store = Callable[[str], "Awaitable[None] | None"]

T = TypeVar("T")
U64_MAX = (1 << 64) - 1


@dataclass(frozen=True)
class Attribute:
    """One attribute: `show` makes the text, `store` takes it (stripped of the newline); None: not allowed.

    A `binary` one has no newline added or stripped: its text is bytes, one per character (Latin-1).
    """

    name: str
    show: Show | None = None
    store: Store | None = None
    doc: str = ""
    binary: bool = False

    @property
    def mode(self) -> int:
        """The file mode: 0444, 0200 or 0644."""
        if self.store is None:
            return 0o444
        return 0o200 if self.show is None else 0o644


class AttributeTree:
    """Attributes by path."""

    def __init__(self, attributes: Mapping[str, Attribute]) -> None:
        """`attributes`: path, parts separated by slashes, to attribute."""
        self.on_change: list[Callable[[str], None]] = []
        self._attributes = dict(attributes)

    def paths(self) -> list[str]:
        """All paths, sorted."""
        return sorted(self._attributes)

    def attribute(self, path: str) -> Attribute:
        """The attribute at `path`. Raises ENOENT."""
        try:
            return self._attributes[path]
        except KeyError:
            raise fail(errno.ENOENT, f"there is no attribute {path}") from None

    async def read(self, path: str) -> str:
        """The text, ending with a newline unless empty. Raises ENOENT, EACCES and what `show` raises."""
        attribute = self.attribute(path)
        if attribute.show is None:
            raise fail(errno.EACCES, f"{path} cannot be read")
        text = await _settled(attribute.show())
        whole = attribute.binary or not text or text.endswith("\n")
        return text if whole else text + "\n"

    async def write(self, path: str, text: str) -> None:
        """Store a text. Raises ENOENT, EACCES, EINVAL (bad value) and what else `store` raises."""
        attribute = self.attribute(path)
        if attribute.store is None:
            raise fail(errno.EACCES, f"{path} cannot be written")
        await _settled(attribute.store(text if attribute.binary else text.removesuffix("\n")))
        self.changed(path)

    def subtree(self, prefix: str) -> AttributeTree:
        """What is below the directory `prefix`, with paths relative to it. Raises ENOENT when nothing is."""
        start = prefix.rstrip("/") + "/"
        below = {
            path.removeprefix(start): attribute
            for path, attribute in self._attributes.items()
            if path.startswith(start)
        }
        if not below:
            raise fail(errno.ENOENT, f"there is nothing below {prefix}")
        tree = AttributeTree(below)
        tree.on_change.append(lambda path: self.changed(start + path))
        return tree

    def changed(self, path: str) -> None:
        """Tell `on_change` that the value at `path` is another now. Raises ENOENT."""
        self.attribute(path)
        for callback in list(self.on_change):
            callback(path)


def parse_u64(text: str) -> int:
    """A number, decimal or hexadecimal with 0x, of at most 64 bits. Raises EINVAL."""
    try:
        value = int(text, 16) if text.strip().lower().startswith("0x") else int(text, 10)
    except ValueError:
        raise fail(errno.EINVAL, f"{text!r} is not a number") from None
    if not 0 <= value <= U64_MAX or "_" in text:
        raise fail(errno.EINVAL, f"{text!r} is not an unsigned 64-bit number")
    return value


def parse_flag(text: str) -> bool:
    """0 or 1. Raises EINVAL."""
    value = parse_u64(text)
    if value > 1:
        raise fail(errno.EINVAL, f"{text!r} is neither 0 nor 1")
    return bool(value)


async def _settled(value: T | Awaitable[T]) -> T:
    return await value if inspect.isawaitable(value) else value
