"""One motion onto one robot: level floor, anatomy, contacts, targets, start, whole-clip solve."""

from __future__ import annotations

import contextlib
import ctypes
import math
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from jaxtyping import Float64

from retarget._version import __version__
from retarget.errors import RetargetError, check_argument
from retarget.motion.body_contacts import BODY_CONTACTS
from retarget.motion.contacts import Contacts, find_contacts
from retarget.motion.edit import between, mirrored, retimed
from retarget.motion.fitting.anatomy import Anatomy, find_anatomy, leg_length
from retarget.motion.fitting.subject import Subject
from retarget.motion.ground.falling import rate_by_falls
from retarget.motion.ground.level_floor import on_level_floor
from retarget.motion.ground.unsupported import supported
from retarget.motion.motion import Motion
from retarget.motion.segments import SIDES, needed_roles
from retarget.options import RetargetOptions
from retarget.result import RetargetingResult, SourceClip, YieldedHold, packed_rotations
from retarget.robots.held import moving_part
from retarget.robots.model import RobotModel
from retarget.scenes.far import far_track, is_far
from retarget.scenes.scene import Scene
from retarget.solver.limits.joints import joint_limits
from retarget.solver.limits.keep import keep_joint_limits, lift_above_floor
from retarget.solver.misses import missed_runs
from retarget.solver.obstacles import covered_finely
from retarget.solver.problem import TaskWeights, style_weights
from retarget.solver.push_out import push_out_of_things
from retarget.solver.rates import at_rate
from retarget.solver.residuals import Residuals, measure_residuals
from retarget.take import Take, on_ground, solve_take
from retarget.targets.build import Targets, build_targets, robot_sizes, set_base_level
from retarget.targets.fingers import finger_angles, finger_joints
from retarget.targets.robot_frames import RobotAnatomy, robot_anatomy
from retarget.timing import timed

__all__ = ["make_targets", "retarget_motion", "source_clip"]


