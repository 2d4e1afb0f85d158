"""What may be chosen about a file, and what a format cannot hold."""

from __future__ import annotations

import json
import pickle
from dataclasses import replace
from pathlib import Path

import mujoco
import numpy as np
import pytest
from robot_motions import EMBEDDED, result_of, shared, smooth_motion

from retarget import plugins
from retarget.errors import OptionsError, OutputError, PluginError, UnknownNameError
from retarget.export import (
    ExportFormat,
    ExportOptions,
    ExportTable,
    Rate,
    Row,
    export_formats,
    export_result,
    export_table,
    writer_of,
)
from retarget.result import RetargetingResult
from retarget.robots import load_robot

G1 = load_robot("unitree_g1")


@pytest.fixture
def result() -> RetargetingResult:
    return result_of(smooth_motion(G1, 61, 60.0), 60.0, G1)


def test_joints_of_a_set_a_list_and_a_pattern(result: RetargetingResult, tmp_path: Path) -> None:
    counts = {
        "g1_23": 23,
        "g1_23_yaw_waist": 23,
        "g1_27": 27,
        "all": 29,
        "*_hip_*, waist_yaw_joint": 7,
    }
    for number, (joints, count) in enumerate(counts.items()):
        path = tmp_path / f"{number}.csv"
        written = export_result(result, path, robot=G1, options=ExportOptions(joints=joints))
        assert written.joints == count
        assert np.loadtxt(path, delimiter=",").shape[1] == 7 + count
        assert any("left out" in note for note in written.notes) == (count < 29)


def test_how_far_joints_turn_that_are_left_out_is_told(
    result: RetargetingResult, tmp_path: Path
) -> None:
    columns = [7 + i for i, name in enumerate(G1.joint_names) if "wrist" in name]
    worst = np.abs(result.resampled(30.0).qpos[:, columns]).max()
    written = export_result(result, tmp_path / "clip.pkl", "twist", robot=G1)
    assert any(f"{worst:.2f} rad" in note for note in written.notes)


def test_another_model_of_the_robot_gives_its_joints_and_links(
    result: RetargetingResult, tmp_path: Path
) -> None:
    path = shared("robots/unitree_g1_23_xml/g1_23dof_rev_1_0.xml")
    options = ExportOptions(joints=str(path))
    written = export_result(result, tmp_path / "clip.npz", "mjlab", robot=G1, options=options)
    data = np.load(tmp_path / "clip.npz")
    other = load_robot(path)
    assert data["joint_names"].tolist() == list(other.joint_names)
    assert written.joints == 23
    model = mujoco.MjModel.from_xml_path(str(_without_meshes(path, tmp_path)))
    state = mujoco.MjData(model)
    state.qpos[:7] = np.concatenate([data["body_pos_w"][9, 0], data["body_quat_w"][9, 0]])
    for joint, name in enumerate(data["joint_names"].tolist()):
        state.qpos[model.joint(name).qposadr[0]] = data["joint_pos"][9, joint]
    mujoco.mj_kinematics(model, state)
    for at, name in enumerate(data["body_names"].tolist()):
        np.testing.assert_allclose(
            data["body_pos_w"][9, at], state.xpos[model.body(name).id], atol=1e-5
        )


@pytest.mark.parametrize(("name", "count"), [("unitree_g1_23", 23), ("unitree_g1_hands", 43)])
def test_another_robot_of_the_family_is_known_by_name(
    result: RetargetingResult, tmp_path: Path, name: str, count: int
) -> None:
    options = ExportOptions(joints=name)
    written = export_result(result, tmp_path / "clip.npz", "mjlab", robot=G1, options=options)
    data = np.load(tmp_path / "clip.npz")
    joints = data["joint_names"].tolist()
    assert joints == list(load_robot(name).joint_names) and written.joints == count
    resampled = result.resampled(written.fps)
    for joint in set(joints) & set(G1.joint_names):
        own = resampled.qpos[:, 7 + G1.joint_names.index(joint)]
        np.testing.assert_allclose(data["joint_pos"][:, joints.index(joint)], own, atol=1e-5)


