"""What is done with a damaged file that is taken: what commands and batches do, with an eye on every number."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final
from zlib import crc32

import numpy as np

from fuzzing.judging import Nonsense, assert_finite, quiet_batches

__all__ = [
    "check_description", "check_gates", "check_journal", "check_lock", "check_manifest", "check_motion", "check_pickle",
    "check_recording", "check_result", "check_robot", "check_robot_motion", "check_roles", "check_run_toml",
]  # fmt: skip

_USED: Final = 0.25  # share of the files of recordings whose motion is found out, which is alike for all formats
_INSPECTED: Final = 0.1  # share of the motions taken that are inspected as well
_SOLVED: Final = 0.001  # and of those that are retargeted


def check_motion(file: Path, source_fps: float | None = None) -> object:
    """Read a damaged motion and use it as commands do."""
    from retarget.jobs.inspection import inspect_motion
    from retarget.motion import read_motion

    motion = read_motion(file, source_fps=source_fps)
    if not motion.is_finite():
        raise Nonsense("the motion is not finite")
    if not 1 <= motion.fps <= 2000:
        raise Nonsense(f"{motion.fps} fps")
    drawn = _drawn(motion)
    if drawn < _INSPECTED:
        assert_finite("inspect", inspect_motion(motion).facts)
    if drawn < _SOLVED:
        _check_answer(motion)
    return motion


def _drawn(motion: Any) -> float:
    """A number in [0, 1) drawn from all that a motion is, so that a case ends alike whenever it is made again."""
    return crc32(motion.positions.tobytes(), len(motion)) / 2**32


def check_recording(file: Path) -> object:
    """Read a damaged recording, whose rate is said if the file says none, and use some as commands do."""
    data = file.read_bytes()
    if not data.strip() or crc32(data) < _USED * 2**32:
        return check_motion(file, source_fps=30.0)
    return _recording(data, file)


def _recording(data: bytes, file: Path) -> object:
    """What the reader of a file makes of it, before anything is found out about it."""
    from retarget.inputs import understanding
    from retarget.motion.formats.asked import Asked
    from retarget.motion.formats.registry import sniff_format

    with understanding(file, "motion", "copy it again"), np.errstate(all="ignore"):
        return sniff_format(data, file).read(data, file, Asked(source_fps=30.0))


def _check_answer(motion: Any) -> None:
    from retarget.evaluation import evaluate_result
    from retarget.pipeline import retarget_motion

    robot = _g1()
    result = retarget_motion(motion.frames(0, 40), robot)
    assert_finite("qpos", result.qpos)
    assert_finite("report", json.loads(evaluate_result(result, robot).model_dump_json()))


def check_result(file: Path) -> object:
    """Read a damaged result and use it as commands do."""
    from retarget.config import RunConfig
    from retarget.evaluation import evaluate_result
    from retarget.export import write_csv
    from retarget.result import RetargetingResult

    result = RetargetingResult.load_npz(file)
    RunConfig.of_result(result)
    with TemporaryDirectory(dir=file.parent.parent) as folder:
        with _about(file):
            write_csv(result, Path(folder, "out.csv"))
        assert_finite("CSV", np.loadtxt(Path(folder, "out.csv"), delimiter=",", ndmin=2))
    with _about(file):
        report = evaluate_result(result, _g1())
    assert_finite("report", json.loads(report.model_dump_json()))
    return report


class _about:  # noqa: N801 - used like a function
    """Names the file in errors of a step that is handed no file, as the commands do that hand it the content."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        from retarget.errors import RetargetError

        if isinstance(error, RetargetError) and str(self._file.parent) not in str(error):
            raise RetargetError(f"{self._file}: {error}") from error


def check_robot(file: Path) -> object:
    """Read a damaged robot and use it as commands do."""
    from retarget.robots import load_robot

    return _assert_sound(load_robot(file), file)


def check_description(file: Path) -> object:
    """Read a damaged description and use it as commands do."""
    from retarget.robots import load_robot

    return _assert_sound(load_robot("unitree_g1", description=file), file)


def _assert_sound(robot: Any, file: Path) -> object:
    from retarget.targets.robot_frames import robot_anatomy

    unbounded = ("velocity_limits", "acceleration_limits", "effort_limits")
    for name in robot.__slots__:
        value = getattr(robot, name)
        if isinstance(value, np.ndarray) and name in unbounded:
            if np.isnan(value).any():
                raise Nonsense(f"{name} holds NaN")
        else:
            assert_finite(name, value)
    with _about(file):
        anatomy = robot_anatomy(robot)
    assert_finite("leg length", anatomy.leg_length)
    if not 1e-3 < anatomy.leg_length < 100:
        raise Nonsense(f"legs of {anatomy.leg_length:g} m")
    return robot


