# SPDX-License-Identifier: Apache-2.0
"""What the scheduler knows."""

from __future__ import annotations

from dataclasses import dataclass, field

from pydriver.xocl.cu import ComputeUnit
from pydriver.xocl.kds.configure import KdsFlags


@dataclass
class KdsState:
    """Lasts until a reset of the card; an image replaces `cus` and `flags`.

    `bad`: the bad state (XRT KDS contract §7). `ert_disable` and `ini_disable` are the real driver's: host
    scheduling, and an administrator has chosen, so images do not change it. `ert_works`: the embedded
    scheduler is configured. `max_packet`: bytes, 0 without a limit. `cu_interrupt`: units interrupt the host.
    """

    cus: list[ComputeUnit] = field(default_factory=list)
    flags: KdsFlags = field(default_factory=KdsFlags)
    bad: bool = False
    ert_works: bool = False
    ert_disable: bool = True
    ini_disable: bool = False
    max_packet: int = 0
    cu_interrupt: bool = False

    @property
    def ert_on(self) -> bool:
        """The embedded scheduler runs the commands."""
        return not self.ert_disable
