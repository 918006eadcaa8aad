# SPDX-License-Identifier: Apache-2.0
"""Register sequences of units with the HLS control block (XRT compute unit contract §1.1, §1.2)."""

from __future__ import annotations

import errno

import pytest

from pydriver import ert
from pydriver.ert import State
from pydriver.xocl.cu.hls import RESET_POLL_NS, RESET_POLLS, HlsUnit, Progress, register_writes
from tests.models.units import (
    AP_CONTINUE,
    AP_DONE,
    AP_READY,
    AP_START,
    CTRL,
    GIE,
    IER,
    ISR,
    Probe,
    ProbeChain,
)
from tests.models.units import SW_RESET as SOFTWARE_RESET
from tests.unit.cu_rig import CuRig
from tests.unit.raising import raises


def unit_of(rig: CuRig, index: int = 0) -> HlsUnit:
    return HlsUnit(rig.clock, rig.bar, rig.cus[index])


def key_values(token: int, delay: int = 0, hang: int = 0) -> bytes:
    return ert.start_key_val(1, [(Probe.CONTROL, hang), (Probe.DELAY, delay), (Probe.TOKEN, token)])


def test_register_map_starts_behind_the_control_words() -> None:
    packet = ert.start_kernel(1, [7, 7, 7, 7, 0xA, 0xB])
    assert register_writes(packet) == [(0x10, 0xA), (0x14, 0xB)]
    masked = ert.start_kernel(1, [7, 7, 7, 7, 0xA], extra_masks=[0, 0])
    assert register_writes(masked) == [(0x10, 0xA)]


def test_pairs_are_written_as_they_are() -> None:
    assert register_writes(ert.start_key_val(1, [(0x20, 5), (0x10, 6)])) == [(0x20, 5), (0x10, 6)]
    assert register_writes(ert.exec_write(1, [(0x34, 9)])) == [(0x34, 9)]


@pytest.mark.parametrize("offset", [0x10000, 0x12, 0xFFFF_FFFC])
def test_an_offset_outside_the_unit_is_refused(offset: int) -> None:
    with raises(errno.EINVAL, "no register"):
        register_writes(ert.start_key_val(1, [(offset, 1)]))


def test_hs_start_check_done() -> None:
    rig = CuRig([Probe()])

    async def main() -> None:
        unit = unit_of(rig)
        assert await unit.check() == Progress() and not rig.log, "nothing is out, so nobody looks"
        await unit.start(key_values(5, delay=1000))
        assert rig.accesses(0) == [
            ("W", Probe.CONTROL, 0),
            ("W", Probe.DELAY, 1000),
            ("W", Probe.TOKEN, 5),
            ("W", CTRL, AP_START),
        ]
        rig.log.clear()
        assert await unit.check() == Progress()
        assert rig.accesses(0) == [("R", CTRL, AP_START)]
        await rig.clock.sleep_ns(10_000)
        rig.log.clear()
        assert await unit.check() == Progress(1, 1)
        assert [(kind, at) for kind, at, _ in rig.accesses(0)] == [("R", CTRL)]
        assert rig.accesses(0)[0][2] & AP_DONE and rig.cus[0].status == rig.accesses(0)[0][2]
        assert await unit.check() == Progress()

    rig.run(main())
    assert rig.tokens(0) == [5]


def test_chain_is_ready_before_it_is_done() -> None:
    rig = CuRig([ProbeChain()])
    rig.card.units[0].run_ns, rig.card.units[0].ready_ns = 20_000, 5_000

    async def main() -> None:
        unit = unit_of(rig)
        unit.credits -= 1
        await unit.start(key_values(1))
        assert await unit.check() == Progress(0, 0)
        await rig.clock.sleep_ns(5_000)
        assert await unit.check() == Progress(0, 1)
        unit.credits += 1
        rig.log.clear()
        assert await unit.check() == Progress(0, 0)
        assert [entry[:2] for entry in rig.accesses(0)] == [("R", CTRL)], "done is still expected"
        await rig.clock.sleep_ns(20_000)
        rig.log.clear()
        assert await unit.check() == Progress(1, 0)
        assert [entry[:2] for entry in rig.accesses(0)] == [("R", CTRL), ("W", CTRL)]
        assert rig.accesses(0)[1][2] == AP_CONTINUE
        assert await unit.check() == Progress()

    rig.run(main())
    assert not rig.card.units[0].done


def test_interrupt_enable_and_disable() -> None:
    rig = CuRig([Probe()])

    async def main() -> None:
        unit = unit_of(rig)
        await unit.enable_interrupt()
        assert rig.accesses(0) == [("W", GIE, 1), ("W", IER, 3)]
        rig.log.clear()
        await unit.disable_interrupt()
        assert rig.accesses(0) == [("R", IER, 3), ("W", GIE, 0), ("W", IER, 0)]

    rig.run(main())


def test_hs_interrupt_handler_leaves_ctrl_alone() -> None:
    rig = CuRig([Probe()])

    async def main() -> None:
        unit = unit_of(rig)
        await unit.enable_interrupt()
        await unit.start(key_values(1))
        await rig.clock.sleep_ns(10_000)
        rig.log.clear()
        await unit.clear_interrupt()
        assert rig.accesses(0) == [("R", ISR, 3), ("W", ISR, 3)]
        assert rig.card.units[0].isr == 0 and rig.card.cu_interrupts.lines == 0
        assert await unit.check() == Progress(1, 1), "done is still there for the worker"

    rig.run(main())


