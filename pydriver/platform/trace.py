# SPDX-License-Identifier: Apache-2.0
"""The progress hook that runs through all drivers.

A hook is any callable ``on_event(source, text)``. `source` is a short dotted path of the part that speaks
(``mgmt.mailbox``, ``mgmt.icap``, ``user.ert``, ``user.irq`` ...), `text` one line without a time: whoever
listens adds the platform's time.
"""

from __future__ import annotations

from collections.abc import Callable

OnEvent = Callable[[str, str], None]


def silent(source: str, text: str) -> None:
    """The default hook: nobody listens."""
