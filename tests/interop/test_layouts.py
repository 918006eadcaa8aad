# SPDX-License-Identifier: Apache-2.0
"""Our structures against the C compiler's reading of AMD's headers: sizes, offsets, enumerators."""

from __future__ import annotations

import json

import pytest

from pydriver.mailbox import frames, messages
from pydriver.mailbox.frames import Frame
from pydriver.mailbox.packets import Flags
from pydriver.xclbin import NULL_UUID, kinds
from pydriver.xclbin.layouts import ARRAY_OF, LAYOUTS
from tests.interop.native import compile_against_xrt, run

Rows = dict[str, dict[str, tuple[int, int]]]

MAILBOX = {
    "xcl_mailbox_req_bitstream_lock": messages.BitstreamLock,
    "xcl_mailbox_subdev_peer": messages.SubdevPeer,
    "xcl_mailbox_conn": messages.Conn,
    "xcl_mailbox_conn_resp": messages.ConnResp,
    "xcl_mailbox_peer_state": messages.PeerState,
    "xcl_mailbox_bitstream_kaddr": messages.BitstreamKaddr,
    "xcl_mailbox_clock_freqscaling": messages.ClockFreqscaling,
    "xcl_mailbox_p2p_bar_addr": messages.P2pBarAddr,
    "xcl_board_info": messages.BoardInfo,
    "xcl_sensor": messages.SensorData,
    "xcl_pr_region": messages.IcapData,
    "xcl_mig_ecc": messages.MigEcc,
    "xcl_firewall": messages.FirewallData,
    "xcl_dna": messages.DnaData,
    "xcl_subdev": messages.SubdevData,
}
# Members of the C structures that carry nothing, so that our classes leave them out.
IDLE_MEMBERS = {("xcl_mailbox_subdev_peer", "padding"), ("xcl_mailbox_conn_resp", "reserved")}

# Sizes in the mailbox contract §5.1, typed here so that the header, the contract and the code agree.
CONTRACT_SIZES = {
    "xcl_mailbox_req_bitstream_lock": 24,
    "xcl_mailbox_subdev_peer": 32,
    "xcl_mailbox_conn": 24,
    "xcl_mailbox_conn_resp": 2080,
    "xcl_mailbox_peer_state": 8,
    "xcl_mailbox_bitstream_kaddr": 8,
    "xcl_mailbox_clock_freqscaling": 36,
    "xcl_mailbox_p2p_bar_addr": 16,
    "xcl_board_info": 1432,
    "xcl_sensor": 240,
    "xcl_pr_region": 104,
    "xcl_mig_ecc": 64,
    "xcl_firewall": 104,
    "xcl_dna": 48,
    "xcl_subdev": 40,
    "xcl_mailbox_req": 16,
    "xcl_sw_chan": 32,
}
ENUMS = {
    "XCLBIN_MODE": (kinds.Mode, "XCLBIN_", {"MODE_MAX"}),
    "axlf_section_kind": (kinds.SectionKind, "", set()),
    "MEM_TYPE": (kinds.MemType, "", set()),
    "IP_TYPE": (kinds.IpType, "", set()),
    "IP_CONTROL": (kinds.IpControl, "", set()),
    "DEBUG_IP_TYPE": (kinds.DebugIpType, "", {"DEBUG_IP_TYPE_MAX"}),
    "CLOCK_TYPE": (kinds.ClockType, "CT_", set()),
    "MCS_TYPE": (kinds.McsType, "MCS_", set()),
    "FLASH_TYPE": (kinds.FlashType, "FLT_", set()),
    "xcl_mailbox_request": (messages.Opcode, "XCL_MAILBOX_REQ_", {"MAX"}),
    "xcl_group_kind": (messages.Group, "XCL_", set()),
}


@pytest.fixture(scope="module")
def c_rows(tmp_path_factory: pytest.TempPathFactory) -> Rows:
    """What the C program prints: structure -> member ("" = the structure) -> (offset, size)."""
    program = compile_against_xrt("layouts.c", tmp_path_factory.mktemp("layouts"))
    tables = json.loads(run(program))
    return {name: {m: (o, s) for m, (o, s) in rows.items()} for name, rows in tables.items()}


@pytest.mark.parametrize("name", sorted(LAYOUTS))
def test_xclbin_structure(c_rows: Rows, name: str) -> None:
    layout, rows = LAYOUTS[name], c_rows[name]
    assert layout.c_size == rows[""][1]
    ours = {member for member in layout.offsets if member != "hole"}
    assert ours == rows.keys() - {""}
    for member in ours:
        size = layout.sizes[member] or LAYOUTS[ARRAY_OF[name]].c_size
        assert (layout.offsets[member], size) == rows[member], f"{name}.{member}"
    if name not in ARRAY_OF:
        assert layout.size == layout.c_size


