"""The centre of mass's path is one that what stands can push it along, and falls freely where nothing stands."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from balances import Balanced, balanced, balanced_clip, hull_of, nearest_of, pushed_from
from clips import filled_in, jump, robot
from floor_poses import seated_clip
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial import ConvexHull
from scipy.spatial.transform import Rotation

from retarget import pipeline, take
from retarget.evaluation import evaluate_result
from retarget.ground import GRAVITY
from retarget.motion import Motion
from retarget.solver import stretches
from retarget.solver.balance.path import PathOptions, centre_path
from retarget.solver.balance.support import CORNERS
from retarget.solver.problem import TaskWeights

WALKS = ["bandai_bvh/dataset-1_walk_normal_001.bvh", "misc_bvh/mixamo_Walk-In-Circle.bvh"]
ROBOTS = ["unitree_g1", "unitree_h1", "booster_t1"]


def hull(points: np.ndarray) -> np.ndarray:
    corners, count = np.zeros((CORNERS, 2)), np.zeros(1, np.int64)
    hull_of(np.ascontiguousarray(points, float), corners, count)
    return corners[: count[0]]


def nearest(corners: np.ndarray, points: np.ndarray) -> np.ndarray:
    room, out = np.zeros((CORNERS, 2)), np.empty_like(points)
    room[: len(corners)] = corners
    nearest_of(room, len(corners), points, out)
    return out


def nearest_by_search(corners: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Distance of points from a convex polygon: many points of its edges, and a winding number."""
    after = np.roll(corners, -1, axis=0)
    edges = corners[:, None] + np.linspace(0, 1, 2001)[None, :, None] * (after - corners)[:, None]
    away = np.linalg.norm(edges.reshape(-1, 1, 2) - points, axis=2).min(axis=0)
    to = corners[None] - points[:, None]
    ahead = after[None] - points[:, None]
    angles = np.arctan2(
        to[..., 0] * ahead[..., 1] - to[..., 1] * ahead[..., 0], (to * ahead).sum(axis=2)
    )
    return np.where(np.abs(angles.sum(axis=1)) > 3.0, 0.0, away)


@settings(max_examples=80, deadline=None)
@given(st.integers(3, 20), st.integers(0, 10_000))
def test_the_hull_is_the_convex_hull(count: int, seed: int) -> None:
    points = np.random.default_rng(seed).normal(size=(count, 2))
    corners, expected = hull(points), points[ConvexHull(points).vertices]
    assert len(corners) == len(expected)
    first = np.flatnonzero((expected == corners[0]).all(axis=1))[0]
    np.testing.assert_array_equal(corners, np.roll(expected, -first, axis=0))


