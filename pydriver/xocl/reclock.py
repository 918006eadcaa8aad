# SPDX-License-Identifier: Apache-2.0
"""Which frequencies may be asked for. Source: XRT ICAP contract §4.1 (order of clocks) and §4.2 (range)."""

from __future__ import annotations

import errno
from collections.abc import Sequence

from pydriver.errors import fail
from pydriver.xclbin import ClockFreq, ClockType

MIN_MHZ = 10
MAX_CLOCKS = 4
_ORDER = (ClockType.DATA, ClockType.KERNEL, ClockType.SYSTEM)


def clock_slots(clocks: Sequence[ClockFreq]) -> list[ClockFreq]:
    """The clocks of an image in the order of the request: data, kernel, system."""
    return [clock for kind in _ORDER for clock in clocks if clock.type == kind]


def check_clocks(clocks: Sequence[ClockFreq], freqs: Sequence[int]) -> None:
    """Raises EDOM unless each frequency that is not 0 is between 10 MHz and what its clock was built for."""
    if len(freqs) > MAX_CLOCKS:
        raise fail(errno.EDOM, f"{len(freqs)} clocks, at most {MAX_CLOCKS} can be set")
    slots = clock_slots(clocks)
    for slot, mhz in enumerate(freqs):
        if not mhz:
            continue
        if slot >= len(slots):
            raise fail(errno.EDOM, f"the loaded image has no clock {slot}")
        limit = slots[slot].freq_mhz
        if not MIN_MHZ <= mhz <= limit:
            raise fail(errno.EDOM, f"clock {slot}: {mhz} MHz is not within {MIN_MHZ} and {limit} MHz")
