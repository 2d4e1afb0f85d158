"""Robot motions that other tools have made, in one structure, whatever file they come in."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float64

from retarget.errors import FileFormatError, OptionsError
from retarget.exchange.check import ClipCheck, FileCheck, check_content
from retarget.exchange.reading.content import read_content
from retarget.exchange.reading.layout import configurations
from retarget.exchange.reading.stored import StoredMotion
from retarget.files import sha256_of
from retarget.frame_rates import rate_problem
from retarget.geometry import without_flips
from retarget.inputs import understanding
from retarget.kinds import ExportFormat
from retarget.motion.doubts import Doubt
from retarget.result import RetargetingResult
from retarget.robots.model import RobotModel

__all__ = ["RobotMotion", "read_robot_motion"]


@dataclass(frozen=True, slots=True, eq=False)
class RobotMotion:
    """A robot's motion as some tool has written it.

    Attributes:
        path: The file.
        clip: Name of the clip.
        kind: The format that the file fits; ``result`` for one of ours.
        sha256: Hash of the file; empty for a folder.
        robot: Name of the robot.
        joint_names: The robot's joints.
        qpos: Configurations: base (m, wxyz), then all the robot's joints (rad) in its order.
        fps: Frames per second.
        held: Joints that the file does not have; they are zero.
        doubts: What was inferred and may be wrong.
        notes: What people should know, in plain sentences.
        objects: Poses of things on paths around the robot that the file has: xyz (m), wxyz; None where it has none.
        object_names: Their names, where the file says them.

    Example:
        >>> read_robot_motion("walk.pkl", robot).qpos.shape  # doctest: +SKIP
        (222, 36)
    """

    path: Path
    clip: str
    kind: str
    sha256: str
    robot: str
    joint_names: tuple[str, ...]
    qpos: Float64[np.ndarray, "T Q"]
    fps: float
    held: tuple[str, ...]
    doubts: tuple[Doubt, ...] = ()
    notes: tuple[str, ...] = ()
    objects: Float64[np.ndarray, "T O 7"] | None = None
    object_names: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.qpos)


def read_robot_motion(
    path: str | Path,
    robot: RobotModel,
    *,
    fps: float | None = None,
    kind: ExportFormat | str | None = None,
    clip: str | None = None,
) -> RobotMotion:
    """Read one clip of a robot's motion from a file of any format known.

    Args:
        path: The file, or a folder of tables.
        robot: The robot that it is of.
        fps: Frames per second, for files that do not say it; where they do, it must be theirs.
        kind: The format, whose order of quaternions then holds where nothing tells it; told from the file when None.
        clip: Name of the clip in a file of several.

    Raises:
        FileFormatError: It cannot be read, is of another robot, or contradicts itself; the message says how.
        OptionsError: The file does not say its rate and none is given, or has another one; or has several clips.
    """
    content = read_content(path)
    if "manifest_json" in content.values and kind is None:
        return _own(Path(path), robot, fps)
    with understanding(path, "robot motion", "export it again"):
        check = check_content(content, robot, kind)
    found = _chosen(check, clip)
    wrong = [fault for fault in found.wrong if not fault.derived and fault.name != "rate"]
    if wrong:
        told = "; ".join(f"{finding.name}: {finding.text}" for finding in wrong[:3])
        raise FileFormatError(
            path, f"fits {check.kinds[0]} best and contradicts itself: {told}", "export it again"
        )
    stored, joints = found.stored, found.layout.joints
    rate = _rate(check.path, stored, fps)
    qpos = configurations(stored, robot, joints)
    qpos[:, 3:7] = without_flips(qpos[:, 3:7])
    present = {robot.joint_names[joint] for joint in joints}
    return RobotMotion(
        path=check.path,
        clip=stored.clip,
        kind=str(check.kinds[0]),
        sha256=sha256_of(check.path) if check.path.is_file() else "",
        robot=robot.name,
        joint_names=robot.joint_names,
        qpos=qpos,
        fps=rate,
        held=tuple(name for name in robot.joint_names if name not in present),
        doubts=_doubts(found, named=kind is not None),
        notes=tuple(
            f"{finding.name}: {finding.text}"
            for finding in found.findings
            if finding.wrong or finding.name != "quaternion" or kind is None
        ),
        objects=_objects(stored),
        object_names=stored.object_names,
    )


def _own(path: Path, robot: RobotModel, fps: float | None) -> RobotMotion:
    """A result of ours, which names its robot's joints."""
    result = RetargetingResult.load_npz(path)
    if result.joint_names != robot.joint_names:
        raise FileFormatError(
            path, f"is of {result.robot}, whose joints are not {robot.name}'s", "name its robot"
        )
    if fps is not None and abs(result.fps - fps) > 1e-2 * fps:
        raise OptionsError(f"{path}: has {result.fps:g} frames per second, not {fps:g}")
    return RobotMotion(
        path=path,
        clip=path.stem,
        kind="result",
        sha256=sha256_of(path),
        robot=robot.name,
        joint_names=robot.joint_names,
        qpos=result.qpos,
        fps=result.fps,
        held=(),
        objects=None if result.scene is None else result.scene.moving_poses(),
        object_names=() if result.scene is None else result.scene.moving_names,
    )


def _objects(stored: StoredMotion) -> Float64[np.ndarray, "T O 7"] | None:
    """Poses of the things around the robot, their rotations without jumps of sign."""
    poses = stored.values.get("object_pose")
    if poses is None:
        return None
    turns = [without_flips(poses[:, o, 3:]) for o in range(poses.shape[1])]
    return np.concatenate([poses[..., :3], np.stack(turns, axis=1)], axis=2)


def _chosen(check: FileCheck, clip: str | None) -> ClipCheck:
    names = [found.stored.clip for found in check.clips]
    if clip is None:
        if len(names) > 1:
            listed = ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")
            raise OptionsError(
                f"{check.path}: holds {len(names)} clips ({listed}); choose one with clip"
            )
        return check.clips[0]
    if clip not in names:
        raise OptionsError(f"{check.path}: holds no clip {clip!r}, but {', '.join(names[:5])}")
    return check.clips[names.index(clip)]


def _rate(path: Path, motion: StoredMotion, given: float | None) -> float:
    stored, rule = motion.fps, motion.table.rate
    if stored is None and rule.rule == "fixed":
        stored = rule.default  # whatever it was made at, its reader plays it so
    if stored is None and given is None:
        raise OptionsError(
            f"{path}: does not say how many frames a second it has; say so with --source-fps (fps in Python); "
            "most of these files have 30"
        )
    if stored is not None and given is not None and abs(stored - given) > 1e-2 * stored:
        raise OptionsError(
            f"{path}: says {stored:g} frames per second, not {given:g}; leave --source-fps out"
        )
    rate = stored if stored is not None else given
    assert rate is not None
    if problem := rate_problem(rate):
        raise OptionsError(f"{path}: {problem}")
    return float(rate)


def _doubts(found: ClipCheck, *, named: bool) -> tuple[Doubt, ...]:
    """What the file leaves open about itself; a format that is named says in which order it has quaternions."""
    doubts = []
    if not found.layout.sure and not named:
        reason = (
            "whether quaternions are wxyz or xyzw cannot be told from the motion; name its format"
        )
        doubts.append(Doubt("layout", 0.5, reason))
    if found.layout.others:
        reason = f"{', '.join(found.layout.others)} has as many joints as the file"
        doubts.append(Doubt("layout", 0.3, reason))
    doubts += [
        Doubt("rate", 0.5, finding.text) for finding in found.wrong if finding.name == "rate"
    ]
    return tuple(doubts)
