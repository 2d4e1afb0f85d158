"""A file of robot motion is recognised for what it is, and each fault that trainers cannot see is told by its name."""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from robot_motions import shared, smooth_motion

from retarget.errors import FileFormatError, OptionsError
from retarget.exchange.check import FileCheck, check_content, check_file
from retarget.exchange.orders import ordering
from retarget.exchange.reading.content import Content, read_content
from retarget.exchange.registry import export_formats, export_table
from retarget.exchange.robot_motion import read_robot_motion
from retarget.exchange.view import links_of_table, view_of
from retarget.exchange.write import write_view
from retarget.robots import RobotModel, load_robot
from retarget.tracks import link_set, make_tracks

Change = Callable[[dict[str, Any]], None]
KINDS = [str(table.kind) for table in export_formats()]


@lru_cache
def g1() -> RobotModel:
    return load_robot("unitree_g1")


def upright_motion(robot: RobotModel, fps: float) -> np.ndarray:
    """A motion about standing: turned by up to 30 degrees, so that up is up."""
    qpos = smooth_motion(robot, 60, fps)
    time = np.arange(len(qpos)) / fps
    turn = np.stack([0.2 * np.sin(2 * time), 0.3 * np.cos(3 * time), 0.8 * time + 0.4], axis=1)
    angle = np.linalg.norm(turn, axis=1)
    qpos[:, 3] = np.cos(angle / 2)
    qpos[:, 4:7] = turn * (np.sin(angle / 2) / angle)[:, None]
    return qpos


@pytest.fixture
def written(tmp_path: Path) -> Callable[[str], Content]:
    """What a format's file of the motion holds, written and read."""

    def write(kind: str, robot: RobotModel | None = None) -> Content:
        robot, table = robot or g1(), export_table(kind)
        fps = table.rate.default or 50.0
        qpos = upright_motion(robot, fps)
        joints = robot.joint_sets.get(table.joint_set)
        kept = links_of_table(table, robot, joints)
        feet = np.arange(len(qpos))[:, None] % 20 < np.array([10, 12])
        touching = np.zeros((len(qpos), len(robot.body_names)), bool)
        touching[::2, 1] = True
        tracks = make_tracks(
            qpos, fps, robot, links=kept, foot_contacts=feet, body_contacts=touching
        )
        path = tmp_path / f"walk{table.stem}{table.suffix}"
        write_view(view_of(tracks, table, "walk"), path)
        return read_content(path)

    return write


def changed(content: Content, change: Change) -> Content:
    """The file's values, copied and changed."""

    def copied(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: copied(inner) for key, inner in value.items()}
        return value.copy() if isinstance(value, np.ndarray) else value

    values = copied(dict(content.values))
    change(next(iter(values.values())) if isinstance(next(iter(values.values())), dict) else values)
    return replace(content, values=values)


def faults(check: FileCheck) -> set[str]:
    return {finding.name for finding in check.findings if finding.wrong}


@pytest.mark.parametrize("kind", KINDS)
def test_each_format_is_recognised_and_nothing_is_wrong_with_it(
    kind: str, written: Callable[[str], Content]
) -> None:
    check = check_content(written(kind), g1())
    assert kind in check.kinds
    assert check.passed, check.findings
    expected = upright_motion(g1(), export_table(kind).rate.default or 50.0)
    found = check.clips[0]
    angles = found.stored.values["joint_position"]
    np.testing.assert_allclose(angles, expected[:, 7 + found.layout.joints], atol=2e-6)


@pytest.mark.parametrize("robot", ["booster_t1", "unitree_h1"])
@pytest.mark.parametrize("kind", ["mjlab", "beyondmimic", "holosoma_wbt", "unitree_csv"])
def test_files_of_other_robots_are_recognised(
    kind: str, robot: str, written: Callable[..., Content]
) -> None:
    model = load_robot(robot)
    check = check_content(written(kind, model), model)
    assert kind in check.kinds and check.passed, check.findings
    if kind != "unitree_csv":  # which names nothing
        with pytest.raises(FileFormatError, match="no motion of unitree_g1"):
            check_content(written(kind, model), g1())


def test_trainers_with_equal_keys_and_shapes_are_told_apart(
    written: Callable[[str], Content],
) -> None:
    for kind, order in (("mjlab", "depth-first"), ("beyondmimic", "level")):
        check = check_content(written(kind), g1())
        facts = check.facts()
        assert check.kinds == (kind,)
        assert order in facts["joint_order"] and order in facts["link_order"]
        assert facts["link_misfit_m"] < 1e-5
        other = {"mjlab": "beyondmimic", "beyondmimic": "mjlab"}[kind]
        assert faults(check_content(written(kind), g1(), other)) >= {"order", "velocity_point"}


