# SPDX-License-Identifier: Apache-2.0
"""Feature ROM: what the shell says about itself. Source: XRT platform contract §4."""

from __future__ import annotations

import errno
import struct
from dataclasses import dataclass

from pydriver.errors import fail
from pydriver.platform import Bar
from pydriver.regs import RegBlock, Window, feature_rom

_LAYOUT = struct.Struct("<4sBBxxIIQ64s64sBB6xQQ16sBB")
MAGIC = b"xlnx"
UNIFIED = 1 << 0
SCHEDULER = 1 << 3
HAS_UUID = 1 << 17
PASSTHROUGH = 1 << 22


@dataclass(frozen=True)
class FeatureRom:
    """The ROM's content; `timestamp` in seconds since the epoch, `ddr_gib` per channel, `raw` all of it."""

    version: tuple[int, int]
    timestamp: int
    part: str
    vbnv: str
    ddr_channels: int
    ddr_gib: int
    features: int
    uuid: bytes
    raw: bytes = b""

    @property
    def unified(self) -> bool:
        return bool(self.features & UNIFIED)

    @property
    def has_scheduler(self) -> bool:
        return bool(self.features & SCHEDULER)

    @property
    def has_uuid(self) -> bool:
        return bool(self.features & HAS_UUID)

    @property
    def passthrough(self) -> bool:
        """The shell translates peer-to-peer addresses for a guest."""
        return bool(self.features & PASSTHROUGH)

    @property
    def cdma(self) -> int | None:
        """Where the shell's copy unit is in the user BAR, None when it has none."""
        at = feature_rom.CDMA_BASE[0].offset
        return int.from_bytes(self.raw[at : at + 4], "little") or None


async def read_feature_rom(bar: Bar, window: Window) -> FeatureRom:
    """Read and check the ROM. Raises ENODEV for a wrong magic."""
    words = await RegBlock(bar, window).read_many(feature_rom.REGISTERS)
    image = bytearray(feature_rom.SIZE)
    for register, word in zip(feature_rom.REGISTERS, words, strict=True):
        struct.pack_into("<I", image, register.offset, word)
    magic, major, minor, _, _, time, part, vbnv, ddr, gib, _, bits, uuid, _, _ = _LAYOUT.unpack_from(image)
    if magic != MAGIC:
        raise fail(errno.ENODEV, f"the feature ROM starts with {magic.hex()} instead of 'xlnx'")
    raw = bytes(image)
    return FeatureRom((major, minor), time, _text(part), _text(vbnv), ddr, gib, bits, uuid, raw)


def _text(data: bytes) -> str:
    return data.split(b"\0", 1)[0].decode("latin-1")
