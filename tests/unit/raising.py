# SPDX-License-Identifier: Apache-2.0
"""Expecting an errno."""

from __future__ import annotations

from typing import Any

import pytest


def raises(code: int, match: str | None = None) -> Any:
    """`pytest.raises` for an errno, whose sentence matches."""
    return pytest.raises(OSError, match=match, check=lambda error: error.errno == code)
