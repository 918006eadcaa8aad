# SPDX-License-Identifier: Apache-2.0
"""The device tree that the management PF gives to the user PF: its part of the shell's tree, and the ROM.

Source: `mgmtpf/mgmt-utils.c` (`xclmgmt_update_userpf_blob`); flattened device tree format of the Devicetree
Specification §5.
"""

from __future__ import annotations

import struct

from pydriver.xclbin.partition import Node, parse_fdt

_MAGIC = 0xD00DFEED
_VERSION, _COMPATIBLE = 17, 16
_HEADER = 40
_RESERVATIONS = bytes(16)
_BEGIN_NODE, _END_NODE, _PROP, _END = 1, 2, 3, 9
_FUNCTION = "pcie_physical_function"
_ROM = "vrom"


def user_tree(shell: bytes, function: int, rom: bytes) -> bytes:
    """The nodes of `shell` that are not another function's, with the feature ROM's header as root property.

    Raises EINVAL when `shell` is not a flattened device tree.
    """
    root = _part(parse_fdt(shell), function)
    root.properties[_ROM] = rom
    return pack_fdt(root)


def _part(node: Node, function: int) -> Node:
    children = {
        name: _part(child, function)
        for name, child in node.children.items()
        if int.from_bytes(child.properties.get(_FUNCTION, function.to_bytes(4, "big"))[:4], "big") == function
    }
    return Node(dict(node.properties), children)


def pack_fdt(root: Node) -> bytes:
    """The flattened form."""
    strings: dict[str, int] = {}
    text = bytearray()

    def place(name: str) -> int:
        if name not in strings:
            strings[name] = len(text)
            text.extend(name.encode("latin-1") + b"\0")
        return strings[name]

    def flat(name: str, node: Node) -> bytes:
        out = struct.pack(">I", _BEGIN_NODE) + _padded(name.encode("latin-1") + b"\0")
        for key, value in node.properties.items():
            out += struct.pack(">III", _PROP, len(value), place(key)) + _padded(value)
        for key, child in node.children.items():
            out += flat(key, child)
        return out + struct.pack(">I", _END_NODE)

    body = flat("", root) + struct.pack(">I", _END)
    start = _HEADER + len(_RESERVATIONS)
    end = start + len(body)
    header = struct.pack(
        ">10I",
        _MAGIC,
        end + len(text),
        start,
        end,
        _HEADER,
        _VERSION,
        _COMPATIBLE,
        0,
        len(text),
        len(body),
    )
    return header + _RESERVATIONS + body + bytes(text)


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)
