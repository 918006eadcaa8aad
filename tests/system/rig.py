# SPDX-License-Identifier: Apache-2.0
"""The whole card in a host, with both drivers: what every system test starts from."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

from cocotb.utils import get_sim_time

from cards.xrt_u200 import MGMT, USER, Card
from firmware_model import images
from pydriver.mailbox import MailboxOptions
from pydriver.regs import mgmt_bar, user_bar
from pydriver.xclbin import build_bit
from pydriver.xclmgmt import MgmtOptions, Xclmgmt
from pydriver.xocl import UserOptions, Xocl
from pydriver.xrt import BO, Device, Kernel, State
from tb.platform import SimClock, SimFunction, SimPlatform
from tests.models import kernels
from tools.bitgen import FRAME_WORDS, build_stream
from tools.mkxclbin import make_xclbin

ALL_ONES = 0xFFFF_FFFF
SECOND = 1_000_000_000
HOST = os.environ.get("HOST", "fast")
CU = [window.base for window in user_bar.CU]
# What `xclbins/demo` puts into the slots: vadd, vadd, reduce.
DEMO_SLOTS = (1, 1, 2, 0)
# A simulated card moves an image through the FIFOs faster than the driver's flood guard allows.
MAILBOX = MailboxOptions(rate_limit=None)
# The queue of a card that was just powered on is zero already, and clearing it is 16384 writes.
MGMT_OPTIONS = MgmtOptions(mailbox=MAILBOX, sched_image=images.build(), clear_queue=False)


def stream(slots: Sequence[int] = DEMO_SLOTS, **faults: Any) -> bytes:
    """A short configuration stream; `faults` as `tools.bitgen.build_stream` takes them."""
    return build_stream(slots, words=FRAME_WORDS, **faults)


def image(**faults: Any) -> bytes:
    """The demo image without its JSON trailer: less to carry through the mailbox."""
    return make_xclbin(bitstream=stream(**faults), mirror=False)


DEMO = image()


def bit(**faults: Any) -> bytes:
    """The BITSTREAM section of a short stream."""
    return build_bit(stream(**faults), design="test", part="xcu200-fsgd2104-2-e")


class Rig:
    """One powered card. `events` holds what drivers and firmware said: (time in ns, source, text)."""

    def __init__(self) -> None:
        self.events: list[tuple[int, str, str]] = []

    @classmethod
    async def power_on(cls, dut: Any, **settings: Any) -> Self:
        """Reset and enumerate on the host named by environment HOST; `settings` go to its start."""
        rig = cls()
        rig.card = await Card.power_on(dut, HOST, rig.on_event, **settings)
        rig.platform = rig.card.platform
        rig.clock = rig.platform.clock
        rig.host = rig.platform.host
        rig.mgmt_function = rig.platform.functions[MGMT]
        rig.user_function = rig.platform.functions[USER]
        return rig

    card: Card
    platform: SimPlatform
    clock: SimClock
    host: Any
    mgmt_function: SimFunction
    user_function: SimFunction

    def on_event(self, source: str, text: str) -> None:
        self.events.append((int(get_sim_time("ns")), source, text))

    async def mgmt(self, options: MgmtOptions = MGMT_OPTIONS) -> Xclmgmt:
        return await Xclmgmt.probe(self.platform, options, self.on_event)

    async def user(self, *, guest: bool = False) -> Xocl:
        options = UserOptions(mailbox=MAILBOX, guest=guest)
        return await Xocl.probe(self.platform, options, self.on_event)

    async def drivers(self, *, guest: bool = False) -> tuple[Xclmgmt, Xocl]:
        return await self.mgmt(), await self.user(guest=guest)

    async def loaded(self, data: bytes = DEMO) -> tuple[Xclmgmt, Device]:
        """Both drivers with an image, and an open device."""
        mgmt, user = await self.drivers()
        device = Device.attach(user)
        await device.load_xclbin(data)
        return mgmt, device

    def hwicap_writes(self) -> int:
        """Dword writes to the configuration port so far."""
        return self.platform.counter.counts[MGMT, 0, mgmt_bar.HWICAP.name, "w"]

    async def cu_control(self, slot: int) -> int:
        """CTRL of the compute unit in a slot as the user function reads it."""
        return await self.user_function.bars[0].read32(CU[slot])


async def run_vadd(device: Device, uuid: bytes, count: int = 64, name: str = "vadd", seed: int = 1) -> None:
    """Open the kernel, transfer, run, transfer back, compare, close."""
    kernel = await Kernel.open(device, uuid, name)
    a = [(seed * 7919 + 3 * i) & ALL_ONES for i in range(count)]
    b = [(0xFFFF0000 + 65537 * i) & ALL_ONES for i in range(count)]
    buffers = [await BO.alloc(device, 4 * count, kernel.group_id(index)) for index in range(3)]
    for bo, data in zip(buffers, (a, b), strict=False):
        bo.map()[:] = kernels.pack(data)
        await bo.sync_to_device()
    state = await kernel(*buffers, count).wait(100)
    assert state == State.COMPLETED, state
    await buffers[2].sync_from_device()
    assert kernels.unpack(buffers[2].read()) == kernels.vadd(a, b)
    for bo in buffers:
        bo.free()
    await kernel.close()


async def run_reduce(device: Device, uuid: bytes, count: int = 64, seed: int = 1) -> None:
    """As `run_vadd`."""
    kernel = await Kernel.open(device, uuid, "reduce")
    data = [(seed * 104729 * i) & ALL_ONES for i in range(count)]
    source = await BO.alloc(device, 4 * count, kernel.group_id(0))
    digest = await BO.alloc(device, 4096, kernel.group_id(1))
    source.map()[:] = kernels.pack(data)
    await source.sync_to_device()
    state = await kernel(source, digest, count).wait(100)
    assert state == State.COMPLETED, state
    await digest.sync_from_device()
    assert kernels.unpack(digest.read(16)) == list(kernels.reduce(data))
    for bo in (source, digest):
        bo.free()
    await kernel.close()


def save(name: str, value: Any) -> None:
    """Leave a JSON file in the run directory for the pytest side."""
    (Path(os.environ["RUN_DIR"]) / name).write_text(json.dumps(value))
