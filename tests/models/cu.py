# SPDX-License-Identifier: Apache-2.0
"""Control block of a compute unit, cycle by cycle, written from the XRT CU contract §1 and §7."""

from __future__ import annotations

from dataclasses import dataclass, field

CTRL, GIE, IER, ISR, ARGS = 0x00, 0x04, 0x08, 0x0C, 0x10
AP_START, AP_DONE, AP_IDLE, AP_READY, AP_CONTINUE = 1 << 0, 1 << 1, 1 << 2, 1 << 3, 1 << 4
INTERRUPT = 1 << 9
DONE_BIT, READY_BIT = 1, 2


@dataclass(frozen=True)
class Kernel:
    """What the kernel drives in one cycle."""

    done: bool = False
    ready: bool = False
    idle: bool = True


@dataclass
class ControlBlock:
    """State between two clock edges. `chain`: AP_CTRL_CHAIN instead of AP_CTRL_HS.

    `isr_clear_on_read`: the other form of ISR that HLS generates; default is toggle on write.
    """

    words: int
    chain: bool = False
    isr_clear_on_read: bool = False
    start: bool = False
    cont: bool = False
    done: bool = False
    ready: bool = False
    gie: int = 0
    ier: int = 0
    isr: int = 0
    args: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.args = [0] * self.words

    @property
    def irq(self) -> bool:
        return bool(self.gie and self.isr)

    def peek(self, offset: int, kernel: Kernel) -> int:
        """The value that a read of byte offset `offset` returns now, without its side effects."""
        word = offset & ~3
        if word == CTRL:
            done = kernel.done if self.chain else self.done
            return (
                AP_START * self.start
                | AP_DONE * done
                | AP_IDLE * (kernel.idle and not self.start)
                | AP_READY * self.ready
                | INTERRUPT * self.irq
            )
        if word in (GIE, IER, ISR):
            return {GIE: self.gie, IER: self.ier, ISR: self.isr}[word]
        index = (word - ARGS) // 4
        return self.args[index] if index < self.words else 0

    def clock(
        self,
        kernel: Kernel,
        write: tuple[int, int, int] | None = None,
        read: int | None = None,
    ) -> None:
        """One clock edge with a write (offset, data, strobes) and a read of `read` accepted in it."""
        offset, data, strobes = write or (-4, 0, 0)
        word = offset & ~3
        low = bool(strobes & 1)
        read_word = None if read is None else read & ~3

        isr = self.isr
        if self.isr_clear_on_read:
            isr = 0 if read_word == ISR else isr
        elif word == ISR and low:
            isr ^= data & 3
        if kernel.done and self.ier & DONE_BIT:
            isr |= DONE_BIT
        if kernel.ready and self.ier & READY_BIT:
            isr |= READY_BIT

        self.done = kernel.done or (self.done and read_word != CTRL)
        self.ready = kernel.ready or (self.ready and read_word != CTRL)
        starts = word == CTRL and low and bool(data & AP_START)
        self.start = starts or (self.start and not kernel.ready)
        self.cont = word == CTRL and low and bool(data & AP_CONTINUE)
        self.isr = isr
        if word == GIE and low:
            self.gie = data & 1
        if word == IER and low:
            self.ier = data & 3
        if write is not None and word >= ARGS and (word - ARGS) // 4 < self.words:
            mask = sum(0xFF << (8 * lane) for lane in range(4) if strobes >> lane & 1)
            index = (word - ARGS) // 4
            self.args[index] = self.args[index] & ~mask | data & mask
