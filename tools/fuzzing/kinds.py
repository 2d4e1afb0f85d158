"""The kinds of files that are read: sound ones to begin with, how they are damaged, and what is done with them."""

from __future__ import annotations

import io
import json
import pickle
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any, Final

import numpy as np

from fuzzing.archives import damage_archive, damage_journal, damage_pickle
from fuzzing.judging import Nonsense, assert_finite
from fuzzing.mutations import (
    Mutation,
    damage_bytes,
    damage_json,
    damage_text,
    damage_xml,
    json_text,
    mixed,
)

__all__ = ["KINDS", "Kind"]

_SOLVED: Final = 0.004  # share of the motions taken that are retargeted as well


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of file.

    Attributes:
        name: As the table names it.
        file: Name of the file.
        seeds: Makes sound files.
        damage: Makes a damaged one of a sound one.
        check: Reads one, and does with it what users do; raises `Nonsense` where it gives no possible answer.
        beside: Names of files that the check may leave beside it.
    """

    name: str
    file: str
    seeds: Callable[[], list[bytes]]
    damage: Mutation
    check: Callable[[Path], object]
    beside: tuple[str, ...] = ()


def _clip(name: str) -> bytes:
    from retarget.demo import clips_folder

    return (clips_folder() / name).read_bytes()


@cache
def _bvh() -> list[bytes]:
    lines = _clip("cmu_01_01.bvh").split(b"\n")
    motion = next(n for n, line in enumerate(lines) if line.startswith(b"MOTION"))
    head = [*lines[: motion + 1], b"Frames: 40", *lines[motion + 2 : motion + 3]]
    frames = lines[motion + 3 :]
    nameless = b"\n".join(head)
    for number, word in enumerate(sorted(_names_in(nameless), key=len, reverse=True)):
        nameless = nameless.replace(b" " + word + b"\n", b" j%d\n" % number)
    return [
        b"\n".join([*head, *frames[:40], b""]),
        b"\n".join([*head, *frames[300:340], b""]),
        b"\n".join([nameless, *frames[100:140], b""]),
    ]


def _names_in(head: bytes) -> list[bytes]:
    words = [line.split() for line in head.split(b"\n")]
    return [pair[1] for pair in words if len(pair) == 2 and pair[0] in (b"JOINT", b"ROOT")]


@cache
def _amp() -> list[bytes]:
    with np.load(io.BytesIO(_clip("humanoid_walk.npz"))) as archive:
        arrays = {key: archive[key] for key in archive.files}
    short = {
        key: value[:60] if key.startswith("body_") and value.ndim == 3 else value
        for key, value in arrays.items()
    }
    stream = io.BytesIO()
    np.savez_compressed(stream, **short)
    return [stream.getvalue()]


@cache
def _deepmimic() -> list[bytes]:
    turned: list[float] = [1, 0, 0, 0]
    rows = []
    for frame in range(40):
        swing = 0.4 * float(np.sin(frame / 6))
        leg = [float(np.cos(swing / 2)), 0.0, 0.0, float(np.sin(swing / 2))]
        side = [*leg, -0.3, *turned, *leg, 0.5]
        root = [1 / 30, 0.03 * frame, 0.9, 0.0, *turned, *turned, *turned]
        rows.append([*root, *side, *side])
    return [json.dumps({"Loop": "none", "Frames": rows}, indent=1).encode()]


@cache
def _smpl() -> list[bytes]:
    poses = np.zeros((40, 156))
    poses[:, 3] = poses[:, 12] = 0.4 * np.sin(np.arange(40) / 6)
    trans = np.stack([np.linspace(0, 1, 40), np.zeros(40), np.full(40, 0.9)], axis=1)
    stream = io.BytesIO()
    np.savez(
        stream, poses=poses, trans=trans, betas=np.zeros(16), gender="neutral",
        mocap_framerate=30.0,
    )  # fmt: skip
    return [stream.getvalue()]


@cache
def _pickles() -> list[bytes]:
    value = {
        "fps": 30, "dof": np.zeros((20, 29)), "root": np.zeros((20, 3), np.float32), "names": ["a", "b"], 3: (1, None),
    }  # fmt: skip
    return [pickle.dumps(value, protocol) for protocol in (0, 2, 4, 5)]


@cache
def _results() -> list[bytes]:
    from retarget.motion import read_motion
    from retarget.pipeline import retarget_motion
    from retarget.robots import load_robot

    with TemporaryDirectory() as folder:
        clip = Path(folder, "clip.bvh")
        clip.write_bytes(_bvh()[1])
        result = retarget_motion(read_motion(clip), load_robot("unitree_g1"))
        file = Path(folder, "clip.npz")
        result.save_npz(file)
        return [file.read_bytes()]


def _embedded(name: str, file: str) -> bytes:
    from retarget.robots import registry

    return (Path(registry.__file__).parent / "embedded" / name / file).read_bytes()


@cache
def _mjcf() -> list[bytes]:
    return [_embedded(n, "model.xml") for n in ("unitree_g1", "unitree_h1", "booster_t1")]


@cache
def _urdf() -> list[bytes]:
    """A humanoid in URDF: boxes for feet, spheres else, limits and masses."""
    links, joints = ["pelvis"], []
    parts = [("hip_yaw", "0 0 1", "0 {s}0.1 -0.05"), ("hip_roll", "1 0 0", "0 0 -0.03"),
             ("hip_pitch", "0 1 0", "0 0 -0.03"), ("knee", "0 1 0", "0 0 -0.35"), ("ankle_pitch", "0 1 0", "0 0 -0.35"),
             ("ankle_roll", "1 0 0", "0 0 -0.02")]  # fmt: skip
    arms = [("shoulder_pitch", "0 1 0", "0 {s}0.18 0.35"), ("shoulder_roll", "1 0 0", "0 {s}0.03 0"),
            ("shoulder_yaw", "0 0 1", "0 0 -0.05"), ("elbow", "0 1 0", "0 0 -0.22"), ("wrist_yaw", "0 0 1", "0 0 -0.22")]  # fmt: skip
    text = []
    for side, sign in (("left", ""), ("right", "-")):
        for chain, first in ((parts, "pelvis"), (arms, "torso")):
            parent = first
            for name, axis, place in chain:
                joints.append((f"{side}_{name}_joint", parent, f"{side}_{name}_link", axis, place.format(s=sign)))
                parent = f"{side}_{name}_link"
                links.append(parent)
    joints.insert(0, ("waist_yaw_joint", "pelvis", "torso", "0 0 1", "0 0 0.1"))
    links.append("torso")
    for link in links:
        shape, place = ("box size='0.2 0.08 0.03'", "0.04 0 -0.03") if "ankle_roll" in link else ("sphere radius='0.04'", "0 0 0")
        text.append(
            f"<link name='{link}'><inertial><mass value='1.5'/><inertia ixx='0.01' iyy='0.01' izz='0.01' ixy='0' "
            f"ixz='0' iyz='0'/></inertial><collision><origin xyz='{place}'/><geometry><{shape}/></geometry></collision></link>"
        )
    for name, parent, child, axis, place in joints:
        low, high = ("0", "2.4") if "knee" in name else ("-1.8", "1.8")
        text.append(
            f"<joint name='{name}' type='revolute'><parent link='{parent}'/><child link='{child}'/><origin xyz='{place}'/>"
            f"<axis xyz='{axis}'/><limit lower='{low}' upper='{high}' velocity='15' effort='80'/></joint>"
        )
    return [("<robot name='figure'>" + "".join(text) + "</robot>").encode()]


@cache
def _robot_toml() -> list[bytes]:
    return [_embedded(n, "robot.toml") for n in ("unitree_g1", "booster_t1")]


_RUN_TOML: Final = b"""motion_format = "bvh"
robot = "unitree_g1"
skip_bind_pose = true
up = "y"
unit = "centimetre"
floor_m = 0.0

