# SPDX-License-Identifier: Apache-2.0
"""How the driver of the user PF runs."""

from __future__ import annotations

from dataclasses import dataclass, field

from pydriver.mailbox import MailboxOptions
from pydriver.subdev.identity import PciAddress


@dataclass(frozen=True)
class UserOptions:
    """How the driver runs.

    `ert_polling`: look for completions every `poll_ns` instead of waiting for interrupts (the firmware is
    told so by `KdsFlags.polling`, which this sets). `guest`: the PF belongs to a virtual machine, so images
    go through the mailbox as content and not as an address. `software_only`: the mailbox has no registers,
    as on a cloud vendor's card: everything goes through the daemon that opens the software channel.
    `render_minor` is the minor number of the render node.
    """

    mailbox: MailboxOptions = field(default_factory=lambda: MailboxOptions(sleepless_tx=True))
    ert_polling: bool = False
    poll_ns: int = 5_000
    guest: bool = False
    data_retention: bool = False
    software_only: bool = False
    address: PciAddress = field(default_factory=lambda: PciAddress(function=1))
    render_minor: int = 128