@pytest.mark.parametrize(
    ("points", "corners"),
    [
        ([], []),
        ([[1, 2]], [[1, 2]]),
        ([[1, 2]] * 5, [[1, 2]]),
        ([[0, 0], [1, 2]], [[0, 0], [1, 2]]),
        ([[1, 2], [0, 0], [1, 2], [0, 0]], [[0, 0], [1, 2]]),
        ([[1, 0], [0, 0], [3, 0], [2, 0]], [[0, 0], [3, 0]]),
        ([[0, 1], [0, 0], [0, 3], [0, 1]], [[0, 0], [0, 3]]),
        (
            [[0, 0], [1, 0], [2, 0], [2, 1], [2, 2], [1, 2], [0, 2], [0, 1], [1, 1]],
            [[0, 0], [2, 0], [2, 2], [0, 2]],
        ),
    ],
)
def test_few_and_collinear_points_and_the_same_ones_have_a_hull(
    points: list[list[float]], corners: list[list[float]]
) -> None:
    found = hull(np.reshape(points, (-1, 2)))
    np.testing.assert_array_equal(found, np.reshape(corners, (-1, 2)))


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 16), st.booleans(), st.integers(0, 10_000))
def test_the_nearest_point_is_in_the_hull_and_none_is_nearer(
    count: int, collinear: bool, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    points = rng.normal(size=(count, 2))
    if collinear:
        points = points[:, :1] * [1.0, 0.0]
    corners, asked = hull(points), 2 * rng.normal(size=(50, 2))
    found = nearest(corners, asked)
    away = np.linalg.norm(found - asked, axis=1)
    np.testing.assert_allclose(away, nearest_by_search(corners, asked), atol=2e-3)
    assert nearest_by_search(corners, found).max() < 2e-3
    if len(corners) > 2:
        inside = corners.mean(axis=0)[None]
        np.testing.assert_array_equal(nearest(corners, inside), inside)


def flights(found: Balanced) -> np.ndarray:
    """Frames between others in which both feet are up and nothing stands."""
    up = (found.problem.clip.clearances > 0.01).all(axis=1) & (found.support.counts == 0)
    return up[1:-1] & up[:-2] & up[2:]


def pushed_aside(found: Balanced, path: np.ndarray) -> np.ndarray:
    """How far a path's zero-moment point is from what stands, in frames in which something does, metres."""
    support = found.support
    points = pushed_from(path, support.spins, found.problem.fps, GRAVITY)
    away = [
        np.linalg.norm(
            nearest(support.corners[t, : support.counts[t]], points[t - 1 : t]) - points[t - 1]
        )
        for t in range(1, len(path) - 1)
        if support.counts[t]
    ]
    return np.array(away)


@pytest.mark.parametrize("name", ROBOTS)
def test_a_jump_is_a_parabola(name: str) -> None:
    found = balanced(jump().frames(0, 300), name)
    flying = flights(found)
    assert flying.sum() > 30
    acceleration = np.diff(found.path.places, 2, axis=0)[flying] * found.problem.fps**2
    assert np.abs(acceleration[:, 2] + GRAVITY).max() < 0.02 * GRAVITY
    assert np.abs(acceleration[:, :2]).max() < 0.02 * GRAVITY
    started = np.diff(found.support.centres, 2, axis=0)[flying] * found.problem.fps**2
    assert np.abs(started[:, 2] + GRAVITY).mean() > 0.1 * GRAVITY  # as the start does not


@pytest.mark.parametrize("name", ROBOTS)
def test_the_robot_follows_its_parabola(name: str) -> None:
    found = balanced(jump().frames(0, 300), name)
    report = evaluate_result(found.result, robot(name))
    unaware = pipeline.retarget_motion(
        jump().frames(0, 300),
        robot(name),
        weights=TaskWeights(centre=0.0, base_acceleration=100.0, turn_acceleration=10.0),
    )
    before = evaluate_result(unaware, robot(name))["flight_not_ballistic_share"]
    assert report["flight_not_ballistic_share"] < 0.5 * before


@pytest.mark.parametrize("clip", WALKS)
def test_what_stands_pushes_a_walk(clip: str) -> None:
    """The start, whose centre of mass trembles, would have to be pushed from far beside its feet."""
    found = balanced_clip(clip)
    away = pushed_aside(found, found.path.places)
    assert np.median(away) < 0.01
    assert away.mean() < 0.02
    assert np.median(pushed_aside(found, found.support.centres)) > 5 * np.median(away)


def test_who_stands_still_is_pushed_from_between_the_feet() -> None:
    found = balanced(jump().frames(0, 60))
    assert pushed_aside(found, found.path.places)[:40].max() < 0.001


@pytest.mark.parametrize("clip", WALKS)
def test_the_path_stays_near_where_the_start_has_it_and_moves_no_more_than_it_takes(
    clip: str,
) -> None:
    found = balanced_clip(clip)
    away = np.linalg.norm(found.path.places - found.support.centres, axis=1)
    assert away.mean() < 0.02
    assert away.max() < 0.1

    def shaking(path: np.ndarray) -> float:
        return float(np.square(np.diff(path[:, :2], 2, axis=0)).sum(axis=1).mean() ** 0.5)

    assert shaking(found.path.places) < 0.5 * shaking(found.support.centres)


def test_who_sits_on_what_nobody_sees_is_not_dragged_over_the_feet() -> None:
    """Feet far in front of the body carry little of it; to put it over them would bend trunk and legs."""
    found = balanced(seated_clip())
    fps = found.problem.fps
    seated = slice(round(5 * fps), round(7 * fps))
    assert (found.support.counts[seated] > 0).all()  # its feet stand
    middle = np.array(
        [
            corners[:n].mean(0)
            for corners, n in zip(
                found.support.corners[seated], found.support.counts[seated], strict=True
            )
        ]
    )
    behind = np.linalg.norm(found.support.centres[seated, :2] - middle, axis=1)
    assert behind.min() > 0.2
    moved = np.linalg.norm(found.path.places - found.support.centres, axis=1)
    assert moved[seated].max() < 0.02
    believed = centre_path(found.start, found.problem, PathOptions(beside=1e3))
    dragged = np.linalg.norm(believed.places - found.support.centres, axis=1)
    assert dragged[seated].mean() > 0.08
    report = evaluate_result(found.result, robot())
    assert report["limb_error_mean"] < 2.0
    assert report["trunk_lean_error_p95"] < 6.0


def leant_back(motion: Motion, degrees: float) -> Motion:
    """All but the toes, turned backwards about the ankles, as by a wall that nobody recorded."""
    hips = motion.role_positions("left_hip") - motion.role_positions("right_hip")
    across = hips[0] * [1.0, 1.0, 0.0] / np.linalg.norm(hips[0, :2])
    turn = Rotation.from_rotvec(-np.radians(degrees) * across)
    ankles = (motion.role_positions("left_ankle") + motion.role_positions("right_ankle")) / 2
    positions = motion.positions.copy()
    for joint in range(positions.shape[1]):
        if joint not in (motion.roles["left_toe"], motion.roles["right_toe"]):
            positions[:, joint] = ankles + turn.apply(positions[:, joint] - ankles)
    rotations = turn * Rotation.from_quat(motion.rotations.reshape(-1, 4)[:, [1, 2, 3, 0]])
    quaternions = rotations.as_quat()[:, [3, 0, 1, 2]].reshape(motion.rotations.shape)
    return replace(motion, positions=positions, rotations=quaternions)


def test_who_leans_on_what_nobody_sees_does_not_come_falling_into_the_clip_nor_leaves_it_so() -> (
    None
):
    found = balanced(leant_back(jump().frames(0, 90), 20.0))
    fps = found.problem.fps
    span = round(0.1 * fps)
    base, path = found.result.qpos[:, :2], found.path.places[:, :2]
    away = np.linalg.norm(path - found.support.centres[:, :2], axis=1)
    assert away.mean() > 0.01  # it has to be moved over the feet
    for places in (base, path):
        for step in (places[span] - places[0], places[-1] - places[-1 - span]):
            assert np.linalg.norm(step) * fps / span < 0.1
    free = centre_path(found.start, found.problem, PathOptions(ends=0.0)).places[:, :2]
    assert np.linalg.norm(free[span] - free[0]) * fps / span > 0.2


def test_a_path_counts_only_where_feet_alone_carry_the_body() -> None:
    found = balanced_clip("deepmimic_txt/humanoid3d_getup_facedown.txt")
    lowest, shares = found.support.lowest, found.path.shares[:, 0]
    assert (shares[lowest < 0.0] == 0).all() and (lowest < 0.0).sum() > 30
    assert (shares[-1] == 1).all() and lowest[-1] > PathOptions().near
    assert np.abs(np.diff(shares)).max() < 3 / (0.2 * found.problem.fps)  # it fades
    assert (balanced_clip(WALKS[0]).path.shares[:, 0] == 1).all()


@pytest.mark.parametrize("frames", [1, 2, 3, 4, 7])
def test_short_clips_have_a_path(frames: int) -> None:
    found = balanced(jump().frames(40, 40 + frames))
    assert found.path.places.shape == (frames, 3)
    assert np.abs(found.path.places - found.support.centres).max() < 0.05
    assert np.isfinite(found.result.qpos).all()


def test_a_clip_in_which_nothing_ever_stands_has_a_path() -> None:
    whole = balanced(jump().frames(0, 300))
    up = np.flatnonzero(
        (whole.support.counts == 0) & (whole.problem.clip.clearances > 0.0).all(axis=1)
    )
    runs = np.split(up, np.flatnonzero(np.diff(up) > 1) + 1)
    first, last = max(runs, key=len)[[1, -2]]
    found = balanced(jump().frames(int(first), int(last)))
    assert np.isfinite(found.path.places).all()
    away = np.linalg.norm(found.path.places - found.support.centres, axis=1)
    assert away.max() < 0.05
    report = evaluate_result(found.result, robot())
    assert report["limb_error_mean"] < 4.0


def test_the_path_of_a_long_clip_is_that_of_its_stretches(monkeypatch: pytest.MonkeyPatch) -> None:
    motion = jump()
    whole = balanced(motion)
    parts: list[tuple[int, np.ndarray]] = []
    solve, find = stretches.solve_stretch, stretches.centre_path

    def noted(start, problem):
        path = find(start, problem)
        parts[-1] = (parts[-1][0], path.places.copy())
        return path

    def begun(stretch, *arguments):
        parts.append((stretch.begin, np.empty(0)))
        return solve(stretch, *arguments)

    monkeypatch.setattr(stretches, "MOST_FRAMES", 250)
    monkeypatch.setattr(stretches, "LEAST_SECONDS", 5.0)
    monkeypatch.setattr(stretches, "centre_path", noted)
    monkeypatch.setattr(take, "solve_stretch", begun)
    pipeline.retarget_motion(motion, robot())
    assert len(parts) > 2
    for begin, path in parts:
        inner = slice(30, len(path) - 30)  # a second from where it was cut out
        there = whole.path.places[begin : begin + len(path)]
        assert np.abs(path - there)[inner].max() < 0.01


def test_another_rate_gives_the_same_path() -> None:
    motion = jump().frames(0, 200)
    slow, fast = balanced(motion), balanced(filled_in(motion, 4))
    away = np.linalg.norm(fast.path.places[::4] - slow.path.places, axis=1)
    assert away.mean() < 0.01


def test_a_clip_elsewhere_has_its_path_there() -> None:
    motion = jump().frames(0, 200)
    moved = replace(motion, positions=motion.positions + np.array([300.0, -200.0, 0.0]))
    here, there = balanced(motion).path.places, balanced(moved).path.places
    apart = there - here
    np.testing.assert_allclose(apart, np.broadcast_to(apart[0], apart.shape), atol=2e-3)
