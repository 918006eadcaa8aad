# SPDX-License-Identifier: Apache-2.0
"""The embedded scheduler on the card: self tests, copies, chains, mailboxes, sleep and wake, hangs."""

from __future__ import annotations

import errno
from typing import Any

import cocotb

from pydriver import ert
from pydriver.ert import Opcode, State
from pydriver.regs import cu_ctrl, cu_probe
from pydriver.xocl import VIRTUAL_CU
from pydriver.xocl import client as client_module
from pydriver.xrt import Autostart, Ip, Kernel, Mailbox
from tb.cocotb_util import seeded_random
from tests.models import kernels
from tests.system.rig import CU, SECOND
from tests.system.work_host_tb import CHAIN, HS
from tests.system.work_rig import (
    DEMO_UNITS,
    READY_ONLY,
    WorkRig,
    buffers,
    content,
    image,
    probe_packet,
)

TAPS = [2, 7, 1, 8, 2, 8, 1, 8]
IP_UNITS = ("probe", "probe_chain", "probe_none")


@cocotb.test(timeout_time=1, timeout_unit="sec")
async def questions_copies_chains_and_mailboxes(dut: Any) -> None:
    rig = await WorkRig.up(dut, "v30")
    device, uuid = await rig.device(image(*DEMO_UNITS))
    assert rig.driver.kds.state.ert_on and rig.driver.kds.state.flags.dataflow, "a unit is chained"
    await questions(rig, device.client, uuid)
    await chained(rig, device, uuid)
    await mailbox(rig, device, uuid)
    await device.close()


async def questions(rig: WorkRig, client: Any, uuid: bytes) -> None:
    """What the second generation of the firmware answers, and what it says it has done."""
    for unit in (HS, CHAIN):
        await client.open_context(uuid, unit)
    packets = [probe_packet(unit, token) for token, unit in enumerate((HS, CHAIN, HS), 1)]
    assert await rig.run_all(client, packets) == [State.COMPLETED] * 3
    answers = rig.driver.ert.answers
    for packet in (ert.clk_calib(), ert.mb_validate(), ert.access_test_c(), ert.cu_stat()):
        handle = rig.send(client, packet)
        opcode = Opcode(ert.Header.unpack(int.from_bytes(packet[:4], "little")).opcode)
        assert await rig.ended(client, handle) == State.COMPLETED, opcode.name
        if opcode == Opcode.ACCESS_TEST_C:
            assert answers.data_integrity == 1
        if opcode == Opcode.MB_VALIDATE:
            cycles = (answers.cq_read_cnt, answers.cq_write_cnt, answers.cu_read_cnt, answers.cu_write_cnt)
            assert all(0 < count < 1000 for count in cycles), cycles
    stat = ert.parse_cu_stat(ert.to_words(rig.packet(handle)[:512]))
    assert stat.num_slots == len(rig.driver.ert._slots) and stat.num_cus == len(DEMO_UNITS)
    assert stat.executions == (2, 1, 0, 0) and not any(stat.running)


async def chained(rig: WorkRig, device: Any, uuid: bytes) -> None:
    """fir through the firmware, and a copy of its result by the KDMA while the scheduler is the firmware."""
    kernel = await Kernel.open(device, uuid, "fir")
    blocks = [[(1000 * block + n * n) & 0xFFFFFFFF for n in range(8 * (block + 3))] for block in range(4)]
    memory = [await buffers(device, kernel, [block, [0] * len(block)]) for block in blocks]
    runs = [kernel(*bos, len(data), kernels.pack(TAPS)) for bos, data in zip(memory, blocks, strict=True)]
    for run, bos, data in zip(runs, memory, blocks, strict=True):
        assert await run.wait(100) == State.COMPLETED
        assert await content(bos[1]) == kernels.fir(data, TAPS)
    await device.client.open_context(uuid, VIRTUAL_CU)
    source, target = memory[0][1], memory[3][0]
    await target.copy(source, 64)
    assert not rig.said("xrt", "host copy") and rig.driver.kds.state.ert_on
    assert (await content(target))[:16] == (await content(source))[:16]


