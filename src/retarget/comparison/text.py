"""A comparison as a table for people: rows, Markdown, and one HTML page with its picture."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from retarget.comparison.chart import comparison_svg
from retarget.comparison.models import Comparison, MeasureRow, PairedRow
from retarget.comparison.shown import shown_rows
from retarget.evaluation.measures.registry import MEASURES
from retarget.wording import counted

__all__ = ["comparison_html", "comparison_markdown", "comparison_rows", "doubtful"]

_SURE = 0.9  # one take has more
_STYLE = """
:root{color-scheme:light dark}body{font:15px/1.5 system-ui,sans-serif;max-width:72rem;margin:2rem auto;padding:0 1rem}
table{border-collapse:collapse;margin:1rem 0}th,td{padding:.25rem .6rem;border-bottom:1px solid #8885}
th,td{text-align:right;white-space:nowrap}
th:first-child,td:first-child{text-align:left;position:sticky;left:0;background:Canvas}
.better{color:#0a7d34}.worse{color:#c0392b}
@media(prefers-color-scheme:dark){.better{color:#5fd38a}.worse{color:#ff8a7a}}figure{margin:1rem 0;overflow-x:auto}
"""


def comparison_rows(
    comparison: Comparison, measures: Sequence[str] | None = None
) -> tuple[list[str], list[list[str]]]:
    """Heads and cells of the table: means, clips that miss the gate, and differences from the first side."""
    labels = [side.label for side in comparison.sides]
    heads = ["measure", "better", *labels, "miss the gate"]
    for label in labels[1:]:
        heads += [f"{label} - {labels[0]}", "wins : losses", ""]
    rows = []
    for row in shown_rows(comparison, measures):
        measure = MEASURES[row.measure]
        unit = f" {measure.shown_unit}" if measure.shown_unit else ""
        cells = [row.measure + unit, row.better.replace("none", "")]
        cells += [measure.number(mean) for mean in row.means]
        cells.append("" if row.misses is None else " / ".join(map(str, row.misses)))
        for pair in row.pairs:
            cells += [
                _difference(row, pair),
                f"{pair.wins} : {pair.losses}",
                pair.verdict(row.better),
            ]
        rows.append(cells)
    passed = [f"{side.passed} of {side.clips}" for side in comparison.sides]
    rows.append([f"pass {comparison.gates}", "", *passed, "", *["", "", ""] * (len(labels) - 1)])
    return heads, rows


def _difference(row: MeasureRow, pair: PairedRow) -> str:
    if pair.difference is None:
        return "-"
    measure = MEASURES[row.measure]

    def number(value: float) -> str:
        return f"{value * measure.factor:+.{measure.digits}f}"

    if pair.low is None or pair.high is None:
        return number(pair.difference)
    return f"{number(pair.difference)} [{number(pair.low)}, {number(pair.high)}]"


def comparison_markdown(comparison: Comparison, measures: Sequence[str] | None = None) -> str:
    """The table in Markdown, and what could not be compared."""
    heads, rows = comparison_rows(comparison, measures)
    lines = [heads, ["---"] * len(heads), *rows]
    table = "\n".join(
        f"| {' | '.join(cell.replace('|', '/') for cell in line)} |" for line in lines
    )
    return f"# {_title(comparison)}\n\n{_about(comparison)}\n\n{table}\n\n" + "\n".join(
        f"- {line}" for line in _left(comparison)
    )


def comparison_html(comparison: Comparison, measures: Sequence[str] | None = None) -> str:
    """One page with the table, the picture and every clip's values; it needs nothing else."""
    heads, rows = comparison_rows(comparison, measures)
    title = escape(_title(comparison))
    body = [
        f"<h1>{title}</h1><p>{escape(_about(comparison))}</p>",
        _html_table(heads, rows),
        f"<figure>{comparison_svg(comparison, measures)}</figure>",
        "<h2>Clip by clip</h2>",
        _html_table(*_clip_rows(comparison, measures)),
        "".join(f"<p>{escape(line)}</p>" for line in _left(comparison)),
    ]
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>'
        '<meta name="viewport" content="width=device-width">'
        f"<style>{_STYLE}</style><body>{''.join(body)}</body></html>\n"
    )


def _clip_rows(
    comparison: Comparison, measures: Sequence[str] | None
) -> tuple[list[str], list[list[str]]]:
    rows = shown_rows(comparison, measures)
    heads = ["clip", "s", *(row.measure for row in rows)]
    cells = [
        [
            clip.clip,
            f"{clip.duration_s:.1f}",
            *(
                " / ".join(MEASURES[row.measure].number(v) for v in clip.values[row.measure])
                for row in rows
            ),
        ]
        for clip in comparison.clips
    ]
    return heads, cells


def _html_table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    def line(cells: Sequence[str], tag: str) -> str:
        inner = "".join(
            f'<td class="{cell}">{cell}</td>'
            if tag == "td" and cell in ("better", "worse")
            else f"<{tag}>{escape(cell)}</{tag}>"
            for cell in cells
        )
        return f"<tr>{inner}</tr>"

    body = "".join(line(row, "td") for row in rows)
    return f"<figure><table>{line(heads, 'th')}{body}</table></figure>"


def doubtful(comparison: Comparison) -> list[str]:
    """Clips of which a side may be another take than the human's, in words."""
    return [
        f"{clip.clip}: limbs of {side.label} and of the human rise and fall alike by {alike:.2f} only; another take?"
        for clip in comparison.clips
        for side, alike in zip(comparison.sides, clip.likeness, strict=True)
        if alike is not None and alike < _SURE
    ]


def _title(comparison: Comparison) -> str:
    return " beside ".join(side.label for side in comparison.sides)


def _about(comparison: Comparison) -> str:
    seconds = sum(clip.duration_s for clip in comparison.clips)
    return (
        f"{counted(len(comparison.clips), 'clip')}, {seconds:,.0f} s of each side, at the rate of the slowest, laid "
        "beside the human in time and by one yaw. Means over clips; differences are paired, with 95 % intervals by "
        f"bootstrap over clips (seed {comparison.seed})."
    )


def _left(comparison: Comparison) -> list[str]:
    lines = [f"{clip}: {why}" for clip, why in comparison.unjudged.items()]
    lines += doubtful(comparison)
    for side in comparison.sides:
        if side.unmatched:
            some = ", ".join(side.unmatched[:5]) + (", ..." if len(side.unmatched) > 5 else "")
            lines.append(f"{side.label} alone has {len(side.unmatched)}: {some}")
    return lines
