"""The documents of measures and gates, made from their registry and profiles."""

from __future__ import annotations

from retarget.evaluation.gates import Gates, profile_names
from retarget.evaluation.measures.measure import GROUPS, Measure
from retarget.evaluation.measures.registry import COLUMNS, MEASURES, measures_of_group

__all__ = ["measures_markdown"]

_BETTER = {"lower": "lower", "higher": "higher", "none": ""}


def measures_markdown() -> str:
    """Tables of the columns that people see first, of all measures by group, and of the gates of every profile."""
    return "\n\n".join([_columns(), *_groups(), _gates()]) + "\n"


def _table(heads: list[str], rows: list[list[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(
        f"| {' | '.join(cell.replace('|', '&#124;') for cell in line)} |" for line in lines
    )


def _columns() -> str:
    rows = [
        [column.title, " / ".join(f"`{name}`" for name in column.measures)] for column in COLUMNS
    ]
    return "### Columns of score tables\n\n" + _table(["column", "measures"], rows)


def _groups() -> list[str]:
    parts = []
    for group, about in GROUPS.items():
        rows = [_row(measure) for measure in measures_of_group(group)]
        heads = ["measure", "title", "unit", "better", "definition", "series", "also called"]
        parts.append(f"### {group.capitalize()}\n\n{about}\n\n{_table(heads, rows)}")
    return parts


def _row(measure: Measure) -> list[str]:
    definition = measure.definition + (f" ({measure.source})" if measure.source else "")
    return [
        f"`{measure.name}`",
        measure.title,
        measure.unit,
        _BETTER[measure.better],
        definition,
        f"`{measure.series}`" if measure.series else "",
        ", ".join(measure.aliases),
    ]


def _gates() -> str:
    profiles = [Gates.named(name) for name in profile_names()]
    order = ["look-only", "train-ready", "strict"]
    profiles.sort(key=lambda one: order.index(one.name) if one.name in order else len(order))
    names = list(dict.fromkeys(name for profile in profiles for name in profile.gates))
    names.sort(key=lambda name: list(MEASURES).index(name) if name in MEASURES else -1)
    rows = []
    for name in names:
        gates = [profile.gates.get(name) for profile in profiles]
        why = next(gate.why for gate in gates if gate is not None)
        limits = ["" if gate is None or gate.fail is None else f"{gate.fail:g}" for gate in gates]
        rows.append([f"`{name}`", *limits, why])
    said = "\n".join(f"- `{profile.name}`: {profile.description}" for profile in profiles)
    heads = ["gate", *(profile.name for profile in profiles), "why"]
    return f"### Gates\n\n{said}\n\nA clip fails beyond these:\n\n{_table(heads, rows)}"
