# SPDX-License-Identifier: Apache-2.0
"""cu_fa against its model: random descriptors, good and broken, a slow kernel and a slow memory."""

from __future__ import annotations

import os
import random
from collections import deque
from typing import Any

import cocotb
from cocotb.triggers import ClockCycles, FallingEdge, RisingEdge, ValueChange
from cocotb_coverage.coverage import CoverCross, CoverPoint, coverage_db
from cocotbext.axi import AxiBus, AxiLiteBus, AxiLiteMaster, AxiLiteSlave, AxiRam

from pydriver.regs import cu_fa
from tb.cocotb_util import reset, seeded_random, start_clock
from tests.models.cu_fa import COMPLETE, OVERRUN, Outcome, run

TASKS = int(os.environ.get("TASKS", "150"))
DEPTH = 1 << int(os.environ.get("DEPTH_W", "2"))
SLOT = 256
SLOTS = 16
KINDS = ["good", "no_input", "output", "status", "unaligned", "high", "size", "bytes", "long", "out_bytes"]
CTRL, START, DONE = 0, 1, 2
READY_PINS = [
    f"{port}_{pin}"
    for port in ("m_axil", "m_axi")
    for pin in ("awready", "wready", "bvalid", "arready", "rvalid")
]


@CoverPoint("fa.kind", xf=lambda kind, waiting: kind, bins=KINDS)
@CoverPoint("fa.waiting", xf=lambda kind, waiting: waiting, bins=["none", "some", "full"])
@CoverCross("fa.kind_when", items=["fa.kind", "fa.waiting"])
def sample(kind: str, waiting: str) -> None:
    """Functional coverage of one push."""


class Kernel:
    """Registers of an AP_CTRL_HS kernel that takes its time; `log` holds what the adapter did to it."""

    def __init__(self, rng: random.Random, clk: Any) -> None:
        self._rng, self._clk = rng, clk
        self.log: list[tuple[int, int]] = []
        self._polls = -1
        self.stop = False

    async def _wait(self) -> None:
        if self._rng.random() < 0.3:
            await ClockCycles(self._clk, self._rng.randrange(1, 6))

    async def write(self, address: int, data: bytes) -> None:
        await self._wait()
        value = int.from_bytes(data, "little")
        self.log.append((address, value))
        if address == CTRL:
            assert value == START and self._polls < 0, "started while it runs"
            self._polls = self._rng.choice((0, 1, 3, 9))

    async def read(self, address: int, length: int) -> bytes:
        await self._wait()
        value = self.result(address)
        if address == CTRL:
            assert self._polls >= 0, "polled without a start"
            value = DONE * (self._polls == 0 and not self.stop)
            self._polls -= not self.stop
        return value.to_bytes(length, "little")

    def result(self, offset: int) -> int:
        """What a result register holds after as many starts as there were."""
        return (sum(address == CTRL for address, _ in self.log) << 16 | offset) & 0xFFFFFFFF


def descriptor(rng: random.Random, kind: str) -> tuple[list[int], int]:
    """Words of a descriptor, and what to add to its address."""
    inputs = [(4 * rng.randrange(4, 60), rng.randrange(1, 4)) for _ in range(rng.randrange(1, 6))]
    outputs = [(4 * rng.randrange(64, 90), rng.randrange(1, 4)) for _ in range(rng.randrange(1, 3))]
    if kind == "no_input":
        inputs = []
    if kind not in ("output", "out_bytes"):
        outputs = []
    words = [0, len(inputs), 4 * sum(n for _, n in inputs), len(outputs), 4 * sum(n for _, n in outputs)]
    for offset, count in (*inputs, *outputs):
        words += [offset, 4 * count, *(rng.getrandbits(32) for _ in range(count))]
    if kind == "status":
        words[0] = rng.choice((1, 0xFFFFFFFF, 1 << rng.randrange(32)))
    elif kind == "size":
        words[6] = rng.choice((0, words[6] + 1, words[6] + 2, words[2] + 4, 1 << 31))
    elif kind == "bytes":
        words[2] += rng.choice((4, 4, 8, 1))
    elif kind == "long":
        words[2] = rng.choice((1 << 13, 1 << 31 | words[2]))
    elif kind == "out_bytes":
        words[4] += 4
    extra = {"unaligned": rng.choice((4, 16, 1)), "high": 1 << rng.randrange(40, 64)}.get(kind, 0)
    return words, extra


