# SPDX-License-Identifier: Apache-2.0
"""AMD's scheduler firmware (Debian package libxrt1) and our model of it, each on its own reference card."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bridge import ert as vendor_ert
from bridge.ert.process import VendorFirmware
from firmware_model.ert import Options, v20, v30
from pydriver.ert import Feature
from tests.interop.native import unavailable
from tests.models.ert_card import CSR, INTC, Card
from tests.models.ert_unit import Unit
from tests.models.ert_world import BASE, Core, Host, World
from tests.models.virtual_time import Kernel

BUILDS = {"v20": vendor_ert.V20, "v30": vendor_ert.V30}
RUN = {"v20": v20.run, "v30": v30.run}
# The vendor's emulation build always takes the look-up table form; with one unit v30 looks at bit 1.
OPTIONS = {"v20": Options(force_dsa52=True), "v30": Options(one_unit_on_bit_1=True)}
MER = INTC + 0x1C

Script = Callable[[World], Coroutine[Any, Any, None]]


def program(version: str = "v20") -> Path:
    """The program with the vendor's firmware; the test ends where it cannot be made."""
    try:
        return vendor_ert.program(BUILDS[version])
    except OSError as error:
        unavailable(str(error))


@dataclass(frozen=True)
class Setup:
    """A card: one unit per entry of `runs_ns`; see `tests.models.ert_card.Card`."""

    runs_ns: Sequence[int] = (3000, 3700, 4400)
    chain: bool = False
    first_line: int = 0
    cdma: bool = False
    features: Feature = BASE


@dataclass
class Pair:
    """What the two left behind."""

    vendor: World
    model: World
    snapshots: list[tuple[Any, Any]] = field(default_factory=list)


def play(script: Script, version: str, vendor: bool, setup: Setup) -> World:
    """Run `script` as the host against one of the two firmwares."""
    kernel = Kernel()
    units = [Unit(kernel, run_ns, setup.chain) for run_ns in setup.runs_ns]
    card = Card(kernel, units, cdma=setup.cdma, first_line=setup.first_line)
    world = World(kernel, card, Host(card), setup.features)
    core = Core(card)
    if vendor:
        kernel.spawn(VendorFirmware(BUILDS[version]).run(core))
    else:
        kernel.spawn(RUN[version](core, OPTIONS[version]))
    try:
        kernel.run(script(world))
    finally:
        kernel.close()
    return world


def both(script: Script, version: str, setup: Setup) -> Pair:
    program(version)
    return Pair(play(script, version, True, setup), play(script, version, False, setup))


def writes(world: World, first: int = 0, size: int = 1 << 32) -> list[tuple[int, int]]:
    """(address, value) the firmware wrote in a range, in order."""
    return [(a, v) for kind, a, v in world.card.trace if kind == "W" and first <= a < first + size]


def runs(unit: Unit) -> list[list[tuple[int, int]]]:
    """The registers written for each run, in no particular order of runs."""
    return sorted(sorted(run.items()) for run in unit.runs)


def same_writes(script: Script, version: str = "v20", setup: Setup = Setup()) -> World:
    """Both firmwares write the same values to the same addresses in the same order."""
    pair = both(script, version, setup)
    assert writes(pair.model) == writes(pair.vendor)
    assert len(writes(pair.vendor)) > 0
    assert pair.model.card.cq.memory == pair.vendor.card.cq.memory
    return pair.vendor


def effects(world: World) -> dict[str, Any]:
    """What a host or a unit can tell, whatever the order of commands that waited at the same time."""
    card = world.card
    return {
        "queue": bytes(card.cq.memory),
        "runs": [runs(unit) for unit in card.units],
        "continues": [unit.continues for unit in card.units],
        "unit interrupts": [(unit.gie, unit.ier, unit.isr) for unit in card.units],
        "completions": Counter(world.host.history),
        "status writes": Counter(writes(world, CSR, 0x10)),
        "registers": [w for w in writes(world, CSR + 0x10, 0x1000) if not 0x1C <= w[0] - CSR < 0x2C],
        "copies": Counter(writes(world, CSR + 0x1C, 0x10)),
        "banks": [[bank.isr, bank.ier, bank.master] for bank in card.banks],
    }


def same_effects(script: Script, version: str = "v20", setup: Setup = Setup()) -> World:
    """Both leave the same queue and registers and run the same commands on the same units."""
    pair = both(script, version, setup)
    ours, theirs = effects(pair.model), effects(pair.vendor)
    for name in ours:
        assert ours[name] == theirs[name], name
    return pair.vendor
