"""Robot motions of other tools among things: measured with the file's own things as results of ours are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from retarget.cli.main import main
from retarget.errors import FileFormatError, OptionsError
from retarget.evaluation import MEASURES, ClipReport, evaluate_result
from retarget.exchange.robot_motion import RobotMotion, read_robot_motion
from retarget.export import ExportOptions, export_result
from retarget.foreign_result import foreign_result
from retarget.geometry import matrix_from_quaternion, quaternion_product
from retarget.motion import Motion
from retarget.pipeline import retarget_motion
from retarget.result import RetargetingResult
from retarget.robots import load_robot
from retarget.scenes import ObjectTrajectory, Scene, SceneObject, Shape, Terrain
from scene_clips import carry, needs_clips, walk_with_crate

G1 = load_robot("unitree_g1")
OF_THINGS = [name for name, measure in MEASURES.items() if measure.group == "things"]
WITH = ExportOptions(objects=True)
LOST = np.where(np.arange(150)[:, None, None] == 3, np.nan, np.zeros((150, 1, 3)))
PEERS = 0.7416  # by which the peer makes the world smaller, as bodies' heights are


@lru_cache(maxsize=1)
def ours() -> tuple[Motion, Scene, RetargetingResult]:
    motion, scene = walk_with_crate()
    return motion, scene, retarget_motion(motion, G1, scene=scene)


@lru_cache(maxsize=1)
def good() -> ClipReport:
    return evaluate_result(ours()[2], G1)


def peer_file(folder: Path, change: Callable[[np.ndarray, float], None] | None = None) -> Path:
    """Our carry as holosoma's retargeting writes its results, with something wrong about it."""
    _, _, own = ours()
    rows = own.qpos_with_objects()
    if change is not None:
        change(rows, own.fps)
    human = np.zeros((len(rows), 52, 3))
    path = folder / "sub3_largebox_003_original.npz"
    np.savez(path, qpos=rows, human_joints=human, fps=own.fps, cost=0.31)
    return path


def judged(path: Path, **more: Any) -> ClipReport:
    motion, scene, _ = ours()
    result, _ = foreign_result(read_robot_motion(path, G1), G1, motion, scene=scene, **more)
    return evaluate_result(result, G1)


@pytest.mark.parametrize(
    ("kind", "suffix"),
    [
        *(("holosoma", ".npz"), ("mujoco_scene", ".xml"), ("mujoco_keyframes", ".xml")),
        *(("unitree_csv", ".csv"), ("kimodo_csv", ".csv"), ("bones_csv", ".csv")),
        *(("gmr", ".pkl"), ("phc", ".pkl")),
    ],
)
def test_our_own_exports_score_as_the_result_that_they_are_of(
    kind: str, suffix: str, tmp_path: Path
) -> None:
    motion, scene, own = ours()
    path = tmp_path / f"carry{suffix}"
    written = export_result(own, path, kind, robot=G1, options=WITH)
    try:
        read = read_robot_motion(path, G1, kind=kind)
    except OptionsError:  # the file does not say its rate
        read = read_robot_motion(path, G1, kind=kind, fps=written.fps)
    result, _ = foreign_result(read, G1, motion, scene=scene)
    report = evaluate_result(result, G1)
    for name in OF_THINGS:
        assert report[name] == pytest.approx(good()[name], rel=0.01, abs=2e-5), name
    result.save_npz(tmp_path / "saved.npz")
    kept = RetargetingResult.load_npz(tmp_path / "saved.npz").scene
    assert kept is not None and kept.names == ("crate",)


def _arms_open(rows: np.ndarray, fps: float) -> None:
    for name, sign in (("left_shoulder_roll_joint", 1), ("right_shoulder_roll_joint", -1)):
        rows[:, 7 + G1.joint_names.index(name)] += sign * 0.6


def _arms_closed(rows: np.ndarray, fps: float) -> None:
    for name, sign in (("left_shoulder_roll_joint", -1), ("right_shoulder_roll_joint", 1)):
        rows[:, 7 + G1.joint_names.index(name)] += sign * 0.3


def _all_of_it_creeps(rows: np.ndarray, fps: float) -> None:
    along = 0.03 * np.arange(len(rows)) / fps
    rows[:, 0] += along
    rows[:, -7] += along


def _crate_lower(rows: np.ndarray, fps: float) -> None:
    rows[:, -5] -= 0.1


