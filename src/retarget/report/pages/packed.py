"""All clips of a report as one small text, which a page unpacks: columns of JSON, compressed, in base 64."""

from __future__ import annotations

import base64
import gzip
import json
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, Final

from retarget.evaluation import COLUMNS, GROUPS, MEASURES
from retarget.evaluation.gates import measure_behind
from retarget.report.pages.clips import FATES, Clip, Fate
from retarget.report.pages.gather import Batch
from retarget.wording import shown

__all__ = ["PACKED_BYTES", "packed_clips"]

PACKED_BYTES: Final = 3_500_000  # what the clips of a report may take of it
_MOST_DIAGNOSES = 5
_MOST_DOUBTS = 4

# What is left out first where there are too many clips, in words, and whether a clip keeps its diagnoses, doubts and
# hashes, and measures without gates their columns.
_SAVINGS: Final[tuple[tuple[str, bool, bool, bool], ...]] = (
    ("", True, True, True),
    ("diagnoses", False, True, True),
    ("diagnoses, doubts and hashes", False, False, True),
    ("diagnoses, doubts, hashes and measures without a gate", False, False, False),
)


def packed_clips(
    batches: Sequence[Batch], page_of: Callable[[int, Clip], str], most: int = PACKED_BYTES
) -> tuple[str, str]:
    """The clips' columns, packed, and what had to be left out of them to stay within so many bytes; empty if nothing.

    Args:
        batches: Whose clips.
        page_of: The page of a clip relative to the report; empty where there is none.
        most: Bytes.
    """
    for left_out, *keeps in _SAVINGS:
        text = _packed(_columns(batches, page_of, *keeps))
        if len(text) <= most or left_out == _SAVINGS[-1][0]:
            return text, left_out
    raise AssertionError("the last saving always returns")


def _packed(document: Any) -> str:
    text = json.dumps(document, separators=(",", ":"), allow_nan=False)
    return base64.b64encode(gzip.compress(text.encode(), 9, mtime=0)).decode("ascii")


def _columns(
    batches: Sequence[Batch],
    page_of: Callable[[int, Clip], str],
    diagnoses: bool,
    more: bool,
    ungated: bool,
) -> dict[str, Any]:
    clips = [(index, clip) for index, batch in enumerate(batches) for clip in batch.clips]
    every = [clip for _, clip in clips]
    fates = list(FATES)
    return {
        "batches": [
            {"title": shown(batch.title), "manifest": shown(str(batch.manifest))}
            for batch in batches
        ],
        "fates": [
            {"key": str(fate), "title": title, "meaning": meaning}
            for fate, (title, meaning) in FATES.items()
        ],
        "groups": dict(GROUPS),
        "measures": _measures(batches[0], every, ungated),
        "batch": [index for index, _ in clips],
        "name": [shown(clip.name) for clip in every],
        "fate": [fates.index(clip.fate) for clip in every],
        "causes": [list(map(shown, clip.causes)) for clip in every],
        "reasons": [list(map(shown, clip.reasons)) for clip in every],
        "at": [[clip.worst_s.get(cause) for cause in clip.causes] for clip in every],
        "seconds": [_rounded(clip.duration_s or None) for clip in every],
        "frames": [clip.frames for clip in every],
        "fps": [_rounded(clip.fps or None) for clip in every],
        "robot": _indexed([clip.robot for clip in every]),
        "motion": [shown(str(clip.motion)) for clip in every],
        "output": [
            shown(str(clip.output)) if clip.fate is not Fate.FAILED else "" for clip in every
        ],
        "log": [shown(clip.log) for clip in every],
        "page": [page_of(index, clip) for index, clip in clips],
        "diagnosed": [clip.diagnoses_count for clip in every],
        "diagnoses": [list(map(shown, clip.diagnoses[:_MOST_DIAGNOSES])) for clip in every]
        if diagnoses
        else None,
        "doubts": [_doubts(clip) for clip in every] if more else None,
        "notes": [list(map(shown, clip.notes)) for clip in every] if more else None,
        "told": {
            key: _indexed([clip.told.get(key, "") for clip in every])
            for key in (
                "motion_format",
                "rig",
                "version",
                "robot_sha256",
                "motion_sha256",
                "output_sha256",
            )
        }
        if more
        else {},
    }


def _measures(batch: Batch, clips: Sequence[Clip], ungated: bool) -> list[dict[str, Any]]:
    """Columns of measures that a clip has, in the registry's order."""
    gates = {measure_behind(name).name: (name, gate) for name, gate in batch.gates.gates.items()}
    have = {name for clip in clips for name in clip.measures}
    missed = Counter(
        measure_behind(cause).name
        for clip in clips
        if clip.fate is Fate.UNFIT
        for cause in clip.causes
    )
    first = {name for column in COLUMNS for name in column.measures[:1]}
    return [
        {
            "name": measure.name,
            "title": measure.title,
            "unit": measure.shown_unit,
            "factor": measure.factor,
            "digits": measure.digits,
            "definition": measure.definition,
            "group": measure.group,
            "higher": measure.better == "higher",
            "gate": gates[measure.name][0] if measure.name in gates else None,
            "fail": gates[measure.name][1].fail if measure.name in gates else None,
            "warn": gates[measure.name][1].warn if measure.name in gates else None,
            "missed": missed[measure.name],
            "first": measure.name in first,
            "values": [_rounded(clip.measures.get(measure.name)) for clip in clips],
        }
        for measure in MEASURES.values()
        if measure.name in have and (ungated or measure.name in gates)
    ]


def _doubts(clip: Clip) -> list[list[Any]]:
    heaviest = sorted(clip.doubts, key=lambda doubt: -doubt[1])[:_MOST_DOUBTS]
    return [[shown(name), _rounded(weight), shown(reason)] for name, weight, reason in heaviest]


def _indexed(values: Sequence[str]) -> dict[str, Any]:
    """Values that repeat, as a list of them and an index for each clip."""
    known = {value: at for at, value in enumerate(dict.fromkeys(values))}
    return {"values": [shown(value) for value in known], "of": [known[value] for value in values]}


def _rounded(value: float | None) -> float | None:
    """Four digits, which is more than people read."""
    if value is None:
        return None
    return float(f"{value:.4g}")
