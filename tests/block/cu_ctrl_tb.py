# SPDX-License-Identifier: Apache-2.0
"""cu_ctrl in lockstep with its model: random bus traffic against a random but legal kernel.

Host and kernel do what they like when they like, in every cycle. Beside the model, which predicts every pin
and read value, the test keeps its own notion of sets: the kernel must see exactly the set that the host last
released and did not withdraw, and the host only results of one execution that ended after its request.
"""

from __future__ import annotations

import json
import os
import random
from typing import Any

import cocotb
from cocotb.triggers import FallingEdge, Timer
from cocotb_coverage.coverage import CoverCross, CoverPoint, coverage_db

from tb.cocotb_util import reset, seeded_random, start_clock
from tests.block.cu_fake_kernel import FakeKernel, Sets, result
from tests.models.cu import (
    AP_CONTINUE,
    AP_START,
    AUTO_RESTART,
    CHAIN,
    COUNTER,
    CTRL,
    FOR_EVER,
    GIE,
    IER,
    INPUT_CTRL,
    ISR,
    NONE,
    OUTPUT_CTRL,
    SW_RESET,
    ControlBlock,
    Kernel,
    Shape,
    Write,
    merge,
)

SHAPE = Shape(**json.loads(os.environ.get("SHAPE", "{}")))
CYCLES = int(os.environ.get("CYCLES", "3000"))
MOST_ROUNDS = 8

CONTROLS = ["none", "arg", "odd"]
if SHAPE.protocol != NONE:
    CONTROLS += ["start", "free", "gie", "ier", "isr"]
if SHAPE.protocol == CHAIN:
    CONTROLS += ["continue"]
if SHAPE.counted:
    CONTROLS += ["count"]
if SHAPE.mailbox_in:
    CONTROLS += ["release", "hold"]
if SHAPE.mailbox_out:
    CONTROLS += ["request", "leave"]
if SHAPE.sw_reset:
    CONTROLS += ["reset"]
if SHAPE.in_array:
    CONTROLS += ["array"]
# A kernel that writes an array does not overlap its executions; with AP_CTRL_HS it is then never only done.
OVERLAPS = SHAPE.protocol != NONE and not SHAPE.out_array
STATES = ["idle", "run", "done"] if OVERLAPS or SHAPE.protocol == CHAIN else ["idle", "run"]
POINTS = ["cu.write", "cu.write_in_state"]
if SHAPE.protocol != NONE:
    POINTS += ["cu.isr", "cu.irq", "cu.write_when_started", "cu.write_at_ready", "cu.write_at_done"]
if SHAPE.counted or SHAPE.protocol != NONE:
    POINTS += ["cu.restart"]
if SHAPE.mailbox_in:
    POINTS += ["cu.waiting_at_write", "cu.waiting_at_take", "cu.release_at_take"]
if SHAPE.mailbox_out:
    POINTS += ["cu.request_at_done", "cu.request_at_write"]


@CoverPoint("cu.write", xf=lambda s: s["op"], bins=CONTROLS)
@CoverPoint("cu.state", xf=lambda s: s["state"], bins=STATES)
@CoverPoint("cu.started", xf=lambda s: s["started"], bins=[False, True])
@CoverPoint("cu.ready", xf=lambda s: s["ready"], bins=[True])
@CoverPoint("cu.done", xf=lambda s: s["done"], bins=[True])
@CoverPoint("cu.isr", xf=lambda s: s["isr"], bins=[0, 1, 2, 3])
@CoverPoint("cu.irq", xf=lambda s: s["irq"], bins=[False, True])
@CoverPoint(
    "cu.restart", xf=lambda s: s["restart"], bins=["counted", "free", "both"] if SHAPE.counted else ["free"]
)
@CoverPoint("cu.waiting", xf=lambda s: s["waiting"], bins=[False, True])
@CoverPoint("cu.take", xf=lambda s: s["take"], bins=["stop", "restart"])
@CoverPoint("cu.pending", xf=lambda s: s["pending"], bins=[False, True])
@CoverPoint(
    "cu.release_at_take", xf=lambda s: s["op"] == "release" and s["take"] and s["waiting"], bins=[True]
)
@CoverCross("cu.write_in_state", items=["cu.write", "cu.state"])
@CoverCross("cu.write_when_started", items=["cu.write", "cu.started"])
@CoverCross("cu.write_at_ready", items=["cu.write", "cu.ready"])
@CoverCross("cu.write_at_done", items=["cu.write", "cu.done"])
@CoverCross("cu.waiting_at_write", items=["cu.write", "cu.waiting"])
@CoverCross("cu.waiting_at_take", items=["cu.take", "cu.waiting"])
@CoverCross("cu.request_at_write", items=["cu.write", "cu.pending"])
@CoverCross("cu.request_at_done", items=["cu.done", "cu.pending"])
def sample(s: dict[str, object]) -> None:
    """Functional coverage of one cycle."""


