# SPDX-License-Identifier: Apache-2.0
"""A bare mailbox in place of the user PF's driver, which says to the management PF what a test wants."""

from __future__ import annotations

import errno
import struct
from dataclasses import dataclass, field, replace
from typing import Any, Self

from pydriver.mailbox import Group, Mailbox, MailboxOptions, Opcode
from pydriver.mailbox import packets as mailbox_packets
from pydriver.mailbox.crc32c import crc32c
from pydriver.mailbox.messages import Conn, ConnResp, SubdevPeer, unpack_int, unpack_request
from pydriver.mailbox.packets import Flags, Received
from pydriver.regs import RegBlock, user_bar
from pydriver.regs import mailbox as mailbox_regs
from pydriver.subdev.irq_block import IrqBlock
from pydriver.xclmgmt import Xclmgmt
from tests.unit.rig import MGMT, SECOND, Rig, raises

USER_IRQ = 4


@dataclass
class Bare:
    """The user side's mailbox, and what the management PF posted to it."""

    rig: Rig
    mailbox: Mailbox
    irqs: IrqBlock
    notices: list[tuple[int, bytes]] = field(default_factory=list)

    @classmethod
    async def open(cls, rig: Rig) -> Self:
        function = rig.card.user
        irqs = IrqBlock(function, function.bars[2], 0, "bare.irq")
        mailbox = Mailbox(
            rig.clock,
            function.bars[0],
            user_bar.MAILBOX,
            MailboxOptions(),
            irq=irqs.event(USER_IRQ),
            name="bare",
            on_event=rig.on_event,
        )
        bare = cls(rig, mailbox, irqs)
        mailbox.listen(bare._noticed)
        await bare.start()
        return bare

    async def start(self) -> None:
        """Bring the side up, after a reset of the card too."""
        await self.irqs.setup()
        await self.mailbox.restart()
        await self.irqs.enable(USER_IRQ)

    async def _noticed(self, received: Received) -> None:
        message = unpack_request(received.data)
        assert message is not None
        self.notices.append((message.opcode, message.payload[: message.length]))

    def states(self) -> list[int]:
        """The flags of each MGMT_STATE that came."""
        return [struct.unpack("<Q", data)[0] for opcode, data in self.notices if opcode == Opcode.MGMT_STATE]

    async def ask(self, opcode: int, payload: bytes = b"", room: int = 1 << 20) -> bytes:
        """A request and its response."""
        return await self.mailbox.request(opcode, payload, max_response=room, response_ttl_s=100)

    async def number(self, opcode: int, payload: bytes = b"") -> int:
        """The number a request is answered with."""
        answer = await self.ask(opcode, payload)
        assert len(answer) == 4
        return unpack_int(answer)

    async def unanswered(self, opcode: int, payload: bytes = b"") -> None:
        """Nobody answers; the next request is answered nevertheless."""
        with raises(errno.ETIME):
            await self.mailbox.request(opcode, payload, response_ttl_s=1)
        await self.probe()

    async def probe(self, page: int | None = None) -> ConnResp:
        """The handshake; with `page`, an address in the host's memory, from the same domain."""
        conn = Conn(kaddr=1, paddr=2)
        if page is not None:
            content = self.rig.platform.memory.read(page, 4096)
            conn = Conn(kaddr=page, paddr=page, crc32=crc32c(content))
        answer = await self.ask(Opcode.USER_PROBE, conn.pack())
        assert len(answer) == ConnResp.SIZE
        return ConnResp.unpack(answer)

    async def same_domain(self) -> None:
        """The handshake as a driver in the management PF's kernel makes it."""
        page = self.rig.platform.memory.alloc(4096)
        assert (await self.probe(page)).conn_flags == 3

    async def group(
        self, kind: int, size: int, entries: int = 1, offset: int = 0, opcode: int = Opcode.PEER_DATA
    ) -> bytes:
        """PEER_DATA."""
        return await self.ask(opcode, SubdevPeer(kind, size, entries, offset).pack())

    async def icap(self) -> bytes:
        """PEER_DATA(ICAP), whole."""
        return await self.group(Group.ICAP, 104)

    async def push(self, message: bytes, msg_id: int = 0x5000) -> None:
        """A request as raw packets, whatever its bytes are; waits until the other side has read it."""
        regs = RegBlock(self.rig.card.user.bars[0], user_bar.MAILBOX)
        wrdata = regs.address(mailbox_regs.WRDATA)
        for packet in mailbox_packets.split(msg_id, Flags.REQUEST, message):
            await regs.bar.write32s([(wrdata, word) for word in packet])
            while not await regs.read(mailbox_regs.STATUS) & mailbox_regs.STATUS.STA.mask:
                await self.rig.clock.sleep_ns(SECOND // 1_000_000)


async def pair(rig: Rig, **options: Any) -> tuple[Xclmgmt, Bare]:
    """The bare user side, then the management driver with these options changed, whose notice has come."""
    bare = await Bare.open(rig)
    mgmt = await rig.mgmt(replace(MGMT, **options))
    await settle(rig)
    assert bare.states() == [1]
    bare.notices.clear()
    return mgmt, bare


async def settle(rig: Rig, ms: int = 50) -> None:
    """Let everybody finish."""
    await rig.clock.sleep_ns(ms * SECOND // 1000)
