# SPDX-License-Identifier: Apache-2.0
"""The vault's file: an SQLite database that only its owner may read.

Its version is SQLite's `user_version`; `STEPS[n]` takes version n to n + 1. Every use opens its own
connection, so that threads and processes need not know of each other: SQLite's locks order them.
"""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from pydriver.errors import fail

APPLICATION_ID = 0x43_4C_56_54
"""Marks the file as a vault ("CLVT")."""

BUSY_S = 20.0
"""How long a connection waits for others before it gives up."""

STEPS = (
    """
    CREATE TABLE owner (
        name TEXT PRIMARY KEY,
        blocked INTEGER NOT NULL DEFAULT 0
    );
    CREATE TABLE image (
        id INTEGER PRIMARY KEY,
        uuid TEXT NOT NULL UNIQUE,
        owner TEXT NOT NULL REFERENCES owner,
        interface TEXT NOT NULL,
        sha256 TEXT NOT NULL,
        size INTEGER NOT NULL,
        data BLOB NOT NULL,
        added REAL NOT NULL,
        withdrawn REAL
    );
    CREATE TABLE fake (
        md5 TEXT PRIMARY KEY,
        image INTEGER NOT NULL REFERENCES image
    );
    CREATE TABLE card (
        bdf TEXT PRIMARY KEY,
        note TEXT NOT NULL
    );
    CREATE TABLE permit (
        id INTEGER PRIMARY KEY,
        image INTEGER NOT NULL REFERENCES image,
        tenant TEXT NOT NULL,
        card TEXT REFERENCES card,
        valid_from REAL NOT NULL,
        valid_until REAL,
        revoked REAL
    );
    CREATE INDEX permit_of ON permit (image, tenant);
    CREATE TABLE attempt (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        time REAL NOT NULL,
        tenant TEXT NOT NULL,
        card TEXT NOT NULL,
        uuid TEXT NOT NULL,
        md5 TEXT NOT NULL
    );
    CREATE TABLE audit (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        time REAL NOT NULL,
        tenant TEXT NOT NULL,
        card TEXT NOT NULL,
        uuid TEXT NOT NULL,
        md5 TEXT NOT NULL,
        verdict TEXT NOT NULL,
        errno INTEGER NOT NULL,
        note TEXT NOT NULL
    );
    CREATE TRIGGER audit_keeps_rows BEFORE DELETE ON audit
    BEGIN SELECT RAISE(ABORT, 'the audit table is append only'); END;
    CREATE TRIGGER audit_keeps_values BEFORE UPDATE ON audit
    BEGIN SELECT RAISE(ABORT, 'the audit table is append only'); END;
    """,
)


def create(path: Path) -> None:
    """Make an empty vault, mode 0600. Raises EEXIST and what making the file gives."""
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    with _transaction(path) as db:
        db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        _migrate(db, 0)


@contextmanager
def opened(path: Path) -> Iterator[sqlite3.Connection]:
    """One transaction on the vault: what the block writes counts when it ends without an exception.

    Raises ENOENT when there is no file, EACCES when others may read or write it, EIO when it is damaged or
    no vault, EINVAL when a newer program made it, EBUSY when others hold it too long.
    """
    check_file(path)
    with _transaction(path) as db:
        (mark,) = db.execute("PRAGMA application_id").fetchone()
        (version,) = db.execute("PRAGMA user_version").fetchone()
        if mark != APPLICATION_ID:
            raise fail(errno.EIO, f"{path} is no vault")
        if version > len(STEPS):
            raise fail(errno.EINVAL, f"the vault {path} has version {version}, here are {len(STEPS)} known")
        _migrate(db, version)
        yield db


def check_file(path: Path) -> None:
    """Raises ENOENT and the like, EACCES when others may read or write the vault."""
    try:
        mode = path.stat().st_mode
    except OSError as error:
        raise fail(error.errno or errno.EIO, f"the vault {path} cannot be used: {error.strerror}") from None
    if mode & 0o077:
        raise fail(errno.EACCES, f"the vault {path} has mode {mode & 0o777:o}, others may use it; chmod 600")


def _migrate(db: sqlite3.Connection, version: int) -> None:
    for number, step in enumerate(STEPS[version:], version + 1):
        for statement in _statements(step):
            db.execute(statement)
        db.execute(f"PRAGMA user_version = {number}")


def _statements(script: str) -> Iterator[str]:
    """One by one, for `executescript` would end the transaction."""
    statement = ""
    for line in script.splitlines():
        statement += line + "\n"
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


@contextmanager
def _transaction(path: Path) -> Iterator[sqlite3.Connection]:
    # mode=rw: a vault that went away must not come back empty.
    address = f"{path.resolve().as_uri()}?mode=rw"
    try:
        with closing(sqlite3.connect(address, uri=True, timeout=BUSY_S, isolation_level=None)) as db:
            db.execute("PRAGMA foreign_keys = ON")
            db.execute("BEGIN IMMEDIATE")
            # A close without COMMIT takes everything back.
            yield db
            db.execute("COMMIT")
    except sqlite3.Error as error:
        # The low byte is the primary code; some errors of the module itself have none.
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise fail(errno.EBUSY, f"the vault {path} is in use by others") from None
        raise fail(errno.EIO, f"the vault {path} is damaged or cannot be used: {error}") from None
