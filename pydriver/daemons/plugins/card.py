# SPDX-License-Identifier: Apache-2.0
"""What plugins do with the management function of a card: find it, load an image, ask what is loaded.

Options that every plugin here takes: `mgmt_root`, the root directory of the machine that has the
management functions (default: MPD's own), and `card`, the PCI address of the one to use (default: the
management function in the user function's slot).
"""

from __future__ import annotations

import errno
import os
from pathlib import Path
from uuid import UUID

from pydriver.devices import DOWNLOAD_AXLF, DeviceFile, FunctionInfo, functions, read_attribute
from pydriver.errors import fail

from .api import PluginContext


def management_function(context: PluginContext, index: int) -> FunctionInfo:
    """The management function for user function `index`. Raises ENODEV when there is none.

    With `card` or a slot in common there is no doubt. A guest's addresses are not the host's, so with
    `mgmt_root` the option `card` is needed.
    """
    root = Path(context.options.get("mgmt_root", context.root))
    found = [function for function in functions(root) if function.kind == "mgmt"]
    wanted = context.options.get("card")
    if wanted is None and "mgmt_root" in context.options:
        raise fail(errno.ENODEV, "mgmt_root needs the option card: a guest's addresses are not the host's")
    if wanted is None:
        wanted = _slot(_user_function(context, index).bdf)
        found = [function for function in found if _slot(function.bdf) == wanted]
    else:
        found = [function for function in found if function.bdf == wanted]
    if not found:
        raise fail(errno.ENODEV, f"there is no management function at {wanted} in {root}")
    return found[0]


def download(context: PluginContext, function: FunctionInfo, image: bytes) -> None:
    """Load `image` by the ioctl of the management node, as MSD does. Raises the driver's error."""
    context.log(f"{function.bdf}: DOWNLOAD_AXLF, {len(image)} bytes")
    with DeviceFile.open(function.node, os.O_RDWR) as node:
        node.ioctl(DOWNLOAD_AXLF, image)


def loaded_uuid(function: FunctionInfo) -> bytes | None:
    """The uuid of the image on the card, zeros for none; None when its driver does not say."""
    try:
        return UUID(read_attribute(function.sysfs / "xclbinuuid").strip() or "0" * 32).bytes
    except (OSError, ValueError):
        return None


def _user_function(context: PluginContext, index: int) -> FunctionInfo:
    users = [function for function in functions(context.root) if function.kind == "user"]
    if not 0 <= index < len(users):
        raise fail(errno.ENODEV, f"there is no user function {index}, only {len(users)}")
    return users[index]


def _slot(bdf: str) -> str:
    return bdf.rpartition(".")[0]
