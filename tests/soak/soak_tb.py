# SPDX-License-Identifier: Apache-2.0
"""The soak on the RTL card: the same processes and the same model, judged by the kernels' own signals.

Environment: CASE, a name of `tests.soak.cases`; SOAK, how many times as many processes.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Sequence
from typing import Any

import cocotb
from cocotb.triggers import ReadOnly, ValueChange

from cards import firmware
from pydriver.regs import cu_vadd, device_mem
from pydriver.xclbin import parse
from pydriver.xocl import UserOptions, Xocl
from pydriver.xocl.options import KdsOptions
from tb.cocotb_util import seeded_random
from tests.soak import coverage, packets, play
from tests.soak.cases import CASES, FULL, Case
from tests.soak.coverage import Bin, Coverage
from tests.soak.images import soak_image
from tests.soak.model import Model
from tests.soak.modes import Mode, slot_class
from tests.soak.world import World
from tests.system.rig import CU, MAILBOX, Rig
from tools.bitgen import FRAME_WORDS, build_stream
from tools.image import ComputeUnit, Image, place, slot_kernels

GROUP_SLOTS = 16
ATTEMPTS = 6
KERNEL_OF = {
    coverage.HS: "probe_kernel",
    coverage.CHAIN: "probe_chain_kernel",
    coverage.ADAPTER: "vadd_fa_kernel",
}
ADAPTER_TOKEN_LSB = 8 * (packets.ADAPTER_TOKEN - cu_vadd.A_LO.offset)


class Watch:
    """Tells the model of every run of a probe or behind a fast adapter, from its counter and token."""

    def __init__(self, dut: Any) -> None:
        self._region = dut.card.u_region
        self._tasks: list[Any] = []

    def begin(self, user: Xocl, model: Model) -> None:
        for index, unit in enumerate(model.units):
            if unit.protocol in KERNEL_OF:
                kernel = self._kernel(play.slot_of(user, index), KERNEL_OF[unit.protocol])
                follow = self._follow_tasks if unit.protocol == coverage.ADAPTER else self._follow_runs
                self._tasks.append(cocotb.start_soon(follow(kernel, index, model, user)))

    def end(self) -> None:
        for task in self._tasks:
            task.cancel()
        self._tasks.clear()

    def _kernel(self, slot: int, name: str) -> Any:
        group = self._region.g_group[slot // GROUP_SLOTS].slots
        here = group.g_slot[slot % GROUP_SLOTS].slot
        kind = "g_full" if hasattr(here, "g_full") else "g_light"
        return getattr(getattr(here, kind).kernels, name)

    async def _follow_runs(self, kernel: Any, index: int, model: Model, user: Xocl) -> None:
        await self._follow(kernel.runs, lambda: int(kernel.last.value), index, model, user)

    async def _follow_tasks(self, kernel: Any, index: int, model: Model, user: Xocl) -> None:
        args = kernel.kernel.args
        await self._follow(
            kernel.adapter.tasks,
            lambda: int(args.value) >> ADAPTER_TOKEN_LSB & 0xFFFF_FFFF,
            index, model, user,
        )  # fmt: skip

    @staticmethod
    async def _follow(counter: Any, token: Callable[[], int], index: int, model: Model, user: Xocl) -> None:
        before = int(counter.value)
        while True:
            await ValueChange(counter)
            await ReadOnly()  # the token may change at the same edge
            now = int(counter.value)
            if now:  # 0: another kernel was put there
                model.expect(now == before + 1, f"unit {index} counted from {before} to {now}")
                model.ran(index, token(), user.clock.now_ns())
            before = now


Chance = tuple[random.Random, Coverage]
"""Where randomness comes from, and what it has reached."""


def image_of(units: Sequence[str], slot_bytes: int) -> bytes:
    """The image with as little as possible to carry through the mailbox."""
    placed = place(Image([ComputeUnit(unit) for unit in units]))
    kernels = slot_kernels(placed)
    small = len(units) <= GROUP_SLOTS
    stream = build_stream(kernels, words=FRAME_WORDS) if small else build_stream(kernels)
    return soak_image(tuple(units), slot_bytes, stream)


async def soak(rig: Rig, user: Xocl, watch: Watch, plan: tuple[Case, Mode, int], chance: Chance) -> None:
    """One round."""
    (case, mode, least), (rng, reached) = plan, chance
    units = case.units_for(mode)
    slot_bytes = least if case.fill else rng.choice((least, least + 4 * rng.randrange(1, 64)))
    image = image_of(units, min(slot_bytes, 4096))
    await play.load(user, image, mode)
    model = Model(mode, play.protocols_of(user))
    memory = user.host_cus.command_memory
    if coverage.ADAPTER in {unit.protocol for unit in model.units}:
        assert memory is not None and memory.base == device_mem.PLRAM.base, "descriptors belong into PLRAM"
    else:
        assert memory is None
    watch.begin(user, model)
    world = World(user, parse(image).uuid, mode, model, reached, user.kds.state.max_packet, hangs=False)
    assert world.slot_class == slot_class(slot_bytes), (world.slot_class, slot_bytes)
    began, said = world.now_ns(), len(rig.events)
    await play.live(world, rng, case.generations * int(os.environ["SOAK"]))
    bar = rig.user_function.bars[0]

    async def read(index: int, offset: int) -> int:
        return await bar.read32(CU[play.slot_of(user, index)] + offset)

    await play.finish(world, read, case.fill, rig.events[said:])
    watch.end()
    count, states = len(model.sent), sum(len(sent.runs) for sent in model.sent)
    cocotb.log.info(
        "%s, %d units, slots of %d: %d commands, %d runs, %d us",
        mode, len(units), user.ert.slot_size, count, states, (world.now_ns() - began) // 1000,
    )  # fmt: skip


@cocotb.test()
async def soak_on_the_card(dut: Any) -> None:
    rng = seeded_random()
    case = {**CASES, "full": FULL}[os.environ["CASE"]]
    rig = await Rig.power_on(dut, identify=firmware.identify(case.firmware))
    await rig.mgmt()
    options = UserOptions(mailbox=MAILBOX, kds=KdsOptions(cudma=True))
    user = await Xocl.probe(rig.platform, options, rig.on_event)
    watch, reached = Watch(dut), Coverage(case.absent)
    missing: list[Bin] = []
    for attempt in range(ATTEMPTS):
        for mode, least in case.rounds():
            if not attempt or reached.missing([mode], [least]):
                await soak(rig, user, watch, (case, mode, least), (rng, reached))
        missing = [each for mode, least in case.rounds() for each in reached.missing([mode], [least])]
        if not missing or not case.covers:
            break
    for mode, least in case.rounds():
        cocotb.log.info("%s: %s", mode, reached.report([mode], [least]))
    assert not missing or not case.covers, missing
