# SPDX-License-Identifier: Apache-2.0
"""Gate that isolates the dynamic region. Source: XRT ICAP contract §3."""

from __future__ import annotations

from pydriver.platform import Clock
from pydriver.platform.trace import OnEvent, silent
from pydriver.regs import RegBlock, axi_gate

SETTLE_NS = 500


class AxiGate:
    """Freeze (isolate) and free (open in two steps)."""

    def __init__(self, clock: Clock, regs: RegBlock, on_event: OnEvent = silent) -> None:
        self._clock = clock
        self._regs = regs
        self._on_event = on_event

    async def is_open(self) -> bool:
        """The state the gate reports; opening counts as open."""
        return await self._regs.read(axi_gate.RD) != 0

    async def freeze(self) -> None:
        """Isolate the region; nothing when it is isolated."""
        if await self.is_open():
            await self._step(0)
            self._on_event("mgmt.gate", "closed")

    async def free(self) -> None:
        """Let clock and reset go, then open; nothing when it is open."""
        if not await self.is_open():
            await self._step(2)
            await self._step(3)
            self._on_event("mgmt.gate", "open")

    async def _step(self, state: int) -> None:
        await self._regs.write(axi_gate.WR, state)
        await self._clock.sleep_ns(SETTLE_NS)
        await self._regs.read(axi_gate.RD)
