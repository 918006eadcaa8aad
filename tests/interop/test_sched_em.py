# SPDX-License-Identifier: Apache-2.0
"""AMD's own scheduler firmware and our model of it do the same things to the same card."""

from __future__ import annotations

import os
import random
from collections import Counter

import pytest

from firmware_model.ert.differences import Difference
from pydriver import ert
from pydriver.ert import Feature, Header, Opcode, Type
from pydriver.regs import ert_csr
from tests.interop import sched_streams
from tests.interop.sched_em import Setup, program, same_effects, same_writes, writes
from tests.models.ert_card import BANKS, CQ, CSR, CU_BASE, INTC
from tests.models.ert_world import BASE, World

SLOT = 0x200
SEED = int(os.environ.get("SEED", "1"))
VERSIONS = ("v20", "v30")
versions = pytest.mark.parametrize("version", VERSIONS)
INTR = BASE | Feature.INTR


@versions
def test_boot(version: str) -> None:
    async def script(world: World) -> None:
        await world.boot()

    vendor = same_writes(script, version)
    assert (CSR + 0x2C, 0x400) in writes(vendor)
    assert (INTC + 0x1C, 0) in writes(vendor)


@pytest.mark.parametrize("slot_size", [0x200, 0x240, 0x800, 0x1000, *sched_streams.FEW_SLOTS.values()])
@pytest.mark.parametrize(
    "version, extra",
    [
        ("v20", Feature(0)),
        ("v20", Feature.POLLING),
        ("v20", Feature.CU_ISR),
        ("v20", Feature.CQ_INT),
        ("v20", Feature.CU_ISR | Feature.CQ_INT | Feature.CDMA),
        ("v20", Feature.DATAFLOW),
        ("v20", Feature.DSA52 | Feature.CU_DMA),
        ("v30", Feature(0)),
        ("v30", Feature.POLLING | Feature.DMSG),
        ("v30", Feature.DATAFLOW | Feature.CQ_INT),
        ("v30", Feature.INTR),
        ("v30", Feature.INTR | Feature.CQ_INT),
    ],
)
def test_configure(version: str, extra: Feature, slot_size: int) -> None:
    async def script(world: World) -> None:
        await world.boot()
        world.card.trace.clear()
        await world.configure(slot_size)

    vendor = same_writes(script, version, Setup(features=BASE | extra))
    assert (CSR, 1) in writes(vendor), "the configuration was not answered"


@pytest.mark.parametrize(
    "version, features",
    [
        ("v20", BASE),
        ("v20", BASE | Feature.CU_ISR),
        ("v20", BASE | Feature.CQ_INT),
        ("v20", BASE | Feature.CU_DMA),
        ("v20", BASE | Feature.CU_DMA | Feature.CU_ISR),
        ("v20", BASE | Feature.DATAFLOW),
        ("v30", BASE),
        ("v30", INTR),
        ("v30", INTR | Feature.CQ_INT),
        ("v30", Feature.ERT),
    ],
)
def test_start_one(version: str, features: Feature) -> None:
    async def script(world: World) -> None:
        await world.boot()
        await world.configure()
        await world.kernel.sleep(50_000)
        world.card.trace.clear()
        await world.start(5, 1, 0x1111, 0x2222, 0x3333)
        await world.host.wait(5)
        await world.kernel.sleep(50_000)

    vendor = same_writes(script, version, Setup(features=features))
    assert vendor.card.units[1].runs == [{0x10: 0x1111, 0x14: 0x2222, 0x18: 0x3333}]


@versions
def test_extra_masks_and_exec_write(version: str) -> None:
    async def script(world: World) -> None:
        await world.boot()
        await world.configure()
        packet = ert.start_kernel(0, [0, 0, 0, 0, 7, 8], (1, 2, 3))
        await world.host.submit(1, ert.slot_words(packet, 2))
        await world.host.wait(1)
        pairs = [(0x40, 1), (0x10, 2), (0x10, 3)]
        await world.host.submit(2, ert.slot_words(ert.exec_write(1, pairs, (0,)), 0))
        await world.host.wait(2)
        # An odd count: the last value is the word behind the packet.
        words = ert.slot_words(ert.exec_write(1, [(0x14, 4), (0x18, 5)]), 0)
        words[0] = Header.start(Opcode.EXEC_WRITE, 4).pack()
        await world.host.submit(3, words)
        await world.host.wait(3)

    vendor = same_writes(script, version)
    assert vendor.card.units[2].runs[0] == {0x10: 7, 0x14: 8}
    assert vendor.card.units[0].runs == [{0x40: 1, 0x10: 3}, {0x14: 4, 0x18: 5}]


