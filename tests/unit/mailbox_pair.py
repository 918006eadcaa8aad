# SPDX-License-Identifier: Apache-2.0
"""What the tests of the mailbox share: two channel engines on the golden model of the mailbox hardware."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from pydriver.mailbox import Frame, Mailbox, MailboxOptions, Opcode, Request, Server, SoftwareChannel
from pydriver.platform import Task
from pydriver.platform.virtual import VirtualPlatform
from pydriver.regs import mgmt_bar, user_bar
from tests.models.card import MGMT_MAILBOX_IRQ, USER_MAILBOX_IRQ, Card

SECOND = 1_000_000_000
ECHO = Opcode.PEER_DATA
Main = Callable[["Pair"], Awaitable[None]]


def raises(code: int, match: str | None = None) -> Any:
    """`pytest.raises` for an errno, whose sentence matches."""
    return pytest.raises(OSError, match=match, check=lambda error: error.errno == code)


class CountingHold:
    """A `hold` that knows how often it was entered and whether it still is."""

    def __init__(self) -> None:
        self.entered = 0
        self.now = 0

    @contextmanager
    def __call__(self) -> Iterator[None]:
        self.entered += 1
        self.now += 1
        try:
            yield
        finally:
            self.now -= 1


class Pair:
    """Both sides of one mailbox; the management side echoes PEER_DATA."""

    def __init__(self, interrupt: bool = True, registers: bool = True, **user_options: Any) -> None:
        """`registers` False: the user side has only its device node."""
        self.platform = VirtualPlatform()
        self.clock = self.platform.clock
        self.card = Card(self.platform)
        self.served: list[Request] = []
        self.log: list[str] = []
        self.holds = [CountingHold(), CountingHold()]
        sides = []
        for number, window, irq, extra in (
            (0, mgmt_bar.MAILBOX, MGMT_MAILBOX_IRQ, user_options),
            (1, user_bar.MAILBOX, USER_MAILBOX_IRQ, {"sleepless_tx": True, **user_options}),
        ):
            function = self.platform.functions[number]
            sides.append(
                Mailbox(
                    self.clock,
                    function.bars[0] if registers or number == 0 else None,
                    window if registers or number == 0 else None,
                    MailboxOptions(interrupt=interrupt, **extra),
                    irq=function.msix_event(irq),
                    name=function.name,
                    on_event=self._say,
                    hold=self.holds[number],
                )
            )
        self.mgmt, self.user = sides
        self.server = Server(self.mgmt, {ECHO: self.echo}, name="server", on_event=self._say)

    def _say(self, source: str, text: str) -> None:
        self.log.append(f"{source}: {text}")

    async def echo(self, request: Request) -> bytes | None:
        self.served.append(request)
        return request.payload[: request.length]

    async def start(self, mgmt: bool = True) -> None:
        for irqs, irq in ((self.card.mgmt_irqs, MGMT_MAILBOX_IRQ), (self.card.user_irqs, USER_MAILBOX_IRQ)):
            irqs.vectors[irq] = irq
            irqs.enable = 0xFFFF
            await irqs.function.enable_msix()
        if mgmt:
            await self.mgmt.start()
        await self.user.start()

    def switch(self, *opcodes: int) -> None:
        """These opcodes travel through the software channel, on both sides."""
        for side in (self.mgmt, self.user):
            side.channel_switch = sum(1 << opcode for opcode in opcodes)

    def courier(self, delay_ns: int = 0) -> list[Task]:
        """The daemons: carry frames between the two device nodes, both ways."""
        ways = [(self.user.software, self.mgmt.software), (self.mgmt.software, self.user.software)]
        for source, _ in ways:
            source.open()
        return [self.clock.spawn(self._carry(source, sink, delay_ns)) for source, sink in ways]

    async def _carry(self, source: SoftwareChannel, sink: SoftwareChannel, delay_ns: int) -> None:
        while True:
            frame = await read_frame(source)
            if delay_ns:
                await self.clock.sleep_ns(delay_ns)
            await sink.write(frame.pack())

    def run(self, main: Main) -> None:
        async def all_of_it() -> None:
            await main(self)

        self.platform.run(all_of_it(), 1000 * SECOND)
        self.clock.close()


async def read_frame(channel: SoftwareChannel) -> Frame:
    """As a daemon does it: the header first, then the frame with its true size."""
    header = await channel.read(32)
    result = await channel.read(32 + int.from_bytes(header.data[:8], "little")) if header.error else header
    assert result.error == 0
    return Frame.unpack(result.data)
