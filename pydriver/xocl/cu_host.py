# SPDX-License-Identifier: Apache-2.0
"""Host scheduling: the driver itself starts the units and polls them, when ERT is off.

Source: XRT compute unit contract §1.1 and §4, KDS contract §3. One command per unit runs at a time; waiting
commands of all clients share one queue per unit.
"""

from __future__ import annotations

import errno
from collections import deque
from typing import TYPE_CHECKING

from pydriver.errors import fail
from pydriver.ert import Header, Opcode, State, to_words
from pydriver.platform import Bar, Clock
from pydriver.platform.trace import OnEvent, silent
from pydriver.regs import cu_ctrl
from pydriver.xclbin import IpControl
from pydriver.xocl.command import Command, Owner

if TYPE_CHECKING:
    from pydriver.xocl.kds import ComputeUnit

ALL_ONES = 0xFFFF_FFFF
CTRL = cu_ctrl.CTRL.offset
ARGUMENTS = cu_ctrl.SIZE
EXEC_WRITE_RESERVED = 6


def register_writes(packet: bytes) -> list[tuple[int, int]]:
    """(offset in the unit, value) pairs that a start command sets before the start bit."""
    header = Header.unpack(int.from_bytes(packet[:4], "little"))
    data = to_words(packet[: 4 + 4 * header.count])[2 + header.extra_cu_masks :]
    if header.opcode == Opcode.START_CU:
        # Register map words 0..3 are control, interrupt enables and status.
        return [(ARGUMENTS + 4 * index, word) for index, word in enumerate(data[4:])]
    if header.opcode == Opcode.EXEC_WRITE:
        data = data[EXEC_WRITE_RESERVED:]
    return list(zip(data[0::2], data[1::2], strict=False))


class HostCus:
    """One worker per unit that has had work."""

    def __init__(self, clock: Clock, bar: Bar, poll_ns: int = 2_000, on_event: OnEvent = silent) -> None:
        self._clock = clock
        self._bar = bar
        self._poll_ns = poll_ns
        self._on_event = on_event
        self._waiting: dict[int, deque[Command]] = {}
        self._running: dict[int, Command] = {}

    def set_cus(self, cus: list[ComputeUnit]) -> None:
        """A new image: empty queues."""
        self._waiting = {cu.index: deque() for cu in cus}
        self._running = {}

    def submit(self, command: Command, cu: ComputeUnit) -> None:
        """Queue a start command for its unit."""
        self._waiting[cu.index].append(command)
        command.state = State.QUEUED
        if cu.index not in self._running:
            self._running[cu.index] = command
            self._clock.spawn(self._worker(cu), f"user.cu{cu.index}")

    def abort(self, owner: Owner) -> bool:
        """Drop an owner's waiting commands (ABORT) and give up its running ones (TIMEOUT).

        True when one was running: its unit hangs, and no unit here has a software reset to free it.
        """
        hung = False
        for queue in self._waiting.values():
            for command in [c for c in queue if c.owner is owner]:
                queue.remove(command)
                self._end(command, State.ABORT)
        for command in list(self._running.values()):
            if command.owner is owner and command.state == State.RUNNING:
                self._end(command, State.TIMEOUT)
                hung = True
        return hung

    async def _worker(self, cu: ComputeUnit) -> None:
        queue = self._waiting[cu.index]
        while queue:
            command = queue.popleft()
            self._running[cu.index] = command
            command.state = State.RUNNING
            self._on_event("user.cu", f"{cu.name} starts")
            try:
                await self._run(command, cu)
            except OSError:
                self._end(command, State.ERROR)
            else:
                self._end(command, State.COMPLETED)
        self._running.pop(cu.index, None)

    async def _run(self, command: Command, cu: ComputeUnit) -> None:
        writes = [(cu.address + offset, value) for offset, value in register_writes(command.packet)]
        await self._bar.write32s([*writes, (cu.address + CTRL, cu_ctrl.CTRL.AP_START.mask)])
        while command.state == State.RUNNING:
            control = await self._bar.read32(cu.address + CTRL)
            if control == ALL_ONES:
                raise fail(errno.EIO, f"{cu.name} does not answer")
            if control & cu_ctrl.CTRL.AP_DONE.mask:
                if cu.control == IpControl.AP_CTRL_CHAIN:
                    await self._bar.write32(cu.address + CTRL, cu_ctrl.CTRL.AP_CONTINUE.mask)
                return
            await self._clock.sleep_ns(self._poll_ns)

    def _end(self, command: Command, state: State) -> None:
        if command.state in (State.QUEUED, State.RUNNING):
            command.state = state
            command.times[state] = self._clock.now_ns()
            command.finished(command)
