# SPDX-License-Identifier: Apache-2.0
"""The axlf container: AMD's files come back byte for byte, and broken files are named for what they are."""

from __future__ import annotations

import errno
import struct
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from pydriver.errors import DriverError
from pydriver.xclbin import (
    NULL_UUID,
    Axlf,
    Content,
    Gap,
    Header,
    Section,
    SectionKind,
    assemble,
    checks,
    parse,
    sign,
)

FIXTURES = Path(__file__).parent / "data" / "xclbin"
NAMES = ["amd_two_kernels", "amd_no_bitstream"]

SIGNATURE_LENGTH, LENGTH, UUID, COUNT, TABLE = 8, 304, 416, 448, 456


def amd(name: str = "amd_two_kernels") -> bytes:
    return (FIXTURES / f"{name}.xclbin").read_bytes()


def refused(data: bytes, match: str) -> None:
    with pytest.raises(OSError, match=match) as caught:
        parse(data)
    assert caught.value.errno == errno.EINVAL
    assert isinstance(caught.value, DriverError)


def patched(data: bytes, offset: int, code: str, value: int) -> bytes:
    image = bytearray(data)
    struct.pack_into("<" + code, image, offset, value)
    return bytes(image)


def entry(number: int) -> int:
    return TABLE + 40 * number


@pytest.mark.parametrize("name", NAMES)
def test_amd_file_round_trip(name: str) -> None:
    data = amd(name)
    assert parse(data).to_bytes() == data


def test_header_of_an_amd_file() -> None:
    axlf = parse(amd())
    assert axlf.uuid.hex() == "631c100f5d9daaac893204912c4d4269"
    assert axlf.version == (2, 13, 466)
    assert axlf.feature_rom_timestamp == 1561465320
    assert axlf.platform_vbnv == "xilinx_u200_xdma_201830_2"
    assert axlf.mode == 0
    assert axlf.timestamp == axlf.unique_id == 1795227845
    assert axlf.length == 11677
    assert not axlf.signed and axlf.signature == b""
    assert [(s.kind, s.name) for s in axlf.sections] == [
        (SectionKind.BITSTREAM, "k"),
        (SectionKind.EMBEDDED_METADATA, "meta"),
        (SectionKind.MEM_TOPOLOGY, "mem"),
        (SectionKind.IP_LAYOUT, "ip"),
        (SectionKind.CONNECTIVITY, "conn"),
        (SectionKind.CLOCK_FREQ_TOPOLOGY, "clk"),
        (SectionKind.ASK_GROUP_CONNECTIVITY, ""),
        (SectionKind.ASK_GROUP_TOPOLOGY, ""),
    ]


@pytest.mark.parametrize("name", NAMES)
def test_agrees_with_what_amds_tool_printed(name: str) -> None:
    info = (FIXTURES / f"{name}.info.txt").read_text()
    axlf = parse(amd(name))
    uuid = axlf.uuid.hex()
    dashed = f"{uuid[:8]}-{uuid[8:12]}-{uuid[12:16]}-{uuid[16:20]}-{uuid[20:]}"
    assert f"UUID (xclbin):          {dashed}" in info
    assert f"Platform VBNV:          {axlf.platform_vbnv}" in info
    assert f"Feature ROM TimeStamp:  {axlf.feature_rom_timestamp}" in info
    listed = "".join(info.split("Sections:")[1].split("=====")[0].split()).split(",")
    assert [s.kind.name.removeprefix("ASK_") for s in axlf.sections] == listed
    for bank in axlf.mem_topology():
        block = info.split(f"Name:         {bank.tag}\n")[1].split("\n\n")[0].split("=====")[0]
        assert f"Type:         {bank.type_name}" in block
        assert f"Base Address: 0x{bank.base:x}" in block
        assert f"Address Size: 0x{bank.size:x}" in block
        assert f"Bank Used:    {'Yes' if bank.used else 'No'}" in block
    for index, clock in enumerate(axlf.clock_topology()):
        block = info.split(f"Name:      {clock.name}\n")[1].split("\n\n")[0]
        assert f"Index:     {index}" in block
        assert f"Type:      {clock.type_name}" in block
        assert f"Frequency: {clock.freq_mhz} MHz" in block


def test_the_first_section_of_a_kind_wins() -> None:
    data = assemble(
        [Content(SectionKind.SOFT_KERNEL, b"one"), Content(SectionKind.SOFT_KERNEL, b"two")], Header("v")
    )
    axlf = parse(data)
    assert axlf.section(SectionKind.SOFT_KERNEL) == b"one"
    assert [s.data for s in axlf.all_sections(SectionKind.SOFT_KERNEL)] == [b"one", b"two"]
    assert axlf.section(SectionKind.PDI) is None


def test_unknown_kinds_are_kept() -> None:
    data = assemble([Content(SectionKind(4000), b"later")], Header("v"), mirror=False)
    axlf = parse(data)
    assert axlf.sections[0].kind == 4000
    assert axlf.sections[0].kind.name == "UNKNOWN_4000"
    assert axlf.to_bytes() == data


