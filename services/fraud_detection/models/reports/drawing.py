"""Plots as SVG text that stands by itself: no script, no font and no address of elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

WIDTH: Final = 460
HEIGHT: Final = 300
_LEFT, _RIGHT, _TOP, _BOTTOM = 58, 14, 14, 44
_COLORS: Final = ("#1f5fa8", "#c4521b", "#4a7a3a", "#7b4fa0")
_LINE: Final = 21
_LABELS: Final = 190


@dataclass(frozen=True, slots=True)
class PlottedSeries:
    """Points in the plot's own units, joined by a line unless ``dots``."""

    name: str
    points: Sequence[tuple[float, float]]
    dots: bool = False
    dashed: bool = False


def line_plot(
    title: str, across: str, up: str, series: Sequence[PlottedSeries], *, top: float = 1.0, end: float = 1.0
) -> str:
    """A plot from 0 to ``end`` across and 0 to ``top`` up, e.g. precision over recall."""
    across_by, up_by = (WIDTH - _LEFT - _RIGHT) / (end or 1.0), (HEIGHT - _TOP - _BOTTOM) / (top or 1.0)

    def place(point: tuple[float, float]) -> str:
        return f"{_LEFT + min(point[0], end) * across_by:.1f},{HEIGHT - _BOTTOM - min(point[1], top) * up_by:.1f}"

    parts = [_open(title, HEIGHT)]
    for step in range(6):
        x, y = end * step / 5, top * step / 5
        left, low = place((x, 0.0)).split(",")[0], place((0.0, y)).split(",")[1]
        parts.append(f'<line x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{low}" y2="{low}" class="grid"/>')
        parts.append(f'<text x="{_LEFT - 6}" y="{low}" dy="4" text-anchor="end">{y:.3g}</text>')
        parts.append(f'<text x="{left}" y="{HEIGHT - _BOTTOM + 16}" text-anchor="middle">{x:.3g}</text>')
    middle = (_TOP + HEIGHT - _BOTTOM) / 2
    parts.append(f'<text x="{(WIDTH + _LEFT) / 2}" y="{HEIGHT - 8}" text-anchor="middle">{escape(across)}</text>')
    parts.append(f'<text transform="translate(14 {middle}) rotate(-90)" text-anchor="middle">{escape(up)}</text>')
    for color, each in zip(_COLORS, series, strict=False):
        if each.dots:
            for point in each.points:
                x_text, y_text = place(point).split(",")
                parts.append(f'<circle cx="{x_text}" cy="{y_text}" r="3.5" fill="{color}"/>')
        style = ' stroke-dasharray="4 4"' if each.dashed else ""
        points = " ".join(map(place, each.points))
        parts.append(f'<polyline points="{points}" fill="none" stroke="{color}" stroke-width="2"{style}/>')
    for row, (color, each) in enumerate(zip(_COLORS, series, strict=False)):
        y_legend = _TOP + 14 + row * 16
        parts.append(f'<rect x="{WIDTH - 190}" y="{y_legend - 8}" width="10" height="10" fill="{color}"/>')
        parts.append(f'<text x="{WIDTH - 174}" y="{y_legend + 1}">{escape(each.name)}</text>')
    return "".join(parts) + "</svg>"


def bar_plot(title: str, bars: Sequence[tuple[str, float]], *, digits: int = 4) -> str:
    """Bars from left to right, one a line; negative ones are drawn as nothing and told as they are."""
    height = _LINE * len(bars) + 10
    most = max((value for _, value in bars), default=0.0) or 1.0
    parts = [_open(title, height)]
    for row, (name, value) in enumerate(bars):
        y = 6 + row * _LINE
        width = max(0.0, value) / most * (WIDTH - _LABELS - 70)
        shown = name if len(name) <= 28 else name[:27] + "…"  # noqa: PLR2004
        parts.append(f'<text x="{_LABELS - 6}" y="{y + 12}" text-anchor="end">{escape(shown)}</text>')
        parts.append(f'<rect x="{_LABELS}" y="{y}" width="{width:.1f}" height="15" fill="{_COLORS[0]}"/>')
        parts.append(f'<text x="{_LABELS + width + 5:.1f}" y="{y + 12}">{value:.{digits}f}</text>')
    return "".join(parts) + "</svg>"


def _open(title: str, height: int) -> str:
    said = escape(title, quote=True)
    return f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{said}"><title>{said}</title>'
