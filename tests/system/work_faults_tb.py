# SPDX-License-Identifier: Apache-2.0
"""Units that are not there, and a tenant who turns every knob of the work path: nobody else notices."""

from __future__ import annotations

from typing import Any

import cocotb

from firmware_model import images
from pydriver import ert
from pydriver.ert import State
from pydriver.regs import (
    cfg_gpio,
    cu_ctrl,
    cu_memcopy,
    cu_probe,
    cu_probe_mailbox,
    device_mem,
    mgmt_bar,
    user_bar,
)
from pydriver.xocl import VIRTUAL_CU, Client
from pydriver.xrt import BO
from tb.cocotb_util import CLOCK_PERIOD_NS, seeded_random
from tests.system.hostile import TABLE_AT, TABLE_BYTES, private_state
from tests.system.rig import CU, SECOND
from tests.system.work_rig import DEMO_UNITS, HANG, HOST, READY_ONLY, WorkRig, image, probe_packet

HS, CHAIN, FREE, MAILBOX = 0, 1, 2, 3
GROUP = 0
XLNX = 0x786E6C78
LONGEST_READ_CYCLES = 200
HUNG_UNITS = ("probe", "probe_chain", "probe_none", "probe_mailbox")


async def copy_works(rig: WorkRig, device: Any, uuid: bytes) -> None:
    """The shell's copy unit, the memory and the channel to the management function work."""
    before = len([1 for _, who, what in rig.events if "host copy" in what])
    source, target = [await BO.alloc(device, 256, GROUP) for _ in range(2)]
    source.write(bytes(range(256)))
    await source.sync_to_device()
    await target.copy(source)
    await target.sync_from_device()
    assert target.read() == bytes(range(256))
    assert len([1 for _, who, what in rig.events if "host copy" in what]) == before
    source.free()
    target.free()
    assert await rig.mgmt_function.bars[0].read32(mgmt_bar.FEATURE_ROM.base) == XLNX
    await rig.driver.peer.connect()


async def outcome(rig: WorkRig, client: Client, uuid: bytes, handles: list[int]) -> list[State]:
    """States of commands whose units are gone, at the latest when their client has given the units back."""
    if rig.driver.kds.state.ert_on:
        for unit in (HS, CHAIN):
            await client.close_context(uuid, unit)
        return [rig.state(handle) for handle in handles]
    return [await rig.ended(client, handle) for handle in handles]


@cocotb.test(timeout_time=20, timeout_unit="sec")
async def the_gate_closes_while_commands_are_out(dut: Any) -> None:
    """A host that reads all ones says ERROR. Firmware waits for an interrupt: TIMEOUT 5 s after the close.

    Everything beside the region works, and with the next image the region too.
    """
    rig = await WorkRig.up(dut, driven=True)
    for flags in (HOST, None):
        device, uuid = await rig.device(image(*DEMO_UNITS), flags)
        client = device.client
        await client.open_context(uuid, VIRTUAL_CU)
        for unit in (HS, CHAIN):
            await client.open_context(uuid, unit)
        handles = [rig.send(client, probe_packet(unit, 1, delay=20_000)) for unit in (HS, CHAIN, HS)]
        await rig.clock.sleep_ns(10_000)
        await rig.mgmt_driver.gate.freeze()
        assert await outcome(rig, client, uuid, handles) == [State.ERROR if flags else State.TIMEOUT] * 3
        assert not rig.driver.kds.state.bad
        await copy_works(rig, device, uuid)
        await device.close()
        device, uuid = await rig.device(image(*DEMO_UNITS), flags)
        await device.client.open_context(uuid, HS)
        assert await rig.run_all(device.client, [probe_packet(HS, 2)]) == [State.COMPLETED]
        assert (await rig.probe(HS)).last == 2
        await device.close()


@cocotb.test(timeout_time=20, timeout_unit="sec")
async def a_unit_that_only_the_metadata_know(dut: Any) -> None:
    """Its slot is empty: the guard gives up once, and then answers for the region until the next image."""
    rig = await WorkRig.up(dut, driven=True)
    for flags in (HOST, None):
        device, uuid = await rig.device(image(*DEMO_UNITS, empty=(CHAIN,)), flags)
        client = device.client
        for unit in (HS, CHAIN):
            await client.open_context(uuid, unit)
        await client.open_context(uuid, VIRTUAL_CU)
        # The look of driver or firmware at all units, at the load, has found out before any command.
        handles = [rig.send(client, probe_packet(unit, 1)) for unit in (HS, CHAIN)]
        expected = State.ERROR if flags else State.TIMEOUT
        assert await outcome(rig, client, uuid, handles) == [expected] * 2
        await copy_works(rig, device, uuid)
        await device.close()
    device, uuid = await rig.device(image(*DEMO_UNITS))
    await device.client.open_context(uuid, CHAIN)
    assert await rig.run_all(device.client, [probe_packet(CHAIN, 1)]) == [State.COMPLETED]
    await device.close()


