# SPDX-License-Identifier: Apache-2.0
"""What a command costs: each scheduler, from 1 to 128 commands in flight and from 1 to 128 compute units.

    python -m bench.ert [--rounds N] [--commands N] [--sim icarus|verilator]

One simulator process measures all schedulers round by round (`bench.ert_run`), so ratios are of the same run;
figures are medians over the rounds. Rates are per processor second of simulator and firmware together.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.ert_figures import FIGURES, FLAT, Cost, Costs, costs, growth, ratio, same_results
from bench.ert_points import HOST_SCHEDULING, IDLE_CUS, LARGE, LONG, POINTS, SCHEDULERS, Scheduler
from bench.plot import Series, log_log
from cards import firmware
from cards.xrt_u200 import TOPS
from tb import runner

REFERENCE = SCHEDULERS[0].name
PLOTTED_CUS = 32
COLOURS = ("#3366cc", "#0099c6", "#109618", "#66aa00", "#dc6900", "#b82e2e", "#990099", "#5574a6")
SHORT = [point for point in POINTS if point != LONG]


def available(console: Console) -> list[Scheduler]:
    """All schedulers but AMD's where they cannot be had; says so."""
    found = []
    for scheduler in SCHEDULERS:
        try:
            if scheduler.choice != HOST_SCHEDULING:
                firmware.identify(scheduler.choice)
        except OSError as error:
            console.print(f"without {scheduler.name}: {error.strerror}")
            continue
        found.append(scheduler)
    return found


def run(sim: str, schedulers: Sequence[Scheduler], rounds: int, commands: int) -> dict[str, Any]:
    """One measuring run: rows of all rounds, and what an idle second costs."""
    plan = {
        "schedulers": [asdict(each) for each in schedulers],
        "points": [asdict(each) for each in POINTS],
        "rounds": rounds,
        "commands": commands,
    }
    result = runner.simulate(
        TOPS["fast"],
        "bench.ert_run",
        sim,
        parameters=LARGE,
        name="bench-ert",
        waves=False,
        env={"PLAN": json.dumps(plan), "COCOTB_LOG_LEVEL": "WARNING"},
        timeout_s=3600,
        live=True,
    )
    found: dict[str, Any] = json.loads((result.directory / "rates.json").read_text())
    return found


def wide_table(title: str, measured: Costs, cell: Any) -> Table:
    """A row per point, a column per scheduler."""
    table = Table(title=title, title_justify="left")
    table.add_column("CUs/in flight", no_wrap=True)
    for name in measured:
        table.add_column(name, justify="right")
    for point in POINTS:
        cells = [cell(each[point]) if point in each else "-" for each in measured.values()]
        table.add_row(point.name if point != LONG else f"{LONG.cus}/{LONG.in_flight}, 100 us", *cells)
    return table


def _latency(cost: Cost) -> str:
    return " ".join(f"{value:.1f}" for value in cost.latency_us)


def cost_table(sim: str, measured: Costs) -> Table:
    """A row per scheduler: what a command costs with one in flight on one unit, and with all of both."""
    table = Table(title=f"{sim}: cost per command, at 1/1 and at the largest", title_justify="left")
    titles = ("processor us", "simulated us", "scheduler accesses", "host accesses", "wake-ups")
    for column in ("scheduler", *titles):
        table.add_column(column, justify="left" if column == "scheduler" else "right")
    for name, each in measured.items():
        short = [point for point in each if point != LONG]
        first, last = each[short[0]], each[max(short, key=lambda point: (point.cus, point.in_flight))]
        table.add_row(
            name,
            f"{first.processor_us:,.0f} {last.processor_us:,.0f}",
            f"{first.simulated_us:.2f} {last.simulated_us:.2f}",
            f"{first.scheduler_accesses:.1f} {last.scheduler_accesses:.1f}",
            f"{first.host_accesses:.1f} {last.host_accesses:.1f}",
            f"{first.wakes:.1f} {last.wakes:.1f}",
        )
    return table


def verdicts(sim: str, measured: Costs, idle: dict[str, dict[str, float]]) -> list[tuple[str, bool]]:
    """What the project promises of its own schedulers, and whether this run kept it."""
    found = []
    for name, each in measured.items():
        if name.startswith("amd"):
            continue
        for title, figure in FIGURES.items():
            worst = growth(each, figure)
            text = f"{sim}: {name}: {title} per command grows {worst.factor:.2f} times"
            if worst.factor > 1.005:
                text += f" ({worst.small.name} to {worst.large.name})"
            found.append((f"{text}, at most {FLAT:.0f}", worst.factor <= FLAT))
    for name, second in idle.items():
        accesses = second["scheduler_accesses"]
        text = (
            f"{sim}: {name}: {accesses:.0f} accesses of the scheduler in an idle second with {IDLE_CUS} units"
        )
        found.append((f"{text}, must be 0", accesses == 0))
    return found


