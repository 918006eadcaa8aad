# SPDX-License-Identifier: Apache-2.0
"""Every mutant must be killed by the test named for it, and by a wrong result, not by a broken build."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tb.sources import ROOT
from tests.mutation.mutant import Mutant
from tests.mutation.mutants import MUTANTS


def _copy_tree(target: Path) -> None:
    """The files of the project (as git sees them), nothing built."""
    shutil.rmtree(target, ignore_errors=True)
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    for name in listed.stdout.splitlines():
        source = ROOT / name
        if source.is_file():
            destination = target / name
            destination.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, destination)


def _run(tree: Path, *nodes: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-x", "--tb=line", "-p", "no:cacheprovider", *nodes],
        cwd=tree,
        env={**os.environ, "SIM": "icarus", "PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=800,
    )


@pytest.mark.mutation
@pytest.mark.timeout(900)
@pytest.mark.parametrize("tier", sorted({mutant.killer.split("/")[1] for mutant in MUTANTS}))
def test_killers_pass_on_an_unchanged_copy(tier: str) -> None:
    """Without this, a copy that is broken for another reason would kill every mutant."""
    tree = ROOT / "build" / "mutants" / f"unchanged_{tier}"
    _copy_tree(tree)
    killers = dict.fromkeys(mutant.killer for mutant in MUTANTS)
    run = _run(tree, *(killer for killer in killers if killer.startswith(f"tests/{tier}/")))
    assert run.returncode == 0, (run.stdout + run.stderr)[-1500:]
    shutil.rmtree(tree)


@pytest.mark.mutation
@pytest.mark.timeout(900)
@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_mutant_is_killed(mutant: Mutant) -> None:
    tree = ROOT / "build" / "mutants" / mutant.name.replace(" ", "_")
    _copy_tree(tree)
    path = tree / mutant.file
    text = path.read_text()
    assert text.count(mutant.old) == 1, f"{mutant.file}: the text to change must occur exactly once"
    text = text.replace(mutant.old, mutant.new)
    if path.suffix == ".py":
        compile(text, mutant.file, "exec")
    path.write_text(text)
    run = _run(tree, mutant.killer)
    output = run.stdout + run.stderr
    assert run.returncode == 1, (
        f"{mutant.killer} did not notice: {mutant.old!r} -> {mutant.new!r}\n{output[-1500:]}"
    )
    assert "BuildError" not in output, f"the mutant does not compile\n{output[-1500:]}"
    assert " failed" in output and "Timeout" not in output, f"killed by a time-out\n{output[-1500:]}"
    shutil.rmtree(tree)