@cocotb.test(timeout_time=20, timeout_unit="sec")
async def a_hung_unit_does_not_keep_the_clock_on(dut: Any) -> None:
    """One of each protocol, by hand, without a driver that looks: a quiet second costs nothing."""
    rig = await WorkRig.up(dut, driven=True)
    device, _ = await rig.device(image(*HUNG_UNITS))
    bar, hang = rig.user_function.bars[0], cu_probe.CONTROL.offset
    for unit, how in ((HS, HANG), (CHAIN, READY_ONLY)):
        await bar.write32(CU[unit] + hang, how)
        await bar.write32(CU[unit], cu_ctrl.CTRL.AP_START.mask)
    # The next start of a chained unit, which it will never take.
    await bar.write32(CU[CHAIN], cu_ctrl.CTRL.AP_START.mask)
    # No start bit, but a token that says so for ever.
    await bar.write32(CU[FREE] + hang, HANG)
    await bar.write32(CU[FREE] + cu_probe.TOKEN.offset, 1)
    await bar.write32(CU[MAILBOX] + cu_probe_mailbox.CONTROL.offset, HANG)
    await bar.write32(CU[MAILBOX] + cu_probe_mailbox.INPUT_CTRL.offset, 1)
    await bar.write32(CU[MAILBOX], cu_ctrl.CTRL.AP_START.mask | cu_ctrl.CTRL.AUTO_RESTART.mask)
    starts = [await bar.read32(CU[unit]) & cu_ctrl.CTRL.AP_START.mask for unit in (HS, CHAIN, MAILBOX)]
    assert starts == [cu_ctrl.CTRL.AP_START.mask] * 3
    await rig.clock.sleep_ns(100_000)
    before = int(dut.clock.cycles.value)
    # In pieces that grow: a clock that stays on shows in the first, and a whole second of it takes hours.
    for quiet_ns in (100_000, 10_000_000, SECOND):
        await rig.clock.sleep_ns(quiet_ns)
        spent = int(dut.clock.cycles.value) - before
        cocotb.log.info("%d cycles clocked in %d idle ns", spent, quiet_ns)
        assert spent < 2000, f"{spent} cycles clocked in {quiet_ns} idle ns"
    for unit in (HS, CHAIN, MAILBOX):
        await bar.write32(CU[unit], cu_ctrl.CTRL.SW_RESET.mask)
        assert await bar.read32(CU[unit]) == cu_ctrl.CTRL.AP_IDLE.mask
    await bar.write32(CU[HS] + hang, 0)
    await device.client.open_context(device.driver.bitstream.uuid, HS)
    assert await rig.run_all(device.client, [probe_packet(HS, 2)]) == [State.COMPLETED]
    await device.close()


@cocotb.test(timeout_time=20, timeout_unit="sec")
async def a_tenant_turns_every_knob(dut: Any) -> None:
    """Copy unit, interrupt controllers and cfg_gpio are the tenant's; the management does not feel them."""
    rig = await WorkRig.up(dut)
    rng = seeded_random("knobs")
    device, uuid = await rig.device(image(*DEMO_UNITS))
    await device.close()
    await rig.driver.remove()
    table = await rig.user_function.bars[2].read(TABLE_AT, TABLE_BYTES)
    user, mgmt = rig.user_function.bars[0], rig.mgmt_function.bars[0]
    before = await private_state(rig)
    knobs = [window.base + offset for window in user_bar.CU_INTC for offset in range(0, 0x20, 4)]
    knobs += [user_bar.ERT_CFG_GPIO.base + cfg_gpio.CONTROL.offset] * 8
    kdma = user_bar.KDMA.base
    places = [device_mem.DDR0.base, device_mem.PLRAM.base, mgmt_bar.SCHED_IMAGE.base, 0, (1 << 40) - 64]
    longest = 0
    for _ in range(60):
        source, target = rng.choice(places), rng.choice(places)
        writes = [(rng.choice(knobs), rng.getrandbits(32)) for _ in range(3)]
        for register, value in ((cu_memcopy.SRC_LO, source), (cu_memcopy.DST_LO, target)):
            writes += [
                (kdma + register.offset, value & 0xFFFFFFFF),
                (kdma + register.offset + 4, value >> 32),
            ]
        writes += [(kdma + cu_memcopy.SIZE_LO.offset, rng.randrange(64))]
        writes += [(kdma + offset, rng.getrandbits(2)) for offset in (cu_ctrl.GIE.offset, cu_ctrl.IER.offset)]
        writes += [(kdma, rng.choice((1, 1, 1, 0x81, 0x100)))]
        await user.write32s(writes)
        await user.read32s([rng.choice(knobs) for _ in range(3)])
        await rig.host.flush()
        begin = rig.clock.now_ns()
        assert await mgmt.read32(mgmt_bar.FEATURE_ROM.base) == XLNX
        longest = max(longest, (rig.clock.now_ns() - begin) // CLOCK_PERIOD_NS)
    cocotb.log.info("a management read takes at most %d cycles", longest)
    assert longest < LONGEST_READ_CYCLES
    assert await private_state(rig) == before
    assert await rig.mgmt_driver.icap.read_idcode() == 0x14B31093
    # The next tenant: the copy unit is reset, the scheduler started anew, a driver probed.
    await user.write32s([(kdma, 0x100)])
    await rig.clock.sleep_ns(10_000)
    await rig.user_function.bars[2].write(TABLE_AT, table)
    await rig.mgmt_driver.microblaze.load(images.build())
    rig.driver = await rig.user()
    device, uuid = await rig.device(image(*DEMO_UNITS))
    await device.client.open_context(uuid, VIRTUAL_CU)
    await device.client.open_context(uuid, HS)
    assert rig.driver.kds.state.ert_on, "the interrupts are still the units'"
    assert await rig.run_all(device.client, [probe_packet(HS, 1), ert.cu_stat()]) == [State.COMPLETED] * 2
    await copy_works(rig, device, uuid)
