# SPDX-License-Identifier: Apache-2.0
"""Golden model of the ERT control and status registers, written from the XRT ERT contract §3.

A cycle may carry a read and a write of either side. Reads see the state before the cycle; a bit set in the
cycle in which it is cleared by a read is set afterwards. What the two engines do comes from outside: the
units that the interrupt collector reports in a cycle, and whether the engines are idle. For cards without
engines `lines` does instead of a collector: a unit counts when its line rises.
"""

from __future__ import annotations

from dataclasses import dataclass, field

MASK = 0xFFFFFFFF
STATUS, CU_STATUS, CQ_STATUS = 0x00, 0x44, 0x58
CU_ISR_ENABLE, CQ_STATUS_ENABLE, HOST_INTERRUPT_ENABLE = 0x40, 0x54, 0x100
CU_DMA_ENABLE, CU_DMA = 0x18, 0x1C
CQ_SLOT_SIZE, CU_OFFSET, CU_BASE, NUM_CUS = 0x2C, 0x30, 0x38, 0x68
CUDMA_STATE, CUISR_STATE = 0x318, 0x328
LUT, LUT_WORDS = 0x400, 128
WORDS = (CQ_SLOT_SIZE, CU_OFFSET, 0x34, CU_BASE, 0x3C, NUM_CUS)
FLAGS = (CU_DMA_ENABLE, CU_ISR_ENABLE, CQ_STATUS_ENABLE, HOST_INTERRUPT_ENABLE)


@dataclass
class Access:
    """What the two ports do in one cycle: read offsets, (offset, value) writes, None for nothing."""

    host_read: int | None = None
    host_write: tuple[int, int] | None = None
    mb_read: int | None = None
    mb_write: tuple[int, int] | None = None


@dataclass
class ErtCsr:
    """The registers. `cu_status` holds the 128 units as one number."""

    status: list[int] = field(default_factory=lambda: [0] * 4)
    cq_status: list[int] = field(default_factory=lambda: [0] * 4)
    cu_status: int = 0
    storage: dict[int, int] = field(default_factory=dict)
    lines: int = 0
    by_address: bool = False
    cudma_idle: bool = True
    cuisr_idle: bool = True
    _gap: int = 0

    def reset(self) -> None:
        """Everything to zero but the look-up table, which is memory."""
        kept = {offset: value for offset, value in self.storage.items() if offset >= LUT}
        self.__init__()  # type: ignore[misc]
        self.storage = kept

    def cycle(self, access: Access, lines: int = 0, reported: int = 0) -> tuple[int | None, int | None]:
        """One clock edge; `lines` and `reported`: units as bits. Returns the host's and the MB's data."""
        host_data = None if access.host_read is None else self._peek(access.host_read)
        mb_data = None if access.mb_read is None else self._peek(access.mb_read)
        self._gap = 0
        for read in (access.host_read, access.mb_read):
            if read is not None and STATUS <= read < STATUS + 16:
                self.status[read // 4] = 0
        if access.host_read is not None and STATUS <= access.host_read < STATUS + 16:
            self._gap = 1 << access.host_read // 4
        if access.mb_read is not None:
            if CU_STATUS <= access.mb_read < CU_STATUS + 16:
                self.cu_status &= ~(MASK << 8 * (access.mb_read - CU_STATUS))
            if CQ_STATUS <= access.mb_read < CQ_STATUS + 16:
                self.cq_status[(access.mb_read - CQ_STATUS) // 4] = 0
        enabled = lines if self._flag(CU_ISR_ENABLE) else 0
        self.cu_status |= reported | enabled & ~self.lines
        self.lines = enabled
        if access.mb_write is not None:
            self._mb_write(*access.mb_write)
        if access.host_write is not None:
            offset, value = access.host_write
            if CQ_STATUS <= offset < CQ_STATUS + 16:
                self.cq_status[(offset - CQ_STATUS) // 4] |= value
        return host_data, mb_data

    def _mb_write(self, offset: int, value: int) -> None:
        if STATUS <= offset < STATUS + 16:
            self.status[offset // 4] |= value
        elif offset in WORDS or LUT <= offset < LUT + 4 * LUT_WORDS:
            self.storage[offset] = value
        elif offset in FLAGS:
            self.storage[offset] = value & 1
        if offset == CU_OFFSET or LUT <= offset < LUT + 4 * LUT_WORDS:
            self.by_address = offset != CU_OFFSET

    def _peek(self, offset: int) -> int:
        if STATUS <= offset < STATUS + 16:
            return self.status[offset // 4]
        if CQ_STATUS <= offset < CQ_STATUS + 16:
            return self.cq_status[(offset - CQ_STATUS) // 4]
        if CU_STATUS <= offset < CU_STATUS + 16:
            return self.cu_status >> 8 * (offset - CU_STATUS) & MASK
        if offset in (CUDMA_STATE, CUISR_STATE):
            return 1 if (self.cudma_idle if offset == CUDMA_STATE else self.cuisr_idle) else 2
        return self.storage.get(offset, 0)

    def word(self, offset: int) -> int:
        """A stored register: what the scheduler wrote last, 0 before."""
        return self.storage.get(offset, 0)

    def _flag(self, offset: int) -> bool:
        return bool(self.word(offset))

    @property
    def host_irq(self) -> int:
        """Bit n: level of host interrupt n, low for one cycle after the host read STATUSn."""
        if not self._flag(HOST_INTERRUPT_ENABLE):
            return 0
        return sum(1 << n for n, word in enumerate(self.status) if word) & ~self._gap

    @property
    def mb_irq_cq(self) -> bool:
        return self._flag(CQ_STATUS_ENABLE) and any(self.cq_status)

    @property
    def mb_irq_cu(self) -> bool:
        return bool(self.cu_status)

    @property
    def headers_aligned(self) -> bool:
        """Slots are a multiple of 512 bytes."""
        return self.storage.get(CQ_SLOT_SIZE, 0) % 128 == 0
