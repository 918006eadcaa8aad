# SPDX-License-Identifier: Apache-2.0
"""AMD's scheduler firmware as the card's MicroBlaze: its register accesses are bus cycles of the RTL.

The firmware (libsched_em in the process of sched_em.cpp) polls for ever. When a pass of its loop wrote
nothing, the next one waits, longer each time, until the host writes to the queue: simulated time passes,
nothing else does.
"""

from __future__ import annotations

import os
import struct
import subprocess
from typing import Any

import cocotb
import numpy as np

from cards.xrt_u200 import Card
from firmware_model import images
from firmware_model.core import Core
from pydriver.xclmgmt import MgmtOptions, Xclmgmt
from pydriver.xrt import BO, Device, Kernel, State
from tb.cocotb_util import seeded_random
from tools.mkxclbin import make_xclbin

COMMANDS = 24
ELEMENTS = 64
FIRST_PAUSE_NS = 500
LONGEST_PAUSE_NS = 50_000


class Vendor:
    """Runs the firmware's process on a core; counts what it does."""

    def __init__(self) -> None:
        self.accesses = {"R": 0, "W": 0}

    async def run(self, core: Core) -> None:
        process = subprocess.Popen([os.environ["FIRMWARE"]], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        try:
            await self._serve(core, process)
        finally:
            process.kill()
            process.wait()

    async def _serve(self, core: Core, process: subprocess.Popen[bytes]) -> None:
        assert process.stdin is not None and process.stdout is not None
        pause, wrote = FIRST_PAUSE_NS, True
        while len(message := process.stdout.read(12)) == 12:
            letter, addr, value = struct.unpack("<III", message)
            answer: int | None = None
            match chr(letter):
                case "R":
                    self.accesses["R"] += 1
                    answer = await core.bus.read32(addr)
                case "W":
                    self.accesses["W"] += 1
                    await core.bus.write32(addr, value)
                    wrote = True
                case "L":
                    if not wrote:
                        await core.wait_activity(pause)
                    pause = FIRST_PAUSE_NS if wrote else min(2 * pause, LONGEST_PAUSE_NS)
                    wrote = False
                    answer = int(core.interrupt_pending())
            if answer is not None:
                process.stdin.write(struct.pack("<I", answer))
                process.stdin.flush()


@cocotb.test()
async def commands_through_the_vendors_firmware(dut: Any) -> None:
    rng = np.random.default_rng(seeded_random().getrandbits(32))
    vendor = Vendor()
    card = await Card.power_on(
        dut, identify=lambda words: None if words[0] == images.SELF_JUMP else vendor.run
    )
    await Xclmgmt.probe(card.platform, MgmtOptions(sched_image=images.build(), clear_queue=False))
    device = await Device.open(card.platform)
    uuid = await device.load_xclbin(make_xclbin())
    assert device.driver.kds.state.ert_on, "the firmware did not take the configuration"
    kernel = await Kernel.open(device, uuid, "vadd:{vadd_1}")
    buffers = [await BO.alloc(device, 4 * ELEMENTS, kernel.group_id(index)) for index in range(3)]
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
    assert vendor.accesses["W"] > 5 * COMMANDS, "the commands did not go through this firmware"
    cocotb.log.info("AMD's firmware made %s register accesses", vendor.accesses)
