# SPDX-License-Identifier: Apache-2.0
"""Which unit runs a command. Source: XRT KDS contract §2."""

from __future__ import annotations

import errno
from collections.abc import Collection, Sequence

from pydriver.errors import fail
from pydriver.ert import Header
from pydriver.xclbin import IpControl
from pydriver.xocl.cu import ComputeUnit

WORD_BYTES = 4


def cu_mask(packet: bytes, extra_bytes_only: bool = False) -> int:
    """The units a start command allows, bit by CU index.

    `extra_bytes_only`: of the extra masks only as many bytes as there are words, as the real driver copies.
    """
    header = Header.unpack(int.from_bytes(packet[:4], "little"))
    length = header.extra_cu_masks * (1 if extra_bytes_only else WORD_BYTES)
    return int.from_bytes(packet[4:8], "little") | int.from_bytes(packet[8 : 8 + length], "little") << 32


def select(cus: Sequence[ComputeUnit], mask: int, allowed: Collection[int]) -> ComputeUnit:
    """The least used of the masked units the client has opened; of equal ones the lowest.

    Raises EINVAL (more units in the mask than exist, none in the client's context, one without start bit),
    EBUSY (a client has the unit's interrupt).
    """
    if mask.bit_count() > len(cus):
        raise fail(errno.EINVAL, f"mask {mask:#x} names more units than the {len(cus)} of the image")
    candidates = [cu for cu in cus if mask >> cu.index & 1 and cu.index in allowed]
    if not candidates:
        raise fail(errno.EINVAL, f"no unit of mask {mask:#x} is in the client's context")
    cu = min(candidates, key=lambda cu: (cu.usage, cu.index))
    if cu.control == IpControl.AP_CTRL_NONE:
        raise fail(errno.EINVAL, f"{cu.name} has no start bit (AP_CTRL_NONE)")
    if cu.user_managed:
        raise fail(errno.EBUSY, f"{cu.name} is managed by its user")
    return cu
