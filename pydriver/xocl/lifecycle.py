# SPDX-License-Identifier: Apache-2.0
"""Offline and online: hot reset, firewall trips, shell programming, and the peer that comes back.

Source: XRT firewall contract §6, XRT platform contract §8, XRT mailbox contract §7 and §7.1, software mailbox
contract §6.5 (-ESHUTDOWN).

Two states: *offline* means that nobody can open the device any more, while those who have it open go on;
*down* means that clients go or are gone, the image is forgotten and only the mailbox runs; polled while a
reset is due, which takes the interrupts away. The real driver comes up again at any announcement of the peer
when it was offline; this one does when it was down, so that an announcement between a trip and its reset does
not pull the device from under its clients, and when the card was reset without its doing, by the
administrator of the management PF: nothing that clients had on the card is there any more. To hear of that,
the mailbox is polled from the peer's OFFLINE until it is ONLINE again. Nobody is told of a forced reset; the
peer's next announcement is what ends it here.
"""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from pydriver.errors import fail
from pydriver.mailbox import Group, Opcode
from pydriver.platform import Task
from pydriver.xocl.error_records import FIREWALL_TRIPPED, ErrorRecord, ErrorRecords
from pydriver.xocl.work import (
    PROGRAM_SHELL_DELAY_NS,
    REFRESH_DELAY_NS,
    RESET_DELAY_NS,
    Work,
    WorkQueue,
)

if TYPE_CHECKING:
    from pydriver.xocl.driver import Xocl

SECOND_NS = 1_000_000_000
SHELL_POLL_NS = 2 * SECOND_NS
SHELL_PATIENCE_NS = 60 * SECOND_NS


