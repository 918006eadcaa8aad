# SPDX-License-Identifier: Apache-2.0
"""Having the management PF program an image.

Source: XRT ICAP contract §2.1 (peer download), XRT mailbox contract §3.1 (time) and §6, software mailbox
contract §7 (preloaded images). The mailbox decides by the channel switch whether the content goes through the
hardware or the software channel.
"""

from __future__ import annotations

import errno

from pydriver.errors import fail
from pydriver.mailbox import Opcode
from pydriver.mailbox.messages import BitstreamKaddr
from pydriver.platform import HostMemory
from pydriver.platform.trace import OnEvent, silent
from pydriver.xclbin import Axlf, MemType
from pydriver.xocl.connection import Connection
from pydriver.xocl.peer_data import PeerData
from pydriver.xocl.peer_requests import PeerRequests

MIN_DOWNLOAD_TTL_S = 50
DOWNLOAD_BYTES_PER_S = 2 << 20
_DRAM = (MemType.MEM_DDR3, MemType.MEM_DDR4, MemType.MEM_DRAM)


def download_ttl_s(axlf: Axlf) -> int:
    """Seconds the answer to a download may take (XRT mailbox contract §3.1)."""
    migs = sum(bank.used and bank.type in _DRAM for bank in axlf.mem_topology())
    return max(MIN_DOWNLOAD_TTL_S, axlf.length // DOWNLOAD_BYTES_PER_S + 5 + migs // 2)


class PeerDownload:
    """Asks the management PF for an image; keeps nothing of it."""

    def __init__(
        self,
        memory: HostMemory,
        connection: Connection,
        data: PeerData,
        requests: PeerRequests,
        on_event: OnEvent = silent,
    ) -> None:
        self._memory = memory
        self._connection = connection
        self._data = data
        self._requests = requests
        self._on_event = on_event

    async def download(self, axlf: Axlf, image: bytes, force: bool) -> bool:
        """Have `image` programmed; skipped, with False, when the peer has it and `force` is not set.

        Raises ETIMEDOUT (peer not ready, or its answer did not come whatever the reason), else the errno the
        peer answers: EAGAIN asks to try again, a number which is no errno is EIO.
        """
        if not self._connection.ready:
            sentence = "the management PF has not answered the handshake; is its driver there?"
            raise fail(errno.ETIMEDOUT, sentence)
        if not force and await self._data.loaded_uuid() == axlf.uuid:
            self._on_event("user.peer", "the management PF has this image already")
            return False
        if self._connection.same_domain:
            result = await self._by_address(axlf, image)
        else:
            result = await self._ask(Opcode.LOAD_XCLBIN, image, axlf)
        if result > 0:
            raise fail(errno.EIO, f"the management PF answered {result} to the image, which is no errno")
        if result:
            name = errno.errorcode.get(-result, str(-result))
            raise fail(-result, f"the management PF could not load the image: {name}")
        return True

    async def _by_address(self, axlf: Axlf, image: bytes) -> int:
        addr = self._memory.alloc(len(image))
        try:
            self._memory.write(addr, image)
            return await self._ask(Opcode.LOAD_XCLBIN_KADDR, BitstreamKaddr(addr).pack(), axlf)
        finally:
            # Whoever gets this memory next must not find the image in it.
            self._memory.write(addr, bytes(len(image)))
            self._memory.free(addr)

    async def _ask(self, opcode: Opcode, payload: bytes, axlf: Axlf) -> int:
        try:
            return await self._requests.number(
                opcode, payload, -errno.ETIMEDOUT, response_ttl_s=download_ttl_s(axlf)
            )
        except OSError as error:
            # Whatever went wrong on the way, the caller of the load sees a time-out.
            raise fail(errno.ETIMEDOUT, f"the management PF did not answer: {error.strerror}") from error
