# SPDX-License-Identifier: Apache-2.0
"""What is soaked on the RTL card, one simulation each: a card's firmware does not change while it runs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tests.soak.coverage import ADAPTER, CHAIN, HS, NONE
from tests.soak.images import ADAPTED
from tests.soak.modes import MODES, SLOT_CLASSES, V30, Mode

SMALL = ("probe", "probe", "probe_chain", "probe_none")
PROTOCOLS = {"probe": HS, "probe_chain": CHAIN, "probe_none": NONE, ADAPTED: ADAPTER}


@dataclass(frozen=True)
class Case:
    """Modes by name, each with another slot class. `generations`: processes per round; `fill`: all slots are
    used at once; `covers`: rounds go on until every command has been hit."""

    modes: tuple[str, ...]
    units: tuple[str, ...] = SMALL
    slots: tuple[int, ...] = SLOT_CLASSES
    generations: int = 8
    fill: bool = False
    covers: bool = True

    @property
    def firmware(self) -> str:
        return "v30" if any(mode.firmware == V30 for mode, _ in self.rounds()) else "v20"

    def rounds(self) -> Iterator[tuple[Mode, int]]:
        """(mode, slot class): the classes take turns, as far as the mode can have them."""
        chosen = [mode for mode in MODES if mode.name in self.modes]
        for index, mode in enumerate(chosen):
            classes = [least for least in self.slots if least >= 2048 or not mode.flags.cu_dma]
            yield mode, classes[index % len(classes)]

    @property
    def absent(self) -> frozenset[str]:
        """Protocols that no unit has."""
        return frozenset(PROTOCOLS.values()) - {PROTOCOLS[name] for name in self.units}

    def units_for(self, mode: Mode) -> tuple[str, ...]:
        """A unit without interrupt would switch cu_isr off."""
        return tuple("probe" if mode.flags.cu_isr and name == "probe_none" else name for name in self.units)


CASES = {
    "v20": Case(("v20", "v20 cq_int", "v20 cu_isr", "v20 cu_dma", "v20 dataflow", "v20 dataflow cu_isr")),
    "v30": Case(("v30", "v30 cq_int", "v30 intr")),
    "host": Case(("host",)),
    "adapters": Case(("host",), (ADAPTED, ADAPTED, "probe", "probe_chain")),
}
FULL = Case(
    ("v20 dataflow",),
    # No probe_none: it never stops, and neither would the clock of the large card.
    ("probe",) * 100 + ("probe_chain",) * 8 + ("probe",) * 20,
    (512,),
    generations=4,
    fill=True,
    covers=False,
)
