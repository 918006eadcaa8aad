# SPDX-License-Identifier: Apache-2.0
"""Historic defects around the completion of compute units, with the host's scheduling in virtual time."""

from __future__ import annotations

import pytest

from pydriver.ert import State
from pydriver.regs import RegBlock, user_bar
from pydriver.subdev.intc import GROUPS, Intc, Mode
from pydriver.xocl.cu import host as host_module
from pydriver.xocl.cu.hls import CONTINUE, CTRL, DONE, ISR, START, HlsUnit, Progress
from pydriver.xocl.cu.host import HostCus, _Unit
from pydriver.xocl.ert_status import StatusWatch
from tests.models.ert_csr import HOST_INTERRUPT_ENABLE, Access
from tests.models.units import Probe, ProbeChain
from tests.museum.exhibit import caught
from tests.unit.cu_rig import TICK_NS, CuRig

# --- PR 6318 ---


def a_unit_without_interrupt_runs() -> None:
    rig = CuRig([Probe(), Probe()])
    rig.cus[1].interrupt = False

    async def main() -> None:
        await rig.up(interrupt=True)
        commands = [rig.submit(index, token) for token in range(5) for index in (0, 1)]
        states = await rig.until_over(commands, 20 * TICK_NS)
        assert states == [State.COMPLETED] * 10, "nobody serves the unit without interrupt"

    rig.run(main())


def test_pr_6318_cu_without_interrupt_gets_no_poller(monkeypatch: pytest.MonkeyPatch) -> None:
    """https://github.com/Xilinx/XRT/pull/6318: with interrupts on nobody polled units that have none.

    One polling thread for all units had replaced one per unit; it was started in polling mode only.
    """
    a_unit_without_interrupt_runs()
    wake = HostCus._wake

    def in_polling_mode_only(self: HostCus, unit: _Unit) -> None:
        if unit.task is not None or not self.interrupt:
            wake(self, unit)

    monkeypatch.setattr(HostCus, "_wake", in_polling_mode_only)
    with caught("nobody serves the unit"):
        a_unit_without_interrupt_runs()


# --- PR 6641 ---


def runs_without_waiting_for_the_timer() -> None:
    """Interrupts, not ticks, bring the commands on."""
    rig = CuRig([Probe()])

    async def main() -> None:
        await rig.up(interrupt=True)
        begin = rig.clock.now_ns()
        # Later than the look right after the start, so that only the interrupt tells of the end.
        commands = [rig.submit(0, token, delay=2_000) for token in range(10)]
        states = await rig.until_over(commands, 50 * TICK_NS)
        assert states == [State.COMPLETED] * 10, f"{rig.tokens(0)} ran, their commands did not end"
        assert rig.clock.now_ns() - begin < TICK_NS, "by the timer, not by interrupts"

    rig.run(main())


class HandlerReadsControl(HlsUnit):
    """The interrupt handler looks at CTRL whatever the protocol, and leaves it at that."""

    async def clear_interrupt(self) -> None:
        await self._read(CTRL)
        await super().clear_interrupt()


def test_pr_6641_ap_done_consumed_in_the_handler(monkeypatch: pytest.MonkeyPatch) -> None:
    """https://github.com/Xilinx/XRT/pull/6641: commands were not completed when interrupts were used.

    The handler read the control register, which clears AP_DONE (AP_CTRL_HS); the thread never saw it.
    """
    runs_without_waiting_for_the_timer()
    monkeypatch.setattr(host_module, "HlsUnit", HandlerReadsControl)
    with caught("their commands did not end"):
        runs_without_waiting_for_the_timer()


# --- PR 7187 ---


def chained_runs_are_not_lost() -> None:
    for ready_ns in (500, 3_000, 40_000):
        rig = CuRig([ProbeChain()])
        rig.card.units[0].run_ns, rig.card.units[0].ready_ns = 80_000, ready_ns

        async def main(rig: CuRig = rig) -> None:
            await rig.up(interrupt=True)
            commands = [rig.submit(0, token) for token in range(12)]
            await rig.until_over(commands, 20 * TICK_NS)
            assert rig.card.units[0].lost_starts == 0, "a run was started over another"
            assert [command.state for command in commands] == [State.COMPLETED] * 12

        rig.run(main())


