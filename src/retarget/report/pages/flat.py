"""Clips of a report as rows of a table, for other tools: CSV, Parquet, and a page of Markdown for people."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from retarget.errors import MissingExtraError
from retarget.evaluation import MEASURES
from retarget.evaluation.gates import title_of
from retarget.files import atomic_write, write_bytes, write_text
from retarget.report.pages.clips import FATES, Clip
from retarget.report.pages.gather import Batch
from retarget.report.pages.outcomes import causes_of, verdict_of, worst_of
from retarget.report.pages.render import in_percent, in_time
from retarget.report.pages.spread import spreads
from retarget.wording import shown

__all__ = ["columns_of", "write_csv", "write_markdown", "write_parquet"]

_MOST_WORST: Final = 20
_LONGEST_CELL: Final = 300
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")

_FIXED: Final[dict[str, str]] = {
    "batch": "text",
    "clip": "text",
    "verdict": "text",
    "fit": "truth",
    "causes": "texts",
    "reasons": "texts",
    "excess": "number",
    "frames": "whole",
    "fps": "number",
    "duration_s": "number",
    "robot": "text",
    "motion": "text",
    "result": "text",
    "motion_format": "text",
    "rig": "text",
    "version": "text",
    "motion_sha256": "text",
    "robot_sha256": "text",
    "result_sha256": "text",
    "doubts": "texts",
    "diagnoses": "texts",
    "diagnoses_count": "whole",
    "notes": "texts",
    "seconds": "number",
}


def columns_of(batches: Sequence[Batch]) -> dict[str, str]:
    """Columns and their kinds; measures, in the registry's order and units, are those that a clip has."""
    have = {name for batch in batches for clip in batch.clips for name in clip.measures}
    return {**_FIXED, **{name: "number" for name in MEASURES if name in have}}


def _rows(batches: Sequence[Batch], columns: dict[str, str]) -> Iterator[dict[str, Any]]:
    measures = [name for name in columns if name not in _FIXED]
    for batch in batches:
        for clip in batch.clips:
            yield _fixed(batch, clip) | {name: clip.measures.get(name) for name in measures}


def _fixed(batch: Batch, clip: Clip) -> dict[str, Any]:
    told = clip.told
    return {
        "batch": batch.title,
        "clip": clip.name,
        "verdict": FATES[clip.fate][0],
        "fit": clip.fits,
        "causes": list(clip.causes),
        "reasons": list(clip.reasons),
        "excess": clip.excess,
        "frames": clip.frames,
        "fps": clip.fps,
        "duration_s": clip.duration_s,
        "robot": clip.robot,
        "motion": str(clip.motion),
        "result": str(clip.output),
        **{key: told.get(key, "") for key in ("motion_format", "rig", "version")},
        "motion_sha256": told.get("motion_sha256", ""),
        "robot_sha256": told.get("robot_sha256", ""),
        "result_sha256": told.get("output_sha256", ""),
        "doubts": [f"{name} ({weight:.0%}): {reason}" for name, weight, reason in clip.doubts],
        "diagnoses": list(clip.diagnoses),
        "diagnoses_count": clip.diagnoses_count,
        "notes": list(clip.notes),
        "seconds": clip.seconds.get("total"),
    }


def write_csv(batches: Sequence[Batch], path: Path) -> None:
    """Write a row for each clip; lists are joined by "; ".

    Text that a spreadsheet would take for a formula gets an apostrophe before it.

    Raises:
        OutputError: The file cannot be written.
    """
    columns = columns_of(batches)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    for row in _rows(batches, columns):
        writer.writerow([_cell(row[name]) for name in columns])
    write_text(path, text.getvalue())


