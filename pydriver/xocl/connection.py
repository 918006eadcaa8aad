# SPDX-License-Identifier: Apache-2.0
"""The handshake with the management PF, and what it tells: state, masks, communication id.

Source: XRT mailbox contract §6. A handshake that fails leaves everything zero, as a new driver would have it:
no state, no masks, no communication id.
"""

from __future__ import annotations

import random
from collections.abc import Callable

from pydriver.mailbox import ConnFlags, Mailbox, Opcode
from pydriver.mailbox.crc32c import crc32c
from pydriver.mailbox.messages import PROTOCOL_VERSION, Conn, ConnResp
from pydriver.mailbox.wire import c_string
from pydriver.platform import HostMemory, Platform
from pydriver.platform.sync import Lock
from pydriver.platform.trace import OnEvent, silent

PAGE = 4096
GUEST_ADDRESS = 0xFFFF_8881_2345_6000
_KNOWN_FLAGS = int(ConnFlags.PEER_READY | ConnFlags.PEER_SAME_DOMAIN)


class Connection:
    """State of the channel to the management PF (CHAN_STATE, CHAN_SWITCH, CHAN_DISABLE, COMM_ID, VERSION)."""

    def __init__(
        self, platform: Platform, mailbox: Mailbox, *, guest: bool = False, on_event: OnEvent = silent
    ) -> None:
        """`guest`: this PF was given to a virtual machine, so its addresses mean nothing to the peer."""
        self.state = ConnFlags(0)
        self.version = 0
        self.comm_id = ""
        self.on_change: list[Callable[[], None]] = []
        self._clock = platform.clock
        self._memory: HostMemory = platform.memory
        self._mailbox = mailbox
        self._guest = guest
        self._on_event = on_event
        self._one = Lock(platform.clock)
        self._losses = 0

    @property
    def ready(self) -> bool:
        """The management PF answered the handshake and has not gone offline since."""
        return bool(self.state & ConnFlags.PEER_READY)

    @property
    def same_domain(self) -> bool:
        """The management driver sees the memory of this one."""
        return bool(self.state & ConnFlags.PEER_SAME_DOMAIN)

    async def connect(self) -> bool:
        """The handshake, one at a time. Returns whether the peer is ready; a failure leaves it not ready."""
        async with self._one:
            losses = self._losses
            try:
                response = ConnResp.unpack(await self._probe())
            except OSError as error:
                self._on_event("user.peer", f"handshake failed: {error.strerror}")
                response = ConnResp()
            if self._losses != losses:
                # The peer said that it goes offline after it had taken the request.
                self._on_event("user.peer", "the answer to the handshake is out of date")
                return False
            self._take(response)
            return self.ready

    async def _probe(self) -> bytes:
        page = self._memory.alloc(PAGE)
        try:
            content = random.Random(self._clock.now_ns()).randbytes(PAGE)
            self._memory.write(page, content)
            addr = GUEST_ADDRESS if self._guest else page
            conn = Conn(kaddr=addr, paddr=addr, crc32=crc32c(content), version=PROTOCOL_VERSION)
            return await self._mailbox.request(Opcode.USER_PROBE, conn.pack(), max_response=ConnResp.SIZE)
        finally:
            self._memory.free(page)

    def _take(self, response: ConnResp) -> None:
        self.version = response.version
        self.comm_id = c_string(response.comm_id)
        self._mailbox.channel_switch = response.chan_switch
        self._mailbox.channel_disable = response.chan_disable
        self.state = ConnFlags(response.conn_flags & _KNOWN_FLAGS)
        if self.ready:
            self._on_event("user.peer", f"connected, {self.state.name}")
        self._tell()

    def lost(self) -> None:
        """The peer is offline: CHAN_STATE becomes 0, whatever a handshake under way will say."""
        self._losses += 1
        self.state = ConnFlags(0)
        self._tell()

    def _tell(self) -> None:
        for callback in list(self.on_change):
            callback()
