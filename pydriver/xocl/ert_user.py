# SPDX-License-Identifier: Apache-2.0
"""Handing commands to the embedded scheduler through the command queue.

Source: XRT ERT contract §4 and §7, compute unit contract §5 (interrupts in ERT mode).
"""

from __future__ import annotations

from collections import deque

from pydriver.ert import Opcode, State, slot_words
from pydriver.platform import Clock, Task
from pydriver.platform.trace import OnEvent, silent
from pydriver.regs import RegBlock, Window, ert_csr
from pydriver.subdev.irq_block import IrqBlock
from pydriver.xocl.command import Command, Owner

ALL_ONES = 0xFFFF_FFFF
STATUS = (ert_csr.STATUS0, ert_csr.STATUS1, ert_csr.STATUS2, ert_csr.STATUS3)
CQ_STATUS = (ert_csr.CQ_STATUS0, ert_csr.CQ_STATUS1, ert_csr.CQ_STATUS2, ert_csr.CQ_STATUS3)
SPECIAL_SLOT = 0
SPECIAL = frozenset(
    {
        Opcode.EXIT,
        Opcode.CONFIGURE,
        Opcode.SK_CONFIG,
        Opcode.CU_STAT,
        Opcode.CLK_CALIB,
        Opcode.MB_VALIDATE,
        Opcode.ACCESS_TEST_C,
    }
)
BLANKING_READS = 3
DEFAULT_SLOT_SIZE = 4096
"""The firmware's own before it is configured."""


