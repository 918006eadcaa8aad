# SPDX-License-Identifier: Apache-2.0
"""Byte layout of every structure in an xclbin: little endian, natural alignment.

Member names are those of `xclbin.h`, so that the layout test can compare them with what a C compiler
says. Source: XRT xclbin contract §1 and §3.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from .errors import invalid


class Layout:
    """One C structure.

    `members` are (name, struct code) in order; holes are named members of code `Nx`, kept out of the
    values. A trailing array has the empty code: `size` leaves it out, `c_size` (C's `sizeof`) counts
    one element and the compiler's padding. `aliases` are further names of a union.
    """

    def __init__(
        self,
        name: str,
        c_size: int,
        members: tuple[tuple[str, str], ...],
        aliases: Mapping[str, str] | None = None,
    ) -> None:
        self.name = name
        self.c_size = c_size
        self.offsets: dict[str, int] = {}
        self.sizes: dict[str, int] = {}
        code = "<"
        for member, member_code in members:
            self.offsets[member] = struct.calcsize(code)
            self.sizes[member] = struct.calcsize("<" + member_code)
            code += member_code
        for alias, member in (aliases or {}).items():
            self.offsets[alias], self.sizes[alias] = self.offsets[member], self.sizes[member]
        self._struct = struct.Struct(code)
        self.size = self._struct.size

    def unpack(self, data: bytes, offset: int = 0) -> tuple[Any, ...]:
        """The values at `offset`; the caller has checked that `size` bytes are there."""
        return self._struct.unpack_from(data, offset)

    def iter_unpack(self, data: bytes | memoryview) -> Iterator[tuple[Any, ...]]:
        """The values of back-to-back structures; `data` is a whole number of them."""
        return self._struct.iter_unpack(data)

    def pack(self, *values: Any) -> bytes:
        """The bytes; raises `struct.error` for a value out of range."""
        return self._struct.pack(*values)


# The file: prefix (struct axlf without its section array), header inside it, section header.
AXLF = Layout(
    "axlf",
    496,
    (
        ("m_magic", "8s"),
        ("m_signature_length", "i"),
        ("reserved", "28s"),
        ("m_keyBlock", "256s"),
        ("m_uniqueId", "Q"),
        ("m_header", "152s"),
        ("m_sections", ""),
    ),
)
AXLF_HEADER = Layout(
    "axlf_header",
    152,
    (
        ("m_length", "Q"),
        ("m_timeStamp", "Q"),
        ("m_featureRomTimeStamp", "Q"),
        ("m_versionPatch", "H"),
        ("m_versionMajor", "B"),
        ("m_versionMinor", "B"),
        ("m_mode", "H"),
        ("m_actionMask", "H"),
        ("rom_uuid", "16s"),
        ("m_platformVBNV", "64s"),
        ("uuid", "16s"),
        ("m_debug_bin", "16s"),
        ("m_numSections", "I"),
        ("hole", "4s"),
    ),
    aliases={"rom": "rom_uuid", "m_next_axlf": "uuid"},
)
AXLF_SECTION_HEADER = Layout(
    "axlf_section_header",
    40,
    (
        ("m_sectionKind", "I"),
        ("m_sectionName", "16s"),
        ("hole", "4s"),
        ("m_sectionOffset", "Q"),
        ("m_sectionSize", "Q"),
    ),
)

# Sections that are a count and an array.
MEM_TOPOLOGY = Layout("mem_topology", 48, (("m_count", "i"), ("hole", "4x"), ("m_mem_data", "")))
MEM_DATA = Layout(
    "mem_data",
    40,
    (
        ("m_type", "B"),
        ("m_used", "B"),
        ("padding", "6x"),
        ("m_size", "Q"),
        ("m_base_address", "Q"),
        ("m_tag", "16s"),
    ),
    aliases={"route_id": "m_size", "flow_id": "m_base_address"},
)
IP_LAYOUT = Layout("ip_layout", 88, (("m_count", "i"), ("hole", "4x"), ("m_ip_data", "")))
IP_DATA = Layout(
    "ip_data",
    80,
    (("m_type", "I"), ("properties", "I"), ("m_base_address", "Q"), ("m_name", "64s")),
    aliases={"indices": "properties"},
)
CONNECTIVITY = Layout("connectivity", 16, (("m_count", "i"), ("m_connection", "")))
CONNECTION = Layout(
    "connection", 12, (("arg_index", "i"), ("m_ip_layout_index", "i"), ("mem_data_index", "i"))
)
CLOCK_FREQ_TOPOLOGY = Layout("clock_freq_topology", 138, (("m_count", "h"), ("m_clock_freq", "")))
CLOCK_FREQ = Layout(
    "clock_freq", 136, (("m_freq_Mhz", "H"), ("m_type", "B"), ("m_unused", "5x"), ("m_name", "128s"))
)
DEBUG_IP_LAYOUT = Layout("debug_ip_layout", 152, (("m_count", "H"), ("hole", "6x"), ("m_debug_ip_data", "")))
DEBUG_IP_DATA = Layout(
    "debug_ip_data",
    144,
    (
        ("m_type", "B"),
        ("m_index_lowbyte", "B"),
        ("m_properties", "B"),
        ("m_major", "B"),
        ("m_minor", "B"),
        ("m_index_highbyte", "B"),
        ("m_reserved", "2x"),
        ("m_base_address", "Q"),
        ("m_name", "128s"),
    ),
)
MCS = Layout("mcs", 32, (("m_count", "b"), ("m_unused", "7x"), ("m_chunk", "")))
MCS_CHUNK = Layout("mcs_chunk", 24, (("m_type", "B"), ("m_unused", "7x"), ("m_offset", "Q"), ("m_size", "Q")))

# Sections that are one structure with an image behind it.
BMC = Layout(
    "bmc",
    248,
    (
        ("m_offset", "Q"),
        ("m_size", "Q"),
        ("m_image_name", "64s"),
        ("m_device_name", "64s"),
        ("m_version", "64s"),
        ("m_md5value", "33s"),
        ("m_padding", "7x"),
    ),
)
SOFT_KERNEL = Layout(
    "soft_kernel",
    80,
    (
        ("mpo_name", "I"),
        ("m_image_offset", "I"),
        ("m_image_size", "I"),
        ("mpo_version", "I"),
        ("mpo_md5_value", "I"),
        ("mpo_symbol_name", "I"),
        ("m_num_instances", "I"),
        ("padding", "36x"),
        ("reservedExt", "16x"),
    ),
)
FLASH = Layout(
    "flash",
    72,
    (
        ("m_flash_type", "H"),
        ("padding", "2x"),
        ("m_image_offset", "I"),
        ("m_image_size", "I"),
        ("mpo_name", "I"),
        ("mpo_version", "I"),
        ("mpo_md5_value", "I"),
        ("reserved", "32x"),
        ("reservedExt", "16x"),
    ),
)
VENDER_METADATA = Layout(
    "vender_metadata",
    48,
    (("mpo_name", "I"), ("m_image_offset", "I"), ("m_image_size", "I"), ("padding", "36x")),
)

# Structures whose last member is an array: C's sizeof counts one element.
ARRAY_OF: Mapping[str, str] = MappingProxyType(
    {
        "axlf": "axlf_section_header",
        "mem_topology": "mem_data",
        "ip_layout": "ip_data",
        "connectivity": "connection",
        "clock_freq_topology": "clock_freq",
        "debug_ip_layout": "debug_ip_data",
        "mcs": "mcs_chunk",
    }
)
LAYOUTS: Mapping[str, Layout] = MappingProxyType(
    {
        layout.name: layout
        for layout in (
            AXLF,
            AXLF_HEADER,
            AXLF_SECTION_HEADER,
            MEM_TOPOLOGY,
            MEM_DATA,
            IP_LAYOUT,
            IP_DATA,
            CONNECTIVITY,
            CONNECTION,
            CLOCK_FREQ_TOPOLOGY,
            CLOCK_FREQ,
            DEBUG_IP_LAYOUT,
            DEBUG_IP_DATA,
            MCS,
            MCS_CHUNK,
            BMC,
            SOFT_KERNEL,
            FLASH,
            VENDER_METADATA,
        )
    }
)


def text(field: bytes) -> str:
    """A fixed-size C string up to its NUL; bytes map one to one to characters."""
    return field.partition(b"\0")[0].decode("latin-1")


def c_string(value: str, size: int, what: str) -> bytes:
    """`value` as a C string for a field of `size` bytes. Raises EINVAL when it does not fit."""
    try:
        raw = value.encode("latin-1")
    except UnicodeEncodeError:
        raise invalid(f"the {what} {value!r} has characters that are not single bytes") from None
    if b"\0" in raw:
        raise invalid(f"the {what} {value!r} contains a NUL")
    if len(raw) >= size:
        raise invalid(f"the {what} {value!r} is {len(raw)} bytes long, at most {size - 1} fit")
    return raw
