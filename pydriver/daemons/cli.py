# SPDX-License-Identifier: Apache-2.0
"""What the command lines of both daemons share."""

from __future__ import annotations

import argparse
import contextlib
import os
import select
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from pydriver.daemons.events import EventLog
from pydriver.daemons.frameio import STALL_S
from pydriver.daemons.plugins.api import MpdPlugin, MsdPlugin, PluginContext

P = TypeVar("P", MpdPlugin, MsdPlugin)

EVENTS_VARIABLE = "CARDLOOP_EVENTS"


def common_options(parser: argparse.ArgumentParser) -> None:
    """`--root`, `--plugin`, `--plugin-option`, `--events`, `--verbose`, `--stall-s`."""
    parser.add_argument(
        "--root", type=Path, default=Path("/"), help="directory laid out like a machine's / (default: /)"
    )
    parser.add_argument(
        "--plugin",
        metavar="SPEC",
        help="package.module:Class, package.module with a function plugin(context), or a C plugin's path",
    )
    parser.add_argument(
        "--plugin-option",
        metavar="KEY=VALUE",
        action="append",
        default=[],
        type=key_value,
        help="given to the plugin; may be repeated",
    )
    parser.add_argument(
        "--events",
        metavar="FILE",
        type=Path,
        default=os.environ.get(EVENTS_VARIABLE) or None,
        help=f"append every event as one JSON line (default: ${EVENTS_VARIABLE})",
    )
    parser.add_argument("--verbose", action="store_true", help="show every frame on stderr too")
    parser.add_argument(
        "--stall-s",
        type=positive,
        default=STALL_S,
        metavar="S",
        help=f"give up a peer that stops in the middle of a frame for this long (default: {STALL_S:g})",
    )


def key_value(text: str) -> tuple[str, str]:
    """`KEY=VALUE`, for argparse."""
    key, separator, value = text.partition("=")
    if not separator or not key:
        raise argparse.ArgumentTypeError(f"{text!r} is not KEY=VALUE")
    return key, value


def positive(text: str) -> float:
    """A number above zero, for argparse."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number above 0")
    return value


def count(text: str) -> int:
    """A whole number above zero, for argparse."""
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number above 0")
    return int(text)


def plugin_spec(given: str | None, root: Path, library: str) -> str | None:
    """The plugin to load: the one asked for, else the real place's when there is one."""
    if given is not None:
        return given
    standard = root / "opt/xilinx/xrt/lib" / library
    return str(standard) if standard.exists() else None


def open_log(who: str, options: argparse.Namespace) -> EventLog | None:
    """The daemon's event log; None, with a line on stderr, when its file cannot be opened."""
    try:
        return EventLog(who, options.events, options.verbose)
    except OSError as error:
        print(f"cardloop-{who}: cannot open {options.events}: {error.strerror}", file=sys.stderr)
        return None


def serve_with_plugin(
    options: argparse.Namespace,
    log: EventLog,
    library: str,
    load: Callable[[str, PluginContext], P | None],
    serve: Callable[[P | None], bool],
) -> int:
    """Load the plugin, if there is one, serve, end the plugin; the exit status: 2 for a plugin that is none.

    `serve` returns whether every hook has come back; a plugin with a hook at work must not lose its ground.
    """
    plugin: P | None = None
    spec = plugin_spec(options.plugin, options.root, library)
    if spec is not None:
        context = PluginContext(options.root, log.say, dict(options.plugin_option))
        try:
            plugin = load(spec, context)
        except OSError as error:
            log.say(f"no such plugin: {error.strerror or error}", event="plugin")
            return 2
    log.say("started", event="started")
    idle = False
    try:
        idle = serve(plugin)
    finally:
        if plugin is not None and idle:
            plugin.fini()
        log.say("ended", event="ended")
        log.close()
    return 0


class Stop:
    """SIGTERM and SIGINT end a daemon gracefully; they wake it, as every thread can."""

    def __init__(self) -> None:
        self.asked = False
        # A pipe and no threading.Event: its lock may be held by the very code that the signal interrupts.
        self._wake_in, self._wake_out = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._ask)

    def _ask(self, number: int, frame: object) -> None:
        self.asked = True
        self.wake()

    def wake(self) -> None:
        """End a `wait`, or the next one."""
        with contextlib.suppress(BlockingIOError):
            os.write(self._wake_out, b"x")

    def wait(self, seconds: float) -> None:
        """Sleep until somebody wakes us, at most `seconds`."""
        if select.select([self._wake_in], [], [], seconds)[0]:
            os.read(self._wake_in, 4096)
