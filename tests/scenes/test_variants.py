"""Variants of a scene: every combination of a plan, named, and a job of a batch for each."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from retarget.batch import BatchJob
from retarget.config import RunConfig
from retarget.errors import RetargetError
from retarget.evaluation import evaluate_result
from retarget.pipeline import retarget_motion
from retarget.robots import load_robot
from retarget.scenes import ObjectTrajectory, Scene, SceneObject, Shape, Terrain
from retarget.scenes.distance import BOX, CYLINDER
from retarget.scenes.place import placed_scene
from retarget.scenes.posed import Thing, posed_things
from retarget.scenes.stretching import stretched_up
from retarget.scenes.tracked import robot_things, source_things
from retarget.scenes.variants import AugmentPlan, Variant, first_touch, load_plan, variants
from retarget.worker import RetargetWorker
from scene_clips import carry, climb, needs_clips, walk_with_crate


def test_a_plan_is_every_combination_of_what_it_varies() -> None:
    plan = AugmentPlan(sizes={"crate": [0.8, 1.0]}, terrain=[0.9, 1.1], mirror=True)
    names = [variant.name for variant in variants(plan)]
    assert len(names) == len(set(names)) == 8
    assert "crate0.8__terrain1.1__mirror" in names
    few = [v.name for v in variants(plan.model_copy(update={"count": 3}))]
    assert len(few) == 3 and set(few) < set(names)
    assert few == [v.name for v in variants(plan.model_copy(update={"count": 3}))]


def test_sizes_are_of_objects_and_terrain_is_one_piece() -> None:
    motion, scene = walk_with_crate()
    steps = Terrain("steps", (Shape.box((1, 1, 0.2)).at((9, 0, 0.1)),))
    both = replace(scene, terrains=(steps,))
    changed = Variant(sizes={"crate": 0.7}, terrain=1.2).scene(both, motion)
    assert changed.objects[0].size == 0.7
    things = posed_things(changed, len(motion), motion.fps)
    far = np.tile([50.0, 50, 1], (len(motion), 1))
    names = [f"{s}_{p}" for s in ("left", "right") for p in ("heel", "toe", "knee", "palm", "hip")]
    world = placed_scene(
        things, dict.fromkeys([*names, "pelvis", "chest"], far), [], 0.75, motion.fps
    )
    assert world.sizes == pytest.approx([0.75, 0.7, 0.75 * 1.2])


def test_an_object_of_another_shape_is_as_large_and_held_where_its_surface_is() -> None:
    motion, scene = walk_with_crate()
    (crate,) = scene.objects
    for kind in ("box", "cylinder", "sphere", "capsule"):
        (changed,) = Variant(shapes={"crate": kind}).scene(scene, motion).objects
        assert changed.shapes == crate.shapes and changed.stand_in is not None  # the human's stays
        (shape,) = changed.stand_in
        own = crate.shapes[0].half + crate.shapes[0].rounded
        if kind == "box":
            np.testing.assert_allclose(shape.half, own)
        assert np.abs(shape.half + shape.rounded - own).max() < 0.5 * own.max()
    robot = load_robot("unitree_g1")
    round_one = Variant(shapes={"crate": "cylinder"}).scene(scene, motion)
    result = retarget_motion(motion, robot, scene=round_one)
    report = evaluate_result(result, robot)
    assert report["hands_kept_share"] == 1.0 and report["scene_depth_max"] < 0.002
    assert result.scene is not None
    as_box = replace(result, scene=replace(result.scene, stand_ins=(None,)))
    assert evaluate_result(as_box, robot)["hand_gap_mean"] > report["hand_gap_mean"] + 0.002
    assert robot_things(result.scene)[1].shapes[0].kind == CYLINDER
    assert source_things(result.scene)[1].shapes[0].kind == BOX


@pytest.mark.parametrize("size", [0.5, 1.0, 2.0])
def test_what_stands_for_an_object_stands_where_it_stood(size: float) -> None:
    motion, _ = walk_with_crate()
    still = ObjectTrajectory.identity(len(motion), motion.fps)
    lying = replace(still, positions=still.positions + np.array([2.0, 0.0, 0.3]))
    box = SceneObject("it", (Shape.box((0.4, 0.4, 0.6)),), lying, size)
    scene = Variant(shapes={"it": "sphere"}).scene(Scene((box,)), motion)
    things = posed_things(scene, len(motion), motion.fps)
    far = np.tile([50.0, 50, 1], (len(motion), 1))
    names = [f"{s}_{p}" for s in ("left", "right") for p in ("heel", "toe", "knee", "palm", "hip")]
    world = placed_scene(
        things, dict.fromkeys([*names, "pelvis", "chest"], far), [], 0.75, motion.fps
    )
    np.testing.assert_allclose(world.things[1].lowest(), 0.0, atol=1e-9)


def test_terrain_is_made_higher_as_one_piece_and_slopes_become_steeper() -> None:
    slope = np.radians(20.0)
    turn = np.array(
        [[np.cos(slope), 0, -np.sin(slope)], [0, 1, 0], [np.sin(slope), 0, np.cos(slope)]]
    )
    ramp = Shape.box((2, 1, 0.1)).at((0, 0, 0.5), turn)
    rng = np.random.default_rng(0)
    for shape in (ramp, Shape.box((1, 2, 0.4)).at((1, 0, 0.2)), Shape.cylinder(0.3, 0.8)):
        higher = stretched_up(shape, 1.5)
        still = np.zeros((1, 3)), np.eye(3)[None]
        was, now = (Thing("it", (s,), *still, False, True, 1.0) for s in (shape, higher))
        points = shape.place + rng.uniform(-1, 1, (3000, 3))
        inside = was.nearest(points).distance < 0
        lifted = now.nearest(points * [1, 1, 1.5]).distance < 0
        np.testing.assert_array_equal(inside, lifted)
        assert inside.sum() > 10
    for shape in (Shape.sphere(0.3), Shape.capsule(0.1, 0.4).at((0, 0, 0), turn)):
        with pytest.raises(RetargetError, match="cannot be made higher alone"):
            stretched_up(shape, 1.5)
    rolling = Scene(terrains=(Terrain("ball", (Shape.sphere(0.3),), height=1.2),))
    with pytest.raises(RetargetError, match="ball: a box that is round"):
        posed_things(rolling, 3, 30.0)


@needs_clips
@pytest.mark.parametrize(("number", "height"), [(0, 0.8), (0, 1.3), (4, 1.2)])
def test_climbs_of_other_heights_are_climbed(number: int, height: float) -> None:
    motion, scene = climb(number)
    robot = load_robot("unitree_g1")
    higher = Variant(terrain_height=height).scene(scene, motion)
    result = retarget_motion(motion, robot, scene=higher)
    plain = retarget_motion(motion, robot, scene=scene)
    report = evaluate_result(result, robot)
    assert report["hands_kept_share"] > 0.98
    assert report["scene_depth_max"] < 0.003
    assert report["toe_slide_mean"] < 0.005
    legs = plain.qpos[:, 2].min()
    rise = (result.qpos[:, 2].max() - legs) / (plain.qpos[:, 2].max() - legs)
    assert (rise - 1) * (height - 1) > 0 and abs(rise - 1) < abs(height - 1) + 0.05


def test_robots_are_varied_too(tmp_path: Path) -> None:
    plan = AugmentPlan(sizes={"crate": [0.8]}, robots=["unitree_g1", "booster_t1"])
    names = [variant.name for variant in variants(plan)]
    assert names == ["crate0.8__unitree_g1", "crate0.8__booster_t1"]
    (tmp_path / "walk.bvh").write_text("x")
    (tmp_path / "scene.toml").write_text("[[terrain]]\nboxes = [{ size_m = [1, 1, 1] }]\n")
    worker = RetargetWorker(RunConfig(scene=tmp_path / "scene.toml"))
    found = []
    for robot in ("unitree_g1", "booster_t1"):
        job = BatchJob(
            id=robot,
            motion=tmp_path / "walk.bvh",
            output=tmp_path / "o.npz",
            provenance={"variant": {"robot": robot}},
        )
        assert worker.config_of(job).robot == robot
        found.append(worker.fingerprint(job))
    assert found[0]["robot"] != found[1]["robot"]


@needs_clips
def test_a_shifted_box_comes_to_its_path_before_it_is_taken_up() -> None:
    motion, scene, _ = carry("sub3_largebox_003")
    taken = first_touch(scene, motion)["largebox"]
    changed = Variant(shift_m={"largebox": (0.2, 0, 0)}, yaw_deg={"largebox": 30}).scene(
        scene, motion
    )
    was, now = scene.objects[0].trajectory, changed.objects[0].trajectory
    assert was is not None and now is not None
    away = now.positions - was.positions
    np.testing.assert_allclose(away[0], [0.2, 0, 0], atol=1e-9)
    after = round(taken * motion.fps)
    np.testing.assert_allclose(away[after:], 0.0, atol=1e-9)
    np.testing.assert_allclose(now.rotations[after:], was.rotations[after:], atol=1e-9)


def test_what_a_scene_has_not_cannot_be_varied() -> None:
    motion, scene = walk_with_crate()
    with pytest.raises(RetargetError, match="table"):
        Variant(sizes={"table": 0.7}).scene(scene, motion)
    with pytest.raises(RetargetError, match="no objects"):
        Variant(sizes={"table": 0.7}).scene(Scene(), motion)
    for heights in (Variant(terrain=0.9), Variant(terrain_height=1.1)):
        with pytest.raises(RetargetError, match="terrain: the scene has none; leave terrain out"):
            heights.scene(scene, motion)


@pytest.mark.parametrize(
    "text",
    [
        "sizes = { crate = [0] }",
        "shapes = { crate = [] }",
        "shapes = { crate = ['box', 'box'] }",
        "colour = 'red'",
        "terrain = [-1]",
        "]",
    ],
)
def test_a_wrong_plan_is_said_in_one_line(tmp_path: Path, text: str) -> None:
    (tmp_path / "plan.toml").write_text(text)
    with pytest.raises(RetargetError, match=r"plan\.toml") as caught:
        load_plan(tmp_path / "plan.toml")
    assert "\n" not in str(caught.value)


def test_variants_that_would_be_one_file_are_refused() -> None:
    with pytest.raises(RetargetError, match="2 variants are named 'robot'"):
        list(variants(AugmentPlan(robots=["a/robot.xml", "b/robot.xml"])))
    with pytest.raises(RetargetError, match=r"named 'terrain0\.8'"):
        list(variants(AugmentPlan(terrain=[0.8, 0.8 + 1e-9])))


def test_a_job_says_its_variant_and_its_fingerprint_knows_it(tmp_path: Path) -> None:
    (tmp_path / "walk.bvh").write_text("x")
    (tmp_path / "scene.toml").write_text("[[terrain]]\nboxes = [{ size_m = [1, 1, 1] }]\n")
    worker = RetargetWorker(RunConfig(scene=tmp_path / "scene.toml"))

    def job(**variant: object) -> BatchJob:
        provenance = {"variant": variant} if variant else {}
        return BatchJob(
            id="walk",
            motion=tmp_path / "walk.bvh",
            output=tmp_path / "o.npz",
            provenance=provenance,
        )

    changed = worker.config_of(job(terrain=1.1, mirror=True))
    assert changed.variant == Variant(terrain=1.1, mirror=True) and changed.options.mirror
    prints = [worker.fingerprint(one) for one in (job(), job(terrain=1.1), job(terrain=1.2))]
    assert len({tuple(sorted(one.items())) for one in prints}) == 3
    (tmp_path / "scene.toml").write_text("[[terrain]]\nboxes = [{ size_m = [1, 1, 2] }]\n")
    assert worker.fingerprint(job()) != prints[0]
