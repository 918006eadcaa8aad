# SPDX-License-Identifier: Apache-2.0
"""MSD, the daemon of the management side: ``python -m pydriver.daemons.msd``.

Serves every management function of the machine: takes requests of MPD over TCP, loads xclbins itself and
hands everything else to the function's mailbox (software mailbox contract §4). Ends with 0 on SIGTERM and
SIGINT after taking back what it published.
"""

from __future__ import annotations

import argparse
import errno
import sys
import threading
import time
from pathlib import Path

from pydriver.daemons import cli, config
from pydriver.daemons.events import EventLog
from pydriver.daemons.handshake import HANDSHAKE_S, LOOPBACK, MAX_PORT, is_loopback
from pydriver.daemons.msd_function import MsdFunction, MsdOptions
from pydriver.daemons.plugins import MsdPlugin, load_msd
from pydriver.devices import functions

LIBRARY = "libmsd_plugin.so"
LOOK_S = 1.0
GRACE_S = 5.0
WITHDRAW_S = 2.0


def parser() -> argparse.ArgumentParser:
    """The command line."""
    made = argparse.ArgumentParser(
        prog="cardloop-msd",
        description="Management service daemon: serves MPD of the user functions over TCP.",
        epilog="The connection has neither TLS nor authentication beyond a 32-bit id, so only this machine "
        "is served unless --bind says otherwise.",
    )
    cli.common_options(made)
    made.add_argument(
        "--config",
        type=Path,
        metavar="FILE",
        help=f"host= under which MPD finds us (default: ROOT/{config.CONFIG_FILE})",
    )
    made.add_argument(
        "--bind", default=LOOPBACK, metavar="ADDRESS", help=f"IPv4 address to listen on (default: {LOOPBACK})"
    )
    made.add_argument(
        "--port",
        type=_port,
        default=0,
        help="TCP port of the first function, the next ones follow (default: the kernel chooses)",
    )
    made.add_argument(
        "--handshake-s",
        type=cli.positive,
        default=HANDSHAKE_S,
        metavar="S",
        help=f"time for a caller to say its id (default: {HANDSHAKE_S:g})",
    )
    made.add_argument(
        "--rescan",
        action="store_true",
        help=f"look every {LOOK_S:g} s for functions that come (back), instead of ending with the last one",
    )
    return made


def main(arguments: list[str] | None = None) -> int:
    """Run until a signal comes or no function is left. 2 for a wrong command line or plugin."""
    options = parser().parse_args(arguments)
    stop = cli.Stop()
    log = cli.open_log("msd", options)
    if log is None:
        return 2
    path = options.config or config.config_path(options.root)
    host = _host(path, log)
    if host is None:
        return 0
    _hint(host, options.bind, log)
    return cli.serve_with_plugin(
        options, log, LIBRARY, load_msd, lambda plugin: _serve(options, host, stop, log, plugin)
    )


def _serve(
    options: argparse.Namespace, host: str, stop: cli.Stop, log: EventLog, plugin: MsdPlugin | None
) -> bool:
    """Until a signal comes or no function is left. False when a function would not end in time."""
    running: dict[str, MsdFunction] = {}
    first = True
    while not stop.asked:
        for bdf in [bdf for bdf, served in running.items() if not served.alive]:
            del running[bdf]
        if first or options.rescan:
            _discover(options, host, running, log, plugin)
        if first and not running:
            log.say("there is no management function", event="discover")
        first = False
        if not running and not options.rescan:
            break
        stop.wait(LOOK_S)
    for served in running.values():
        served.stop()
    deadline = time.monotonic() + GRACE_S
    busy = [served for served in running.values() if not served.join(max(0.0, deadline - time.monotonic()))]
    for served in busy:
        log.say(f"{served.info.bdf}: is still busy, ends anyway", event="ended")
        # A driver that hangs in one call may hang in this one too.
        last = threading.Thread(target=served.withdraw, daemon=True)
        last.start()
        last.join(WITHDRAW_S)
    return not busy


def _discover(
    options: argparse.Namespace,
    host: str,
    running: dict[str, MsdFunction],
    log: EventLog,
    plugin: MsdPlugin | None,
) -> None:
    mgmt = [info for info in functions(options.root) if info.kind == "mgmt"]
    for index, info in enumerate(mgmt):
        if info.bdf in running or not info.mailbox.exists():
            continue
        port = options.port + index if options.port else 0
        served = MsdFunction(
            info, MsdOptions(host, options.bind, port, options.handshake_s, options.stall_s), log, plugin
        )
        running[info.bdf] = served
        served.start()


def _host(path: Path, log: EventLog) -> str | None:
    try:
        host = config.parse_host(path.read_text(errors="replace"))
    except OSError as error:
        log.say(f"does nothing: cannot read {path}: {error.strerror}", event="config", errno=error.errno)
        return None
    if host is None:
        log.say(f"does nothing: {path} names no host", event="config", errno=errno.ENOENT)
    return host


def _hint(host: str, bind: str, log: EventLog) -> None:
    """Say it when MPD will be sent to an address on which nobody listens."""
    literal = all(part.isdecimal() for part in host.split("."))
    if literal and is_loopback(bind) and not is_loopback(host):
        log.say(
            f"WARNING: MPD will be told to connect to {host}, but we listen on {bind} only (--bind)",
            event="warning",
        )


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > MAX_PORT:
        raise argparse.ArgumentTypeError(f"{text!r} is no TCP port")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
