# SPDX-License-Identifier: Apache-2.0
"""Where faults enter the fast host: one object that sees every request and every answer.

The base class changes nothing. A fault scenario derives from it and is given to `FastHost(faults=...)`.
Faults on the pins themselves (late, lost, reordered, duplicated completions, credit stalls) belong in
an RTL module between the host and the card; this object is where a test would steer it from.
"""

from __future__ import annotations

from tb.hosts.common import Status


class Faults:
    """Sees dword accesses and request-sized pieces of blocks. Addresses in bytes from the BAR's start."""

    def request(self, function: int, bar: int, offset: int, write: bool) -> Status | None:
        """A status ends the access here, before the card sees it; None lets it pass."""
        return None

    def answer(self, function: int, bar: int, offset: int, status: Status, value: int) -> tuple[Status, int]:
        """What the software gets for a dword read that the card answered."""
        return status, value
