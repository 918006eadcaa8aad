# SPDX-License-Identifier: Apache-2.0
"""The structures inside sections: known values, both directions, and counts that lie."""

from __future__ import annotations

import errno
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pydriver.xclbin import (
    ClockFreq,
    Connection,
    Content,
    DebugIp,
    Header,
    Ip,
    IpControl,
    MemBank,
    MemType,
    SectionKind,
    assemble,
    images,
    kernel_properties,
    parse,
    sections,
)

FIXTURES = Path(__file__).parent / "data" / "xclbin"


def refuses(call: Callable[[], Any], match: str) -> None:
    with pytest.raises(OSError, match=match) as caught:
        call()
    assert caught.value.errno == errno.EINVAL


def test_sections_of_an_amd_file() -> None:
    axlf = parse((FIXTURES / "amd_two_kernels.xclbin").read_bytes())
    assert axlf.mem_topology() == (
        MemBank(MemType.MEM_DDR4, True, 0x1000000, 0x4000000000, "bank0"),
        MemBank(MemType.MEM_DDR4, False, 0x1000000, 0x5000000000, "bank1"),
        MemBank(MemType.MEM_DDR4, True, 0x80, 0x3000000000, "PLRAM[0]"),
    )
    assert axlf.group_topology() == axlf.mem_topology()
    vadd_1, vadd_2, scale_1 = axlf.ip_layout()
    assert (vadd_1.name, vadd_1.base, vadd_1.interrupt_id) == ("vadd:vadd_1", 0x1800000, 0)
    assert (vadd_2.kernel_name, vadd_2.instance_name, vadd_2.interrupt_id) == ("vadd", "vadd_2", 1)
    assert (scale_1.control, scale_1.interrupt_id) == (IpControl.AP_CTRL_CHAIN, 2)
    assert all(ip.is_cu and ip.interrupt_enabled for ip in axlf.ip_layout())
    assert axlf.connectivity()[5:] == (Connection(2, 1, 2), Connection(0, 2, 0), Connection(1, 2, 2))
    assert axlf.group_connectivity() == axlf.connectivity() * 2
    assert axlf.clock_topology() == (
        ClockFreq(300, 1, "DATA_CLK"),
        ClockFreq(500, 2, "KERNEL_CLK"),
        ClockFreq(50, 3, "SYSTEM_CLK"),
    )
    assert axlf.debug_ip_layout() == ()
    assert axlf.bmc() is None and axlf.mcs() == () and axlf.soft_kernels() == ()


def test_ip_properties() -> None:
    assert kernel_properties(IpControl.AP_CTRL_CHAIN, 127) == 0x1FF
    assert kernel_properties(IpControl.AP_CTRL_NONE, 5, interrupt_enabled=False) == 0x20A
    refuses(lambda: kernel_properties(0, 128), "interrupt id 128 is outside 0..127")
    refuses(lambda: kernel_properties(256), "control protocol 256")
    streaming = Ip(1, 0x200, sections.UNUSED_ADDRESS, "k:k_1")
    assert not streaming.is_cu and not streaming.interrupt_enabled
    hbm = Ip(5, 0x00050002, 0, "mem")
    assert (hbm.memory_index, hbm.pseudo_channel, hbm.is_cu) == (2, 5, False)


ARRAYS = [
    (
        sections.encode_mem_topology,
        sections.decode_mem_topology,
        [MemBank(6, True, 1 << 40, (1 << 64) - 1, "HBM[0]"), MemBank(11, False, 0, 0, "123456789012345")],
        8,
        40,
    ),
    (
        sections.encode_ip_layout,
        sections.decode_ip_layout,
        [Ip(1, 0xFFFFFFFF, 1 << 63, "k" * 63), Ip(3, 0, 0, "")],
        8,
        80,
    ),
    (
        sections.encode_connectivity,
        sections.decode_connectivity,
        [Connection(-1, 0, 5), Connection(1, 2, 3)],
        4,
        12,
    ),
    (
        sections.encode_clock_topology,
        sections.decode_clock_topology,
        [ClockFreq(65535, 3, "c" * 127), ClockFreq(0, 0, "")],
        2,
        136,
    ),
    (
        sections.encode_debug_ip_layout,
        sections.decode_debug_ip_layout,
        [DebugIp(7, 0x1234, 3, 1, 2, 0x12345, "monitor"), DebugIp(2, 0, 0, 0, 0, 0, "d" * 127)],
        8,
        144,
    ),
]


@pytest.mark.parametrize(("encode", "decode", "entries", "head", "size"), ARRAYS)
def test_array_sections(encode: Any, decode: Any, entries: list[Any], head: int, size: int) -> None:
    data = encode(entries)
    assert len(data) == head + size * len(entries)
    assert decode(data) == tuple(entries)
    assert decode(encode([])) == ()
    refuses(lambda: decode(data[:-1]), "says 2 entries, which take")
    refuses(lambda: decode(data[: head - 1]), "its header alone needs")


def test_an_empty_array_section_has_no_entries_but_a_topology_must_have_its_exact_size() -> None:
    assert sections.decode_ip_layout(b"") == ()
    assert sections.decode_connectivity(b"") == ()
    refuses(lambda: sections.decode_mem_topology(b""), "its header alone needs 8")
    banks = sections.encode_mem_topology([MemBank(1, True, 4, 0, "b")])
    refuses(
        lambda: sections.decode_mem_topology(banks + bytes(8)), "1 entries, which take 48 bytes; it has 56"
    )
    assert len(sections.decode_ip_layout(sections.encode_ip_layout([Ip(1, 0, 0, "")]) + bytes(8))) == 1