def _cell(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        value = "; ".join(map(str, value))
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return value


def write_parquet(batches: Sequence[Batch], path: Path) -> None:
    """Write a row for each clip; measures have their unit and definition in the columns' metadata.

    Raises:
        MissingExtraError: pyarrow is not installed.
        OutputError: The file cannot be written.
    """
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError as error:
        raise MissingExtraError("writing Parquet", "dataset") from error
    kinds = {
        "text": pyarrow.string(),
        "truth": pyarrow.bool_(),
        "number": pyarrow.float64(),
        "whole": pyarrow.int64(),
        "texts": pyarrow.list_(pyarrow.string()),
    }
    columns = columns_of(batches)
    schema = pyarrow.schema(
        [
            pyarrow.field(name, kinds[kind], metadata=_metadata(name))
            for name, kind in columns.items()
        ]
    )
    rows = [{name: _utf8(value) for name, value in row.items()} for row in _rows(batches, columns)]
    table = pyarrow.Table.from_pylist(rows, schema=schema)
    with atomic_write(path) as stream:
        parquet.write_table(table, stream, compression="zstd")


def _metadata(name: str) -> dict[str, str] | None:
    if name not in MEASURES:
        return None
    return {"unit": MEASURES[name].unit, "definition": MEASURES[name].definition}


def _utf8(value: Any) -> Any:
    """Text without lone surrogates, which Parquet cannot hold."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    return [_utf8(one) for one in value] if isinstance(value, list) else value


def write_markdown(batches: Sequence[Batch], path: Path, title: str) -> None:
    """Write the verdict, the causes, the worst clips and the spread of measures, a page or two to paste.

    Raises:
        OutputError: The file cannot be written.
    """
    write_bytes(
        path, ("\n".join(_markdown(batches, title)) + "\n").encode("utf-8", "backslashreplace")
    )


def _markdown(batches: Sequence[Batch], title: str) -> Iterator[str]:
    verdicts = [verdict_of(batch) for batch in batches]
    yield f"# {_plain(title)}"
    yield ""
    yield from _table(
        ["batch", "clips", *(name for name, _ in FATES.values()), "fit", "motion that is fit"],
        [
            [
                batch.title,
                f"{verdict.total:,}",
                *(f"{verdict.counts[fate]:,}" for fate in FATES),
                in_percent(verdict.share),
                f"{in_time(verdict.fit_seconds)} of {in_time(verdict.all_seconds)}",
            ]
            for batch, verdict in zip(batches, verdicts, strict=True)
        ],
    )
    if causes := causes_of(batches):
        yield from ("", "## Why clips are not fit", "")
        yield from _table(
            ["cause", "verdict", *(batch.title for batch in batches), "worst of them"],
            [
                [
                    title_of(cause.name),
                    FATES[cause.fate][0],
                    *(f"{count:,}" for count in cause.counts),
                    f"{cause.example.name}: {cause.reason}",
                ]
                for cause in causes
            ],
        )
    if worst := worst_of(batches, _MOST_WORST):
        yield from ("", "## Worst clips", "")
        yield from _table(
            ["batch", "clip", "why"],
            [[batches[at].title, clip.name, "; ".join(clip.reasons)] for at, clip in worst],
        )
    if found := spreads(batches):
        yield from ("", "## Measures", "")
        yield from _table(
            ["measure", "batch", "clips", "median", "p95", "gate", "beyond it"],
            [
                [
                    spread.measure.title,
                    batches[row.batch].title,
                    f"{row.count:,}",
                    row.median,
                    row.p95,
                    spread.fail_text,
                    f"{row.failing:,}",
                ]
                for spread in found
                for row in spread.rows
            ],
        )
    yield ""
    for batch in batches:
        yield from (f"- {_plain(note)}" for note in batch.notes)


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(map(_plain, heads))} |"
    yield f"|{'---|' * len(heads)}"
    for row in rows:
        yield f"| {' | '.join(map(_plain, row))} |"


def _plain(text: str) -> str:
    """Text that Markdown takes as it is, in one line of a table."""
    text = " ".join(shown(text).split())
    text = text if len(text) <= _LONGEST_CELL else f"{text[: _LONGEST_CELL - 3]}..."
    escaped = text.replace("&", "&amp;").replace("<", "&lt;")
    return "".join(f"\\{letter}" if letter in "\\`*_[]|#~" else letter for letter in escaped)
