# SPDX-License-Identifier: Apache-2.0
"""Stopping and starting the embedded scheduler while the card runs.

Source: XRT ERT contract §7 (end) and §8. The real driver waits without limit for the processor's sleep; here
it has a second, the time the contract gives the firmware for EXIT elsewhere. Firmware of generation 2 ends
at EXIT and cannot be woken; it says so in slot 0 only.
"""

from __future__ import annotations

from pydriver import ert
from pydriver.ert import EXIT_ACKNOWLEDGED, State
from pydriver.platform import Clock
from pydriver.platform.trace import OnEvent, silent
from pydriver.subdev.cfg_gpio import CfgGpio
from pydriver.subdev.intc import Intc, Mode
from pydriver.xocl.command import Command
from pydriver.xocl.ert_user import ErtUser

EXIT_PATIENCE_NS = 1_000_000_000
FIRST_STEP_NS = 10_000
LAST_STEP_NS = 100_000_000


class ErtPower:
    """Switches processor and interrupts. `gpio` is None on a shell that cannot."""

    def __init__(
        self, clock: Clock, scheduler: ErtUser, gpio: CfgGpio | None, intc: Intc, on_event: OnEvent = silent
    ) -> None:
        self.gpio = gpio
        self._clock = clock
        self._ert = scheduler
        self._intc = intc
        self._on_event = on_event

    @property
    def can_switch(self) -> bool:
        """Units can interrupt the host."""
        return self.gpio is not None

    async def to_scheduler(self, polling: bool) -> None:
        """The processor is to be awake, and the host interrupts are the scheduler's."""
        await self._ert.deafen()
        if self.gpio is not None:
            await self.gpio.wake(True)
        await self._intc.set_mode(Mode.ERT)
        await self._ert.listen(polling)

    async def to_units(self, stop_firmware: bool) -> bool:
        """The host interrupts are the units'; `stop_firmware`: the scheduler sleeps first.

        False when it did not answer; the interrupts are switched all the same.
        """
        stopped = not stop_firmware or await self.sleep()
        await self._ert.deafen()
        await self._intc.set_mode(Mode.CU)
        return stopped

    async def sleep(self) -> bool:
        """EXIT: the processor sleeps; False when it did not answer."""
        if self.gpio is not None:
            await self.gpio.wake(False)
        owner = object()
        command = Command(ert.exit_(), owner, lambda _: None)
        self._ert.submit(command)
        deadline = self._clock.now_ns() + EXIT_PATIENCE_NS
        step = FIRST_STEP_NS
        while not await self._stopped(command):
            if self._clock.now_ns() >= deadline:
                self._on_event("user.ert", "the scheduler does not stop")
                self._ert.abort(owner)
                return False
            await self._clock.sleep_ns(step)
            step = min(2 * step, LAST_STEP_NS)
        self._ert.abort(owner)
        self._on_event("user.ert", "the scheduler sleeps")
        return True

    async def _stopped(self, command: Command) -> bool:
        if command.state in (State.NEW, State.QUEUED):
            return False
        if await self._ert.special_header() == EXIT_ACKNOWLEDGED:
            return True
        return command.over and self.gpio is not None and await self.gpio.asleep()
