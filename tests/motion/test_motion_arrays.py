"""Places of joints in arrays and tables: which joint is which, rates, gaps, samples, and what is refused."""

from __future__ import annotations

import io
import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import smpl_files as made
from bvh_files import CLIPS
from scipy.spatial.transform import Rotation

from retarget.errors import FileFormatError
from retarget.motion import Motion, read_motion
from retarget.motion.formats.gaps import fill_gaps
from retarget.motion.formats.joint_orders import fitting_order, orders
from retarget.motion.formats.named_tree import tree_of_names
from retarget.motion.formats.smpl.body import body_tree

needs_clips = pytest.mark.skipif(not CLIPS.is_dir(), reason="needs ../shared/clips")


@pytest.fixture
def walk(tmp_path: Path) -> Motion:
    return read_motion(made.written(tmp_path, "amass.npz", made.amass(made.walk())))


def npy(array: Any) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array, allow_pickle=array.dtype.hasobject)
    return stream.getvalue()


def y_up(motion: Motion) -> np.ndarray:
    """Places with y up and z where x was."""
    return np.asarray(motion.positions[:, :22, [1, 2, 0]])


def csv_text(
    names: list[str], places: np.ndarray, pattern: str = "{}_{}", fps: float = 0.0
) -> bytes:
    head = [pattern.format(name, axis) for name in names for axis in "xyz"]
    rows = [
        [f"{v:.6f}" if np.isfinite(v) else "" for v in row]
        for row in places.reshape(len(places), -1)
    ]
    if fps:
        head = ["time", *head]
        rows = [[f"{i / fps:.6f}", *row] for i, row in enumerate(rows)]
    return "\r\n".join(",".join(row) for row in [head, *rows]).encode()


def test_22_joints_are_smpls_at_the_rate_of_humanml3d_which_is_doubted(
    walk: Motion, tmp_path: Path
) -> None:
    motion = read_motion(made.written(tmp_path, "012314.npy", npy(y_up(walk).astype(np.float32))))
    assert motion.fps == 20
    assert {"rate", "rotations"} <= {doubt.name for doubt in motion.source.doubts}
    assert motion.source.up_axis == "y"
    np.testing.assert_allclose(motion.positions, walk.positions[:, :22], atol=1e-5)


def test_samples_of_a_plain_array_are_picked(walk: Motion, tmp_path: Path) -> None:
    places = y_up(walk)
    file = made.written(tmp_path, "out.npy", npy(np.stack([places, places[::-1]])))
    first, second = (read_motion(f"{file}#{number}") for number in (1, 2))
    np.testing.assert_allclose(first.positions, second.positions[::-1], atol=1e-5)
    alone = read_motion(made.written(tmp_path, "one.npy", npy(places[None])))
    np.testing.assert_allclose(alone.positions, first.positions)


def features(places: np.ndarray) -> np.ndarray:
    """HumanML3D's rows of 263 numbers, as its own code makes them of 22 joints, y up; what repeats them is zero."""
    across = places[:, 2] - places[:, 1]  # from the left hip to the right one
    facing = np.unwrap(np.arctan2(across[:, 2], -across[:, 0]))  # from z, about y
    turn = -facing / 2  # half the turn that brings the body to face z
    rows = np.zeros((len(places), 263))
    rows[:-1, 0] = np.diff(turn)

    def seen(vectors: np.ndarray, turns: np.ndarray) -> np.ndarray:
        c, s = np.cos(2 * turns)[:, None], np.sin(2 * turns)[:, None]
        x, y, z = np.moveaxis(vectors, -1, 0)
        return np.stack([x * c + z * s, y, -x * s + z * c], axis=-1)

    rows[:-1, 1:3] = seen(np.diff(places[:, :1], axis=0), turn[1:])[:, 0][:, [0, 2]]
    rows[:, 3] = places[:, 0, 1]
    beside = places[:, 1:] - places[:, :1] * [1, 0, 1]
    rows[:, 4:67] = seen(beside, turn).reshape(len(places), -1)
    return rows


