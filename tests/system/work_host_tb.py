# SPDX-License-Identifier: Apache-2.0
"""Host scheduling on the card: by interrupts and by polling, every kind of unit, units that do not end."""

from __future__ import annotations

import errno
import itertools
from typing import Any

import cocotb

from pydriver import ert
from pydriver.ert import State
from pydriver.xocl import VIRTUAL_CU, Client
from pydriver.xocl.process import Process
from pydriver.xrt import BO, Kernel
from tb.cocotb_util import seeded_random
from tests.models import kernels
from tests.system.rig import SECOND
from tests.system.work_rig import (
    DEMO_UNITS,
    HANG,
    HOST,
    OTHER_UNITS,
    READY_ONLY,
    WorkRig,
    buffers,
    content,
    image,
    probe_packet,
)

HS, CHAIN, FIR = 0, 1, 2
FAST, LAST_CHAIN, LAST_HS = 0, 2, 3
TAKEN_NS = 20_000
"""Until a command is with its unit."""
KDS_GRACE_S = 5


async def mixed_commands(rig: WorkRig, uuid: bytes, models: list[kernels.Probe], rng: Any) -> None:
    """Two clients keep a unit of each protocol busy; each runs everything once, in order."""
    clients = [rig.driver.open(pid) for pid in (100, 200)]
    out = []
    for client in clients:
        for unit in (HS, CHAIN):
            await client.open_context(uuid, unit)
    for token in range(1, 15):
        client, unit = clients[rng.randrange(2)], rng.randrange(2)
        words = [rng.getrandbits(32) for _ in range(8)]
        packet = probe_packet(unit, token, rng.choice((0, 30, 2000)), words=words)
        out.append((client, rig.send(client, packet)))
        models[unit].run(token, words)
        if rng.random() < 0.3:
            await rig.clock.sleep_ns(rng.randrange(4000))
    assert [await rig.ended(client, handle) for client, handle in out] == [State.COMPLETED] * len(out)
    assert [await rig.probe(unit) for unit in (HS, CHAIN)] == models
    # One completion is one poll.
    for client in clients:
        while await client.poll(0):
            pass
        await client.close()


@cocotb.test(timeout_time=20, timeout_unit="sec")
async def by_interrupts_and_by_polling(dut: Any) -> None:
    rig = await WorkRig.up(dut)
    rng = seeded_random("host")
    device, uuid = await rig.device(image(*DEMO_UNITS), HOST)
    await device.close()
    models = [kernels.Probe(), kernels.Probe()]
    write = rig.driver.attributes.write
    for by_units in (False, True, False):
        await write("kds_interrupt", "cu" if by_units else "ert")
        if not by_units:
            # Going back configures the units of the image anew; they keep what they remember.
            assert not rig.driver.kds.state.cu_interrupt
        before = len([1 for _, who, what in rig.events if who == "user.irq" and "CU interrupt" in what])
        await mixed_commands(rig, uuid, models, rng)
        after = len([1 for _, who, what in rig.events if who == "user.irq" and "CU interrupt" in what])
        assert (after > before) is by_units
        assert (await rig.config_gpio())[0] or not by_units


@cocotb.test(timeout_time=20, timeout_unit="sec")
async def the_next_run_of_a_chained_unit_starts_early(dut: Any) -> None:
    """The driver gives the next arguments to a unit that is ready, while its run still works."""
    rig = await WorkRig.up(dut, interrupt=True)
    device, uuid = await rig.device(image(*DEMO_UNITS), HOST)
    client = device.client
    await client.open_context(uuid, CHAIN)
    await client.open_context(uuid, HS)
    for unit, early in ((CHAIN, True), (HS, False)):
        packets = [probe_packet(unit, token, delay=5000) for token in (1, 2, 3)]
        handles = [rig.send(client, with_times(packet)) for packet in packets]
        assert [await rig.ended(client, handle) for handle in handles] == [State.COMPLETED] * 3
        times = [timestamps(rig, handle) for handle in handles]
        for before, after in itertools.pairwise(times):
            assert (after[State.RUNNING] < before[State.COMPLETED]) is early
    kernel = await Kernel.open(device, uuid, "fir")
    taps = [3, 1, 4, 1, 5, 9, 2, 6]
    blocks = [[(7 * n + block) & 0xFFFFFFFF for n in range(8 * (block + 1) * 6)] for block in range(4)]
    memory = [await buffers(device, kernel, [block, [0] * len(block)]) for block in blocks]
    runs = [kernel(*bos, len(block), kernels.pack(taps)) for bos, block in zip(memory, blocks, strict=True)]
    for run, bos, block in zip(runs, memory, blocks, strict=True):
        assert await run.wait(100) == State.COMPLETED
        assert await content(bos[1]) == kernels.fir(block, taps)
    await device.close()


