"""Scoring a tool's output on a suite: every motion laid beside the recording, and judged at one rate."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from retarget._version import __version__
from retarget.comparison.sides import Entry, alike, clip_key, read_side
from retarget.config import RunConfig
from retarget.errors import OptionsError, RetargetError
from retarget.evaluation import MEASURES, Gates, evaluate_result
from retarget.evaluation.gates import measure_behind
from retarget.exchange.robot_motion import read_robot_motion
from retarget.files import sha256_of
from retarget.foreign_result import foreign_result
from retarget.robots.model import RobotModel
from retarget.suites.card import BenchmarkCard, CardClip, means_of
from retarget.suites.suite import Suite, SuiteClip

__all__ = ["score_suite"]

LEAST_COVERED = 0.95  # share of a recording that a tool's motion must cover to pass

Progress = Callable[[Iterable[SuiteClip]], Iterable[SuiteClip]]


@dataclass(frozen=True, slots=True)
class _Scoring:
    """How to score.

    Attributes:
        suite: The clips.
        recordings: Files of human motion by name.
        results: The tool's files by name.
        robot: The robot.
        gates: To pass.
        fps: Frames per second of files that do not say it.
        kind: Their format; told from each when None.
    """

    suite: Suite
    recordings: Mapping[str, list[Path]]
    results: Mapping[str, Entry]
    robot: RobotModel
    gates: Gates
    fps: float | None
    kind: str | None


def score_suite(
    suite: Suite,
    clips: str | Path,
    results: str | Path,
    *,
    tool: str,
    robot: str | None = None,
    robot_description: Path | None = None,
    fps: float | None = None,
    kind: str | None = None,
    gates: Gates | None = None,
    progress: Progress = iter,
) -> BenchmarkCard:
    """Score a tool's output on a suite.

    Results and recordings are found by the clips' names. Every result, ours too, is read as a robot motion, laid beside
    the recording in time, and judged at the suite's rate.

    Args:
        suite: The clips.
        clips: Folder with their recordings, as deep as need be.
        results: The tool's robot motions, a folder or a batch's manifest, in any format known.
        tool: Name of the tool, with its version.
        robot: The robot that they are of; the suite's if none.
        robot_description: TOML that describes it.
        fps: Frames per second of the tool's files, where they do not say it.
        kind: Format of the tool's files; told from each when None.
        gates: To count passes by; ``train-ready`` if none.
        progress: Goes through the clips.

    Raises:
        OptionsError: A folder is missing, or holds nothing of the suite.
    """
    folder = Path(clips)
    if not folder.is_dir():
        raise OptionsError(
            f"{clips}: no such folder; give that of the suite's recordings: {suite.source}"
        )
    wanted = {name.lower() for clip in suite.clips for name in (clip.name, *clip.also)}
    recordings: dict[str, list[Path]] = {}
    for file in sorted(folder.rglob("*")):
        if (key := clip_key(file.name)) in wanted and file.is_file():
            recordings.setdefault(key, []).append(file)
    if not recordings:
        raise OptionsError(
            f"{clips}: holds none of the suite's {len(suite.clips)} clips, such as {suite.clips[0].name}; get them: "
            f"{suite.source}"
        )
    model = RunConfig(robot=robot or suite.robot, robot_description=robot_description).load_robot()
    gates = gates or Gates.named("train-ready")
    scoring = _Scoring(suite, recordings, read_side(str(results)).entries, model, gates, fps, kind)
    scored = [_score(clip, scoring) for clip in progress(suite.clips)]
    if not any(clip.status in ("judged", "failed") for clip in scored):
        raise OptionsError(
            f"{results}: holds no result of the suite's clips; name files as the clips"
        )
    return BenchmarkCard(
        suite=suite.name,
        suite_version=suite.version,
        suite_sha256=suite.sha256,
        tool=tool,
        robot=model.name,
        robot_sha256=model.sha256,
        fps=suite.fps,
        gates=gates.name,
        limits={
            measure_behind(name).name: gate.fail
            for name, gate in gates.gates.items()
            if gate.fail is not None
        },
        source_fps=fps,
        read_as=None if kind is None else str(kind),
        scored_by=__version__,
        means=means_of(scored),
        clips=tuple(scored),
    )


def _score(clip: SuiteClip, scoring: _Scoring) -> CardClip:
    names = [name.lower() for name in (clip.name, *clip.also)]
    files = [file for name in names for file in scoring.recordings.get(name, [])]
    if not files:
        return CardClip(name=clip.name, status="no clip")
    hashes = [sha256_of(file) for file in files]
    known = [k for k, digest in enumerate(hashes) if digest in clip.sha256]
    chosen = known[0] if known else 0
    told = CardClip(
        name=clip.name,
        status="no result",
        source_sha256=hashes[chosen],
        source_known=bool(known) if clip.sha256 else None,
    )
    found = (alike(name, scoring.results) for name in names)
    entry = next((entry for entry in found if entry is not None), None)
    if entry is None:
        return told
    try:
        return _judge(told, files[chosen], entry, scoring)
    except RetargetError as error:
        return told.model_copy(
            update={
                "status": "failed",
                "reason": " ".join(str(error).split()).replace(str(entry.path), entry.path.name),
                "result_sha256": sha256_of(entry.path) if entry.path.is_file() else "",
            }
        )


def _judge(told: CardClip, recording: Path, entry: Entry, scoring: _Scoring) -> CardClip:
    human = RunConfig().read_motion(recording)
    motion = read_robot_motion(entry.path, scoring.robot, fps=scoring.fps, kind=scoring.kind)
    result, found = foreign_result(motion, scoring.robot, human)
    report = evaluate_result(
        result.resampled(scoring.suite.fps), scoring.robot, gates=scoring.gates, clip=told.name
    )
    covered = len(result) / len(human)
    return told.model_copy(
        update={
            "status": "judged",
            "result_sha256": sha256_of(entry.path) if entry.path.is_file() else "",
            "result_format": motion.kind,
            "offset_s": None if found is None else found.offset_s,
            "covered": covered,
            "passed": report.passed and covered >= LEAST_COVERED,
            "failed_gates": tuple(gate.measure for gate in report.failed_gates),
            "values": {name: report[name] for name in MEASURES},
        }
    )
