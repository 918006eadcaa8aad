# SPDX-License-Identifier: Apache-2.0
"""Sections that are a structure with an image behind it: BMC, MCS, SOFT_KERNEL, FLASH, VENDER_METADATA.

All offsets in them count from the start of the section. `decode_*` raise `OSError(EINVAL)` when an image
or a string lies outside the section. Source: XRT xclbin contract §3.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from . import layouts
from .errors import invalid
from .layouts import Layout, c_string, text

_MAX_STRING = 4096


@dataclass(frozen=True, slots=True)
class Bmc:
    """Firmware of the board's management controller. `md5` is 32 hex digits."""

    image_name: str
    device: str
    version: str
    md5: str
    image: bytes


@dataclass(frozen=True, slots=True)
class McsChunk:
    """One flash image. `type` is an `McsType` number."""

    type: int
    image: bytes


@dataclass(frozen=True, slots=True)
class SoftKernel:
    """A kernel that runs on the embedded processor."""

    name: str
    version: str
    md5: str
    symbol: str
    instances: int
    image: bytes


@dataclass(frozen=True, slots=True)
class Flash:
    """A flash image. `type` is a `FlashType` number."""

    type: int
    name: str
    version: str
    md5: str
    image: bytes


@dataclass(frozen=True, slots=True)
class VenderMetadata:
    """A named blob (the misspelling is the format's)."""

    name: str
    image: bytes


def decode_bmc(data: bytes) -> Bmc:
    offset, size, name, device, version, md5 = _head(data, layouts.BMC, "BMC")
    return Bmc(text(name), text(device), text(version), text(md5), _image(data, offset, size, "BMC"))


def encode_bmc(bmc: Bmc) -> bytes:
    fields = [
        c_string(bmc.image_name, 64, "BMC image name"),
        c_string(bmc.device, 64, "BMC device name"),
        c_string(bmc.version, 64, "BMC version"),
        c_string(bmc.md5, 33, "BMC md5"),
    ]
    return layouts.BMC.pack(layouts.BMC.size, len(bmc.image), *fields) + bmc.image


def decode_mcs(data: bytes) -> tuple[McsChunk, ...]:
    (count,) = _head(data, layouts.MCS, "MCS")
    end = layouts.MCS.size + count * layouts.MCS_CHUNK.size
    if count < 0 or end > len(data):
        raise invalid(f"the MCS section of {len(data)} bytes says it has {count} chunks")
    rows = list(layouts.MCS_CHUNK.iter_unpack(memoryview(data)[layouts.MCS.size : end]))
    total = sum(size for _, _, size in rows)
    if total > len(data):  # chunks that share bytes would let a small file claim a lot of memory
        raise invalid(f"the {count} chunks of the MCS section hold {total} bytes, the section {len(data)}")
    return tuple(McsChunk(kind, _image(data, offset, size, "MCS")) for kind, offset, size in rows)


def encode_mcs(chunks: Sequence[McsChunk]) -> bytes:
    if len(chunks) > 127:
        raise invalid(f"{len(chunks)} MCS chunks do not fit, at most 127 do")
    offset = layouts.MCS.size + len(chunks) * layouts.MCS_CHUNK.size
    table = layouts.MCS.pack(len(chunks))
    for chunk in chunks:
        table += layouts.MCS_CHUNK.pack(chunk.type, offset, len(chunk.image))
        offset += len(chunk.image)
    return table + b"".join(chunk.image for chunk in chunks)


def decode_soft_kernel(data: bytes) -> SoftKernel:
    what = "SOFT_KERNEL"
    name, offset, size, version, md5, symbol, instances = _head(data, layouts.SOFT_KERNEL, what)
    return SoftKernel(
        _string(data, name, what),
        _string(data, version, what),
        _string(data, md5, what),
        _string(data, symbol, what),
        instances,
        _image(data, offset, size, what),
    )


def encode_soft_kernel(kernel: SoftKernel) -> bytes:
    strings, mpo = _strings(
        layouts.SOFT_KERNEL.size, (kernel.name, kernel.version, kernel.md5, kernel.symbol)
    )
    offset = _align8(layouts.SOFT_KERNEL.size + len(strings))
    head = _pack(
        layouts.SOFT_KERNEL, mpo[0], offset, len(kernel.image), mpo[1], mpo[2], mpo[3], kernel.instances
    )
    return (head + strings).ljust(offset, b"\0") + kernel.image


def decode_flash(data: bytes) -> Flash:
    what = "ASK_FLASH"
    kind, offset, size, name, version, md5 = _head(data, layouts.FLASH, what)
    return Flash(
        kind,
        _string(data, name, what),
        _string(data, version, what),
        _string(data, md5, what),
        _image(data, offset, size, what),
    )


def encode_flash(flash: Flash) -> bytes:
    strings, mpo = _strings(layouts.FLASH.size, (flash.name, flash.version, flash.md5))
    offset = _align8(layouts.FLASH.size + len(strings))
    head = _pack(layouts.FLASH, flash.type, offset, len(flash.image), *mpo)
    return (head + strings).ljust(offset, b"\0") + flash.image


def decode_vender_metadata(data: bytes) -> VenderMetadata:
    what = "VENDER_METADATA"
    name, offset, size = _head(data, layouts.VENDER_METADATA, what)
    return VenderMetadata(_string(data, name, what), _image(data, offset, size, what))


def encode_vender_metadata(metadata: VenderMetadata) -> bytes:
    strings, mpo = _strings(layouts.VENDER_METADATA.size, (metadata.name,))
    offset = _align8(layouts.VENDER_METADATA.size + len(strings))
    head = _pack(layouts.VENDER_METADATA, mpo[0], offset, len(metadata.image))
    return (head + strings).ljust(offset, b"\0") + metadata.image


def _head(data: bytes, layout: Layout, what: str) -> tuple[Any, ...]:
    if len(data) < layout.size:
        raise invalid(f"the {what} section has {len(data)} bytes, its header alone needs {layout.size}")
    return layout.unpack(data)


def _image(data: bytes, offset: int, size: int, what: str) -> bytes:
    if offset + size > len(data):
        raise invalid(
            f"the image of the {what} section is at {offset}..{offset + size}, "
            f"beyond the section's {len(data)} bytes"
        )
    return data[offset : offset + size]


def _string(data: bytes, offset: int, what: str) -> str:
    """The NUL-terminated string at `offset` (an "mpo" member)."""
    end = data.find(b"\0", offset, offset + _MAX_STRING)
    if end < 0:
        raise invalid(f"the {what} section has no terminated string at offset {offset}")
    return data[offset:end].decode("latin-1")


def _strings(start: int, values: Sequence[str]) -> tuple[bytes, list[int]]:
    """The strings back to back, and the offset of each when the first is at `start`."""
    blob = b""
    offsets = []
    for value in values:
        offsets.append(start + len(blob))
        blob += c_string(value, _MAX_STRING, "string") + b"\0"
    return blob, offsets


def _pack(layout: Layout, *values: int) -> bytes:
    try:
        return layout.pack(*values)
    except struct.error as error:
        raise invalid(f"a value does not fit into the {layout.name} structure: {error}") from None


def _align8(offset: int) -> int:
    return (offset + 7) & ~7
