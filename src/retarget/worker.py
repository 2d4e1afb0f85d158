"""One motion file to one result file: what ``retarget run`` does, and each job of a batch."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from retarget._version import __version__
from retarget.config import RunConfig
from retarget.errors import OutputError
from retarget.files import same_file, sha256_of, split_which
from retarget.jobs.read_once import ReadOnce
from retarget.jobs.subject_rules import subject_fingerprint
from retarget.jobs.subjects import knowing_its_subject
from retarget.timing import timed

if TYPE_CHECKING:
    from retarget.batch import BatchJob
    from retarget.evaluation import ClipReport
    from retarget.motion import Motion

__all__ = ["RetargetWorker", "retarget_file"]

_T = TypeVar("_T")

_MOST_DIAGNOSTICS = 5  # in a record; the report of the clip has all


@dataclass(frozen=True, slots=True)
class RetargetWorker:
    """A batch worker that retargets a job's motion file and writes its result.

    It travels to other processes; there the robot is loaded once and kept.

    Attributes:
        config: What to do with every job; a job's ``config_path`` replaces it, and its ``motion_format`` and
            ``robot`` go before both.

    Example:
        >>> worker = RetargetWorker(RunConfig(robot="unitree_g1"))
        >>> BatchRunner().run(jobs, worker, manifest_path="manifest.json")  # doctest: +SKIP
    """

    config: RunConfig = field(default_factory=RunConfig)

    def __call__(self, job: BatchJob) -> Mapping[str, Any]:
        """Retarget one file; returns what is worth recording about it.

        Raises:
            RetargetError: The file cannot be read, retargeted or written.
        """
        return retarget_file(job.motion, job.output, self.config_of(job), ask_sisters=True)

    def warm_up(self) -> None:
        """Compile or load the kernels and the robot before the first job, on a short embedded clip."""
        from retarget.ahead import compiled_ahead
        from retarget.demo import embedded_clips
        from retarget.evaluation import evaluate_result
        from retarget.pipeline import retarget_motion

        clip = min(embedded_clips(), key=lambda path: path.stat().st_size)
        robot = self.config.load_robot()
        with compiled_ahead():
            motion = RunConfig().read_motion(clip).frames(0, 40)
            evaluate_result(retarget_motion(motion, robot, self.config.options), robot)

    def config_of(self, job: BatchJob) -> RunConfig:
        """What to do with one job."""
        config = RunConfig.load(job.config_path) if job.config_path is not None else self.config
        changes: dict[str, Any] = {}
        if job.motion_format is not None:
            changes["motion_format"] = job.motion_format
        if job.robot is not None:
            changes |= {"robot": str(job.robot), "robot_description": None}
        if (variant := job.provenance.get("variant")) is not None:
            changed = config.with_changes({"variant": variant})
            changes["variant"] = changed.variant
            if changed.variant.robot:
                changes |= {"robot": changed.variant.robot, "robot_description": None}
            if changed.variant.mirror:
                changes["options"] = config.options.model_copy(
                    update={"mirror": not config.options.mirror}
                )
        return config.model_copy(update=changes)

    def fingerprint(self, job: BatchJob) -> dict[str, str]:
        """All that determines the job's result, each as a short text: input, robot, options, version, subject.

        Raises:
            OSError: The input cannot be read.
        """
        config = self.config_of(job)
        options = config.model_dump_json(exclude={"robot", "robot_description", "scene"})
        made_with = {
            "input": sha256_of(split_which(job.motion)[0]),
            "robot": config.load_robot().sha256,
            "options": hashlib.sha256(options.encode()).hexdigest(),
            "version": __version__,
        }
        scene = config.scene_file(job.motion)
        if scene is not None:
            from retarget.scenes.read import scene_sha256

            made_with["scene"] = scene_sha256(scene)
        if config.subject_from is None:
            return made_with
        return made_with | {"subject": subject_fingerprint(config.subject_from, job.motion)}


def _read(path: Path, config: RunConfig, ask_sisters: bool) -> Motion:
    if not ask_sisters:
        return config.read_motion(path)
    return _among_sisters(path, config) if config.variant is None else _varied(path, config)


def _among_sisters(path: Path, config: RunConfig) -> Motion:
    motion = config.read_motion(path)
    if config.up is not None or config.from_robot is not None:
        return motion
    from retarget.motion.world.sisters import as_its_sisters

    return as_its_sisters(
        path, motion, lambda other, up: config.model_copy(update={"up": up}).read_motion(other)
    )


_varied = ReadOnce(_among_sisters)  # a batch's jobs that are variants of one recording


def retarget_file(
    motion: Path, output: Path, config: RunConfig, *, ask_sisters: bool = False
) -> dict[str, Any]:
    """Read a motion file, retarget it, write the result, and say how it went.

    Args:
        motion: The file to read.
        output: The result to write.
        config: What to do with it.
        ask_sisters: Where the file's up axis is doubtful, read it as other files of its folder with the same skeleton.

    Returns:
        JSON-ready record: ``frames``, ``fps``, ``time_scale`` (factor on the recording's duration), ``robot``,
        ``seconds`` by stage (``total`` of all, of which ``compile`` went into compiling), ``quality`` (measures of
        `retarget.evaluation`, those with a gate among them), ``diagnostics`` (where the robot could not follow),
        ``failed_gates`` by name, ``gates`` (all about those that are missed, or nearly) and the ``verdict`` on them in
        words, hashes of input, robot and output, the ``subject`` whose other clips told of the skeleton (None:
        nobody's), ``notes`` for people, and ``doubts`` about how the recording was understood.

    Raises:
        RetargetError: The file cannot be read, retargeted or written; nothing is left behind.
    """
    from retarget.compiled.waiting import compile_time

    with compile_time() as compiling:
        record = _retarget_file(motion, output, config, ask_sisters)
    record["seconds"]["compile"] = compiling.seconds
    return record


def _retarget_file(
    motion: Path, output: Path, config: RunConfig, ask_sisters: bool
) -> dict[str, Any]:
    from retarget.evaluation import evaluate_result
    from retarget.pipeline import retarget_motion
    from retarget.report.scores import AMONG_THINGS, key_measures

    if same_file(split_which(motion)[0], output):
        raise OutputError(f"{output}: the output is the input {motion}; choose another output")
    seconds: dict[str, float] = {}
    started = time.perf_counter()
    robot = timed(seconds, "robot", config.load_robot)
    clip = timed(seconds, "read", lambda: _read(motion, config, ask_sisters))
    clip, subject = timed(seconds, "subject", lambda: knowing_its_subject(motion, clip, config))
    scene = timed(seconds, "scene", lambda: config.read_scene(motion, clip))
    result = retarget_motion(clip, robot, config.options, subject=subject, scene=scene)
    source = clip.source
    del clip  # a long one takes as much memory as its result
    result = replace(result, provenance={**result.provenance, "run": config.robot_record()})
    seconds |= result.provenance["timings"]
    report = timed(seconds, "evaluate", lambda: evaluate_result(result, robot))
    timed(seconds, "save", lambda: result.save_npz(output))
    output_sha256 = timed(seconds, "save", lambda: sha256_of(output))
    return {
        "frames": len(result),
        "fps": result.fps,
        "time_scale": result.provenance["time_scale"],
        "robot": result.robot,
        "seconds": {**seconds, "total": time.perf_counter() - started},
        "quality": key_measures(report)
        | {name: report[name] for name in AMONG_THINGS}
        | _gated(report),
        "diagnostics": [d.text for d in report.diagnostics[:_MOST_DIAGNOSTICS]],
        "diagnostics_count": len(report.diagnostics),
        "failed_gates": [gate.measure for gate in report.failed_gates],
        "gates": [gate.model_dump() for gate in report.gates if gate.warned or not gate.passed],
        "verdict": report.verdict,
        "output_sha256": output_sha256,
        "motion_sha256": source.sha256,
        "motion_format": source.format,
        "rig": source.rig,
        "subject": result.provenance["subject"],
        "robot_sha256": robot.sha256,
        "version": __version__,
        "notes": [
            *source.notes,
            *(scene.notes if scene is not None else ()),
            *_of_things(result.provenance.get("scene", {})),
            *_hands_left(result.provenance),
        ],
        "doubts": result.provenance["motion"]["doubts"],
    }


def _of_things(around: Mapping[str, Any]) -> list[str]:
    """What people should know of the things around a clip."""
    left_out = around.get("left_out")
    return [*([f"scene: {left_out}"] if left_out else ()), *around.get("warnings", ())]


def _hands_left(provenance: dict[str, Any]) -> list[str]:
    """Why fingers that were to be kept are at neutral, if they are."""
    hands = provenance.get("hands")
    return [f"fingers are at neutral: {hands['why']}"] if hands and hands["why"] else []


def _gated(report: ClipReport) -> dict[str, float | None]:
    """The measures that gates are on, by which a report of the batch shows how far clips are from them."""
    from retarget.evaluation.gates import measure_behind

    return {measure_behind(gate.measure).name: gate.value for gate in report.gates}
