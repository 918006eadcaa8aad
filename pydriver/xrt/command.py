# SPDX-License-Identifier: Apache-2.0
"""A command buffer, and the command in it while it is under way (XRT's `kernel_command`)."""

from __future__ import annotations

import contextlib
import errno
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING

from pydriver.errors import fail
from pydriver.ert import FINAL_STATES, Header, State
from pydriver.xocl import BoFlags

if TYPE_CHECKING:
    from pydriver.xocl import Client
    from pydriver.xrt.device import Device

EXEC_BO_SIZE = 4096
MS = 1_000_000
Callback = Callable[[State], None]


class Command:
    """One command after the other from one buffer, which is given back when this object goes."""

    def __init__(self, device: Device) -> None:
        self._device = device
        self._bo = device.client.create_bo(EXEC_BO_SIZE, BoFlags.EXECBUF)
        weakref.finalize(self, _give_back, device.client, self._bo.handle).atexit = False
        self._ended = device.clock.event()
        self._callbacks: list[Callback] = []
        self._started = False
        self._managed = False
        self._in_flight = False
        self._pages()[:4] = Header(opcode=0).pack().to_bytes(4, "little")

    @property
    def handle(self) -> int:
        """Handle of the command buffer."""
        return self._bo.handle

    @property
    def started(self) -> bool:
        """It was submitted at least once."""
        return self._started

    @property
    def in_flight(self) -> bool:
        """It was submitted and has not ended, as far as the buffer says now."""
        return self._in_flight and self.state() not in FINAL_STATES

    def check_started(self) -> None:
        """Raises EINVAL when it was never submitted."""
        if not self._started:
            raise fail(errno.EINVAL, "the run was never started")

    def check_idle(self) -> None:
        """Raises EBUSY while the command is under way."""
        if self._in_flight and not self.settled():
            raise fail(errno.EBUSY, "the run has not ended yet")

    def submit(self, packet: bytes) -> None:
        """Execute `packet`. Raises EBUSY while the last one is under way, else as `Client.execbuf`."""
        self.check_idle()
        pages = self._pages()
        before = bytes(pages[:4])
        pages[: len(packet)] = packet
        self._ended.clear()
        self._in_flight = self._started = True
        self._managed = bool(self._callbacks)
        try:
            self._device.client.execbuf(self._bo.handle)
        except OSError:
            pages[:4] = before  # it never started
            self._in_flight = False
            raise
        self._device.watch(self)

    def state(self) -> State:
        """State of the packet now; NEW before the first submission."""
        return State(Header.unpack(int.from_bytes(self._pages()[:4], "little")).state)

    def packet(self) -> bytes:
        """The command buffer as it is now, time stamps included."""
        return bytes(self._pages())

    def settled(self) -> bool:
        """The command ended (for the device's poller). The first call that says so wakes all waiters."""
        if not self._in_flight:
            return True
        if self.state() not in FINAL_STATES:
            return False
        self._end()
        return True

    def give_up(self) -> None:
        """The device has no poller any more: nobody will ever say that the command ended."""
        if self._in_flight:
            self._end()

    def _end(self) -> None:
        self._in_flight = False
        self._ended.set()
        if self._callbacks:
            self._device.clock.spawn(self._call(self.state(), tuple(self._callbacks)), "xrt.callbacks")

    async def _call(self, state: State, callbacks: tuple[Callback, ...]) -> None:
        # In a task of its own: a callback that fails must not end the poller of all commands.
        for callback in callbacks:
            callback(state)

    def add_callback(self, callback: Callback) -> None:
        """Have `callback` called at each end from now on, and at once when the command has ended already.

        Raises ENOTSUP while a command is under way that was submitted without callbacks, as XRT: nobody
        watches over such a command.
        """
        if self._in_flight and not self.settled() and not self._managed:
            raise fail(errno.ENOTSUP, "cannot add a callback to a running command that had none")
        self._callbacks.append(callback)
        if self._started and not self._in_flight and self.state() in FINAL_STATES:
            callback(self.state())

    async def wait(self, timeout_ms: int | None = None) -> bool:
        """Whether the command ended within `timeout_ms` (None or 0: any time). Raises EINVAL unsubmitted."""
        self.check_started()
        if self.settled():
            return True
        return await self._ended.wait(timeout_ms * MS if timeout_ms else None)

    def _pages(self) -> bytearray:
        assert self._bo.pages is not None
        return self._bo.pages


def _give_back(client: Client, handle: int) -> None:
    """Free a command buffer unless its client was closed before."""
    with contextlib.suppress(OSError):
        client.free_bo(handle)
