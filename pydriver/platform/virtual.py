# SPDX-License-Identifier: Apache-2.0
"""A host in virtual time: the platform protocols in pure Python, deterministic, without any simulator.

`VirtualClock` runs plain coroutines and jumps from timer to timer, so a 20 s time-out costs microseconds.
`VirtualPlatform` adds functions with BARs that reach Python register models (`Target`) and host memory.
Same program, same order of events, every time.
"""

from __future__ import annotations

import errno
import heapq
from collections import deque
from collections.abc import Callable, Coroutine, Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from pydriver.errors import fail
from pydriver.platform import HOT_RESET_NS, LINK_UP_NS
from pydriver.platform.outside import Outside
from pydriver.platform.ranges import RangeAllocator

T = TypeVar("T")

ALL_ONES = 0xFFFF_FFFF


class TaskCancelled(BaseException):
    """Thrown into the coroutine of a cancelled task, and into those that join it."""


class Deadlock(RuntimeError):
    """Every task waits and no timer is left: nothing can ever happen again."""


class _Wait:
    """What a task gives the scheduler when it stops; whoever calls `wake` first resumes it."""

    __slots__ = ("clock", "done", "task")

    def __init__(self, clock: VirtualClock) -> None:
        self.clock = clock
        self.task = clock.current
        self.done = False

    def wake(self, value: bool) -> None:
        if not self.done:
            self.done = True
            self.clock.ready.append((self.task, value))

    def __await__(self) -> Generator[_Wait, bool, bool]:
        value = yield self
        return value


class VirtualEvent:
    """`pydriver.platform.Event` in virtual time."""

    def __init__(self, clock: VirtualClock) -> None:
        self._clock = clock
        self._set = False
        self._waiting: list[_Wait] = []

    def set(self) -> None:
        self._set = True
        waiting, self._waiting = self._waiting, []
        for wait in waiting:
            wait.wake(True)

    def clear(self) -> None:
        self._set = False

    def is_set(self) -> bool:
        return self._set

    async def wait(self, timeout_ns: int | None = None) -> bool:
        if self._set:
            return True
        wait = _Wait(self._clock)
        self._waiting.append(wait)
        if timeout_ns is not None:
            self._clock.wake_at(self._clock.now_ns() + timeout_ns, wait)
        try:
            return await wait
        finally:
            if wait in self._waiting:
                self._waiting.remove(wait)


class VirtualTask:
    """`pydriver.platform.Task` in virtual time."""

    def __init__(self, clock: VirtualClock, coro: Coroutine[Any, Any, Any], name: str) -> None:
        self.name = name or getattr(coro, "__name__", "task")
        self.coro = coro
        self.waiting_on: _Wait | None = None
        self.error: BaseException | None = None
        self.joined = False
        self._clock = clock
        self._result: Any = None
        self._ended = VirtualEvent(clock)

    def __repr__(self) -> str:
        return f"<task {self.name}>"

    def done(self) -> bool:
        return self._ended.is_set()

    def cancel(self) -> None:
        """Throw `TaskCancelled` into the coroutine at its present wait; nothing if it has ended."""
        if self.done():
            return
        if self is self._clock.current_or_none:
            raise RuntimeError(f"{self!r} cannot cancel itself")
        if self.waiting_on is not None:
            self.waiting_on.done = True
            self.waiting_on = None
        # A wake-up may already be queued; it must not reach the coroutine after the cancellation.
        self._clock.forget(self)
        self.step(TaskCancelled())

    async def join(self) -> Any:
        self.joined = True
        await self._ended.wait()
        if self.error is not None:
            raise self.error
        return self._result

    def step(self, value: bool | BaseException | None) -> None:
        """Run the coroutine to its next wait (scheduler only)."""
        self._clock.current, before = self, self._clock.current_or_none
        try:
            if isinstance(value, BaseException):
                self.waiting_on = self.coro.throw(value)
            else:
                self.waiting_on = self.coro.send(value)
        except StopIteration as stop:
            self._result = stop.value
            self._end(None)
        except TaskCancelled as cancelled:
            self.joined = True
            self._end(cancelled)
        except Exception as error:
            self._end(error)
        finally:
            # Anything else (an interrupt from the keyboard) goes to whoever called `run`.
            self._clock.current_or_none = before

    def _end(self, error: BaseException | None) -> None:
        self.error = error
        self.waiting_on = None
        self._clock.ended(self)
        self._ended.set()


