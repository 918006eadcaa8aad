# SPDX-License-Identifier: Apache-2.0
"""What the tests of host scheduling share: a virtual card with plugged kernels, the driver's parts on it."""

from __future__ import annotations

from collections.abc import Coroutine, Sequence
from typing import Any, TypeVar

from pydriver import ert
from pydriver.ert import State
from pydriver.platform import Bar
from pydriver.platform.virtual import VirtualPlatform
from pydriver.regs import user_bar
from pydriver.subdev.intc import Intc
from pydriver.subdev.irq_block import IrqBlock
from pydriver.xocl.command import Command
from pydriver.xocl.cu.host import CuOptions, HostCus
from pydriver.xocl.cu.unit import ComputeUnit
from tests.models.card import Card
from tests.models.units import Kernel, Probe

T = TypeVar("T")
SECOND = 1_000_000_000
MILLISECOND = 1_000_000
TICK_NS = MILLISECOND
"""The tests' tick: a hung unit is polled for five thousandths of the real time."""


class TracingBar:
    """A BAR that writes down every access: ("R" or "W", offset, value), in the order in which they happen."""

    def __init__(self, bar: Bar, log: list[tuple[str, int, int]]) -> None:
        self._bar = bar
        self.log = log

    @property
    def size(self) -> int:
        return self._bar.size

    async def read32(self, offset: int) -> int:
        return (await self.read32s([offset]))[0]

    async def write32(self, offset: int, value: int) -> None:
        await self.write32s([(offset, value)])

    async def read32s(self, offsets: Sequence[int]) -> list[int]:
        values = await self._bar.read32s(offsets)
        self.log += [("R", offset, value) for offset, value in zip(offsets, values, strict=True)]
        return values

    async def write32s(self, writes: Sequence[tuple[int, int]]) -> None:
        self.log += [("W", offset, value) for offset, value in writes]
        await self._bar.write32s(writes)

    async def read(self, offset: int, length: int) -> bytes:
        return await self._bar.read(offset, length)

    async def write(self, offset: int, data: bytes) -> None:
        await self._bar.write(offset, data)


class CuRig:
    """One unit per kernel in `kernels`, all with interrupt; `up` first."""

    def __init__(self, kernels: Sequence[Kernel], options: CuOptions | None = None) -> None:
        self.platform = VirtualPlatform()
        self.clock = self.platform.clock
        self.card = Card(self.platform, slots=len(kernels))
        self.card.gate.state = 3
        for unit, kernel in zip(self.card.units, kernels, strict=True):
            unit.plug = kernel
        self.log: list[tuple[str, int, int]] = []
        function = self.platform.functions[1]
        self.bar = TracingBar(function.bars[0], self.log)
        self.irq_log: list[tuple[str, int, int]] = []
        self.irqs = IrqBlock(function, TracingBar(function.bars[2], self.irq_log), 4, "user.irq")
        self.events: list[str] = []
        self.intc = Intc(self.clock, self.bar, self.irqs)
        self.cus = [
            ComputeUnit(
                index,
                f"probe:probe_{index}",
                user_bar.CU[index].base,
                kernel.protocol,
                index,
                Probe.END,
                sw_reset=kernel.sw_reset,
                interrupt=True,
            )
            for index, kernel in enumerate(kernels)
        ]
        options = options or CuOptions(tick_ns=TICK_NS)
        self.host = HostCus(
            self.clock, self.bar, self.intc, options, lambda _, text: self.events.append(text)
        )
        self.bad: list[str] = []
        self.host.on_bad = self.bad.append
        self.ended: list[Command] = []

    def on_event(self, source: str, text: str) -> None:
        self.events.append(text)

    def run(self, coro: Coroutine[Any, Any, T], seconds: int = 100) -> T:
        """Run in virtual time, to the end of everything."""
        try:
            return self.platform.run(coro, seconds * SECOND)
        finally:
            self.clock.close()

    async def up(self, interrupt: bool = False) -> None:
        """Interrupts set up, units taken over; the traces start here."""
        await self.irqs.setup()
        await self.intc.start()
        await self.host.set_cus(self.cus, interrupt)
        await self.settle()

    async def settle(self) -> None:
        """Time for what has been started; the traces start anew."""
        await self.clock.sleep_ns(100_000)
        self.log.clear()
        self.irq_log.clear()

    def submit(self, index: int, token: int, owner: object = None, delay: int = 0, hang: int = 0) -> Command:
        """A run of the probe in unit `index`."""
        pairs = [(Probe.CONTROL, hang), (Probe.DELAY, delay), (Probe.TOKEN, token)]
        return self.start(index, ert.start_key_val(1 << index % 32, pairs), owner)

    def start(self, index: int, packet: bytes, owner: object = None) -> Command:
        """Any start command."""
        command = Command(packet, owner, self.ended.append, cu_index=index)
        self.host.submit(command, self.cus[index])
        return command

    async def until_over(self, commands: Sequence[Command], timeout_ns: int = SECOND) -> list[State]:
        """Wait for the end of the commands; their states."""
        deadline = self.clock.now_ns() + timeout_ns
        ended = self.clock.event()
        for command in commands:
            command.on_end.append(ended.set)
        while not all(command.over for command in commands) and self.clock.now_ns() < deadline:
            ended.clear()
            await ended.wait(deadline - self.clock.now_ns())
        return [command.state for command in commands]

    def accesses(self, index: int) -> list[tuple[str, int, int]]:
        """What the trace has of one unit: (kind, offset in the unit, value)."""
        window = user_bar.CU[index]
        return [(kind, at - window.base, value) for kind, at, value in self.log if at in window]

    def tokens(self, index: int) -> list[int]:
        """Tokens of the runs that unit `index` has finished, in order."""
        kernel = self.card.units[index].kernel
        assert isinstance(kernel, Probe)
        return kernel.tokens