def _roll(key: str, by: int) -> Change:
    return lambda values: values.update({key: np.roll(values[key], by, axis=-1)})


def _times(key: str, factor: float) -> Change:
    return lambda values: values.update({key: values[key] * factor})


def _negate_joint(key: str, joint: str, order: str = "depth_first") -> Change:
    def change(values: dict[str, Any]) -> None:
        names = ordering(link_set(g1()), order).joint_names  # type: ignore[arg-type]
        values[key][:, names.index(joint)] *= -1

    return change


def _reorder(key: str, joints: bool) -> Change:
    def change(values: dict[str, Any]) -> None:
        level = ordering(link_set(g1()), "level")
        values[key] = values[key][:, level.joints if joints else level.links]
        for name in ("joint_names", "body_names", "order"):
            values.pop(name, None)

    return change


def _in_base_frame(key: str) -> Change:
    from retarget.geometry import rotated

    def change(values: dict[str, Any]) -> None:
        inverse = values["body_quat_w"][:, :1] * np.array([1.0, -1, -1, -1])
        turns = np.broadcast_to(inverse, (*values[key].shape[:2], 4))
        start = values["body_pos_w"][:, :1] if key == "body_pos_w" else 0.0
        values[key] = rotated(turns, values[key] - start)

    return change


def _own_frame(values: dict[str, Any]) -> None:
    from retarget.geometry import rotated

    inverse = values["body_quat_w"] * np.array([1.0, -1, -1, -1])
    values["body_ang_vel_w"] = rotated(inverse, values["body_ang_vel_w"])


def _flip_a_frame(values: dict[str, Any]) -> None:
    values["body_quat_w"][30:] *= -1


def _edit_a_frame(values: dict[str, Any]) -> None:
    values["body_pos_w"][17, 12] += 0.05


def _lose_a_number(values: dict[str, Any]) -> None:
    values["joint_pos"][5, 3] = np.nan


MUTATIONS: list[tuple[str, Change, str, str]] = [
    ("mjlab", _roll("body_quat_w", -1), "quaternion", "xyzw, where mjlab has wxyz"),
    ("mjlab", _reorder("body_pos_w", False), "order", ""),
    ("mjlab", _reorder("joint_pos", True), "order", "joints stand in level order"),
    ("mjlab", _in_base_frame("body_pos_w"), "frame", "base's frame"),
    ("mjlab", _in_base_frame("body_lin_vel_w"), "frame", "velocities of links"),
    ("mjlab", _own_frame, "frame", "angular velocities of links are in their own frame"),
    ("mjlab", lambda v: v.update(fps=np.array([30])), "rate", "plays every file at 50"),
    ("mjlab", _times("joint_pos", 180 / np.pi), "unit", "within them in degrees"),
    ("mjlab", _times("joint_vel", 180 / np.pi), "unit", "degrees per second"),
    ("mjlab", _times("body_pos_w", 100), "unit", "centimetres"),
    ("mjlab", _times("joint_vel", 0.6), "rate", "30 frames per second"),
    ("mjlab", _times("body_lin_vel_w", -1), "sign", "run against the links"),
    ("mjlab", _times("body_ang_vel_w", -1), "sign", "angular velocities"),
    ("mjlab", _negate_joint("joint_pos", "left_knee_joint"), "sign", "left_knee_joint"),
    ("mjlab", _negate_joint("joint_pos", "right_ankle_roll_joint"), "sign", "right_ankle_roll"),
    ("mjlab", _negate_joint("joint_pos", "left_wrist_yaw_joint"), "sign", "left_wrist_yaw"),
    ("mjlab", _negate_joint("joint_vel", "waist_yaw_joint"), "sign", "waist_yaw_joint"),
    ("mjlab", _flip_a_frame, "sign", "changes its sign 1 times"),
    ("mjlab", _edit_a_frame, "poses", "at frame 17"),
    ("mjlab", _lose_a_number, "numbers", "at frame 5"),
    ("mjlab", _times("body_quat_w", 1.5), "quaternion", "length"),
    ("beyondmimic", _roll("body_quat_w", -1), "quaternion", "xyzw"),
    ("protomotions", _roll("rigid_body_rot", 1), "quaternion", "wxyz, where protomotions has xyzw"),
    ("protomotions", lambda v: v["rigid_body_contacts"].fill(False), "contacts", "throughout"),
    ("protomotions", lambda v: v.update(fps=60), "rate", "30 frames per second"),
    ("gmr", _roll("root_rot", 1), "quaternion", "wxyz, where gmr has xyzw"),
    ("gmr", _negate_joint("dof_pos", "left_hip_roll_joint"), "sign", "left_hip_roll_joint"),
    ("gmr", _times("root_pos", 100), "unit", "centimetres"),
    ("sonic", _negate_joint("dof", "left_knee_joint"), "sign", "left_knee_joint"),
    ("sonic", _roll("root_rot", 1), "quaternion", ""),
    ("holosoma_wbt", lambda v: v["joint_vel"][:, 3:6].__imul__(-1), "sign", "the base"),
    ("unitree_csv", lambda v: v["columns"][:, 7:].__imul__(57.29578), "unit", "degrees"),
    ("unitree_csv", lambda v: v["columns"][:, :3].__imul__(100), "unit", "centimetres"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "change", "name", "text"),
    MUTATIONS,
    ids=[f"{kind}-{name}-{i}" for i, (kind, _, name, _) in enumerate(MUTATIONS)],
)
def test_each_fault_is_told_by_its_name(
    kind: str, change: Change, name: str, text: str, written: Callable[[str], Content]
) -> None:
    whole = written(kind)
    assert check_content(whole, g1(), kind).passed
    check = check_content(changed(whole, change), g1(), kind)
    told = [finding.text for finding in check.findings if finding.wrong and finding.name == name]
    assert any(text in one for one in told), check.findings


