# SPDX-License-Identifier: Apache-2.0
"""A log-log plot of a few series as a self-contained SVG."""

from __future__ import annotations

import html
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

_WIDTH, _HEIGHT = 860, 520
_LEFT, _RIGHT, _TOP, _BOTTOM = 84, 210, 58, 52
_STYLE = (
    "text{font:12px system-ui,sans-serif;fill:#3b4252}.grid{stroke:#e4e8ef}.title{font-size:15px}"
    ".axis{fill:#596275}polyline{fill:none;stroke-width:2}"
)
_PREFIXES = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"), (1.0, ""))
_BINARY = ((1 << 20, "MiB"), (1 << 10, "KiB"), (1, "B"))


@dataclass(frozen=True)
class Series:
    """A line. The points from index `guessed` on are not measured and drawn open, on a dashed line.

    `dotted`: what is measured is drawn on a dotted line, to tell two families of lines apart.
    """

    name: str
    colour: str
    points: Sequence[tuple[float, float]]
    guessed: int
    dotted: bool = False


def size_text(size: float) -> str:
    """A number of bytes with a binary prefix."""
    scale, unit = next((scale, unit) for scale, unit in _BINARY if size >= scale or scale == 1)
    return f"{size / scale:g} {unit}"


def rate_text(value: float) -> str:
    """A power of ten with a decimal prefix."""
    scale, unit = next((scale, unit) for scale, unit in _PREFIXES if value >= scale or scale == 1)
    return f"{value / scale:g} {unit}"


def log_log(
    title: str,
    x_title: str,
    y_title: str,
    series: Sequence[Series],
    *,
    x_text: Callable[[float], str] = size_text,
    x_step: int = 4,
) -> str:
    """The SVG. Values must be positive; y grid lines are powers of ten, x grid lines powers of two, every
    `x_step`th, labelled by `x_text`."""
    xs = [x for one in series for x, _ in one.points]
    ys = [y for one in series for _, y in one.points]
    x_low, x_high = math.log2(min(xs)), math.log2(max(xs))
    y_low, y_high = math.floor(math.log10(min(ys))), math.ceil(math.log10(max(ys)))

    def x_of(x: float) -> float:
        return _LEFT + (math.log2(x) - x_low) / max(x_high - x_low, 1e-9) * (_WIDTH - _LEFT - _RIGHT)

    def y_of(y: float) -> float:
        share = (math.log10(y) - y_low) / max(y_high - y_low, 1)
        return _HEIGHT - _BOTTOM - share * (_HEIGHT - _TOP - _BOTTOM)

    right, low = _WIDTH - _RIGHT, _HEIGHT - _BOTTOM
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img">',
        f'<style>{_STYLE}</style><rect width="100%" height="100%" fill="#fff"/>',
        f'<text class="title" x="{_LEFT}" y="24">{html.escape(title)}</text>',
    ]
    for power in range(math.ceil(x_low), math.floor(x_high) + 1, x_step):
        at = x_of(2.0**power)
        parts.append(f'<line class="grid" x1="{at:.1f}" y1="{_TOP}" x2="{at:.1f}" y2="{low}"/>')
        parts.append(f'<text x="{at:.1f}" y="{low + 18}" text-anchor="middle">{x_text(2.0**power)}</text>')
    for power in range(y_low, y_high + 1):
        at = y_of(10.0**power)
        parts.append(f'<line class="grid" x1="{_LEFT}" y1="{at:.1f}" x2="{right}" y2="{at:.1f}"/>')
        parts.append(
            f'<text x="{_LEFT - 8}" y="{at + 4:.1f}" text-anchor="end">{rate_text(10.0**power)}</text>'
        )
    parts.append(
        f'<text class="axis" x="{right}" y="{low + 38}" text-anchor="end">{html.escape(x_title)}</text>'
    )
    parts.append(f'<text class="axis" x="{_LEFT - 66}" y="{_TOP - 14}">{html.escape(y_title)}</text>')
    for index, one in enumerate(series):
        places = [(x_of(x), y_of(y)) for x, y in one.points]
        measured, rest = places[: one.guessed], places[max(one.guessed - 1, 0) :]
        dots = ' stroke-dasharray="1.5 3"' if one.dotted else ""
        for line, dash in ((measured, dots), (rest, ' stroke-dasharray="5 4"')):
            if len(line) > 1:
                points = " ".join(f"{x:.1f},{y:.1f}" for x, y in line)
                parts.append(f'<polyline points="{points}" stroke="{one.colour}"{dash}/>')
        for number, (x, y) in enumerate(places):
            fill = one.colour if number < one.guessed else "#fff"
            parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{fill}" stroke="{one.colour}"/>')
        at = _TOP + 20 * index
        parts.append(f'<rect x="{right + 16}" y="{at}" width="12" height="12" fill="{one.colour}"/>')
        parts.append(f'<text x="{right + 34}" y="{at + 10}">{html.escape(one.name)}</text>')
    if any(one.guessed < len(one.points) for one in series):
        note = _TOP + 20 * len(series) + 12
        parts.append(f'<text class="axis" x="{right + 16}" y="{note}">open: extrapolated</text>')
    return "\n".join([*parts, "</svg>", ""])
