# SPDX-License-Identifier: Apache-2.0
"""`pydriver.platform.Platform` on a simulated host: time, tasks, BARs, interrupts, host memory.

Works over `tb.hosts.fast.FastHost` and `tb.hosts.conformance.ConformanceHost` alike.
"""

from __future__ import annotations

import bisect
from asyncio import CancelledError
from collections import Counter
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from typing import Any

import cocotb
from cocotb.triggers import Event, First, Timer
from cocotb.utils import get_sim_time

from pydriver.platform.outside import Outside
from tb.hosts.common import Allocator, Host
from tb.hosts.config_space import MSIX_CAP, MSIX_ENABLE, FunctionSpec

# Between two looks at the outside of an idle card: costs about a millisecond in an idle simulated second.
LONGEST_STEP_NS = 5_000_000

# (time in ns, function, BAR, byte offset, "r" or "w", value or bytes of a block)
Trace = Callable[[int, int, int, int, str, int | bytes], None]


class SimEvent:
    """`pydriver.platform.Event` on simulated time."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._event = Event()

    def set(self) -> None:
        self._event.set()

    def clear(self) -> None:
        self._event.clear()

    def is_set(self) -> bool:
        return self._event.is_set()

    async def wait(self, timeout_ns: int | None = None) -> bool:
        if self._event.is_set():
            return True
        await self._host.flush()
        if timeout_ns is None:
            await self._event.wait()
            return True
        if timeout_ns <= 0:
            return self._event.is_set()
        timer = Timer(timeout_ns, "ns")
        first = await First(self._event.wait(), timer)
        return first is not timer or self._event.is_set()


class SimTask:
    """`pydriver.platform.Task`: an exception goes to those who join; with nobody there it ends the test."""

    def __init__(self, coro: Coroutine[Any, Any, Any], name: str) -> None:
        self._name = name or getattr(coro, "__name__", "task")
        self._joined = False
        self._ended = Event()
        self._result: Any = None
        self._error: BaseException | None = None
        self._task = cocotb.start_soon(self._run(coro))

    async def _run(self, coro: Coroutine[Any, Any, Any]) -> None:
        try:
            self._result = await coro
        except CancelledError as cancelled:
            self._error = cancelled
            raise
        except Exception as error:
            self._error = error
            if not self._joined:
                cocotb.log.error("task %s ended with %r and nobody waits for it", self._name, error)
                raise
        finally:
            self._ended.set()

    def cancel(self) -> None:
        if not self._task.done():
            self._task.cancel()
            if self._error is None:
                self._error = CancelledError(f"task {self._name} was cancelled")
                self._ended.set()

    def done(self) -> bool:
        return self._task.done() or self._ended.is_set()

    async def join(self) -> Any:
        self._joined = True
        await self._ended.wait()
        if self._error is not None:
            raise self._error
        return self._result


class SimClock:
    """`pydriver.platform.Clock` on simulated time."""

    def __init__(self, host: Host) -> None:
        self._host = host

    def now_ns(self) -> int:
        return int(get_sim_time("ns"))

    async def sleep_ns(self, ns: int) -> None:
        await self._host.flush()
        if ns > 0:
            await Timer(ns, "ns")

    def event(self) -> SimEvent:
        return SimEvent(self._host)

    def spawn(self, coro: Coroutine[Any, Any, Any], name: str = "") -> SimTask:
        return SimTask(coro, name)


class AccessCounter:
    """Counts dword accesses and blocks, per BAR and per named window of a BAR."""

    def __init__(self) -> None:
        self._windows: dict[tuple[int, int], tuple[list[int], list[tuple[int, str]]]] = {}
        self.counts: Counter[tuple[int, int, str, str]] = Counter()

    def add_windows(self, function: int, bar: int, windows: Iterable[tuple[str, int, int]]) -> None:
        """Name parts of a BAR: (name, base, size) each."""
        ordered = sorted((base, base + size, name) for name, base, size in windows)
        self._windows[function, bar] = (
            [base for base, _, _ in ordered],
            [(end, name) for _, end, name in ordered],
        )

    def count(self, function: int, bar: int, offset: int, kind: str, number: int = 1) -> None:
        """`kind` is "r", "w" (dwords), "R" or "W" (blocks)."""
        self.counts[function, bar, self._name(function, bar, offset), kind] += number

    def _name(self, function: int, bar: int, offset: int) -> str:
        windows = self._windows.get((function, bar))
        if windows:
            index = bisect.bisect_right(windows[0], offset) - 1
            if index >= 0 and offset < windows[1][index][0]:
                return windows[1][index][1]
        return ""

    def rows(self) -> list[tuple[int, int, str, int, int]]:
        """(function, BAR, window or "", reads, writes), sorted; a block counts as one."""
        places = sorted({key[:3] for key in self.counts})
        return [
            (*place, self.counts[*place, "r"] + self.counts[*place, "R"],
             self.counts[*place, "w"] + self.counts[*place, "W"])
            for place in places
        ]  # fmt: skip


class SimBar:
    """`pydriver.platform.Bar` of a simulated function."""

    def __init__(self, platform: SimPlatform, function: int, index: int, size: int) -> None:
        self._platform = platform
        self._host = platform.host
        self._function = function
        self._index = index
        self._size = size

    @property
    def size(self) -> int:
        return self._size

    def _note(self, offset: int, kind: str, value: int | bytes) -> None:
        self._platform.outside.active()
        self._platform.counter.count(self._function, self._index, offset, kind)
        trace = self._platform.trace
        if trace is not None:
            trace(int(get_sim_time("ns")), self._function, self._index, offset, kind.lower(), value)

    async def read32(self, offset: int) -> int:
        value = await self._host.read32(self._function, self._index, offset)
        self._note(offset, "r", value)
        return value

    async def write32(self, offset: int, value: int) -> None:
        self._note(offset, "w", value)
        await self._host.write32(self._function, self._index, offset, value)

    async def read32s(self, offsets: Sequence[int]) -> list[int]:
        values = await self._host.read32s(self._function, self._index, offsets)
        for offset, value in zip(offsets, values, strict=True):
            self._note(offset, "r", value)
        return values

    async def write32s(self, writes: Sequence[tuple[int, int]]) -> None:
        for offset, value in writes:
            self._note(offset, "w", value)
        await self._host.write32s(self._function, self._index, writes)

    async def read(self, offset: int, length: int) -> bytes:
        data = await self._host.read(self._function, self._index, offset, length)
        self._note(offset, "R", data)
        return data

    async def write(self, offset: int, data: bytes) -> None:
        self._note(offset, "W", data)
        await self._host.write(self._function, self._index, offset, data)


class SimFunction:
    """`pydriver.platform.Function` of the simulated card."""

    def __init__(self, platform: SimPlatform, spec: FunctionSpec) -> None:
        self._host = platform.host
        self._spec = spec
        self._bars = {bar.index: SimBar(platform, spec.number, bar.index, bar.size) for bar in spec.bars}
        self._events = [SimEvent(platform.host) for _ in range(spec.msix_vectors)]
        self._programmed = False
        self.interrupts: Counter[int] = Counter()

    @property
    def name(self) -> str:
        return self._spec.name

    @property
    def vendor_id(self) -> int:
        return self._spec.vendor_id

    @property
    def device_id(self) -> int:
        return self._spec.device_id

    @property
    def bars(self) -> Mapping[int, SimBar]:
        return self._bars

    async def config_read32(self, offset: int) -> int:
        return await self._host.config_read32(self._spec.number, offset)

    async def config_write32(self, offset: int, value: int) -> None:
        await self._host.config_write32(self._spec.number, offset, value)

    async def enable_msix(self) -> int:
        """As a kernel does: capability found by its id, table written through the BAR, then enabled."""
        control = await self.config_read32(MSIX_CAP)
        if control & 0xFF != 0x11:
            raise LookupError(f"{self.name}: no MSI-X capability at {MSIX_CAP:#x}")
        count = (control >> 16 & 0x7FF) + 1
        table = await self.config_read32(MSIX_CAP + 4)
        bar, base = self._bars[table & 7], table & ~7
        if not self._programmed:
            messages = self._host.allocate_messages(self._spec.number, count)
            for vector, (address, data) in enumerate(messages):
                entry = base + 16 * vector
                await bar.write32s(
                    [
                        (entry, address & 0xFFFF_FFFC),
                        (entry + 4, address >> 32),
                        (entry + 8, data),
                        (entry + 12, 0),
                    ]
                )
                self._host.on_message(data, self._arrival(vector))
            # The table must be in place before the function may use it.
            await bar.read32(base)
            self._programmed = True
        await self.config_write32(MSIX_CAP, control | MSIX_ENABLE)
        return count

    def _arrival(self, vector: int) -> Callable[[], None]:
        def arrived() -> None:
            self.interrupts[vector] += 1
            self._events[vector].set()

        return arrived

    def msix_event(self, vector: int) -> SimEvent:
        return self._events[vector]

    def forget_configuration(self) -> None:
        """A hot reset took the interrupt table with it."""
        self._programmed = False


class SimMemory:
    """`pydriver.platform.HostMemory`: an allocator over the host's simulated memory."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._allocator = Allocator(host.memory_size)

    def alloc(self, size: int, align: int = 4096) -> int:
        return self._allocator.alloc(size, align)

    def free(self, addr: int) -> None:
        self._allocator.free(addr)

    def read(self, addr: int, length: int) -> bytes:
        return self._host.memory_read(addr, length)

    def write(self, addr: int, data: bytes) -> None:
        self._host.memory_write(addr, data)


class SimPlatform:
    """`pydriver.platform.Platform` over a started host."""

    def __init__(self, host: Host, trace: Trace | None = None) -> None:
        self.host = host
        self.trace = trace
        self.counter = AccessCounter()
        self._clock = SimClock(host)
        self._memory = SimMemory(host)
        self._outside = Outside(self._clock, longest_step_ns=LONGEST_STEP_NS)
        self._functions = {spec.number: SimFunction(self, spec) for spec in host.functions}

    @property
    def clock(self) -> SimClock:
        return self._clock

    @property
    def functions(self) -> Mapping[int, SimFunction]:
        return self._functions

    @property
    def memory(self) -> SimMemory:
        return self._memory

    @property
    def outside(self) -> Outside:
        return self._outside

    async def hot_reset(self) -> None:
        await self.host.hot_reset()
        for function in self._functions.values():
            function.forget_configuration()