def test_a_spurious_interrupt_makes_none() -> None:
    rig = CuRig([Probe(), ProbeChain()])

    async def main() -> None:
        for index in (0, 1):
            unit = unit_of(rig, index)
            await unit.enable_interrupt()
            await unit.clear_interrupt()
            assert rig.card.units[index].isr == 0
            assert [value for kind, at, value in rig.accesses(index) if (kind, at) == ("W", ISR)] == [0]

    rig.run(main())


def test_chain_interrupt_handler_continues_before_it_acknowledges() -> None:
    rig = CuRig([ProbeChain()])

    async def main() -> None:
        unit = unit_of(rig)
        await unit.enable_interrupt()
        unit.credits -= 1
        await unit.start(key_values(1))
        await rig.clock.sleep_ns(10_000)
        rig.log.clear()
        await unit.clear_interrupt()
        kinds = [(kind, at, value) for kind, at, value in rig.accesses(0) if kind == "W"]
        assert kinds == [("W", CTRL, AP_CONTINUE), ("W", ISR, 3)]
        assert rig.card.units[0].isr == 0, "the level of done does not set it again"
        assert await unit.check() == Progress(1, 1), "counted by the handler, taken by the worker"
        unit.credits += 1
        assert await unit.check() == Progress()

    rig.run(main())


def test_isr_that_is_cleared_by_reading_works_too() -> None:
    rig = CuRig([ProbeChain(), Probe()])

    async def main() -> None:
        for index in (0, 1):
            rig.card.units[index].isr_clear_on_read = True
            unit = unit_of(rig, index)
            await unit.enable_interrupt()
            unit.credits -= 1
            await unit.start(key_values(1))
            await rig.clock.sleep_ns(10_000)
            await unit.clear_interrupt()
            # With AP_CTRL_CHAIN done is a level: one more look after continue ends it.
            await unit.clear_interrupt()
            assert rig.card.units[index].isr == 0
            assert (await unit.check()).done == 1

    rig.run(main())


@pytest.mark.parametrize("kernel", [Probe, ProbeChain])
def test_a_dead_unit_is_an_error(kernel: type[Probe]) -> None:
    rig = CuRig([kernel()])

    async def main() -> None:
        unit = unit_of(rig)
        unit.credits -= 1
        await unit.start(key_values(1))
        rig.card.gate.state = 0
        await unit.clear_interrupt()
        with raises(errno.EIO, "does not answer"):
            await unit.check()
        assert rig.cus[0].status == 0xFFFF_FFFF

    rig.run(main())


def test_an_interrupt_of_a_dead_unit_counts_nothing() -> None:
    rig = CuRig([ProbeChain()])

    async def main() -> None:
        unit = unit_of(rig)
        unit.credits -= 1
        await unit.start(key_values(1, hang=Probe.LOSE_DONE))
        rig.card.gate.state = 0
        await unit.clear_interrupt()
        rig.card.gate.state = 3
        assert await unit.check() == Progress(0, 1)

    rig.run(main())


def test_software_reset() -> None:
    rig = CuRig([Probe()])

    async def main() -> None:
        unit = unit_of(rig)
        unit.credits -= 1
        await unit.start(key_values(1, hang=1))
        await rig.clock.sleep_ns(50_000)
        rig.log.clear()
        begin = rig.clock.now_ns()
        assert await unit.reset()
        assert rig.accesses(0)[0] == ("W", CTRL, SOFTWARE_RESET)
        assert RESET_POLL_NS <= rig.clock.now_ns() - begin < 2 * RESET_POLL_NS
        assert unit.credits == 1
        rig.log.clear()
        assert await unit.check() == Progress() and not rig.log
        await unit.start(key_values(2))
        await rig.clock.sleep_ns(10_000)
        assert (await unit.check()).done == 1

    rig.run(main())
    assert rig.tokens(0) == [2]


def test_software_reset_has_ten_seconds() -> None:
    rig = CuRig([Probe()])
    rig.card.units[0].reset_stuck = True

    async def main() -> None:
        unit = unit_of(rig)
        begin = rig.clock.now_ns()
        assert not await unit.reset()
        assert rig.clock.now_ns() - begin >= RESET_POLLS * RESET_POLL_NS == 10_000_000_000

    rig.run(main())


def test_without_software_reset_ctrl_is_left_alone() -> None:
    rig = CuRig([Probe()])
    rig.cus[0].sw_reset = False

    async def main() -> None:
        assert not await unit_of(rig).reset()
        assert not rig.log

    rig.run(main())


def test_ready_bit_of_the_card_model_is_cleared_by_reading() -> None:
    rig = CuRig([Probe()])

    async def main() -> list[int]:
        unit = unit_of(rig)
        await unit.start(key_values(1))
        await rig.clock.sleep_ns(10_000)
        return [await rig.bar.read32(rig.cus[0].address) for _ in range(2)]

    first, second = rig.run(main())
    assert first & AP_READY and first & AP_DONE
    assert not second & (AP_READY | AP_DONE)


def test_command_state_is_not_touched_here() -> None:
    rig = CuRig([Probe()])

    async def main() -> None:
        await rig.up()
        command = rig.submit(0, 3)
        assert command.state == State.QUEUED
        assert await rig.until_over([command]) == [State.COMPLETED]

    rig.run(main())
