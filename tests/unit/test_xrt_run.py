# SPDX-License-Identifier: Apache-2.0
"""Runs of the host API: states, waiting, callbacks, abort; and queues."""

from __future__ import annotations

import errno

import pytest

from pydriver.ert import State
from pydriver.xocl import KdsFlags
from pydriver.xrt import BO, CommandError, Device, Kernel, Queue, Run
from tests.unit.rig import SECOND, raises
from tests.unit.xrt_rig import HOST, VADD, XrtRig

MS = SECOND // 1000


async def vadd(rig: XrtRig, flags: KdsFlags | None = None) -> tuple[Device, Run]:
    """A run of unit 0 with all arguments set."""
    device, uuid = await rig.device(flags)
    kernel = await Kernel.open(device, uuid, "vadd:{vadd_1}")
    run = kernel.run()
    for index in range(3):
        run.set_arg(index, await BO.alloc(device, 64, kernel.group_id(index)))
    run.set_arg("n", 16)
    return device, run


def test_states_of_a_run() -> None:
    rig = XrtRig(VADD)

    async def main() -> None:
        _, run = await vadd(rig)
        assert run.state() == State.NEW and run.return_code() == 0
        for work in (run.wait(), run.wait2(), run.abort()):
            with raises(errno.EINVAL, "never started"):
                await work
        for _ in range(2):
            await run.start()
            with raises(errno.EBUSY, "not ended"):
                run.start()
            assert await run.wait(0) == State.COMPLETED
        await run.start()
        assert await run.wait2() is True and await run.wait2(1) is True

    rig.run(main())


def test_a_start_that_is_refused_changes_nothing() -> None:
    rig = XrtRig(VADD)

    async def main() -> None:
        _, run = await vadd(rig)
        await run.start()
        await run.wait()
        await run._kernel.close()
        for _ in range(2):
            with raises(errno.EINVAL, "context"):
                run.start()
            assert run.state() == State.COMPLETED and await run.wait() == State.COMPLETED

    rig.run(main())


def test_time_outs() -> None:
    rig = XrtRig(VADD)

    async def main() -> None:
        _, run = await vadd(rig)
        rig.card.units[0].hang = True
        await run.start()
        before = rig.clock.now_ns()
        assert await run.wait(5) == State.TIMEOUT
        assert await run.wait2(5) is False
        assert 10 * MS <= rig.clock.now_ns() - before < 11 * MS
        rig.card.units[0].hang = False
        assert await run.wait2(5) is True

    rig.run(main())


def test_wait2_raises_when_the_run_failed() -> None:
    rig = XrtRig(VADD)

    async def main() -> None:
        _, run = await vadd(rig, HOST)
        rig.card.units[0].hang = True
        await run.start()
        run._command._pages()[:4] = (int(State.ERROR)).to_bytes(4, "little")
        with pytest.raises(CommandError, match="ERROR") as caught:
            await run.wait2(1)
        assert caught.value.state == State.ERROR and caught.value.errno == errno.EIO

    rig.run(main())


def test_callbacks() -> None:
    rig = XrtRig(VADD)
    told: list[tuple[str, State]] = []

    async def main() -> None:
        _, run = await vadd(rig)
        with raises(errno.EINVAL, "COMPLETED only"):
            run.add_callback(State.ERROR, lambda *_: None)
        await run.start()
        with raises(errno.ENOTSUP, "running"):
            run.add_callback(State.COMPLETED, lambda *_: None)
        await run.wait()
        run.add_callback(State.COMPLETED, lambda who, state: told.append(("one", state)))
        assert told == [("one", State.COMPLETED)], "an ended run calls at once"
        await run.start()
        run.add_callback(State.COMPLETED, lambda who, state: told.append((str(who is run), state)))
        await run.wait()
        await rig.clock.sleep_ns(1)
        assert told[1:] == [("one", State.COMPLETED), ("True", State.COMPLETED)]
        await run.start()
        await rig.clock.sleep_ns(SECOND)  # nobody waits
        assert len(told) == 5

    rig.run(main())


def test_a_callback_that_fails_stops_nobody_else() -> None:
    rig = XrtRig(VADD)

    async def main() -> None:
        device, run = await vadd(rig)

        def fails(*_: object) -> None:
            raise RuntimeError("mine")

        run.add_callback(State.COMPLETED, fails)
        await run.start()
        await run.wait()
        await run.start()
        assert await run.wait(1000) == State.COMPLETED
        del device

    with pytest.raises(RuntimeError, match="mine"):
        rig.run(main())


def test_abort_needs_host_scheduling() -> None:
    rig = XrtRig(VADD)

    async def main() -> None:
        _, run = await vadd(rig)
        await run.start()
        with raises(errno.EINVAL):
            await run.abort()
        await run.wait()
        assert await run.abort() == State.COMPLETED

    rig.run(main())


def test_a_queue_keeps_the_order() -> None:
    rig = XrtRig(VADD)
    order: list[str] = []

    async def main() -> None:
        clock = rig.clock

        async def work(name: str, ns: int) -> str:
            await clock.sleep_ns(ns)
            order.append(name)
            return name

        async def fails() -> None:
            raise fail_with

        fail_with = OSError(errno.EIO, "no")
        one, two = Queue(clock), Queue(clock)
        first = one.enqueue(lambda: work("a", 300))
        bad = one.enqueue(fails)
        second = one.enqueue(lambda: work("b", 100))
        early = two.enqueue(lambda: work("c", 50))
        two.after(second)
        two.after(bad)
        last = two.enqueue(lambda: work("d", 1))
        assert await last.wait() == "d" and first.done and second.done and early.done
        assert order == ["c", "a", "b", "d"]
        assert await first.wait() == "a"
        with raises(errno.EIO):
            await bad.wait()
        assert await one.enqueue(lambda: work("e", 1)).wait() == "e"

    rig.run(main())


def test_runs_in_a_queue() -> None:
    rig = XrtRig(VADD)

    async def main() -> None:
        device, run = await vadd(rig)
        queue = Queue(rig.clock)

        async def once() -> State:
            await run.start()
            return await run.wait()

        ends = [queue.enqueue(once) for _ in range(4)]
        assert [await end.wait() for end in ends] == [State.COMPLETED] * 4
        assert rig.card.units[0].runs == 4
        del device

    rig.run(main())
