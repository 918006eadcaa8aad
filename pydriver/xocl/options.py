# SPDX-License-Identifier: Apache-2.0
"""How the driver of the user PF runs."""

from __future__ import annotations

from dataclasses import dataclass, field

from pydriver.mailbox import MailboxOptions
from pydriver.subdev.identity import PciAddress
from pydriver.xocl.quirks import Quirk


@dataclass(frozen=True)
class KdsOptions:
    """How commands are scheduled.

    `ert`: the embedded scheduler is used where there is one (sysfs `ert_disable` is the opposite).
    `interrupt`: under host scheduling units interrupt the host, where they can (sysfs `kds_interrupt`).
    `poll_interval_us`: pause between two passes of the host's poller, 0: none (sysfs `kds_interval`).
    `run_timeout_s`: a command that runs longer under host scheduling means the bad state, 0: never.
    `cudma`: the board's scheduler can start units by CUDMA, as this card's can; the loader of an image asks
    for it (`KdsFlags.cu_dma`), and then there are at most 32 slots. `cu_interrupts`: the shell can bring the
    units' interrupts to the host. `quirks`: behaviours of the real driver that are off unless named here.
    """

    ert: bool = True
    interrupt: bool = False
    poll_interval_us: int = 2
    run_timeout_s: int = 0
    cudma: bool = True
    cu_interrupts: bool = True
    quirks: frozenset[Quirk] = frozenset()


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
    kds: KdsOptions = field(default_factory=KdsOptions)
    ert_polling: bool = False
    poll_ns: int = 5_000
    guest: bool = False
    data_retention: bool = False
    software_only: bool = False
    address: PciAddress = field(default_factory=lambda: PciAddress(function=1))
    render_minor: int = 128
