# SPDX-License-Identifier: Apache-2.0
"""The writer against AMD's: the same section files give the same bytes, trailer and all."""

from __future__ import annotations

import errno
import json
from pathlib import Path

import pytest

from pydriver.xclbin import (
    Axlf,
    Connection,
    Content,
    Header,
    Ip,
    MemBank,
    SectionKind,
    assemble,
    build,
    parse,
    parse_bit,
    sections,
)
from pydriver.xclbin.grouping import group_memories
from pydriver.xclbin.jsonform import section_from_json, section_to_json
from pydriver.xclbin.mirror import mirror_of
from tools.mkxclbin import DEMO, main, make_xclbin

FIXTURES = Path(__file__).parent / "data" / "xclbin"
NAMES = ["amd_two_kernels", "amd_no_bitstream"]


def header_of(axlf: Axlf) -> Header:
    return Header(
        axlf.platform_vbnv,
        axlf.feature_rom_timestamp,
        axlf.mode,
        axlf.version,
        axlf.uuid,
        axlf.timestamp,
        rom_uuid=axlf.rom_uuid,
    )


@pytest.mark.parametrize("name", NAMES)
def test_rebuilding_amds_file_gives_amds_bytes(name: str) -> None:
    """With the uuid and the time stamp of AMD's file nothing at all differs."""
    theirs = (FIXTURES / f"{name}.xclbin").read_bytes()
    assert build(FIXTURES / name, header_of(parse(theirs))) == theirs


@pytest.mark.parametrize("name", NAMES)
def test_sections_do_not_depend_on_the_header(name: str) -> None:
    theirs = parse((FIXTURES / f"{name}.xclbin").read_bytes())
    ours = parse(build(FIXTURES / name, Header("another_platform")))
    assert ours.sections == theirs.sections
    assert ours.uuid != theirs.uuid


def test_defaults_are_deterministic() -> None:
    folder = FIXTURES / "amd_two_kernels"
    one, two = build(folder, Header("v")), build(folder, Header("v"))
    assert one == two
    assert parse(one).timestamp == 0
    assert parse(one).uuid != parse(build(folder, Header("w"))).uuid
    assert parse(one).uuid != parse(build(folder, Header("v"), group=False)).uuid


def test_without_groups_and_mirror() -> None:
    axlf = parse(build(FIXTURES / "amd_two_kernels", Header("v"), group=False, mirror=False))
    assert [s.kind for s in axlf.sections] == [0, 2, 6, 8, 7, 11]
    assert axlf.gaps == ()
    assert axlf.length % 8 == 0


def test_sections_start_at_multiples_of_eight() -> None:
    contents = [Content(SectionKind.USER_METADATA, b"x" * n) for n in range(1, 20)]
    axlf = parse(assemble(contents, Header("v")))
    assert all(section.offset % 8 == 0 for section in axlf.sections)
    assert [section.data for section in axlf.sections] == [c.data for c in contents]


def test_given_group_sections_are_kept() -> None:
    banks = sections.encode_mem_topology([MemBank(1, True, 4, 0, "b")])
    contents = [Content(SectionKind.MEM_TOPOLOGY, banks), Content(SectionKind.ASK_GROUP_TOPOLOGY, banks)]
    assert len(parse(assemble(contents, Header("v"))).sections) == 2


def test_mirror_escapes_as_the_tool_does() -> None:
    ip = Ip(1, 0x101, sections.UNUSED_ADDRESS, 'a/b"c\\d\n\x01')
    data = assemble([Content(SectionKind.IP_LAYOUT, sections.encode_ip_layout([ip]))], Header("v"))
    trailer = mirror_of(parse(data))
    assert rb'"m_name":"a\/b\"c\\d\n\u0001"' in trailer
    assert b'"m_base_address":"not_used"' in trailer
    assert data.endswith(trailer)
    text = trailer.removeprefix(b"XCLBIN_MIRROR_DATA_START").removesuffix(b"\nXCLBIN_MIRROR_DATA_END")
    assert json.loads(text)["section_header"]["payload"]["ip_layout"]["m_ip_data"][0]["m_name"] == ip.name


# JSON section files


@pytest.mark.parametrize("name", ["mem", "ip", "conn", "clk"])
def test_json_there_and_back(name: str) -> None:
    text = (FIXTURES / "amd_two_kernels" / f"{name}.json").read_text()
    kind, data = section_from_json(text)
    assert section_to_json(kind, data) == json.loads(text)