REAL = [
    ("robot_unitree_csv/lafan1_g1_dance1_subject2.csv", "unitree_csv"),
    ("robot_unitree_csv/kimodo_g1_walk.csv", "kimodo_csv"),
    ("robot_gmt_pkl/walk_stand.pkl", "gmt"),
    (
        "robot_asap_pkl/0-motions_raw_tairantestbed_smpl_video_walk_level1_filter_amass.pkl",
        "asap",
    ),
    ("robot_beyondmimic_npz/adapt_p2_serve.npz", "mjlab"),
    ("robot_holosoma_npz/sub3_largebox_003_mj.npz", "holosoma_wbt"),
    ("robot_protomotions/kimodo_g1_walk.motion", "protomotions"),
]


@pytest.mark.parametrize(("name", "kind"), REAL, ids=[kind for _, kind in REAL])
def test_real_files_are_recognised_for_what_they_are(name: str, kind: str) -> None:
    check = check_file(shared(f"clips/{name}"), g1())
    assert kind in check.kinds
    if (
        kind == "holosoma_wbt"
    ):  # its converter puts the world's angular velocity where the base's own belongs
        (fault,) = (finding for finding in check.findings if finding.wrong)
        assert fault.name == "frame" and "turned twice" in fault.text
    else:
        assert check.passed, check.findings


@pytest.mark.parametrize(("name", "kind"), REAL, ids=[kind for _, kind in REAL])
def test_real_files_are_read_into_configurations(name: str, kind: str) -> None:
    path = shared(f"clips/{name}")
    if kind.endswith("csv"):
        with pytest.raises(OptionsError, match="does not say how many frames"):
            read_robot_motion(path, g1())
        motion = read_robot_motion(path, g1(), fps=30)
    else:
        motion = read_robot_motion(path, g1())
        with pytest.raises(OptionsError, match="leave --source-fps out"):
            read_robot_motion(path, g1(), fps=2 * motion.fps)
    assert motion.qpos.shape == (len(motion), 36) and len(motion) > 100
    feet = make_tracks(motion.qpos, motion.fps, g1()).bodies.position[..., 2].min(axis=1)
    assert -0.05 < np.median(feet) < 0.15  # metres: ankles' height over the floor
    assert motion.joint_names == g1().joint_names
    held = {"gmt": 6, "asap": 6, "mjlab": 2}.get(kind, 0)
    assert len(motion.held) == held


def test_the_same_motion_comes_back_from_every_format(
    written: Callable[[str], Content],
) -> None:
    for kind in KINDS:
        content = written(kind)
        rate = export_table(kind).rate
        fps = None if rate.rule != "implicit" else rate.default
        if kind == "holosoma":
            fps = 30.0
        motion = read_robot_motion(content.path, g1(), fps=fps, kind=kind)
        expected = upright_motion(g1(), rate.default or 50.0)
        kept = [i for i, name in enumerate(g1().joint_names) if name not in motion.held]
        np.testing.assert_allclose(motion.qpos[:, :3], expected[:, :3], atol=1e-5)
        dot = np.abs(np.einsum("ti,ti->t", motion.qpos[:, 3:7], expected[:, 3:7]))
        assert dot.min() > 1 - 1e-6
        np.testing.assert_allclose(motion.qpos[:, 7:][:, kept], expected[:, 7:][:, kept], atol=1e-5)
        assert motion.fps == pytest.approx(rate.default or 50.0)