def say_fast_mode(console: Console, sim: str, rows: list[dict[str, Any]], measured: Costs) -> None:
    """The interrupt-driven mode of each scheduler against the polled one."""
    for polled in (each for each in SCHEDULERS if not each.driven):
        driven = f"{polled.choice}, interrupts"
        if driven not in measured or polled.name not in measured:
            continue
        different = same_results(rows, driven, polled.name, POINTS)
        words = f"differ at {', '.join(different)}" if different else "the same results"
        console.print(f"{sim}: {polled.name} polled and with interrupts: {words}")
        both = measured[polled.name].keys() & measured[driven].keys()
        for point in (point for point in (POINTS[0], LONG) if point in both):
            one, other = measured[polled.name][point], measured[driven][point]
            console.print(
                f"  {point.name}: accesses of the scheduler {one.scheduler_accesses:.1f} and"
                f" {other.scheduler_accesses:.1f}, of the host {one.host_accesses:.1f} and"
                f" {other.host_accesses:.1f}, wake-ups {one.wakes:.1f} and {other.wakes:.1f}, median latency"
                f" {one.latency_us[1]:.2f} and {other.latency_us[1]:.2f} us"
            )


def draw(results: dict[str, Costs], target: Path) -> None:
    """Commands per processor second over the commands in flight."""
    series = []
    for sim, measured in results.items():
        for colour, (name, each) in zip(COLOURS, measured.items(), strict=False):
            points = [
                (float(point.in_flight), cost.rate)
                for point, cost in each.items()
                if point.cus == PLOTTED_CUS and point != LONG
            ]
            guessed = len(points)
            series.append(Series(f"{name} ({sim})", colour, points, guessed, dotted=sim == "icarus"))
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(
        log_log(
            f"Commands on {PLOTTED_CUS} compute units of a card with 128",
            "commands in flight",
            "commands per processor second",
            series,
            x_text=lambda value: f"{value:g}",
            x_step=1,
        )
    )


def report(console: Console, sim: str, found: dict[str, Any]) -> tuple[Costs, list[tuple[str, bool]]]:
    """Print what a run found."""
    rows = found["rows"]
    measured = costs(rows, POINTS)
    console.print(
        wide_table(f"{sim}: commands per processor second", measured, lambda cost: f"{cost.rate:,.0f}")
    )
    console.print(
        wide_table(f"{sim}: simulated us from execbuf to poll: least, median, p99", measured, _latency)
    )
    console.print(cost_table(sim, measured))
    for name in measured:
        if name != REFERENCE:
            times = ratio(rows, name, REFERENCE)
            console.print(
                f"{sim}: {name}: {times:.2f} times the commands per processor second of {REFERENCE}"
            )
            different = same_results(rows, name, REFERENCE, POINTS)
            if different:
                console.print(f"{sim}: {name}: other results than {REFERENCE} at {', '.join(different)}")
    say_fast_mode(console, sim, rows, measured)
    for name, second in found["idle"].items():
        console.print(
            f"{sim}: {name}: an idle second with {IDLE_CUS} units: {second['wakes']:.0f} wake-ups,"
            f" {second['host_accesses']:.0f} accesses of the host, {1000 * second['processor_s']:.1f} ms"
        )
    return measured, verdicts(sim, measured, found["idle"])


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.ert", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--commands", type=int, default=32, help="least number of commands per point")
    parser.add_argument("--sim", choices=runner.SIMULATORS)
    arguments = parser.parse_args()
    console = Console(highlight=False)
    schedulers = available(console)
    results: dict[str, Costs] = {}
    promises = []
    for sim in [arguments.sim] if arguments.sim else list(runner.SIMULATORS):
        with console.status(f"building the card with 128 units for {sim}"):
            runner.build(TOPS["fast"], sim, LARGE)
        console.print(f"{sim}: {len(schedulers)} schedulers, {len(POINTS)} points; round 0 warms up")
        found = run(sim, schedulers, arguments.rounds, arguments.commands)
        results[sim], kept = report(console, sim, found)
        promises += kept
    target = runner.BUILD / "runs" / "bench-ert" / "ert.svg"
    draw(results, target)
    console.print(f"plot: {target}")
    for text, good in promises:
        console.print(f"[{'green' if good else 'red'}]{'met   ' if good else 'MISSED'}[/] {text}")
    return 0 if all(good for _, good in promises) else 1


if __name__ == "__main__":
    sys.exit(main())
