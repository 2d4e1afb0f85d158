"""What counts how much in the cost: one set a style, for every clip, format and robot."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from jaxtyping import Bool, Float64

from retarget.motion.segments import SIDES
from retarget.options import Style
from retarget.robots.model import RobotModel
from retarget.solver.arrays import Tasks, Tree
from retarget.solver.start.limbs import find_limbs

__all__ = ["UNSTEADY", "TaskWeights", "accelerations", "style_weights", "weights_among_things"]

UNSTEADY = 0.025
"""Share of its weight that the base's acceleration keeps where the ground carries more than feet."""

# Times as much among things, and where none of them moves.
_ARM_SMOOTHNESS, _ARM_DIRECTIONS = 4.0, 1.7


@dataclass(frozen=True, slots=True)
class TaskWeights:
    """Weights of the cost at 30 fps; the defaults are those of the style ``balanced``.

    Attributes:
        pelvis_position: 1/m^2.
        base: Of the base of a robot without legs, which is where it is put: of its place (1/m^2) and each axis.
        ankle_position: 1/m^2.
        trunk: Of the other axes of pelvis and chest.
        pelvis_lean: Of the pelvis' z axis, which the line from hips to shoulders depends on.
        chest_lean: Of the chest's, on which it depends more: arms that are in the way of something must not bend it.
        shoulder_line: Of the chest's y axis.
        hanging_shoulder_line: The same of robots whose arms hang along their first axis: what these swing too little,
            they would make up for by turning the chest.
        hanging_arm: Factor on the long axis of these robots' upper arms.
        hanging_lean: Factor on their pelvis' and chest's lean, which so heavy arms would bend.
        hanging_turns: Of the upper arm's hinge and the forearm's twist of these robots, who have no joint to spare: as
            heavy as others' they would cost a third of the swing; without any, straight elbows bend the wrong way.
        turned_trunk: Factor on pelvis and chest of robots without a waist whose arms have too few joints to point: what
            they cannot do would turn the whole body, by 60 to 150 degrees on the OP3.
        long_axis: Of a leg segment's long axis: the direction that one sees.
        arm_axis: Of an arm segment's.
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
        trunk_acceleration: Of each joint of the trunk; the more a joint carries, the more smoothly it moves. One
            between base and pelvis, which carries the legs of a robot whose base is its chest, moves as the base turns.
        leg_acceleration: Of each joint of a leg down to the knee.
        ankle_acceleration: Of those below: they carry less, and turn the foot, which has most to make up for.
        arm_acceleration: Of each joint of an arm down to the elbow.
        wrist_acceleration: Of those below.
        speed: Of a joint's step beyond its limit.
        second_difference: Of a joint's second difference beyond its limit.
        floor: Of depth below the floor, 1/m^2.
        collision: Of overlap, 1/m^2.
        centre: Of the centre of mass's distance from its path, 1/m^2.
        heel_lift: Highest anchor of a tilted foot, metres.
        regularisation: Added to the diagonal.
    """

    pelvis_position: float = 5.0
    base: float = 1e5
    ankle_position: float = 10.0
    trunk: float = 1.1
    pelvis_lean: float = 32.0
    chest_lean: float = 72.0
    shoulder_line: float = 4.0
    hanging_shoulder_line: float = 100.0
    hanging_arm: float = 5.0
    hanging_lean: float = 1.45
    hanging_turns: float = 0.3
    turned_trunk: float = 8.0
    long_axis: float = 24.0
    arm_axis: float = 24.0
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
    ankle_acceleration: float = 14.5
    arm_acceleration: float = 6.2
    wrist_acceleration: float = 6.2
    speed: float = 3000.0
    second_difference: float = 3000.0
    floor: float = 1e4
    collision: float = 1e4
    centre: float = 6e3
    heel_lift: float = 0.03
    regularisation: float = 1e-4


_STYLES: Final[dict[Style, TaskWeights]] = {
    "close": TaskWeights(
        pelvis_lean=50.0,
        chest_lean=115.0,
        long_axis=50.0,
        arm_axis=12.4,
        arm_hinge=4.5,
        twist=1.7,
        foot=2.9,
        hand=3.1,
        heel=0.2,
        leg_acceleration=10.2,
        ankle_acceleration=6.0,
        arm_acceleration=3.5,
        wrist_acceleration=2.1,
    ),
    "balanced": TaskWeights(),
    "smooth": TaskWeights(
        pelvis_lean=46.0,
        chest_lean=106.0,
        long_axis=44.0,
        arm_axis=18.0,
        arm_hinge=2.65,
        twist=0.9,
        foot=2.4,
        hand=1.05,
        trunk_acceleration=64.0,
        leg_acceleration=70.0,
        ankle_acceleration=70.0,
        arm_acceleration=18.0,
        wrist_acceleration=15.0,
    ),
}
"""Found by a search like that of `benchmarks/front.py` on the LAFAN1 dance and two walks, looked at on ten other clips.

``close`` lets limbs turn as the human's at the price of their directions and of jerk; ``smooth`` has a third less jerk
than ``balanced``. All keep feet, trunk and centre of mass alike.
"""


def style_weights(style: Style) -> TaskWeights:
    """The weights of a style.

    Example:
        >>> style_weights("balanced") == TaskWeights()
        True
    """
    return _STYLES[style]


def weights_among_things(weights: TaskWeights, carried: bool) -> TaskWeights:
    """The weights of a clip with a scene: arms move more smoothly, and point more as the human's where things lie.

    Palms that are held make up for every centimetre that the body moves. Arms that carry something between them are to
    turn their palms to it instead. Found on five clips of carrying and climbing: jerk falls by 15 to 25 per cent, and
    limbs of climbs keep their directions a tenth better.

    Args:
        weights: Those of a clip without.
        carried: Whether there is a thing that moves.
    """
    return replace(
        weights,
        arm_axis=(1.0 if carried else _ARM_DIRECTIONS) * weights.arm_axis,
        arm_acceleration=_ARM_SMOOTHNESS * weights.arm_acceleration,
        wrist_acceleration=_ARM_SMOOTHNESS * weights.wrist_acceleration,
    )


def accelerations(
    robot: RobotModel, tree: Tree, tasks: Tasks, weights: TaskWeights
) -> Float64[np.ndarray, "V"]:
    """Weight of each degree of freedom's second difference at 30 fps."""
    groups = find_limbs(tree, tasks).group
    joints = np.full(len(groups), weights.trunk_acceleration)
    for side in SIDES:
        for end, middle, upper, lower in (
            ("ankle", "knee", weights.leg_acceleration, weights.ankle_acceleration),
            ("wrist", "elbow", weights.arm_acceleration, weights.wrist_acceleration),
        ):
            if f"{side}_{end}" not in robot.roles:
                continue
            limb = groups == groups[robot.roles[f"{side}_{end}"]]
            joints[limb] = upper
            joints[limb & _below(tree, robot.roles[f"{side}_{middle}"])] = lower
    body = robot.roles["pelvis"]
    while body > 0:
        joints[body] = weights.turn_acceleration
        body = int(robot.parents[body])
    base = [weights.base_acceleration] * 3 + [weights.turn_acceleration] * 3
    return np.concatenate([base, joints[1:]])


def _below(tree: Tree, body: int) -> Bool[np.ndarray, "B"]:
    """The bodies that a body carries, without itself."""
    below = np.zeros(len(tree.parents), bool)
    for b in range(body + 1, len(below)):
        below[b] = tree.parents[b] == body or below[tree.parents[b]]
    return below
