# SPDX-License-Identifier: Apache-2.0
"""PARTITION_METADATA: a flattened device tree, and the uuids the driver compares.

Source: XRT xclbin contract §3 and §4; flattened device tree format of the Devicetree Specification §5.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from .errors import invalid

_MAGIC = 0xD00DFEED
_HEADER_SIZE = 40
_BEGIN_NODE, _END_NODE, _PROP, _NOP, _END = 1, 2, 3, 4, 9
_MAX_DEPTH = 64
_MAX_NAME = 256


@dataclass(slots=True)
class Node:
    """One node: properties as raw bytes, children by full name (with unit address)."""

    properties: dict[str, bytes] = field(default_factory=dict)
    children: dict[str, Node] = field(default_factory=dict)

    def string(self, name: str) -> str | None:
        """A string property, None when absent. Bytes map one to one to characters."""
        raw = self.properties.get(name)
        return None if raw is None else raw.partition(b"\0")[0].decode("latin-1")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One node below `/addressable_endpoints`: `reg` is (offset, length) in BAR `bar` of function `pf`."""

    name: str
    reg: tuple[int, int] | None
    bar: int
    pf: int
    interrupts: tuple[int, ...]
    compatible: tuple[str, ...]


def parse_fdt(data: bytes) -> Node:
    """The root node. Raises `OSError(EINVAL)`."""
    if len(data) < _HEADER_SIZE:
        raise invalid(f"the device tree has {len(data)} bytes, its header alone needs {_HEADER_SIZE}")
    magic, total, struct_at, strings_at = (_be32(data, at) for at in (0, 4, 8, 12))
    strings_size, struct_size = _be32(data, 32), _be32(data, 36)
    if magic != _MAGIC:
        raise invalid(f"the device tree starts with 0x{magic:08x} instead of 0x{_MAGIC:08x}")
    if total > len(data) or total < _HEADER_SIZE:
        raise invalid(f"the device tree says it has {total} bytes, {len(data)} are there")
    for what, at, size in (("structure", struct_at, struct_size), ("strings", strings_at, strings_size)):
        if at < _HEADER_SIZE or at + size > total:
            raise invalid(
                f"the {what} block at {at}..{at + size} lies outside the device tree of {total} bytes"
            )
    return _Walker(
        data[struct_at : struct_at + struct_size], data[strings_at : strings_at + strings_size]
    ).walk()


def interface_uuids(data: bytes) -> tuple[str, ...]:
    """`interface_uuid` (32 hex digits) of each subnode of `/interfaces`, in order.

    As in the driver, the check ends where the first subnode without the property comes.
    """
    found = []
    interfaces = parse_fdt(data).children.get("interfaces", Node())
    for node in interfaces.children.values():
        value = node.string("interface_uuid")
        if value is None:
            break
        found.append(value)
    return tuple(found)


def logic_uuid(data: bytes) -> str | None:
    """`logic_uuid` of the root, None when absent."""
    return parse_fdt(data).string("logic_uuid")


def endpoints(data: bytes) -> Mapping[str, Endpoint]:
    """The endpoints by node name. `reg` is (offset, length), two 64-bit cells."""
    result = {}
    for name, node in parse_fdt(data).children.get("addressable_endpoints", Node()).children.items():
        reg = node.properties.get("reg")
        result[name] = Endpoint(
            name,
            (int.from_bytes(reg[:8], "big"), int.from_bytes(reg[8:16], "big"))
            if reg is not None and len(reg) >= 16
            else None,
            int.from_bytes(node.properties.get("pcie_bar_mapping", b"")[:4], "big"),
            int.from_bytes(node.properties.get("pcie_physical_function", b"")[:4], "big"),
            _cells(node.properties.get("interrupts", b"")),
            tuple(
                part.decode("latin-1") for part in node.properties.get("compatible", b"").split(b"\0") if part
            ),
        )
    return result


class _Walker:
    def __init__(self, structure: bytes, strings: bytes) -> None:
        self._structure = structure
        self._strings = strings
        self._at = 0

    def walk(self) -> Node:
        root: Node | None = None
        stack: list[Node] = []
        while True:
            token = self._word()
            if token == _BEGIN_NODE:
                node, name = Node(), self._name()
                if stack:
                    stack[-1].children[name] = node
                elif root is None:
                    root = node
                else:
                    raise invalid(f"the device tree has a second root node {name!r}")
                stack.append(node)
                if len(stack) > _MAX_DEPTH:
                    raise invalid(f"the device tree is nested deeper than {_MAX_DEPTH}")
            elif token == _END_NODE and stack:
                stack.pop()
            elif token == _PROP and stack:
                size, name_at = self._word(), self._word()
                stack[-1].properties[self._string(name_at)] = self._take(size)
            elif token == _END and root is not None and not stack:
                return root
            elif token != _NOP:
                raise invalid(
                    f"the device tree has an unexpected token {token} at structure offset {self._at - 4}"
                )

    def _word(self) -> int:
        return int.from_bytes(self._take(4), "big")

    def _take(self, size: int) -> bytes:
        """`size` bytes, and skip to the next multiple of four."""
        end = self._at + size
        if end > len(self._structure):
            raise invalid(
                f"the device tree ends early: {size} bytes wanted at structure offset {self._at}, "
                f"the block has {len(self._structure)}"
            )
        taken = self._structure[self._at : end]
        self._at = (end + 3) & ~3
        return taken

    def _name(self) -> str:
        end = self._structure.find(b"\0", self._at, self._at + _MAX_NAME)
        if end < 0:
            raise invalid(f"the device tree has an unterminated node name at structure offset {self._at}")
        return self._take(end + 1 - self._at)[:-1].decode("latin-1")

    def _string(self, at: int) -> str:
        end = self._strings.find(b"\0", at, at + _MAX_NAME)
        if end < 0:
            raise invalid(f"the device tree has no terminated property name at strings offset {at}")
        return self._strings[at:end].decode("latin-1")


def _be32(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 4], "big")


def _cells(raw: bytes) -> tuple[int, ...]:
    return tuple(_be32(raw, at) for at in range(0, len(raw) - 3, 4))
