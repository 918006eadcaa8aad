# SPDX-License-Identifier: Apache-2.0
"""Kernel descriptions (`kernel.toml`) and what is generated from them. See docs/bring_your_own.md."""

from tools.kernels.description import (
    Argument,
    Description,
    DescriptionError,
    Direction,
    Kind,
    Protocol,
)
from tools.kernels.reader import load, load_all

__all__ = [
    "Argument",
    "Description",
    "DescriptionError",
    "Direction",
    "Kind",
    "Protocol",
    "load",
    "load_all",
]
