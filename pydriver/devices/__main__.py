# SPDX-License-Identifier: Apache-2.0
"""`python -m pydriver.devices ls|cat|echo ROOT [PATH] [TEXT]`: attributes of a simulated machine, live.

PATH is an attribute's path below ROOT, or `<address>/<attribute>`, or `mgmt/<attribute>` or
`user/<attribute>` for the first function of that kind. `ls` without PATH lists the functions and their nodes.
"""

from __future__ import annotations

import argparse
import stat
import sys
from pathlib import Path

from pydriver.devices.client import read_attribute, write_attribute
from pydriver.devices.discover import functions


def main(arguments: list[str] | None = None) -> int:
    """The command line; the exit status is 1 after an error, which is one line on stderr."""
    parser = argparse.ArgumentParser(prog="python -m pydriver.devices", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    ls = commands.add_parser("ls", help="functions and nodes, or attributes with their values")
    cat = commands.add_parser("cat", help="read an attribute")
    echo = commands.add_parser("echo", help="write an attribute")
    for command in (ls, cat, echo):
        command.add_argument("root", type=Path)
        command.add_argument("path", nargs="?" if command is ls else None)
    echo.add_argument("text")
    args = parser.parse_args(arguments)
    try:
        if args.command == "ls":
            _list(args.root, args.path)
        elif args.command == "cat":
            sys.stdout.write(read_attribute(resolve(args.root, args.path)))
        else:
            write_attribute(resolve(args.root, args.path), args.text)
    except OSError as error:
        print(f"{args.command}: {args.path or args.root}: {error.strerror}", file=sys.stderr)
        return 1
    return 0


def resolve(root: Path, path: str) -> Path:
    """The file that `path` means below `root`."""
    first, _, rest = path.strip("/").partition("/")
    for info in functions(root):
        if first in (info.kind, info.bdf):
            return info.sysfs / rest
    return root / path.strip("/")


def _list(root: Path, path: str | None) -> None:
    if path is None:
        root.stat()
        for info in functions(root):
            print(f"{info.kind} {info.bdf} {info.node.relative_to(root)} {info.mailbox.relative_to(root)}")
        return
    directory = resolve(root, path)
    for entry in sorted(directory.iterdir()):
        mode = entry.lstat().st_mode
        if stat.S_ISREG(mode):
            print(f"{entry.name} = {_value(entry)}")
        elif stat.S_ISDIR(mode):
            print(f"{entry.name}/")


def _value(path: Path) -> str:
    try:
        lines = read_attribute(path).splitlines()
    except OSError as error:
        return f"({error.strerror})"
    return " | ".join(lines)


if __name__ == "__main__":
    raise SystemExit(main())
