# SPDX-License-Identifier: Apache-2.0
"""Structures with fixed offsets: a dataclass whose fields know their place and format."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, Self


def u32(offset: int) -> Any:
    """Unsigned 32 bit at `offset`, 0 by default."""
    return field(default=0, metadata={"offset": offset, "format": "<I"})


def i32(offset: int) -> Any:
    """Signed 32 bit at `offset`, 0 by default."""
    return field(default=0, metadata={"offset": offset, "format": "<i"})


def u64(offset: int) -> Any:
    """Unsigned 64 bit at `offset`, 0 by default."""
    return field(default=0, metadata={"offset": offset, "format": "<Q"})


def raw(offset: int, size: int) -> Any:
    """`size` bytes at `offset`, zeros by default; shorter values are padded with zeros."""
    return field(default=b"", metadata={"offset": offset, "format": f"<{size}s"})


def array(offset: int, count: int, kind: str) -> Any:
    """`count` numbers of struct format `kind` at `offset`, as a tuple."""
    return field(default=(0,) * count, metadata={"offset": offset, "format": f"<{count}{kind}"})


@dataclass(frozen=True)
class Wire:
    """Base of the payload structures; `SIZE` is the C `sizeof`."""

    SIZE: ClassVar[int] = 0

    @classmethod
    def offsets(cls) -> dict[str, int]:
        """Byte offset of every field, by name."""
        return {item.name: item.metadata["offset"] for item in fields(cls)}

    def pack(self) -> bytes:
        """The structure's `SIZE` bytes, padding zero."""
        out = bytearray(self.SIZE)
        for item in fields(self):
            value = getattr(self, item.name)
            values = value if isinstance(value, tuple) else (value,)
            struct.pack_into(item.metadata["format"], out, item.metadata["offset"], *values)
        return bytes(out)

    @classmethod
    def unpack(cls, data: bytes) -> Self:
        """From at least a prefix of the structure; what is missing reads as zeros."""
        padded = data[: cls.SIZE].ljust(cls.SIZE, b"\0")
        values: dict[str, Any] = {}
        for item in fields(cls):
            found = struct.unpack_from(item.metadata["format"], padded, item.metadata["offset"])
            values[item.name] = found if isinstance(item.default, tuple) else found[0]
        return cls(**values)


def c_string(data: bytes) -> str:
    """The text before the first NUL."""
    return data.split(b"\0", 1)[0].decode("utf-8", "replace")
