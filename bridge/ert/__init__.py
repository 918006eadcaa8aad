# SPDX-License-Identifier: Apache-2.0
"""AMD's scheduler firmware as the card's processor: the program around the vendor's library.

XRT ships the firmware compiled for the host, for its emulator. It wants five functions (read and write a
register, interrupts on and off, a step of its loop), and `sched_em.cpp` gives it these, over its standard
streams. It runs in a process of its own, because its state is static and its EXIT ends the process.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from firmware_model.ert.memory_map import CARD, V30_BASE_REGISTER, MemoryMap, v30_build
from pydriver.errors import fail

HERE = Path(__file__).resolve().parent
SOURCE = HERE / "sched_em.cpp"
BUILD = HERE.parent.parent / "build" / "ert"
LIBRARIES = Path("/usr/lib")
PACKAGE = "libxrt1"


@dataclass(frozen=True)
class Build:
    """One of the vendor's builds.

    `memory`: where it believes its peripherals are; `base_register`: the address where it reads `base`.
    """

    name: str
    soname: str
    memory: MemoryMap
    base_register: int | None = None
    base: int = 0
    flags: tuple[str, ...] = ()


_V30_BASE = 0x10000000
"""Any address at which this card has nothing."""

V20 = Build("amd", "libsched_em.so.2", CARD)
V30 = Build(
    "amd-v30",
    "libsched_em_v30.so.2",
    v30_build(_V30_BASE),
    V30_BASE_REGISTER,
    _V30_BASE,
    (f"-DSCHED_V30=0x{v30_build(_V30_BASE).cq:X}",),
)
BUILDS = {build.name: build for build in (V20, V30)}


def library(build: Build) -> Path:
    """The vendor's library. Raises ENOENT, naming the package, when it is not installed."""
    for path in sorted(LIBRARIES.glob(f"*/{build.soname}")):
        return path
    raise fail(
        errno.ENOENT,
        f"AMD's scheduler firmware {build.soname} is not installed; it is in the Debian package {PACKAGE} "
        f"(apt-get install --no-install-recommends {PACKAGE})",
    )


def program(build: Build) -> Path:
    """The program with the firmware, compiled once per content. Raises ENOENT without package or g++."""
    firmware = library(build)
    content = SOURCE.read_bytes() + firmware.read_bytes() + " ".join(build.flags).encode()
    target = BUILD / f"{build.name}-{hashlib.sha256(content).hexdigest()[:12]}"
    if not target.exists():
        compiler = shutil.which("g++")
        if compiler is None:
            raise fail(errno.ENOENT, "no C++ compiler (g++) to build the program around AMD's firmware with")
        target.parent.mkdir(parents=True, exist_ok=True)
        # Two tests may come here at once.
        scratch = target.with_suffix(f".{os.getpid()}.part")
        command = [compiler, "-O1", "-Wall", "-Wextra", "-Werror", "-rdynamic", *build.flags]
        subprocess.run([*command, "-o", str(scratch), str(SOURCE), str(firmware)], check=True, timeout=120)
        scratch.rename(target)
    return target
