# SPDX-License-Identifier: Apache-2.0
"""What a processor on the card gives its firmware: a bus master, an interrupt line, time.

Firmware sees these protocols and nothing else; the simulation (or a test) implements them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol


class Bus(Protocol):
    """The processor's data bus. Byte addresses, aligned 32-bit accesses, answered in order.

    A write has reached its target when the call returns. Error responses are not reported, as on a
    processor without bus exceptions: the value read is then whatever the bus carried.
    """

    async def read32(self, addr: int) -> int: ...
    async def write32(self, addr: int, value: int) -> None: ...

    async def read32s(self, addrs: Sequence[int]) -> list[int]:
        """Several reads, in order, in one go."""
        ...

    async def write32s(self, writes: Sequence[tuple[int, int]]) -> None:
        """Several (address, value) writes, in order, in one go."""
        ...


class Core(Protocol):
    """A processor."""

    @property
    def bus(self) -> Bus: ...

    def interrupt_pending(self) -> bool:
        """The level of the interrupt line."""
        ...

    async def wait_interrupt(self) -> None:
        """Wait until the interrupt line is high; at once when it is."""
        ...

    async def wait_activity(self, timeout_ns: int | None = None, interrupt: bool = True) -> int:
        """Wait until the host wrote to the command queue or the interrupt line is high.

        `interrupt`: False for a processor that takes no interrupts, whose line may be high all the time.

        Stands for a polling loop that would find nothing. Returns which 512-byte blocks of the queue the
        host wrote to since the last call, bit i for block i, or -1 when that is not known; 0 when it was
        the interrupt or `timeout_ns` passed. The bits are taken back before the return, so that a write
        after it ends the next wait: no write goes unnoticed.
        """
        ...

    def set_asleep(self, asleep: bool) -> None:
        """Drive the processor's sleep output, which the host reads in the ERT configuration block."""
        ...

    async def wait_awake(self) -> None:
        """Wait until the host wants the processor awake (CONTROL.WAKE there); at once when it does."""
        ...

    def now_ns(self) -> int: ...
    async def sleep_ns(self, ns: int) -> None: ...
