"""What must not matter to a clip among things: order, place, pieces, seams, rates and what comes later."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest

from retarget.evaluation import evaluate_result
from retarget.geometry import matrix_from_quaternion, quaternion_product
from retarget.motion import Motion, find_anatomy, find_contacts
from retarget.pipeline import retarget_motion
from retarget.result import RetargetingResult
from retarget.robots import RobotModel, load_robot
from retarget.scenes import TOUCH_POINTS, ObjectTrajectory, Scene, SceneObject, Shape, Terrain
from retarget.scenes.meeting import meet
from retarget.scenes.meshes import Mesh, shapes_of
from retarget.scenes.posed import Thing
from retarget.scenes.variants import Variant
from retarget.solver import stretches
from scene_clips import carry, climb, needs_clips, on_floor, walk_with_crate


@pytest.fixture(scope="module")
def robot() -> RobotModel:
    return load_robot("unitree_g1")


@lru_cache(maxsize=1)
def _crate() -> tuple[Motion, SceneObject]:
    motion, scene = walk_with_crate(75)
    (crate,) = scene.objects
    return motion, crate


def _resampled(motion: Motion, fps: float) -> Motion:
    """The motion at another rate, positions linear, turns of the nearest frame."""
    count = round((len(motion) - 1) * fps / motion.fps) + 1
    time = np.arange(count) * motion.fps / fps
    before = np.minimum(time.astype(int), len(motion) - 2)
    share = (time - before)[:, None, None]
    positions = motion.positions[before] * (1 - share) + motion.positions[before + 1] * share
    return replace(
        motion,
        positions=positions,
        rotations=np.ascontiguousarray(motion.rotations[np.rint(time).astype(int)]),
        fps=fps,
    )


def test_the_order_in_which_things_are_listed_changes_nothing(robot: RobotModel) -> None:
    motion, crate = _crate()
    wall = Terrain("wall", (Shape.box((0.2, 4, 1)).at((3.0, 0.5, 0.5)),))
    step = Terrain("step", (Shape.box((1, 1, 0.1)).at((-2.0, 0, 0.05)),))
    one = retarget_motion(motion, robot, scene=Scene((crate,), (wall, step)))
    other = retarget_motion(motion, robot, scene=Scene((crate,), (step, wall)))
    np.testing.assert_allclose(one.qpos, other.qpos, atol=1e-6)


def test_a_take_that_is_turned_about_is_the_same_take(robot: RobotModel) -> None:
    motion, crate = _crate()
    path = crate.trajectory
    assert path is not None
    half = np.array([np.cos(0.6), 0.0, 0.0, np.sin(0.6)])
    turn, away = matrix_from_quaternion(half), np.array([2.0, -1.0, 0.0])
    turned = replace(
        motion,
        positions=motion.positions @ turn.T + away,
        rotations=quaternion_product(
            np.broadcast_to(half, motion.rotations.shape), motion.rotations
        ),
    )
    along = ObjectTrajectory(
        path.positions @ turn.T + away,
        quaternion_product(np.broadcast_to(half, path.rotations.shape), path.rotations),
        path.fps,
    )
    here = retarget_motion(motion, robot, scene=Scene((crate,)))
    there = retarget_motion(turned, robot, scene=Scene((replace(crate, trajectory=along),)))
    assert here.scene is not None
    assert np.abs(here.qpos[:, 7:] - there.qpos[:, 7:]).max() < 5e-4  # poses are single precision
    moved = here.qpos[:, :3] @ turn.T + here.scene.scale * away
    assert np.abs(moved - there.qpos[:, :3]).max() < 1e-4


def test_a_box_in_two_pieces_is_carried_as_in_one(robot: RobotModel) -> None:
    motion, crate = _crate()
    (box,) = crate.shapes
    size = 2 * box.half
    half = Shape.box(size * np.array([1.0, 1.0, 0.5]))
    pieces = tuple(
        half.at(box.place + np.array([0, 0, sign * size[2] / 4]), box.turn) for sign in (-1, 1)
    )
    whole = evaluate_result(retarget_motion(motion, robot, scene=Scene((crate,))), robot)
    split = evaluate_result(
        retarget_motion(motion, robot, scene=Scene((replace(crate, shapes=pieces),))), robot
    )
    assert split["hands_kept_share"] == whole["hands_kept_share"] == 1.0
    assert split["scene_depth_max"] < 0.002
    assert abs(split["limb_error_mean"] - whole["limb_error_mean"]) < 0.5


@pytest.mark.parametrize("fps", [120.0, 240.0])
def test_fast_recordings_are_carried_as_slow_ones(robot: RobotModel, fps: float) -> None:
    motion, crate = _crate()
    result = retarget_motion(_resampled(motion.frames(0, 45), fps), robot, scene=Scene((crate,)))
    report = evaluate_result(result, robot)
    assert result.fps == fps and report["hands_kept_share"] == 1.0
    assert report["scene_depth_max"] < 0.001
    assert report["toe_slide_mean"] < 0.01


def test_a_path_of_another_rate_or_shorter_than_the_motion_is_the_same_path(
    robot: RobotModel,
) -> None:
    motion, crate = _crate()
    path = crate.trajectory
    assert path is not None
    thing = replace(crate, trajectory=path.resampled(4 * path.fps))
    one = retarget_motion(motion, robot, scene=Scene((crate,)))
    other = retarget_motion(motion, robot, scene=Scene((thing,)))
    assert one.scene is not None and other.scene is not None
    np.testing.assert_allclose(one.scene.poses, other.scene.poses, atol=1e-4)
    short = replace(crate, trajectory=path.between(0.0, 1.0))
    stays = retarget_motion(motion, robot, scene=Scene((short,)))
    assert stays.scene is not None
    after = stays.scene.source_poses[round(path.fps) :, 0, :3]
    np.testing.assert_allclose(after - after[-1], 0.0, atol=1e-9)


def test_a_seam_inside_a_carry_does_not_show(
    robot: RobotModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    motion, scene = walk_with_crate(150)
    slow = _resampled(motion, 8 * motion.fps)
    slow = replace(slow, fps=motion.fps)  # an eighth of the pace, eight times the frames
    (crate,) = scene.objects
    assert crate.trajectory is not None
    path = crate.trajectory.resampled(8 * motion.fps, len(slow))
    scene = Scene((replace(crate, trajectory=replace(path, fps=motion.fps)),))
    whole = retarget_motion(slow, robot, scene=scene)
    monkeypatch.setattr(stretches, "MOST_FRAMES", 320)
    monkeypatch.setattr(stretches, "LEAST_SECONDS", 9.0)
    parts = retarget_motion(slow, robot, scene=scene)
    assert not np.array_equal(whole.qpos, parts.qpos)
    for result in (whole, parts):
        report = evaluate_result(result, robot)
        assert report["hands_kept_share"] == 1.0 and report["scene_depth_max"] < 0.001
    steps = np.abs(np.diff(parts.qpos[:, 7:], axis=0)).max()
    assert steps < 1.5 * np.abs(np.diff(whole.qpos[:, 7:], axis=0)).max()


def test_what_comes_two_seconds_later_changes_nothing_now(robot: RobotModel) -> None:
    motion, scene = walk_with_crate(150)
    slow = replace(_resampled(motion, 4 * motion.fps), fps=motion.fps)
    (crate,) = scene.objects
    assert crate.trajectory is not None
    path = crate.trajectory.resampled(4 * motion.fps, len(slow))
    path = replace(path, fps=motion.fps)
    later = path.positions.copy()
    from_then = len(later) // 2 + round(2.0 * motion.fps)
    later[from_then:, 2] += 0.3 * np.minimum(np.arange(len(later) - from_then) / 30.0, 1.0)
    here = replace(crate, trajectory=path)
    there = replace(crate, trajectory=replace(path, positions=later))
    one = retarget_motion(slow, robot, scene=Scene((here,)))
    other = retarget_motion(slow, robot, scene=Scene((there,)))
    apart = np.abs(one.qpos - other.qpos).max(axis=1)
    assert apart[from_then:].max() > 0.1
    assert np.median(apart[: from_then - round(2.0 * motion.fps)]) < 0.01


def test_sitting_is_a_touch_of_the_seat_and_lifts_nobody(robot: RobotModel) -> None:
    motion, _, _ = on_floor("humanoid_walk", 60)
    anatomy = find_anatomy(motion)
    hips = anatomy.point("hips")
    still = replace(
        motion,
        positions=np.repeat(motion.positions[:1], 60, axis=0),
        rotations=np.repeat(motion.rotations[:1], 60, axis=0),
    )
    top = float(hips[0, 2]) - 0.12
    place = (float(hips[0, 0]), float(hips[0, 1]), top / 2)
    stool = Terrain("stool", (Shape.box((0.2, 0.2, top)).at(place),))
    seated = find_anatomy(still)
    found = meet(seated, find_contacts(seated), Scene(terrains=(stool,)))
    seat = found.touches.things[:, TOUCH_POINTS.index("seat")]
    assert (seat == 1).mean() > 0.9
    away = Terrain("stool", (Shape.box((0.2, 0.2, top - 0.3)).at((*place[:2], top / 2 - 0.15)),))
    found = meet(seated, find_contacts(seated), Scene(terrains=(away,)))
    assert not (found.touches.things[:, TOUCH_POINTS.index("seat")] == 1).any()


def test_results_of_before_without_masses_and_stand_ins_are_read(
    robot: RobotModel, tmp_path: Path
) -> None:
    motion, crate = _crate()
    result = retarget_motion(motion, robot, scene=Scene((crate,)))
    result.save_npz(tmp_path / "now.npz")
    arrays = dict(np.load(tmp_path / "now.npz"))
    said = json.loads(str(arrays["scene_json"]))
    said.pop("masses_kg")
    arrays["scene_json"] = np.array(json.dumps(said))
    np.savez(tmp_path / "then.npz", **arrays)
    again = RetargetingResult.load_npz(tmp_path / "then.npz")
    assert again.scene is not None and again.scene.masses == (None,)
    np.testing.assert_array_equal(again.qpos, result.qpos)
    for name in [name for name in arrays if name.startswith(("thing_", "source_thing", "touch"))]:
        arrays.pop(name)
    for name in ("scene_json", "hold_runs", "hold_places"):
        arrays.pop(name)
    np.savez(tmp_path / "plain.npz", **arrays)
    assert RetargetingResult.load_npz(tmp_path / "plain.npz").scene is None


def test_a_mesh_that_is_inside_out_is_the_same_mesh_and_large_ones_are_bounded() -> None:
    corners = np.array([[0, 0], [0.4, 0], [0.4, 0.15], [0.15, 0.15], [0.15, 0.4], [0, 0.4]])
    low = np.column_stack([corners, np.zeros(6)])
    points = np.concatenate([low, low + np.array([0, 0, 0.2])])
    faces = [[i, (i + 1) % 6, 6 + (i + 1) % 6] for i in range(6)]
    faces += [[i, 6 + (i + 1) % 6, 6 + i] for i in range(6)]
    caps = [[0, 2, 1], [0, 3, 2], [0, 4, 3], [0, 5, 4]]
    mesh = Mesh(points, np.array([*faces, *caps, *[[6 + a, 6 + c, 6 + b] for a, b, c in caps]]))
    (right,), _ = shapes_of(mesh, "L")
    (wrong,), _ = shapes_of(Mesh(points, mesh.faces[:, ::-1]), "L")
    np.testing.assert_allclose(right.values, wrong.values, atol=1e-9)
    below, far = np.array([0.02, 0.02, 0.1]), np.array([0.45, 0.1, 0.1])  # in a leg, and beside it
    still = np.zeros((1, 3)), np.eye(3)[None]
    thing = Thing("L", (right,), *still, False, True, 1.0)
    corner = np.array([0.15, 0.15, 0.1]) + 0.03  # in the notch
    found = thing.nearest(np.array([below, far, corner])).distance
    np.testing.assert_allclose(found, [-0.02, 0.05, 0.03], atol=0.003)
    beyond = np.array([[0.404, 0.154, 0.1], [0.402, 0.156, 0.1]])
    assert (thing.nearest(beyond).distance > 0.002).all()  # off a sharp edge is not inside

    rng = np.random.default_rng(1)
    rows, columns = 72, 71  # 10,000 triangles of a lumpy ball
    down, around = np.meshgrid(
        np.linspace(0.02, np.pi - 0.02, rows), np.linspace(0, 2 * np.pi, columns, endpoint=False),
        indexing="ij",
    )  # fmt: skip
    radius = 0.3 * (1 + 0.5 * np.sin(3 * around) * np.sin(down)) + rng.normal(0, 1e-4, down.shape)
    ball = radius[..., None] * np.stack(
        [np.sin(down) * np.cos(around), np.sin(down) * np.sin(around), np.cos(down)], axis=-1
    )
    at = np.arange(rows * columns).reshape(rows, columns)
    a, b = at[:-1], np.roll(at[:-1], -1, axis=1)
    c, d = at[1:], np.roll(at[1:], -1, axis=1)
    tris = np.concatenate([np.stack([a, c, b], -1), np.stack([b, c, d], -1)]).reshape(-1, 3)
    assert len(tris) > 10_000
    (shape,), (note,) = shapes_of(Mesh(ball.reshape(-1, 3), tris), "rock")
    assert "grid of distances" in note
    assert max(shape.values.shape) <= 48 and shape.values.nbytes < 2**20
    (hull,), _ = shapes_of(Mesh(ball.reshape(-1, 3), tris), "rock", "hull")
    assert len(hull.planes) <= 32


REAL = ("sub3_largebox_003", "sub10_largebox_049", "0", "1", "4")
REACHED = [(name, clip) for name in ("booster_t1", "unitree_h1") for clip in REAL]


@needs_clips
@pytest.mark.parametrize(("name", "clip"), REACHED)
def test_feet_of_other_robots_stay_whatever_their_hands_cannot_reach(name: str, clip: str) -> None:
    other = load_robot(name)
    motion, scene = climb(int(clip)) if clip.isdigit() else carry(clip)[:2]
    report = evaluate_result(retarget_motion(motion, other, scene=scene), other)
    assert report["toe_slide_mean"] < 0.01
    assert report["scene_depth_max"] < (0.006 if name == "unitree_h1" else 0.002)
    assert report["scene_depth_share"] < 0.005


@needs_clips
@pytest.mark.parametrize(
    ("name", "clip", "kept"),
    [("booster_t1", 1, 0.75), ("unitree_h1", 0, 0.65), ("unitree_h1", 4, 0.9)],
)
def test_bodies_come_nearer_where_hands_do_not_reach(name: str, clip: int, kept: float) -> None:
    other = load_robot(name)
    motion, scene = climb(clip)
    report = evaluate_result(retarget_motion(motion, other, scene=scene), other)
    assert report["hands_kept_share"] > kept


@needs_clips
def test_hands_that_touch_with_another_end_are_not_pulled_off(robot: RobotModel) -> None:
    motion, scene = climb(4)
    higher = Variant(terrain=1.3).scene(scene, motion)
    report = evaluate_result(retarget_motion(motion, robot, scene=higher), robot)
    assert report["hands_kept_share"] > 0.97
