"""Variants of a scene: every combination of a plan, named, and a job of a batch for each."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from retarget.batch import BatchJob
from retarget.config import RunConfig
from retarget.errors import RetargetError
from retarget.scenes import Scene, Shape, Terrain
from retarget.scenes.place import placed_scene
from retarget.scenes.posed import posed_things
from retarget.scenes.variants import AugmentPlan, Variant, first_touch, load_plan, variants
from retarget.worker import RetargetWorker
from scene_clips import carry, needs_clips, walk_with_crate


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


@pytest.mark.parametrize(
    "text", ["sizes = { crate = [0] }", "colour = 'red'", "terrain = [-1]", "]"]
)
def test_a_wrong_plan_is_said_in_one_line(tmp_path: Path, text: str) -> None:
    (tmp_path / "plan.toml").write_text(text)
    with pytest.raises(RetargetError, match=r"plan\.toml") as caught:
        load_plan(tmp_path / "plan.toml")
    assert "\n" not in str(caught.value)


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
