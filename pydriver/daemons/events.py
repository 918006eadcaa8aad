# SPDX-License-Identifier: Apache-2.0
"""What a daemon says: one line per event on stderr and, when asked, one JSON object per event in a file.

The file is for timelines: every object has `t` (Unix time in seconds), `who` (`msd` or `mpd`), `text` (the
same sentence as on stderr) and the facts of the event (`event`, `function`, `direction`, `opcode`, `size`).
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import threading
import time
from pathlib import Path
from typing import TextIO

Fact = str | int | float | bool | None


class EventLog:
    """Usable from every thread. Several processes may append to the same file.

    A reader of stderr that went away or a full disk loses lines; it ends neither daemon nor connection.
    """

    def __init__(
        self, who: str, events: Path | None = None, verbose: bool = False, stream: TextIO | None = None
    ) -> None:
        """`events`: the file to append JSON lines to. Raises OSError when it cannot be opened."""
        self.who = who
        self._verbose = verbose
        self._stream = sys.stderr if stream is None else stream
        self._lock = threading.Lock()
        self._fd = -1
        if events is not None:
            self._fd = os.open(events, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)

    def say(self, text: str, **facts: Fact) -> None:
        """An event that everybody should see."""
        self._put(text, facts, show=True)

    def detail(self, text: str, **facts: Fact) -> None:
        """An event of normal traffic: always in the file, on stderr only when the daemon is verbose."""
        self._put(text, facts, show=self._verbose)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            fd, self._fd = self._fd, -1
        if fd >= 0:
            os.close(fd)

    def _put(self, text: str, facts: dict[str, Fact], show: bool) -> None:
        now = time.time()
        line = " ".join(text.split())
        with self._lock:
            if show:
                clock = time.strftime("%H:%M:%S", time.localtime(now))
                with contextlib.suppress(OSError):
                    shown = f"{clock}.{int(now * 1000) % 1000:03d} {self.who}: {line}"
                    print(shown, file=self._stream, flush=True)
            if self._fd >= 0:
                entry = {"t": round(now, 6), "who": self.who, "text": line, **facts}
                with contextlib.suppress(OSError):
                    # One write per line: O_APPEND keeps lines of several daemons whole.
                    os.write(self._fd, json.dumps(entry).encode() + b"\n")
