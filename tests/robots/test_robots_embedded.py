"""The embedded robots are what their makers say, and complete."""

from __future__ import annotations

import re

import mujoco
import numpy as np
import pytest
from robot_files import EMBEDDED

from retarget.robots import ROLES, RobotModel, load_robot, robot_spec
from retarget.robots.catalogue import embedded_entries
from retarget.robots.kinematics import body_poses
from retarget.robots.shapes.collision import segment_distance

MAKERS_FIGURES = {  # joints, mass in kg as in the packages' models
    "aldebaran_romeo": (55, 40.5),
    "apptronik_apollo": (32, 80.9),
    "berkeley_humanoid": (12, 16.1),
    "booster_k1": (22, 19.7),
    "booster_t1": (23, 31.6),
    "booster_t1_29": (29, 34.5),
    "boston_dynamics_atlas": (27, 146.6),
    "fourier_gr1t1": (32, 52.8),
    "fourier_gr1t2": (32, 54.5),
    "fourier_gr2": (29, 62.7),
    "fourier_gr3": (31, 71.0),
    "ihmc_alexander": (13, 49.1),
    "jvrc1": (44, 62.4),
    "openloong_qinglong": (31, 70.7),
    "pal_talos": (44, 93.3),
    "rainbow_drc_hubo": (51, 44.0),
    "unitree_g1": (29, 33.3),
    "unitree_g1_23": (23, 32.1),
    "unitree_g1_hands": (43, 34.4),
    "unitree_h1": (19, 51.4),
}
# pelvis, chest, and left knee, ankle, elbow and wrist: checked by eye, on pictures.
BODIES = {
    "apptronik_apollo": "base_link torso_link l_knee_fe_link l_foot_link l_elbow_fe_link l_wrist_pitch_link",
    "booster_k1": "torso torso Left_Shank left_foot_link left_hand_link left_hand_link",
    "booster_t1": "Waist Trunk Shank_Left left_foot_link left_hand_link left_hand_link",
    "booster_t1_29": "Waist Trunk Shank_Left left_foot_link AL4 left_hand_link",
    "boston_dynamics_atlas": "pelvis utorso l_lleg l_foot l_larm l_hand",
    **dict.fromkeys(
        ("fourier_gr1t1", "fourier_gr1t2"),
        "base_link waist_roll_link left_shank_pitch_link left_foot_roll_link left_lower_arm_pitch_link "
        "left_hand_pitch_link",
    ),
    "fourier_gr2": "base_link waist_yaw_link left_shank_pitch_link left_foot_roll_link left_lower_arm_pitch_link "
    "left_hand_roll_link",
    "fourier_gr3": "base_link waist_pitch_link left_shank_pitch_link left_foot_roll_link left_lower_arm_pitch_link "
    "left_hand_roll_link",
    "aldebaran_romeo": "base_link torso LKneePitchLink l_ankle LElbowYawLink l_wrist",
    "berkeley_humanoid": "torso - ll_kfe ll_faa - -",
    "ihmc_alexander": "PELVIS_LINK - LEFT_SHIN LEFT_FOOT - -",
    "jvrc1": "base_link WAIST_R_S L_KNEE_S L_ANKLE_P_S L_ELBOW_P_S L_WRIST_R_S",
    "openloong_qinglong": "Link_waist_yaw link_base Link_knee_l_pitch Link_ankel_l_roll Link_arm_l_04 Link_arm_l_07",
    "pal_talos": "base_link torso_2_link leg_left_4_link leg_left_6_link arm_left_4_link arm_left_7_link",
    "rainbow_drc_hubo": "Body_TSY Body_Torso Body_LKP Body_LAR Body_LEP Body_LWP",
    **dict.fromkeys(
        ("unitree_g1", "unitree_g1_hands"),
        "pelvis torso_link left_knee_link left_ankle_roll_link left_elbow_link left_wrist_yaw_link",
    ),
    "unitree_g1_23": "pelvis torso_link left_knee_link left_ankle_roll_link left_elbow_link "
    "left_wrist_roll_rubber_hand",
    "unitree_h1": "pelvis torso_link left_knee_link left_ankle_link left_elbow_link left_elbow_link",
}
SHAPELESS = {"ihmc_alexander"}  # the published model has no collision geometry
ARM_ROLES = {
    "chest",
    *(f"{s}_{r}" for s in ("left", "right") for r in ("shoulder", "elbow", "wrist")),
}
ROLES_LOOKED_AT = ("pelvis", "chest", "left_knee", "left_ankle", "left_elbow", "left_wrist")


