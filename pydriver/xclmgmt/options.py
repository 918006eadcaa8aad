# SPDX-License-Identifier: Apache-2.0
"""How the management driver runs: what a machine's administrator sets."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from pydriver.mailbox import MailboxOptions
from pydriver.subdev.identity import PciAddress
from pydriver.xclmgmt.providers import Providers


@dataclass(frozen=True)
class MgmtOptions:
    """How the driver runs.

    `sched_image`: scheduler firmware to load at probe, None to leave the processor in its branch to itself.
    `clear_queue`: zero the command queue at the first probe, 64 KiB of register writes.
    `sec_level`: 0 takes unsigned images, 1 and 2 ask for a signature.
    `comm_id`: where the daemon beside this driver listens, text of at most 2048 bytes.
    `address`: place on the PCI bus; `instance` (None: the address's number) is the N of `/dev/xclmgmt<N>`.
    `firmware_dir`: below it are the images that `config_xclbin_change` substitutes.
    `channel_switch`, `channel_disable`: masks of opcodes, bit n for opcode n, as the attributes set them.
    `config_xclbin_change`: load the stored image of the same uuid in place of the one that came by mailbox.
    `cache_xclbin`: keep the image of the last download by ioctl and load it again after a hot reset.
    `shell`: device tree (PARTITION_METADATA) of a shell that has one, None on a legacy shell.
    `providers`: parts of the card beyond those every card has.
    """

    mailbox: MailboxOptions = field(default_factory=MailboxOptions)
    sched_image: bytes | None = None
    clear_queue: bool = True
    sec_level: int = 0
    data_retention: bool = False
    comm_id: str = ""
    address: PciAddress = field(default_factory=PciAddress)
    instance: int | None = None
    firmware_dir: Path = Path("/lib/firmware")
    channel_switch: int = 0
    channel_disable: int = 0
    config_xclbin_change: bool = False
    cache_xclbin: bool = False
    shell: bytes | None = None
    providers: Providers = field(default_factory=Providers)
