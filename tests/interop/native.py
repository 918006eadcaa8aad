# SPDX-License-Identifier: Apache-2.0
"""Programs against AMD's installed headers and libraries, compiled for a test."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import NoReturn

import pytest

HERE = Path(__file__).resolve().parent
INCLUDE = Path("/usr/include/xrt")
NEEDS = "needs libxrt-dev, uuid-dev and g++ (apt-get install --no-install-recommends libxrt-dev uuid-dev g++)"


def unavailable(why: str) -> NoReturn:
    """Skip the test; fail it where the environment says CI, which installs what is needed."""
    if os.environ.get("CI"):
        pytest.fail(why)
    pytest.skip(why)


def compile_against_xrt(source: str, out: Path, *libraries: str) -> Path:
    """Compile `tests/interop/<source>` into the folder `out`; the test ends where packages are missing."""
    compiler = shutil.which("g++" if source.endswith("cpp") else "gcc")
    if (
        compiler is None
        or not (INCLUDE / "xclbin.h").exists()
        or not Path("/usr/include/uuid/uuid.h").exists()
    ):
        unavailable(NEEDS)
    program = out / Path(source).stem
    standard = "-std=c++17" if source.endswith("cpp") else "-std=c11"
    command = [compiler, standard, "-Wall", f"-I{INCLUDE}", str(HERE / source), "-o", str(program)]
    subprocess.run([*command, *(f"-l{library}" for library in libraries)], check=True, timeout=120)
    return program


def run(program: Path, *arguments: str | Path) -> str:
    """Standard output of the program, which must succeed within a minute."""
    done = subprocess.run(
        [program, *arguments], check=True, timeout=60, capture_output=True, text=True, cwd=program.parent
    )
    return done.stdout
