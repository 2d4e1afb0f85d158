"""From targets and a robot to the arrays, weights and limits of the solve.

One set of weights a style serves every clip, format and robot. Weights of differences between frames scale with the
frame rate, so that a motion is the same at any rate: accelerations with (fps / 30)^4, steps with (fps / 30)^2.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from jaxtyping import Float64

from retarget.motion.body_contacts import BODY_CONTACTS
from retarget.motion.segments import LIMB_SEGMENTS, LIMBS, SEGMENTS, SIDES
from retarget.options import RetargetOptions
from retarget.robots.model import RobotModel
from retarget.robots.plausibility.shoulders import hangs_on_first_axis, points_by_turning
from retarget.robots.shapes.touch import touch_point
from retarget.solver.arrays import Clip, Problem, Tasks, Weights, single_robot
from retarget.solver.clip import ClipOptions
from retarget.solver.kinematics.forward import tree_arrays
from retarget.solver.limits.joints import joint_limits, with_reserve
from retarget.solver.shapes import floor_spheres, kept_apart, mass_arrays, sole_arrays
from retarget.solver.start.frame import StartOptions
from retarget.solver.start.limbs import Limbs, find_limbs
from retarget.solver.weights import UNSTEADY, TaskWeights, accelerations, style_weights
from retarget.targets.build import Targets
from retarget.targets.holds import Ground, Holds, find_holds
from retarget.targets.robot_frames import RobotAnatomy
from retarget.targets.robot_pose import segment_body

__all__ = [
    "RATE",
    "Setting",
    "TaskWeights",
    "among_things",
    "make_problem",
    "make_setting",
    "rated_clip_options",
    "rated_start_options",
    "style_weights",
]

RATE = 30.0  # frames per second at which the weights were chosen
_GOING_OVER = 16.0  # times as much as other joint changes


class Setting(NamedTuple):
    """A robot and options: what is the same for all frames of a clip.

    Attributes:
        empty: The problem of no frames.
        single: The same with its robot in single precision.
        segments: Each segment that is followed, and the target position that it uses (or none).
        touching: The `BODY_CONTACTS` that the robot has; they come after the feet's four points.
        limbs: The robot's.
        strengths: Weight of each contact point's anchor, 1/m^2.
        centre: Weight of the centre of mass's distance from its path, 1/m^2.
        release: Share of its weight that a foot's point gives up while its leg lies.
        toe_margin: Frames by which stances of toes are lengthened.
        hanging: Whether its arms hang along their first axis.
    """

    empty: Problem
    single: Problem
    segments: tuple[tuple[str, str], ...]
    touching: tuple[str, ...]
    limbs: Limbs
    strengths: Float64[np.ndarray, "K"]
    centre: float
    release: float
    toe_margin: int
    hanging: bool

    def problem(self, targets: Targets, holds: Holds) -> Problem:
        """The problem of some frames, given what is held in them, with its robot in single precision."""
        return self.single._replace(clip=_clip(targets, holds, self))


def make_problem(
    targets: Targets,
    robot: RobotModel,
    anatomy: RobotAnatomy,
    options: RetargetOptions,
    weights: TaskWeights,
) -> Problem:
    """Everything that the kernels need for one clip on one robot."""
    setting = make_setting(robot, anatomy, targets.fps, options, weights)
    ground = Ground.allocate(len(targets), targets.fps, setting.touching)
    ground.add(slice(None), targets, anatomy)
    return setting.problem(
        targets, find_holds(ground, anatomy, setting.toe_margin, setting.release)
    )


@lru_cache(maxsize=8)
def make_setting(
    robot: RobotModel,
    anatomy: RobotAnatomy,
    fps: float,
    options: RetargetOptions,
    weights: TaskWeights,
) -> Setting:
    """Everything that the kernels need but the frames of a clip, whose rate is ``fps``.

    It is remembered for robots, rates and options used last, as it takes as long as to solve fifty frames.
    """
    segments, tasks = _tasks(robot, anatomy, options, weights)
    stands = robot.has(
        "leg"
    )  # else nothing is held on the ground: its base is not free to leave it
    touches = {
        name: touch
        for name in (BODY_CONTACTS if stands else ())
        if (touch := touch_point(robot, name)) is not None
    }
    soles = sole_arrays(robot, anatomy, list(touches.values()))
    rate = fps / RATE
    tree = tree_arrays(robot)
    points = len(soles.contact_bodies)
    shares = np.array([weights.heel, 1.0] * 2 + [weights.body] * len(touches))
    empty = Problem(
        fps=fps,
        tree=tree,
        limits=with_reserve(joint_limits(robot, options, fps)),
        tasks=tasks,
        soles=soles,
        floor=floor_spheres(robot, options.floor and stands),
        capsules=kept_apart(robot, options.self_collision, options.collision_margin),
        masses=mass_arrays(robot),
        weights=Weights(
            acceleration=accelerations(robot, tree, tasks, weights) * options.smoothness * rate**4,
            velocity=weights.speed * rate**2,
            second_difference=weights.second_difference * rate**4,
            floor=weights.floor,
            collision=weights.collision,
            regularisation=weights.regularisation,
            heel_lift=weights.heel_lift,
        ),
        clip=Clip(
            np.empty((0, len(segments), 3)),
            np.empty((0, len(segments), 3, 3)),
            np.empty((0, points)),
            np.empty((0, points, 3)),
            np.empty((0, len(SIDES))),
            np.empty((0, 3)),
            np.empty((0, 2)),
            np.empty(0),
        ),
    )
    return Setting(
        empty=empty,
        single=single_robot(empty),
        segments=tuple(segments),
        touching=tuple(touches),
        limbs=find_limbs(tree, tasks),
        strengths=weights.anchor * shares * (1.0 if options.contacts and stands else 0.0),
        centre=weights.centre if stands else 0.0,
        release=1.0 - weights.kneeling,
        toe_margin=max(1, round(fps / RATE)),
        hanging=_hangs(robot),
    )


def rated_start_options(fps: float, hanging: bool = False) -> StartOptions:
    """Options of the per-frame start at a frame rate.

    Arms that hang along their first axis (``hanging``) lose more on the way to its other side than frames gain there.
    """
    rate = fps / RATE
    base = StartOptions()
    return base._replace(
        pull=base.pull * rate**2,
        path=base.path * rate**2 * (_GOING_OVER if hanging else 1.0),
        run=round(base.run * rate),
        lead=round(base.lead * rate),
        reseed=max(1, round(base.reseed * rate)),
    )


def rated_clip_options(fps: float) -> ClipOptions:
    """Windows for a frame rate: they overlap by a quarter of a second, in whole packs.

    With less, a window ends before it knows which way a fast arm has to go. Longer windows leave the cache. At high
    rates jerk, which shows differences by the cube of the rate, would still be higher where windows meet, by a quarter
    at 120 fps: so a tenth of a second on each side of where they do is solved once more. That has nothing to gain
    at 30 fps; from 360 fps on as much as pays.
    """
    lead = min(8, max(1, round(fps / 15)))
    if fps < 1.5 * RATE:
        return ClipOptions(window=40, ahead=8, lead=lead)
    if fps < 12 * RATE:
        ahead = 16 if fps < 3 * RATE else 32
        return ClipOptions(window=48, ahead=ahead, seam=min(16, round(fps / 10)), lead=lead)
    return ClipOptions(window=48, ahead=64, seam=24, lead=lead)


def among_things(options: ClipOptions) -> ClipOptions:
    """The same for a clip with a scene: fewer windows, as each is solved on for what is deep in it, a few times.

    What is not out of things then needs other weights (`retarget.solver.deep`), not more of the same. At 30 fps four
    packs of frames at once are faster than three; at higher rates windows are as long already. One step is taken on
    trust whatever it promises: being solved on for depths finds out what touches, and more steps before it let a robot
    that cannot reach bend after its hands (limbs of the H1 at 10.9 instead of 9.8 degrees with a carried box).
    """
    longer = 0 if options.seam else 16
    return options._replace(window=options.window + longer, repairs=3, trust=np.inf)


def _tasks(
    robot: RobotModel, anatomy: RobotAnatomy, options: RetargetOptions, weights: TaskWeights
) -> tuple[list[tuple[str, str]], Tasks]:
    """The segments followed, each with the target position it uses (or none), and their arrays."""
    legs, arms = robot.has("leg"), robot.has("arm")
    hanging = _hangs(robot)
    lean = weights.hanging_lean if hanging else 1.0
    axes = (weights.trunk, weights.trunk, lean * weights.pelvis_lean)
    rows: list[tuple[str, str, float, tuple[float, float, float]]] = [
        ("pelvis", "pelvis", weights.pelvis_position, axes)
        if legs
        else ("pelvis", "pelvis", weights.base, (weights.base,) * 3)
    ]
    pointing = [
        ("leg", (0.0, weights.hinge, weights.long_axis), (0.0, 0.0, weights.long_axis)),
        ("arm", (0.0, weights.arm_hinge, weights.arm_axis), (0.0, weights.twist, weights.arm_axis)),
    ]
    if arms:
        line = weights.shoulder_line
        if hanging:
            line = weights.hanging_shoulder_line
            turns, axis = weights.hanging_turns, weights.arm_axis
            pointing[1] = ("arm", (0.0, turns, weights.hanging_arm * axis), (0.0, turns, axis))
        rows.append(("chest", "", 0.0, (weights.trunk, line, lean * weights.chest_lean)))
    for side in SIDES:
        for limb, first, second in pointing:
            if not (legs if limb == "leg" else arms):
                continue
            upper, lower, last = LIMB_SEGMENTS[limb]
            at_ankle = limb == "leg"
            rows += [
                (f"{side}_{upper}", "", 0.0, first),
                (f"{side}_{lower}", "", 0.0, second),
                (
                    f"{side}_{last}",
                    f"{side}_ankle" if at_ankle else "",
                    weights.ankle_position if at_ankle else 0.0,
                    (weights.foot if at_ankle else weights.hand,) * 3,
                ),
            ]
    factors = np.array([options.weight_factor(segment) for segment, *_ in rows])
    if legs and arms and points_by_turning(robot):
        for i, (segment, *_) in enumerate(rows):
            if segment in ("pelvis", "chest"):
                factors[i] *= weights.turned_trunk
    tasks = Tasks(
        bodies=np.array([segment_body(robot, segment) for segment, *_ in rows]),
        position_weights=factors * np.array([row[2] for row in rows]),
        axis_weights=factors[:, None] * np.array([row[3] for row in rows]),
        anatomical=np.stack([anatomy.frames[segment] for segment, *_ in rows]),
        centres=np.array([_centres(robot, segment) for segment, *_ in rows]),
    )
    return [(segment, position) for segment, position, *_ in rows], tasks


def _hangs(robot: RobotModel) -> bool:
    return robot.has("arm") and hangs_on_first_axis(robot)


def _centres(robot: RobotModel, segment: str) -> tuple[int, int]:
    """Bodies on whose origins a limb segment's joint centres lie; -1 where they do not."""
    side, _, part = segment.partition("_")
    for limb, joints in LIMBS.items():
        for name, ends in zip(LIMB_SEGMENTS[limb], (joints[:2], joints[1:]), strict=False):
            roles = [f"{side}_{end}" for end in ends]
            if name == part and not any(robot.role_points[role].any() for role in roles):
                return robot.roles[roles[0]], robot.roles[roles[1]]
    return -1, -1


def _clip(targets: Targets, holds: Holds, setting: Setting) -> Clip:
    count = len(targets)
    positions = np.zeros((count, len(setting.segments), 3))
    order = [SEGMENTS.index(segment) for segment, _ in setting.segments]
    # A copy would be the largest array of a clip.
    same = order == list(range(len(SEGMENTS)))
    frames = targets.segments if same else targets.segments[:, order]
    for i, (_, position) in enumerate(setting.segments):
        if position:
            positions[:, i] = targets.positions[position]
    return Clip(
        positions,
        frames,
        holds.shares * setting.strengths,
        holds.anchors(),
        targets.clearances,
        np.zeros((count, 3)),
        np.zeros((count, 2)),
        np.full(count, UNSTEADY),
    )
