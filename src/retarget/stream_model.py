"""What a live stream works with, made once of its calibration: times turned into shares per frame, weights, arrays."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64

from retarget.errors import OptionsError
from retarget.geometry import matrix_from_quaternion, quaternion_from_matrix
from retarget.ground import FALL_SPAN
from retarget.motion.contacts import Contacts
from retarget.motion.fitting.anatomy import Anatomy
from retarget.motion.ground.feet import SLIDE_SPEED, SLIDE_TIME, SPEED_OFF, toe_speeds
from retarget.motion.ground.floor import Slope
from retarget.motion.segments import SEGMENTS, SIDES, needed_roles, segment_joints
from retarget.options import RetargetOptions
from retarget.robots.model import RobotModel
from retarget.scenes.meeting import Meeting
from retarget.solver.arrays import Clip, Tasks
from retarget.solver.live.arrays import Level, LiveModel, LiveOptions, LiveState
from retarget.solver.problem import RATE, make_setting, rated_start_options, style_weights
from retarget.solver.start.frame import frame_scratch
from retarget.stream_scene import live_things, thing_room
from retarget.targets.build import robot_sizes
from retarget.targets.robot_frames import RobotAnatomy, robot_anatomy

__all__ = ["level_of", "live_model", "new_state"]

_SPEED_TIME = 1 / 30  # seconds over which speeds of feet are taken: shorter ones measure noise
_SETTLE_TIME = 0.05  # seconds in which a foot that touches down settles to the floor, but for 1/e
_FADE_TIME = 0.1  # seconds in which a foot that lifts off comes back to its target, but for 1/e
_PATH_TIME = 0.03  # seconds over which the human's pelvis is smoothed
_EASE_TIME = 0.15  # seconds in which the base comes to where held feet want it, but for 1/e
_LIFT_TIME = 0.1  # seconds in which the raised base comes down again, but for 1/e

# Chosen on the CMU jump, the walk-like dance and the LAFAN1 dance; half or twice as much changes limb errors and
# slide by about a tenth.
_PULL = 1.0  # weight that keeps joints near where they were heading at 30 fps, 1/rad^2
_GLIDE = 0.5  # share of its last step that a joint is expected to make again
_MUCH_BETTER = 0.35  # share of the cost below which the answer from the neutral pose is taken
_RELEASE = 50.0  # weight of the place that a released foot comes from, 1/m^2, once it is loose
_STEADY = 4000.0  # weight of the base's distance from its path at 30 fps, 1/m^2: an eighth of a held point's
# Among things hands and knees push the body where they are, and what is held firmly beside it is dragged along: on
# climbs 1,000 left 1 to 9 cm in things and dragged hands; joints pulled once or four times change slides by a tenth.
_STEADY_AMONG = 100.0  # that weight, 1/m^2
_PULL_AMONG = 3.0  # times the pull
# Share of the floor's weight where joints are at their highest speed: a foot may come later, the body must not be
# thrown about to lift it.
_REACH_FLOOR = 0.03
_COLD_STEPS = 5  # enough to see whether the neutral pose leads to a much better answer
_COST_TOLERANCE, _STEP_TOLERANCE = 0.01, 0.05  # no later stage refines what is left over


def level_of(slope: Slope | None) -> Level:
    """How frames are turned so that a floor of some slope is level; not at all without one."""
    if slope is None:
        return Level(np.array([1.0, 0.0, 0.0, 0.0]), np.eye(3), np.zeros(3))
    return Level(
        slope.levelling, matrix_from_quaternion(slope.levelling), np.array(slope.middle, np.float64)
    )


def live_model(
    roles: dict[str, int],
    level: Level,
    anatomy: Anatomy,
    contacts: Contacts,
    robot: RobotModel,
    options: RetargetOptions,
    fps: float,
    meeting: Meeting | None = None,
) -> LiveModel:
    """What steps of a stream need of its skeleton, robot and options.

    Args:
        roles: Body role -> joint of the frames that will come.
        level: How frames are turned so that their floor is level.
        anatomy: Of the calibration motion.
        contacts: Of the calibration motion.
        robot: What moves of the robot.
        options: As for `retarget.StreamingRetargeter`.
        fps: Rate at which frames will come, 1/s.
        meeting: The calibration motion among the things around the stream, if there are any.

    Raises:
        OptionsError: There are acceleration limits to be kept.
    """
    weights = style_weights(options.style)
    shape = robot_anatomy(robot)
    setting = make_setting(robot, shape, fps, options, weights)
    problem = setting.empty
    if len(problem.limits.second_difference):
        raise OptionsError(
            f"a stream onto {robot.name!r} cannot keep joint acceleration limits; "
            "give acceleration_limits=False to do without them"
        )
    among = meeting is not None
    start = rated_start_options(fps)._replace(
        anchor_share=1.0,
        cold_steps=_COLD_STEPS,
        pull=_PULL
        * (_PULL_AMONG if among else 1.0)
        * options.smoothness
        * fps
        / RATE,  # the same lag in seconds at any rate
        cost_tolerance=_COST_TOLERANCE,
        step_tolerance=_STEP_TOLERANCE,
    )
    strengths = weights.anchor * np.array([weights.heel, 1.0] * 2) * float(options.contacts)
    pair = [
        [roles[f"{side}_{joint}"] for side in SIDES]
        for joint in ("hip", "ankle", "toe", "shoulder")
    ]
    rests = np.stack([contacts.heel_heights, contacts.toe_heights], axis=1).ravel()
    speed_span, slide_span = (max(1, round(fps * time)) for time in (_SPEED_TIME, SLIDE_TIME))
    # A difference over some frames is as noisy as a central one at so much lower a rate.
    leg = anatomy.leg_length
    kept = float(np.exp(-1 / (fps * _PATH_TIME)))
    _, toe_off = toe_speeds(fps=2 * fps / speed_span, noise=anatomy.noise, leg_length=leg)
    sizes = robot_sizes(anatomy.calibration, contacts, shape)
    things = None
    if meeting is not None:
        things = live_things(meeting, anatomy, robot, setting, sizes.scale, fps)
    return LiveModel(
        used=np.array(sorted({roles[role] for role in needed_roles()})),
        level=level,
        joints=segment_joints(roles),
        offsets=anatomy.calibration.offsets,
        hips=np.array(pair[0]),
        shoulders=np.array(pair[3]),
        ankles=np.array(pair[1]),
        toes=np.array(pair[2]),
        heels=contacts.heel_points,
        rests=rests,
        lifts=contacts.lift_heights,
        slow=leg * np.array([SPEED_OFF, toe_off] * 2),
        speed_span=speed_span,
        slide=SLIDE_SPEED * slide_span / fps,
        slide_span=slide_span,
        fall_span=max(1, round(fps * FALL_SPAN / 2)),
        leg_length=leg,
        fps=fps,
        sizes=sizes,
        base_turn=quaternion_from_matrix(
            anatomy.calibration.offsets[SEGMENTS.index("pelvis")] @ shape.base_rotation
        ),
        base_offset=np.ascontiguousarray(shape.base_offset),
        contacts=_contact_points(shape),
        neutral=np.clip(robot.neutral, problem.limits.lower[1:], problem.limits.upper[1:]),
        strengths=strengths,
        start=start,
        options=LiveOptions(
            glide=_GLIDE,
            much_better=_MUCH_BETTER,
            settle=float(np.exp(-1 / (fps * _SETTLE_TIME))),
            fade=float(np.exp(-1 / (fps * _FADE_TIME))),
            release=_RELEASE * float(options.contacts),
            lift=float(np.exp(-1 / (fps * _LIFT_TIME))),
            reach_steps=3,
            reach_floor=_REACH_FLOOR * weights.floor * float(options.floor),
            floor_steps=3,
            floor=weights.floor * float(options.floor),
            heel_lift=weights.heel_lift,
            position_gain=1 - kept**2,
            speed_gain=(1 - kept) ** 2,
            ease=1 / (fps * _EASE_TIME),
            eased=float(np.exp(-1 / (fps * _EASE_TIME))),
        ),
        tree=problem.tree,
        limits=problem.limits,
        tasks=problem.tasks,
        soles=problem.soles,
        floor=problem.floor,
        steady=_steady(problem.tasks, _STEADY_AMONG if among else _STEADY, fps),
        things=things,
    )


def _steady(tasks: Tasks, weight: float, fps: float) -> Tasks:
    """The tasks with the pelvis held on its path; it comes off it in the same time at any rate."""
    weights = tasks.position_weights.copy()
    weights[SEGMENTS.index("pelvis")] += weight * fps / RATE
    return tasks._replace(position_weights=weights)


def _contact_points(shape: RobotAnatomy) -> Float64[np.ndarray, "4 3"]:
    """The robot's heels and toes in the anatomical frames of its feet."""
    points = [
        shape.contact_points[foot] @ shape.frames[f"{side}_foot"] for foot, side in enumerate(SIDES)
    ]
    return np.concatenate(points)