def test_every_xclbin_structure_of_the_header_is_there(c_rows: Rows) -> None:
    structures = {name for name in c_rows if not name.startswith(("enum ", "xcl_"))}
    assert structures == LAYOUTS.keys()


@pytest.mark.parametrize("name", sorted(MAILBOX))
def test_mailbox_structure(c_rows: Rows, name: str) -> None:
    rows, cls = c_rows[name], MAILBOX[name]
    assert rows[""][1] == cls.SIZE
    assert len(cls().pack()) == cls.SIZE
    offsets = cls.offsets()
    assert {m for m in rows if m and (name, m) not in IDLE_MEMBERS} == offsets.keys()
    for member, offset in offsets.items():
        assert offset == rows[member][0], f"{name}.{member}"
        # A member of all ones must fill exactly the C member's bytes.
        filled = _filled(cls, member)
        first, size = rows[member]
        assert filled == bytes(first) + b"\xff" * size + bytes(cls.SIZE - first - size), f"{name}.{member}"


def test_mailbox_sizes_are_those_of_the_contract(c_rows: Rows) -> None:
    assert {name: c_rows[name][""][1] for name in CONTRACT_SIZES} == CONTRACT_SIZES
    assert {name for name in c_rows if name.startswith("xcl_")} == CONTRACT_SIZES.keys()


def test_mailbox_request_header(c_rows: Rows) -> None:
    rows = c_rows["xcl_mailbox_req"]
    assert rows["data"][0] == messages.HEADER_BYTES
    assert rows[""][1] == messages.HEADER_SIZEOF
    message = messages.pack_request(0x11223344, b"payload")
    assert message[rows["req"][0] :][:4] == bytes.fromhex("44332211")
    assert message[rows["data"][0] :][:7] == b"payload"


def test_software_channel_frame(c_rows: Rows) -> None:
    """The frame of the device node and of the connection between the daemons."""
    rows = c_rows["xcl_sw_chan"]
    assert rows[""][1] == frames.FRAME_HEADER
    assert rows["data"][0] == frames.PAYLOAD_AT
    frame = Frame(0x1122334455667788, 0x99AABBCCDDEEFF00, b"payload")
    packed = frame.pack()
    assert len(packed) == frame.size == rows[""][1] + len(frame.payload)
    for member, value in (("sz", 7), ("flags", frame.flags), ("id", frame.id)):
        offset, size = rows[member]
        assert packed[offset : offset + size] == value.to_bytes(size, "little"), member
    assert packed[rows["data"][0] :] == b"payload" + bytes(8)
    assert Frame.unpack(packed) == frame


def test_constants(c_rows: Rows) -> None:
    ours = {
        "XCL_MB_PROTOCOL_VER": messages.PROTOCOL_VERSION,
        "XCL_UUID_SZ": len(NULL_UUID),
        "XCL_COMM_ID_SIZE": messages.COMM_ID_BYTES,
        "XCL_MB_PEER_READY": messages.ConnFlags.PEER_READY,
        "XCL_MB_PEER_SAME_DOMAIN": messages.ConnFlags.PEER_SAME_DOMAIN,
        "XCL_MB_STATE_ONLINE": messages.PeerStateFlags.ONLINE,
        "XCL_MB_STATE_OFFLINE": messages.PeerStateFlags.OFFLINE,
        "XCL_MB_REQ_FLAG_RESPONSE": Flags.RESPONSE,
        "XCL_MB_REQ_FLAG_REQUEST": Flags.REQUEST,
    }
    assert {name: value for name, (value, _) in c_rows["enum define"].items()} == ours


@pytest.mark.parametrize("name", sorted(ENUMS))
def test_enumeration(c_rows: Rows, name: str) -> None:
    enum, prefix, ends = ENUMS[name]
    theirs = {member.removeprefix(prefix): value for member, (value, _) in c_rows[f"enum {name}"].items()}
    assert {member.name: int(member) for member in enum if member.name not in ends} == {
        member: value for member, value in theirs.items() if member not in ends
    }


def _filled(cls: type, member: str) -> bytes:
    """The packed structure with all bits of one member set."""
    item = next(field for field in cls.__dataclass_fields__.values() if field.name == member)
    kind = item.metadata["format"]
    value: object
    if kind.endswith("s"):
        value = b"\xff" * int(kind[1:-1])
    elif isinstance(item.default, tuple):
        value = tuple({"H": 0xFFFF, "I": 0xFFFFFFFF}[kind[-1]] for _ in item.default)
    else:
        value = {"<I": 0xFFFFFFFF, "<i": -1, "<Q": 0xFFFFFFFFFFFFFFFF}[kind]
    return cls(**{member: value}).pack()
