# SPDX-License-Identifier: Apache-2.0
"""Bench of the PCIe front: hard-IP side of CQ and CC, and the slaves behind its AXI ports.

One loop drives everything: inputs change at the falling clock edge, and the handshakes that the
next rising edge will complete are sampled once the combinational paths have settled. That makes a
run the same on both simulators.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import cocotb
from cocotb.triggers import ClockCycles, FallingEdge, Timer

from tb.cocotb_util import start_clock
from tests.models.pcie_completer import BEAT, OKAY, Access, Completer, CompletionJudge, Outcome, Space
from tests.models.pcie_tlp import Beat, CcMonitor, Completion, Request, cq_beats

CREDITS = 32
LITE_PORTS = {"mgmt": 25, "mgmt_irq": 17, "user": 25, "user_irq": 16}
FUNCTION_OF_PORT = {"mgmt": 0, "mgmt_irq": 0, "user": 1, "user_irq": 1, "mem": 1}


class LiteSlave:
    """An AXI4-Lite slave with random delays; `hang` makes it answer after `guard` cycles only."""

    def __init__(self, dut: Any, port: str, space: Space, rng: random.Random, log: Callable[[Access], None]):
        self._port = port
        self._space = space
        self._rng = rng
        self._log = log
        self.stall = 0.0
        self.hang = False
        self.guard = 4096
        names = (
            "awaddr awvalid awready wdata wstrb wvalid wready bresp bvalid bready "
            "araddr arvalid arready rdata rresp rvalid rready"
        )
        for name in names.split():
            setattr(self, name, getattr(dut, f"m_axil_{port}_{name}"))
        for name in ("awready", "wready", "bvalid", "bresp", "arready", "rvalid", "rdata", "rresp"):
            getattr(self, name).value = 0
        self._aw: int | None = None
        self._w: tuple[int, int] | None = None
        self._b: list[int] | None = None  # [delay, response]
        self._r: list[int] | None = None  # [delay, response, data]
        self._driven = {"awready": 0, "wready": 0, "arready": 0, "bvalid": 0, "rvalid": 0}
        self._bvalid = self._rvalid = 0
        self._held: dict[str, tuple[int, ...]] = {}

    def _delay(self) -> int:
        if self.hang:
            return self.guard
        return self._rng.randrange(1, 6) if self._rng.random() < self.stall else 0

    def _set(self, name: str, value: int) -> None:
        if self._driven[name] != value:
            self._driven[name] = value
            getattr(self, name).value = value

    def drive(self) -> None:
        """Inputs for the coming rising edge."""
        free = self._rng.random() >= self.stall
        self._set("awready", int(free and self._aw is None and self._b is None))
        free = self.stall == 0 or self._rng.random() >= self.stall
        self._set("wready", int(free and self._w is None and self._b is None))
        free = self.stall == 0 or self._rng.random() >= self.stall
        self._set("arready", int(free and self._r is None))
        if self._b and not self._bvalid:
            if self._b[0] == 0:
                self._bvalid = 1
                self.bresp.value = self._b[1]
            else:
                self._b[0] -= 1
        if self._r and not self._rvalid:
            if self._r[0] == 0:
                self._rvalid = 1
                self.rresp.value, self.rdata.value = self._r[1], self._r[2]
            else:
                self._r[0] -= 1
        self._set("bvalid", self._bvalid)
        self._set("rvalid", self._rvalid)

    def _stable(self, channel: str, taken: bool, *values: int) -> None:
        held = self._held.pop(channel, None)
        assert held in (None, values), f"{self._port} {channel}: payload changed while waiting"
        if not taken:
            self._held[channel] = values

    def sample(self) -> None:
        """Handshakes of the coming rising edge."""
        if int(self.awvalid.value):
            taken = bool(self._driven["awready"])
            self._stable("aw", taken, int(self.awaddr.value))
            if taken:
                self._aw = int(self.awaddr.value)
        else:
            assert "aw" not in self._held, f"{self._port}: awvalid withdrawn"
        if int(self.wvalid.value):
            taken = bool(self._driven["wready"])
            self._stable("w", taken, int(self.wdata.value), int(self.wstrb.value))
            if taken:
                self._w = int(self.wdata.value), int(self.wstrb.value)
        else:
            assert "w" not in self._held, f"{self._port}: wvalid withdrawn"
        if self._bvalid and int(self.bready.value):
            self._bvalid = 0
            self._b = None
        elif self._aw is not None and self._w is not None and self._b is None:
            self._write(self._aw, *self._w)
            self._aw = self._w = None
        if int(self.arvalid.value):
            taken = bool(self._driven["arready"])
            address = int(self.araddr.value)
            self._stable("ar", taken, address)
            if taken:
                self._read(address)
        else:
            assert "ar" not in self._held, f"{self._port}: arvalid withdrawn"
        if self._rvalid and int(self.rready.value):
            self._rvalid = 0
            self._r = None

    def _write(self, address: int, data: int, strobe: int) -> None:
        mask = sum(0xFF << (8 * i) for i in range(4) if strobe >> i & 1)
        self._log(Access(self._port, True, address, data & mask, strobe))
        response = self._space.fault(address)
        if response == OKAY:
            self._space.write(address, data, strobe, 4)
        self._b = [self._delay(), response]

    def _read(self, address: int) -> None:
        self._log(Access(self._port, False, address))
        response = self._space.fault(address)
        data = self._space.read(address, 4) if response == OKAY else 0xDEADC0DE
        self._r = [self._delay(), response, data]


class MemorySlave:
    """The AXI4 slave of the memory port, with its protocol checks."""

    def __init__(self, dut: Any, space: Space, rng: random.Random, log: Callable[[Access], None]) -> None:
        self._space = space
        self._rng = rng
        self._log = log
        self.stall = 0.0
        inputs = tuple(
            [
                "awready",
                "wready",
                "bid",
                "bresp",
                "bvalid",
                "arready",
                "rid",
                "rdata",
                "rresp",
                "rlast",
                "rvalid",
            ]
        )
        outputs = "awaddr awlen awsize awburst awvalid wdata wstrb wlast wvalid bready "
        outputs += "araddr arlen arsize arburst arvalid rready"
        for name in [*inputs, *outputs.split()]:
            setattr(self, name, getattr(dut, f"m_axi_mem_{name}"))
        for name in inputs:
            getattr(self, name).value = 0
        self._burst: list[int] | None = None  # write: [address, beats left]
        self._worst = OKAY
        self._b: int | None = None
        self._reads: deque[int] = deque()
        self._bvalid = self._rvalid = 0
        self._driven = {"awready": 0, "wready": 0, "arready": 0, "bvalid": 0, "rvalid": 0}
        self.write_bursts = 0
        self.longest = 0

    def _free(self) -> int:
        return int(self.stall == 0 or self._rng.random() >= self.stall)

    def _set(self, name: str, value: int) -> None:
        if self._driven[name] != value:
            self._driven[name] = value
            getattr(self, name).value = value

    def drive(self) -> None:
        """Inputs for the coming rising edge."""
        self._set("awready", self._free() if self._burst is None and self._b is None else 0)
        self._set("wready", self._free() if self._burst is not None else 0)
        self._set("arready", self._free() if not self._reads else 0)
        if self._b is not None and not self._bvalid and self._free():
            self._bvalid = 1
            self.bresp.value = self._b
        if self._reads and not self._rvalid and self._free():
            address = self._reads[0]
            response = self._space.fault(address)
            self._rvalid = 1
            self.rresp.value = response
            self.rdata.value = self._space.read(address, BEAT)
            self.rlast.value = int(len(self._reads) == 1)
        self._set("bvalid", self._bvalid)
        self._set("rvalid", self._rvalid)

    @staticmethod
    def _check_burst(address: int, length: int, size: int, burst: int) -> None:
        assert size == 5 and burst == 1, "bursts are INCR of 32 bytes"
        assert address % BEAT == 0, "bursts start at a beat"
        assert length < 16, f"{length + 1} beats"
        assert address // 4096 == (address + BEAT * length) // 4096, "burst across 4 KiB"

    def sample(self) -> None:
        """Handshakes of the coming rising edge."""
        if self._bvalid and int(self.bready.value):
            self._bvalid, self._b = 0, None
        if self._driven["wready"] and self._burst is not None and int(self.wvalid.value):
            self._write_beat()
        if self._driven["awready"] and int(self.awvalid.value):
            address, length = int(self.awaddr.value), int(self.awlen.value)
            self._check_burst(address, length, int(self.awsize.value), int(self.awburst.value))
            self._burst = [address, length + 1]
            self._worst = OKAY
            self.write_bursts += 1
            self.longest = max(self.longest, length + 1)
        if self._rvalid and int(self.rready.value):
            self._rvalid = 0
            self._log(Access("mem", False, self._reads.popleft()))
        if self._driven["arready"] and int(self.arvalid.value):
            address, length = int(self.araddr.value), int(self.arlen.value)
            self._check_burst(address, length, int(self.arsize.value), int(self.arburst.value))
            self._reads.extend(range(address, address + BEAT * (length + 1), BEAT))
            self.longest = max(self.longest, length + 1)

    def _known(self, mask: int) -> int:
        """The write data; only bytes without a strobe may be unknown, and those read as zero."""
        value = self.wdata.value
        if value.is_resolvable:
            return int(value)
        bits = str(value)
        known = int("".join("1" if bit in "01" else "0" for bit in bits), 2)
        assert known & mask == mask, f"unknown data in an enabled byte: {bits}"
        return int("".join(bit if bit in "01" else "0" for bit in bits), 2)

    def _write_beat(self) -> None:
        assert self._burst is not None
        address, left = self._burst
        strobe = int(self.wstrb.value)
        mask = sum(0xFF << (8 * i) for i in range(BEAT) if strobe >> i & 1)
        data = self._known(mask)
        self._log(Access("mem", True, address, data & mask, strobe))
        response = self._space.fault(address)
        if response == OKAY:
            self._space.write(address, data, strobe, BEAT)
        elif self._worst == OKAY:
            self._worst = response
        assert int(self.wlast.value) == int(left == 1), "wlast"
        self._burst = [address + BEAT, left - 1] if left > 1 else None
        if left == 1:
            self._b = self._worst


@dataclass
class _Queued:
    beats: list[Beat]
    posted: bool
    request: Request | None


@dataclass
class Timing:
    """Clock cycles in which a request was first shown and its first completion appeared."""

    shown: int = -1
    completed: int = -1
    finished: int = -1

    @property
    def latency(self) -> int:
        return self.completed - self.shown


@dataclass
class Bench:
    """Everything around the front; `await Bench.start(dut, rng)`."""

    dut: Any
    rng: random.Random
    max_payload: int = 128
    cq_gap: float = 0.0
    cc_stall: float = 0.0
    judges: dict[tuple[int, int], CompletionJudge] = field(default_factory=dict)
    timing: dict[tuple[int, int], Timing] = field(default_factory=dict)
    expected: dict[int, list[Access]] = field(default_factory=lambda: {0: [], 1: []})
    seen: dict[int, list[Access]] = field(default_factory=lambda: {0: [], 1: []})
    stray: list[Completion] = field(default_factory=list)
    completions: list[Completion] = field(default_factory=list)
    cycle: int = 0
    credits: int = 0
    faults: dict[str, Callable[[int], int]] = field(default_factory=dict)

    @classmethod
    async def start(cls, dut: Any, rng: random.Random, *, max_payload: int = 128, stall: float = 0.0,
                    again: bool = False) -> Bench:  # fmt: skip
        """Reset the front and put a new bench around it; `again` when the clock runs already."""
        bench = cls(dut, rng, max_payload, cq_gap=stall, cc_stall=stall)
        bench.faults = {port: lambda address: OKAY for port in FUNCTION_OF_PORT}
        spaces = {port: Space(lambda a, p=port: bench.faults[p](a)) for port in FUNCTION_OF_PORT}
        copies = {port: Space(lambda a, p=port: bench.faults[p](a)) for port in FUNCTION_OF_PORT}
        bench.model = Completer(copies, max_payload)
        bench.spaces = spaces
        bench.lite = {port: LiteSlave(dut, port, spaces[port], rng, bench._access) for port in LITE_PORTS}
        bench.memory = MemorySlave(dut, spaces["mem"], rng, bench._access)
        bench.set_stall(stall)
        bench.queue = deque()
        bench.monitor = CcMonitor()
        for stream in ("s_axis_cq", "s_axis_rc"):
            for name in ("tdata", "tuser", "tkeep", "tlast", "tvalid"):
                getattr(dut, f"{stream}_{name}").value = 0
        dut.m_axis_cc_tready.value = dut.m_axis_rq_tready.value = 0
        dut.cfg_max_payload.value = max_payload.bit_length() - 8
        dut.rst.value = 1
        await Timer(1, "ns")
        if not again:
            start_clock(dut.clk)
        await ClockCycles(dut.clk, 5)
        await FallingEdge(dut.clk)
        dut.rst.value = 0
        # Credits are given from the first cycle on, so the loop starts in the same cycle.
        bench._task = cocotb.start_soon(bench._run())
        await bench.cycles(CREDITS + 4)
        assert bench.credits == CREDITS, f"{bench.credits} non-posted credits after reset"
        return bench

    def set_stall(self, stall: float) -> None:
        """Probability of idle cycles everywhere."""
        self.cq_gap = self.cc_stall = self.memory.stall = stall
        for slave in self.lite.values():
            slave.stall = stall

    def _access(self, access: Access) -> None:
        self.seen[FUNCTION_OF_PORT[access.port]].append(access)

    def send(self, request: Request, *, check: bool = True) -> Outcome | None:
        """Queue a well-formed request; with `check` the model says what must come of it."""
        outcome = None
        if check:
            outcome = self.model.run(request)
            self.expected.setdefault(request.function, []).extend(outcome.accesses)
            if outcome.answered:
                assert request.key not in self.judges, "tag in use"
                self.judges[request.key] = CompletionJudge(outcome, self.max_payload)
        if not request.kind.posted:
            self.timing[request.key] = Timing()
        self.queue.append(_Queued(cq_beats(request), request.kind.posted, request))
        return outcome

    def send_raw(self, beats: list[Beat], *, posted: bool) -> None:
        """Queue beats as they are."""
        self.queue.append(_Queued(beats, posted, None))

    async def cycles(self, count: int) -> None:
        """Wait for clock cycles."""
        end = self.cycle + count
        while self.cycle < end:
            await FallingEdge(self.dut.clk)
            self.check_alive()

    def stop(self) -> None:
        """Leave the pins alone, for another bench."""
        self._task.cancel()

    def check_alive(self) -> None:
        """Raise what the bench's loop raised."""
        if self._task.done():
            self._task.result()

    async def idle(self, limit: int = 4000) -> None:
        """Wait until nothing is queued, outstanding or active. Raises AssertionError after `limit` cycles."""
        end = self.cycle + limit
        quiet = 0
        while quiet < 3:
            await FallingEdge(self.dut.clk)
            self.check_alive()
            busy = self.queue or self.judges or self.monitor.in_packet or int(self.dut.active.value)
            quiet = 0 if busy else quiet + 1
            waiting = [str(judge.outcome.request) for judge in self.judges.values()][:3]
            assert self.cycle < end, f"not idle after {limit} cycles: {len(self.queue)} queued, {waiting}"
        assert not self.stray, f"completions nobody asked for: {self.stray[:3]}"
        assert self.credits == CREDITS, f"{self.credits} of {CREDITS} non-posted credits"

    def check_accesses(self) -> None:
        """Compare what the ports saw with the model, in order per function, and forget both."""
        for function in (0, 1):
            want, got = self.expected[function], self.seen[function]
            for index, (w, g) in enumerate(zip(want, got, strict=False)):
                assert w == g, f"function {function} access {index}: {g}, want {w}"
            assert len(want) == len(got), (
                f"function {function}: {len(got)} accesses, want {len(want)}; "
                f"first extra {(got if len(got) > len(want) else want)[min(len(want), len(got))]}"
            )
            self.expected[function], self.seen[function] = [], []

    async def _run(self) -> None:
        dut = self.dut
        current: deque[Beat] = deque()
        request: Request | None = None
        valid = False
        cc_ready = False
        while True:
            await FallingEdge(dut.clk)
            if not current and self.queue and (self.queue[0].posted or self.credits):
                item = self.queue.popleft()
                current.extend(item.beats)
                request = item.request
                if not item.posted:
                    self.credits -= 1
            if current and not valid and (self.cq_gap == 0 or self.rng.random() >= self.cq_gap):
                beat = current[0]
                dut.s_axis_cq_tdata.value = beat.data
                dut.s_axis_cq_tuser.value = beat.user
                dut.s_axis_cq_tkeep.value = beat.keep
                dut.s_axis_cq_tlast.value = int(beat.last)
                dut.s_axis_cq_tvalid.value = 1
                valid = True
                if request is not None and request.key in self.timing and self.timing[request.key].shown < 0:
                    self.timing[request.key].shown = self.cycle
            elif not valid:
                dut.s_axis_cq_tvalid.value = 0
            ready = self.cc_stall == 0 or self.rng.random() >= self.cc_stall
            if ready != cc_ready:
                cc_ready = ready
                dut.m_axis_cc_tready.value = int(ready)
            for slave in self.lite.values():
                slave.drive()
            self.memory.drive()
            await Timer(1, "ns")
            if valid and int(dut.s_axis_cq_tready.value):
                current.popleft()
                valid = False
            self._completion(cc_ready)
            for slave in self.lite.values():
                slave.sample()
            self.memory.sample()
            if int(dut.pcie_cq_np_req.value):
                self.credits += 1
                assert self.credits <= CREDITS, "more credits than the hard IP counts"
            self.cycle += 1

    def _completion(self, ready: bool) -> None:
        dut = self.dut
        if not int(dut.m_axis_cc_tvalid.value):
            self.monitor.cycle(None, ready)
            return
        beat = Beat(
            int(dut.m_axis_cc_tdata.value),
            int(dut.m_axis_cc_tkeep.value),
            int(dut.m_axis_cc_tuser.value),
            bool(int(dut.m_axis_cc_tlast.value)),
        )
        if not self.monitor.in_packet:
            key = beat.data >> 48 & 0xFFFF, beat.data >> 64 & 0xFF
            timing = self.timing.get(key)
            if timing is not None and timing.completed < 0:
                timing.completed = self.cycle
        completion = self.monitor.cycle(beat, ready)
        if completion is None:
            return
        self.completions.append(completion)
        if completion.key in self.timing:
            self.timing[completion.key].finished = self.cycle
        judge = self.judges.get(completion.key)
        if judge is None:
            self.stray.append(completion)
            return
        judge.take(completion)
        if judge.done:
            del self.judges[completion.key]
