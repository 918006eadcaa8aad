# SPDX-License-Identifier: Apache-2.0
"""Making an xclbin: from section files (`build`) or from section bytes (`assemble`).

Nothing in the output depends on the clock or on chance: the time stamp is 0 and the uuid a digest of
the content unless given.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from . import sections
from .container import MAX_SECTIONS, PREFIX_SIZE, UNSIGNED, Axlf, Gap, Section
from .errors import invalid
from .grouping import group_memories
from .jsonform import section_from_json
from .kinds import Mode, SectionKind
from .layouts import AXLF_SECTION_HEADER
from .mirror import mirror_of

ALIGNMENT = 8

_SUFFIXES = {
    ".bit": SectionKind.BITSTREAM,
    ".xml": SectionKind.EMBEDDED_METADATA,
    ".dtb": SectionKind.PARTITION_METADATA,
}
_ORDER = (
    SectionKind.BITSTREAM,
    SectionKind.EMBEDDED_METADATA,
    SectionKind.MEM_TOPOLOGY,
    SectionKind.IP_LAYOUT,
    SectionKind.CONNECTIVITY,
    SectionKind.CLOCK_FREQ_TOPOLOGY,
)


@dataclass(frozen=True)
class Content:
    """One section to be written. `name` is at most 15 characters."""

    kind: SectionKind
    data: bytes
    name: str = ""


@dataclass(frozen=True)
class Header:
    """The header values a writer chooses. `uuid` None: a digest of the sections and the platform."""

    platform_vbnv: str
    feature_rom_timestamp: int = 0
    mode: int = Mode.FLAT
    version: tuple[int, int, int] = (2, 13, 466)
    uuid: bytes | None = None
    timestamp: int = 0
    action_mask: int = 0
    rom_uuid: bytes = bytes(16)


def build(
    folder: Path,
    header: Header,
    *,
    extra: Sequence[Content] = (),
    group: bool = True,
    mirror: bool = True,
) -> bytes:
    """An xclbin from the section files in `folder`.

    `*.json` are array sections (named by their top node), `*.xml` kernel metadata, `*.bit` a bitstream,
    `*.dtb` partition metadata; a section is named after its file. `extra` adds sections that are not
    files. Raises `OSError(EINVAL)` for a malformed file, the usual `OSError` for an unreadable one.
    """
    contents = [*extra, *read_folder(folder)]
    contents.sort(key=lambda c: (_ORDER.index(c.kind) if c.kind in _ORDER else len(_ORDER), c.kind))
    return assemble(contents, header, group=group, mirror=mirror)


def read_folder(folder: Path) -> list[Content]:
    """The section files of a folder, by name."""
    contents = []
    for path in sorted(folder.iterdir()):
        if path.suffix == ".json":
            try:
                kind, data = section_from_json(path.read_bytes())
            except OSError as error:
                raise invalid(f"{path.name}: {error.strerror}") from None
        elif path.suffix in _SUFFIXES:
            kind, data = _SUFFIXES[path.suffix], path.read_bytes()
        else:
            continue
        contents.append(Content(kind, data, path.stem[:15]))
    return contents


def assemble(
    contents: Sequence[Content], header: Header, *, group: bool = True, mirror: bool = True
) -> bytes:
    """An unsigned xclbin with the sections in the given order, each at a multiple of 8 bytes.

    `group` appends GROUP_CONNECTIVITY and GROUP_TOPOLOGY and `mirror` the JSON trailer, as AMD's tool
    does.
    """
    if group:
        contents = [*contents, *_groups(contents)]
    if len(contents) > MAX_SECTIONS:
        raise invalid(f"{len(contents)} sections do not fit, at most {MAX_SECTIONS} do")
    end = PREFIX_SIZE + AXLF_SECTION_HEADER.size * len(contents)
    placed = []
    for content in contents:
        start = align(end)
        placed.append(Section(content.kind, content.name, content.data, start))
        end = start + len(content.data)
    axlf = Axlf(
        uuid=_digest(contents, header) if header.uuid is None else header.uuid,
        version=header.version,
        feature_rom_timestamp=header.feature_rom_timestamp,
        mode=header.mode,
        platform_vbnv=header.platform_vbnv,
        length=align(end),
        signature_length=UNSIGNED,
        sections=tuple(placed),
        timestamp=header.timestamp,
        unique_id=header.timestamp,
        action_mask=header.action_mask,
        rom_uuid=header.rom_uuid,
    )
    if mirror:
        trailer = mirror_of(axlf)
        axlf = replace(axlf, length=axlf.length + len(trailer), gaps=(Gap(axlf.length, trailer),))
    return axlf.to_bytes()


def sign(axlf: Axlf, signature: bytes) -> Axlf:
    """The image with a (PKCS#7) signature appended. Raises EINVAL when it has one."""
    if axlf.signed:
        raise invalid(f"the xclbin is already signed ({axlf.signature_length} bytes)")
    return replace(
        axlf,
        length=axlf.length + len(signature),
        signature_length=len(signature),
        signature=signature,
    )


def _groups(contents: Sequence[Content]) -> list[Content]:
    by_kind = {content.kind: content.data for content in reversed(contents)}
    present = {SectionKind.ASK_GROUP_TOPOLOGY, SectionKind.ASK_GROUP_CONNECTIVITY} & by_kind.keys()
    if present or SectionKind.MEM_TOPOLOGY not in by_kind:
        return []
    banks = sections.decode_mem_topology(by_kind[SectionKind.MEM_TOPOLOGY])
    connections = sections.decode_connectivity(by_kind.get(SectionKind.CONNECTIVITY, b""))
    group_banks, group_connections = group_memories(banks, connections)
    groups = []
    if connections:
        data = sections.encode_connectivity(group_connections)
        groups.append(Content(SectionKind.ASK_GROUP_CONNECTIVITY, data))
    if banks:
        groups.append(Content(SectionKind.ASK_GROUP_TOPOLOGY, sections.encode_mem_topology(group_banks)))
    return groups


def _digest(contents: Sequence[Content], header: Header) -> bytes:
    """16 bytes with the marks of a version 8 (content-defined) uuid."""
    digest = hashlib.sha256(repr(replace(header, uuid=None)).encode())
    for content in contents:
        digest.update(f"{int(content.kind)} {content.name} {len(content.data)}\n".encode())
        digest.update(content.data)
    raw = bytearray(digest.digest()[:16])
    raw[6] = raw[6] & 0x0F | 0x80
    raw[8] = raw[8] & 0x3F | 0x80
    return bytes(raw)


def align(offset: int) -> int:
    """The next offset where a section may start."""
    return -(-offset // ALIGNMENT) * ALIGNMENT
