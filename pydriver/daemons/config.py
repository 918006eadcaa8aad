# SPDX-License-Identifier: Apache-2.0
"""What the daemons read and write to find each other.

`msd.conf` tells MSD the name under which MPD shall reach it; the attributes `config_mailbox_comm_id` and
`config_mailbox_channel_switch` carry the rest through the drivers (software mailbox contract §3, §4).
"""

from __future__ import annotations

import errno
from dataclasses import dataclass
from pathlib import Path

from pydriver.daemons.handshake import MAX_PORT
from pydriver.devices import read_attribute, write_attribute
from pydriver.errors import fail
from pydriver.mailbox.messages import Opcode

COMM_ID = "config_mailbox_comm_id"
CHANNEL_SWITCH = "config_mailbox_channel_switch"
CONFIG_FILE = "etc/msd.conf"
MSD_SWITCH = 1 << Opcode.TEST_READY | 1 << Opcode.TEST_READ | 1 << Opcode.LOAD_XCLBIN
"""The opcodes MSD asks to have sent through the daemons: 0x106."""

MAX_ID = 0xFFFF_FFFF
_BLANKS = " \t\r\n"


def parse_host(text: str) -> str | None:
    """The host of an `msd.conf`: `key = value` lines, a line without `=` ends it. None: there is no host."""
    for line in text.split("\n"):
        key, separator, value = line.partition("=")
        if not separator:
            return None
        if key.strip(_BLANKS) == "host":
            return value.strip(_BLANKS) or None
    return None


def config_path(root: Path) -> Path:
    """Where the machine keeps `msd.conf`."""
    return root / CONFIG_FILE


@dataclass(frozen=True)
class CommId:
    """Where MSD listens, and the 32-bit id with which MPD introduces itself. All empty: MSD is not there."""

    host: str = ""
    port: int = 0
    ident: int = 0

    @property
    def valid(self) -> bool:
        return bool(self.host) and 0 < self.port <= MAX_PORT and 0 < self.ident <= MAX_ID

    def text(self) -> str:
        """The three lines of the attribute."""
        return f"host={self.host}\nport={self.port}\nid={self.ident:#x}"

    @classmethod
    def parse(cls, text: str) -> CommId:
        """Unknown keys and lines without `=` are skipped, as is a number that is none."""
        values = {"host": "", "port": "0", "id": "0"}
        for line in text.split("\n"):
            key, separator, value = line.partition("=")
            if separator and key.strip(_BLANKS) in values:
                values[key.strip(_BLANKS)] = value.strip(_BLANKS)
        return cls(values["host"], _number(values["port"]), _number(values["id"]))


def _number(text: str) -> int:
    """Decimal, 0x hexadecimal or 0 octal, as strtol does with base 0; 0 for anything else."""
    try:
        if text.startswith("0") and text.isdecimal():
            return int(text, 8)
        return int(text, 0)
    except ValueError:
        return 0


def read_comm_id(sysfs: Path) -> CommId:
    """The comm id of a function. Raises OSError."""
    return CommId.parse(read_attribute(sysfs / COMM_ID))


def read_switch(sysfs: Path) -> int:
    """The channel switch mask of a function; 0 for an empty attribute. Raises OSError."""
    return _number(read_attribute(sysfs / CHANNEL_SWITCH).strip(_BLANKS))


def publish(sysfs: Path, comm_id: CommId, switch: int) -> None:
    """Write both attributes of a management function, which announces them to the user function."""
    text = comm_id.text()
    if len(text) > 2048:
        raise fail(errno.EINVAL, f"the host name is too long: {len(text)} bytes of 2048")
    write_attribute(sysfs / COMM_ID, text)
    write_attribute(sysfs / CHANNEL_SWITCH, str(switch))
