"""What measures are made of, frame by frame: for plots, and for the second at which a clip is worst."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Final, TypeAlias

import numpy as np
from jaxtyping import Float64, Shaped

from retarget.evaluation.forces.hull import FAR
from retarget.evaluation.frames.collisions import HIGH
from retarget.evaluation.frames.following.trunk import NAMES as TRUNK_ERRORS
from retarget.evaluation.frames.limits import kept_accelerations, kept_positions
from retarget.evaluation.frames.physics import quasi_static
from retarget.evaluation.frames.solved import anchor_misses, yields
from retarget.evaluation.frames.standing.stance import horizontal_speed
from retarget.evaluation.frames.standing.swing import scuffs
from retarget.evaluation.frames.things import ThingFrames
from retarget.evaluation.look import Look
from retarget.evaluation.measures.measure import Measure
from retarget.evaluation.thresholds import (
    AT_LIMIT,
    DOWN_HEIGHT,
    ORIENTED_SEGMENTS,
    POINTING_SEGMENTS,
)

__all__ = ["Frames", "Makers", "all_series", "worst_second"]

Frames: TypeAlias = Float64[np.ndarray, "T"]
Makers: TypeAlias = Mapping[str, Callable[[], Frames]]

_BLOCK: Final = 4096  # frames
_MOMENT: Final = 0.5  # s over which a mean or a share is looked at: one frame alone says little


def all_series(seen: Look) -> Makers:
    """Every series of `retarget.evaluation.SERIES` that applies to a clip, each made when it is called."""
    stands = seen.robot.has("leg")
    makers = {
        **_tracking(seen),
        **(_contacts(seen) if stands else {}),
        **(_physics(seen) if stands else {}),
        **_joints(seen),
        **_others(seen),
    }
    return {name: _first(len(seen.result), make) for name, make in makers.items()}


def _first(count: int, make: Callable[[], Frames]) -> Callable[[], Frames]:
    """Clips of a frame or two have no differences, and fewer frames than these are padded with."""
    return lambda: make()[:count]


def worst_second(seen: Look, measure: Measure, series: Makers) -> float | None:
    """The middle of the moment in which a measure is worst, seconds; none where none is known to be."""
    if measure.series not in series:
        return None
    frames, fps = series[measure.series](), seen.result.fps
    if measure.series == "lag":
        frames = np.abs(frames)
    if not np.isfinite(frames).any():
        return None
    if measure.over_clips == "max" and measure.unit != "s":
        return _middle_of_worst(frames) / fps
    frames = np.nan_to_num(frames)
    span = min(max(round(_MOMENT * fps), 1), len(frames))
    sums = np.concatenate([[0.0], np.cumsum(frames)])
    first = int((sums[span:] - sums[:-span]).argmax())
    return float((first + span / 2) / fps)


def _middle_of_worst(frames: Frames) -> float:
    """The frame that is worst, or the middle of the first stretch that is, as of series that are told by windows."""
    first = int(np.nanargmax(frames))
    better = np.flatnonzero(frames[first:] != frames[first])
    return first + ((int(better[0]) if len(better) else len(frames) - first) - 1) / 2


def _tracking(seen: Look) -> dict[str, Callable[[], Frames]]:
    tracking = seen.tracking
    makers = {
        **_of_columns("limb_error", tracking.errors, tracking.limbs, POINTING_SEGMENTS),
        **_of_columns(
            "orientation_error", tracking.turn_errors, tracking.segments, ORIENTED_SEGMENTS
        ),
    }
    if tracking.limbs:
        makers["limb_pop"] = lambda: _degrees(seen.steadiness.pops)
        makers["limb_error_worst"] = lambda: _degrees(tracking.errors.max(axis=1))
    if seen.trunk is not None:
        makers |= {
            name: partial(_angle, row) for name, row in zip(TRUNK_ERRORS, seen.trunk, strict=True)
        }
    if seen.places is not None:
        errors = seen.places.errors
        makers |= {
            "root_path_error": errors.path.copy,
            "root_height_error": errors.height.copy,
            "key_body_error": errors.bodies.copy,
            "key_body_posture_error": errors.posture.copy,
        }
    return makers


def _of_columns(
    name: str,
    errors: Shaped[np.ndarray, "T n"],
    columns: Sequence[tuple[str, str]],
    kinds: Sequence[str],
) -> dict[str, Callable[[], Frames]]:
    """Means over both sides of each kind, and over all kinds."""
    picked = {
        kind: [k for k, (column, _) in enumerate(columns) if column == kind] for kind in kinds
    }
    kept = {kind: rows for kind, rows in picked.items() if rows}
    makers: dict[str, Callable[[], Frames]] = {
        f"{name}_{kind}": partial(_mean_of_columns, errors, [rows]) for kind, rows in kept.items()
    }
    if kept:
        makers[name] = partial(_mean_of_columns, errors, list(kept.values()))
    return makers


def _mean_of_columns(errors: Shaped[np.ndarray, "T n"], kinds: Sequence[Sequence[int]]) -> Frames:
    means = [errors[:, rows].mean(axis=1, dtype=np.float64) for rows in kinds]
    return _degrees(np.mean(means, axis=0))


def _angle(row: Frames) -> Frames:
    return np.where(row < 0, np.nan, np.degrees(row))


def _degrees(angles: Shaped[np.ndarray, "T"]) -> Frames:
    return np.asarray(np.degrees(angles), np.float64)


def _contacts(seen: Look) -> dict[str, Callable[[], Frames]]:
    feet, stance, human, fps = seen.feet, seen.stance, seen.human, seen.result.fps

    def tilt() -> Frames:
        if not feet.flat:
            return np.full(len(feet.upright), np.nan)
        return _most(np.degrees(np.arccos(np.clip(feet.upright, -1, 1))), stance.heel)

    def support() -> Frames:
        lowest = np.minimum(feet.lowest.min(axis=1), seen.collisions.body_height)
        return np.where(human.flies, np.nan, lowest)

    return {
        "stance": lambda: stance.toe.mean(axis=1),
        "toe_slide": lambda: _most(horizontal_speed(feet.ends[:, :, 0], fps), stance.toe),
        "heel_slide": lambda: _most(horizontal_speed(feet.ends[:, :, 1], fps), stance.heel),
        "sole_lift": lambda: _most(feet.lowest - np.maximum(human.lowest, 0.0), stance.toe),
        "left_sole_height": feet.lowest[:, 0].copy,
        "right_sole_height": feet.lowest[:, 1].copy,
        "sole_depth": lambda: np.maximum(-feet.lowest.min(axis=1), 0.0),
        "sole_tilt": tilt,
        "depth": lambda: np.maximum(
            -np.minimum(feet.lowest.min(axis=1), seen.collisions.body_height), 0.0
        ),
        "missed_contacts": lambda: seen.contacts.missed.mean(axis=1),
        "false_contacts": lambda: seen.contacts.false.mean(axis=1),
        "scuff": lambda: scuffs(feet, fps).mean(axis=1),
        "both_soles_down": lambda: (feet.lowest < DOWN_HEIGHT).all(axis=1).astype(np.float64),
        "unsupported_height": support,
    }


def _physics(seen: Look) -> dict[str, Callable[[], Frames]]:
    forces, fps = seen.forces, seen.result.fps

    def acceleration() -> Frames:
        second = np.diff(forces.centre[:, :2], 2, axis=0) * fps**2
        return _between(np.linalg.norm(second, axis=1))

    def outside() -> Frames:
        away = np.where(forces.outside < FAR, forces.outside, np.nan)
        return _between(np.where(quasi_static(forces, fps), away, np.nan))

    series = {
        "force_left": lambda: _between(forces.force_left),
        "torque_left": lambda: _between(forces.torque_left),
        "com_acceleration": acceleration,
        "com_outside": outside,
    }
    if np.isfinite(seen.robot.effort_limits).any():
        series["joint_effort"] = lambda: _between(forces.effort)
    return series


def _joints(seen: Look) -> dict[str, Callable[[], Frames]]:
    robot, fps = seen.robot, seen.result.fps
    joints = seen.result.qpos[:, 7:]

    def speed() -> Shaped[np.ndarray, "n N"]:
        return np.asarray(np.abs(np.diff(joints, axis=0)) * fps)

    def acceleration() -> Shaped[np.ndarray, "n N"]:
        return np.asarray(np.abs(np.diff(joints, 2, axis=0)) * fps**2)

    def jerk() -> Shaped[np.ndarray, "n N"]:
        return np.asarray(np.abs(np.diff(joints, 3, axis=0)) * fps**3)

    def excess() -> Frames:
        beyond = np.maximum(robot.lower - joints, joints - robot.upper)
        return np.asarray(beyond.max(axis=1).clip(min=0.0))

    def at_limit() -> Frames:
        least, most = kept_positions(seen.result, robot)
        at = (joints <= least + AT_LIMIT) | (joints >= most - AT_LIMIT)
        return np.asarray(at.mean(axis=1))

    limits = kept_accelerations(seen.result, robot)
    series = {
        "position_limit_excess": excess,
        "at_limit": at_limit,
        "joint_speed_ratio": lambda: _steps((speed() / robot.velocity_limits).max(axis=1)),
        "joint_speed": lambda: _steps(speed().max(axis=1)),
        "joint_acceleration": lambda: _between(acceleration().max(axis=1)),
        "jerk": lambda: _inner(_mean_jerk(joints, fps)),
        "jerk_worst": lambda: _inner(jerk().max(axis=1)),
    }
    if np.isfinite(limits).any():
        series["joint_acceleration_ratio"] = lambda: _between((acceleration() / limits).max(axis=1))
    return series


def _mean_jerk(joints: Float64[np.ndarray, "T N"], fps: float) -> Shaped[np.ndarray, "n"]:
    """Mean over joints of |third difference| x fps^3: block by block, as a long clip's would fill the memory."""
    jerk = np.zeros(max(len(joints) - 3, 0))
    for first in range(0, len(jerk), _BLOCK):
        block = np.abs(np.diff(joints[first : first + _BLOCK + 3], 3, axis=0))
        jerk[first : first + _BLOCK] = block.mean(axis=1) * fps**3
    return jerk


