# SPDX-License-Identifier: Apache-2.0
"""The kernel driver scheduler: which scheduler runs, and what becomes of each command.

Source: XRT KDS contract §2 (commands), §3 (modes) and §7 (bad state), ERT contract §4.1 and §7.
"""

from __future__ import annotations

import errno
from collections.abc import Collection
from dataclasses import replace

from pydriver import ert
from pydriver.errors import fail
from pydriver.ert import Header, Opcode, State, Type
from pydriver.platform import Clock
from pydriver.platform.trace import OnEvent, silent
from pydriver.xocl.command import Command, Owner
from pydriver.xocl.cu import ComputeUnit
from pydriver.xocl.kds.configure import BoardTraits, KdsFlags
from pydriver.xocl.kds.modes import Modes, Schedulers
from pydriver.xocl.kds.selection import cu_mask, select
from pydriver.xocl.kds.stat import custat, kds_stat
from pydriver.xocl.kds.state import KdsState
from pydriver.xocl.kds.units import KDMA_INDEX, kdma_unit
from pydriver.xocl.options import KdsOptions
from pydriver.xocl.quirks import Quirk

STARTS = (Opcode.START_CU, Opcode.EXEC_WRITE, Opcode.START_KEY_VAL, Opcode.START_FA)
ASKING = (Opcode.CLK_CALIB, Opcode.MB_VALIDATE, Opcode.ACCESS_TEST_C)
IMMEDIATE = (Opcode.CONFIGURE, Opcode.SK_CONFIG)
_KNOWN = frozenset((*STARTS, *ASKING, *IMMEDIATE, Opcode.CU_STAT, Opcode.SK_START, Opcode.ABORT))