[roles]
left_toe = "LeftToeBase"

[options]
fps = 50.0
start_s = 0.1
end_s = 1.0
mirror = false
time_scale = 1.0
style = "close"
smoothness = 2.0
joint_speed_limit = 10.0
joint_acceleration_limit = 200.0
joint_margin = 0.02
collision_margin = 0.01
contacts = true

[options.weights]
hand = 4.0
left_hand = 2.0
"""
_ROLES: Final = b'[roles]\nleft_toe = "LeftToeBase"\nright_knee = "RightLeg"\nchest = "Spine1"\n'


@cache
def _batch() -> tuple[bytes, bytes]:
    """A manifest of a batch of five jobs, one of which failed, and the journal that it was written from."""
    from retarget.batch import BatchJob, BatchRunner, journal

    kept: list[bytes] = []

    def work(job: BatchJob) -> dict[str, Any]:
        kept[:] = [(Path(folder) / "m.json.journal").read_bytes()]
        if job.id == "t2":
            raise ValueError("no such luck")
        job.output.write_bytes(b"x")
        return {"frames": 12, "seconds": {"total": 0.5}, "names": ["a", None]}

    assert journal.JOURNAL_VERSION
    with TemporaryDirectory() as folder:
        motion = Path(folder, "in.bvh")
        motion.write_bytes(b"x")
        jobs = [BatchJob(id=f"t{n}", motion=motion, output=Path(folder, f"{n}.out")) for n in range(5)]
        BatchRunner().run(jobs, work, manifest_path=Path(folder, "m.json"), max_workers=1)
        return Path(folder, "m.json").read_bytes(), kept[0].rstrip(b"\n") + b"\n"


def _check_motion(file: Path) -> object:
    from retarget.cli.inspect import _facts
    from retarget.motion import read_motion

    motion = read_motion(file)
    if not motion.is_finite():
        raise Nonsense("the motion is not finite")
    if not 1 <= motion.fps <= 2000:
        raise Nonsense(f"{motion.fps} fps")
    assert_finite("inspect", _facts(motion))
    if Random(len(motion) * 7919 + int(1e6 * abs(float(motion.positions[0, 0, 0])) % 1e9)).random() < _SOLVED:
        _check_answer(motion)
    return motion


def _check_answer(motion: Any) -> None:
    from retarget.evaluation import evaluate
    from retarget.pipeline import retarget_motion
    from retarget.robots import load_robot

    robot = load_robot("unitree_g1")
    result = retarget_motion(motion.frames(0, 40), robot)
    assert_finite("qpos", result.qpos)
    assert_finite("report", json.loads(evaluate(result, robot).model_dump_json()))


def _check_result(file: Path) -> object:
    from retarget.config import RunConfig
    from retarget.evaluation import evaluate
    from retarget.export.csv import write_csv
    from retarget.result import RetargetingResult
    from retarget.robots import load_robot

    result = RetargetingResult.load_npz(file)
    RunConfig.of_result(result)
    with TemporaryDirectory(dir=file.parent.parent) as folder:
        write_csv(result, Path(folder, "out.csv"))
        assert_finite("CSV", np.loadtxt(Path(folder, "out.csv"), delimiter=",", ndmin=2))
    with _about(file):
        report = evaluate(result, load_robot("unitree_g1"))
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


def _check_robot(file: Path) -> object:
    from retarget.robots import load_robot

    return _assert_sound(load_robot(file))


def _check_description(file: Path) -> object:
    from retarget.robots import load_robot

    return _assert_sound(load_robot("unitree_g1", description=file))


def _assert_sound(robot: Any) -> object:
    from retarget.targets.robot_frames import robot_anatomy

    unbounded = ("velocity_limits", "acceleration_limits", "effort_limits")
    for name in robot.__slots__:
        value = getattr(robot, name)
        if isinstance(value, np.ndarray) and name in unbounded:
            if np.isnan(value).any():
                raise Nonsense(f"{name} holds NaN")
        else:
            assert_finite(name, value)
    anatomy = robot_anatomy(robot)
    assert_finite("leg length", anatomy.leg_length)
    if not 1e-3 < anatomy.leg_length < 100:
        raise Nonsense(f"legs of {anatomy.leg_length:g} m")
    return robot


def _check_run_toml(file: Path) -> object:
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
    assert_finite("limits", setting.empty.limits.upper)
    return config


@cache
def _g1() -> Any:
    from retarget.robots import load_robot

    return load_robot("unitree_g1")


@cache
def _walk() -> Any:
    from retarget.demo import clips_folder
    from retarget.motion import read_motion

    return read_motion(clips_folder() / "humanoid_walk.npz")


def _check_roles(file: Path) -> object:
    from retarget.motion.role_file import read_role_overrides
    from retarget.motion.roles import find_roles

    roles = read_role_overrides(file)
    names = ("Hips", "LeftUpLeg", "LeftLeg", "LeftFoot", "LeftToeBase")
    with _about(file):
        return find_roles(names, [-1, 0, 1, 2, 3], np.zeros((1, 5, 3)), roles)


def _check_manifest(file: Path) -> object:
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


def _check_journal(file: Path) -> object:
    """Read the journal beside its manifest's place, and go on with the batch."""
    import logging

    from retarget.batch import BatchJob, BatchManifest, BatchRunner, read_status

    logging.getLogger("retarget.batch").setLevel(logging.CRITICAL)
    with TemporaryDirectory(dir=file.parent.parent) as folder:
        manifest = Path(folder, "m.json")
        shutil.copy(file, Path(folder, "m.json.journal"))
        with _about(file):
            _said_as(file, folder, lambda: read_status(manifest))

            def work(job: BatchJob) -> None:
                job.output.write_bytes(b"x")

            motion = Path(folder, "in.bvh")
            motion.write_bytes(b"x")
            jobs = [BatchJob(id=f"t{n}", motion=motion, output=Path(folder, f"{n}.out")) for n in range(2)]
            _said_as(file, folder, lambda: BatchRunner().run(jobs, work, manifest_path=manifest, max_workers=1))
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