def covered() -> bool:
    return all(coverage_db[name].cover_percentage == 100 for name in POINTS)


class Host:
    """Random accesses; whole arrays in bursts, so that a set is complete now and then."""

    def __init__(self, rng: random.Random, model: ControlBlock) -> None:
        self._rng, self._model = rng, model
        self._array_left = 0
        self._kinds = CONTROLS + ["none"] * (len(CONTROLS) // 2) + ["start"] * (SHAPE.protocol != NONE)

    def write(self, drives: Kernel) -> tuple[str, Write | None]:
        """A kind for coverage and (offset, data, strobes) or nothing. Likes to meet the kernel's events."""
        rng, model = self._rng, self._model
        meets = model.inputs.waiting is not None and drives.ready and model.again
        if SHAPE.mailbox_in and meets and rng.random() < 0.3:
            return "release", (INPUT_CTRL, 1, 15)
        strobes = 15 if rng.random() < 0.9 else rng.randrange(16)
        if self._array_left:
            self._array_left -= 1
            return "array", (SHAPE.in_array_offset + 4 * self._array_left, rng.getrandbits(32), 15)
        kind = rng.choice(self._kinds)
        junk = rng.getrandbits(32) & ~(AP_START | AP_CONTINUE | AUTO_RESTART | SW_RESET)
        if SHAPE.in_array and kind == "release" and rng.random() < 0.7:
            kind = "array"
        if SHAPE.in_array and kind == "array" and rng.random() < 0.5:
            self._array_left = SHAPE.in_array
        control = {
            "start": (CTRL, AP_START | junk),
            "free": (CTRL, AUTO_RESTART | rng.choice((0, AP_START))),
            "continue": (CTRL, AP_CONTINUE | rng.choice((0, 0, 0, AUTO_RESTART))),
            "reset": (CTRL, SW_RESET | rng.choice((0, AP_START, AUTO_RESTART))),
            "gie": (GIE, rng.random() < 0.8),
            "ier": (IER, rng.choice((3, 3, 1, rng.getrandbits(2)))),
            "isr": (ISR, model.isr if rng.random() < 0.8 else rng.getrandbits(2)),
            "count": (COUNTER, rng.choice((0, 0, 1, 2, 3, FOR_EVER, 1 << 16))),
            "release": (INPUT_CTRL, junk & ~2 | 1),
            "hold": (INPUT_CTRL, junk & ~1),
            "request": (OUTPUT_CTRL, 1),
            "leave": (OUTPUT_CTRL, junk & ~1),
            "arg": (SHAPE.args_offset + 4 * rng.randrange(max(SHAPE.words, 1)), rng.getrandbits(32)),
            "array": (SHAPE.in_array_offset + 4 * rng.randrange(max(SHAPE.in_array, 1)), rng.getrandbits(32)),
            "odd": (rng.choice((SHAPE.outs_offset, 0x3FC, 0xFFC, rng.randrange(4096))), rng.getrandbits(32)),
        }.get(kind)
        if control is None:
            return "none", None
        offset, data = control[0], int(control[1])
        if kind == "odd" and (offset & ~3 < SHAPE.args_offset or offset & ~3 == COUNTER):
            return "none", None
        if kind in ("reset", "free", "count", "release", "hold", "request", "leave", "start", "continue"):
            strobes |= 3
        if kind == "reset" and rng.random() < 0.6:
            return "none", None
        return kind, (offset, data, strobes)

    def read(self) -> int | None:
        rng = self._rng
        if rng.random() < 0.5:
            return None
        return rng.choice(
            (
                CTRL, CTRL, ISR, GIE, IER, COUNTER, INPUT_CTRL, OUTPUT_CTRL,
                SHAPE.args_offset + 4 * rng.randrange(SHAPE.words + 1),
                SHAPE.outs_offset + 4 * rng.randrange(SHAPE.outs + 1),
                SHAPE.in_array_offset + 4 * rng.randrange(SHAPE.in_array + 1),
                SHAPE.out_array_offset + 4 * rng.randrange(SHAPE.out_array + 1),
                rng.randrange(4096),
            )
        )  # fmt: skip


def present(dut: Any, write: Write | None, read: int | None, kernel: Kernel) -> None:
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
    dut.kernel_quiet.value = int(kernel.quiet)
    dut.outs.value = sum(word << 32 * index for index, word in enumerate(kernel.outs))
    dut.out_array_we.value = int(kernel.store is not None)
    dut.out_array_addr.value, dut.out_array_data.value = kernel.store or (0, 0)


def note(sets: Sets, write: Write | None, taken: bool) -> None:
    """Tell the test's own notion of sets what crossed the bus in this cycle."""
    if taken:
        sets.started()
    if write is None:
        return
    offset, data, strobes = write
    word = offset & ~3
    if word == INPUT_CTRL and SHAPE.mailbox_in and strobes & 1:
        if data & 1:
            sets.release()
        else:
            sets.hold()
    index = (word - SHAPE.args_offset) // 4
    if 0 <= index < SHAPE.words:
        merged = merge(sets.scalars[index], data, strobes)
        assert merged is not None
        sets.scalars[index] = merged
    index = (word - SHAPE.in_array_offset) // 4
    if 0 <= index < SHAPE.in_array:
        sets.array[index] = merge(sets.array[index], data, strobes)


class Results:
    """The test's own notion of result sets: every word that the host reads names its execution."""

    def __init__(self) -> None:
        self.shown = 0  # number of the execution whose results the host may read
        self.shown_array = 0
        self.pending = False
        self.reads = 0

    def check(self, offset: int, value: int, where: str) -> None:
        index = (offset - SHAPE.outs_offset) // 4
        if 0 <= index < SHAPE.outs and self.shown:
            self.reads += 1
            assert value == result(self.shown, index), f"{where}: torn result {value:#x}, not of {self.shown}"
        index = (offset - SHAPE.out_array_offset) // 4
        if 0 <= index < SHAPE.out_array and self.shown_array and SHAPE.mailbox_out:
            self.reads += 1
            assert value == result(self.shown_array, 0x100 + index), f"{where}: torn array {value:#x}"


@cocotb.test()
async def lockstep(dut: Any) -> None:
    """Every cycle: outputs, read data and sets as the model says; the gated clock changes nothing."""
    rng = seeded_random("cu_ctrl")
    model, sets, results = ControlBlock(SHAPE), Sets(SHAPE), Results()
    kernel, host = FakeKernel(rng, SHAPE), Host(rng, model)
    present(dut, None, None, kernel.drives(False))
    dut.s_axil_bready.value = 1
    dut.s_axil_rready.value = 1
    dut.in_array_addr.value = 0
    start_clock(dut.clk)
    await reset(dut)

    starts = quiet = looks = stopped = 0
    answers = False  # the access of the cycle before is being answered, or continues the kernel
    for cycle in range(CYCLES * MOST_ROUNDS):
        if cycle and cycle % CYCLES == 0 and covered():
            break
        # Quiet stretches, so that the clock really stops and only the block itself can ask for it.
        quiet = quiet - 1 if quiet else rng.choice((0,) * 20 + (rng.randrange(5, 40),))
        where = f"cycle {cycle}"

        # Between two edges: present inputs, look at what the block says to them, let everybody pass the edge.
        drives = kernel.drives(model.resetting)
        op, write = ("none", None) if quiet else host.write(drives)
        read = None if quiet else host.read()
        present(dut, write, read, drives)
        look = rng.randrange(max(SHAPE.in_array, 1))
        dut.in_array_addr.value = look
        await Timer(1, unit="ns")
        abandoned = model.resets(write)
        cont = model.cont(drives, abandoned)
        assert bool(dut.ap_start.value) == model.start, f"{where}: ap_start"
        assert bool(dut.ap_continue.value) == cont, f"{where}: ap_continue"
        assert bool(dut.kernel_reset.value) == model.resetting, f"{where}: kernel_reset"
        assert bool(dut.irq.value) == model.irq, f"{where}: irq"
        # An idle kernel must see its start. One that has seen it keeps its own clock, or hangs for nothing.
        offered = SHAPE.protocol != NONE and model.start and drives.idle
        if offered:
            assert int(dut.active.value), f"{where}: a start and no clock"
        elif not (answers or read is not None or write or drives.ready or drives.done or model.resetting):
            assert not int(dut.active.value), f"{where}: a clock for nothing"
            stopped += SHAPE.protocol == NONE or model.start
        answers = read is not None or write is not None
        if SHAPE.words:
            args = int(dut.args.value)
            seen = [args >> 32 * i & 0xFFFFFFFF for i in range(SHAPE.words)]
            assert seen == model.inputs.kernel, f"{where}: args"
            if SHAPE.mailbox_in:
                assert tuple(seen) == sets.kernel[0], f"{where}: torn set"
        if SHAPE.in_array:
            value = int(dut.in_array_data.value)
            assert model.inputs.kernel_array[look] in (None, value), f"{where}: array"
            if SHAPE.mailbox_in:
                assert sets.kernel[1][look] in (None, value), f"{where}: torn array"
                looks += sets.kernel[1][look] is not None
        expected = None if read is None else model.peek(read, drives, abandoned)
        started, again = model.started, model.again
        counted, free = model.counted, model.auto_restart
        finished = kernel.flight[0].number if kernel.flight else kernel.front.number if kernel.front else 0
        served = drives.done and not (model.resetting or abandoned)
        waiting, pending, first = model.inputs.waiting is not None, model.outputs.pending, not model.done_held
        taken = model.clock(drives, write, read)
        sample(
            {
                "op": op, "state": kernel.state, "started": started,
                "ready": drives.ready, "done": drives.done, "isr": model.isr,
                "irq": model.irq, "waiting": waiting, "pending": pending,
                "restart": taken and drives.ready and (
                    "both" if counted and free else "counted" if counted else free and "free"
                ),
                "take": taken and ("restart" if drives.ready and again else "stop"),
            }
        )  # fmt: skip
        note(sets, write, taken)
        starts += taken or (SHAPE.protocol == NONE)
        kernel.clock(SHAPE.protocol == NONE or started, cont, bool(dut.kernel_reset.value))
        await FallingEdge(dut.clk)

        assert bool(dut.s_axil_rvalid.value) == (read is not None), where
        if read is not None:
            value = int(dut.s_axil_rdata.value)
            assert expected in (None, value), f"{where}: {read:#x} reads {value:#x}, not {expected}"
            results.check(read & ~3, value, where)
        if served and (pending if SHAPE.mailbox_out else first):
            results.shown = results.shown_array = finished

    cocotb.log.info("%d executions, %d releases (%d whole taken)", kernel.runs, sets.releases, sets.whole)
    if SHAPE.protocol != NONE and not SHAPE.sw_reset:
        assert starts - 1 <= kernel.runs <= starts, "a start was run twice or lost"
    assert kernel.runs > CYCLES // 400 and stopped > CYCLES // 100
    if SHAPE.in_array and SHAPE.mailbox_in:
        assert sets.whole >= 5 and looks > 100
    if SHAPE.outs or (SHAPE.out_array and SHAPE.mailbox_out):
        assert results.reads > 8
    for name in POINTS:
        assert coverage_db[name].cover_percentage == 100, f"{name}: {coverage_db[name].detailed_coverage}"
    coverage_db.export_to_xml(os.path.join(os.environ.get("RUN_DIR", "."), "coverage.xml"))
