# SPDX-License-Identifier: Apache-2.0
"""The audit trail: one record for every attempt to load, whatever happens to it.

An attempt is written down before anything is decided, in the table `attempt`. Its end moves it to
`audit`, which can only be added to, in one transaction. If the process dies in between the row stays. The
process holds a lock on the byte of the row's number in the file `<vault>-attempts`, which the kernel takes
back when it dies: whoever finds a row without its lock writes the record "interrupted".
"""

from __future__ import annotations

import errno
import fcntl
import os
import sqlite3
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from . import schema

_FLOCK = struct.Struct("@hhqqi4x")


class Verdict(StrEnum):
    """How an attempt ended."""

    LOADED = "loaded"
    REFUSED = "refused"
    """Not allowed, or not known; the card was not touched."""
    FAILED = "failed"
    """Allowed, but the stored image or the card did not work."""
    INTERRUPTED = "interrupted"
    """The process died; what the card has is not known."""


@dataclass(frozen=True)
class AuditRecord:
    """One attempt. `time`: when it began, seconds since the epoch. `errno`: what was answered, positive.

    `verdict` is a `Verdict`'s value.
    """

    id: int
    time: float
    tenant: str
    card: str
    uuid: str
    md5: str
    verdict: str
    errno: int
    note: str


class Attempt:
    """An attempt that goes on. `authorised()` when the card may be touched, `loaded()` when it is done."""

    def __init__(self) -> None:
        self.verdict = Verdict.REFUSED
        self.note = ""

    def authorised(self, note: str = "") -> None:
        """From here on an error is a failure and no refusal."""
        self.verdict = Verdict.FAILED
        self.note = note

    def loaded(self) -> None:
        self.verdict = Verdict.LOADED


@dataclass(frozen=True)
class Subject:
    """Who wants to load what where. `uuid` and `md5` are hex; `uuid` is empty when there is no image."""

    tenant: str
    card: str
    uuid: str
    md5: str


@contextmanager
def attempt(
    path: Path, subject: Subject, log: Callable[[str], None], now: Callable[[], float] = time.time
) -> Iterator[Attempt]:
    """Keep the record of one attempt; the block decides and loads.

    Raises what the vault gives when the attempt cannot be written down: then nothing may be loaded. When its
    end cannot be, that goes to `log` and the record says "interrupted" later.
    """
    # Before the lock, which would be left beside a vault that is not there.
    schema.check_file(path)
    lock = _open_locks(path)
    try:
        with schema.opened(path) as db:
            _close_interrupted(db, path)
            cursor = db.execute(
                "INSERT INTO attempt (time, tenant, card, uuid, md5) VALUES (?, ?, ?, ?, ?)",
                (now(), subject.tenant, subject.card, subject.uuid, subject.md5),
            )
            number = int(cursor.lastrowid or 0)
            # Before anybody else can see the row.
            _lock(lock, number)
        state = Attempt()
        code = 0
        try:
            yield state
            if state.verdict != Verdict.LOADED:
                code = errno.EIO
        except BaseException as error:
            # A text that is not ours could say more than it should.
            code = (error.errno if isinstance(error, OSError) else None) or errno.EIO
            if not isinstance(error, OSError):
                state.note = f"{state.note} {type(error).__name__}".strip()
            if state.verdict == Verdict.LOADED:
                state.verdict = Verdict.FAILED
            raise
        finally:
            _end(path, number, state, code, log)
    finally:
        os.close(lock)


def _end(path: Path, number: int, state: Attempt, code: int, log: Callable[[str], None]) -> None:
    try:
        with schema.opened(path) as db:
            _move(db, number, state.verdict, code, state.note)
    except OSError as error:
        log(f"attempt {number} ended as {state.verdict} ({code}), not recorded: {error.strerror}")


def records(path: Path) -> list[AuditRecord]:
    """The whole trail, oldest attempt first; attempts of dead processes get their records now."""
    with schema.opened(path) as db:
        _close_interrupted(db, path)
        rows: list[Any] = db.execute(
            "SELECT id, time, tenant, card, uuid, md5, verdict, errno, note FROM audit ORDER BY id"
        ).fetchall()
    return [AuditRecord(*row) for row in rows]


def _move(db: sqlite3.Connection, number: int, verdict: Verdict, code: int, note: str) -> None:
    """From `attempt` to `audit` under the same number, which makes a second record impossible."""
    db.execute(
        "INSERT INTO audit SELECT id, time, tenant, card, uuid, md5, ?, ?, ? FROM attempt WHERE id = ?",
        (verdict.value, code, note, number),
    )
    db.execute("DELETE FROM attempt WHERE id = ?", (number,))


def _close_interrupted(db: sqlite3.Connection, path: Path) -> None:
    rows = db.execute("SELECT id FROM attempt").fetchall()
    if not rows:
        return
    probe = _open_locks(path)
    try:
        for (number,) in rows:
            if not _locked(probe, number):
                _move(db, number, Verdict.INTERRUPTED, errno.EINTR, "")
    finally:
        os.close(probe)


def _open_locks(path: Path) -> int:
    # Not the vault itself: closing any other descriptor of it would drop SQLite's locks of this process.
    locks = path.with_name(path.name + "-attempts")
    return os.open(locks, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)


def _lock(fd: int, number: int) -> None:
    fcntl.fcntl(fd, fcntl.F_OFD_SETLK, _FLOCK.pack(fcntl.F_WRLCK, os.SEEK_SET, number, 1, 0))


def _locked(fd: int, number: int) -> bool:
    answer = fcntl.fcntl(fd, fcntl.F_OFD_GETLK, _FLOCK.pack(fcntl.F_WRLCK, os.SEEK_SET, number, 1, 0))
    return bool(_FLOCK.unpack(answer)[0] != fcntl.F_UNLCK)
