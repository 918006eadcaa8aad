# SPDX-License-Identifier: Apache-2.0
"""Lockstep of the ERT subsystem with its golden models: every port, every clock edge.

Used by ert_tb.py (registers, queue, interrupts) and ert_engines_tb.py (CUDMA, CUISR).
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from cocotb.triggers import FallingEdge

from tb.cocotb_util import reset, start_clock
from tests.models import ert_csr
from tests.models.ert_cq import ErtCq
from tests.models.ert_csr import ErtCsr
from tests.models.ert_engines import Access as EngineAccess
from tests.models.ert_engines import Answer, Config, Cudma, Cuisr, Fetch
from tests.models.mb_intc import MbIntc

PORTS = ("csr_host", "csr_mb", "cq_host", "cq_mb", "intc", "cu_intc")
REQUEST_PINS = ("awaddr", "awvalid", "wdata", "wstrb", "wvalid", "bready", "araddr", "arvalid", "rready")
RESPONSE_PINS = ("bresp", "bvalid", "rdata", "rresp", "rvalid")

Write = tuple[int, int, int]
"""Offset, value, byte strobes."""


class Port:
    """One AXI4-Lite port: holds a request until it is accepted, checks responses.

    `before_edge` drives a cycle and says what the coming edge accepts; `check` looks at the result.
    """

    def __init__(self, dut: Any, name: str):
        self.name = name
        self.pins = {
            signal: getattr(dut, f"s_axil_{name}_{signal}") for signal in (*REQUEST_PINS, *RESPONSE_PINS)
        }
        for signal in REQUEST_PINS:
            self.pins[signal].value = int(signal in ("bready", "rready"))
        self.ready = True
        self.write: Write | None = None
        self.read: int | None = None
        self.b_pending = False
        self.r_pending = False
        self.expected = 0

    def request(self, read: int | None, write: Write | None, ready: bool = True) -> None:
        """Drive what the port wants in this cycle; a request not yet accepted stays."""
        self.ready = ready
        self.pins["bready"].value = int(ready)
        self.pins["rready"].value = int(ready)
        if self.write is None and write is not None:
            self.write = write
            self.pins["awaddr"].value, self.pins["wdata"].value, self.pins["wstrb"].value = write
        if self.read is None and read is not None:
            self.read = read
            self.pins["araddr"].value = read
        for signal in ("awvalid", "wvalid"):
            self.pins[signal].value = int(self.write is not None)
        self.pins["arvalid"].value = int(self.read is not None)

    def accept(self) -> tuple[int | None, Write | None]:
        """What the coming edge takes: (read offset, write)."""
        read = self.read if not self.r_pending or self.ready else None
        write = self.write if not self.b_pending or self.ready else None
        if write is not None:
            self.write = None
            self.b_pending = True
        elif self.ready:
            self.b_pending = False
        if read is not None:
            self.read = None
            self.r_pending = True
        elif self.ready:
            self.r_pending = False
        return read, write

    def check(self) -> None:
        """Responses after the edge."""
        pins = self.pins
        assert int(pins["bvalid"].value) == self.b_pending, f"{self.name}: bvalid"
        assert int(pins["rvalid"].value) == self.r_pending, f"{self.name}: rvalid"
        if self.b_pending:
            assert int(pins["bresp"].value) == 0
        if self.r_pending:
            assert int(pins["rresp"].value) == 0
            got = int(pins["rdata"].value)
            assert got == self.expected, f"{self.name}: read 0x{got:08X}, expected 0x{self.expected:08X}"


class UnitBus:
    """The compute units' side of the engines' bus: random timing, values and errors; checks the requests.

    `drive` sets the inputs for the coming edge; `answered` is what that edge hands to each engine.
    """

    def __init__(self, dut: Any, rng: random.Random):
        self.pins = {name: getattr(dut, f"m_axil_{name}") for name in (*REQUEST_PINS, *RESPONSE_PINS)}
        for name in ("awready", "wready", "arready"):
            self.pins[name] = getattr(dut, f"m_axil_{name}")
        self.rng = rng
        self.slow = 0.5
        self.errors = 0.0
        self.read_value: Callable[[int], int] = lambda address: rng.choice([0, 1, 1, 1, 3])
        self.on_write: Callable[[int, int], None] = lambda address, value: None
        self.log: list[tuple[int, int]] = []
        """Writes answered OKAY: address, value."""
        self.drop()

    def drop(self) -> None:
        """Forget everything under way (reset)."""
        self.write: list[int | None] = [None, None]
        self.read: int | None = None
        self.response = {"b": (0, 0), "r": (0, 0)}
        self.valid = {"b": False, "r": False}
        for name in ("awready", "wready", "arready", "bvalid", "rvalid", "bresp", "rresp", "rdata"):
            self.pins[name].value = 0

    def _high(self, name: str) -> bool:
        return int(self.pins[name].value) == 1

    def drive(self) -> dict[str, Answer]:
        """Inputs for the coming edge. Returns the responses it takes: "b" of a write, "r" of a read."""
        pins, rng = self.pins, self.rng
        taken: dict[str, Answer] = {}
        for channel, waits in (("b", None not in self.write), ("r", self.read is not None)):
            if waits and not self.valid[channel] and rng.random() >= self.slow:
                self._respond(channel)
            if self.valid[channel] and self._high(f"{channel}ready"):
                value, resp = self.response[channel]
                taken[channel] = Answer(value, resp == 0)
        for place, name in enumerate(("aw", "w")):
            ready = self.write[place] is None and rng.random() >= self.slow
            pins[f"{name}ready"].value = int(ready)
            if ready and self._high(f"{name}valid"):
                self.write[place] = int(pins["awaddr" if name == "aw" else "wdata"].value)
        ready = self.read is None and rng.random() >= self.slow
        pins["arready"].value = int(ready)
        if ready and self._high("arvalid"):
            self.read = int(pins["araddr"].value)
        return taken

    def _respond(self, channel: str) -> None:
        resp = self.rng.choice([2, 3]) if self.rng.random() < self.errors else 0
        value = 0
        if channel == "r":
            assert self.read is not None
            value = self.read_value(self.read) if resp == 0 else self.rng.getrandbits(32)
            self.pins["rdata"].value = value
        self.response[channel] = value, resp
        self.valid[channel] = True
        self.pins[f"{channel}resp"].value = resp
        self.pins[f"{channel}valid"].value = 1

    def finish(self, taken: dict[str, Answer]) -> None:
        """After the edge: the responses that it took are over."""
        if "b" in taken:
            address, value = self.write
            assert address is not None and value is not None
            if taken["b"].good:
                self.log.append((address, value))
                self.on_write(address, value)
            self.write = [None, None]
        if "r" in taken:
            self.read = None
        for channel in taken:
            self.valid[channel] = False
            self.pins[f"{channel}valid"].value = 0


@dataclass
class Edge:
    """What one clock edge does, for coverage; requests are those before it."""

    taken: dict[str, tuple[int | None, Write | None]]
    answers: dict[str, Answer]
    dma: Any
    isr: Any
    levels: int
    step: Lockstep
    reported: int = 0
    collided: bool = False
    dma_collided: bool = False


class Lockstep:
    """The RTL and the models, one clock edge at a time."""

    def __init__(self, dut: Any, rng: random.Random):
        self.dut = dut
        self.ports = {name: Port(dut, name) for name in PORTS}
        self.units = UnitBus(dut, rng)
        self.collisions = int(os.environ["COLLISION"])
        self.on_edge: Callable[[Edge], None] = lambda edge: None
        self.inputs = {"cu_irq": 0, "cdma_irq": 0, "touch_ack": 0}
        for name, value in self.inputs.items():
            getattr(dut, name).value = value
        dut.rst.value = 1
        self.cq = ErtCq()
        self._power_on()

    def _power_on(self) -> None:
        self.csr = ErtCsr()
        self.intc = MbIntc()
        self.banks = [MbIntc(32) for _ in range(4)]
        self.cudma = Cudma()
        self.cuisr = Cuisr()

    async def start(self) -> None:
        start_clock(self.dut.clk)
        await reset(self.dut)

    async def reset(self) -> None:
        """Reset in the middle: registers to zero, memories stay."""
        for port in self.ports.values():
            port.read = port.write = None
            port.request(None, None)
            port.b_pending = port.r_pending = False
        for name in self.inputs:
            self._input(name, 0)
        self.units.drop()
        await reset(self.dut)
        self.csr.reset()
        lut = self.csr.storage
        self._power_on()
        self.csr.storage = lut
        self.cq.touched = 0
        self.cq.noise = ErtCq.NOISE

    def _input(self, name: str, value: int) -> None:
        if value != self.inputs[name]:
            self.inputs[name] = value
            getattr(self.dut, name).value = value

    async def step(
        self,
        reads: dict[str, int] | None = None,
        writes: dict[str, Write] | None = None,
        cu_irq: int = 0,
        *,
        touch_ack: int = 0,
        ready: Callable[[], bool] = lambda: True,
        cdma_irq: int = 0,
    ) -> dict[str, int]:
        """Drive one cycle, pass one edge, compare. Returns the read data of the reads accepted."""
        reads, writes = reads or {}, writes or {}
        taken = {}
        for name, port in self.ports.items():
            port.request(reads.get(name), writes.get(name), ready())
            taken[name] = port.accept()
        for name, value in (("cu_irq", cu_irq), ("touch_ack", touch_ack), ("cdma_irq", cdma_irq)):
            self._input(name, value)
        answers = self.units.drive()
        edge = self._model(taken, answers)
        self.on_edge(edge)
        await FallingEdge(self.dut.clk)
        self.units.finish(answers)
        for port in self.ports.values():
            port.check()
        banks = sum(bank.irq << i for i, bank in enumerate(self.banks))
        assert int(self.dut.host_irq.value) == self.csr.host_irq, "host_irq"
        assert int(self.dut.mb_irq.value) == self.intc.irq, "mb_irq"
        assert int(self.dut.cu_intc_irq.value) == banks, "cu_intc_irq"
        assert int(self.dut.host_touched.value) == self.cq.touched, "host_touched"
        return {name: self.ports[name].expected for name, (read, _) in taken.items() if read is not None}

    def config(self) -> Config:
        """What the engines see of the registers."""
        csr = self.csr
        lut = {n: csr.word(ert_csr.LUT + 4 * n) for n in range(128)}
        words = (ert_csr.CU_BASE, ert_csr.CU_OFFSET, ert_csr.NUM_CUS, ert_csr.CQ_SLOT_SIZE)
        return Config(csr.by_address, *(csr.word(offset) for offset in words), lut)

    def _model(self, taken: dict[str, tuple[int | None, Write | None]], answers: dict[str, Answer]) -> Edge:
        csr, lines = self.csr, self.inputs["cu_irq"]
        levels = int(csr.mb_irq_cq) | int(csr.mb_irq_cu) << 1 | self.inputs["cdma_irq"] << 2
        levels |= sum(bank.irq << 5 + i for i, bank in enumerate(self.banks))
        csr.cudma_idle, csr.cuisr_idle = self.cudma.idle, self.cuisr.idle
        before = {name: csr.word(name) for name in (ert_csr.CU_DMA_ENABLE, ert_csr.CU_ISR_ENABLE)}
        config, aligned = self.config(), csr.headers_aligned
        edge = Edge(taken, answers, self.cudma.request, self.cuisr.request, levels, self)

        queue_word = self._queue(taken, edge)
        self.cq.acknowledge(self.inputs["touch_ack"])
        if (write := taken["cq_mb"][1]) is not None:
            self.cq.write(*write)
        if (write := taken["cq_host"][1]) is not None:
            self.cq.host_write(*write, headers_aligned=aligned)

        for name, models in (("intc", [self.intc]), ("cu_intc", self.banks)):
            read, write = taken[name]
            if read is not None:
                self.ports[name].expected = models[read >> 12].read(read & 0xFFF)
            for index, model in enumerate(models):
                here = write is not None and write[0] >> 12 == index
                inputs = levels if name == "intc" else lines >> 32 * index & 0xFFFFFFFF
                model.cycle(inputs, (write[0] & 0xFFF, write[1]) if write is not None and here else None)

        dma_answer, isr_answer = self._route(answers)
        started = 0
        if (write := taken["csr_mb"][1]) is not None and 0 <= write[0] - ert_csr.CU_DMA < 16:
            started = write[1] << 8 * (write[0] - ert_csr.CU_DMA)
        self.cudma.cycle(
            config,
            bool(before[ert_csr.CU_DMA_ENABLE]),
            started,
            queue_word if isinstance(edge.dma, Fetch) else dma_answer,
        )
        reported = self.cuisr.cycle(config, bool(before[ert_csr.CU_ISR_ENABLE]), lines, isr_answer)

        host_read, host_write = taken["csr_host"]
        mb_read, mb_write = taken["csr_mb"]
        access = ert_csr.Access(
            host_read,
            None if host_write is None else host_write[:2],
            mb_read,
            None if mb_write is None else mb_write[:2],
        )
        edge.reported = reported
        host_data, mb_data = csr.cycle(access, reported=reported)
        if host_data is not None:
            self.ports["csr_host"].expected = host_data
        if mb_data is not None:
            self.ports["csr_mb"].expected = mb_data
        return edge

    def _queue(self, taken: dict[str, tuple[int | None, Write | None]], edge: Edge) -> int | None:
        """Reads of the queue, before this edge's writes; returns the word that the copy engine gets."""
        (host_read, host_write), (mb_read, mb_write) = taken["cq_host"], taken["cq_mb"]

        def read(offset: int, other: Write | None) -> int:
            if other is not None and other[0] == offset:
                edge.collided = True
                if self.collisions:
                    return self.cq.mixed(offset, other[1], other[2])
            return self.cq.read(offset)

        if host_read is not None:
            self.ports["cq_host"].expected = read(host_read, mb_write)
        if mb_read is not None:
            self.ports["cq_mb"].expected = read(mb_read, host_write)
        word = None
        if isinstance(edge.dma, Fetch) and mb_read is None and mb_write is None:
            collided, edge.collided = edge.collided, False
            word = read(edge.dma.offset, host_write)
            edge.dma_collided = edge.collided
            edge.collided = edge.collided or collided
        if edge.collided and self.collisions:
            self.cq.collided()
        return word

    def _route(self, answers: dict[str, Answer]) -> tuple[Answer | None, Answer | None]:
        """Whose the responses are, by what the engines wait for; the access made must be the one expected."""
        dma, isr = self.cudma.request, self.cuisr.request
        to_dma = to_isr = None
        if "r" in answers:
            assert isinstance(isr, EngineAccess) and isr.value is None, "a read that nobody should make"
            assert self.units.read == isr.address, "address of the collector's read"
            to_isr = answers["r"]
        if "b" in answers:
            address, value = self.units.write
            mine = isinstance(isr, EngineAccess) and isr.value is not None
            made = EngineAccess(address or 0, value)
            if mine and made == isr:
                to_isr = answers["b"]
            else:
                assert made == dma, f"the engines write {made}, expected {dma} or {isr}"
                to_dma = answers["b"]
        return to_dma, to_isr
