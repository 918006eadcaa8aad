# SPDX-License-Identifier: Apache-2.0
"""What happens between two waits of the scheduler: closes beside commands, changes of schedulers beside
everything, processes that die in the middle of a call."""

from __future__ import annotations

import errno

import pytest

from pydriver import ert
from pydriver.ert import State
from pydriver.xocl import VIRTUAL_CU, Client, KdsFlags, Xocl
from pydriver.xocl.command import Command
from pydriver.xocl.kds import KDMA_INDEX
from pydriver.xocl.process import Process
from tests.models.units import Probe, ProbeChain
from tests.unit.cu_rig import MILLISECOND, TICK_NS, CuRig
from tests.unit.kds_rig import MS, KdsRig, ended, probe_packet, send, state
from tests.unit.rig import SECOND, raises

HOST = KdsFlags(ert=False)


async def opened(rig: KdsRig, user: Xocl, *indices: int, exclusive: bool = False) -> Client:
    client = user.open()
    for index in indices:
        await client.open_context(rig.uuid, index, exclusive)
    return client


async def works(rig: KdsRig, user: Xocl) -> None:
    client = await opened(rig, user, 0)
    assert await ended(user, client, send(client, probe_packet(1))) == State.COMPLETED
    await client.close()


# --- closing ------------------------------------------------------------------------------------------------


def test_the_five_seconds_of_a_close_are_time_and_not_commands() -> None:
    """More commands than steps end while the context is being closed: none of them is given up."""
    rig = KdsRig()

    async def main() -> None:
        user = await rig.ready()
        client = await opened(rig, user, 0)
        handles = [send(client, probe_packet(1, token=n, delay=2500)) for n in range(40)]
        await client.close_context(rig.uuid, 0)
        assert [state(user, handle) for handle in handles] == [State.COMPLETED] * 40
        assert rig.runs(0) == 40

    rig.run(main())


def test_closing_one_unit_leaves_the_commands_on_another_alone() -> None:
    rig = KdsRig()

    async def main() -> None:
        user = await rig.ready(HOST)
        client = await opened(rig, user, 0, 1)
        here = [send(client, probe_packet(1, delay=25_000)) for _ in range(3)]
        there = [send(client, probe_packet(2, token=n, delay=25_000)) for n in range(3)]
        await rig.clock.sleep_ns(10_000)
        await client.close_context(rig.uuid, 0)
        assert [state(user, handle) for handle in here] == [State.COMPLETED, State.ABORT, State.ABORT]
        for handle in there:
            assert await ended(user, client, handle) == State.COMPLETED
        assert rig.runs(1) == 3

    rig.run(main())


def test_hung_units_of_a_client_that_closes_share_the_five_seconds() -> None:
    rig = KdsRig()

    async def main() -> None:
        user = await rig.ready(HOST, poll_interval_us=1000)
        client = await opened(rig, user, 0, 1, 2)
        for index in range(3):
            rig.card.units[index].hang = True
            send(client, probe_packet(1 << index))
        await rig.clock.sleep_ns(MS)
        begin = rig.clock.now_ns()
        await client.close()
        assert 4.5 * SECOND < rig.clock.now_ns() - begin < 6.5 * SECOND

    rig.run(main())


def test_who_waits_behind_a_command_that_never_ends_can_leave() -> None:
    bench = CuRig([Probe()])
    owner, other = object(), object()

    async def main() -> None:
        await bench.up()
        bench.card.units[0].hang = True
        hung, behind, theirs = (bench.submit(0, n, who) for n, who in enumerate((other, other, owner)))
        await bench.clock.sleep_ns(MILLISECOND)
        bench.host.request_abort(owner)
        assert await bench.until_over([theirs], 5 * MILLISECOND) == [State.ABORT]
        assert (hung.state, behind.state) == (State.RUNNING, State.QUEUED) and not bench.bad

    bench.run(main())


