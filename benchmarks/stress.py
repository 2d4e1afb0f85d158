"""The dance under stress (noise, low limits of speed and acceleration), and with other weights of the cost.

Usage: python benchmarks/stress.py
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.spatial.transform import Rotation

from measure import clip_files, table, write_section
from retarget import (
    Motion,
    RetargetOptions,
    evaluate_result,
    load_robot,
    read_motion,
    retarget_motion,
)
from retarget.robots import RobotModel
from retarget.solver.problem import TaskWeights, style_weights

COMMAND = "make bench (benchmarks/stress.py)"
DANCE = "bvhTools_test2_3945f.bvh"
NOISE_DEG, NOISE_M = 3.0, 0.005
SPEED = 8.0  # rad/s
ACCELERATIONS = (
    300.0,
    100.0,
)  # rad/s^2; left alone, the clip reaches 380, and 40 % of its frames exceed 100
KNEELING = "test_mocapbank.bvh"
WEIGHTS = {  # what orientation costs: styles, hinges of thighs and upper arms, hands and feet
    **{style: style_weights(style) for style in ("balanced", "close", "smooth")},
    "hinges 6": TaskWeights(hinge=6.0, arm_hinge=6.0),
    "hand 3": TaskWeights(hand=3.0),
    "hinges 6, hand 3, foot 3": TaskWeights(hinge=6.0, arm_hinge=6.0, hand=3.0, foot=3.0),
    "trunk 4": TaskWeights(trunk=4.0),
}


def main() -> None:
    robot = load_robot("unitree_g1")
    motion = read_motion(next(path for path in clip_files() if path.name == DANCE))
    cases = {
        "clean": retarget_motion(motion, robot),
        f"white noise of {NOISE_DEG:g} deg and {1000 * NOISE_M:g} mm on every joint": retarget_motion(
            noisy(motion), robot
        ),
        f"joints at most {SPEED:g} rad/s": retarget_motion(
            motion, robot, RetargetOptions(joint_speed_limit=SPEED)
        ),
    }
    for limit in ACCELERATIONS:
        options = RetargetOptions(joint_speed_limit=SPEED, joint_acceleration_limit=limit)
        name = f"joints at most {SPEED:g} rad/s and {limit:g} rad/s^2"
        cases[name] = retarget_motion(motion, robot, options)
    clean = cases["clean"]
    rows = []
    for name, result in cases.items():
        # The noisy motion is judged against the clean human.
        report = evaluate_result(replace(result, source=clean.source), robot)
        same = (result.contacts == clean.contacts).mean()
        speed = np.abs(np.diff(result.qpos[:, 7:], axis=0)).max() * result.fps
        rows.append(
            [
                name,
                f"{report['limb_error_mean']:.1f} / {report['limb_error_p95']:.1f}",
                f"{report['toe_slide_mean']:.4f}",
                f"{report['heel_slide_mean']:.4f}",
                f"{report['jerk_mean']:.0f}",
                f"{speed:.2f}",
                f"{report['joint_acceleration_max']:.1f}",
                f"{100 * same:.1f}",
            ]
        )
    head = ["case", "limb deg", "toe slide m/s", "heel slide m/s", "jerk rad/s3", "speed rad/s"]
    head += ["acceleration rad/s2"]
    body = f"`{DANCE}`, Unitree G1; contacts are labels of heel and toe, both feet.\n\n"
    body += table([*head, "contacts as clean %"], rows)
    write_section("stress", "Under stress", COMMAND, body)
    compromises(robot, motion)


def compromises(robot: RobotModel, dance: Motion) -> None:
    """What other weights would give on the dance, and a floor that only feet know on the kneeling clip."""
    kneeling = read_motion(next(path for path in clip_files() if path.name == KNEELING))
    results = {name: retarget_motion(dance, robot, weights=w) for name, w in WEIGHTS.items()}
    results["kneeling"] = retarget_motion(kneeling, robot)
    results["kneeling, no floor"] = retarget_motion(kneeling, robot, RetargetOptions(floor=False))
    rows = []
    for name, result in results.items():
        report = evaluate_result(result, robot)
        rows.append(
            [
                name,
                f"{report['limb_error_mean']:.1f} / {report['limb_error_p95']:.1f}",
                f"{report['orientation_error_mean']:.1f}",
                f"{report['toe_slide_mean']:.4f}",
                f"{report['jerk_mean']:.0f}",
                f"{1000 * (report['body_penetration_max'] or 0.0):.0f}",
            ]
        )
    head = ["case", "limb deg", "orient deg", "toe slide m/s", "jerk rad/s3", "body below floor mm"]
    body = f"`{DANCE}` with other `TaskWeights`, and `{KNEELING}`; Unitree G1.\n\n" + table(
        head, rows
    )
    write_section("compromises", "What else could be had", COMMAND, body)


def noisy(motion: Motion) -> Motion:
    """The motion with independent Gaussian noise on each joint's position and rotation."""
    rng = np.random.default_rng(0)
    turn = Rotation.from_rotvec(
        rng.normal(size=(motion.rotations[..., 0].size, 3)) * np.radians(NOISE_DEG)
    )
    recorded = Rotation.from_quat(motion.rotations.reshape(-1, 4), scalar_first=True)
    rotations = (recorded * turn).as_quat(scalar_first=True).reshape(motion.rotations.shape)
    positions = motion.positions + rng.normal(size=motion.positions.shape) * NOISE_M
    return replace(motion, positions=positions, rotations=rotations)


if __name__ == "__main__":
    main()
