"""A scene that nothing of the body comes near: the same bits as without it, and the things are told, kept and shown."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest

from retarget.config import RunConfig
from retarget.demo import embedded_clips
from retarget.evaluation import MEASURES, evaluate_result
from retarget.motion import Motion, read_motion
from retarget.options import RetargetOptions
from retarget.pipeline import retarget_motion
from retarget.result import RetargetingResult
from retarget.robots import RobotModel, load_robot
from retarget.scenes import ObjectTrajectory, Scene, SceneObject, Shape, Terrain, Touch
from retarget.scenes.far import LEFT_OUT, is_far
from retarget.worker import retarget_file

CLIP = next(path for path in embedded_clips() if path.stem == "humanoid_walk")


@pytest.fixture(scope="module")
def robot() -> RobotModel:
    return load_robot("unitree_g1")


@lru_cache(maxsize=1)
def walk() -> Motion:
    return read_motion(CLIP).frames(0, 90)  # its floor is where its feet are, not at 0


def box_at(x: float, y: float, height: float = 1.0) -> Scene:
    box = Shape.box((1, 1, height)).at((x, y, height / 2))
    return Scene(terrains=(Terrain("box", (box,)),))


def driving(y: float) -> SceneObject:
    """A box on a path of another rate, shorter than the walk."""
    path = ObjectTrajectory.identity(40, 20.0)
    places = path.positions + np.array([0.0, y, 0.5])
    places[:, 0] = np.linspace(0, 1, 40)
    return SceneObject("car", (Shape.box((1, 1, 1)),), replace(path, positions=places))


@pytest.mark.parametrize(
    "options",
    [
        RetargetOptions(),
        RetargetOptions(fps=50, start_s=0.4, end_s=1.7),
        RetargetOptions(mirror=True, time_scale=1.3),
        RetargetOptions(time_scale="similar"),
    ],
    ids=["plain", "part at another rate", "mirrored and slower", "as slow as its legs"],
)
@pytest.mark.parametrize("away", [100.0, 4.0])
def test_a_scene_out_of_reach_gives_the_same_bits(
    robot: RobotModel, away: float, options: RetargetOptions
) -> None:
    scene = replace(box_at(0.0, away), objects=(driving(away + 3.0),))
    plain = retarget_motion(walk(), robot, options)
    around = retarget_motion(walk(), robot, options, scene=scene)
    assert np.array_equal(around.qpos, plain.qpos)
    assert np.array_equal(around.contacts, plain.contacts) and around.fps == plain.fps
    track = around.scene
    assert track is not None and track.names == ("car", "box")
    assert track.problem(len(around)) == ""
    side = -1 if options.mirror else 1
    np.testing.assert_allclose(track.source_poses[:, 0, 1], side * (away + 3.0), atol=1e-9)
    assert around.provenance["scene"]["left_out"] == LEFT_OUT


def test_it_is_judged_as_without_things_and_has_them(robot: RobotModel, tmp_path: Path) -> None:
    plain = evaluate_result(retarget_motion(walk(), robot), robot)
    around = retarget_motion(walk(), robot, scene=box_at(0.0, 3.0))
    around.save_npz(tmp_path / "around.npz")
    again = RetargetingResult.load_npz(tmp_path / "around.npz")
    assert again.scene is not None and again.scene.names == ("box",)
    report = evaluate_result(again, robot)
    assert report["scene_depth_max"] == 0.0 and report["hands_kept_share"] is None
    for name, measure in MEASURES.items():
        if measure.group != "things":
            value, alone = report[name], plain[name]
            assert (value is None) == (alone is None), name
            assert value is None or value == pytest.approx(alone, rel=1e-6), name  # files round


def test_who_runs_is_told(tmp_path: Path) -> None:
    text = "[[terrain]]\nname = 'box'\nboxes = [{ center = [40, 0, 0.1], size_m = [1, 1, 0.2] }]\n"
    (tmp_path / "scene.toml").write_text(text)
    config = RunConfig(scene=tmp_path / "scene.toml")
    record = retarget_file(CLIP, tmp_path / "a.npz", config)
    assert f"scene: {LEFT_OUT}" in record["notes"]


def test_whatever_may_matter_is_not_left_out(robot: RobotModel) -> None:
    motion, scale = walk(), 0.8
    side = float(motion.positions[:, :, 1].max())
    assert is_far(motion, box_at(0.0, side + 1.6), scale)
    assert not is_far(motion, box_at(0.0, side + 1.4), scale)  # 0.9 m beside it
    once = driving(side + 5.0)
    assert once.trajectory is not None
    places = once.trajectory.positions.copy()
    places[17:19, 1] = side + 0.6  # it comes by in one frame of the walk
    path = replace(once.trajectory, positions=places)
    assert is_far(motion, Scene((once,)), scale)
    assert not is_far(motion, Scene((replace(once, trajectory=path),)), scale)
    # As large as it is, it comes nearer in a smaller world; and larger terrain does.
    wide = Shape.box((8, 8, 1)).at((0.0, side + 5.5, 0.5))
    assert is_far(motion, Scene(terrains=(Terrain("hall", (wide,)),)), scale)
    assert not is_far(motion, Scene((SceneObject("hall", (wide,)),)), scale)
    assert not is_far(motion, Scene(terrains=(Terrain("hall", (wide,), stretch=1.5),)), scale)
    # What is said to be touched is touched.
    said = replace(box_at(0.0, side + 5.0), touches=(Touch("left_palm", "box", 0.1, 0.5),))
    assert not is_far(motion, said, scale)
    near = retarget_motion(motion, robot, scene=box_at(0.0, side + 0.7))
    assert "left_out" not in near.provenance["scene"]
