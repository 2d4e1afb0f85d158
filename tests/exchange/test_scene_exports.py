"""Things around a robot in other tools' files: one model with it, behind its configuration, or in their own arrays."""

from __future__ import annotations

import pickle
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import mujoco
import numpy as np
import pytest

from retarget.containers import read_data
from retarget.errors import OptionsError, RetargetError
from retarget.evaluation.frames.near_things import near_things
from retarget.exchange.objects import OBJECT_KEYS, STRICT
from retarget.exchange.registry import export_table
from retarget.exchange.robot_motion import read_robot_motion
from retarget.export import ExportOptions, export_formats, export_result
from retarget.pipeline import retarget_motion
from retarget.result import RetargetingResult
from retarget.robots import load_robot
from retarget.scenes import Scene, SceneObject, Shape, Terrain
from retarget.scenes.mjcf import shapes_of_world
from retarget.scenes.posed import Thing
from retarget.scenes.tracked import robot_things
from retarget.solver.kinematics.forward import forward_kinematics
from scene_clips import carry as carry_of
from scene_clips import climb, needs_clips, walk_with_crate

G1 = load_robot("unitree_g1")
WITH = ExportOptions(objects=True)


@lru_cache(maxsize=1)
def carry() -> RetargetingResult:
    motion, scene = walk_with_crate()
    step = Terrain("step", (Shape.box((0.4, 0.4, 0.2)).at((30.0, 0, 0.1)),))
    return retarget_motion(motion, G1, scene=replace(scene, terrains=(step,)))


def test_robot_and_things_are_one_model_whose_keys_are_the_motion(tmp_path: Path) -> None:
    result, path = carry().frames(0, 60), tmp_path / "carry.xml"
    assert not export_result(result, path, "mujoco_scene", robot=G1).notes
    model = mujoco.MjModel.from_xml_path(str(path))
    data = mujoco.MjData(model)
    assert model.body("thing_crate").mass[0] == pytest.approx(2.0)
    assert model.nq == G1.qpos_size + 7 and model.nkey == len(result)
    assert result.scene is not None
    unweighed = replace(result, scene=replace(result.scene, masses=(None, None)))
    (note,) = export_result(unweighed, tmp_path / "light.xml", "mujoco_scene", robot=G1).notes
    assert "what crate weighs; 1 kg" in note
    places, _ = forward_kinematics(result.qpos, G1)
    gaps = near_things(result, G1, robot_things(result.scene)).near[:, 2:4, 1]
    crate = model.geom("thing_crate_0").id
    hands = [model.geom(f"{side}_hand_collision").id for side in ("left", "right")]
    for frame in range(0, len(result), 12):
        mujoco.mj_resetDataKeyframe(model, data, frame)
        mujoco.mj_kinematics(model, data)
        assert data.time == pytest.approx(frame / result.fps)
        np.testing.assert_allclose(
            data.body("torso_link").xpos,
            places[frame, G1.body_names.index("torso_link")],
            atol=1e-6,
        )
        np.testing.assert_allclose(
            data.body("thing_crate").xpos, result.scene.poses[frame, 0, :3], atol=1e-9
        )
        for hand, geom in enumerate(hands):  # what is 0 mm here is 0 mm there
            away = mujoco.mj_geomDistance(model, data, geom, crate, 1.0, None)
            assert away == pytest.approx(gaps[frame, hand], abs=0.002)
    mujoco.mj_resetDataKeyframe(model, data, 20)
    rates = data.qvel[-6:].copy()
    now, before, after = (result.scene.poses[k, 0] for k in (20, 19, 21))
    np.testing.assert_allclose(rates[:3], (after - before)[:3] * result.fps / 2, atol=1e-6)
    moved = data.qpos.copy()
    mujoco.mj_integratePos(model, moved, data.qvel, 1 / result.fps)
    assert abs(moved[-4:] @ after[3:]) > 1 - 1e-4 and now is not None


@needs_clips
@pytest.mark.parametrize("name", ["sub10_largebox_049", "0"])
def test_depths_are_those_of_mujoco_at_edges_too(name: str, tmp_path: Path) -> None:
    motion, scene = climb(int(name)) if name.isdigit() else carry_of(name)[:2]
    result = retarget_motion(motion, G1, scene=scene)
    export_result(result, tmp_path / "a.xml", "mujoco_scene", robot=G1)
    model = mujoco.MjModel.from_xml_path(str(tmp_path / "a.xml"))
    data = mujoco.MjData(model)
    things = [g for g in range(model.ngeom) if model.geom(g).name.startswith("thing_")]
    capsule = mujoco.mjtGeom.mjGEOM_CAPSULE
    limbs = [g for g in range(model.ngeom) if model.geom_type[g] == capsule and g not in things]
    feet = {model.body(f"{side}_ankle_roll_link").id for side in ("left", "right")}
    limbs = [g for g in limbs if model.geom_bodyid[g] not in feet]
    deepest = 0.0
    for frame in range(0, len(result), 4):
        mujoco.mj_resetDataKeyframe(model, data, frame)
        mujoco.mj_kinematics(model, data)
        for thing in things:
            for limb in limbs:
                away = mujoco.mj_geomDistance(model, data, limb, thing, 0.1, None)
                deepest = max(deepest, -away)
    assert deepest < 0.0015  # metres; spheres at 1.2 radii let edges 6 mm in


