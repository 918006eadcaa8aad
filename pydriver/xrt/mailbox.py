# SPDX-License-Identifier: Apache-2.0
"""Talking to a kernel that never stops: runs of kernels with a mailbox, and the mailbox itself.

run = kernel.run()
run.set_arg("ring", buffer)
await run.start(Autostart())            # restarts by itself until stop
mailbox = Mailbox(run)
await mailbox.set_arg("table", table)   # waits until the kernel has taken the last set
await mailbox.write()                   # its next restart sees all of it, or none
await mailbox.read()                    # asks for the outputs of an execution
packets = await mailbox.get_int("packets")
await run.stop()

Source: XRT compute unit contract §3.
"""

from __future__ import annotations

import errno
from collections.abc import Awaitable

from pydriver import ert
from pydriver.errors import fail
from pydriver.ert import Header
from pydriver.xclbin import IpControl, KernelArg
from pydriver.xrt.arguments import Scalar
from pydriver.xrt.bo import BO
from pydriver.xrt.kernel import Kernel
from pydriver.xrt.mailbox_port import COUNTER, MailboxPort
from pydriver.xrt.registers import WORD, RegisterSpace
from pydriver.xrt.run import Autostart, Run, iterations

CONTROL_WORDS = 4
"""CTRL, GIE, IER and ISR: all of the register map that the scheduler may write when it starts the unit."""


class MailboxRun(Run):
    """A run whose arguments go to the unit's mailbox and not into the command."""

    def __init__(self, kernel: Kernel) -> None:
        super().__init__(kernel)
        if len(self.cu_indices) > 1:
            raise fail(errno.EOVERFLOW, "only one compute unit is allowed with a mailbox")
        if kernel.protocol == IpControl.FAST_ADAPTER:
            raise fail(errno.ENOTSUP, "a kernel behind a fast adapter cannot have a mailbox")
        context = kernel.context(self.cu_indices[0])
        if context.mailbox is None:
            options = kernel.device.options
            context.mailbox = MailboxPort(kernel.device.clock, context.registers, kernel.mailbox, options)
        self._port = context.mailbox
        self._space: RegisterSpace = context.registers
        self._unwritten: dict[int, KernelArg] = {}

    def set_arg(self, argument: int | str, value: BO | Scalar) -> None:
        """As `Run.set_arg`; the registers are written by the next `start` or `Mailbox.write`."""
        found = self._kernel.argument(argument)
        self._place(found, value)
        self._unwritten[found.index] = found

    def start(self, autostart: Autostart | None = None, *, stat: bool = False) -> Awaitable[None]:
        """As `Run.start`, after `Mailbox.write`. Raises also what that raises."""
        return self._start(autostart, stat)

    async def _start(self, autostart: Autostart | None, stat: bool) -> None:
        self._command.check_idle()
        if autostart is not None:
            self._check_counter()
            await self._port.input.acquire(withdraw=True)
        if self._kernel.auto_restart_counters:
            # Also for a single execution: a process that died may have left the endless one behind.
            await self._space.write(COUNTER, iterations(autostart))
        await self.write()
        self._port.commands.append(self._command)
        self._command.submit(self._packet(stat))

    async def stop(self) -> None:
        """As `Run.stop`; a set that was written is taken by the kernel before it stops."""
        self._check_counter()
        self._command.check_started()
        await self._port.input.acquire(withdraw=True)
        await self._space.write(COUNTER, 0)
        await self._command.wait()

    def _packet(self, stat: bool) -> bytes:
        packet = super()._packet(stat)
        header = Header.unpack(int.from_bytes(packet[:4], "little"))
        count = len(self._masks()) + CONTROL_WORDS
        short = Header(header.opcode, header.type, count, header.state, header.custom)
        return ert.to_bytes([short.pack()]) + packet[4:]

    # --- the mailbox --------------------------------------------------------------------------------

    async def write(self) -> None:
        """See `Mailbox.write`."""
        self._port.check_writable()
        await self._port.input.idle_or_error()
        for argument in list(self._unwritten.values()):
            await self.write_argument(argument)
        await self._port.input.release()

    async def write_argument(self, argument: KernelArg) -> None:
        """An argument's registers, whole, from what was set."""
        await self._port.input.acquire(withdraw=True)
        raw = bytes(self._regmap[argument.offset : argument.offset + argument.size])
        await self._space.write_words(argument.offset, ert.to_words(raw))
        self._unwritten.pop(argument.index, None)

    async def read(self) -> None:
        """See `Mailbox.read`."""
        self._port.check_readable()
        await self._port.output.release()

    async def read_argument(self, argument: KernelArg) -> bytes:
        """An argument's registers as the last snapshot left them."""
        self._port.check_readable()
        if not await self._port.output.acquire():
            raise fail(errno.EAGAIN, "the kernel does not run, so the outputs that were asked for never come")
        words = await self._space.read_words(argument.offset, argument.size // WORD)
        return ert.to_bytes(words)

    async def set_mailbox_arg(self, argument: int | str, value: BO | Scalar) -> None:
        """See `Mailbox.set_arg`."""
        self.set_arg(argument, value)
        await self.write_argument(self._kernel.argument(argument))

    def kernel_argument(self, argument: int | str) -> KernelArg:
        """What the kernel's metadata say of an argument. Raises EINVAL."""
        return self._kernel.argument(argument)

    async def close(self) -> None:
        """Leave the mailbox to the host (`Kernel.close` does it too)."""
        await self._port.close()


class Mailbox:
    """The mailbox of a run's unit. Raises EINVAL for a run whose kernel has none."""

    def __init__(self, run: Run) -> None:
        if not isinstance(run, MailboxRun):
            raise fail(errno.EINVAL, "the run's kernel has no mailbox")
        self._run = run

    async def set_arg(self, argument: int | str, value: BO | Scalar) -> None:
        """Write an argument into the mailbox; the kernel sees nothing of it before `write`.

        The first one after a `write` waits until the kernel has taken that set; if it does not run, the set
        is withdrawn. Arrays are always written whole. Raises as `Run.set_arg`.
        """
        await self._run.set_mailbox_arg(argument, value)

    async def write(self) -> None:
        """Let the kernel take the arguments: all of them together, at its next restart.

        Raises EPERM (read-only mailbox), EBUSY (the last set is not taken yet).
        """
        await self._run.write()

    async def read(self) -> None:
        """Ask for the outputs of the next execution that ends.

        Raises EPERM (write-only mailbox), EBUSY (the last request is not served yet).
        """
        await self._run.read()

    async def get_arg(self, argument: int | str) -> bytes:
        """The bytes of an argument, little endian, as the last `read` got them; waits for that.

        Raises EINVAL (no such argument), EPERM (write-only), EAGAIN (the kernel ended before it served the
        request).
        """
        return await self._run.read_argument(self._run.kernel_argument(argument))

    async def get_int(self, argument: int | str) -> int:
        """`get_arg` as an unsigned number."""
        return int.from_bytes(await self.get_arg(argument), "little")

    async def close(self) -> None:
        """Take both halves back (the destructor of `xrt::mailbox`), the inputs once the kernel took them."""
        await self._run.close()
