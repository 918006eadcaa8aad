# SPDX-License-Identifier: Apache-2.0
"""What a message costs: the hardware mailbox against the software channel, from 64 bytes to 64 MiB.

    python -m bench.mailbox [--rounds N] [--sim icarus|verilator] [--limit SECONDS]

One run measures all paths of a simulator one after the other (see `bench.mailbox_run`); figures are medians
of the rounds. A hardware message that would take longer than the limit is not sent: its cost is what the
largest two measured ones say a packet costs, times its packets, and the table says "extrapolated".
"""

from __future__ import annotations

import argparse
import itertools
import json
import statistics
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.plot import Series, log_log, size_text
from cards.xrt_u200 import TOPS
from pydriver.mailbox.packets import packet_count
from tb import runner

KIB, MIB = 1 << 10, 1 << 20
SIZES = (64, KIB, 16 * KIB, 256 * KIB, MIB, 16 * MIB, 64 * MIB)
PATHS = ("hardware", "relay", "daemons")
LIMIT_S = 10.0
COMPARED = MIB
# The software channel has to carry this much.
LARGEST = 64 * MIB
COLOURS = {
    ("verilator", "hardware"): "#3366cc",
    ("verilator", "relay"): "#66aa00",
    ("verilator", "daemons"): "#109618",
    ("icarus", "hardware"): "#dc6900",
    ("icarus", "relay"): "#c994c7",
    ("icarus", "daemons"): "#990099",
}


@dataclass(frozen=True)
class Cost:
    """Of one message there and its short answer back, in seconds; processor seconds are of all processes."""

    size: int
    processor_s: float
    wall_s: float
    simulated_s: float
    measured: bool = True

    @property
    def rate(self) -> float:
        """Payload bytes per processor second."""
        return self.size / self.processor_s


def run(sim: str, limit_s: float) -> dict[str, list[Cost]]:
    """One measuring run; what messages cost on each path."""
    result = runner.simulate(
        TOPS["fast"],
        "bench.mailbox_run",
        sim,
        name="bench-mailbox",
        waves=False,
        env={
            "HOST": "fast",
            "SIZES": " ".join(map(str, SIZES)),
            "HARDWARE_LIMIT_S": str(limit_s),
            "COCOTB_LOG_LEVEL": "WARNING",
        },
    )
    rows = json.loads((result.directory / "rates.json").read_text())
    return {
        path: [
            Cost(
                row["size"],
                row["processor_s"] + row["others_s"],
                row["wall_s"],
                row["simulated_ns"] / 1e9,
            )
            for row in rows[path]
        ]
        for path in PATHS
    }


def median(runs: list[list[Cost]]) -> list[Cost]:
    """Size by size over the runs, as far as all of them came."""
    return [
        Cost(
            same[0].size,
            statistics.median(cost.processor_s for cost in same),
            statistics.median(cost.wall_s for cost in same),
            statistics.median(cost.simulated_s for cost in same),
        )
        for same in zip(*runs, strict=False)
    ]


def extrapolated(costs: list[Cost]) -> list[Cost]:
    """The measured ones and the larger sizes, by the cost of a packet that the last two show."""
    if len(costs) < 2:
        return costs
    small, large = costs[-2:]
    packets = packet_count(large.size) - packet_count(small.size)
    found = list(costs)
    for size in SIZES[len(costs) :]:
        more = (packet_count(size) - packet_count(large.size)) / packets
        found.append(
            Cost(
                size,
                large.processor_s + more * (large.processor_s - small.processor_s),
                large.wall_s + more * (large.wall_s - small.wall_s),
                large.simulated_s + more * (large.simulated_s - small.simulated_s),
                measured=False,
            )
        )
    return found


def crossover(hardware: list[Cost], software: list[Cost], seconds: Callable[[Cost], float]) -> str:
    """From which size on the software channel takes less of `seconds`, on straight lines between sizes."""
    advantages = [
        (hard.size, seconds(hard) - seconds(soft)) for hard, soft in zip(hardware, software, strict=True)
    ]
    if all(advantage >= 0 for _, advantage in advantages):
        return "at every size"
    for (size, before), (next_size, after) in itertools.pairwise(advantages):
        if before < 0 <= after:
            return f"from {size + (next_size - size) * -before / (after - before):,.0f} bytes on"
    return "at no size"


