# SPDX-License-Identifier: Apache-2.0
"""The workers of host scheduling: polling, interrupts, and both together (XRT KDS contract §3)."""

from __future__ import annotations

import errno
import os
import random
from collections import Counter

import pytest

from pydriver.ert import State
from pydriver.regs import cu_intc, user_bar
from pydriver.subdev.intc import Mode
from pydriver.xocl.command import Command
from pydriver.xocl.cu.host import PASS_NS, CuOptions, HostCus
from tests.models.units import CTRL, GIE, IER, Probe, ProbeChain
from tests.unit.cu_rig import MILLISECOND, TICK_NS, CuRig
from tests.unit.raising import raises

SEED = int(os.environ.get("SEED", "1"))


def test_polling_pauses_between_passes() -> None:
    rig = CuRig([Probe()], CuOptions(poll_interval_us=50, poll_easing=0))

    async def main() -> None:
        await rig.up()
        rig.card.units[0].run_ns = 10 * MILLISECOND
        await rig.until_over([rig.submit(0, 1)])
        reads = [entry for entry in rig.accesses(0) if entry[:2] == ("R", CTRL)]
        assert 190 <= len(reads) <= 200

    rig.run(main())


def test_spinning_needs_time_too() -> None:
    rig = CuRig([Probe()], CuOptions(poll_interval_us=0, poll_easing=0))

    async def main() -> None:
        await rig.up()
        rig.card.units[0].run_ns = MILLISECOND
        await rig.until_over([rig.submit(0, 1)])
        reads = [entry for entry in rig.accesses(0) if entry[:2] == ("R", CTRL)]
        assert 0.8 * MILLISECOND / (PASS_NS + 600) < len(reads) < 1.2 * MILLISECOND / (PASS_NS + 600)

    rig.run(main())


def test_the_poller_takes_its_time_with_long_runs() -> None:
    rig = CuRig([Probe(), Probe()])

    async def main() -> None:
        await rig.up()
        rig.card.units[0].run_ns = 100 * MILLISECOND
        long = rig.submit(0, 1)
        assert await rig.until_over([long]) == [State.COMPLETED]
        took = long.times[State.COMPLETED] - long.times[State.RUNNING]
        assert 100 * MILLISECOND <= took <= 101 * MILLISECOND + 10_000
        assert len(rig.accesses(0)) < 600
        rig.card.units[0].hang = True
        hung = rig.submit(0, 2)
        await rig.clock.sleep_ns(200 * MILLISECOND)
        begin = rig.clock.now_ns()
        assert await rig.until_over([rig.submit(1, 3)]) == [State.COMPLETED]
        assert rig.clock.now_ns() - begin < 20_000, "a new command does not wait for the pause"
        assert hung.state == State.RUNNING

    rig.run(main())


def test_nothing_to_do_is_no_work() -> None:
    rig = CuRig([Probe(), Probe()])

    async def main() -> None:
        await rig.up()
        await rig.until_over([rig.submit(0, 1)])
        await rig.settle()
        await rig.clock.sleep_ns(100 * MILLISECOND)
        assert not rig.log
        await rig.until_over([rig.submit(0, 2)])
        assert not rig.accesses(1), "an idle unit is not looked at"

    rig.run(main())


def test_interrupts_instead_of_polling() -> None:
    rig = CuRig([Probe()])

    async def main() -> None:
        await rig.host.set_cus([], interrupt=False)
        await rig.irqs.setup()
        await rig.intc.start()
        await rig.host.set_cus(rig.cus, interrupt=True)
        await rig.clock.sleep_ns(100_000)
        assert rig.intc.mode == Mode.CU and rig.intc.enabled(Mode.CU) == 1
        assert [entry for entry in rig.accesses(0) if entry[0] == "W"] == [("W", GIE, 1), ("W", IER, 3)]
        await rig.settle()
        rig.card.units[0].run_ns = TICK_NS // 2
        await rig.until_over([rig.submit(0, 1)])
        reads = [entry for entry in rig.accesses(0) if entry[:2] == ("R", CTRL)]
        assert len(reads) <= 4, "at the start, and when the interrupt came"
        await rig.host.stop()
        assert rig.card.units[0].gie == 0 and rig.intc.enabled(Mode.CU) == 0

    rig.run(main())


