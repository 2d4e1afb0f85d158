"""Two results of one clip, frame by frame: where they part, in which joint, and by how much."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np
from jaxtyping import Float64
from pydantic import BaseModel, ConfigDict

from retarget.comparison.aligned import Given, lay_beside
from retarget.comparison.sides import Entry, clip_key, is_result
from retarget.errors import OptionsError
from retarget.geometry import quaternion_product
from retarget.motion.numeric.spans import runs
from retarget.result import RetargetingResult
from retarget.robots.model import RobotModel
from retarget.solver.kinematics.forward import pose_blocks

__all__ = ["Difference", "JointDifference", "Parting", "diff", "difference_series"]

PARTED: Final = 0.1  # rad: six degrees in one joint are seen
BASE_PARTED: Final = 0.03  # m
_SHORTEST: Final = 0.1  # s of a parting
_NEAR: Final = 0.2  # s between partings that are told as one


class _Plain(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class JointDifference(_Plain):
    """How far two results are apart in one joint, rad.

    Attributes:
        joint: Its name.
        mean: Over frames.
        p95: 95th percentile.
        most: Largest.
        at_s: When it is largest, seconds.
    """

    joint: str
    mean: float
    p95: float
    most: float
    at_s: float


class Parting(_Plain):
    """A time in which two results are apart.

    Attributes:
        start_s: Seconds.
        end_s: Seconds.
        joint: The joint that is farthest off meanwhile; empty where only the base is.
        most: By how much, rad; metres of the base.
        at_s: When.
    """

    start_s: float
    end_s: float
    joint: str
    most: float
    at_s: float

    @property
    def text(self) -> str:
        """The same for people."""
        far = f"{np.degrees(self.most):.0f} degrees" if self.joint else f"{100 * self.most:.1f} cm"
        what = self.joint or "the base"
        return f"from {self.start_s:.2f} to {self.end_s:.2f} s: {what} by up to {far}, at {self.at_s:.2f} s"


class Difference(_Plain):
    """Two results of one clip.

    Attributes:
        first: The one.
        second: The other.
        frames: That both have, at ``fps``.
        fps: Frames per second of the slower one.
        offset_s: By how much later the second begins in the human's motion, seconds.
        yaw_deg: By which the second was turned onto the first, about the vertical.
        shift_m: By which it was shifted along the floor.
        identical: Whether no number differs, without any turning or shifting.
        base_mean_m: Mean distance of the bases.
        base_most_m: Largest.
        body_mean_m: Mean distance of all bodies' origins.
        worst_body: The body that is farthest off on average.
        joints: Those that differ most first.
        partings: By time.
        note: What to know of the two; empty if nothing.
    """

    first: str
    second: str
    frames: int
    fps: float
    offset_s: float
    yaw_deg: float
    shift_m: float
    identical: bool
    base_mean_m: float
    base_most_m: float
    body_mean_m: float
    worst_body: str
    joints: tuple[JointDifference, ...]
    partings: tuple[Parting, ...]
    note: str = ""

    @property
    def first_parting_s(self) -> float | None:
        """When they part for the first time, seconds; none where they never do."""
        return self.partings[0].start_s if self.partings else None


def diff(
    first: str | Path,
    second: str | Path,
    *,
    robot: str | None = None,
    robot_description: Path | None = None,
    source: Path | None = None,
    source_fps: float | None = None,
    read_as: str | None = None,
) -> Difference:
    """Compare two results of one clip and one robot, frame by frame.

    They are cut to the time that both have, brought to the rate of the slower one, and the second is turned about the
    vertical and shifted along the floor onto the first.

    Args:
        first: A result of ours, or another tool's file.
        second: Likewise.
        robot: The robot that another tool's file is of.
        robot_description: TOML that describes it.
        source: The human motion that another tool's file was made from.
        source_fps: Frames per second of a file that does not say it.
        read_as: Format of another tool's file; told from it when None.

    Raises:
        OptionsError: They are of robots with different joints, or of no common stretch of a clip.
        FileFormatError: A file cannot be read.

    Example:
        >>> diff("old/walk.npz", "new/walk.npz").partings[0].text  # doctest: +SKIP
        'from 3.20 to 3.63 s: left_elbow_joint by up to 34 degrees, at 3.40 s'
    """
    entries = [
        Entry(clip_key(path.name), path, is_result(path), source_fps, read_as)
        for path in (Path(first), Path(second))
    ]
    laid = lay_beside(entries, Given(robot, robot_description, source))
    one, other = laid
    if one.robot.joint_names != other.robot.joint_names:
        raise OptionsError(
            f"{first} is of {one.robot.name}, {second} of {other.robot.name}: their joints cannot be compared; "
            "compare how well each follows the human with: retarget compare"
        )
    names = (str(first), str(second))
    offset = other.offset_s - one.offset_s
    found = _difference(one.result, other.result, one.robot, names, offset)
    return found.model_copy(update={"note": _two_clips(one.result, other.result)})


def _two_clips(first: RetargetingResult, second: RetargetingResult) -> str:
    """Says so where two results were made from files that are neither the same nor of one name."""
    sources = [result.provenance.get("motion") or {} for result in (first, second)]
    hashes = {source.get("sha256") for source in sources}
    paths = [str(source.get("path", "")) for source in sources]
    if len(hashes) == 1 or not all(hashes) or len({clip_key(Path(p).name) for p in paths}) == 1:
        return ""
    return f"they were made from two recordings: {paths[0]} and {paths[1]}"


def difference_series(
    first: RetargetingResult, second: RetargetingResult
) -> Mapping[str, Float64[np.ndarray, "T"]]:
    """Difference of each joint in each frame (rad), and of the base under ``base`` (m), the second laid on the first.

    Raises:
        OptionsError: They have different frames, rates or joints.
    """
    alike = (len(first), first.fps, first.joint_names) == (
        len(second),
        second.fps,
        second.joint_names,
    )
    if not alike:
        raise OptionsError(
            "the results differ in frames, rate or joints; use retarget.comparison.diff"
        )
    laid, _, _ = _laid_on(first.qpos, second.qpos)
    joints = np.abs(first.qpos[:, 7:] - laid[:, 7:])
    base = np.linalg.norm(first.qpos[:, :3] - laid[:, :3], axis=1)
    return {"base": base, **{name: joints[:, k] for k, name in enumerate(first.joint_names)}}


def _laid_on(
    first: Float64[np.ndarray, "T Q"], second: Float64[np.ndarray, "T Q"]
) -> tuple[Float64[np.ndarray, "T Q"], float, float]:
    """The second turned about the vertical and shifted along the floor onto the first; the yaw (rad) and shift (m)."""
    conjugate = second[:, 3:7] * np.array([1.0, -1.0, -1.0, -1.0])
    turn = quaternion_product(first[:, 3:7], conjugate)
    yaws = 2.0 * np.arctan2(turn[:, 3], turn[:, 0])
    yaw = float(np.arctan2(np.sin(yaws).mean(), np.cos(yaws).mean()))
    laid = second.copy()
    c, s = np.cos(yaw), np.sin(yaw)
    laid[:, :2] = second[:, :2] @ np.array([[c, s], [-s, c]])
    shift = (first[:, :2] - laid[:, :2]).mean(axis=0)
    laid[:, :2] += shift
    laid[:, 3:7] = quaternion_product(
        np.array([np.cos(yaw / 2), 0.0, 0.0, np.sin(yaw / 2)]), second[:, 3:7]
    )
    moved = float(np.linalg.norm((laid[:, :2] - second[:, :2]).mean(axis=0)))
    return laid, yaw, moved


def _difference(
    first: RetargetingResult,
    second: RetargetingResult,
    robot: RobotModel,
    names: tuple[str, str],
    offset_s: float,
) -> Difference:
    fps = first.fps
    laid, yaw, shift = _laid_on(first.qpos, second.qpos)
    joints = np.abs(first.qpos[:, 7:] - laid[:, 7:])
    base = np.linalg.norm(first.qpos[:, :3] - laid[:, :3], axis=1)
    bodies = _body_distances(first.qpos, laid, robot)
    told = [
        JointDifference(
            joint=name,
            mean=float(joints[:, k].mean()),
            p95=float(np.percentile(joints[:, k], 95)),
            most=float(joints[:, k].max()),
            at_s=float(joints[:, k].argmax() / fps),
        )
        for k, name in enumerate(first.joint_names)
    ]
    return Difference(
        first=names[0],
        second=names[1],
        frames=len(first),
        fps=fps,
        offset_s=offset_s,
        yaw_deg=float(np.degrees(yaw)),
        shift_m=shift,
        identical=bool(np.array_equal(first.qpos, second.qpos)),
        base_mean_m=float(base.mean()),
        base_most_m=float(base.max()),
        body_mean_m=float(bodies.mean()),
        worst_body=robot.body_names[int(bodies.argmax())],
        joints=tuple(sorted(told, key=lambda one: -one.mean)),
        partings=_partings(joints, base, first.joint_names, fps),
    )


def _body_distances(
    first: Float64[np.ndarray, "T Q"], second: Float64[np.ndarray, "T Q"], robot: RobotModel
) -> Float64[np.ndarray, "B"]:
    """Mean distance of each body's origin, metres."""
    total = np.zeros(len(robot.body_names))
    kept = [np.array(block[1]) for block in pose_blocks(first, robot)]
    for one, block in zip(kept, pose_blocks(second, robot), strict=True):
        total += np.linalg.norm(one - block[1], axis=-1).sum(axis=0)
    return total / len(first)


def _partings(
    joints: Float64[np.ndarray, "T N"],
    base: Float64[np.ndarray, "T"],
    names: tuple[str, ...],
    fps: float,
) -> tuple[Parting, ...]:
    apart = (joints > PARTED).any(axis=1) | (base > BASE_PARTED)
    near = max(round(_NEAR * fps), 1)
    for start, stop in runs(~apart):  # short moments together do not end a parting
        if stop - start < near and start > 0 and stop < len(apart):
            apart[start:stop] = True
    found = []
    for start, stop in runs(apart):
        if (stop - start) / fps < _SHORTEST and stop - start < len(apart):
            continue
        frame, joint = np.unravel_index(joints[start:stop].argmax(), joints[start:stop].shape)
        most, name = float(joints[start + frame, joint]), names[int(joint)]
        if most <= PARTED:
            frame = base[start:stop].argmax()
            most, name = float(base[start + frame]), ""
        found.append(
            Parting(
                start_s=start / fps,
                end_s=stop / fps,
                joint=name,
                most=most,
                at_s=float((start + frame) / fps),
            )
        )
    return tuple(found)