def seconds_text(value: float) -> str:
    """A time with a unit, three figures."""
    for scale, unit in ((1.0, "s"), (1e-3, "ms"), (1e-6, "us")):
        if value >= scale or unit == "us":
            number = value / scale
            return f"{number:,.0f} {unit}" if number >= 1000 else f"{number:.3g} {unit}"
    raise AssertionError


def table_of(sim: str, costs: dict[str, list[Cost]]) -> Table:
    table = Table(title=f"{sim}: a message there, 4 bytes back", title_justify="left")
    for column in ("size", "path", "processor", "bytes/s", "wall", "simulated", "bytes/s sim", ""):
        table.add_column(column, justify="left" if column in ("path", "") else "right", no_wrap=True)
    for index, size in enumerate(SIZES):
        for path in PATHS:
            cost = costs[path][index]
            table.add_row(
                size_text(size) if path == PATHS[0] else "",
                path,
                seconds_text(cost.processor_s),
                f"{cost.rate:,.0f}",
                seconds_text(cost.wall_s),
                seconds_text(cost.simulated_s),
                f"{size / cost.simulated_s:,.0f}",
                "" if cost.measured else "extrapolated",
                end_section=path == PATHS[-1],
            )
    return table


def say_ratios(console: Console, sim: str, costs: dict[str, list[Cost]]) -> None:
    """Round trips of the smallest message, the ratio at 1 MiB and where the paths cross."""
    hardware = costs["hardware"]
    for path in PATHS:
        first = costs[path][0]
        console.print(
            f"{sim}: {path}: {1 / first.processor_s:,.0f} round trips of {size_text(first.size)} per"
            f" processor second, {1 / first.simulated_s:,.0f} per simulated second"
        )
    at = SIZES.index(COMPARED)
    note = "" if hardware[at].measured else " (hardware extrapolated)"
    for path in PATHS[1:]:
        software = costs[path]
        processor = hardware[at].processor_s / software[at].processor_s
        simulated = hardware[at].simulated_s / software[at].simulated_s
        console.print(
            f"{sim}: {path} against hardware at {size_text(COMPARED)}: {processor:,.0f} times the bytes per"
            f" processor second, {simulated:.2g} times per simulated second{note}"
        )
        console.print(
            f"{sim}: {path} takes less processor time than hardware"
            f" {crossover(hardware, software, lambda cost: cost.processor_s)}, less simulated time"
            f" {crossover(hardware, software, lambda cost: cost.simulated_s)}"
        )


def draw(results: dict[str, dict[str, list[Cost]]], target: Path) -> None:
    series = [
        Series(
            f"{path}, {sim}",
            COLOURS[sim, path],
            [(cost.size, cost.rate) for cost in costs[path]],
            sum(cost.measured for cost in costs[path]),
        )
        for sim, costs in results.items()
        for path in PATHS
    ]
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(
        log_log("Mailbox: payload carried", "size of the message", "bytes per processor second", series)
    )


def main() -> int:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--sim", choices=runner.SIMULATORS)
    parser.add_argument(
        "--limit", type=float, default=LIMIT_S, help="longest hardware message, processor seconds"
    )
    arguments = parser.parse_args()
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 110)
    simulators = [arguments.sim] if arguments.sim else list(runner.SIMULATORS)
    results: dict[str, dict[str, list[Cost]]] = {}
    for sim in simulators:
        with console.status(f"building for {sim}"):
            runner.build(TOPS["fast"], sim)
    runs: dict[str, list[dict[str, list[Cost]]]] = {sim: [] for sim in simulators}
    for number in range(arguments.rounds):
        for sim in simulators:
            with console.status(f"{sim}: round {number + 1} of {arguments.rounds}"):
                runs[sim].append(run(sim, arguments.limit))
    for sim in simulators:
        costs = {path: median([one[path] for one in runs[sim]]) for path in PATHS}
        costs["hardware"] = extrapolated(costs["hardware"])
        results[sim] = costs
        console.print(table_of(sim, costs))
        say_ratios(console, sim, costs)
    target = runner.BUILD / "runs" / "bench-mailbox" / "mailbox.svg"
    draw(results, target)
    console.print(f"plot: {target.relative_to(runner.ROOT)}")
    carried = all(costs[path][-1].size == LARGEST for costs in results.values() for path in PATHS[1:])
    console.print(f"[{'green' if carried else 'red'}]{'met   ' if carried else 'MISSED'}[/] 64 MiB carried")
    return 0 if carried else 1


if __name__ == "__main__":
    sys.exit(main())