def _check_lock(file: Path) -> object:
    from retarget.batch.lock import lock_owner

    return str(lock_owner(file.with_name("m.json")))


def _check_pickle(file: Path) -> object:
    from retarget.containers import read_data

    return read_data(file.read_bytes(), file)


def _through_json(data: bytes, random: Random) -> bytes:
    return json_text(damage_json(json.loads(data), random))


_TEXT: Final = mixed(damage_text, damage_text, damage_bytes)

KINDS: Final = {
    kind.name: kind
    for kind in (
        Kind("bvh", "clip.bvh", _bvh, _TEXT, _check_motion),
        Kind("npz", "clip.npz", _amp, damage_archive, _check_motion),
        Kind("deepmimic", "clip.txt", _deepmimic, mixed(_TEXT, _through_json), _check_motion),
        Kind("smpl", "clip.npz", _smpl, damage_archive, _check_motion),
        Kind("pickle", "clip.pkl", _pickles, damage_pickle, _check_pickle),
        Kind("result", "result.npz", _results, damage_archive, _check_result),
        Kind("mjcf", "robot.xml", _mjcf, mixed(damage_xml, damage_xml, _TEXT), _check_robot),
        Kind("urdf", "robot.urdf", _urdf, mixed(damage_xml, damage_xml, _TEXT), _check_robot),
        Kind("robot.toml", "robot.toml", _robot_toml, _TEXT, _check_description),
        Kind("run.toml", "run.toml", lambda: [_RUN_TOML], _TEXT, _check_run_toml),
        Kind("roles", "roles.toml", lambda: [_ROLES], _TEXT, _check_roles),
        Kind("manifest", "m.json", lambda: [_batch()[0]], mixed(_TEXT, _through_json, _through_json), _check_manifest),
        Kind("journal", "m.json.journal", lambda: [_batch()[1]], damage_journal, _check_journal),
        Kind("lock", "m.json.lock", lambda: [b'{"host": "a", "pid": 1, "since": "2026-01-01"}'],
             mixed(_TEXT, _through_json), _check_lock),
    )
}  # fmt: skip