class Lifecycle:
    """What happens to a probed user PF until it is removed."""

    def __init__(self, driver: Xocl) -> None:
        self.offline = False
        self.down = False
        self.errors = ErrorRecords()
        self.works = WorkQueue(
            driver.clock,
            {
                Work.RESET: self._reset,
                Work.PROGRAM_SHELL: self._program_shell,
                Work.REFRESH: self.refresh,
                Work.PEER_AWAY: self._peer_away,
            },
            driver.on_event,
        )
        self._driver = driver
        self._polls_for_peer = False
        self._details: Task | None = None

    def stop(self) -> None:
        """Forget what is queued."""
        self.works.stop()
        if self._details is not None:
            self._details.cancel()

    # --- what asks for it ---------------------------------------------------------------------------

    def hot_reset(self) -> None:
        """ioctl HOT_RESET: offline now, the work 2 s later. Raises EOPNOTSUPP when the mask forbids it."""
        if self._driver.mailbox.channel_disable >> Opcode.HOT_RESET & 1:
            raise fail(errno.EOPNOTSUPP, "the management PF does not let this PF reset the card")
        self.set_offline(True)
        self.works.queue(Work.RESET, RESET_DELAY_NS)

    def firewall(self) -> None:
        """The peer says that a firewall has tripped: record it, and reset 2 s later."""
        driver = self._driver
        self.errors.insert(ErrorRecord(FIREWALL_TRIPPED, driver.clock.now_ns() // SECOND_NS))
        driver.attribute_source.errors_changed()
        self.set_offline(True)
        self.works.queue(Work.RESET, RESET_DELAY_NS)
        if self._details is None or self._details.done():
            self._details = driver.clock.spawn(self._ask_firewall(), "user.firewall")

    def peer_online(self) -> None:
        """The peer announces itself: look at the shell and shake hands again."""
        self.works.drop(Work.PEER_AWAY)
        self.works.queue(Work.REFRESH, REFRESH_DELAY_NS)

    def peer_offline(self) -> None:
        """The peer goes away."""
        self._driver.peer.connection.lost()
        self.works.drop(Work.REFRESH)
        self.works.queue(Work.PEER_AWAY, 0)

    def change_shell(self) -> None:
        """The peer has another shell to program."""
        self.works.queue(Work.PROGRAM_SHELL, PROGRAM_SHELL_DELAY_NS)

    def set_offline(self, offline: bool) -> None:
        """Whether the device can be opened."""
        if self.offline != offline:
            self.offline = offline
            self._driver.on_event("user", "offline" if offline else "online")
            self._driver.attribute_source.offline_changed()

    def online_unless_down(self) -> None:
        """The end of a short absence; nothing when a reset has come or will come."""
        if not self.down and not self.works.under_way(Work.RESET):
            self.set_offline(False)

    # --- works --------------------------------------------------------------------------------------

    async def _ask_firewall(self) -> None:
        try:
            await self._driver.peer.data.refresh(Group.FIREWALL)
        except OSError as error:
            self._driver.on_event("user.peer", f"which firewall tripped is not known: {error.strerror}")

    async def refresh(self) -> None:
        """Ask for the shell's tree and shake hands; come up first when the device is down or was reset.

        Raises as `bring_up`.
        """
        driver = self._driver
        if not self.down and not await driver.irqs.intact():
            driver.on_event("user", "the card has been reset")
            # Nobody will answer what was asked before, so whoever waits need not wait on.
            await driver.mailbox.stop()
            await self.take_down()
        if self.down:
            await self.bring_up()
        elif self._polls_for_peer:
            await driver.mailbox.set_interrupt_mode(True)
        self._polls_for_peer = False
        try:
            await driver.peer.shell.refresh()
        except OSError as error:
            driver.on_event("user.shell", f"the tree could not be had: {error.strerror}")
            if error.errno == errno.EAGAIN:
                await self._program_shell()
                return
        await driver.peer.connect()

    async def _peer_away(self) -> None:
        """Look for what the peer says next: when it resets the card, no interrupt will tell."""
        mailbox = self._driver.mailbox
        if mailbox.interrupt_mode:
            self._polls_for_peer = True
            await mailbox.set_interrupt_mode(False)

    async def _reset(self) -> None:
        driver = self._driver
        await self.take_down()
        try:
            answer = await driver.peer.requests.hot_reset()
        except OSError as error:
            driver.on_event("user", f"the peer could not be asked for the reset: {error.strerror}")
            answer = -errno.EIO
        if answer not in (0, -errno.ESHUTDOWN):
            driver.on_event("user", f"no reset, the peer answered {answer}")
            # With the handshake: what the peer said when the mailbox was set up anew is lost.
            await self.refresh()
            return
        unplugged = " and unplugged" if answer else ""
        driver.on_event("user", f"the card is being reset{unplugged}, the peer will announce itself")
        # What the peer announced before it answered says nothing about the time after the reset.
        self.works.drop(Work.REFRESH)
        driver.peer.connection.lost()

    async def _program_shell(self) -> None:
        driver = self._driver
        await self.take_down(driver.options.mailbox.interrupt)
        try:
            answer = await driver.peer.requests.program_shell()
        except OSError as error:
            driver.on_event("user.shell", f"the peer could not be asked to program it: {error.strerror}")
            answer = -errno.EIO
        if answer:
            driver.on_event("user.shell", f"the peer does not program it, it answered {answer}")
        else:
            driver.peer.shell.forget()
            if not await self._shell_is_there():
                return
        await self.bring_up()
        await driver.peer.connect()

    async def _shell_is_there(self) -> bool:
        """Ask until the peer has the new tree; False when it announced itself, or for a minute had none."""
        driver = self._driver
        deadline = driver.clock.now_ns() + SHELL_PATIENCE_NS
        while driver.clock.now_ns() < deadline:
            await driver.clock.sleep_ns(SHELL_POLL_NS)
            if self.works.pending(Work.REFRESH):
                return False
            try:
                await driver.peer.shell.refresh()
            except OSError as error:
                driver.on_event("user.shell", f"not yet: {error.strerror}")
            else:
                return True
        driver.on_event("user.shell", "the peer has not finished; it will announce itself")
        # Nobody knows what is on the card by then, so do not count on its interrupts.
        await driver.restart_mailbox(interrupt=False)
        return False

    # --- down and up --------------------------------------------------------------------------------

    async def take_down(self, interrupt: bool = False) -> None:
        """End all clients, forget the image, leave only the mailbox (reset_prepare).

        `interrupt`: the interrupts stay, so the mailbox need not poll.
        """
        driver = self._driver
        self.set_offline(True)
        if self.down:
            return
        # From now on, so that the end of a reclocking which holds the lock does not open the device again.
        self.down = True
        async with driver.loader.lock:
            endings = [driver.clock.spawn(client.kill(), "user.kill") for client in driver.clients]
            for ending in endings:
                await ending.join()
            self.errors.clear()
            driver.attribute_source.errors_changed()
            driver.loader.forget()
            driver.memory.reset()
            await driver.stop_scheduling()
            driver.ert.reset()
            driver.kds.reset()
            await driver.restart_mailbox(interrupt=interrupt)

    async def bring_up(self) -> None:
        """Set up interrupts, mailbox and scheduler as at the probe; without an image (reset_done).

        Raises ENODEV when the card does not answer; the device then stays down.
        """
        driver = self._driver
        self.errors.clear()
        driver.attribute_source.errors_changed()
        await driver.irqs.setup()
        await driver.restart_mailbox(driver.options.mailbox.interrupt)
        await driver.start_scheduling()
        self.down = False
        self.set_offline(False)
