# SPDX-License-Identifier: Apache-2.0
"""Every static check of the project: `python -m tools.lint`; exit status 1 when one fails."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

from tb import runner, sources

PYTHON_DIRS = [
    *("pydriver", "firmware_model", "bridge", "cards", "tb", "tools", "scenarios", "examples", "bench"),
    *("tests", "scripts"),
]
SPDX = "SPDX-License-Identifier: Apache-2.0"


def _run(name: str, command: list[str], env: dict[str, str] | None = None) -> list[str]:
    run = subprocess.run(command, cwd=sources.ROOT, env=env, capture_output=True, text=True, check=False)
    if run.returncode == 0:
        return []
    return [f"{name}: failed", *(run.stdout + run.stderr).strip().splitlines()[-40:]]


def lint_module(name: str) -> list[str]:
    """`verilator -Wall` on one module as top; it pulls in what it instantiates."""
    files = [str(path) for path in sources.resolve(name)]
    env = {key: value for key, value in runner.tool_environment("verilator").items() if value is not None}
    command = ["verilator", "--lint-only", "-Wall", "--timing", "--top-module", name, *files]
    return _run(f"verilator -Wall {name}", command, {**os.environ, **env})


def check_files() -> list[str]:
    """Licence lines, file names and import rules that no other tool looks at."""
    found = []
    tracked = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"],
        cwd=sources.ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    for name in tracked:
        path = sources.ROOT / name
        if path.suffix not in {".sv", ".py", ".rdl", ".vlt", ".c", ".cpp"} or not path.exists():
            continue
        text = path.read_text()
        if SPDX not in text[:300]:
            found.append(f"{name}: no SPDX line at the top")
        if name.startswith(("pydriver/", "firmware_model/")) and re.search(
            r"^\s*(from|import)\s+(cocotb\w*|tb)\b", text, re.MULTILINE
        ):
            found.append(f"{name}: drivers and firmware must not import the simulator")
        if path.suffix == ".sv" and not re.search(
            rf"^\s*(module|package)\s+{path.stem}\b", text, re.MULTILINE
        ):
            found.append(f"{name}: file name and module name differ")
    return found


def main() -> int:
    # Of the test bench only the tops: a monitor looks into the card and makes no sense alone.
    tops = [
        name
        for name, path in sources.index().items()
        if path.is_relative_to(sources.ROOT / "hdl") or name.startswith("tb_")
    ]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        jobs = [
            pool.submit(_run, "ruff", [sys.executable, "-m", "ruff", "check", *PYTHON_DIRS]),
            pool.submit(_run, "mypy", [sys.executable, "-m", "mypy"]),
            pool.submit(_run, "generated registers", [sys.executable, "-m", "tools.regs", "--check"]),
            pool.submit(check_files),
            *[pool.submit(lint_module, name) for name in tops if not name.endswith("_pkg")],
        ]
        failures = [line for job in jobs for line in job.result()]
    print(
        "\n".join(failures)
        if failures
        else f"lint: clean ({len(tops)} RTL files, {len(PYTHON_DIRS)} Python trees)"
    )
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