class Bench:
    """The adapter, its host, its kernel, its memory, and what the model says of every task so far."""

    def __init__(self, dut: Any, rng: random.Random) -> None:
        self.dut, self.rng = dut, rng
        self.host = AxiLiteMaster(AxiLiteBus.from_prefix(dut, "s_axil"), dut.clk, dut.rst)
        self.kernel = Kernel(rng, dut.clk)
        self.slave = AxiLiteSlave(AxiLiteBus.from_prefix(dut, "m_axil"), dut.clk, dut.rst, target=self.kernel)
        self.ram = AxiRam(AxiBus.from_prefix(dut, "m_axi"), dut.clk, dut.rst, size=SLOT * SLOTS)
        for channel in (
            self.ram.write_if.aw_channel, self.ram.write_if.w_channel, self.ram.write_if.b_channel,
            self.ram.read_if.ar_channel, self.ram.read_if.r_channel,
        ):  # fmt: skip
            channel.set_pause_generator(rng.random() < 0.3 for _ in iter(int, 1))
        self.expected_log: list[tuple[int, int]] = []
        self.image = bytearray(SLOT * SLOTS)
        self.tasks: deque[tuple[int, Outcome]] = deque()  # given to the adapter, not yet accounted for
        self.done = self.errors = self.starts = 0

    async def read(self, register: Any) -> int:
        return int.from_bytes((await self.host.read(register.offset, 4)).data, "little")

    async def write(self, register: Any, value: int) -> None:
        await self.host.write(register.offset, value.to_bytes(4, "little"))

    def place(self, slot: int, words: list[int]) -> None:
        data = b"".join(word.to_bytes(4, "little") for word in words)
        assert len(data) <= SLOT
        self.ram.write(slot * SLOT, data)
        self.image[slot * SLOT : slot * SLOT + len(data)] = data

    def account(self, address: int, outcome: Outcome) -> None:
        """What must have happened once this task is over."""
        self.expected_log += outcome.writes
        self.errors |= outcome.error
        if outcome.started:
            self.expected_log.append((CTRL, START))
            self.starts += 1
            for offset, index in outcome.reads:
                value = (self.starts << 16 | offset) & 0xFFFFFFFF
                self.image[address + 4 * index : address + 4 * index + 4] = value.to_bytes(4, "little")
        if not outcome.error:
            self.image[address : address + 4] = COMPLETE.to_bytes(4, "little")
            self.done += 1

    async def watch(self) -> None:
        """Whenever TCR counts a task, its status word is in memory already."""
        while True:
            await ValueChange(self.dut.dut.tasks)
            count = int(self.dut.dut.tasks.value) - self.done
            done = [address for address, outcome in self.tasks if not outcome.error][:count]
            assert all(self.ram.read(address, 4) == b"\1\0\0\0" for address in done), "TCR ahead of status"

    async def idle(self) -> None:
        """Wait until the adapter has nothing to do."""
        for _ in range(20000):
            await FallingEdge(self.dut.clk)
            if not int(self.dut.dut.runner_active.value):
                return
        raise AssertionError("the adapter never comes to rest")


async def begin(dut: Any, rng: random.Random) -> Bench:
    """Reset once with every handshake low: neither bus models nor checkers can read unknowns."""
    for name in (
        *(f"s_axil_{pin}" for pin in ("awvalid", "wvalid", "arvalid", "bready", "rready")),
        *READY_PINS,
    ):
        getattr(dut, name).value = 0
    start_clock(dut.clk)
    await reset(dut)
    bench = Bench(dut, rng)
    await reset(dut)
    return bench


