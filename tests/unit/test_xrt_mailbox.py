# SPDX-License-Identifier: Apache-2.0
"""Mailbox and counted auto-restart, every rule of XRT compute unit contract §3, in virtual time."""

from __future__ import annotations

import errno

import pytest

from pydriver import ert
from pydriver.ert import Header, State
from pydriver.xclbin.metadata import MailboxType
from pydriver.xocl import KdsFlags
from pydriver.xrt import AccessMode, Autostart, Kernel, Mailbox, Quirk, RuntimeOptions
from tests.models.mailbox_unit import BUSY, COUNTER, FOREVER, INPUT_CTRL, OUTPUT_CTRL, SYNC, ProbeMailbox
from tests.unit.rig import SECOND, raises
from tests.unit.xrt_rig import HOST, PROBE, PROBE_ARGS, VADD, Spec, XrtRig

US = 1_000
SLOW_US = 100
BOTH_SCHEDULERS = pytest.mark.parametrize("flags", [None, HOST], ids=["ert", "host"])
WORDS = list(range(100, 116))


class Slow(ProbeMailbox):
    """An execution takes 100 us, long enough for the host to do something in the middle."""

    def duration(self, unit: object, args: object) -> int:
        return SLOW_US * US


def tokens(unit: object) -> list[int]:
    return [execution.inputs.get(ProbeMailbox.TOKEN, 0) for execution in unit.executions]  # type: ignore[attr-defined]


@BOTH_SCHEDULERS
def test_arguments_go_through_the_mailbox_and_results_come_back(flags: KdsFlags | None) -> None:
    rig = XrtRig()

    async def main() -> None:
        _, unit, run, mailbox = await rig.probe(flags)
        run.set_arg("token", 7)
        run.set_arg("in", ert.to_bytes(WORDS))
        await mailbox.read()
        await run.start()
        assert await run.wait(1000) == State.COMPLETED
        assert unit.runs == 1 and tokens(unit) == [7]
        assert await mailbox.get_int("runs") == 1
        assert await mailbox.get_int(5) == 7
        out = ert.to_words(await mailbox.get_arg("out"))
        assert out == [word + 7 + 1 for word in WORDS]

    rig.run(main())


def test_start_lets_the_scheduler_write_control_words_only() -> None:
    rig = XrtRig()

    async def main() -> None:
        _, unit, run, _ = await rig.probe(HOST)
        run.set_arg("token", 7)
        unit.trace = []
        await run.start()
        header = Header.unpack(int.from_bytes(run.get_ert_packet()[:4], "little"))
        assert header.count == 1 + 4
        assert await run.wait(1000) == State.COMPLETED
        writes = [(offset, value) for kind, offset, value in unit.trace if kind == "W"]
        start = writes.index((0, 1))
        token = (ProbeMailbox.TOKEN, 7)
        assert writes[:start] == [(COUNTER, 0), (INPUT_CTRL, 0), token, (INPUT_CTRL, SYNC)]
        assert all(offset < COUNTER for offset, _ in writes[start:])

    rig.run(main())


def test_a_set_reaches_the_kernel_at_a_restart_and_whole() -> None:
    rig = XrtRig()

    async def main() -> None:
        _, unit, run, mailbox = await rig.probe()
        unit.plug = Slow()
        run.set_arg("token", 1)
        await run.start(Autostart())
        await rig.clock.sleep_ns(250 * US)
        await mailbox.set_arg("token", 2)
        await mailbox.set_arg("in", ert.to_bytes(WORDS))
        await rig.clock.sleep_ns(250 * US)
        assert set(tokens(unit)) == {1}, "the kernel saw what was not released yet"
        await mailbox.write()
        released = rig.clock.now_ns()
        await rig.clock.sleep_ns(250 * US)
        first = next(e for e in unit.executions if e.start_ns >= released - US)
        assert first.inputs[ProbeMailbox.TOKEN] == 2 and first.start_ns <= released + SLOW_US * US
        assert [first.inputs[ProbeMailbox.IN + 4 * i] for i in range(16)] == WORDS
        await run.stop()
        assert run.state() == State.COMPLETED
        assert tokens(unit) == sorted(tokens(unit))

    rig.run(main())


