# SPDX-License-Identifier: Apache-2.0
"""The units of an image. Source: XRT compute unit contract §4 (order), ERT contract §4.1 (register maps)."""

from __future__ import annotations

import errno
from collections.abc import Sequence

from pydriver.errors import fail
from pydriver.xclbin import NEXT_DESCRIPTOR, Axlf, Ip, IpControl
from pydriver.xocl.cu import ComputeUnit

MAX_CUS = 128
KDMA_INDEX = 128
"""The shell's copy unit stands after all units an image can have."""
KDMA_REGMAP_SIZE = 0x30
CU_IDLE = 0x4


def compute_units(
    ips: Sequence[Ip],
    regmap_sizes: dict[str, int],
    sw_reset: frozenset[str] = frozenset(),
    argument_sizes: dict[str, tuple[int, ...]] | None = None,
) -> list[ComputeUnit]:
    """The units of an IP_LAYOUT, sorted by interrupt id, then address: the position is the CU index.

    `regmap_sizes`: bytes of register space by kernel name; `sw_reset`: the kernels with a software reset;
    `argument_sizes`: bytes of each argument by kernel name.
    Raises EINVAL for more than 128 units.
    """
    found = sorted((ip for ip in ips if ip.is_cu), key=lambda ip: (ip.interrupt_id, ip.base))
    if len(found) > MAX_CUS:
        raise fail(errno.EINVAL, f"the image has {len(found)} compute units, at most {MAX_CUS} are allowed")
    return [
        ComputeUnit(
            index,
            ip.name,
            ip.base & 0xFFFF_FFFF,
            ip.control,
            ip.interrupt_id,
            regmap_sizes.get(ip.kernel_name, 0),
            fast_adapter=ip.control == IpControl.FAST_ADAPTER,
            sw_reset=ip.kernel_name in sw_reset,
            interrupt=ip.interrupt_enabled,
            status=CU_IDLE,
            argument_sizes=(argument_sizes or {}).get(ip.kernel_name, ()),
        )
        for index, ip in enumerate(found)
    ]


def kdma_unit(address: int) -> ComputeUnit:
    """The shell's copy unit ("M2M") at `address` of the user BAR; it belongs to no image."""
    return ComputeUnit(
        KDMA_INDEX,
        "kdma",
        address,
        IpControl.AP_CTRL_HS,
        interrupt_id=KDMA_INDEX,
        regmap_size=KDMA_REGMAP_SIZE,
        status=CU_IDLE,
    )


def units_of(axlf: Axlf) -> list[ComputeUnit]:
    """The units of an image with all its metadata say of them. Raises EINVAL for more than 128."""
    return compute_units(axlf.ip_layout(), regmap_sizes(axlf), resettable(axlf), argument_sizes(axlf))


def regmap_sizes(axlf: Axlf) -> dict[str, int]:
    """Bytes of register space each kernel's arguments reach, from the metadata."""
    return {
        kernel.name: max((arg.offset + arg.size for arg in kernel.args), default=0)
        for kernel in axlf.kernels()
    }


def argument_sizes(axlf: Axlf) -> dict[str, tuple[int, ...]]:
    """Bytes of each argument of each kernel that a descriptor may carry, from the metadata."""
    return {
        kernel.name: tuple(arg.size for arg in kernel.args if arg.name != NEXT_DESCRIPTOR)
        for kernel in axlf.kernels()
    }


def resettable(axlf: Axlf) -> frozenset[str]:
    """Names of the kernels with a software reset (attribute ``swReset``; XRT compute unit contract §1.2)."""
    return frozenset(
        kernel.name for kernel in axlf.kernels() if kernel.attributes.get("swReset", "") in ("true", "1")
    )
