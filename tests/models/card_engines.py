# SPDX-License-Identifier: Apache-2.0
"""The two engines of the virtual card's scheduler: register map copy (CUDMA) and interrupt collector (CUISR).

The golden models decide what is done; here it is done, the copies in virtual time, the collection at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydriver.platform.virtual import ALL_ONES
from tests.models import ert_csr
from tests.models.ert_engines import Access, Answer, Config, Cudma, Cuisr, Fetch

if TYPE_CHECKING:
    from tests.models.card import Card

ACCESS_NS = 60


class Engines:
    """Both engines; they reach units as the scheduler does."""

    def __init__(self, card: Card) -> None:
        self.card = card
        self.cudma = Cudma()
        self.cuisr = Cuisr()
        self._started = 0
        self._copying = False
        self._collecting = False

    def _config(self) -> Config:
        csr = self.card.csr
        table = range(ert_csr.LUT_WORDS)
        return Config(
            csr.by_address,
            csr.word(ert_csr.CU_BASE),
            csr.word(ert_csr.CU_OFFSET),
            csr.word(ert_csr.NUM_CUS),
            csr.word(ert_csr.CQ_SLOT_SIZE),
            {unit: csr.word(ert_csr.LUT + 4 * unit) for unit in table},
        )

    def start_copies(self, word: int, slots: int) -> None:
        """The scheduler wrote a CU_DMA register."""
        if not self.card.csr.word(ert_csr.CU_DMA_ENABLE):
            return
        self._started |= slots << 32 * word
        self.card.csr.cudma_idle = False
        if not self._copying:
            self._copying = True
            self.card.clock.spawn(self._copy(), "cudma")

    async def _copy(self) -> None:
        answer: int | Answer | None = None
        config = self._config()
        while self._started or not self.cudma.idle:
            started, self._started = self._started, 0
            if started:
                config = self._config()
            self.cudma.cycle(config, bool(self.card.csr.word(ert_csr.CU_DMA_ENABLE)), started, answer)
            answer = None
            request = self.cudma.request
            if isinstance(request, Fetch):
                answer = self.card.cq.read(request.offset)
            elif isinstance(request, Access):
                await self.card.clock.sleep_ns(ACCESS_NS)
                answer = self._access(request)
        self._copying = False
        self.card.csr.cudma_idle = True

    def collect(self, lines: int) -> int:
        """Take back the interrupts of the units in `lines`; returns those to report."""
        enable = bool(self.card.csr.word(ert_csr.CU_ISR_ENABLE))
        if self._collecting or not ((enable and lines) or self.cuisr.muted):
            return 0
        self._collecting = True
        reported = 0
        config = self._config()
        answer: Answer | None = None
        while True:
            lines = self.card.cu_interrupts.lines
            reported |= self.cuisr.cycle(config, enable, lines, answer)
            request = self.cuisr.request
            answer = self._access(request) if isinstance(request, Access) else None
            if self.cuisr.idle and not (enable and lines & ~self.cuisr.muted):
                break
        self._collecting = False
        return reported

    def _access(self, access: Access) -> Answer:
        if access.value is not None:
            self.card.mb_write(access.address, access.value)
            return Answer(0, True)
        value = self.card.mb_read(access.address)
        return Answer(value, value != ALL_ONES)
