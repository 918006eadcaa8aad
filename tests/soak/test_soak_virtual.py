# SPDX-License-Identifier: Apache-2.0
"""The soak on the virtual card: every mode, every slot class, up to 128 units, milliseconds a round."""

from __future__ import annotations

import os
import random
from dataclasses import replace
from typing import Any

import pytest

from firmware_model import images
from pydriver.xclmgmt import MgmtOptions
from pydriver.xocl import UserOptions, Xocl
from pydriver.xocl import client as client_module
from pydriver.xocl.options import KdsOptions
from tests.models.card import Card
from tests.models.fast_adapter import FastAdapter
from tests.models.units import add_vectors
from tests.soak import coverage, packets, play
from tests.soak.clients import MS
from tests.soak.coverage import Coverage
from tests.soak.images import ADAPTED, soak_image, units_of_slots
from tests.soak.model import Model
from tests.soak.modes import MODES, SLOT_CLASSES, Mode, slot_class
from tests.soak.world import World
from tests.unit.kds_rig import uuid_of
from tests.unit.rig import Rig

SEED = int(os.environ.get("SEED", "1"))
ATTEMPTS = 8
GENERATIONS = 14
UNITS = (1, 2, 5, 16, 40, 128)
POLLED_TICK_NS = MS
"""Host polling waits for runs that hang in shorter ticks: every look of those seconds would be simulated."""


class Recorder(list[Any]):
    """Takes the place of a kernel's list of runs and tells the model of each."""

    def __init__(self, model: Model, unit: int, clock: Any) -> None:
        super().__init__()
        self.model, self.unit, self.clock = model, unit, clock

    def append(self, entry: Any) -> None:
        super().append(entry)
        token = entry.get(packets.ADAPTER_TOKEN, 0) if isinstance(entry, dict) else entry
        self.model.ran(self.unit, token, self.clock.now_ns())


def kernels_for(mode: Mode, rng: random.Random, count: int) -> tuple[str, ...]:
    """A mixture of units; in larger images every kind that the mode can have."""
    kinds = ["probe", "probe_chain"]
    kinds += ["probe_none"] * (not mode.flags.cu_isr)
    kinds += [ADAPTED] * mode.host
    names = kinds[:count] + [rng.choice((*kinds, "probe", "probe")) for _ in range(count - len(kinds))]
    return units_of_slots(names[:count])


class SoakRig(Rig):
    """The virtual card with the units of an image, and the model listening to them."""

    def __init__(self, names: tuple[str, ...], slot_bytes: int, mode: Mode) -> None:
        super().__init__()
        self.mode = mode
        self.image = soak_image(names, slot_bytes)
        self.uuid = uuid_of(self.image)
        self.platform.on_hot_reset.clear()
        self.card = Card(self.platform, slots=max(4, len(names)))
        for slot, name in enumerate(names):
            if name == ADAPTED:
                self.card.units[slot] = FastAdapter(self.card, slot, add_vectors)  # type: ignore[call-overload]

    async def ready(self) -> Xocl:
        """Both drivers, and the image loaded in the mode."""
        mode = self.mode
        options = UserOptions(kds=KdsOptions(cudma=True))
        mgmt = MgmtOptions(sched_image=images.build(mode.firmware))
        _, user = await self.both(mgmt, options)
        if mode.host and not mode.unit_interrupts:
            user.host_cus.options = replace(user.host_cus.options, tick_ns=POLLED_TICK_NS)
        await play.load(user, self.image, mode)
        return user

    def listen(self, user: Xocl, model: Model) -> None:
        """Tell the model of every run."""
        for index in range(len(model.units)):
            unit: Any = self.card.units[play.slot_of(user, index)]
            recorder = Recorder(model, index, self.clock)
            if isinstance(unit, FastAdapter):
                unit.ran = recorder
            else:
                unit.kernel.tokens = recorder


def soak(mode: Mode, least: int, rng: random.Random, reached: Coverage, hangs: bool) -> None:
    """One round with slots of class `least`; `hangs`: some runs never end by themselves."""
    following = [each for each in SLOT_CLASSES if each > least]
    slot_bytes = rng.choice((least, rng.randrange(least, following[0], 4))) if following else least
    names = kernels_for(mode, rng, rng.choice(UNITS))
    rig = SoakRig(names, slot_bytes, mode)

    async def main() -> None:
        user = await rig.ready()
        model = Model(mode, play.protocols_of(user))
        rig.listen(user, model)
        world = World(user, rig.uuid, mode, model, reached, user.kds.state.max_packet, hangs)
        await play.live(world, rng, GENERATIONS)

        async def read(index: int, offset: int) -> int:
            return await rig.platform.functions[1].bars[0].read32(user.kds.cus[index].address + offset)

        assert world.slot_class == slot_class(slot_bytes) or mode.flags.cu_dma
        await play.finish(world, read, True, rig.events)
        assert user.memory.device_buffers() == int(user.host_cus.command_memory is not None)
        assert all(getattr(unit, "lost_starts", 0) == 0 for unit in rig.card.units)

    rig.run(main(), 4_000)


@pytest.mark.parametrize("mode", MODES, ids=str)
def test_soak(mode: Mode, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rounds until every bin that can be hit has been."""
    print(f"SEED={SEED}")
    reached = Coverage()
    for attempt in range(ATTEMPTS):
        for turn, least in enumerate(SLOT_CLASSES, attempt):
            if attempt and not reached.missing([mode], [least]):
                continue
            rng = random.Random(f"{SEED} {attempt} {mode} {least}")
            hangs = mode.host and turn % 2 == 0
            # A driver that looks for 5 s at a unit that hangs does so in every step.
            steps = (50 * MS,) if hangs else (100, 3_000, 50 * MS)
            monkeypatch.setattr(client_module, "CLOSE_STEP_NS", rng.choice(steps))
            soak(mode, least, rng, reached, hangs)
        if not reached.missing([mode]):
            break
    print(reached.report([mode]))
    assert not reached.missing([mode])
    assert reached.ends[str(mode), "killed"] > 3
    assert bool(reached.ends[str(mode), "TIMEOUT"]) or not mode.host, "no run that hung was given up"


def test_unreachable_bins_have_reasons() -> None:
    """Nothing is left out without a reason, and most of what a mode can do is not."""
    reached = Coverage()
    for mode in MODES:
        missing = reached.missing([mode])
        assert {command for command, *_ in missing} >= {
            *coverage.STARTS,
            "START_COPYBO",
            "CU_STAT",
            "REFUSED",
        }
    print(reached.report(MODES))