def test_everything_odd_survives_a_round_trip() -> None:
    """Junk after names, in holes, between sections and behind the last one; sections out of order."""
    image = bytearray(1000)
    image[:8] = b"xclbin2\0"
    struct.pack_into("<i", image, SIGNATURE_LENGTH, -1)
    image[12:296] = bytes(range(256)) + bytes(28)
    struct.pack_into("<Q", image, LENGTH, 1000)
    image[352:416] = b"vbnv\0".ljust(64, b"!")
    image[UUID : UUID + 16] = bytes(range(16))
    struct.pack_into("<II", image, COUNT, 3, 0xDEADBEEF)
    struct.pack_into("<I16s4sQQ", image, entry(0), 77, b"a\0junk", b"hole", 801, 99)
    struct.pack_into("<I16s4sQQ", image, entry(1), 6, b"0123456789abcdef", b"", 600, 201)
    struct.pack_into("<I16s4sQQ", image, entry(2), 9, b"", b"", 0, 0)
    image[580:] = bytes(i * 7 & 0xFF for i in range(420))
    axlf = parse(image)
    assert axlf.to_bytes() == bytes(image)
    assert axlf.platform_vbnv == "vbnv"
    assert [s.name for s in axlf.sections] == ["a", "0123456789abcdef", ""]
    assert [(gap.offset, len(gap.data)) for gap in axlf.gaps] == [(576, 24), (900, 100)]


def test_bytes_behind_the_image_are_not_part_of_it() -> None:
    data = amd()
    assert parse(data + b"junk").to_bytes() == data


def test_accepts_any_byte_buffer() -> None:
    data = amd()
    assert parse(bytearray(data)) == parse(memoryview(data)) == parse(data)


def test_changed_fields_are_written() -> None:
    axlf = replace(parse(amd()), uuid=bytes(range(16)), version=(3, 1, 2), platform_vbnv="other")
    again = parse(axlf.to_bytes())
    assert (again.uuid, again.version, again.platform_vbnv) == (bytes(range(16)), (3, 1, 2), "other")
    assert again.sections == axlf.sections


# Signed images


def test_signing() -> None:
    plain = parse(amd())
    signed = parse(sign(plain, b"PKCS7" * 20).to_bytes())
    assert signed.signed
    assert signed.signature_length == 100
    assert signed.signature == b"PKCS7" * 20
    assert signed.length == plain.length + 100
    assert signed.signed_content() == amd()
    assert signed.to_bytes() == sign(plain, b"PKCS7" * 20).to_bytes()
    assert signed.sections == plain.sections
    with pytest.raises(OSError, match="already signed"):
        sign(signed, b"x")


def test_a_section_may_not_reach_into_the_signature() -> None:
    data = assemble([Content(SectionKind.USER_METADATA, b"x" * 64)], Header("v"), mirror=False)
    refused(patched(data, SIGNATURE_LENGTH, "i", 8), "past the end of the file's 552 bytes")


@pytest.mark.parametrize("length", [-2, -(1 << 31), 11678, (1 << 31) - 1])
def test_impossible_signature_lengths(length: int) -> None:
    refused(patched(amd(), SIGNATURE_LENGTH, "i", length), f"signature length {length} is impossible")


# Refusals


@pytest.mark.parametrize("size", [0, 1, 8, 455])
def test_too_short_for_a_header(size: int) -> None:
    refused(amd()[:size], f"has {size} bytes, an xclbin header alone needs 456")


@pytest.mark.parametrize("size", [456, 1000, 11676])
def test_truncated(size: int) -> None:
    refused(amd()[:size], f"truncated: its header says 11677 bytes, {size} are there")


def test_magic() -> None:
    refused(b"xclbin1\0" + amd()[8:], "starts with b'xclbin1")
    refused(b"xclbin2 " + amd()[8:], "starts with b'xclbin2 '")


@pytest.mark.parametrize("length", [0, 1, 455, 456, 775])
def test_length_inside_the_header(length: int) -> None:
    refused(patched(amd(), LENGTH, "Q", length), f"table of 8 sections ends at 776.*{length} bytes")


def test_absurd_counts() -> None:
    refused(patched(amd(), COUNT, "I", 0x10001), "65537 sections, at most 65536")
    refused(patched(amd(), COUNT, "I", 0xFFFFFFFF), "4294967295 sections")
    refused(patched(amd(), COUNT, "I", 0x10000), "table of 65536 sections ends at 2621896")


def test_section_past_the_end() -> None:
    refused(patched(amd(), entry(2) + 32, "Q", 20000), r"section 2 \(MEM_TOPOLOGY\) lies at 5768..25768")
    refused(patched(amd(), entry(0) + 24, "Q", (1 << 64) - 1), r"section 0 \(BITSTREAM\).*past the end")
    refused(patched(amd(), entry(0) + 32, "Q", (1 << 64) - 1), r"section 0 \(BITSTREAM\).*past the end")


