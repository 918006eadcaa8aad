# SPDX-License-Identifier: Apache-2.0
"""A user function that does whatever it likes while the management driver works."""

from __future__ import annotations

import random

import cocotb

from cards.xrt_u200 import MGMT, USER
from firmware_model import images
from pydriver.regs import mgmt_bar, user_bar
from tb.cocotb_util import CLOCK_PERIOD_NS, seeded_random
from tb.hosts.config_space import COMMAND, MEMORY_ENABLE
from tests.system.hostile import TABLE_AT, TABLE_BYTES, place, private_state, tame
from tests.system.rig import ALL_ONES, CU, DEMO, Rig, run_reduce, run_vadd

GUARD_CYCLES = 4096


async def hostile_access(rig: Rig, rng: random.Random) -> None:
    index = rng.choice((0, 0, 0, 2, 2, 4))
    bar = rig.user_function.bars[index]
    offset = place(rng, index, bar.size)
    kind = rng.randrange(6)
    if kind < 2:
        offset &= ~3
        if kind == 0:
            await bar.read32(offset)
        else:
            await bar.write32(offset, tame(offset if index == 0 else 0, rng.getrandbits(32)))
        return
    in_region = index == 0 and offset + 64 > CU[0]
    length = rng.choice((0, 1, 2, 3, 5, 8) if in_region else (0, 1, 3, 4, 7, 33, 64, 129))
    length = min(length, bar.size - offset)
    if kind < 4:
        assert len(await bar.read(offset, length)) == length
    elif in_region:
        # Whole dwords only, so that element counts stay small.
        await bar.write32(offset & ~3, tame(offset & ~3, rng.getrandbits(32)))
    else:
        await bar.write(offset, rng.randbytes(length))


async def storm(rig: Rig, rng: random.Random, count: int) -> int:
    """`count` hostile accesses with management reads in between; returns the longest of those in cycles.

    The host sends one command at a time, so this is the answer time of a card that the user function has
    just been busy with; what happens at the same time is in `answers_do_not_wait_for_the_user`.
    """
    bar = rig.mgmt_function.bars[0]
    gpio = await bar.read32(mgmt_bar.MB_RESET_GPIO.base)
    gate = await bar.read32(mgmt_bar.AXI_GATE.base + 8)
    longest = 0
    for index in range(count):
        await hostile_access(rig, rng)
        if index % 8 == 0:
            await rig.host.flush()
            begin = rig.clock.now_ns()
            assert await bar.read32(mgmt_bar.FEATURE_ROM.base) == int.from_bytes(b"xlnx", "little")
            longest = max(longest, (rig.clock.now_ns() - begin) // CLOCK_PERIOD_NS)
            assert await bar.read32(mgmt_bar.MB_RESET_GPIO.base) == gpio
            assert await bar.read32(mgmt_bar.AXI_GATE.base + 8) == gate
    return longest


@cocotb.test(timeout_time=20, timeout_unit="sec")
async def anything_goes_and_nothing_breaks(dut) -> None:
    rig = await Rig.power_on(dut)
    rng = seeded_random("isolation")
    mgmt, device = await rig.loaded()
    uuid = device.driver.bitstream.uuid
    await run_vadd(device, uuid)
    await device.close()
    await device.driver.remove()
    # The scheduler obeys whoever writes to its queue, also when that is nonsense; it is not under test.
    await mgmt.microblaze._reset(0)
    table = await rig.user_function.bars[2].read(TABLE_AT, TABLE_BYTES)
    for gate_open in (True, False):
        if not gate_open:
            await mgmt.gate.freeze()
        before = await private_state(rig)
        longest = await storm(rig, rng, 250)
        cocotb.log.info("gate %s: at most %d cycles", "open" if gate_open else "closed", longest)
        assert longest < 200, "a management read took too long"
        assert await private_state(rig) == before
        assert await mgmt.icap.read_idcode() == 0x14B31093
    # What a hypervisor does with a function before the next guest: its interrupt table and a new driver.
    await rig.user_function.bars[2].write(TABLE_AT, table)
    await mgmt.microblaze.load(images.build())
    user = await rig.user()
    device = device.attach(user)
    assert await device.load_xclbin(DEMO, force=True) == uuid
    await run_vadd(device, uuid)
    await run_reduce(device, uuid)


async def mixed_reads(rig: Rig, places: list[tuple[int, int, int]]) -> list[int]:
    """Reads of both functions under way at the same time: places are (function, BAR, offset)."""
    host = rig.host
    entries = [host._base[function, bar] | 0xF << 96 for function, bar, _ in places]
    entries = [entry + offset for entry, (_, _, offset) in zip(entries, places, strict=True)]
    await host.flush()
    await host._acquire()
    try:
        return await host._vector(entries, places)
    finally:
        host._release()


@cocotb.test(timeout_time=1, timeout_unit="sec")
async def answers_do_not_wait_for_the_user(dut) -> None:
    """Management reads behind a user read that hangs come back first, and in time."""
    rig = await Rig.power_on(dut)
    await rig.loaded()
    dut.log.enable.value = 1
    dead = (USER, 0, CU[3])
    live = (MGMT, 0, mgmt_bar.FEATURE_ROM.base)
    begin = rig.clock.now_ns()
    values = await mixed_reads(rig, [dead, *[live] * 20, dead, *[live] * 20])
    cycles = (rig.clock.now_ns() - begin) // CLOCK_PERIOD_NS
    assert values == [ALL_ONES, *[0x786E6C78] * 20] * 2
    assert GUARD_CYCLES < cycles < GUARD_CYCLES + 500, cycles
    await rig.clock.sleep_ns(1000)
    order = completers()
    assert order[-42:] == [MGMT] * 40 + [USER] * 2, "the user function's hang held the other function up"


def completers() -> list[int]:
    """Function numbers of the completions in cc.log, in order."""
    functions, first = [], True
    with open("cc.log") as log:
        for line in log:
            data, _, last = line.split()
            if first:
                functions.append(int(data, 16) >> 72 & 0xFF)
            first = last == "1"
    return functions


@cocotb.test(timeout_time=1, timeout_unit="sec")
async def outside_and_switched_off(dut) -> None:
    rig = await Rig.power_on(dut)
    for bar in rig.user_function.bars.values():
        for work in (
            lambda bar=bar: bar.read32(bar.size),
            lambda bar=bar: bar.write32(bar.size, 0),
            lambda bar=bar: bar.read(bar.size - 2, 4),
            lambda bar=bar: bar.write(bar.size - 1, b"ab"),
            lambda bar=bar: bar.read32(-4),
        ):
            try:
                await work()
            except IndexError:
                continue
            raise AssertionError("an access outside the BAR went through")
    user, mgmt = rig.user_function, rig.mgmt_function
    command = await user.config_read32(COMMAND)
    await user.bars[4].write(0x100, b"before")
    await user.config_write32(COMMAND, command & ~MEMORY_ENABLE)
    await user.bars[4].write(0x100, b"behind")
    assert await user.bars[0].read32(user_bar.FEATURE_ROM.base) == ALL_ONES
    assert await user.bars[4].read(0x100, 6) == b"\xff" * 6
    assert await mgmt.bars[0].read32(mgmt_bar.FEATURE_ROM.base) == 0x786E6C78
    await user.config_write32(COMMAND, command)
    assert await user.bars[0].read32(user_bar.FEATURE_ROM.base) == 0x786E6C78
    assert await user.bars[4].read(0x100, 6) == b"before"
