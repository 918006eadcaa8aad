# SPDX-License-Identifier: Apache-2.0
"""The vendor's firmware in its process: one that dies or says nothing ends the run with a clear error."""

from __future__ import annotations

import errno
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from bridge import ert as vendor_ert
from bridge.ert import link as link_module
from bridge.ert import process as process_module
from bridge.ert.process import VendorFirmware
from pydriver.platform.virtual import VirtualClock
from tests.unit.raising import raises

HEAD = """#!{python}
import os, signal, struct, sys, time
def say(letter, addr=0, value=0): os.write(1, struct.pack("<III", ord(letter), addr, value))
def hear(): return struct.unpack("<I", os.read(0, 4))[0]
"""
UNIT = 0x1234_0000
"""An address that both memory maps leave alone."""


class FakeCore:
    """A processor with one register; every access takes time."""

    def __init__(self, clock: VirtualClock) -> None:
        self.clock = clock
        self.bus = self
        self.writes: list[tuple[int, int]] = []

    async def read32(self, addr: int) -> int:
        await self.clock.sleep_ns(40)
        return addr + 1

    async def write32(self, addr: int, value: int) -> None:
        await self.clock.sleep_ns(40)
        self.writes.append((addr, value))

    def interrupt_pending(self) -> bool:
        return False


def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, body: str, silence_s: float = 20) -> FakeCore:
    """Run a firmware that does `body`."""
    program = tmp_path / "firmware"
    program.write_text(HEAD.format(python=sys.executable) + body)
    program.chmod(0o755)
    monkeypatch.setattr(process_module, "program", lambda _: program)
    monkeypatch.setattr(link_module, "SILENCE_S", silence_s)
    monkeypatch.setattr(link_module, "END_S", 0.3)
    clock = VirtualClock()
    core = FakeCore(clock)
    firmware: Any = VendorFirmware(vendor_ert.V20).run(core)  # type: ignore[arg-type]
    clock.run(firmware)
    return core


def test_a_firmware_that_ends_by_itself(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    body = f"say('R', {UNIT}); value = hear(); say('L'); hear(); say('W', {UNIT + 4}, value)\n"
    core = run(monkeypatch, tmp_path, body)
    assert core.writes == [(UNIT + 4, UNIT + 1)]


def test_one_that_dies_is_named_with_exit_code_and_last_access(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    body = f"say('R', {UNIT}); hear(); say('W', {UNIT}, 7); sys.exit(3)\n"
    with raises(errno.EIO, r"\(amd\) ended with exit code 3, after a write of 0x7 to 0x12340000"):
        run(monkeypatch, tmp_path, body)


def test_one_that_is_killed_is_named_too(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with raises(errno.EIO, "ended with exit code -9, before its first access"):
        run(monkeypatch, tmp_path, "os.kill(os.getpid(), signal.SIGKILL)\n")


def test_one_that_breaks_off_within_a_message(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with raises(errno.EIO, "exit code 0, after a read of 0x12340000"):
        run(monkeypatch, tmp_path, f"say('R', {UNIT}); hear(); os.write(1, b'half')\n")


@pytest.mark.parametrize("how", ["time.sleep(60)", "os.kill(os.getpid(), signal.SIGSTOP)"])
def test_one_that_says_nothing_does_not_hang_the_simulation(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, how: str
) -> None:
    begin = time.monotonic()
    with raises(errno.ETIMEDOUT, "has said nothing for 1 s, after a read of 0x12340000"):
        run(monkeypatch, tmp_path, f"say('R', {UNIT}); hear(); {how}\n", silence_s=1)
    assert time.monotonic() - begin < 10, "it is ended, not waited for"


@pytest.mark.parametrize("then", ["sys.exit(4)", "time.sleep(60)"], ids=["ends", "runs on"])
def test_one_that_takes_no_answer(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, then: str) -> None:
    what = "exit code 4" if "exit" in then else "closed a stream and runs on"
    with raises(errno.EIO, f"{what} and takes no answer, after a read of 0x12340000"):
        run(monkeypatch, tmp_path, f"os.close(0); say('R', {UNIT}); {then}\n")


def test_one_that_closes_its_stream_and_runs_on(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with raises(errno.EIO, "closed a stream and runs on, before its first access"):
        run(monkeypatch, tmp_path, "os.close(1); time.sleep(60)\n")