def test_a_lost_interrupt_costs_a_tick() -> None:
    rig = CuRig([Probe()])

    async def main() -> None:
        await rig.up(interrupt=True)
        rig.card.user_irqs.enable = 0
        begin = rig.clock.now_ns()
        command = rig.submit(0, 1, delay=1000)
        assert await rig.until_over([command]) == [State.COMPLETED]
        assert TICK_NS <= rig.clock.now_ns() - begin < 1.1 * TICK_NS

    rig.run(main())


def test_units_with_and_without_interrupt_side_by_side() -> None:
    rig = CuRig([Probe(), ProbeChain(), Probe()])
    rig.cus[1].interrupt = rig.cus[2].interrupt = False

    async def main() -> None:
        await rig.up(interrupt=True)
        assert rig.intc.enabled(Mode.CU) == 1
        commands = [rig.submit(index % 3, index) for index in range(30)]
        assert await rig.until_over(commands, 20 * MILLISECOND) == [State.COMPLETED] * 30
        assert sum("has no interrupt and is polled" in text for text in rig.events) == 2

    rig.run(main())


def test_interrupts_need_a_shell_that_has_them() -> None:
    rig = CuRig([Probe()])

    async def main() -> None:
        host = HostCus(rig.clock, rig.bar)
        with raises(errno.ENOSYS, "no interrupts"):
            await host.set_cus(rig.cus, interrupt=True)

    rig.run(main())


def test_interrupts_are_the_schedulers_while_it_has_them_on() -> None:
    rig = CuRig([Probe()])

    async def nothing(_: int) -> None:
        pass

    async def main() -> None:
        await rig.irqs.setup()
        await rig.intc.start()
        rig.intc.request(Mode.ERT, 0, nothing)
        await rig.intc.enable(Mode.ERT, 0)
        with raises(errno.EBUSY):
            await rig.host.set_cus(rig.cus, interrupt=True)

    rig.run(main())


def test_switching_between_polling_and_interrupts_loses_nothing() -> None:
    rig = CuRig([Probe(), ProbeChain()])

    async def main() -> None:
        await rig.up()
        commands: list[Command] = []
        for round_ in range(12):
            commands += [
                rig.submit(index, 10 * round_ + index, delay=300) for index in (0, 1) for _ in range(3)
            ]
            await rig.clock.sleep_ns(1_700 * round_)
            await rig.host.set_interrupt(round_ % 2 == 0)
        assert await rig.until_over(commands) == [State.COMPLETED] * len(commands)

    rig.run(main())
    assert [unit.runs for unit in rig.card.units] == [36, 36]


def test_a_new_image_ends_the_commands_of_the_old_one() -> None:
    rig = CuRig([Probe()])

    async def main() -> None:
        await rig.up()
        commands = [rig.submit(0, 1, hang=1), rig.submit(0, 2)]
        await rig.clock.sleep_ns(20_000)
        await rig.host.set_cus([], interrupt=False)
        assert [command.state for command in commands] == [State.ABORT] * 2
        assert rig.ended == [commands[1], commands[0]] or len(rig.ended) == 2
        with raises(errno.EINVAL):
            rig.submit(0, 3)

    rig.run(main())


def test_status_is_what_was_last_read() -> None:
    rig = CuRig([Probe(), Probe()])
    rig.card.units[1].hang = True

    async def main() -> None:
        await rig.up()
        assert [cu.status for cu in rig.cus] == [4, 4]
        rig.submit(1, 1)
        await rig.clock.sleep_ns(100_000)
        assert [cu.status for cu in rig.cus] == [4, 1]

    rig.run(main())


def test_kernels_with_a_reset_can_be_named() -> None:
    rig = CuRig([Probe()], CuOptions(tick_ns=TICK_NS, sw_reset=frozenset({"probe"})))
    rig.cus[0].sw_reset = False

    async def main() -> None:
        await rig.up()
        assert rig.cus[0].sw_reset

    rig.run(main())


def test_lending_an_interrupt() -> None:
    rig = CuRig([Probe(), Probe()])

    async def main() -> None:
        await rig.up(interrupt=True)
        commands = [rig.submit(index, index, delay=50) for index in (0, 1) for _ in range(5)]
        await rig.host.lend_interrupt(rig.cus[0])
        assert rig.intc.enabled(Mode.CU) == 2
        await rig.host.set_interrupt(True)
        assert rig.intc.enabled(Mode.CU) == 2
        commands.append(rig.submit(0, 7))
        assert await rig.until_over(commands) == [State.COMPLETED] * 11
        await rig.host.take_interrupt_back(rig.cus[0])
        assert rig.intc.enabled(Mode.CU) == 3
        assert await rig.until_over([rig.submit(0, 8)]) == [State.COMPLETED]

    rig.run(main())