def test_shapes_are_as_large_and_where_they_are(tmp_path: Path) -> None:
    turned = np.array([[0.0, -1, 0], [1, 0, 0], [0, 0, 1]])
    planes = np.array([[1.0, 0, 0, 0.2], [-1, 0, 0, 0.2], [0, 1, 0, 0.1], [0, -1, 0, 0.1]])
    roof = np.array([[0.6, 0, 0.8, 0.15], [-0.6, 0, 0.8, 0.15], [0, 0, -1, 0.1]])
    x, y, z = np.meshgrid(*[np.linspace(-0.3, 0.3, 25)] * 3, indexing="ij")
    ball = np.sqrt(x**2 + y**2 + z**2) - 0.22
    heights = np.array([[0.1, 0.2, 0.5], [0.1, 0.3, 0.4], [0.2, 0.2, 0.2], [0.1, 0.2, 0.1]])
    shapes = {
        "box": (Shape.box((0.4, 0.3, 0.2)), 1e-5),
        "sphere": (Shape.sphere(0.3), 1e-5),
        "capsule": (Shape.capsule(0.1, 0.4), 1e-5),
        "lying": (Shape.box((0.6, 0.2, 0.2), 0.1), 1e-5),
        "cylinder": (Shape.cylinder(0.2, 0.5), 1e-5),
        "hull": (Shape.hull(np.concatenate([planes, roof]), np.array([0.2, 0.1, 0.2])), 1e-4),
        "grid": (Shape.grid(ball, np.full(3, 0.3)), 0.025),  # cells of 25 mm
        "field": (Shape.height_field(heights, (1.0, 1.4)), 1e-4),
    }
    motion, _ = walk_with_crate()
    things = tuple(
        Terrain(name, (shape.at((0, 20 + 3 * k, 1.0), turned if name != "field" else None),), 1.0)
        for k, (name, (shape, _)) in enumerate(shapes.items())
    )
    result = retarget_motion(motion, G1, scene=Scene(terrains=things)).frames(0, 4)
    export_result(result, tmp_path / "all.xml", "mujoco_scene", robot=G1)
    assert result.scene is not None
    read = [shape for shape in shapes_of_world(tmp_path / "all.xml") if shape.bound < 10]
    still = np.zeros((1, 3)), np.eye(3)[None]
    all_of_it = Thing("read", tuple(read), *still, False, True, 1.0)
    rng = np.random.default_rng(3)
    for thing in robot_things(result.scene)[1:]:
        points = thing.shapes[0].place + thing.places[0] + rng.uniform(-0.6, 0.6, (200, 3))
        here, there = thing.nearest(points).distance, all_of_it.nearest(points).distance
        near = (np.abs(here) < 0.3) & (here > 0.03)
        if thing.name == "field":
            near &= np.abs(thing.nearest(points).place[:, 0]) < 0.45
        assert near.sum() > 10
        assert np.abs(here - there)[near].max() < shapes[thing.name][1], thing.name


def test_holosoma_has_the_object_behind_the_robot_and_no_terrain(tmp_path: Path) -> None:
    result = carry()
    export_result(result, tmp_path / "a.npz", "holosoma", robot=G1)
    qpos = np.load(tmp_path / "a.npz")["qpos"]
    assert qpos.shape[1] == 36 + 7
    at_rate = result.resampled(30.0)
    assert at_rate.scene is not None
    np.testing.assert_allclose(qpos[:, 36:], at_rate.scene.poses[:, 0], atol=1e-6)
    assert result.scene is not None
    fixed = replace(result.scene, moves=np.zeros(2, bool))
    export_result(replace(result, scene=fixed), tmp_path / "b.npz", "holosoma", robot=G1)
    assert np.load(tmp_path / "b.npz")["qpos"].shape[1] == 36