def streamed(places: np.ndarray) -> np.ndarray:
    """MotionStreamer's rows of 272 numbers of 22 joints, y up; what repeats them is zero."""
    across = places[:, 2] - places[:, 1]
    heading = -np.unwrap(
        np.arctan2(across[:, 2], -across[:, 0])
    )  # the turn that brings the body to face z
    turns = Rotation.from_euler("y", heading[:, None])
    rows = np.zeros((len(places), 272))
    rows[1:, [0, 1]] = turns[:-1].apply(np.diff(places[:, 0], axis=0))[:, [0, 2]]
    steps = Rotation.concatenate([turns[:1], turns[1:] * turns[:-1].inv()]).as_matrix()
    rows[:, 2:8] = steps[:, :2].reshape(len(places), 6)
    beside = places - places[:, :1] * [1, 0, 1]
    seen = np.stack([turns.apply(beside[:, joint]) for joint in range(22)], axis=1)
    rows[:, 8:74] = seen.reshape(len(places), -1)
    return rows


@pytest.mark.parametrize(("write", "fps"), [(features, 20), (streamed, 30)])
def test_features_of_generators_are_the_places_that_they_were_made_of(
    write: Callable[[np.ndarray], np.ndarray], fps: float, walk: Motion, tmp_path: Path
) -> None:
    """Also while the body turns: its path bends to its left."""
    places = y_up(walk)
    angle = np.linspace(0.0, 1.5, len(places))[:, None]  # about y, to the left
    c, s = np.cos(angle), np.sin(angle)
    x, y, z = np.moveaxis(places, -1, 0)
    places = np.stack([x * c + z * s, y, -x * s + z * c], axis=-1)
    motion = read_motion(made.written(tmp_path, "000021.npy", npy(write(places))))
    expected = read_motion(made.written(tmp_path, "joints.npy", npy(places)))
    assert (motion.fps, len(motion)) == (fps, len(expected))
    assert any(doubt.name == "rate" for doubt in motion.source.doubts)
    own, other = (m.positions - m.positions[0, 0] for m in (motion, expected))
    # The first frame faces z in features: one turn about the up axis lies between both.
    flat = np.vdot(own[..., 0] + 1j * own[..., 1], other[..., 0] + 1j * other[..., 1])
    yaw = flat / abs(flat)
    turned = (own[..., 0] + 1j * own[..., 1]) * yaw
    np.testing.assert_allclose(turned.real, other[..., 0], atol=1e-3)
    np.testing.assert_allclose(turned.imag, other[..., 1], atol=1e-3)
    np.testing.assert_allclose(own[..., 2], other[..., 2], atol=1e-3)


def test_a_sample_of_mdm_is_picked_and_cut_to_its_length(walk: Motion, tmp_path: Path) -> None:
    both = np.stack([np.moveaxis(y_up(walk), 0, -1)] * 2)
    content = {"motion": both, "text": ["walks", "walks again"], "lengths": np.array([40, 25])}
    path = made.written(tmp_path, "results.npy", npy(np.array(content, object)))
    assert len(read_motion(path)) == 40
    assert len(read_motion(f"{path}#2")) == 25
    with pytest.raises(FileFormatError, match="no sample '3'"):
        read_motion(f"{path}#3")


def test_names_tell_joints_in_any_order_and_middles_are_added(walk: Motion, tmp_path: Path) -> None:
    """Landmarks as MediaPipe's: no pelvis, no spine, a nose, feet by heels and toes."""
    parts = ("wrist", "elbow", "shoulder", "ankle", "knee", "hip")
    landmarks = {
        "nose": "head", "left_heel": "left_ankle", "right_heel": "right_ankle", "left_foot_index": "left_foot",
        "right_foot_index": "right_foot",
        **{name: name for s in ("right", "left") for p in parts for name in [f"{s}_{p}"]},
    }  # fmt: skip
    names, tree = list(landmarks), body_tree("smpl").names
    places = walk.positions[:, [tree.index(joint) for joint in landmarks.values()]].copy()
    places[:, 1:3, 2] -= 0.05
    data = made.npz(joint_names=np.array(names), positions=places, fps=30)
    motion = read_motion(made.written(tmp_path, "points.npz", data))
    middle = (walk.role_positions("left_hip") + walk.role_positions("right_hip")) / 2
    np.testing.assert_allclose(motion.role_positions("pelvis"), middle, atol=1e-9)
    np.testing.assert_allclose(
        motion.role_positions("left_toe"), walk.role_positions("left_toe"), atol=1e-9
    )


