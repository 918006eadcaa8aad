# SPDX-License-Identifier: Apache-2.0
"""Who may use a unit: shared by any number of clients, or exclusively one's. Source: XRT KDS contract §1."""

from __future__ import annotations

import errno

from pydriver.errors import fail
from pydriver.xocl.cu import ComputeUnit


def acquire(cu: ComputeUnit, exclusive: bool) -> None:
    """One more client has the unit.

    Raises EINVAL where the unit is taken: the real driver has EBUSY there and folds it on the way out.
    """
    if cu.exclusive:
        raise fail(errno.EINVAL, f"{cu.name} is held exclusively")
    if exclusive and cu.sharers:
        raise fail(errno.EINVAL, f"{cu.name} is shared by {cu.sharers} clients")
    cu.exclusive = exclusive
    cu.sharers += not exclusive


def release(cu: ComputeUnit, exclusive: bool) -> None:
    """One client less."""
    if exclusive:
        cu.exclusive = False
    else:
        cu.sharers -= 1
