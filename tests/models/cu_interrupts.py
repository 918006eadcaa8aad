# SPDX-License-Identifier: Apache-2.0
"""Interrupts of the virtual card's compute units: four controllers, and who gets host interrupts 0 to 3.

Source: XRT compute unit contract §5, ERT contract §8 (`ep_ert_config_00`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydriver.platform.virtual import Target
from pydriver.regs import cfg_gpio
from tests.models.mb_intc import MbIntc

if TYPE_CHECKING:
    from tests.models.card import Card

BANKS = 4
PER_BANK = 32


class CuInterrupts:
    """The lines of all units and their controllers."""

    def __init__(self) -> None:
        self.lines = 0
        self.banks = [MbIntc(PER_BANK) for _ in range(BANKS)]

    def bank_lines(self, bank: int) -> int:
        """Levels of the inputs of one controller."""
        return self.lines >> PER_BANK * bank & (1 << PER_BANK) - 1

    def set_line(self, slot: int, level: bool) -> bool:
        """The level of a unit's interrupt; whether it has changed."""
        if self.lines >> slot & 1 == level:
            return False
        self.lines ^= 1 << slot
        self.banks[slot // PER_BANK].cycle(self.bank_lines(slot // PER_BANK))
        return True

    @property
    def irq(self) -> int:
        """Bit n: output of controller n."""
        return sum(bank.irq << index for index, bank in enumerate(self.banks))


class CuIntcPort(Target):
    """Registers of one controller; host and scheduler see the same."""

    def __init__(self, card: Card, bank: int) -> None:
        self.card = card
        self.bank = bank

    def read32(self, offset: int) -> int:
        return self.card.cu_interrupts.banks[self.bank].read(offset)

    def write32(self, offset: int, value: int) -> None:
        model, lines = self.card.cu_interrupts.banks[self.bank], self.card.cu_interrupts.bank_lines(self.bank)
        model.cycle(lines, (offset, value))
        self.card.settle_interrupts()
        # A level which is still there is latched again at the next edge.
        model.cycle(lines)
        self.card.settle_interrupts()


class CfgGpio(Target):
    """Interrupt selection and the processor's sleep."""

    def __init__(self, card: Card) -> None:
        self.card = card
        self.control = 0

    @property
    def cu_to_host(self) -> bool:
        return bool(self.control & cfg_gpio.CONTROL.CU_TO_HOST.mask)

    def read32(self, offset: int) -> int:
        values = {cfg_gpio.CONTROL.offset: self.control, cfg_gpio.STATUS.offset: int(self.card.asleep)}
        return values.get(offset, 0)

    def write32(self, offset: int, value: int) -> None:
        if offset == cfg_gpio.CONTROL.offset:
            self.control = value & (cfg_gpio.CONTROL.CU_TO_HOST.mask | cfg_gpio.CONTROL.WAKE.mask)
            self.card.activity.set()
            self.card.settle_interrupts()
