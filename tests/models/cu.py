# SPDX-License-Identifier: Apache-2.0
"""Control block of a compute unit, cycle by cycle, written from the XRT compute unit contract §1, §3, §7."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

CTRL, GIE, IER, ISR, COUNTER, INPUT_CTRL, OUTPUT_CTRL = 0x00, 0x04, 0x08, 0x0C, 0x10, 0x14, 0x18
AP_START, AP_DONE, AP_IDLE, AP_READY, AP_CONTINUE = 1 << 0, 1 << 1, 1 << 2, 1 << 3, 1 << 4
AUTO_RESTART, SW_RESET, INTERRUPT = 1 << 7, 1 << 8, 1 << 9
DONE_BIT, READY_BIT = 1, 2
FOR_EVER = 0xFFFFFFFF
HS, CHAIN, NONE = 0, 1, 2

Write = tuple[int, int, int]  # byte offset, data, strobes
Words = list[int | None]  # None: a word of which the contract says nothing


@dataclass(frozen=True)
class Shape:
    """Parameters of one unit; arrays in words, offsets in bytes."""

    words: int = 0
    outs: int = 0
    in_array: int = 0
    out_array: int = 0
    protocol: int = HS
    isr_clear_on_read: bool = False
    counted: bool = False
    mailbox_in: bool = False
    mailbox_out: bool = False
    sw_reset: bool = False
    in_array_offset: int = 0x400
    out_array_offset: int = 0x800

    @property
    def args_offset(self) -> int:
        return 0x1C if self.mailbox_in or self.mailbox_out else 0x14 if self.counted else 0x10

    @property
    def outs_offset(self) -> int:
        return self.args_offset + 4 * self.words


@dataclass(frozen=True)
class Kernel:
    """What the kernel drives in one cycle. `store`: (index, data) for the output array."""

    done: bool = False
    ready: bool = False
    idle: bool = True
    quiet: bool = True
    outs: tuple[int, ...] = ()
    store: tuple[int, int] | None = None


@dataclass(frozen=True)
class Execution:
    """One execution between ready and done: is its done kept from CTRL, from ISR?"""

    ctrl_hidden: bool
    isr_hidden: bool


def merge(old: int | None, data: int, strobes: int) -> int | None:
    """`old` with the bytes of `data` that `strobes` selects; unknown while a byte is."""
    if old is None:
        return data if strobes == 15 else None
    mask = sum(0xFF << (8 * lane) for lane in range(4) if strobes >> lane & 1)
    return old & ~mask | data & mask


@dataclass
class InputMailbox:
    """Scalars and array of the host, of a released set that waits, and of the kernel."""

    host: Words
    host_array: Words
    kernel: Words
    kernel_array: Words
    waiting: tuple[Words, Words] | None = None
    released: bool = False

    def release(self) -> None:
        self.waiting = (list(self.host), self.host_array)
        # Another buffer is the host's now: what is in it is nobody's business.
        self.host_array = [None] * len(self.host_array)

    def consume(self) -> None:
        if self.waiting:
            self.kernel, self.kernel_array = self.waiting
            self.waiting = None


@dataclass
class OutputMailbox:
    """Results of the host and the array the kernel works on."""

    host: Words
    host_array: Words
    kernel_array: Words
    requested: bool = False
    pending: bool = False
    given: bool = False  # the execution that is done now gave its results already

    def copy(self, outs: tuple[int, ...]) -> None:
        self.host = list(outs)
        if not self.given:
            self.host_array = self.kernel_array
            self.kernel_array = [None] * len(self.kernel_array)
        self.given = True


@dataclass
class ControlBlock:
    """State between two clock edges."""

    shape: Shape
    started: bool = False
    resetting: bool = False
    continuing: bool = False
    done: bool = False
    done_held: bool = False
    ready: bool = False
    auto_restart: bool = False
    count: int = 0
    gie: int = 0
    ier: int = 0
    isr: int = 0
    flight: deque[Execution] = field(default_factory=deque)
    inputs: InputMailbox = field(init=False)
    outputs: OutputMailbox = field(init=False)

    def __post_init__(self) -> None:
        shape = self.shape
        zeros: Words = [0] * shape.in_array
        self.inputs = InputMailbox([0] * shape.words, list(zeros), [0] * shape.words, list(zeros))
        if not shape.mailbox_in:
            self.inputs.kernel, self.inputs.kernel_array = self.inputs.host, self.inputs.host_array
        results: Words = [0] * shape.out_array
        self.outputs = OutputMailbox([0] * shape.outs, results, list(results))
        if not shape.mailbox_out:
            self.outputs.kernel_array = self.outputs.host_array

    # ------------------------------------------------------------------------------- what pins say now

    @property
    def irq(self) -> bool:
        return bool(self.gie and self.isr)

    @property
    def start(self) -> bool:
        return self.shape.protocol == NONE or self.started

    @property
    def counted(self) -> bool:
        """The next ready starts another execution of a counted run."""
        return self.shape.counted and self.count != 0

    @property
    def again(self) -> bool:
        return self.counted or self.auto_restart

    def finishing(self, kernel: Kernel) -> Execution:
        """The execution that a done of this cycle belongs to."""
        if self.flight:
            return self.flight[0]
        return Execution(kernel.ready and self.again, kernel.ready and self.counted)

    def cont(self, kernel: Kernel, abandoned: bool = False) -> bool:
        """`ap_continue`; the block itself continues an execution that another one follows."""
        own = kernel.done and self.finishing(kernel).ctrl_hidden and not (self.resetting or abandoned)
        return self.shape.protocol == NONE or self.continuing or own

    def resets(self, write: Write | None) -> bool:
        """Does this write begin a software reset?"""
        if not write or not self.shape.sw_reset or self.shape.protocol == NONE:
            return False
        return write[0] & ~3 == CTRL and bool(write[2] & 2) and bool(write[1] & SW_RESET)

    def peek(self, offset: int, kernel: Kernel, abandoned: bool = False) -> int | None:
        """The value that a read of byte offset `offset` returns now, without its side effects.

        None when the contract says nothing of it. `abandoned`: a reset is being written in this cycle.
        """
        shape, word = self.shape, offset & ~3
        if shape.protocol != NONE:
            control = self._peek_control(word, kernel, abandoned)
            if control is not None:
                return control
        if word == COUNTER and shape.counted:
            return self.count
        if word == INPUT_CTRL and shape.mailbox_in:
            return self.inputs.released | (self.inputs.waiting is not None) << 1
        if word == OUTPUT_CTRL and shape.mailbox_out:
            return self.outputs.requested | self.outputs.pending << 1
        for base, words in (
            (shape.args_offset, self.inputs.host),
            (shape.outs_offset, self.outputs.host),
            (shape.in_array_offset, self.inputs.host_array),
            (shape.out_array_offset, self.outputs.host_array),
        ):
            if base <= word < base + 4 * len(words):
                return words[(word - base) // 4]
        return 0

    def _peek_control(self, word: int, kernel: Kernel, abandoned: bool) -> int | None:
        if word == CTRL:
            done = self.done
            if self.shape.protocol == CHAIN:
                hidden = self.finishing(kernel).ctrl_hidden or self.resetting or abandoned
                done = kernel.done and not hidden
            return (
                AP_START * self.started
                | AP_DONE * done
                | AP_IDLE * (kernel.idle and not self.started)
                | AP_READY * self.ready
                | AUTO_RESTART * self.auto_restart
                | SW_RESET * self.resetting
                | INTERRUPT * self.irq
            )
        return {GIE: self.gie, IER: self.ier, ISR: self.isr}.get(word)

    # ----------------------------------------------------------------------------------- one clock edge

    def clock(self, kernel: Kernel, write: Write | None = None, read: int | None = None) -> bool:
        """One edge with a write and a read of byte offset `read` accepted in it; was a (re)start taken?"""
        shape = self.shape
        offset, data, strobes = write or (-4, 0, 0)
        word = offset & ~3
        low = bool(strobes & 1)
        ctrl = shape.protocol != NONE and word == CTRL
        reset = self.resets(write)
        abandoned = reset or self.resetting
        done = kernel.done and not abandoned
        execution = self.finishing(kernel)
        starting = ctrl and low and bool(data & AP_START)
        taken = starting and not self.started
        if kernel.ready:
            taken = starting or self.again
        taken = taken and not abandoned and shape.protocol != NONE
        cont = self.cont(kernel, abandoned)

        self._results(kernel, done, (word, data) if low else None)
        self._arguments(taken, word, data, strobes)
        isr = self._status(kernel, execution, (word if low else -4, data), read)
        self.isr = 0 if abandoned else isr
        self._enables(word if low else -4, data)

        # Handshake.
        clears = shape.protocol != NONE and read is not None and read & ~3 == CTRL
        self.done = not abandoned and (
            (kernel.done and not execution.ctrl_hidden) or (self.done and not clears)
        )
        final = kernel.ready and not self.again
        self.ready = not abandoned and (final or (self.ready and not clears))
        self.done_held = shape.protocol == CHAIN and done and not cont
        if kernel.ready and not abandoned:
            self.flight.append(Execution(self.again, self.counted))
        if done and (cont or shape.protocol != CHAIN) and self.flight:
            self.flight.popleft()
        if abandoned:
            self.flight.clear()
        self.started = not abandoned and (taken or (self.started and not kernel.ready))
        self.continuing = not abandoned and ctrl and low and bool(data & AP_CONTINUE)
        restarts_counted = taken and self.counted
        if abandoned:
            self.auto_restart = False
        elif ctrl and low:
            self.auto_restart = bool(data & AUTO_RESTART)
        if reset or not shape.counted:
            self.count = 0
        elif word == COUNTER and write:
            self.count = merge(self.count, data, strobes) or 0
        elif restarts_counted and self.count != FOR_EVER:
            self.count -= 1
        self.resetting = reset or (self.resetting and not kernel.quiet)
        return taken

    def _results(self, kernel: Kernel, done: bool, low_write: tuple[int, int] | None) -> None:
        outputs, shape = self.outputs, self.shape
        if kernel.store:
            outputs.kernel_array[kernel.store[0]] = kernel.store[1]
        if shape.mailbox_out:
            if done and not self.done_held:
                outputs.given = False
            if done and outputs.pending:
                outputs.copy(kernel.outs)
                outputs.pending = False
            if low_write and low_write[0] == OUTPUT_CTRL:
                outputs.requested = outputs.pending = bool(low_write[1] & 1)
        elif done and not self.done_held:
            outputs.host = list(kernel.outs)

    def _arguments(self, taken: bool, word: int, data: int, strobes: int) -> None:
        inputs, shape = self.inputs, self.shape
        if shape.mailbox_in:
            if taken:
                inputs.consume()
            if word == INPUT_CTRL and strobes & 1:
                inputs.released = bool(data & 1)
                if inputs.released:
                    inputs.release()
                else:
                    inputs.waiting = None
        for base, words in ((shape.args_offset, inputs.host), (shape.in_array_offset, inputs.host_array)):
            if base <= word < base + 4 * len(words):
                words[(word - base) // 4] = merge(words[(word - base) // 4], data, strobes)

    def _status(self, kernel: Kernel, execution: Execution, write: tuple[int, int], read: int | None) -> int:
        """ISR after this edge; an event wins over the host."""
        isr = self.isr
        if self.shape.protocol == NONE:
            return isr
        if self.shape.isr_clear_on_read:
            isr = 0 if read is not None and read & ~3 == ISR else isr
        elif write[0] == ISR:
            isr ^= write[1] & 3
        if kernel.done and not execution.isr_hidden and self.ier & DONE_BIT:
            isr |= DONE_BIT
        if kernel.ready and not self.counted and self.ier & READY_BIT:
            isr |= READY_BIT
        return isr

    def _enables(self, word: int, data: int) -> None:
        if self.shape.protocol == NONE:
            return
        if word == GIE:
            self.gie = data & 1
        if word == IER:
            self.ier = data & 3