def _without_meshes(path: Path, folder: Path) -> Path:
    import re

    text = re.sub(r"<geom[^>]*mesh=[^>]*/>|<mesh[^>]*/>", "", path.read_text())
    copy = folder / "g1_23.xml"
    copy.write_text(text)
    return copy


def test_a_model_with_more_joints_has_them_at_zero(
    result: RetargetingResult, tmp_path: Path
) -> None:
    text = (EMBEDDED / "unitree_g1" / "model.xml").read_text()
    place = '<body name="left_wrist_yaw_link" pos="0.046 0 0">'
    assert text.count(place) == 1
    finger = (
        '<body name="left_finger" pos="0.1 0 0"><inertial pos="0 0 0" mass="0.05" '
        'diaginertia="0.0001 0.0001 0.0001" /><joint name="left_finger_joint" axis="0 0 1" range="0.2 1" /></body>'
    )
    (tmp_path / "hands.xml").write_text(text.replace(place, place + finger))
    options = ExportOptions(joints=str(tmp_path / "hands.xml"))
    written = export_result(
        result, tmp_path / "clip.npz", "holosoma_wbt", robot=G1, options=options
    )
    data = np.load(tmp_path / "clip.npz")
    at = data["joint_names"].tolist().index("left_finger_joint")
    assert (data["joint_pos"][:, 7 + at] == np.float32(0.2)).all()  # zero, moved into its limits
    assert any("left_finger_joint" in note for note in written.notes)


def test_a_model_of_another_robot_is_refused(result: RetargetingResult, tmp_path: Path) -> None:
    options = ExportOptions(joints=str(EMBEDDED / "booster_t1" / "model.xml"))
    with pytest.raises(OptionsError, match="no model of the same robot"):
        export_result(result, tmp_path / "clip.csv", robot=G1, options=options)
    with pytest.raises(OptionsError, match="give the robot that it was made for"):
        export_result(result, tmp_path / "clip.csv", robot=load_robot("unitree_h1"))
    assert not list(tmp_path.iterdir())


def test_a_robot_whose_axes_no_rotation_vector_sums_to_is_refused_by_phc(
    result: RetargetingResult, tmp_path: Path
) -> None:
    text = (EMBEDDED / "unitree_g1" / "model.xml").read_text()
    for axis, told in (("0 -1 0", "[-0.0, -1.0"), ("0 0.8 0.6", "0.8, 0.6]")):
        place = 'name="left_knee_joint" axis="0 1 0"'
        assert text.count(place) == 1
        (tmp_path / "g1.xml").write_text(
            text.replace(place, f'name="left_knee_joint" axis="{axis}"')
        )
        robot = load_robot(tmp_path / "g1.xml", description=EMBEDDED / "unitree_g1" / "robot.toml")
        with pytest.raises(OptionsError, match="left_knee_joint turns about") as caught:
            export_result(result, tmp_path / "clip.pkl", "phc", robot=robot)
        assert told.strip("[]").split(",")[-1].strip() in str(caught.value)
        export_result(result, tmp_path / "clip.csv", robot=robot)


@pytest.mark.parametrize(
    ("kind", "fps", "told"),
    [
        ("phc", 29.97, "a whole number"),
        ("phc", 93.0, "would take 93 frames per second for 92"),
        ("isaaclab_amp", 59.94, "a whole number"),
        ("protomotions", 59.94, "a whole number"),
        ("unitree_csv", 0.0, "fps: "),
    ],
)
def test_rates_that_readers_do_not_understand_are_refused(
    kind: str, fps: float, told: str, result: RetargetingResult, tmp_path: Path
) -> None:
    with pytest.raises(OptionsError, match=told):
        path = tmp_path / f"clip{export_table(kind).suffix}"
        export_result(result, path, kind, robot=G1, options=ExportOptions(fps=fps))


def test_a_rate_that_readers_would_not_see_is_told(
    result: RetargetingResult, tmp_path: Path
) -> None:
    for kind, path in (("mjlab", "a.npz"), ("unitree_csv", "a.csv")):
        plain = export_result(result, tmp_path / path, kind, robot=G1)
        assert not plain.notes and plain.fps == export_table(kind).rate.default
        options = ExportOptions(fps=60)
        other = export_result(result, tmp_path / path, kind, robot=G1, options=options)
        assert other.fps == 60 and other.frames == 61 and len(other.notes) == 1
    # A stored rate needs no word.
    assert not export_result(
        result, tmp_path / "a.pkl", "gmr", robot=G1, options=ExportOptions(fps=60)
    ).notes


