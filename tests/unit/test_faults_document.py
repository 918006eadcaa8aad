# SPDX-License-Identifier: Apache-2.0
"""docs/faults.md names tests that exist, and all those which exist for nothing else."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = (ROOT / "docs/faults.md").read_text()
NODES = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", DOCUMENT)
ROWS = [
    line
    for line in DOCUMENT.splitlines()
    if line.startswith("| ") and not re.match(r"\| (Fault|Thread|What) ", line)
]


def functions(path: Path) -> set[str]:
    """Names of the functions of a module."""
    tree = ast.parse(path.read_text())
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def cocotb_tests(path: Path) -> set[str]:
    """Names of the functions that a decorator `cocotb.test` makes tests."""
    tree = ast.parse(path.read_text())
    return {
        node.name
        for node in tree.body
        if isinstance(node, ast.AsyncFunctionDef)
        and any("cocotb.test" in ast.unparse(decorator) for decorator in node.decorator_list)
    }


@pytest.mark.parametrize("file", sorted({file for file, _ in NODES}))
def test_every_test_of_the_table_exists(file: str) -> None:
    path = ROOT / file
    assert path.exists()
    known = cocotb_tests(path) if file.endswith("_tb.py") else functions(path)
    for name in (name for other, name in NODES if other == file):
        assert name in known, f"{file} has no test {name}"
        assert file.endswith("_tb.py") or name.startswith("test_")


def test_every_fault_has_a_test() -> None:
    times = DOCUMENT.partition("## The times")[2].partition("## Messages")[0]
    rows = [row for row in ROWS if row not in times]
    assert len(rows) > 40
    for row in rows:
        assert "`tests/" in row, row


def test_no_test_is_missing() -> None:
    named = set(NODES)
    expected = {
        ("tests/system/faults_tb.py", name) for name in cocotb_tests(ROOT / "tests/system/faults_tb.py")
    }
    for path in sorted((ROOT / "tests/museum").glob("test_*.py")):
        tests = {name for name in functions(path) if name.startswith("test_")}
        assert tests
        expected |= {(str(path.relative_to(ROOT)), name) for name in tests}
    assert expected <= named, sorted(expected - named)
