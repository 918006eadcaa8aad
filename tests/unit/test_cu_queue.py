# SPDX-License-Identifier: Apache-2.0
"""Queues of a unit under host scheduling: credits, aborts, time limits (XRT compute unit contract §4)."""

from __future__ import annotations

import dataclasses
import errno
from collections.abc import Coroutine
from typing import Any

import pytest

from pydriver import ert
from pydriver.ert import State
from pydriver.xocl.cu.host import CuOptions
from pydriver.xocl.cu.queue import TICK_NS as REAL_TICK_NS
from pydriver.xocl.cu.queue import TTL_TICKS
from tests.models.units import Probe, ProbeChain, ProbeNone
from tests.unit.cu_rig import MILLISECOND, SECOND, TICK_NS, CuRig
from tests.unit.raising import raises

MODES = pytest.mark.parametrize("interrupt", [False, True], ids=["polling", "interrupt"])
LATE = 2 * TTL_TICKS * TICK_NS


def go(rig: CuRig, main: Coroutine[Any, Any, None]) -> None:
    rig.run(main)


@MODES
@pytest.mark.parametrize("kernel", [Probe, ProbeChain])
def test_commands_of_a_unit_run_in_order(kernel: type[Probe], interrupt: bool) -> None:
    rig = CuRig([kernel()])

    async def main() -> None:
        await rig.up(interrupt)
        commands = [rig.submit(0, token, delay=100 * (token % 3)) for token in range(20)]
        assert rig.host.outstanding(None, 0) == rig.host.outstanding(None) == 20
        assert await rig.until_over(commands) == [State.COMPLETED] * 20
        assert rig.ended == commands and rig.tokens(0) == list(range(20))
        assert rig.host.outstanding(None) == 0

    go(rig, main())
    unit = rig.card.units[0]
    assert (unit.runs, unit.lost_starts, unit.done) == (20, 0, False)


@MODES
def test_chain_overlaps_and_hs_does_not(interrupt: bool) -> None:
    """AP_CTRL_CHAIN returns the credit at ready: the next run starts while the last one still works."""
    took = []
    for kernel in (Probe(), ProbeChain()):
        rig = CuRig([kernel])
        rig.card.units[0].run_ns, rig.card.units[0].ready_ns = 200_000, 100_000
        rig.card.units[0].depth = 2

        async def main(rig: CuRig = rig) -> int:
            await rig.up(interrupt)
            begin = rig.clock.now_ns()
            await rig.until_over([rig.submit(0, token) for token in range(10)])
            return rig.clock.now_ns() - begin

        took.append(rig.run(main()))
    assert took[0] >= 2_000_000 and took[1] < 0.7 * took[0]


@MODES
def test_waiting_commands_of_a_closed_client_end_at_once(interrupt: bool) -> None:
    rig = CuRig([Probe()])
    closed, other = object(), object()

    async def main() -> None:
        await rig.up(interrupt)
        first = rig.submit(0, 1, closed, delay=10_000)
        waiting = [rig.submit(0, token, closed) for token in (2, 3)]
        others = [rig.submit(0, 4, other)]
        await rig.clock.sleep_ns(20_000)
        rig.host.request_abort(closed)
        assert await rig.until_over([first, *waiting, *others]) == [
            State.COMPLETED,
            State.ABORT,
            State.ABORT,
            State.COMPLETED,
        ]
        later = rig.submit(0, 5, closed)
        assert await rig.until_over([later]) == [State.COMPLETED], "the request ended with its commands"

    go(rig, main())
    assert rig.tokens(0) == [1, 4, 5] and not rig.bad


def test_the_time_to_live_is_five_seconds() -> None:
    assert REAL_TICK_NS * TTL_TICKS == 5 * SECOND


@MODES
def test_a_hung_run_of_a_closed_client_is_reset_after_ten_ticks(interrupt: bool) -> None:
    rig = CuRig([Probe()])
    closed, other = object(), object()

    async def main() -> None:
        await rig.up(interrupt)
        hung = rig.submit(0, 1, closed, hang=1)
        mine, theirs = rig.submit(0, 2, closed), rig.submit(0, 3, other)
        await rig.clock.sleep_ns(LATE)
        assert [hung.state, mine.state] == [State.RUNNING, State.QUEUED], "nothing happens without a request"
        begin = rig.clock.now_ns()
        rig.host.request_abort(closed)
        await rig.until_over([hung])
        assert TTL_TICKS <= (rig.clock.now_ns() - begin) / TICK_NS <= TTL_TICKS + 4
        assert await rig.until_over([mine, theirs]) == [State.ABORT, State.COMPLETED]
        assert hung.state == State.TIMEOUT

    go(rig, main())
    assert (rig.card.units[0].resets, rig.tokens(0), rig.bad) == (1, [3], [])