def test_an_odd_rate_becomes_a_whole_one_where_only_that_is_stored(tmp_path: Path) -> None:
    odd = result_of(smooth_motion(G1, 61, 29.97), 29.97, G1)
    export_result(odd, tmp_path / "a.npz", "isaaclab_amp", robot=G1)
    data = np.load(tmp_path / "a.npz")
    assert int(data["fps"]) == 30
    duration = (len(data["dof_positions"]) - 1) / 30
    assert 60 / 29.97 - 1 / 30 < duration <= 60 / 29.97
    # The motion is made anew at that rate, not only called so.
    expected = odd.resampled(30.0).qpos
    np.testing.assert_allclose(data["dof_positions"][-1], expected[-1, 7:], atol=1e-6)


def test_quaternions_may_be_turned_round_for_forks(
    result: RetargetingResult, tmp_path: Path
) -> None:
    for order in (None, "xyzw"):
        options = ExportOptions(quaternion=order)
        export_result(result, tmp_path / f"{order}.npz", "isaaclab_amp", robot=G1, options=options)
    plain, turned = (
        np.load(tmp_path / f"{order}.npz")["body_rotations"] for order in (None, "xyzw")
    )
    np.testing.assert_array_equal(turned, plain[..., [1, 2, 3, 0]])
    with pytest.raises(OptionsError, match="holds no quaternions"):
        export_result(
            result,
            tmp_path / "a.pkl",
            "mimickit",
            robot=G1,
            options=ExportOptions(quaternion="xyzw"),
        )


def test_a_simulator_that_keeps_fixed_links_gets_them(
    result: RetargetingResult, tmp_path: Path
) -> None:
    options = ExportOptions(fixed_links="urdf")
    export_result(result, tmp_path / "a.npz", "beyondmimic", robot=G1, options=options)
    data = np.load(tmp_path / "a.npz")
    assert data["body_pos_w"].shape[1] == 39 and data["joint_pos"].shape[1] == 29
    assert data["body_names"].tolist()[:4] == [
        *("pelvis", "imu_in_pelvis", "left_hip_pitch_link", "pelvis_contour_link")
    ]
    with pytest.raises(UnknownNameError, match="urdf"):
        options = ExportOptions(fixed_links="no_such")
        export_result(result, tmp_path / "a.npz", "beyondmimic", robot=G1, options=options)


@pytest.mark.parametrize(
    ("kind", "name", "told"),
    [
        ("mjlab", "clip.pkl", "want names that end in '.npz'"),
        ("instinctlab", "clip.npz", "want names that end in 'retargeted.npz'"),
        ("phc", "walk.v2.pkl", "first dot"),
    ],
)
def test_names_that_readers_would_not_find_are_refused(
    kind: str, name: str, told: str, result: RetargetingResult, tmp_path: Path
) -> None:
    with pytest.raises(OptionsError, match=told):
        export_result(result, tmp_path / name, kind, robot=G1)
    assert not list(tmp_path.iterdir())


def test_velocities_need_three_frames(tmp_path: Path) -> None:
    short = result_of(smooth_motion(G1, 2, 50.0), 50.0, G1)
    with pytest.raises(OptionsError, match="needs 3 frames; these are 2"):
        export_result(short, tmp_path / "a.npz", "mjlab", robot=G1)
    assert export_result(short, tmp_path / "a.csv", robot=G1).frames == 1  # 50 -> 30


def test_a_clip_may_be_called_otherwise(result: RetargetingResult, tmp_path: Path) -> None:
    export_result(result, tmp_path / "a.pkl", "sonic", robot=G1, options=ExportOptions(clip="walk"))
    assert list(pickle.loads((tmp_path / "a.pkl").read_bytes())) == ["walk"]