NAMES = [one.name for one in embedded_entries()]


@pytest.fixture(params=NAMES)
def robot(request: pytest.FixtureRequest) -> RobotModel:
    return load_robot(request.param)


def at_zero(robot: RobotModel) -> tuple[np.ndarray, np.ndarray]:
    return body_poses(robot, np.clip(0, robot.lower, robot.upper), robot.upright)


def role_point(robot: RobotModel, role: str) -> np.ndarray:
    positions, rotations = at_zero(robot)
    body = robot.roles[role]
    return positions[body] + rotations[body] @ robot.role_points[role]


def test_all_makers_figures_are_checked() -> None:
    assert set(MAKERS_FIGURES) == set(NAMES)


def test_roles_are_at_the_bodies_that_a_human_would_name(robot: RobotModel) -> None:
    bodies = (robot.roles.get(role) for role in ROLES_LOOKED_AT)
    found = ["-" if body is None else robot.body_names[body] for body in bodies]
    assert found == BODIES[robot.name].split()


def test_nothing_but_the_model_is_needed(robot: RobotModel) -> None:
    text = (EMBEDDED / robot.name / "model.xml").read_text()
    assert not re.search(r"<(mesh|asset|include|texture|hfield)|file=", text)
    assert sorted(
        path.name for path in (EMBEDDED / robot.name).iterdir() if "LICENSE" not in path.name
    ) == [
        "model.xml",
        "robot.toml",
    ]


def test_nothing_is_assumed_that_a_package_could_tell(robot: RobotModel) -> None:
    told = (
        "are held at neutral",
        "joints follow others",
        "the robot has no arms",
        "with it turned",
        "fatter than the robot",
        "nothing walks with joints as slow as stated for LHipYaw, RHipYaw",  # Romeo's package says 0.32 rad/s
    )
    assert [note for note in robot.notes if not any(part in note for part in told)] == []


def test_joint_count_and_mass(robot: RobotModel) -> None:
    joints, mass = MAKERS_FIGURES[robot.name]
    assert robot.joint_count == joints
    assert robot.masses.sum() == pytest.approx(mass, abs=0.1)


def test_limits_of_the_g1_are_those_of_its_actuators() -> None:
    robot = load_robot("unitree_g1")
    limits = dict(
        zip(
            robot.joint_names,
            zip(robot.velocity_limits, robot.effort_limits, strict=True),
            strict=True,
        )
    )
    assert limits["left_hip_pitch_joint"] == (32, 88)
    assert limits["right_hip_roll_joint"] == (20, 139)
    assert limits["left_knee_joint"] == (20, 139)
    assert limits["right_ankle_roll_joint"] == (37, 50)
    assert limits["waist_yaw_joint"] == (32, 88)
    assert limits["waist_pitch_joint"] == (37, 50)
    assert limits["left_elbow_joint"] == (37, 25)
    assert limits["right_wrist_yaw_joint"] == (22, 5)


def test_every_role_has_a_body_and_both_sides_mirror(robot: RobotModel) -> None:
    absent = set() if robot.has("arm") else ARM_ROLES
    assert set(robot.roles) == set(robot.role_points) == set(ROLES) - absent
    for role in robot.roles:
        if role.startswith("left_"):
            left, right = role_point(robot, role), role_point(robot, role.replace("left", "right"))
            assert left[1] > 0.02
            np.testing.assert_allclose(left * [1, -1, 1], right, atol=2e-3)


def test_the_neutral_posture_is_within_limits_with_knees_bent_backwards(robot: RobotModel) -> None:
    assert (robot.neutral >= robot.lower).all() and (robot.neutral <= robot.upper).all()
    straight, _ = at_zero(robot)
    knee_bent = np.clip(0, robot.lower, robot.upper)
    for side in ("left", "right"):
        knee = robot.roles[f"{side}_knee"] - 1
        knee_bent[knee] = robot.neutral[knee]
        assert abs(robot.neutral[knee]) == pytest.approx(0.3)
        ankle = robot.roles[f"{side}_ankle"]
        assert body_poses(robot, knee_bent, robot.upright)[0][ankle, 0] < straight[ankle, 0] - 0.05


