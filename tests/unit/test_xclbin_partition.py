# SPDX-License-Identifier: Apache-2.0
"""The flattened device tree of PARTITION_METADATA and the interface uuid check."""

from __future__ import annotations

import errno
import struct

import pytest

from pydriver.xclbin import Content, Header, SectionKind, assemble, checks, parse
from pydriver.xclbin.partition import Endpoint, endpoints, interface_uuids, logic_uuid, parse_fdt

UUID_A, UUID_B = "a" * 32, "0123456789abcdef" * 2
Tree = dict[str, "bytes | Tree"]


def dtb(tree: Tree) -> bytes:
    """A version 17 blob; dictionaries are nodes, bytes are properties."""
    strings, structure = bytearray(), bytearray()

    def pad() -> None:
        structure.extend(bytes(-len(structure) % 4))

    def node(name: str, body: Tree) -> None:
        structure.extend(struct.pack(">I", 1) + name.encode() + b"\0")
        pad()
        for key, value in body.items():
            if isinstance(value, bytes):
                structure.extend(struct.pack(">III", 3, len(value), len(strings)) + value)
                strings.extend(key.encode() + b"\0")
                pad()
        for key, value in body.items():
            if isinstance(value, dict):
                node(key, value)
        structure.extend(struct.pack(">II", 4, 2))  # a NOP, then the end of the node

    node("", tree)
    structure.extend(struct.pack(">I", 9))
    at = 56
    total = at + len(structure) + len(strings)
    head = struct.pack(
        ">10I", 0xD00DFEED, total, at, at + len(structure), 40, 17, 16, 0, len(strings), len(structure)
    )
    return head + bytes(16) + bytes(structure) + bytes(strings)


TREE: Tree = {
    "logic_uuid": UUID_B.encode() + b"\0",
    "interfaces": {
        "@0": {"interface_uuid": UUID_A.encode() + b"\0"},
        "@1": {"interface_uuid": UUID_B.encode() + b"\0"},
    },
    "addressable_endpoints": {
        "ep_mailbox_user_00": {
            "reg": struct.pack(">QQ", 0x200000, 0x1000),
            "pcie_bar_mapping": struct.pack(">I", 2),
            "pcie_physical_function": struct.pack(">I", 1),
            "interrupts": struct.pack(">II", 4, 4),
            "compatible": b"xilinx.com,reg_abs-mailbox-1.0\0mailbox\0",
        },
        "ep_bare": {},
    },
}


def test_the_tree() -> None:
    root = parse_fdt(dtb(TREE))
    assert set(root.children) == {"interfaces", "addressable_endpoints"}
    assert root.children["interfaces"].children["@1"].string("interface_uuid") == UUID_B
    assert root.string("missing") is None
    assert interface_uuids(dtb(TREE)) == (UUID_A, UUID_B)
    assert logic_uuid(dtb(TREE)) == UUID_B
    assert endpoints(dtb(TREE)) == {
        "ep_mailbox_user_00": Endpoint(
            "ep_mailbox_user_00",
            (0x200000, 0x1000),
            2,
            1,
            (4, 4),
            ("xilinx.com,reg_abs-mailbox-1.0", "mailbox"),
        ),
        "ep_bare": Endpoint("ep_bare", None, 0, 0, (), ()),
    }


def test_the_list_ends_at_the_first_subnode_without_uuid() -> None:
    assert interface_uuids(dtb({"interfaces": {"@0": {}, "@1": {"interface_uuid": b"x\0"}}})) == ()
    assert interface_uuids(dtb({})) == ()


def test_interface_check() -> None:
    axlf = parse(assemble([Content(SectionKind.PARTITION_METADATA, dtb(TREE))], Header("v")))
    assert axlf.interface_uuids() == (UUID_A, UUID_B)
    checks.check_interfaces(axlf, {UUID_A, UUID_B, "c" * 32})
    with pytest.raises(OSError, match=f"no interface {UUID_B}") as caught:
        checks.check_interfaces(axlf, {UUID_A})
    assert caught.value.errno == errno.EINVAL
    checks.check_interfaces(parse(assemble([], Header("v"))), ())


def words(*values: int) -> bytes:
    return struct.pack(f">{len(values)}I", *values)


def with_structure(structure: bytes, strings: bytes = b"p\0") -> bytes:
    total = 40 + len(structure) + len(strings)
    return (
        words(0xD00DFEED, total, 40, 40 + len(structure), 40, 17, 16, 0, len(strings), len(structure))
        + structure
        + strings
    )


@pytest.mark.parametrize(
    ("data", "match"),
    [
        (b"", "has 0 bytes, its header alone needs 40"),
        (bytes(40), "starts with 0x00000000 instead of 0xd00dfeed"),
        (dtb(TREE)[:-1], "are there"),
        (words(0xD00DFEED, 40, 0, 40, 0, 0, 0, 0, 0, 0), "structure block at 0..0 lies outside"),
        (words(0xD00DFEED, 40, 40, 40, 0, 0, 0, 0, 1, 0), "strings block at 40..41 lies outside"),
        (with_structure(b""), "ends early: 4 bytes wanted at structure offset 0"),
        (with_structure(words(9)), "unexpected token 9"),
        (with_structure(words(2)), "unexpected token 2"),
        (with_structure(words(3, 0, 0)), "unexpected token 3"),
        (with_structure(words(7)), "unexpected token 7"),
        (with_structure(words(1, 0x41414141)), "unterminated node name"),
        (with_structure(words(1, 0, 2, 1, 0)), "second root node"),
        (with_structure(words(1, 0, 3, 0xFFFFFFFF, 0)), "4294967295 bytes wanted"),
        (with_structure(words(1, 0, 3, 0, 99)), "no terminated property name at strings offset 99"),
        (with_structure(words(1, 0, 3, 0, 0), b"p" * 256 + bytes(1)), "no terminated property name"),
        (with_structure(words(*([1, 0] * 70))), "nested deeper than 64"),
        (with_structure(words(1, 0)), "ends early"),
    ],
)
def test_refusals(data: bytes, match: str) -> None:
    with pytest.raises(OSError, match=match) as caught:
        parse_fdt(data)
    assert caught.value.errno == errno.EINVAL