def test_section_extents_to_the_byte() -> None:
    data = bytearray(576)
    data[:456] = amd()[:456]
    struct.pack_into("<Q", data, LENGTH, len(data))
    struct.pack_into("<I", data, COUNT, 2)

    def place(first: tuple[int, int], second: tuple[int, int]) -> bytes:
        for number, (offset, size) in enumerate((first, second)):
            struct.pack_into("<I16s4xQQ", data, entry(number), 16, b"", offset, size)
        return bytes(data)

    assert len(parse(place((536, 20), (556, 20))).sections) == 2
    refused(
        place((536, 20), (556, 21)), r"section 1 .* lies at 556..577, past the end of the file's 576 bytes"
    )
    refused(place((536, 21), (556, 20)), "sections 0 and 1 overlap: one ends at 557, the other starts at 556")
    refused(place((535, 20), (556, 20)), "section 0 .* at offset 535 overlaps the header, which ends at 536")


def test_section_in_the_header() -> None:
    refused(patched(amd(), entry(0) + 24, "Q", 775), "section 0 .* at offset 775 overlaps the header.*776")


def test_overlapping_sections() -> None:
    refused(
        patched(amd(), entry(3) + 24, "Q", 0x1700), "sections 2 and 3 overlap: one ends at 5896, .* at 5888"
    )


def test_an_empty_section_may_point_anywhere_in_the_file() -> None:
    data = patched(patched(amd(), entry(5) + 32, "Q", 0), entry(5) + 24, "Q", 0)
    assert parse(data).section(SectionKind.CLOCK_FREQ_TOPOLOGY) == b""


@pytest.mark.parametrize(
    "change",
    [
        lambda a: replace(a, uuid=b"short"),
        lambda a: replace(a, version=(256, 0, 0)),
        lambda a: replace(a, platform_vbnv="v" * 65),
        lambda a: replace(a, platform_vbnv="\u20ac"),
        lambda a: replace(a, key_block=b"short"),
        lambda a: replace(a, reserved=b"short"),
        lambda a: replace(a, length=700),
        lambda a: replace(a, sections=(Section(SectionKind.PDI, "n" * 17, b"", 0),)),
        lambda a: replace(a, sections=(Section(SectionKind.PDI, "n", b"x" * 20000, 600),)),
        lambda a: replace(a, gaps=(Gap(11676, b"xx"),)),
        lambda a: replace(a, gaps=(Gap(0, b"xx"),)),
    ],
)
def test_writing_refuses_what_does_not_fit(change: Callable[[Axlf], Axlf]) -> None:
    with pytest.raises(OSError) as caught:
        change(parse(amd())).to_bytes()
    assert caught.value.errno == errno.EINVAL


def test_many_sections_take_linear_time() -> None:
    """The largest table that is allowed, each section one byte, in reverse order with gaps."""
    count = 0x10000
    start = TABLE + 40 * count
    image = bytearray(amd()[:TABLE]) + bytearray(40 * count) + bytearray(b"\1" * 2 * count)
    struct.pack_into("<Q", image, LENGTH, len(image))
    struct.pack_into("<I", image, COUNT, count)
    for number in range(count):
        struct.pack_into(
            "<I16s4xQQ", image, TABLE + 40 * number, 1 << 20, b"", start + 2 * (count - 1 - number), 1
        )
    begin = time.process_time()
    axlf = parse(image)
    assert axlf.to_bytes() == bytes(image)
    assert time.process_time() - begin < 5
    assert len(axlf.sections) == len(axlf.gaps) == count


# What drivers ask


def test_the_null_uuid_is_for_the_driver_to_refuse() -> None:
    axlf = parse(patched(patched(amd(), UUID, "Q", 0), UUID + 8, "Q", 0))
    assert axlf.uuid == NULL_UUID
    with pytest.raises(OSError, match="null uuid") as caught:
        checks.check_uuid(axlf)
    assert caught.value.errno == errno.EINVAL
    checks.check_uuid(parse(amd()))


def test_version_check_compares_the_major_number() -> None:
    axlf = parse(amd())
    for version in ((2, 0, 0), (2, 99, 1), (0, 5, 0)):
        checks.check_version(replace(axlf, version=version))
    for version in ((1, 13, 466), (3, 13, 466)):
        with pytest.raises(OSError, match=r"driver's major is 2") as caught:
            checks.check_version(replace(axlf, version=version))
        assert caught.value.errno == errno.EINVAL


def test_feature_rom_check() -> None:
    axlf = parse(amd())
    checks.check_feature_rom(axlf, 1561465320)
    with pytest.raises(OSError, match="1561465320, the card's ROM says 1") as caught:
        checks.check_feature_rom(axlf, 1)
    assert caught.value.errno == errno.EOPNOTSUPP
