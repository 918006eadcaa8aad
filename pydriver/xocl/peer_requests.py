# SPDX-License-Identifier: Apache-2.0
"""Requests to the management PF whose answer is one number.

Source: XRT mailbox contract §3.1 (times), §5 and §9 (quirk 2). The place for the answer has a value before
the answer comes, and a shorter answer replaces only the bytes it has, as in the real driver.
"""

from __future__ import annotations

import errno
import random
import struct
from collections.abc import Sequence

from pydriver.mailbox import Mailbox, Opcode
from pydriver.mailbox.messages import ClockFreqscaling, P2pBarAddr, pack_int, unpack_int
from pydriver.mailbox.options import RESPONSE_TTL_S
from pydriver.platform import Clock

RESET_TX_TTL_S = 6
RECLOCK_CLOCKS = 4
_RECLOCK_INFO = struct.Struct("<I4H")


class PeerRequests:
    """One method a request; each returns the peer's number, 0 or a negative errno.

    All raise what `Mailbox.request` raises: EFAULT, ETIME, EMSGSIZE, EBADMSG, ESHUTDOWN, EACCES.
    """

    def __init__(self, clock: Clock, mailbox: Mailbox) -> None:
        self._clock = clock
        self._mailbox = mailbox

    async def hot_reset(self) -> int:
        """Have the card reset. 0 or -ESHUTDOWN: the reset comes, and the peer announces itself afterwards."""
        return await self.number(Opcode.HOT_RESET, b"", 0, tx_ttl_s=RESET_TX_TTL_S)

    async def program_shell(self) -> int:
        """Have the shell's partition programmed. 0: it will be, and the peer announces itself afterwards."""
        return await self.number(Opcode.PROGRAM_SHELL, b"", 0)

    async def reclock(self, region: int, freqs: Sequence[int]) -> int:
        """Set up to four clocks, in MHz, 0: leave alone; an empty answer is -ENODEV.

        36 bytes go out, but only the first 12 are the request: the real driver sends the bytes that happen to
        lie behind its smaller structure, and so do we (other ones).
        """
        padded = [*freqs, *[0] * RECLOCK_CLOCKS][:RECLOCK_CLOCKS]
        info = _RECLOCK_INFO.pack(region, *padded)
        behind = random.Random(self._clock.now_ns()).randbytes(ClockFreqscaling.SIZE - len(info))
        return await self.number(Opcode.RECLOCK, info + behind, -errno.ENODEV)

    async def read_p2p_bar_addr(self, addr: int, length: int) -> int:
        """Tell where the P2P BAR is, for the pass-through translation; both 0 switch it off."""
        payload = P2pBarAddr(p2p_bar_addr=addr, p2p_bar_len=length).pack()
        return await self.number(Opcode.READ_P2P_BAR_ADDR, payload, 0)

    async def number(
        self,
        opcode: Opcode,
        payload: bytes,
        before: int,
        *,
        response_ttl_s: int = RESPONSE_TTL_S,
        tx_ttl_s: int | None = None,
    ) -> int:
        """Send a request answered by a number; `before` is the place's value before the answer comes."""
        place = pack_int(before)
        answer = await self._mailbox.request(
            opcode,
            payload,
            max_response=len(place),
            response_ttl_s=response_ttl_s,
            tx_ttl_s=tx_ttl_s,
        )
        return unpack_int(answer + place[len(answer) :])
