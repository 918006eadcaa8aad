# SPDX-License-Identifier: Apache-2.0
"""The stored image that is loaded in place of one without bitstream, found by file name.

Source: software mailbox contract §6.3, `mgmtpf/mgmt-utils.c` (`xclmgmt_xclbin_fetch_and_download`). What lies
in the folder is the administrator's business; the driver compares nothing but names.
"""

from __future__ import annotations

import errno
import re
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

from pydriver.errors import fail

FOLDER = "xilinx/xclbins"
_UUID = re.compile("[0-9a-fA-F]{32}")


def file_name(uuid: bytes, interface: str) -> str:
    """Path below the firmware directory for an image's uuid and the shell's interface uuid.

    Raises EINVAL for an interface that is no uuid: an image may name any text, and this becomes a path.
    """
    if not _UUID.fullmatch(interface):
        raise fail(errno.EINVAL, f"the interface {interface!r} is no uuid")
    return f"{FOLDER}/{UUID(bytes=uuid)}_{interface}.xclbin"


def stored_image(firmware_dir: Path, uuid: bytes, interfaces: Sequence[str]) -> bytes:
    """The stored image of `uuid` for the first of the shell's interfaces.

    Raises EINVAL when the shell has no interface uuid (a legacy shell) or one that is none, ENOENT when there
    is no such file, else what reading it gives.
    """
    if not interfaces:
        raise fail(errno.EINVAL, "the shell has no interface uuid, so no stored image can be named")
    path = firmware_dir / file_name(uuid, interfaces[0])
    try:
        return path.read_bytes()
    except OSError as error:
        raise fail(error.errno or errno.ENOENT, f"{path}: {error.strerror}") from error
