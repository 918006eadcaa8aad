# SPDX-License-Identifier: Apache-2.0
"""How an instance of the scheduler model differs from the vendor's build."""

from __future__ import annotations

from dataclasses import dataclass

from firmware_model.ert.memory_map import CARD, MemoryMap


@dataclass(frozen=True)
class Options:
    """`version` is the answer to CU_STAT. `poll_ns`: pause between two looks at a running unit.

    `force_dsa52`: v20 takes the look-up table form whatever CONFIGURE says (the vendor's emulation build).
    `interrupt_driven`: units are never polled; their interrupts, through the unit interrupt controllers, end
    the processor's sleep. Fewer bus accesses and wake-ups, but the interrupts of units and controllers are
    switched on although the host did not ask for it.
    `one_unit_on_bit_1`: v30 with exactly one unit looks for its interrupt in bit 1 of bank 0, as the
    vendor's build does. Off, because this card's first unit is at bit 0: its interrupt would never be seen.
    """

    version: int = 0
    poll_ns: int = 2000
    memory_map: MemoryMap = CARD
    force_dsa52: bool = False
    interrupt_driven: bool = False
    one_unit_on_bit_1: bool = False
