# SPDX-License-Identifier: Apache-2.0
"""Units behind a fast adapter: descriptors in device memory, completions counted by the hardware.

Source: XRT compute unit contract §2.
"""

from __future__ import annotations

import errno
from collections.abc import Iterable, Sequence

from pydriver.errors import fail
from pydriver.ert import to_bytes
from pydriver.platform import Bar
from pydriver.regs import cu_fa
from pydriver.xocl.cu.hls import Progress, payload
from pydriver.xocl.cu.unit import ComputeUnit
from pydriver.xocl.dma import DmaEngine

ALL_ONES = 0xFFFF_FFFF
WORD_MASK = 0xFFFF_FFFF
HEADER_BYTES = 20
"""Status, number and bytes of inputs, number and bytes of outputs."""
ENTRY_BYTES = 8
"""Offset and size in front of each argument's value."""
BEAT_BYTES = 32


def descriptor_bytes(argument_sizes: Iterable[int]) -> int:
    """Size of a descriptor slot: what all arguments take, rounded up to a power of two."""
    size = HEADER_BYTES + sum(ENTRY_BYTES + size for size in argument_sizes if size)
    return 1 << (size - 1).bit_length()


class CommandMemory:
    """Device memory for descriptors, `size` bytes from device address `base` on; each unit gets a share."""

    def __init__(self, dma: DmaEngine, base: int, size: int) -> None:
        self.base = base
        self.size = size
        self._dma = dma

    def share(self, index: int, count: int) -> tuple[int, int]:
        """Address and size of what unit `index` of `count` gets: whole beats of the adapter's reads."""
        size = self.size // count // BEAT_BYTES * BEAT_BYTES
        return self.base + index * size, size

    async def write(self, address: int, words: Sequence[int]) -> None:
        """Words to consecutive addresses."""
        await self._dma.write(address, to_bytes(words))


class FastAdapterUnit:
    """The hardware of one unit: a queue of descriptors and a counter of finished tasks. `prepare` first."""

    def __init__(
        self, bar: Bar, cu: ComputeUnit, memory: CommandMemory, region: tuple[int, int], slot_bytes: int
    ) -> None:
        """`region`: address and size of the descriptors. Raises ENOMEM when it does not hold one."""
        self.cu = cu
        self.credits = self.max_credits = 0
        self.busy_threshold = 0
        self._bar = bar
        self._memory = memory
        self._base, size = region
        self._slot_bytes = slot_bytes
        self._slots = size // slot_bytes
        if not self._slots:
            raise fail(errno.ENOMEM, f"{size} bytes do not hold a descriptor of {cu.name}")
        self._slot = 0
        self._outstanding = 0
        self._count = 0
        self._upper: int | None = None

    async def prepare(self) -> None:
        """Clear the errors, learn depth and counter. Raises EIO when the unit does not answer."""
        await self._write(cu_fa.SR.offset, 0)
        base = self.cu.address
        offsets = [register.offset for register in (cu_fa.FDR, cu_fa.TCR, cu_fa.DESCRIPTOR_HI)]
        depth, self._count, self._upper = await self._bar.read32s([base + offset for offset in offsets])
        if depth == ALL_ONES:
            raise fail(errno.EIO, f"{self.cu.name} does not answer")
        self.credits = self.max_credits = min(depth, self._slots)
        self.busy_threshold = depth // 2

    async def start(self, packet: bytes) -> None:
        """Put the descriptor into the next slot, its status word last, and push its address.

        Raises EINVAL for a descriptor that does not fit the slot, else as the DMA engine.
        """
        words = payload(packet)
        if not words or 4 * len(words) > self._slot_bytes:
            raise fail(errno.EINVAL, f"a descriptor of {4 * len(words)} bytes, slots have {self._slot_bytes}")
        address = self._base + self._slot * self._slot_bytes
        await self._memory.write(address + 4, words[1:])
        await self._memory.write(address, words[:1])
        upper, lower = address >> 32, address & WORD_MASK
        if upper != self._upper:
            await self._write(cu_fa.DESCRIPTOR_HI.offset, upper)
            self._upper = upper
        await self._write(cu_fa.DESCRIPTOR_LO.offset, lower)
        self._outstanding += 1
        self._slot = (self._slot + 1) % self._slots

    async def check(self) -> Progress:
        """Look at the counter, if there is anything to expect. Raises EIO when the unit does not answer."""
        if not self._outstanding:
            return Progress()
        count = await self._read(cu_fa.TCR.offset)
        done = (count - self._count) & WORD_MASK
        if done > self._outstanding:
            # All ones can be a count; more tasks than were given cannot.
            raise fail(errno.EIO, f"{self.cu.name} counts {done} tasks, {self._outstanding} are out")
        self._count = count
        self._outstanding -= done
        return Progress(done, done)

    async def enable_interrupt(self) -> None:
        """Completions interrupt."""
        await self._write(cu_fa.IER.offset, cu_fa.IER.DONE.mask)

    async def disable_interrupt(self) -> None:
        """They do not."""
        await self._write(cu_fa.IER.offset, 0)

    async def clear_interrupt(self) -> None:
        """The interrupt handler: ISR is cleared by reading."""
        await self._read(cu_fa.ISR.offset)

    async def reset(self) -> bool:
        """There is no software reset."""
        return False

    def forget(self) -> None:
        """Nothing is expected any more."""
        self.credits = self.max_credits
        self._outstanding = 0

    async def explain(self) -> str:
        """What the hardware says about a task that does not end."""
        return cu_fa.SR.describe(await self._read(cu_fa.SR.offset))

    async def _read(self, offset: int) -> int:
        return await self._bar.read32(self.cu.address + offset)

    async def _write(self, offset: int, value: int) -> None:
        await self._bar.write32(self.cu.address + offset, value)
