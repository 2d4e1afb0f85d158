"""Capsules lie within the geometry they stand for, and distances are distances."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from robot_files import embedded_xml

from kernels import callable_kernel
from retarget.robots import RobotModel, load_robot
from retarget.robots.reading.description import read_description
from retarget.robots.shapes.collision import build_collision, segment_distance
from retarget.robots.tree import build_tree
from retarget.solver.kinematics import collision

solver_distance = callable_kernel(collision.segment_distance)

coordinates = st.floats(-1, 1, allow_nan=False, width=32)
points = st.tuples(coordinates, coordinates, coordinates).map(np.array)


@settings(max_examples=200, deadline=None)
@given(points, points, points, points)
def test_segment_distance_is_the_smallest_over_both_segments(
    a: np.ndarray, b: np.ndarray, c: np.ndarray, d: np.ndarray
) -> None:
    distance = float(segment_distance(a[None], b[None], c[None], d[None])[0])
    share = np.linspace(0, 1, 41)[:, None]
    first, second = a + share * (b - a), c + share * (d - c)
    sampled = np.linalg.norm(first[:, None] - second[None], axis=-1).min()
    spacing = (np.linalg.norm(b - a) + np.linalg.norm(d - c)) / 80
    assert sampled - spacing - 1e-6 <= distance <= sampled + 1e-6


@settings(max_examples=200, deadline=None)
@given(points, points, points, points)
def test_solver_and_evaluation_measure_the_same_distance(
    a: np.ndarray, b: np.ndarray, c: np.ndarray, d: np.ndarray
) -> None:
    ours = float(segment_distance(a[None], b[None], c[None], d[None])[0])
    solvers, _, _ = solver_distance(np.stack([a, c]), np.stack([b, d]), 0, 1)
    assert solvers == pytest.approx(ours, abs=2e-4)


@pytest.mark.parametrize(
    ("geom", "capsules"),
    [
        ('type="sphere" size="0.1"', [(0.0, 0.1)]),
        ('type="capsule" size="0.05 0.2"', [(0.4, 0.05)]),
        ('type="cylinder" size="0.05 0.2"', [(0.3, 0.05)]),
        ('type="cylinder" size="0.2 0.05"', [(0.0, 0.05)]),
        ('type="box" size="0.05 0.05 0.2"', [(0.3, 0.05)]),
        ('type="box" size="0.05 0.1 0.2"', [(0.3, 0.05)] * 2),
        ('type="box" size="0.02 0.3 0.3"', [(0.56, 0.02)] * 3),
        ('type="ellipsoid" size="0.05 0.05 0.2"', [(0.3, 0.05)]),
    ],
)
def test_geometry_becomes_capsules_inscribed_in_it(
    geom: str, capsules: list[tuple[float, float]], tmp_path: Path
) -> None:
    path = tmp_path / "robot.xml"
    old = '<geom name="pelvis_collision" type="sphere" size="0.07" pos="0 0 -0.08" />'
    text = embedded_xml("unitree_g1")
    assert old in text
    path.write_text(text.replace(old, f"<geom {geom}/>"))
    robot = load_robot(path)
    mine = np.flatnonzero(robot.capsule_bodies == 0)
    lengths = np.linalg.norm(robot.capsule_ends[mine] - robot.capsule_starts[mine], axis=1)
    found = sorted(zip(lengths, robot.capsule_radii[mine], strict=True))
    assert found == [pytest.approx(c, abs=1e-9) for c in sorted(capsules)]


def test_a_row_of_thin_capsules_under_a_foot_becomes_three() -> None:
    robot = load_robot("unitree_g1")
    names = [
        name
        for name, body in zip(robot.capsule_names, robot.capsule_bodies, strict=True)
        if body == robot.feet[0]
    ]
    assert names == ["left_foot2_collision", "left_foot4_collision", "left_foot6_collision"]


def test_capsules_that_touch_at_rest_are_left_out_and_no_others(tmp_path: Path) -> None:
    path = tmp_path / "robot.xml"
    old = 'name="pelvis_collision" type="sphere" size="0.07"'
    text = embedded_xml("unitree_g1")
    assert old in text
    path.write_text(text.replace(old, old.replace("0.07", "0.22")))
    fat, robot = load_robot(path), load_robot("unitree_g1")
    kept, all_pairs = ({tuple(pair) for pair in r.collision_pairs} for r in (fat, robot))
    lost = all_pairs - kept
    pelvis = robot.capsule_names.index("pelvis_collision")
    assert kept < all_pairs and all(pelvis in pair for pair in lost)
    thigh = robot.capsule_names.index("left_thigh_collision")
    assert tuple(sorted((pelvis, thigh), reverse=True)) in lost
    shin = robot.capsule_names.index("left_shin_collision")
    assert tuple(sorted((pelvis, shin), reverse=True)) in kept


def test_bodies_on_both_sides_of_a_joint_of_several_hinges_are_neighbours(tmp_path: Path) -> None:
    path = tmp_path / "joint.xml"
    path.write_text(
        """<mujoco><worldbody><body name="trunk"><freejoint/><geom type="sphere" size="0.1"/>
        <body name="limb" pos="0 0 1"><joint name="a" axis="1 0 0"/><joint name="b" axis="0 1 0"/>
        <joint name="c" axis="0 0 1"/><geom type="sphere" size="0.1"/>
        <body name="end" pos="0 0 1"><joint name="d" axis="1 0 0"/>
        <geom type="sphere" size="0.1"/></body></body></body></worldbody></mujoco>"""
    )
    description = read_description(path)
    tree = build_tree(description)
    collision = build_collision(description.model, tree, (0, 0), [np.zeros(4)])
    names = [
        {tree.body_names[collision.bodies[i]], tree.body_names[collision.bodies[j]]}
        for i, j in collision.pairs
    ]
    assert names == [{"trunk", "end"}]


def test_pairs_the_model_excludes_are_left_out() -> None:
    robot = load_robot("unitree_g1")
    index = {name: k for k, name in enumerate(robot.body_names)}
    pairs = {
        frozenset((robot.capsule_bodies[i], robot.capsule_bodies[j]))
        for i, j in robot.collision_pairs
    }
    assert frozenset((index["left_elbow_link"], index["left_wrist_pitch_link"])) not in pairs
    assert frozenset((index["pelvis"], index["left_hip_roll_link"])) not in pairs
    assert frozenset((index["pelvis"], index["left_wrist_yaw_link"])) in pairs


def test_neighbouring_segments_that_overlap_in_walking_are_not_kept_apart(tmp_path: Path) -> None:
    fat = '<geom name="left_hip_collision" type="capsule" size="0.06 0.04"'
    text = embedded_xml("unitree_g1")
    assert fat in text
    # A ball behind the thigh, which the shin meets as the knee bends.
    path = tmp_path / "fat.xml"
    path.write_text(
        text.replace(fat, f'<geom name="fat" type="sphere" size="0.07" pos="-0.2 0 -0.28"/>{fat}')
    )
    robot = load_robot(path)
    pairs = {
        frozenset(robot.capsule_names[k] for k in pair) for pair in robot.collision_pairs.tolist()
    }
    assert frozenset({"fat", "left_shin_collision"}) not in pairs
    assert frozenset({"left_hip_collision", "left_shin_collision"}) in pairs
    assert frozenset({"fat", "right_shin_collision"}) in pairs
    note = next(note for note in robot.notes if "fatter than the robot" in note)
    assert "fat and left_shin_collision" in note or "left_shin_collision and fat" in note


def test_a_shin_that_its_foot_meets_as_the_ankle_pitches_is_not_kept_apart_from_it(
    tmp_path: Path,
) -> None:
    # The ankle's last joint rolls: what turns the heel up to the calf is the one above.
    own = '<geom name="left_shin_collision"'
    text = embedded_xml("unitree_g1")
    assert own in text
    path = tmp_path / "calf.xml"
    calf = '<geom name="calf" type="sphere" size="0.02" pos="-0.066 0 -0.285"/>'
    path.write_text(text.replace(own, f"{calf}{own}"))
    robot = load_robot(path)
    pairs = [
        {robot.capsule_names[k] for k in pair}
        for pair in robot.collision_pairs.tolist()
        if "calf" in {robot.capsule_names[k] for k in pair}
    ]
    left, right = (
        sum(name.startswith(side) for pair in pairs for name in pair)
        for side in ("left_foot", "right_foot")
    )
    assert left < right
    assert any("fatter than the robot" in note for note in robot.notes)


def pairs_of(robot: RobotModel, name: str) -> set[str]:
    """Names of the capsules that one is kept apart from."""
    pairs = [{robot.capsule_names[k] for k in pair} for pair in robot.collision_pairs.tolist()]
    return {other for pair in pairs if name in pair for other in pair - {name}}


def test_a_pelvis_that_thighs_or_the_chest_meet_as_hips_and_waist_turn_a_little_is_not_kept_apart(
    tmp_path: Path,
) -> None:
    text = embedded_xml("unitree_g1")
    own = '<body name="pelvis"'
    assert own in text
    begin = text.index(">", text.index(own)) + 1
    # One ball above a thigh that rises, one under a chest that bends, and one that neither meets.
    balls = (
        '<geom name="groin" type="sphere" size="0.045" pos="0.11 0.119 -0.16"/>'
        '<geom name="belly" type="sphere" size="0.03" pos="0.15 0 0.15"/>'
        '<geom name="tail" type="sphere" size="0.03" pos="-0.25 0 0.05"/>'
    )
    path = tmp_path / "fat.xml"
    path.write_text(text[:begin] + balls + text[begin:])
    robot = load_robot(path)
    kept = {name: pairs_of(robot, name) for name in ("groin", "belly", "tail")}
    assert "left_thigh_collision" not in kept["groin"]
    assert {"right_thigh_collision", "torso_collision"} <= kept["groin"]
    assert "torso_collision" not in kept["belly"]
    assert {"left_thigh_collision", "right_thigh_collision"} <= kept["belly"]
    assert {"left_thigh_collision", "torso_collision"} <= kept["tail"]
    note = next(note for note in robot.notes if "fatter than the robot" in note)
    assert "groin" in note and "belly" in note and "tail" not in note