def retarget_motion(
    motion: Motion,
    robot: RobotModel,
    options: RetargetOptions | None = None,
    *,
    weights: TaskWeights | None = None,
    subject: Subject | None = None,
    scene: Scene | None = None,
) -> RetargetingResult:
    """Retarget a motion onto a robot.

    Args:
        motion: The human's motion.
        robot: The robot.
        options: What a user chooses; recorded with the result.
        weights: Weights of the cost, for experiments; None takes those of the style.
        subject: What longer clips of the same person tell of the skeleton (`retarget.motion.fit_subject`).
        scene: Things around the human, in the motion's world, whose floor is at z = 0 then.

    Raises:
        RoleError: The motion lacks a joint that is needed.
        RetargetError: The motion has no frames, or positions that are not finite; it is of another skeleton than the
            subject; or nothing can be found within the limits asked for.
        OptionsError: No frame lies in the time range asked for.
        TypeError: An argument is something else than it should be, such as a mapping for ``options``.

    Example:
        >>> result = retarget_motion(read_motion("walk.bvh"), load_robot("unitree_g1"))  # doctest: +SKIP
        >>> result.qpos.shape  # doctest: +SKIP
        (3945, 36)
    """
    check_argument(motion, Motion, "motion", "read_motion(path)")
    check_argument(robot, RobotModel, "robot", "load_robot(name_or_path)")
    options = RetargetOptions() if options is None else options
    check_argument(options, RetargetOptions, "options", "RetargetOptions(fps=50, ...)")
    motion = between(motion, options.start_s, options.end_s)
    name = motion.source.path or "motion"
    if scene is not None and not scene.is_empty and not robot.has("leg"):
        raise RetargetError(
            f"{robot.name}: has no legs, and things are for robots that stand among them; leave the scene out"
        )
    scene = (
        None if scene is None or scene.is_empty else scene.between(options.start_s, options.end_s)
    )
    if options.mirror:
        motion = mirrored(motion)
        scene = None if scene is None else scene.mirrored()
        subject = None if subject is None else subject.mirrored()
    if not len(motion):
        raise RetargetError(f"{name}: the motion has no frames; export it again")
    if not motion.is_finite():
        raise RetargetError(f"{name}: the motion holds NaN or infinite values; repair or cut it")
    if subject is not None and (why := subject.why_not(motion)):
        raise RetargetError(f"{name}: not of the subject's skeleton: {why}; leave the subject out")
    seconds: dict[str, float] = {}
    slope = drift = 0.0
    part = moving_part(robot)
    far: tuple[Motion, Scene] | None = None  # of a scene that nothing of the body comes near
    if scene is not None and timed(seconds, "touches", partial(_is_far, motion, scene, part.robot)):
        far, scene = (motion, scene), None
    if scene is None:
        motion, slope, drift = timed(seconds, "level", lambda: on_level_floor(motion))
        motion = timed(seconds, "level", lambda: rate_by_falls(supported(motion)))
    else:  # its floor is the motion's
        motion = replace(motion, source=replace(motion.source, floor_m=0.0))
    time_scale = _time_scale(motion, part.robot, options, subject)
    motion = timed(seconds, "level", lambda: retimed(motion, time_scale))
    scene = None if scene is None else scene.retimed(time_scale)
    take = Take.of(
        motion,
        part.robot,
        options,
        weights or style_weights(options.style),
        seconds,
        subject,
        scene,
    )
    setting, contacts = take.setting, take.contacts
    solution, steps = solve_take(take, seconds)
    qpos = solution.qpos
    if not np.isfinite(qpos).all():
        raise RetargetError(
            f"{name}: no motion of {robot.name!r} could be found that keeps what the options ask for; "
            "widen limits and margins, or bring weights nearer to 1"
        )
    if take.shape.stand is not None:
        set_base_level(qpos, part.robot.upright, take.shape.stand)
    residuals = measure_residuals(qpos, setting.empty, *on_ground(take, solution))
    frame_cost = solution.cost
    found: dict[str, Any] = {
        "time_scale": time_scale,
        "scale": robot_sizes(take.anatomy.calibration, contacts, take.shape).scale,
        "floor_m": take.floor,
        "floor_slope_deg": slope,
        "floor_drift_m": drift,
        "leg_length_m": take.anatomy.leg_length,
        "marker_noise_m": take.anatomy.noise,
    }
    stretches, floor, track = len(take.stretches), take.floor, None
    missed: tuple[YieldedHold, ...] = ()
    if take.scene is not None:
        track = take.scene.track()
        residuals.by_name["scene_m"] = take.scene.depths(qpos, setting.single.tree)
        residuals.by_name["hold_m"], missed = take.scene.misses(qpos, setting.single)
        found |= {"scene": take.scene.as_json()}
    if far is not None:
        clip, things = retimed(far[0], time_scale), far[1].retimed(time_scale)
        keep = partial(far_track, clip, things, found["scale"], contacts.stance)
        track, found["scene"] = timed(seconds, "touches", keep)
        residuals.by_name.update(
            dict.fromkeys(("scene_m", "hold_m"), np.zeros(len(qpos), np.float32))
        )
        del clip, far
    among = take.scene if options.fps is not None else None
    hands, fingers = _hands(motion, robot, options)
    if options.hands == "keep":
        found["hands"] = fingers
    del take, solution  # before the source is made: together they would be the most memory
    if stretches > 1:
        _give_memory_back()
    result = RetargetingResult(
        qpos=part.whole(qpos, hands),
        fps=motion.fps,
        joint_names=robot.joint_names,
        robot=robot.name,
        contacts=contacts.stance,
        body_contacts=contacts.body,
        body_contact_names=BODY_CONTACTS,
        frame_cost=frame_cost,
        source=source_clip(motion, floor),
        residuals=residuals.by_name,
        yielded=(*_yielded(residuals, setting.touching, motion.fps), *missed),
        scene=track,
        provenance={
            "version": __version__,
            "motion": motion.source.as_json(),
            "robot": robot.name,
            "robot_sha256": robot.sha256,
            "options": options.model_dump(mode="json"),
            "subject": None if subject is None else subject.as_json(),
            "timings": seconds,
            **found,
            "steps_per_frame": steps / len(motion),
        },
    )
    if options.fps is None:
        return result
    result = result.resampled(options.fps)
    limits = joint_limits(part.robot, options, options.fps)
    time = np.minimum(np.arange(len(result)) * (motion.fps / options.fps), len(qpos) - 1)
    qpos = at_rate(qpos, setting.empty, options.fps, len(result), limits)
    if among is not None:
        around, firm = among.at_times(time)
        tree, around = setting.single.tree, covered_finely(around, part.robot)
        push_out_of_things(qpos, tree, among.soles, firm, around, limits, options.fps)
        keep_joint_limits(qpos, limits)
        lift_above_floor(qpos, setting.empty, options.fps)
    return replace(result, qpos=part.whole(qpos, None if hands is None else _at(hands, time)))


