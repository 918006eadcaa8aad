# SPDX-License-Identifier: Apache-2.0
"""The scheduler's processor: holding it in reset, loading its image, stopping it.

Source: XRT ERT contract §8 (legacy platform).
"""

from __future__ import annotations

import errno

from pydriver.errors import fail
from pydriver.ert import EXIT_ACKNOWLEDGED, EXIT_COMMAND
from pydriver.platform import Clock
from pydriver.platform.trace import OnEvent, silent
from pydriver.regs import RegBlock, Window, mb_reset_gpio

SELF_JUMP = 0xB8000000
SELF_JUMP_MASK = 0xFC00FFFF
STOP_TRIES = 10
STOP_PERIOD_NS = 100_000_000
STOP_FIRST_LOOK_NS = 10_000
IMAGE_CHUNK = 4096


class Microblaze:
    """`attach` at probe, then `load` an image; `image` and `queue` are windows of the same BAR."""

    def __init__(
        self, clock: Clock, gpio: RegBlock, image: Window, queue: Window, on_event: OnEvent = silent
    ) -> None:
        self._clock = clock
        self._gpio = gpio
        self._bar = gpio.bar
        self._image = image
        self._queue = queue
        self._on_event = on_event

    async def running(self) -> bool:
        """The processor is out of reset and its memory holds something else than a branch to itself."""
        if await self._gpio.read(mb_reset_gpio.DATA) != 1:
            return False
        return await self._bar.read32(self._image.base) & SELF_JUMP_MASK != SELF_JUMP

    async def attach(self, clear_queue: bool = True) -> None:
        """Leave reset with a branch to itself when the processor is held: an access to the scheduler while it
        is held would trip the firewall. `clear_queue` writes zeros all over the command queue then."""
        if await self._gpio.read(mb_reset_gpio.DATA) != 0:
            return
        await self._bar.write32(self._image.base, SELF_JUMP)
        await self._gpio.write(mb_reset_gpio.DATA, 1)
        if clear_queue:
            for at in range(0, self._queue.size, IMAGE_CHUNK):
                await self._bar.write(self._queue.base + at, bytes(IMAGE_CHUNK))

    async def load(self, image: bytes) -> None:
        """Stop what runs, copy `image` and run it.

        Raises EINVAL for an image larger than its memory, EIO when the reset register does not follow.
        """
        if len(image) > self._image.size:
            raise fail(errno.EINVAL, f"the scheduler image has {len(image)} bytes, {self._image.size} fit")
        await self.stop()
        await self._reset(0)
        for at in range(0, len(image), IMAGE_CHUNK):
            await self._bar.write(self._image.base + at, image[at : at + IMAGE_CHUNK])
        await self._reset(1)
        self._on_event("mgmt.ert", f"firmware of {len(image)} bytes runs")

    async def stop(self) -> None:
        """Ask the firmware that runs, if any, to end; one that does not is only reported, as the driver
        does."""
        if not await self.running():
            return
        for _ in range(STOP_TRIES):
            if await self._bar.read32(self._queue.base) == EXIT_ACKNOWLEDGED:
                break
            await self._bar.write32(self._queue.base, EXIT_COMMAND)
            # One period per try; looking more often at first only spares waiting.
            left, step = STOP_PERIOD_NS, STOP_FIRST_LOOK_NS
            while left > 0:
                await self._clock.sleep_ns(min(step, left))
                left, step = left - step, step * 8
                if await self._bar.read32(self._queue.base) == EXIT_ACKNOWLEDGED:
                    self._on_event("mgmt.ert", "firmware stopped")
                    return
        else:
            self._on_event("mgmt.ert", "the firmware does not stop; a cold boot is needed")

    async def _reset(self, run: int) -> None:
        await self._gpio.write(mb_reset_gpio.DATA, run)
        if await self._gpio.read(mb_reset_gpio.DATA) != run:
            raise fail(errno.EIO, f"the processor's reset register does not read back {run}")
