# SPDX-License-Identifier: Apache-2.0
"""Serving requests: one table from opcode to handler, and the rules that hold for all of them.

Adding an opcode is adding a handler to the table. Source: XRT mailbox contract §3.2, §5 and §7.
"""

from __future__ import annotations

import errno
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from pydriver.mailbox.channel import Mailbox
from pydriver.mailbox.messages import OPCODE_MAX, Opcode, opcode_name, unpack_request
from pydriver.mailbox.packets import Received
from pydriver.platform.trace import OnEvent, silent


@dataclass(frozen=True)
class Request:
    """A request for a handler. `payload` begins behind the header, the 4 trailing bytes included."""

    mailbox: Mailbox
    msg_id: int
    opcode: int
    payload: bytes
    length: int

    async def reply(self, data: bytes) -> None:
        """Answer now; for handlers that go on working after the answer."""
        await self.mailbox.respond(self.msg_id, self.opcode, data)


Handler = Callable[[Request], Awaitable[bytes | None]]
"""Returns the response, or None when there is none: the request is dropped or was answered by `reply`."""


class Server:
    """Gives each request of a mailbox to the handler of its opcode, after the checks that all share."""

    def __init__(
        self,
        mailbox: Mailbox,
        handlers: Mapping[Opcode, Handler],
        *,
        name: str,
        on_event: OnEvent = silent,
        any_channel: bool = False,
    ) -> None:
        """`any_channel`: take requests whatever channel they came over, as the user PF does.

        The management PF drops those which came over the other channel than its mask says: what the mask
        moves to the software channel an untrusted guest must not send past the daemons.
        """
        self.handlers = dict(handlers)
        self._mailbox = mailbox
        self._name = name
        self._any_channel = any_channel
        self._on_event = on_event
        mailbox.listen(self.serve)

    async def serve(self, received: Received) -> None:
        """Handle one message. A dropped request is never answered; its sender times out."""
        if received.error:
            self._drop(f"a request that ended with {errno.errorcode[received.error]}")
            return
        message = unpack_request(received.data)
        if message is None:
            self._drop(f"a request of {len(received.data)} bytes, shorter than its header")
            return
        label = opcode_name(message.opcode)
        if message.opcode >= OPCODE_MAX:
            self._drop(f"{label}: there is no such request")
            return
        if not self._any_channel and received.software != self._mailbox.over_software(message.opcode):
            channel = "hardware" if received.software else "software"
            self._drop(f"{label}: it belongs on the {channel} channel")
            return
        handler = self.handlers.get(Opcode(message.opcode))
        if handler is None:
            self._drop(f"{label}: nobody serves it here")
            return
        self._on_event(self._name, f"serves {label}, {message.length} bytes")
        request = Request(self._mailbox, received.msg_id, message.opcode, message.payload, message.length)
        try:
            response = await handler(request)
        except OSError as error:
            self._drop(f"{label}: {error.strerror}")
            return
        if response is not None:
            try:
                await request.reply(response)
            except OSError as error:
                self._drop(f"the response to {label}: {error.strerror}")

    def _drop(self, what: str) -> None:
        self._on_event(self._name, f"drops {what}")
