# SPDX-License-Identifier: Apache-2.0
"""What a driver asks of an image beyond its format, one question a function.

The format layer accepts these images (they are well formed); the drivers call these at the point of
their sequence where the real ones ask. Source: XRT xclbin contract §4 and §6, XRT ICAP contract §2.1.
"""

from __future__ import annotations

import errno
from collections.abc import Collection

from pydriver.errors import fail

from .container import NULL_UUID, Axlf
from .errors import invalid

DRIVER_MAJOR = 2
"""Major number of the driver version 2.13.466."""


def check_uuid(axlf: Axlf) -> None:
    """Raises EINVAL for the null uuid, which names no image."""
    if axlf.uuid == NULL_UUID:
        raise invalid("the xclbin has the null uuid")


def check_version(axlf: Axlf, driver_major: int = DRIVER_MAJOR) -> None:
    """Raises EINVAL unless the header's major version is the driver's or 0."""
    if axlf.version[0] not in (0, driver_major):
        raise invalid(
            f"the xclbin is for version {'.'.join(map(str, axlf.version))}, "
            f"the driver's major is {driver_major}"
        )


def check_feature_rom(axlf: Axlf, rom_timestamp: int) -> None:
    """Raises EOPNOTSUPP when the image was made for another shell (legacy shells: ROM time stamp)."""
    if axlf.feature_rom_timestamp != rom_timestamp:
        raise fail(
            errno.EOPNOTSUPP,
            f"the xclbin is for the shell of {axlf.feature_rom_timestamp}, "
            f"the card's ROM says {rom_timestamp}",
        )


def check_interfaces(axlf: Axlf, shell_uuids: Collection[str]) -> None:
    """Raises EINVAL when an interface uuid of the image is not one of the shell's (32 hex digits)."""
    for uuid in axlf.interface_uuids():
        if uuid not in shell_uuids:
            raise invalid(f"the shell has no interface {uuid}")