@MODES
@pytest.mark.parametrize("why", ["no reset", "reset does not end"])
def test_a_hung_run_without_reset_is_the_bad_state(why: str, interrupt: bool) -> None:
    rig = CuRig([Probe(), Probe()])
    rig.cus[0].sw_reset = why != "no reset"
    rig.card.units[0].reset_stuck = True
    closed, other = object(), object()

    async def main() -> None:
        await rig.up(interrupt)
        hung, waiting = rig.submit(0, 1, closed, hang=1), rig.submit(0, 2, other)
        await rig.clock.sleep_ns(20_000)
        rig.host.request_abort(closed)
        assert await rig.until_over([hung, waiting], 20 * SECOND) == [State.TIMEOUT, State.ABORT]
        assert len(rig.bad) == 1 and "probe:probe_0" in rig.bad[0] and "CTRL" in rig.bad[0]
        late, elsewhere = rig.submit(0, 3, other), rig.submit(1, 4, other)
        assert await rig.until_over([late, elsewhere]) == [State.ABORT, State.COMPLETED]

    go(rig, main())


def test_reset_ends_the_other_runs_of_the_unit_too() -> None:
    """AP_CTRL_CHAIN may have another client's run under way: the reset takes it away, so it must not wait."""
    rig = CuRig([ProbeChain()])
    rig.card.units[0].depth = 2
    closed, other = object(), object()

    async def main() -> None:
        await rig.up()
        hung = rig.submit(0, 1, closed, hang=Probe.LOSE_DONE)
        behind = rig.submit(0, 2, other)
        await rig.clock.sleep_ns(50_000)
        rig.host.request_abort(closed)
        assert await rig.until_over([hung, behind]) == [State.TIMEOUT, State.ABORT]
        assert await rig.until_over([rig.submit(0, 3, other)]) == [State.COMPLETED]

    go(rig, main())


@MODES
def test_a_run_that_ends_within_the_time_to_live_is_completed(interrupt: bool) -> None:
    rig = CuRig([Probe()])
    rig.card.units[0].run_ns = 5 * TICK_NS
    owner = object()

    async def main() -> None:
        await rig.up(interrupt)
        command = rig.submit(0, 1, owner)
        await rig.clock.sleep_ns(TICK_NS)
        rig.host.request_abort(owner)
        assert await rig.until_over([command]) == [State.COMPLETED]

    go(rig, main())
    assert not rig.bad and rig.card.units[0].resets == 0


@MODES
def test_each_closing_client_has_its_own_time(interrupt: bool) -> None:
    rig = CuRig([Probe()])
    first, second = object(), object()

    async def main() -> None:
        await rig.up(interrupt)
        rig.card.units[0].run_ns = 5 * TICK_NS
        command = rig.submit(0, 1, first)
        await rig.clock.sleep_ns(TICK_NS)
        rig.host.request_abort(first)
        assert await rig.until_over([command]) == [State.COMPLETED]
        rig.card.units[0].run_ns = 8 * TICK_NS
        command = rig.submit(0, 2, second)
        await rig.clock.sleep_ns(TICK_NS)
        rig.host.request_abort(second)
        assert await rig.until_over([command]) == [State.COMPLETED]

    go(rig, main())
    assert rig.card.units[0].resets == 0


@MODES
def test_abort_of_one_command(interrupt: bool) -> None:
    rig = CuRig([Probe()])

    async def main() -> None:
        await rig.up(interrupt)
        hung, waiting, last = rig.submit(0, 1, hang=1), rig.submit(0, 2), rig.submit(0, 3)
        await rig.clock.sleep_ns(50_000)
        assert await rig.host.abort_command(waiting) == State.COMPLETED
        assert [hung.state, waiting.state] == [State.RUNNING, State.ABORT]
        assert rig.card.units[0].resets == 0
        assert await rig.host.abort_command(hung) == State.COMPLETED
        assert hung.state == State.TIMEOUT and rig.card.units[0].resets == 1
        assert await rig.until_over([last]) == [State.COMPLETED]
        assert await rig.host.abort_command(last) == State.COMPLETED, "it has ended already"

    go(rig, main())
    assert rig.tokens(0) == [3] and not rig.bad


