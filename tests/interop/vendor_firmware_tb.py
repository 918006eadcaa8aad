# SPDX-License-Identifier: Apache-2.0
"""Real commands through each scheduler firmware on the RTL card, ours and AMD's: FIRMWARE names it.

Its register accesses are bus cycles of the RTL.
"""

from __future__ import annotations

import os
from typing import Any

import cocotb
import numpy as np

from cards import firmware
from cards.xrt_u200 import Card
from firmware_model import images
from pydriver.xclmgmt import MgmtOptions, Xclmgmt
from pydriver.xrt import BO, Device, Kernel, State
from tb.cocotb_util import seeded_random
from tools.mkxclbin import make_xclbin

COMMANDS = 16
ELEMENTS = 64
IDLE_NS = 200_000


async def silent_when_idle(card: Card) -> None:
    """With nothing to do there is no access, however long."""
    await card.platform.clock.sleep_ns(IDLE_NS)
    before = card.processor.bus.accesses
    await card.platform.clock.sleep_ns(IDLE_NS)
    assert card.processor.bus.accesses == before


@cocotb.test()
async def commands_through_the_firmware(dut: Any) -> None:
    choice = os.environ["FIRMWARE"]
    rng = np.random.default_rng(seeded_random().getrandbits(32))
    card = await Card.power_on(dut, identify=firmware.identify(choice))
    await Xclmgmt.probe(card.platform, MgmtOptions(sched_image=images.build(), clear_queue=False))
    device = await Device.open(card.platform)
    uuid = await device.load_xclbin(make_xclbin())
    assert device.driver.kds.state.ert_on, "the firmware did not take the configuration"
    assert card.processor.running == choice
    kernel = await Kernel.open(device, uuid, "vadd:{vadd_1}")
    buffers = [await BO.alloc(device, 4 * ELEMENTS, kernel.group_id(index)) for index in range(3)]
    before = card.processor.bus.accesses
    for _ in range(COMMANDS):
        left, right = (rng.integers(0, 1 << 32, ELEMENTS, dtype=np.uint32) for _ in range(2))
        buffers[0].write(left.tobytes())
        buffers[1].write(right.tobytes())
        await buffers[0].sync_to_device()
        await buffers[1].sync_to_device()
        run = kernel(*buffers, ELEMENTS)
        assert await run.wait(timeout_ms=1000) == State.COMPLETED
        await buffers[2].sync_from_device()
        assert np.array_equal(np.frombuffer(buffers[2].read(), dtype=np.uint32), left + right)
    used = card.processor.bus.accesses - before
    cocotb.log.info("%s: %.1f accesses of the scheduler's bus per command", choice, used / COMMANDS)
    assert used > COMMANDS * 5, "the commands did not go through this firmware"
    await silent_when_idle(card)
