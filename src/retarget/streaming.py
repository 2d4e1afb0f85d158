"""Live retargeting: one frame in, one configuration out."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from jaxtyping import Bool, Float64

from retarget.errors import OptionsError, RetargetError, RobotError, check_argument
from retarget.frame_rates import rate_problem
from retarget.geometry import matrix_from_quaternion, quaternion_from_matrix
from retarget.ground import FALL_SPAN
from retarget.motion.anatomy import Anatomy, find_anatomy
from retarget.motion.contacts import Contacts, find_contacts
from retarget.motion.feet import SLIDE_SPEED, SLIDE_TIME, SPEED_OFF, toe_speeds
from retarget.motion.floor import Slope, find_slope, turned_level
from retarget.motion.motion import Motion
from retarget.motion.segments import SEGMENTS, SIDES, needed_roles, segment_joints
from retarget.options import RetargetOptions
from retarget.robots.held import moving_part
from retarget.robots.model import RobotModel
from retarget.solver.arrays import Clip, Tasks
from retarget.solver.live.arrays import Level, LiveModel, LiveOptions, LiveState
from retarget.solver.live.faults import FINE, Bounds, fault_text, find_fault
from retarget.solver.live.step import live_step
from retarget.solver.problem import RATE, make_setting, rated_start_options, style_weights
from retarget.solver.start.frame import frame_scratch
from retarget.targets.build import robot_sizes
from retarget.targets.robot_frames import RobotAnatomy, robot_anatomy
from retarget.wording import quoted

__all__ = ["StreamingRetargeter"]

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
# Share of the floor's weight where joints are at their highest speed: a foot may come later, the body must not be
# thrown about to lift it.
_REACH_FLOOR = 0.03
_COLD_STEPS = 5  # enough to see whether the neutral pose leads to a much better answer
_COST_TOLERANCE, _STEP_TOLERANCE = 0.01, 0.05  # no later stage refines what is left over


class StreamingRetargeter:
    """Retargets live frames, each at once and from the past alone.

    A motion of the same skeleton calibrates it: some seconds of walking, with arms and legs bent now and then, or any
    clip of the same recording. It tells the skeleton's size, how its joints' axes lie, and where the floor is and how
    it slopes.

    Joint positions and speeds stay within their limits, feet in stance stay where they touched down, and nothing
    sinks below the floor. Unlike `retarget_motion`, a stream does not keep the robot's bodies apart from each other,
    and is less smooth: ``self_collision`` and ``collision_margin`` do nothing here. Nor can it keep
    acceleration limits: where options or robot have some, ``acceleration_limits`` must be off.

    Example:
        >>> retargeter = StreamingRetargeter(robot, read_motion("walk.bvh"))  # doctest: +SKIP
        >>> for positions, rotations in frames:  # doctest: +SKIP
        ...     send(retargeter.step(positions, rotations))
    """

    def __init__(
        self,
        robot: RobotModel,
        calibration_motion: Motion,
        options: RetargetOptions | None = None,
        *,
        fps: float | None = None,
        scene: object | None = None,
    ) -> None:
        """Calibrate; the first step compiles, unless that was done before on this machine.

        Args:
            robot: The robot.
            calibration_motion: Motion of the skeleton whose frames will come.
            options: Style, smoothness, weights, joint margin, joint speeds, floor and contacts count.
            fps: Rate of the frames that will come; that of the calibration motion if None.
            scene: Refused: a hold on a thing begins before its touch, which a stream cannot know.

        Raises:
            RoleError: The motion lacks a joint that is needed.
            OptionsError: Options that only a whole clip can have (rate, time range, mirror, another speed),
                acceleration limits, a scene, or a rate that none can be (`retarget.frame_rates`).
            RetargetError: The motion has no frames, or values that are not finite.
            RobotError: The robot has no legs, or no arms.
        """
        check_argument(robot, RobotModel, "robot", "load_robot(name_or_path)")
        check_argument(calibration_motion, Motion, "calibration_motion", "read_motion(path)")
        options = RetargetOptions() if options is None else options
        check_argument(options, RetargetOptions, "options", "RetargetOptions(style='smooth', ...)")
        if scene is not None:
            raise OptionsError(
                "live streams know no things around the human; leave the scene out, or give it to retarget_motion "
                "with the whole clip"
            )
        self._fps = float(calibration_motion.fps if fps is None else fps)
        _check(calibration_motion, options, self._fps)
        slope = find_slope(calibration_motion)
        if slope is not None:
            calibration_motion = turned_level(calibration_motion, slope)
        anatomy = find_anatomy(calibration_motion)
        self._joint_names = calibration_motion.joint_names
        if not (robot.has("leg") and robot.has("arm")):
            raise RobotError(
                f"a stream needs a robot with legs and arms, which {robot.name!r} is not; retarget whole clips onto it"
            )
        self._robot = robot.name
        part = moving_part(robot)
        self._model = _live_model(
            calibration_motion.roles,
            _level(slope),
            anatomy,
            find_contacts(anatomy),
            part.robot,
            options,
            self._fps,
        )
        self._fresh_state = partial(
            _new_state, self._model, part.robot.qpos_size, len(self._joint_names)
        )
        self._state = self._fresh_state()
        self._bounds = Bounds(
            self._model.used, self._model.hips, self._model.leg_length, np.full(3, np.nan)
        )
        self._kept = None if part.kept.all() else part.kept
        self._part, self._follows = part, part.follows
        self._whole = self._state.qpos if self._kept is None else part.neutral.copy()

    def __repr__(self) -> str:
        return f"StreamingRetargeter({self._robot}, {len(self._joint_names)} joints at {self._fps:g} fps)"

    @property
    def fps(self) -> float:
        """Rate at which frames are expected, 1/s."""
        return self._fps

    @property
    def stance(self) -> Bool[np.ndarray, "2 2"]:
        """Which points of the last frame are on the ground: foot (left, right) x point (heel, toe); a copy."""
        return self._state.stance.reshape(2, 2).copy()

    def reset(self) -> None:
        """Forget all frames, as if none had come; the calibration stays."""
        _renew(self._state, self._fresh_state())
        self._bounds.before[:] = np.nan

    def step(
        self, positions: Float64[np.ndarray, "J 3"], rotations: Float64[np.ndarray, "J 4"]
    ) -> Float64[np.ndarray, "Q"]:
        """Retarget the next frame.

        Args:
            positions: Global joint positions in metres, z up, in the order of the calibration motion.
            rotations: Global joint rotations as unit quaternions, wxyz.

        Returns:
            Base xyz in metres (floor at 0), base rotation wxyz, joints in rad, in MuJoCo's order: a read-only view
            that the next step overwrites, so copy what must last.

        Raises:
            RetargetError: No numbers, or wrong shapes; a joint in use whose position is not finite or whose
                quaternion is not of length one; a body of another size than in the calibration (centimetres,
                millimetres), 100 km off, or that has come 7.5 m or more since the frame before. The stream then
                stands as if this frame had not come.
        """
        joints = len(self._joint_names)
        positions, rotations = _numbers(positions, "positions"), _numbers(rotations, "rotations")
        if positions.shape != (joints, 3) or rotations.shape != (joints, 4):
            raise RetargetError(
                f"a frame of {joints} joints has positions ({joints}, 3) and rotations ({joints}, 4), "
                f"not {positions.shape} and {rotations.shape}; send the joints of the calibration motion"
            )
        positions, rotations = positions[None], rotations[None]
        fault, joint, measure = find_fault(positions, rotations, self._bounds)
        if fault != FINE:
            name, leg = self._joint_names[joint], self._model.leg_length
            place, turn = positions[0, joint], rotations[0, joint]
            raise RetargetError(fault_text(fault, name, measure, place, turn, leg))
        live_step(positions, rotations, self._model, self._state)
        if not np.isfinite(self._state.qpos).all():
            self.reset()
            raise RetargetError(
                "no posture could be found for this frame: drop it; the stream begins anew"
            )
        if self._follows:
            self._whole[:] = self._part.whole(self._state.qpos[None])[0]
        elif self._kept is not None:
            self._whole[self._kept] = self._state.qpos
        answer = self._whole.view()  # made here: of a kept one, copies and pickles would be apart
        answer.flags.writeable = False
        return answer


def _numbers(values: object, what: str) -> Float64[np.ndarray, "..."]:
    """Values of a frame in double precision, whatever a tracker has sent.

    Raises:
        RetargetError: They are no real numbers, or lists of different lengths.
    """
    try:
        array = np.asarray(values)
        if (
            array.dtype.kind in "fiuO"
        ):  # others would be made numbers: text, complex ones, yes and no
            return np.ascontiguousarray(array, np.float64)
    except (TypeError, ValueError, OverflowError):
        pass
    raise RetargetError(
        f"the {what} of a frame are no array of real numbers, but {quoted(values)}: drop this frame"
    )


def _check(motion: Motion, options: RetargetOptions, fps: float) -> None:
    name = motion.source.path or "motion"
    if not len(motion):
        raise RetargetError(f"{name}: the calibration motion has no frames")
    if not motion.is_finite():
        raise RetargetError(f"{name}: the calibration motion holds NaN or infinite values; cut it")
    if problem := rate_problem(fps):
        raise OptionsError(f"{name}: {problem}; give the rate at which frames will come")
    default = RetargetOptions()
    for option in ("fps", "start_s", "end_s", "mirror", "time_scale", "hands"):
        if getattr(options, option) != getattr(default, option):
            raise OptionsError(f"a stream cannot have the option {option!r}; leave it out")


def _level(slope: Slope | None) -> Level:
    if slope is None:
        return Level(np.array([1.0, 0.0, 0.0, 0.0]), np.eye(3), np.zeros(3))
    return Level(
        slope.levelling, matrix_from_quaternion(slope.levelling), np.array(slope.middle, np.float64)
    )


def _live_model(
    roles: dict[str, int],
    level: Level,
    anatomy: Anatomy,
    contacts: Contacts,
    robot: RobotModel,
    options: RetargetOptions,
    fps: float,
) -> LiveModel:
    weights = style_weights(options.style)
    shape = robot_anatomy(robot)
    problem = make_setting(robot, shape, fps, options, weights).empty
    if len(problem.limits.second_difference):
        raise OptionsError(
            f"a stream onto {robot.name!r} cannot keep joint acceleration limits; "
            "give acceleration_limits=False to do without them"
        )
    start = rated_start_options(fps)._replace(
        anchor_share=1.0,
        cold_steps=_COLD_STEPS,
        pull=_PULL * options.smoothness * fps / RATE,  # the same lag in seconds at any rate
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
        sizes=robot_sizes(anatomy.calibration, contacts, shape),
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
        steady=_steady(problem.tasks, fps),
    )


def _steady(tasks: Tasks, fps: float) -> Tasks:
    """The tasks with the pelvis held on its path; it comes off it in the same time at any rate."""
    weights = tasks.position_weights.copy()
    weights[SEGMENTS.index("pelvis")] += _STEADY * fps / RATE
    return tasks._replace(position_weights=weights)


def _contact_points(shape: RobotAnatomy) -> Float64[np.ndarray, "4 3"]:
    """The robot's heels and toes in the anatomical frames of its feet."""
    points = [
        shape.contact_points[foot] @ shape.frames[f"{side}_foot"] for foot, side in enumerate(SIDES)
    ]
    return np.concatenate(points)


def _renew(state: Any, fresh: Any) -> None:
    """Give arrays, in named tuples within each other, the content of others: who holds a view keeps it."""
    if isinstance(state, np.ndarray):
        state[...] = fresh
    elif isinstance(state, tuple):
        for old, new in zip(state, fresh, strict=True):
            _renew(old, new)


def _new_state(model: LiveModel, size: int, joints: int) -> LiveState:
    segments = len(SEGMENTS)
    lower = model.limits.lower
    return LiveState(
        seen=np.zeros(1, np.int64),
        positions=np.zeros((1, joints, 3)),
        rotations=np.zeros((1, joints, 4)),
        history=np.zeros((max(model.speed_span, model.slide_span) + 1, 4, 3)),
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
    )
