# SPDX-License-Identifier: Apache-2.0
"""What `bench.ert` measures: schedulers, and how many units and commands in flight."""

from __future__ import annotations

from dataclasses import dataclass

LARGE = {"NUM_SLOTS": 128, "FULL_SLOTS": 8}
"""Parameters of the card: the large one."""
HOST_SCHEDULING = "host"
ALL_CUS = 128
IDLE_CUS = 128
VENDOR_V30_CUS = 32
"""AMD's v30 build cannot reach four of the units from 114 on (docs/ert_firmware.md)."""
LONG_RUN = 25_000
"""Cycles; 100 us."""


@dataclass(frozen=True)
class Scheduler:
    """`choice` as `cards.firmware.identify` takes it, or HOST_SCHEDULING: the embedded scheduler is off.

    `driven`: the units' interrupts are used, to the firmware or to the host.
    """

    choice: str
    driven: bool = False

    @property
    def name(self) -> str:
        return f"{self.choice}, interrupts" if self.driven else self.choice

    @property
    def most_cus(self) -> int:
        """Units it can serve on this card."""
        return VENDOR_V30_CUS if self.choice == "amd-v30" else ALL_CUS


@dataclass(frozen=True)
class Point:
    """`in_flight` commands on `cus` units, each run `delay` cycles longer than the shortest."""

    cus: int
    in_flight: int
    delay: int = 0

    @property
    def name(self) -> str:
        return f"{self.cus}/{self.in_flight}" + (f"/{self.delay}" if self.delay else "")

    @property
    def ordered(self) -> bool:
        """Every unit has one command at a time, so that its order is the same whoever schedules."""
        return self.in_flight <= self.cus

    def commands(self, least: int) -> int:
        """Commands to measure: enough to fill the queue, and `least` that meet a full one."""
        return 2 * self.in_flight if self.delay else least + self.in_flight

    def covers(self, other: Point) -> bool:
        """At least as many units and commands in flight as `other`, of the same length."""
        return self.cus >= other.cus and self.in_flight >= other.in_flight and self.delay == other.delay


IN_FLIGHT = (1, 2, 8, 32, 128)
SWEPT_CUS = (1, 32)
LONG = Point(4, 4, LONG_RUN)
POINTS = (
    *(Point(cus, in_flight) for cus in SWEPT_CUS for in_flight in IN_FLIGHT),
    *(Point(cus, in_flight) for cus in (4, 128) for in_flight in (1, 32, 128)),
    LONG,
)
SCHEDULERS = (
    Scheduler("v20"),
    Scheduler("v20", driven=True),
    Scheduler("v30"),
    Scheduler("v30", driven=True),
    Scheduler(HOST_SCHEDULING),
    Scheduler(HOST_SCHEDULING, driven=True),
    Scheduler("amd"),
    Scheduler("amd-v30"),
)
