# SPDX-License-Identifier: Apache-2.0
"""The management tool: ``python -m pydriver.tools.mgmt`` (software mailbox contract §3).

Does what of `xbmgmt` concerns the mailbox: the daemon's configuration, the configuration of a card's
management function, and a look at the mailbox of a function.
"""

from __future__ import annotations

import argparse
import errno
import sys
from pathlib import Path

from pydriver.daemons.config import config_path
from pydriver.devices import FunctionInfo, functions, read_attribute
from pydriver.errors import fail
from pydriver.tools import daemon_config, device_config

CONFIG_ATTRIBUTES = (
    "config_mailbox_channel_disable",
    "config_mailbox_channel_switch",
    "config_mailbox_comm_id",
    "config_xclbin_change",
    "cache_xclbin",
)
MAILBOX_ATTRIBUTES = ("connection", "recv_metrics")


def parser() -> argparse.ArgumentParser:
    """The command line."""
    made = argparse.ArgumentParser(
        prog="cardloop-mgmt", description="Configure and examine the management function of a card."
    )
    made.add_argument(
        "--root", type=Path, default=Path("/"), help="directory laid out like a machine's / (default: /)"
    )
    commands = made.add_subparsers(dest="command", required=True, metavar="COMMAND")
    config = commands.add_parser("config", help="show the configuration, or set the daemon's")
    _device(config)
    what = config.add_mutually_exclusive_group(required=True)
    what.add_argument("--show", action="store_true", help="show the daemon's and the devices' configuration")
    what.add_argument("--daemon", action="store_true", help="change the daemon's configuration (with --host)")
    config.add_argument("--host", help="IP or hostname for device peer")
    dump = commands.add_parser("dump", help="write a device's configuration to an INI file")
    _device(dump)
    dump.add_argument("-c", "--config", action="store_true", required=True, help="dump the configuration")
    dump.add_argument("-o", "--output", type=Path, help="the INI file; without it: standard output")
    dump.add_argument("--force", action="store_true", help="replace an existing file")
    configure = commands.add_parser("configure", help="configure a device from an INI file")
    _device(configure)
    configure.add_argument("--input", type=Path, required=True, help="INI file with a [Device] section")
    examine = commands.add_parser("examine", help="show the mailbox of a function")
    _device(examine)
    return made


def main(arguments: list[str] | None = None) -> int:
    """0, or 1 with a sentence on stderr; argparse ends with 2 for a wrong command line."""
    options = parser().parse_args(arguments)
    try:
        print(_COMMANDS[options.command](options), end="")
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        print(f"ERROR: {where}{error.strerror or error}", file=sys.stderr)
        return 1
    return 0


def _config(options: argparse.Namespace) -> str:
    path = config_path(options.root)
    if options.daemon:
        if not options.host:
            raise fail(errno.EINVAL, "Please specify ip or hostname for peer")
        daemon_config.write_host(path, options.host)
        return "Successfully updated the Daemon configuration.\n"
    if options.host:
        raise fail(errno.EINVAL, "--host goes with --daemon")
    text = f"Daemon:\n  host={daemon_config.read_host(path)}\n"
    chosen = [_function(options)] if options.device else _all(options.root, "mgmt")
    for info in chosen:
        text += f"{info.bdf}\n" + _table(info.sysfs, CONFIG_ATTRIBUTES)
    return text


def _dump(options: argparse.Namespace) -> str:
    text = device_config.dump(_management(options).sysfs)
    if options.output is None:
        return text
    try:
        with options.output.open("w" if options.force else "x") as file:
            file.write(text)
    except FileExistsError:
        raise fail(errno.EEXIST, f"Output file already exists: '{options.output}'") from None
    return f"config has been dumped to {options.output}\n"


def _configure(options: argparse.Namespace) -> str:
    info = _management(options)
    values = device_config.load(options.input)
    device_config.apply(info.sysfs, values)
    return f"{info.bdf}: {', '.join(f'{key}={value}' for key, value in values.items())}\n"


def _examine(options: argparse.Namespace) -> str:
    text = ""
    chosen = [_function(options)] if options.device else functions(options.root)
    if not chosen:
        raise fail(errno.ENODEV, f"No devices found under {options.root}")
    for info in chosen:
        text += f"{info.bdf} : {info.kind}\n"
        text += f"  {'node':<33}: {info.mailbox}{'' if info.mailbox.exists() else ' (absent)'}\n"
        text += _table(info.sysfs, CONFIG_ATTRIBUTES)
        for directory in sorted(info.sysfs.glob("mailbox.*")):
            text += _table(directory, MAILBOX_ATTRIBUTES)
    return text


_COMMANDS = {"config": _config, "dump": _dump, "configure": _configure, "examine": _examine}


def _device(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "-d", "--device", metavar="BDF", help="Bus:Device.Function, e.g. 0000:01:00.0; needed with several"
    )


def _all(root: Path, kind: str) -> list[FunctionInfo]:
    return [info for info in functions(root) if info.kind == kind]


def _function(options: argparse.Namespace) -> FunctionInfo:
    name = options.device if options.device.count(":") == 2 else f"0000:{options.device}"
    for info in functions(options.root):
        if info.bdf == name:
            return info
    raise fail(errno.ENODEV, f"Specified device BDF '{options.device}' not found")


def _management(options: argparse.Namespace) -> FunctionInfo:
    if options.device:
        info = _function(options)
        if info.kind != "mgmt":
            raise fail(errno.ENODEV, f"{info.bdf} is not a management function")
        return info
    found = _all(options.root, "mgmt")
    if len(found) != 1:
        raise fail(errno.ENODEV, f"{len(found)} management functions found, choose one with --device")
    return found[0]


def _table(directory: Path, names: tuple[str, ...]) -> str:
    """The attributes that are there; a value of several lines is continued below itself."""
    text = ""
    for name in names:
        try:
            lines = read_attribute(directory / name).rstrip("\n").split("\n")
        except (FileNotFoundError, PermissionError):
            continue
        text += f"  {name:<33}: {lines[0]}\n" + "".join(f"  {'':<33}  {line}\n" for line in lines[1:])
    return text


if __name__ == "__main__":
    sys.exit(main())
