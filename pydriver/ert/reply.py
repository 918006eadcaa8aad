# SPDX-License-Identifier: Apache-2.0
"""Replies the ERT firmware leaves in a command queue slot."""

from __future__ import annotations

import errno
from collections.abc import Sequence
from dataclasses import dataclass

from pydriver.errors import fail

CU_STAT_MAGIC = 0x51A10000
"""Word 1 of a CU_STAT reply."""


@dataclass(frozen=True)
class CuStat:
    """What CU_STAT answers (XRT ERT contract §1.1).

    `version` is the firmware's build number. The tuples are cut short when the slot was too small:
    `executions` and `running` hold at most `num_cus` entries, `slot_states` at most `num_slots`.
    """

    version: int
    num_slots: int
    num_cus: int
    executions: tuple[int, ...]
    running: tuple[bool, ...]
    slot_states: tuple[int, ...]


def parse_cu_stat(words: Sequence[int]) -> CuStat:
    """Parse the words of a slot after CU_STAT completed; word 0 is the header.

    Raises DriverError(EINVAL) when the reply's magic word is not there.
    """
    if len(words) < 5 or words[1] != CU_STAT_MAGIC:
        raise fail(errno.EINVAL, "the slot does not hold a CU_STAT reply")
    version, num_slots, num_cus = words[2:5]
    rest = words[5:]
    return CuStat(
        version=version,
        num_slots=num_slots,
        num_cus=num_cus,
        executions=tuple(rest[:num_cus]),
        running=tuple(bool(word) for word in rest[num_cus : 2 * num_cus]),
        slot_states=tuple(rest[2 * num_cus : 2 * num_cus + num_slots]),
    )
