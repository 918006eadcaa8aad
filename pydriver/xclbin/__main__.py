# SPDX-License-Identifier: Apache-2.0
"""Look into xclbins and make fakes of them.

cardloop-xclbin info FILE
cardloop-xclbin strip IN OUT
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

from .container import Axlf, parse
from .kinds import Mode
from .sections import name_of
from .strip import is_secret, secrets, strip


def main(arguments: Sequence[str] | None = None) -> int:
    """0, or 1 with one line on stderr."""
    parser = argparse.ArgumentParser(prog="cardloop-xclbin", description="Look into xclbins, make fakes.")
    commands = parser.add_subparsers(dest="command", required=True)
    info = commands.add_parser("info", help="print header and sections")
    info.add_argument("file", type=Path)
    fake = commands.add_parser(
        "strip",
        help="write the fake of an image",
        description="Write IN without bitstreams, flash images and sections of unknown kinds to OUT. The "
        "uuid and all metadata stay; a signature does not.",
    )
    fake.add_argument("source", type=Path, metavar="IN")
    fake.add_argument("target", type=Path, metavar="OUT")
    options = parser.parse_args(arguments)
    try:
        if options.command == "info":
            print(describe(parse(options.file.read_bytes())))
        else:
            print(_strip(options.source, options.target))
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        print(f"cardloop-xclbin: {where}{error.strerror or error}", file=sys.stderr)
        return 1
    return 0


def describe(axlf: Axlf) -> str:
    """Header values and the section table, for people."""
    lines = [
        f"uuid            {UUID(bytes=axlf.uuid)}",
        f"platform        {axlf.platform_vbnv}",
        f"mode            {name_of(Mode, axlf.mode)}",
        f"version         {'.'.join(map(str, axlf.version))}",
        f"rom time stamp  {axlf.feature_rom_timestamp}",
        f"length          {axlf.length}",
        f"signature       {f'{axlf.signature_length} bytes' if axlf.signed else 'none'}",
        *(f"interface       {_uuid(interface)}" for interface in axlf.interface_uuids()),
        f"fake            {'no' if secrets(axlf) else 'yes (nothing in it configures hardware)'}",
        "sections",
    ]
    for section in axlf.sections:
        mark = "  taken out by strip" if is_secret(section.kind) else ""
        title = f"{section.kind.name} {section.name}".strip()
        lines.append(f"  {len(section.data):>10} bytes at {section.offset:#010x}  {title}{mark}")
    return "\n".join(lines)


def _uuid(text: str) -> str:
    """With hyphens; as it is when it is none, for an image may name anything."""
    try:
        return str(UUID(hex=text))
    except ValueError:
        return f"{text!r} (no uuid)"


def _strip(source: Path, target: Path) -> str:
    axlf = parse(source.read_bytes())
    fake = strip(axlf)
    _replace(target, fake.to_bytes())
    gone = ", ".join(section.kind.name for section in axlf.sections if is_secret(section.kind)) or "nothing"
    return f"{target}: {fake.length} bytes, uuid {UUID(bytes=fake.uuid)}, taken out: {gone}"


def _replace(target: Path, data: bytes) -> None:
    """Write all or nothing: IN and OUT may be the same file."""
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        mask = os.umask(0)
        os.umask(mask)
        temporary.chmod(0o666 & ~mask)
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


if __name__ == "__main__":
    sys.exit(main())
