# SPDX-License-Identifier: Apache-2.0
"""Where a scenario runs: live progress per step, and what the summary and the timeline are made of."""

from __future__ import annotations

import json
import os
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape

from cards.xrt_u200 import MGMT, Card
from scenarios import talk
from tb.platform import SimPlatform
from tb.timeline import Timeline, format_time

_LANES = {
    "mb": "scheduler",
    "mgmt.icap": "ICAP",
    "user.ert": "ERT",
    "user.irq": "interrupts",
    "mgmt.irq": "interrupts",
}


def lane_of(source: str) -> str:
    """The timeline's row for an event source of the drivers (dotted path)."""
    if "mailbox" in source:
        return "mailbox"
    return _LANES.get(source, source.split(".", maxsplit=1)[0])


class Stage:
    """One run of one scenario."""

    def __init__(self, scenario: str) -> None:
        self.timeline = Timeline(talk.PARTIES)
        self.behind_mpd = talk.MSD
        self.steps: list[dict[str, Any]] = []
        self.card: Card | None = None
        self.verdict = "no step ran"
        self._scenario = scenario
        self._started = time.monotonic()
        self._console = Console(
            force_terminal=os.environ.get("FORCE_TTY") == "1" or None, highlight=False, soft_wrap=True
        )

    @property
    def platform(self) -> SimPlatform:
        """The host of the card that is on the stage."""
        assert self.card is not None
        return self.card.platform

    def now_ns(self) -> int:
        return self.card.platform.clock.now_ns() if self.card else 0

    def accesses(self) -> int:
        """BAR accesses so far: dwords, and blocks as one each."""
        return sum(self.card.platform.counter.counts.values()) if self.card else 0

    def event(self, source: str, text: str) -> None:
        """The hook for drivers, firmware and card: a line of progress and an entry of the timeline."""
        self.timeline.point(self.now_ns(), lane_of(source), f"{source}: {text}")
        for said in talk.of_driver(source, text):
            self.timeline.message(self.now_ns(), *said)
        self._print(source, text)

    def daemon_event(self, record: dict[str, Any]) -> None:
        """An event of a daemon's event file, at the simulated time at which it became known."""
        self.timeline.point(self.now_ns(), record["who"], record["text"])
        for said in talk.of_daemon(record, self.behind_mpd):
            self.timeline.message(self.now_ns(), *said)
        self._print(record["who"], record["text"])

    def say(self, sender: str, receiver: str, text: str) -> None:
        """Something that the scenario itself does or shows, on the sequence diagram."""
        self.timeline.message(self.now_ns(), sender, receiver, text)
        self._print(sender, text)

    def _print(self, source: str, text: str) -> None:
        self._console.print(f"    [dim]{format_time(self.now_ns()):>9}  {source:<13} {escape(text)}[/]")

    def work(self, slot: int, start_ns: int, end_ns: int) -> None:
        """A slot of the dynamic region was at work: a span of the timeline."""
        self.timeline.span(start_ns, end_ns, "kernels", f"slot {slot}")

    async def settle(self, condition: Callable[[], bool], seconds: float = 5.0) -> None:
        """Let simulated time run until `condition` holds. Raises AssertionError after `seconds` of it."""
        clock = self.platform.clock
        start = clock.now_ns()
        while not condition():
            passed = clock.now_ns() - start
            if passed > seconds * 1e9:
                raise AssertionError(f"nothing came of it in {seconds} simulated seconds")
            # Late by a few per cent at most, and few looks even at a long wait.
            await clock.sleep_ns(10_000 + passed // 50)

    @asynccontextmanager
    async def step(self, title: str) -> AsyncIterator[None]:
        """A step of the host program; its time, accesses and outcome go into the summary."""
        so_far = f"at {format_time(self.now_ns())}, {self.accesses():,} BAR accesses so far"
        self._console.print(f"[bold]▶ {escape(title)}[/] [dim]{so_far}[/]")
        self.timeline.chapter(self.now_ns(), title)
        start_ns, start_wall, start_accesses = self.now_ns(), time.monotonic(), self.accesses()
        ok = False
        try:
            yield
            ok = True
        finally:
            self.steps.append(
                {
                    "title": title,
                    "ok": ok,
                    "sim_ns": self.now_ns() - start_ns,
                    "wall_s": time.monotonic() - start_wall,
                    "accesses": self.accesses() - start_accesses,
                }
            )
            self.timeline.span(start_ns, self.now_ns(), "application", title)

    def traffic(self) -> list[dict[str, Any]]:
        """Reads and writes per named block, of both functions."""
        if self.card is None:
            return []
        rows = []
        for function, bar, window, reads, writes in self.card.platform.counter.rows():
            name = "mgmt" if function == MGMT else "user"
            rows.append({"block": f"{name} {window or f'BAR{bar}'}", "reads": reads, "writes": writes})
        rows.append(
            {"block": "scheduler bus (all accesses)", "reads": self.card.processor.bus.accesses, "writes": 0}
        )
        return rows

    def finish(self, directory: Path, verdict: str) -> None:
        """Write report.json and timeline.html into the run directory."""
        ok = bool(self.steps) and all(step["ok"] for step in self.steps)
        report = {
            "scenario": self._scenario,
            "ok": ok,
            "verdict": verdict,
            "steps": self.steps,
            "traffic": self.traffic(),
            "sim_ns": self.now_ns(),
            "wall_s": time.monotonic() - self._started,
            "accesses": self.accesses(),
            "seed": int(os.environ.get("SEED", "1")),
        }
        (directory / "report.json").write_text(json.dumps(report, indent=1))
        self.timeline.write(
            directory / "timeline.html",
            f"{self._scenario}: {verdict}",
            f"{format_time(self.now_ns())} simulated, {self.accesses():,} BAR accesses",
        )
