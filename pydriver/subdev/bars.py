# SPDX-License-Identifier: Apache-2.0
"""Which BAR is which. Source: XRT platform contract §1."""

from __future__ import annotations

import errno

from pydriver.errors import fail
from pydriver.platform import Bar, Function

MIB = 1 << 20
P2P_MIN = 256 * MIB


def register_bar(function: Function, minimum: int) -> Bar:
    """The last BAR of at least `minimum` bytes and below 256 MiB. Raises ENODEV."""
    found = [bar for _, bar in sorted(function.bars.items()) if minimum <= bar.size < P2P_MIN]
    if not found:
        raise fail(errno.ENODEV, f"{function.name} has no register BAR of {minimum // MIB} to 255 MiB")
    return found[-1]


def small_bar(function: Function) -> Bar:
    """The BAR below 1 MiB: interrupts on the management PF, XDMA on the user PF. Raises ENODEV."""
    for _, bar in sorted(function.bars.items()):
        if bar.size < MIB:
            return bar
    raise fail(errno.ENODEV, f"{function.name} has no BAR below 1 MiB")


def memory_bar(function: Function) -> Bar | None:
    """The BAR of 256 MiB and more that shows device memory, None when there is none."""
    return next((bar for _, bar in sorted(function.bars.items()) if bar.size >= P2P_MIN), None)
