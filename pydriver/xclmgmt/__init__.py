# SPDX-License-Identifier: Apache-2.0
"""Driver of the management PF (XRT's xclmgmt)."""

from pydriver.xclmgmt.driver import MgmtOptions, Xclmgmt

__all__ = ["MgmtOptions", "Xclmgmt"]