@pytest.mark.parametrize("interrupt", [False, True], ids=["polling", "interrupt"])
def test_bus_accesses_per_command_do_not_grow_with_the_number_of_units(interrupt: bool) -> None:
    costs = []
    for count in (1, 128):
        rig = CuRig([Probe() for _ in range(count)])

        async def main(rig: CuRig = rig) -> int:
            await rig.up(interrupt)
            await rig.until_over([rig.submit(0, token) for token in range(20)])
            return len(rig.log)

        costs.append(rig.run(main()))
    assert costs[0] == costs[1]


@pytest.mark.parametrize("interrupt", [False, True], ids=["polling", "interrupt"])
def test_all_128_units_at_once(interrupt: bool) -> None:
    rig = CuRig([ProbeChain() if index % 3 else Probe() for index in range(128)])

    async def main() -> None:
        await rig.up(interrupt)
        commands = [rig.submit(index, token) for token in range(3) for index in range(128)]
        assert set(await rig.until_over(commands)) == {State.COMPLETED}

    rig.run(main())
    assert all(rig.tokens(index) == [0, 1, 2] for index in range(128))
    if interrupt:
        reads = [at - user_bar.CU_INTC[0].base for _, at, _ in rig.log]
        assert cu_intc.ISR.offset in reads


def test_random_soak() -> None:
    """Random units, clients, modes, hangs, aborts and closes: no command lost, none run twice, order kept."""
    print(f"SEED={SEED}")
    seen: Counter[str] = Counter()
    wanted = {f"{mode} {state.name}" for mode in ("poll", "irq") for state in (
        State.COMPLETED, State.ABORT, State.TIMEOUT)}  # fmt: skip
    for round_ in range(40):
        rng = random.Random(SEED * 1000 + round_)
        soak_round(rng, seen)
        if round_ >= 5 and wanted <= set(seen):
            return
    raise AssertionError(f"not seen: {wanted - set(seen)}")


def soak_round(rng: random.Random, seen: Counter[str]) -> None:
    count = rng.choice([1, 2, 5, 33])
    rig = CuRig([rng.choice([Probe, ProbeChain])() for _ in range(count)])
    for cu in rig.cus:
        cu.interrupt = rng.random() < 0.8
    rig.intc.blanking = rng.random() < 0.6
    interrupt = rng.random() < 0.5
    owners = [object() for _ in range(4)]
    token = 0
    sent: dict[int, list[tuple[int, Command]]] = {index: [] for index in range(count)}

    async def main() -> None:
        nonlocal token
        await rig.up(interrupt)
        for _ in range(rng.randrange(20, 60)):
            index = rng.randrange(count)
            token += 1
            hang = int(rng.random() < 0.05)
            delay = rng.choice([0, 10, 300, 3000])
            sent[index].append((token, rig.submit(index, token, rng.choice(owners), delay, hang)))
            chance = rng.random()
            if chance < 0.1:
                rig.host.request_abort(rng.choice(owners))
            elif chance < 0.15:
                await rig.host.abort_command(rng.choice(sent[index])[1])
            if rng.random() < 0.3:
                await rig.clock.sleep_ns(rng.randrange(30_000))
        every = [command for commands in sent.values() for _, command in commands]
        # A hung run blocks its unit until its client closes; then its neighbours come to their turn.
        for _ in range(20):
            for owner in owners:
                rig.host.request_abort(owner)
            await rig.clock.sleep_ns(12 * TICK_NS)
            if all(command.over for command in every):
                break
        assert all(command.over for command in every)
        assert sorted(map(id, rig.ended)) == sorted(map(id, every)), "each command ends once"
        assert all(rig.host.outstanding(owner) == 0 for owner in owners)

    rig.run(main())
    for index, commands in sent.items():
        done = [token for token, command in commands if command.state == State.COMPLETED]
        ran = rig.tokens(index)
        # A run that a reset or an abort overtook may have ended in hardware: it never counts as completed.
        assert [token for token in ran if token in done] == done, f"unit {index}: {ran} but {done}"
        assert len(set(ran)) == len(ran)
        assert rig.card.units[index].lost_starts == 0
        seen.update(f"{'irq' if interrupt else 'poll'} {command.state.name}" for _, command in commands)
    assert not rig.bad
