# SPDX-License-Identifier: Apache-2.0
"""Device nodes of a card that belongs to a container: added to the container's cgroup when they appear.

A container that may use the card's render node (its `devices.list` has the node's numbers) is allowed the
sub-device nodes too: `c <major>:<minor> rwm` goes to `devices.allow` beside that list, or to `devices.deny`
when a node is gone (cgroup v1; software mailbox contract §5).
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Iterable
from pathlib import Path

from pydriver.devices import FunctionInfo

SUBDEVICES = (
    "mailbox.u",
    "aximm_mon.u",
    "accel_mon.u",
    "axistream_mon.u",
    "trace_fifo_lite.u",
    "trace_fifo_full.u",
    "trace_funnel.u",
    "trace_s2mm.u",
    "lapc.u",
    "spc.u",
)
CGROUP = "sys/fs/cgroup/devices"
ENGINES = ("lxc", "docker", "kubepods")

_NAME = re.compile(rf"({'|'.join(re.escape(name) for name in SUBDEVICES)})(\d+)(\.\d+)?")


def device_numbers(path: Path) -> str | None:
    """`major:minor` of a character device; None for anything else, such as a simulated machine's socket."""
    try:
        status = path.stat()
    except OSError:
        return None
    if not stat.S_ISCHR(status.st_mode):
        return None
    return f"{os.major(status.st_rdev)}:{os.minor(status.st_rdev)}"


def render_numbers(sysfs: Path) -> str | None:
    """`major:minor` of the render node of a function, from its sysfs directory."""
    for path in sorted((sysfs / "drm").glob("renderD*/dev")):
        try:
            return path.read_text().strip() or None
        except OSError:
            continue
    return None


def container_of(root: Path, numbers: str) -> Path | None:
    """The cgroup directory of the container that may use the device with these numbers."""
    for engine in ENGINES:
        # Containers come and go meanwhile: os.walk goes on without what it cannot list.
        for directory, below, _ in os.walk(root / CGROUP / engine):
            below.sort()
            try:
                lines = (Path(directory) / "devices.list").read_text().splitlines()
            except OSError:
                continue
            if any(numbers in line.split() for line in lines):
                return Path(directory)
    return None


class ContainerDevices:
    """Watches the sub-device nodes of a machine. `look` is called now and then."""

    def __init__(self, root: Path, log: Callable[[str], None]) -> None:
        self._root = root
        self._log = log
        self._known: dict[Path, tuple[int, str]] = {}
        """Node: number of its function, its device numbers."""

    def look(self, users: Iterable[FunctionInfo]) -> None:
        """Allow nodes that have appeared, deny those that are gone."""
        sysfs = {info.number: info.sysfs for info in users}
        now = self._nodes()
        for node, (number, numbers) in now.items():
            if node not in self._known and number in sysfs:
                self._known[node] = (number, numbers)
                self._tell("devices.allow", sysfs[number], node, numbers)
        for node in [node for node in self._known if node not in now]:
            number, numbers = self._known.pop(node)
            if number in sysfs:
                self._tell("devices.deny", sysfs[number], node, numbers)

    def _nodes(self) -> dict[Path, tuple[int, str]]:
        found = {}
        try:
            nodes = sorted((self._root / "dev/xfpga").iterdir())
        except OSError:
            return {}
        for node in nodes:
            match = _NAME.fullmatch(node.name)
            numbers = device_numbers(node) if match else None
            if match and numbers:
                found[node] = (int(match[2]), numbers)
        return found

    def _tell(self, file: str, sysfs: Path, node: Path, numbers: str) -> None:
        render = render_numbers(sysfs)
        container = container_of(self._root, render) if render else None
        if container is None:
            return
        try:
            # The kernel takes one rule per write.
            with (container / file).open("a") as rules:
                rules.write(f"c {numbers} rwm")
        except OSError as error:
            self._log(f"cannot write {container / file}: {error.strerror}")
        else:
            self._log(f"{file} of {container.name}: {node.name} (c {numbers} rwm)")
