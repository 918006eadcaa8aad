# SPDX-License-Identifier: Apache-2.0
"""AMD's own scheduler firmware and our model of it do the same things to the same card."""

from __future__ import annotations

import random
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

import pytest

from firmware_model import ert_v20
from pydriver import ert
from pydriver.ert import Feature, Header, Opcode, Type
from tests.interop.sched_em import program, run_vendor
from tests.models.ert_card import CQ, CSR, CU_BASE, CU_STRIDE, INTC, Card, Core, Host, Unit
from tests.models.virtual_time import Kernel

BASE = Feature.ERT | Feature.KDS_30
SLOT = 0x200


@dataclass
class World:
    """One card, with its host, in virtual time."""

    kernel: Kernel
    card: Card
    host: Host
    features: Feature = BASE

    async def boot(self) -> None:
        await self.kernel.sleep(30_000)

    async def configure(self, slot_size: int = SLOT, interrupt: bool = False) -> None:
        addresses = [CU_BASE + CU_STRIDE * i for i in range(len(self.card.units))]
        await self.host.submit(0, ert.slot_words(ert.configure(slot_size, addresses, self.features)))
        await self.host.wait(0, interrupt=interrupt)
        self.host.slot_size = slot_size

    async def start(self, slot: int, cu: int, *arguments: int) -> None:
        packet = ert.start_kernel(1 << cu, [0, 0, 0, 0, *arguments])
        await self.host.submit(slot, ert.slot_words(packet, cu))


Script = Callable[[World], Coroutine[Any, Any, None]]


def play(script: Script, vendor: bool, features: Feature = BASE, *, chain: bool = False) -> World:
    """Run `script` as the host against one of the two firmwares."""
    kernel = Kernel()
    card = Card(kernel, [Unit(kernel, 3000 + 700 * i, chain) for i in range(3)], collector=True)
    world = World(kernel, card, Host(card), features)
    if vendor:
        firmware: Coroutine[Any, Any, Any] = run_vendor(card)
    else:
        # The emulation build always takes the look-up table form, and the reference card has a collector.
        options = ert_v20.Options(force_dsa52=True, ack_cu_interrupt=False)
        firmware = ert_v20.run(Core(card), options)
    kernel.spawn(firmware)
    try:
        kernel.run(script(world))
    finally:
        kernel.close()
    return world


def writes(world: World, first: int = 0, size: int = 1 << 32) -> list[tuple[int, int]]:
    """(address, value) the firmware wrote in a range, in order."""
    return [(a, v) for kind, a, v in world.card.trace if kind == "W" and first <= a < first + size]


def runs(unit: Unit) -> list[list[tuple[int, int]]]:
    """The registers written for each run, in no particular order."""
    return sorted(sorted(run.items()) for run in unit.runs)


def same_writes(script: Script, features: Feature = BASE, chain: bool = False) -> World:
    """Both firmwares write the same values to the same addresses in the same order."""
    program()
    vendor = play(script, True, features, chain=chain)
    model = play(script, False, features, chain=chain)
    assert writes(model) == writes(vendor)
    assert len(writes(vendor)) > 0
    assert model.card.cq.memory == vendor.card.cq.memory
    return vendor


def same_effects(script: Script, features: Feature = BASE, chain: bool = False) -> World:
    """Both leave the same queue and registers and run the same commands on the same units.

    The order of commands that wait at the same time depends on where the firmware is in its loop: free.
    """
    program()
    vendor = play(script, True, features, chain=chain)
    model = play(script, False, features, chain=chain)
    assert model.card.cq.memory == vendor.card.cq.memory
    for ours, theirs in zip(model.card.units, vendor.card.units, strict=True):
        assert runs(ours) == runs(theirs)
        assert ours.continues == theirs.continues
        assert (ours.gie, ours.ier, ours.isr) == (theirs.gie, theirs.ier, theirs.isr)
    assert sorted(writes(model, CSR, 0x10)) == sorted(writes(vendor, CSR, 0x10))
    assert writes(model, CSR + 0x10, 0x1000) == writes(vendor, CSR + 0x10, 0x1000)
    return vendor