async def mailbox(rig: WorkRig, device: Any, uuid: bytes) -> None:
    """Sets of arguments and results of a kernel that never stops are whole, whatever the moment."""
    rng = seeded_random("mailbox")
    kernel = await Kernel.open(device, uuid, "probe_mailbox")
    run = kernel.run()
    sets = {token: [rng.getrandbits(32) for _ in range(16)] for token in range(1, 6)}
    run.set_arg("control", 0)
    run.set_arg("delay", 50)
    run.set_arg("token", 1)
    run.set_arg("in", ert.to_bytes(sets[1]))
    await run.start(Autostart())
    box = Mailbox(run)
    last = 0
    for token, words in sets.items():
        if token > 1:
            await box.set_arg("token", token)
            await box.set_arg("in", ert.to_bytes(words))
            await box.write()
        await rig.clock.sleep_ns(rng.randrange(3000))
        await box.read()
        seen, runs = await box.get_int("last"), await box.get_int("runs")
        out = ert.to_words(await box.get_arg("out"))
        assert out == [(word + seen + runs) & 0xFFFFFFFF for word in sets[seen]]
        assert seen in (token - 1, token) and runs > last
        last = runs
    assert run.state() not in ert.FINAL_STATES
    await run.stop()
    assert run.state() == State.COMPLETED


@cocotb.test(timeout_time=20, timeout_unit="sec")
async def interrupts_of_units_for_two_processes(dut: Any) -> None:
    """The firmware goes to sleep for them, and comes back with the next image."""
    rig = await WorkRig.up(dut, "v30")
    first, uuid = await rig.device(image(*IP_UNITS))
    second = first.attach(rig.driver)
    names = ("probe:probe_1", "probe_chain:probe_chain_1")
    units = [await Ip.open(each, uuid, name) for each, name in zip((first, second), names, strict=True)]
    none = await Ip.open(second, uuid, "probe_none:probe_none_1")
    for name, code in (("Kernel", errno.ENOTSUP), ("interrupt", errno.EOPNOTSUPP)):
        try:
            if name == "Kernel":
                await Kernel.open(first, uuid, "probe_none")
            else:
                await none.create_interrupt_notify()
        except OSError as error:
            assert error.errno == code
        else:
            raise AssertionError(f"{name} of a unit without control registers")
    await none.write_register(cu_probe.TOKEN.offset, 77)
    assert await none.read_register(cu_probe.LAST.offset) == 77
    waits = [rig.clock.spawn(interrupts(rig, ip, chain=bool(index))) for index, ip in enumerate(units)]
    for task in waits:
        await task.join()
    assert await rig.config_gpio() == (True, False, True), "the firmware does not sleep"
    for ip in (*units, none):
        await ip.close()
    await first.close()
    await second.close()
    device, uuid = await rig.device(image(*DEMO_UNITS))
    assert rig.driver.kds.state.ert_on and await rig.config_gpio() == (False, True, False)
    await device.client.open_context(uuid, HS)
    assert await rig.run_all(device.client, [probe_packet(HS, 1)]) == [State.COMPLETED]
    await device.close()


async def interrupts(rig: WorkRig, ip: Ip, chain: bool) -> None:
    """Start the unit again and again, and sleep until it interrupts."""
    interrupt = await ip.create_interrupt_notify()
    await ip.write_register(cu_ctrl.GIE.offset, 1)
    await ip.write_register(cu_ctrl.IER.offset, 1)
    for token in range(1, 6):
        await ip.write_register(cu_probe.TOKEN.offset, token)
        await ip.write_register(cu_probe.DELAY.offset, 500 * token)
        await ip.write_register(cu_ctrl.CTRL.offset, 1)
        while not await ip.read_register(cu_ctrl.ISR.offset):
            assert await interrupt.wait(1), "no interrupt"
            await interrupt.enable()
        if chain:
            await ip.write_register(cu_ctrl.CTRL.offset, cu_ctrl.CTRL.AP_CONTINUE.mask)
        await ip.write_register(cu_ctrl.ISR.offset, 1)
        assert await ip.read_register(cu_probe.LAST.offset) == token
    assert await ip.read_register(cu_probe.RUNS.offset) == 5