def test_json_of_debug_ips_and_memory_ips() -> None:
    tree = {
        "debug_ip_layout": {
            "m_count": "1",
            "m_debug_ip_data": [
                {
                    "m_type": "AXI_MM_MONITOR",
                    "m_index": "300",
                    "m_properties": "3",
                    "m_major": "1",
                    "m_minor": "2",
                    "m_base_address": "0x1f00000",
                    "m_name": "vadd_1-M_AXI_GMEM",
                }
            ],
        }
    }
    kind, data = section_from_json(json.dumps(tree))
    assert section_to_json(kind, data) == tree
    tree = {
        "ip_layout": {
            "m_count": "2",
            "m_ip_data": [
                {
                    "m_type": "IP_MEM_HBM",
                    "m_index": "3",
                    "m_pc_index": "1",
                    "m_base_address": "not_used",
                    "m_name": "HBM[3]",
                },
                {
                    "m_type": "IP_DNASC",
                    "properties": "0x7",
                    "m_base_address": "0x1100000",
                    "m_name": "slr0/dna_self_check_0",
                },
            ],
        }
    }
    kind, data = section_from_json(json.dumps(tree))
    assert section_to_json(kind, data) == tree


def test_sections_without_a_json_form() -> None:
    assert section_to_json(SectionKind.BITSTREAM, b"") is None


BAD_JSON = [
    ("{", "not JSON"),
    ("[" * 100000, "not JSON"),
    ("[]", "one top node"),
    ('{"mem_topology": {}, "ip_layout": {}}', "one top node"),
    ('{"something": {}}', "no section with a JSON form"),
    ('{"mem_topology": 3}', "needs m_mem_data, a list of objects"),
    ('{"mem_topology": {"m_count": "1", "m_mem_data": [3]}}', "needs m_mem_data, a list of objects"),
    ('{"mem_topology": {"m_count": "2", "m_mem_data": []}}', "m_count 2 and lists 0"),
    ('{"mem_topology": {"m_count": "zwei", "m_mem_data": []}}', "'zwei' is not a number"),
    ('{"mem_topology": {"m_mem_data": []}}', "m_count is missing"),
    ('{"mem_topology": {"m_count": "1", "m_mem_data": [{"m_type": "DDR"}]}}', "'DDR' is not one of MEM_DDR3"),
    (
        '{"mem_topology": {"m_count": 1, "m_mem_data": '
        '[{"m_type": "MEM_HBM", "m_used": 1, "m_size": 1000}]}}',
        "1000 is not a multiple of 1024",
    ),
    (
        '{"ip_layout": {"m_count": 1, "m_ip_data": [{"m_type": "IP_KERNEL", "m_interrupt_id": 128}]}}',
        "interrupt id 128 is outside",
    ),
]


@pytest.mark.parametrize(("text", "match"), BAD_JSON)
def test_bad_json_is_refused(text: str, match: str) -> None:
    with pytest.raises(OSError, match=match) as caught:
        section_from_json(text)
    assert caught.value.errno == errno.EINVAL


def test_a_bad_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "broken.json").write_text("{")
    with pytest.raises(OSError, match=r"broken\.json: the section file is not JSON"):
        build(tmp_path, Header("v"))