def test_boot() -> None:
    async def script(world: World) -> None:
        await world.boot()

    vendor = same_writes(script)
    assert (CSR + 0x2C, 0x400) in writes(vendor)
    assert (INTC + 0x1C, 0) in writes(vendor)


@pytest.mark.parametrize("slot_size", [0x200, 0x240, 0x800, 0x1000])
@pytest.mark.parametrize(
    "extra",
    [
        Feature(0),
        Feature.POLLING,
        Feature.CU_ISR,
        Feature.CQ_INT,
        Feature.CU_ISR | Feature.CQ_INT | Feature.CDMA,
        Feature.DATAFLOW,
        Feature.DSA52 | Feature.CU_DMA,
    ],
)
def test_configure(extra: Feature, slot_size: int) -> None:
    async def script(world: World) -> None:
        await world.boot()
        world.card.trace.clear()
        await world.configure(slot_size)

    vendor = same_writes(script, BASE | extra)
    assert (CSR, 1) in writes(vendor), "the configuration was not answered"


@pytest.mark.parametrize("extra", [Feature(0), Feature.CU_ISR, Feature.CQ_INT], ids=str)
def test_start_one(extra: Feature) -> None:
    async def script(world: World) -> None:
        await world.boot()
        await world.configure()
        await world.kernel.sleep(50_000)
        world.card.trace.clear()
        await world.start(5, 1, 0x1111, 0x2222, 0x3333)
        await world.host.wait(5)
        await world.kernel.sleep(50_000)

    vendor = same_writes(script, BASE | extra)
    assert vendor.card.units[1].runs == [{0x10: 0x1111, 0x14: 0x2222, 0x18: 0x3333}]


def test_extra_masks_and_exec_write() -> None:
    async def script(world: World) -> None:
        await world.boot()
        await world.configure()
        packet = ert.start_kernel(0, [0, 0, 0, 0, 7, 8], (1, 2, 3))
        await world.host.submit(1, ert.slot_words(packet, 2))
        await world.host.wait(1)
        pairs = [(0x40, 1), (0x10, 2), (0x10, 3)]
        await world.host.submit(2, ert.slot_words(ert.exec_write(1, pairs, (0,)), 0))
        await world.host.wait(2)

    vendor = same_writes(script)
    assert vendor.card.units[2].runs[0] == {0x10: 7, 0x14: 8}
    assert vendor.card.units[0].runs[0] == {0x40: 1, 0x10: 3}


def test_key_val_is_a_plain_register_map() -> None:
    async def script(world: World) -> None:
        await world.boot()
        await world.configure()
        packet = ert.start_key_val(1, [(0x10, 1), (0x18, 2), (0x20, 3)])
        await world.host.submit(1, ert.slot_words(packet, 0))
        await world.host.wait(1)

    vendor = same_writes(script)
    assert vendor.card.units[0].runs[0] == {0x10: 0x20, 0x14: 3}


def test_queued_on_one_unit() -> None:
    async def script(world: World) -> None:
        await world.boot()
        await world.configure()
        for slot in (1, 2, 3, 4):
            await world.start(slot, slot % 2, slot)
        for slot in (1, 2, 3, 4):
            await world.host.wait(slot)

    same_effects(script)


