# SPDX-License-Identifier: Apache-2.0
"""From power-on to a checked result: an xclbin crosses the mailbox, configures the region, and kernels run.

The user function belongs to a guest here, so the image travels through the hardware mailbox as content.
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from cards import firmware
from cards.xrt_u200 import Card
from firmware_model import images
from pydriver.mailbox import MailboxOptions
from pydriver.xclmgmt import MgmtOptions, Xclmgmt
from pydriver.xocl import UserOptions
from pydriver.xrt import BO, Device, Kernel, State
from scenarios.checks import check
from scenarios.stage import Stage
from tools.mkxclbin import make_xclbin

ELEMENTS = 1024
TIMEOUT_MS = 100


async def run(stage: Stage, dut: Any, host: str) -> str:
    """The host program; returns the verdict line."""
    rng = np.random.default_rng(int(os.environ.get("SEED", "1")))
    # A simulated card moves an image through the FIFOs faster than the driver's flood guard allows.
    mailbox = MailboxOptions(rate_limit=None)

    async with stage.step("power on and enumerate the card"):
        stage.card = await Card.power_on(dut, host, stage.event, firmware.from_environment())
        Card.watch_slots(dut, stage.work)
        platform = stage.card.platform

    async with stage.step("xclmgmt: probe the management function, start the scheduler firmware"):
        options = MgmtOptions(mailbox=mailbox, sched_image=images.build())
        management = await Xclmgmt.probe(platform, options, stage.event)

    async with stage.step("xocl: probe the user function, shake hands over the mailbox"):
        device = await Device.open(platform, UserOptions(mailbox=mailbox, guest=True), stage.event)

    async with stage.step("1  load the xclbin: mailbox to xclmgmt, ICAP, region configured"):
        uuid = await device.load_xclbin(make_xclbin())

    async with stage.step("2  discover compute units"):
        vadd = await Kernel.open(device, uuid, "vadd")
        reduce = await Kernel.open(device, uuid, "reduce")

    async with stage.step("3  create and map buffers"):
        size = 4 * ELEMENTS
        a = await BO.alloc(device, size, vadd.group_id(0))
        b = await BO.alloc(device, size, vadd.group_id(1))
        total = await BO.alloc(device, size, vadd.group_id(2))
        digest = await BO.alloc(device, 4096, reduce.group_id(1))
        left = rng.integers(0, 1 << 32, ELEMENTS, dtype=np.uint32)
        right = rng.integers(0, 1 << 32, ELEMENTS, dtype=np.uint32)
        a.map()[:] = left.tobytes()
        b.map()[:] = right.tobytes()

    async with stage.step("4  sync inputs to device memory"):
        await a.sync_to_device()
        await b.sync_to_device()

    async with stage.step("5-7  vadd: fill the command, submit, wait for its interrupt"):
        run_vadd = vadd(a, b, total, ELEMENTS)
        check("vadd state", await run_vadd.wait(TIMEOUT_MS), State.COMPLETED)

    async with stage.step("5-7  reduce on vadd's result"):
        run_reduce = reduce(total, digest, ELEMENTS)
        check("reduce state", await run_reduce.wait(TIMEOUT_MS), State.COMPLETED)

    async with stage.step("8  sync results back and check them"):
        await total.sync_from_device()
        await digest.sync_from_device()
        expected = left + right
        result = np.frombuffer(total.read(), dtype=np.uint32)
        wrong = int(np.count_nonzero(result != expected))
        check("wrong sums", wrong, 0)
        words = [int(word) for word in np.frombuffer(digest.read(16), dtype=np.uint32)]
        xor = int(np.bitwise_xor.reduce(expected))
        right_words = [int(expected.sum(dtype=np.uint32)), int(expected.min()), int(expected.max()), xor]
        check("sum, min, max, xor", words, right_words)

    async with stage.step("9  release"):
        for bo in (a, b, total, digest):
            bo.free()
        await vadd.close()
        await reduce.close()
        await device.close()
        await management.remove()

    return f"{ELEMENTS} sums and their digest are right; image {uuid.hex()[:8]}, 2 commands through ERT"
