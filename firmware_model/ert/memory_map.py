# SPDX-License-Identifier: Apache-2.0
"""Where a build of the scheduler finds its peripherals (XRT ERT contract §2)."""

from __future__ import annotations

from dataclasses import dataclass

from pydriver.regs import mb_bus


@dataclass(frozen=True)
class MemoryMap:
    """Byte addresses on the processor's bus.

    `engine_queue`: the queue's address as the copy engine sees it, for CSR CQ_BASE. `cu_intc`: the four unit
    interrupt controllers. `clock`: a free-running cycle counter, None where the card has none.
    """

    cq: int
    cq_size: int
    csr: int
    intc: int
    cu_intc: tuple[int, int, int, int]
    engine_queue: int
    clock: int | None = None


_BANKS = tuple(window.base for window in mb_bus.CU_INTC)

CARD = MemoryMap(
    cq=mb_bus.ERT_CQ.base,
    cq_size=mb_bus.ERT_CQ.size,
    csr=mb_bus.ERT_CSR.base,
    intc=mb_bus.INTC.base,
    cu_intc=(_BANKS[0], _BANKS[1], _BANKS[2], _BANKS[3]),
    engine_queue=mb_bus.ERT_CQ.base,
)
"""This card: the legacy places, for both versions. The vendor's v30 build has its queue and controllers
inside the window that holds the compute units here."""


def v30_build(base: int) -> MemoryMap:
    """The vendor's v30 build; `base` is what it reads from its base register."""
    return MemoryMap(
        cq=0x1F60000,
        cq_size=0x10000,
        csr=base + 0x10000,
        intc=0x1F20000,
        cu_intc=(base, base + 0x1000, base + 0x2000, base + 0x3000),
        engine_queue=0,
        clock=0x1F70000,
    )


V30_BASE_REGISTER = 0x1F30008
"""Where the vendor's v30 build reads its base from, once at boot."""
