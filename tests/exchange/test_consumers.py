"""Each consumer's file, read as its loader reads it, holds the motion: poses, velocities, orders, container rules."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import loaders
import mujoco
import numpy as np
import pytest
from loaders import ISAAC_MAP_OF_G1, Loaded
from robot_motions import mujoco_model, result_of, smooth_motion

from retarget.export import ExportFormat, export_result
from retarget.result import RetargetingResult
from retarget.robots import load_robot

G1 = load_robot("unitree_g1")
LINKS = G1.body_names
ISAAC_LINKS = ("pelvis", *(LINKS[1 + j] for j in ISAAC_MAP_OF_G1))
PROTOMOTIONS_LINKS = (
    "pelvis",
    "head",
    *LINKS[1:23],
    "left_rubber_hand",
    *LINKS[23:],
    "right_rubber_hand",
)
SET_23 = G1.joint_sets["g1_23"]
UPPER_23 = tuple(name for name in G1.joint_names if "wrist" not in name)
ALL = G1.joint_names
TRACKED = (0, 2, 4, 6, 8, 10, 12, 15, 17, 19, 22, 24, 26, 29)  # of whole_body_tracking, among LINKS


# Format -> how its loader reads it, the rate at which it reads, and the joints.
READERS: dict[str, tuple[Callable[[Path], Loaded], float, tuple[str, ...]]] = {
    "unitree_csv": (loaders.unitree_csv, 30, ALL),
    "kimodo_csv": (loaders.kimodo_csv, 30, ALL),
    "bones_csv": (lambda p: loaders.bones_csv(p, ALL), 120, ALL),
    "beyondmimic": (lambda p: loaders.tracking_npz(p, ISAAC_MAP_OF_G1, ISAAC_LINKS), 50, ALL),
    "mjlab": (lambda p: loaders.tracking_npz(p, list(range(29)), LINKS), 50, ALL),
    "gmr": (loaders.gmr_pickle, 30, ALL),
    "twist": (loaders.gmr_pickle, 30, UPPER_23),
    "gmt": (loaders.gmr_pickle, 30, UPPER_23),
    "phc": (lambda p: loaders.phc_entry(p, "phc", ALL), 30, ALL),
    "asap": (lambda p: loaders.phc_entry(p, "asap", UPPER_23), 30, UPPER_23),
    "pbhc": (lambda p: loaders.phc_entry(p, "pbhc", UPPER_23), 30, UPPER_23),
    "falcon": (lambda p: loaders.phc_entry(p, "falcon", ALL), 30, ALL),
    "sonic": (lambda p: loaders.phc_entry(p, "sonic", ALL), 50, ALL),
    "sonic_deploy": (lambda p: loaders.sonic_deploy(p, ISAAC_MAP_OF_G1), 50, ALL),
    "holosoma": (loaders.holosoma_npz, 30, ALL),
    "holosoma_wbt": (lambda p: loaders.holosoma_wbt_npz(p, ALL, LINKS), 50, ALL),
    "protomotions": (lambda p: loaders.protomotions(p, PROTOMOTIONS_LINKS), 30, ALL),
    "isaaclab_amp": (lambda p: loaders.amp_npz(p, ALL), 30, ALL),
    "amp_rsl_rl": (lambda p: loaders.amp_rsl_rl(p, ALL), 30, ALL),
    "loco_mujoco": (loaders.loco_mujoco, 30, ALL),
    "mimickit": (loaders.mimickit, 30, ALL),
    "instinctlab": (lambda p: loaders.instinctlab(p, ALL), 30, ALL),
    "mujoco_keyframes": (loaders.keyframes, 30, ALL),
    "mujoco_scene": (loaders.keyframes, 30, ALL),
}
# Formats that store links' velocities -> of which point, and the loader's links.
VELOCITIES = {
    "beyondmimic": ("centre", ISAAC_LINKS),
    "mjlab": ("origin", LINKS),
    "holosoma_wbt": ("centre", LINKS),
    "isaaclab_amp": ("origin", None),
    "protomotions": ("origin", PROTOMOTIONS_LINKS),
    "sonic_deploy": ("centre", tuple(LINKS[b] for b in TRACKED)),
}


def test_every_format_of_ours_is_read_here() -> None:
    assert set(READERS) == {str(kind) for kind in ExportFormat.members()}


@pytest.mark.parametrize("kind", READERS)
def test_a_loader_finds_the_motion(
    kind: str, written: dict[str, Path], dance: RetargetingResult
) -> None:
    read, fps, joints = READERS[kind]
    loaded = read(written[kind])
    expected = dance.resampled(fps).qpos
    columns = [ALL.index(name) for name in joints]
    assert loaded.fps is None or abs(loaded.fps - fps) < 1e-9
    assert len(loaded.position) == len(expected)
    np.testing.assert_allclose(loaded.position, expected[:, :3], atol=1e-5)
    length = np.linalg.norm(loaded.rotation.astype(float), axis=1)
    np.testing.assert_allclose(length, 1, atol=1e-5)
    same = np.abs(np.sum(loaded.rotation * expected[:, 3:7], axis=1)) / length
    assert same.min() > 1 - 1e-10  # within 1e-5 rad
    np.testing.assert_allclose(loaded.joints, expected[:, 7:][:, columns], atol=1e-5)


def mujoco_positions(qpos: np.ndarray, names: tuple[str, ...]) -> np.ndarray:
    """Origins of links by MuJoCo's own kinematics; the rubber hands and the head are those of ProtoMotions."""
    model = mujoco_model("unitree_g1")
    data = mujoco.MjData(model)
    added = {
        "head": ("pelvis", (0, 0, 0.4)),
        "left_rubber_hand": ("left_wrist_yaw_link", (0.12, 0, 0)),
        "right_rubber_hand": ("right_wrist_yaw_link", (0.12, 0, 0)),
    }
    out = np.empty((len(qpos), len(names), 3))
    for t, configuration in enumerate(qpos):
        data.qpos[:] = configuration
        mujoco.mj_kinematics(model, data)
        for at, name in enumerate(names):
            parent, offset = added.get(name, (name, (0, 0, 0)))
            body = model.body(parent).id
            out[t, at] = data.xpos[body] + data.xmat[body].reshape(3, 3) @ offset
    return out


