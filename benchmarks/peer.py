"""The peer: per-frame inverse kinematics with mink and the daqp solver, on the targets that we solve for.

It is what a good hand-written retargeter does today: warm-started from the previous frame, one frame task a
segment, joint limits, a light posture task, and Gauss-Newton steps until the error stops falling.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import mink
import mujoco
import numpy as np
from jaxtyping import Float64

import retarget.robots
from retarget.robots import RobotModel
from retarget.targets.build import Targets, cold_start
from retarget.targets.robot_frames import RobotAnatomy
from retarget.targets.robot_pose import segment_body

MOST_STEPS = 10
ENOUGH = 1e-3  # stop when a step lowers the tasks' error norm by less
POSITION_COST, ROTATION_COST, POSTURE_COST, DAMPING = 10.0, 1.0, 1e-2, 1e-3


@dataclass(frozen=True, slots=True, eq=False)
class PeerRun:
    """What the peer made of a clip: ``qpos``, its seconds, and its QPs per frame."""

    qpos: Float64[np.ndarray, "T Q"]
    seconds: float
    steps_per_frame: float


def solve_with_mink(targets: Targets, anatomy: RobotAnatomy, robot: RobotModel) -> PeerRun:
    """Follow the targets frame by frame; building the tasks' targets is not counted in the seconds."""
    folder = Path(retarget.robots.__file__).parent / "embedded" / robot.name
    model = mujoco.MjModel.from_xml_path(str(folder / "model.xml"))
    tasks, goals = _tasks(targets, anatomy, robot)
    posture = mink.PostureTask(model, cost=POSTURE_COST)
    limits = [mink.ConfigurationLimit(model)]
    configuration = mink.Configuration(model, q=cold_start(targets, anatomy, robot)[0])
    posture.set_target_from_configuration(configuration)
    qpos = np.empty((len(targets), model.nq))
    steps = 0
    started = time.perf_counter()
    for t in range(len(targets)):
        for task, goal in zip(tasks, goals, strict=True):
            task.set_target(goal[t])
        error = _error(tasks, configuration)
        for _ in range(MOST_STEPS):
            velocity = mink.solve_ik(
                configuration, [*tasks, posture], 1.0, "daqp", damping=DAMPING, limits=limits
            )
            configuration.integrate_inplace(velocity, 1.0)
            steps += 1
            before, error = error, _error(tasks, configuration)
            if before - error < ENOUGH:
                break
        qpos[t] = configuration.q
    return PeerRun(qpos, time.perf_counter() - started, steps / len(targets))


def _tasks(
    targets: Targets, anatomy: RobotAnatomy, robot: RobotModel
) -> tuple[list[mink.FrameTask], list[list[mink.SE3]]]:
    """A frame task a segment: rotations of all, positions of pelvis and feet, as our solver has them."""
    tasks, goals = [], []
    places = {"pelvis": "pelvis", "left_foot": "left_ankle", "right_foot": "right_ankle"}
    for segment, frames in targets.frames.items():
        body = robot.body_names[segment_body(robot, segment)]
        place = places.get(segment)
        tasks.append(
            mink.FrameTask(
                body,
                "body",
                position_cost=POSITION_COST if place else 0.0,
                orientation_cost=ROTATION_COST,
            )
        )
        rotations = frames @ anatomy.frames[segment].T
        positions = targets.positions[place] if place else np.zeros((len(targets), 3))
        goals.append(
            [
                mink.SE3.from_rotation_and_translation(mink.SO3.from_matrix(rotation), position)
                for rotation, position in zip(rotations, positions, strict=True)
            ]
        )
    return tasks, goals


def _error(tasks: list[mink.FrameTask], configuration: mink.Configuration) -> float:
    errors = [task.cost * task.compute_error(configuration) for task in tasks]
    return float(np.linalg.norm(np.concatenate(errors)))