class Kds:
    """Checks commands, picks units, and hands over to the embedded scheduler or to the host's own."""

    def __init__(
        self,
        clock: Clock,
        schedulers: Schedulers,
        traits: BoardTraits | None = None,
        options: KdsOptions | None = None,
        on_event: OnEvent = silent,
    ) -> None:
        self.traits = traits or BoardTraits()
        self.options = options or KdsOptions()
        self.modes = Modes(clock, schedulers, self.traits, self.options, on_event)
        self.kdma = None if self.traits.kdma is None else kdma_unit(self.traits.kdma)
        self._clock = clock
        self._ert = schedulers.ert
        self._host = schedulers.host
        self._kdma_host = schedulers.kdma
        self._power = schedulers.power
        self._on_event = on_event
        self._out: dict[Command, ComputeUnit] = {}
        self._host.on_bad = self._kdma_host.on_bad = self._bad

    @property
    def state(self) -> KdsState:
        return self.modes.state

    @property
    def cus(self) -> list[ComputeUnit]:
        return self.state.cus

    @property
    def echo(self) -> bool:
        """sysfs `kds_echo`: start commands are over at once, without any unit."""
        return self._ert.echo

    @property
    def outstanding(self) -> int:
        """Start commands that have not ended."""
        return len(self._out)

    def set_echo(self, on: bool) -> None:
        """Switch `echo`."""
        self._ert.echo = on

    async def configure(self, cus: list[ComputeUnit], flags: KdsFlags, has_scheduler: bool) -> None:
        """See `Modes.configure`."""
        if self.kdma is not None:
            await self._kdma_host.set_cus([self.kdma], False)
        await self.modes.configure(cus, flags, has_scheduler)

    async def stop(self) -> None:
        """The host drives no units any more; their commands end with ABORT."""
        await self.modes.settled()
        await self._host.stop()
        await self._kdma_host.stop()

    def reset(self) -> None:
        """See `Modes.reset`."""
        self.modes.reset()

    def forget_image(self) -> None:
        """No units until the next image."""
        self.state.cus = []

    def _bad(self, why: str) -> None:
        self.state.bad = True
        self._on_event("user.kds", f"bad state: {why}")

    # --- commands -----------------------------------------------------------------------------------

    def check(self, packet: bytes, room: int) -> Header:
        """What the driver checks of a packet before anything else; `room`: bytes of its buffer.

        Raises EINVAL: count against opcode, no room for the time stamps, longer than a slot.
        """
        header = ert.validate(packet)
        if ert.size_with_timestamps(header) > room:
            raise fail(errno.EINVAL, f"the time stamps do not fit a buffer of {room} bytes")
        size, limit = 4 + 4 * header.count, self.state.max_packet
        if limit and size > limit:
            raise fail(errno.EINVAL, f"a packet of {size} bytes does not fit a slot of {limit}")
        return header

    def execute(self, command: Command, allowed: Collection[int]) -> None:
        """Start a checked command; `allowed` are the units its client has opened.

        CONFIGURE and SK_CONFIG end at once: configuration is a matter of loading an image. Raises EINVAL
        (opcode, units), EBUSY (user-managed unit); where the real driver has accepted the command by then, it
        ends in ERROR too.
        """
        opcode = command.header.opcode
        if opcode not in _KNOWN:
            raise fail(errno.EINVAL, f"opcode {opcode} cannot be executed")
        if opcode == Opcode.SK_START and not self._soft_kernels():
            raise fail(errno.EINVAL, "there is no PS kernel that could be started")
        if opcode in IMMEDIATE:
            self._finish(command, State.COMPLETED)
            return
        try:
            self._dispatch(command, allowed)
        except OSError:
            self._finish(command, State.ERROR)
            raise

    def _soft_kernels(self) -> bool:
        return self.state.ert_on and Quirk.SOFT_KERNEL_WITHOUT_UNITS in self.options.quirks

    def _dispatch(self, command: Command, allowed: Collection[int]) -> None:
        opcode = command.header.opcode
        if opcode in STARTS:
            self._start(command, self._choose(command, allowed))
        elif opcode == Opcode.ABORT:
            self._abort(command)
        elif opcode == Opcode.CU_STAT and not self.state.ert_on:
            self._finish(command, State.COMPLETED)
        elif self.state.ert_on:
            kind = Type.SCU if opcode == Opcode.SK_START else Type.CTRL
            _retype(command, kind)
            command.wants_reply = True
            self._ert.submit(command)
        else:
            raise fail(errno.EINVAL, f"{Opcode(opcode).name} needs the embedded scheduler")

    def _choose(self, command: Command, allowed: Collection[int]) -> ComputeUnit:
        if command.cu_index == KDMA_INDEX and self.kdma is not None:
            if KDMA_INDEX not in allowed:
                raise fail(errno.EINVAL, "the copy unit is not in the client's context")
            return self.kdma
        mask = cu_mask(command.packet, Quirk.EXTRA_MASK_BYTES in self.options.quirks)
        cu = select(self.cus, mask, allowed)
        if cu.fast_adapter != (command.header.opcode == Opcode.START_FA):
            raise fail(errno.EINVAL, f"{cu.name} takes {'no ' * (not cu.fast_adapter)}descriptors")
        return cu

    def _start(self, command: Command, cu: ComputeUnit) -> None:
        cu.usage += 1
        cu.running += 1
        command.cu_index = cu.index
        # Whatever type the application wrote: the firmware tells commands for units by it.
        _retype(command, Type.CU)
        self._out[command] = cu
        outer = command.finished

        def finished(done: Command) -> None:
            cu.running -= 1
            del self._out[command]
            outer(done)

        command.finished = finished
        if cu is self.kdma:
            self._kdma_host.submit(command, cu)
        else:
            self.modes.submit(command, cu)

    def _finish(self, command: Command, state: State) -> None:
        command.finish(state, self._clock.now_ns())

    # --- giving up ----------------------------------------------------------------------------------

    def _abort(self, abort: Command) -> None:
        """ERT_ABORT: end one of the client's commands; how is the state of the abort command."""
        if self.state.ert_on:
            raise fail(errno.EINVAL, "the embedded scheduler aborts no commands")
        handle = int.from_bytes(abort.packet[8:16].ljust(8, b"\0"), "little")
        for command in self._out:
            if command.owner is abort.owner and command.handle == handle:
                self._clock.spawn(self._abort_one(abort, command), "user.kds.abort")
                return
        self._finish(abort, State.ERROR)

    async def _abort_one(self, abort: Command, command: Command) -> None:
        if self.modes.drop_one(command):
            self._finish(abort, State.COMPLETED)
            return
        host = self._kdma_host if command.cu_index == KDMA_INDEX else self._host
        self._finish(abort, await host.abort_command(command))

    def by_host(self, owner: Owner, cu_index: int) -> bool:
        """The host drives some of an owner's commands on a unit."""
        return bool(
            self._host.outstanding(owner, cu_index)
            or (cu_index == KDMA_INDEX and self._kdma_host.outstanding(owner, cu_index))
        )

    def request_abort(self, owner: Owner, cu_index: int | None = None) -> None:
        """The owner leaves a unit, or all: the host's queues give its commands up, those that run after some
        time."""
        self.modes.drop_held(owner, cu_index)
        self._host.request_abort(owner, cu_index)
        self._kdma_host.request_abort(owner, cu_index)

    async def abort_sync(self, owner: Owner) -> None:
        """Give up all an owner has with the embedded scheduler, or on the way from it to the host's."""
        self.modes.drop_held(owner)
        await self._ert.abort_sync(owner)

    def abort(self, owner: Owner) -> None:
        """Both, at once."""
        self._ert.abort(owner)
        self.request_abort(owner)

    # --- what sysfs shows ---------------------------------------------------------------------------

    def custat(self) -> str:
        """`kds_custat_raw`."""
        return custat(self.cus)

    def scustat(self) -> str:
        """`kds_scustat_raw`: a line per PS kernel, of which a card without a processor system has none."""
        return ""

    def stat(self) -> str:
        """`kds_stat`."""
        return kds_stat(self.cus, self._power.can_switch, self.modes.interrupt, self.state.cu_interrupt)


def _retype(command: Command, kind: Type) -> None:
    header = replace(command.header, type=kind)
    command.packet = header.pack().to_bytes(4, "little") + command.packet[4:]
