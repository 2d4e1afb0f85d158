"""A robot motion of another tool as a result of ours: beside the human that it was made from, aligned in time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from jaxtyping import Float64

from retarget._version import __version__
from retarget.errors import OptionsError
from retarget.evaluation import ClipReport, evaluate
from retarget.evaluation.gates import Gates
from retarget.exchange.robot_motion import RobotMotion
from retarget.geometry import slerp
from retarget.motion.anatomy import find_anatomy
from retarget.motion.body_contacts import BODY_CONTACTS
from retarget.motion.contacts import find_contacts
from retarget.motion.doubts import Doubt
from retarget.motion.drift import followed
from retarget.motion.floor import levelled
from retarget.motion.motion import Motion
from retarget.pipeline import source_clip
from retarget.result import RetargetingResult
from retarget.robot_recording import motion_of_robot
from retarget.robots.model import RobotModel

__all__ = ["Alignment", "align", "foreign_result", "judge_alone"]

_LEAST_LIKENESS: Final = 0.5  # of the two height curves; takes of one dance have 0.3, one take 0.98
_LEAST_OVERLAP_S: Final = 1.0
_LEAST_SHARE: Final = 0.5  # of the shorter motion
_STILL_M: Final = 2e-3  # standard deviation of a height under which nothing can be aligned
_TIE: Final = 2e-3  # of likeness: the smaller offset is taken
_UNSURE: Final = 0.9

_OF_THE_HUMAN: Final = (
    "human_", "limb_error", "orientation_error", "trunk_", "pelvis_", "chest_", "hip_line", "shoulder_line",
)  # fmt: skip
_BESIDE_IT: Final = (
    "swing_scuff_excess",
    "swing_clearance_lack",
    "both_soles_down_excess",
    "com_acceleration_ratio",
    "sole_lifted_share",
)


@dataclass(frozen=True, slots=True)
class Alignment:
    """How a robot motion lies beside its source in time.

    Attributes:
        offset_s: Time in the source at which the robot motion begins, seconds; negative where it begins before.
        likeness: Correlation of the heights of base and hips, 1 at best; None where neither moves.
        first: First frame of the source that both have.
        frames: Frames that both have, at the source's rate.
    """

    offset_s: float
    likeness: float | None
    first: int
    frames: int


def align(
    base: Float64[np.ndarray, "N"], hips: Float64[np.ndarray, "M"], fps: float
) -> Alignment:
    """Find the offset between two height curves of one rate, metres.

    Raises:
        OptionsError: They are not of one take, or one is too short.
    """
    shorter = min(len(base), len(hips))
    least = max(int(_LEAST_OVERLAP_S * fps), int(_LEAST_SHARE * shorter))
    if shorter < least or shorter < 3:
        raise OptionsError(
            f"{shorter / fps:.2f} s are too short to be laid beside each other; give clips of {_LEAST_OVERLAP_S:g} s"
        )
    if base.std() < _STILL_M or hips.std() < _STILL_M:
        return Alignment(0.0, None, 0, shorter)
    lags = range(least - len(base), len(hips) - least + 1)
    likeness = {lag: _likeness(base, hips, lag) for lag in lags}
    best = max(likeness.values())
    lag = min((lag for lag in lags if likeness[lag] >= best - _TIE), key=abs)
    lag = max((near for near in lags if abs(near - lag) <= 2), key=lambda near: likeness[near])
    if likeness[lag] < _LEAST_LIKENESS:
        raise OptionsError(
            f"the robot's base goes up and down unlike the source's hips (likeness {likeness[lag]:.2f} at best): another "
            "take, or another rate; check --source and the file's frames per second"
        )
    first, end = max(lag, 0), min(len(hips), lag + len(base))
    return Alignment(lag / fps, likeness[lag], first, end - first)


def _likeness(base: Float64[np.ndarray, "N"], hips: Float64[np.ndarray, "M"], lag: int) -> float:
    first, end = max(lag, 0), min(len(hips), lag + len(base))
    one, other = base[first - lag : end - lag], hips[first:end]
    one, other = one - one.mean(), other - other.mean()
    size = float(np.sqrt((one @ one) * (other @ other)))
    return float(one @ other) / size if size > 0 else 0.0


def foreign_result(
    motion: RobotMotion, robot: RobotModel, source: Motion | None
) -> tuple[RetargetingResult, Alignment | None]:
    """A robot motion with the human beside it, as `retarget.evaluation.evaluate` and all that takes results want it.

    Args:
        motion: The robot's motion.
        robot: The robot.
        source: The human motion that it was made from; None lays its own bodies beside it.

    Returns:
        The result at the source's rate, cut to what both have; and how they lie in time.

    Raises:
        OptionsError: The two are not of one take.
        RoleError: The source lacks a role.
    """
    alone = source is None
    clip = motion_of_robot(motion, robot) if source is None else source
    clip, _ = levelled(clip)
    clip, _ = followed(clip)
    anatomy = find_anatomy(clip)
    contacts = find_contacts(anatomy)
    qpos = _at_rate(motion.qpos, motion.fps, clip.fps)
    found: Alignment | None = None
    rows = slice(0, len(clip))
    if not alone:
        hips = (anatomy.point("left_hip") + anatomy.point("right_hip"))[:, 2] / 2
        found = align(qpos[:, 2], hips, clip.fps)
        rows = slice(found.first, found.first + found.frames)
        begin = found.first - round(found.offset_s * clip.fps)
        qpos = qpos[begin : begin + found.frames]
    human = source_clip(clip, contacts)
    doubts = (*motion.doubts, *_alignment_doubts(found))
    record = clip.source.as_json()
    record["doubts"] = [*record["doubts"], *(doubt.as_json() for doubt in doubts if not alone)]
    result = RetargetingResult(
        qpos=np.ascontiguousarray(qpos),
        fps=clip.fps,
        joint_names=robot.joint_names,
        robot=robot.name,
        contacts=contacts.stance[rows],
        body_contacts=contacts.body[rows],
        body_contact_names=BODY_CONTACTS,
        frame_cost=np.zeros(len(qpos)),
        source=replace(human, positions=human.positions[rows], rotations=human.rotations[rows]),
        provenance={
            "version": __version__,
            "motion": record,
            "robot": robot.name,
            "robot_sha256": robot.sha256,
            "made_elsewhere": _made(motion, found),
        },
    )
    return result, found


def _made(motion: RobotMotion, found: Alignment | None) -> dict[str, Any]:
    return {
        "path": str(motion.path),
        "sha256": motion.sha256,
        "format": str(motion.kind),
        "fps": motion.fps,
        "joints_at_zero": list(motion.held),
        "offset_s": None if found is None else found.offset_s,
        "likeness": None if found is None else found.likeness,
    }


def _alignment_doubts(found: Alignment | None) -> Iterable[Doubt]:
    if found is None:
        return
    if found.likeness is None:
        yield Doubt("rate", 0.3, "neither base nor hips move up and down; both are taken to begin together")
    elif found.likeness < _UNSURE:
        reason = f"base and hips go up and down alike by {found.likeness:.2f} only; another rate or take"
        yield Doubt("rate", min(1.0, 1.0 - found.likeness), reason)


def _at_rate(
    qpos: Float64[np.ndarray, "T Q"], fps: float, wanted: float
) -> Float64[np.ndarray, "S Q"]:
    """Configurations at another rate: places and angles between their neighbours, rotations by slerp."""
    if fps == wanted or len(qpos) < 2:
        return qpos
    count = int(np.floor((len(qpos) - 1) * wanted / fps + 1e-9)) + 1
    time = np.minimum(np.arange(count) * (fps / wanted), len(qpos) - 1)
    before = np.minimum(time.astype(np.int64), len(qpos) - 2)
    share = time - before
    out = qpos[before] * (1 - share[:, None]) + qpos[before + 1] * share[:, None]
    out[:, 3:7] = slerp(qpos[before, 3:7], qpos[before + 1, 3:7], share)
    return np.asarray(out)


def judge_alone(result: RetargetingResult, robot: RobotModel, *, clip: str = "") -> ClipReport:
    """Measure a motion that has no source: what is measured beside a human has no value."""
    report = evaluate(result, robot, clip=clip)
    measures = {
        name: measure.model_copy(update={"value": None})
        if name.startswith(_OF_THE_HUMAN) or name in _BESIDE_IT
        else measure
        for name, measure in report.measures.items()
    }
    return report.model_copy(update={"measures": measures, "gates": Gates().check(measures)})
