"""Roles of every model that can be had, as read by eye from names and pictures: ``truth.csv``.

The models are no part of the repository; the tests skip where they are absent.
"""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from retarget.errors import RetargetError
from retarget.robots import RobotModel, load_robot
from retarget.robots.kinematics import body_poses
from retarget.robots.spec import LIMBS, ROLES, SIDES

FOLDER = Path(__file__).resolve().parents[2].parent / "shared" / "robots"
SUFFIXES = (".xml", ".mjcf", ".urdf", ".xacro", ".sdf")
with Path(__file__).with_name("truth.csv").open(newline="") as stream:
    TRUTH = {row.pop("model"): row for row in csv.DictReader(stream)}
REFUSED = {  # what is wrong with a model, as its message says it
    "agility_cassie_mj": r"closed loop of 'left-achilles-rod' and 'left-heel-spring'",
    "atlas_v3_sdf_debian": r"is SDF",
    "robotis_op3_xacro": r"'op3_description' is not in a folder above the file",
    "talos_xacro": r"'talos_description' is not in a folder above the file",
}
# Lengths of a humanoid as shares of its leg, far beyond what any robot has.
USUAL = {"thigh": (0.3, 0.7), "shank": (0.3, 0.7), "upper": (0.15, 0.7), "fore": (0.15, 0.8)}


def model_file(name: str) -> Path:
    folder = FOLDER / name
    if not folder.is_dir():
        pytest.skip(f"needs ../shared/robots/{name}")
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)
    mains = [path for path in files if any(word in path.read_bytes() for word in MAIN)]
    return next((path for path in mains if path.stem == "scene"), mains[0])


MAIN = (b"<joint", b"<include", b"xacro:")


@cache
def robot_of(name: str) -> RobotModel:
    return load_robot(model_file(name))


@pytest.mark.parametrize("name", TRUTH)
def test_roles_are_what_people_read(name: str) -> None:
    robot = robot_of(name)
    found = {
        role: robot.body_names[robot.roles[role]] if role in robot.roles else "" for role in ROLES
    }
    assert found == TRUTH[name]


@pytest.mark.parametrize("name", TRUTH)
def test_sides_and_limbs_are_those_of_a_body(name: str) -> None:
    robot = robot_of(name)
    positions, rotations = body_poses(robot, robot.neutral, robot.upright)

    def centre(role: str) -> np.ndarray:
        body = robot.roles[role]
        return np.asarray(positions[body] + rotations[body] @ robot.role_points[role])

    for limb, (first, middle, last) in LIMBS.items():
        if not robot.has(limb):  # type: ignore[arg-type]
            continue
        assert centre(f"left_{first}")[1] > centre(f"right_{first}")[1]
        upper, lower = [], []
        for side in SIDES:
            ends = [centre(f"{side}_{joint}") for joint in (first, middle, last)]
            upper.append(np.linalg.norm(ends[1] - ends[0]))
            lower.append(np.linalg.norm(ends[2] - ends[1]))
        assert abs(upper[0] - upper[1]) < 0.06 * upper[0]
        assert abs(lower[0] - lower[1]) < 0.06 * lower[0]
        share = upper[0] / (upper[0] + lower[0])
        assert 0.3 < share < 0.75
    if robot.has("leg"):
        for foot, sole in zip(robot.feet, robot.soles, strict=True):
            heights = (positions[foot] + sole @ rotations[foot].T)[:, 2] - robot.sole_radius
            assert heights.min() < min(centre("left_ankle")[2], centre("right_ankle")[2])


@pytest.mark.parametrize("name", REFUSED)
def test_models_that_are_broken_say_what_is_missing(name: str) -> None:
    with pytest.raises(RetargetError, match=REFUSED[name]):
        robot_of(name)


def test_no_model_is_left_out() -> None:
    if not FOLDER.is_dir():
        pytest.skip("needs ../shared/robots")
    there = {path.name for path in FOLDER.iterdir() if path.is_dir() and path.name[0] != "_"}
    assert there <= set(TRUTH) | set(REFUSED)
