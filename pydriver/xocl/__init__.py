# SPDX-License-Identifier: Apache-2.0
"""Driver of the user PF (XRT's xocl)."""

from pydriver.xocl.client import VIRTUAL_CU, Client
from pydriver.xocl.driver import Xocl
from pydriver.xocl.kds import KdsFlags
from pydriver.xocl.memory import FROM_DEVICE, TO_DEVICE, BoFlags, BufferObject
from pydriver.xocl.options import UserOptions

__all__ = [
    "FROM_DEVICE",
    "TO_DEVICE",
    "VIRTUAL_CU",
    "BoFlags",
    "BufferObject",
    "Client",
    "KdsFlags",
    "UserOptions",
    "Xocl",
]
