# SPDX-License-Identifier: Apache-2.0
"""How the xclbin code says no: every rejection is EINVAL and one sentence with numbers."""

from __future__ import annotations

import errno

from pydriver.errors import DriverError, fail


def invalid(sentence: str) -> DriverError:
    """The error to raise for a malformed image (EINVAL, as READ_AXLF and DOWNLOAD_AXLF answer)."""
    return fail(errno.EINVAL, sentence)
