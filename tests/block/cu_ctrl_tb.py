# SPDX-License-Identifier: Apache-2.0
"""cu_ctrl in lockstep with its model: random bus traffic against a random but legal kernel."""

from __future__ import annotations

import os
import random
from typing import Any

import cocotb
from cocotb.triggers import FallingEdge
from cocotb_coverage.coverage import CoverCross, CoverPoint, coverage_db

from tb.cocotb_util import reset, seeded_random, start_clock
from tests.models.cu import AP_CONTINUE, AP_START, ARGS, CTRL, IER, ISR, ControlBlock, Kernel

CHAIN = os.environ.get("CHAIN") == "1"
CLEAR_ON_READ = os.environ.get("CLEAR_ON_READ") == "1"
WORDS = 5
CYCLES = int(os.environ.get("CYCLES", "4000"))
WRITES = ("start", "continue", "gie", "ier", "isr", "arg")


class FakeKernel:
    """A kernel of random duration that obeys the protocol; `runs` counts what it was made to do."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._left = 0
        self._ready_at = 0
        self.state = "idle"
        self.runs = 0
        self.taken: list[list[int]] = []

    @property
    def drives(self) -> Kernel:
        last = self.state == "done"
        ready = self.state == "run" and self._left == self._ready_at if CHAIN else last
        return Kernel(done=last, ready=ready, idle=self.state == "idle")

    def clock(self, start: bool, cont: bool, args: list[int]) -> None:
        """One clock edge with the block's outputs."""
        if self.state == "idle" and start:
            self.state = "run"
            self.runs += 1
            self.taken.append(list(args))
            self._left = self._rng.choice((1, 2, 3, 7, 20))
            self._ready_at = self._rng.randint(1, self._left)
        elif self.state == "run":
            self._left -= 1
            if self._left == 0:
                self.state = "done"
        elif self.state == "done" and (cont or not CHAIN):
            self.state = "idle"


@CoverPoint("cu.write", xf=lambda op, kernel, model: op, bins=[*WRITES, "none"])
@CoverPoint("cu.state", xf=lambda op, kernel, model: kernel.state, bins=["idle", "run", "done"])
@CoverPoint("cu.started", xf=lambda op, kernel, model: model.start, bins=[False, True])
@CoverPoint("cu.isr", xf=lambda op, kernel, model: model.isr, bins=[0, 1, 2, 3])
@CoverPoint("cu.irq", xf=lambda op, kernel, model: model.irq, bins=[False, True])
@CoverCross("cu.write_in_state", items=["cu.write", "cu.state"])
@CoverCross("cu.start_when_started", items=["cu.write", "cu.started"])
def sample(op: str, kernel: FakeKernel, model: ControlBlock) -> None:
    """Functional coverage of one cycle."""


def random_write(rng: random.Random, model: ControlBlock) -> tuple[str, tuple[int, int, int] | None]:
    """A kind for coverage and (offset, data, strobes) or nothing."""
    strobes = 15 if rng.random() < 0.9 else rng.randrange(16)
    kind = rng.choice((*WRITES, "odd", "none", "none", "none", "none"))
    data = {
        "start": AP_START | rng.getrandbits(32) & 0xFFFFFFE0,
        "continue": AP_CONTINUE,
        "gie": rng.random() < 0.8,
        "ier": rng.choice((3, 3, 1, rng.getrandbits(2))),
        "isr": model.isr if rng.random() < 0.8 else rng.getrandbits(2),
    }.get(kind, rng.getrandbits(32))
    offset = {
        "start": CTRL,
        "continue": CTRL,
        "gie": 4,
        "ier": IER,
        "isr": ISR,
        "arg": ARGS + 4 * rng.randrange(WORDS),
        "odd": rng.choice((ARGS + 4 * WORDS, 0x100, 0xFFC, rng.randrange(4096))),
    }.get(kind)
    return ("none" if kind == "odd" else kind), None if offset is None else (offset, int(data), strobes)


def present(dut: Any, write: tuple[int, int, int] | None, read: int | None, kernel: Kernel) -> None:
    offset, data, strobes = write or (0, 0, 0)
    dut.s_axil_awaddr.value = offset
    dut.s_axil_wdata.value = data
    dut.s_axil_wstrb.value = strobes
    dut.s_axil_awvalid.value = int(write is not None)
    dut.s_axil_wvalid.value = int(write is not None)
    dut.s_axil_araddr.value = read or 0
    dut.s_axil_arvalid.value = int(read is not None)
    dut.ap_done.value = int(kernel.done)
    dut.ap_ready.value = int(kernel.ready)
    dut.ap_idle.value = int(kernel.idle)


@cocotb.test()
async def lockstep(dut: Any) -> None:
    """Every cycle: outputs, read data and arguments as the model says; the gated clock changes nothing."""
    rng = seeded_random("cu_ctrl")
    model = ControlBlock(WORDS, chain=CHAIN, isr_clear_on_read=CLEAR_ON_READ)
    kernel = FakeKernel(rng)
    present(dut, None, None, kernel.drives)
    dut.s_axil_bready.value = 1
    dut.s_axil_rready.value = 1
    start_clock(dut.clk)
    await reset(dut)

    starts = quiet = 0
    for cycle in range(CYCLES):
        # Quiet stretches, so that the clock really stops and only the block itself can ask for it.
        quiet = quiet - 1 if quiet else rng.choice((0,) * 20 + (rng.randrange(5, 40),))
        op, write = ("none", None) if quiet else random_write(rng, model)
        read = rng.choice((CTRL, CTRL, ISR, 4, IER, ARGS + 4 * rng.randrange(WORDS + 1), rng.randrange(4096)))
        if quiet or rng.random() < 0.6:
            read = None
        # Between two edges: present inputs, let model and kernel pass the edge, then compare behind it.
        drives = kernel.drives
        present(dut, write, read, drives)
        sample(op, kernel, model)
        expected = None if read is None else model.peek(read, drives)
        start, cont, taken = model.start, model.cont, list(model.args)
        model.clock(drives, write, read)
        starts += model.start and (not start or drives.ready)
        kernel.clock(start, cont, taken)
        await FallingEdge(dut.clk)

        where = f"cycle {cycle}"
        assert bool(dut.s_axil_rvalid.value) == (expected is not None), where
        if expected is not None:
            assert int(dut.s_axil_rdata.value) == expected, f"{where}: {int(dut.s_axil_rdata.value):#x}"
        assert bool(dut.ap_start.value) == model.start, f"{where}: ap_start"
        assert bool(dut.ap_continue.value) == model.cont, f"{where}: ap_continue"
        assert bool(dut.irq.value) == model.irq, f"{where}: irq"
        args = int(dut.args.value)
        assert [args >> 32 * i & 0xFFFFFFFF for i in range(WORDS)] == model.args, f"{where}: args"

    assert starts - 1 <= kernel.runs <= starts, "a start was run twice or lost"
    assert kernel.runs > CYCLES // 200
    for name in ("cu.write", "cu.state", "cu.isr", "cu.irq", "cu.start_when_started", "cu.write_in_state"):
        assert coverage_db[name].cover_percentage == 100, f"{name}: {coverage_db[name].detailed_coverage}"
    coverage_db.export_to_xml(os.path.join(os.environ.get("RUN_DIR", "."), "coverage.xml"))
