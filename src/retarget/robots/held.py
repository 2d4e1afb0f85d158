"""Joints that no body role needs (fingers, heads, what slides): held at neutral, out of every solve."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from jaxtyping import Bool, Float64, Int64

from retarget.robots.couplings import NO_COUPLINGS, NO_LOOPS, follow, free_in_loops
from retarget.robots.kinematics import Tree, axis_rotation
from retarget.robots.model import RobotModel

__all__ = ["MovingPart", "joints_without_role", "moving_part"]


def joints_without_role(
    parents: Int64[np.ndarray, "B"], roles: dict[str, int]
) -> Bool[np.ndarray, "N"]:
    """Which joints carry no body with a role: not those of legs, arms and what lies between them."""
    needed = np.zeros(len(parents), bool)
    for role in roles.values():
        body = role
        while body > 0 and not needed[body]:
            needed[body] = True
            body = int(parents[body])
    return np.asarray(~needed[1:])


@dataclass(frozen=True, slots=True, eq=False)
class MovingPart:
    """A robot without its held joints, and the way back to all of them.

    Attributes:
        robot: The robot whose held joints are welded at neutral; the robot itself where it has none.
        whole_robot: The robot with all its joints.
        kept: Which columns of a whole configuration the moving part has.
        neutral: A whole configuration with the held joints at neutral.

    Example:
        >>> part = moving_part(load_robot("unitree_g1"))  # doctest: +SKIP
        >>> part.whole(part.narrowed(qpos)).shape == qpos.shape  # doctest: +SKIP
        True
    """

    robot: RobotModel
    whole_robot: RobotModel
    kept: Bool[np.ndarray, "Q"]
    neutral: Float64[np.ndarray, "Q"]

    def whole(
        self, qpos: Float64[np.ndarray, "T R"], held: Float64[np.ndarray, "T N"] | None = None
    ) -> Float64[np.ndarray, "T Q"]:
        """Configurations of all joints from those of the moving part; the same array where nothing is held.

        ``held`` has angles of all joints, rad: held ones are put there, and at neutral without it.
        """
        if self.kept.all():
            return qpos
        out = np.tile(self.neutral, (len(qpos), 1))
        if held is not None:
            out[:, 7:] = held
        out[:, self.kept] = qpos
        if self.follows:
            robot = self.whole_robot
            free = free_in_loops(robot.held, robot.couplings)
            out[:, 7:] = follow(robot, robot.couplings, robot.loops, free, out[:, 7:])
        return out

    @property
    def follows(self) -> bool:
        """Whether held joints move with others."""
        robot = self.whole_robot
        return bool(len(robot.couplings.dependents) or len(robot.loops.bodies))

    def narrowed(self, qpos: Float64[np.ndarray, "T Q"]) -> Float64[np.ndarray, "T R"]:
        """Configurations of the moving part from those of all joints."""
        return qpos if self.kept.all() else np.ascontiguousarray(qpos[:, self.kept])


@lru_cache(maxsize=8)
def moving_part(robot: RobotModel) -> MovingPart:
    """What of a robot is solved for; remembered for the robots used last."""
    kept = np.concatenate([np.ones(7, bool), ~robot.held])
    neutral = np.concatenate([[0, 0, 0, 1, 0, 0, 0], robot.neutral]).astype(np.float64)
    return MovingPart(_welded(robot) if robot.held.any() else robot, robot, kept, neutral)


def _welded(robot: RobotModel) -> RobotModel:
    """The robot with its held joints welded at neutral."""
    bodies, at, turn = _carriers(robot)
    moving = np.flatnonzero(np.concatenate([[True], ~robot.held]))
    number = np.full(len(robot.parents), -1, np.int64)
    number[moving] = np.arange(len(moving))
    to = number[bodies]
    parents, offsets, orientations = _hinges(robot, moving, bodies, at, turn, number)
    masses, centres, inertias = _merged_masses(robot, to, at, turn, len(moving))

    def moved(points: np.ndarray, own: np.ndarray) -> np.ndarray:
        return np.asarray(at[own] + np.einsum("nij,nj->ni", turn[own], points))

    capsules = to[robot.capsule_bodies]
    first, second = (capsules[robot.collision_pairs[:, k]] for k in (0, 1))
    apart = (first != second) & (parents[first] != second) & (parents[second] != first)
    feet = [np.asarray(at[f] + robot.soles[k] @ turn[f].T) for k, f in enumerate(robot.feet)]
    joints = ~robot.held
    return replace(
        robot,
        body_names=tuple(robot.body_names[b] for b in moving),
        joint_names=tuple(n for n, kept in zip(robot.joint_names, joints, strict=True) if kept),
        parents=parents,
        offsets=offsets,
        orientations=orientations,
        axes=robot.axes[moving],
        lower=robot.lower[joints],
        upper=robot.upper[joints],
        velocity_limits=robot.velocity_limits[joints],
        acceleration_limits=robot.acceleration_limits[joints],
        effort_limits=robot.effort_limits[joints],
        neutral=robot.neutral[joints],
        held=np.zeros(int(joints.sum()), bool),
        couplings=NO_COUPLINGS,
        loops=NO_LOOPS,
        roles={role: int(to[body]) for role, body in robot.roles.items()},
        role_points={
            role: at[body] + turn[body] @ robot.role_points[role]
            for role, body in robot.roles.items()
        },
        feet=to[robot.feet],
        soles=np.stack(feet) if feet else robot.soles,
        capsule_bodies=capsules,
        capsule_starts=moved(robot.capsule_starts, robot.capsule_bodies),
        capsule_ends=moved(robot.capsule_ends, robot.capsule_bodies),
        ball_bodies=to[robot.ball_bodies],
        balls=np.column_stack([moved(robot.balls[:, :3], robot.ball_bodies), robot.balls[:, 3]]),
        collision_pairs=robot.collision_pairs[apart],
        collision_gaps=robot.collision_gaps[apart],
        masses=masses,
        mass_centres=centres,
        inertias=inertias,
    )


def _carriers(robot: RobotModel) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """For each body the moving body that carries it, and its place and turn in that body's frame."""
    count = len(robot.parents)
    bodies, at, turn = np.arange(count), np.zeros((count, 3)), np.tile(np.eye(3), (count, 1, 1))
    for b in range(1, count):
        if not robot.held[b - 1]:
            continue
        parent = robot.parents[b]
        bodies[b] = bodies[parent]
        at[b] = at[parent] + turn[parent] @ robot.offsets[b]
        own = axis_rotation(robot.axes[b], float(robot.neutral[b - 1]))
        turn[b] = turn[parent] @ robot.orientations[b] @ own
    return bodies, at, turn