@pytest.mark.parametrize("kind", ["beyondmimic", "mjlab", "holosoma_wbt", "protomotions"])
def test_links_stand_in_the_stated_order_and_no_other(
    kind: str, written: dict[str, Path], dance: RetargetingResult
) -> None:
    read, fps, _ = READERS[kind]
    loaded = read(written[kind])
    expected = mujoco_positions(dance.resampled(fps).qpos[::20], tuple(loaded.link_names))
    stored = loaded.links["position"][::20]
    assert np.abs(stored - expected).max() < 1e-5
    if kind in ("beyondmimic", "mjlab"):
        other = LINKS if kind == "beyondmimic" else ISAAC_LINKS
        wrong = mujoco_positions(dance.resampled(fps).qpos[::20], other)
        assert np.abs(stored - wrong).max() > 1e-2


@pytest.mark.parametrize("kind", ["gmr", "twist"])
def test_links_of_gmr_are_where_its_viewer_puts_them(
    kind: str, written: dict[str, Path], dance: RetargetingResult
) -> None:
    loaded = READERS[kind][0](written[kind])
    assert set(LINKS) < set(loaded.link_names) and "head_mocap" in loaded.link_names
    qpos = dance.qpos[::20].copy()
    if kind == "twist":
        qpos[:, [7 + ALL.index(name) for name in ALL if "wrist" in name]] = 0
    expected = mujoco_positions(qpos, LINKS)
    places = [loaded.link_names.index(name) for name in LINKS]
    assert np.abs(loaded.links["position"][::20][:, places] - expected).max() < 1e-5


