"""From targets and a robot to the arrays, weights and limits of the solve.

One set of weights serves every clip, format and robot. Weights of differences between frames scale with the frame
rate, so that a motion is the same at any rate: accelerations with (fps / 30)^4, steps with (fps / 30)^2.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float64

from retarget.motion.body_contacts import BODY_CONTACTS, CONTACT_JOINTS
from retarget.motion.contacts import HEEL, TOE
from retarget.motion.segments import LIMB_SEGMENTS, LIMBS, SEGMENTS, SIDES
from retarget.options import RetargetOptions
from retarget.robots.model import RobotModel
from retarget.robots.touch import TouchPoint, touch_point
from retarget.solver.arrays import Capsules, Clip, Floor, Problem, Soles, Tasks, Weights
from retarget.solver.clip import ClipOptions
from retarget.solver.collision import capsule_arrays
from retarget.solver.frame import StartOptions
from retarget.solver.joint_limits import joint_limits, with_reserve
from retarget.solver.kinematics import tree_arrays
from retarget.solver.weights import TaskWeights, accelerations
from retarget.targets.anchors import eased, grown, ramped, resting_anchors, stance_anchors
from retarget.targets.build import Targets
from retarget.targets.robot_frames import RobotAnatomy, segment_body

__all__ = ["RATE", "TaskWeights", "make_problem", "rated_clip_options", "rated_start_options"]

RATE = 30.0  # frames per second at which the weights were chosen


def make_problem(
    targets: Targets,
    robot: RobotModel,
    anatomy: RobotAnatomy,
    options: RetargetOptions,
    weights: TaskWeights,
) -> Problem:
    """Everything that the kernels need for one clip on one robot."""
    segments, tasks = _tasks(robot, anatomy, options, weights)
    touches = {
        name: touch
        for name, role in CONTACT_JOINTS.items()
        if (touch := touch_point(robot, role)) is not None
    }
    soles = _soles(robot, anatomy, list(touches.values()))
    rate = targets.fps / RATE
    tree = tree_arrays(robot)
    return Problem(
        fps=targets.fps,
        tree=tree,
        limits=with_reserve(joint_limits(robot, options, targets.fps)),
        tasks=tasks,
        soles=soles,
        floor=_floor(robot, options.floor),
        capsules=_capsules(robot, options.self_collision),
        weights=Weights(
            acceleration=accelerations(robot, tree, tasks, weights) * options.smoothness * rate**4,
            velocity=weights.speed * rate**2,
            bend=weights.bend * rate**4,
            floor=weights.floor,
            collision=weights.collision,
            collision_margin=options.collision_margin,
            regularisation=weights.regularisation,
            heel_lift=weights.heel_lift,
        ),
        clip=_clip(targets, anatomy, segments, weights, list(touches), contacts=options.contacts),
    )


def rated_start_options(fps: float) -> StartOptions:
    """Options of the per-frame start at a frame rate."""
    rate = fps / RATE
    base = StartOptions()
    return base._replace(
        pull=base.pull * rate**2,
        path=base.path * rate**2,
        reseed=max(1, round(base.reseed * rate)),
    )


def rated_clip_options(fps: float) -> ClipOptions:
    """Windows for a frame rate: they overlap by a fifth of a second, as far as the cache allows.

    With less, jerk rises where windows meet: by a quarter at 120 fps with the four frames that do at 30.
    """
    ahead = min(16, max(2, round(fps / 5)))
    return ClipOptions(window=min(48, max(32, 5 * ahead)), ahead=ahead)


def _tasks(
    robot: RobotModel, anatomy: RobotAnatomy, options: RetargetOptions, weights: TaskWeights
) -> tuple[list[tuple[str, str]], Tasks]:
    """The segments followed, each with the target position it uses (or none), and their arrays."""
    rows: list[tuple[str, str, float, tuple[float, float, float]]] = [
        ("pelvis", "pelvis", weights.pelvis_position, (weights.trunk,) * 3),
        ("chest", "", 0.0, (weights.trunk,) * 3),
    ]
    for side in SIDES:
        for limb, end in (("leg", weights.foot), ("arm", weights.hand)):
            upper, lower, last = LIMB_SEGMENTS[limb]
            at_ankle = limb == "leg"
            rows += [
                (f"{side}_{upper}", "", 0.0, (0.0, weights.hinge, weights.long_axis)),
                (
                    f"{side}_{lower}",
                    "",
                    0.0,
                    (0.0, weights.twist if limb == "arm" else 0.0, weights.long_axis),
                ),
                (
                    f"{side}_{last}",
                    f"{side}_ankle" if at_ankle else "",
                    weights.ankle_position if at_ankle else 0.0,
                    (end,) * 3,
                ),
            ]
    factors = np.array([options.weight_factor(segment) for segment, *_ in rows])
    tasks = Tasks(
        bodies=np.array([segment_body(robot, segment) for segment, *_ in rows]),
        position_weights=factors * np.array([row[2] for row in rows]),
        axis_weights=factors[:, None] * np.array([row[3] for row in rows]),
        anatomical=np.stack([anatomy.frames[segment] for segment, *_ in rows]),
        centres=np.array([_centres(robot, segment) for segment, *_ in rows]),
    )
    return [(segment, position) for segment, position, *_ in rows], tasks


def _centres(robot: RobotModel, segment: str) -> tuple[int, int]:
    """Bodies on whose origins a limb segment's joint centres lie; -1 where they do not."""
    side, _, part = segment.partition("_")
    for limb, joints in LIMBS.items():
        for name, ends in zip(LIMB_SEGMENTS[limb], (joints[:2], joints[1:]), strict=False):
            roles = [f"{side}_{end}" for end in ends]
            if name == part and not any(robot.role_points[role].any() for role in roles):
                return robot.roles[roles[0]], robot.roles[roles[1]]
    return -1, -1


