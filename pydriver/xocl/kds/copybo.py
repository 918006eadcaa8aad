# SPDX-License-Identifier: Apache-2.0
"""START_COPYBO: a copy between buffers becomes a start of the shell's copy unit, or a transfer by the host.

Source: XRT KDS contract §2 (COPYBO), ERT contract §1.1 (start_copybo), memory and DMA contract §8 (arguments
of the unit). The real driver adds the offset twice where it checks the alignment, so that offsets of 32 bytes
pass; here offsets and size are multiples of 64.
"""

from __future__ import annotations

import errno
from dataclasses import dataclass, replace

from pydriver.errors import fail
from pydriver.ert import Header, Opcode, Type, to_bytes, to_words
from pydriver.xocl.memory import BufferObject

BLOCK = 64
MASKS = 4
RESERVED = 4
_SRC, _SRC_HANDLE, _DST, _DST_HANDLE, _SIZE = 9, 11, 12, 14, 15
"""Words of the packet: source offset (2), handle, destination offset (2), handle, size (2)."""


@dataclass(frozen=True)
class Copy:
    """What a START_COPYBO packet asks for; bytes."""

    src: int
    src_handle: int
    dst: int
    dst_handle: int
    size: int

    @classmethod
    def unpack(cls, packet: bytes) -> Copy:
        words = to_words(packet[: 4 * (_SIZE + 2)])

        def double(at: int) -> int:
            return words[at] | words[at + 1] << 32

        return cls(double(_SRC), words[_SRC_HANDLE], double(_DST), words[_DST_HANDLE], double(_SIZE))


def check(copy: Copy, src: BufferObject, dst: BufferObject) -> bool:
    """Whether the copy unit does it; else the host, between pages of an imported buffer and the card.

    Raises EINVAL: range, alignment, both buffers elsewhere, or a buffer that is neither on the card nor
    imported.
    """
    for bo, offset in ((src, copy.src), (dst, copy.dst)):
        if bo.bank is None and not bo.imported:
            raise fail(errno.EINVAL, f"buffer {bo.handle} is not in device memory")
        if offset >= bo.size or offset + copy.size > bo.size:
            raise fail(
                errno.EINVAL, f"{copy.size} bytes at {offset} are not inside a buffer of {bo.size} bytes"
            )
    if src.bank is None and dst.bank is None:
        raise fail(errno.EINVAL, "neither buffer is in this card's memory")
    if any(value % BLOCK for value in (copy.src, copy.dst, copy.size)):
        raise fail(errno.EINVAL, f"offsets and size of a copy are multiples of {BLOCK} bytes")
    return src.bank is not None and dst.bank is not None


def as_start(packet: bytes, copy: Copy, src: BufferObject, dst: BufferObject) -> bytes:
    """The START_CU packet for the copy unit: addresses, and the size in blocks."""
    header = Header.unpack(int.from_bytes(packet[:4], "little"))
    start = replace(header, opcode=Opcode.START_CU, type=Type.CU, custom=(MASKS - 1) << 6)
    words = [start.pack(), *[0] * (MASKS + RESERVED)]
    for value in (src.address + copy.src, dst.address + copy.dst, copy.size // BLOCK):
        # The third word is the buffer's handle in the packet and don't care in the unit.
        words += [value & 0xFFFF_FFFF, value >> 32, 0]
    return to_bytes(words[: 1 + header.count])