def _hinges(
    robot: Tree,
    moving: np.ndarray,
    bodies: np.ndarray,
    at: np.ndarray,
    turn: np.ndarray,
    number: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Parents, offsets and orientations of the bodies that move."""
    parents, offsets, orientations = [-1], [np.zeros(3)], [np.eye(3)]
    for b in moving[1:]:
        parent = robot.parents[b]
        parents.append(int(number[bodies[parent]]))
        offsets.append(at[parent] + turn[parent] @ robot.offsets[b])
        orientations.append(turn[parent] @ robot.orientations[b])
    return np.array(parents, np.int64), np.array(offsets), np.array(orientations)


def _merged_masses(
    robot: RobotModel, to: np.ndarray, at: np.ndarray, turn: np.ndarray, count: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    masses, centres, inertias = np.zeros(count), np.zeros((count, 3)), np.zeros((count, 3, 3))
    placed = at + np.einsum("bij,bj->bi", turn, robot.mass_centres)
    np.add.at(masses, to, robot.masses)
    np.add.at(centres, to, robot.masses[:, None] * placed)
    centres /= np.where(masses > 0, masses, 1.0)[:, None]
    for b, body in enumerate(to):
        away = placed[b] - centres[body]
        inertias[body] += turn[b] @ robot.inertias[b] @ turn[b].T
        inertias[body] += robot.masses[b] * (away @ away * np.eye(3) - np.outer(away, away))
    return masses, centres, inertias