def _crate_trembles(rows: np.ndarray, fps: float) -> None:
    rows[:, -5] += 0.01 * np.sin(np.arange(len(rows)))


@pytest.mark.parametrize(
    ("fault", "measure", "least"),
    [
        (_arms_open, "hand_gap_mean", 0.02),
        (_arms_closed, "scene_depth_max", 0.02),
        (_all_of_it_creeps, "toe_slide_mean", 0.025),
        (_crate_lower, "hand_place_error_mean", 0.08),
        (_crate_lower, "object_shift_max", 0.05),
        (_crate_trembles, "hand_slide_mean", 0.1),
    ],
)
def test_a_fault_of_a_peers_result_is_measured(
    fault: Callable[[np.ndarray, float], None], measure: str, least: float, tmp_path: Path
) -> None:
    well, ill = judged(peer_file(tmp_path)), judged(peer_file(tmp_path, fault))
    value, before = ill[measure], well[measure]
    assert value is not None and before is not None
    if measure == "object_shift_max":  # a crate of its own size gives way a little anyway
        value, before = abs(value - before), 0.0
    assert value > least > 2 * before
    if fault is _arms_open:
        assert ill["hands_kept_share"] < 0.5 < well["hands_kept_share"] == 1.0
        assert ill["unreached_holds"] >= 1
        assert "hands_kept_share" in {gate.measure for gate in ill.failed_gates}
    if fault is _arms_closed:
        assert ill["scene_depth_share"] > 0.9
        assert "scene_depth_share" in {gate.measure for gate in ill.failed_gates}


def test_a_file_that_begins_later_has_its_things_when_they_were_there(tmp_path: Path) -> None:
    motion, scene, own = ours()
    rows = own.qpos_with_objects()[17:]
    np.savez(tmp_path / "later.npz", qpos=rows, fps=own.fps)
    read = read_robot_motion(tmp_path / "later.npz", G1)
    result, found = foreign_result(read, G1, motion, scene=scene)
    assert found is not None and found.first == 17 and result.scene is not None
    np.testing.assert_allclose(result.scene.poses[:, 0], rows[:, -7:], atol=1e-9)
    assert evaluate_result(result, G1)["hand_gap_mean"] == pytest.approx(
        good()["hand_gap_mean"], abs=5e-5
    )


def _at_scale(scale: float) -> RobotMotion:
    """A peer's: base and crate where a world of that scale has them along the floor."""
    _, _, own = ours()
    assert own.scene is not None
    qpos, poses = own.qpos.copy(), own.scene.moving_poses().copy()
    qpos[:, :2] *= scale / own.scene.scale
    poses[:, 0, :2] = scale * own.scene.source_poses[:, 0, :2]
    names = G1.joint_names
    return RobotMotion(
        Path("peer.npz"), "peer", "holosoma", "", "unitree_g1", names, qpos, own.fps, (), (), (), poses
    )  # fmt: skip


def test_how_large_a_files_world_is_its_things_tell_or_a_person() -> None:
    motion, scene, own = ours()
    assert own.scene is not None
    beside = Terrain("step", (Shape.box((0.4, 0.4, 0.2)).at((3.0, 1.0, 0.1)),))
    both = replace(scene, terrains=(beside,))
    result, _ = foreign_result(_at_scale(PEERS), G1, motion, scene=both)
    assert result.scene is not None and result.scene.scale == pytest.approx(PEERS, abs=1e-6)
    np.testing.assert_allclose(result.scene.poses[0, 1, :3], 0.0, atol=1e-12)
    assert result.scene.sizes[1] == pytest.approx(PEERS, abs=1e-6)
    assert not [d for d in result.provenance["motion"]["doubts"] if d["name"] == "things"]

    steps = Scene(terrains=(beside,))
    alone = replace(_at_scale(PEERS), objects=None)
    guessed, _ = foreign_result(alone, G1, motion, scene=steps)
    (doubt,) = [d for d in guessed.provenance["motion"]["doubts"] if d["name"] == "things"]
    assert "--world-scale" in doubt["reason"] and guessed.scene is not None
    assert guessed.scene.scale == pytest.approx(own.scene.scale, abs=1e-9)
    said, _ = foreign_result(alone, G1, motion, scene=steps, world_scale=PEERS)
    assert said.scene is not None and said.scene.scale == PEERS
    assert not [d for d in said.provenance["motion"]["doubts"] if d["name"] == "things"]

    with pytest.raises(OptionsError, match=r"peer.npz: the robot travels 0.\d+ m .*--world-scale"):
        foreign_result(replace(_at_scale(0.9), objects=None), G1, motion, scene=steps)
    far = replace(alone, qpos=alone.qpos + np.eye(1, G1.qpos_size)[0])
    with pytest.raises(
        OptionsError, match=r"0\.9\d m from where the human is .*step cannot be placed"
    ):
        foreign_result(far, G1, motion, scene=steps, world_scale=PEERS)


