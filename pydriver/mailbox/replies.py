# SPDX-License-Identifier: Apache-2.0
"""Requests that wait for their responses, found by message id.

Source: XRT mailbox contract §3 and §3.1.
"""

from __future__ import annotations

import errno
from dataclasses import dataclass

from pydriver.mailbox.options import TICKS_PER_SECOND
from pydriver.mailbox.packets import Received
from pydriver.platform import Clock, Event


@dataclass
class Reply:
    """A request's place for its response.

    `ttl` is None while no clock runs: before the request has been sent, and once its response comes in, since
    each packet of that has a time of its own. `at_daemon`: a daemon has read the request.
    """

    msg_id: int
    max_size: int
    ttl_s: int
    done: Event
    ttl: int | None = None
    at_daemon: bool = False
    data: bytes = b""
    error: int = 0


class Replies:
    """All places of one side."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._waiting: dict[int, Reply] = {}

    @property
    def timed(self) -> bool:
        """The clock of some request runs."""
        return any(reply.ttl is not None for reply in self._waiting.values())

    @property
    def at_daemon(self) -> bool:
        """Some request that a daemon has read has no response yet."""
        return any(reply.at_daemon for reply in self._waiting.values())

    def expect(self, msg_id: int, max_size: int, ttl_s: int) -> Reply:
        """Make the place for the response to `msg_id`; before the request goes out."""
        reply = Reply(msg_id, max_size, ttl_s, self._clock.event())
        self._waiting[msg_id] = reply
        return reply

    def forget(self, reply: Reply) -> None:
        """The asker is gone; what still comes is dropped. Nothing when the reply has ended already."""
        if self._waiting.get(reply.msg_id) is reply:
            del self._waiting[reply.msg_id]

    def sent(self, msg_id: int, at_daemon: bool) -> None:
        """The request is out: the response's clock starts only now."""
        reply = self._waiting.get(msg_id)
        if reply is not None:
            reply.ttl = reply.ttl_s * TICKS_PER_SECOND
            reply.at_daemon = at_daemon

    def daemon_gone(self) -> None:
        """Nobody works on the requests any more that a daemon has read."""
        for reply in self._waiting.values():
            reply.at_daemon = False

    def accept(self, msg_id: int, size: int) -> int | None:
        """As `packets.Accept`: None when a response of `size` bytes fits, 0 to drop it, else an errno."""
        reply = self._waiting.get(msg_id)
        if reply is None:
            return 0
        if size > reply.max_size:
            return errno.EMSGSIZE
        reply.ttl = None
        return None

    def complete(self, received: Received) -> None:
        """A response ended, well or not."""
        reply = self._waiting.pop(received.msg_id, None)
        if reply is not None:
            reply.data, reply.error = received.data, received.error
            reply.done.set()

    def tick(self) -> None:
        """100 ms have passed."""
        for reply in list(self._waiting.values()):
            if reply.ttl is None:
                continue
            reply.ttl -= 1
            if reply.ttl <= 0:
                self.complete(Received(reply.msg_id, 0, b"", errno.ETIME))

    def fail_all(self, error: int) -> None:
        """End everything with `error`."""
        for msg_id in list(self._waiting):
            self.complete(Received(msg_id, 0, b"", error))
