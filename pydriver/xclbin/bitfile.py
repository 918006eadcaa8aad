# SPDX-License-Identifier: Apache-2.0
"""The Xilinx `.bit` file, the payload of a BITSTREAM section. Source: XRT ICAP contract §1.3."""

from __future__ import annotations

from dataclasses import dataclass

from .errors import invalid
from .layouts import c_string

HEADER_LIMIT = 1024
"""Bytes the driver's header parser is given."""

_MAGIC = bytes.fromhex("0ff00ff00ff00ff000")


@dataclass(frozen=True, slots=True)
class BitFile:
    """A parsed `.bit`. `data` is the configuration stream in file order; `trailing` follows it."""

    design: str
    part: str
    date: str
    time: str
    data: bytes
    trailing: bytes = b""


def parse_bit(section: bytes) -> BitFile:
    """Split a `.bit` file. Raises EINVAL for a bad header or a stream longer than the section."""
    head = section[:HEADER_LIMIT]
    length = _u16(head, 0, "the magic's length")
    magic = head[2 : 2 + length]
    pattern = (b"\x0f\xf0" * (length // 2 + 1))[: max(length - 1, 0)] + b"\0"
    if length == 0 or magic != pattern:
        raise invalid(f"the .bit header does not start with the 0x0FF0 pattern (length {length})")
    at = 2 + length
    one = _u16(head, at, "the word after the magic")
    if one != 1:
        raise invalid(f"the .bit header has {one} after the magic instead of 1")
    at += 2
    fields = []
    for tag in b"abcd":
        if head[at : at + 1] != bytes([tag]):
            raise invalid(f"the .bit header has no field '{chr(tag)}' at offset {at}")
        size = _u16(head, at + 1, f"the length of field '{chr(tag)}'")
        raw = head[at + 3 : at + 3 + size]
        if len(raw) != size or not raw.endswith(b"\0"):
            raise invalid(
                f"field '{chr(tag)}' of the .bit header ({size} bytes at offset {at}) is not a terminated "
                f"string in the first {HEADER_LIMIT} bytes"
            )
        fields.append(raw.partition(b"\0")[0].decode("latin-1"))
        at += 3 + size
    if head[at : at + 1] != b"e" or len(head) < at + 5:
        raise invalid(f"the .bit header has no field 'e' at offset {at}")
    size = int.from_bytes(head[at + 1 : at + 5], "big")
    start = at + 5
    if start + size > len(section):
        raise invalid(
            f"the .bit header says {size} bytes of configuration data, "
            f"{len(section) - start} follow it in the section"
        )
    return BitFile(
        fields[0], fields[1], fields[2], fields[3], section[start : start + size], section[start + size :]
    )


def build_bit(
    data: bytes,
    *,
    design: str = "ulp",
    part: str = "xcu200-fsgd2104-2-e",
    date: str = "2022/01/01",
    time: str = "00:00:00",
) -> bytes:
    """A `.bit` file around the configuration stream `data`. Raises EINVAL when the header is too long."""
    head = len(_MAGIC).to_bytes(2, "big") + _MAGIC + (1).to_bytes(2, "big")
    for tag, value in zip("abcd", (design, part, date, time), strict=True):
        raw = c_string(value, HEADER_LIMIT, f"field '{tag}' of the .bit header") + b"\0"
        if len(head) + 3 + len(raw) + 5 > HEADER_LIMIT:
            raise invalid(f"field '{tag}' makes the .bit header longer than {HEADER_LIMIT} bytes")
        head += tag.encode() + len(raw).to_bytes(2, "big") + raw
    return head + b"e" + len(data).to_bytes(4, "big") + data


def _u16(head: bytes, at: int, what: str) -> int:
    if at + 2 > len(head):
        raise invalid(f"the .bit header ends before {what}: {len(head)} bytes")
    return int.from_bytes(head[at : at + 2], "big")