def test_everybody_who_leaves_has_five_seconds_of_his_own() -> None:
    """AP_CTRL_CHAIN takes a second run while the first one still works."""
    kernel = ProbeChain()
    kernel.sw_reset = False
    bench = CuRig([kernel])
    first, second = object(), object()

    async def main() -> None:
        await bench.up()
        early, late = bench.submit(0, 1, first, hang=2), bench.submit(0, 2, second)
        await bench.clock.sleep_ns(MILLISECOND)
        assert (early.state, late.state) == (State.RUNNING, State.RUNNING)
        bench.host.request_abort(first)
        await bench.clock.sleep_ns(8 * TICK_NS)
        bench.host.request_abort(second)
        await bench.clock.sleep_ns(5 * TICK_NS)
        assert early.state == State.TIMEOUT, "ten ticks after it was asked to"
        assert late.state == State.RUNNING, "five ticks after it was asked to"

    bench.run(main())


def test_the_copy_unit_stays_with_who_opens_it_while_it_is_given_back() -> None:
    rig = KdsRig()

    async def main() -> None:
        user = await rig.ready()
        client = await opened(rig, user, VIRTUAL_CU)
        kdma = user.kds.kdma
        assert kdma is not None and kdma.sharers == 1
        client._commands.outstanding.append(command := _pretended(client))
        closing = rig.clock.spawn(client.close_context(rig.uuid, VIRTUAL_CU))
        await rig.clock.sleep_ns(MS)
        await client.open_context(rig.uuid, VIRTUAL_CU)
        client._commands.outstanding.remove(command)
        client._one_more()
        await closing.join()
        assert KDMA_INDEX in client._cus and kdma.sharers == 1
        assert user.bitstream.references == 1
        await client.close_context(rig.uuid, VIRTUAL_CU)
        assert kdma.sharers == 0 and user.bitstream.references == 0

    rig.run(main())


def _pretended(client: Client) -> Command:
    return Command(ert.cu_stat(), client, lambda _: None, cu_index=KDMA_INDEX)


# --- changes of schedulers ----------------------------------------------------------------------------------


COLLECTED = KdsFlags(cu_isr=True, cq_int=True)
"""The card's interrupt collector reads CTRL of units that are done, which clears it."""


def test_an_image_without_the_embedded_scheduler_after_one_with_its_interrupts() -> None:
    rig = KdsRig()

    async def main() -> None:
        user = await rig.ready(COLLECTED, interrupt=True)
        await works(rig, user)
        for flags in (HOST, COLLECTED, HOST):
            await user.read_axlf(rig.image, flags, force=True)
            assert user.kds.state.ert_on == flags.ert
            await works(rig, user)
            assert rig.runs(0) == 1, "of this image"

    rig.run(main(), 60)


@pytest.mark.parametrize("flags", [KdsFlags(), COLLECTED], ids=["poll", "interrupt"])
def test_the_embedded_scheduler_comes_back_after_units_interrupted_the_host(flags: KdsFlags) -> None:
    rig = KdsRig()

    async def main() -> None:
        user = await rig.ready(flags, interrupt=True)
        await works(rig, user)
        for _ in range(2):
            await user.attributes.write("ert_disable", "1")
            await works(rig, user)
            assert rig.card.cfg_gpio.control & 1, "the units interrupt the host"
            await user.attributes.write("ert_disable", "0")
            assert user.kds.state.ert_on and not rig.card.cfg_gpio.control & 1
            await works(rig, user)
        assert rig.runs(0) == 5

    rig.run(main())


def test_commands_beside_an_administrators_choice_wait_for_its_end() -> None:
    rig = KdsRig()

    async def main() -> None:
        user = await rig.ready()
        for value in ("1", "0", "1"):
            writing = rig.clock.spawn(user.attributes.write("ert_disable", value))
            await rig.clock.sleep_ns(1)
            client = await opened(rig, user, 0)
            handle = send(client, probe_packet(1))
            await writing.join()
            assert await ended(user, client, handle) == State.COMPLETED
            await client.close()
        assert rig.runs(0) == 3

    rig.run(main())


