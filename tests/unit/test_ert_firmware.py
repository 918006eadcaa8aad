# SPDX-License-Identifier: Apache-2.0
"""The scheduler model on the reference card, in virtual time."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Coroutine
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from firmware_model import images
from firmware_model.ert import Options, SchedulerV20, SchedulerV30, v20, v30
from firmware_model.ert.differences import Difference
from firmware_model.ert.slots import AP_CTRL_NONE, SlotState
from pydriver import ert
from pydriver.ert import Feature
from tests.models.ert_card import CSR, CU_BASE, CU_STRIDE, Card
from tests.models.ert_csr import CQ_STATUS
from tests.models.ert_unit import Unit
from tests.models.ert_world import Core, Host
from tests.models.virtual_time import Deadlock, Kernel

BASE = Feature.ERT | Feature.KDS_30


@dataclass(frozen=True)
class Mode:
    """A firmware, what CONFIGURE asks of it, and whether it is to sleep until a unit interrupts."""

    version: str
    features: Feature
    interrupt_driven: bool = False

    @property
    def takes_chain(self) -> bool:
        """AP_CONTINUE is written for every unit."""
        cached = Feature.KDS_30 in self.features and Feature.DATAFLOW in self.features
        return cached or self.interrupt_driven or (self.version == "v30" and Feature.KDS_30 in self.features)

    def __str__(self) -> str:
        return f"{self.version} {self.features}{' interrupt-driven' * self.interrupt_driven}"


MODES = [
    Mode("v20", BASE),
    Mode("v20", BASE | Feature.POLLING),
    Mode("v20", BASE | Feature.DSA52),
    Mode("v20", BASE | Feature.CU_DMA),
    Mode("v20", BASE | Feature.CU_DMA | Feature.DSA52 | Feature.CU_ISR),
    Mode("v20", BASE | Feature.CQ_INT),
    Mode("v20", BASE | Feature.CU_ISR),
    Mode("v20", BASE | Feature.CQ_INT | Feature.CU_ISR),
    Mode("v20", BASE | Feature.DATAFLOW),
    Mode("v20", BASE | Feature.DATAFLOW | Feature.CQ_INT),
    Mode("v20", BASE | Feature.DATAFLOW | Feature.CU_ISR),
    Mode("v20", BASE, True),
    Mode("v20", BASE | Feature.DATAFLOW | Feature.CQ_INT, True),
    Mode("v30", BASE),
    Mode("v30", BASE | Feature.CQ_INT),
    Mode("v30", BASE | Feature.INTR),
    Mode("v30", BASE | Feature.INTR | Feature.CQ_INT),
    Mode("v30", BASE, True),
    Mode("v30", Feature.ERT),
]
FEW_SLOTS = (0x2490, 0x5554, 0x8000)
"""Bytes of a slot when there are 7, 3, 2; the only one of a queue with one slot is the driver's own."""
MODELS = {"v20": SchedulerV20, "v30": SchedulerV30}
UNITS = 4


@dataclass
class Command:
    """One START_CU: which unit, what value, how long the host waits before it."""

    cu: int
    value: int
    delay_ns: int
    slot: int


class World:
    """A card with the model running on it."""

    def __init__(self, mode: Mode | Feature, chain: bool = False, units: int = UNITS, first_slot: int = 0):
        if isinstance(mode, Feature):
            mode = Mode("v20", mode)
        self.kernel = Kernel()
        self.features = mode.features
        self.card = Card(
            self.kernel, [Unit(self.kernel, 500 + 1300 * i, chain) for i in range(units)], first_slot
        )
        self.core = Core(self.card)
        self.host = Host(self.card)
        options = Options(interrupt_driven=mode.interrupt_driven)
        self.firmware = MODELS[mode.version](self.core, options)
        self.kernel.spawn(self._run())

    async def _run(self) -> None:
        await self.firmware.setup()
        while not self.firmware.exited:
            await self.firmware.step()

    def play(self, script: Coroutine[Any, Any, Any]) -> Any:
        return self.kernel.run(script)

    async def boot(self, slot_size: int = 0x200) -> None:
        await self.kernel.sleep(20_000)
        addresses = [self.card.unit_address(i) for i in range(len(self.card.units))]
        await self.host.submit(0, ert.slot_words(ert.configure(slot_size, addresses, self.features)))
        await self.host.wait(0)
        self.host.slot_size = slot_size

    async def start(self, command: Command) -> None:
        packet = ert.start_kernel(1 << command.cu, [0, 0, 0, 0, command.value])
        await self.host.submit(command.slot, ert.slot_words(packet, command.cu))