def with_times(packet: bytes) -> bytes:
    """The packet with the bit that asks for time stamps."""
    header = int.from_bytes(packet[:4], "little") | 1 << 4
    return header.to_bytes(4, "little") + packet[4:]


def timestamps(rig: WorkRig, handle: int) -> dict[State, int]:
    """Nanoseconds by state."""
    packet = rig.packet(handle)
    header = ert.Header.unpack(int.from_bytes(packet[:4], "little"))
    at = -(-(4 + 4 * header.count) // 8) * 8
    words = [int.from_bytes(packet[at + 8 * n : at + 8 * n + 8], "little") for n in range(12)]
    return {state: words[state] for state in State}


@cocotb.test(timeout_time=20, timeout_unit="sec")
async def descriptors_and_copies(dut: Any) -> None:
    """A unit behind a fast adapter takes the embedded scheduler away; memcopy and KDMA beside it."""
    rig = await WorkRig.up(dut)
    rng = seeded_random("fast")
    device, uuid = await rig.device(image(*OTHER_UNITS))
    assert not rig.driver.kds.state.ert_on and rig.driver.host_cus.command_memory is not None
    kernel = await Kernel.open(device, uuid, "vadd_fa")
    jobs = []
    for _ in range(18):
        count = rng.choice((0, 1, 7, 40))
        a, b = ([rng.getrandbits(32) for _ in range(count)] for _ in range(2))
        jobs.append((await buffers(device, kernel, [a, b, [0] * count]), a, b))
    runs = [kernel(*bos, len(a)) for bos, a, _ in jobs]
    for run, (bos, a, b) in zip(runs, jobs, strict=True):
        assert await run.wait(100) == State.COMPLETED
        if a:
            assert await content(bos[2]) == kernels.vadd(a, b)
    mover = await Kernel.open(device, uuid, "memcopy")
    source = [rng.getrandbits(32) for _ in range(16 * 40)]
    bos = await buffers(device, mover, [source, [0] * len(source)])
    assert await mover(*bos, len(source) // 16).wait(100) == State.COMPLETED
    assert await content(bos[1]) == source
    await copies_by_the_copy_unit(rig, device, uuid, bos, source)
    await device.close()


async def copies_by_the_copy_unit(
    rig: WorkRig, device: Any, uuid: bytes, bos: list[BO], source: list[int]
) -> None:
    """`BO.copy` is COPYBO, a start of the KDMA; the host touches neither page nor memory."""
    await device.client.open_context(uuid, VIRTUAL_CU)
    source_bo, target = bos
    target.write(bytes(target.size))
    await target.sync_to_device()
    await target.copy(source_bo, 64 * 11, src_offset=64 * 3, dst_offset=64)
    assert not rig.said("xrt", "host copy") and rig.said("user.cu", "kdma starts")
    assert not any(target.read()), "the host's pages were written"
    expected = [0] * len(source)
    expected[16 : 16 * 12] = source[16 * 3 : 16 * 14]
    assert await content(target) == expected


@cocotb.test(timeout_time=100, timeout_unit="sec")
async def a_unit_that_does_not_end(dut: Any) -> None:
    """A run of a client that closes has 5 s, then the unit is reset."""
    rig = await WorkRig.up(dut)
    _, uuid = await rig.device(image(*OTHER_UNITS))
    client = rig.driver.open(3)
    await client.open_context(uuid, LAST_CHAIN)
    handle = rig.send(client, probe_packet(LAST_CHAIN, 3, control=READY_ONLY))
    await rig.clock.sleep_ns(TAKEN_NS)
    begin = rig.clock.now_ns()
    await client.close_context(uuid, LAST_CHAIN)
    assert KDS_GRACE_S <= (rig.clock.now_ns() - begin) / SECOND < KDS_GRACE_S + 1
    assert rig.state(handle) == State.TIMEOUT and not rig.driver.kds.state.bad
    await client.open_context(uuid, LAST_CHAIN)
    assert await rig.run_all(client, [probe_packet(LAST_CHAIN, 5)]) == [State.COMPLETED]


@cocotb.test(timeout_time=100, timeout_unit="sec")
async def a_process_dies_with_a_hung_unit(dut: Any) -> None:
    """Others wait for the unit meanwhile. A unit without a reset means a card in the bad state."""
    rig = await WorkRig.up(dut, interrupt=True)
    _, uuid = await rig.device(image(*OTHER_UNITS))
    await a_process_dies(rig, uuid, LAST_HS, HANG)
    await a_process_dies(rig, uuid, LAST_CHAIN, READY_ONLY)
    await the_bad_state(rig, rig.driver.open(4), uuid)


async def a_process_dies(rig: WorkRig, uuid: bytes, unit: int, how: int) -> None:
    """Its run hangs and is reset after the time of grace; the command of another one behind it runs."""
    stays, dies = rig.driver.open(1), Process(rig.driver, 2)
    await stays.open_context(uuid, unit)
    doomed = dies.open()
    await doomed.open_context(uuid, unit)
    hung = rig.send(doomed, probe_packet(unit, 1, control=how))
    await rig.clock.sleep_ns(TAKEN_NS)
    waiting = rig.send(stays, probe_packet(unit, 2, delay=10))
    assert (rig.state(hung), rig.state(waiting)) == (State.NEW, State.NEW)
    begin = rig.clock.now_ns()
    dies.kill()
    await dies.wait()
    assert KDS_GRACE_S <= (rig.clock.now_ns() - begin) / SECOND < KDS_GRACE_S + 1
    after = await rig.run_all(stays, [probe_packet(unit, 6)])
    ended = rig.state(waiting)
    assert after == [State.COMPLETED] and ended in (State.COMPLETED, State.ABORT)
    # A chained unit had it already, and a software reset takes everything the unit has.
    assert (ended == State.ABORT) is (unit == LAST_CHAIN)
    assert (await rig.probe(unit)).last == 6 and not rig.driver.kds.state.bad
    assert (await rig.probe(unit)).runs == 1 + (ended == State.COMPLETED)
    await stays.close()


async def the_bad_state(rig: WorkRig, client: Client, uuid: bytes) -> None:
    """The adapter drops a descriptor that makes no sense without a word, and nothing can reset it."""
    await client.open_context(uuid, FAST)
    handle = rig.send(client, ert.start_fa(1 << FAST, [7, 0, 0, 0, 0]))
    await rig.clock.sleep_ns(TAKEN_NS)
    await client.close_context(uuid, FAST)
    assert rig.state(handle) == State.TIMEOUT and rig.driver.kds.state.bad
    await client.open_context(uuid, LAST_HS)
    for attempt in (lambda: rig.send(client, probe_packet(LAST_HS, 5)), None):
        try:
            if attempt is None:
                await client.close()
                await rig.driver.read_axlf(image(*DEMO_UNITS), None, force=True)
            else:
                attempt()
        except OSError as error:
            assert error.errno == errno.EDEADLK
            continue
        raise AssertionError("a card in the bad state takes commands")
    rig.driver.hot_reset()
    for _ in range(2000):
        await rig.clock.sleep_ns(SECOND // 100)
        if not (rig.mgmt_driver.offline or rig.driver.offline) and rig.driver.peer.ready:
            break
    device, uuid = await rig.device(image(*DEMO_UNITS))
    assert rig.driver.kds.state.ert_on and not rig.driver.kds.state.bad
    await device.client.open_context(uuid, HS)
    assert await rig.run_all(device.client, [probe_packet(HS, 1)]) == [State.COMPLETED]
    await device.close()
