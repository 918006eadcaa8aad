# SPDX-License-Identifier: Apache-2.0
"""What the measured rows say: costs per command, growth over slots and units, ratios of schedulers."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from bench.ert_points import Point

Row = dict[str, Any]
LONGEST_PAUSE_US = 2.0
"""Pause between two looks, of the polled firmware and of the polling host (both defaults)."""
FLAT = 2.0
"""A cost that grows from a to a + b is called flat while b < a: all slots and units that were added cost a
command less than the command itself. A bus access per slot would make eleven times as many of a dozen."""


@dataclass(frozen=True)
class Cost:
    """Of one command; medians over the rounds. `latency_us`: least, median and 99th percentile."""

    processor_us: float
    simulated_us: float
    scheduler_accesses: float
    host_accesses: float
    wakes: float
    latency_us: tuple[float, float, float]

    @property
    def rate(self) -> float:
        """Commands per processor second."""
        return 1e6 / self.processor_us


Costs = dict[str, dict[Point, Cost]]
"""Scheduler -> point -> cost."""


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least `share` of the values do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, -(-int(len(ordered) * share * 1000) // 1000) - 1)]


def _processor_us(row: Row) -> float:
    return float(1e6 * (row["processor_s"] + row["others_s"]) / row["commands"])


def costs(rows: Sequence[Row], points: Sequence[Point]) -> Costs:
    """Round 0 gives the wake-ups, the others, if there are, the rest."""
    found: Costs = {}
    first = min(1, max((row["round"] for row in rows), default=0))
    for name in dict.fromkeys(row["scheduler"] for row in rows):
        for point in points:
            same = [row for row in rows if row["scheduler"] == name and row["point"] == point.name]
            counted = [row for row in same if row["round"] == 0]
            timed = [row for row in same if row["round"] >= first]
            if not counted or not timed:
                continue
            latencies = [ns / 1000 for row in timed for ns in row["latencies_ns"]]
            per = [
                [row[key] / row["commands"] for row in timed]
                for key in ("simulated_ns", "scheduler_accesses", "host_accesses")
            ]
            found.setdefault(name, {})[point] = Cost(
                statistics.median(_processor_us(row) for row in timed),
                statistics.median(per[0]) / 1000,
                statistics.median(per[1]),
                statistics.median(per[2]),
                counted[0]["wakes"] / counted[0]["commands"],
                (min(latencies), statistics.median(latencies), percentile(latencies, 0.99)),
            )
    return found


def ratio(rows: Sequence[Row], name: str, other: str) -> float:
    """Rate of `name` over that of `other`: pairs of the same round and point, their median."""
    first = min(1, max(row["round"] for row in rows))
    rates = {
        (row["scheduler"], row["round"], row["point"]): 1 / _processor_us(row)
        for row in rows
        if row["round"] >= first
    }
    pairs = [
        value / rates[other, *rest]
        for (scheduler, *rest), value in rates.items()
        if scheduler == name and (other, *rest) in rates
    ]
    return statistics.median(pairs)


@dataclass(frozen=True)
class Growth:
    """The largest growth of a figure between two points of which one has no fewer slots and units."""

    factor: float
    small: Point
    large: Point


def growth(measured: dict[Point, Cost], figure: Callable[[Cost], float]) -> Growth:
    """How much the figure grows; a factor of 1 when it only falls, or is nothing anywhere."""
    pairs = [
        Growth(figure(measured[large]) / figure(measured[small]), small, large)
        for small in measured
        for large in measured
        if large.covers(small) and figure(measured[small])
    ]
    return max(pairs, key=lambda each: each.factor, default=Growth(1.0, Point(1, 1), Point(1, 1)))


FIGURES: dict[str, Callable[[Cost], float]] = {
    "processor time": lambda cost: cost.processor_us,
    # A unit that is polled is looked at once per pause: that long every command may take.
    "simulated time": lambda cost: max(cost.simulated_us, LONGEST_PAUSE_US),
    "scheduler's bus accesses": lambda cost: cost.scheduler_accesses,
    "host's accesses": lambda cost: cost.host_accesses,
    "Python wake-ups": lambda cost: cost.wakes,
}


def same_results(rows: Sequence[Row], name: str, other: str, points: Sequence[Point]) -> list[str]:
    """Points at which two schedulers ran something else: counts everywhere, digests where order is fixed."""
    at = {(row["scheduler"], row["point"]): row for row in rows if row["round"] == 0}
    different = []
    for point in points:
        mine, theirs = at.get((name, point.name)), at.get((other, point.name))
        if mine is None or theirs is None:
            continue
        if mine["runs"] != theirs["runs"] or (point.ordered and mine["digests"] != theirs["digests"]):
            different.append(point.name)
    return different