@MODES
def test_abort_of_a_running_command_without_reset(interrupt: bool) -> None:
    rig = CuRig([Probe()])
    rig.cus[0].sw_reset = False

    async def main() -> None:
        await rig.up(interrupt)
        hung, waiting = rig.submit(0, 1, hang=1), rig.submit(0, 2)
        await rig.clock.sleep_ns(50_000)
        assert await rig.host.abort_command(hung) == State.ABORT
        assert await rig.until_over([hung, waiting]) == [State.TIMEOUT, State.ABORT]
        assert len(rig.bad) == 1

    go(rig, main())


@MODES
def test_run_timeout(interrupt: bool) -> None:
    options = CuOptions(tick_ns=TICK_NS, run_timeout_s=0.004)
    rig = CuRig([Probe()], options)

    async def main() -> None:
        await rig.up(interrupt)
        rig.card.units[0].run_ns = 3 * MILLISECOND
        assert await rig.until_over([rig.submit(0, 1), rig.submit(0, 2)]) == [State.COMPLETED] * 2
        begin = rig.clock.now_ns()
        hung, waiting = rig.submit(0, 3, hang=1), rig.submit(0, 4)
        assert await rig.until_over([hung, waiting]) == [State.ABORT, State.ABORT]
        assert 4 * MILLISECOND < rig.clock.now_ns() - begin < 6 * MILLISECOND
        assert len(rig.bad) == 1 and "too long" in rig.bad[0]
        assert await rig.until_over([rig.submit(0, 5)]) == [State.ABORT]

    go(rig, main())


def test_no_run_timeout_by_default() -> None:
    rig = CuRig([Probe()])

    async def main() -> None:
        await rig.up(interrupt=True)
        command = rig.submit(0, 1, hang=1)
        await rig.clock.sleep_ns(20 * SECOND // 1000)
        assert command.state == State.RUNNING and not rig.bad

    go(rig, main())


@MODES
def test_a_command_that_cannot_be_configured_gives_its_credit_back(interrupt: bool) -> None:
    rig = CuRig([Probe()])

    async def main() -> None:
        await rig.up(interrupt)
        broken = rig.start(0, ert.start_key_val(1, [(0x20000, 1)]))
        good = rig.submit(0, 2)
        assert await rig.until_over([broken, good]) == [State.ERROR, State.COMPLETED]

    go(rig, main())
    assert rig.card.units[0].runs == 1 and not rig.bad


@MODES
def test_a_dead_unit_ends_its_command_with_an_error(interrupt: bool) -> None:
    rig = CuRig([Probe()])

    async def main() -> None:
        await rig.up(interrupt)
        rig.card.gate.state = 0
        assert await rig.until_over([rig.submit(0, 1)]) == [State.ERROR]
        rig.card.gate.state = 3
        if interrupt:
            await rig.host.set_interrupt(False)
        assert await rig.until_over([rig.submit(0, 2)]) == [State.COMPLETED]

    go(rig, main())


def test_a_unit_without_start_bit_takes_no_commands() -> None:
    rig = CuRig([ProbeNone(), Probe()])

    async def main() -> None:
        await rig.up()
        assert not rig.accesses(0)
        with raises(errno.EINVAL, "cannot be started"):
            rig.submit(0, 1)
        assert await rig.until_over([rig.submit(1, 1)]) == [State.COMPLETED]
        assert not rig.accesses(0), "its registers are nobody's"

    go(rig, main())


def test_times_are_noted() -> None:
    rig = CuRig([Probe()])

    async def main() -> None:
        await rig.up()
        command = rig.submit(0, 1, delay=500)
        await rig.until_over([command])
        queued, running, over = (
            command.times[state] for state in (State.QUEUED, State.RUNNING, State.COMPLETED)
        )
        assert queued <= running and over - running >= 2000

    go(rig, main())


def test_options_are_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        CuOptions().tick_ns = 1  # type: ignore[misc]
