"""Where a clip could not be followed, by how much, and for how long."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float64, Int64
from pydantic import BaseModel, ConfigDict

from retarget.compiled.jit import NANS_COUNT, jit
from retarget.compiled.scratch import scratch
from retarget.evaluation.frames.collisions import deepest_pair
from retarget.evaluation.frames.continuity import Continuity, find_continuity
from retarget.evaluation.frames.limits import kept_accelerations, kept_positions, kept_speeds
from retarget.evaluation.thresholds import FASTEST_BASE, FASTEST_HUMAN, FASTEST_TURN, LOST_TIME
from retarget.result import RetargetingResult
from retarget.robots.model import RobotModel

__all__ = ["Diagnosis", "diagnose"]

SATURATED_TIME = 0.5  # seconds at a limit that show a pose out of the robot's reach
MISSED_TIME = 0.2  # seconds of a residual that show more than a moment's compromise
MOMENT = 0.15  # seconds that are told as one time
LARGEST_OVERLAP = 0.005  # metres; as for the self-collision measure
AT_LIMIT = 1e-4  # rad
_KINDS = ("position_limit", "speed_limit", "acceleration_limit")
_OF_THE_BASE = {
    "base_speed": ("the base moves", "m/s"),
    "base_turn": ("the base turns", "rad/s"),
    "human_base_speed": ("the recording's hips move", "m/s"),
}
_OF_LOST_FRAMES = {
    "repeats": "nothing of the robot moves, though the human does,",
    "human_repeats": "the recording stands still amid motion, as if frames were lost,",
}
LIMIT_SHARE = 1e-3  # of a speed or acceleration limit


class Diagnosis(BaseModel):
    """One stretch of a clip that the robot could not follow.

    Attributes:
        kind: ``position_limit``, ``speed_limit``, ``acceleration_limit``, ``hold`` (a part of the body that rests on
            the ground is off its place), ``overlap``, ``base_speed`` or ``base_turn`` (the base moves as nobody can),
            ``human_base_speed`` (so does the human), ``repeats`` or ``human_repeats`` (nothing moves for a moment).
        joint: The joint at its limit; empty for other kinds.
        point: What could not be held, such as ``left_toe``; empty for other kinds.
        bodies: Names of the two collision capsules that overlap most.
        start_s: Time at which it begins, seconds.
        end_s: Time at which it ends, seconds.
        worst: Largest residual in metres; m/s and rad/s of a base that moves; 0 for limits, which are kept, and for
            frames that repeat.

    Example:
        >>> diagnose(result, robot)[0].text  # doctest: +SKIP
        'left_ankle_roll_joint is at its position limit from 12.3 to 13.4 s'
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: str
    joint: str = ""
    point: str = ""
    bodies: tuple[str, ...] = ()
    start_s: float
    end_s: float
    worst: float = 0.0

    @property
    def text(self) -> str:
        """The same for people."""
        when = f"from {self.start_s:.1f} to {self.end_s:.1f} s"
        if self.end_s - self.start_s < MOMENT:
            when = f"at {self.start_s:.2f} s"
        if self.kind == "hold":
            held = self.point.replace("_", " ")
            return f"{held} on the ground is up to {100 * self.worst:.1f} cm off its place {when}"
        if self.kind in _OF_THE_BASE:
            what, unit = _OF_THE_BASE[self.kind]
            return f"{what} at up to {self.worst:.1f} {unit} {when}"
        if self.kind in _OF_LOST_FRAMES:
            return f"{_OF_LOST_FRAMES[self.kind]} {when}"
        if self.kind == "overlap":
            bodies = " and ".join(self.bodies) or "bodies"
            return f"{bodies} overlap by up to {1000 * self.worst:.0f} mm {when}"
        return f"{self.joint} is at its {self.kind.replace('_', ' ')} {when}"


def diagnose(
    result: RetargetingResult, robot: RobotModel, continuity: Continuity | None = None
) -> tuple[Diagnosis, ...]:
    """All stretches of a clip in which a limit saturates for long, a residual stays high or the motion breaks off.

    By time. ``continuity`` is what `find_continuity` says of the result, where it is known already.
    """
    found = [
        *_breaks(continuity or find_continuity(result), result.fps),
        *_saturated_joints(result, robot),
        *_yielded_holds(result),
        *_deep_overlaps(result, robot),
    ]
    return tuple(sorted(found, key=lambda one: (one.start_s, one.kind, one.joint, one.point)))


def _breaks(found: Continuity, fps: float) -> list[Diagnosis]:
    """Where the base jumps, and where frames are lost."""
    measured = (
        ("base_speed", found.base_speed, FASTEST_BASE, 0.0),
        ("base_turn", found.base_turn, FASTEST_TURN, 0.0),
        ("human_base_speed", found.human_speed, FASTEST_HUMAN, 0.0),
        ("repeats", found.repeats.astype(np.float64), 0.0, LOST_TIME),
        ("human_repeats", found.human_repeats.astype(np.float64), 0.0, LOST_TIME),
    )
    # A step counts with the frame that it leads to.
    return [
        Diagnosis(
            kind=kind,
            start_s=start,
            end_s=end + 1 / fps,
            worst=0.0 if kind in _OF_LOST_FRAMES else float(values[peak]),
        )
        for kind, values, limit, shortest in measured
        for start, end, peak in _stretches(values > limit, values, fps, shortest)
    ]


