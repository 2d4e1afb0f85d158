"""Where a clip could not be followed, by how much, and for how long."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float64
from pydantic import BaseModel, ConfigDict

from retarget.evaluation.collisions import deepest_pair
from retarget.evaluation.limits import kept_accelerations, kept_positions, kept_speeds
from retarget.result import RetargetingResult
from retarget.robots.model import RobotModel

__all__ = ["Diagnosis", "diagnose"]

SATURATED_TIME = 0.5  # seconds at a limit that show a pose out of the robot's reach
MISSED_TIME = 0.2  # seconds of a residual that show more than a moment's compromise
LARGEST_ANCHOR = 0.02  # metres that a held foot may be off its place
LARGEST_OVERLAP = 0.005  # metres; as for the self-collision measure
AT_LIMIT = 1e-4  # rad
LIMIT_SHARE = 1e-3  # of a speed or acceleration limit


class Diagnosis(BaseModel):
    """One stretch of a clip that the robot could not follow.

    Attributes:
        kind: ``position_limit``, ``speed_limit``, ``acceleration_limit``, ``anchor`` (a held foot is off its place)
            or ``overlap``.
        joint: The joint at its limit; empty for residuals.
        bodies: Names of the two collision capsules that overlap most.
        start_s: Time at which it begins, seconds.
        end_s: Time at which it ends, seconds.
        worst: Largest residual in metres; 0 for limits, which are kept.

    Example:
        >>> diagnose(result, robot)[0].text  # doctest: +SKIP
        'left_ankle_roll_joint is at its position limit from 12.3 to 13.4 s'
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: str
    joint: str = ""
    bodies: tuple[str, ...] = ()
    start_s: float
    end_s: float
    worst: float = 0.0

    @property
    def text(self) -> str:
        """The same for people."""
        when = f"from {self.start_s:.1f} to {self.end_s:.1f} s"
        if self.kind == "anchor":
            return f"a foot in stance is up to {100 * self.worst:.1f} cm off its place {when}"
        if self.kind == "overlap":
            bodies = " and ".join(self.bodies) or "bodies"
            return f"{bodies} overlap by up to {1000 * self.worst:.0f} mm {when}"
        return f"{self.joint} is at its {self.kind.replace('_', ' ')} {when}"


def diagnose(result: RetargetingResult, robot: RobotModel) -> tuple[Diagnosis, ...]:
    """All stretches of a clip in which a limit saturates for long or a residual stays high, by time."""
    found = [*_saturated_joints(result, robot), *_high_residuals(result, robot)]
    return tuple(sorted(found, key=lambda one: (one.start_s, one.kind, one.joint)))


def _saturated_joints(result: RetargetingResult, robot: RobotModel) -> list[Diagnosis]:
    limits = zip(
        robot.joint_names,
        *kept_positions(result, robot),
        kept_speeds(result, robot) * (1 - LIMIT_SHARE),
        kept_accelerations(result, robot) * (1 - LIMIT_SHARE),
        strict=True,
    )
    found = []
    # Joint by joint: all of a long clip's at once take much memory.
    for joint, (name, lower, upper, fastest, hardest) in enumerate(limits):
        angles = np.ascontiguousarray(result.qpos[:, 7 + joint])
        speed = np.abs(np.diff(angles, prepend=angles[:1])) * result.fps
        at_acceleration = np.zeros(len(angles), bool)
        at_acceleration[2:] = np.abs(np.diff(angles, 2)) * result.fps**2 >= hardest
        kinds = {
            "position_limit": (angles <= lower + AT_LIMIT) | (angles >= upper - AT_LIMIT),
            "speed_limit": speed >= fastest,
            "acceleration_limit": at_acceleration,
        }
        found += [
            Diagnosis(kind=kind, joint=name, start_s=start, end_s=end)
            for kind, mask in kinds.items()
            for start, end, _ in _stretches(mask, speed, result.fps, SATURATED_TIME)
        ]
    return found


def _high_residuals(result: RetargetingResult, robot: RobotModel) -> list[Diagnosis]:
    kinds = (("anchor", "anchor_m", LARGEST_ANCHOR), ("overlap", "overlap_m", LARGEST_OVERLAP))
    return [
        Diagnosis(
            kind=kind,
            bodies=deepest_pair(robot, result.qpos[peak]) if kind == "overlap" else (),
            start_s=start,
            end_s=end,
            worst=float(values[peak]),
        )
        for kind, name, most in kinds
        if name in result.residuals
        for values in [result.residuals[name].astype(np.float64)]
        for start, end, peak in _stretches(values > most, values, result.fps, MISSED_TIME)
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