def test_soles_are_level_below_the_ankle_and_reach_to_heel_and_toe(robot: RobotModel) -> None:
    positions, rotations = at_zero(robot)
    for foot, points in zip(robot.feet, robot.soles, strict=True):
        world = positions[foot] + points @ rotations[foot].T
        normal = np.linalg.svd(world - world.mean(0))[2][2]
        assert np.ptp(world @ normal) < 0.003
        assert abs(normal[2]) > np.cos(np.radians(10))  # one foot is tilted by 7 degrees at zero
        assert (world[:, 2] < positions[foot, 2]).all()
        ahead = world[:, 0] - positions[foot, 0]
        assert ahead.min() < -0.03 and ahead.max() > 0.08


def test_nothing_of_a_foot_is_below_its_sole(robot: RobotModel) -> None:
    if robot_spec(robot.name).soles is not None:
        return  # of the package's meshes, which are finer than the capsules that stand for them
    model = mujoco.MjModel.from_xml_path(str(EMBEDDED / robot.name / "model.xml"))
    data = mujoco.MjData(model)
    mujoco.mj_kinematics(model, data)
    for body, points in zip(robot.feet, robot.soles, strict=True):
        foot = model.body(robot.body_names[body]).id
        lowest = [
            data.geom_xpos[g, 2] - extent_below(model, data, g)
            for g in range(model.ngeom)
            if model.geom_bodyid[g] == foot
        ]
        world = data.xpos[foot] + points @ data.xmat[foot].reshape(3, 3).T
        assert world[:, 2].min() - robot.sole_radius == pytest.approx(min(lowest), abs=1e-6)


def extent_below(model: mujoco.MjModel, data: mujoco.MjData, geom: int) -> float:
    """How far a capsule, cylinder, sphere or box reaches below its centre, metres."""
    size, up = model.geom_size[geom], data.geom_xmat[geom].reshape(3, 3)[2]
    if model.geom_type[geom] == mujoco.mjtGeom.mjGEOM_BOX:
        return float(np.abs(up) @ size)
    if model.geom_type[geom] == mujoco.mjtGeom.mjGEOM_CYLINDER:
        return float(size[0] * np.hypot(up[0], up[1]) + size[1] * abs(up[2]))
    half = size[1] if model.geom_type[geom] == mujoco.mjtGeom.mjGEOM_CAPSULE else 0.0
    return float(size[0] + half * abs(up[2]))


def test_collision_pairs_are_apart_at_rest_and_not_neighbours(robot: RobotModel) -> None:
    positions, rotations = body_poses(robot, robot.neutral)
    bodies = robot.capsule_bodies
    starts, ends = (
        positions[bodies] + np.einsum("gij,gj->gi", rotations[bodies], local)
        for local in (robot.capsule_starts, robot.capsule_ends)
    )
    i, j = robot.collision_pairs.T
    assert len(i) > 100 or robot.name in SHAPELESS
    gap = segment_distance(starts[i], ends[i], starts[j], ends[j])
    assert (gap > robot.capsule_radii[i] + robot.capsule_radii[j]).all()
    assert (bodies[i] != bodies[j]).all()
    assert (robot.parents[bodies[i]] != bodies[j]).all()
    assert (robot.parents[bodies[j]] != bodies[i]).all()


def test_hands_against_legs_and_arms_against_each_other_are_watched(robot: RobotModel) -> None:
    pairs = {
        frozenset((int(robot.capsule_bodies[i]), int(robot.capsule_bodies[j])))
        for i, j in robot.collision_pairs
    }

    def watched(first: set[int], second: set[int]) -> bool:
        return any(frozenset((a, b)) in pairs for a in first for b in second)

    if robot.name in SHAPELESS or not robot.has("arm"):
        return
    hands, thighs, shanks = (
        [
            between(robot, f"{side}_{upper}", lower and f"{side}_{lower}")
            for side in ("left", "right")
        ]
        for upper, lower in (("elbow", ""), ("hip", "knee"), ("knee", "ankle"))
    )
    assert watched(*hands)
    assert watched(hands[0], thighs[0]) and watched(hands[1], thighs[1])
    assert watched(*shanks)


def between(robot: RobotModel, upper: str, lower: str) -> set[int]:
    """Bodies from that of a role on, without those from another one's on."""

    def below(role: str) -> set[int]:
        found = {robot.roles[role]}
        for body in range(len(robot.parents)):
            if int(robot.parents[body]) in found:
                found.add(body)
        return found

    return below(upper) - (below(lower) if lower else set())


def test_source_and_licence_travel_with_the_robot(robot: RobotModel) -> None:
    spec = robot_spec(robot.name)
    assert spec.source.package and spec.source.version and spec.source.licence
    assert spec.source.licence in robot.source
    assert (EMBEDDED / robot.name / "LICENSE").read_text().strip()
