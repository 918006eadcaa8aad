# SPDX-License-Identifier: Apache-2.0
"""A unit of the virtual card with counted auto-restart and mailbox. Plug it in with ``card.units[n] = ...``.

Written from XRT compute unit contract §3 and §7, in virtual time. The host writes a copy of the inputs of its
own; a release takes a snapshot of all of it, and the next start or restart gives the snapshot to the kernel.
Outputs go the other way: the end of an execution after the host's request copies all of them at once.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pydriver.platform.virtual import ALL_ONES
from pydriver.xclbin.metadata import MailboxType
from tests.models import kernels
from tests.models.units import CYCLE_NS, ISR, Arguments, Kernel, Run, Unit, pointer

if TYPE_CHECKING:
    from tests.models.card import Card

COUNTER, INPUT_CTRL, OUTPUT_CTRL = 0x10, 0x14, 0x18
SYNC, BUSY = 1, 2
FOREVER = ALL_ONES


class MailboxKernel(Kernel):
    """What such a unit computes. `outputs`: (first, end) offsets of the registers that the kernel writes."""

    mailbox = MailboxType.INOUT
    counted = True
    outputs: tuple[tuple[int, int], ...] = ()

    def outcome(self, unit: Unit, inputs: Arguments) -> Arguments:
        """The output registers after an execution with `inputs`, at its end."""
        return {}

    def clear(self) -> None:
        """A reset of the kernel: what it kept between executions is gone."""

    def is_output(self, offset: int) -> bool:
        return any(first <= offset < end for first, end in self.outputs)


class ProbeMailbox(MailboxKernel):
    """The card's `probe_mailbox`: OUT[i] = IN[i] + TOKEN + RUNS."""

    CONTROL, DELAY, TOKEN, RUNS, DIGEST, LAST, IN, OUT, WORDS = (
        0x1C,
        0x20,
        0x24,
        0x28,
        0x2C,
        0x30,
        0x40,
        0x80,
        16,
    )
    sw_reset = True
    outputs = ((0x28, 0x34), (0x80, 0xC0))

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        self.memory = kernels.Probe()

    def duration(self, unit: Unit, args: Arguments) -> int:
        return CYCLE_NS * (8 + args.get(self.DELAY, 0))

    def hangs(self, args: Arguments, ready: bool) -> bool:
        return bool(args.get(self.CONTROL, 0) & 1)

    def outcome(self, unit: Unit, inputs: Arguments) -> Arguments:
        words = [inputs.get(self.IN + 4 * index, 0) for index in range(self.WORDS)]
        self.memory.run(inputs.get(self.TOKEN, 0), words)
        memory = self.memory
        array = {self.OUT + 4 * index: word for index, word in enumerate(memory.array(words))}
        return {self.RUNS: memory.runs, self.DIGEST: memory.digest, self.LAST: memory.last, **array}


class Route(MailboxKernel):
    """The card's `route`: a packet of eight keys from one ring, their eight table entries to the other."""

    IN, OUT, ENTRIES, TAG, PACKETS, DROPPED, LAST_TAG, TABLE = 0x1C, 0x28, 0x34, 0x38, 0x3C, 0x40, 0x44, 0x400
    BEAT, KEYS = 32, 256
    sw_reset = True
    outputs = ((0x3C, 0x48),)

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        self.packets = self.dropped = 0

    def outcome(self, unit: Unit, inputs: Arguments) -> Arguments:
        memory = unit.card.device_memory
        place = self.packets % max(inputs.get(self.ENTRIES, 0), 1) * self.BEAT
        packet = kernels.unpack(memory.read(pointer(inputs, self.IN) + place, self.BEAT))
        table = [inputs.get(self.TABLE + 4 * key, 0) for key in range(self.KEYS)]
        entries, drop = kernels.route(packet, table)
        memory.write(pointer(inputs, self.OUT) + place, kernels.pack(entries))
        self.packets += 1
        self.dropped += drop
        tag = inputs.get(self.TAG, 0)
        return {self.PACKETS: self.packets, self.DROPPED: self.dropped, self.LAST_TAG: tag}


