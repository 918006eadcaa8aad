# SPDX-License-Identifier: Apache-2.0
"""What happens to a request of the peer before the driver sees it: counting, masks, test messages.

Source: XRT mailbox contract §3.2, §5 and §8.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from pydriver.mailbox import messages
from pydriver.mailbox.inbox import Listener
from pydriver.mailbox.messages import OPCODE_MAX, Opcode, opcode_name
from pydriver.mailbox.packets import Received
from pydriver.platform import Clock

Respond = Callable[[int, int, bytes], Awaitable[None]]
"""(message id, opcode, data)."""


class Dispatch:
    """The listener of a mailbox's inbox; `listener` is the driver's, None while there is none.

    `test_message` is the string the peer may fetch once, `test_ready` is set when the peer offers one.
    """

    def __init__(
        self, clock: Clock, disabled: Callable[[int], bool], respond: Respond, say: Callable[[str], None]
    ) -> None:
        self.listener: Listener | None = None
        self.requests: dict[int, int] = {}
        self.test_message = ""
        self.test_ready = clock.event()
        self._disabled = disabled
        self._respond = respond
        self._say = say

    async def serve(self, received: Received) -> None:
        """Handle one message of the inbox."""
        request = messages.unpack_request(received.data)
        if request is not None and not received.error and request.opcode < OPCODE_MAX:
            opcode = request.opcode
            self.requests[opcode] = self.requests.get(opcode, 0) + 1
            if self._disabled(opcode):
                self._say(f"dropped {opcode_name(opcode)}: the opcode is disabled")
                return
            if opcode == Opcode.TEST_READY:
                self.test_ready.set()
                return
            if opcode == Opcode.TEST_READ:
                await self._test_read(received.msg_id)
                return
        if self.listener is not None:
            await self.listener(received)

    async def _test_read(self, msg_id: int) -> None:
        if self.test_message:
            data = self.test_message.encode()
            try:
                await self._respond(msg_id, Opcode.TEST_READ, data)
            except OSError as error:
                self._say(f"the test message is not sent: {error.strerror}")
                return
            self.test_message = ""
