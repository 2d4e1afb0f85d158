"""One motion onto one robot: level floor, anatomy, contacts, targets, start, whole-clip solve."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from retarget._timing import timed
from retarget._version import __version__
from retarget.errors import RetargetError
from retarget.motion.anatomy import Anatomy, find_anatomy
from retarget.motion.body_contacts import BODY_CONTACTS
from retarget.motion.contacts import Contacts, find_contacts
from retarget.motion.edit import between, mirrored
from retarget.motion.floor import levelled
from retarget.motion.motion import Motion
from retarget.motion.segments import needed_roles
from retarget.options import RetargetOptions
from retarget.result import RetargetingResult, SourceClip, packed_rotations
from retarget.robots.model import RobotModel
from retarget.solver.joint_limits import joint_limits
from retarget.solver.problem import (
    TaskWeights,
    make_problem,
    rated_clip_options,
    rated_start_options,
)
from retarget.solver.rates import at_rate
from retarget.solver.residuals import measure_residuals
from retarget.solver.stances import solve_held
from retarget.solver.start import solve_start
from retarget.targets.build import Targets, build_targets, cold_start
from retarget.targets.robot_frames import RobotAnatomy, robot_anatomy

__all__ = ["make_targets", "retarget_motion"]


def retarget_motion(
    motion: Motion,
    robot: RobotModel,
    options: RetargetOptions | None = None,
    *,
    weights: TaskWeights | None = None,
) -> RetargetingResult:
    """Retarget a motion onto a robot.

    Args:
        motion: The human's motion.
        robot: The robot.
        options: What a user chooses; recorded with the result.
        weights: Weights of the cost, for experiments; the defaults suit every clip and robot.

    Raises:
        RoleError: The motion lacks a joint that is needed.
        RetargetError: The motion has no frames, or positions that are not finite.
        OptionsError: No frame lies in the time range asked for.

    Example:
        >>> result = retarget_motion(read_motion("walk.bvh"), load_robot("unitree_g1"))  # doctest: +SKIP
        >>> result.qpos.shape  # doctest: +SKIP
        (3945, 36)
    """
    options = options or RetargetOptions()
    motion = between(motion, options.start_s, options.end_s)
    if options.mirror:
        motion = mirrored(motion)
    name = motion.source.path or "motion"
    if not len(motion):
        raise RetargetError(f"{name}: the motion has no frames; export it again")
    if not (np.isfinite(motion.positions).all() and np.isfinite(motion.rotations).all()):
        raise RetargetError(f"{name}: the motion holds NaN or infinite values; repair or cut it")
    seconds: dict[str, float] = {}
    motion, slope = timed(seconds, "level", lambda: levelled(motion))
    anatomy, contacts, targets, shape = timed(
        seconds, "targets", lambda: make_targets(motion, robot)
    )
    problem = timed(
        seconds,
        "problem",
        lambda: make_problem(targets, robot, shape, options, weights or TaskWeights()),
    )
    seeds = cold_start(targets, shape, robot)
    seeds[:, 7:] = np.clip(seeds[:, 7:], problem.limits.lower[1:], problem.limits.upper[1:])
    start = timed(
        seconds, "start", lambda: solve_start(seeds, problem, rated_start_options(targets.fps))
    )
    problem, qpos, cost, steps = timed(
        seconds, "solve", lambda: solve_held(start, problem, rated_clip_options(targets.fps))
    )
    result = RetargetingResult(
        qpos=qpos,
        fps=motion.fps,
        joint_names=robot.joint_names,
        robot=robot.name,
        contacts=contacts.stance,
        body_contacts=contacts.body,
        body_contact_names=BODY_CONTACTS,
        frame_cost=cost,
        source=_source_clip(motion, contacts),
        residuals=measure_residuals(qpos, problem),
        provenance={
            "version": __version__,
            "motion": motion.source.as_json(),
            "robot": robot.name,
            "robot_sha256": robot.sha256,
            "options": options.model_dump(mode="json"),
            "timings": seconds,
            "scale": targets.scale,
            "floor_m": targets.floor,
            "floor_slope_deg": slope,
            "leg_length_m": anatomy.leg_length,
            "marker_noise_m": anatomy.noise,
            "steps_per_frame": steps / len(motion),
        },
    )
    if options.fps is None:
        return result
    result = result.resampled(options.fps)
    limits = joint_limits(robot, options, options.fps)
    return replace(result, qpos=at_rate(qpos, problem, options.fps, len(result), limits))


def make_targets(
    motion: Motion, robot: RobotModel
) -> tuple[Anatomy, Contacts, Targets, RobotAnatomy]:
    """What each robot segment should follow, and what it was made from."""
    anatomy = find_anatomy(motion)
    contacts = find_contacts(anatomy)
    shape = robot_anatomy(robot)
    return anatomy, contacts, build_targets(anatomy, contacts, shape), shape


def _source_clip(motion: Motion, contacts: Contacts) -> SourceClip:
    """Role positions on a floor at z = 0 and the rotations that carry the segments."""
    roles = tuple(motion.roles)
    positions = motion.positions[:, [motion.roles[role] for role in roles]]
    positions[..., 2] -= contacts.floor
    turning = tuple(role for role in needed_roles() if not role.endswith("toe"))
    rotations = motion.rotations[:, [motion.roles[role] for role in turning]]
    return SourceClip(roles, positions.astype(np.float32), turning, packed_rotations(rotations))
