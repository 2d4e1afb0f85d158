"""Where the robot's joint centres are and how its segments are turned, beside the human: what following is told by."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float32, Float64, Int64

from retarget.compiled.jit import jit
from retarget.evaluation.frames.following.angles import to_quaternion
from retarget.evaluation.frames.following.build import robot_build
from retarget.evaluation.frames.following.compared import Compared, compared
from retarget.result import SourceClip
from retarget.robots.model import RobotModel

__all__ = ["BodyTrack"]


class BodyTrack:
    """Joint centres and rotations of the robot over time, fed with blocks of poses, and the human's of the same roles.

    Attributes:
        compared: What is compared with what.
        source: The human.
        points: Joint centres of the robot, metres.
        rotations: Of the bodies that are compared, unit quaternions, wxyz.
        human: The human's joint centres of the same roles, metres.
        middles: The robot's middle of the hips, fixed to its pelvis, and of the shoulders, fixed to its chest, metres;
            see `Build`.

    Raises:
        RoleError: The source lacks a joint that is compared.
    """

    def __init__(self, robot: RobotModel, source: SourceClip) -> None:
        self.source = source
        self.compared: Compared = compared(robot, source.position_roles, source.rotation_roles)
        frames = len(source.positions)
        self.points = np.empty((frames, len(self.compared.roles), 3), np.float32)
        self.rotations = np.empty((frames, len(self.compared.carried), 4), np.float32)
        self.middles = np.empty((frames, 2, 3), np.float32)
        pelvis = robot.roles["pelvis"]
        self._trunk = np.array([pelvis, robot.roles.get("chest", pelvis)])
        self._on_trunk = robot_build(robot).middles
        self.human = np.ascontiguousarray(source.positions[:, self.compared.joints])

    def add(
        self,
        frames: slice,
        positions: Float64[np.ndarray, "n B 3"],
        rotations: Float64[np.ndarray, "n B 3 3"],
    ) -> None:
        """Look at the world poses of all bodies (metres) in some frames."""
        what = self.compared
        _carry(positions, rotations, what.bodies, what.points, self.points[frames])
        _carry(positions, rotations, self._trunk, self._on_trunk, self.middles[frames])
        _turn(rotations, what.carried, self.rotations[frames])


@jit(fastmath=True)
def _carry(
    positions: Float64[np.ndarray, "n B 3"],
    rotations: Float64[np.ndarray, "n B 3 3"],
    bodies: Int64[np.ndarray, "P"],
    points: Float64[np.ndarray, "P 3"],
    out: Float32[np.ndarray, "n P 3"],
) -> None:
    """Fill the places of points that are fixed to bodies, metres."""
    for t in range(positions.shape[0]):
        for p in range(bodies.shape[0]):
            b = bodies[p]
            for i in range(3):
                place = positions[t, b, i]
                for k in range(3):
                    place += rotations[t, b, i, k] * points[p, k]
                out[t, p, i] = place


@jit(fastmath=True)
def _turn(
    rotations: Float64[np.ndarray, "n B 3 3"],
    bodies: Int64[np.ndarray, "D"],
    out: Float32[np.ndarray, "n D 4"],
) -> None:
    """Fill the rotations of bodies, unit quaternions, wxyz."""
    for t in range(rotations.shape[0]):
        for d in range(bodies.shape[0]):
            to_quaternion(rotations[t, bodies[d]], out[t, d])
