# SPDX-License-Identifier: Apache-2.0
"""Arbiter, address map, banks and window: random masters, data integrity, decode errors."""

from __future__ import annotations

import itertools
import os
import random
import time
from typing import Any

import cocotb
from cocotb.triggers import ClockCycles, Combine, FallingEdge, Timer, with_timeout
from cocotb_coverage.coverage import CoverCross, CoverPoint, coverage_db
from cocotbext.axi import AxiBurstType, AxiBus, AxiMaster, AxiResp

from tb.cocotb_util import reset, seeded_random, start_clock
from tests.models.memory import BANKS, WINDOW_SIZE, DecodeError, DeviceMemory, window_address

MASTERS = 3
SHARE = 0x1000  # bytes of each bank that belong to one master in the random test


async def masters(dut: Any) -> list[AxiMaster]:
    """The three masters, after reset."""
    dut.rst.value = 1
    dut.window_offset.value = 0
    dut.check.value = 1
    start_clock(dut.clk)
    await ClockCycles(dut.clk, 3)
    found = []
    for number in range(MASTERS):
        master = AxiMaster(AxiBus.from_prefix(dut, f"s{number}_axi"), dut.clk, dut.rst, max_burst_len=16)
        for interface in (master.write_if, master.read_if):
            interface.log.setLevel("WARNING")
        found.append(master)
    await reset(dut)
    return found


def stall(master: AxiMaster, rng: random.Random, level: float) -> None:
    """Let the master's own channels wait for that share of the cycles."""
    write, read = master.write_if, master.read_if
    for channel in (write.aw_channel, write.w_channel, write.b_channel, read.ar_channel, read.r_channel):
        own = random.Random(rng.random())
        channel.set_pause_generator(own.random() < level for _ in itertools.repeat(None))


@CoverPoint("mem.place", xf=lambda place, write, length: place, bins=[*BANKS, "nowhere"])
@CoverPoint("mem.write", xf=lambda place, write, length: write, bins=[False, True])
@CoverPoint(
    "mem.length",
    xf=lambda place, write, length: "word" if length <= 32 else "burst" if length <= 512 else "bursts",
    bins=["word", "burst", "bursts"],
)
@CoverCross("mem.access", items=["mem.place", "mem.write", "mem.length"])
def sample(place: str, write: bool, length: int) -> None:
    """Functional coverage of one access."""


def choose(rng: random.Random, number: int) -> tuple[str, int, int]:
    """Place, address and length of an access of master `number`, in its share or nowhere."""
    place = rng.choice((*BANKS, "nowhere"))
    length = rng.choice((1, 4, rng.randint(1, 64), rng.randint(33, 512), rng.randint(513, 2000)))
    start = rng.randrange(min(SHARE - length, 300))  # close together: neighbours must survive
    if place == "nowhere":
        name = rng.choice(list(BANKS))
        base, size = BANKS[name]
        return place, rng.choice((base + size, base - SHARE, 0, 0xFF_0000_0000)) + start, length
    base, size = BANKS[place]
    share = number * SHARE if rng.random() < 0.5 else size - (number + 1) * SHARE
    return place, base + share + start, length


async def access(master: AxiMaster, model: DeviceMemory, rng: random.Random, number: int) -> None:
    """One random access, checked against the model."""
    place, address, length = choose(rng, number)
    write = rng.random() < 0.5
    sample(place, write, length)
    where = f"master {number} {'write' if write else 'read'} {length} bytes at {address:#x}"
    if write:
        data = rng.randbytes(length)
        try:
            model.write(address, data)
            resp = AxiResp.OKAY
        except DecodeError:
            resp = AxiResp.DECERR
        answer = await with_timeout(master.write(address, data), 100, "us")
        assert answer.resp == resp, f"{where}: {answer.resp}"
        return
    try:
        data, resp = model.read(address, length), AxiResp.OKAY
    except DecodeError:
        data, resp = bytes(length), AxiResp.DECERR
    got = await with_timeout(master.read(address, length), 100, "us")
    assert got.resp == resp, f"{where}: {got.resp}"
    assert got.data == data, where