def test_two_clients_take_interrupts_at_the_same_time() -> None:
    """The second one must not put the scheduler to sleep under the commands that the first waits for."""
    rig = KdsRig()

    async def main() -> None:
        user = await rig.ready()
        first, second = [await opened(rig, user, index, exclusive=True) for index in (0, 1)]
        worker = await opened(rig, user, 2)
        handles = [send(worker, probe_packet(4, token=n, delay=25_000)) for n in range(20)]
        calls = [
            rig.clock.spawn(client.open_user_managed(rig.uuid, index))
            for index, client in enumerate((first, second))
        ]
        for call in calls:
            await call.join()
        for handle in handles:
            assert await ended(user, worker, handle) == State.COMPLETED
        assert rig.probe(2).tokens == list(range(20))
        asleep = [text for _, who, text in rig.events if who == "user.ert" and "sleeps" in text]
        assert len(asleep) == 1
        for client in (first, second):
            await client.close()

    rig.run(main(), 60)


def test_a_process_that_dies_while_the_schedulers_change() -> None:
    """Its call is finished, nothing of the others is lost, and what it got is given back."""
    rig = KdsRig()

    async def main() -> None:
        user = await rig.ready()
        worker = await opened(rig, user, 2)
        handles = [send(worker, probe_packet(4, token=n, delay=2500)) for n in range(150)]
        process = Process(user, 5)

        async def program(self: Process) -> None:
            client = self.open()
            await client.open_context(rig.uuid, 0, exclusive=True)
            await client.open_user_managed(rig.uuid, 0)

        process.start(program)
        await rig.clock.sleep_ns(MS // 20)
        assert not user.kds.state.ert_on
        handles += [send(worker, probe_packet(4, token=n)) for n in range(150, 160)]
        process.kill()
        await process.wait()
        for handle in handles:
            assert await ended(user, worker, handle) == State.COMPLETED
        assert rig.probe(2).tokens == list(range(160))
        unit = user.kds.cus[0]
        assert not unit.user_managed and not unit.exclusive
        await works(rig, user)

    rig.run(main(), 60)


def test_a_unit_that_is_given_back_while_its_interrupt_is_taken() -> None:
    rig = KdsRig()

    async def main() -> None:
        user = await rig.ready()
        client, worker = await opened(rig, user, 0, exclusive=True), await opened(rig, user, 2)
        handle = send(worker, probe_packet(4, delay=25_000))
        await rig.clock.sleep_ns(MS // 20)
        call = rig.clock.spawn(client.open_user_managed(rig.uuid, 0))
        await rig.clock.sleep_ns(1000)
        await client.close_context(rig.uuid, 0)
        with raises(errno.EBUSY, "meanwhile"):
            await call.join()
        assert not user.kds.cus[0].user_managed
        assert await ended(user, worker, handle) == State.COMPLETED
        await works(rig, user)

    rig.run(main(), 60)


def test_two_workers_never_have_the_same_queue() -> None:
    """A command that comes while a unit's interrupt is lent must not wake the poller beside its worker."""
    bench = CuRig([Probe()])

    async def main() -> None:
        await bench.up(interrupt=True)
        queue = bench.host._units[0].queue
        plain = queue.look

        async def look() -> bool:
            assert queue not in inside, "two workers"
            inside.append(queue)
            await bench.clock.sleep_ns(20_000)
            try:
                return await plain()
            finally:
                inside.remove(queue)

        inside: list[object] = []
        queue.look = look  # type: ignore[method-assign]
        commands = [bench.submit(0, n, delay=2500) for n in range(3)]
        await bench.clock.sleep_ns(10_000)
        lending = bench.clock.spawn(bench.host.lend_interrupt(bench.cus[0]))
        await bench.clock.sleep_ns(1000)
        commands += [bench.submit(0, n, delay=2500) for n in range(3, 6)]
        await lending.join()
        assert await bench.until_over(commands) == [State.COMPLETED] * 6
        await bench.host.take_interrupt_back(bench.cus[0])
        assert await bench.until_over([bench.submit(0, 6)]) == [State.COMPLETED]
        assert bench.tokens(0) == list(range(7))

    bench.run(main())
