# SPDX-License-Identifier: Apache-2.0
"""Host scheduling: the driver starts the units itself when the embedded scheduler does not.

One first-in first-out queue per unit, whoever the clients are. A unit with an interrupt has a worker of its
own that sleeps until the interrupt comes; all others share one polling worker. Source: XRT compute unit
contract §4, KDS contract §3.
"""

from __future__ import annotations

import errno
import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pydriver.errors import fail
from pydriver.ert import State
from pydriver.platform import Bar, Clock, Event, Task
from pydriver.platform.sync import Lock
from pydriver.platform.trace import OnEvent, silent
from pydriver.regs import cu_ctrl
from pydriver.subdev.intc import SOURCES, Intc, Mode
from pydriver.xclbin import IpControl
from pydriver.xocl.command import Command, Owner
from pydriver.xocl.cu.fast_adapter import CommandMemory, FastAdapterUnit, descriptor_bytes
from pydriver.xocl.cu.hls import HlsUnit
from pydriver.xocl.cu.poller import Poller
from pydriver.xocl.cu.queue import TICK_NS, CuQueue, Hardware
from pydriver.xocl.cu.unit import ComputeUnit

PASS_NS = 500
"""What a pass of the polling worker costs by itself, so that it cannot stop the time."""
LONGEST_PAUSE_NS = 1_000_000


