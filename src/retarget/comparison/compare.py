"""Several batches, folders or files on the same clips."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Float64

from retarget.comparison.aligned import Given, lay_beside
from retarget.comparison.models import ClipValues, Comparison, MeasureRow, PairedRow, SideSummary
from retarget.comparison.paired import paired_rows
from retarget.comparison.sides import Entry, Side, matched, read_side, told
from retarget.errors import OptionsError, RetargetError
from retarget.evaluation import MEASURES, Gates, evaluate_result
from retarget.evaluation.gates import measure_behind

__all__ = ["compare"]


def compare(
    sides: Sequence[str | Path],
    *,
    robot: str | None = None,
    robot_description: Path | None = None,
    sources: Path | None = None,
    source_fps: float | Mapping[str, float] | None = None,
    read_as: str | Mapping[str, str] | None = None,
    scene: Path | None = None,
    world_scale: float | None = None,
    gates: Gates | None = None,
    seed: int = 0,
    progress: Callable[
        [Iterable[tuple[str, list[Entry]]]], Iterable[tuple[str, list[Entry]]]
    ] = iter,
) -> Comparison:
    """Compare batches, folders or files of any tool on the clips that all of them have.

    Clips are matched by name, laid beside the human in time, cut to what all sides have, and judged at the rate of the
    slowest side, each after its own best yaw. Every measure is compared clip by clip with the first side's.

    Args:
        sides: Two or more: a manifest, a folder or a file, or such a path after ``label=``.
        robot: The robot that other tools' files are of.
        robot_description: TOML that describes it.
        sources: The human motion that other tools' files were made from, or a folder of such; by default the one that
            our result of the clip was made from.
        source_fps: Frames per second of other tools' files that do not say it, or by a side's label.
        read_as: Format of other tools' files, or by a side's label; told from each file when None.
        scene: Things around the human, for sides that do not know them: other tools' files, and results that were made
            without; or a pattern of a file beside each human motion, with ``{stem}``.
        world_scale: How large the world of other tools' files is over the human's; None finds it.
        gates: To count passes by; ``train-ready`` if none.
        seed: Of the bootstrap.
        progress: Goes through the clips.

    Raises:
        OptionsError: There is one side only, a path is missing, or no clip is on all sides.
    """
    if len(sides) < 2:
        raise OptionsError("give two things to compare, or more")
    labelled = _labelled([read_side(str(side)) for side in sides])
    read = told(labelled, source_fps, read_as)
    pairs, left = matched(read)
    if not pairs:
        some = "; ".join(f"{one.label}: {', '.join(list(one.entries)[:3])}" for one in read)
        raise OptionsError(f"no clip is on all sides ({some}); name the files of one clip alike")
    gates = gates or Gates.named("train-ready")
    given = Given(robot, robot_description, sources, scene, world_scale)
    clips: list[ClipValues] = []
    unjudged: dict[str, str] = {}
    for name, entries in progress(pairs.items()):
        try:
            clips.append(_judge(name, entries, given, gates))
        except RetargetError as error:
            unjudged[name] = " ".join(str(error).split())
    if not clips:
        raise OptionsError(f"no clip could be judged: {next(iter(unjudged.values()))}")
    return Comparison(
        sides=tuple(
            SideSummary(
                label=one.label,
                path=str(one.path),
                clips=len(clips),
                passed=sum(clip.passed[k] for clip in clips),
                unmatched=tuple(left[k]),
            )
            for k, one in enumerate(read)
        ),
        rows=_rows([one.label for one in read], clips, gates, seed),
        clips=tuple(clips),
        unjudged=unjudged,
        gates=gates.name,
        seed=seed,
    )


def _labelled(sides: Sequence[Side]) -> list[Side]:
    """The same, no two of one label."""
    labels: dict[str, int] = {}
    found = []
    for side in sides:
        labels[side.label] = labels.get(side.label, 0) + 1
        again = labels[side.label]
        label = side.label if again == 1 else f"{side.label} {again}"
        found.append(Side(label, side.path, side.entries))
    return found


def _judge(name: str, entries: Sequence[Entry], given: Given, gates: Gates) -> ClipValues:
    laid = lay_beside(entries, given)
    reports = [evaluate_result(one.result, one.robot, gates=gates, clip=name) for one in laid]
    return ClipValues(
        clip=name,
        fps=laid[0].result.fps,
        duration_s=min(report.duration_s for report in reports),
        offsets_s=tuple(one.offset_s for one in laid),
        likeness=tuple(one.likeness for one in laid),
        passed=tuple(report.passed for report in reports),
        failed_gates=tuple(
            tuple(gate.measure for gate in report.failed_gates) for report in reports
        ),
        values={measure: tuple(report[measure] for report in reports) for measure in MEASURES},
    )


def _rows(
    labels: Sequence[str], clips: Sequence[ClipValues], gates: Gates, seed: int
) -> tuple[MeasureRow, ...]:
    table = np.array(
        [
            [[np.nan if v is None else v for v in clip.values[name]] for name in MEASURES]
            for clip in clips
        ]
    )  # clip, measure, side
    signs = np.array([{"lower": 1.0, "higher": -1.0}.get(m.better, 0.0) for m in MEASURES.values()])
    pairs: list[list[PairedRow]] = [
        paired_rows(label, table[..., 0], table[..., k], signs, seed)
        for k, label in enumerate(labels)
        if k
    ]
    misses = {
        measure_behind(gate).name: tuple(
            sum(gate in clip.failed_gates[k] for clip in clips) for k in range(len(labels))
        )
        for gate in gates.gates
    }
    return tuple(
        MeasureRow(
            measure=name,
            unit=measure.unit,
            better=measure.better,
            means=tuple(_mean(table[:, m, k]) for k in range(len(labels))),
            misses=misses.get(name),
            pairs=tuple(rows[m] for rows in pairs),
        )
        for m, (name, measure) in enumerate(MEASURES.items())
    )


def _mean(values: Float64[np.ndarray, "C"]) -> float | None:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else None
