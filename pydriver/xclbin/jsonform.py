# SPDX-License-Identifier: Apache-2.0
"""The JSON form of array sections, as AMD's tool reads and prints it.

One top node names the section; numbers are strings, decimal or `0x` hex (JSON numbers are taken as
well); counts are checked. Node and key names are the tool's.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from . import sections
from .errors import invalid
from .kinds import ClockType, DebugIpType, IpControl, IpType, MemType, SectionKind
from .sections import UNUSED_ADDRESS, ClockFreq, Connection, DebugIp, Ip, MemBank, kernel_properties, name_of

Tree = dict[str, Any]

_MEMORY_IPS = (IpType.IP_MEM_DDR4, IpType.IP_MEM_HBM, IpType.IP_MEM_HBM_ECC)


@dataclass(frozen=True)
class _Form:
    """One section: its kind, its node, the key of its array, and the four conversions."""

    kind: SectionKind
    node: str
    array: str
    decode: Callable[[bytes], Sequence[Any]]
    encode: Callable[[Sequence[Any]], bytes]
    to_json: Callable[[Any], Tree]
    from_json: Callable[[Mapping[str, Any]], Any]


def section_from_json(text: str | bytes) -> tuple[SectionKind, bytes]:
    """The kind and the bytes of a section written as JSON. Raises `OSError(EINVAL)`."""
    try:
        tree = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise invalid(f"the section file is not JSON: {error}") from None
    if not isinstance(tree, dict) or len(tree) != 1:
        raise invalid("the section file needs one top node, such as mem_topology")
    node, body = next(iter(tree.items()))
    form = next((form for form in _FORMS if form.node == node), None)
    if form is None:
        raise invalid(f"{node!r} is no section with a JSON form; known: {', '.join(f.node for f in _FORMS)}")
    entries = body.get(form.array) if isinstance(body, dict) else None
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise invalid(f"{node} needs {form.array}, a list of objects")
    count = _number(body, "m_count")
    if count != len(entries):
        raise invalid(f"{node} says m_count {count} and lists {len(entries)}")
    return form.kind, form.encode([form.from_json(entry) for entry in entries])


def section_to_json(kind: SectionKind, data: bytes) -> Tree | None:
    """The JSON tree of a section, keys in the tool's order; None for kinds without a JSON form."""
    form = next((form for form in _FORMS if form.kind == kind), None)
    if form is None:
        return None
    entries = form.decode(data)
    return {form.node: {"m_count": str(len(entries)), form.array: [form.to_json(entry) for entry in entries]}}


def _mem_to_json(bank: MemBank) -> Tree:
    return {
        "m_type": bank.type_name,
        "m_used": str(int(bank.used)),
        "m_sizeKB": hex(bank.size_kb),
        "m_tag": bank.tag,
        "m_base_address": hex(bank.base),
    }


def _mem_from_json(entry: Mapping[str, Any]) -> MemBank:
    kind = _enum(entry, "m_type", MemType)
    if kind == MemType.MEM_STREAMING_CONNECTION:
        return MemBank(kind, _number(entry, "m_used") != 0, 0, 0, _text(entry, "m_tag"))
    if "m_size" in entry and "m_sizeKB" in entry:
        raise invalid("m_size and m_sizeKB exclude each other")
    if "m_size" in entry:
        size = _number(entry, "m_size")
        if size % 1024:
            raise invalid(f"the memory size {size} is not a multiple of 1024")
        size //= 1024
    else:
        size = _number(entry, "m_sizeKB", 0)
    return MemBank(
        kind, _number(entry, "m_used") != 0, size, _number(entry, "m_base_address"), _text(entry, "m_tag")
    )


def _ip_to_json(ip: Ip) -> Tree:
    tree: Tree = {"m_type": name_of(IpType, ip.type)}
    if ip.type in _MEMORY_IPS:
        tree |= {"m_index": str(ip.memory_index), "m_pc_index": str(ip.pseudo_channel)}
    elif ip.type == IpType.IP_KERNEL:
        tree |= {
            "m_int_enable": str(int(ip.interrupt_enabled)),
            "m_interrupt_id": str(ip.interrupt_id),
            "m_ip_control": name_of(IpControl, ip.control),
        }
    else:
        tree["properties"] = hex(ip.properties)
    tree["m_base_address"] = "not_used" if ip.base == UNUSED_ADDRESS else hex(ip.base)
    tree["m_name"] = ip.name
    return tree


