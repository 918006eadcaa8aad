# SPDX-License-Identifier: Apache-2.0
"""The fake of an image: everything a user function needs, nothing that configures hardware.

What is left is the header with the uuid and every section that is not in `SECRET`. Bytes outside of
sections (gaps, the rest of name fields) are not taken over, and AMD's JSON trailer is written anew: neither
can hide a bitstream. A signature covers bytes that are gone, so the fake is unsigned. The same image
gives the same fake. Source: software mailbox contract §6.3.
"""

from __future__ import annotations

from dataclasses import replace

from .container import PREFIX_SIZE, UNSIGNED, Axlf, Gap, Section
from .kinds import SectionKind
from .layouts import AXLF_SECTION_HEADER
from .mirror import START, mirror_of
from .writer import align

SECRET = frozenset(
    {
        SectionKind.BITSTREAM,
        SectionKind.CLEARING_BITSTREAM,
        SectionKind.PDI,
        SectionKind.BITSTREAM_PARTIAL_PDI,
        SectionKind.DESIGN_CHECK_POINT,
        SectionKind.MCS,
        SectionKind.ASK_FLASH,
    }
)
"""Bitstreams, the images for the flash that contain one, and the routed design itself."""

_LAST_KNOWN = max(SectionKind)


def is_secret(kind: SectionKind) -> bool:
    """A section of this kind is taken out, and of a kind not known here: nobody can say what it holds."""
    return kind in SECRET or kind > _LAST_KNOWN


def secrets(axlf: Axlf) -> tuple[Section, ...]:
    """What makes an image a real one; empty for a fake. A section without bytes hides nothing."""
    return tuple(section for section in axlf.sections if is_secret(section.kind) and section.data)


def strip(axlf: Axlf) -> Axlf:
    """The fake of `axlf`. Raises EINVAL when it has a trailer and a section that the trailer cannot show."""
    kept = []
    end = PREFIX_SIZE + AXLF_SECTION_HEADER.size * sum(not is_secret(s.kind) for s in axlf.sections)
    for section in axlf.sections:
        if not is_secret(section.kind):
            start = align(end)
            kept.append(Section(section.kind, section.name, section.data, start))
            end = start + len(section.data)
    fake = replace(
        axlf,
        sections=tuple(kept),
        length=align(end),
        signature_length=UNSIGNED,
        signature=b"",
        gaps=(),
        vbnv_tail=b"",
        header_hole=bytes(4),
    )
    if not any(START in gap.data for gap in axlf.gaps):
        return fake
    trailer = mirror_of(fake)
    return replace(fake, length=fake.length + len(trailer), gaps=(Gap(fake.length, trailer),))