class VirtualClock:
    """`pydriver.platform.Clock` in virtual time; `run` drives everything."""

    def __init__(self) -> None:
        self.ready: deque[tuple[VirtualTask, bool | None]] = deque()
        self.current_or_none: VirtualTask | None = None
        self._now = 0
        self._timers: list[tuple[int, int, _Wait]] = []
        self._sequence = 0
        self._alive: dict[int, VirtualTask] = {}
        self._failed: list[VirtualTask] = []

    @property
    def current(self) -> VirtualTask:
        """The running task. Raises RuntimeError when none runs."""
        if self.current_or_none is None:
            raise RuntimeError("waiting is possible only inside a task of this clock")
        return self.current_or_none

    @current.setter
    def current(self, task: VirtualTask) -> None:
        self.current_or_none = task

    def now_ns(self) -> int:
        return self._now

    async def sleep_ns(self, ns: int) -> None:
        wait = _Wait(self)
        self.wake_at(self._now + max(ns, 0), wait)
        await wait

    def event(self) -> VirtualEvent:
        return VirtualEvent(self)

    def spawn(self, coro: Coroutine[Any, Any, Any], name: str = "") -> VirtualTask:
        task = VirtualTask(self, coro, name)
        self._alive[id(task)] = task
        self.ready.append((task, None))
        return task

    def wake_at(self, time_ns: int, wait: _Wait) -> None:
        """Resume `wait` with False at `time_ns` unless something else did before (scheduler only)."""
        self._sequence += 1
        heapq.heappush(self._timers, (time_ns, self._sequence, wait))

    def forget(self, task: VirtualTask) -> None:
        """Drop queued wake-ups of `task` (scheduler only)."""
        if any(entry[0] is task for entry in self.ready):
            self.ready = deque(entry for entry in self.ready if entry[0] is not task)

    def ended(self, task: VirtualTask) -> None:
        """Book-keeping at the end of a task (scheduler only)."""
        del self._alive[id(task)]
        if task.error is not None and not task.joined:
            self._failed.append(task)

    def run(self, coro: Coroutine[Any, Any, T], limit_ns: int | None = None) -> T:
        """Run `coro` to its end and return its result; other tasks stay suspended until the next `run`.

        Raises what `coro` raised, else the error of a background task that nobody joined; Deadlock when
        nothing can happen any more; TimeoutError when virtual time passes `limit_ns` (from now).
        """
        main = self.spawn(coro, "main")
        main.joined = True
        end = None if limit_ns is None else self._now + limit_ns
        while not main.done():
            while self.ready and not main.done():
                task, value = self.ready.popleft()
                task.step(value)
            if not main.done():
                self._advance(end)
        if main.error is not None:
            raise main.error
        self._raise_background_failure()
        result: T = main._result
        return result

    def close(self) -> None:
        """Cancel every task that is left."""
        for task in list(self._alive.values()):
            if task.waiting_on is None:
                task.coro.close()
                self.forget(task)
                del self._alive[id(task)]
            else:
                task.cancel()

    def _advance(self, end: int | None) -> None:
        while self._timers:
            time, _, wait = heapq.heappop(self._timers)
            if wait.done:
                continue
            if end is not None and time > end:
                self._raise_background_failure()
                raise TimeoutError(f"not finished at {end} ns; waiting: {self._names()}")
            self._now = max(self._now, time)
            wait.wake(False)
            return
        self._raise_background_failure()
        raise Deadlock(f"nothing can happen any more at {self._now} ns; waiting: {self._names()}")

    def _raise_background_failure(self) -> None:
        failed = [task for task in self._failed if not task.joined]
        self._failed.clear()
        if failed and failed[0].error is not None:
            raise failed[0].error

    def _names(self) -> str:
        return ", ".join(task.name for task in self._alive.values())


class Target:
    """A Python register model behind a BAR. Offsets count from the start of its window.

    Override `read32` and `write32`; blocks are made of them, dwords cut at the ends included. A model with
    plain memory overrides `read` and `write` too.
    """

    def read32(self, offset: int) -> int:
        """One aligned dword; all ones stands for a read the card refused."""
        return ALL_ONES

    def write32(self, offset: int, value: int) -> None:
        """One aligned dword."""

    def read(self, offset: int, length: int) -> bytes:
        start = offset & ~3
        words = [self.read32(at) for at in range(start, offset + length, 4)]
        data = b"".join(word.to_bytes(4, "little") for word in words)
        return data[offset - start : offset - start + length]

    def write(self, offset: int, data: bytes) -> None:
        start = offset & ~3
        padded_end = (offset + len(data) + 3) & ~3
        for at in range(start, padded_end, 4):
            low, high = max(at, offset), min(at + 4, offset + len(data))
            word = bytearray(4) if high - low == 4 else bytearray(self.read32(at).to_bytes(4, "little"))
            word[low - at : high - at] = data[low - offset : high - offset]
            self.write32(at, int.from_bytes(word, "little"))