def check_gates(file: Path) -> object:
    """Read a damaged profile of gates and use it as commands do."""
    from retarget.evaluation import Gates

    gates = Gates.load(file)
    assert_finite("gates", json.loads(gates.model_dump_json()))
    return gates


def check_robot_motion(file: Path) -> object:
    """Read a damaged robot motion of another tool, hold it against the robot, and take it as a recording."""
    from retarget.exchange.check import check_file
    from retarget.robot_recording import read_robot_recording

    found = check_file(file, _g1())
    assert_finite("facts", found.facts())
    said = found.clips[0].stored.fps
    motion = read_robot_recording(file, _g1(), fps=30.0 if said is None else None)
    if not motion.is_finite():
        raise Nonsense("the motion is not finite")
    return found


def check_run_toml(file: Path) -> object:
    """Read a damaged run.toml and use it as commands do."""
    from retarget.config import RunConfig
    from retarget.motion.edit import between
    from retarget.solver.problem import make_setting, style_weights
    from retarget.targets.robot_frames import robot_anatomy

    config = RunConfig.load(file)
    assert_finite("options", json.loads(config.options.model_dump_json()))
    robot = _g1()
    with _about(file):
        options = config.options
        motion = between(_walk(), options.start_s, options.end_s)
        setting = make_setting(
            robot, robot_anatomy(robot), motion.fps, options, style_weights(options.style)
        )
    limits = setting.empty.limits.upper
    if np.isnan(limits).any():
        raise Nonsense("limits hold NaN")
    return config


@cache
def _g1() -> Any:
    from retarget.robots import load_robot

    return load_robot("unitree_g1")


@cache
def _clip() -> Any:
    from retarget.demo import clips_folder
    from retarget.motion import read_motion

    return read_motion(clips_folder() / "cmu_01_01.bvh")


@cache
def _walk() -> Any:
    from retarget.demo import clips_folder
    from retarget.motion import read_motion

    return read_motion(clips_folder() / "humanoid_walk.npz")


def check_roles(file: Path) -> object:
    """Read a damaged roles and use it as commands do."""
    from retarget.motion.skeleton.role_file import read_role_overrides
    from retarget.motion.skeleton.roles import find_roles

    roles = read_role_overrides(file)
    motion = _clip()
    parents = motion.parents.tolist()
    with _about(file):
        return find_roles(motion.joint_names, parents, motion.positions[:4], roles)


def check_manifest(file: Path) -> object:
    """Read a damaged manifest and use it as commands do."""
    from retarget.batch import BatchManifest, read_status

    manifest = BatchManifest.load(file)
    read_status(file)
    with TemporaryDirectory(dir=file.parent.parent) as folder:
        copy = Path(folder, "again.json")
        manifest.save_json(copy)
        if BatchManifest.load(copy).records != manifest.records:
            raise Nonsense("saved and loaded it is another manifest")
        if [entry.name for entry in Path(folder).iterdir()] != ["again.json"]:
            raise Nonsense("something half-written is left")
    return manifest


def check_journal(file: Path) -> object:
    """Read the journal beside its manifest's place, and go on with the batch."""
    from retarget.batch import BatchJob, BatchManifest, BatchRunner, read_status

    with quiet_batches(), TemporaryDirectory(dir=file.parent.parent) as folder:
        manifest = Path(folder, "m.json")
        shutil.copy(file, Path(folder, "m.json.journal"))
        with _about(file):
            _said_as(file, folder, lambda: read_status(manifest))

            def work(job: BatchJob) -> None:
                job.output.write_bytes(b"x")

            motion = Path(folder, "in.bvh")
            motion.write_bytes(b"x")
            jobs = [
                BatchJob(id=f"t{n}", motion=motion, output=Path(folder, f"{n}.out"))
                for n in range(2)
            ]
            _said_as(
                file,
                folder,
                lambda: BatchRunner().run(jobs, work, manifest_path=manifest, max_workers=1),
            )
            done = BatchManifest.load(manifest)
        if not {"t0", "t1"} <= {record.job_id for record in done.records}:
            raise Nonsense("jobs are lost")
        left = [entry.name for entry in Path(folder).iterdir() if entry.name.endswith(".tmp")]
        if left:
            raise Nonsense(f"half-written: {left}")
    return done


def _said_as(file: Path, folder: str, work: Callable[[], object]) -> object:
    """Do something in a copy's folder; an error that names the copy names the file."""
    from retarget.errors import RetargetError

    try:
        return work()
    except RetargetError as error:
        if folder not in str(error):
            raise
        raise RetargetError(str(error).replace(folder, str(file.parent))) from error


def check_lock(file: Path) -> object:
    """Read a damaged lock and use it as commands do."""
    from retarget.batch.lock import lock_owner

    return str(lock_owner(file.with_name("m.json")))


def check_pickle(file: Path) -> object:
    """Read a damaged pickle and use it as commands do."""
    from retarget.containers import read_data

    return read_data(file.read_bytes(), file)
