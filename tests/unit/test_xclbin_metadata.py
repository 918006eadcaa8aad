# SPDX-License-Identifier: Apache-2.0
"""Kernel metadata: what AMD's files say, and documents that mean harm."""

from __future__ import annotations

import errno
import time
from pathlib import Path

import pytest

from pydriver.xclbin import Instance, KernelArg, Port, parse_metadata
from pydriver.xclbin.metadata import MAX_ITEMS, NO_INDEX

META = (Path(__file__).parent / "data" / "xclbin" / "amd_two_kernels" / "meta.xml").read_bytes()
OPEN = b"<project><platform><device><core>"
CLOSE = b"</core></device></platform></project>"


def refused(data: bytes, match: str) -> None:
    with pytest.raises(OSError, match=match) as caught:
        parse_metadata(data)
    assert caught.value.errno == errno.EINVAL


def test_metadata_of_an_amd_file() -> None:
    metadata = parse_metadata(META)
    assert metadata.project == "fixture"
    assert metadata.platform["featureRomTime"] == "1561465320"
    assert metadata.fpga_device == "virtexuplus:xcu200:fsgd2104:-2:e"
    vadd, scale = metadata.kernels
    assert [k.name for k in metadata.kernels] == ["vadd", "scale"]
    assert vadd.attributes["hwControlProtocol"] == "ap_ctrl_hs"
    assert vadd.args[0] == KernelArg("a", 0, 1, 0x10, 8, "int*", "M_AXI_GMEM", 8)
    assert vadd.args[0].is_global and vadd.args[3].is_scalar
    assert [(a.name, a.index, a.offset, a.size) for a in scale.args] == [
        ("src", 0, 0x10, 8),
        ("dst", 1, 0x1C, 8),
        ("factor", 2, 0x28, 4),
        ("n", 3, 0x30, 4),
    ]
    assert vadd.instances == (Instance("vadd_1", 0x1800000, 0x10000), Instance("vadd_2", 0x1810000, 0x10000))
    assert vadd.ports[1] == Port("S_AXI_CONTROL", "slave", 0x1000, 32, "addressable")
    assert vadd.address_range == 0x1000


def test_trailing_nuls_belong_to_the_section_not_to_the_document() -> None:
    assert parse_metadata(META + bytes(5)) == parse_metadata(META)


def test_arguments_are_sorted_by_index_and_those_without_come_last() -> None:
    xml = (
        OPEN + b'<kernel><arg name="c" id=""/><arg name="b" id="7"/><arg name="a" id="0x2"/></kernel>' + CLOSE
    )
    (kernel,) = parse_metadata(xml).kernels
    assert [(a.name, a.index) for a in kernel.args] == [("a", 2), ("b", 7), ("c", NO_INDEX)]


def test_only_kernels_in_their_place_count() -> None:
    kernel = (
        b'<kernel name="k"><other><arg name="no"/></other><arg name="yes"><arg name="no"/></arg></kernel>'
    )
    outside = b"<kernel/>"
    xml = OPEN + b"<x>" + kernel + b"</x>" + kernel + b"</core>" + outside + b"</device></platform></project>"
    metadata = parse_metadata(xml)
    assert [[a.name for a in k.args] for k in metadata.kernels] == [["yes"]]


def test_address_of_something_that_is_no_instance() -> None:
    xml = OPEN + b'<kernel name="k"><arg name="a"><addrRemap base="0x1"/></arg></kernel>' + CLOSE
    (kernel,) = parse_metadata(xml).kernels
    assert kernel.instances == ()


@pytest.mark.parametrize(
    ("data", "match"),
    [
        (b"", "not well-formed XML: no element found"),
        (b"<project>", "not well-formed"),
        (META[:500], "not well-formed"),
        (b"\xff\xfe<\0a\0/\0>\0", "not well-formed"),
        (b"<a>\xff</a>", "not well-formed"),
        (b'<?xml version="1.0" encoding="no-such"?><a/>\0<', "not well-formed"),
        (
            META.replace(b'offset="0x1c"', b'offset="0x1g"'),
            "line 10: offset='0x1g' is not a number of 64 bits",
        ),
        (META.replace(b'size="0x4"', b'size="-1"'), "size='-1' is not a number"),
        (META.replace(b'id="3"', b'id="4294967296"'), "id='4294967296' is not a number of 32 bits"),
        (META.replace(b'base="0x1800000"', b'base="0x' + b"1" * 500 + b'"'), "is not a number of 64 bits"),
        (META.replace(b'id="3"', b'id="0x' + b"0" * 40 + b'3"'), "is not a number of 32 bits"),
        (b"<!DOCTYPE project><project/>", "line 1: it declares a document type 'project'"),
        (b"<a>" * 70 + b"</a>" * 70, "nested deeper than 64"),
    ],
)
def test_refusals(data: bytes, match: str) -> None:
    refused(data, match)


def test_entities_cannot_multiply() -> None:
    bomb = b'<!DOCTYPE a [<!ENTITY x "' + b"y" * 1000 + b'">' + b'<!ENTITY z "' + b"&x;" * 1000 + b'">]>'
    refused(bomb + b"<a>" + b"&z;" * 1000 + b"</a>", "document type")


def test_the_number_of_things_is_bounded() -> None:
    refused(
        OPEN + b"<kernel>" + b"<arg/>" * MAX_ITEMS + b"</kernel>" + CLOSE, f"more than {MAX_ITEMS} kernels"
    )


def test_a_large_document_takes_linear_time() -> None:
    begin = time.process_time()
    refused(b"<a " + b" ".join(b'x%d=""' % i for i in range(200_000)) + b">", "not well-formed")
    refused(b"<a>" + b"<b/>" * 500_000, "not well-formed")
    refused(b"<" + b"a" * 4_000_000, "not well-formed")
    assert time.process_time() - begin < 5
