# SPDX-License-Identifier: Apache-2.0
"""Runs: a kernel's arguments and their execution."""

from __future__ import annotations

import errno
from collections.abc import Awaitable, Callable, Generator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydriver import ert
from pydriver.errors import fail
from pydriver.ert import State
from pydriver.xclbin import IpControl, KernelArg
from pydriver.xrt.arguments import Scalar, encode
from pydriver.xrt.bo import BO
from pydriver.xrt.command import Command
from pydriver.xrt.errors import CommandError
from pydriver.xrt.mailbox_port import COUNTER, FOREVER
from pydriver.xrt.options import Quirk
from pydriver.xrt.registers import WORD, RegisterSpace
from pydriver.xrt.xclbin import fast_adapter_arguments

if TYPE_CHECKING:
    from pydriver.xrt.kernel import Kernel

FIRST_ARGUMENT = 0x10
MASK_BITS = 32
FA_ISSUED = 0


@dataclass(frozen=True)
class Autostart:
    """How often a run is to restart by itself; 0 until `Run.stop`."""

    iterations: int = 0


class Started:
    """What `Run.start` returns when there was nothing to wait for."""

    def __await__(self) -> Generator[Any, None, None]:
        return
        yield


STARTED = Started()


class Run:
    """One execution; can be started again after it ended. Made by `Kernel.run`."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel
        self._device = kernel.device
        self._command = Command(kernel.device)
        self._cus: dict[int, frozenset[int]] = {}
        end = max((arg.offset + arg.size for arg in kernel.info.args), default=FIRST_ARGUMENT)
        counted = FIRST_ARGUMENT + WORD * bool(kernel.auto_restart_counters)
        self._regmap = bytearray(-(-max(end, counted) // WORD) * WORD)

    # --- arguments ----------------------------------------------------------------------------------

    def set_arg(self, argument: int | str, value: BO | Scalar) -> None:
        """Set an argument, by index or name, for the next start.

        A buffer narrows the run to the units that reach its bank. Raises EINVAL (no such argument, a buffer
        where a scalar is or the reverse, too large, no unit left that reaches all buffers).
        """
        self._place(self._kernel.argument(argument), value)

    def _place(self, argument: KernelArg, value: BO | Scalar) -> None:
        if isinstance(value, BO) != argument.is_global:
            wanted = "a buffer" if argument.is_global else "a scalar"
            raise fail(errno.EINVAL, f"argument {argument.index} ({argument.name}) is {wanted}")
        if isinstance(value, BO):
            self._narrow(argument.index, value)
            raw = value.address.to_bytes(8, "little")[: argument.size]
        else:
            raw = encode(argument, value)
        self._regmap[argument.offset : argument.offset + len(raw)] = raw

    @property
    def cu_indices(self) -> tuple[int, ...]:
        """The units that may run this: those which reach every buffer set so far."""
        return tuple(i for i in self._kernel.cu_indices if all(i in cus for cus in self._cus.values()))

    def _narrow(self, argument: int, bo: BO) -> None:
        reaching = frozenset(i for i in self._kernel.cu_indices if self._kernel.reaches(i, argument, bo))
        others = {key: cus for key, cus in self._cus.items() if key != argument}
        if not any(all(i in cus for cus in others.values()) for i in reaching):
            raise fail(errno.EINVAL, f"no unit reaches {bo.address:#x} as argument {argument}")
        self._cus[argument] = reaching

    # --- start and stop -----------------------------------------------------------------------------

    def start(self, autostart: Autostart | None = None, *, stat: bool = False) -> Awaitable[None]:
        """Start once, or with `autostart` over and over without the host; `stat` asks for time stamps.

        Await it: the run of a kernel with a mailbox has registers to write first. Any other run has started
        already when this returns. Raises EBUSY (not ended yet), EOVERFLOW (`autostart` with more than one
        unit), ENOSYS (`autostart` of a kernel without counter), else as `Client.execbuf`.
        """
        self._command.check_idle()
        if autostart is not None:
            self._check_counter()
        if self._kernel.auto_restart_counters:
            self._set_counter(iterations(autostart))
        self._command.submit(self._packet(stat))
        return STARTED

    async def stop(self) -> None:
        """End the repetition after the execution that is under way, and wait for that.

        A run that does not repeat is waited for. Raises EOVERFLOW, ENOSYS as `start`, EINVAL unstarted.
        """
        self._check_counter()
        self._command.check_started()
        self._set_counter(0)
        if self._command.in_flight and Quirk.COUNTER_IN_PACKET not in self._device.options.quirks:
            await self._registers.write(COUNTER, 0)
        await self._command.wait()

    def _check_counter(self) -> None:
        if len(self.cu_indices) > 1:
            raise fail(errno.EOVERFLOW, "only one compute unit is allowed with auto-restart")
        if not self._kernel.auto_restart_counters:
            raise fail(errno.ENOSYS, f"{self._kernel.info.name} has no auto-restart counter")

    def _set_counter(self, value: int) -> None:
        self._regmap[COUNTER : COUNTER + WORD] = value.to_bytes(WORD, "little")

    @property
    def _registers(self) -> RegisterSpace:
        return self._kernel.context(self.cu_indices[0]).registers

    async def abort(self) -> State:
        """End a started run now and return the state it ended in. Raises EINVAL (unstarted, or ERT on)."""
        self._command.check_started()
        if not self._command.settled():
            killer = Command(self._device)
            killer.submit(ert.abort(self._command.handle))
            await killer.wait()
            await self._command.wait()
        return self.state()

    # --- the end ------------------------------------------------------------------------------------

    async def wait(self, timeout_ms: int | None = None) -> State:
        """The state the run ended in; TIMEOUT when `timeout_ms` passed first, the run then goes on.

        None and 0 wait for ever. Raises EINVAL when it was never started.
        """
        return self.state() if await self._command.wait(timeout_ms) else State.TIMEOUT

    async def wait2(self, timeout_ms: int | None = None) -> bool:
        """True when the run completed, False when `timeout_ms` passed first.

        Raises CommandError (EIO, with the state) when it ended in any other way, EINVAL unstarted.
        """
        if not await self._command.wait(timeout_ms):
            return False
        if self.state() != State.COMPLETED:
            raise CommandError(self.state())
        return True

    def state(self) -> State:
        """State of the packet now; NEW before the first start."""
        return self._command.state()

    def add_callback(self, state: State, callback: Callable[[Run, State], None]) -> None:
        """Have `callback` called with the final state whenever the run ends, however it ends.

        Raises EINVAL for any `state` but COMPLETED, ENOTSUP when the run is under way without a callback.
        """
        if state != State.COMPLETED:
            raise fail(errno.EINVAL, "a callback can be had for state COMPLETED only (errors included)")
        self._command.add_callback(lambda ended: callback(self, ended))

    def return_code(self) -> int:
        """What a software kernel returned; 0 for all kernels of this card."""
        return 0

    def get_ert_packet(self) -> bytes:
        """The command buffer as it is now, time stamps included."""
        return self._command.packet()

    # --- the packet ---------------------------------------------------------------------------------

    def _packet(self, stat: bool) -> bytes:
        first, *rest = self._masks()
        if self._kernel.protocol == IpControl.FAST_ADAPTER:
            return ert.start_fa(first, self._descriptor(), rest)
        return ert.start_kernel(first, ert.to_words(bytes(self._regmap)), rest, stat_enabled=stat)

    def _masks(self) -> Sequence[int]:
        # As many words as the kernel's units need, not only this run's: the packet's form does not change.
        words = 1 + max(self._kernel.cu_indices, default=0) // MASK_BITS
        mask = sum(1 << index for index in self.cu_indices)
        return [mask >> MASK_BITS * word & 0xFFFF_FFFF for word in range(words)]

    def _descriptor(self) -> list[int]:
        arguments = fast_adapter_arguments(self._kernel.info)
        words = [FA_ISSUED, len(arguments), sum(arg.size for arg in arguments), 0, 0]
        for arg in arguments:
            words += [arg.offset, arg.size]
            words += ert.to_words(bytes(self._regmap[arg.offset : arg.offset + arg.size]))
        return words


def iterations(autostart: Autostart | None) -> int:
    """Value of the counter register: 0 runs once. Raises EINVAL for a number that it does not hold."""
    if autostart is None:
        return 0
    if not 0 <= autostart.iterations <= FOREVER:
        raise fail(errno.EINVAL, f"{autostart.iterations} restarts do not fit the counter")
    return autostart.iterations or FOREVER
