"""Where a robot's trunk and wrists bend, and how far."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64

from retarget.robots.model import RobotModel
from retarget.robots.plausibility.proportions import THIGH, TRUNK
from retarget.targets.robot_pose import Matrix, Pose
from retarget.targets.trunk import Trunk

__all__ = ["robot_trunk", "robot_wrist"]

# Cosine of the angle to the trunk's axis within which a joint of it turns it and does not bend it (20 degrees), and
# rad: none is taken to bend it further.
_TURNING, _LARGEST_BEND = 0.94, 1.4
# Cosine of the angle to the hand's long axis below which a joint of the wrist bends it, and metres by which two such
# joints' distances from the wrist's centre must differ for one to be better.
_ACROSS, _SAME_LEVER = 0.5, 0.01
_SHORTEST_TRUNK = 0.05  # metres from where a trunk bends up to the shoulders


def robot_trunk(at_zero: Pose, frames: dict[str, Matrix]) -> Trunk:
    """The trunk, from what each joint between pelvis and chest that bends it does by itself.

    Without arms it is rigid and ends where a human's shoulders would be; without legs it begins where it bends.
    """
    robot = at_zero.robot
    if not robot.has("arm"):
        return _rigid_trunk(at_zero, frames["pelvis"])
    zero = np.clip(np.zeros(robot.joint_count), robot.lower, robot.upper)
    pelvis, chest = (at_zero.world(part, frames[part]) for part in ("pelvis", "chest"))
    tilts, places = [np.zeros(2)], []
    for body in _between(robot, robot.roles["pelvis"], robot.roles["chest"]):
        axis = at_zero.rotations[body] @ robot.axes[body]
        if abs(axis @ pelvis[:, 2]) > _TURNING:
            continue
        places.append(at_zero.positions[body])
        for angle in (robot.lower[body - 1], robot.upper[body - 1]):
            joints = zero.copy()
            joints[body - 1] = np.clip(angle, -_LARGEST_BEND, _LARGEST_BEND)
            pose = Pose.of(robot, joints)
            up = pose.world("pelvis", frames["pelvis"]).T @ pose.world(
                "chest", frames["chest"][:, 2:]
            )
            tilts.append(np.arctan2(up[:2, 0], up[2]))
    top = at_zero.middle("shoulder")
    if robot.has("leg"):
        middle = at_zero.middle("hip")
        centre = np.mean(places, axis=0) if places else (middle + top) / 2
    else:
        lowest = top - np.array([0.0, 0.0, _SHORTEST_TRUNK])
        centre = np.mean(places, axis=0) if places else at_zero.positions[robot.roles["pelvis"]]
        centre = middle = centre if centre[2] < lowest[2] else lowest
    shoulders = chest.T @ (top - centre)
    # What bends is the line from waist to shoulders, which need not lie along the chest's z axis.
    bends = np.stack([np.min(tilts, axis=0), np.max(tilts, axis=0)], axis=1)
    bends += np.arctan2(shoulders[:2], shoulders[2])[:, None]
    return Trunk(
        pelvis.T @ (centre - middle), shoulders, np.clip(bends, -_LARGEST_BEND, _LARGEST_BEND)
    )


def _rigid_trunk(at_zero: Pose, pelvis: Matrix) -> Trunk:
    leg = np.linalg.norm(at_zero.point("left_hip") - at_zero.point("left_knee"))
    height = float(leg) * TRUNK / THIGH
    up = at_zero.world("pelvis", pelvis).T @ np.array([0.0, 0.0, height / 2])
    return Trunk(up, up, np.zeros((2, 2)) + np.arctan2(up[:2], up[2])[:, None])


def robot_wrist(side: str, at_zero: Pose, frames: dict[str, Matrix]) -> Float64[np.ndarray, "2"]:
    """The wrist's only axis across the hand, or the one that moves the wrist's centre least."""
    robot = at_zero.robot
    hand, centre = (
        at_zero.world(f"{side}_hand", frames[f"{side}_hand"]),
        at_zero.point(f"{side}_wrist"),
    )
    found = []
    for body in _between(robot, robot.roles[f"{side}_elbow"], robot.roles[f"{side}_wrist"]):
        axis = at_zero.rotations[body] @ robot.axes[body]
        across = hand.T @ axis
        if axis.any() and abs(across[2]) < _ACROSS:  # what slides has no axis
            lever = np.linalg.norm(np.cross(axis, centre - at_zero.positions[body]))
            found.append((float(lever), across[:2] / np.linalg.norm(across[:2])))
    found.sort(key=lambda pair: pair[0])
    if not found or (len(found) > 1 and found[1][0] - found[0][0] < _SAME_LEVER):
        return np.zeros(2)
    return np.asarray(found[0][1])


def _between(robot: RobotModel, first: int, second: int) -> list[int]:
    """Bodies whose joints lie between two bodies."""

    def from_root(body: int) -> set[int]:
        return {body} | from_root(int(robot.parents[body])) if body > 0 else set()

    return sorted(from_root(first) ^ from_root(second))