def test_write_while_the_last_set_waits_is_busy() -> None:
    rig = XrtRig()

    async def main() -> None:
        # CUDMA may start the unit before the host has looked once.
        _, unit, run, mailbox = await rig.probe(KdsFlags(cu_dma=False))
        unit.plug = Slow()
        await run.start(Autostart())
        with raises(errno.EBUSY, "busy"):
            await mailbox.write()  # what the start has released is not taken yet either
        await rig.clock.sleep_ns(SLOW_US * US // 2)
        await mailbox.write()
        with raises(errno.EBUSY, "busy"):
            await mailbox.write()
        await rig.clock.sleep_ns(2 * SLOW_US * US)
        await mailbox.write()
        await run.stop()

    rig.run(main())


def test_set_arg_waits_until_the_last_set_is_taken() -> None:
    rig = XrtRig()

    async def main() -> None:
        _, unit, run, mailbox = await rig.probe()
        unit.plug = Slow()
        run.set_arg("token", 1)
        await run.start(Autostart())
        for token in range(2, 8):
            await mailbox.set_arg("token", token)
            assert unit.pending is None
            await mailbox.write()
        await run.stop()
        assert sorted(set(tokens(unit))) == list(range(1, 8)), "a set was lost"

    rig.run(main())


def test_read_asks_once_and_get_arg_waits() -> None:
    rig = XrtRig()

    async def main() -> None:
        _, unit, run, mailbox = await rig.probe()
        unit.plug = Slow()
        await run.start(Autostart())
        await rig.clock.sleep_ns(1050 * US)
        await mailbox.read()
        with raises(errno.EBUSY, "busy"):
            await mailbox.read()
        before = rig.clock.now_ns()
        runs = await mailbox.get_int("runs")
        assert 0 < rig.clock.now_ns() - before < SLOW_US * US
        await rig.clock.sleep_ns(500 * US)
        assert await mailbox.get_int("runs") == runs, "the host's copy changed without being asked for"
        await mailbox.read()
        assert await mailbox.get_int("runs") >= runs + 5
        await run.stop()

    rig.run(main())


def test_outputs_that_never_come() -> None:
    rig = XrtRig()

    async def main() -> None:
        _, unit, run, mailbox = await rig.probe()
        await run.start()
        await run.wait()
        await mailbox.read()
        for _ in range(2):
            with raises(errno.EAGAIN, "never come"):
                await mailbox.get_arg("runs")
        await run.start()
        assert await mailbox.get_int("runs") == 2
        assert await run.wait() == State.COMPLETED
        assert unit.runs == 2

    rig.run(main())


@pytest.mark.parametrize("word", ["in", "out"])
def test_a_mailbox_of_one_direction(word: str) -> None:
    one_way = Spec("probe_mailbox", PROBE_ARGS, (2,), f'mailbox="{word}" countedAutoRestart="1"')
    rig = XrtRig(one_way)

    async def main() -> None:
        _, _, run, mailbox = await rig.probe()
        if word == "in":
            await mailbox.write()
            with raises(errno.EPERM, "write-only"):
                await mailbox.read()
            with raises(errno.EPERM, "write-only"):
                await mailbox.get_arg("runs")
        else:
            await mailbox.read()
            with raises(errno.EPERM, "read-only"):
                await mailbox.write()
            with raises(errno.EPERM, "read-only"):
                await run.start()
            assert run.state() == State.NEW

    rig.run(main())


@BOTH_SCHEDULERS
def test_counted_start_is_one_completion(flags: KdsFlags | None) -> None:
    rig = XrtRig()

    async def main() -> None:
        _, unit, run, _ = await rig.probe(flags)
        await run.start(Autostart(5))
        assert await run.wait(1000) == State.COMPLETED
        assert len(unit.executions) == 5 and unit.counter == 0
        await run.start()
        assert await run.wait(1000) == State.COMPLETED
        assert len(unit.executions) == 6

    rig.run(main())


@BOTH_SCHEDULERS
def test_endless_start_and_stop(flags: KdsFlags | None) -> None:
    rig = XrtRig()

    async def main() -> None:
        _, unit, run, _ = await rig.probe(flags)
        unit.plug = Slow()
        await run.start(Autostart())
        assert unit.counter == FOREVER
        assert await run.wait(20) == State.TIMEOUT
        begun = len(unit.executions)
        assert begun > 150
        before = rig.clock.now_ns()
        await run.stop()
        assert rig.clock.now_ns() - before < 3 * SLOW_US * US
        assert len(unit.executions) <= begun + 2 and not unit.under_way
        assert run.state() == State.COMPLETED
        await run.start()
        assert await run.wait(1000) == State.COMPLETED

    rig.run(main())


def test_what_was_written_is_taken_before_the_stop() -> None:
    rig = XrtRig()

    async def main() -> None:
        _, unit, run, mailbox = await rig.probe()
        unit.plug = Slow()
        run.set_arg("token", 1)
        await run.start(Autostart())
        await mailbox.set_arg("token", 2)
        await mailbox.write()
        await run.stop()
        assert tokens(unit)[-1] == 2

    rig.run(main())


def test_start_rules() -> None:
    plain = Spec("probe_mailbox", PROBE_ARGS, (2,), 'mailbox="inout"')
    rig = XrtRig(VADD, plain)

    async def main() -> None:
        device, unit, run, mailbox = await rig.probe()
        with raises(errno.ENOSYS, "counter"):
            await run.start(Autostart(3))
        with raises(errno.ENOSYS):
            await run.stop()
        vadd = (await Kernel.open(device, device.driver.bitstream.uuid, "vadd:{vadd_1}")).run()
        with raises(errno.ENOSYS):
            vadd.start(Autostart())
        with raises(errno.EINVAL, "no mailbox"):
            Mailbox(vadd)
        unit.plug = Slow()
        await run.start()
        with raises(errno.EBUSY, "not ended"):
            await run.start()
        await run.wait()
        await mailbox.write()
        with raises(errno.EBUSY, "busy"):
            await run.start()
        await mailbox.set_arg("token", 4)  # takes back what nobody will read
        await run.start()
        assert await run.wait() == State.COMPLETED
        assert tokens(unit)[-1] == 4

    rig.run(main())


def test_more_than_one_unit_is_too_many() -> None:
    rig = XrtRig(
        Spec("probe_mailbox", PROBE_ARGS, (2, 3), 'mailbox="true"'),
        Spec("vadd", VADD.args, (0, 1), 'countedAutoRestart="2"'),
    )

    async def main() -> None:
        rig.plug(ProbeMailbox(), 2)
        rig.plug(ProbeMailbox(), 3)
        device, uuid = await rig.device()
        both = await Kernel.open(device, uuid, "probe_mailbox")
        with raises(errno.EOVERFLOW, "one compute unit"):
            both.run()
        with raises(errno.ENOTSUP, "await"):
            both()
        counted = (await Kernel.open(device, uuid, "vadd")).run()
        with raises(errno.EOVERFLOW, "one compute unit"):
            counted.start(Autostart())
        with raises(errno.EOVERFLOW):
            await counted.stop()
        await both.close()
        one = await Kernel.open(device, uuid, "probe_mailbox:{probe_mailbox_2}")
        await one.run().start()

    rig.run(main())


def test_units_with_a_mailbox_or_a_counter_are_opened_exclusively() -> None:
    counted = Spec("vadd", VADD.args, (0,), 'countedAutoRestart="1"')
    rig = XrtRig(counted, PROBE)

    async def main() -> None:
        device, _, _, _ = await rig.probe()
        uuid = device.driver.bitstream.uuid
        await Kernel.open(device, uuid, "vadd", AccessMode.SHARED)
        assert [cu.exclusive for cu in device.driver.kds.cus] == [True, True]
        with raises(errno.EINVAL, "exclusive"):
            await Kernel.open(type(device).attach(device.driver), uuid, "probe_mailbox")

    rig.run(main())


def test_a_counter_that_somebody_left_behind() -> None:
    rig = XrtRig()

    async def main() -> None:
        _, unit, run, _ = await rig.probe()
        unit.write32(COUNTER, FOREVER)
        await run.start()
        assert await run.wait(1) == State.COMPLETED
        assert len(unit.executions) == 1

    rig.run(main())


def test_closing_gives_both_halves_back() -> None:
    rig = XrtRig()

    async def main() -> None:
        device, unit, run, mailbox = await rig.probe()
        unit.plug = Slow()
        kernel = run._kernel
        await run.start(Autostart(3))
        await mailbox.set_arg("token", 9)
        await mailbox.write()
        await mailbox.read()
        assert unit.released and unit.requested
        await mailbox.close()
        assert not unit.released and not unit.requested and not unit.request_waits
        assert 9 in tokens(unit), "closing threw away what was written"
        await run.wait()
        await mailbox.write()
        await kernel.close()
        assert not unit.released and unit.pending is None
        assert device.driver.bitstream.references == 0

    rig.run(main())


def test_xrt_ini_can_name_the_kernels() -> None:
    rig = XrtRig(Spec("probe_mailbox", PROBE_ARGS, (2,)))
    runtime = RuntimeOptions(
        mailbox_kernels="/x/probe_mailbox/", auto_restart_kernels="/probe_mailbox/other/"
    )

    async def main() -> None:
        _, unit, run, _ = await rig.probe(runtime=runtime)
        await run.start(Autostart(3))
        assert await run.wait() == State.COMPLETED
        assert len(unit.executions) == 3

    rig.run(main())


# --- what the real library gets wrong ------------------------------------------------------------------


async def overwrite(rig: XrtRig, runtime: RuntimeOptions | None) -> list[int]:
    """Start, and set the next arguments at once, before the kernel could take the first ones' successors."""
    _, unit, run, mailbox = await rig.probe(runtime=runtime)
    unit.plug = Slow()
    run.set_arg("token", 1)
    await run.start(Autostart())
    await rig.clock.sleep_ns(SLOW_US * US // 2)
    for token in (2, 3, 4):
        await mailbox.set_arg("token", token)
        await mailbox.write()
    await rig.clock.sleep_ns(3 * SLOW_US * US)
    await run.stop()
    return sorted(set(tokens(unit)))


def test_quirk_stale_busy_loses_sets() -> None:
    rig = XrtRig()
    assert rig.run(overwrite(rig, None)) == [1, 2, 3, 4]
    rig = XrtRig()
    quirks = RuntimeOptions(quirks=frozenset({Quirk.STALE_BUSY}))
    assert rig.run(overwrite(rig, quirks)) == [1, 4]


def test_quirk_stale_busy_looks_again_after_an_error() -> None:
    """The flag is read by write, so after a write that failed the loop does wait."""
    rig = XrtRig()

    async def main() -> None:
        runtime = RuntimeOptions(quirks=frozenset({Quirk.STALE_BUSY}))
        _, unit, run, mailbox = await rig.probe(runtime=runtime)
        unit.plug = Slow()
        await run.start(Autostart())
        await rig.clock.sleep_ns(SLOW_US * US // 2)
        await mailbox.write()
        with raises(errno.EBUSY):
            await mailbox.write()
        await mailbox.set_arg("token", 5)
        assert unit.pending is None and not unit.released
        taken = [e.start_ns for e in unit.executions][-1]
        assert taken > 0
        await run.stop()

    rig.run(main())


COUNTED_ARGS = (*[arg for arg in PROBE_ARGS if arg.size == 4][:3],)
COUNTED = Spec("counted", COUNTED_ARGS, (2,), 'countedAutoRestart="1"')


class Counted(Slow):
    """The same without a mailbox."""

    mailbox = MailboxType.NONE


@pytest.mark.parametrize("quirk", [False, True])
def test_quirk_stop_of_a_counted_kernel_without_mailbox(quirk: bool) -> None:
    rig = XrtRig(COUNTED)
    quirks = frozenset({Quirk.COUNTER_IN_PACKET}) if quirk else frozenset()

    async def main() -> None:
        unit = rig.plug(Counted())
        device, uuid = await rig.device(runtime=RuntimeOptions(quirks=quirks))
        run = (await Kernel.open(device, uuid, "counted")).run()
        run.set_arg("token", 3)
        await run.start(Autostart())
        assert int.from_bytes(run.get_ert_packet()[8 + COUNTER : 12 + COUNTER], "little") == FOREVER
        await rig.clock.sleep_ns(2000 * US)
        assert unit.counter == FOREVER and set(tokens(unit)) == {3}
        stop = rig.clock.spawn(run.stop())
        await rig.clock.sleep_ns(SECOND // 100)
        assert stop.done() is not quirk
        assert unit.counter == (FOREVER if quirk else 0)
        assert run._regmap[COUNTER : COUNTER + 4] == bytes(4)
        if quirk:
            unit.write32(COUNTER, 0)
            await rig.clock.sleep_ns(SECOND // 100)
            assert stop.done()
        await run.start(Autostart(4))
        assert await run.wait(1000) == State.COMPLETED
        before = len(unit.executions)
        await run.start()
        assert await run.wait(1000) == State.COMPLETED
        assert len(unit.executions) == before + 1

    rig.run(main())


def test_request_waits_bit_and_sync_bits() -> None:
    rig = XrtRig()

    async def main() -> None:
        _, unit, _, mailbox = await rig.probe()
        await mailbox.read()
        assert unit.read32(OUTPUT_CTRL) == SYNC | BUSY
        await mailbox.write()
        assert unit.read32(INPUT_CTRL) == SYNC | BUSY
        await mailbox.set_arg("token", 1)
        assert unit.read32(INPUT_CTRL) == 0

    rig.run(main())


def test_a_kernel_that_hangs_does_not_keep_its_mailbox_open() -> None:
    """It has as long to take the last set as the driver gives its command; then all is given back."""
    rig = XrtRig()

    async def main() -> None:
        unit = rig.plug(ProbeMailbox())
        device, uuid = await rig.device(HOST)
        kernel = await Kernel.open(device, uuid, "probe_mailbox")
        run = kernel.run()
        unit.hang = True
        await run.start(Autostart())
        await rig.clock.sleep_ns(SECOND // 1000)
        await Mailbox(run).set_arg("token", 2)
        await Mailbox(run).write()
        begin = rig.clock.now_ns()
        await kernel.close()
        assert 5 * SECOND <= rig.clock.now_ns() - begin < 12 * SECOND
        assert run.state() == State.TIMEOUT and not device.client.has_context

    rig.run(main(), 60)


@pytest.mark.parametrize("iterations", [-1, 1 << 32])
def test_numbers_of_restarts_that_no_counter_holds(iterations: int) -> None:
    rig = XrtRig()

    async def main() -> None:
        _, _, run, _ = await rig.probe(HOST)
        with raises(errno.EINVAL, "restarts"):
            await run.start(Autostart(iterations))

    rig.run(main())
