# SPDX-License-Identifier: Apache-2.0
"""A processor socket of the card (tb/rtl/mb_socket.sv): runs Python firmware while its reset is released.

Implements `firmware_model.core.Core` without knowing what firmware runs there.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import cocotb
from cocotb.task import Task
from cocotb.triggers import First, Timer, ValueChange
from cocotb.utils import get_sim_time

from tb.hosts.axil_port import AxilPort

Firmware = Callable[["Processor"], Awaitable[None]]
Identify = Callable[[Sequence[int]], Firmware | None]
OnEvent = Callable[[str, str], None]


def _level(signal: Any) -> bool:
    value = signal.value
    return value.is_resolvable and int(value) != 0


class Processor:
    """Holds the firmware while `run` is low; starts what the image memory names when it rises."""

    IMAGE_WORDS = 3

    def __init__(self, socket: Any, identify: Identify, on_event: OnEvent) -> None:
        self.bus = AxilPort(socket.bus)
        self.running: str | None = None
        self._socket = socket
        self._identify = identify
        self._on_event = on_event
        self._firmware: Task[Any] | None = None
        self._supervisor = cocotb.start_soon(self._supervise())

    def now_ns(self) -> int:
        return int(get_sim_time("ns"))

    async def sleep_ns(self, ns: int) -> None:
        if ns > 0:
            await Timer(ns, "ns")

    def interrupt_pending(self) -> bool:
        return _level(self._socket.irq)

    async def wait_interrupt(self) -> None:
        while not self.interrupt_pending():
            await ValueChange(self._socket.irq)

    async def wait_activity(self, timeout_ns: int | None = None, interrupt: bool = True) -> int:
        """See `firmware_model.core.Core.wait_activity`; the bits come from the queue's touch register."""
        triggers: list[Any] = [ValueChange(self._socket.any_touched)]
        if interrupt:
            triggers.append(ValueChange(self._socket.irq))
        if timeout_ns is not None:
            triggers.append(Timer(max(timeout_ns, 1), "ns"))
        deadline = None if timeout_ns is None else self.now_ns() + timeout_ns
        while not _level(self._socket.any_touched):
            late = deadline is not None and self.now_ns() >= deadline
            if late or (interrupt and self.interrupt_pending()):
                return 0
            await First(*triggers)
        touched = int(self._socket.touched.value)
        await self._take_back(touched)
        return touched

    async def _take_back(self, touched: int) -> None:
        """Clear touch bits; a host write in the same cycle sets them again."""
        self._socket.touch_ack.value = touched
        try:
            await ValueChange(self._socket.touched)
        finally:
            # Also when the firmware is cancelled: an acknowledge left on would eat the next touches.
            self._socket.touch_ack.value = 0
        await Timer(1, "step")

    def set_asleep(self, asleep: bool) -> None:
        """See `firmware_model.core.Core.set_asleep`."""
        self._socket.asleep.value = int(asleep)

    async def wait_awake(self) -> None:
        """See `firmware_model.core.Core.wait_awake`."""
        while not _level(self._socket.wake):
            await ValueChange(self._socket.wake)

    async def _supervise(self) -> None:
        while True:
            while not _level(self._socket.run):
                await ValueChange(self._socket.run)
            words = await self.bus.read32s([4 * i for i in range(self.IMAGE_WORDS)])
            if not _level(self._socket.run):
                continue  # held again before it got going
            firmware = self._identify(words)
            if firmware is None:
                self._on_event("mb", f"released; no firmware in its image (word 0 {words[0]:#010x})")
            else:
                self.running = getattr(firmware, "__module__", "firmware").rsplit(".", 1)[-1]
                self._on_event("mb", f"released; runs {self.running}")
                self._firmware = cocotb.start_soon(firmware(self))  # type: ignore[arg-type]
            while _level(self._socket.run):
                await ValueChange(self._socket.run)
            if self._firmware is not None:
                self._firmware.cancel()
                self._firmware = None
            self.running = None
            self.set_asleep(False)  # a processor in reset does not sleep
            self._on_event("mb", "held in reset")
