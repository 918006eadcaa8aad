# SPDX-License-Identifier: Apache-2.0
"""Moving data between host buffers and device memory.

`DmaEngine` is all the buffer manager asks for; the window engine below serves it through the P2P BAR, a
scatter-gather DMA engine can take its place.
"""

from __future__ import annotations

import errno
from typing import Protocol

from pydriver.errors import fail
from pydriver.platform import Bar
from pydriver.platform.trace import OnEvent, silent
from pydriver.regs import Window, device_mem, user_mem_bar

CHUNK = 16 * 1024


class DmaEngine(Protocol):
    """Transfers of any length and alignment; addresses are device addresses."""

    async def write(self, address: int, data: bytes | memoryview) -> None:
        """Host to device. Raises EIO when not everything could be moved."""
        ...

    async def read(self, address: int, length: int) -> bytes:
        """Device to host. Raises EIO when not everything could be moved."""
        ...


class WindowDma:
    """Device memory through the memory BAR of the user PF: (device window, BAR window) pairs, same order."""

    def __init__(
        self,
        bar: Bar,
        on_event: OnEvent = silent,
        windows: tuple[tuple[Window, Window], ...] = (
            (device_mem.DDR0, user_mem_bar.DDR0),
            (device_mem.DDR1, user_mem_bar.DDR1),
            (device_mem.PLRAM, user_mem_bar.PLRAM),
        ),
    ) -> None:
        self._bar = bar
        self._windows = windows
        self._on_event = on_event

    async def write(self, address: int, data: bytes | memoryview) -> None:
        at = self._place(address, len(data))
        for start in range(0, len(data), CHUNK):
            await self._bar.write(at + start, bytes(data[start : start + CHUNK]))
        self._on_event("user.dma", f"{len(data)} bytes to {address:#x}")

    async def read(self, address: int, length: int) -> bytes:
        at = self._place(address, length)
        parts = [
            await self._bar.read(at + start, min(CHUNK, length - start)) for start in range(0, length, CHUNK)
        ]
        self._on_event("user.dma", f"{length} bytes from {address:#x}")
        return b"".join(parts)

    def _place(self, address: int, length: int) -> int:
        for device, window in self._windows:
            offset = address - device.base
            if offset >= 0 and offset + length <= min(device.size, window.size):
                return window.base + offset
        raise fail(errno.EIO, f"no window of the memory BAR shows {length} bytes at {address:#x}")
