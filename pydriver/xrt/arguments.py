# SPDX-License-Identifier: Apache-2.0
"""Values of kernel arguments as the bytes of their registers. Formats only, no I/O."""

from __future__ import annotations

import errno
import struct
from typing import Any

import numpy as np

from pydriver.errors import fail
from pydriver.xclbin import KernelArg

Scalar = int | float | bytes | bytearray | memoryview | np.ndarray[Any, Any] | np.generic
"""What a scalar or an array in the register space may be set to."""

_FLOATS = {4: "<f", 8: "<d"}


def encode(argument: KernelArg, value: Scalar) -> bytes:
    """The bytes of `value`, at most `argument.size` of them.

    Whole numbers take the argument's size (two's complement when negative), floats 4 or 8 bytes by it; bytes
    and numpy arrays are taken as they lie in memory. Raises EINVAL for what does not fit.
    """
    if isinstance(value, float | np.floating):
        return _float(argument, float(value))
    if isinstance(value, int | np.integer | np.bool_):
        return _integer(argument, int(value))
    raw = value.tobytes() if isinstance(value, np.ndarray | np.generic | memoryview) else bytes(value)
    if len(raw) > argument.size:
        raise fail(errno.EINVAL, f"{_name(argument)} has {argument.size} bytes, {len(raw)} were given")
    return raw


def _float(argument: KernelArg, value: float) -> bytes:
    if argument.size not in _FLOATS:
        raise fail(errno.EINVAL, f"{_name(argument)} has {argument.size} bytes, a float has 4 or 8")
    try:
        return struct.pack(_FLOATS[argument.size], value)
    except OverflowError:
        raise fail(errno.EINVAL, f"{value} does not fit {_name(argument)}") from None


def _integer(argument: KernelArg, value: int) -> bytes:
    bits = 8 * argument.size
    if bits == 0 or not -(1 << bits - 1) <= value < 1 << bits:
        raise fail(errno.EINVAL, f"{value} does not fit {_name(argument)} of {argument.size} bytes")
    return (value & (1 << bits) - 1).to_bytes(argument.size, "little")


def _name(argument: KernelArg) -> str:
    return f"argument {argument.index} ({argument.name})"