@pytest.mark.parametrize("pattern", ["{}_{}", "{}.{}", "{} {}", "{} ({})"])
def test_tables_name_a_column_for_each_coordinate(
    pattern: str, walk: Motion, tmp_path: Path
) -> None:
    names, places = list(body_tree("smpl").names[:22]), np.array(walk.positions[:, :22])
    places[5:9, 3] = np.nan
    text = csv_text(names, places, pattern, fps=50)
    motion = read_motion(made.written(tmp_path, "walk.csv", text))
    assert motion.fps == 50
    np.testing.assert_allclose(motion.positions, walk.positions[:, :22], atol=2e-3)
    assert any("were filled" in doubt.reason for doubt in motion.source.doubts)


@pytest.mark.parametrize("separator", [";", "\t"])
@pytest.mark.parametrize("point", [",", "."])
def test_cells_may_end_otherwise_and_commas_be_decimal(
    separator: str, point: str, walk: Motion, tmp_path: Path
) -> None:
    names = list(body_tree("smpl").names[:22])
    text = csv_text(names, walk.positions[:, :22], fps=50).decode()
    text = text.replace(",", separator).replace(".", point)
    motion = read_motion(made.written(tmp_path, "walk.csv", text.encode()))
    assert (motion.fps, motion.source.format) == (50, "named_csv")
    np.testing.assert_allclose(motion.positions, walk.positions[:, :22], atol=1e-5)


def test_a_row_for_each_point_is_read_as_freemocap_writes_it(walk: Motion, tmp_path: Path) -> None:
    names = body_tree("smpl").names[:22]
    lines = ["frame,timestamp,model,keypoint,x,y,z,reprojection_error"]
    for frame, row in enumerate(walk.positions[:, :22] * 1000):
        lines += [
            f"{frame},{frame / 30:.5f},pose,{name},{x:.3f},{y:.3f},{z:.3f},0.1"
            for name, (x, y, z) in zip(names, row, strict=True)
        ]
    motion = read_motion(made.written(tmp_path, "by_frame.csv", "\n".join(lines).encode()))
    assert (motion.fps, motion.source.unit) == (30, "millimetre")
    np.testing.assert_allclose(motion.positions, walk.positions[:, :22], atol=1e-5)


def test_json_with_names_is_read(walk: Motion, tmp_path: Path) -> None:
    content = {
        "fps": 24,
        "joint_names": list(body_tree("smpl").names[:22]),
        "positions": walk.positions[:, :22].tolist(),
    }
    motion = read_motion(made.written(tmp_path, "walk.json", json.dumps(content).encode()))
    assert motion.fps == 24
    np.testing.assert_allclose(motion.positions, walk.positions[:, :22], atol=1e-9)


@pytest.mark.parametrize(
    "order", [order for order in orders() if order.name != "Xsens"], ids=lambda order: order.name
)
def test_every_order_is_a_tree_of_distinct_joints(order: Any) -> None:
    assert len(set(order.names)) == len(order.names) == len(order.parents)
    assert (order.parents < np.arange(len(order.names))).all()
    assert tree_of_names(order.names) is not None


