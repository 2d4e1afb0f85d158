"""What counts how much in the cost, one set for every clip, format and robot."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from retarget.motion.segments import SIDES
from retarget.robots.model import RobotModel
from retarget.solver.arrays import Tasks, Tree
from retarget.solver.start.limbs import find_limbs

__all__ = ["UNSTEADY", "TaskWeights", "accelerations"]

UNSTEADY = 0.025
"""Share of its weight that the base's acceleration keeps where the ground carries more than feet."""


@dataclass(frozen=True, slots=True)
class TaskWeights:
    """Weights of the cost at 30 fps.

    Attributes:
        pelvis_position: 1/m^2.
        ankle_position: 1/m^2.
        trunk: Of the other axes of pelvis and chest.
        pelvis_lean: Of the pelvis' z axis, which the line from hips to shoulders depends on.
        chest_lean: Of the chest's, on which it depends more: arms that are in the way of something must not bend it.
        shoulder_line: Of the chest's y axis.
        long_axis: Of a limb segment's long axis: the direction that one sees.
        hinge: Of the thigh's hinge axis, about which the knee bends.
        arm_hinge: Of the upper arm's.
        twist: Of that of the forearm; a shank's follows from knee and foot.
        foot: Of each axis of a foot.
        hand: Of each axis of a hand.
        anchor: Of a toe held in place, 1/m^2.
        heel: Share of that for heels; they hold less so that feet can roll.
        body: Share of that for all that is not on a foot.
        kneeling: Share of their weights that toe and heel of a leg keep while it lies.
        base_acceleration: Of the base's position, 1/m^2 a frame^4.
        turn_acceleration: Of the base's rotation.
        trunk_acceleration: Of each joint of the trunk; the more a joint carries, the more smoothly it moves.
        leg_acceleration: Of each joint of a leg.
        arm_acceleration: Of each joint of an arm.
        speed: Of a joint's step beyond its limit.
        bend: Of a joint's second difference beyond its limit.
        floor: Of depth below the floor, 1/m^2.
        collision: Of overlap, 1/m^2.
        centre: Of the centre of mass's distance from its path, 1/m^2.
        heel_lift: Highest anchor of a tilted foot, metres.
        regularisation: Added to the diagonal.
    """

    pelvis_position: float = 5.0
    ankle_position: float = 10.0
    trunk: float = 1.1
    pelvis_lean: float = 32.0
    chest_lean: float = 72.0
    shoulder_line: float = 4.0
    long_axis: float = 24.0
    hinge: float = 2.5
    arm_hinge: float = 2.5
    twist: float = 0.5
    foot: float = 0.75
    hand: float = 1.1
    anchor: float = 5e4
    heel: float = 0.3
    body: float = 0.15
    kneeling: float = 0.035
    base_acceleration: float = 4000.0
    turn_acceleration: float = 200.0
    trunk_acceleration: float = 16.0
    leg_acceleration: float = 14.5
    arm_acceleration: float = 6.2
    speed: float = 3000.0
    bend: float = 3000.0
    floor: float = 1e4
    collision: float = 1e4
    centre: float = 4e3
    heel_lift: float = 0.03
    regularisation: float = 1e-4


def accelerations(
    robot: RobotModel, tree: Tree, tasks: Tasks, weights: TaskWeights
) -> Float64[np.ndarray, "V"]:
    """Weight of each degree of freedom's second difference at 30 fps."""
    groups = find_limbs(tree, tasks).group
    joints = np.full(len(groups), weights.trunk_acceleration)
    for side in SIDES:
        joints[groups == groups[robot.roles[f"{side}_ankle"]]] = weights.leg_acceleration
        joints[groups == groups[robot.roles[f"{side}_wrist"]]] = weights.arm_acceleration
    base = [weights.base_acceleration] * 3 + [weights.turn_acceleration] * 3
    return np.concatenate([base, joints[1:]])
