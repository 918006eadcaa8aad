# SPDX-License-Identifier: Apache-2.0
"""Which scheduler runs, and the changes from one to the other.

Source: XRT KDS contract §3 (modes), ERT contract §4.1 (configuration) and §7 (stop and start at run time).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from pydriver.ert import State
from pydriver.platform import Clock
from pydriver.platform.sync import Lock
from pydriver.platform.trace import OnEvent
from pydriver.xocl.command import Command, Owner
from pydriver.xocl.cu import ComputeUnit, HostCus
from pydriver.xocl.ert_power import ErtPower
from pydriver.xocl.ert_user import ErtUser
from pydriver.xocl.kds.configure import BoardTraits, ErtConfiguration, ErtSwitches, configuration, max_packet
from pydriver.xocl.kds.configure import KdsFlags as Flags
from pydriver.xocl.kds.state import KdsState
from pydriver.xocl.options import KdsOptions

CONFIGURE_TIMEOUT_NS = 3_000_000_000
DRAIN_TIMEOUT_NS = 5_000_000_000
FIRST_STEP_NS = 1_000
LAST_STEP_NS = 100_000_000


@dataclass(frozen=True)
class Schedulers:
    """Who runs commands: the embedded scheduler, the host for units, and for the shell's copy unit, which is
    no unit of an image. `power` switches between the first two."""

    ert: ErtUser
    host: HostCus
    kdma: HostCus
    power: ErtPower


class Modes:
    """Configures the embedded scheduler and the host's, and takes commands for the latter."""

    def __init__(
        self,
        clock: Clock,
        schedulers: Schedulers,
        traits: BoardTraits,
        options: KdsOptions,
        on_event: OnEvent,
    ) -> None:
        self.state = KdsState()
        self.switches = ErtSwitches()
        self.interrupt = options.interrupt and schedulers.power.can_switch
        self._clock = clock
        self._ert = schedulers.ert
        self._host = schedulers.host
        self._power = schedulers.power
        self._traits = traits
        self._options = options
        self._on_event = on_event
        self._one = Lock(clock)
        self._takes_units = False
        self._switching = False
        self._held: list[tuple[Command, ComputeUnit]] = []

    @property
    def can_switch(self) -> bool:
        """Units can interrupt the host in this shell."""
        return self._power.can_switch

    def reset(self) -> None:
        """The card has been reset: no image, no bad state, no administrator's choice of a scheduler (that of
        interrupts stays)."""
        self.state = KdsState()
        self._takes_units = False
        for command, _ in self._take_held(lambda _: True):
            command.finish(State.ABORT, self._clock.now_ns())

    async def settled(self) -> None:
        """Until a change that is under way is over."""
        async with self._one:
            pass

    @asynccontextmanager
    async def _change(self, check: Callable[[], None] | None = None) -> AsyncIterator[None]:
        """One change at a time. Commands for units wait meanwhile and go to whoever schedules afterwards.

        `check` raises when this change must not be; it is asked when its turn has come.
        """
        async with self._one:
            if check is not None:
                check()
            self._switching = True
            try:
                yield
            finally:
                self._switching = False
                for command, cu in self._take_held(lambda _: True):
                    self._pass_on(command, cu)

    def _pass_on(self, command: Command, cu: ComputeUnit) -> None:
        try:
            self.submit(command, cu)
        except OSError as error:
            self._on_event("user.kds", f"a command is lost in the change of schedulers: {error.strerror}")
            command.finish(State.ERROR, self._clock.now_ns())

    async def configure(self, cus: list[ComputeUnit], flags: Flags, has_scheduler: bool) -> None:
        """Take over the units of a new image and configure the embedded scheduler.

        A scheduler that cannot be configured is switched off and the host schedules; that is no error.
        Raises EINVAL for a slot size that is no multiple of 4 bytes.
        """
        async with self._change():
            await self._configure(cus, flags, has_scheduler)

    async def _configure(self, cus: list[ComputeUnit], flags: Flags, has_scheduler: bool) -> None:
        state = self.state
        state.cus, state.flags = cus, flags
        state.max_packet = max_packet(cus) if has_scheduler and cus else 0
        state.ert_works = False
        await self._host.set_cus([], False)
        # The firmware would push a descriptor into a fast adapter where it means to clear interrupt enables.
        adapter = any(cu.fast_adapter for cu in cus)
        if has_scheduler and flags.ert and self._options.ert and cus and not adapter:
            state.ert_works = await self._configure_ert()
        if not state.ini_disable or not state.ert_works:
            state.ert_disable = not state.ert_works
        if not state.ert_on:
            await self._leave_units()
        await self._configure_host(stop_firmware=False)
        if not state.ert_on:
            self._on_event("user.kds", f"{len(cus)} compute units, host scheduling")

    async def _leave_units(self) -> None:
        """Have the embedded scheduler leave the units' interrupts alone: with them it would take the ends
        of runs that the host has started. It is configured for polling; EXIT would end some firmware."""
        if self._takes_units:
            self._takes_units = False
            state = self.state
            flags = replace(state.flags, cu_isr=False)
            quiet = configuration(state.cus, flags, self._traits, ErtSwitches(), self._ert.queue_size)
            ended = await self._run_configure(quiet)
            self._on_event("user.kds", f"ERT leaves the units' interrupts to the host: {ended.name}")

    async def _configure_ert(self) -> bool:
        state = self.state
        chosen = configuration(state.cus, state.flags, self._traits, self.switches, self._ert.queue_size)
        await self._power.to_scheduler(chosen.polling)
        ended = await self._run_configure(chosen)
        if ended != State.COMPLETED:
            self._on_event("user.kds", f"ERT configure ended {ended.name}: host scheduling")
            return False
        self._ert.set_slot_size(chosen.slot_size)
        self._takes_units = state.flags.cu_isr or self.switches.intr
        slots = f"{self._ert.num_slots} slots of {chosen.slot_size} bytes"
        self._on_event("user.kds", f"{len(state.cus)} compute units, ERT with {slots}")
        return True

    async def _run_configure(self, chosen: ErtConfiguration) -> State:
        done = self._clock.event()
        owner = object()
        command = Command(chosen.packet, owner, lambda _: done.set())
        echo, self._ert.echo = self._ert.echo, False
        try:
            self._ert.submit(command)
            if not await done.wait(CONFIGURE_TIMEOUT_NS):
                await self._ert.abort_sync(owner)
        finally:
            self._ert.echo = echo
        return command.state

    async def _configure_host(self, stop_firmware: bool) -> None:
        """The host drives the units when the embedded scheduler does not."""
        state = self.state
        if state.ert_on:
            state.cu_interrupt = False
            await self._host.set_cus([], False)
            return
        state.cu_interrupt = self.interrupt
        if state.cu_interrupt:
            await self._power.to_units(stop_firmware)
        await self._host.set_cus(state.cus, state.cu_interrupt)

    async def choose_scheduler(self, disable: bool, check: Callable[[], None] | None = None) -> None:
        """sysfs `ert_disable`: an administrator's choice, which images do not change any more.

        Without an embedded scheduler that works it stays disabled. One that is chosen again is configured
        again: the host has had its units, and perhaps its interrupts. Raises what `check` does.
        """
        async with self._change(check):
            state = self.state
            state.ini_disable = True
            if disable:
                state.ert_disable = True
                await self._leave_units()
            elif state.ert_disable and state.ert_works:
                await self._host.set_cus([], False)
                state.ert_works = await self._configure_ert()
                state.ert_disable = not state.ert_works
            await self._configure_host(stop_firmware=False)

    async def choose_interrupt(
        self, by_units: bool, has_scheduler: bool, check: Callable[[], None] | None = None
    ) -> None:
        """sysfs `kds_interrupt`: whose are the host interrupts, the units' or the scheduler's.

        Raises what `check` does.
        """
        async with self._change(check):
            if not self._power.can_switch or by_units == self.interrupt:
                return
            self.interrupt = by_units
            if by_units:
                await self._turn_ert_off()
            else:
                await self._configure(self.state.cus, self.state.flags, has_scheduler)

    async def turn_ert_off(self) -> None:
        """Host scheduling from now on, for everybody, and the host interrupts are the units'.

        Commands in slots get 5 s to end; those that wait go to the host's queues, in order. The next image
        may wake the embedded scheduler again.
        """
        async with self._change():
            await self._turn_ert_off()

    async def _turn_ert_off(self) -> None:
        state = self.state
        if not state.ert_on:
            await self._power.to_units(stop_firmware=state.ert_works)
            state.ert_works = False
            if self.interrupt != state.cu_interrupt:
                state.cu_interrupt = self.interrupt
                await self._host.set_interrupt(self.interrupt)
            return
        state.ert_disable = True
        # They are older than what has been held back since.
        self._held = self._withdrawn() + self._held
        await self._drain()
        await self._power.to_units(stop_firmware=True)
        self._takes_units = False
        state.ert_works = False
        state.cu_interrupt = self.interrupt
        await self._host.set_cus(state.cus, state.cu_interrupt)

    def _withdrawn(self) -> list[tuple[Command, ComputeUnit]]:
        """What the embedded scheduler has not begun; what is for no unit ends, the host cannot run it."""
        withdrawn = []
        for command in self._ert.withdraw():
            if command.cu_index is None:
                command.finish(State.ABORT, self._clock.now_ns())
            else:
                withdrawn.append((command, self.state.cus[command.cu_index]))
        return withdrawn

    async def _drain(self) -> None:
        deadline = self._clock.now_ns() + DRAIN_TIMEOUT_NS
        step = FIRST_STEP_NS
        while self._ert.submitted and self._clock.now_ns() < deadline:
            await self._clock.sleep_ns(step)
            step = min(2 * step, LAST_STEP_NS)
        for command in self._ert.out():
            self._ert.abort(command.owner)

    # --- commands for units -------------------------------------------------------------------------

    def submit(self, command: Command, cu: ComputeUnit) -> None:
        """Hand a command to the scheduler of its unit; during a change of schedulers it waits for its end.

        Raises EINVAL for a unit that cannot be started.
        """
        if self._switching:
            command.mark(State.QUEUED, self._clock.now_ns())
            self._held.append((command, cu))
        elif self._by_ert(cu):
            self._ert.submit(command)
        elif self._ert.echo:
            command.finish(State.COMPLETED, self._clock.now_ns())
        else:
            self._host.submit(command, cu)

    def _by_ert(self, cu: ComputeUnit) -> bool:
        return self.state.ert_on and not cu.fast_adapter

    def drop_held(self, owner: Owner, cu_index: int | None = None) -> None:
        """An owner leaves a unit, or all, during a change of schedulers."""

        def chosen(held: Command) -> bool:
            return held.owner is owner and cu_index in (None, held.cu_index)

        for command, _ in self._take_held(chosen):
            command.finish(State.ABORT, self._clock.now_ns())

    def drop_one(self, command: Command) -> bool:
        """Take back one command that waits for the end of a change; False when it is not among them."""
        for held, _ in self._take_held(lambda each: each is command):
            held.finish(State.ABORT, self._clock.now_ns())
            return True
        return False

    def _take_held(self, chosen: Callable[[Command], bool]) -> list[tuple[Command, ComputeUnit]]:
        taken = [entry for entry in self._held if chosen(entry[0])]
        self._held = [entry for entry in self._held if not chosen(entry[0])]
        return taken
