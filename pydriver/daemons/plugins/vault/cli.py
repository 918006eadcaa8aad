# SPDX-License-Identifier: Apache-2.0
"""The vault's command line, for the vendor.

python -m pydriver.daemons.plugins.vault DB init
python -m pydriver.daemons.plugins.vault DB owner add acme
python -m pydriver.daemons.plugins.vault DB card add 0000:01:00.0 --note "rack 7"
python -m pydriver.daemons.plugins.vault DB add vadd.xclbin --owner acme --fake-out vadd.fake.xclbin
python -m pydriver.daemons.plugins.vault DB grant UUID --tenant t1 --by acme --until 2027-01-01
python -m pydriver.daemons.plugins.vault DB audit
"""

from __future__ import annotations

import argparse
import errno
import json
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from pydriver.errors import fail
from pydriver.subdev.identity import PciAddress
from pydriver.xclbin import parse
from pydriver.xclbin.strip import strip
from pydriver.xclmgmt.substitute import file_name

from .store import Vault

_Command = Callable[[Vault, argparse.Namespace], list[str]]


def main(arguments: Sequence[str] | None = None) -> int:
    """0, or 1 with one line on stderr."""
    options = _parser().parse_args(arguments)
    command: _Command = options.run
    try:
        for line in command(Vault(options.db), options):
            print(line)
    except OSError as error:
        name = errno.errorcode.get(error.errno or 0, "error")
        where = f"{error.filename}: " if error.filename else ""
        print(f"cardloop-vault: {where}{error.strerror or error} ({name})", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="cardloop-vault",
        description="Real images, who may load them on which card, and who tried. The file is for its owner "
        "only (mode 0600): whoever can read it has the bitstreams.",
    )
    parser.add_argument("db", type=Path, metavar="DB", help="the vault's file")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(name: str, run: _Command, text: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
        sub.set_defaults(run=run)
        return sub

    command("init", _init, "make an empty vault")
    sub = command("owner", _owner, "register or block an owner of images")
    sub.add_argument("action", choices=("add", "block", "unblock"))
    sub.add_argument("name")
    sub = command("card", _card, "register a card")
    sub.add_argument("action", choices=("add",))
    sub.add_argument("bdf", type=_bdf, help="PCI address of its management function, such as 0000:01:00.0")
    sub.add_argument("--note", default="", help="for people")
    sub = command("add", _add, "store a real image under the MD5 of its fake")
    sub.add_argument("image", type=Path, help="the real xclbin")
    sub.add_argument("--owner", required=True)
    sub.add_argument("--fake", type=Path, help="its fake, when it was not made here (AMD's xclbinutil)")
    sub.add_argument("--fake-out", type=Path, metavar="FILE", help="write the fake, for the user side")
    sub = command("withdraw", _withdraw, "let nobody load an image any more")
    _image_arguments(sub)
    sub = command("grant", _grant, "allow a tenant to load an image")
    _image_arguments(sub)
    sub.add_argument("--tenant", required=True)
    sub.add_argument("--card", type=_bdf, help="on this card only (default: on every registered card)")
    sub.add_argument("--from", dest="start", type=_time, metavar="TIME", help="default: now")
    sub.add_argument("--until", type=_time, metavar="TIME", help="default: for ever")
    sub = command("revoke", _revoke, "end a grant now")
    sub.add_argument("grant", type=int, help="its number, from list")
    sub.add_argument("--by", required=True, metavar="OWNER", help="owner of the image")
    command("list", _list, "show owners, cards, images and grants")
    sub = command("audit", _audit, "show every attempt to load, oldest first")
    sub.add_argument("--json", action="store_true", help="one JSON object a line")
    sub = command("export", _export, "lay out real images as the management driver looks for them")
    sub.add_argument("directory", type=Path, help="its firmware directory, /lib/firmware on a real machine")
    sub.add_argument("--uuid", type=_uuid, help="this image only")
    sub.add_argument("--interface", type=_uuid, help="interface of the shell, for images that name none")
    return parser


def _image_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("uuid", type=_uuid, help="of the image")
    parser.add_argument("--by", required=True, metavar="OWNER", help="owner of the image")


def _uuid(text: str) -> str:
    try:
        return UUID(text).hex
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no uuid") from None


def _bdf(text: str) -> str:
    try:
        return str(PciAddress.parse(text))
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _time(text: str) -> float:
    """2027-01-01, 2027-01-01T12:00 or with a zone; UTC without one."""
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no time such as 2027-01-01T12:00") from None
    return (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()


def _shown(time: float | None) -> str:
    return "for ever" if time is None else f"{datetime.fromtimestamp(time, UTC):%Y-%m-%dT%H:%M:%SZ}"


def _init(vault: Vault, options: argparse.Namespace) -> list[str]:
    vault.create()
    return [f"{vault.path}: empty vault"]


def _owner(vault: Vault, options: argparse.Namespace) -> list[str]:
    if options.action == "add":
        vault.add_owner(options.name)
    else:
        vault.block_owner(options.name, options.action == "block")
    return []


def _card(vault: Vault, options: argparse.Namespace) -> list[str]:
    vault.add_card(options.bdf, options.note)
    return []


def _add(vault: Vault, options: argparse.Namespace) -> list[str]:
    real = options.image.read_bytes()
    fake = options.fake.read_bytes() if options.fake else strip(parse(real)).to_bytes()
    image, md5 = vault.add_image(real, options.owner, fake)
    if options.fake_out:
        options.fake_out.write_bytes(fake)
    return [f"image {UUID(image.uuid)}, fake {md5}"]


def _withdraw(vault: Vault, options: argparse.Namespace) -> list[str]:
    vault.withdraw(options.uuid, options.by)
    return []


def _grant(vault: Vault, options: argparse.Namespace) -> list[str]:
    number = vault.grant(
        options.uuid,
        options.tenant,
        by=options.by,
        card=options.card,
        valid_from=options.start,
        valid_until=options.until,
    )
    return [f"grant {number}"]


def _revoke(vault: Vault, options: argparse.Namespace) -> list[str]:
    vault.revoke(options.grant, options.by)
    return []


def _list(vault: Vault, options: argparse.Namespace) -> list[str]:
    lines = [f"owner {name}{', blocked' if blocked else ''}" for name, blocked in vault.owners().items()]
    lines += [f"card {bdf} {note}".rstrip() for bdf, note in vault.cards().items()]
    for image, fakes in vault.images():
        state = ", withdrawn" if image.withdrawn else ""
        lines.append(f"image {UUID(image.uuid)} of {image.owner}, {image.size} bytes{state}")
        lines += [f"  fake {md5}" for md5 in fakes]
    for grant in vault.grants():
        lines.append(
            f"grant {grant.id}: {grant.tenant} may load {UUID(grant.uuid)} on {grant.card or 'every card'}, "
            f"{_shown(grant.valid_from)} to {_shown(grant.valid_until)}{', revoked' if grant.revoked else ''}"
        )
    return lines


def _audit(vault: Vault, options: argparse.Namespace) -> list[str]:
    if options.json:
        return [json.dumps(asdict(record)) for record in vault.audit()]
    return [
        f"{record.id} {_shown(record.time)} {record.tenant} {record.card} {record.uuid or '-'} {record.md5} "
        f"{record.verdict} {errno.errorcode.get(record.errno, record.errno) if record.errno else 0}"
        f"{' ' + record.note if record.note else ''}"
        for record in vault.audit()
    ]


def _export(vault: Vault, options: argparse.Namespace) -> list[str]:
    """Files are made 0600 in directories 0700: they are the real images."""
    images = [image for image, _ in vault.images() if options.uuid in (None, image.uuid)]
    if options.uuid and not images:
        raise fail(errno.ENOENT, f"there is no image {options.uuid}")
    lines = []
    for image in images:
        interface = image.interface or options.interface
        if image.withdrawn:
            lines.append(f"left out: {UUID(image.uuid)} is withdrawn")
            continue
        if not interface:
            raise fail(errno.EINVAL, f"the image {UUID(image.uuid)} names no interface; give --interface")
        path = options.directory / file_name(bytes.fromhex(image.uuid), interface)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        real = vault.fetch(image)
        temporary = path.with_name(f".{path.name}")
        temporary.unlink(missing_ok=True)
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(real)
        temporary.replace(path)
        lines.append(str(path))
    return lines