def test_what_the_file_does_not_say_stands_beside_it(
    result: RetargetingResult, tmp_path: Path
) -> None:
    export_result(result, tmp_path / "a.npz", "beyondmimic", robot=G1, sidecar=True)
    told = json.loads((tmp_path / "a.npz.json").read_text())
    assert (told["fps"], told["order"], told["velocity_point"]) == (50.0, "level", "centre_of_mass")
    assert told["rotations"] == {"body_quat_w": "wxyz"}
    assert told["joint_names"][:3] == [
        *("left_hip_pitch_joint", "right_hip_pitch_joint", "waist_yaw_joint")
    ]
    assert told["link_names"][3] == "waist_yaw_link"
    assert told["robot_sha256"] == G1.sha256


def test_a_folder_is_replaced_as_a_whole(result: RetargetingResult, tmp_path: Path) -> None:
    folder = tmp_path / "walk"
    export_result(result, folder, "sonic_deploy", robot=G1)
    (folder / "stray.csv").write_text("from another tool")
    export_result(result, folder, "sonic_deploy", robot=G1)
    assert not (folder / "stray.csv").exists()
    assert len(list(folder.iterdir())) == 7
    assert [path.name for path in tmp_path.iterdir()] == ["walk"]


def test_a_place_that_cannot_be_written_leaves_nothing_behind(
    result: RetargetingResult, tmp_path: Path
) -> None:
    (tmp_path / "taken").write_text("")
    with pytest.raises(OutputError, match="cannot be written"):
        export_result(result, tmp_path / "taken" / "a.npz", "mjlab", robot=G1)
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]


def test_the_robot_is_found_again_by_where_it_was_loaded(
    result: RetargetingResult, tmp_path: Path
) -> None:
    (tmp_path / "lab.xml").write_text((EMBEDDED / "unitree_g1" / "model.xml").read_text())
    made = replace(result, robot="lab", provenance={"run": {"robot": str(tmp_path / "lab.xml")}})
    assert export_result(made, tmp_path / "a.npz", "mjlab").frames == 51


def test_a_robot_that_is_no_longer_the_same_is_told(
    result: RetargetingResult, tmp_path: Path
) -> None:
    elder = replace(result, provenance={"robot_sha256": "another"})
    written = export_result(elder, tmp_path / "a.npz", "mjlab", robot=G1)
    assert "the description of unitree_g1 has changed since the result was made" in written.notes


def test_a_table_of_ones_own_is_known_by_name(
    result: RetargetingResult, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab = ExportTable(
        ExportFormat.register("lab_csv"),
        "the lab",
        "csv",
        ".lab",
        (Row("q", "joint_position", columns="{joint}_deg", scale=180 / np.pi, decimals=3),),
        Rate("stored", 25.0),
    )

    class Point:
        name, value, dist = "lab_csv", "lab:TABLE", None

        def load(self) -> ExportTable:
            return lab

    monkeypatch.setattr(plugins, "_points", lambda group: {"lab_csv": Point()})
    monkeypatch.setattr("retarget.exchange.registry._TABLES", {})
    assert ExportFormat("lab_csv") == "lab_csv"
    assert [str(table.kind) for table in export_formats()] == ["lab_csv"]
    export_result(result, tmp_path / "a.lab", "lab_csv", robot=G1)
    head, first, *_ = (tmp_path / "a.lab").read_text().splitlines()
    assert head.split(",")[0] == "left_hip_pitch_joint_deg"
    assert float(first.split(",")[0]) == pytest.approx(np.degrees(result.qpos[0, 7]), abs=1e-3)


def test_a_package_that_offers_something_else_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    class Point:
        name, value, dist = "lab_thing", "lab:THING", None

        def load(self) -> str:
            return "no table"

    monkeypatch.setattr(plugins, "_points", lambda group: {"lab_thing": Point()})
    with pytest.raises(PluginError, match="lab_thing"):
        export_table("lab_thing")


def test_writers_by_name_choose_what_readers_want(
    result: RetargetingResult, tmp_path: Path
) -> None:
    writer_of("mjlab")(result, tmp_path / "a.npz")
    assert len(np.load(tmp_path / "a.npz")["joint_pos"]) == 51
    writer_of("csv")(result, tmp_path / "a.csv")
    assert len(np.loadtxt(tmp_path / "a.csv", delimiter=",")) == 61
