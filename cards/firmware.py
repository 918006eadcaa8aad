# SPDX-License-Identifier: Apache-2.0
"""Which firmware runs on the card's scheduler processor: a model of ours, or AMD's own program.

Pass `identify(...)` to `cards.xrt_u200.Card.power_on`. The environment variable ERT selects in `make sim`.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Sequence

from bridge import ert as vendor_ert
from bridge.ert.process import VendorFirmware
from firmware_model import images
from firmware_model.core import Core
from firmware_model.ert import Options, v20, v30

Firmware = Callable[[Core], Awaitable[object]]
Identify = Callable[[Sequence[int]], Firmware | None]

CHOICES = ("v20", "v30", "amd", "amd-v30")
"""What `identify` takes: the models, and AMD's programs of the same versions."""


def identify(choice: str, options: Options | None = None) -> Identify:
    """The chosen firmware runs whatever image was loaded, but none where the image is a branch to itself.

    `options` are for the models. Raises ValueError for an unknown choice, ENOENT (with the package's name)
    when AMD's firmware is chosen and cannot be had.
    """
    if choice not in CHOICES:
        raise ValueError(f"no scheduler firmware {choice!r}; there are {', '.join(CHOICES)}")
    build = vendor_ert.BUILDS.get(choice)
    if build is not None:
        vendor_ert.program(build)  # before the card is built, not in the middle of its boot
    model = {"v20": v20.run, "v30": v30.run}.get(choice)

    async def run(core: Core) -> object:
        if model is not None:
            return await model(core, options)
        assert build is not None
        return await VendorFirmware(build).run(core)

    # The card's event log names the module of what runs.
    run.__module__ = f"{__name__}.{choice}"

    def chosen(words: Sequence[int]) -> Firmware | None:
        return None if not words or images.is_self_jump(words[0]) else run

    return chosen


def from_environment() -> Identify:
    """The firmware that ERT names; without it the one that the loaded image names. Raises as `identify`."""
    choice = os.environ.get("ERT")
    return identify(choice) if choice else images.identify
