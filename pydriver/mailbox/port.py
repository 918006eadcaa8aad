# SPDX-License-Identifier: Apache-2.0
"""The registers of one side of the hardware mailbox, one method per thing the workers do with them.

A card that is being reset or whose firewall has tripped answers all ones: then nothing is ready and nothing
is an error. Source: XRT mailbox contract §1.1 and §1.2.
"""

from __future__ import annotations

from collections.abc import Sequence

from pydriver.mailbox.packets import PACKET_WORDS, Packet
from pydriver.platform import Bar
from pydriver.regs import RegBlock, Window, mailbox

ALL_ONES = 0xFFFF_FFFF


class Port:
    """One side's registers, through a window of a BAR.

    `gone`: the last look found a card that answers all ones.
    """

    def __init__(self, bar: Bar, window: Window) -> None:
        self.gone = False
        self.regs = RegBlock(bar, window)
        self._bar = bar
        at = self.regs.address
        self._wrdata = at(mailbox.WRDATA)
        tail = [at(mailbox.ERROR), at(mailbox.STATUS)]
        self._packet_reads = [at(mailbox.RDDATA)] * PACKET_WORDS + tail

    async def flush(self) -> None:
        """Empty both FIFOs, also of what the peer has not read yet."""
        await self.regs.write(mailbox.CTRL, 0x3)

    async def set_mode(self, interrupt: bool) -> None:
        """Thresholds and interrupt enables: by whole packets with interrupts, by words without."""
        regs = self.regs
        if not interrupt:
            await regs.write_many([(mailbox.IE, 0), (mailbox.RIT, 0), (mailbox.SIT, 0)])
            return
        await regs.write_many([(mailbox.RIT, PACKET_WORDS - 1), (mailbox.SIT, 0)])
        await regs.write(mailbox.IS, await regs.read(mailbox.IS))
        await regs.write(mailbox.IE, 0x3)

    async def silence(self) -> None:
        """No interrupts any more."""
        await self.regs.write(mailbox.IE, 0)

    async def status(self) -> int:
        """STATUS, 0 while the card answers all ones."""
        status = await self.regs.read(mailbox.STATUS)
        self.gone = status == ALL_ONES
        return 0 if self.gone else status

    async def sendable(self) -> bool:
        """The TX FIFO is empty, so a packet fits."""
        return bool(await self.status() & mailbox.STATUS.STA.mask)

    async def packet_there(self) -> bool:
        """The RX FIFO holds what its threshold asks for: a packet with interrupts, a word without."""
        return bool(await self.status() & mailbox.STATUS.RTA.mask)

    async def take_interrupts(self) -> int:
        """The pending bits of IS, cleared with the read value; 0 when there are none or the card is gone."""
        pending = await self.regs.read(mailbox.IS)
        self.gone = pending == ALL_ONES
        if self.gone or not pending:
            return 0
        await self.regs.write(mailbox.IS, pending)
        return pending

    async def take_packet(self) -> tuple[Sequence[int], bool, bool]:
        """A packet's words in one go; then whether they are no packet, and whether more is there."""
        words = await self._bar.read32s(self._packet_reads)
        self.gone = words[-1] == ALL_ONES
        more = not self.gone and bool(words[-1] & mailbox.STATUS.RTA.mask)
        return words[:PACKET_WORDS], _cut(words[-2]), more

    async def word_there(self) -> bool:
        """A word can be read, or the card is gone and waiting for one makes no sense."""
        status = await self.regs.read(mailbox.STATUS)
        return status == ALL_ONES or not status & mailbox.STATUS.EMPTY.mask

    async def take_word(self) -> int:
        """Pop one word."""
        return await self.regs.read(mailbox.RDDATA)

    async def drop_words(self) -> None:
        """Throw away what is there."""
        at = self.regs.address
        status = 0
        while status != ALL_ONES and not status & mailbox.STATUS.EMPTY.mask:
            _, status = await self._bar.read32s((at(mailbox.RDDATA), at(mailbox.STATUS)))

    async def empty_read(self) -> bool:
        """Whether the words read since the last look are no packet."""
        return _cut(await self.regs.read(mailbox.ERROR))

    async def put_packet(self, packet: Packet) -> bool:
        """Push a packet; returns False when words were lost because the FIFO was full."""
        await self._bar.write32s([(self._wrdata, word) for word in packet])
        error = await self.regs.read(mailbox.ERROR)
        return error == ALL_ONES or not error & mailbox.ERROR.FULL.mask


def _cut(error: int) -> bool:
    """A word came from an empty FIFO, or the card went away meanwhile.

    The real driver takes the latter for no error, and all ones for what the peer sent.
    """
    return bool(error & mailbox.ERROR.EMPTY.mask)