@pytest.mark.parametrize("table", export_formats(), ids=lambda table: str(table.kind))
def test_every_format_has_the_things_or_says_why_not(table, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    result = carry()
    path = tmp_path / f"clip{table.stem}{table.suffix}"
    plain = export_result(result, path, table.kind, robot=G1)
    left = [note for note in plain.notes if "left out are things" in note]
    assert bool(left) == (table.row("model") is None)
    assert not left or ("crate" in left[0]) == (not table.objects)
    if table.motion_library in STRICT:
        with pytest.raises(OptionsError, match="refuse arrays that they do not know"):
            export_result(result, tmp_path / f"x{path.name}", table.kind, robot=G1, options=WITH)
        assert len(list(tmp_path.iterdir())) == 1
        return
    other = tmp_path / f"with{table.stem}{table.suffix}"
    written = export_result(result, other, table.kind, robot=G1, options=WITH)
    at_rate = result.resampled(written.fps)
    assert at_rate.scene is not None
    poses = at_rate.scene.poses[:, 0]
    found = _object_pose(other, table.kind)
    assert len(found) == len(poses)
    np.testing.assert_allclose(found[:, :3], poses[:, :3], atol=1e-5)
    alike = np.abs(np.sum(found[:, 3:] * poses[:, 3:], axis=1))
    np.testing.assert_allclose(alike, 1.0, atol=1e-5)


def _object_pose(path: Path, kind: str) -> np.ndarray:
    """The crate's xyz and wxyz as a file has them, read as plainly as can be."""
    table = export_table(kind)
    order = next((r.quaternion for r in table.rows if r.quaternion in ("wxyz", "xyzw")), "wxyz")
    if path.is_dir():
        rows = np.loadtxt(path / "objects.csv", delimiter=",", skiprows=1, ndmin=2)
        return rows[:, -7:]
    if table.container == "csv":
        headed = any(row.columns for row in table.rows)
        rows = np.loadtxt(path, delimiter=",", skiprows=int(headed))[:, -7:]
        return rows if headed or order == "wxyz" else rows[:, [0, 1, 2, 6, 3, 4, 5]]
    if table.container == "mjcf":
        from xml.etree import ElementTree

        keys = ElementTree.parse(path).getroot().iter("key")
        return np.array([key.attrib["qpos"].split() for key in keys], float)[:, -7:]
    if table.container == "pickle":
        values = pickle.loads(path.read_bytes())
    elif table.container == "npz":
        values = dict(np.load(path, allow_pickle=False))
    else:
        values = read_data(path.read_bytes(), path)
        values = values.item() if isinstance(values, np.ndarray) else values
    if table.objects:
        return np.asarray(values["qpos"])[:, -7:]
    values = next(iter(values.values())) if table.per_clip else values
    names, places, turns = (np.asarray(values[key]) for key in OBJECT_KEYS)
    assert names.reshape(-1).tolist() == ["crate"]
    turns = turns[:, 0] if order == "wxyz" else turns[:, 0][:, [3, 0, 1, 2]]
    return np.concatenate([places[:, 0], turns], axis=1)


def test_what_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    result = carry()
    without = replace(result, scene=None)
    with pytest.raises(OptionsError, match="no things on paths"):
        export_result(without, tmp_path / "a.csv", robot=G1, options=WITH)
    unknown = replace(result, provenance={**result.provenance, "run": {"robot": "nobody.xml"}})
    with pytest.raises(RetargetError, match="model file"):
        export_result(unknown, tmp_path / "a.xml", "mujoco_scene", robot=G1)
    ground = Shape.height_field(np.ones((3, 3)), (1, 1))
    motion, scene = walk_with_crate()
    (crate,) = scene.objects
    moving = Scene((SceneObject("raft", (ground,), crate.trajectory),))
    raft = retarget_motion(motion.frames(0, 10), G1, scene=moving)
    with pytest.raises(OptionsError, match="raft: MuJoCo has no height fields that move"):
        export_result(raft, tmp_path / "a.xml", "mujoco_scene", robot=G1)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("kind", "suffix"),
    [("holosoma", ".npz"), ("mujoco_scene", ".xml"), ("mujoco_keyframes", ".xml")],
)
def test_things_behind_the_robot_are_read_back(kind: str, suffix: str, tmp_path: Path) -> None:
    result, path = carry().frames(0, 60), tmp_path / f"carry{suffix}"
    options = ExportOptions(fps=30.0) if kind == "holosoma" else WITH
    export_result(result, path, kind, robot=G1, options=options)
    motion = read_robot_motion(path, G1, fps=30.0 if kind == "holosoma" else None)
    assert motion.kind in {kind, "mujoco_keyframes"} and motion.qpos.shape[1] == G1.qpos_size
    wanted = result.resampled(motion.fps)
    assert wanted.scene is not None and motion.objects is not None
    np.testing.assert_allclose(motion.objects, wanted.scene.moving_poses(), atol=1e-5)
    np.testing.assert_allclose(motion.qpos[:, 7:], wanted.qpos[:, 7:], atol=1e-5)


def test_holosomas_own_layout_is_read_with_its_object_and_what_is_none_is_refused(
    tmp_path: Path,
) -> None:
    result = carry().frames(0, 40).resampled(30.0)
    human = np.zeros((len(result), 22, 3))
    rows = result.qpos_with_objects()
    path = tmp_path / "sub3_largebox_003_original.npz"
    np.savez(path, qpos=rows, human_joints=human, fps=30, cost=0.3)
    motion = read_robot_motion(path, G1)
    assert motion.fps == 30.0 and motion.objects is not None and motion.objects.shape[1:] == (1, 7)
    np.testing.assert_allclose(motion.objects[:, 0], rows[:, -7:], atol=1e-9)
    np.savez(path, qpos=np.concatenate([rows[:, :-4], np.ones((len(rows), 4))], axis=1), fps=30)
    with pytest.raises(RetargetError, match="36 joints"):  # ones are no quaternion
        read_robot_motion(path, G1)