def _hands(
    motion: Motion, robot: RobotModel, options: RetargetOptions
) -> tuple[Float64[np.ndarray, "T N"] | None, dict[str, Any]]:
    """Angles of held joints with fingers as the human's, and what there is to say of them."""
    if options.hands != "keep":
        return None, {}
    if not finger_joints(robot):
        return None, {"joints": [], "why": "the robot has no finger joints"}
    if not motion.fingers:
        return None, {"joints": [], "why": "the recording has no fingers"}
    speed = options.joint_speed_limit if options.speed_limits else math.inf
    angles, moved = finger_angles(motion, robot, speed)
    return angles, {"joints": [robot.joint_names[one.joint] for one in moved], "why": ""}


def _at(angles: Float64[np.ndarray, "T N"], time: Float64[np.ndarray, "n"]) -> np.ndarray:
    """Joint angles (rad) at times between frames, counted in frames."""
    frames = np.arange(len(angles))
    return np.stack([np.interp(time, frames, column) for column in angles.T], axis=1)


def make_targets(
    motion: Motion, robot: RobotModel
) -> tuple[Anatomy, Contacts, Targets, RobotAnatomy]:
    """What each robot segment should follow, and what it was made from."""
    anatomy = find_anatomy(motion)
    contacts = find_contacts(anatomy)
    shape = robot_anatomy(robot)
    return anatomy, contacts, build_targets(anatomy, contacts, shape), shape


def _time_scale(
    motion: Motion, robot: RobotModel, options: RetargetOptions, subject: Subject | None
) -> float:
    """Factor on the motion's duration.

    Two bodies of one shape move alike under gravity where lengths are as squares of times (Froude's number, as
    Alexander & Jayes 1983 have it for animals): the human's falls, made as small as the robot, are then its own.
    """
    if options.time_scale != "similar":
        return options.time_scale
    human = leg_length(motion) if subject is None else subject.calibration.leg_length
    return math.sqrt(robot_anatomy(robot).leg_length / human)


def _is_far(motion: Motion, scene: Scene, robot: RobotModel) -> bool:
    return is_far(motion, scene, robot_anatomy(robot).leg_length / leg_length(motion))


def _give_memory_back() -> None:
    """Let the system have what was freed: the C library keeps tens of megabytes, in too small pieces to be used again.

    Only glibc can be asked to; others return more by themselves.
    """
    with contextlib.suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)


def _yielded(
    residuals: Residuals, touching: tuple[str, ...], fps: float
) -> tuple[YieldedHold, ...]:
    points = (*(f"{side}_{point}" for side in SIDES for point in ("heel", "toe")), *touching)
    return tuple(
        YieldedHold(points[run.point], run.first / fps, run.last / fps, run.distance)
        for run in missed_runs(residuals.missed, fps)
    )


def source_clip(motion: Motion, floor: float) -> SourceClip:
    """Role positions on a floor at z = 0, and the rotations that carry the segments.

    Args:
        motion: The human's.
        floor: Height in it that becomes z = 0, metres.
    """
    roles = tuple(motion.roles)
    turning = tuple(role for role in needed_roles() if not role.endswith("toe"))
    centres = [motion.roles[role] for role in roles]
    carriers = [motion.roles[role] for role in turning]
    positions = np.empty((len(motion), len(roles), 3), np.float32)
    rotations = np.empty((len(motion), len(turning), 4), np.int16)
    for block, part in motion.blocks():
        positions[block] = part.positions[:, centres] - np.array([0.0, 0.0, floor])
        rotations[block] = packed_rotations(part.rotations[:, carriers])
    return SourceClip(roles, positions, turning, rotations)