def test_a_file_that_is_no_section_is_ignored(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("words")
    assert parse(build(tmp_path, Header("v"))).sections == ()


# Grouping of memories


def bank(index: int, **changes: int) -> MemBank:
    kind, used = changes.get("type", 6), bool(changes.get("used", 1))
    return MemBank(kind, used, 0x40000, changes.get("base", 0x1000_0000 * index), f"HBM[{index}]")


def test_neighbouring_banks_of_one_argument_become_one_memory() -> None:
    banks = [bank(i) for i in range(4)]
    connections = [Connection(0, 0, 1), Connection(0, 0, 0), Connection(1, 0, 3), Connection(0, 1, 0)]
    topology, grouped = group_memories(banks, connections)
    assert topology[:4] == tuple(banks)
    assert topology[4:] == (MemBank(6, True, 0x80000, 0, "MBG[0:1]"),)
    assert grouped == (Connection(0, 0, 4), Connection(1, 0, 3), Connection(0, 1, 0), *connections)


def test_the_same_group_is_made_once() -> None:
    topology, grouped = group_memories(
        [bank(i) for i in range(2)], [Connection(a, i, m) for i in (0, 1) for a in (0, 1) for m in (0, 1)]
    )
    assert len(topology) == 3
    assert [c.mem_index for c in grouped[:4]] == [2] * 4


@pytest.mark.parametrize(
    "banks",
    [
        [bank(0), bank(2, base=0x2000_0000)],
        [bank(0, used=0), bank(1, used=0)],
        [bank(0, type=10), bank(1, type=10)],
        [bank(0), bank(1), bank(3, base=0x3000_0000)],
    ],
    ids=["hole", "unused", "host memory", "two runs"],
)
def test_banks_that_cannot_be_grouped(banks: list[MemBank]) -> None:
    connections = [Connection(0, 0, m) for m in range(len(banks))]
    topology, grouped = group_memories(banks, connections)
    assert topology == tuple(banks)
    assert grouped == (*connections, *connections)


def test_group_tags_are_cut_to_the_field() -> None:
    banks = [bank(i, base=0x1000_0000 * at) for i, at in enumerate((0, 9, 1, 8, 2, 7, 3, 6, 4, 5, 10))]
    topology, _ = group_memories(banks, [Connection(0, 0, m) for m in (0, 2, 4, 6, 8, 9, 7)])
    assert topology[-1].tag == "MBG[0,2,4,6:9]"
    topology, _ = group_memories(banks, [Connection(0, 0, m) for m in (0, 2, 4, 6, 8, 9, 7, 5, 3, 1, 10)])
    assert topology[-1].tag == "MBG[0:10]"
    banks = [bank(i, base=0x1000_0000 * (i // 2 + 20 * (i % 2))) for i in range(12)]
    topology, _ = group_memories(banks, [Connection(0, 0, m) for m in range(0, 12, 2)])
    assert topology[-1].tag == "MBG[0,2,4,6,8,1"
    assert sections.decode_mem_topology(sections.encode_mem_topology(topology)) == topology


def test_a_connection_to_no_memory_is_refused() -> None:
    with pytest.raises(OSError, match="connection 1 names memory 2, there are 2 memories"):
        group_memories([bank(0), bank(1)], [Connection(0, 0, 1), Connection(0, 0, 2)])


# The demo xclbin of our shell


def test_demo_xclbin() -> None:
    axlf = parse(make_xclbin())
    assert axlf.platform_vbnv == "xilinx_u200_xdma_201830_2"
    assert axlf.feature_rom_timestamp == 1561465320
    assert (axlf.mode, axlf.version) == (1, (2, 13, 466))
    assert [(ip.name, ip.base, ip.control, ip.interrupt_id) for ip in axlf.ip_layout()] == [
        ("vadd:vadd_1", 0x1800000, 0, 0),
        ("vadd:vadd_2", 0x1810000, 0, 1),
        ("reduce:reduce_1", 0x1820000, 0, 2),
    ]
    assert [(c.freq_mhz, c.type_name) for c in axlf.clock_topology()] == [(300, "DATA"), (500, "KERNEL")]
    metadata = {k.name: [i.name for i in k.instances] for k in axlf.kernels()}
    assert metadata == {"vadd": ["vadd_1", "vadd_2"], "reduce": ["reduce_1"]}
    bases = {f"{k.name}:{i.name}": i.base for k in axlf.kernels() for i in k.instances}
    assert bases == {ip.name: ip.base for ip in axlf.ip_layout()}
    bit = axlf.bitstream()
    assert bit is not None
    assert (bit.part, bit.design) == ("xcu200-fsgd2104-2-e", "cardloop_demo")
    frame = bytes.fromhex("434c5350 00000004 00000001 00000001 00000002 00000000".replace(" ", ""))
    assert frame in bit.data


def test_demo_options() -> None:
    assert make_xclbin() == make_xclbin()
    assert parse(make_xclbin(with_bitstream=False)).section(SectionKind.BITSTREAM) is None
    custom = parse(make_xclbin(bitstream=b"words", image_uuid=bytes(range(16)), timestamp=7, mirror=False))
    assert (custom.uuid, custom.timestamp, custom.gaps) == (bytes(range(16)), 7, ())
    assert parse_bit(custom.section(SectionKind.BITSTREAM) or b"").data == b"words"


def test_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "demo.xclbin"
    assert main([str(out)]) == 0
    assert out.read_bytes() == make_xclbin()
    uuid = "00112233-4455-6677-8899-aabbccddeeff"
    assert main([str(out), "--uuid", uuid, "--no-bitstream", "--no-mirror", "--spec", str(DEMO)]) == 0
    assert parse(out.read_bytes()).uuid.hex() == uuid.replace("-", "")
    capsys.readouterr()
    assert main([str(out), "--spec", str(tmp_path / "nowhere")]) == 1
    assert "No such file" in capsys.readouterr().err