@cocotb.test(timeout_time=30, timeout_unit="sec")
async def the_first_generation_does_not_wake_up(dut: Any) -> None:
    """Its EXIT is the end: host scheduling after the next image's 3 s, until it is loaded anew."""
    rig = await WorkRig.up(dut, "v20")
    device, uuid = await rig.device(image(*IP_UNITS))
    assert rig.driver.kds.state.ert_on
    ip = await Ip.open(device, uuid, "probe:probe_1")
    await ip.create_interrupt_notify()
    assert rig.said("user.ert", "the scheduler sleeps") and await rig.config_gpio() == (True, False, False)
    await device.close()
    begin = rig.clock.now_ns()
    for stopped in (True, False):
        device, uuid = await rig.device(image(*DEMO_UNITS))
        assert rig.driver.kds.state.ert_on is not stopped
        assert (rig.clock.now_ns() - begin >= 3 * SECOND) is stopped
        await device.client.open_context(uuid, HS)
        assert await rig.run_all(device.client, [probe_packet(HS, 1)]) == [State.COMPLETED]
        await device.close()
        await rig.mgmt_driver.microblaze.load(rig.mgmt_driver.options.sched_image)
        # The configuration that was given up holds its slot for as long again.
        await rig.clock.sleep_ns(3 * SECOND)
        begin = rig.clock.now_ns()


@cocotb.test(timeout_time=100, timeout_unit="sec")
async def a_unit_that_does_not_end(dut: Any) -> None:
    """At the close its command is a TIMEOUT after 5 s; its slot is nobody's until the card answers."""
    rig = await WorkRig.up(dut, "v30", driven=True)
    device, uuid = await rig.device(image(*DEMO_UNITS))
    client, other = device.client, rig.driver.open(2)
    for unit in (HS, CHAIN):
        await client.open_context(uuid, unit)
        await other.open_context(uuid, unit)
    hung = rig.send(client, probe_packet(CHAIN, 1, control=READY_ONLY))
    behind = rig.send(other, probe_packet(CHAIN, 2))
    begin = rig.clock.now_ns()
    closing = rig.clock.spawn(client.close_context(uuid, CHAIN))
    for token in range(1, 21):
        assert await rig.run_all(other, [probe_packet(HS, token, delay=token)]) == [State.COMPLETED]
        assert (await rig.probe(HS)).last == token
    await closing.join()
    grace = client_module.CLOSE_STEPS * client_module.CLOSE_STEP_NS
    assert grace <= rig.clock.now_ns() - begin < grace + SECOND
    assert (rig.state(hung), rig.state(behind)) == (State.TIMEOUT, State.NEW)
    assert not rig.driver.kds.state.bad
    # More than there are slots: the one of the hung unit is left out.
    packets = [probe_packet(HS, token) for token in range(140)]
    assert await rig.run_all(other, packets) == [State.COMPLETED] * len(packets)
    assert ((await rig.probe(HS)).runs, (await rig.probe(CHAIN)).runs) == (160, 0)
    # The late end: the unit is reset by hand, started, and the firmware takes that run for the hung one.
    bar, base = rig.user_function.bars[0], CU[CHAIN]
    await bar.write32(base + cu_ctrl.CTRL.offset, cu_ctrl.CTRL.SW_RESET.mask)
    await bar.write32(base + cu_probe.CONTROL.offset, 0)
    await bar.write32(base + cu_ctrl.CTRL.offset, cu_ctrl.CTRL.AP_START.mask)
    assert await rig.ended(other, behind) == State.COMPLETED
    assert rig.said("user.ert", "completed late") and (await rig.probe(CHAIN)).runs == 2
    assert rig.state(hung) == State.TIMEOUT
    await device.close()
