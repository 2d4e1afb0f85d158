"""What stands in the way of a model that misses gates: it is solved again with one limit after another lifted.

A cause is the first of `_LIFTED` without which every gate that was missed is passed. Gates that only lifting it misses,
such as those on collisions, are not looked at.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from measure import table

if TYPE_CHECKING:
    from jaxtyping import Bool

    from retarget.evaluation import ClipReport
    from retarget.motion import Motion
    from retarget.result import RetargetingResult
    from retarget.robots import RobotModel

__all__ = ["Cause", "causes_of", "report"]

_WIDER: Final = 1.0  # rad by which a range that is lifted goes farther at each end
_LIFTED: Final = {  # what a model is taken to be without, and what that lifts
    "ranges of arms": ("arms",),
    "ranges of legs": ("legs",),
    "ranges of the trunk": ("trunk",),
    "speeds": ("speeds",),
    "shapes that must not meet": ("shapes",),
    "ranges": ("arms", "legs", "trunk"),
    "ranges and speeds": ("arms", "legs", "trunk", "speeds"),
    "ranges, speeds and shapes": ("arms", "legs", "trunk", "speeds", "shapes"),
}
_NONE: Final = "none of these"
_LIMBS: Final = ("thigh", "shank", "upper_arm", "forearm")
_OFTEN: Final = 0.05  # of frames in which a joint is at a limit, to be named
_SHOWN: Final = 3  # gates and joints


@dataclass(frozen=True)
class Cause:
    """Why one clip misses gates on one robot.

    Attributes:
        models: Names of the files that hold it.
        clip: The clip's.
        missed: Gates missed, with value and limit.
        limb: The limb that is farthest off, and by how much in the mean, degrees.
        cause: What stands in the way.
        joints: The joints that are most often at the limit of a range or speed that does.
        without: Limb errors, mean and 95th percentile, with that lifted, degrees.
    """

    models: tuple[str, ...]
    clip: str
    missed: tuple[str, ...]
    limb: str
    cause: str
    joints: tuple[str, ...]
    without: str


def causes_of(models: tuple[str, ...], robot: RobotModel, clip: str, motion: Motion) -> Cause:
    """Solve a clip as it is, and then without one limit after another until the gates that it missed are passed."""
    result, asked = _solved(robot, motion, ())
    missed = [gate for gate in asked.gates if not gate.passed]
    errors = {limb: asked[f"limb_error_{limb}"] or 0.0 for limb in _LIMBS}
    worst = max(errors, key=lambda limb: errors[limb])
    cause, lifted = _NONE, _LIFTED["ranges, speeds and shapes"]
    for name, what in _LIFTED.items():
        _, freed = _solved(robot, motion, what)
        failed = {gate.measure for gate in freed.gates if not gate.passed}
        if not failed & {gate.measure for gate in missed}:
            cause, lifted = name, what
            break
    return Cause(
        models,
        clip,
        tuple(f"{gate.measure} {gate.value:.3g} ({gate.limit:.3g})" for gate in missed),
        f"{worst} {errors[worst]:.1f}",
        cause,
        () if cause == _NONE else _at_limits(robot, result, lifted),
        f"{freed['limb_error_mean'] or 0.0:.1f} / {freed['limb_error_p95'] or 0.0:.1f}",
    )


def _solved(
    robot: RobotModel, motion: Motion, lifted: tuple[str, ...]
) -> tuple[RetargetingResult, ClipReport]:
    from retarget.evaluation import evaluate_result
    from retarget.options import RetargetOptions
    from retarget.pipeline import retarget_motion

    lower, upper = robot.lower.copy(), robot.upper.copy()
    for part, joints in _parts(robot).items():
        if part in lifted:
            lower[joints] -= _WIDER
            upper[joints] += _WIDER
    speeds = np.full(robot.joint_count, np.inf) if "speeds" in lifted else robot.velocity_limits
    freed = replace(robot, lower=lower, upper=upper, velocity_limits=speeds)
    result = retarget_motion(motion, freed, RetargetOptions(self_collision="shapes" not in lifted))
    return result, evaluate_result(result, freed)


def _parts(robot: RobotModel) -> dict[str, Bool[np.ndarray, "N"]]:
    """Which joints are of arms, legs and trunk; those that are held are of none."""
    found = {part: np.zeros(robot.joint_count, bool) for part in ("arms", "legs")}
    for part, end, top in (("arms", "wrist", "chest"), ("legs", "ankle", "pelvis")):
        for side in ("left", "right"):
            body = robot.roles.get(f"{side}_{end}", 0)
            while body > 0 and body != robot.roles[top]:
                found[part][body - 1] = True
                body = int(robot.parents[body])
    found["trunk"] = ~(found["arms"] | found["legs"])
    return {part: joints & ~robot.held for part, joints in found.items()}


def _at_limits(
    robot: RobotModel, result: RetargetingResult, lifted: tuple[str, ...]
) -> tuple[str, ...]:
    """Joints that are most often at a limit that was lifted, with that limit."""
    from retarget.evaluation.thresholds import AT_LIMIT

    angles = result.qpos[:, 7:]
    ranged = np.zeros(robot.joint_count, bool)
    for part, joints in _parts(robot).items():
        ranged |= joints & (part in lifted)
    at_end = (angles < robot.lower + AT_LIMIT) | (angles > robot.upper - AT_LIMIT)
    ends = at_end.mean(axis=0) * ranged
    fast = np.abs(np.diff(angles, axis=0)) * result.fps > 0.97 * robot.velocity_limits
    quick = fast.mean(axis=0) * ~robot.held * ("speeds" in lifted)
    named = [
        (share, f"{name} {np.degrees(low):.0f} to {np.degrees(high):.0f} deg")
        for share, name, low, high in zip(
            ends, robot.joint_names, robot.lower, robot.upper, strict=True
        )
    ]
    named += [
        (share, f"{name} {limit:.1f} rad/s")
        for share, name, limit in zip(quick, robot.joint_names, robot.velocity_limits, strict=True)
    ]
    often = sorted((one for one in named if one[0] > _OFTEN), reverse=True)
    return tuple(text for _, text in often[:_SHOWN])


def report(causes: list[Cause]) -> str:
    """The section of RESULTS.md: how many models each cause holds up, and each of them."""
    clips = tuple(dict.fromkeys(cause.clip for cause in causes))
    counts = Counter((one.cause, one.clip) for one in causes for _ in one.models)
    head = ["passes without", *(f"{clip}: models" for clip in clips)]
    body = [
        [name, *(str(counts[name, clip]) for clip in clips)]
        for name in (*_LIFTED, _NONE)
        if any(counts[name, clip] for clip in clips)
    ]
    rows = [
        [
            ", ".join(dict.fromkeys(one.models)),
            one.clip,
            ", ".join(one.missed[:_SHOWN]) + _more(one.missed),
            one.limb,
            one.cause,
            ", ".join(one.joints),
            one.without,
        ]
        for one in causes
    ]
    columns = ["model", "clip", "gates missed: value (limit)", "worst limb deg", "passes without",
               "most often at its limit", "limb deg then, mean / p95"]  # fmt: skip
    return f"{table(head, body)}\n\n{table(columns, rows)}"


def _more(missed: tuple[str, ...]) -> str:
    return f" and {len(missed) - _SHOWN} more" if len(missed) > _SHOWN else ""
