# SPDX-License-Identifier: Apache-2.0
"""Firmware images: the bytes a driver loads into the card name the model that then runs.

The first word is no branch to itself (which means "no firmware", XRT ERT contract §8), the second is the
magic `ERTM` and the third the version; the rest is filler so that a load copies a realistic amount.
"""

from __future__ import annotations

import struct
from collections.abc import Awaitable, Callable, Sequence

from firmware_model.core import Core
from firmware_model.ert import v20, v30

MAGIC = int.from_bytes(b"ERTM", "little")
ENTRY = 0xB8080050
"""A MicroBlaze branch to 0x50, where a real image starts after its vectors."""
SELF_JUMP = 0xB8000000
"""Branch to itself: what a driver puts there to park the processor."""
IMAGE_SIZE = 0x20000
"""Bytes of image memory."""

VERSION_V20 = 20
VERSION_V30 = 30

MODELS: dict[int, Callable[[Core], Awaitable[None]]] = {VERSION_V20: v20.run, VERSION_V30: v30.run}


def build(version: int = VERSION_V20, size: int = 4096) -> bytes:
    """An image file of `size` bytes. Raises ValueError when the version has no model or the size is wrong."""
    if version not in MODELS:
        raise ValueError(f"no firmware model for version {version}; known: {sorted(MODELS)}")
    if not 12 <= size <= IMAGE_SIZE or size % 4:
        raise ValueError(f"an image has 12 to {IMAGE_SIZE} bytes, whole words; asked for {size}")
    filler = ((i * 0x9E3779B1) & 0xFFFFFFFF for i in range(size // 4 - 3))
    return struct.pack(f"<{size // 4}I", ENTRY, MAGIC, version, *filler)


def is_self_jump(word: int) -> bool:
    """Word 0 says that there is no firmware."""
    return word & 0xFC00FFFF == SELF_JUMP


def identify(words: Sequence[int]) -> Callable[[Core], Awaitable[None]] | None:
    """The model named by the first three words of the image memory; None when they name none."""
    if len(words) < 3 or is_self_jump(words[0]) or words[1] != MAGIC:
        return None
    return MODELS.get(words[2])
