# SPDX-License-Identifier: Apache-2.0
"""A kernel of yours: `make sim KERNEL=FOLDER` loads an image with one unit of it and runs its app.py."""

from __future__ import annotations

import importlib.util
import inspect
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from cards import firmware
from cards.xrt_u200 import Card
from firmware_model import images
from pydriver.mailbox import MailboxOptions
from pydriver.xclmgmt import MgmtOptions, Xclmgmt
from pydriver.xocl import UserOptions
from pydriver.xrt import Device
from scenarios.stage import Stage
from tools.image import ComputeUnit, Image
from tools.kernels import load
from tools.mkxclbin import make_xclbin

Program = Callable[[Device, bytes], Awaitable[str | None]]


def program(folder: Path) -> Program:
    """`run` of the folder's app.py. Raises AttributeError without one, TypeError when it is not async."""
    path = folder / "app.py"
    spec = importlib.util.spec_from_file_location(f"app_of_{folder.name}", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    if not hasattr(module, "run"):
        raise AttributeError(f"{path} has no `async def run(device, uuid)`")
    if not inspect.iscoroutinefunction(module.run):
        raise TypeError(f"{path}: run must be `async def run(device, uuid)`")
    return module.run  # type: ignore[no-any-return]


async def run(stage: Stage, dut: Any, host: str) -> str:
    """Power on, load, run the program of environment KERNEL_DIR; returns the verdict line."""
    if "KERNEL_DIR" not in os.environ:
        raise ValueError("this scenario needs a kernel: make sim KERNEL=examples/saxpy")
    folder = Path(os.environ["KERNEL_DIR"])
    kernel = load(folder)
    main = program(folder)
    mailbox = MailboxOptions(rate_limit=None)

    async with stage.step("power on, probe both functions"):
        stage.card = await Card.power_on(dut, host, stage.event, firmware.from_environment())
        Card.watch_slots(dut, stage.work)
        options = MgmtOptions(mailbox=mailbox, sched_image=images.build())
        management = await Xclmgmt.probe(stage.card.platform, options, stage.event)
        device = await Device.open(stage.card.platform, UserOptions(mailbox=mailbox, guest=True), stage.event)

    async with stage.step(f"load an image with one {kernel.name}"):
        image = Image([ComputeUnit(kernel.name)], design=f"own_{kernel.name}", kernel_folders=[folder])
        uuid = await device.load_xclbin(make_xclbin(image))

    async with stage.step(f"run {folder.name}/app.py"):
        verdict = await main(device, uuid)

    async with stage.step("release"):
        await device.close()
        await management.remove()

    return verdict or f"{folder.name}/app.py ended well"
