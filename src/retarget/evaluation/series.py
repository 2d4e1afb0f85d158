"""What measures are made of, frame by frame: for plots, and for the second at which a clip is worst."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

import numpy as np
from jaxtyping import Float64, Shaped

from retarget.evaluation.forces.hull import FAR
from retarget.evaluation.frames.collisions import HIGH
from retarget.evaluation.frames.limits import kept_accelerations
from retarget.evaluation.frames.physics import quasi_static
from retarget.evaluation.frames.stance import horizontal_speed
from retarget.evaluation.frames.swing import scuffs
from retarget.evaluation.frames.trunk import NAMES as TRUNK_ERRORS
from retarget.evaluation.look import Look
from retarget.evaluation.measures.measure import Measure
from retarget.evaluation.thresholds import DOWN_HEIGHT, ORIENTED_SEGMENTS, POINTING_SEGMENTS

__all__ = ["Frames", "Makers", "all_series", "worst_second"]

Frames: TypeAlias = Float64[np.ndarray, "T"]
Makers: TypeAlias = Mapping[str, Callable[[], Frames]]

_MOMENT: Final = 0.5  # s over which a mean or a share is looked at: one frame alone says little


def all_series(seen: Look) -> Makers:
    """Every series of `retarget.evaluation.SERIES` that applies to a clip, each made when it is called."""
    makers = {
        **_tracking(seen),
        **_contacts(seen),
        **_physics(seen),
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
    frames, fps = measure.worse(1.0) * series[measure.series](), seen.result.fps
    if not np.isfinite(frames).any():
        return None
    if measure.over_clips == "max" and measure.unit != "s":
        return float(np.nanargmax(frames) / fps)
    frames = np.nan_to_num(frames, nan=np.nanmin(frames) if measure.better == "higher" else 0.0)
    span = min(max(round(_MOMENT * fps), 1), len(frames))
    sums = np.concatenate([[0.0], np.cumsum(frames)])
    first = int((sums[span:] - sums[:-span]).argmax())
    return float((first + span / 2) / fps)


def _tracking(seen: Look) -> dict[str, Callable[[], Frames]]:
    tracking, trunk = seen.tracking, seen.trunk

    def limb(row: int) -> Frames:
        return np.asarray(np.degrees(tracking.errors[:, 2 * row : 2 * row + 2].mean(axis=1)))

    def segment(row: int) -> Frames:
        pair = tracking.turn_errors[:, 2 * row : 2 * row + 2]
        return np.asarray(np.degrees(pair.mean(axis=1, dtype=np.float64)))

    def lean(row: int) -> Frames:
        return np.where(trunk.errors[row] < 0, np.nan, np.degrees(trunk.errors[row]))

    return {
        "limb_error": lambda: np.degrees(tracking.errors.mean(axis=1)),
        "limb_error_worst": lambda: np.degrees(tracking.errors.max(axis=1)),
        "orientation_error": lambda: np.degrees(
            tracking.turn_errors.mean(axis=1, dtype=np.float64)
        ),
        **{f"limb_error_{name}": _bound(limb, row) for row, name in enumerate(POINTING_SEGMENTS)},
        **{
            f"orientation_error_{name}": _bound(segment, row)
            for row, name in enumerate(ORIENTED_SEGMENTS)
        },
        **{name: _bound(lean, row) for row, name in enumerate(TRUNK_ERRORS)},
    }


def _bound(make: Callable[[int], Frames], row: int) -> Callable[[], Frames]:
    return lambda: make(row)


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

    limits = kept_accelerations(seen.result, robot)
    series = {
        "position_limit_excess": excess,
        "joint_speed_ratio": lambda: _steps((speed() / robot.velocity_limits).max(axis=1)),
        "joint_speed": lambda: _steps(speed().max(axis=1)),
        "joint_acceleration": lambda: _between(acceleration().max(axis=1)),
        "jerk": lambda: _inner(jerk().mean(axis=1)),
        "jerk_worst": lambda: _inner(jerk().max(axis=1)),
    }
    if np.isfinite(limits).any():
        series["joint_acceleration_ratio"] = lambda: _between((acceleration() / limits).max(axis=1))
    return series


def _others(seen: Look) -> dict[str, Callable[[], Frames]]:
    collisions, continuity = seen.collisions, seen.continuity

    def body_depth() -> Frames:
        depth = np.maximum(-collisions.body_height, 0.0)
        return np.where(collisions.body_height < HIGH, depth, np.nan)

    return {
        "self_overlap": collisions.depth.copy,
        "body_depth": body_depth,
        "base_speed": lambda: _steps(continuity.base_speed),
        "base_turn": lambda: _steps(continuity.base_turn),
        "human_base_speed": lambda: _steps(continuity.human_speed),
        "repeats": lambda: _steps(continuity.repeats),
        "human_repeats": lambda: _steps(continuity.human_repeats),
    }


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
