# SPDX-License-Identifier: Apache-2.0
"""The trailer AMD's tool appends: the whole image once more as JSON, for recovering damaged files.

Readers ignore it. The form repeats the key `section_header`, so it is written here and not by `json`.
Observed on files of version 2.13.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .container import Axlf
from .jsonform import section_to_json

START = b"XCLBIN_MIRROR_DATA_START"
_END = b"\nXCLBIN_MIRROR_DATA_END"


def mirror_of(axlf: Axlf) -> bytes:
    """The trailer for an unsigned image (its `length` is not part of it)."""
    header = {
        "Magic": "xclbin2",
        "SignatureLength": f"{axlf.signature_length & 0xFFFFFFFF:x}",
        "KeyBlock": axlf.key_block.hex(),
        "UniqueID": axlf.unique_id.to_bytes(8, "little").hex(),
        "TimeStamp": str(axlf.timestamp),
        "FeatureRomTimeStamp": str(axlf.feature_rom_timestamp),
        "Version": ".".join(map(str, axlf.version)),
        "Mode": str(axlf.mode),
        "FeatureRomUUID": axlf.rom_uuid.hex(),
        "PlatformVBNV": axlf.platform_vbnv,
        "XclBinUUID": axlf.uuid.hex(),
        "DebugBin": axlf.debug_bin.partition(b"\0")[0].decode("latin-1"),
    }
    items: list[tuple[str, Any]] = [
        ("schema_version", {"major": "1", "minor": "0", "patch": "0"}),
        ("header", header),
    ]
    for section in axlf.sections:
        entry: dict[str, Any] = {
            "Kind": str(int(section.kind)),
            "Name": section.name,
            "Offset": hex(section.offset),
            "Size": hex(len(section.data)),
        }
        payload = section_to_json(section.kind, section.data)
        if payload is not None:
            entry["payload"] = payload
        items.append(("section_header", entry))
    return START + _object(items).encode("latin-1", "replace") + _END


def _object(items: Iterable[tuple[str, Any]]) -> str:
    return "{" + ",".join(f"{_string(key)}:{_value(value)}" for key, value in items) + "}"


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return _object(value.items())
    if isinstance(value, list):
        return "[" + ",".join(map(_value, value)) + "]"
    return _string(value)


def _string(text: str) -> str:
    return '"' + "".join(map(_escape, text)) + '"'


def _escape(character: str) -> str:
    """The tool's JSON writer escapes the slash, too."""
    special = {"\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
    if character in special:
        return special[character]
    if character in '"\\/':
        return "\\" + character
    return character if character >= " " else f"\\u{ord(character):04X}"
