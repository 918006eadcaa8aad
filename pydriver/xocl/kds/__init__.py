# SPDX-License-Identifier: Apache-2.0
"""The kernel driver scheduler of the user PF (XRT KDS contract)."""

from pydriver.xocl.cu.unit import ComputeUnit
from pydriver.xocl.kds.configure import BoardTraits, KdsFlags
from pydriver.xocl.kds.modes import Schedulers
from pydriver.xocl.kds.scheduler import Kds
from pydriver.xocl.kds.state import KdsState
from pydriver.xocl.kds.units import KDMA_INDEX, MAX_CUS, compute_units, regmap_sizes, units_of
from pydriver.xocl.options import KdsOptions
from pydriver.xocl.quirks import KernelOops, Quirk

__all__ = [
    "KDMA_INDEX",
    "MAX_CUS",
    "BoardTraits",
    "ComputeUnit",
    "Kds",
    "KdsFlags",
    "KdsOptions",
    "KdsState",
    "KernelOops",
    "Quirk",
    "Schedulers",
    "compute_units",
    "regmap_sizes",
    "units_of",
]