def _soles(robot: RobotModel, anatomy: RobotAnatomy, touching: Sequence[TouchPoint]) -> Soles:
    feet = np.repeat(np.ascontiguousarray(robot.feet, np.int64), 2)
    return Soles(
        feet=np.ascontiguousarray(robot.feet, np.int64),
        points=np.ascontiguousarray(robot.soles, np.float64),
        radius=float(robot.sole_radius),
        contact_bodies=np.array([*feet, *(touch.body for touch in touching)], np.int64),
        contact_points=np.array(
            [*anatomy.contact_points.reshape(4, 3), *(touch.point for touch in touching)]
        ),
        contact_radii=np.array(
            [*[float(robot.sole_radius)] * 4, *(touch.radius for touch in touching)]
        ),
        contact_feet=np.array([0, 0, 1, 1, *[-1] * len(touching)]),
    )


def _floor(robot: RobotModel, wanted: bool) -> Floor:
    """Sole points, and the ends of the capsules of all other bodies; copies are left out."""
    bodies, points, radii = [], [], []
    for foot, body in enumerate(robot.feet):
        for point in np.unique(robot.soles[foot], axis=0):
            bodies.append(int(body))
            points.append(point)
            radii.append(robot.sole_radius)
    for g, body in enumerate(robot.capsule_bodies):
        if body in robot.feet:
            continue
        for point in np.unique([robot.capsule_starts[g], robot.capsule_ends[g]], axis=0):
            bodies.append(int(body))
            points.append(point)
            radii.append(float(robot.capsule_radii[g]))
    count = len(bodies) if wanted else 0
    return Floor(
        np.array(bodies[:count], np.int64),
        np.array(points[:count], np.float64).reshape(-1, 3),
        np.array(radii[:count], np.float64),
    )


def _capsules(robot: RobotModel, wanted: bool) -> Capsules:
    capsules = capsule_arrays(robot)
    return capsules if wanted else capsules._replace(pairs=capsules.pairs[:0])


def _clip(
    targets: Targets,
    anatomy: RobotAnatomy,
    segments: list[tuple[str, str]],
    weights: TaskWeights,
    touching: Sequence[str],
    *,
    contacts: bool,
) -> Clip:
    count = len(targets)
    positions = np.zeros((count, len(segments), 3))
    order = [SEGMENTS.index(segment) for segment, _ in segments]
    # A copy would be the largest array of a long clip.
    same = order == list(range(len(SEGMENTS)))
    frames = targets.segments if same else targets.segments[:, order]
    for i, (_, position) in enumerate(segments):
        if position:
            positions[:, i] = targets.positions[position]
    held, anchors = _feet_held(targets, anatomy)
    columns = [BODY_CONTACTS.index(name) for name in touching]
    carried = eased(targets.resting, targets.fps)
    resting = carried[:, columns]
    rests = resting_anchors(targets.places[:, columns], resting > 0)
    shares = np.array([weights.heel, 1.0] * 2 + [weights.body] * len(touching))
    strength = weights.anchor * shares * (1.0 if contacts else 0.0)
    knees = [BODY_CONTACTS.index(f"{side}_knee") for side in SIDES]
    freed = (1.0 - weights.kneeling) * np.repeat(carried[:, knees], 2, axis=1)
    return Clip(
        positions,
        frames,
        np.concatenate([held * (1.0 - freed), resting], axis=1) * strength,
        np.concatenate([anchors, rests], axis=1),
    )


def _feet_held(
    targets: Targets, anatomy: RobotAnatomy
) -> tuple[Float64[np.ndarray, "T 4"], Float64[np.ndarray, "T 4 3"]]:
    """How firmly heels and toes are held (shares of their weights), and where, metres."""
    held = np.zeros((len(targets), 4))
    anchors = np.zeros((len(targets), 4, 3))
    # Touch-down and lift-off fall between frames. Toes are held a little longer than that, heels not: they are fast
    # where a foot turns about its toe, and stopped too early they drag it along.
    stance = grown(targets.stance, 1)
    stance[..., TOE] = grown(targets.stance[..., TOE], max(1, round(targets.fps / RATE)))
    for foot, side in enumerate(SIDES):
        # Foot bodies' rotations, from their anatomical frames.
        rotation = targets.frames[f"{side}_foot"] @ anatomy.frames[f"{side}_foot"].T
        points = slice(2 * foot, 2 * foot + 2)
        standing, anchors[:, points] = stance_anchors(
            targets.positions[f"{side}_ankle"],
            rotation,
            stance[:, foot],
            anatomy.contact_points[foot],
        )
        held[:, points] = standing
        # A heel that turns about its toe would pull at it, stopped or let go at once.
        turning = ramped(standing[:, HEEL], targets.fps)
        held[:, 2 * foot + HEEL] = np.where(standing[:, TOE], turning, standing[:, HEEL])
    return held, anchors