def test_a_thing_that_the_file_has_not_is_where_the_scaled_world_has_it_and_that_is_said() -> None:
    motion, scene, own = ours()
    assert own.scene is not None
    without = replace(_at_scale(own.scene.scale), objects=None)
    result, _ = foreign_result(without, G1, motion, scene=scene)
    assert result.scene is not None
    np.testing.assert_allclose(result.scene.poses, own.scene.poses, atol=1e-9)
    reasons = [d["reason"] for d in result.provenance["motion"]["doubts"]]
    assert any("does not say where crate is" in reason for reason in reasons)


def test_things_are_matched_by_name_and_their_number_must_be_the_scenes() -> None:
    motion, scene, _ = ours()
    (crate,) = scene.objects
    path = crate.trajectory
    assert path is not None
    aside = ObjectTrajectory(path.positions + np.array([0.0, 3.0, 0.0]), path.rotations, path.fps)
    two = Scene((SceneObject("other", crate.shapes, aside), crate))
    file = _at_scale(PEERS)
    assert file.objects is not None
    beside = file.objects + np.array([0.0, 3.0 * PEERS, 0.0, 0, 0, 0, 0])
    both = np.concatenate([file.objects, beside], axis=1)
    named = replace(file, objects=both, object_names=("crate", "other"))
    result, _ = foreign_result(named, G1, motion, scene=two)
    assert result.scene is not None and result.scene.names == ("other", "crate")
    np.testing.assert_allclose(result.scene.poses[:, 1], file.objects[:, 0], atol=1e-12)
    with pytest.raises(OptionsError, match="has 1 thing beside the robot, the scene other, crate"):
        foreign_result(file, G1, motion, scene=two)
    with pytest.raises(OptionsError, match="has barrel beside the robot, the scene crate"):
        foreign_result(replace(file, object_names=("barrel",)), G1, motion, scene=scene)
    with pytest.raises(OptionsError, match="no object"):
        foreign_result(file, G1, motion, scene=Scene(terrains=(Terrain("x", crate.shapes),)))
    with pytest.raises(OptionsError, match="--source"):
        foreign_result(file, G1, None, scene=scene)


@pytest.mark.parametrize("order", ["wxyz", "xyzw"])
def test_things_whose_quaternions_are_in_the_other_order_are_told_by_the_humans(
    order: str, tmp_path: Path
) -> None:
    motion, scene, _ = ours()
    (crate,) = scene.objects
    assert crate.trajectory is not None
    half = np.array([np.cos(0.6), 0.0, 0.0, np.sin(0.6)])  # its frame is turned, and its box back
    turned = np.broadcast_to(half, crate.trajectory.rotations.shape)
    path = replace(
        crate.trajectory, rotations=quaternion_product(crate.trajectory.rotations, turned)
    )
    back = matrix_from_quaternion(half * [1, -1, -1, -1])
    shapes = tuple(replace(s, place=back @ s.place, turn=back @ s.turn) for s in crate.shapes)
    around = Scene((replace(crate, trajectory=path, shapes=shapes),))
    result = retarget_motion(motion, G1, scene=around)
    rows = result.qpos_with_objects()
    rows[:, -4:] = np.roll(rows[:, -4:], -1 if order == "xyzw" else 0, axis=1)
    np.savez(tmp_path / "peer.npz", qpos=rows, fps=result.fps)
    read = read_robot_motion(tmp_path / "peer.npz", G1)
    found, _ = foreign_result(read, G1, motion, scene=around)
    assert found.scene is not None and result.scene is not None
    alike = np.abs((found.scene.poses[:, 0, 3:] * result.scene.poses[:, 0, 3:]).sum(axis=1))
    np.testing.assert_allclose(alike, 1.0, atol=1e-6)
    reasons = [d["reason"] for d in found.provenance["motion"]["doubts"] if d["name"] == "things"]
    assert any("taken to be xyzw" in reason for reason in reasons) == (order == "xyzw")


