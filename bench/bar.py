# SPDX-License-Identifier: Apache-2.0
"""BAR, download and command rates: the fast host against the conformance host on the same card.

    python -m bench.bar [--rounds N] [--sim icarus|verilator]

Rounds are interleaved (fast, conformance, fast, ...), figures are medians, ratios are taken in the same run.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from collections import defaultdict

from rich.console import Console
from rich.table import Table

from cards.xrt_u200 import TOPS
from tb import runner

# The conformance host is slower by the ratio that is measured; it gets as much less to do.
SCALES = {"fast": 1.0, "conformance": 0.06}
TARGETS = {"verilator": 20.0, "icarus": 10.0}
MIN_VERILATOR_READS = 5_000
READS = "BAR dword reads/s"
IDLE_SECOND = "idle simulated second, wall s"


def run(sim: str, host: str) -> dict[str, float]:
    """One measuring run; rates by name."""
    result = runner.simulate(
        TOPS[host],
        "bench.measure",
        sim,
        name=f"bench-{host}",
        waves=False,
        env={"HOST": host, "SCALE": str(SCALES[host]), "COCOTB_LOG_LEVEL": "WARNING"},
    )
    rates: dict[str, float] = json.loads((result.directory / "rates.json").read_text())
    return rates


def medians(runs: list[dict[str, float]]) -> dict[str, float]:
    return {name: statistics.median(one[name] for one in runs) for name in runs[0]}


def table_of(sim: str, fast: dict[str, float], conformance: dict[str, float]) -> Table:
    table = Table(title=f"{sim}, per processor second, medians", title_justify="left")
    for title in ("figure", "fast host", "conformance host", "ratio"):
        table.add_column(title, justify="left" if title == "figure" else "right")
    for name, value in fast.items():
        other = conformance.get(name)
        if name == IDLE_SECOND:
            table.add_row(name, f"{value:.4f}", "-", "-")
        elif other is None:
            table.add_row(name, f"{value:,.0f}", "-", "-")
        else:
            table.add_row(name, f"{value:,.0f}", f"{other:,.0f}", f"{value / other:.1f}")
    return table


def verdicts(sim: str, fast: dict[str, float], conformance: dict[str, float]) -> list[tuple[str, bool]]:
    """What the project promises, and whether this run kept it."""
    ratio = fast[READS] / conformance[READS]
    found = [
        (
            f"{sim}: BAR reads {ratio:.1f} times the conformance host's (target {TARGETS[sim]:.0f})",
            ratio >= TARGETS[sim],
        ),
        (
            f"{sim}: idle simulated second in {fast[IDLE_SECOND]:.4f} s (target below 1)",
            fast[IDLE_SECOND] < 1,
        ),
    ]
    if sim == "verilator":
        text = f"{sim}: {fast[READS]:,.0f} BAR reads/s (target {MIN_VERILATOR_READS:,})"
        found.append((text, fast[READS] >= MIN_VERILATOR_READS))
    return found


def main() -> int:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--sim", choices=runner.SIMULATORS)
    arguments = parser.parse_args()
    console = Console(highlight=False)
    promises = []
    for sim in [arguments.sim] if arguments.sim else list(runner.SIMULATORS):
        for top in TOPS.values():
            with console.status(f"building {top} for {sim}"):
                runner.build(top, sim)
        runs: dict[str, list[dict[str, float]]] = defaultdict(list)
        for number in range(arguments.rounds):
            for host in TOPS:
                with console.status(f"{sim}: {host} host, round {number + 1} of {arguments.rounds}"):
                    runs[host].append(run(sim, host))
        fast, conformance = medians(runs["fast"]), medians(runs["conformance"])
        console.print(table_of(sim, fast, conformance))
        promises += verdicts(sim, fast, conformance)
    for text, kept in promises:
        console.print(f"[{'green' if kept else 'red'}]{'met   ' if kept else 'MISSED'}[/] {text}")
    return 0 if all(kept for _, kept in promises) else 1


if __name__ == "__main__":
    sys.exit(main())
