# SPDX-License-Identifier: Apache-2.0
"""Real images, their fakes, owners, cards, and who may load what where.

An image is found by the MD5 of its fake, as in XRT's container sample, or by its uuid. Names are no
protection: the grants say whether a tenant may load an image on a card, and the SHA-256 whether the stored
bytes are still those that were stored. Source: software mailbox contract §6.3.
"""

from __future__ import annotations

import errno
import hashlib
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from pydriver.errors import fail
from pydriver.xclbin import NULL_UUID, Axlf, parse
from pydriver.xclbin.strip import secrets, strip
from pydriver.xclmgmt.substitute import file_name

from . import schema
from .attempts import Attempt, AuditRecord, Subject, attempt, records


@dataclass(frozen=True)
class Image:
    """What is known of a stored image. `uuid` and `interface` are hex; `withdrawn` is 0 or 1."""

    id: int
    uuid: str
    owner: str
    interface: str
    sha256: str
    size: int
    withdrawn: int


@dataclass(frozen=True)
class Grant:
    """`tenant` may load the image `uuid` on `card` (None: every registered one). `revoked`: 0 or 1."""

    id: int
    uuid: str
    tenant: str
    card: str | None
    valid_from: float
    valid_until: float | None
    revoked: int


TELLING_BYTES = 32
"""A shorter section may occur in a fake by chance."""


