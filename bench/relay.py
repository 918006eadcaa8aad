# SPDX-License-Identifier: Apache-2.0
"""The least a daemon can be: carries frames between two mailbox nodes, both ways, in one process.

    python -m bench.relay NODE NODE

What it costs is what the nodes cost; what MPD and MSD cost more is theirs. Ends when a node goes away.
"""

from __future__ import annotations

import errno
import select
import sys

from pydriver.devices import DeviceFile


def carry(first: DeviceFile, second: DeviceFile) -> None:
    """Until a node goes away."""
    poll = select.poll()
    ways = {first.fileno(): (first, second), second.fileno(): (second, first)}
    for fd in ways:
        poll.register(fd, select.POLLIN)
    while True:
        for fd, events in poll.poll():
            if not events & select.POLLIN:
                return
            source, target = ways[fd]
            target.write_frame(source.read_frame())


def main(paths: list[str]) -> None:
    with DeviceFile.open(paths[0]) as first, DeviceFile.open(paths[1]) as second:
        try:
            carry(first, second)
        except OSError as error:
            if error.errno not in (errno.ENODEV, errno.ECONNRESET, errno.EPIPE):
                raise


if __name__ == "__main__":
    main(sys.argv[1:])