@pytest.mark.parametrize("kind", VELOCITIES)
def test_velocities_of_links_are_of_the_stated_point(kind: str, written: dict[str, Path]) -> None:
    point, names = VELOCITIES[kind]
    read, fps, _ = READERS[kind]
    loaded = read(written[kind])
    names = tuple(loaded.link_names) if names is None else names
    position = loaded.links["position"].astype(float)
    rotation = loaded.links["rotation"].astype(float)
    centres = np.zeros((len(names), 3))
    for at, name in enumerate(names):
        if name in LINKS:
            centres[at] = G1.mass_centres[LINKS.index(name)]
    away = np.stack([turned(rotation[:, b], centres[b]) for b in range(len(names))], axis=1)
    points = {"origin": position, "centre": position + away}
    moved = {key: np.gradient(value, axis=0) * fps for key, value in points.items()}
    speed = np.abs(moved["origin"]).mean()
    off = {key: np.abs(loaded.links["velocity"] - v)[2:-2].mean() for key, v in moved.items()}
    other = "centre" if point == "origin" else "origin"
    # Differences of positions are not the kinematics of differences, but nearer than the other point.
    assert off[point] < 0.04 * speed
    assert off[point] < 0.5 * off[other]


def turned(rotation: np.ndarray, vector: np.ndarray) -> np.ndarray:
    w, q = rotation[:, :1], rotation[:, 1:]
    cross = np.cross(q, vector)
    return vector + 2 * np.cross(q, cross + w * vector)


@pytest.mark.parametrize("kind", VELOCITIES)
def test_angular_velocities_turn_the_links_in_the_world(
    kind: str, written: dict[str, Path]
) -> None:
    read, fps, _ = READERS[kind]
    loaded = read(written[kind])
    rotation, spin = loaded.links["rotation"].astype(float), loaded.links["spin"]
    assert (np.sum(rotation[1:] * rotation[:-1], axis=2) > 0.5).all()  # no flips
    rate = np.gradient(rotation, axis=0) * fps
    w, q = rotation[..., :1], rotation[..., 1:]
    rw, rq = rate[..., :1], rate[..., 1:]
    world = 2 * (w * rq - rw * q - np.cross(rq, q))
    body = 2 * (w * rq - rw * q + np.cross(rq, q))
    speed = np.abs(world).mean()
    assert np.abs(spin - world)[2:-2].mean() < 0.06 * speed
    assert np.abs(spin - body)[2:-2].mean() > 0.2 * speed


@pytest.mark.parametrize(
    "kind", ["beyondmimic", "mjlab", "holosoma_wbt", "isaaclab_amp", "loco_mujoco"]
)
def test_joint_rates_are_mujocos_differences(
    kind: str, written: dict[str, Path], dance: RetargetingResult
) -> None:
    read, fps, _ = READERS[kind]
    loaded = read(written[kind])
    model = mujoco_model("unitree_g1")
    qpos = dance.resampled(fps).qpos
    assert loaded.rates is not None
    for t in range(1, len(qpos) - 1, 31):
        velocity = np.zeros(model.nv)
        mujoco.mj_differentiatePos(model, velocity, 2 / fps, qpos[t - 1], qpos[t + 1])
        np.testing.assert_allclose(loaded.rates[t], velocity[6:], atol=1e-4)
        if "qvel" in loaded.extra:
            before, now = np.zeros(9), np.zeros(9)
            mujoco.mju_quat2Mat(before, qpos[t - 1, 3:7])
            mujoco.mju_quat2Mat(now, qpos[t, 3:7])
            local = now.reshape(3, 3).T @ before.reshape(3, 3) @ velocity[3:6]
            np.testing.assert_allclose(loaded.extra["qvel"][t, :3], velocity[:3], atol=1e-4)
            np.testing.assert_allclose(loaded.extra["qvel"][t, 3:6], local, atol=1e-4)


