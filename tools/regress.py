# SPDX-License-Identifier: Apache-2.0
"""The random tests with many seeds: `python -m tools.regress --seeds N`.

Every seed is one pytest run of the tests that draw random numbers, several at once; what fails is
listed with the command that repeats it. Exit status 1 when something failed.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor, as_completed

from rich.console import Console
from rich.progress import Progress

from tb.sources import ROOT

RANDOM_TESTS = [
    "tests/block",
    "tests/system/test_isolation.py",
    "tests/system/test_equivalence.py",
    "tests/system/test_tenant.py",
    "tests/system/test_reset.py",
    "tests/system/test_engines.py",
    "tests/system/test_routes.py",
    "tests/soak",
    "tests/interop/test_sched_em.py",
    *(
        f"tests/unit/test_{name}.py"
        for name in (
            "cu_host",
            "kds_processes",
            "mailbox_faults",
            "mailbox_switched",
            "mgmt_requests",
            "plugins_local",
            "plugins_protected",
            "strip",
            "user_peer_data",
        )
    ),
]


def run_seed(seed: int, simulator: str) -> list[str]:
    """Failing test ids of one seed on one simulator."""
    # Runs write to build/runs/<name>-<sim>: simultaneous seeds need trees of their own.
    tree = ROOT / "build" / "regress" / f"{simulator}-{seed}"
    tree.mkdir(parents=True, exist_ok=True)
    environment = {**os.environ, "SEED": str(seed), "SIM": simulator, "RUNS_DIR": str(tree)}
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "--tb=no",
        "-rf",
        *RANDOM_TESTS,
    ]
    run = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    (tree / "pytest.log").write_text(run.stdout + run.stderr)
    return [line.split()[1] for line in run.stdout.splitlines() if line.startswith("FAILED")]


def main() -> int:
    parser = argparse.ArgumentParser(prog="make regress", description=__doc__)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--first", type=int, default=1000)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    arguments = parser.parse_args()
    console = Console(highlight=False)
    jobs = [(seed, sim) for seed in range(arguments.first, arguments.first + arguments.seeds)
            for sim in ("icarus", "verilator")]  # fmt: skip
    failures: list[tuple[int, str, str]] = []
    started = time.monotonic()
    with ThreadPoolExecutor(arguments.jobs) as pool, Progress(console=console) as progress:
        bar = progress.add_task("seeds", total=len(jobs))
        waiting = {pool.submit(run_seed, seed, sim): (seed, sim) for seed, sim in jobs}
        for future in as_completed(waiting):
            seed, sim = waiting[future]
            failures += [(seed, sim, test) for test in future.result()]
            progress.update(bar, advance=1, description=f"seeds, {len(failures)} failures")
    for seed, sim, test in sorted(failures):
        console.print(
            f"[red]FAILED[/] SEED={seed} SIM={sim} .venv/bin/python -m pytest '{test}'", soft_wrap=True
        )
    console.print(f"{len(jobs)} runs in {time.monotonic() - started:.0f} s, {len(failures)} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
