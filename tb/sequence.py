# SPDX-License-Identifier: Apache-2.0
"""Who said what to whom: a sequence diagram as SVG, one lifeline per party, one row per message."""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence
from dataclasses import dataclass

_LEFT = 104
_COLUMN = 236
_HEAD = 40
_ROW = 30
_LETTER_PX = 6.2


@dataclass(frozen=True)
class Message:
    """`sender` and `receiver` are parties; equal for something that a party does by itself.

    Without parties it is a heading: a chapter of the conversation.
    """

    time_ns: int
    sender: str
    receiver: str
    text: str


def parties_of(messages: Sequence[Message], order: Sequence[str]) -> list[str]:
    """Every party that occurs: those of `order` first, the others in order of appearance."""
    seen = dict.fromkeys(party for item in messages for party in (item.sender, item.receiver) if party)
    return [party for party in order if party in seen] + [party for party in seen if party not in order]


def _label(text: str, width: float) -> str:
    letters = max(int(width / _LETTER_PX), 4)
    return html.escape(text if len(text) <= letters else text[: letters - 1] + "…")


def render(messages: Sequence[Message], order: Sequence[str], format_time: Callable[[float], str]) -> str:
    """The diagram; `order` gives the lifelines from left to right. Empty text when nobody said anything."""
    if not any(item.sender for item in messages):
        return ""
    parties = parties_of(messages, order)
    x = {party: _LEFT + _COLUMN * index + _COLUMN // 2 for index, party in enumerate(parties)}
    width = _LEFT + _COLUMN * len(parties) + 20
    height = _HEAD + _ROW * len(messages) + 20
    svg = [
        f'<svg class="sequence" width="{width}" height="{height}" role="img">'
        '<defs><marker id="head" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" '
        'orient="auto"><path d="M0 0L8 4L0 8z" fill="#3b4252"/></marker></defs>'
    ]
    for party in parties:
        svg.append(
            f'<rect class="party" x="{x[party] - 84}" y="4" width="168" height="24" rx="4"/>'
            f'<text x="{x[party]}" y="20" text-anchor="middle">{html.escape(party)}</text>'
            f'<line class="life" x1="{x[party]}" x2="{x[party]}" y1="28" y2="{height - 8}"/>'
        )
    for row, item in enumerate(messages):
        y = _HEAD + _ROW * row + 18
        if not item.sender:
            svg.append(
                f'<rect class="chapter" x="4" y="{y - 11}" width="{width - 12}" height="22" rx="3"/>'
                f'<text class="chapter" x="12" y="{y + 4}">{html.escape(item.text)}</text>'
            )
            continue
        start, end = x[item.sender], x[item.receiver]
        tip = f"<title>{html.escape(f'{format_time(item.time_ns)}: {item.text}')}</title>"
        svg.append(f'<text class="time" x="{_LEFT - 14}" y="{y + 4}">{format_time(item.time_ns)}</text>')
        if start == end:
            svg.append(
                f'<circle cx="{start}" cy="{y}" r="3.5" fill="#3366cc">{tip}</circle>'
                f'<text class="in" x="{start + 8}" y="{y + 4}">{_label(item.text, width - start - 24)}</text>'
            )
            continue
        svg.append(
            f'<line class="message" x1="{start}" x2="{end}" y1="{y}" y2="{y}" marker-end="url(#head)">{tip}'
            f'</line><text class="in" x="{(start + end) / 2}" y="{y - 4}" text-anchor="middle">'
            f"{_label(item.text, abs(end - start) - 10)}</text>"
        )
    return "".join([*svg, "</svg>"])
