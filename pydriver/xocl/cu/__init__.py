# SPDX-License-Identifier: Apache-2.0
"""Compute units driven by the host: register protocols, queues, and the host's own scheduling."""

from pydriver.xocl.cu.fast_adapter import CommandMemory
from pydriver.xocl.cu.host import CuOptions, HostCus
from pydriver.xocl.cu.unit import ComputeUnit

__all__ = ["CommandMemory", "ComputeUnit", "CuOptions", "HostCus"]