class Vault:
    """The database at `path`. `now` gives seconds since the epoch."""

    def __init__(self, path: Path, now: Callable[[], float] = time.time) -> None:
        self.path = path
        self._now = now

    def create(self) -> None:
        """Make the file. Raises EEXIST."""
        schema.create(self.path)

    # The vendor's side.

    def add_owner(self, name: str) -> None:
        """Register who owns images. Raises EEXIST, EINVAL for an empty name."""
        with self._db() as db:
            if _one(db, "SELECT 1 FROM owner WHERE name = ?", name):
                raise fail(errno.EEXIST, f"the owner {name} is there already")
            db.execute("INSERT INTO owner (name) VALUES (?)", (_named(name, "owner"),))

    def block_owner(self, name: str, blocked: bool = True) -> None:
        """A blocked owner's images cannot be loaded by anybody. Raises ENOENT."""
        with self._db() as db:
            if not db.execute("UPDATE owner SET blocked = ? WHERE name = ?", (blocked, name)).rowcount:
                raise fail(errno.ENOENT, f"there is no owner {name}")

    def add_card(self, bdf: str, note: str = "") -> None:
        """Register a card by the PCI address of its management function. Raises EEXIST."""
        with self._db() as db:
            if _one(db, "SELECT 1 FROM card WHERE bdf = ?", bdf):
                raise fail(errno.EEXIST, f"the card {bdf} is there already")
            db.execute("INSERT INTO card (bdf, note) VALUES (?, ?)", (_named(bdf, "card"), note))

    def add_image(self, real: bytes, owner: str, fake: bytes | None = None) -> tuple[Image, str]:
        """Store a real image under the MD5 of its fake; returns that too.

        Without `fake` it is the one that `strip` makes. The same real image may come again with another fake.
        Raises EINVAL (no image, nothing secret in it, null uuid, an interface that is no uuid; a fake with
        another uuid or with something secret in any place), ENOENT (owner), EPERM (another's image), EEXIST
        (other bytes under this uuid, or this fake).
        """
        axlf = parse(real)
        if not secrets(axlf):
            raise fail(errno.EINVAL, "the image configures nothing: it is a fake itself")
        if axlf.uuid == NULL_UUID:
            raise fail(errno.EINVAL, "the image has the null uuid, which names none")
        interface = next(iter(axlf.interface_uuids()), "")
        if interface:
            file_name(axlf.uuid, interface)
        md5 = _checked_fake(axlf, strip(axlf).to_bytes() if fake is None else fake)
        digest = hashlib.sha256(real).hexdigest()
        with self._db() as db:
            if not _one(db, "SELECT 1 FROM owner WHERE name = ?", owner):
                raise fail(errno.ENOENT, f"there is no owner {owner}")
            image = _image(db, "uuid = ?", axlf.uuid.hex())
            if image is None:
                db.execute(
                    "INSERT INTO image (uuid, owner, interface, sha256, size, data, added) "
                    "VALUES (?, ?, ?, ?, ?, ?, ?)",
                    (
                        axlf.uuid.hex(),
                        owner,
                        interface,
                        digest,
                        len(real),
                        real,
                        self._now(),
                    ),
                )
                image = _image(db, "uuid = ?", axlf.uuid.hex())
                assert image is not None
            elif image.owner != owner:
                raise fail(errno.EPERM, f"the image {image.uuid} belongs to {image.owner}")
            elif image.sha256 != digest:
                raise fail(errno.EEXIST, f"there is another image with the uuid {image.uuid}")
            if _one(db, "SELECT 1 FROM fake WHERE md5 = ?", md5):
                raise fail(errno.EEXIST, f"the fake {md5} is there already")
            db.execute("INSERT INTO fake (md5, image) VALUES (?, ?)", (md5, image.id))
        return image, md5

    def withdraw(self, uuid: str, by: str) -> None:
        """Nobody can load the image any more. Raises ENOENT, EPERM when `by` is not its owner."""
        with self._db() as db:
            image = _owned(db, uuid, by)
            db.execute("UPDATE image SET withdrawn = ? WHERE id = ?", (self._now(), image.id))

    def grant(
        self,
        uuid: str,
        tenant: str,
        *,
        by: str,
        card: str | None = None,
        valid_from: float | None = None,
        valid_until: float | None = None,
    ) -> int:
        """Allow `tenant` to load the image; returns the grant's number. Times are seconds since the epoch.

        From now and for ever unless given. Raises ENOENT (image, card), EPERM (`by` is not the owner), EINVAL
        (an empty tenant or time).
        """
        start = self._now() if valid_from is None else valid_from
        if valid_until is not None and valid_until <= start:
            raise fail(errno.EINVAL, "the grant would end before it begins")
        with self._db() as db:
            image = _owned(db, uuid, by)
            if card is not None and not _one(db, "SELECT 1 FROM card WHERE bdf = ?", card):
                raise fail(errno.ENOENT, f"there is no card {card}")
            cursor = db.execute(
                "INSERT INTO permit (image, tenant, card, valid_from, valid_until) VALUES (?, ?, ?, ?, ?)",
                (image.id, _named(tenant, "tenant"), card, start, valid_until),
            )
            return int(cursor.lastrowid or 0)

    def revoke(self, number: int, by: str) -> None:
        """End a grant now. Raises ENOENT, EPERM when `by` does not own its image; twice is allowed."""
        with self._db() as db:
            row = _one(
                db, "SELECT uuid FROM permit JOIN image ON image.id = image WHERE permit.id = ?", number
            )
            if row is None:
                raise fail(errno.ENOENT, f"there is no grant {number}")
            _owned(db, row[0], by)
            db.execute(
                "UPDATE permit SET revoked = ? WHERE id = ? AND revoked IS NULL", (self._now(), number)
            )

    # The daemon's side.

    def find(self, md5: str) -> Image:
        """The image whose fake has this MD5. Raises ENOENT."""
        with self._db() as db:
            image = _image(db, "id = (SELECT image FROM fake WHERE md5 = ?)", md5)
        if image is None:
            raise fail(errno.ENOENT, f"no stored image has a fake with the MD5 {md5}")
        return image

    def authorise(self, image: Image, tenant: str, card: str) -> None:
        """Raises EACCES unless `tenant` may load `image` on `card` now."""
        with self._db() as db:
            why = self._obstacle(db, image, tenant, card)
        if why:
            raise fail(errno.EACCES, f"{tenant} may not load {image.uuid} on {card}: {why}")

    def fetch(self, image: Image) -> bytes:
        """The real image. Raises EKEYREJECTED when the bytes are not those that were stored, ENOENT."""
        with self._db() as db:
            row = _one(db, "SELECT data FROM image WHERE id = ?", image.id)
        if row is None:
            raise fail(errno.ENOENT, f"the image {image.uuid} is gone")
        data: bytes = row[0]
        if hashlib.sha256(data).hexdigest() != image.sha256:
            raise fail(errno.EKEYREJECTED, f"the stored image {image.uuid} has been changed")
        return data

    def attempt(self, subject: Subject, log: Callable[[str], None]) -> AbstractContextManager[Attempt]:
        """Keep the record of one attempt to load; see `attempts.attempt`."""
        return attempt(self.path, subject, log, self._now)

    # For people.

    def images(self) -> list[tuple[Image, list[str]]]:
        """Every image with the MD5s of its fakes."""
        with self._db() as db:
            found = [Image(*row) for row in db.execute(f"SELECT {_IMAGE} FROM image ORDER BY id").fetchall()]
            fakes = db.execute("SELECT image, md5 FROM fake ORDER BY md5").fetchall()
        return [(image, [md5 for owner, md5 in fakes if owner == image.id]) for image in found]

    def image(self, uuid: str) -> Image:
        """Raises ENOENT."""
        with self._db() as db:
            return _existing(db, uuid)

    def grants(self) -> list[Grant]:
        """Every grant there ever was."""
        with self._db() as db:
            rows: list[Any] = db.execute(
                "SELECT permit.id, uuid, tenant, card, valid_from, valid_until, revoked IS NOT NULL "
                "FROM permit JOIN image ON image.id = image ORDER BY permit.id"
            ).fetchall()
        return [Grant(*row) for row in rows]

    def owners(self) -> dict[str, bool]:
        """Names; True for a blocked one."""
        with self._db() as db:
            rows = db.execute("SELECT name, blocked FROM owner ORDER BY name").fetchall()
        return {name: bool(blocked) for name, blocked in rows}

    def cards(self) -> dict[str, str]:
        """Addresses and notes."""
        with self._db() as db:
            return dict(db.execute("SELECT bdf, note FROM card ORDER BY bdf").fetchall())

    def audit(self) -> list[AuditRecord]:
        """Every attempt to load that has ended."""
        return records(self.path)

    @contextmanager
    def _db(self) -> Iterator[sqlite3.Connection]:
        with schema.opened(self.path) as db:
            yield db

    def _obstacle(self, db: sqlite3.Connection, image: Image, tenant: str, card: str) -> str:
        """Why not; empty when nothing is in the way."""
        if not _one(db, "SELECT 1 FROM card WHERE bdf = ?", card):
            return "the card is not registered"
        current = _image(db, "id = ?", image.id)
        if current is None or current.withdrawn:
            return "the image is withdrawn"
        if _one(db, "SELECT 1 FROM owner WHERE name = ? AND blocked", current.owner):
            return "its owner is blocked"
        now = self._now()
        if not _one(
            db,
            "SELECT 1 FROM permit WHERE image = ? AND tenant = ? AND (card IS NULL OR card = ?) "
            "AND revoked IS NULL AND valid_from <= ? AND (valid_until IS NULL OR ? < valid_until)",
            image.id,
            tenant,
            card,
            now,
            now,
        ):
            return "there is no grant that is valid now"
        return ""


