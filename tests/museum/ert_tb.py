# SPDX-License-Identifier: Apache-2.0
"""Historic defects of the embedded scheduler, on the card: real drivers, firmware and registers.

Each exhibit is powered on anew for the old behaviour, so that is a test of its own.
"""

from __future__ import annotations

from typing import Any

import cocotb
import pytest

from firmware_model import images
from firmware_model.core import Core
from firmware_model.ert import Options
from firmware_model.ert.v20 import SchedulerV20
from pydriver import ert
from pydriver.ert import FINAL_STATES, State
from pydriver.regs import cu_ctrl, ert_csr, user_bar
from pydriver.subdev.intc import GROUPS, Intc, Mode
from pydriver.xocl import KdsFlags
from pydriver.xocl import driver as driver_module
from pydriver.xocl.quirks import Quirk
from tb.processor import Identify
from tests.museum.exhibit import caught
from tests.system.rig import SECOND
from tests.system.work_rig import WorkRig, image, probe_packet

UNITS = ("probe", "vadd")
PROBE = 0
FAST_NS = 1


def runs(scheduler: type[SchedulerV20]) -> Identify:
    """This firmware runs, whatever image is loaded; it looks at its units all the time."""

    async def firmware(core: Core) -> None:
        running = scheduler(core, Options(poll_ns=FAST_NS))
        await running.setup()
        while True:
            await running.step()

    return lambda words: None if images.is_self_jump(words[0]) else firmware


# --- PR 1243 ---


class IdleIsDone(SchedulerV20):
    """Looks at a unit right after the engine was told of it, and takes one that is idle for done."""

    async def _poll(self) -> None:
        for index, cu in self.polled():
            control = await self.bus.read32(self.units[cu].addr)
            if control & (cu_ctrl.CTRL.AP_DONE.mask | cu_ctrl.CTRL.AP_IDLE.mask):
                self.units[cu].busy = False
                await self.complete(index)


async def completes_what_has_run(dut: Any, scheduler: type[SchedulerV20]) -> None:
    rig = await WorkRig.up(dut, runs(scheduler), cudma=True)
    device, uuid = await rig.device(image(*UNITS), KdsFlags(cu_dma=True))
    await device.client.open_context(uuid, PROBE)
    for token in range(1, 6):
        # A long register map keeps the engine busy for some microseconds.
        packet = probe_packet(PROBE, token, delay=100, words=range(100))
        assert await rig.run_all(device.client, [packet]) == [State.COMPLETED]
        assert (await rig.probe(PROBE)).runs == token, "completed before it has run"


@cocotb.test(timeout_time=1, timeout_unit="sec")
@cocotb.parametrize(old=[False, True])
async def pr_1243_polls_before_the_engine_has_ended(dut: Any, old: bool) -> None:
    if not old:
        await completes_what_has_run(dut, SchedulerV20)
        return
    with caught("before it has run"):
        await completes_what_has_run(dut, IdleIsDone)


# --- PR 2526 ---


async def unknown_commands_end(dut: Any, quirks: frozenset[Quirk]) -> None:
    rig = await WorkRig.up(dut, "v20", quirks=quirks)
    device, uuid = await rig.device(image(*UNITS))
    client = device.client
    await client.open_context(uuid, PROBE)
    # The firmware of this generation ignores it without a word.
    unknown = rig.send(client, ert.clk_calib())
    known = rig.send(client, ert.cu_stat())
    assert await rig.run_all(client, [probe_packet(PROBE, 1)]) == [State.COMPLETED]
    await rig.clock.sleep_ns(4 * SECOND)
    assert rig.state(unknown) in FINAL_STATES, "the host waits for ever"
    assert (rig.state(unknown), await rig.ended(client, known, 4)) == (State.TIMEOUT, State.TIMEOUT)


@cocotb.test(timeout_time=60, timeout_unit="sec")
@cocotb.parametrize(old=[False, True])
async def pr_2526_unknown_opcode(dut: Any, old: bool) -> None:
    if not old:
        await unknown_commands_end(dut, frozenset())
        return
    with caught("waits for ever"):
        await unknown_commands_end(dut, frozenset({Quirk.SPECIAL_FOR_EVER}))


# --- PR 3236 ---


async def the_queue_goes_on(dut: Any, intc: type[Intc]) -> None:
    """A slot ends that the driver does not wait for (it saw the end by itself); then one that it does."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(driver_module, "Intc", intc)
        rig = await WorkRig.up(dut)
    if intc is not Intc:
        rig.driver.intc.waits = lambda: rig.driver.ert.submitted  # type: ignore[attr-defined]
    device, uuid = await rig.device(image("probe_chain", "probe"))
    await device.client.open_context(uuid, 0)
    bar, slot = rig.user_function.bars[0], 5
    words = ert.slot_words(probe_packet(0, 1), 0)
    base = user_bar.ERT_CQ.base + slot * rig.driver.ert.slot_size
    await bar.write32s([(base + 4 * at, words[at]) for at in [*range(1, len(words)), 0]])
    await bar.write32(user_bar.ERT_CSR.base + ert_csr.CQ_STATUS0.offset, 1 << slot)
    await rig.clock.sleep_ns(50_000)
    handle = rig.send(device.client, probe_packet(0, 2))
    await rig.clock.sleep_ns(200_000)
    assert rig.state(handle) == State.COMPLETED, "the queue stands still"


class LooksWhenItWaits(Intc):
    """The interrupt wakes the scheduler, which reads STATUS only while commands are out."""

    async def _handle_blanked(self, mode: Mode, index: int) -> None:
        if self.waits():  # type: ignore[attr-defined]
            await super()._handle_blanked(mode, index)


@cocotb.test(timeout_time=1, timeout_unit="sec")
@cocotb.parametrize(old=[False, True])
async def pr_3236_interrupt_is_never_acknowledged(dut: Any, old: bool) -> None:
    if not old:
        await the_queue_goes_on(dut, Intc)
        return
    with caught("stands still"):
        await the_queue_goes_on(dut, LooksWhenItWaits)


# --- PR 3889 ---


class AlwaysInterrupts(SchedulerV20):
    """The firmware of that time: the interrupts are on whatever the host asked for."""

    async def setup(self) -> None:
        self.host_interrupt = True
        await super().setup()


async def polling_sees_every_completion(dut: Any, on_by_default: bool) -> None:
    """`on_by_default`: the driver's interrupts are on although nobody asked for one."""
    rig = await WorkRig.up(dut, runs(AlwaysInterrupts), polling=True)
    device, uuid = await rig.device(image(*UNITS))
    if on_by_default:
        for index in range(GROUPS):
            rig.driver.intc._groups[Mode.ERT][index].enabled = 1
            await rig.driver.irqs.enable(index)
    await device.client.open_context(uuid, PROBE)
    handles = [rig.send(device.client, probe_packet(PROBE, token)) for token in range(20)]
    await rig.clock.sleep_ns(300_000)
    assert (await rig.probe(PROBE)).runs == len(handles)
    assert all(rig.state(handle) == State.COMPLETED for handle in handles), "completions are missing"


@cocotb.test(timeout_time=1, timeout_unit="sec")
@cocotb.parametrize(old=[False, True])
async def pr_3889_status_has_two_readers(dut: Any, old: bool) -> None:
    if not old:
        await polling_sees_every_completion(dut, on_by_default=False)
        return
    with caught("completions are missing"):
        await polling_sees_every_completion(dut, on_by_default=True)
