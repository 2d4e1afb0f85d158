"""The wrist is where the hand bends, also on skeletons that divide the forearm and call its end a wrist."""

from __future__ import annotations

import numpy as np
import pytest
from bvh_files import CLIPS

from retarget.geometry import quaternion_from_vector, quaternion_product, rotated
from retarget.motion import read_motion
from retarget.motion.skeleton.forearms import wrists_that_bend

ARM = ("arm", "fore", "hand", "palm", "thumb", "tip")
NAMES = ("trunk", *(f"{part}{side}" for side in "LR" for part in ARM))
PARENTS = (-1, 0, 1, 2, 3, 3, 4, 0, 7, 8, 9, 9, 10)
ROLES = {
    "left_shoulder": 1, "left_elbow": 2, "left_wrist": 3, "right_shoulder": 7, "right_elbow": 8, "right_wrist": 9,
}  # fmt: skip
FRAMES = 60


def arms(
    *,
    upper: float = 0.28,
    fore: float = 0.2,
    more: float = 0.09,
    twist: float = 0.5,
    first: float = 0.0,
    second: float = 0.3,
) -> tuple[np.ndarray, np.ndarray]:
    """Two arms that swing, whose hands twist, and bend at the first and at the second joint, by angles in rad."""
    wave = np.sin(np.linspace(0, 9, FRAMES))[:, None]
    x, y = np.array([1.0, 0.0, 0.0]), np.array([0.0, 1.0, 0.0])
    own = {
        1: 0.4 * wave * y,
        2: (0.8 + 0.5 * wave) * y,
        3: twist * wave * x + first * wave * y,
        4: second * wave * y,
        5: second * wave * y,
    }
    offsets = {1: 0.2 * x, 2: upper * x, 3: fore * x, 4: more * x, 5: more * x, 6: 0.08 * x}
    positions, turns = np.zeros((FRAMES, 13, 3)), np.zeros((FRAMES, 13, 4))
    turns[..., 0] = 1.0
    for side in (0, 6):
        for joint in range(1, 7):
            at = joint + side
            parent = PARENTS[at]
            offset = offsets[joint] * (1.0 if side else -1.0)
            positions[:, at] = positions[:, parent] + rotated(
                turns[:, parent], np.tile(offset, (FRAMES, 1))
            )
            local = quaternion_from_vector(own.get(joint, np.zeros((FRAMES, 3))))
            turns[:, at] = quaternion_product(turns[:, parent], local)
    return positions, turns


def found(positions: np.ndarray, turns: np.ndarray | None) -> dict[str, int]:
    return wrists_that_bend(ROLES, NAMES, PARENTS, positions, turns)


def test_a_forearm_that_is_divided_ends_where_the_hand_bends() -> None:
    assert found(*arms()) == {"left_wrist": 4, "right_wrist": 10}


def test_places_alone_tell_it_as_well() -> None:
    positions, _ = arms()
    assert found(positions, None) == {"left_wrist": 4, "right_wrist": 10}


def test_a_joint_that_only_twists_at_the_place_of_the_one_that_bends_is_no_wrist() -> None:
    assert found(*arms(more=0.0)) == {"left_wrist": 4, "right_wrist": 10}


@pytest.mark.parametrize(
    "what",
    [
        {"first": 0.2},  # it bends itself
        {"second": 0.0},  # nothing bends
        {"fore": 0.27},  # as long as a forearm is
        {"more": 0.2},  # fingers begin there
    ],
)
def test_a_wrist_stays_where_it_is(what: dict[str, float]) -> None:
    assert found(*arms(**what)) == {}


def test_fingers_are_no_hand() -> None:
    names = tuple(name.replace("palm", "index") for name in NAMES)
    positions, turns = arms()
    assert wrists_that_bend(ROLES, names, PARENTS, positions, turns) == {}


@pytest.mark.skipif(not CLIPS.is_dir(), reason="needs ../shared/clips")
def test_wrists_of_acclaim_are_where_markers_have_them() -> None:
    (amc,), (c3d,) = CLIPS.glob("hdm05/*.amc"), CLIPS.glob("hdm05/*.c3d")
    skeleton, markers = read_motion(amc), read_motion(c3d)
    for side in ("left", "right"):
        # To the joint that is named a wrist it is 30 % less.
        forearms = [
            np.linalg.norm(
                m.role_positions(f"{side}_wrist") - m.role_positions(f"{side}_elbow"), axis=1
            ).mean()
            for m in (skeleton, markers)
        ]
        assert forearms[0] == pytest.approx(
            forearms[1], rel=0.08
        )  # the joint named a wrist: 30 % less
        apart = skeleton.role_positions(f"{side}_wrist") - markers.role_positions(f"{side}_wrist")
        assert np.linalg.norm(apart, axis=1).mean() < 0.05
    assert skeleton.joint_names[skeleton.roles["left_wrist"]] == "lhand"


@pytest.mark.skipif(not CLIPS.is_dir(), reason="needs ../shared/clips")
def test_a_user_who_names_the_wrist_has_it() -> None:
    (amc,) = CLIPS.glob("hdm05/*.amc")
    asked = {"left_wrist": "lwrist", "right_wrist": "rwrist"}
    motion = read_motion(amc, roles=asked)
    assert motion.joint_names[motion.roles["left_wrist"]] == "lwrist"
