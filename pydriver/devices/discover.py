# SPDX-License-Identifier: Apache-2.0
"""Which functions of cards a machine has, found as XRT's programs find them: by the drivers' directories."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydriver.devices.client import StrPath
from pydriver.subdev.identity import PciAddress

Kind = Literal["mgmt", "user"]

DRIVERS: dict[Kind, str] = {"mgmt": "xclmgmt", "user": "xocl"}
_RENDER = re.compile(r"renderD(\d+)")


@dataclass(frozen=True)
class FunctionInfo:
    """One PCIe function with its driver.

    `number`: domain << 16 | bus << 8 | device << 3 | function, the N of the mailbox node. `node`: the
    `/dev/xclmgmt<instance>` of a mgmt function, the `/dev/dri/renderD<instance>` of a user function.
    """

    kind: Kind
    bdf: str
    number: int
    sysfs: Path
    mailbox: Path
    node: Path
    instance: int


def functions(root: StrPath = "/") -> list[FunctionInfo]:
    """Every function bound to xclmgmt or xocl, ordered by kind and address.

    A function that is just coming or going (no instance, no render node) is left out.
    """
    found = []
    for kind, driver in DRIVERS.items():
        for entry in _entries(Path(root) / "sys/bus/pci/drivers" / driver):
            # A driver's directory also holds `bind`, `module` and the like.
            with suppress(ValueError):
                found += _function(Path(root), kind, entry, PciAddress.parse(entry.name).number)
    return found


def _function(root: Path, kind: Kind, entry: Path, number: int) -> list[FunctionInfo]:
    instance = _mgmt_instance(entry) if kind == "mgmt" else _render_minor(entry)
    if instance is None:
        return []
    info = FunctionInfo(
        kind,
        entry.name,
        number,
        sysfs=root / "sys/bus/pci/devices" / entry.name,
        mailbox=root / f"dev/xfpga/mailbox.{kind[0]}{number}.0",
        node=root / (f"dev/xclmgmt{instance}" if kind == "mgmt" else f"dev/dri/renderD{instance}"),
        instance=instance,
    )
    return [info]


def _entries(directory: Path) -> list[Path]:
    """What is in a directory, in order; nothing in one that is not there or is just going away."""
    try:
        return sorted(directory.iterdir())
    except OSError:
        return []


def _mgmt_instance(directory: Path) -> int | None:
    try:
        return int((directory / "instance").read_text(), 0)
    except (OSError, ValueError):
        return None


def _render_minor(directory: Path) -> int | None:
    for entry in _entries(directory / "drm"):
        if match := _RENDER.fullmatch(entry.name):
            return int(match[1])
    return None