@pytest.mark.parametrize("count", [-1, -(1 << 31), (1 << 31) - 1])
def test_counts_that_lie(count: int) -> None:
    data = struct.pack("<i", count) + bytes(84)
    for decode in (sections.decode_mem_topology, sections.decode_ip_layout, sections.decode_connectivity):
        refuses(lambda decode=decode: decode(data), str(count))


def test_values_that_do_not_fit_are_refused() -> None:
    refuses(lambda: sections.encode_mem_topology([MemBank(1, True, 1, 0, "x" * 16)]), "at most 15 fit")
    refuses(lambda: sections.encode_ip_layout([Ip(1, 0, 0, "a\0b")]), "contains a NUL")
    refuses(lambda: sections.encode_ip_layout([Ip(1, 0, 0, "\u20ac")]), "not single bytes")
    refuses(lambda: sections.encode_ip_layout([Ip(1, 1 << 32, 0, "")]), "does not fit into the IP_LAYOUT")
    refuses(lambda: sections.encode_debug_ip_layout([DebugIp(1, 1 << 16, 0, 0, 0, 0, "")]), "does not fit")


IMAGES = [
    (
        images.encode_bmc,
        images.decode_bmc,
        images.Bmc("MSP432P401R", "VCU1525", "4.3.2", "0123456789abcdef" * 2, b"firmware"),
    ),
    (
        images.encode_mcs,
        images.decode_mcs,
        (images.McsChunk(1, b"primary"), images.McsChunk(2, b"secondary image")),
    ),
    (
        images.encode_soft_kernel,
        images.decode_soft_kernel,
        images.SoftKernel("kernel", "1.0", "md5", "symbol", 3, b"\x7fELF"),
    ),
    (images.encode_flash, images.decode_flash, images.Flash(1, "flash", "2", "md5", b"bits")),
    (images.encode_vender_metadata, images.decode_vender_metadata, images.VenderMetadata("name", b"blob")),
]


@pytest.mark.parametrize(("encode", "decode", "value"), IMAGES)
def test_image_sections(encode: Any, decode: Any, value: Any) -> None:
    data = encode(value)
    assert decode(data) == value
    refuses(lambda: decode(data[:-1]), "beyond the section|hold")
    refuses(lambda: decode(data[:7]), "header alone needs")


def test_bmc_bytes() -> None:
    """Offsets of the contract, typed here."""
    data = images.encode_bmc(images.Bmc("image", "device", "version", "a" * 32, b"FW"))
    assert struct.unpack_from("<QQ", data) == (248, 2)
    assert data[16:21] == b"image" and data[80:86] == b"device" and data[144:151] == b"version"
    assert data[208:241] == b"a" * 32 + b"\0"
    assert data[248:] == b"FW"


def test_soft_kernel_bytes() -> None:
    data = images.encode_soft_kernel(images.SoftKernel("n", "v", "m", "s", 7, b"IMAGE"))
    name, offset, size, version, md5, symbol, instances = struct.unpack_from("<7I", data)
    assert [data[at : at + 2] for at in (name, version, md5, symbol)] == [b"n\0", b"v\0", b"m\0", b"s\0"]
    assert (data[offset:], size, instances) == (b"IMAGE", 5, 7)
    assert offset % 8 == 0


def test_mcs_chunks_may_not_claim_more_than_the_section() -> None:
    """127 chunks that all name the same megabyte would be 127 MB."""
    table = b"".join(struct.pack("<B7xQQ", 1, 8 + 24 * 127, 1 << 20) for _ in range(127))
    data = struct.pack("<b7x", 127) + table + bytes(1 << 20)
    refuses(lambda: images.decode_mcs(data), "127 chunks of the MCS section hold 133169152 bytes")


def test_strings_must_end_inside_the_section() -> None:
    data = images.encode_vender_metadata(images.VenderMetadata("name", b""))
    refuses(
        lambda: images.decode_vender_metadata(struct.pack("<I", 1 << 31) + data[4:]), "no terminated string"
    )
    refuses(lambda: images.decode_vender_metadata(data[:48] + b"x" * 8), "no terminated string at offset 48")


def test_strings_are_bounded() -> None:
    """Sections that repeat could otherwise all point at one long string."""
    data = images.encode_vender_metadata(images.VenderMetadata("n" * 4095, b""))
    assert images.decode_vender_metadata(data).name == "n" * 4095
    refuses(lambda: images.decode_vender_metadata(data[:48] + b"n" + data[48:]), "no terminated string")


def test_typed_views_of_a_file_with_every_section() -> None:
    contents = [
        Content(SectionKind.DEBUG_IP_LAYOUT, ARRAYS[4][0](ARRAYS[4][2])),
        Content(SectionKind.BMC, images.encode_bmc(IMAGES[0][2])),
        Content(SectionKind.MCS, images.encode_mcs(IMAGES[1][2])),
        Content(SectionKind.SOFT_KERNEL, images.encode_soft_kernel(IMAGES[2][2])),
        Content(SectionKind.SOFT_KERNEL, images.encode_soft_kernel(IMAGES[2][2])),
        Content(SectionKind.ASK_FLASH, images.encode_flash(IMAGES[3][2])),
        Content(SectionKind.VENDER_METADATA, images.encode_vender_metadata(IMAGES[4][2])),
    ]
    axlf = parse(assemble(contents, Header("v")))
    assert axlf.debug_ip_layout() == tuple(ARRAYS[4][2])
    assert axlf.bmc() == IMAGES[0][2]
    assert axlf.mcs() == IMAGES[1][2]
    assert axlf.soft_kernels() == (IMAGES[2][2],) * 2
    assert axlf.flashes() == (IMAGES[3][2],)
    assert axlf.vender_metadata() == (IMAGES[4][2],)
