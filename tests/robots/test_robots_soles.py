"""The sole is what touches the ground when the robot stands, whatever shapes the foot is made of."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from robot_files import embedded_xml

from retarget.robots import load_robot

BOX = 'type="box" size="0.1115 0.05 0.015" pos="0.01 0 -0.015"'


def soles_of(geoms: str, tmp_path: Path) -> tuple[np.ndarray, float]:
    """Left sole of a Booster T1 whose feet are made of other geoms, sorted; and the radius."""
    text = embedded_xml("booster_t1")
    lines = [line for line in text.splitlines() if BOX in line]
    assert len(lines) == 2
    for line in lines:
        text = text.replace(line, geoms)
    path = tmp_path / "robot.xml"
    path.write_text(text)
    robot = load_robot(path)
    np.testing.assert_allclose(robot.soles[0], robot.soles[1], atol=1e-9)
    sole = robot.soles[0]
    return sole[np.lexsort(sole.round(9).T[[2, 0, 1]])], robot.sole_radius


def test_a_box_gives_its_lower_corners(tmp_path: Path) -> None:
    sole, radius = soles_of(f"<geom {BOX}/>", tmp_path)
    expected = [[x, y, -0.03] for y in (-0.05, 0.05) for x in (-0.1015, 0.1215)]
    np.testing.assert_allclose(sole, expected, atol=1e-9)
    assert radius == 0


def test_of_a_thin_plate_the_lower_corners_count(tmp_path: Path) -> None:
    sole, _ = soles_of('<geom type="box" size="0.1 0.05 0.0005" pos="0 0 -0.03"/>', tmp_path)
    assert len(sole) == 4
    np.testing.assert_allclose(sole[:, 2], -0.0305, atol=1e-9)


def test_capsules_give_the_spheres_at_their_ends(tmp_path: Path) -> None:
    capsule = '<geom type="capsule" size="0.01" fromto="-0.05 {y} -0.02 0.1 {y} -0.02"/>'
    sole, radius = soles_of(capsule.format(y=0.03) + capsule.format(y=-0.03), tmp_path)
    np.testing.assert_allclose(sole[:, 0], [-0.05, 0.1] * 2, atol=1e-9)
    np.testing.assert_allclose(sole[:, 2], -0.02, atol=1e-9)
    assert radius == 0.01


def test_spheres_of_different_size_touch_the_same_ground(tmp_path: Path) -> None:
    spheres = "".join(
        f'<geom type="sphere" size="{r}" pos="{x} {y} {r - 0.04}"/>'
        for x, y, r in ((0.1, 0, 0.02), (-0.1, 0.04, 0.01), (-0.1, -0.04, 0.03))
    )
    sole, radius = soles_of(spheres, tmp_path)
    assert len(sole) == 3 and radius == 0.01
    np.testing.assert_allclose(sole[:, 2] - radius, -0.04, atol=1e-9)


def test_what_is_higher_is_no_sole(tmp_path: Path) -> None:
    toe_cap = '<geom type="sphere" size="0.01" pos="0.2 0 -0.01"/>'
    sole, _ = soles_of(f"<geom {BOX}/>{toe_cap}", tmp_path)
    assert sole[:, 0].max() < 0.13


def test_a_round_foot_gives_a_ring(tmp_path: Path) -> None:
    sole, radius = soles_of('<geom type="cylinder" size="0.05 0.01" pos="0 0 -0.03"/>', tmp_path)
    assert radius == 0 and len(sole) >= 8
    np.testing.assert_allclose(np.hypot(sole[:, 0], sole[:, 1]), 0.05, atol=1e-9)
    np.testing.assert_allclose(sole[:, 2], -0.04, atol=1e-9)


def test_feet_that_meet_the_floor_by_explicit_pairs_have_soles(tmp_path: Path) -> None:
    """Some models switch collision off for every geom and list the pairs that may touch."""
    text = embedded_xml("booster_t1")
    masked = text.replace("<geom ", '<geom contype="0" conaffinity="0" ')
    pairs = (
        '<pair geom1="left_foot_link_1" geom2="right_foot_link_1"/>'
        '<pair geom1="left_hand_link_1" geom2="Trunk_1"/>'
    )
    path = tmp_path / "robot.xml"
    path.write_text(masked.replace("<contact />", f"<contact>{pairs}</contact>"))
    assert "<pair" in path.read_text()
    robot = load_robot(path)
    np.testing.assert_allclose(robot.soles, load_robot("booster_t1").soles, atol=1e-9)
    assert len(robot.capsule_names) == 3 + 3 + 1 + 1
