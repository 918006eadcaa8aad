# SPDX-License-Identifier: Apache-2.0
"""Golden model of the interrupt controllers (scheduler, units): PG099 register layout, level inputs."""

from __future__ import annotations

ISR, IPR, IER, IAR, SIE, CIE, IVR, MER = range(0, 0x20, 4)


class MbIntc:
    """`inputs` interrupt inputs. `cycle` is one clock edge with the inputs' levels before it."""

    def __init__(self, inputs: int = 9):
        self.mask = (1 << inputs) - 1
        self.isr = self.ier = 0
        self.master = self.hardware = False

    def read(self, offset: int) -> int:
        """Value before the edge; write-only and unknown registers read 0."""
        pending = self.isr & self.ier
        lowest = (pending & -pending).bit_length() - 1 if pending else 0xFFFFFFFF
        values = {ISR: self.isr, IPR: pending, IER: self.ier, IVR: lowest}
        values[MER] = int(self.master) | int(self.hardware) << 1
        return values.get(offset, 0)

    def cycle(self, lines: int, write: tuple[int, int] | None = None) -> None:
        """Latch the inputs (when the hardware enable is set) and do a write."""
        latch = lines & self.mask if self.hardware else 0
        offset, value = write or (None, 0)
        bits = value & self.mask
        if offset == IAR:
            self.isr &= ~bits
        self.isr |= latch
        if offset == ISR and not self.hardware:
            self.isr = bits
        elif offset == IER:
            self.ier = bits
        elif offset == SIE:
            self.ier |= bits
        elif offset == CIE:
            self.ier &= ~bits
        elif offset == MER:
            self.master = bool(value & 1)
            self.hardware = self.hardware or bool(value & 2)

    @property
    def irq(self) -> bool:
        return self.master and bool(self.isr & self.ier)