def test_rows_of_pose_aa_make_the_links_poses(
    written: dict[str, Path], dance: RetargetingResult
) -> None:
    """Rotations of bodies as PHC's forward kinematics has them: the parent's, the model's, the row's."""
    model = mujoco_model("unitree_g1")
    entry = READERS["phc"][0](written["phc"]).extra
    assert entry["pose_aa"].shape[1] == 33  # 30 bodies, two hands and a head
    for t in (0, 150, 299):
        position, rotation = {}, {}
        for body in range(1, model.nbody):
            row = loaders.from_rotvec(entry["pose_aa"][t, body - 1])
            parent = int(model.body_parentid[body])
            if parent == 0:
                position[body], rotation[body] = entry["root_trans_offset"][t], matrix(row)
                continue
            rest = matrix(model.body_quat[body])
            position[body] = position[parent] + rotation[parent] @ model.body_pos[body]
            rotation[body] = rotation[parent] @ rest @ matrix(row)
        found = np.array([position[body] for body in range(1, model.nbody)])
        expected = mujoco_positions(dance.qpos[t : t + 1], LINKS)[0]
        assert np.abs(found - expected).max() < 1e-5


def matrix(rotation: np.ndarray) -> np.ndarray:
    out = np.zeros(9)
    mujoco.mju_quat2Mat(out, np.asarray(rotation, np.float64))
    return out.reshape(3, 3)


def test_pbhc_knows_which_foot_stands(written: dict[str, Path], dance: RetargetingResult) -> None:
    entry = READERS["pbhc"][0](written["pbhc"]).extra
    assert entry["contact_mask"].dtype == np.float64
    np.testing.assert_array_equal(entry["contact_mask"], dance.contacts.any(axis=2))
    assert entry["pose_aa"].shape == (300, 27, 3)
    assert "contact_mask" not in READERS["asap"][0](written["asap"]).extra


def test_contacts_of_protomotions_are_those_of_the_feet(
    written: dict[str, Path], dance: RetargetingResult
) -> None:
    contacts = READERS["protomotions"][0](written["protomotions"]).extra["contacts"]
    feet = [PROTOMOTIONS_LINKS.index(f"{side}_ankle_roll_link") for side in ("left", "right")]
    np.testing.assert_array_equal(contacts[:, feet], dance.contacts.any(axis=2))
    assert not np.delete(contacts, feet, axis=1).any()


def test_the_deployment_tracks_the_links_that_the_training_tracks(written: dict[str, Path]) -> None:
    loaded = READERS["sonic_deploy"][0](written["sonic_deploy"])
    # Isaac's places of whole_body_tracking's 14 links of the G1, as SONIC ships them.
    assert loaded.extra["places"] == [0, 4, 10, 18, 5, 11, 19, 9, 16, 22, 28, 17, 23, 29]


def test_keyframes_compile_with_the_robot(
    written: dict[str, Path], dance: RetargetingResult
) -> None:
    from robot_motions import EMBEDDED

    text = (EMBEDDED / "unitree_g1" / "model.xml").read_text()
    keys = written["mujoco_keyframes"].read_text().split("<mujoco>")[1].split("</mujoco>")[0]
    model = mujoco.MjModel.from_xml_string(text.replace("</mujoco>", f"{keys}</mujoco>"))
    np.testing.assert_allclose(model.key_qpos[:, :3], dance.qpos[:, :3], atol=1e-12)
    np.testing.assert_allclose(model.key_qpos[:, 7:], dance.qpos[:, 7:], atol=1e-12)


@pytest.mark.parametrize("name", ["unitree_h1", "booster_t1"])
@pytest.mark.parametrize("kind", ["beyondmimic", "mjlab", "holosoma_wbt"])
def test_other_robots_links_stand_in_order_too(kind: str, name: str, tmp_path: Path) -> None:
    robot, model = load_robot(name), mujoco_model(name)
    result = result_of(smooth_motion(robot), 50.0, robot)
    export_result(result, tmp_path / "clip.npz", kind, robot=robot)
    data = np.load(tmp_path / "clip.npz")
    names = data["body_names"].tolist()
    state = mujoco.MjData(model)
    for t in (0, 20, 39):
        state.qpos[:] = result.qpos[t]
        mujoco.mj_kinematics(model, state)
        expected = np.array([state.xpos[model.body(link).id] for link in names])
        assert np.abs(data["body_pos_w"][t] - expected).max() < 1e-5
    if kind == "mjlab":  # by place, as MuJoCo numbers its bodies
        assert names == [model.body(b).name for b in range(1, model.nbody)]
    if kind == "beyondmimic":
        assert names != [model.body(b).name for b in range(1, model.nbody)]