def _ip_from_json(entry: Mapping[str, Any]) -> Ip:
    kind = _enum(entry, "m_type", IpType)
    if kind in _MEMORY_IPS:
        properties = _number(entry, "m_index") | _number(entry, "m_pc_index", 0) << 16
    else:
        properties = _number(entry, "properties", 0)
        if "m_int_enable" in entry:
            enabled = str(entry["m_int_enable"]).lower() in ("1", "true")
            properties = properties & ~1 | int(enabled)
        if "m_interrupt_id" in entry:
            field = kernel_properties(0, _number(entry, "m_interrupt_id"), False)
            properties = properties & ~0xFE | field
        if "m_ip_control" in entry:
            properties = properties & ~0xFF00 | _enum(entry, "m_ip_control", IpControl) << 8
    unused = entry.get("m_base_address") == "not_used"
    base = UNUSED_ADDRESS if unused else _number(entry, "m_base_address")
    return Ip(kind, properties, base, _text(entry, "m_name"))


def _connection_to_json(connection: Connection) -> Tree:
    return {
        "arg_index": str(connection.arg_index),
        "m_ip_layout_index": str(connection.ip_index),
        "mem_data_index": str(connection.mem_index),
    }


def _connection_from_json(entry: Mapping[str, Any]) -> Connection:
    return Connection(
        _number(entry, "arg_index"), _number(entry, "m_ip_layout_index"), _number(entry, "mem_data_index")
    )


def _clock_to_json(clock: ClockFreq) -> Tree:
    return {"m_freq_Mhz": str(clock.freq_mhz), "m_type": clock.type_name, "m_name": clock.name}


def _clock_from_json(entry: Mapping[str, Any]) -> ClockFreq:
    return ClockFreq(_number(entry, "m_freq_Mhz"), _enum(entry, "m_type", ClockType), _text(entry, "m_name"))


def _debug_ip_to_json(ip: DebugIp) -> Tree:
    return {
        "m_type": ip.type_name,
        "m_index": str(ip.index),
        "m_properties": str(ip.properties),
        "m_major": str(ip.major),
        "m_minor": str(ip.minor),
        "m_base_address": hex(ip.base),
        "m_name": ip.name,
    }


def _debug_ip_from_json(entry: Mapping[str, Any]) -> DebugIp:
    return DebugIp(
        _enum(entry, "m_type", DebugIpType),
        _number(entry, "m_index"),
        _number(entry, "m_properties"),
        _number(entry, "m_major", 0),
        _number(entry, "m_minor", 0),
        _number(entry, "m_base_address"),
        _text(entry, "m_name"),
    )


def _number(entry: Mapping[str, Any], key: str, default: int | None = None) -> int:
    value = entry.get(key, default)
    if isinstance(value, str) and len(value) <= 32:
        try:
            value = int(value, 16 if value.lower().startswith("0x") else 10)
        except ValueError:
            raise invalid(f"{key}={value!r} is not a number") from None
    if not isinstance(value, int):
        raise invalid(f"{key} is missing or not a number")
    return int(value)


def _text(entry: Mapping[str, Any], key: str) -> str:
    value = entry.get(key)
    if not isinstance(value, str):
        raise invalid(f"{key} is missing or not a string")
    return value


def _enum(entry: Mapping[str, Any], key: str, enum: type[IntEnum]) -> int:
    name = _text(entry, key)
    if name not in enum.__members__:
        raise invalid(f"{key}={name!r} is not one of {', '.join(enum.__members__)}")
    return int(enum[name])


def _group(form: _Form, kind: SectionKind, node: str) -> _Form:
    """The group section with the layout of `form`."""
    return _Form(kind, node, form.array, form.decode, form.encode, form.to_json, form.from_json)


_MEMORIES = _Form(
    SectionKind.MEM_TOPOLOGY,
    "mem_topology",
    "m_mem_data",
    sections.decode_mem_topology,
    sections.encode_mem_topology,
    _mem_to_json,
    _mem_from_json,
)
_CONNECTIONS = _Form(
    SectionKind.CONNECTIVITY,
    "connectivity",
    "m_connection",
    sections.decode_connectivity,
    sections.encode_connectivity,
    _connection_to_json,
    _connection_from_json,
)
_FORMS = (
    _MEMORIES,
    _Form(
        SectionKind.IP_LAYOUT,
        "ip_layout",
        "m_ip_data",
        sections.decode_ip_layout,
        sections.encode_ip_layout,
        _ip_to_json,
        _ip_from_json,
    ),
    _CONNECTIONS,
    _Form(
        SectionKind.CLOCK_FREQ_TOPOLOGY,
        "clock_freq_topology",
        "m_clock_freq",
        sections.decode_clock_topology,
        sections.encode_clock_topology,
        _clock_to_json,
        _clock_from_json,
    ),
    _Form(
        SectionKind.DEBUG_IP_LAYOUT,
        "debug_ip_layout",
        "m_debug_ip_data",
        sections.decode_debug_ip_layout,
        sections.encode_debug_ip_layout,
        _debug_ip_to_json,
        _debug_ip_from_json,
    ),
    _group(_MEMORIES, SectionKind.ASK_GROUP_TOPOLOGY, "group_topology"),
    _group(_CONNECTIONS, SectionKind.ASK_GROUP_CONNECTIVITY, "group_connectivity"),
)
