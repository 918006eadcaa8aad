# SPDX-License-Identifier: Apache-2.0
"""Images whose metadata ask for slots of a chosen size."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from pydriver.xclbin import Content, Header, Mode, SectionKind, assemble, parse
from tools.image import ComputeUnit
from tools.mkxclbin import make_xclbin

ADAPTED = "vadd_fa"
"""The kernel behind a fast adapter."""
OVERHEAD = 64
"""Bytes of a slot that are not register map."""
_KERNEL = re.compile(r"<kernel .*?</kernel>", re.DOTALL)
_ARGUMENT = re.compile(r'\n *<arg [^>]*size="(0x[0-9a-f]+)" offset="(0x[0-9a-f]+)"[^>]*/>')
SMALLEST = 0x44
"""Arguments that end here or before are kept; all of a vector adder's and its adapter's."""


def _end(argument: re.Match[str]) -> int:
    """Where an argument ends."""
    return int(argument[1], 16) + int(argument[2], 16)


def _resized(kernel: str, slot_bytes: int) -> str:
    """The register map of a kernel ends where a slot of `slot_bytes` ends."""
    size = slot_bytes - OVERHEAD
    kernel = _ARGUMENT.sub(lambda found: found[0] if _end(found) <= SMALLEST else "", kernel)
    window = (
        '     <arg name="window" addressQualifier="0" id="15" port="S_AXI_CONTROL" size="0x4" '
        f'offset="{size - 4:#x}" hostOffset="0x0" hostSize="0x4" type="uint"/>'
    )
    return kernel.replace("\n     <instance", f"\n{window}\n     <instance", 1)


@cache
def soak_image(units: tuple[str, ...], slot_bytes: int, bitstream: bytes | None = None) -> bytes:
    """An xclbin with a unit for each name, for slots of `slot_bytes`, at least 512."""
    made = parse(make_xclbin([ComputeUnit(unit) for unit in units], bitstream=bitstream, mirror=False))
    sections = {section.kind: section.data for section in made.sections}
    xml = sections[SectionKind.EMBEDDED_METADATA].decode()
    xml = _KERNEL.sub(lambda found: _resized(found[0], slot_bytes), xml)
    sections[SectionKind.EMBEDDED_METADATA] = xml.encode()
    for kind in (SectionKind.ASK_GROUP_TOPOLOGY, SectionKind.ASK_GROUP_CONNECTIVITY):
        sections.pop(kind, None)
    header = Header(
        platform_vbnv=made.platform_vbnv,
        feature_rom_timestamp=made.feature_rom_timestamp,
        mode=Mode(made.mode),
    )
    return assemble([Content(kind, data) for kind, data in sections.items()], header, mirror=False)


def units_of_slots(names: Sequence[str]) -> tuple[str, ...]:
    """Names in the order of slots: kernels with a memory port first, as `tools.image.place` puts them."""
    return tuple(sorted(names, key=lambda name: name != ADAPTED))
