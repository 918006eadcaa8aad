# SPDX-License-Identifier: Apache-2.0
"""AMD's scheduler firmware (Debian package libxrt1, `libsched_em.so.2`) on the reference card."""

from __future__ import annotations

import hashlib
import shutil
import struct
import subprocess
from pathlib import Path

from tb.runner import BUILD
from tests.interop.native import unavailable
from tests.models.ert_card import Card

SOURCE = Path(__file__).with_name("sched_em.cpp")
LIBRARY = next(iter(sorted(Path("/usr/lib").glob("*/libsched_em.so.2"))), None)


def program() -> Path:
    """The harness with the firmware in it, compiled once per content; the test ends where it cannot be."""
    if LIBRARY is None:
        unavailable("the Debian package libxrt1 with libsched_em.so.2 is not installed")
    compiler = shutil.which("g++")
    if compiler is None:
        unavailable("no C++ compiler to build the harness around libsched_em with")
    digest = hashlib.sha256(SOURCE.read_bytes() + LIBRARY.read_bytes()).hexdigest()[:12]
    target = BUILD / "interop" / f"sched_em-{digest}"
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        scratch = target.with_suffix(".part")
        command = [compiler, "-O1", "-rdynamic", "-o", str(scratch), str(SOURCE), str(LIBRARY)]
        subprocess.run(command, check=True, timeout=120)
        scratch.rename(target)
    return target


async def run_vendor(card: Card, access_ns: int = 40) -> int:
    """The firmware on the card's bus until it exits (its exit status) or the caller stops the kernel."""
    process = subprocess.Popen([program()], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin is not None and process.stdout is not None
    try:
        while True:
            message = process.stdout.read(12)
            if len(message) < 12:
                return process.wait(timeout=10)
            letter, addr, value = struct.unpack("<III", message)
            await card.kernel.sleep(access_ns)
            match chr(letter):
                case "R":
                    _answer(process, card.mb_read(addr))
                case "W":
                    card.mb_write(addr, value)
                case "L":
                    _answer(process, int(card.mb_irq))
    finally:
        process.kill()
        process.wait()
        process.stdin.close()
        process.stdout.close()


def _answer(process: subprocess.Popen[bytes], value: int) -> None:
    assert process.stdin is not None
    process.stdin.write(struct.pack("<I", value))
    process.stdin.flush()