@dataclass
class Execution:
    """One that has begun: when, and with which inputs."""

    start_ns: int
    inputs: Arguments = field(default_factory=dict)


class MailboxUnit(Unit):
    """`executions`: all that have begun since the reset. `pending`: the released set that nobody took yet."""

    plug: MailboxKernel

    def __init__(self, card: Card, slot: int, plug: MailboxKernel) -> None:
        self.executions: list[Execution] = []
        super().__init__(card, slot, plug)

    def reset(self) -> None:
        self.counter = 0
        self.released = self.requested = self.request_waits = False
        self.pending: Arguments | None = None
        self.kernel_inputs: Arguments = {}
        self.host_outputs: Arguments = {}
        self.executions.clear()
        self.plug.clear()
        super().reset()

    # ---- registers

    def _read(self, offset: int) -> int:
        if offset <= ISR:
            return super()._read(offset)
        if offset == COUNTER and self.plug.counted:
            return self.counter
        if offset == INPUT_CTRL and self._has_inputs:
            return SYNC * self.released | BUSY * (self.pending is not None)
        if offset == OUTPUT_CTRL and self._has_outputs:
            return SYNC * self.requested | BUSY * self.request_waits
        if self.plug.is_output(offset):
            return self.host_outputs.get(offset, 0)
        return self.registers.get(offset, 0)

    def _write(self, offset: int, value: int) -> None:
        if offset == COUNTER and self.plug.counted:
            self.counter = value
        elif offset == INPUT_CTRL and self._has_inputs:
            self.released = bool(value & SYNC)
            self.pending = dict(self.registers) if self.released else None
        elif offset == OUTPUT_CTRL and self._has_outputs:
            self.requested = self.request_waits = bool(value & SYNC)
        elif offset <= ISR or not self.plug.is_output(offset):
            super()._write(offset, value)

    def _control(self, value: int) -> None:
        resets = self.resets
        super()._control(value)
        if self.resets != resets:
            self.counter = 0
            self.plug.clear()

    @property
    def _has_inputs(self) -> bool:
        return self.plug.mailbox in (MailboxType.IN, MailboxType.INOUT)

    @property
    def _has_outputs(self) -> bool:
        return self.plug.mailbox in (MailboxType.OUT, MailboxType.INOUT)

    # ---- time

    def _step(self, now: int) -> bool:
        if self.under_way and self._may_end(now):
            self._finish(self.under_way.popleft())
            return True
        if self.start and not self.under_way and self.reset_until is None:
            self.runs += 1
            self._begin(now)
            return True
        return False

    def _begin(self, at: int) -> None:
        """A start from stop, or a restart."""
        if self.counter not in (0, FOREVER):
            self.counter -= 1
        self.take_inputs()
        inputs = dict(self.kernel_inputs)
        self.executions.append(Execution(at, inputs))
        duration = self.plug.duration(self, inputs) if self.run_ns is None else self.run_ns
        self.under_way.append(Run(inputs, at + duration, at + duration))

    def take_inputs(self) -> None:
        """The kernel's copy for the execution that begins now."""
        if not self._has_inputs:
            self.kernel_inputs = dict(self.registers)
        elif self.pending is not None:
            self.kernel_inputs, self.pending = self.pending, None

    def _finish(self, run: Run) -> None:
        outcome = self.plug.outcome(self, run.args)
        self.completed += 1
        if self.request_waits or not self._has_outputs:
            self.host_outputs |= outcome
            self.request_waits = False
        if self.counter or self.auto_restart:
            if not self.counter:
                self.isr |= self.ier  # a counted run is one completion, free running one an execution
            self._begin(run.end_at)
            return
        self.start = False
        self.done = self.ready = True
        self.isr |= self.ier
