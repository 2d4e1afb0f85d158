"""Whole clips among things: hands on them, feet on them, and nothing in them."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest
from scipy.ndimage import maximum_filter1d

from retarget.errors import RetargetError
from retarget.evaluation import evaluate_result
from retarget.evaluation.report import ClipReport
from retarget.geometry import matrix_from_quaternion, quaternion_product
from retarget.motion import Motion
from retarget.options import RetargetOptions
from retarget.pipeline import retarget_motion
from retarget.result import RetargetingResult
from retarget.robots import RobotModel, load_robot
from retarget.scene_take import SceneTake
from retarget.scenes import ObjectTrajectory, Scene, SceneObject, Shape, Terrain
from retarget.scenes.made import stepping_up
from retarget.solver import held_things
from retarget.solver.depths import scene_depths
from scene_clips import carry, climb, needs_clips, on_floor, walk_with_crate


@pytest.fixture(scope="module")
def robot() -> RobotModel:
    return load_robot("unitree_g1")


@lru_cache(maxsize=4)
def walk_with_a_crate() -> RetargetingResult:
    motion, scene = walk_with_crate()
    return retarget_motion(motion, load_robot("unitree_g1"), scene=scene)


@lru_cache(maxsize=4)
def real(name: str) -> tuple[RetargetingResult, ClipReport]:
    robot = load_robot("unitree_g1")
    motion, scene = climb(int(name)) if name.isdigit() else carry(name)[:2]
    result = retarget_motion(motion, robot, scene=scene)
    return result, evaluate_result(result, robot)


@pytest.mark.parametrize("scene", [None, Scene()], ids=["none", "empty"])
def test_a_clip_without_things_is_solved_as_ever(robot: RobotModel, scene: Scene | None) -> None:
    motion, _, _ = on_floor("humanoid_walk")
    plain = retarget_motion(motion, robot)
    again = retarget_motion(motion, robot, scene=scene)
    assert np.array_equal(plain.qpos, again.qpos) and again.scene is None


def test_a_crate_between_the_hands_is_held_and_kept_out_of(robot: RobotModel) -> None:
    report = evaluate_result(walk_with_a_crate(), robot)
    assert report["hands_kept_share"] == 1.0
    assert report["hand_gap_mean"] < 0.002
    assert report["scene_depth_max"] < 0.004
    assert report["toe_slide_mean"] < 0.01


def test_without_its_holds_and_things_it_is_neither(robot: RobotModel) -> None:
    held = walk_with_a_crate()
    motion, _ = walk_with_crate()
    plain = retarget_motion(motion, robot)
    spoilt = evaluate_result(replace(held, qpos=plain.qpos), robot)
    assert {"hands_kept_share", "scene_depth_share"} & {g.measure for g in spoilt.failed_gates}


def test_a_step_under_the_feet_lifts_the_robot_by_its_scaled_height(robot: RobotModel) -> None:
    motion, _, _ = on_floor("humanoid_walk")
    lifted = replace(motion, positions=motion.positions + np.array([0.0, 0.0, 0.4]))
    plate = Terrain("plate", (Shape.box((20, 20, 0.005)).at((0, 0, 0.3975)),))  # 5 mm thin
    result = retarget_motion(lifted, robot, scene=Scene(terrains=(plate,)))
    floor = retarget_motion(motion, robot)
    assert result.scene is not None
    rise = result.qpos[:, 2] - floor.qpos[:, 2]
    assert np.abs(rise - 0.4 * result.scene.scale).mean() < 0.02
    report = evaluate_result(result, robot)
    assert report["scene_depth_share"] == 0.0
    assert report["toe_slide_mean"] < 0.02
    assert report["thing_sole_gap_mean"] < 0.005


def test_feet_on_a_ramp_stand_on_it(robot: RobotModel) -> None:
    motion, _, _ = on_floor("humanoid_walk", 120)
    slope = np.radians(12.0)  # the person leans along
    half = np.array([np.cos(slope / 2), 0.0, -np.sin(slope / 2), 0.0])
    turn = matrix_from_quaternion(half)
    walk = replace(
        motion,
        positions=motion.positions @ turn.T + np.array([0.0, 0.0, 3.0]),
        rotations=quaternion_product(
            np.broadcast_to(half, motion.rotations.shape), motion.rotations
        ),
    )
    ramp = Shape.box((40, 40, 0.1)).at(turn @ np.array([0, 0, -0.05]) + [0, 0, 3.0], turn)
    result = retarget_motion(walk, robot, scene=Scene(terrains=(Terrain("ramp", (ramp,)),)))
    report = evaluate_result(result, robot)
    assert report["scene_depth_max"] < 0.001
    assert report["thing_sole_gap_mean"] < 0.003


def test_results_with_things_are_saved_resampled_and_given_to_simulators(tmp_path: Path) -> None:
    result = walk_with_a_crate()
    result.save_npz(tmp_path / "held.npz")
    again = RetargetingResult.load_npz(tmp_path / "held.npz")
    assert again.scene is not None and result.scene is not None
    for name, array in result.scene.arrays().items():
        np.testing.assert_array_equal(again.scene.arrays()[name], array)
    twice = again.resampled(2 * result.fps)
    assert twice.scene is not None and len(twice.scene.poses) == len(twice)
    np.testing.assert_allclose(twice.scene.poses[::2], again.scene.poses, atol=1e-9)
    joined = again.qpos_with_objects()
    assert joined.shape[1] == again.qpos.shape[1] + 7
    np.testing.assert_array_equal(joined[:, -7:], again.scene.poses[:, 0])


def test_some_frames_of_a_result_keep_the_things_of_these_frames(robot: RobotModel) -> None:
    result = walk_with_a_crate()
    part = result.frames(30, 90)
    assert part.scene is not None and result.scene is not None
    np.testing.assert_array_equal(part.scene.poses, result.scene.poses[30:90])
    np.testing.assert_array_equal(part.scene.touches, result.scene.touches[30:90])
    held = part.scene.hold_runs
    assert len(held) and held[:, 2].min() >= 0 and held[:, 3].max() <= 60
    assert evaluate_result(part, robot)["hands_kept_share"] == 1.0


def test_time_ranges_and_mirrors_take_the_things_along(robot: RobotModel) -> None:
    motion, scene = walk_with_crate()
    options = RetargetOptions(start_s=0.5, end_s=1.5, mirror=True)
    result = retarget_motion(motion, robot, options, scene=scene)
    assert result.scene is not None and len(result.scene.poses) == len(result)
    (path,) = (thing.trajectory for thing in scene.objects)
    assert path is not None
    first = round(0.5 * motion.fps)
    wanted = path.positions[first : first + len(result)] * np.array([1, -1, 1])
    np.testing.assert_allclose(result.scene.source_poses[:, 0, :3], wanted, atol=1e-6)


def test_a_start_inside_a_box_a_box_that_jumps_and_one_that_trembles_end_no_clip(
    robot: RobotModel,
) -> None:
    motion, scene = walk_with_crate(60)
    (crate,) = scene.objects
    assert crate.trajectory is not None
    path = crate.trajectory
    rng = np.random.default_rng(0)
    jumped = path.positions.copy()
    jumped[30:] += 2.0
    trembling = path.positions + rng.normal(0, 0.02, path.positions.shape)
    around = np.repeat(motion.role_positions("pelvis")[:1], len(path), axis=0)
    for positions in (jumped, trembling, around):
        thing = replace(crate, trajectory=replace(path, positions=positions))
        result = retarget_motion(motion, robot, scene=Scene(objects=(thing,)))
        assert np.isfinite(result.qpos).all()


def test_a_plate_of_five_millimetres_under_feet_carries_them_on_top(robot: RobotModel) -> None:
    motion, _, _ = on_floor("humanoid_walk", 60)
    lift = np.array([0.0, 0.0, 0.3])
    plate = Terrain("plate", (Shape.box((12, 12, 0.005)).at((0, 0, 0.2975)),))
    raised = replace(motion, positions=motion.positions + lift)
    result = retarget_motion(raised, robot, scene=Scene(terrains=(plate,)))
    report = evaluate_result(result, robot)
    assert result.scene is not None
    assert report["scene_depth_max"] < 0.002  # 2 mm of 5: on top of it
    assert report["thing_sole_gap_mean"] < 0.003
    level = retarget_motion(motion, robot)
    higher = np.median(result.qpos[:, 2]) - np.median(level.qpos[:, 2])
    assert higher == pytest.approx(0.3 * result.scene.scale, abs=0.02)


def test_legs_without_arms_step_up_and_arms_without_legs_are_refused() -> None:
    motion, scene = stepping_up(on_floor("humanoid_walk")[0], 0.15)
    legs = load_robot("berkeley_humanoid")
    report = evaluate_result(retarget_motion(motion, legs, scene=scene), legs)
    assert report["scene_depth_max"] < 0.005 and report["toe_slide_mean"] < 0.02
    assert report["hand_gap_mean"] is None
    with pytest.raises(RetargetError, match=r"has no legs.*leave the scene out") as caught:
        retarget_motion(motion, replace(legs, roles={}), scene=scene)
    assert "\n" not in str(caught.value)


def test_two_hundred_boxes_far_and_near_change_nothing_that_is_far(robot: RobotModel) -> None:
    motion, _, _ = on_floor("humanoid_walk", 60)
    rng = np.random.default_rng(0)
    away = rng.uniform(5, 20, (200, 2)) * rng.choice([-1, 1], (200, 2))
    far = tuple(Shape.box((0.5, 0.5, 1)).at((x, y, 0.5)) for x, y in away)
    wall = Terrain("wall", (Shape.box((4, 0.1, 1)).at((0.0, 0.9, 0.5)),))  # near enough to count
    one = retarget_motion(motion, robot, scene=Scene(terrains=(wall, Terrain("one", far[:1]))))
    many = retarget_motion(motion, robot, scene=Scene(terrains=(wall, Terrain("many", far))))
    assert "left_out" not in one.provenance["scene"]
    np.testing.assert_allclose(many.qpos, one.qpos, atol=1e-6)


@needs_clips
@pytest.mark.parametrize("name", ["sub3_largebox_003", "sub10_largebox_049", "0", "1", "4"])
def test_real_carries_and_climbs_hold_on_and_stay_out(name: str) -> None:
    _, report = real(name)
    assert report["hands_kept_share"] == 1.0
    assert report["hand_gap_mean"] < 0.001
    assert report["scene_depth_share"] == 0.0
    assert report["scene_depth_max"] < 0.001
    assert report["toe_slide_mean"] < 0.004
    assert report["clearance_error_mean"] < 0.06


@needs_clips
@pytest.mark.parametrize("size", [0.7, 1.2])
def test_boxes_of_other_sizes_are_carried_as_well(size: float, robot: RobotModel) -> None:
    motion, scene, _ = carry("sub10_largebox_049", size)
    report = evaluate_result(retarget_motion(motion, robot, scene=scene), robot)
    assert report["hands_kept_share"] > 0.98
    assert report["scene_depth_max"] < 0.005


def test_a_scene_with_its_person_anywhere_on_the_floor_is_the_same_scene(robot: RobotModel) -> None:
    motion, scene = walk_with_crate(60)
    (crate,) = scene.objects
    assert crate.trajectory is not None
    away = np.array([3.0, -2.0, 0.0])
    moved = replace(motion, positions=motion.positions + away)
    there = SceneObject(
        crate.name,
        crate.shapes,
        replace(crate.trajectory, positions=crate.trajectory.positions + away),
    )
    here = retarget_motion(motion, robot, scene=Scene(objects=(crate,)))
    gone = retarget_motion(moved, robot, scene=Scene(objects=(there,)))
    assert here.scene is not None
    apart = gone.qpos - here.qpos
    apart[:, :3] -= here.scene.scale * away
    assert np.abs(apart).max() < 2e-3


def test_a_walk_steps_up_onto_a_platform(robot: RobotModel) -> None:
    motion, scene = stepping_up(on_floor("humanoid_walk")[0], 0.15)
    result = retarget_motion(motion, robot, scene=scene)
    report = evaluate_result(result, robot)
    assert result.scene is not None
    toes = [result.scene.touch_names.index(f"{side}_toe") for side in ("left", "right")]
    assert (result.scene.touches[-20:, toes] == 1).any() and (
        result.scene.touches[:20, toes] == 0
    ).any()
    assert report["scene_depth_max"] < 0.005
    assert report["thing_sole_gap_mean"] < 0.005
    assert report["toe_slide_mean"] < 0.02


def test_holds_out_of_reach_give_way_and_are_listed(robot: RobotModel) -> None:
    motion, scene = walk_with_crate()
    (crate,) = scene.objects
    huge = replace(crate, size=2.0)  # 68 cm wide: no arm of the robot goes around it
    result = retarget_motion(motion, robot, scene=Scene(objects=(huge,)))
    assert {hold.point for hold in result.yielded} & {"left_palm", "right_palm"}
    assert result.residuals["hold_m"].max() > 0.02
    report = evaluate_result(result, robot)
    assert report["toe_slide_mean"] < 0.01  # whatever the hands cannot reach
    assert not [h for h in walk_with_a_crate().yielded if h.point.endswith("palm")]


@needs_clips
def test_where_holds_give_way_a_clip_is_marched_over_anew_and_nowhere_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    march_anew, seen = held_things.march_anew, []

    def watched(march, start, first, last, changed, depth, problem, options):  # type: ignore[no-untyped-def]
        before = march.qpos.copy()
        steps = march_anew(march, start, first, last, changed, depth, problem, options)
        seen.append((before, march.qpos.copy(), changed, problem.fps, steps))
        np.testing.assert_array_equal(depth, scene_depths(march.qpos, problem.tree, problem.scene))
        return steps

    monkeypatch.setattr(held_things, "march_anew", watched)
    motion, scene = climb(4)
    retarget_motion(motion, load_robot("unitree_h1"), scene=scene)
    parts = [one[:4] for one in seen if one[4] is not None]
    assert parts
    for before, after, changed, fps in parts:  # held more firmly, giving way
        moved = np.asarray((before != after).any(axis=1))
        near = maximum_filter1d(changed.astype(np.uint8), 2 * round(fps) + 1).astype(bool)
        assert changed.mean() < 0.2 and moved[changed].all() and not moved[~near].any()


@lru_cache(maxsize=1)
def _on_a_ride() -> tuple[Motion, Scene]:
    """A walk on a platform that drives at 1 m/s, turns and rises."""
    motion, _, _ = on_floor("cmu_01_01", 300)
    time = np.arange(len(motion)) / motion.fps
    ride = np.stack([time, 0.3 * np.sin(2 * time), 0.15 * (1 - np.cos(1.5 * time)) + 0.1], axis=1)
    yaw = 0.3 * np.sin(0.8 * time)
    half = np.stack([np.cos(yaw / 2), 0 * yaw, 0 * yaw, np.sin(yaw / 2)], axis=1)
    moved = np.einsum("tij,tkj->tki", matrix_from_quaternion(half), motion.positions)
    turned = quaternion_product(
        np.repeat(half[:, None], motion.rotations.shape[1], axis=1), motion.rotations
    )
    path = ObjectTrajectory(ride + np.array([0, 0, -0.05]), half, motion.fps)
    deck = SceneObject("deck", (Shape.box((16, 16, 0.1)),), path, "scaled")
    moved = replace(motion, positions=moved + ride[:, None], rotations=turned)
    return moved, Scene(objects=(deck,))


def test_feet_on_a_platform_that_drives_turns_and_rises_slide_less_than_the_humans(
    robot: RobotModel,
) -> None:
    motion, scene = _on_a_ride()
    report = evaluate_result(retarget_motion(motion, robot, scene=scene), robot)
    assert report["scene_depth_max"] < 0.002
    assert report["toe_slide_mean"] < 0.02
    assert report["toe_slide_mean"] < 0.5 * (report["human_toe_slide_mean"] or 0.0)


def test_feet_that_are_held_where_they_were_in_the_world_slide_on_what_drives(
    robot: RobotModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    ridden = SceneTake.ridden

    def held_in_the_world(
        take: SceneTake, first: int, start: np.ndarray, anchors: np.ndarray
    ) -> np.ndarray:
        anchors = ridden(take, first, start, anchors)
        for ride in take.targets.rides:
            rows = slice(max(ride.first - first, 0), min(ride.last - first, len(start)))
            anchors[rows, ride.point] = anchors[rows.start, ride.point]
        return anchors

    monkeypatch.setattr(SceneTake, "ridden", held_in_the_world)
    motion, scene = _on_a_ride()
    report = evaluate_result(retarget_motion(motion, robot, scene=scene), robot)
    assert report["toe_slide_mean"] > 0.3  # the platform drives at 1 m/s


def test_slide_on_what_drives_is_told_from_where_a_foot_steps_onto_it(robot: RobotModel) -> None:
    motion, scene = _on_a_ride()
    riding = evaluate_result(retarget_motion(motion, robot, scene=scene), robot)
    level = on_floor("cmu_01_01", 300)[0]
    step = Terrain("step", (Shape.box((1, 1, 0.1)).at((40.0, 0, 0.05)),))
    still = evaluate_result(retarget_motion(level, robot, scene=Scene(terrains=(step,))), robot)
    theirs = riding["human_toe_slide_mean"], still["human_toe_slide_mean"]
    assert theirs[0] == pytest.approx(theirs[1], rel=0.15)  # the same steps


def test_at_another_rate_the_robot_is_out_of_things_too(robot: RobotModel) -> None:
    motion, scene = walk_with_crate()
    result = retarget_motion(motion, robot, RetargetOptions(fps=50.0), scene=scene)
    report = evaluate_result(result, robot)
    assert result.fps == 50.0 and result.scene is not None
    assert report["scene_depth_max"] < 0.004
    assert report["hands_kept_share"] == 1.0
