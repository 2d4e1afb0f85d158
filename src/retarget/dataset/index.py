"""The index of a data set: a row for each clip, and which takes and splits its clips belong to."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from retarget.dataset.splits import Shares, SplitClip, assigned, takes
from retarget.files import split_which

if TYPE_CHECKING:
    from retarget.batch import BatchRunRecord
    from retarget.result import RetargetingResult

__all__ = ["FIXED_COLUMNS", "index_columns", "index_row", "measures_of", "with_splits"]

FIXED_COLUMNS: dict[str, str] = {
    "clip": "text",
    "shard": "whole",
    "row_group": "whole",
    "frames": "whole",
    "duration_s": "number",
    "source_path": "text",
    "source_folder": "text",
    "source_sha256": "text",
    "source_format": "text",
    "source_fps": "number",
    "rig": "text",
    "mirrored": "truth",
    "result_sha256": "text",
    "motion_sha256": "text",
    "take": "text",
    "split_by_clip": "text",
    "split_by_folder": "text",
    "licence": "text",
    "passed": "truth",
    "failed_gates": "texts",
    "verdict": "text",
    "doubts": "texts",
    "notes": "texts",
}


def index_columns(measures: Sequence[str]) -> dict[str, str]:
    """Columns of an index and their kinds; measures are numbers, empty where there was nothing to measure."""
    return {**FIXED_COLUMNS, **dict.fromkeys(measures, "number")}


def measures_of(records: Sequence[BatchRunRecord]) -> dict[str, str]:
    """Measures that records hold, with unit and definition."""
    from retarget.evaluation import MEASURES

    names = {name: None for record in records for name in record.provenance.get("quality", {})}
    return {name: _definition(MEASURES.get(name)) for name in names}


def _definition(definition: Any) -> str:
    if definition is None:
        return "not defined in this version"
    unit = f" ({definition.unit})" if definition.unit else ""
    return f"{definition.definition}{unit}"


def index_row(
    record: BatchRunRecord, result: RetargetingResult, input_dir: Path | None, result_sha256: str
) -> dict[str, Any]:
    """What the index says of a clip, but for its place, frames, splits and licence."""
    told = record.provenance
    motion = result.provenance.get("motion", {})
    source = split_which(record.motion)[0]
    failed = told.get("failed_gates")
    return {
        "clip": record.job_id,
        "source_path": record.motion.as_posix(),
        "source_folder": _folder(source, input_dir),
        "source_sha256": told.get("motion_sha256") or motion.get("sha256"),
        "source_format": told.get("motion_format") or motion.get("format"),
        "source_fps": result.fps,
        "rig": told.get("rig") or motion.get("rig"),
        "mirrored": bool(result.provenance.get("options", {}).get("mirror", False)),
        "result_sha256": result_sha256,
        "motion_sha256": hashlib.sha256(result.qpos.tobytes()).hexdigest(),
        "passed": None if failed is None else not failed,
        "failed_gates": list(map(str, failed or ())),
        "verdict": told.get("verdict"),
        "doubts": [_text(doubt) for doubt in told.get("doubts", ())],
        "notes": list(map(str, told.get("notes", ()))),
        **told.get("quality", {}),
    }


def _text(doubt: Any) -> str:
    return str(doubt.get("text", doubt)) if isinstance(doubt, Mapping) else str(doubt)


def _folder(source: Path, input_dir: Path | None) -> str:
    folder = source.absolute().parent
    if input_dir is not None and folder.is_relative_to(input_dir.absolute()):
        return folder.relative_to(input_dir.absolute()).as_posix()
    return folder.as_posix()


def with_splits(rows: Sequence[dict[str, Any]], shares: Shares, seed: int) -> list[dict[str, Any]]:
    """The same rows with their takes, and splits by clip and by source folder."""
    clips = [
        SplitClip(
            row["clip"],
            row["source_folder"],
            Path(row["source_path"]).name,
            tuple(row[key] for key in ("source_sha256", "motion_sha256") if row[key]),
            row["frames"],
        )
        for row in rows
    ]
    by_clip = assigned(clips, shares, seed)
    by_folder = assigned(clips, shares, seed, by_folder=True)
    return [
        {**row, "take": take, "split_by_clip": clip, "split_by_folder": folder}
        for row, take, clip, folder in zip(rows, takes(clips), by_clip, by_folder, strict=True)
    ]
