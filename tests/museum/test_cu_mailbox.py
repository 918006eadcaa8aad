# SPDX-License-Identifier: Apache-2.0
"""Historic defects of kernels that never stop and of their mailbox: host API on the model of the card."""

from __future__ import annotations

import pytest

from pydriver.xrt import Autostart, Quirk, RuntimeOptions
from pydriver.xrt.mailbox_port import Half
from tests.models.mailbox_unit import MailboxUnit, ProbeMailbox
from tests.models.units import Arguments, Unit
from tests.museum.exhibit import caught
from tests.unit.xrt_rig import XrtRig

US = 1_000
EXECUTION_NS = 50 * US
UPDATES = range(2, 12)


class Steady(ProbeMailbox):
    """Every execution takes 50 us."""

    def duration(self, unit: Unit, args: Arguments) -> int:
        return EXECUTION_NS


def seen(unit: MailboxUnit, offset: int) -> list[int]:
    """What the executions found in an argument, in order."""
    return [execution.inputs.get(offset, 0) for execution in unit.executions]


# --- PR 6486, 6625 ---


def no_update_is_lost(runtime: RuntimeOptions | None) -> None:
    rig = XrtRig()

    async def main() -> None:
        _, unit, run, mailbox = await rig.probe(runtime=runtime)
        unit.plug = Steady()
        run.set_arg("token", 1)
        await run.start(Autostart())
        await rig.clock.sleep_ns(5 * EXECUTION_NS)
        for token in UPDATES:
            await mailbox.set_arg("token", token)
            await mailbox.write()
        await run.stop()
        lost = {1, *UPDATES} - set(seen(unit, ProbeMailbox.TOKEN))
        assert not lost, f"the kernel never saw the sets {sorted(lost)}"

    rig.run(main())


def test_pr_6486_6625_acknowledge_polled_without_an_initial_read() -> None:
    """https://github.com/Xilinx/XRT/pull/6486 and /6625: the auto-restart mailbox failed on hardware.

    The loop that waits for the kernel's acknowledge looked at a flag which nobody had read from the register
    since the release, so the host took the mailbox back before the kernel had used it. Here: every set of
    arguments that was written must be seen by an execution; old, most are not.
    """
    no_update_is_lost(None)
    with caught("never saw the sets"):
        no_update_is_lost(RuntimeOptions(quirks=frozenset({Quirk.STALE_BUSY})))


# --- PR 5513 ---


def two_arguments_in_lock_step(unit_class: type[MailboxUnit] = MailboxUnit) -> None:
    """One argument goes up while another one goes down, as in the example of that change."""
    rig = XrtRig()

    async def main() -> None:
        _, unit, run, mailbox = await rig.probe()
        rig.card.units[2] = unit = unit_class(rig.card, 2, Steady())
        total = 1000
        run.set_arg("token", 0)
        run.set_arg("delay", total)
        await run.start(Autostart())
        await rig.clock.sleep_ns(5 * EXECUTION_NS)
        for token in UPDATES:
            await mailbox.set_arg("token", token)
            await rig.clock.sleep_ns(2 * EXECUTION_NS)  # many restarts with half of the set written
            await mailbox.set_arg("delay", total - token)
            await mailbox.write()
            written = rig.clock.now_ns()
            await rig.clock.sleep_ns(3 * EXECUTION_NS)
            first = [e for e in unit.executions if e.inputs.get(ProbeMailbox.TOKEN) == token]
            late = not first or first[0].start_ns > written + EXECUTION_NS
            assert not late, f"set {token} did not reach the kernel at its next restart"
        sums = {a + b for a, b in zip(seen(unit, 0x24), seen(unit, 0x20), strict=True)}
        assert sums == {total}, f"an execution saw half of a set: {sums}"
        await run.stop()

    rig.run(main())


class Transparent(MailboxUnit):
    """The kernel reads the registers that the host writes."""

    def take_inputs(self) -> None:
        super().take_inputs()
        self.kernel_inputs = dict(self.registers)


def test_pr_5513_writes_of_a_mailbox_are_delayed_while_the_kernel_restarts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """https://github.com/Xilinx/XRT/pull/5513: the mailbox's writes reached a restarting kernel late.

    The kernel has to pick up all arguments of a set together, before its next start. Here: it does, in every
    execution and at the very next one. Old, once as a library that keeps the release back while the kernel
    runs, once as a unit without a copy of its own.
    """
    two_arguments_in_lock_step()
    with caught("saw half of a set"):
        two_arguments_in_lock_step(Transparent)
    release = Half.release

    async def late(self: Half) -> None:
        if self._running():
            self._port.clock.spawn(later(self), "late release")
        else:
            await release(self)

    async def later(self: Half) -> None:
        await self._port.clock.sleep_ns(4 * EXECUTION_NS)
        await release(self)

    monkeypatch.setattr(Half, "release", late)
    with caught("did not reach the kernel"):
        two_arguments_in_lock_step()
