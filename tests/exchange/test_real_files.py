"""Files that other projects published hold what our tables say of them: keys, links, orders, quaternions."""

from __future__ import annotations

from typing import Any

import numpy as np
from robot_motions import shared

from retarget.containers import PLAIN, Allowance, read_data, record
from retarget.exchange.encode import file_values
from retarget.exchange.registry import export_table
from retarget.exchange.tables import ExportTable
from retarget.exchange.view import View, links_of_table, view_of
from retarget.robots import RobotModel, load_robot
from retarget.tracks import LinkSet, make_tracks

G1 = load_robot("unitree_g1")
SET_23 = G1.joint_sets["g1_23"]
STATES = Allowance(
    {
        f"protomotions.simulator.base_simulator.{module}.StateConversion": record(
            module, lambda it, budget: None
        )
        for module in ("simulator_state", "robot_state")
    }
)


def read(name: str) -> Any:
    path = shared(f"clips/{name}")
    return read_data(path.read_bytes(), path, PLAIN | STATES)


def view(
    table: ExportTable,
    position: np.ndarray,
    xyzw: np.ndarray,
    joints: np.ndarray,
    fps: float,
    links: LinkSet,
    robot: RobotModel = G1,
) -> View:
    """What a format shows of a motion that is given by its base and its moving joints."""
    qpos = np.zeros((len(position), robot.qpos_size))
    qpos[:, :3], qpos[:, 3:7] = position, np.asarray(xyzw)[:, [3, 0, 1, 2]]
    qpos[:, 7 + links.joint_indices] = joints
    contacts = np.zeros((len(position), 2), bool)
    bodies = np.zeros((len(position), len(robot.body_names)), bool)
    tracks = make_tracks(
        qpos, fps, robot, links=links, foot_contacts=contacts, body_contacts=bodies
    )
    return view_of(tracks, table, "clip")


def test_links_of_gmts_file_are_where_ours_would_be() -> None:
    data, table = read("robot_gmt_pkl/walk_stand.pkl"), export_table("gmt")
    links = links_of_table(table, G1, SET_23)
    ours = file_values(
        view(table, data["root_pos"], data["root_rot"], data["dof_pos"], 30.0, links)
    )
    assert set(ours) == set(data)
    assert set(ours["link_body_list"]) == set(data["link_body_list"])
    places = [ours["link_body_list"].index(name) for name in data["link_body_list"]]
    # Its model has other hands' rolls and an elder torso: every link but those agrees.
    off = np.abs(ours["local_body_pos"][:, places] - data["local_body_pos"]).max(axis=(0, 2))
    assert np.median(off) < 1e-5
    legs = [
        at for at, name in enumerate(data["link_body_list"]) if "knee" in name or "ankle" in name
    ]
    assert off[legs].max() < 1e-5
    unit = data["root_rot"] / np.linalg.norm(data["root_rot"], axis=1, keepdims=True)
    np.testing.assert_allclose(ours["root_rot"], unit, atol=1e-6)  # theirs are of length 0.98


def test_rows_of_asaps_file_are_those_that_we_would_write() -> None:
    (entry,) = read(
        "robot_asap_pkl/0-motions_raw_tairantestbed_smpl_video_walk_level1_filter_amass.pkl"
    ).values()
    table = export_table("asap")
    links = links_of_table(table, G1, SET_23)
    root = entry["root_trans_offset"], entry["root_rot"]
    (ours,) = file_values(view(table, *root, entry["dof"].reshape(-1, 23), 30.0, links)).values()
    assert set(ours) == set(entry) and type(entry["fps"]) is int
    assert ours["pose_aa"].shape == entry["pose_aa"].shape
    turned = np.abs(ours["pose_aa"] - entry["pose_aa"])
    np.testing.assert_allclose(turned[:, 1:].max(), 0, atol=1e-5)
    np.testing.assert_allclose(turned[:, 0].max(), 0, atol=1e-4)


def test_bodies_of_protomotions_file_stand_in_our_order() -> None:
    data, table = read("robot_protomotions/kimodo_g1_walk.motion"), export_table("protomotions")
    links = links_of_table(table, G1)
    root = data["rigid_body_pos"][:, 0], data["rigid_body_rot"][:, 0]
    ours = file_values(view(table, *root, data["dof_pos"], 30.0, links))
    for row in table.rows:
        theirs = data[row.key]
        if row.shape:
            assert ours[row.key].shape == theirs.shape and ours[row.key].dtype == theirs.dtype
    assert np.abs(ours["rigid_body_pos"] - data["rigid_body_pos"]).max() < 1e-5
    same = np.abs(np.sum(ours["rigid_body_rot"] * data["rigid_body_rot"], axis=2))
    assert same.min() > 1 - 1e-5


def test_the_same_walk_as_kimodos_table() -> None:
    data, table = read("robot_protomotions/kimodo_g1_walk.motion"), export_table("kimodo_csv")
    rows = np.loadtxt(shared("clips/robot_unitree_csv/kimodo_g1_walk.csv"), delimiter=",")
    links = links_of_table(table, G1)
    root = data["rigid_body_pos"][:, 0], data["rigid_body_rot"][:, 0]
    ours = file_values(view(table, *root, data["dof_pos"], 30.0, links))
    table_of_ours = np.concatenate([columns.values for columns in ours.values()], axis=1)
    assert table_of_ours.shape == rows.shape
    flip = np.sign(np.sum(table_of_ours[:, 3:7] * rows[:, 3:7], axis=1))[:, None]
    np.testing.assert_allclose(table_of_ours[:, 3:7] * flip, rows[:, 3:7], atol=1e-3)
    np.testing.assert_allclose(table_of_ours[:, 7:], rows[:, 7:], atol=1e-3)


def test_links_of_holosomas_file_are_ours_by_name() -> None:
    data, table = (
        read("robot_holosoma_npz/sub3_largebox_003_mj.npz"),
        export_table("holosoma_wbt"),
    )
    names = data["joint_names"].tolist()
    columns = [7 + names.index(name) for name in G1.joint_names]
    xyzw = data["joint_pos"][:, [4, 5, 6, 3]]
    links = links_of_table(table, G1)
    ours = file_values(
        view(table, data["joint_pos"][:, :3], xyzw, data["joint_pos"][:, columns], 50.0, links)
    )
    assert set(ours) == set(data)
    bodies = data["body_names"].tolist()
    places = [bodies.index(name) for name in ours["body_names"].tolist()]
    off = np.abs(ours["body_pos_w"] - data["body_pos_w"][:, places]).max(axis=(0, 2))
    assert off[:14].max() < 1e-6  # pelvis, legs and the waist's first link
    assert off[14:].max() < 0.011  # its model is of an elder revision, whose waist is 9 mm lower
    same = np.abs(np.sum(ours["body_quat_w"] * data["body_quat_w"][:, places], axis=2))
    assert same.min() > 1 - 1e-4


def test_joints_of_a_tracking_file_with_names_stand_depth_first() -> None:
    data = read("robot_beyondmimic_npz/adapt_p2_serve.npz")
    joints = [str(name) for name in data["joint_names"]]
    assert joints == [name for name in G1.joint_names if name in joints]
    wanted = {row.key for row in export_table("mjlab").rows}
    assert wanted <= set(data)