async def submit_all(world: World, commands: list[Command], slot_size: int) -> None:
    """As a driver does: a slot is reused as soon as it completed, several are in flight."""
    await world.boot(slot_size)
    busy: set[int] = set()
    deadline = world.kernel.now + 2_000_000  # far more than the commands can take
    for command in commands:
        await world.kernel.sleep(command.delay_ns)
        while command.slot in busy:
            assert world.kernel.now < deadline, f"slot {command.slot} never completed"
            await world.kernel.sleep(300)
            busy -= settle(world, busy)
        await world.start(command)
        busy.add(command.slot)
    while busy:
        assert world.kernel.now < deadline, f"slots {sorted(busy)} never completed"
        await world.kernel.sleep(500)
        busy -= settle(world, busy)
    await world.kernel.sleep(50_000)
    assert await world.host.collect() == [], "a command completed twice"


def settle(world: World, busy: set[int]) -> set[int]:
    """Read the status registers without time passing; every done slot must be a busy one, once."""
    for word in range(4):
        value = world.card.host_read_csr(4 * word)
        world.host.completions += [32 * word + bit for bit in range(32) if value >> bit & 1]
    done = list(world.host.completions)
    world.host.completions.clear()
    assert len(done) == len(set(done)) and set(done) <= busy, f"completed {done}, in flight {sorted(busy)}"
    return set(done)


command_lists = st.lists(
    st.builds(
        Command,
        cu=st.integers(0, UNITS - 1),
        value=st.integers(0, 0xFFFFFFFF),
        delay_ns=st.sampled_from([0, 0, 0, 50, 700, 5000]),
        slot=st.sampled_from([1, 2, 3, 31]),
    ),
    min_size=1,
    max_size=25,
)


