# SPDX-License-Identifier: Apache-2.0
"""Changes of schedulers that wait for one another, and clients that come between."""

from __future__ import annotations

import errno
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from pydriver.ert import State
from pydriver.subdev.intc import Mode
from pydriver.xocl import KdsFlags
from tests.models.units import Probe, ProbeChain
from tests.unit.cu_rig import MILLISECOND, CuRig
from tests.unit.kds_rig import KdsRig, ended, probe_packet, send
from tests.unit.rig import raises

HOST = KdsFlags(ert=False)


@pytest.mark.parametrize(("name", "text"), [("ert_disable", "1"), ("kds_interrupt", "cu")])
def test_a_client_that_comes_while_an_administrators_choice_waits(name: str, text: str) -> None:
    """Nobody may have contexts when the choice takes effect, not only when it was made: the commands of such
    a client would lose their scheduler."""
    rig = KdsRig()

    async def main() -> None:
        user = await rig.ready(interrupt=True)
        write, spawn = user.attributes.write, rig.clock.spawn
        first = spawn(write("kds_interrupt", "ert"))
        await rig.clock.sleep_ns(1000)
        second = spawn(write(name, text))
        await rig.clock.sleep_ns(1000)
        client = user.open()
        await client.open_context(rig.uuid, 0)
        await first.join()
        with raises(errno.EBUSY, "1 clients"):
            await second.join()
        assert user.kds.state.ert_on
        assert await ended(user, client, send(client, probe_packet(1))) == State.COMPLETED

    rig.run(main())


def test_commands_that_come_while_the_embedded_scheduler_is_configured_again() -> None:
    """It forgets what is in its slots: they wait."""
    for delay in range(0, 60_000, 1500):
        rig = KdsRig()

        async def main(rig: KdsRig = rig, delay: int = delay) -> None:
            user = await rig.ready(interrupt=True)
            assert user.kds.state.ert_on
            change = rig.clock.spawn(user.attributes.write("kds_interrupt", "ert"))
            await rig.clock.sleep_ns(delay)
            client = user.open()
            await client.open_context(rig.uuid, 0)
            handles = [send(client, probe_packet(1, token=n)) for n in range(3)]
            for handle in handles:
                assert await ended(user, client, handle) == State.COMPLETED
            await change.join()
            assert rig.runs(0) == 3

        rig.run(main())


# --- the workers of host scheduling -------------------------------------------------------------------------


@pytest.mark.parametrize("delay", range(0, 2000, 20))
def test_an_interrupt_that_comes_back_while_the_units_change(delay: int) -> None:
    """The worker of a unit that is not there any more must not keep its interrupt."""
    bench = CuRig([Probe()])

    async def main() -> None:
        await bench.up(interrupt=True)
        await bench.host.lend_interrupt(bench.cus[0])
        back = bench.clock.spawn(bench.host.take_interrupt_back(bench.cus[0]))
        await bench.clock.sleep_ns(delay)
        await bench.host.set_cus(bench.cus, interrupt=True)
        await back.join()
        assert await bench.until_over([bench.submit(0, 1)]) == [State.COMPLETED]
        await bench.host.stop()
        await bench.clock.sleep_ns(MILLISECOND)
        workers = [task.name for task in bench.clock._alive.values() if task.name == "user.cu0"]
        assert not workers and bench.intc.enabled(Mode.CU) == 0

    bench.run(main())


def test_two_who_lend_and_take_back_beside_a_switch() -> None:
    bench = CuRig([Probe(), Probe()])

    async def main() -> None:
        await bench.up(interrupt=True)
        for delay in range(0, 3000, 100):
            spawn = bench.clock.spawn
            calls = [spawn(bench.host.lend_interrupt(bench.cus[0]))]
            await bench.clock.sleep_ns(delay)
            calls.append(spawn(bench.host.set_interrupt(delay % 200 == 0)))
            await bench.clock.sleep_ns(delay // 3)
            calls.append(spawn(bench.host.take_interrupt_back(bench.cus[0])))
            commands = [bench.submit(index, delay + index) for index in (0, 1)]
            for call in calls:
                await call.join()
            assert await bench.until_over(commands) == [State.COMPLETED] * 2

    bench.run(main())


@pytest.mark.parametrize("kernel", [Probe, ProbeChain])
def test_a_worker_that_begins_waits_for_the_poller(kernel: type[Probe]) -> None:
    """A queue has one worker at any time, also when a command comes while its interrupt is being set up."""
    clashes = []
    for delay in range(0, 1500, 30):
        bench = CuRig([kernel()])

        async def main(bench: CuRig = bench, delay: int = delay) -> None:
            await bench.up()
            queue = bench.host._units[0].queue
            inside: set[object] = set()

            def watched(plain: Callable[[], Awaitable[Any]]) -> Callable[[], Awaitable[Any]]:
                async def call() -> Any:
                    clashes.extend(inside - {bench.clock.current})
                    inside.add(bench.clock.current)
                    try:
                        return await plain()
                    finally:
                        inside.discard(bench.clock.current)

                return call

            for name in ("start_all", "look", "abort_commands"):
                setattr(queue, name, watched(getattr(queue, name)))
            commands = []
            for on in (True, False, True):
                change = bench.clock.spawn(bench.host.set_interrupt(on))
                await bench.clock.sleep_ns(delay)
                commands += [bench.submit(0, len(commands) + n, delay=20) for n in range(2)]
                await change.join()
            assert await bench.until_over(commands) == [State.COMPLETED] * len(commands)
            assert bench.tokens(0) == list(range(len(commands)))

        bench.run(main())
    assert not clashes
