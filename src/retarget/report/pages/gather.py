"""What a report is made from: a batch's manifest with its journal, and the reports of its evaluation."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from retarget.batch import BatchManifest, BatchRunRecord, located_manifest
from retarget.errors import FileFormatError
from retarget.evaluation import ClipReport, Gates
from retarget.evaluation.gates import DEFAULT_PROFILE
from retarget.report.pages.clips import Clip, Fate, clip_of
from retarget.result import RetargetingResult

__all__ = ["Batch", "read_batch"]

_MOST_SETTINGS = 4  # sets of options that are shown
_MOST_FAILURES = 12  # ways to fail that are told apart
_ALIKE = 6  # values of a fact that are listed


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch as a report tells of it.

    Attributes:
        title: Short name, for heads of columns.
        manifest: The manifest's path.
        clips: All that have ended, in the batch's order.
        unfinished: How many jobs have not ended.
        gates: What clips were judged by.
        facts: Settings, versions, folders and times: name and value.
        notes: What the reader of the report should know about where its numbers are from.

    Example:
        >>> batch = read_batch("out/batch_manifest.json")  # doctest: +SKIP
        >>> sum(clip.fits for clip in batch.clips)  # doctest: +SKIP
        412
    """

    title: str
    manifest: Path
    clips: tuple[Clip, ...]
    unfinished: int
    gates: Gates
    facts: tuple[tuple[str, str], ...]
    notes: tuple[str, ...] = ()


def read_batch(
    path: str | Path,
    *,
    reports: str | Path | None = None,
    gates: Gates | None = None,
    title: str = "",
) -> Batch:
    """Read what there is to say of a batch.

    Args:
        path: The manifest of a batch.
        reports: Folder in which ``retarget evaluate --output-dir`` wrote a report of each clip. Without it, what the
            records themselves hold is told.
        gates: Gates to judge by; without them clips are told as they were judged.
        title: Name of the batch; its folder's where empty.

    Raises:
        ManifestError: There is no manifest, or it cannot be read.
        FileFormatError: A report cannot be read.
    """
    manifest_path = Path(path)
    manifest = located_manifest(manifest_path)
    folder = None if reports is None else Path(reports)
    made_of = {} if folder is None else _evaluated_results(folder)
    clips, by_report, stale = list[Clip](), 0, 0
    for record in manifest.records:
        report = None if folder is None else _report_of(record, folder)
        if report is not None and _has_changed(record, made_of):
            report, stale = None, stale + 1
        by_report += report is not None
        clips.append(clip_of(record, report, gates))
    clips, chosen = _with_few_causes(clips), gates or Gates.named(DEFAULT_PROFILE)
    return Batch(
        title=title or manifest_path.absolute().parent.name or str(manifest_path),
        manifest=manifest_path,
        clips=tuple(clips),
        unfinished=max(manifest.total - len(manifest.records), 0),
        gates=chosen,
        facts=tuple(_facts(manifest, manifest_path, clips)),
        notes=tuple(_notes(clips, by_report, stale, folder, manifest_path, chosen)),
    )


def _with_few_causes(clips: list[Clip]) -> list[Clip]:
    """Failures that nearly every clip has in words of its own are told by their kind alone."""
    counts = Counter(clip.causes[0] for clip in clips if clip.fate is Fate.FAILED)
    kept = {cause for cause, _ in counts.most_common(_MOST_FAILURES)}
    return [
        replace(clip, causes=(clip.causes[0].partition(":")[0],))
        if clip.fate is Fate.FAILED and clip.causes[0] not in kept
        else clip
        for clip in clips
    ]


def _evaluated_results(folder: Path) -> dict[str, str]:
    """SHA-256 of the result that each clip's report was made of, where the evaluation has recorded it."""
    from retarget.jobs.evaluation_batch import MANIFEST_NAME

    if not (folder / MANIFEST_NAME).is_file():
        return {}
    found = {}
    for record in BatchManifest.load(folder / MANIFEST_NAME).records:
        fingerprint = record.batch_notes.get("fingerprint")
        if isinstance(fingerprint, dict) and "result" in fingerprint:
            found[record.job_id] = str(fingerprint["result"])
    return found


def _has_changed(record: BatchRunRecord, made_of: Mapping[str, str]) -> bool:
    """Whether a report was made of another result than the record tells of."""
    before, now = made_of.get(record.job_id), record.provenance.get("output_sha256")
    return before is not None and now is not None and before != now


