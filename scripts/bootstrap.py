#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Set up everything that the project needs, from a machine with Python, make and a C++ compiler.

    bootstrap.py [--interop]

Installs the system packages that are missing (when the rights are there; otherwise says in one
sentence what to run), makes .venv and fills it with the pinned packages of requirements.lock.
Does nothing, quickly, when all that is already there. Uses the standard library only.
"""

from __future__ import annotations

import ctypes.util
import glob
import hashlib
import os
import shutil
import subprocess
import sys
import sysconfig
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
LOCK = ROOT / "requirements.lock"
PROJECT = ROOT / "pyproject.toml"
STAMP = VENV / "bootstrap.stamp"
MIN_PYTHON = (3, 11)
# Builds are slower without the first; the others are for waveforms of Verilator.
OPTIONAL = {"ccache", "liblz4-dev", "zlib1g-dev"}


def say(text: str) -> None:
    print(f"[setup] {text}", flush=True)


def stop(text: str) -> None:
    sys.exit(f"[setup] {text}")


def has_libpython() -> bool:
    """cocotb loads the interpreter into the simulator as a shared library."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    if ctypes.util.find_library(f"python{version}"):
        return True
    directory = sysconfig.get_config_var("LIBDIR") or ""
    return bool(glob.glob(f"{directory}/libpython{version}*.so*"))


def has_venv() -> bool:
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError:
        return False
    return True


def has_pod_usage() -> bool:
    """Verilator's front script is Perl and uses this module, which perl-base lacks."""
    run = subprocess.run(["perl", "-MPod::Usage", "-e", "1"], capture_output=True, check=False)
    return run.returncode == 0


def header(name: str) -> bool:
    return any(os.path.exists(f"{root}/{name}") for root in ("/usr/include", "/usr/local/include"))


def missing_packages(interop: bool) -> list[str]:
    """Debian package names of what is not on this machine."""
    wanted = {
        "iverilog": shutil.which("iverilog") and shutil.which("vvp"),
        "ccache": shutil.which("ccache"),
        "perl": shutil.which("perl") and has_pod_usage(),
        "liblz4-dev": header("lz4.h"),
        "zlib1g-dev": header("zlib.h"),
        "python3-venv": has_venv(),
        "libpython3-dev": has_libpython(),
        "g++": shutil.which("g++"),
        "make": shutil.which("make"),
    }
    if interop:
        wanted["iproute2"] = shutil.which("ip")
        wanted["libxrt1"] = bool(glob.glob("/usr/lib/*/libxrt_coreutil.so.2*"))
        wanted["libxrt-utils"] = shutil.which("msd") and shutil.which("xrt_mpd")
        wanted["util-linux"] = shutil.which("unshare") and shutil.which("nsenter")
        wanted["libxrt-dev"] = header("xrt/xclbin.h") or header("xrt/detail/xclbin.h")
        wanted["uuid-dev"] = header("uuid/uuid.h")
    return [package for package, present in wanted.items() if not present]


def as_root() -> list[str] | None:
    """The words that make a command run as root, or None when there is no way."""
    if os.geteuid() == 0:
        return []
    sudo = shutil.which("sudo")
    if sudo and subprocess.run([sudo, "-n", "true"], capture_output=True, check=False).returncode == 0:
        return [sudo, "-n"]
    return None


def install_system(packages: list[str], required: bool) -> None:
    if not packages:
        return
    command = f"apt-get install -y --no-install-recommends {' '.join(packages)}"
    prefix = as_root()
    if prefix is None or not shutil.which("apt-get"):
        text = f"missing on this machine: {', '.join(packages)}; please run: sudo {command}"
        if required and not OPTIONAL.issuperset(packages):
            stop(text)
        say(text)
        return
    say(f"installing system packages: {' '.join(packages)}")
    apt = [*prefix, "env", "DEBIAN_FRONTEND=noninteractive"]
    for words in (["apt-get", "update", "-q"], command.split()):
        run = subprocess.run([*apt, *words], capture_output=True, text=True, check=False)
        if run.returncode:
            tail = "\n".join((run.stdout + run.stderr).splitlines()[-5:])
            text = f"`{' '.join(words)}` failed:\n{tail}"
            if required:
                stop(text)
            say(text)
            return


def install_python() -> None:
    content = LOCK.read_bytes() + PROJECT.read_bytes() + sys.version.encode() + str(ROOT).encode()
    digest = hashlib.sha256(content).hexdigest()
    if STAMP.exists() and STAMP.read_text() == digest:
        return
    started = time.monotonic()
    if not (VENV / "bin" / "pip").exists():
        say(f"making the virtual environment .venv with Python {sys.version.split()[0]}")
        shutil.rmtree(VENV, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", str(VENV)], check=True)
    say(f"installing {sum('==' in line for line in LOCK.read_text().splitlines())} pinned Python packages")
    pip = [str(VENV / "bin" / "pip"), "install", "--quiet", "--disable-pip-version-check"]
    # The project itself is installed in place, for its console scripts; setuptools comes from the lock.
    project = ["--no-deps", "--no-build-isolation", "--editable", str(ROOT)]
    for what in (["-r", str(LOCK)], project):
        run = subprocess.run([*pip, *what], capture_output=True, text=True, check=False)
        if run.returncode:
            stop(f"pip could not install {what[-1]}:\n" + "\n".join(run.stderr.splitlines()[-8:]))
    STAMP.write_text(digest)
    say(f"Python packages ready after {time.monotonic() - started:.0f} s")


def main() -> None:
    interop = "--interop" in sys.argv[1:]
    if sys.version_info < MIN_PYTHON:
        stop(f"Python {'.'.join(map(str, MIN_PYTHON))} or newer is needed; this is {sys.version.split()[0]}")
    install_system(missing_packages(interop=False), required=True)
    if interop:
        install_system(missing_packages(interop=True), required=False)
    install_python()


if __name__ == "__main__":
    main()
