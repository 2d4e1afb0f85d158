"""Which files of a folder ``retarget batch`` takes: those of a data set, and in mixed folders those that are motion."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from retarget.cli.support.common import UsageError, require_file, say
from retarget.jobs.subject_rules import DATASET

if TYPE_CHECKING:
    from retarget.batch import BatchJob, BatchManifest
    from retarget.config import RunConfig
    from retarget.jobs.datasets import Dataset
    from retarget.jobs.mixed import PassedOver
    from retarget.jobs.passing import Choice

__all__ = [
    "PASSED_OVER",
    "OnlyOption",
    "as_preset_says",
    "chosen_clips",
    "named_in",
    "say_passed_over",
    "what_is_motion",
]

OnlyOption = Annotated[
    Path | None,
    typer.Option(
        "--only",
        metavar="FILE",
        help="Only clips that a list names (one in each line, such as train.txt), or that a review keeps (.json).",
        rich_help_panel="Which files",
    ),
]

PASSED_OVER = "passed_over.json"
"""In the output folder: the files that were passed over, and why."""
_MOST_SHOWN = 8


def chosen_clips(
    manifest: Path, batch: BatchManifest, everything: bool, only: Path | None
) -> Choice:
    """Which clips of a batch are wanted: what was asked for, and what was decided by hand, beside the manifest."""
    from retarget.batch.review import Review
    from retarget.jobs.passing import Choice

    names = None if only is None else named_in(only, (r.job_id for r in batch.records))
    return Choice(everything, names, Review.beside(manifest))


def named_in(only: Path, known: Iterable[str]) -> frozenset[str]:
    """The clips that the list or review of ``--only`` names.

    Raises:
        UsageError: There is no such file.
        OptionsError: It names no clip of these.
        FileFormatError: It cannot be read.
        ManifestError: It is a damaged review.
    """
    from retarget.batch.review import read_names

    return read_names(require_file(only, "a list of clips, or a review (.json)"), known)


def as_preset_says(settings: RunConfig, preset: Dataset) -> RunConfig:
    """Settings with the preset's format and rate, where the command line says nothing, and its persons where asked.

    Raises:
        UsageError: The preset does not know which files are of one person.
    """
    from retarget.kinds import MotionFormatKind

    changes: dict[str, Any] = {}
    if preset.format and settings.motion_format == MotionFormatKind.AUTO:
        changes["motion_format"] = MotionFormatKind(preset.format)
    if settings.source_fps is None and preset.source_fps is not None:
        changes["source_fps"] = preset.source_fps
    if settings.subject_from == DATASET:
        if not preset.subjects:
            raise UsageError(
                f"the data set {preset.name} does not tell which files are of one person; give --subject-from a rule"
            )
        changes["subject_from"] = preset.subjects
    return settings.with_changes(changes) if changes else settings


def what_is_motion(
    jobs: Sequence[BatchJob],
    pattern: str,
    settings: RunConfig,
    preset: Dataset | None,
    split: str | None,
) -> tuple[list[BatchJob], list[PassedOver]]:
    """The jobs whose files are motion, and the others with the reason."""
    from retarget.jobs.mixed import PassedOver, motion_among
    from retarget.kinds import MotionFormatKind

    passed, taken = [], list(jobs)
    if preset is not None:
        reasons = [(job, preset.why_left_out(job.id, split)) for job in taken]
        passed = [PassedOver(job.id, reason) for job, reason in reasons if reason]
        taken = [job for job, reason in reasons if not reason]
    has_suffix = "." in pattern.rpartition("/")[2]
    if not has_suffix and settings.motion_format == MotionFormatKind.AUTO:
        found = list(motion_among(taken))
        passed += [one for one in found if isinstance(one, PassedOver)]
        taken = [one for one in found if not isinstance(one, PassedOver)]
    return taken, passed


def say_passed_over(passed: Sequence[PassedOver], output_dir: Path | None) -> None:
    """Say which files were passed over and why; all of them are listed in a file of the output folder."""
    for one in passed[:_MOST_SHOWN]:
        say(f"passed over: {one.job_id}: {one.reason}")
    if len(passed) > _MOST_SHOWN:
        where = "" if output_dir is None else f"; all are in {output_dir / PASSED_OVER}"
        say(f"passed over: {len(passed) - _MOST_SHOWN:,} more files{where}")
    if passed and output_dir is not None:
        from retarget.files import write_text

        records = [{"file": one.job_id, "reason": one.reason} for one in passed]
        write_text(output_dir / PASSED_OVER, json.dumps(records, indent=1) + "\n")
