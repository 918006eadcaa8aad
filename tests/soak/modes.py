# SPDX-License-Identifier: Apache-2.0
"""The ways in which commands are scheduled, and which kinds of units and commands each of them can take."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from firmware_model import images
from pydriver.xocl import KdsFlags

V20, V30 = images.VERSION_V20, images.VERSION_V30
HOST = KdsFlags(ert=False, cu_dma=False)
SLOT_CLASSES = (512, 1024, 2048, 4096)
"""Smallest slot of each class, bytes."""


@dataclass(frozen=True)
class Mode:
    """`polling`: the host looks for completions instead of waiting for interrupts. `intr`: sysfs `ert_intr`.

    `unit_interrupts`: under host scheduling units interrupt the host (sysfs `kds_interrupt`). `firmware` is
    the version in the scheduler's image memory. The board always has CUDMA (`KdsOptions.cudma`).
    """

    name: str
    flags: KdsFlags
    polling: bool = False
    firmware: int = V20
    intr: bool = False
    unit_interrupts: bool = False

    @property
    def host(self) -> bool:
        """The host schedules."""
        return not self.flags.ert

    @property
    def completion(self) -> str:
        return "polling" if self.polling else "interrupt"

    @property
    def continues(self) -> bool:
        """Units get AP_CONTINUE, so that AP_CTRL_CHAIN can run more than once."""
        return self.host or self.flags.dataflow or (self.firmware == V30 and not self.intr)

    def __str__(self) -> str:
        return f"{self.name} {self.completion}"


def _both(name: str, *flags: str, **fields: Any) -> list[Mode]:
    chosen = {"cu_dma": False, **dict.fromkeys(flags, True)}
    return [Mode(name, KdsFlags(polling=polling, **chosen), polling, **fields) for polling in (False, True)]


MODES = [
    *_both("v20"),
    *_both("v20 cq_int", "cq_int"),
    *_both("v20 cu_isr", "cu_isr"),
    *_both("v20 cu_dma", "cu_dma"),
    *_both("v20 dataflow", "dataflow"),
    *_both("v20 dataflow cu_isr", "dataflow", "cu_isr"),
    *_both("v30", firmware=V30),
    *_both("v30 cq_int", "cq_int", firmware=V30),
    *_both("v30 intr", firmware=V30, intr=True),
    Mode("host", HOST, unit_interrupts=True),
    Mode("host", HOST, polling=True),
]


def slot_class(size: int) -> int:
    """The class of slots of `size` bytes."""
    return max(least for least in SLOT_CLASSES if least <= size)