@pytest.mark.parametrize("mode", MODES, ids=str)
# No shrinking: a scheduler that hangs makes every smaller example slow.
@settings(max_examples=25, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(
    commands=command_lists,
    slot_size=st.sampled_from([0x200, 0x240, 0x800, *FEW_SLOTS]),
    chain=st.booleans(),
)
def test_every_command_completes_exactly_once(
    mode: Mode, commands: list[Command], slot_size: int, chain: bool
) -> None:
    world = World(mode, chain and mode.takes_chain)
    last = len(world.card.cq.memory) // slot_size - 1
    commands = [replace(command, slot=min(command.slot, last)) for command in commands]
    world.play(submit_all(world, commands, slot_size))
    ran = [Counter(run[0x10] for run in unit.runs) for unit in world.card.units]
    wanted = [Counter(c.value for c in commands if c.cu == cu) for cu in range(UNITS)]
    assert ran == wanted


@pytest.mark.parametrize("mode", MODES, ids=str)
def test_an_idle_scheduler_sleeps(mode: Mode) -> None:
    """Nothing to do: no bus access and no wake-up, however long."""
    world = World(mode)

    async def script() -> tuple[int, int]:
        await world.boot()
        await world.start(Command(1, 5, 0, 3))
        await world.host.wait(3)
        await world.kernel.sleep(100_000)
        before = len(world.card.trace), world.core.waits
        await world.kernel.sleep(900_000_000)
        assert (len(world.card.trace), world.core.waits) == before
        await world.start(Command(2, 6, 0, 3))
        await world.host.wait(3)
        return before

    world.play(script())
    assert [len(unit.runs) for unit in world.card.units] == [0, 1, 1, 0]


def test_a_command_costs_few_header_reads() -> None:
    """Only the header that the host wrote is looked at, not 128 of them."""
    world = World(BASE)

    async def script() -> int:
        await world.boot()
        await world.kernel.sleep(100_000)
        world.card.trace.clear()
        await world.start(Command(0, 5, 0, 77))
        await world.host.wait(77)
        await world.kernel.sleep(100_000)
        return sum(kind == "R" and 0x190000 <= addr < 0x1A0000 for kind, addr, _ in world.card.trace)

    assert world.play(script()) <= 4  # header, CU index, one argument, header of the freed slot


def test_units_are_polled_with_a_pause() -> None:
    world = World(BASE)
    world.card.units[0].run_ns = 100_000

    async def script() -> int:
        await world.boot()
        world.card.trace.clear()
        await world.start(Command(0, 5, 0, 1))
        await world.host.wait(1)
        return sum(kind == "R" and addr == CU_BASE for kind, addr, _ in world.card.trace)

    assert 40 <= world.play(script()) <= 55


def test_a_slot_the_host_gave_up_is_found_again() -> None:
    """The host may time out and reuse the slot while the old run goes on; the new command is not lost."""
    world = World(BASE)
    world.card.units[0].run_ns = 50_000

    async def script() -> None:
        await world.boot()
        await world.start(Command(0, 1, 0, 1))
        await world.kernel.sleep(20_000)
        await world.start(Command(1, 2, 0, 1))
        await world.start(Command(2, 3, 0, 2))
        await world.host.wait(2)
        await world.host.wait(1)
        await world.host.wait(1)

    world.play(script())
    assert [run[0x10] for run in world.card.units[1].runs] == [2]


def test_a_unit_index_that_does_not_exist_never_starts() -> None:
    world = World(BASE)

    async def script() -> None:
        await world.boot()
        packet = ert.start_kernel(1, [0] * 5)
        await world.host.submit(1, ert.slot_words(packet, 99))
        await world.start(Command(0, 1, 0, 2))
        await world.host.wait(2)
        assert await world.host.collect() == []

    world.play(script())


def test_an_abort_lets_a_waiting_command_start() -> None:
    """Also one in a slot that the pass had already been at."""
    world = World(BASE)

    async def script() -> None:
        await world.boot()
        await world.kernel.sleep(20_000)
        world.card.units[0].run_ns = 10**9
        await world.start(Command(0, 1, 0, 9))
        await world.kernel.sleep(20_000)
        world.card.units[0].end, world.card.units[0].run_ns = None, 500  # gone for ever, and repaired
        await world.start(Command(0, 2, 0, 3))
        await world.host.submit(20, ert.slot_words(ert.abort_slot(9)))
        await world.host.wait(9)
        await world.host.wait(20)
        await world.host.wait(3)

    world.play(script())
    assert [run[0x10] for run in world.card.units[0].runs] == [1, 2]


@pytest.mark.parametrize("slot_size, num_cus", [(0, 1), (0x20000, 1), (0x200, 0xFFFFFFFF)])
def test_an_absurd_configuration_does_not_end_the_firmware(slot_size: int, num_cus: int) -> None:
    """A guest may write anything into the queue."""
    world = World(BASE)

    async def script() -> None:
        await world.kernel.sleep(20_000)
        # Units without registers: the reference card does not take accesses to where nothing is.
        addresses = [CU_BASE] + [AP_CTRL_NONE] * 127
        words = ert.slot_words(ert.configure(slot_size, addresses, BASE, cu_base=CU_BASE))
        words[2] = num_cus
        await world.host.submit(0, words)
        await world.host.wait(0)
        assert not world.firmware.exited and len(world.firmware.units) <= 128

    world.play(script())


def test_extra_masks_move_the_register_map() -> None:
    world = World(BASE)

    async def script() -> None:
        await world.boot()
        packet = ert.start_kernel(0, [0, 0, 0, 0, 7], (1, 2))
        await world.host.submit(1, ert.slot_words(packet, 3))
        await world.host.wait(1)

    world.play(script())
    assert world.card.units[3].runs == [{0x10: 7}]


def test_legacy_dataflow_polls_units_for_the_host() -> None:
    """Before KDS 3.0 the host starts the unit and slot 1 + unit asks for the completion."""
    world = World(Feature.ERT | Feature.DATAFLOW)

    async def script() -> None:
        await world.boot()
        world.card.units[2].write(0, 1)
        world.card.host_write_cq(3 * 0x200, 1)
        await world.host.wait(3)
        assert world.host.reply(3, 1) == [0]

    world.play(script())
    assert world.firmware.slots[3].state == SlotState.FREE
    assert len(world.firmware.slots) == UNITS + 1


def test_exit_ends_the_coroutine() -> None:
    world = World(BASE)

    async def script() -> None:
        await world.boot()
        world.card.host_write_cq(0, ert.EXIT_COMMAND)
        assert await world.kernel.until(lambda: world.firmware.exited, 1_000_000)

    world.play(script())
    assert world.host.reply(0, 1) == [ert.EXIT_ACKNOWLEDGED]
    with pytest.raises(Deadlock):
        world.play(wait_forever(world))


async def wait_forever(world: World) -> None:
    await world.kernel.until(lambda: False)


def test_reconfiguration() -> None:
    """Another slot size and other features; what was counted starts again."""
    world = World(BASE)

    async def script() -> tuple[int, ...]:
        await world.boot()
        await world.start(Command(0, 1, 0, 1))
        await world.host.wait(1)
        world.features = BASE | Feature.CQ_INT | Feature.CU_ISR
        addresses = [CU_BASE + CU_STRIDE * i for i in range(2)]
        await world.host.submit(0, ert.slot_words(ert.configure(0x1000, addresses, world.features)))
        await world.host.wait(0)
        world.host.slot_size = 0x1000
        await world.start(Command(1, 2, 0, 15))
        await world.host.wait(15, interrupt=True)
        await world.host.submit(0, ert.slot_words(ert.cu_stat()))
        await world.host.wait(0, interrupt=True)
        return ert.parse_cu_stat(world.host.reply(0, 64)).executions

    assert world.play(script()) == (0, 1)


def test_the_host_interrupt_follows_the_polling_flag() -> None:
    for features, expected in ((BASE, 1), (BASE | Feature.POLLING, 0)):
        world = World(features)

        async def script(world: World = world) -> int:
            await world.boot()
            await world.start(Command(0, 1, 0, 1))
            await world.kernel.sleep(50_000)
            return world.card.host_irq

        assert world.play(script()) == expected


def test_stale_doorbells_do_no_harm() -> None:
    """The host rings in polled mode too; the collected bits must not confuse a later interrupt mode."""
    world = World(BASE | Feature.CQ_INT)

    async def script() -> None:
        await world.kernel.sleep(20_000)
        for word in range(4):
            world.card.host_write_csr(CQ_STATUS + 4 * word, 0xFFFFFFFF)
        await world.boot()
        await world.start(Command(0, 1, 0, 1))
        await world.host.wait(1)
        await world.kernel.sleep(50_000)
        assert await world.host.collect() == []

    world.play(script())


def test_images_name_the_model() -> None:
    image = images.build()
    words = ert.to_words(image)
    assert images.identify(words) is v20.run
    assert images.identify(ert.to_words(images.build(images.VERSION_V30))) is v30.run
    assert not images.is_self_jump(words[0])
    assert images.is_self_jump(0xB8000000) and images.is_self_jump(0xB8550000)
    assert images.identify([images.SELF_JUMP, *words[1:]]) is None
    assert images.identify([words[0], 0, words[2]]) is None
    assert images.identify([words[0], words[1], 999]) is None
    assert images.identify(words[:2]) is None
    with pytest.raises(ValueError, match="version"):
        images.build(3)
    with pytest.raises(ValueError, match="bytes"):
        images.build(size=10)
    assert len(images.build(size=images.IMAGE_SIZE)) == images.IMAGE_SIZE


@pytest.mark.parametrize("dsa52", [False, True])
def test_the_copy_engine_is_told_the_unit(dsa52: bool) -> None:
    """By address, or by one bit in as many mask words as there are units; not more than 127 words then."""
    features = BASE | Feature.CU_DMA | (Feature.DSA52 if dsa52 else Feature(0))
    world = World(features, units=40)
    copied = []

    async def script() -> None:
        await world.boot(0x400)
        for size in (5, 130, 131):
            world.card.trace.clear()
            packet = ert.start_kernel(0, [0, 0, 0, 0, *range(size - 4)], (0,))
            await world.host.submit(33, ert.slot_words(packet, 37))
            await world.host.wait(33)
            writes = [(a, v) for kind, a, v in world.card.trace if kind == "W"]
            copied.append((CSR + 0x20, 2) in writes)
            if copied[-1]:
                words = [value for addr, value in writes if addr in (slot + 4, slot + 8)]
                assert words == ([world.card.unit_address(37) >> 2] if dsa52 else [0, 1 << 5])

    slot = 0x190000 + 33 * 0x400
    world.play(script())
    assert copied == [True, True, dsa52]
    assert [len(run) for run in world.card.units[37].runs] == [1, 126, 127]


def test_v30_takes_an_interrupt_for_the_unit_with_that_index() -> None:
    """Also the only unit's, and also when the units do not begin in the region's first slot."""
    for units, first_slot in ((1, 0), (1, 1), (3, 40)):
        world = World(Mode("v30", BASE | Feature.INTR), units=units, first_slot=first_slot)

        async def script(world: World = world, units: int = units) -> None:
            await world.boot()
            for unit in range(units):
                await world.start(Command(unit, 7, 0, 9))
                await world.host.wait(9)

        world.play(script())


def test_interrupts_left_over_from_a_polled_configuration() -> None:
    """They end no command early, and they do not come again and again."""
    world = World(Mode("v30", BASE | Feature.INTR))

    async def script() -> None:
        for features in (BASE | Feature.INTR, Feature.ERT, BASE | Feature.INTR):
            world.features = features
            await world.boot()
            for unit in range(UNITS):
                before = len(world.card.units[unit].runs)
                world.card.units[unit].run_ns = 20_000
                await world.start(Command(unit, 7, 0, 9))
                await world.kernel.sleep(5_000)
                world.card.units[unit].isr = 1  # of an earlier run, late
                await world.host.wait(9)
                assert len(world.card.units[unit].runs) == before + 1
                assert world.card.units[unit].end is None, "completed before the unit was done"
        await world.kernel.sleep(50_000)
        accesses = len(world.card.trace)
        await world.kernel.sleep(500_000)
        assert len(world.card.trace) == accesses

    world.play(script())


def test_v30_sleeps_after_exit_until_it_is_woken() -> None:
    world = World(Mode("v30", BASE))

    async def script() -> None:
        await world.boot()
        await world.host.submit(0, ert.slot_words(ert.exit_()))
        await world.host.wait(0)
        await world.kernel.sleep(10_000)
        assert world.card.asleep and world.host.reply(0, 1) == [ert.EXIT_ACKNOWLEDGED]
        await world.start(Command(0, 1, 0, 1))
        await world.kernel.sleep(100_000)
        assert await world.host.collect() == []
        world.card.wake = True
        await world.host.wait(1)
        assert not world.card.asleep

    world.play(script())


def test_interrupt_driven_costs_no_polling() -> None:
    """A long run costs one look at the unit, and one wake-up or two."""
    reads = {}
    for driven in (False, True):
        world = World(Mode("v20", BASE, driven))
        world.card.units[0].run_ns = 1_000_000

        async def script(world: World = world) -> tuple[int, int]:
            await world.boot()
            await world.kernel.sleep(50_000)
            world.card.trace.clear()
            waits = world.core.waits
            await world.start(Command(0, 5, 0, 1))
            await world.host.wait(1, timeout_ns=2_000_000)
            looks = sum(kind == "R" and addr == CU_BASE for kind, addr, _ in world.card.trace)
            return looks, world.core.waits - waits

        reads[driven] = world.play(script())
    assert reads[False][0] > 400 and reads[False][1] > 400
    assert reads[True] == (1, reads[True][1]) and reads[True][1] <= 3


@pytest.mark.parametrize("features", [BASE, BASE | Feature.CQ_INT, BASE | Feature.INTR], ids=str)
def test_access_times_do_not_swallow_the_end_of_a_run(features: Feature) -> None:
    """MB_VALIDATE reads the control register of a running unit, which clears AP_DONE."""
    world = World(Mode("v30", features))
    world.card.units[0].run_ns = 100_000

    async def script() -> None:
        await world.boot()
        await world.start(Command(0, 7, 0, 1))
        await world.kernel.sleep(10_000)
        assert world.card.units[0].runs, "started before, ends meanwhile"
        await world.host.submit(0, ert.slot_words(ert.mb_validate()))
        await world.host.wait(0)
        if 1 not in world.host.completions:
            await world.host.wait(1)
        await world.kernel.sleep(50_000)
        await world.host.collect()
        assert world.host.history.count(1) == 1

    world.play(script())


def test_a_passing_access_test_leaves_units_without_registers_out() -> None:
    world = World(Mode("v30", BASE), units=1)

    async def script() -> list[int]:
        await world.kernel.sleep(20_000)
        addresses = [CU_BASE, CU_BASE + 5 * CU_STRIDE | AP_CTRL_NONE]
        await world.host.submit(0, ert.slot_words(ert.configure(0x200, addresses, BASE, cu_base=CU_BASE)))
        await world.host.wait(0)
        for offset in range(32, 0x200, 4):
            world.card.cq.write(offset, 0xF0F0F0F0)
        await world.host.submit(0, ert.slot_words(ert.access_test_c()))
        await world.host.wait(0)
        return world.host.reply(0, 8)

    assert world.play(script()) == [0, 0, 1, 1, 1, 1, 0, 1]


def test_the_document_names_every_difference() -> None:
    text = (Path(__file__).parents[2] / "docs" / "ert_firmware.md").read_text()
    rows = dict(re.findall(r"^\| `([A-Z0-9_]+)` \| (.*) \|$", text, re.MULTILINE))
    assert rows == {difference.name: difference.value for difference in Difference}
