# SPDX-License-Identifier: Apache-2.0
"""`make sim` as a user sees it: exit status, summary, report, timeline, waves."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tb.gtkwave import signal_names
from tb.runner import ROOT

STEPS = 11


def scenario(runs: Path, *arguments: str, timeout_s: int = 280) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "scenarios.run", *arguments]
    env = {**os.environ, "RUNS_DIR": str(runs)}
    return subprocess.run(
        command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=timeout_s, check=False
    )


@pytest.mark.parametrize("host", ["fast", "conformance"])
def test_hello(sim: str, host: str, tmp_path: Path) -> None:
    run = scenario(tmp_path, "--sim", sim, "--host", host)
    assert run.returncode == 0, run.stdout + run.stderr
    directory = tmp_path / f"hello-{host}-{sim}"
    report = json.loads((directory / "report.json").read_text())
    assert report["ok"] and len(report["steps"]) == STEPS and all(step["ok"] for step in report["steps"])
    assert report["sim_ns"] > 100_000 and report["accesses"] > 5_000
    assert "PASS" in run.stdout and report["steps"][-1]["title"] in run.stdout
    assert report["verdict"][:30] in run.stdout
    assert "MAILBOX" in run.stdout, "traffic per block"
    timeline = (directory / "timeline.html").read_text()
    assert timeline.startswith("<!doctype html>") and "mailbox" in timeline and "</table>" in timeline
    assert (directory / "sim.log").stat().st_size > 0, "the log that the summary names"


def test_waves(sim: str, tmp_path: Path) -> None:
    run = scenario(tmp_path, "--sim", sim, "--scenario", "tests.system.scenario_fails", "--waves")
    assert run.returncode == 1, run.stdout + run.stderr
    directory = tmp_path / f"fails-fast-{sim}"
    wave = directory / "dump.fst"
    assert wave.stat().st_size > 1000
    names = signal_names(wave)
    assert len(names) > 1000
    save = wave.with_suffix(".gtkw").read_text()
    shown = [line for line in save.splitlines() if re.match(r"^[\w.]+(\[\d+:\d+\])?$", line)]
    assert len(shown) > 30
    assert set(shown) <= names
    assert any(name.endswith("s_axis_cq_tdata[255:0]") for name in shown)


def test_failing_step(sim: str, tmp_path: Path) -> None:
    run = scenario(tmp_path, "--sim", sim, "--scenario", "tests.system.scenario_fails")
    assert run.returncode == 1
    assert "✘ expect the impossible" in run.stdout and "✔ power on" in run.stdout
    assert "FAIL" in run.stdout and "0x786e6c78" in run.stdout
    report = json.loads((tmp_path / f"fails-fast-{sim}" / "report.json").read_text())
    assert not report["ok"] and [step["ok"] for step in report["steps"]] == [True, False]


@pytest.mark.parametrize("name", ["nonsense", "tests.system.nonsense", "no.such.package"])
def test_unknown_scenario(name: str, tmp_path: Path) -> None:
    run = scenario(tmp_path, "--scenario", name)
    assert run.returncode == 2
    assert name in run.stdout and "hello" in run.stdout