@dataclass(frozen=True)
class CuOptions:
    """How the host schedules.

    `poll_interval_us`: pause between two passes of the polling worker, 0 for none. `run_timeout_s`: longest
    run, 0 for no limit. `sw_reset`: names of kernels with a software reset that the metadata do not mention.
    `poll_easing`: while nothing moves the pause grows to this part of the time since then, up to
    `LONGEST_PAUSE_NS`; so the end of a run is seen later by that part of its duration at most, and a unit
    that hangs costs thousands of looks and not millions. 0: pauses as in the real driver.
    `tick_ns`: the unit of the waiting at aborts, and how long an interrupt is waited for before the unit is
    looked at anyway.
    """

    poll_interval_us: int = 5
    run_timeout_s: float = 0
    poll_easing: int = 64
    sw_reset: frozenset[str] = frozenset()
    tick_ns: int = TICK_NS

    def pause_ns(self, quiet_ns: int) -> int:
        """Of the polling worker after a pass, when nothing has moved for `quiet_ns`."""
        pause = max(1000 * self.poll_interval_us, PASS_NS)
        if self.poll_easing:
            pause = max(pause, min(quiet_ns // self.poll_easing, LONGEST_PAUSE_NS))
        return pause


@dataclass
class _Unit:
    """A unit and its worker; `task` is None when the polling worker serves it. `ending`: the worker stops."""

    cu: ComputeUnit
    hardware: Hardware
    queue: CuQueue
    wake: Event
    task: Task | None = None
    ending: bool = False
    lent: bool = False


def _nobody(_: str) -> None:
    """Nobody wants to know of bad units."""


class HostCus:
    """The units of the loaded image and their workers. `set_cus` first."""

    def __init__(
        self,
        clock: Clock,
        bar: Bar,
        intc: Intc | None = None,
        options: CuOptions | None = None,
        on_event: OnEvent = silent,
        *,
        command_memory: CommandMemory | None = None,
    ) -> None:
        """`intc`: None when the shell brings no unit interrupts to the host. `command_memory` is for units
        behind a fast adapter."""
        self.on_bad: Callable[[str], None] = _nobody
        self.command_memory = command_memory
        self.interrupt = False
        self._clock = clock
        self._bar = bar
        self._intc = intc
        self.options = options or CuOptions()
        self._on_event = on_event
        self._units: dict[int, _Unit] = {}
        self._poller = Poller(clock, self._pause)
        # Whoever changes units or workers waits in between.
        self._one = Lock(clock)

    async def set_cus(self, cus: Sequence[ComputeUnit], interrupt: bool) -> None:
        """Take over the units of a new image; commands of the old one end with ABORT.

        With `interrupt`, units that have an interrupt use it, the others are polled. AP_CTRL_NONE is neither.
        Raises ENOSYS (no unit interrupts in this shell), EBUSY (the scheduler's are enabled), ENOMEM (no
        memory for a fast adapter's descriptors), EIO (a fast adapter does not answer).
        """
        async with self._one:
            await self._stop()
            await self._take_over(cus)
            await self._set_interrupt(interrupt)

    async def _take_over(self, cus: Sequence[ComputeUnit]) -> None:
        for cu in cus:
            cu.sw_reset = cu.sw_reset or cu.name.partition(":")[0] in self.options.sw_reset
        adapters = [cu for cu in cus if cu.fast_adapter]
        for cu in cus:
            if cu.control == IpControl.AP_CTRL_NONE:
                continue
            if cu.fast_adapter:
                hardware: Hardware = await self._adapter(cu, adapters.index(cu), len(adapters))
            else:
                hardware = HlsUnit(self._clock, self._bar, cu)
            self._units[cu.index] = _Unit(cu, hardware, self._queue(hardware), self._clock.event())
        plain = [unit.cu for unit in self._units.values() if not unit.cu.fast_adapter]
        values = await self._bar.read32s([cu.address + cu_ctrl.CTRL.offset for cu in plain])
        for cu, value in zip(plain, values, strict=True):
            cu.status = value

    async def set_interrupt(self, on: bool) -> None:
        """Switch between interrupts and polling; waiting commands stay. Raises as `set_cus`."""
        async with self._one:
            await self._set_interrupt(on)

    async def _set_interrupt(self, on: bool) -> None:
        if on and self._intc is None:
            raise fail(errno.ENOSYS, "this shell brings no interrupts of compute units to the host")
        for unit in self._units.values():
            await self._join_worker(unit)
        if on and self._intc is not None:
            await self._intc.set_mode(Mode.CU)
        self.interrupt = on
        for unit in self._units.values():
            await self._start_worker(unit)

    async def stop(self) -> None:
        """Stop the workers; what is queued or runs ends with ABORT, and the units are forgotten."""
        async with self._one:
            await self._stop()

    async def _stop(self) -> None:
        for unit in self._units.values():
            await self._join_worker(unit)
        await self._poller.stop()
        units, self._units = self._units, {}
        for unit in units.values():
            unit.queue.drop()

    # --- commands -------------------------------------------------------------------------------------

    def submit(self, command: Command, cu: ComputeUnit) -> None:
        """Queue a start command for its unit. Raises EINVAL for a unit that cannot be started."""
        unit = self._units.get(cu.index)
        if unit is None:
            raise fail(errno.EINVAL, f"{cu.name} cannot be started")
        unit.queue.submit(command)
        self._wake(unit)

    def request_abort(self, owner: Owner, cu_index: int | None = None) -> None:
        """An owner closes (one unit or all): waiting commands end with ABORT, those that run get 5 s, then
        they end with TIMEOUT and the unit is reset, or bad when that is impossible."""
        for unit in self._chosen(cu_index):
            unit.queue.request_abort(owner)
            self._wake(unit)

    def outstanding(self, owner: Owner, cu_index: int | None = None) -> int:
        """Commands of an owner that have not ended."""
        return sum(unit.queue.outstanding(owner) for unit in self._chosen(cu_index))

    async def abort_command(self, command: Command) -> State:
        """ERT_ABORT: COMPLETED when the command waited, had ended, or its unit could be reset; else ABORT."""
        for unit in self._units.values():
            if unit.cu.index == command.cu_index:
                abort = unit.queue.request_abort_of(command)
                self._wake(unit)
                await abort.done.wait()
                return abort.result
        return State.COMPLETED

    # --- a unit's interrupt for somebody else ---------------------------------------------------------

    async def lend_interrupt(self, cu: ComputeUnit) -> None:
        """Somebody else takes the unit's interrupt: from now on the unit is polled."""
        async with self._one:
            unit = self._units.get(cu.index)
            if unit is not None:
                unit.lent = True
                await self._join_worker(unit)
                self._wake(unit)

    async def take_interrupt_back(self, cu: ComputeUnit) -> None:
        """The end of `lend_interrupt`."""
        async with self._one:
            unit = self._units.get(cu.index)
            if unit is not None:
                unit.lent = False
                await self._start_worker(unit)

    # --- workers --------------------------------------------------------------------------------------

    def _pause(self, quiet_ns: int) -> int:
        return self.options.pause_ns(quiet_ns)

    def _chosen(self, cu_index: int | None) -> list[_Unit]:
        return [unit for index, unit in self._units.items() if cu_index in (None, index)]

    def _wake(self, unit: _Unit) -> None:
        if unit.task is not None:
            unit.wake.set()
        else:
            self._poller.add(unit.cu.index, unit.queue)

    async def _start_worker(self, unit: _Unit) -> None:
        if not self.interrupt or unit.task is not None:
            self._wake_if_busy(unit)
            return
        able = unit.cu.interrupt and unit.cu.interrupt_id < SOURCES and not unit.lent
        if not able or self._intc is None:
            self._on_event("user.cu", f"{unit.cu.name} has no interrupt and is polled")
            self._wake_if_busy(unit)
            return
        self._intc.request(Mode.CU, unit.cu.interrupt_id, functools.partial(_interrupt, unit))
        await self._poller.release(unit.cu.index)
        # From here on it is the worker that is woken, also while the interrupt is being enabled.
        unit.task = self._clock.spawn(self._wait_for_interrupts(unit), f"user.cu{unit.cu.index}")
        await self._intc.enable(Mode.CU, unit.cu.interrupt_id)

    def _wake_if_busy(self, unit: _Unit) -> None:
        if unit.queue.busy:
            self._wake(unit)

    async def _join_worker(self, unit: _Unit) -> None:
        if unit.task is None or self._intc is None:
            return
        # Until it has ended the polling worker keeps its hands off the queue.
        unit.ending = True
        unit.wake.set()
        await unit.task.join()
        unit.task = None
        unit.ending = False
        unit.wake.clear()
        await self._intc.disable(Mode.CU, unit.cu.interrupt_id)
        self._intc.request(Mode.CU, unit.cu.interrupt_id, None)

    async def _wait_for_interrupts(self, unit: _Unit) -> None:
        queue = unit.queue
        await unit.hardware.enable_interrupt()
        while not unit.ending:
            # Whatever comes from here on ends the waiting below.
            unit.wake.clear()
            await queue.start_all()
            queue.tell()
            moved = queue.waits_for_hardware and await queue.look()
            await queue.abort_commands()
            if not moved:
                # An interrupt that got lost costs a tick, not the command.
                await unit.wake.wait(self.options.tick_ns if queue.busy else None)
        await unit.hardware.disable_interrupt()

    # --- hardware -------------------------------------------------------------------------------------

    def _queue(self, hardware: Hardware) -> CuQueue:
        return CuQueue(
            self._clock,
            hardware,
            self._report_bad,
            tick_ns=self.options.tick_ns,
            run_timeout_ns=int(self.options.run_timeout_s * 1_000_000_000),
            on_event=self._on_event,
        )

    def _report_bad(self, text: str) -> None:
        self.on_bad(text)

    async def _adapter(self, cu: ComputeUnit, index: int, count: int) -> FastAdapterUnit:
        if self.command_memory is None:
            raise fail(errno.ENOMEM, f"there is no memory for descriptors of {cu.name}")
        region = self.command_memory.share(index, count)
        slot = descriptor_bytes(cu.argument_sizes)
        unit = FastAdapterUnit(self._bar, cu, self.command_memory, region, slot)
        await unit.prepare()
        return unit


async def _interrupt(unit: _Unit, _: int) -> None:
    await unit.hardware.clear_interrupt()
    unit.wake.set()
