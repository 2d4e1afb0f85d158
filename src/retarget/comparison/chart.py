"""The picture of a comparison: how much better or worse each side is than the first, by measure, as SVG."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Final

from retarget.comparison.models import Comparison, MeasureRow, PairedRow
from retarget.comparison.shown import shown_rows
from retarget.evaluation.measures.registry import MEASURES

__all__ = ["comparison_svg"]

_WIDTH, _STEP, _TOP = 520, 22, 46  # px
_LETTER, _MARGIN = 6.6, 24  # px: of a letter on average, and beside the picture
_COLOURS: Final = ("#3776ab", "#d1711f", "#2f9e62", "#a0489b", "#8a6d3b")
_MOST: Final = 1.0  # share of the first side's mean at which the axis ends; farther lies at its end


def comparison_svg(comparison: Comparison, measures: Sequence[str] | None = None) -> str:
    """Differences as shares of the first side's mean, with their intervals; better to the left.

    Where a difference lies beyond the axis, as any does where the first side's mean is zero, an arrow at its end tells
    which way. Measures of which neither direction is better are left out.
    """
    rows = [row for row in shown_rows(comparison, measures) if row.better != "none"]
    left = (
        round(_LETTER * max((len(MEASURES[row.measure].title) for row in rows), default=0))
        + _MARGIN
    )
    others = [side.label for side in comparison.sides[1:]]
    height = _TOP + len(rows) * (_STEP + 10 * (len(others) - 1)) + 30
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" width="{left + _WIDTH + 70}" height="{height}" '
        f'viewBox="0 0 {left + _WIDTH + 70} {height}" font-family="system-ui,sans-serif" font-size="12" '
        f'fill="currentColor"><title>{escape(" beside ".join(s.label for s in comparison.sides))}</title>'
    ]
    parts += _axis(height, left)
    y = float(_TOP)
    for row in rows:
        parts.append(f'<text x="{left - 10}" y="{y + 4:.0f}" text-anchor="end">{_name(row)}</text>')
        for k, pair in enumerate(row.pairs):
            parts += _mark(row, pair, y + 10 * k, _COLOURS[k % len(_COLOURS)], left)
        y += _STEP + 10 * (len(others) - 1)
    for k, label in enumerate(others):
        x = left + 150 * k
        parts.append(
            f'<rect x="{x}" y="6" width="10" height="10" fill="{_COLOURS[k % len(_COLOURS)]}"/>'
            f'<text x="{x + 15}" y="15">{escape(label)}</text>'
        )
    return "".join(parts) + "</svg>"


def _name(row: MeasureRow) -> str:
    return escape(MEASURES[row.measure].title)


def _at(share: float, left: int) -> float:
    clipped = min(max(share, -_MOST), _MOST)
    return left + _WIDTH * (clipped + _MOST) / (2 * _MOST)


def _axis(height: int, left: int) -> list[str]:
    parts = []
    for share in (-1.0, -0.5, 0.0, 0.5, 1.0):
        x = _at(share, left)
        said = {-1.0: "-100 % or better", 0.0: "as the first", 1.0: "+100 % or worse"}
        said_here = said.get(share, f"{share:+.0%}")
        parts.append(
            f'<line x1="{x:.0f}" x2="{x:.0f}" y1="34" y2="{height - 24}" stroke="#8888" '
            f'stroke-width="{2 if share == 0 else 1}"/>'
            f'<text x="{x:.0f}" y="{height - 8}" text-anchor="middle">{said_here}</text>'
        )
    return parts


def _mark(row: MeasureRow, pair: PairedRow, y: float, colour: str, left: int) -> list[str]:
    first = row.means[0]
    if pair.difference is None or first is None:
        return []
    sign = -1.0 if row.better == "higher" else 1.0
    worse = sign * pair.difference
    if not first or abs(worse) > _MOST * abs(first):
        return [_arrow(worse > 0, y, colour, left) if worse else _dot(_at(0.0, left), y, colour)]
    line = ""
    if pair.low is not None and pair.high is not None:
        ends = sorted(_at(sign * end / abs(first), left) for end in (pair.low, pair.high))
        line = (
            f'<line x1="{ends[0]:.1f}" x2="{ends[1]:.1f}" y1="{y:.0f}" y2="{y:.0f}" '
            f'stroke="{colour}" stroke-width="3" stroke-opacity=".5"/>'
        )
    return [line + _dot(_at(worse / abs(first), left), y, colour)]


def _dot(x: float, y: float, colour: str) -> str:
    return f'<circle cx="{x:.1f}" cy="{y:.0f}" r="4.5" fill="{colour}"/>'


def _arrow(to_the_right: bool, y: float, colour: str, left: int) -> str:
    way = 1 if to_the_right else -1
    x, back = left + (_WIDTH if to_the_right else 0), -5 * way
    path = f"M{x + back} {y - 5:.0f}L{x + 6 * way} {y:.0f}L{x + back} {y + 5:.0f}z"
    return f'<path class="beyond" d="{path}" fill="{colour}"/>'