_IMAGE = "id, uuid, owner, interface, sha256, size, withdrawn IS NOT NULL"


def md5_of(fake: bytes) -> str:
    """The name of a fake: a digest of the whole file, hex."""
    return hashlib.md5(fake, usedforsecurity=False).hexdigest()


def _checked_fake(real: Axlf, fake: bytes) -> str:
    axlf = parse(fake)
    if axlf.uuid != real.uuid:
        raise fail(
            errno.EINVAL, f"the fake has the uuid {UUID(bytes=axlf.uuid)}, the image {UUID(bytes=real.uuid)}"
        )
    if secrets(axlf):
        raise fail(errno.EINVAL, f"the fake still has {secrets(axlf)[0].kind.name}")
    for section in secrets(real):
        if len(section.data) >= TELLING_BYTES and section.data in fake:
            raise fail(errno.EINVAL, f"the fake has {section.kind.name} outside of its sections")
    return md5_of(fake[: axlf.length])


def _one(db: sqlite3.Connection, query: str, *values: object) -> tuple[Any, ...] | None:
    row: tuple[Any, ...] | None = db.execute(query, values).fetchone()
    return row


def _image(db: sqlite3.Connection, condition: str, value: object) -> Image | None:
    row = _one(db, f"SELECT {_IMAGE} FROM image WHERE {condition}", value)
    return None if row is None else Image(*row)


def _existing(db: sqlite3.Connection, uuid: object) -> Image:
    image = _image(db, "uuid = ?", uuid)
    if image is None:
        raise fail(errno.ENOENT, f"there is no image {uuid}")
    return image


def _owned(db: sqlite3.Connection, uuid: object, by: str) -> Image:
    image = _existing(db, uuid)
    if image.owner != by:
        raise fail(errno.EPERM, f"the image {image.uuid} belongs to {image.owner}, not to {by}")
    return image


def _named(name: str, what: str) -> str:
    if not name.strip():
        raise fail(errno.EINVAL, f"the {what} has no name")
    return name
