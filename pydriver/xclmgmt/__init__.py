# SPDX-License-Identifier: Apache-2.0
"""Driver of the management PF (XRT's xclmgmt)."""

from pydriver.xclmgmt.driver import Xclmgmt
from pydriver.xclmgmt.options import MgmtOptions
from pydriver.xclmgmt.providers import Providers

__all__ = ["MgmtOptions", "Providers", "Xclmgmt"]
