# SPDX-License-Identifier: Apache-2.0
"""What the user PF asks of the management PF, and what it serves in turn.

Source: XRT mailbox contract §6 and §7, ICAP contract §2.1 (peer download). FIREWALL marks the connection
offline and CHG_SHELL is dropped: the reset and the shell reprogramming that would follow are not part of
this driver.
"""

from __future__ import annotations

import errno
import random
import struct

from pydriver.errors import fail
from pydriver.mailbox import ConnFlags, Group, Mailbox, Opcode, PeerStateFlags, Request, Server
from pydriver.mailbox.crc32c import crc32c
from pydriver.mailbox.messages import (
    PROTOCOL_VERSION,
    BitstreamKaddr,
    Conn,
    ConnResp,
    IcapData,
    PeerState,
    SubdevPeer,
    unpack_int,
)
from pydriver.mailbox.wire import c_string
from pydriver.platform import HostMemory, Platform
from pydriver.platform.trace import OnEvent, silent
from pydriver.xclbin import NULL_UUID, Axlf, MemType

PAGE = 4096
MIN_DOWNLOAD_TTL_S = 50
DOWNLOAD_BYTES_PER_S = 2 << 20
GUEST_ADDRESS = 0xFFFF_8881_2345_6000
_DRAM = (MemType.MEM_DDR3, MemType.MEM_DDR4, MemType.MEM_DRAM)


def download_ttl_s(axlf: Axlf) -> int:
    """Seconds the answer to a download may take (XRT mailbox contract §3.1)."""
    migs = sum(bank.used and bank.type in _DRAM for bank in axlf.mem_topology())
    return max(MIN_DOWNLOAD_TTL_S, axlf.length // DOWNLOAD_BYTES_PER_S + 5 + migs // 2)


class Peer:
    """The management PF as the user PF sees it. `connect` after the mailbox has started."""

    def __init__(
        self, platform: Platform, mailbox: Mailbox, *, guest: bool = False, on_event: OnEvent = silent
    ) -> None:
        """`guest`: this PF was given to a virtual machine, so its addresses mean nothing to the peer."""
        self.state = ConnFlags(0)
        self.version = 0
        self.comm_id = ""
        self.changed = platform.clock.event()
        self._clock = platform.clock
        self._memory: HostMemory = platform.memory
        self._mailbox = mailbox
        self._guest = guest
        self._on_event = on_event
        self._attempt = 0
        self._server = Server(
            mailbox,
            {Opcode.MGMT_STATE: self._mgmt_state, Opcode.FIREWALL: self._firewall},
            name="user.server",
            on_event=on_event,
        )

    @property
    def ready(self) -> bool:
        """The management PF answered the handshake and has not gone offline since."""
        return bool(self.state & ConnFlags.PEER_READY)

    async def connect(self) -> bool:
        """The handshake. Returns whether the peer is ready; a failure leaves it not ready."""
        self._attempt += 1
        attempt = self._attempt
        page = self._memory.alloc(PAGE)
        content = random.Random(self._clock.now_ns()).randbytes(PAGE)
        self._memory.write(page, content)
        addr = GUEST_ADDRESS if self._guest else page
        conn = Conn(kaddr=addr, paddr=addr, crc32=crc32c(content), version=PROTOCOL_VERSION)
        try:
            answer = await self._mailbox.request(Opcode.USER_PROBE, conn.pack(), max_response=ConnResp.SIZE)
        except OSError as error:
            if attempt == self._attempt:
                self._set_state(ConnFlags(0))
            self._on_event("user.peer", f"handshake failed: {error.strerror}")
            return self.ready
        finally:
            self._memory.free(page)
        response = ConnResp.unpack(answer)
        self.version = response.version
        self.comm_id = c_string(response.comm_id)
        self._mailbox.channel_switch = response.chan_switch
        self._mailbox.channel_disable = response.chan_disable
        self._set_state(ConnFlags(response.conn_flags & 3))
        self._on_event("user.peer", f"connected, {self.state!r}")
        return self.ready

    async def icap_data(self) -> IcapData:
        """PEER_DATA(ICAP). Raises what `Mailbox.request` raises, EIO for an answer without data."""
        asked = SubdevPeer(kind=Group.ICAP, size=IcapData.SIZE, entries=1)
        answer = await self._mailbox.request(Opcode.PEER_DATA, asked.pack(), max_response=IcapData.SIZE)
        if len(answer) < IcapData.SIZE:
            raise fail(errno.EIO, f"the peer's ICAP data have {len(answer)} bytes")
        return IcapData.unpack(answer)

    async def download(self, axlf: Axlf, image: bytes, force: bool) -> None:
        """Have the peer program `image`; skipped when it has that image and `force` is not set.

        Raises ETIMEDOUT (peer not ready or not answering), else the errno the peer answers.
        """
        if not self.ready:
            sentence = "the management PF has not answered the handshake; is its driver there?"
            raise fail(errno.ETIMEDOUT, sentence)
        if not force and await self._loaded_uuid() == axlf.uuid:
            self._on_event("user.peer", "the management PF has this image already")
            return
        if self.state & ConnFlags.PEER_SAME_DOMAIN:
            result = await self._download_kaddr(axlf, image)
        else:
            result = await self._request_int(Opcode.LOAD_XCLBIN, image, axlf)
        if result:
            name = errno.errorcode.get(-result, str(result))
            raise fail(-result, f"the management PF could not load the image: {name}")

    async def _loaded_uuid(self) -> bytes:
        try:
            return (await self.icap_data()).uuid
        except OSError:
            return NULL_UUID

    async def _download_kaddr(self, axlf: Axlf, image: bytes) -> int:
        addr = self._memory.alloc(len(image))
        try:
            self._memory.write(addr, image)
            return await self._request_int(Opcode.LOAD_XCLBIN_KADDR, BitstreamKaddr(addr).pack(), axlf)
        finally:
            self._memory.free(addr)

    async def _request_int(self, opcode: Opcode, payload: bytes, axlf: Axlf) -> int:
        try:
            answer = await self._mailbox.request(
                opcode, payload, max_response=4, response_ttl_s=download_ttl_s(axlf)
            )
            return unpack_int(answer)
        except (OSError, struct.error) as error:
            # Whatever went wrong on the way, the caller of the load sees a time-out.
            raise fail(errno.ETIMEDOUT, f"the management PF did not answer: {error}") from error

    def _set_state(self, state: ConnFlags) -> None:
        self.state = state
        self.changed.set()

    async def _mgmt_state(self, request: Request) -> None:
        flags = PeerState.unpack(request.payload).state_flags
        if flags & PeerStateFlags.OFFLINE:
            self._on_event("user.peer", "the management PF is offline")
            self._set_state(ConnFlags(0))
        elif flags & PeerStateFlags.ONLINE:
            # The answer comes through the queue this handler runs in, so the handshake is a task of its own.
            self._clock.spawn(self.connect(), "user.peer.connect")

    async def _firewall(self, request: Request) -> None:
        self._on_event("user.peer", "the management PF reports a firewall trip")
        self._set_state(ConnFlags(0))