class ErtUser:
    """Slots of the command queue, submission and completion. `start` first."""

    def __init__(
        self,
        clock: Clock,
        csr: RegBlock,
        queue: Window,
        irqs: IrqBlock,
        *,
        polling: bool = False,
        poll_ns: int = 5_000,
        on_event: OnEvent = silent,
    ) -> None:
        """`polling`: look at the STATUS registers every `poll_ns` while commands are out, no interrupts."""
        self.polling = polling
        self.queue_size = queue.size
        self._clock = clock
        self._csr = csr
        self._bar = csr.bar
        self._queue_base = queue.base
        self._irqs = irqs
        self._poll_ns = poll_ns
        self._on_event = on_event
        self._slot_size = DEFAULT_SLOT_SIZE
        self._slots: list[Command | None] = [None] * (queue.size // DEFAULT_SLOT_SIZE)
        self._pending: deque[Command] = deque()
        self._special: deque[Command] = deque()
        self._work = clock.event()
        self._busy = clock.event()
        self._tasks: list[Task] = []

    async def start(self) -> None:
        """Begin to submit and to listen for completions."""
        self._tasks.append(self._clock.spawn(self._submit_worker(), "user.ert.submit"))
        if self.polling:
            self._tasks.append(self._clock.spawn(self._poll_worker(), "user.ert.poll"))
            return
        for index in range(len(STATUS)):
            self._tasks.append(self._clock.spawn(self._irq_worker(index), f"user.ert.irq{index}"))
            await self._irqs.enable(index)

    async def stop(self) -> None:
        """Stop listening; commands that are out stay without an answer."""
        for task in self._tasks:
            task.cancel()
        self._tasks.clear()
        if not self.polling:
            for index in range(len(STATUS)):
                await self._irqs.disable(index)

    def reset(self) -> None:
        """Forget everything, as the card does: commands end as at `abort`, the queue is as at the start."""
        for waiting in (self._pending, self._special):
            while waiting:
                self._finish(waiting.popleft(), State.ABORT)
        slots, self._slots = self._slots, [None] * (self.queue_size // DEFAULT_SLOT_SIZE)
        self._slot_size = DEFAULT_SLOT_SIZE
        for entry in slots:
            if entry is not None:
                self._finish(entry, State.TIMEOUT)

    @property
    def slot_size(self) -> int:
        """Bytes of a slot."""
        return self._slot_size

    @property
    def num_slots(self) -> int:
        return len(self._slots)

    @property
    def idle(self) -> bool:
        """Nothing waits and nothing is out."""
        return not self._pending and not self._special and not any(self._slots)

    def set_slot_size(self, size: int) -> None:
        """Cut the queue into slots of `size` bytes, after a CONFIGURE; nothing may be out."""
        assert self.idle
        self._slot_size = size
        self._slots = [None] * (self.queue_size // size)

    def submit(self, command: Command) -> None:
        """Queue a command. Special commands have their own queue and slot 0; the rest is first come first
        served, whoever the client is."""
        (self._special if command.header.opcode in SPECIAL else self._pending).append(command)
        self._mark(command, State.QUEUED)
        self._work.set()

    def abort(self, owner: Owner) -> None:
        """Give up an owner's commands: not submitted ones become ABORT, submitted ones TIMEOUT at once. The
        card may still work on the latter; its late answer is ignored."""
        for waiting in (self._pending, self._special):
            for command in [c for c in waiting if c.owner is owner]:
                waiting.remove(command)
                self._finish(command, State.ABORT)
        for slot, entry in enumerate(self._slots):
            if entry is not None and entry.owner is owner:
                self._slots[slot] = None
                self._finish(entry, State.TIMEOUT)
        self._work.set()

    async def _submit_worker(self) -> None:
        while True:
            await self._work.wait()
            self._work.clear()
            while True:
                slot, command = self._next()
                if command is None:
                    break
                self._slots[slot] = command
                await self._write_slot(slot, command)

    def _next(self) -> tuple[int, Command | None]:
        if self._special and self._slots[SPECIAL_SLOT] is None:
            return SPECIAL_SLOT, self._special.popleft()
        if self._pending:
            for slot in range(SPECIAL_SLOT + 1, len(self._slots)):
                if self._slots[slot] is None:
                    return slot, self._pending.popleft()
        return 0, None

    async def _write_slot(self, slot: int, command: Command) -> None:
        words = slot_words(command.packet, command.cu_index)
        base = self._queue_base + slot * self._slot_size
        writes = [(base + 4 * index, word) for index, word in enumerate(words) if index]
        # The header makes the slot valid, so it goes last; then the bell.
        writes.append((base, words[0]))
        writes.append((self._csr.address(CQ_STATUS[slot // 32]), 1 << slot % 32))
        self._mark(command, State.RUNNING)
        self._on_event("user.ert", f"slot {slot} <- {Opcode(command.header.opcode).name}{_cu(command)}")
        await self._bar.write32s(writes)
        self._busy.set()

    async def _irq_worker(self, index: int) -> None:
        event = self._irqs.event(index)
        while True:
            await event.wait()
            event.clear()
            self._on_event("user.irq", f"ERT status {index}")
            # XDMA keeps a level: mask it, look several times, unmask, and look once more.
            await self._irqs.disable(index)
            for value in await self._csr.read_many([STATUS[index]] * BLANKING_READS):
                await self._complete(index, value)
            await self._irqs.enable(index)
            await self._complete(index, await self._csr.read(STATUS[index]))

    async def _poll_worker(self) -> None:
        while True:
            if not any(self._slots):
                self._busy.clear()
                await self._busy.wait()
            for index, value in enumerate(await self._csr.read_many(STATUS)):
                await self._complete(index, value)
            await self._clock.sleep_ns(self._poll_ns)

    async def _complete(self, index: int, status: int) -> None:
        group = self._slots[32 * index : 32 * index + 32]
        if status == ALL_ONES and (len(group) < 32 or None in group):
            return  # the card did not answer
        for bit in range(32):
            slot = 32 * index + bit
            if not status >> bit & 1 or slot >= len(self._slots):
                continue
            command = self._slots[slot]
            if command is None:
                self._on_event("user.ert", f"slot {slot} completed, but nothing is in it")
                continue
            if command.wants_reply:
                raw = await self._bar.read(self._queue_base + slot * self._slot_size, self._slot_size)
                command.reply = [int.from_bytes(raw[at : at + 4], "little") for at in range(0, len(raw), 4)]
            self._slots[slot] = None
            self._on_event("user.ert", f"slot {slot} done")
            self._finish(command, State.COMPLETED)
            self._work.set()

    def _finish(self, command: Command, state: State) -> None:
        self._mark(command, state)
        command.finished(command)

    def _mark(self, command: Command, state: State) -> None:
        command.state = state
        command.times[state] = self._clock.now_ns()


def _cu(command: Command) -> str:
    return "" if command.cu_index is None else f" for CU {command.cu_index}"