def _things(found: ThingFrames) -> dict[str, Callable[[], Frames]]:
    return {
        "hand_gap": lambda: _mean_of_hands(found.hand_gap),
        "hand_place_error": lambda: _mean_of_hands(found.hand_place_error),
        "hand_slide": lambda: np.fmax(*found.hand_slide.T),
        "scene_depth": found.depth.copy,
        "clearance_error": found.clearance_error.copy,
        "interaction_direction": found.direction_error.copy,
        "object_shift": found.shift.copy,
    }


def _mean_of_hands(values: Float64[np.ndarray, "T 2"]) -> Frames:
    """Mean over the hands that have a value; NaN where none has."""
    known = np.isfinite(values)
    total = np.where(known, values, 0.0).sum(axis=1)
    return np.asarray(np.where(known.any(axis=1), total / np.maximum(known.sum(axis=1), 1), np.nan))


def _others(seen: Look) -> dict[str, Callable[[], Frames]]:
    collisions, continuity = seen.collisions, seen.continuity

    def body_depth() -> Frames:
        depth = np.maximum(-collisions.body_height, 0.0)
        return np.where(collisions.body_height < HIGH, depth, np.nan)

    def gain_error() -> Frames:
        errors = np.nan_to_num(seen.gains.errors, nan=-1.0).max(axis=1)
        return _nearest(seen, seen.gains.seconds, np.where(errors < 0, np.nan, errors))

    def heading() -> Frames:
        seconds = np.arange(len(seen.result)) / seen.result.fps
        found = np.interp(seconds, seen.steadiness.seconds, np.degrees(seen.steadiness.headings))
        return np.asarray(np.abs(found - 0.5 * (found.min() + found.max())))

    makers: dict[str, Callable[[], Frames]] = {}
    if seen.things is not None:
        makers |= _things(seen.things)
    if len(seen.timing.lags):
        makers["lag"] = lambda: _nearest(seen, seen.timing.seconds, seen.timing.lags)
    if seen.tracking.limbs:
        makers["limb_gain_error"] = gain_error
    if len(seen.steadiness.headings) > 1:
        makers["heading_error"] = heading
    if anchor_misses(seen.result) is not None:
        makers |= {
            "anchor_miss": lambda: np.asarray(anchor_misses(seen.result)),
            "yielded": lambda: yields(seen.result),
            "cost": seen.result.frame_cost.copy,
        }
    return makers | {
        "self_overlap": collisions.depth.copy,
        "body_depth": body_depth,
        "base_speed": lambda: _steps(continuity.base_speed),
        "base_turn": lambda: _steps(continuity.base_turn),
        "human_base_speed": lambda: _steps(continuity.human_speed),
        "repeats": lambda: _steps(continuity.repeats),
        "human_repeats": lambda: _steps(continuity.human_repeats),
    }