def test_cu_stat() -> None:
    async def script(world: World) -> None:
        await world.boot()
        await world.configure()
        await world.start(1, 0, 1)
        await world.host.wait(1)
        await world.start(1, 2, 1)
        await world.host.wait(1)
        await world.host.submit(0, ert.slot_words(ert.cu_stat()))
        await world.host.wait(0)

    vendor = same_effects(script)
    reply = ert.parse_cu_stat(vendor.host.reply(0, SLOT // 4))
    assert (reply.num_slots, reply.num_cus, reply.executions) == (128, 3, (1, 0, 1))
    assert len(reply.slot_states) == SLOT // 4 - 5 - 6, "the reply is cut at the slot's size"
    assert reply.slot_states[0] == 1 and reply.slot_states[1] == 4


def test_unknown_special_command_blocks_its_slot_only() -> None:
    async def script(world: World) -> None:
        await world.boot()
        await world.configure()
        await world.host.submit(0, [Header(Opcode.CLK_CALIB, Type.CTRL).pack()])
        await world.start(1, 0, 1)
        await world.host.wait(1)
        await world.host.submit(0, ert.slot_words(ert.cu_stat()))
        await world.kernel.sleep(100_000)
        assert await world.host.collect() == []

    same_effects(script)


def test_abort() -> None:
    async def script(world: World) -> None:
        await world.boot()
        await world.configure()
        world.card.units[0].run_ns = 10**9
        await world.start(9, 0, 1)
        await world.kernel.sleep(30_000)
        await world.host.submit(0, ert.slot_words(ert.abort_slot(9)))
        await world.host.wait(9)
        if 0 not in world.host.completions:
            await world.host.wait(0)

    same_effects(script)


def test_exit() -> None:
    async def script(world: World) -> None:
        await world.boot()
        await world.configure()
        await world.host.submit(0, ert.slot_words(ert.exit_()))
        await world.kernel.until(
            lambda: world.host.reply(0, 1) == [ert.EXIT_ACKNOWLEDGED], timeout_ns=1_000_000
        )
        await world.start(1, 0, 1)
        await world.kernel.sleep(100_000)
        assert await world.host.collect() == []

    vendor = same_writes(script)
    assert vendor.host.reply(0, 1) == [ert.EXIT_ACKNOWLEDGED]


@pytest.mark.parametrize("chain", [False, True])
def test_dataflow(chain: bool) -> None:
    async def script(world: World) -> None:
        await world.boot()
        await world.configure()
        for slot in range(1, 7):
            await world.start(slot, slot % 3, slot)
        for slot in range(1, 7):
            await world.host.wait(slot)

    same_effects(script, BASE | Feature.DATAFLOW, chain=chain)


def test_dataflow_exec_write() -> None:
    async def script(world: World) -> None:
        await world.boot()
        await world.configure()
        packet = ert.exec_write(1, [(0x10, 5), (0x40, 6), (0x44, 7), (0x48, 8)])
        await world.host.submit(3, ert.slot_words(packet, 0))
        await world.host.wait(3)

    same_effects(script, BASE | Feature.DATAFLOW)


def test_echo() -> None:
    async def script(world: World) -> None:
        await world.boot()
        await world.configure()
        for slot in (1, 40, 127):
            await world.start(slot, 0, slot)
            await world.host.wait(slot)

    vendor = same_effects(script, BASE | Feature.DATAFLOW | Feature.ECHO)
    assert vendor.card.units[0].runs == []


@pytest.mark.parametrize(
    "extra", [Feature.CQ_INT, Feature.CU_ISR, Feature.CQ_INT | Feature.CU_ISR], ids=lambda f: f.name
)
def test_interrupts(extra: Feature) -> None:
    async def script(world: World) -> None:
        await world.boot()
        await world.configure(interrupt=False)
        for slot in (1, 33, 70):
            await world.start(slot, slot % 2, slot)
        for slot in (1, 33, 70):
            await world.host.wait(slot, interrupt=True)

    same_effects(script, BASE | extra)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("extra", [Feature(0), Feature.DATAFLOW, Feature.CQ_INT, Feature.CU_ISR])
def test_random_commands(extra: Feature, seed: int) -> None:
    async def script(world: World) -> None:
        # One choice ahead of every wait, so that both firmwares get the same commands.
        rng = random.Random(seed)
        await world.boot()
        await world.configure()
        for _ in range(4):
            slots = rng.sample(range(1, 128), rng.randint(1, 6))
            for slot in slots:
                cu = rng.randrange(3)
                if rng.random() < 0.3:
                    count = rng.randint(0, 5)
                    pairs = [(0x10 + 4 * rng.randrange(8), rng.getrandbits(32)) for _ in range(count)]
                    packet = ert.exec_write(1 << cu, pairs)
                else:
                    words = [rng.getrandbits(32) for _ in range(rng.randint(0, 8))]
                    packet = ert.start_kernel(1 << cu, [0, 0, 0, 0, *words], [0] * rng.randint(0, 3))
                await world.host.submit(slot, ert.slot_words(packet, cu))
            for slot in slots:
                await world.host.wait(slot)

    same_effects(script, BASE | extra)


def test_the_same_file_is_used() -> None:
    """The judge is the library the package installed, not something of ours."""
    assert program().read_bytes().find(b"libsched_em.so.2") > 0
    assert CQ == ert_v20.CQ