@versions
def test_key_val_is_a_plain_register_map(version: str) -> None:
    async def script(world: World) -> None:
        await world.boot()
        await world.configure()
        packet = ert.start_key_val(1, [(0x10, 1), (0x18, 2), (0x20, 3)])
        await world.host.submit(1, ert.slot_words(packet, 0))
        await world.host.wait(1)

    vendor = same_writes(script, version)
    assert vendor.card.units[0].runs[0] == {0x10: 0x20, 0x14: 3}


@versions
@pytest.mark.parametrize("features", [BASE, BASE | Feature.DATAFLOW, INTR], ids=str)
def test_cu_stat(version: str, features: Feature) -> None:
    """While one unit never ends and a command waits for it."""

    async def script(world: World) -> None:
        await world.boot()
        await world.configure()
        world.card.units[1].run_ns = 10**9
        await world.start(1, 0, 1)
        await world.host.wait(1)
        await world.start(1, 2, 1)
        await world.host.wait(1)
        await world.start(9, 1, 1)
        await world.kernel.sleep(30_000)
        await world.start(10, 1, 1)
        await world.kernel.sleep(30_000)
        await world.host.submit(0, ert.slot_words(ert.cu_stat()))
        await world.host.wait(0)

    vendor = same_effects(script, version, Setup(features=features))
    reply = ert.parse_cu_stat(vendor.host.reply(0, SLOT // 4))
    assert (reply.num_slots, reply.num_cus, reply.executions) == (128, 3, (1, 1, 1))
    assert reply.running == (False, True, False)
    assert len(reply.slot_states) == SLOT // 4 - 5 - 6, "the reply is cut at the slot's size"


@versions
@pytest.mark.parametrize("opcode", [1, 8, 9, 10, 17, 31])
def test_unknown_special_command_blocks_its_slot_only(version: str, opcode: int) -> None:
    async def script(world: World) -> None:
        await world.boot()
        await world.configure()
        await world.host.submit(0, [Header(opcode, Type.CTRL).pack()])
        await world.start(1, 0, 1)
        await world.host.wait(1)
        await world.host.submit(0, ert.slot_words(ert.cu_stat()))
        await world.kernel.sleep(100_000)
        assert await world.host.collect() == []

    same_effects(script, version)


@pytest.mark.parametrize("features", [BASE, BASE | Feature.CU_ISR, BASE | Feature.CQ_INT], ids=str)
def test_abort(features: Feature) -> None:
    """The slot is free again, and whatever runs in it later is aborted too.

    The units never end: the late interrupt of an aborted one makes the vendor's firmware leave its tables.
    """

    async def script(world: World) -> None:
        await world.boot()
        await world.configure()
        world.card.units[0].run_ns = world.card.units[1].run_ns = 10**9
        await world.start(9, 0, 1)
        await world.kernel.sleep(30_000)
        await world.host.submit(40, ert.slot_words(ert.abort_slot(9)))
        await world.host.wait(9)
        if 40 not in world.host.completions:
            await world.host.wait(40)
        await world.start(9, 1, 2)
        await world.host.wait(9)
        await world.kernel.sleep(100_000)
        await world.host.submit(0, ert.slot_words(ert.cu_stat()))
        await world.host.wait(0)

    vendor = same_effects(script, "v20", Setup(features=features))
    assert [len(unit.runs) for unit in vendor.card.units] == [1, 1, 0]


@versions
def test_abort_of_what_does_not_run(version: str) -> None:
    async def script(world: World) -> None:
        await world.boot()
        await world.configure()
        await world.host.submit(0, ert.slot_words(ert.abort_slot(9)))
        await world.start(9, 1, 2)
        await world.host.wait(9)
        await world.kernel.sleep(50_000)
        assert await world.host.collect() == []

    same_effects(script, version, Setup(features=BASE | Feature.DATAFLOW))


def test_exit_of_v20() -> None:
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


@pytest.mark.parametrize("features", [BASE, INTR], ids=str)
def test_exit_of_v30(features: Feature) -> None:
    """Acknowledged and notified; after the host wakes the processor the next command runs."""

    async def script(world: World) -> None:
        await world.boot()
        await world.configure()
        world.card.trace.clear()
        await world.host.submit(0, ert.slot_words(ert.exit_()))
        await world.host.wait(0)
        assert world.host.reply(0, 1) == [ert.EXIT_ACKNOWLEDGED]
        world.card.wake = True
        await world.configure()
        await world.start(1, 0, 1)
        await world.host.wait(1)

    vendor = same_writes(script, "v30", Setup(features=features))
    assert ((BANKS[3] + 0x1C, 0) in writes(vendor)) == (features == INTR)


@pytest.mark.parametrize("chain", [False, True])
@versions
def test_dataflow(version: str, chain: bool) -> None:
    async def script(world: World) -> None:
        await world.boot()
        await world.configure()
        for slot in range(1, 7):
            await world.start(slot, slot % 3, slot)
        for slot in range(1, 7):
            await world.host.wait(slot)

    same_effects(script, version, Setup(features=BASE | Feature.DATAFLOW, chain=chain))


@versions
def test_dataflow_before_kds_30(version: str) -> None:
    """The host starts the units itself."""

    async def script(world: World) -> None:
        await world.boot()
        await world.configure()
        for unit, word in ((2, 1), (0, 0x10), (2, 1)):
            world.card.units[unit].write(0, 1)
            world.card.host_write_cq((unit + 1) * SLOT, word)
            await world.host.wait(unit + 1)
        await world.host.submit(0, ert.slot_words(ert.cu_stat()))
        await world.host.wait(0)

    same_effects(script, version, Setup(features=Feature.ERT | Feature.DATAFLOW))


@versions
def test_echo(version: str) -> None:
    async def script(world: World) -> None:
        await world.boot()
        await world.configure()
        for slot in (1, 40, 127):
            await world.start(slot, 0, slot)
            await world.host.wait(slot)

    vendor = same_effects(script, version, Setup(features=BASE | Feature.DATAFLOW | Feature.ECHO))
    assert vendor.card.units[0].runs == []


@pytest.mark.parametrize(
    "version, features",
    [
        ("v20", BASE | Feature.CQ_INT),
        ("v20", BASE | Feature.CU_ISR),
        ("v20", BASE | Feature.CQ_INT | Feature.CU_ISR),
        ("v30", INTR),
        ("v30", INTR | Feature.CQ_INT),
    ],
    ids=str,
)
def test_interrupts(version: str, features: Feature) -> None:
    async def script(world: World) -> None:
        await world.boot()
        await world.configure(interrupt=False)
        for slot in (1, 33, 70):
            await world.start(slot, slot % 2, slot)
        for slot in (1, 33, 70):
            await world.host.wait(slot, interrupt=True)

    same_effects(script, version, Setup(features=features))


def test_from_interrupts_to_polling() -> None:
    """v30 before KDS 3.0 leaves its interrupt line high but takes no interrupts: it must rest too."""

    async def script(world: World) -> None:
        await world.boot()
        for features in (INTR, INTR | Feature.CQ_INT, Feature.ERT):
            world.features = features
            await world.configure()
            for slot in range(1, 7):
                await world.start(slot, slot % 3, slot)
            for slot in range(1, 7):
                await world.host.wait(slot)
            await world.kernel.sleep(100_000)
            accesses = len(world.card.trace)
            await world.kernel.sleep(1_000_000)
            assert len(world.card.trace) == accesses

    same_effects(script, "v30")


def test_copy_unit_interrupt() -> None:
    """CDMA: the last unit's interrupt comes at the controller, and the handler takes it back itself."""

    async def script(world: World) -> None:
        await world.boot()
        await world.configure()
        for value in range(3):
            await world.start(5, 2, value)
            await world.host.wait(5)
            await world.start(6, 0, value)
            await world.host.wait(6)

    features = BASE | Feature.CU_ISR | Feature.CDMA
    vendor = same_effects(script, "v20", Setup(features=features, cdma=True))
    assert len(vendor.card.units[2].runs) == 3


@pytest.mark.parametrize("version, features", [("v20", BASE | Feature.CU_ISR), ("v30", INTR)])
def test_interrupts_of_many_units(version: str, features: Feature) -> None:
    """Units of all four banks, several in each."""
    units = (0, 31, 32, 63, 64, 95, 96, 97, 100)

    async def script(world: World) -> None:
        await world.boot()
        await world.configure()
        for slot, unit in enumerate(units, 1):
            await world.start(slot, unit, slot)
        for slot, _ in enumerate(units, 1):
            await world.host.wait(slot)

    same_effects(script, version, Setup(runs_ns=[2000] * 101, features=features))


def test_one_unit_of_v30() -> None:
    """The vendor's build looks at bit 1 for its only unit: on a card wired that way."""

    async def script(world: World) -> None:
        await world.boot()
        await world.configure()
        await world.start(1, 0, 5)
        await world.host.wait(1)

    same_effects(script, "v30", Setup(runs_ns=[3000], first_line=1, features=INTR))


@pytest.mark.parametrize("features", [BASE, INTR], ids=str)
def test_clock_and_access_times(features: Feature) -> None:
    async def script(world: World) -> None:
        await world.boot()
        await world.configure()
        await world.host.submit(0, ert.slot_words(ert.mb_validate()))
        await world.host.wait(0)
        replies.append(world.host.reply(0, 6))
        await world.host.submit(0, ert.slot_words(ert.clk_calib()))
        await world.host.wait(0)
        replies.append(world.host.reply(0, 6))
        # The time itself may differ by a few accesses.
        world.card.cq.write(4, 0)

    replies: list[list[int]] = []
    same_effects(script, "v30", Setup(features=features))
    assert replies[0] == replies[2] == [0, 0, 10, 10, 10, 10]
    assert replies[1][2:] == replies[3][2:] == [10, 10, 10, 10]
    assert abs(replies[1][1] - replies[3][1]) < 2000 and replies[1][1] > 0


@pytest.mark.parametrize("wrong", ["", "pattern", "undefined", "busy"])
@pytest.mark.parametrize("slot", [0, 3])
def test_access_test(slot: int, wrong: str) -> None:
    """ACCESS_TEST_C in slot 0, ACCESS_TEST in others."""

    async def script(world: World) -> None:
        await world.boot()
        await world.configure()
        if wrong == "busy":
            world.card.units[1].run_ns = 10**9
            await world.start(9, 1, 1)
            await world.kernel.sleep(20_000)
        opcode = Opcode.ACCESS_TEST_C if slot == 0 else Opcode.ACCESS_TEST
        base = slot * SLOT
        for offset in range(32, SLOT, 4):
            world.card.cq.write(base + offset, 0xF0F0F0F0)
        if wrong == "pattern":
            world.card.cq.write(base + 0x40, 5)
        countdown = [0, 1, 0, 0, 0, 0, 3, 0]
        await world.host.submit(slot, [Header(opcode, Type.CTRL, 7).pack(), *countdown[1:]])
        for count in (2, 1, 0):
            pattern = 0x1234 if wrong == "undefined" and count == 1 else 0xFFFFFFFF * (count % 2)
            world.card.host_write_cq(base + 0x1C, pattern)
            await world.kernel.sleep(3000)
            world.card.host_write_cq(base + 0x18, count)
        await world.host.wait(slot)
        await world.kernel.sleep(30_000)

    vendor = same_effects(script, "v30")
    reply = vendor.host.reply(slot, 8)
    if slot == 0:
        good = {"": (1, 1, 1, 1), "pattern": (0, 1, 1, 1), "undefined": (1, 1, 1, 0), "busy": (1, 1, 0, 1)}
        assert (reply[2], reply[4], reply[5], reply[7]) == good[wrong]


_NORMAL = [BASE, BASE | Feature.POLLING | Feature.ECHO, BASE | Feature.RW_SHARED, Feature.ERT]
_DMA = [feature | Feature.CU_DMA for feature in _NORMAL]
_CACHED = [BASE | Feature.DATAFLOW, BASE | Feature.DATAFLOW | Feature.POLLING | Feature.CU_DMA]
MODES: dict[str, tuple[str, list[Feature], bool, Setup]] = {
    "v20 polled": ("v20", _NORMAL, False, Setup()),
    "v20 copy engine": ("v20", _DMA, False, Setup()),
    "v20 doorbell": ("v20", [f | Feature.CQ_INT for f in _NORMAL + _DMA], False, Setup()),
    "v20 collector": ("v20", [f | Feature.CU_ISR for f in _NORMAL + _DMA], False, Setup()),
    "v20 all interrupts": (
        "v20",
        [f | Feature.CU_ISR | Feature.CQ_INT | Feature.CDMA for f in _NORMAL + _DMA],
        False,
        Setup(cdma=True),
    ),
    "v20 any normal": (
        "v20",
        [f | g for f in _NORMAL + _DMA for g in (Feature(0), Feature.CQ_INT, Feature.CU_ISR)],
        False,
        Setup(),
    ),
    "v20 dataflow": ("v20", _CACHED, True, Setup()),
    "v20 dataflow chain": ("v20", [f | Feature.CQ_INT for f in _CACHED] + _CACHED, True, Setup(chain=True)),
    "v20 echo": ("v20", [f | Feature.ECHO for f in _CACHED], True, Setup()),
    "v30 polled": ("v30", [BASE, BASE | Feature.DMSG, BASE | Feature.DATAFLOW], True, Setup(chain=True)),
    "v30 doorbell": ("v30", [BASE | Feature.CQ_INT], True, Setup()),
    "v30 echo": ("v30", [BASE | Feature.ECHO], True, Setup()),
    "v30 interrupts": ("v30", [INTR, INTR | Feature.DATAFLOW], False, Setup(chain=True)),
    "v30 all interrupts": ("v30", [INTR | Feature.CQ_INT, INTR], False, Setup()),
    "v30 before KDS 3.0": ("v30", [Feature.ERT, Feature.ERT | Feature.INTR], False, Setup()),
}
_WANTED = {*sched_streams.KINDS, "large", "empty", "middle", "units"} - {"other_type"}
_ONLY = {True: {"other_type"}, False: {"blocked slot", "stats"}}


@pytest.mark.parametrize("mode", MODES)
def test_random_commands(mode: str) -> None:
    """Streams with reconfigurations, until every kind of packet and every size class was there."""
    version, choices, cached, setup = MODES[mode]
    cover: Counter[str] = Counter()
    wanted = _WANTED | _ONLY[cached]
    rounds = 0
    while rounds < 3 or (not wanted <= set(cover) and rounds < 30):
        seed = f"{SEED} {mode} {rounds}"
        # One unit of v30's interrupt mode is at another bit: it has a test of its own.
        units = range(2 if INTR in choices else 1, len(setup.runs_ns) + 1)
        stream = sched_streams.make(random.Random(seed), choices, units, cached)
        print(f"{mode}: seed {SEED}, round {rounds}")
        cover += stream.cover
        same_effects(lambda world, stream=stream: sched_streams.run(world, stream), version, setup)
        rounds += 1
    assert wanted <= set(cover), f"never seen: {sorted(wanted - set(cover))}"


@pytest.mark.parametrize("mode", MODES)
def test_random_commands_in_few_slots(mode: str) -> None:
    """1, 2, 3 and 7 slots one after the other, fewer than the drivers can ask for."""
    version, choices, cached, setup = MODES[mode]
    units = range(2 if INTR in choices else 1, len(setup.runs_ns) + 1)
    print(f"{mode}: seed {SEED}")
    rng = random.Random(f"{SEED} {mode} few")
    stream = sched_streams.make(rng, choices, units, cached, list(sched_streams.FEW_SLOTS.values()))
    used = [{slot for burst in segment.bursts for slot, _ in burst} for segment in stream.segments]
    assert used[0] == (set() if cached else {0}) and used[1] == {1} and max(used[3]) < 7
    vendor = same_effects(lambda world: sched_streams.run(world, stream), version, setup)
    told = [value for address, value in writes(vendor) if address == CSR + ert_csr.CQ_NUM_SLOTS.offset]
    assert told[-4:] == list(sched_streams.FEW_SLOTS)


@versions
def test_the_same_file_is_used(version: str) -> None:
    """The judge is the library the package installed, not something of ours."""
    library = {"v20": b"libsched_em.so.2", "v30": b"libsched_em_v30.so.2"}[version]
    assert program(version).read_bytes().find(library) > 0
    assert (CQ, CU_BASE) == (0x190000, 0x1800000)


def test_differences_have_sentences() -> None:
    assert len({difference.value for difference in Difference}) == len(Difference)
