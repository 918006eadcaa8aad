# SPDX-License-Identifier: Apache-2.0
"""The mailbox of a unit: who owns its two halves, and the registers by which that changes.

Source: XRT compute unit contract §3. Bit 0 of a control word: the host has released the half to the kernel;
bit 1: the kernel has not used it yet. While the host holds a half, the kernel neither reads nor writes it.
"""

from __future__ import annotations

import errno
from collections.abc import Callable
from typing import TYPE_CHECKING

from pydriver.errors import fail
from pydriver.platform import Clock
from pydriver.regs import cu_mailbox
from pydriver.xclbin.metadata import MailboxType
from pydriver.xrt.options import Quirk, RuntimeOptions
from pydriver.xrt.registers import RegisterSpace

if TYPE_CHECKING:
    from pydriver.xrt.command import Command

COUNTER = cu_mailbox.AUTO_RESTART_COUNTER.offset
INPUT_CTRL = cu_mailbox.INPUT_CTRL.offset
OUTPUT_CTRL = cu_mailbox.OUTPUT_CTRL.offset
SYNC = cu_mailbox.INPUT_CTRL.RELEASE.mask
BUSY = cu_mailbox.INPUT_CTRL.PENDING.mask
FOREVER = 0xFFFF_FFFF
"""Value of the counter that never runs out."""
CLOSE_PATIENCE_NS = 5_000_000_000
"""How long a kernel has at the end to take the last set, as the driver gives its command."""
EASING, LONGEST_PAUSE_NS = 64, 1_000_000
"""The pause between two looks grows to this part of the time waited, as that of the driver's poller."""


class Half:
    """Inputs or outputs. `acquired`: the host holds it since it last asked for it."""

    def __init__(
        self, port: MailboxPort, offset: int, name: str, running: Callable[[], bool], stale: bool
    ) -> None:
        self.acquired = False
        self._port = port
        self._offset = offset
        self._name = name
        self._running = running
        self._stale = stale
        self._busy = False

    async def idle_or_error(self) -> int:
        """The control word. Raises EBUSY while the kernel has not used what was released to it."""
        control = await self._poll()
        if self._busy:
            raise fail(errno.EBUSY, f"the mailbox is busy: the kernel has not {self._name} yet")
        return control

    async def release(self) -> None:
        """Give the half to the kernel. Raises EBUSY."""
        control = await self.idle_or_error()
        await self._port.registers.write(self._offset, control | SYNC)
        self.acquired = False

    async def acquire(self, withdraw: bool = False, patience_ns: int | None = None) -> bool:
        """Take the half back as soon as the kernel has used it.

        When the kernel does not run and so never will, or has not in `patience_ns`: take it all the same with
        `withdraw`, else False.
        """
        if self.acquired:
            return True
        begin = self._port.clock.now_ns()
        if self._stale:
            while self._busy:
                await self._pause(begin)
                await self._poll()
            control = await self._port.registers.read(self._offset)
        else:
            control = await self._poll()
            while self._busy and self._running():
                if patience_ns is not None and self._port.clock.now_ns() - begin >= patience_ns:
                    break
                await self._pause(begin)
                control = await self._poll()
            if self._busy:
                # The kernel may have used it at its very end, between the look and the end of the run.
                control = await self._poll()
            if self._busy and not withdraw:
                return False
        await self._port.registers.write(self._offset, control & ~(SYNC | BUSY))
        self.acquired = True
        return True

    async def give_up(self) -> None:
        """Withdraw what was released, used or not."""
        if not self.acquired:
            control = await self._port.registers.read(self._offset)
            await self._port.registers.write(self._offset, control & ~(SYNC | BUSY))
            self.acquired = True

    async def _poll(self) -> int:
        control = await self._port.registers.read(self._offset)
        self._busy = bool(control & BUSY)
        return control

    async def _pause(self, begin: int) -> None:
        waited = self._port.clock.now_ns() - begin
        pause = max(self._port.poll_ns, min(waited // EASING, LONGEST_PAUSE_NS))
        await self._port.clock.sleep_ns(pause)


class MailboxPort:
    """Shared by all runs on a unit. `commands`: what they have started."""

    def __init__(
        self, clock: Clock, registers: RegisterSpace, kind: MailboxType, options: RuntimeOptions
    ) -> None:
        self.clock = clock
        self.registers = registers
        self.poll_ns = options.mailbox_poll_ns
        self.commands: list[Command] = []
        self._kind = kind
        stale = Quirk.STALE_BUSY in options.quirks
        self.input = Half(self, INPUT_CTRL, "taken the inputs", self.running, stale)
        self.output = Half(self, OUTPUT_CTRL, "written the outputs", self.running, stale)

    def running(self) -> bool:
        """A command that was started here has not ended."""
        self.commands = [command for command in self.commands if command.in_flight]
        return bool(self.commands)

    def check_writable(self) -> None:
        """Raises EPERM for a mailbox with outputs only."""
        if self._kind is MailboxType.OUT:
            raise fail(errno.EPERM, "the mailbox is read-only")

    def check_readable(self) -> None:
        """Raises EPERM for a mailbox with inputs only."""
        if self._kind is MailboxType.IN:
            raise fail(errno.EPERM, "the mailbox is write-only")

    async def close(self) -> None:
        """Leave both halves with the host; a set that was written is taken first if the kernel runs and does
        not hang."""
        if self._kind is not MailboxType.OUT:
            await self.input.acquire(withdraw=True, patience_ns=CLOSE_PATIENCE_NS)
        if self._kind is not MailboxType.IN:
            await self.output.give_up()
