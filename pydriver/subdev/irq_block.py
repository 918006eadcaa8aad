# SPDX-License-Identifier: Apache-2.0
"""The interrupt block of XDMA: which user interrupts are on and which MSI-X vector each one raises.

Source: XRT memory and DMA contract §4.1, §4.2 and §5.
"""

from __future__ import annotations

import errno

from pydriver.errors import fail
from pydriver.platform import Bar, Event, Function
from pydriver.platform.trace import OnEvent, silent
from pydriver.regs import RegBlock, Window, irq_block

USER_INTERRUPTS = 16
VECTORS_PER_REGISTER = 4


class IrqBlock:
    """User interrupts of one function. `first_vector` is the MSI-X vector of user interrupt 0."""

    def __init__(
        self, function: Function, bar: Bar, first_vector: int, name: str, on_event: OnEvent = silent
    ) -> None:
        self.first_vector = first_vector
        self._function = function
        self._regs = RegBlock(bar, Window("IRQ_BAR", 0, bar.size))
        self._name = name
        self._on_event = on_event

    async def setup(self) -> None:
        """Check the ids, switch all user interrupts off, write the vector map, enable MSI-X.

        Raises ENODEV when the BAR does not show an XDMA.
        """
        for register in (irq_block.IRQ_ID, irq_block.CONFIG_ID):
            value = await self._regs.read(register)
            if register.ID.get(value) != register.ID.reset:
                place = f"{self._function.name} at {register.offset:#x}"
                raise fail(errno.ENODEV, f"{place}: {value:#010x} is not the XDMA's {register.name}")
        await self._regs.write(irq_block.USR_ENABLE_W1C, 0xFFFF)
        for index, register in enumerate(irq_block.USR_VECTOR):
            await self._regs.write(register, self._vectors(index))
        vectors = await self._function.enable_msix()
        if vectors < self.first_vector + USER_INTERRUPTS:
            raise fail(errno.ENODEV, f"{self._function.name} has only {vectors} MSI-X vectors")
        self._on_event(self._name, f"MSI-X on, {vectors} vectors, user interrupt 0 is {self.first_vector}")

    async def intact(self) -> bool:
        """The vector map is as `setup` wrote it: the card has not been reset since, and it answers."""
        return await self._regs.read(irq_block.USR_VECTOR[0]) == self._vectors(0)

    def _vectors(self, index: int) -> int:
        """What a register of the vector map holds."""
        first = VECTORS_PER_REGISTER * index
        return sum(self.vector(first + lane) << 8 * lane for lane in range(VECTORS_PER_REGISTER))

    def vector(self, user_irq: int) -> int:
        """MSI-X vector of a user interrupt."""
        return self.first_vector + user_irq

    def event(self, user_irq: int) -> Event:
        """Set by each message of the user interrupt; the waiter clears it."""
        return self._function.msix_event(self.vector(user_irq))

    async def enable(self, user_irq: int) -> None:
        """Let the user interrupt through. A request that is pending raises its vector at once."""
        await self._regs.write(irq_block.USR_ENABLE_W1S, 1 << user_irq)

    async def switch(self, user_irq: int, on: bool) -> None:
        """`enable` or `disable`."""
        await (self.enable(user_irq) if on else self.disable(user_irq))

    async def disable(self, user_irq: int) -> None:
        """Keep the user interrupt back."""
        await self._regs.write(irq_block.USR_ENABLE_W1C, 1 << user_irq)