def _saturated_joints(result: RetargetingResult, robot: RobotModel) -> list[Diagnosis]:
    limits = np.stack(
        [
            *kept_positions(result, robot),
            kept_speeds(result, robot) * (1 - LIMIT_SHARE),
            kept_accelerations(result, robot) * (1 - LIMIT_SHARE),
        ]
    )
    longest = np.zeros((len(_KINDS), robot.joint_count), np.int64)
    _longest_runs(result.qpos, limits, result.fps, longest)
    found = []
    for kind, joint in np.argwhere(longest / result.fps >= SATURATED_TIME).tolist():
        angles = np.ascontiguousarray(result.qpos[:, 7 + joint])
        mask = np.zeros((len(_KINDS), len(angles)), bool)
        _at_limits(angles, limits[:, joint], result.fps, mask)
        speed = np.abs(np.diff(angles, prepend=angles[:1]))
        found += [
            Diagnosis(kind=_KINDS[kind], joint=robot.joint_names[joint], start_s=start, end_s=end)
            for start, end, _ in _stretches(mask[kind], speed, result.fps, SATURATED_TIME)
        ]
    return found


@jit(fastmath=NANS_COUNT, inner=True)
def _is_at(
    kind: int, a: float, b: float, c: float, t: int, limits: Float64[np.ndarray, "4"], fps: float
) -> bool:
    """Whether a joint is at a limit: its angles two frames before, one before and in frame t."""
    if kind == 0:
        return bool(c <= limits[0] + AT_LIMIT or c >= limits[1] - AT_LIMIT)
    if kind == 1:
        return bool(t > 0 and abs(c - b) * fps >= limits[2])
    return bool(t > 1 and abs(c - 2 * b + a) * fps * fps >= limits[3])


@jit(fastmath=NANS_COUNT)
def _at_limits(
    angles: Float64[np.ndarray, "T"],
    limits: Float64[np.ndarray, "4"],
    fps: float,
    mask: Bool[np.ndarray, "3 T"],
) -> None:
    for t in range(angles.shape[0]):
        a, b, c = angles[max(t - 2, 0)], angles[max(t - 1, 0)], angles[t]
        for kind in range(3):
            mask[kind, t] = _is_at(kind, a, b, c, t, limits, fps)


@jit(fastmath=NANS_COUNT)
def _longest_runs(
    qpos: Float64[np.ndarray, "T Q"],
    limits: Float64[np.ndarray, "4 N"],
    fps: float,
    longest: Int64[np.ndarray, "3 N"],
) -> None:
    """Fill for how many frames on end each joint is at each kind of limit at most."""
    joints = longest.shape[1]
    runs = scratch((3, joints), np.int64)
    own = scratch(4, np.float64)
    for t in range(qpos.shape[0]):
        for j in range(joints):
            a, b, c = qpos[max(t - 2, 0), 7 + j], qpos[max(t - 1, 0), 7 + j], qpos[t, 7 + j]
            for i in range(4):
                own[i] = limits[i, j]
            for kind in range(3):
                runs[kind, j] = runs[kind, j] + 1 if _is_at(kind, a, b, c, t, own, fps) else 0
                longest[kind, j] = max(longest[kind, j], runs[kind, j])


def _yielded_holds(result: RetargetingResult) -> list[Diagnosis]:
    return [
        Diagnosis(
            kind="hold",
            point=hold.point,
            start_s=hold.start_s,
            end_s=hold.end_s,
            worst=hold.distance,
        )
        for hold in result.yielded
    ]


def _deep_overlaps(result: RetargetingResult, robot: RobotModel) -> list[Diagnosis]:
    if "overlap_m" not in result.residuals:
        return []
    values = result.residuals["overlap_m"].astype(np.float64)
    return [
        Diagnosis(
            kind="overlap",
            bodies=deepest_pair(robot, result.qpos[peak]),
            start_s=start,
            end_s=end,
            worst=float(values[peak]),
        )
        for start, end, peak in _stretches(
            values > LARGEST_OVERLAP, values, result.fps, MISSED_TIME
        )
    ]


def _stretches(
    mask: Bool[np.ndarray, "T"], values: Float64[np.ndarray, "T"], fps: float, shortest: float
) -> list[tuple[float, float, int]]:
    """Start and end (seconds) of each run of True that lasts, and the frame of its largest value."""
    if not mask.any():
        return []
    edges = np.flatnonzero(np.diff(np.concatenate([[0], mask.astype(np.int8), [0]])))
    return [
        (float(first / fps), float(last / fps), int(first + values[first:last].argmax()))
        for first, last in zip(edges[::2], edges[1::2], strict=True)
        if (last - first) / fps >= shortest
    ]