def _nearest(
    seen: Look, seconds: Float64[np.ndarray, "W"], values: Float64[np.ndarray, "W"]
) -> Frames:
    """Of each frame the value of the moment that is nearest in time."""
    frames = np.arange(len(seen.result)) / seen.result.fps
    return np.asarray(values[np.searchsorted((seconds[1:] + seconds[:-1]) / 2, frames)])


def _most(values: Shaped[np.ndarray, "T 2"], counts: Shaped[np.ndarray, "T 2"]) -> Frames:
    """The larger value of the feet that count; NaN where none does."""
    most = np.where(counts, values, -np.inf).max(axis=1)
    return np.where(counts.any(axis=1), most, np.nan)


def _padded(values: Shaped[np.ndarray, "n"], before: int, after: int) -> Frames:
    return np.pad(np.asarray(values, np.float64), (before, after), constant_values=np.nan)


def _steps(values: Shaped[np.ndarray, "n"]) -> Frames:
    """Of T - 1 steps, each told of the frame that it leads to."""
    return _padded(values, 1, 0)


def _between(values: Shaped[np.ndarray, "n"]) -> Frames:
    """Of all frames but the first and the last, or of none."""
    return _padded(values, 1, 1)


def _inner(values: Shaped[np.ndarray, "n"]) -> Frames:
    """Of third differences, each told of the third of its four frames."""
    return _padded(values, 2, 1)