def test_files_that_are_no_motion_of_the_robot_are_one_clear_line(tmp_path: Path) -> None:
    human = shared("clips/robot_protomotions/kimodo_soma23_human.motion")
    with pytest.raises(FileFormatError, match=r"protomotions: it has 66 joints; unitree_g1 has"):
        check_file(human, g1())
    narrow = tmp_path / "narrow.csv"
    narrow.write_text("0,0,0.8,0,0,0,1," + ",".join(["0.1"] * 19) + "\n")
    with pytest.raises(FileFormatError, match="unitree_csv: it has 19 joints"):
        check_file(narrow, g1())
    assert "unitree_csv" in check_file(narrow, load_robot("unitree_h1")).kinds
    ragged = tmp_path / "ragged.csv"
    ragged.write_text("1,2,3\n1,2\n")
    with pytest.raises(FileFormatError, match=r"ragged.csv:2: a row has 2 columns"):
        check_file(ragged, g1())
    words = tmp_path / "words.csv"
    words.write_text("a,b\nhip,knee\n")
    with pytest.raises(FileFormatError, match="no table of numbers"):
        check_file(words, g1())


def test_a_pickle_that_asks_for_code_is_refused_by_name_and_not_run(tmp_path: Path) -> None:
    class Harm:
        def __reduce__(self) -> tuple[Any, ...]:
            return os.system, (f"touch {tmp_path / 'run'}",)

    path = tmp_path / "walk.pkl"
    path.write_bytes(pickle.dumps({"fps": 30, "dof_pos": Harm()}))
    with pytest.raises(FileFormatError, match=r"walk.pkl: asks for 'posix.system'"):
        check_file(path, g1())
    assert not (tmp_path / "run").exists()


def test_a_file_of_several_clips_asks_which(
    tmp_path: Path, written: Callable[[str], Content]
) -> None:
    clip = dict(written("phc").values)["walk"]
    path = tmp_path / "many.pkl"
    path.write_bytes(pickle.dumps({"walk": clip, "run": clip}))
    assert len(check_file(path, g1()).clips) == 2
    with pytest.raises(OptionsError, match=r"holds 2 clips \(walk, run\)"):
        read_robot_motion(path, g1())
    assert read_robot_motion(path, g1(), clip="run").clip == "run"


def absurd(values: dict[str, Any]) -> None:
    values["joint_pos"][5, 3] = 1e30


def without_whole_frames(values: dict[str, Any]) -> None:
    values["joint_vel"][:, 2] = np.inf


def spins_of_fewer_links(values: dict[str, Any]) -> None:
    values["body_ang_vel_w"] = values["body_ang_vel_w"][:, 1:]


def at_no_rate(values: dict[str, Any]) -> None:
    values["fps"] = np.array(1e30)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (without_whole_frames, "none of its frames is whole"),
        (spins_of_fewer_links, "link_spin of 29"),
        (at_no_rate, "a rate of 1e\\+30 frames a second is not between 1 and 2000"),
    ],
)
def test_what_no_robot_motion_holds_is_refused(
    change: Change, words: str, written: Callable[[str], Content]
) -> None:
    with pytest.raises(FileFormatError, match=words), np.errstate(all="raise"):
        check_content(changed(written("mjlab"), change), g1(), "mjlab")


def test_an_absurd_number_is_found_by_its_frame(written: Callable[[str], Content]) -> None:
    check = check_content(changed(written("mjlab"), absurd), g1(), "mjlab")
    assert any("absurd at frame 5" in finding.text for finding in check.findings)


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "walk.npz")
    with pytest.raises(FileFormatError, match="is not a file but a pipe"):
        check_file(tmp_path / "walk.npz", g1())


def test_a_recording_of_a_human_is_told_from_a_robot_motion(tmp_path: Path) -> None:
    (tmp_path / "walk.bvh").write_text("HIERARCHY\nROOT Hips\n{\n")
    with pytest.raises(
        FileFormatError, match=r"is text, and no table of numbers.* retarget inspect"
    ):
        check_file(tmp_path / "walk.bvh", g1())
