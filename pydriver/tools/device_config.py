# SPDX-License-Identifier: Apache-2.0
"""The `[Device]` section of the management tool's INI files (software mailbox contract §3)."""

from __future__ import annotations

import configparser
import errno
from collections.abc import Mapping
from pathlib import Path

from pydriver.devices import read_attribute, write_attribute
from pydriver.errors import fail

SECTION = "Device"
ATTRIBUTES = {
    "mailbox_channel_disable": "config_mailbox_channel_disable",
    "mailbox_channel_switch": "config_mailbox_channel_switch",
    "xclbin_change": "config_xclbin_change",
    "cache_xclbin": "cache_xclbin",
}
SCALING = ("scaling_enabled", "scaling_power_override", "scaling_temp_override")
"""Known keys for the clock scaling of a card management controller."""

_FLAGS = ("xclbin_change", "cache_xclbin")
_U64_MAX = (1 << 64) - 1


def dump(sysfs: Path) -> str:
    """The text of an INI file with every key of the function. Raises OSError."""
    lines = [f"[{SECTION}]"]
    for key, attribute in ATTRIBUTES.items():
        lines.append(f"{key}={read_attribute(sysfs / attribute).strip()}")
    return "\n".join(lines) + "\n"


def load(path: Path) -> dict[str, str]:
    """Keys and values of the file's section, all of them checked.

    Raises ENOENT and the like, EINVAL for a file without the section, an unknown key or a value that is none,
    ENODEV for a key whose hardware the card does not have.
    """
    parser = configparser.RawConfigParser(strict=True, delimiters=("=",))
    try:
        parser.read_string(path.read_text())
    except (configparser.Error, UnicodeDecodeError) as error:
        raise fail(errno.EINVAL, f"{path} is no INI file: {' '.join(str(error).split())}") from None
    if not parser.has_section(SECTION) or not parser.items(SECTION):
        raise fail(errno.EINVAL, f"No [{SECTION}] section in the config file. Config File: {path}")
    values = dict(parser.items(SECTION))
    for key, value in values.items():
        _check(key, value)
    return values


def apply(sysfs: Path, values: Mapping[str, str]) -> None:
    """Write checked values to the function, in the order of the file. Raises OSError."""
    for key, value in values.items():
        write_attribute(sysfs / ATTRIBUTES[key], value)


def _check(key: str, value: str) -> None:
    if key in SCALING:
        raise fail(
            errno.ENODEV,
            f"'{key}' needs the clock scaling of a card controller, which this card does not have",
        )
    if key not in ATTRIBUTES:
        raise fail(errno.EINVAL, f"'{key}' is not a supported config entry")
    try:
        number = int(value, 0)
    except ValueError:
        raise fail(errno.EINVAL, f"'{key}' has the value '{value}', which is no number") from None
    limit = 1 if key in _FLAGS else _U64_MAX
    if not 0 <= number <= limit:
        raise fail(errno.EINVAL, f"'{key}' has the value {value}, 0 to {limit:#x} are possible")
