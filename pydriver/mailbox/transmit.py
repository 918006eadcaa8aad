# SPDX-License-Identifier: Apache-2.0
"""Sending: one queue for both channels, and the worker that empties it in order.

Strict order across the channels: nothing goes out on either while the hardware FIFO is not empty or a daemon
has not read the software message before.

Source: XRT mailbox contract §1.4 and §3.1, software mailbox contract §2.
"""

from __future__ import annotations

import errno
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from pydriver.mailbox import packets
from pydriver.mailbox.frames import Frame
from pydriver.mailbox.options import (
    POLL_BUSY_NS,
    PROGRESS_TTL_S,
    SLEEPLESS_LOOKS,
    SOFTWARE_TX_TTL_S,
    TICK_NS,
    TICKS_PER_SECOND,
    TX_TTL_S,
    State,
)
from pydriver.mailbox.packets import Packet
from pydriver.mailbox.port import Port
from pydriver.mailbox.software import SoftwareChannel
from pydriver.platform import Clock, Event


@dataclass
class Outgoing:
    """A message on its way out. `ttl_s` is the caller's wish in seconds, None for the channel's default."""

    message: Frame
    software: bool
    label: str
    ttl_s: int | None
    done: Event
    ttl: int = 0
    packets: Iterator[Packet] = field(default_factory=lambda: iter(()))
    packets_left: int = 0
    in_slot: bool = False
    error: int = 0


class Transmitter:
    """The TX side of one mailbox. `port` is None for a mailbox without registers."""

    def __init__(
        self,
        clock: Clock,
        port: Port | None,
        software: SoftwareChannel,
        state: State,
        *,
        sleepless: bool,
        ended: Callable[[Outgoing], None],
        say: Callable[[str], None],
    ) -> None:
        """`ended` is called with each message that was sent or failed, its `error` set."""
        self.wake = clock.event()
        self._port = port
        self._software = software
        self._state = state
        self._sleepless = sleepless
        self._ended = ended
        self._say = say
        self._queue: deque[Outgoing] = deque()
        self._current: Outgoing | None = None
        self._test: Packet | None = None

    @property
    def busy(self) -> bool:
        """A message is on its way or waits for its turn."""
        return self._current is not None or bool(self._queue)

    def enqueue(self, outgoing: Outgoing) -> None:
        """Send a message after those already queued; its time runs from its turn on."""
        self._queue.append(outgoing)
        self.wake.set()

    def withdraw(self, outgoing: Outgoing) -> None:
        """Nobody wants the message sent any more: forget it unless its turn has come."""
        if outgoing in self._queue:
            self._queue.remove(outgoing)

    def send_test(self, packet: Packet) -> None:
        """Write a TEST packet when there is no message to send; a mailbox without registers ignores it."""
        if self._port is not None:
            self._test = packet
            self.wake.set()

    def tick(self) -> None:
        """100 ms have passed: for the message whose turn it is."""
        current = self._current
        if current is None:
            return
        current.ttl -= 1
        if current.ttl <= 0:
            self._end(current, errno.ETIME)
            self.wake.set()

    def fail_all(self, error: int) -> None:
        """End everything with `error`."""
        self._test = None
        while self._current is not None or self._queue:
            self._end(self._current or self._queue.popleft(), error)

    async def run(self) -> None:
        """The worker, until the channel stops."""
        looks = 0
        while self._state.running:
            self.wake.clear()
            current = self._next()
            if not self._can_send(current):
                await self.wake.wait()
            elif self._port is not None and not await self._port.sendable():
                looks += 1
                if self._state.interrupt:
                    # An interrupt says when the peer has read; the tick covers one that got lost.
                    await self.wake.wait(TICK_NS)
                elif not self._sleepless or looks > SLEEPLESS_LOOKS or self._port.gone:
                    await self.wake.wait(POLL_BUSY_NS)
            elif current is self._current and self._state.running:
                looks = 0
                await self._send(current)

    def _next(self) -> Outgoing | None:
        if self._current is None and self._queue:
            self._current = current = self._queue.popleft()
            default = SOFTWARE_TX_TTL_S if current.software else TX_TTL_S
            current.ttl = (current.ttl_s or default) * TICKS_PER_SECOND
            message = current.message
            if not current.software:
                current.packets = packets.split(message.id, message.flags, message.payload)
                current.packets_left = packets.packet_count(len(message.payload))
            channel = " over the software channel" if current.software else ""
            self._say(f"sends {current.label}, {len(message.payload)} bytes{channel}")
        return self._current

    def _can_send(self, current: Outgoing | None) -> bool:
        """There is something which need not wait for the daemon, nor for the end of its time."""
        if current is None:
            return self._test is not None and not self._state.deaf
        return not current.in_slot and (current.software or not self._state.deaf)

    async def _send(self, current: Outgoing | None) -> None:
        if current is None:
            packet, self._test = self._test, None
            if packet is not None:
                await self._put(packet)
        elif current.software:
            current.in_slot = True
            current.ttl = max(current.ttl, SOFTWARE_TX_TTL_S * TICKS_PER_SECOND)
            self._software.post(current.message, lambda: self._end(current, 0))
        else:
            current.packets_left -= 1
            await self._put(next(current.packets))
            if current is not self._current:
                return
            current.ttl = PROGRESS_TTL_S * TICKS_PER_SECOND
            if not current.packets_left:
                self._end(current, 0)

    async def _put(self, packet: Packet) -> None:
        assert self._port is not None
        if not await self._port.put_packet(packet):
            self._say("BUG: a packet was written into a full FIFO")

    def _end(self, outgoing: Outgoing, error: int) -> None:
        if self._current is outgoing:
            self._current = None
        if outgoing.in_slot and error:
            self._software.withdraw()
        outgoing.in_slot = False
        outgoing.error = error
        if error:
            self._say(f"{outgoing.label} not sent: {errno.errorcode[error]}")
        self._ended(outgoing)
        outgoing.done.set()
