"""What a model does not say is proposed, with its reason, and a run goes ahead."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from robot_files import as_urdf, edited, embedded_xml

from retarget.robots import RobotModel, load_robot
from retarget.robots.held import moving_part
from retarget.robots.kinematics import body_poses
from retarget.robots.plausibility.shoulders import hangs_on_first_axis
from retarget.targets.robot_frames import robot_anatomy


def without_geometry(tmp_path: Path, feet: tuple[str, ...], robot: str = "unitree_g1") -> Path:
    """A copy of an embedded model without the geometry of some feet."""
    text = embedded_xml(robot)
    for foot in feet:
        text, count = re.subn(rf'\s*<geom name="{foot}[^>]*/>', "", text)
        assert count
    path = tmp_path / "robot.xml"
    path.write_text(text)
    return path


def test_a_foot_without_geometry_gets_the_other_ones_sole_mirrored(tmp_path: Path) -> None:
    robot = load_robot(without_geometry(tmp_path, ("right_foot",)))
    np.testing.assert_allclose(robot.soles[0] * [1, -1, 1], robot.soles[1], atol=1e-9)
    np.testing.assert_allclose(robot.soles[0], load_robot("unitree_g1").soles[0], atol=1e-9)
    assert any("the other foot's is mirrored" in note for note in robot.notes)


@pytest.mark.parametrize(("name", "feet"), [("unitree_g1", "foot"), ("unitree_h1", "ankle_link")])
def test_feet_without_geometry_get_plates_of_usual_proportions(
    name: str, feet: str, tmp_path: Path
) -> None:
    robot = load_robot(without_geometry(tmp_path, (f"left_{feet}", f"right_{feet}"), name))
    known = load_robot(name)
    length, width, _ = np.ptp(robot.soles[0], axis=0)
    assert 0.6 < length / np.ptp(known.soles[0][:, 0]) < 1.7
    assert 0.03 < width < 0.15
    assert robot_anatomy(robot).ankle_height == pytest.approx(
        robot_anatomy(known).ankle_height, abs=0.06
    )
    assert any("plates of" in note and "confidence 40%" in note for note in robot.notes)


def test_a_foot_that_is_tilted_at_rest_keeps_its_whole_sole(tmp_path: Path) -> None:
    text = embedded_xml("booster_t1")
    box = 'type="box" size="0.1115 0.05 0.015" pos="0.01 0 -0.015"'
    assert box in text
    path = tmp_path / "robot.xml"
    path.write_text(text.replace(box, f'{box} euler="0 0.1 0"'))
    robot = load_robot(path)
    assert np.ptp(robot.soles[0], axis=0)[0] > 0.2


def with_fingers(tmp_path: Path) -> RobotModel:
    """A G1 with two fingers of two joints on each hand."""
    text = embedded_xml("unitree_g1")
    for side in ("left", "right"):
        fingers = "".join(
            f'<body name="{side}_f{k}" pos="0.08 {0.02 * (2 * k - 1)} 0"><joint name="{side}_f{k}a" axis="0 1 0" '
            f'range="0 1.5"/><geom size="0.008"/><body name="{side}_f{k}t" pos="0.04 0 0"><joint '
            f'name="{side}_f{k}b" axis="0 1 0" range="0.2 1.5"/><geom size="0.008"/></body></body>'
            for k in (0, 1)
        )
        start = text.index("<joint", text.index(f'<body name="{side}_wrist_yaw_link"'))
        text = text[:start] + fingers + text[start:]
    path = tmp_path / "robot.xml"
    path.write_text(text)
    return load_robot(path)


def test_joints_that_no_role_needs_are_held_and_noted(tmp_path: Path) -> None:
    robot = with_fingers(tmp_path)
    assert robot.joint_count == 37
    assert [n for n, held in zip(robot.joint_names, robot.held, strict=True) if held] == [
        f"{side}_f{k}{part}" for side in ("left", "right") for k in (0, 1) for part in "ab"
    ]
    assert robot.body_names[robot.roles["left_wrist"]] == "left_wrist_yaw_link"
    assert any("8 joints that no body role needs" in note for note in robot.notes)


def test_the_moving_part_moves_as_the_whole_robot(tmp_path: Path) -> None:
    robot = with_fingers(tmp_path)
    part = moving_part(robot)
    assert part.robot.joint_count == 29
    assert part.robot.masses.sum() == pytest.approx(robot.masses.sum())
    rng = np.random.default_rng(3)
    qpos = np.concatenate([np.zeros(3), [1, 0, 0, 0], rng.uniform(-1, 1, 29)])[None]
    whole = part.whole(qpos)
    assert whole.shape == (1, 44)
    np.testing.assert_array_equal(part.narrowed(whole), qpos)
    tip = robot.joint_names.index("left_f0b")
    assert whole[0, 7 + tip] == 0.2
    ours, turns = body_poses(part.robot, qpos[0, 7:])
    theirs, other = body_poses(robot, whole[0, 7:])
    for role, body in robot.roles.items():
        held = part.robot.roles[role]
        np.testing.assert_allclose(
            ours[held] + turns[held] @ part.robot.role_points[role],
            theirs[body] + other[body] @ robot.role_points[role],
            atol=1e-12,
        )
    both = [
        p[b] + np.einsum("gij,gj->gi", t[b], r.capsule_starts)
        for p, t, b, r in (
            (ours, turns, part.robot.capsule_bodies, part.robot),
            (theirs, other, robot.capsule_bodies, robot),
        )
    ]
    np.testing.assert_allclose(both[0], both[1], atol=1e-12)
    centres = [
        (r.masses[:, None] * (p + np.einsum("bij,bj->bi", t, r.mass_centres))).sum(0)
        for p, t, r in ((ours, turns, part.robot), (theirs, other, robot))
    ]
    np.testing.assert_allclose(centres[0], centres[1], atol=1e-9)


def test_a_robot_without_such_joints_is_its_own_moving_part() -> None:
    robot = load_robot("unitree_g1")
    assert moving_part(robot).robot is robot


def test_joints_that_move_the_base_are_taken_for_a_free_joint(tmp_path: Path) -> None:
    joints = "".join(
        f'<joint name="t{a}" type="slide" axis="{x}"/><joint name="r{a}" axis="{x}"/>'
        for a, x in (("x", "1 0 0"), ("y", "0 1 0"), ("z", "0 0 1"))
    )
    text = embedded_xml("unitree_g1")
    path = tmp_path / "robot.xml"
    path.write_text(text.replace('<freejoint name="floating_base_joint" />', joints))
    robot = load_robot(path)
    assert robot.joint_names == load_robot("unitree_g1").joint_names
    assert any("took the joints of the base for a free joint" in note for note in robot.notes)


@pytest.mark.parametrize("factor", [0.03, 1000.0])
def test_a_model_in_other_units_is_refused(factor: float, tmp_path: Path) -> None:
    text = embedded_xml("unitree_g1")

    def scaled(found: re.Match[str]) -> str:
        numbers = " ".join(f"{float(v) * factor:.9g}" for v in found[2].split())
        return f'{found[1]}="{numbers}"'

    path = tmp_path / "robot.xml"
    path.write_text(re.sub(r'\b(pos|size|fromto)="([^"]+)"', scaled, text))
    with pytest.raises(ValueError, match="lengths are in metres"):
        load_robot(path)


def test_angles_without_unit_that_are_radians_are_read_as_such(tmp_path: Path) -> None:
    text = embedded_xml("unitree_g1")
    assert ' angle="radian"' in text
    path = tmp_path / "robot.xml"
    path.write_text(text.replace(' angle="radian"', ""))
    robot = load_robot(path)
    np.testing.assert_allclose(robot.upper, load_robot("unitree_g1").upper)
    assert any("angles are taken for radians" in note for note in robot.notes)


LIMITS = {  # what a URDF's limits are turned into, and what is said of it
    "swapped": (lambda low, high: (high, low), "were swapped"),
    "degrees": (lambda low, high: (np.degrees(low), np.degrees(high)), "taken for degrees"),
}


@pytest.mark.parametrize("kind", LIMITS)
def test_limits_that_are_swapped_or_in_degrees_are_mended_and_noted(
    kind: str, tmp_path: Path
) -> None:
    expected = load_robot("unitree_g1")
    change, said = LIMITS[kind]

    def changed(found: re.Match[str]) -> str:
        low, high = change(float(found[1]), float(found[2]))
        return f'lower="{low}" upper="{high}"'

    path = tmp_path / "robot.urdf"
    path.write_text(re.sub(r'lower="([^"]+)" upper="([^"]+)"', changed, as_urdf(expected)))
    robot = load_robot(path)
    np.testing.assert_allclose(robot.lower, expected.lower, atol=1e-9)
    np.testing.assert_allclose(robot.upper, expected.upper, atol=1e-9)
    assert any(said in note for note in robot.notes)


def test_infinite_limits_count_as_none(tmp_path: Path) -> None:
    path = tmp_path / "robot.urdf"
    text = as_urdf(load_robot("unitree_g1"))
    path.write_text(
        re.sub(r'lower="[^"]+" upper="[^"]+"', 'lower="-inf" upper="inf"', text, count=1)
    )
    robot = load_robot(path)
    assert robot.upper[0] == pytest.approx(np.pi)
    assert any("infinite limits count as none: of left_hip_pitch_joint" in n for n in robot.notes)


@pytest.mark.parametrize("reach", ["-inf 1.57", "-2.5 inf", "-inf inf"])
def test_infinite_ranges_of_mjcf_count_as_none(reach: str, tmp_path: Path) -> None:
    joint = re.search(r'<joint name="left_hip_pitch_joint"[^>]*>', embedded_xml("unitree_g1"))
    assert joint
    changed = re.sub(r' range="[^"]+"', f' range="{reach}"', joint[0])
    robot = load_robot(edited(tmp_path, joint[0], changed))
    at = robot.joint_names.index("left_hip_pitch_joint")
    assert (robot.lower[at], robot.upper[at]) == (-np.pi, np.pi)
    assert any("no range is given for left_hip_pitch_joint" in note for note in robot.notes)


def test_a_joint_that_slides_before_the_hand_is_no_axis_of_the_wrist(tmp_path: Path) -> None:
    slide = re.search(r'<joint name="left_wrist_pitch_joint"[^>]*>', embedded_xml("unitree_g1"))
    assert slide
    changed = re.sub(r' range="[^"]+"', ' type="slide" range="0 0.1"', slide[0])
    robot = load_robot(edited(tmp_path, slide[0], changed))
    with np.errstate(all="raise"):
        assert np.isfinite(robot_anatomy(robot).wrists).all()


@pytest.mark.parametrize("sign", [1, -1])
def test_a_knee_without_range_bends_as_a_humans(sign: int, tmp_path: Path) -> None:
    text, count = re.subn(
        r'(<joint name="left_knee_joint") axis="0 1 0" range="[^"]+"',
        rf'\1 axis="0 {sign} 0"',
        embedded_xml("unitree_g1"),
    )
    assert count == 1
    path = tmp_path / "robot.xml"
    path.write_text(text)
    robot, known = load_robot(path), load_robot("unitree_g1")
    knee = known.joint_names.index("left_knee_joint")
    bounds = sorted((sign * robot.lower[knee], sign * robot.upper[knee]))
    assert bounds[0] == pytest.approx(known.lower[knee], abs=0.3)
    assert bounds[1] == pytest.approx(known.upper[knee], abs=0.5)
    assert sign * robot.neutral[knee] == pytest.approx(known.neutral[knee])
    assert any(
        "left_knee_joint: they are taken to bend as a human's" in note for note in robot.notes
    )


def test_a_shoulder_whose_first_axis_is_upright_cannot_swing_a_hanging_arm(tmp_path: Path) -> None:
    assert not any(hangs_on_first_axis(load_robot(name)) for name in ("unitree_g1", "unitree_h1"))
    text = embedded_xml("unitree_h1")
    for side in ("left", "right"):
        text, count = re.subn(
            rf'(<joint name="{side}_shoulder_pitch") axis="[^"]+"', r'\1 axis="0 0 1"', text
        )
        assert count == 1
        text = re.sub(rf'(<body name="{side}_shoulder_pitch_link"[^>]*?) quat="[^"]+"', r"\1", text)
    path = tmp_path / "robot.xml"
    path.write_text(text)
    assert hangs_on_first_axis(load_robot(path))
