# SPDX-License-Identifier: Apache-2.0
"""`make sim`: run one scenario on the card and say in one screen how it went.

    python -m scenarios.run --sim verilator --scenario hello --host fast

Exit status: 0 when every step passed, 1 when one failed, 2 when the card did not build.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import shutil
import subprocess
import sys
import time
from importlib import resources
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.panel import Panel
from rich.table import Table

from tb import gtkwave, runner
from tb.timeline import format_time
from tools.kernels import DescriptionError
from tools.kernels.own import prepare

TOPS = {"fast": "tb_fast", "conformance": "tb_conformance"}


def scenario_names() -> list[str]:
    """Every module of this package that is a scenario (its docstring is its description)."""
    names = [Path(item.name).stem for item in resources.files("scenarios").iterdir()]
    return sorted(name for name in names if name.startswith("scenario_"))


def find_scenario(name: str) -> str | None:
    """The module of a scenario, None when there is none: `hello` is of this package, `a.b` is any module."""
    if "." not in name:
        module = f"scenario_{name.replace('-', '_')}"
        return f"scenarios.{module}" if module in scenario_names() else None
    try:
        return name if importlib.util.find_spec(name) else None
    except ModuleNotFoundError:
        return None


def summary_table(report: dict[str, Any]) -> Table:
    """Steps with times and BAR accesses, as the run wrote them."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title, justify in (
        ("step", "left"),
        ("simulated", "right"),
        ("wall", "right"),
        ("BAR accesses", "right"),
    ):
        table.add_column(title, justify=justify)
    for step in report["steps"]:
        mark = "[green]✔[/]" if step["ok"] else "[red]✘[/]"
        table.add_row(
            f"{mark} {escape(step['title'])}",
            format_time(step["sim_ns"]),
            f"{step['wall_s']:.2f} s",
            f"{step['accesses']:,}",
        )
    return table


def traffic_table(report: dict[str, Any]) -> Table:
    """Transactions per block, both functions."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("block", "reads", "writes"):
        table.add_column(title, justify="left" if title == "block" else "right")
    for row in report["traffic"]:
        table.add_row(row["block"], *(f"{row[key]:,}" for key in ("reads", "writes")))
    return table


def _short(path: Path) -> Path:
    """The path as seen from the project, where it lies inside."""
    return path.relative_to(runner.ROOT) if path.is_relative_to(runner.ROOT) else path


def show(console: Console, report: dict[str, Any], wall_s: float, directory: Path, wave: Path | None) -> None:
    console.print()
    console.print(summary_table(report))
    console.print()
    console.print(traffic_table(report))
    console.print()
    ok = report["ok"]
    rate = report["sim_ns"] / 1e3 / max(report["wall_s"], 1e-9)
    lines = [
        f"[bold {'green' if ok else 'red'}]{'PASS' if ok else 'FAIL'}[/]  {escape(report['verdict'])}",
        f"{format_time(report['sim_ns'])} simulated in {report['wall_s']:.1f} s ({rate:,.0f} us per second), "
        f"{wall_s:.1f} s with start-up; {report['accesses']:,} BAR accesses; seed {report['seed']}",
        f"timeline  {_short(directory / 'timeline.html')}",
        f"log       {_short(directory / 'sim.log')}",
    ]
    if wave:
        lines.append(f"waves     {_short(wave)} (make waves opens it)")
    console.print(Panel("\n".join(lines), expand=False, border_style="green" if ok else "red"))


def main() -> int:
    parser = argparse.ArgumentParser(prog="make sim", description=__doc__)
    parser.add_argument("--sim", choices=runner.SIMULATORS, default="verilator")
    parser.add_argument(
        "--scenario", default="hello", help="one of this package, or the dotted name of a module of yours"
    )
    parser.add_argument(
        "--kernel", type=Path, help="folder with a kernel of yours (docs/bring_your_own.md): a card with it"
    )
    parser.add_argument("--host", choices=sorted(TOPS), default="fast")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--waves", action="store_true", help="write an FST of the whole card")
    parser.add_argument("--open", action="store_true", help="open GTKWave on it")
    parser.add_argument("--timeout", type=int, default=600, help="wall seconds for the simulation")
    arguments = parser.parse_args()
    console = Console(highlight=False)
    extra: tuple[Path, ...] = ()
    own: dict[str, str] = {}
    if arguments.kernel:
        arguments.scenario = "kernel"
        try:
            prepared = prepare(arguments.kernel)
        except DescriptionError as error:
            console.print(f"[red]{escape(str(error))}[/]", soft_wrap=True)
            return 2
        extra, own = prepared.sources, {"KERNEL_DIR": str(arguments.kernel.resolve())}
    module = find_scenario(arguments.scenario)
    if module is None:
        known = ", ".join(name.removeprefix("scenario_").replace("_", "-") for name in scenario_names())
        console.print(f"[red]no scenario {arguments.scenario!r}[/]; there is: {known}")
        return 2
    top = TOPS[arguments.host]
    console.rule(f"cardloop  {arguments.scenario} on {arguments.sim}, {arguments.host} host")
    started = time.monotonic()
    try:
        with console.status(f"building the card for {arguments.sim} (the first time takes a minute)"):
            runner.build(top, arguments.sim, waves=arguments.waves, extra=extra)
    except runner.BuildError as error:
        console.print(f"[red]{escape(str(error))}[/]", soft_wrap=True)
        return 2
    console.print(f"[dim]card ready after {time.monotonic() - started:.1f} s[/]")
    name = f"{module.rsplit('.', 1)[-1].removeprefix('scenario_')}-{arguments.host}"
    if arguments.kernel:
        name = f"kernel-{prepared.kernel.name}-{arguments.host}"
    started = time.monotonic()
    failure: runner.SimulationError | None = None
    try:
        runner.simulate(
            top,
            "scenarios.entry",
            arguments.sim,
            name=name,
            seed=arguments.seed,
            waves=arguments.waves,
            env={
                "SCENARIO_MODULE": module,
                "HOST": arguments.host,
                # The conformance host warns of every place in the bus where nothing is.
                "COCOTB_LOG_LEVEL": "ERROR",
                "GPI_LOG_LEVEL": "ERROR",
                "FORCE_TTY": str(int(sys.stdout.isatty())),
                **own,
            },
            extra=extra,
            timeout_s=arguments.timeout,
            live=True,
        )
    except runner.SimulationError as error:
        failure = error
    directory = runner.run_directory(name, arguments.sim)
    wave = directory / "dump.fst"
    path = directory / "report.json"
    length_ns = 0.0
    if path.exists():
        report = json.loads(path.read_text())
        length_ns = report["sim_ns"]
        report["ok"] = report["ok"] and failure is None
        show(console, report, time.monotonic() - started, directory, wave if wave.exists() else None)
    if arguments.waves and wave.exists():
        save = gtkwave.write_save_file(wave, length_ns)
        if arguments.open:
            if shutil.which("gtkwave"):
                subprocess.Popen(["gtkwave", str(wave), str(save)])
            else:
                console.print("GTKWave is not installed: sudo apt-get install gtkwave")
    if failure is not None:
        console.print(f"[red]{escape(str(failure))}[/]", soft_wrap=True)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