class Ram(Target):
    """Plain memory of `size` bytes."""

    def __init__(self, size: int) -> None:
        self.data = bytearray(size)

    def read32(self, offset: int) -> int:
        return int.from_bytes(self.data[offset : offset + 4], "little")

    def write32(self, offset: int, value: int) -> None:
        self.data[offset : offset + 4] = value.to_bytes(4, "little")

    def read(self, offset: int, length: int) -> bytes:
        return bytes(self.data[offset : offset + length])

    def write(self, offset: int, data: bytes) -> None:
        self.data[offset : offset + len(data)] = data


class AddressMap(Target):
    """Targets at their windows; reads of an address that has none are refused, writes are lost."""

    def __init__(self, windows: Sequence[tuple[int, int, Target]]) -> None:
        """`windows`: (base, size, target)."""
        self._windows = sorted(windows, key=lambda window: window[0])

    def _find(self, offset: int) -> tuple[int, int, Target] | None:
        for base, size, target in self._windows:
            if base <= offset < base + size:
                return offset - base, base + size - offset, target
        return None

    def read32(self, offset: int) -> int:
        found = self._find(offset)
        return found[2].read32(found[0]) if found else ALL_ONES

    def write32(self, offset: int, value: int) -> None:
        found = self._find(offset)
        if found:
            found[2].write32(found[0], value)

    def read(self, offset: int, length: int) -> bytes:
        found = self._find(offset)
        if found and length <= found[1]:
            return found[2].read(found[0], length)
        return super().read(offset, length)

    def write(self, offset: int, data: bytes) -> None:
        found = self._find(offset)
        if found and len(data) <= found[1]:
            found[2].write(found[0], data)
        else:
            super().write(offset, data)


@dataclass(frozen=True)
class BusTiming:
    """What accesses cost, in nanoseconds of virtual time."""

    read_ns: int = 600
    write_ns: int = 40
    block_ns_per_kib: int = 500


