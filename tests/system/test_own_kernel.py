# SPDX-License-Identifier: Apache-2.0
"""`make sim KERNEL=FOLDER` as a user sees it: a kernel of his own, and descriptions that are wrong."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tb.runner import ROOT
from tests.system.test_flow import scenario

SAXPY = ROOT / "examples" / "saxpy"


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """The example, somewhere else."""
    return Path(shutil.copytree(SAXPY, tmp_path / "mine"))


def test_example(sim: str, own: Path, tmp_path: Path) -> None:
    run = scenario(tmp_path / "runs", "--sim", sim, "--kernel", str(own), timeout_s=600)
    assert run.returncode == 0, run.stdout + run.stderr
    report = json.loads((tmp_path / "runs" / f"kernel-saxpy-fast-{sim}" / "report.json").read_text())
    assert report["ok"] and report["verdict"] == "203 words of y += 3000000019 x are right, twice"


def test_wrong_result_is_a_failure(own: Path, tmp_path: Path) -> None:
    app = own / "app.py"
    app.write_text(app.read_text().replace("expected = (right +", "expected = (1 + right +"))
    run = scenario(tmp_path / "runs", "--sim", "icarus", "--kernel", str(own))
    assert run.returncode == 1 and "203 words are wrong" in run.stdout


@pytest.mark.parametrize(
    ("change", "code", "message"),
    [
        (("krnl_saxpy.sv", ".ap_done(state == DONE)", ".ap_done(1'b0)"), 1, "not ended after 1 ms"),
        (("krnl_saxpy.sv", "left <= left -", "lift <= left -"), 2, "Could not find variable ``lift"),
        (("app.py", "async def run", "def run"), 1, "outside async function"),
        (("app.py", 'uuid, "saxpy"', 'uuid, "saxpi"'), 1, "the image has no kernel saxpi (app.py:"),
    ],
)
def test_what_a_beginner_does(
    own: Path, tmp_path: Path, change: tuple[str, str, str], code: int, message: str
) -> None:
    """The cause is on the screen, with file and line, and soon."""
    file, old, new = change
    path = own / file
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new, 1))
    run = scenario(tmp_path / "runs", "--sim", "icarus", "--kernel", str(own), timeout_s=120)
    shown = " ".join(run.stdout.replace("│", " ").split())
    assert run.returncode == code and message in shown, shown


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("kernel.toml", "type = 128", "typ = 128"), "kernel.toml: typ: unknown key"),
        (("kernel.toml", "type = 128", "type = 6"), "type: 6 is in use by"),
        (
            ("kernel.toml", "offset = 0x30", "offset = 0x28"),
            "n: offset: 0x28 lies inside argument a",
        ),
        (("krnl_saxpy.sv", "irq,", "interrupt,"), "krnl_saxpy has no port irq"),
    ],
)
def test_wrong_description(own: Path, tmp_path: Path, change: tuple[str, str, str], message: str) -> None:
    file, old, new = change
    path = own / file
    path.write_text(path.read_text().replace(old, new, 1))
    run = scenario(tmp_path / "runs", "--kernel", str(own))
    assert run.returncode == 2
    assert message in run.stdout.replace("\n", "") and "Traceback" not in run.stdout + run.stderr


def test_missing_module(own: Path, tmp_path: Path) -> None:
    (own / "krnl_saxpy.sv").unlink()
    run = scenario(tmp_path / "runs", "--kernel", str(own))
    assert run.returncode == 2 and "there is no file krnl_saxpy.sv" in run.stdout


def test_missing_program(own: Path, tmp_path: Path) -> None:
    (own / "app.py").unlink()
    run = scenario(tmp_path / "runs", "--sim", "icarus", "--kernel", str(own))
    assert run.returncode == 2 and "app.py is missing" in run.stdout
