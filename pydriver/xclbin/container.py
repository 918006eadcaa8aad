# SPDX-License-Identifier: Apache-2.0
"""The axlf container: header, section table, sections, what lies between them, signature.

`parse` keeps every byte, so `parse(data).to_bytes() == data` for a file whose header length is its
length. Source: XRT xclbin contract §1, §2 and §5.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from . import images, sections
from .bitfile import BitFile, parse_bit
from .errors import invalid
from .kinds import SectionKind
from .layouts import AXLF, AXLF_HEADER, AXLF_SECTION_HEADER
from .metadata import Kernel, Metadata, parse_metadata
from .partition import interface_uuids
from .sections import ClockFreq, Connection, DebugIp, Ip, MemBank

MAGIC = b"xclbin2\0"
PREFIX_SIZE = AXLF.size
"""Bytes before the section table."""

MAX_SECTIONS = 0x10000
UNSIGNED = -1
NULL_UUID = bytes(16)


@dataclass(frozen=True, slots=True)
class Section:
    """One section. `offset` counts from the start of the file; `name` is up to 15 characters.

    `name_tail` and `hole` are what the table entry holds after the name's NUL and in its padding,
    kept for a faithful round trip.
    """

    kind: SectionKind
    name: str
    data: bytes
    offset: int
    name_tail: bytes = b""
    hole: bytes = bytes(4)


@dataclass(frozen=True, slots=True)
class Gap:
    """Bytes that belong to no section and are not all zero: padding with content, a trailer."""

    offset: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Axlf:
    """A parsed image. `version` is (major, minor, patch), `timestamp` seconds since the epoch.

    `length` is the header's: the whole file with the signature. `signature_length` is -1 when unsigned.
    """

    uuid: bytes
    version: tuple[int, int, int]
    feature_rom_timestamp: int
    mode: int
    platform_vbnv: str
    length: int
    signature_length: int
    sections: tuple[Section, ...]
    timestamp: int = 0
    unique_id: int = 0
    action_mask: int = 0
    rom_uuid: bytes = bytes(16)
    debug_bin: bytes = bytes(16)
    key_block: bytes = b"\xff" * 256
    reserved: bytes = b"\xff" * 28
    vbnv_tail: bytes = b""
    header_hole: bytes = bytes(4)
    gaps: tuple[Gap, ...] = ()
    signature: bytes = b""

    def section(self, kind: SectionKind) -> bytes | None:
        """The data of the first section of a kind, None when there is none."""
        return next((section.data for section in self.sections if section.kind == kind), None)

    def all_sections(self, kind: SectionKind) -> tuple[Section, ...]:
        """Every section of a kind (SOFT_KERNEL may repeat)."""
        return tuple(section for section in self.sections if section.kind == kind)

    @property
    def signed(self) -> bool:
        return self.signature_length != UNSIGNED

    def signed_content(self) -> bytes:
        """What the signature covers: the file without it, as it was before signing."""
        content = bytearray(self.to_bytes()[: self.length - len(self.signature)])
        struct.pack_into("<i", content, AXLF.offsets["m_signature_length"], UNSIGNED)
        struct.pack_into("<Q", content, AXLF.offsets["m_header"], len(content))
        return bytes(content)

    # The typed views. A missing section gives an empty tuple or None; a malformed one raises EINVAL.

    def mem_topology(self) -> tuple[MemBank, ...]:
        data = self.section(SectionKind.MEM_TOPOLOGY)
        return () if data is None else sections.decode_mem_topology(data)

    def group_topology(self) -> tuple[MemBank, ...]:
        data = self.section(SectionKind.ASK_GROUP_TOPOLOGY)
        return () if data is None else sections.decode_mem_topology(data, "GROUP_TOPOLOGY")

    def ip_layout(self) -> tuple[Ip, ...]:
        data = self.section(SectionKind.IP_LAYOUT)
        return () if data is None else sections.decode_ip_layout(data)

    def connectivity(self) -> tuple[Connection, ...]:
        data = self.section(SectionKind.CONNECTIVITY)
        return () if data is None else sections.decode_connectivity(data)

    def group_connectivity(self) -> tuple[Connection, ...]:
        data = self.section(SectionKind.ASK_GROUP_CONNECTIVITY)
        return () if data is None else sections.decode_connectivity(data, "GROUP_CONNECTIVITY")

    def clock_topology(self) -> tuple[ClockFreq, ...]:
        data = self.section(SectionKind.CLOCK_FREQ_TOPOLOGY)
        return () if data is None else sections.decode_clock_topology(data)

    def debug_ip_layout(self) -> tuple[DebugIp, ...]:
        data = self.section(SectionKind.DEBUG_IP_LAYOUT)
        return () if data is None else sections.decode_debug_ip_layout(data)

    def bmc(self) -> images.Bmc | None:
        data = self.section(SectionKind.BMC)
        return None if data is None else images.decode_bmc(data)

    def mcs(self) -> tuple[images.McsChunk, ...]:
        data = self.section(SectionKind.MCS)
        return () if data is None else images.decode_mcs(data)

    def soft_kernels(self) -> tuple[images.SoftKernel, ...]:
        return tuple(images.decode_soft_kernel(s.data) for s in self.all_sections(SectionKind.SOFT_KERNEL))

    def flashes(self) -> tuple[images.Flash, ...]:
        return tuple(images.decode_flash(s.data) for s in self.all_sections(SectionKind.ASK_FLASH))

    def vender_metadata(self) -> tuple[images.VenderMetadata, ...]:
        return tuple(
            images.decode_vender_metadata(s.data) for s in self.all_sections(SectionKind.VENDER_METADATA)
        )

    def interface_uuids(self) -> tuple[str, ...]:
        """Interface uuids of PARTITION_METADATA, 32 hex digits each."""
        data = self.section(SectionKind.PARTITION_METADATA)
        return () if data is None else interface_uuids(data)

    def bitstream(self) -> BitFile | None:
        """The BITSTREAM section without its `.bit` header."""
        data = self.section(SectionKind.BITSTREAM)
        return None if data is None else parse_bit(data)

    def metadata(self) -> Metadata | None:
        data = self.section(SectionKind.EMBEDDED_METADATA)
        return None if data is None else parse_metadata(data)

    def kernels(self) -> tuple[Kernel, ...]:
        metadata = self.metadata()
        return () if metadata is None else metadata.kernels

    def to_bytes(self) -> bytes:
        """The file. Sections stay at their offsets; raises EINVAL when they do not fit `length`."""
        major, minor, patch = self.version
        try:
            header = AXLF_HEADER.pack(
                self.length,
                self.timestamp,
                self.feature_rom_timestamp,
                patch,
                major,
                minor,
                self.mode,
                self.action_mask,
                _exactly(self.rom_uuid, 16, "feature ROM uuid"),
                _field(self.platform_vbnv, self.vbnv_tail, 64, "platform name"),
                _exactly(self.uuid, 16, "uuid"),
                _exactly(self.debug_bin, 16, "debug binary name"),
                len(self.sections),
                self.header_hole,
            )
            prefix = AXLF.pack(
                MAGIC,
                self.signature_length,
                _exactly(self.reserved, 28, "reserved area"),
                _exactly(self.key_block, 256, "key block"),
                self.unique_id,
                header,
            )
            table = b"".join(
                AXLF_SECTION_HEADER.pack(
                    section.kind,
                    _field(section.name, section.name_tail, 16, "section name"),
                    section.hole,
                    section.offset,
                    len(section.data),
                )
                for section in self.sections
            )
        except (struct.error, UnicodeEncodeError) as error:
            raise invalid(f"a header value does not fit its field: {error}") from None
        end = self.length - len(self.signature)
        table_end = PREFIX_SIZE + len(table)
        if table_end > end:
            raise invalid(f"the section table ends at {table_end}, beyond the file's {end} bytes")
        _check_extents(((s.kind, s.offset, len(s.data)) for s in self.sections), table_end, end)
        image = bytearray(self.length)
        image[:table_end] = prefix + table
        for gap in self.gaps:
            if gap.offset < table_end or gap.offset + len(gap.data) > end:
                raise invalid(
                    f"the {len(gap.data)} bytes between sections at {gap.offset} "
                    f"lie outside {table_end}..{end}"
                )
            image[gap.offset : gap.offset + len(gap.data)] = gap.data
        for section in self.sections:
            image[section.offset : section.offset + len(section.data)] = section.data
        image[end:] = self.signature
        return bytes(image)


def parse(data: bytes | bytearray | memoryview) -> Axlf:
    """Read an image. Raises `OSError(EINVAL)` with a sentence that names the fault.

    Only the container is judged here; each typed view judges its section, and what a driver asks for
    beyond the format (uuid, version, shell) is in `pydriver.xclbin.checks`. Bytes after the header's
    length are not part of the image: a mailbox message or a file may be longer.
    """
    view = memoryview(data)
    if len(view) < PREFIX_SIZE:
        raise invalid(f"the file has {len(view)} bytes, an xclbin header alone needs {PREFIX_SIZE}")
    magic, signature_length, reserved, key_block, unique_id, header = AXLF.unpack(bytes(view[:PREFIX_SIZE]))
    if magic != MAGIC:
        raise invalid(f"the file starts with {magic!r} instead of {MAGIC!r}")
    fields = AXLF_HEADER.unpack(header)
    length, timestamp, rom_timestamp, patch, major, minor, mode, action_mask, rom_uuid = fields[:9]
    vbnv, uuid, debug_bin, count, hole = fields[9:]
    if length > len(view):
        raise invalid(f"the file is truncated: its header says {length} bytes, {len(view)} are there")
    if signature_length < UNSIGNED or signature_length > length:
        raise invalid(f"the signature length {signature_length} is impossible in a file of {length} bytes")
    end = length - max(signature_length, 0)
    if count > MAX_SECTIONS:
        raise invalid(f"the header says {count} sections, at most {MAX_SECTIONS} are allowed")
    table_end = PREFIX_SIZE + count * AXLF_SECTION_HEADER.size
    if table_end > end:
        raise invalid(f"the table of {count} sections ends at {table_end}, beyond the file's {end} bytes")
    table = list(AXLF_SECTION_HEADER.iter_unpack(view[PREFIX_SIZE:table_end]))
    covered = _check_extents(((row[0], row[3], row[4]) for row in table), table_end, end)
    vbnv_text, vbnv_tail = _split(vbnv)
    return Axlf(
        uuid=uuid,
        version=(major, minor, patch),
        feature_rom_timestamp=rom_timestamp,
        mode=mode,
        platform_vbnv=vbnv_text,
        length=length,
        signature_length=signature_length,
        sections=tuple(_section(view, row) for row in table),
        timestamp=timestamp,
        unique_id=unique_id,
        action_mask=action_mask,
        rom_uuid=rom_uuid,
        debug_bin=debug_bin,
        key_block=key_block,
        reserved=reserved,
        vbnv_tail=vbnv_tail,
        header_hole=hole,
        gaps=tuple(_gaps(view, covered, table_end, end)),
        signature=bytes(view[end:length]),
    )


def _section(view: memoryview, row: tuple[int, bytes, bytes, int, int]) -> Section:
    kind, name, hole, offset, size = row
    text, tail = _split(name)
    return Section(SectionKind(kind), text, bytes(view[offset : offset + size]), offset, tail, hole)


def _check_extents(extents: Iterable[tuple[int, int, int]], start: int, end: int) -> list[tuple[int, int]]:
    """Check (kind, offset, size) of all sections; return the (start, end) of the non-empty ones, sorted."""
    ranges = []
    for number, (kind, offset, size) in enumerate(extents):
        if offset + size > end:
            raise invalid(
                f"section {number} ({SectionKind(kind).name}) lies at {offset}..{offset + size}, "
                f"past the end of the file's {end} bytes"
            )
        if size == 0:  # an absent section: offset 0 by convention
            continue
        if offset < start:
            raise invalid(
                f"section {number} ({SectionKind(kind).name}) at offset {offset} overlaps the header, "
                f"which ends at {start}"
            )
        ranges.append((offset, offset + size, number))
    ranges.sort()
    for (_, last, one), (first, _, other) in pairwise(ranges):
        if first < last:
            raise invalid(
                f"sections {one} and {other} overlap: one ends at {last}, the other starts at {first}"
            )
    return [(first, last) for first, last, _ in ranges]


def _gaps(view: memoryview, covered: list[tuple[int, int]], start: int, end: int) -> Iterable[Gap]:
    for first, last in (*covered, (end, end)):
        if first > start:
            data = bytes(view[start:first])
            if data.strip(b"\0"):
                yield Gap(start, data)
        start = last


def _split(field: bytes) -> tuple[str, bytes]:
    """The C string in a field, and what follows its NUL when that is not all zero."""
    text, _, tail = field.partition(b"\0")
    return text.decode("latin-1"), tail if tail.strip(b"\0") else b""


def _field(text: str, tail: bytes, size: int, what: str) -> bytes:
    raw = text.encode("latin-1")
    whole = raw + b"\0" + tail if tail else raw
    if len(whole) > size:
        raise invalid(f"the {what} {text!r} does not fit {size} bytes")
    return whole.ljust(size, b"\0")


def _exactly(value: bytes, size: int, what: str) -> bytes:
    if len(value) != size:
        raise invalid(f"the {what} has {len(value)} bytes instead of {size}")
    return value
