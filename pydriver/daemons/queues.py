# SPDX-License-Identifier: Apache-2.0
"""The queue between a daemon's receivers and its handler: bounded in bytes, closable."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass
from enum import Enum

from pydriver.daemons.frameio import RawFrame

QUEUE_BYTES = 256 << 20


class Origin(Enum):
    """Where a frame came from."""

    MAILBOX = "mailbox"
    REMOTE = "MSD"


@dataclass(frozen=True)
class Item:
    origin: Origin
    frame: RawFrame


class FrameQueue:
    """First in, first out. A single frame of any size fits; more than `limit` bytes together do not."""

    def __init__(self, limit: int = QUEUE_BYTES) -> None:
        self._limit = limit
        self._items: deque[Item] = deque()
        self._bytes = 0
        self._closed = False
        self._changed = threading.Condition()

    def put(self, item: Item) -> bool:
        """Blocks while the queue is full; False when it is closed and the item is lost."""
        size = len(item.frame.raw)
        with self._changed:
            self._changed.wait_for(
                lambda: self._closed or not self._items or self._bytes + size <= self._limit
            )
            if self._closed:
                return False
            self._items.append(item)
            self._bytes += size
            self._changed.notify_all()
            return True

    def get(self) -> Item | None:
        """Blocks while the queue is empty; None when it is closed, whatever is left in it."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or bool(self._items))
            if self._closed:
                return None
            item = self._items.popleft()
            self._bytes -= len(item.frame.raw)
            self._changed.notify_all()
            return item

    def close(self) -> None:
        """Everybody who waits gets up."""
        with self._changed:
            self._closed = True
            self._items.clear()
            self._bytes = 0
            self._changed.notify_all()
