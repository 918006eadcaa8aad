# SPDX-License-Identifier: Apache-2.0
"""The clock that stops against one that does not, with drivers, firmware and kernels at work."""

from __future__ import annotations

import os

import cocotb
from cocotb.utils import get_sim_time

from pydriver.regs import RegBlock, feature_rom, user_bar
from tb.cocotb_util import CLOCK_PERIOD_NS, seeded_random
from tests.system.rig import SECOND, Rig, run_reduce, run_vadd, save

START_NS = 200_000
FREE_RUN = os.environ.get("FREE_RUN") == "1"


@cocotb.test(timeout_time=50, timeout_unit="ms")
async def workload(dut) -> None:
    """Kernels, random accesses and sleeps; every access and every message with its time.

    While the drivers come up both use the one port of the host, and which of two events of one instant
    Python hears of first is the simulator's choice; so the record begins at a fixed time after that.
    """
    dut.clock.free_run.value = int(FREE_RUN)
    rng = seeded_random("clock")
    rig = await Rig.power_on(dut)
    steps: list[object] = []

    def trace(*access: int | str | bytes) -> None:
        steps.append(access)

    for number, function in rig.platform.functions.items():
        arrival = function._arrival

        def timed(vector: int, number: int = number, arrival=arrival):
            call = arrival(vector)

            def arrived() -> None:
                steps.append((int(get_sim_time("ns")), number, vector))
                call()

            return arrived

        function._arrival = timed
    _, device = await rig.loaded()
    uuid = device.driver.bitstream.uuid
    assert rig.clock.now_ns() < START_NS
    await rig.clock.sleep_ns(START_NS - rig.clock.now_ns())
    steps.clear()
    rig.platform.trace = trace
    await run_vadd(device, uuid, 100)
    memory = rig.user_function.bars[4]
    rom = RegBlock(rig.user_function.bars[0], user_bar.FEATURE_ROM)
    for _ in range(200):
        kind = rng.randrange(5)
        if kind == 0:
            await rig.clock.sleep_ns(rng.choice((1, 2, 3, 4, 7, 50, 1000, 4001)))
        elif kind == 1:
            await memory.write(rng.randrange(0x8000), rng.randbytes(rng.randrange(1, 200)))
        elif kind == 2:
            await memory.read(rng.randrange(0x8000), rng.randrange(1, 200))
        elif kind == 3:
            await rom.read(rng.choice(feature_rom.REGISTERS))
        else:
            await rig.cu_control(rng.randrange(3))
        steps.append((int(get_sim_time("ns")), "done"))
    await run_reduce(device, uuid, 100)
    cycles = int(dut.clock.cycles.value)
    elapsed = get_sim_time("ns") // CLOCK_PERIOD_NS
    cocotb.log.info("%d cycles clocked of %d", cycles, elapsed)
    if FREE_RUN:
        assert abs(cycles - elapsed) <= 1
    else:
        assert cycles < elapsed, (cycles, elapsed)
    for function in rig.platform.functions.values():
        assert function.interrupts, "messages arrived"
    save("steps.json", sorted(map(repr, steps)))
    save("cycles.json", [cycles, elapsed])


@cocotb.test(timeout_time=3, timeout_unit="sec", skip=FREE_RUN)
async def idle_second_is_free(dut) -> None:
    """Drivers probed, an image loaded, firmware running, and nothing to do."""
    dut.clock.free_run.value = 0
    rig = await Rig.power_on(dut)
    _, device = await rig.loaded()
    await rig.clock.sleep_ns(SECOND // 1000)
    cycles = int(dut.clock.cycles.value)
    await rig.clock.sleep_ns(SECOND)
    spent = int(dut.clock.cycles.value) - cycles
    cocotb.log.info("%d cycles in an idle second", spent)
    assert spent < 2000, "of 250 million"
    await run_vadd(device, device.driver.bitstream.uuid)


@cocotb.test(timeout_time=20, timeout_unit="sec")
async def a_dead_access_does_not_keep_the_clock_on(dut) -> None:
    """The request that nobody takes stays on the wires; a quiet second costs nothing all the same."""
    dut.clock.free_run.value = 0
    rig = await Rig.power_on(dut)
    await rig.loaded()
    assert await rig.cu_control(3) == 0xFFFF_FFFF
    await rig.user_function.bars[0].write32(user_bar.CU[3].base, 1)
    await rig.clock.sleep_ns(100_000)
    before = int(dut.clock.cycles.value)
    # In pieces that grow: a clock that stays on shows in the first, and a whole second of it takes hours.
    for quiet_ns in (100_000, 10_000_000, SECOND):
        await rig.clock.sleep_ns(quiet_ns)
        spent = int(dut.clock.cycles.value) - before
        assert spent < 10_000, f"{spent} cycles clocked in {quiet_ns} idle ns"
