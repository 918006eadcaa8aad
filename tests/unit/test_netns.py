# SPDX-License-Identifier: Apache-2.0
"""Private networks: who is inside, and that nothing of them is left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tb.netns import Cable, Namespace, NoNamespaces

ROOT = Path(__file__).resolve().parents[2]
MAKER = """
import time
from tb.netns import Cable
cable = Cable()
print(*(end.pid for end in cable._ends), flush=True)
time.sleep(60)
"""


def gone(pid: int) -> bool:
    """It ended; its entry may wait for a parent that does not ask."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def interfaces(words: list[str]) -> list[str]:
    listing = "import socket; print(*(name for _, name in socket.if_nameindex()))"
    run = subprocess.run(
        [*words, sys.executable, "-c", listing], capture_output=True, text=True, check=True, timeout=20
    )
    return run.stdout.split()


@pytest.fixture
def cable():
    try:
        made = Cable()
    except NoNamespaces as reason:
        pytest.skip(str(reason))
    yield made
    made.close()


def test_a_namespace_has_a_loopback_only():
    try:
        network = Namespace()
    except NoNamespaces as reason:
        pytest.skip(str(reason))
    with network:
        assert interfaces(network.enter()) == ["lo"]
    assert gone(network.pid)


def test_a_cable_has_two_ends_that_reach_each_other(cable):
    for end in (0, 1):
        assert sorted(interfaces(cable.enter(end))) == [f"end{end}", "lo"]
    server = subprocess.Popen(
        [
            *cable.enter(1),
            *[sys.executable, "-c"],
            "import socket, sys\n"
            f"with socket.create_server(('{cable.address(1)}', 0)) as listener:\n"
            "    print(listener.getsockname()[1], flush=True)\n"
            "    print(listener.accept()[1][0])\n",
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert server.stdout is not None
    port = int(server.stdout.readline())
    call = f"import socket; socket.create_connection(('{cable.address(1)}', {port}), 10)"
    subprocess.run([*cable.enter(0), sys.executable, "-c", call], check=True, timeout=20)
    assert server.communicate(timeout=20)[0].strip() == cable.address(0)


def test_nothing_is_left_when_the_maker_is_killed(cable):
    """As a simulation that takes too long is."""
    maker = subprocess.Popen([sys.executable, "-c", MAKER], stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert maker.stdout is not None
    holders = [int(word) for word in maker.stdout.readline().split()]
    assert len(holders) == 2
    assert not any(gone(pid) for pid in holders)
    os.kill(maker.pid, signal.SIGKILL)
    maker.communicate()
    deadline = time.monotonic() + 20
    while not all(gone(pid) for pid in holders):
        assert time.monotonic() < deadline, "somebody still holds the namespaces"
        time.sleep(0.01)
