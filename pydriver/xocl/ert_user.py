# SPDX-License-Identifier: Apache-2.0
"""Handing commands to the embedded scheduler through the command queue.

Source: XRT ERT contract §4 and §7, compute unit contract §5 (interrupts in ERT mode). As in the real driver
one thread does everything: it takes note of what has been done, gives up what was aborted, and submits,
special commands first. Whoever reads STATUS only leaves it word.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection
from dataclasses import dataclass

from pydriver.ert import Opcode, State
from pydriver.platform import Clock, Event, Task
from pydriver.platform.trace import OnEvent, silent
from pydriver.regs import RegBlock, Window, ert_csr
from pydriver.subdev.intc import Intc
from pydriver.xocl.command import Command, Owner
from pydriver.xocl.ert_answers import Answers
from pydriver.xocl.ert_counts import CuCounts
from pydriver.xocl.ert_slots import SPECIAL, SPECIAL_SLOT, Slots
from pydriver.xocl.ert_status import StatusWatch
from pydriver.xocl.quirks import Quirk

ALL_ONES = 0xFFFF_FFFF
CQ_STATUS = (ert_csr.CQ_STATUS0, ert_csr.CQ_STATUS1, ert_csr.CQ_STATUS2, ert_csr.CQ_STATUS3)
SPECIAL_PATIENCE_NS = 3_000_000_000
"""How long the firmware has for a special command, as for a configuration."""


@dataclass
class _Abort:
    """What `abort_sync` leaves for the thread."""

    owner: Owner
    done: Event


class ErtUser:
    """Queues, submission and completion. `start` first."""

    def __init__(
        self,
        clock: Clock,
        csr: RegBlock,
        queue: Window,
        intc: Intc,
        *,
        polling: bool = False,
        poll_ns: int = 5_000,
        quirks: Collection[Quirk] = (),
        on_event: OnEvent = silent,
    ) -> None:
        """`polling`: look at the STATUS registers every `poll_ns` while commands are out, no interrupts."""
        self.polling = polling
        self.echo = False
        self.answers = Answers()
        self.counts = CuCounts()
        self._clock = clock
        self._csr = csr
        self._quirks = frozenset(quirks)
        self._on_event = on_event
        self._slots = Slots(
            csr.bar,
            queue,
            keep_back=Quirk.REUSED_SLOTS not in self._quirks,
            translate=Quirk.KEY_VAL_AS_REGISTER_MAP not in self._quirks,
        )
        self._watch = StatusWatch(clock, csr, intc, self._note, self._expects, poll_ns=poll_ns)
        self._pending: deque[Command] = deque()
        self._special: deque[Command] = deque()
        self._aborts: deque[_Abort] = deque()
        self._done: deque[tuple[int, int]] = deque()
        self._work = clock.event()
        self._thread: Task | None = None
        self._timers: list[Task] = []

    async def start(self) -> None:
        """Begin to submit and to listen for completions."""
        if self._thread is None:
            self._thread = self._clock.spawn(self._run(), "user.ert")
        await self._watch.start(self.polling)

    async def stop(self) -> None:
        """Stop listening; commands that are out stay without an answer."""
        if self._thread is not None:
            self._thread.cancel()
            self._thread = None
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()
        await self._watch.stop()
        self._serve_aborts()

    async def listen(self, polling: bool) -> None:
        """Hear of completions by polling or by interrupts from now on; nothing may be out."""
        self.polling = polling
        await self._watch.start(polling)

    async def deafen(self) -> None:
        """Interrupts off: the scheduler sleeps."""
        await self._watch.stop()

    def reset(self) -> None:
        """Forget everything, as the card does: commands end as at `abort`, the queue is as at the start."""
        self._done.clear()
        for waiting in (self._pending, self._special):
            while waiting:
                self._finish(waiting.popleft(), State.ABORT)
        out = self.out()
        self._slots.reset()
        self.answers = Answers()
        self.counts = CuCounts()
        for command in out:
            self._finish(command, State.TIMEOUT)

    @property
    def queue_size(self) -> int:
        """Bytes of the whole command queue."""
        return self._slots.queue_size

    @property
    def slot_size(self) -> int:
        """Bytes of a slot."""
        return self._slots.size

    @property
    def num_slots(self) -> int:
        return len(self._slots)

    @property
    def idle(self) -> bool:
        """Nothing waits and nothing is out."""
        return not self._pending and not self._special and not self._slots.commands

    def out(self) -> list[Command]:
        """What is in slots."""
        return [command for _, command in self._slots.commands]

    @property
    def submitted(self) -> int:
        """How many commands are in slots."""
        return len(self._slots.commands)

    def snap_shot(self) -> str:
        """sysfs `snap_shot`: the lengths of the queues."""
        return (
            f"pq:{len(self._pending)} pq_ctrl:{len(self._special)},  rq:0, rq_ctrl:0, "
            f"sq:{self.submitted} cq:{len(self._done)}\n"
        )

    def set_slot_size(self, size: int) -> None:
        """Cut the queue into slots of `size` bytes, after a CONFIGURE; the firmware forgot the rest."""
        out = self.out()
        self._slots.cut(size)
        self.counts = CuCounts()
        for command in out:
            self._finish(command, State.TIMEOUT)

    # --- what comes in ------------------------------------------------------------------------------

    def submit(self, command: Command) -> None:
        """Queue a command. Special commands have their own queue and slot 0; the rest is first come first
        served, whoever the client is."""
        (self._special if command.header.opcode in SPECIAL else self._pending).append(command)
        command.mark(State.QUEUED, self._clock.now_ns())
        self._work.set()
        if self._slots.late:
            self._watch.wake()

    def abort(self, owner: Owner) -> None:
        """Give up an owner's commands now: not submitted ones become ABORT, submitted ones TIMEOUT. The card
        may still work on the latter; its late answer is logged."""
        sticky = Quirk.STICKY_BAD_COMMAND in self._quirks
        for waiting in (self._pending, self._special):
            bad = False
            for command in list(waiting):
                mine = command.owner is owner
                if mine or (sticky and bad):
                    bad = True
                    waiting.remove(command)
                    self._finish(command, State.ABORT)
        for command in self._slots.give_up(owner):
            self.counts.ended(command, completed=False)
            self._finish(command, State.TIMEOUT)
            if command.header.opcode not in SPECIAL:
                continue
            if Quirk.SPECIAL_FOR_EVER in self._quirks:
                self._slots.late_answer(SPECIAL_SLOT)
            else:
                self._timers.append(self._clock.spawn(self._give_slot_0_back(), "user.ert.patience"))
        self._work.set()

    async def _give_slot_0_back(self) -> None:
        """A question that was given up may never be answered."""
        await self._clock.sleep_ns(SPECIAL_PATIENCE_NS)
        if self._slots.late_answer(SPECIAL_SLOT):
            self._work.set()

    async def abort_sync(self, owner: Owner) -> None:
        """`abort`, on the next pass of the thread; returns when it is done."""
        event = _Abort(owner, self._clock.event())
        self._aborts.append(event)
        self._work.set()
        if self._thread is None:
            self._serve_aborts()
        await event.done.wait()

    async def special_header(self) -> int:
        """The header that is in slot 0 now."""
        return (await self._slots.read(SPECIAL_SLOT, 4))[0]

    def withdraw(self) -> list[Command]:
        """Take back what has not been submitted yet, special commands excepted."""
        pending = list(self._pending)
        self._pending.clear()
        return pending

    def _expects(self) -> bool:
        """STATUS is worth a look: something is out, or waits for a slot that a late answer would free."""
        waits = bool(self._pending or self._special)
        return bool(self._slots.commands) or (waits and self._slots.late)

    def _note(self, index: int, status: int) -> None:
        if status:
            self._done.append((index, status))
            self._work.set()

    # --- the thread ---------------------------------------------------------------------------------

    async def _run(self) -> None:
        while True:
            await self._work.wait()
            self._work.clear()
            while await self._pass():
                pass

    async def _pass(self) -> bool:
        """Take note, give up, submit one; whether there may be more to do."""
        while self._done:
            await self._complete(*self._done.popleft())
        self._serve_aborts()
        for waiting in (self._special, self._pending):
            if not waiting:
                continue
            slot = self._slots.find(waiting[0])
            if slot is not None:
                await self._submit_to(slot, waiting.popleft())
                return True
        return bool(self._done or self._aborts)

    def _serve_aborts(self) -> None:
        while self._aborts:
            event = self._aborts.popleft()
            self.abort(event.owner)
            event.done.set()

    async def _submit_to(self, slot: int, command: Command) -> None:
        self._slots.put(slot, command)
        command.mark(State.RUNNING, self._clock.now_ns())
        opcode = Opcode(command.header.opcode)
        self._on_event("user.ert", f"slot {slot} <- {opcode.name}{_cu(command)}")
        if self.echo:
            self._slots.release(slot)
            self._finish(command, State.COMPLETED)
            return
        self.counts.started(command)
        if opcode == Opcode.ACCESS_TEST_C:
            await self.answers.prepare_access_test(self._slots, slot, command)
        bell = (self._csr.address(CQ_STATUS[slot // 32]), 1 << slot % 32)
        await self._slots.write(slot, command, bell)
        self._watch.wake()
        if slot == SPECIAL_SLOT and Quirk.SPECIAL_FOR_EVER not in self._quirks:
            self._timers = [timer for timer in self._timers if not timer.done()]
            self._timers.append(self._clock.spawn(self._patience(command), "user.ert.patience"))

    async def _patience(self, command: Command) -> None:
        """Free slot 0 from a command that the firmware does not answer."""
        over = self._clock.event()
        command.on_end.append(over.set)
        if command.over or await over.wait(SPECIAL_PATIENCE_NS):
            return
        self._on_event("user.ert", f"{Opcode(command.header.opcode).name} is not answered")
        if self._slots[SPECIAL_SLOT] is command:
            self._slots.release(SPECIAL_SLOT)
        self._finish(command, State.TIMEOUT)
        self._work.set()

    async def _complete(self, index: int, status: int) -> None:
        if status == ALL_ONES and not self._slots.all_out(index):
            return  # the card did not answer
        for bit in range(32):
            slot = 32 * index + bit
            if not status >> bit & 1 or slot >= len(self._slots):
                continue
            command = self._slots[slot]
            if self._slots.late_answer(slot):
                self._on_event("user.ert", f"slot {slot} completed late, its command was given up")
            elif command is None:
                self._on_event("user.ert", f"slot {slot} completed, but nothing is in it")
            else:
                await self._end(slot, command)

    async def _end(self, slot: int, command: Command) -> None:
        if command.wants_reply:
            command.reply = await self._slots.read(slot, self.answers.size(command, self.slot_size))
            if self._slots[slot] is not command:
                self._slots.late_answer(slot)  # given up meanwhile
                return
            self.answers.keep(command)
        self._slots.release(slot)
        self._on_event("user.ert", f"slot {slot} done")
        self.counts.ended(command, completed=True)
        self._finish(command, State.COMPLETED)

    def _finish(self, command: Command, state: State) -> None:
        command.finish(state, self._clock.now_ns())


def _cu(command: Command) -> str:
    return "" if command.cu_index is None else f" for CU {command.cu_index}"
