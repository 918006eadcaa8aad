# SPDX-License-Identifier: Apache-2.0
"""The queue of one unit under host scheduling: pending, running, submitted, completed.

A command is pending until the worker sees it, running while it waits for a credit, submitted while the
hardware has it, completed until its owner is told. Source: XRT compute unit contract §4.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from pydriver.ert import State
from pydriver.platform import Clock, Event
from pydriver.platform.trace import OnEvent, silent
from pydriver.xocl.command import Command, Owner
from pydriver.xocl.cu.hls import NO_BACK_OFF, Progress
from pydriver.xocl.cu.unit import ComputeUnit

TICK_NS = 500_000_000
TTL_TICKS = 10
BACK_OFF_MIN, BACK_OFF_MAX = 2, 5
"""While a unit has more work than its `busy_threshold`, one pass in so many looks at it."""


class Hardware(Protocol):
    """What `HlsUnit` and `FastAdapterUnit` have in common."""

    cu: ComputeUnit
    credits: int
    busy_threshold: int

    async def start(self, packet: bytes) -> None: ...
    async def check(self) -> Progress: ...
    async def enable_interrupt(self) -> None: ...
    async def disable_interrupt(self) -> None: ...
    async def clear_interrupt(self) -> None: ...
    async def reset(self) -> bool: ...
    def forget(self) -> None: ...
    async def explain(self) -> str: ...


@dataclass
class Abort:
    """A request to end one command; `result` when `done` is set."""

    command: Command
    done: Event
    result: State = State.ABORT


@dataclass
class _Leaving:
    """An owner who wants to leave, and since when (ns)."""

    owner: Owner
    since: int


class CuQueue:
    """`step` moves the queues on; whoever owns the queue calls it while it says that there is work.

    `moves` counts commands that were started or ended.
    """

    def __init__(
        self,
        clock: Clock,
        hardware: Hardware,
        on_bad: Callable[[str], None],
        *,
        tick_ns: int = TICK_NS,
        run_timeout_ns: int = 0,
        on_event: OnEvent = silent,
    ) -> None:
        """`run_timeout_ns`: a run that takes longer leaves the bad state; 0 for none."""
        self.hardware = hardware
        self.bad = False
        self.moves = 0
        self.pending: deque[Command] = deque()
        self.running: deque[Command] = deque()
        self.submitted: deque[Command] = deque()
        self.completed: deque[tuple[Command, State]] = deque()
        self._clock = clock
        self._on_bad = on_bad
        self._tick_ns = tick_ns
        self._run_timeout_ns = run_timeout_ns
        self._on_event = on_event
        self._aborts: deque[Abort] = deque()
        self._leaving: list[_Leaving] = []
        self._looks_left_out = 0
        self._back_off = BACK_OFF_MIN

    @property
    def name(self) -> str:
        return self.hardware.cu.name

    @property
    def busy(self) -> bool:
        """There is something to do."""
        return bool(self.pending or self.running or self.submitted or self.completed or self._aborts)

    @property
    def waits_for_hardware(self) -> bool:
        """Only the hardware can bring this queue on."""
        return bool(self.submitted) or not self.hardware.credits

    def outstanding(self, owner: Owner) -> int:
        """Commands of an owner who has not been told of their end."""
        queues = (self.pending, self.running, self.submitted)
        waiting = sum(command.owner is owner for queue in queues for command in queue)
        return waiting + sum(command.owner is owner for command, _ in self.completed)

    # --- from outside ---------------------------------------------------------------------------------

    def submit(self, command: Command) -> None:
        """Queue a start command."""
        self.pending.append(command)
        command.mark(State.QUEUED, self._clock.now_ns())

    def request_abort(self, owner: Owner) -> None:
        """An owner wants to leave: what has not started ends with ABORT, what runs may take `TTL_TICKS`."""
        if self.outstanding(owner) and not any(each.owner is owner for each in self._leaving):
            self._leaving.append(_Leaving(owner, self._clock.now_ns()))

    def request_abort_of(self, command: Command) -> Abort:
        """Queue the abort of one command in front of everything."""
        abort = Abort(command, self._clock.event())
        self._aborts.append(abort)
        return abort

    def drop(self) -> None:
        """The unit is gone: everything ends with ABORT."""
        while self.completed:
            self._finish(*self.completed.popleft())
        for queue in (self.pending, self.running, self.submitted):
            while queue:
                self._finish(queue.popleft(), State.ABORT)
        for abort in self._aborts:
            abort.done.set()
        self._aborts.clear()

    # --- the worker -----------------------------------------------------------------------------------

    async def step(self) -> bool:
        """One pass over all queues. Returns whether there is more to do."""
        await self.start_all()
        # Completed before submitted: telling the owner takes time in which the next run may end.
        self.tell()
        if self.waits_for_hardware:
            await self.look()
        await self.abort_commands()
        return self.busy

    async def start_all(self) -> None:
        """Pending commands become running, and start as far as the credits go."""
        self.running.extend(self.pending)
        self.pending.clear()
        if self._leaving:
            # Also what stands behind a command of somebody else, which may never end.
            for command in [each for each in self.running if self._is_leaving(each)]:
                self.running.remove(command)
                self.completed.append((command, State.ABORT))
        while self.running and await self._start_next():
            pass

    async def _start_next(self) -> bool:
        command = self.running[0]
        if self.bad or self._is_leaving(command):
            self.completed.append((self.running.popleft(), State.ABORT))
            return True
        if not self.hardware.credits:
            return False
        self.hardware.credits -= 1
        # On its way to the hardware it is nobody else's.
        self.submitted.append(self.running.popleft())
        command.mark(State.RUNNING, self._clock.now_ns())
        self.moves += 1
        self._on_event("user.cu", f"{self.name} starts")
        try:
            await self.hardware.start(command.packet)
        except OSError as error:
            self._on_event("user.cu", f"{self.name} does not start: {error.strerror}")
            self.hardware.credits += 1
            if command in self.submitted:
                self.submitted.remove(command)
                self.completed.append((command, State.ERROR))
        return True

    def tell(self) -> None:
        """The owners of completed commands get to know."""
        while self.completed:
            self._finish(*self.completed.popleft())
        self._leaving = [each for each in self._leaving if self.outstanding(each.owner)]

    async def look(self) -> bool:
        """Ask the hardware and take over what it has done. Returns whether anything has happened."""
        progress = await self._progress()
        self._take(progress)
        await self._check_time(progress)
        self.tell()
        return progress != Progress()

    async def _progress(self) -> Progress:
        if self._leave_out():
            return Progress()
        try:
            progress = await self.hardware.check()
        except OSError as error:
            self._on_event("user.cu", str(error.strerror))
            self._end_submitted(State.ERROR)
            self.hardware.forget()
            return Progress()
        if progress.done:
            self._back_off = BACK_OFF_MIN
        else:
            self._back_off = min(self._back_off + 1, BACK_OFF_MAX)
        return progress

    def _leave_out(self) -> bool:
        """A unit with a long queue of its own is not asked in every pass."""
        threshold = self.hardware.busy_threshold
        if threshold == NO_BACK_OFF or len(self.submitted) <= threshold:
            return False
        self._looks_left_out += 1
        if self._looks_left_out < self._back_off:
            return True
        self._looks_left_out = 0
        return False

    def _take(self, progress: Progress) -> None:
        self.hardware.credits += progress.ready
        for _ in range(min(progress.done, len(self.submitted))):
            self.completed.append((self.submitted.popleft(), State.COMPLETED))

    async def _check_time(self, progress: Progress) -> None:
        if not self.submitted:
            return
        if self._leaving:
            await self._check_leaving()
        if not self.submitted or progress.done or not self._run_timeout_ns or self.bad:
            return
        begin = self.submitted[0].times[State.RUNNING]
        if self._clock.now_ns() - begin > self._run_timeout_ns:
            await self._turn_bad("a run takes too long")
            self._end_submitted(State.ABORT)

    async def _check_leaving(self) -> None:
        late = self._clock.now_ns() - TTL_TICKS * self._tick_ns

        def overdue(command: Command) -> bool:
            return any(command.owner is each.owner and each.since <= late for each in self._leaving)

        if any(overdue(command) for command in self.submitted):
            await self._free_hardware(overdue, "a command of a closed client does not end")

    async def abort_commands(self) -> None:
        """Serve the queue of aborts."""
        while self._aborts:
            abort = self._aborts[0]
            try:
                abort.result = await self._abort(abort.command)
            finally:
                self._aborts.popleft()
                abort.done.set()
            self.tell()

    async def _abort(self, command: Command) -> State:
        for queue in (self.pending, self.running):
            if command in queue:
                queue.remove(command)
                self.completed.append((command, State.ABORT))
                return State.COMPLETED
        if command not in self.submitted:
            return State.COMPLETED
        freed = await self._free_hardware(lambda each: each is command, "an aborted command does not end")
        return State.COMPLETED if freed else State.ABORT

    async def _free_hardware(self, chosen: Callable[[Command], bool], why: str) -> bool:
        """Reset the unit: the `chosen` commands end with TIMEOUT, what else it worked on with ABORT.

        Without a reset the unit is bad and keeps the others; they may still end.
        """
        freed = await self.hardware.reset()
        if not freed:
            await self._turn_bad(why)
        for command in list(self.submitted):
            if (chosen(command) or freed) and command in self.submitted:
                self.submitted.remove(command)
                self.completed.append((command, State.TIMEOUT if chosen(command) else State.ABORT))
        self.tell()
        return freed

    async def _turn_bad(self, why: str) -> None:
        self.bad = True
        text = f"{self.name} is bad: {why}, {await self.hardware.explain()}"
        self._on_event("user.cu", text)
        self._on_bad(text)

    # --- commands -------------------------------------------------------------------------------------

    def _is_leaving(self, command: Command) -> bool:
        return any(command.owner is each.owner for each in self._leaving)

    def _end_submitted(self, state: State) -> None:
        while self.submitted:
            self.completed.append((self.submitted.popleft(), state))

    def _finish(self, command: Command, state: State) -> None:
        self.moves += 1
        command.finish(state, self._clock.now_ns())