class HandlerCounts(HlsUnit):
    """The handler counts ready and done beside the thread, which does so too."""

    ready = 0

    async def clear_interrupt(self) -> None:
        status = await self._read(ISR)
        if status & 2:
            self.ready += 1
        if status & 1 and await self._read(CTRL) & DONE:
            self._done += 1
            await self._write(CTRL, CONTINUE)
        await self._write(ISR, status)

    async def _check_chain(self) -> Progress:
        done, ready = self._done, self.ready
        self._done = self.ready = 0
        control = await self._control()
        if not ready and not self.credits and not control & START:
            ready = 1
        if control & DONE:
            done += 1
            await self._write(CTRL, CONTINUE)
        return Progress(done, ready)


def test_pr_7187_handler_and_thread_race(monkeypatch: pytest.MonkeyPatch) -> None:
    """https://github.com/Xilinx/XRT/pull/7187: the handler checked ready and done, as the thread does.

    Both count the same ready: the thread sees the start bit clear and starts the next run, then the handler
    counts the ready interrupt of the one before, and a third run is started over the second.
    """
    chained_runs_are_not_lost()
    monkeypatch.setattr(host_module, "HlsUnit", HandlerCounts)
    with caught("started over another"):
        chained_runs_are_not_lost()


# --- PR 3236 ---


def the_next_completion_arrives(intc: type[Intc], expected: set[int]) -> None:
    """The host sees by itself that slot 1 is done, then it waits for slot 2; `expected`: that."""
    rig = CuRig([ProbeChain()])

    async def main() -> None:
        await rig.irqs.setup()
        controller = intc(rig.clock, rig.bar, rig.irqs)
        await controller.start()

        async def done(bits: int) -> None:
            expected.difference_update(slot for slot in range(32) if bits >> slot & 1)

        controller.request_status(0, done)
        await controller.enable(Mode.ERT, 0)
        rig.card.csr.storage[HOST_INTERRUPT_ENABLE] = 1
        expected.clear()
        for slot in (1, 2):
            expected.update({slot} - {1})
            rig.card.csr_cycle(Access(mb_write=(0, 1 << slot)))
            await rig.clock.sleep_ns(100_000)
        assert not expected, "the queue stands still"
        assert rig.card.csr.status[0] == 0

    rig.run(main())


def test_pr_3236_pending_interrupt_is_never_acknowledged() -> None:
    """https://github.com/Xilinx/XRT/pull/3236: AP_CTRL_CHAIN with ERT polling, the host ahead of ERT.

    The host had seen the end of a run by itself, so it did not look at the interrupt that came for it; STATUS
    stayed set, no other interrupt could come, and the queue stood still. The fix: look once more.
    """
    expected: set[int] = set()

    class LooksWhenItWaits(Intc):
        """The interrupt wakes the scheduler, which reads STATUS only while commands run."""

        async def _handle_blanked(self, mode: Mode, index: int) -> None:
            if expected:
                await self._look(mode, index)

    the_next_completion_arrives(Intc, expected)
    with caught("stands still"):
        the_next_completion_arrives(LooksWhenItWaits, expected)


# --- PR 3889 ---


def polling_sees_every_completion(intc: type[Intc]) -> None:
    rig = CuRig([Probe()])
    seen: list[int] = []

    async def main() -> None:
        await rig.irqs.setup()
        controller = intc(rig.clock, rig.bar, rig.irqs)
        await controller.start()
        csr = RegBlock(rig.bar, user_bar.ERT_CSR)

        def done(index: int, bits: int) -> None:
            seen.extend(32 * index + bit for bit in range(32) if bits >> bit & 1)

        watch = StatusWatch(rig.clock, csr, controller, done, lambda: True, poll_ns=5_000)
        await watch.start(polling=True)
        rig.card.csr.storage[HOST_INTERRUPT_ENABLE] = 1
        for slot in range(0, 128, 5):
            rig.card.csr_cycle(Access(mb_write=(4 * (slot // 32), 1 << slot % 32)))
            await rig.clock.sleep_ns(3_700)
        await rig.clock.sleep_ns(50_000)
        assert seen == list(range(0, 128, 5)), "completions are missing"

    rig.run(main())


class InterruptsOnByDefault(Intc):
    """The interrupts are on before anybody asks for one."""

    async def start(self) -> None:
        await super().start()
        for index in range(GROUPS):
            self._groups[Mode.ERT][index].enabled = 1
            await self._irqs.enable(index)


def test_pr_3889_status_read_by_handler_and_poller() -> None:
    """https://github.com/Xilinx/XRT/pull/3889: with ERT polling both handler and poller read STATUS.

    The register is cleared by a read, so each saw only some of the completions. The fix: MSI-X interrupts
    are not enabled by default.
    """
    polling_sees_every_completion(Intc)
    with caught("completions are missing"):
        polling_sees_every_completion(InterruptsOnByDefault)