@cocotb.test()
async def random_masters(dut: Any) -> None:
    """Three masters at once, each in its own share of every bank: nothing is lost, mixed or misplaced."""
    rng = seeded_random("mem_path")
    found = await masters(dut)
    model = DeviceMemory()

    async def work(number: int) -> None:
        own = random.Random(rng.random())
        for count in range(int(os.environ.get("ACCESSES", "60"))):
            if count % 20 == 0:
                stall(found[number], own, own.choice((0, 0.3, 0.6)))
            await access(found[number], model, own, number)

    await Combine(*[cocotb.start_soon(work(number)) for number in range(MASTERS)])
    await ClockCycles(dut.clk, 3)
    assert not int(dut.active.value), "an idle memory must let its clock stop"
    point = coverage_db["mem.access"]
    assert point.cover_percentage > 95, point.detailed_coverage
    coverage_db.export_to_xml(os.path.join(os.environ.get("RUN_DIR", "."), "coverage.xml"))


@cocotb.test()
async def every_master_is_served(dut: Any) -> None:
    """Round robin: while two masters write without a break, the third waits for two bursts at most."""
    found = await masters(dut)
    base = BANKS["ddr0"][0]
    busy = [cocotb.start_soon(found[n].write(base + n * 0x10000, bytes(0x4000))) for n in (0, 1)]
    await ClockCycles(dut.clk, 100)
    taken = 0
    third = cocotb.start_soon(found[2].write(base + 0x20000, bytes(32)))
    while not third.done():
        await FallingEdge(dut.clk)
        taken += 1
        assert taken < 3 * 30
    await Combine(*busy)


@cocotb.test()
async def odd_bursts_are_refused(dut: Any) -> None:
    """A burst that is not INCR is SLVERR and changes nothing."""
    found = await masters(dut)
    base = BANKS["plram"][0]
    await found[0].write(base, b"\x5a" * 64)
    dut.check.value = 0  # the protocol checker would object, rightly
    answer = await found[0].write(base, b"\xff" * 64, burst=AxiBurstType.FIXED)
    assert answer.resp == AxiResp.SLVERR
    got = await found[0].read(base, 64, burst=AxiBurstType.FIXED)
    assert got.resp == AxiResp.SLVERR
    dut.check.value = 1
    assert (await found[0].read(base, 64)).data == b"\x5a" * 64


@cocotb.test()
async def direct_access(dut: Any) -> None:
    """A test bench sees and changes the memory array directly, also words never touched."""
    found = await masters(dut)
    started = time.monotonic()
    bank = dut.shared.memory.ddr1.mem
    base = BANKS["ddr1"][0]
    await found[1].write(base + 32 * 1000, bytes(range(32)))
    assert int(bank[1000].value).to_bytes(32, "little") == bytes(range(32))
    bank[500_000].value = int.from_bytes(b"preloaded" + bytes(23), "little")
    await Timer(1, "ns")
    assert (await found[2].read(base + 32 * 500_000, 9)).data == b"preloaded"
    assert (await found[2].read(base + 32 * 400_000, 64)).data == bytes(64)
    cocotb.log.info("direct access took %.3f s", time.monotonic() - started)


@cocotb.test()
async def window(dut: Any) -> None:
    """Every window of the memory BAR, its edges and random offsets, against the model."""
    rng = seeded_random("window")
    await masters(dut)
    edges = [k * WINDOW_SIZE + d for k in range(4) for d in (0, 4, 16 << 20, WINDOW_SIZE - 4)]
    for offset in edges + [rng.randrange(4 * WINDOW_SIZE) for _ in range(200)]:
        dut.window_offset.value = offset
        await Timer(1, "ns")
        expected = window_address(offset)
        assert bool(dut.window_hit.value) == (expected is not None), hex(offset)
        got = int(dut.window_address.value)
        if expected is not None:
            assert got == expected, f"{offset:#x}: {got:#x}"
        else:
            try:
                DeviceMemory.bank(got)
            except DecodeError:
                continue
            raise AssertionError(f"{offset:#x} reaches memory at {got:#x}")
