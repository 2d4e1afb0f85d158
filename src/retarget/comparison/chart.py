"""The picture of a comparison: how much better or worse each side is than the first, by measure, as SVG."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Final

from retarget.comparison.models import Comparison, MeasureRow, PairedRow
from retarget.evaluation.measures.registry import COLUMNS, MEASURES

__all__ = ["comparison_svg"]

_LEFT, _WIDTH, _STEP, _TOP = 250, 520, 22, 46  # px
_COLOURS: Final = ("#3776ab", "#d1711f", "#2f9e62", "#a0489b", "#8a6d3b")
_MOST: Final = 1.0  # share of the first side's mean at which the axis ends; farther lies at its end


def comparison_svg(comparison: Comparison, measures: Sequence[str] | None = None) -> str:
    """Differences as shares of the first side's mean, with their intervals; better to the left.

    Measures whose first side has a mean of zero, and those of which neither direction is better, are left out.
    """
    names = measures or [name for column in COLUMNS for name in column.measures]
    rows = [comparison.row(name) for name in names]
    rows = [row for row in rows if row.better != "none" and row.means[0]]
    others = [side.label for side in comparison.sides[1:]]
    height = _TOP + len(rows) * (_STEP + 10 * (len(others) - 1)) + 30
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" width="{_LEFT + _WIDTH + 70}" height="{height}" '
        f'viewBox="0 0 {_LEFT + _WIDTH + 70} {height}" font-family="system-ui,sans-serif" font-size="12" '
        f'fill="currentColor"><title>{escape(" beside ".join(s.label for s in comparison.sides))}</title>'
    ]
    parts += _axis(height)
    y = float(_TOP)
    for row in rows:
        parts.append(
            f'<text x="{_LEFT - 10}" y="{y + 4:.0f}" text-anchor="end">{_name(row)}</text>'
        )
        for k, pair in enumerate(row.pairs):
            parts += _mark(row, pair, y + 10 * k, _COLOURS[k % len(_COLOURS)])
        y += _STEP + 10 * (len(others) - 1)
    for k, label in enumerate(others):
        x = _LEFT + 150 * k
        parts.append(
            f'<rect x="{x}" y="6" width="10" height="10" fill="{_COLOURS[k % len(_COLOURS)]}"/>'
            f'<text x="{x + 15}" y="15">{escape(label)}</text>'
        )
    return "".join(parts) + "</svg>"


def _name(row: MeasureRow) -> str:
    return escape(MEASURES[row.measure].title)


def _at(share: float) -> float:
    clipped = min(max(share, -_MOST), _MOST)
    return _LEFT + _WIDTH * (clipped + _MOST) / (2 * _MOST)


def _axis(height: int) -> list[str]:
    parts = []
    for share in (-1.0, -0.5, 0.0, 0.5, 1.0):
        x = _at(share)
        said = {-1.0: "-100 % or better", 0.0: "as the first", 1.0: "+100 % or worse"}
        said_here = said.get(share, f"{share:+.0%}")
        parts.append(
            f'<line x1="{x:.0f}" x2="{x:.0f}" y1="34" y2="{height - 24}" stroke="#8888" '
            f'stroke-width="{2 if share == 0 else 1}"/>'
            f'<text x="{x:.0f}" y="{height - 8}" text-anchor="middle">{said_here}</text>'
        )
    return parts


def _mark(row: MeasureRow, pair: PairedRow, y: float, colour: str) -> list[str]:
    first = row.means[0]
    if pair.difference is None or not first:
        return []
    sign = -1.0 if row.better == "higher" else 1.0
    ends = [sign * end / abs(first) for end in (pair.low, pair.high) if end is not None]
    place = _at(sign * pair.difference / abs(first))
    line = ""
    if len(ends) == 2:
        line = (
            f'<line x1="{_at(min(ends)):.1f}" x2="{_at(max(ends)):.1f}" y1="{y:.0f}" y2="{y:.0f}" '
            f'stroke="{colour}" stroke-width="3" stroke-opacity=".5"/>'
        )
    return [f'{line}<circle cx="{place:.1f}" cy="{y:.0f}" r="4.5" fill="{colour}"/>']