@cocotb.test()
async def tasks(dut: Any) -> None:
    """Every register write to the kernel and every byte of memory as the model says, whatever was pushed."""
    rng = seeded_random("cu_fa")
    bench = await begin(dut, rng)
    assert await bench.read(cu_fa.FDR) == DEPTH
    await bench.write(cu_fa.SR, 0)
    await bench.write(cu_fa.IER, 1)
    watching = cocotb.start_soon(bench.watch())
    pushed = 0
    while pushed < TASKS or (coverage_db["fa.kind"].cover_percentage < 100 and pushed < 8 * TASKS):
        batch = rng.randrange(1, DEPTH + 1)
        addresses = []
        for slot in rng.sample(range(SLOTS), batch):
            kind = rng.choice(KINDS + ["good"] * 4)
            words, extra = descriptor(rng, kind)
            bench.place(slot, words)
            address = slot * SLOT + extra
            bench.tasks.append((address, run(address, words)))
            await bench.write(cu_fa.DESCRIPTOR_HI, address >> 32)
            await bench.write(cu_fa.DESCRIPTOR_LO, address & 0xFFFFFFFF)
            waiting = len(addresses)
            addresses.append(address)
            sample(kind, "full" if waiting == DEPTH - 1 else "some" if waiting else "none")
            pushed += 1
        for _ in range(rng.randrange(3)):
            await bench.read(cu_fa.TCR)
        await bench.idle()
        finished = sum(not outcome.error for _, outcome in bench.tasks)
        while bench.tasks:
            bench.account(*bench.tasks.popleft())
        assert bench.kernel.log == bench.expected_log
        assert bench.ram.read(0, SLOT * SLOTS) == bytes(bench.image), "memory differs from the model"
        assert await bench.read(cu_fa.TCR) == bench.done
        assert await bench.read(cu_fa.SR) == bench.errors
        assert await bench.read(cu_fa.CDAR) == addresses[-1] & 0xFFFFFFFF
        assert bool(dut.irq.value) == bool(finished), "interrupt"
        assert await bench.read(cu_fa.ISR) == (1 if finished else 0)
        assert await bench.read(cu_fa.ISR) == 0, "reading did not clear"
        await FallingEdge(dut.clk)
        assert not int(dut.irq.value)
        if rng.random() < 0.3:
            await bench.write(cu_fa.SR, 0)
            bench.errors = 0
    watching.cancel()
    assert bench.done > TASKS // 4
    assert coverage_db["fa.kind"].cover_percentage == 100, coverage_db["fa.kind"].detailed_coverage


@cocotb.test()
async def overrun(dut: Any) -> None:
    """A kernel that hangs: the queue takes FDR descriptors beside the one in work, the rest is dropped."""
    bench = await begin(dut, seeded_random("cu_fa overrun"))
    bench.kernel.stop = True
    bench.place(0, [0, 0, 0, 0, 0])
    await bench.write(cu_fa.DESCRIPTOR_LO, 0)
    while not bench.kernel.log:
        await RisingEdge(dut.clk)
    slots = list(range(1, 1 + DEPTH))
    for slot in slots:
        bench.place(slot, [0, 1, 4, 0, 0, 0x40, 4, slot])
        await bench.write(cu_fa.DESCRIPTOR_LO, slot * SLOT)
    assert await bench.read(cu_fa.SR) == 0
    bench.place(DEPTH + 1, [0, 1, 4, 0, 0, 0x40, 4, 0xBAD])
    await bench.write(cu_fa.DESCRIPTOR_LO, (DEPTH + 1) * SLOT)
    assert await bench.read(cu_fa.SR) == OVERRUN
    assert await bench.read(cu_fa.TCR) == 0
    assert not int(dut.irq.value)
    bench.kernel.stop = False
    await bench.idle()
    assert await bench.read(cu_fa.TCR) == DEPTH + 1
    values = [value for address, value in bench.kernel.log if address == 0x40]
    assert values == slots, "order or number of tasks"
    assert bench.ram.read((DEPTH + 1) * SLOT, 4) == bytes(4), "a dropped task was completed"
    assert not int(dut.irq.value), "interrupt without IER"
    await bench.write(cu_fa.IER, 1)
    await FallingEdge(dut.clk)
    assert int(dut.irq.value)


@cocotb.test()
async def memory_errors(dut: Any) -> None:
    """A descriptor outside the memory gives a decode error, and the adapter goes on with the next."""
    bench = await begin(dut, seeded_random("cu_fa errors"))
    bench.place(2, [0, 0, 0, 0, 0])
    await bench.write(cu_fa.DESCRIPTOR_LO, SLOT * SLOTS * 4)
    await bench.write(cu_fa.DESCRIPTOR_LO, 2 * SLOT)
    await bench.idle()
    assert await bench.read(cu_fa.TCR) >= 1
    assert bench.ram.read(2 * SLOT, 4) == COMPLETE.to_bytes(4, "little")
