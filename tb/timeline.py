# SPDX-License-Identifier: Apache-2.0
"""What host, mailbox, ICAP, ERT and CUs did, on one time axis, as a self-contained HTML page.

Idle stretches are cut out of the axis and marked, since a run mixes microseconds of traffic with
milliseconds of waiting. Messages between parties are drawn as a sequence diagram above it.
"""

from __future__ import annotations

import html
import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tb import sequence
from tb.sequence import Message

_COLOURS = ("#3366cc", "#dc6900", "#109618", "#990099", "#0099c6", "#b82e2e", "#66aa00", "#5574a6")
_ROW = 34
_LEFT = 110
_WIDTH = 1180
_GAP_PX = 26
_LABEL_PX = 70
_LETTER_PX = 7
_SHORTEST_LABEL = 6
_STYLE = """
body{font:14px/1.45 system-ui,sans-serif;margin:24px;color:#1d2433;background:#fff}
h1{font-size:19px;margin:0 0 2px}p{color:#596275;margin:0 0 14px}
svg text{font:12px system-ui,sans-serif;fill:#3b4252}
.lane{stroke:#e4e8ef}rect.gap{fill:#f0f2f7}svg text.gap{fill:#8a93a6}
svg text.in{font-size:11px;pointer-events:none}
svg text.time{font-size:11px;fill:#596275;text-anchor:end}
rect.party{fill:#eef2fb;stroke:#c3cfe8}line.life{stroke:#d5dae4;stroke-dasharray:3 3}
rect.chapter{fill:#f3f5f9}svg text.chapter{font-weight:600}
line.message{stroke:#3b4252;stroke-width:1.3}line.message:hover{stroke:#3366cc;stroke-width:3}
h2{font-size:15px;margin:20px 0 6px}
rect.e:hover,circle:hover{stroke:#000;stroke-width:1.5}
table{border-collapse:collapse;margin-top:18px}
td,th{padding:2px 12px 2px 0;text-align:left;vertical-align:top}
td.t{font-variant-numeric:tabular-nums;text-align:right;color:#596275;white-space:nowrap}
tr:hover{background:#f3f5f9}
"""


@dataclass(frozen=True)
class Entry:
    """One thing that happened: an instant, or a span when `end_ns` is later than `start_ns`."""

    start_ns: int
    end_ns: int
    lane: str
    text: str


def format_time(ns: float) -> str:
    """A simulated time for people: 3 significant figures and a unit."""
    for limit, unit in ((1e9, "s"), (1e6, "ms"), (1e3, "us")):
        if ns >= limit:
            return f"{ns / limit:.4g} {unit}"
    return f"{ns:.0f} ns"


def format_ms(ns: float) -> str:
    """Milliseconds to the microsecond: messages of one conversation are close together."""
    return f"{ns / 1e6:,.3f} ms"


class Timeline:
    """Collects entries while a run goes on."""

    def __init__(self, parties: Sequence[str] = ()) -> None:
        """`parties`: left-to-right order of those that send messages; others follow."""
        self.entries: list[Entry] = []
        self.messages: list[Message] = []
        self._parties = parties

    def point(self, now_ns: int, lane: str, text: str) -> None:
        self.entries.append(Entry(now_ns, now_ns, lane, text))

    def span(self, start_ns: int, end_ns: int, lane: str, text: str) -> None:
        self.entries.append(Entry(start_ns, end_ns, lane, text))

    def message(self, now_ns: int, sender: str, receiver: str, text: str) -> None:
        """`sender` said `text` to `receiver`; the same party twice for what it did by itself."""
        self.messages.append(Message(now_ns, sender, receiver, text))

    def chapter(self, now_ns: int, title: str) -> None:
        """A heading between messages."""
        self.messages.append(Message(now_ns, "", "", title))

    def write(self, path: Path, title: str, subtitle: str = "") -> None:
        talk = sequence.render(self.messages, self._parties, format_ms)
        path.write_text(render(self.entries, title, subtitle, talk))