def test_a_thing_that_is_lost_behind_the_joints_is_named_with_its_frame(tmp_path: Path) -> None:
    def lose(rows: np.ndarray, fps: float) -> None:
        rows[7, -4:] = np.nan

    with pytest.raises(FileFormatError, match=r"object_pose holds a number that is NaN.* frame 7"):
        read_robot_motion(peer_file(tmp_path, lose), G1)


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"object_quat_w": None}, "object_pos_w and no object_quat_w"),
        ({"object_names": np.array(["a", "b"])}, "object_names has 2 names for 1 thing"),
        ({"object_pos_w": LOST}, "object_pose holds a number that is NaN.* at frame 3"),
        ({"object_pos_w": np.zeros((149, 1, 3))}, "object_pos_w is \\(149, 1, 3\\), of 150 frames"),
        ({"object_quat_w": np.zeros((150, 1, 4))}, "quaternion of zero in frame 0"),
        ({"object_quat_w": np.zeros((150, 2, 4))}, "object_quat_w \\(150, 2, 4\\)"),
    ],
)
def test_arrays_of_things_that_cannot_be_are_refused(
    keys: dict[str, np.ndarray | None], said: str, tmp_path: Path
) -> None:
    _, _, own = ours()
    path = tmp_path / "carry_retargeted.npz"
    export_result(own, path, "instinctlab", robot=G1, options=WITH)
    arrays = dict(np.load(path))
    frames = len(arrays["object_pos_w"])
    for key in [key for key, value in keys.items() if value is None]:
        arrays.pop(key)
    cut = {
        key: value if len(value) == 149 else value[:frames]
        for key, value in keys.items()
        if value is not None
    }
    said = said.replace("150", str(frames))
    np.savez(path, **{**arrays, **cut})
    with pytest.raises(FileFormatError, match=said):
        read_robot_motion(path, G1, kind="instinctlab")


@needs_clips
def test_the_command_line_scores_and_compares_among_things(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    motion, scene, _ = carry("sub3_largebox_003")
    own, plain = retarget_motion(motion, G1, scene=scene), retarget_motion(motion, G1)
    own.save_npz(tmp_path / "own.npz")
    plain.save_npz(tmp_path / "plain.npz")
    np.savez(tmp_path / "peer.npz", qpos=own.qpos_with_objects(), fps=30, cost=0.2)
    clips = Path(motion.source.path or "").parent
    toml = tmp_path / "carry.toml"
    toml.write_text(
        f"[[object]]\nname = 'largebox'\nmesh = '{clips / 'largebox.obj'}'\n"
        f"trajectory = '{clips / 'sub3_largebox_003.pt'}'\n"
    )
    recording = str(clips / "sub3_largebox_003.pt")
    words = ["evaluate", "--result", str(tmp_path / "peer.npz"), "--robot", "unitree_g1"]
    assert main([*words, "--source", recording]) == 0
    assert "has 1 thing beside the robot" in capsys.readouterr().err
    assert main([*words, "--source", recording, "--scene", str(toml)]) == 0
    told = capsys.readouterr()
    assert "kept on them 100.0 %" in told.out and "times as large as the human's" in told.err
    for wrong, said in (
        (["--scene", str(toml)], "--source"),
        (["--source", recording, "--scene", str(tmp_path / "no.toml")], "no.toml: no such file"),
        (["--source", recording, "--world-scale", "0.7"], "--scene"),
    ):
        assert main([*words, *wrong]) == 2
        assert said in capsys.readouterr().err
    assert main(["evaluate", "--result", str(tmp_path / "own.npz"), "--scene", str(toml)]) == 2
    assert "has its own" in capsys.readouterr().err
    sides = [f"{name}={tmp_path / name}.npz" for name in ("own", "peer", "plain")]
    more = ["--robot", "unitree_g1", "--sources", recording, "--scene", str(toml), "--json"]
    assert main(["compare", *sides, *more]) == 0
    import json

    (clip,) = json.loads(capsys.readouterr().out)["clips"]
    kept = clip["values"]["hands_kept_share"]
    assert kept[0] == kept[1] == 1.0 and kept[2] < 0.1
    gaps = clip["values"]["hand_gap_mean"]
    assert gaps[1] == pytest.approx(gaps[0], abs=1e-5) and gaps[2] > 0.05
