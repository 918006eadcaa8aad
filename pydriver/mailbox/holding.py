# SPDX-License-Identifier: Apache-2.0
"""Holding time while another process has something to do."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

Hold = Callable[[], AbstractContextManager[None]]


class Holding:
    """Enters a context when it begins to be wanted, leaves it when it no longer is; at most one at a time."""

    def __init__(self, hold: Hold) -> None:
        self._hold = hold
        self._context: AbstractContextManager[None] | None = None

    def update(self, wanted: bool) -> None:
        """Enter, leave or change nothing."""
        if wanted and self._context is None:
            self._context = self._hold()
            self._context.__enter__()
        elif not wanted and self._context is not None:
            context, self._context = self._context, None
            context.__exit__(None, None, None)