class _Axis:
    """Time to pixels, with idle stretches cut to a fixed width."""

    def __init__(self, times: list[int]) -> None:
        self.cuts: list[tuple[int, int]] = []
        total = times[-1] - times[0] or 1
        gaps = sorted(((b - a, a, b) for a, b in itertools.pairwise(times)), reverse=True)
        for length, start, end in gaps[:8]:
            if length * 12 < total:
                break
            self.cuts.append((start, end))
            total -= length
        self.cuts.sort()
        self.start = times[0]
        self.scale = (_WIDTH - _GAP_PX * len(self.cuts)) / max(total, 1)

    def x(self, time_ns: int) -> float:
        position = _LEFT + (time_ns - self.start) * self.scale
        for start, end in self.cuts:
            if time_ns <= start:
                break
            covered = min(time_ns, end) - start
            position += _GAP_PX * covered / (end - start) - covered * self.scale
        return position


def render(entries: Iterable[Entry], title: str, subtitle: str = "", talk: str = "") -> str:
    """The page. Entries may come in any order; `talk` is the sequence diagram."""
    items = sorted(entries, key=lambda entry: (entry.start_ns, entry.end_ns))
    if not items:
        return f"<!doctype html><title>{html.escape(title)}</title><p>Nothing happened."
    lanes = list(dict.fromkeys(item.lane for item in items))
    axis = _Axis(sorted({t for item in items for t in (item.start_ns, item.end_ns)}))
    height = _ROW * len(lanes) + 46
    svg = [f'<svg width="{_LEFT + _WIDTH + 20}" height="{height}" role="img">']
    labelled: list[float] = []
    for start, end in sorted(axis.cuts, key=lambda cut: cut[0] - cut[1]):
        x = axis.x(start)
        svg.append(f'<rect class="gap" x="{x:.1f}" y="14" width="{_GAP_PX}" height="{height - 40}"/>')
        # The longest gaps are labelled; a label that would cover another one stays away.
        if all(abs(x - other) > _LABEL_PX for other in labelled):
            svg.append(f'<text class="gap" x="{x:.1f}" y="10">{format_time(end - start)}</text>')
            labelled.append(x)
    for row, lane in enumerate(lanes):
        y = 34 + row * _ROW
        svg.append(f'<text x="0" y="{y + 4}">{html.escape(lane)}</text>')
        svg.append(f'<line class="lane" x1="{_LEFT}" x2="{_LEFT + _WIDTH}" y1="{y}" y2="{y}"/>')
    for item in items:
        row = lanes.index(item.lane)
        y, colour = 34 + row * _ROW, _COLOURS[row % len(_COLOURS)]
        tip = f"<title>{html.escape(f'{format_time(item.start_ns)}: {item.text}')}</title>"
        x = axis.x(item.start_ns)
        if item.end_ns > item.start_ns:
            width = max(axis.x(item.end_ns) - x, 2)
            svg.append(
                f'<rect class="e" x="{x:.1f}" y="{y - 9}" width="{width:.1f}" height="18" rx="2" '
                f'fill="{colour}" fill-opacity=".3" stroke="{colour}" stroke-opacity=".6">{tip}</rect>'
            )
            letters = int(width / _LETTER_PX)
            if letters >= _SHORTEST_LABEL:
                text = item.text if len(item.text) <= letters else item.text[: letters - 1] + "…"
                svg.append(f'<text class="in" x="{x + 5:.1f}" y="{y + 4}">{html.escape(text)}</text>')
        else:
            svg.append(f'<circle cx="{x:.1f}" cy="{y}" r="3.5" fill="{colour}">{tip}</circle>')
    last = axis.x(items[-1].end_ns)
    svg.append(f'<text x="{_LEFT}" y="{height - 8}">{format_time(items[0].start_ns)}</text>')
    svg.append(f'<text x="{last - 60:.1f}" y="{height - 8}">{format_time(items[-1].end_ns)}</text></svg>')
    rows = [
        f'<tr><td class="t">{format_time(item.start_ns)}<td>{html.escape(item.lane)}'
        f"<td>{html.escape(item.text)}"
        + (f" ({format_time(item.end_ns - item.start_ns)})" if item.end_ns > item.start_ns else "")
        for item in items
    ]
    if talk:
        talk = f"<h2>Who said what to whom</h2>{talk}<h2>On one time axis</h2>"
    return (
        f'<!doctype html><meta charset="utf-8"><title>{html.escape(title)}</title><style>{_STYLE}</style>'
        f"<h1>{html.escape(title)}</h1><p>{html.escape(subtitle)}</p>{talk}{''.join(svg)}"
        f"<table><tr><th>time<th>who<th>what{''.join(rows)}</table>\n"
    )
