# SPDX-License-Identifier: Apache-2.0
"""Properties of the xclbin code under Hypothesis; the long run is `python -m tests.fuzz.xclbin`.

Environment SEED fixes the random choices, FUZZ_EXAMPLES (default 300) sets how many per property.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import struct

import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from pydriver.xclbin import (
    ClockFreq,
    Connection,
    Content,
    DebugIp,
    Header,
    Ip,
    MemBank,
    SectionKind,
    assemble,
    build_bit,
    parse,
    parse_bit,
    parse_metadata,
    sections,
    sign,
)
from pydriver.xclbin.jsonform import section_from_json, section_to_json
from pydriver.xclbin.partition import parse_fdt
from tests.fuzz.xclbin import device_tree, mutate, read_everything, read_within_bounds, seeds

SEED = int(os.environ.get("SEED", "1"))
EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "300"))
POOL = seeds()

fuzz = settings(
    max_examples=EXAMPLES,
    deadline=None,  # processor time is bounded by read_within_bounds, the wall clock is not ours
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
u8, u16, u32, u64 = (st.integers(0, (1 << bits) - 1) for bits in (8, 16, 32, 64))
i32 = st.integers(-(1 << 31), (1 << 31) - 1)


def names(size: int) -> st.SearchStrategy[str]:
    """Text for a field of `size` bytes."""
    return st.text(st.characters(min_codepoint=1, max_codepoint=255), max_size=size - 1)


@pytest.fixture(scope="module", autouse=True)
def _print_seed() -> None:
    print(f"SEED={SEED} FUZZ_EXAMPLES={EXAMPLES}")


def test_the_seed_files_are_valid() -> None:
    assert all(read_within_bounds(data) for data in POOL)


XML_HEAD = b"<project><platform><device><core>"
XML_TAIL = b"</core></device></platform></project>"

DENSE = {
    "kernels": (
        SectionKind.EMBEDDED_METADATA,
        XML_HEAD + b"<kernel/>" * 65000 + XML_TAIL,
    ),
    "connections": (
        SectionKind.CONNECTIVITY,
        struct.pack("<i", 100_000) + struct.pack("<iii", 1000, 2000, 3000) * 100_000,
    ),
    "memories": (SectionKind.MEM_TOPOLOGY, struct.pack("<i4x", 50_000) + bytes(40 * 50_000)),
    "chunks": (
        SectionKind.MCS,
        struct.pack("<b7x", 127) + struct.pack("<B7xQQ", 1, 4000, 1 << 20) * 127 + bytes(1 << 20),
    ),
    "nodes": (
        SectionKind.PARTITION_METADATA,
        struct.pack(">10I", 0xD00DFEED, 40 + 800_016, 40, 40, 40, 17, 16, 0, 0, 800_016)
        + struct.pack(">II", 1, 0)
        + b"".join(b"\0\0\0\1%07x\0\0\0\0\2" % i for i in range(50_000))
        + struct.pack(">II", 2, 9),
    ),
}


@pytest.mark.parametrize("name", sorted(DENSE))
def test_the_densest_sections_stay_in_bounds(name: str) -> None:
    kind, data = DENSE[name]
    assert read_within_bounds(assemble([Content(kind, data)], Header("v"), group=False, mirror=False))


@seed(SEED)
@fuzz
@given(st.binary(max_size=4000))
def test_arbitrary_bytes(data: bytes) -> None:
    read_within_bounds(data)


@seed(SEED)
@fuzz
@given(st.binary(max_size=2000), st.integers(0, 12))
def test_arbitrary_bytes_behind_a_header(data: bytes, count: int) -> None:
    """A header that is right as far as it goes, so that the table and the sections are arbitrary."""
    image = bytearray(POOL[0][:456] + data)
    struct.pack_into("<Q", image, 304, len(image))
    struct.pack_into("<I", image, 448, count)
    read_within_bounds(bytes(image))


@seed(SEED)
@fuzz
@given(st.sampled_from(range(len(POOL))), st.integers(0, 1 << 64))
def test_mutated_files(which: int, choice: int) -> None:
    read_within_bounds(mutate(POOL[which], random.Random(choice)))


@seed(SEED)
@fuzz
@given(st.sampled_from(range(len(POOL))), st.data())
def test_truncated_files_are_refused(which: int, data: st.DataObject) -> None:
    whole = POOL[which]
    assert not read_everything(whole[: data.draw(st.integers(0, len(whole) - 1))])


@seed(SEED)
@fuzz
@given(st.sampled_from(range(len(POOL))), st.data())
def test_single_bit_flips(which: int, data: st.DataObject) -> None:
    image = bytearray(POOL[which])
    bit = data.draw(st.integers(0, 8 * len(image) - 1))
    image[bit // 8] ^= 1 << bit % 8
    read_within_bounds(bytes(image))


@seed(SEED)
@fuzz
@given(st.sampled_from([int(kind) for kind in SectionKind]), st.binary(max_size=3000))
def test_every_section_kind_with_arbitrary_content(kind: int, data: bytes) -> None:
    content = Content(SectionKind(kind), data)
    assert read_within_bounds(assemble([content], Header("v"), group=False, mirror=False))


@seed(SEED)
@fuzz
@given(st.binary(max_size=300), st.integers(0, 200), st.booleans())
def test_device_trees(noise: bytes, at: int, insert: bool) -> None:
    tree = device_tree()
    data = tree[:at] + noise + tree[at if insert else at + len(noise) :]
    assert read_within_bounds(assemble([Content(SectionKind.PARTITION_METADATA, data)], Header("v")))
    with contextlib.suppress(OSError):
        parse_fdt(data)


@seed(SEED)
@fuzz
@given(
    st.lists(
        st.sampled_from(
            [
                *(b"<kernel>", b"</kernel>", b"<arg ", b"<instance>", b"<addrRemap ", b"/>", b"</instance>"),
                *(b">", b'id="1" ', b'offset="0x10" ', b'size="' + b"9" * 40 + b'" ', b"&lt;", b"<![CDATA["),
                *(b"]]>", b"<!--", b"-->", b"\xff", b"&x;", b"<?pi ?>", b"<port ", b"<!DOCTYPE a>", b"\0"),
            ]
        ),
        max_size=30,
    )
)
def test_metadata_from_fragments(parts: list[bytes]) -> None:
    for text in (b"".join(parts), XML_HEAD + b"".join(parts) + XML_TAIL):
        try:
            parse_metadata(text)
        except OSError as error:
            assert error.strerror


@seed(SEED)
@fuzz
@given(st.binary(max_size=1100), st.integers(0, 60))
def test_bit_files(noise: bytes, at: int) -> None:
    good = build_bit(b"stream")
    for data in (noise, good[:at] + noise, good[:at] + noise + good[at + len(noise) :]):
        try:
            parse_bit(data)
        except OSError as error:
            assert error.strerror


# Round trips

contents = st.lists(st.builds(Content, u32.map(SectionKind), st.binary(max_size=200), names(16)), max_size=12)
headers = st.builds(
    Header,
    names(65),
    u64,
    u16,
    st.tuples(u8, u8, u16),
    st.none() | st.binary(min_size=16, max_size=16),
    u64,
    u16,
    st.binary(min_size=16, max_size=16),
)


@seed(SEED)
@fuzz
@given(contents, headers, st.booleans(), st.binary(max_size=40))
def test_written_files_are_read_back(
    items: list[Content], header: Header, signed: bool, signature: bytes
) -> None:
    data = assemble(items, header, group=False, mirror=False)
    axlf = parse(data)
    assert axlf.to_bytes() == data
    assert [(s.kind, s.name, s.data) for s in axlf.sections] == [(c.kind, c.name, c.data) for c in items]
    assert (axlf.platform_vbnv, axlf.version) == (header.platform_vbnv, header.version)
    assert axlf.mode == header.mode
    assert (axlf.timestamp, axlf.action_mask) == (header.timestamp, header.action_mask)
    assert header.uuid in (None, axlf.uuid)
    if signed:
        again = parse(sign(axlf, signature).to_bytes())
        assert (again.signature, again.signed_content()) == (signature, data)


@seed(SEED)
@fuzz
@given(
    st.lists(st.builds(MemBank, u8, st.booleans(), u64, u64, names(16)), max_size=8),
    st.lists(st.builds(Ip, u32, u32, u64, names(64)), max_size=8),
    st.lists(st.builds(Connection, i32, i32, i32), max_size=8),
    st.lists(st.builds(ClockFreq, u16, u8, names(128)), max_size=8),
    st.lists(st.builds(DebugIp, u8, u16, u8, u8, u8, u64, names(128)), max_size=8),
)
def test_array_sections_there_and_back(
    banks: list[MemBank],
    ips: list[Ip],
    connections: list[Connection],
    clocks: list[ClockFreq],
    debug: list[DebugIp],
) -> None:
    assert list(sections.decode_mem_topology(sections.encode_mem_topology(banks))) == banks
    assert list(sections.decode_ip_layout(sections.encode_ip_layout(ips))) == ips
    assert list(sections.decode_connectivity(sections.encode_connectivity(connections))) == connections
    assert list(sections.decode_clock_topology(sections.encode_clock_topology(clocks))) == clocks
    assert list(sections.decode_debug_ip_layout(sections.encode_debug_ip_layout(debug))) == debug


@seed(SEED)
@fuzz
@given(
    st.lists(
        st.builds(
            Ip,
            st.just(1),
            st.builds(
                lambda control, number, enabled: control << 8 | number << 1 | enabled,
                st.integers(0, 5),
                st.integers(0, 127),
                st.integers(0, 1),
            ),
            u64,
            names(64),
        ),
        max_size=6,
    )
)
def test_kernel_entries_survive_json(ips: list[Ip]) -> None:
    data = sections.encode_ip_layout(ips)
    tree = section_to_json(SectionKind.IP_LAYOUT, data)
    assert section_from_json(json.dumps(tree)) == (SectionKind.IP_LAYOUT, data)


@seed(SEED)
@fuzz
@given(
    st.binary(max_size=500),
    st.tuples(*[st.text(st.characters(min_codepoint=1, max_codepoint=255), max_size=100)] * 4),
)
def test_bit_files_there_and_back(data: bytes, texts: tuple[str, str, str, str]) -> None:
    design, part, date, time = texts
    bit = parse_bit(build_bit(data, design=design, part=part, date=date, time=time))
    assert (bit.design, bit.part, bit.date, bit.time, bit.data, bit.trailing) == (*texts, data, b"")