def _report_of(record: BatchRunRecord, folder: Path) -> ClipReport | None:
    """The evaluation's report of a job, if there is one."""
    path = folder / f"{record.job_id}.json"
    if record.status == "failed" or not path.is_file():
        return None
    try:
        return ClipReport.read(path)
    except FileFormatError as error:
        raise FileFormatError(
            path, f"{error.cause} of this version", "evaluate the batch again"
        ) from error


def _notes(
    clips: list[Clip],
    by_report: int,
    stale: int,
    folder: Path | None,
    manifest: Path,
    gates: Gates,
) -> Iterator[str]:
    judged = sum(clip.fate not in {Fate.FAILED, Fate.UNJUDGED} for clip in clips)
    unjudged = sum(clip.fate is Fate.UNJUDGED for clip in clips)
    if folder is not None:
        yield f"Measures of {by_report:,} clips are from the reports in {folder}."
    if stale:
        yield (
            f"{stale:,} reports there are of results that have changed since, and are left out; evaluate again."
        )
    if judged > by_report:
        yield (
            f"Measures of {judged - by_report:,} clips are those that the batch recorded; for all measures: "
            f"retarget evaluate --batch-manifest {manifest} --output-dir DIR, and then retarget report --reports DIR."
        )
    if other := _other_limit(clips, gates):
        yield other
    if unjudged:
        yield (f"{unjudged:,} results were never judged; retarget report --evaluate does it.")


def _other_limit(clips: list[Clip], gates: Gates) -> str:
    """Says so where clips were judged by other gates than those that are drawn; empty where they were not."""
    others = [
        (name, limit)
        for clip in clips
        for name, limit in clip.limits.items()
        if name not in gates.gates or limit != gates.gates[name].fail
    ]
    if not others:
        return ""
    name, limit = others[0]
    drawn = gates.gates[name].fail if name in gates.gates else None
    return (
        f"Clips were judged by other gates than those drawn here, {name} at {limit:g} where "
        f"{gates.name} has {'none' if drawn is None else f'{drawn:g}'}; --gate judges all of them anew."
    )


def _facts(manifest: BatchManifest, path: Path, clips: list[Clip]) -> Iterator[tuple[str, str]]:
    yield "manifest", str(path)
    yield "input folder", str(manifest.input_dir or "")
    yield "output folder", str(manifest.output_dir or "")
    yield "pattern", manifest.pattern
    yield "begun", f"{manifest.created_at:%Y-%m-%d %H:%M:%S} UTC"
    yield "last change", f"{manifest.updated_at:%Y-%m-%d %H:%M:%S} UTC"
    yield "robot", _values(clip.robot for clip in clips if clip.robot)
    for name, key in (
        ("robot's SHA-256", "robot_sha256"),
        ("retarget version", "version"),
        ("formats", "motion_format"),
        ("rigs", "rig"),
    ):
        yield name, _values(clip.told[key] for clip in clips if key in clip.told)
    frames = sum(clip.frames for clip in clips)
    total = sum(clip.seconds.get("total", 0.0) for clip in clips)
    if total > 0:
        yield "frames", f"{frames:,} in {total:,.1f} s of work, {frames / total:,.0f} frames/s"
    yield from _options(manifest)


def _values(values: Iterator[str]) -> str:
    """Values of a fact that clips share, most frequent first; how many clips have each where they differ."""
    counts = Counter(values).most_common()
    if len(counts) == 1:
        return counts[0][0]
    shown = ", ".join(f"{value} ({count:,})" for value, count in counts[:_ALIKE])
    return shown + (f" and {len(counts) - _ALIKE:,} more" if len(counts) > _ALIKE else "")


def _options(manifest: BatchManifest) -> Iterator[tuple[str, str]]:
    """Options of the batch, as the first result made with them holds them."""
    seen: dict[str, str] = {}
    for record in manifest.records:
        made_with = record.batch_notes.get("fingerprint")
        key = str(made_with.get("options")) if isinstance(made_with, dict) else ""
        if record.status == "failed" or key in seen:
            continue
        if len(seen) == _MOST_SETTINGS:
            break
        try:
            result = RetargetingResult.load_npz(record.output_file)
        except FileFormatError:
            continue
        seen[key] = _options_text(result.provenance.get("options"))
    for number, text in enumerate(filter(None, seen.values()), 1):
        yield ("options" if len(seen) == 1 else f"options {number}"), text


def _options_text(options: Any) -> str:
    if not isinstance(options, dict):
        return ""
    return ", ".join(
        f"{name} = {value if isinstance(value, str) else json.dumps(value)}"
        for name, value in options.items()
        if value is not None
    )
