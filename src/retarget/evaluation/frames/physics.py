"""Whether physics would accept a motion: what contacts can push, how the mass moves, what joints must give."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64

from retarget.evaluation.forces.cone_fit import no_edges
from retarget.evaluation.forces.dynamics import mass_arrays
from retarget.evaluation.forces.find import Found, Ground, Room, find_forces
from retarget.evaluation.forces.ground_points import ground_points
from retarget.evaluation.forces.hull import FAR
from retarget.evaluation.frames.standing.human import ScaledHuman
from retarget.evaluation.frames.standing.pushed import pushed_alike
from retarget.evaluation.frames.statistics import mean_of, percentile_of
from retarget.evaluation.thresholds import (
    BALLISTIC_SHARE,
    FORCE_SHARE,
    HUMAN_SPAN,
    QUASI_STATIC_ACCELERATION,
    QUASI_STATIC_SPEED,
    QUIET_ACCELERATION,
    STANDING_SPEED,
    SUPPORT_MARGIN,
    TORQUE_ARM,
)
from retarget.ground import FRICTION, GRAVITY, STANDING_HEIGHT
from retarget.robots.model import RobotModel
from retarget.solver.kinematics.forward import pose_blocks, tree_arrays

__all__ = ["ForceTrack", "Forces", "contact_forces", "measure_physics", "quasi_static"]


@dataclass(frozen=True, slots=True, eq=False)
class Forces:
    """What a motion needs of its contacts; of n = T - 2 frames, all but the first and the last.

    Attributes:
        force_left: Force that no contact can give, as a share of the weight.
        torque_left: Torque about the base's origin that none can give, as a share of weight times a metre.
        effort: Largest joint torque as a share of the joint's limit; 0 where no joint has one.
        outside: Distance along the floor of the centre of mass from the points that stand, metres; 1e6 if none does.
        centre: Centre of mass of all T frames, metres.
        touching: Frames, of all T, in which a point is close to the floor, whether it stands or slides.
    """

    force_left: Float64[np.ndarray, "n"]
    torque_left: Float64[np.ndarray, "n"]
    effort: Float64[np.ndarray, "n"]
    outside: Float64[np.ndarray, "n"]
    centre: Float64[np.ndarray, "T 3"]
    touching: Bool[np.ndarray, "T"]


def contact_forces(
    qpos: Float64[np.ndarray, "T Q"],
    robot: RobotModel,
    fps: float,
    *,
    height: float = STANDING_HEIGHT,
    speed: float = STANDING_SPEED,
    friction: float = FRICTION,
    arm: float = TORQUE_ARM,
) -> Forces:
    """The best forces in friction cones at the points that stand, and what the motion needs besides.

    Accelerations are second differences of ``qpos``. The forces are those that leave the least of force and torque
    (the latter over ``arm``); the robot's bodies are rigid, its joints free of friction and rotor inertia.

    Args:
        qpos: Configurations.
        robot: The robot, whose bodies have masses.
        fps: Frames per second.
        height: Of points of the soles and the other bodies over the floor up to which they are pushed, metres.
        speed: Of these points in the step before or the step after a frame up to which they are, m/s; a large one
            lets sliding points be pushed, too.
        friction: Coefficient of friction.
        arm: Metres over which a torque that is left counts as a force.

    Example:
        >>> forces = contact_forces(result.qpos, robot, result.fps)  # doctest: +SKIP
        >>> forces.force_left.mean()  # doctest: +SKIP
        0.12
    """
    track = ForceTrack(qpos, robot, fps, height=height, speed=speed, friction=friction, arm=arm)
    for block in pose_blocks(qpos, robot):
        track.add(*block)
    return track.forces()


class ForceTrack:
    """`contact_forces`, fed with blocks of poses in their order."""

    def __init__(
        self,
        qpos: Float64[np.ndarray, "T Q"],
        robot: RobotModel,
        fps: float,
        *,
        height: float = STANDING_HEIGHT,
        speed: float = STANDING_SPEED,
        friction: float = FRICTION,
        arm: float = TORQUE_ARM,
    ) -> None:
        frames, bodies = len(qpos), len(robot.body_names)
        points = ground_points(robot)
        count = len(points.bodies)
        self._qpos = np.ascontiguousarray(qpos, np.float64)
        self._robot, self._fps = robot, float(fps)
        self._limits = robot.effort_limits.clip(max=FAR**2)
        self._ground = Ground(
            points, float(friction), float(height), float(min(speed, FAR)), float(arm)
        )
        self._found = Found(
            np.zeros(frames),
            np.zeros(frames),
            np.zeros(frames),
            np.zeros((frames, 3)),
            np.zeros(frames, np.bool_),
            np.zeros(frames),
        )
        self._room = Room(
            np.empty((count, 3)),
            np.empty(count, np.int64),
            np.empty(count, np.int64),
            no_edges(),
            np.empty((count, 3)),
            np.empty((3, bodies, 3, 3)),
            np.empty((3, bodies, 3)),
            np.empty((3, bodies, 3)),
        )

    def add(
        self,
        frames: slice,
        positions: Float64[np.ndarray, "n B 3"],
        rotations: Float64[np.ndarray, "n B 3 3"],
    ) -> None:
        """Look at the world poses of all bodies (metres) in some frames."""
        find_forces(
            self._qpos,
            frames.start,
            positions,
            rotations,
            self._fps,
            tree_arrays(self._robot),
            mass_arrays(self._robot),
            self._limits,
            self._ground,
            self._room,
            self._found,
        )

    def forces(self) -> Forces:
        """What was found, once every frame was added."""
        found, frames = self._found, len(self._qpos)
        inner = slice(1, max(frames - 1, 1))
        limited = bool(np.isfinite(self._robot.effort_limits).any())
        return Forces(
            found.force[inner],
            found.torque[inner],
            found.effort[inner] if limited else np.zeros(max(frames - 2, 0)),
            found.outside[inner],
            found.centre,
            found.touching,
        )


def measure_physics(
    forces: Forces, human: ScaledHuman, fps: float, *, limited: bool, time_scale: float = 1.0
) -> dict[str, float | None]:
    """Measures of what physics would say; see `retarget.evaluation.MEASURES`.

    Clips of fewer than three frames have none. ``limited`` tells whether any joint has a torque limit, ``time_scale``
    how many times as long as it was recorded the motion lasts.
    """
    acceleration = np.diff(forces.centre, 2, axis=0) * fps**2
    level, upright = _shaking(acceleration)
    human_level, human_upright = _shaking(_smooth_acceleration(human.hips, fps))
    alike = _pushed(human, fps, time_scale)
    return {
        "force_left_mean": mean_of(forces.force_left),
        "force_left_p95": percentile_of(forces.force_left),
        "force_left_share": mean_of(forces.force_left > FORCE_SHARE),
        "torque_left_mean": mean_of(forces.torque_left),
        "com_acceleration_horizontal": level,
        "com_acceleration_vertical": upright,
        "human_acceleration_horizontal": human_level,
        "human_acceleration_vertical": human_upright,
        "alike_acceleration_horizontal": alike,
        "com_acceleration_ratio": _beside(level, human_level),
        "com_acceleration_alike": _beside(level, alike),
        "flight_not_ballistic_share": _not_ballistic(forces.touching, acceleration),
        "com_outside_share": _outside(forces, fps),
        "joint_effort_max": float(forces.effort.max()) if limited and len(forces.effort) else None,
        "joint_effort_p95": percentile_of(forces.effort) if limited else None,
    }


def _beside(level: float | None, other: float | None) -> float | None:
    """One acceleration over another, of which no less counts than what anybody who stands still has."""
    return None if level is None or other is None else level / max(other, QUIET_ACCELERATION)


def _shaking(
    acceleration: Float64[np.ndarray, "n 3"],
) -> tuple[float | None, float | None]:
    """Root mean square of an acceleration along the floor and upwards, m/s^2."""
    if not len(acceleration):
        return None, None
    x, y, z = np.square(acceleration).mean(axis=0).tolist()
    return float((x + y) ** 0.5), float(z**0.5)


def _pushed(human: ScaledHuman, fps: float, time_scale: float) -> float | None:
    """What a body of the robot's size on the human's steps is accelerated by along the floor, rms, m/s^2."""
    span = max(round(HUMAN_SPAN * fps), 1)
    path = pushed_alike(
        np.ascontiguousarray(human.hips), human.scale, GRAVITY / time_scale**2, fps, span
    )
    return _shaking(_smooth_acceleration(np.pad(path, ((0, 0), (0, 1))), fps))[0]


def _smooth_acceleration(
    positions: Float64[np.ndarray, "T 3"], fps: float
) -> Float64[np.ndarray, "n 3"]:
    """Second difference over steps of `HUMAN_SPAN`: markers tremble at high rates as a body does not."""
    span = max(round(HUMAN_SPAN * fps), 1)
    second = positions[2 * span :] - 2 * positions[span : len(positions) - span]
    return np.asarray((second + positions[: max(len(positions) - 2 * span, 0)]) * (fps / span) ** 2)


def _not_ballistic(
    touching: Bool[np.ndarray, "T"], acceleration: Float64[np.ndarray, "n 3"]
) -> float | None:
    """Share of frames between two others in flight in which the centre of mass does not fall freely."""
    flying = ~(touching[:-2] | touching[1:-1] | touching[2:]) if len(touching) > 2 else touching[:0]
    fall = acceleration[flying] + np.array([0.0, 0.0, GRAVITY])
    return mean_of(np.square(fall).sum(axis=1) > (BALLISTIC_SHARE * GRAVITY) ** 2)


def _outside(forces: Forces, fps: float) -> float | None:
    """Share of quasi-static frames with something that stands, in which the centre of mass is not above it."""
    standing = quasi_static(forces, fps) & (forces.outside < FAR)
    return mean_of(forces.outside[standing] > SUPPORT_MARGIN)


def quasi_static(forces: Forces, fps: float) -> Bool[np.ndarray, "n"]:
    """Frames, all but the first and the last, in which the centre of mass hardly moves."""
    level = forces.centre[:, :2]
    if len(level) < 3:
        return np.zeros(0, np.bool_)
    speed = np.linalg.norm(level[2:] - level[:-2], axis=1) * fps / 2
    pushed = np.linalg.norm(np.diff(level, 2, axis=0), axis=1) * fps**2
    return np.asarray((speed < QUASI_STATIC_SPEED) & (pushed < QUASI_STATIC_ACCELERATION))