def test_orders_of_the_same_count_are_told_by_bones_that_keep_their_length(walk: Motion) -> None:
    shuffled = next(order for order in orders() if order.name == "SMPL in MuJoCo's order")
    smpl = body_tree("smpl").names
    ours = {
        "Pelvis": "pelvis",
        "Torso": "spine1",
        "Spine": "spine2",
        "Chest": "spine3",
        "Neck": "neck",
        "Head": "head",
    }
    words = {"Hip": "hip", "Knee": "knee", "Ankle": "ankle", "Toe": "foot", "Thorax": "collar", "Shoulder": "shoulder",
             "Elbow": "elbow", "Wrist": "wrist", "Hand": "hand"}  # fmt: skip
    for side, long in (("L", "left"), ("R", "right")):
        ours |= {f"{side}_{word}": f"{long}_{other}" for word, other in words.items()}
    rest = made.expected_joints(made.walk())
    places = rest[:, [smpl.index(ours[name]) for name in shuffled.names]]
    found, problem = fitting_order(places)
    assert (found and found.name, problem) == (shuffled.name, "")
    found, _ = fitting_order(rest)
    assert found is not None
    assert found.name == "SMPL"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (npy(np.random.default_rng(0).normal(size=(50, 22, 3))), "keeps its bones' lengths"),
        (npy(np.zeros((50, 27, 3))), "27 joints without names"),
        (npy(np.zeros((50, 34, 3))), "of a robot, Unitree G1"),
        (npy(np.random.default_rng(0).normal(size=(50, 263))), "263 features .* or are normalised"),
        (npy(np.random.default_rng(0).normal(size=(50, 272))), "272 features .* or are normalised"),
        (made.npz(positions=np.zeros((5, 4)), joint_names=np.array(["a"])), "not \\(frames, joints, 3\\)"),
        (",".join(f"{n}_{a}" for n in "abcdef" for a in "xyz").encode() + b"\n" + b"1," * 17 + b"what\n", "'what'"),
        (b'{"joint_names": ["a"], "positions": [[[1, 2]]]}', "1 names and positions"),
    ],
)  # fmt: skip
def test_what_is_no_body_is_refused_in_one_line(data: bytes, words: str, tmp_path: Path) -> None:
    suffix = (
        ".npy" if data.startswith(b"\x93NUMPY") else ".npz" if data.startswith(b"PK") else ".txt"
    )
    with pytest.raises(FileFormatError, match=words) as error:
        read_motion(made.written(tmp_path, f"file{suffix}", data), source_fps=30)
    assert "\n" not in str(error.value)


def test_a_long_gap_is_refused_with_its_joint_and_frame(walk: Motion, tmp_path: Path) -> None:
    places = np.array(walk.positions[:, :22])
    places[10:30, 7] = np.nan
    data = made.npz(positions=places, joint_names=np.array(body_tree("smpl").names[:22]), fps=30)
    with pytest.raises(FileFormatError, match="left_ankle is missing from frame 10"):
        read_motion(made.written(tmp_path, "walk.npz", data))


def test_gaps_are_filled_along_the_curve_of_what_is_around_them() -> None:
    time = np.arange(60) / 30
    places = np.stack([time**2, np.sin(3 * time), time], axis=1)
    torn = places.copy()
    torn[20:26] = np.nan
    torn[40:52] = np.nan
    assert fill_gaps(torn, 30.0) == 6
    np.testing.assert_allclose(torn[20:26], places[20:26], atol=2e-3)
    assert np.isnan(torn[40:52]).all()


@needs_clips
def test_real_generated_and_captured_files_are_humans_on_their_floor() -> None:
    (soma,) = CLIPS.glob("kimodo_npz/soma30*.npz")
    (climb,) = CLIPS.glob("climb_npy/*.npy")
    (omomo,) = CLIPS.glob("omomo_pt/*.pt")
    for path, joints in ((soma, 30), (climb, 53), (omomo, 52)):
        motion = read_motion(path, source_fps=120 if path == climb else None)
        assert motion.positions.shape[1] == joints
        pelvis = np.median(
            motion.role_positions("pelvis")[:, 2] - motion.role_positions("left_toe")[:, 2]
        )
        assert 0.3 < pelvis < 1.2
    assert not [d for d in read_motion(soma).source.doubts if d.name == "rotations"]
    (robot,) = CLIPS.glob("kimodo_npz/g1*.npz")
    with pytest.raises(FileFormatError, match="of a robot"):
        read_motion(robot)


def test_a_pickle_of_places_is_read_without_running_it(walk: Motion, tmp_path: Path) -> None:
    content = {"joint_positions": walk.positions[:, :22].copy(), "fps": 30.0}
    motion = read_motion(made.written(tmp_path, "walk.pkl", pickle.dumps(content)))
    np.testing.assert_allclose(motion.positions, walk.positions[:, :22], atol=1e-9)