class VirtualBar:
    """`pydriver.platform.Bar` onto a `Target`."""

    def __init__(self, function: VirtualFunction, size: int, target: Target) -> None:
        self._function = function
        self._clock = function.clock
        self._timing = function.timing
        self._size = size
        self.target = target
        self.reads = 0
        self.writes = 0

    @property
    def size(self) -> int:
        return self._size

    async def read32(self, offset: int) -> int:
        return (await self.read32s((offset,)))[0]

    async def write32(self, offset: int, value: int) -> None:
        await self.write32s(((offset, value),))

    async def read32s(self, offsets: Sequence[int]) -> list[int]:
        values = []
        for offset in offsets:
            self._check(offset, 4, aligned=True)
            await self._clock.sleep_ns(self._timing.read_ns)
            values.append(ALL_ONES if self._function.dead else self.target.read32(offset) & ALL_ONES)
        self.reads += len(offsets)
        return values

    async def write32s(self, writes: Sequence[tuple[int, int]]) -> None:
        for offset, value in writes:
            self._check(offset, 4, aligned=True)
            if not 0 <= value <= ALL_ONES:
                raise ValueError(f"{value:#x} does not fit a dword")
            if not self._function.dead:
                self.target.write32(offset, value)
        self.writes += len(writes)
        await self._clock.sleep_ns(self._timing.write_ns * len(writes))

    async def read(self, offset: int, length: int) -> bytes:
        self._check(offset, length)
        self.reads += -(-length // 4)
        await self._clock.sleep_ns(self._timing.read_ns + length * self._timing.block_ns_per_kib // 1024)
        return b"\xff" * length if self._function.dead else self.target.read(offset, length)

    async def write(self, offset: int, data: bytes) -> None:
        self._check(offset, len(data))
        self.writes += -(-len(data) // 4)
        if not self._function.dead:
            self.target.write(offset, bytes(data))
        await self._clock.sleep_ns(self._timing.write_ns + len(data) * self._timing.block_ns_per_kib // 1024)

    def _check(self, offset: int, length: int, aligned: bool = False) -> None:
        if offset < 0 or offset + length > self._size or (aligned and offset % 4):
            raise ValueError(f"{length} bytes at {offset:#x} are not an access of a BAR of {self._size:#x}")


class VirtualFunction:
    """`pydriver.platform.Function`. Set `dead` to make the card vanish: reads all ones, writes lost."""

    def __init__(self, clock: VirtualClock, name: str, device_id: int, subsystem_id: int = 0) -> None:
        self.clock = clock
        self.timing = BusTiming()
        self.dead = False
        self.msix_enabled = False
        self.msix_count: dict[int, int] = {}
        self._name = name
        self._device_id = device_id
        self._bars: dict[int, VirtualBar] = {}
        self._events: dict[int, VirtualEvent] = {}
        self._config = bytearray(4096)
        self._config[0:4] = (self.vendor_id | device_id << 16).to_bytes(4, "little")
        self._config[0x2C:0x30] = (self.vendor_id | subsystem_id << 16).to_bytes(4, "little")

    @property
    def name(self) -> str:
        return self._name

    @property
    def vendor_id(self) -> int:
        return 0x10EE

    @property
    def device_id(self) -> int:
        return self._device_id

    @property
    def bars(self) -> Mapping[int, VirtualBar]:
        return self._bars

    def add_bar(self, index: int, size: int, target: Target) -> None:
        """Give the function a BAR onto `target`."""
        self._bars[index] = VirtualBar(self, size, target)

    async def config_read32(self, offset: int) -> int:
        await self.clock.sleep_ns(self.timing.read_ns)
        return ALL_ONES if self.dead else int.from_bytes(self._config[offset : offset + 4], "little")

    async def config_write32(self, offset: int, value: int) -> None:
        await self.clock.sleep_ns(self.timing.read_ns)
        if not self.dead:
            self._config[offset : offset + 4] = value.to_bytes(4, "little")

    async def enable_msix(self) -> int:
        await self.clock.sleep_ns(self.timing.read_ns)
        self.msix_enabled = True
        return 32

    def msix_event(self, vector: int) -> VirtualEvent:
        return self._events.setdefault(vector, VirtualEvent(self.clock))

    def raise_msix(self, vector: int) -> None:
        """The card's side: one MSI-X message; lost unless MSI-X is enabled."""
        if self.msix_enabled and not self.dead:
            self.msix_count[vector] = self.msix_count.get(vector, 0) + 1
            self.msix_event(vector).set()


class VirtualMemory:
    """`pydriver.platform.HostMemory`: `size` bytes from physical address `base` on."""

    def __init__(self, size: int = 64 << 20, base: int = 0x1000_0000) -> None:
        self._base = base
        self._data = bytearray(size)
        self._ranges = RangeAllocator(base, size)

    def alloc(self, size: int, align: int = 4096) -> int:
        addr = self._ranges.alloc(max(size, 1), align)
        if addr is None:
            raise MemoryError(f"no {size} bytes of host memory left")
        return addr

    def free(self, addr: int) -> None:
        self._ranges.free(addr)

    def read(self, addr: int, length: int) -> bytes:
        start = self._place(addr, length)
        return bytes(self._data[start : start + length])

    def write(self, addr: int, data: bytes) -> None:
        start = self._place(addr, len(data))
        self._data[start : start + len(data)] = data

    def _place(self, addr: int, length: int) -> int:
        start = addr - self._base
        if start < 0 or start + length > len(self._data):
            raise IndexError(f"{length} bytes at {addr:#x} are outside host memory")
        return start


class VirtualPlatform:
    """`pydriver.platform.Platform` in virtual time; add functions, then `run`."""

    def __init__(self) -> None:
        self._clock = VirtualClock()
        self._functions: dict[int, VirtualFunction] = {}
        self._memory = VirtualMemory()
        self._outside = Outside(self._clock)
        self.on_hot_reset: list[Callable[[], None]] = []

    @property
    def clock(self) -> VirtualClock:
        return self._clock

    @property
    def outside(self) -> Outside:
        return self._outside

    async def hot_reset(self) -> None:
        """MSI-X off, then whatever the card model put into `on_hot_reset`; ENODEV when that is nothing.

        The functions are `dead` until the link is back.
        """
        if not self.on_hot_reset:
            raise fail(errno.ENODEV, "nothing here can reset the card's link")
        dead = {number: function.dead for number, function in self._functions.items()}
        for function in self._functions.values():
            function.msix_enabled = False
            function.dead = True
        for action in self.on_hot_reset:
            action()
        await self._clock.sleep_ns(HOT_RESET_NS + LINK_UP_NS)
        for number, function in self._functions.items():
            function.dead = dead[number]

    @property
    def functions(self) -> Mapping[int, VirtualFunction]:
        return self._functions

    @property
    def memory(self) -> VirtualMemory:
        return self._memory

    def add_function(self, number: int, name: str, device_id: int, subsystem_id: int = 0) -> VirtualFunction:
        """Plug in a PCIe function."""
        function = VirtualFunction(self._clock, name, device_id, subsystem_id)
        self._functions[number] = function
        return function

    def run(self, coro: Coroutine[Any, Any, T], limit_ns: int | None = None) -> T:
        """`VirtualClock.run`."""
        return self._clock.run(coro, limit_ns)