def new_state(model: LiveModel, size: int, joints: int) -> LiveState:
    """A stream before its first frame: ``size`` numbers per configuration of the robot, ``joints`` per frame."""
    segments = len(SEGMENTS)
    lower = model.limits.lower
    slots = max(model.speed_span, model.slide_span) + 1
    return LiveState(
        seen=np.zeros(1, np.int64),
        positions=np.zeros((1, joints, 3)),
        rotations=np.zeros((1, joints, 4)),
        history=np.zeros((slots, 4, 3)),
        resting=np.zeros(4, np.int64),
        stance=np.zeros(4, bool),
        touched=np.zeros(4, bool),
        fade=np.zeros(4),
        off=np.zeros((4, 3)),
        hip_heights=np.zeros(2 * model.fall_span + 1),
        flies=np.zeros(1, bool),
        path=np.zeros((4, 3)),
        beside=np.zeros(3),
        wanted=np.zeros(3),
        clip=Clip(
            np.zeros((1, segments, 3)),
            np.zeros((1, segments, 3, 3)),
            np.zeros((1, 4)),
            np.zeros((1, 4, 3)),
            np.zeros((1, 2)),
            np.zeros((1, 3)),
            np.zeros((1, 2)),
            np.ones(1),
        ),
        hips=np.zeros((1, 3)),
        shoulders=np.zeros((1, 3)),
        places=np.zeros((1, 3, 3)),
        free=np.zeros(size),
        before=np.zeros(size),
        near=np.zeros(size),
        trial=np.zeros(size),
        again=np.zeros(size),
        qpos=np.zeros(size),
        lift=np.zeros(1),
        low=np.zeros(model.soles.points.shape[:2], bool),
        reach=model.limits._replace(lower=lower.copy(), upper=model.limits.upper.copy()),
        scratch=frame_scratch(model.tree),
        room=None if model.things is None else thing_room(model.things, size, slots),
    )
