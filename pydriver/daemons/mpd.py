# SPDX-License-Identifier: Apache-2.0
"""MPD, the daemon of the user side: ``python -m pydriver.daemons.mpd``.

Takes requests from the mailbox of every user function of the machine to MSD over TCP, or lets a plugin answer
them (software mailbox contract §5, §6). Functions may come and go and MSD may be restarted: a function is
served again as soon as its node is there (looked for every second) and MSD answers.
"""

from __future__ import annotations

import argparse
import errno
import sys
import time
from dataclasses import dataclass

from pydriver.daemons import cli
from pydriver.daemons.containers import ContainerDevices
from pydriver.daemons.events import EventLog
from pydriver.daemons.frameio import node_identity
from pydriver.daemons.handshake import HANDSHAKE_S
from pydriver.daemons.mpd_pair import CONFIG_RETRY_S, CONFIG_TRIES, MpdOptions, Pair
from pydriver.daemons.plugins import MpdPlugin, load
from pydriver.devices import FunctionInfo, functions
from pydriver.errors import fail

LIBRARY = "libmpd_plugin.so"
LOOK_S = 1.0
FIRST_BACKOFF_S = 0.2
MAX_BACKOFF_S = 3.0
"""Below the 6 s for which a request waits in the driver's slot."""
GRACE_S = 6.0

# The function is on its way back: no reason to wait longer each time.
_COMING_BACK = (errno.ENXIO, errno.ENODEV, errno.ENOENT)


def parser() -> argparse.ArgumentParser:
    """The command line."""
    made = argparse.ArgumentParser(
        prog="cardloop-mpd",
        description="Management proxy daemon: takes requests of the user functions to MSD or to a plugin.",
        epilog="The connection to MSD has neither TLS nor authentication beyond a 32-bit id.",
    )
    cli.common_options(made)
    made.add_argument(
        "--tries",
        type=cli.count,
        default=CONFIG_TRIES,
        metavar="N",
        help=f"looks for what MSD publishes before backing off (default: {CONFIG_TRIES})",
    )
    made.add_argument(
        "--retry-s",
        type=cli.positive,
        default=CONFIG_RETRY_S,
        metavar="S",
        help=f"time between them (default: {CONFIG_RETRY_S:g})",
    )
    made.add_argument(
        "--poll-s",
        type=cli.positive,
        default=LOOK_S,
        metavar="S",
        help=f"time between looks for functions that come and go (default: {LOOK_S:g})",
    )
    made.add_argument(
        "--handshake-s",
        type=cli.positive,
        default=HANDSHAKE_S,
        metavar="S",
        help=f"time for MSD to answer our id (default: {HANDSHAKE_S:g})",
    )
    return made


def main(arguments: list[str] | None = None) -> int:
    """Run until a signal comes. 2 for a wrong command line or plugin."""
    options = parser().parse_args(arguments)
    stop = cli.Stop()
    log = cli.open_log("mpd", options)
    if log is None:
        return 2
    return cli.serve_with_plugin(
        options, log, LIBRARY, load, lambda plugin: Supervisor(options, stop, log, plugin).run()
    )


@dataclass
class _Served:
    """What is remembered about one function."""

    pair: Pair | None = None
    backoff_s: float = FIRST_BACKOFF_S
    not_before: float = 0.0
    identity: tuple[int, int] | None = None
    said: str = ""


class Supervisor:
    """Starts a pair for every user function and another one when it has ended."""

    def __init__(
        self, options: argparse.Namespace, stop: cli.Stop, log: EventLog, plugin: MpdPlugin | None
    ) -> None:
        self._root = options.root
        self._poll_s: float = options.poll_s
        self._pair_options = MpdOptions(options.tries, options.retry_s, options.handshake_s, options.stall_s)
        self._stop = stop
        self._log = log
        self._plugin = plugin
        self._served: dict[str, _Served] = {}
        self._containers = ContainerDevices(options.root, log.say)

    def run(self) -> bool:
        """Until a signal comes; then every pair is ended. False when one would not end in time."""
        empty = None
        while not self._stop.asked:
            users = [info for info in functions(self._root) if info.kind == "user"]
            if empty is not (not users):
                empty = not users
                if empty:
                    self._log.say("there is no user function", event="discover")
            for index, info in enumerate(users):
                self._look(index, info)
            self._forget({info.bdf for info in users})
            self._containers.look(users)
            self._stop.wait(self._patience())
        pairs = [served.pair for served in self._served.values() if served.pair is not None]
        for pair in pairs:
            pair.stop()
        deadline = time.monotonic() + GRACE_S
        busy = [pair for pair in pairs if not pair.join(max(0.0, deadline - time.monotonic()))]
        for pair in busy:
            self._log.say(f"{pair.info.bdf}: is still busy, ends anyway", event="ended")
        return not busy

    def _look(self, index: int, info: FunctionInfo) -> None:
        served = self._served.setdefault(info.bdf, _Served())
        if served.pair is not None:
            if served.pair.alive:
                return
            self._buried(served, served.pair)
        identity = node_identity(info.mailbox)
        if identity is None:
            return
        if identity != served.identity:
            served.identity, served.not_before = identity, 0.0
        if time.monotonic() >= served.not_before:
            served.pair = Pair(
                info,
                index,
                self._pair_options,
                log=self._log,
                plugin=self._plugin,
                ended=self._stop.wake,
            )

    def _buried(self, served: _Served, pair: Pair) -> None:
        """Say why a pair ended and when there will be another one."""
        served.pair = None
        error = pair.error or fail(errno.EIO, "it broke off without a reason")
        text = error.strerror or str(error)
        if pair.served:
            served.backoff_s, served.said = FIRST_BACKOFF_S, ""
        if text != served.said:
            self._log.say(f"{pair.info.bdf}: {text}; will try again", event="disconnect", errno=error.errno)
        served.said = text
        served.not_before = time.monotonic() + served.backoff_s
        limit = min(self._poll_s, MAX_BACKOFF_S) if error.errno in _COMING_BACK else MAX_BACKOFF_S
        served.backoff_s = min(2 * served.backoff_s, max(limit, FIRST_BACKOFF_S))

    def _forget(self, present: set[str]) -> None:
        for bdf in [bdf for bdf in self._served if bdf not in present]:
            pair = self._served.pop(bdf).pair
            if pair is not None:
                pair.stop()
                pair.join(GRACE_S)
                self._log.say(f"{bdf}: the function is gone", event="discover")

    def _patience(self) -> float:
        """Seconds until the next look."""
        now = time.monotonic()
        waits = [served.not_before - now for served in self._served.values() if served.pair is None]
        return min([self._poll_s, *(wait for wait in waits if wait > 0)])


if __name__ == "__main__":
    sys.exit(main())
