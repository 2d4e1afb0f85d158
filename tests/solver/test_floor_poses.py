"""Who kneels, sits, crawls or lies is followed there, and what carries them stays on the ground."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from clips import robot
from floor_poses import POSES, STANDING, floor_clip
from jaxtyping import Bool, Float64

from retarget import RetargetingResult, evaluate_result, retarget_motion
from retarget.motion.contacts import HEEL, find_contacts
from retarget.motion.fitting.anatomy import find_anatomy
from retarget.robots.shapes.touch import touch_point
from retarget.solver.kinematics.forward import forward_kinematics

ON_KNEES = {"left_knee", "right_knee"}
ON_SHANKS = ON_KNEES | {"left_shank", "right_shank"}
HANDS = {"left_hand", "right_hand"}
TRUNK = {"pelvis", "chest"}
# What rests on the ground in each pose, and what of it carries the body.
RESTS = {
    "upright on the knees, insteps down": (ON_SHANKS, ON_KNEES),
    "on the knees, toes tucked": (ON_KNEES, ON_KNEES),
    "sitting on the heels": (ON_SHANKS, ON_KNEES),
    "W-sit": ({"pelvis"}, {"pelvis"}),
    "cross-legged": ({"pelvis"}, {"pelvis"}),
    "legs stretched out": (ON_SHANKS | {"pelvis"}, {"pelvis"}),
    "on the back": (ON_SHANKS | HANDS | TRUNK | {"left_forearm", "right_forearm"}, TRUNK),
    "on the belly": (ON_SHANKS | HANDS | TRUNK | {"left_forearm", "right_forearm"}, {"chest"}),
    "on hands and knees": (ON_SHANKS | HANDS, ON_KNEES | HANDS),
    "on forearms and knees": (
        ON_SHANKS | HANDS | {"left_forearm", "right_forearm"},
        ON_KNEES | {"left_forearm", "right_forearm"},
    ),
}


@cache
def followed(name: str) -> RetargetingResult:
    return retarget_motion(floor_clip(name), robot())


def heights(result: RetargetingResult, part: str) -> Float64[np.ndarray, "T"]:
    """Of the sphere that meets the ground there, metres above the ground."""
    touch = touch_point(robot(), part)
    assert touch is not None
    positions, rotations = forward_kinematics(result.qpos, robot())
    return positions[:, touch.body, 2] + rotations[:, touch.body, 2] @ touch.point - touch.radius


def rests(result: RetargetingResult, part: str) -> Bool[np.ndarray, "T"]:
    return result.body_contacts[:, result.body_contact_names.index(part)]


@pytest.mark.parametrize("name", POSES)
def test_what_rests_on_the_ground_is_found_and_what_carries_stays_there(name: str) -> None:
    result = followed(name)
    touching, carrying = RESTS[name]
    in_pose = np.zeros(len(result), bool)
    in_pose[round(4.5 * result.fps) : round(7.5 * result.fps)] = True
    found = {part for part in result.body_contact_names if rests(result, part)[in_pose].all()}
    assert found == touching
    assert not result.body_contacts[: round(2 * result.fps)].any()
    assert result.provenance["floor_drift_m"] == 0.0  # toes in the air are on no floor
    for part in carrying:
        assert heights(result, part)[in_pose].max() < 0.04, part


@pytest.mark.parametrize("name", [*POSES, "crawling on", "crawling back"])
def test_no_hold_drags_the_robot_into_another_pose(name: str) -> None:
    report = evaluate_result(followed(name), robot())
    assert (report["limb_error_mean"] or 0.0) < 3.0
    assert (report["limb_error_p95"] or 0.0) < 11.0
    assert (report["toe_slide_mean"] or 0.0) < 0.01
    assert report["self_collision_share"] == 0.0
    assert (report["jerk_mean"] or 0.0) < 250.0


@pytest.mark.parametrize("name", ["crawling on", "crawling back"])
def test_who_crawls_goes_on_knees_that_neither_slide_nor_float(name: str) -> None:
    result = followed(name)
    positions, rotations = forward_kinematics(result.qpos, robot())
    for part in ("left_knee", "right_knee"):
        touch = touch_point(robot(), part)
        assert touch is not None
        place = positions[:, touch.body] + rotations[:, touch.body] @ touch.point
        speed = np.linalg.norm(np.gradient(place[:, :2], axis=0), axis=1) * result.fps
        resting = rests(result, part)
        inside = resting & np.roll(resting, 4) & np.roll(resting, -4)
        assert 0.3 < resting.mean() < 0.6
        assert np.median(speed[inside]) < 0.02
        assert np.median(heights(result, part)[inside]) < 0.015
    travelled = result.qpos[-1, :2] - result.qpos[0, :2]
    heading = 1.0 if name == "crawling on" else -1.0
    assert heading * travelled[0] > 0.5


def test_holds_that_give_way_are_listed_where_the_ankle_is_in_the_way() -> None:
    result = followed("on hands and knees")
    shanks = {hold.point for hold in result.yielded if hold.distance > 0.04}
    assert {"left_shank", "right_shank"} <= shanks
    assert all(hold.distance < 0.025 for hold in followed("on the back").yielded)


@pytest.mark.parametrize("name", ["on hands and knees", "on the belly", "sitting on the heels"])
def test_feet_beside_their_shanks_say_nothing_of_how_feet_stand(name: str) -> None:
    motion = floor_clip(name)
    upright = motion.frames(0, round(2 * motion.fps))
    whole, standing = (find_contacts(find_anatomy(part)) for part in (motion, upright))
    assert whole.ankle_heights == pytest.approx(standing.ankle_heights, abs=0.01)
    in_pose = slice(round(4.5 * motion.fps), round(7.5 * motion.fps))
    assert not whole.stance[in_pose, :, HEEL].any()
    assert standing.stance.all()
    assert STANDING["left_knee"] == 0.0
