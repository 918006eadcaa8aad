# SPDX-License-Identifier: Apache-2.0
"""What drivers and daemons report, as messages between parties for the sequence diagram."""

from __future__ import annotations

import errno
import re
from collections.abc import Iterator
from typing import Any

APPLICATION, XOCL, MPD, PLUGIN, MSD, XCLMGMT, ICAP = (
    "application",
    "xocl",
    "MPD",
    "plugin",
    "MSD",
    "xclmgmt",
    "ICAP",
)
PARTIES = (APPLICATION, XOCL, MPD, PLUGIN, MSD, XCLMGMT, ICAP)
"""From left to right: the way of a request."""

Said = tuple[str, str, str]
"""Sender, receiver, text."""

_SENDS = re.compile(r"sends (?P<what>.*?)(?P<software> over the software channel)?$")
_UUID = re.compile(r"\b([0-9a-f]{8})[0-9a-f]{24}\b")
_DOWNLOAD = re.compile(r"DOWNLOAD_AXLF, \d+ bytes$")
_MAILBOXES = {"user.mailbox": (XOCL, XCLMGMT, MPD), "mgmt.mailbox": (XCLMGMT, XOCL, MSD)}


def of_driver(source: str, text: str) -> Iterator[Said]:
    """Messages in an event of a driver; uuids are shortened to their first 8 digits."""
    text = _UUID.sub(r"\1", text)
    if source in _MAILBOXES:
        sender, peer, daemon = _MAILBOXES[source]
        sends = _SENDS.match(text)
        if sends:
            software = sends["software"] is not None
            way = "node" if software else "hardware mailbox"
            yield sender, daemon if software else peer, f"{sends['what']} ({way})"
        elif " not sent" in text or text.startswith("dropped"):
            yield sender, sender, text
    elif source == "mgmt.icap" and text.startswith("downloads"):
        yield XCLMGMT, ICAP, text
    elif source == "mgmt.icap" and (text.endswith("is loaded") or "failed" in text):
        yield ICAP, XCLMGMT, text
    elif (source == "user" and text.startswith(("loads", "load failed"))) or (
        source == "user.peer" and "has this image already" in text
    ):
        yield XOCL, XOCL, text


def _number(result: int | None) -> str:
    """What a response that is one number says; empty for any other message."""
    if result is None:
        return ""
    return f"-{errno.errorcode[-result]}" if -result in errno.errorcode else str(result)


def _size(record: dict[str, Any]) -> str:
    return f"{record.get('size', 0)} bytes"


def of_daemon(record: dict[str, Any], behind_mpd: str) -> Iterator[Said]:
    """Messages in an event of MPD or MSD; `behind_mpd` is who answers what MPD takes from its node."""
    kind, text = record.get("event"), record["text"]
    direction = record.get("direction", "")
    what = f"{record.get('opcode', '')}, {_number(record.get('result')) or _size(record)}"
    if record["who"] == "mpd":
        if direction == "mailbox to MPD":
            yield MPD, behind_mpd, f"{what} ({'TCP' if behind_mpd == MSD else 'call'})"
        elif direction == "MSD to MPD":
            yield MPD, XOCL, f"{what} (node)"
        elif direction == "plugin to mailbox":
            yield PLUGIN, XOCL, f"{what} (node)"
        elif download := _DOWNLOAD.search(text):
            yield PLUGIN, XCLMGMT, f"{download[0]} (ioctl)"
        elif kind == "plugin":
            yield PLUGIN, PLUGIN, text
    elif direction in {"MSD to MPD", "mailbox to MPD"}:
        yield MSD, MPD, f"{what} (TCP)"
    elif direction == "MPD to mailbox":
        yield MSD, XCLMGMT, f"{what} (node)"
    elif kind == "load" and "size" in record:
        yield MSD, XCLMGMT, f"DOWNLOAD_AXLF, {record['size']} bytes (ioctl)"
    elif kind == "config" and text.partition(": ")[2].startswith("published"):
        yield MSD, XCLMGMT, "comm id, channel switch (attributes)"
    elif kind == "handshake":
        yield MPD, MSD, "id, accepted (TCP)"
