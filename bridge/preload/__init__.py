# SPDX-License-Identifier: Apache-2.0
"""Programs written for XRT's device nodes and sysfs, on a simulated machine: the library they preload.

A root directory of `pydriver.devices` is laid out like a machine's `/`. A program that knows nothing of it
(AMD's daemons, a C plugin, `cat`) sees it through a small C library loaded before its own: see `preload.h`.

    subprocess.Popen(["msd"], env=os.environ | preload.environment(root))
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import socket
import subprocess
from contextlib import suppress
from pathlib import Path

from pydriver.devices.client import StrPath
from pydriver.devices.protocol import SocketPlace
from pydriver.errors import fail

HERE = Path(__file__).resolve().parent
BUILD = HERE.parent.parent / "build" / "preload"
FLAGS = ["-std=gnu11", "-D_GNU_SOURCE", "-O2", "-Wall", "-Wextra", "-Werror"]
SHARED = ["-fPIC", "-fvisibility=hidden", "-shared"]


def library() -> Path:
    """The compiled library, made once per content of its sources. Raises ENOENT without a C compiler."""
    sources = sorted(HERE.glob("*.c"))
    content = b"".join(path.read_bytes() for path in [Path(__file__), *sources, *HERE.glob("*.h")])
    target = BUILD / f"cardloop_preload-{hashlib.sha256(content).hexdigest()[:12]}.so"
    if not target.exists():
        compiler = shutil.which("cc") or shutil.which("gcc")
        if compiler is None:
            raise fail(errno.ENOENT, "no C compiler to build the preloaded library with")
        target.parent.mkdir(parents=True, exist_ok=True)
        # Two tests may come here at once.
        scratch = target.with_suffix(f".{os.getpid()}.part")
        command = [compiler, *FLAGS, *SHARED, "-o", str(scratch), *map(str, sources), "-ldl", "-pthread"]
        subprocess.run(command, check=True, timeout=120)
        scratch.rename(target)
    return target


def environment(root: StrPath, journal: StrPath | None = None) -> dict[str, str]:
    """What to add to a program's environment so that it finds the machine `root`.

    `journal`: the file that gets what the program tells syslog (appended); its standard error by default.
    """
    variables = {"LD_PRELOAD": str(library()), "CARDLOOP_ROOT": str(Path(root).resolve())}
    if journal is not None:
        variables["CARDLOOP_SYSLOG"] = str(Path(journal).resolve())
    return variables


def udev_event(root: StrPath, action: str, devpath: str, subsystem: str = "xrt_user") -> int:
    """Tell every program that monitors udev on this machine: `action` is "add" or "remove", `devpath` the
    device's path below /sys. Returns how many were told."""
    message = f"ACTION={action}\0SUBSYSTEM={subsystem}\0DEVPATH={devpath}\0".encode()
    told = 0
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        for monitor in sorted((Path(root) / "run/udev").glob("monitor.*")):
            # A monitor whose program was killed.
            with SocketPlace(monitor) as address, suppress(ConnectionRefusedError):
                sock.sendto(message, address)
                told += 1
    return told
