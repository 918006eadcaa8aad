# SPDX-License-Identifier: Apache-2.0
"""Two mailbox drivers on the card's hardware mailbox, without the rest of the drivers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Self

from pydriver.mailbox import Mailbox, MailboxOptions, Opcode, Request, Server
from pydriver.mailbox.packets import Packet
from pydriver.regs import mailbox, mgmt_bar, user_bar
from pydriver.subdev.irq_block import IrqBlock
from tests.system.rig import SECOND, Rig

ECHO = Opcode.PEER_DATA
MS = SECOND // 1000
MGMT_IRQ, USER_IRQ = 11, 4


class Link(Rig):
    """Both sides of the mailbox of a powered card; the management side echoes PEER_DATA."""

    mailbox_class: type[Mailbox] = Mailbox

    @classmethod
    async def up(cls, dut: Any, interrupt: bool = True, **options: Any) -> Self:
        """Power on and start both sides; the mailbox's `options` are those of both."""
        link = await cls.power_on(dut)
        link.served: list[Request] = []
        sides = []
        for function, window, irq, first in (
            (link.mgmt_function, mgmt_bar.MAILBOX, MGMT_IRQ, 0),
            (link.user_function, user_bar.MAILBOX, USER_IRQ, 4),
        ):
            irqs = IrqBlock(function, function.bars[2], first, f"{function.name}.irq")
            await irqs.setup()
            side = cls.mailbox_class(
                link.clock,
                function.bars[0],
                window,
                MailboxOptions(**{"interrupt": interrupt, "rate_limit": None, **options}),
                irq=irqs.event(irq),
                name=function.name,
                on_event=link.on_event,
            )
            await side.start()
            if interrupt:
                await irqs.enable(irq)
            sides.append(side)
        link.mgmt_side, link.user_side = sides
        link.server = Server(link.mgmt_side, {ECHO: link.echo}, name="server", on_event=link.on_event)
        return link

    mgmt_side: Mailbox
    user_side: Mailbox
    server: Server
    served: list[Request]

    async def echo(self, request: Request) -> bytes | None:
        self.served.append(request)
        return request.payload[: request.length]

    def said(self, part: str, since: int = 0) -> int:
        """How many events from `since` on contain `part`."""
        return sum(part in text for _, _, text in self.events[since:])

    async def inject(self, stream: Iterable[Packet], pause_ns: int = 20_000) -> None:
        """Push packets into the user side's FIFO, past its driver."""
        for packet in stream:
            await self.push(packet)
            await self.clock.sleep_ns(pause_ns)

    async def push(self, words: Iterable[int]) -> None:
        """Push words as they are."""
        wrdata = user_bar.MAILBOX.base + mailbox.WRDATA.offset
        await self.user_function.bars[0].write32s([(wrdata, word) for word in words])

    async def works(self, ttl_s: int = 2) -> None:
        """The next request does."""
        data = b"next" * 30
        answer = await self.user_side.request(ECHO, data, max_response=200, response_ttl_s=ttl_s)
        assert answer == data
