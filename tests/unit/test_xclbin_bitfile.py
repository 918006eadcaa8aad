# SPDX-License-Identifier: Apache-2.0
"""The `.bit` header: AMD-style files both ways, and every way to be wrong."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from pydriver.xclbin import build_bit, parse_bit

BIT = (Path(__file__).parent / "data" / "xclbin" / "amd_two_kernels" / "k.bit").read_bytes()


def test_a_file_of_the_fixtures_there_and_back() -> None:
    bit = parse_bit(BIT)
    assert bit.design == "ulp;COMPRESS=TRUE;UserID=0XFFFFFFFF;Version=2022.1"
    assert bit.part == "xcu200-fsgd2104-2-e"
    assert (bit.date, bit.time) == ("2026/11/20", "12:00:00")
    assert bit.data.index(bytes.fromhex("aa995566")) == 48
    assert bit.trailing == b""
    rebuilt = build_bit(bit.data, design=bit.design, part=bit.part, date=bit.date, time=bit.time)
    assert rebuilt == BIT


def test_bytes_after_the_stream_are_kept_apart() -> None:
    assert parse_bit(BIT + b"pad").trailing == b"pad"


@pytest.mark.parametrize(
    ("data", "match"),
    [
        (b"", "ends before the magic's length"),
        (b"\0\0" + BIT[2:], "pattern .length 0"),
        (b"\0\7" + BIT[2:], "pattern .length 7"),
        (BIT[:3] + b"\xf1" + BIT[4:], "does not start with the 0x0FF0 pattern"),
        (BIT[:10] + b"\1" + BIT[11:], "does not start with the 0x0FF0 pattern"),
        (BIT[:11] + b"\0\2" + BIT[13:], "has 2 after the magic"),
        (BIT[:13] + b"b" + BIT[14:], "no field 'a' at offset 13"),
        (BIT[:14] + b"\0\x32" + BIT[16:], "field 'a' .* is not a terminated string"),
        (BIT[:14] + b"\xff\xff" + BIT[16:], "field 'a' of .* .65535 bytes at offset 13. is not a terminated"),
        (BIT[:60], "field 'a'"),
        (BIT[:0x6A], "no field 'e'|field 'd'"),
        (BIT[:-1], "says 2188 bytes of configuration data, 2187 follow"),
    ],
)
def test_refusals(data: bytes, match: str) -> None:
    with pytest.raises(OSError, match=match) as caught:
        parse_bit(data)
    assert caught.value.errno == errno.EINVAL


def test_the_header_must_lie_in_the_first_kilobyte() -> None:
    """The driver's parser sees no more."""
    longest = build_bit(b"data", design="d" * 953)
    assert longest.index(b"data") == 1024
    assert parse_bit(longest).data == b"data"
    for design in ("d" * 954, "d" * 1024, "\u20ac", "a\0b"):
        with pytest.raises(
            OSError, match=r"longer than 1024|at most 1023 fit|not single bytes|contains a NUL"
        ):
            build_bit(b"data", design=design)
    beyond = longest.replace(b"a\x03\xba" + b"d" * 953, b"a\x03\xbb" + b"d" * 954)
    assert len(beyond) == len(longest) + 1
    with pytest.raises(OSError, match="no field 'e'"):
        parse_bit(beyond)
