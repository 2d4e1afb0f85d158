"""Points of detectors, depth cameras and data sets: arrays by their order, CSV and JSON by their names, TRC of joints.

No file of these could be had: they are written here from what the tools document.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from body_points import assert_same_body, points
from bvh_files import EMBEDDED

from retarget.errors import FileFormatError
from retarget.motion import Motion, read_motion
from retarget.motion.formats.arrays.keypoints import KeypointOrder, keypoint_order, keypoint_orders

_FPS = 40.0
_UP = {
    "y": np.array([[1, 0, 0], [0, 0, 1], [0, -1, 0.0]]),
    "-y": np.array([[1, 0, 0], [0, 0, -1], [0, 1, 0.0]]),
}


@pytest.fixture(scope="module")
def jump() -> Motion:
    motion = read_motion(EMBEDDED / "cmu_01_01.bvh")
    every = slice(0, None, 3)
    return replace(
        motion,
        positions=motion.positions[every],
        rotations=motion.rotations[every],
        fps=_FPS,
    )


@pytest.mark.parametrize("order", keypoint_orders(), ids=lambda order: str(order.name))
def test_an_array_tells_its_order_by_its_bones(
    order: KeypointOrder, jump: Motion, tmp_path: Path
) -> None:
    if order.name == "Human3.6M's skeleton":
        pytest.skip("a skeleton, whose joints are named below")
    places = points(jump, order.points) @ _UP["-y" if order.likely_up == "-y" else "y"].T
    noisy = places + np.random.default_rng(1).normal(0, 0.004, places.shape)
    found, problem = keypoint_order(noisy)
    assert found is not None, problem
    assert found.name == order.name
    np.save(tmp_path / "points.npy", places.astype(np.float32))
    motion = read_motion(tmp_path / "points.npy", source_fps=_FPS)
    assert motion.source.up_axis == order.likely_up
    assert_same_body(motion, jump)
    assert max((d.weight for d in motion.source.doubts), default=0.0) <= 0.3


def test_the_skeleton_of_human36m_is_read_in_millimetres(jump: Motion, tmp_path: Path) -> None:
    order = next(one for one in keypoint_orders() if one.name == "Human3.6M's skeleton")
    roles = {"Hips": "pelvis", "UpLeg": "hip", "Leg": "knee", "Foot": "ankle", "ToeBase": "toe", "ToeEnd": "toe",
             "Arm": "shoulder", "ForeArm": "elbow", "Hand": "wrist", "Shoulder": "clavicle", "Thumb": "thumb",
             "ThumbEnd": "hand_tip", "Fingers": "hand", "FingersEnd": "hand_tip", "Spine": "spine", "Spine1": "chest",
             "Neck": "neck", "Head": "head", "HeadEnd": "nose"}  # fmt: skip
    words = []
    for name in order.points:
        side = next((s for s in ("Left", "Right") if name.startswith(s)), "")
        words.append(f"{side.lower()}_{roles[name.removeprefix(side)]}".lstrip("_"))
    places = 1000.0 * points(jump, tuple(words))
    np.save(
        tmp_path / "h36m.npy", places.reshape(len(places), -1).astype(np.float32).reshape(-1, 32, 3)
    )
    motion = read_motion(tmp_path / "h36m.npy", source_fps=_FPS)
    assert (motion.source.unit, motion.source.up_axis) == ("millimetre", "z")
    assert_same_body(motion, jump)


def test_confidences_are_left_out_and_hands_of_a_holistic_model_too(
    jump: Motion, tmp_path: Path
) -> None:
    order = next(one for one in keypoint_orders() if one.name == "MediaPipe")
    places = points(jump, order.points) @ _UP["-y"].T
    rng = np.random.default_rng(3)
    hands = np.repeat(places[:, 15:17], 21, axis=1) + rng.normal(0, 0.02, (len(places), 42, 3))
    sure = np.full((len(places), 75, 1), 0.8)
    np.save(tmp_path / "all.npy", np.concatenate([np.concatenate([places, hands], 1), sure], 2))
    assert_same_body(read_motion(tmp_path / "all.npy", source_fps=_FPS), jump)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("lost", [slice(15, 16), slice(None)])
def test_points_that_are_never_seen_are_told_without_a_warning(
    lost: slice, jump: Motion, tmp_path: Path
) -> None:
    places = points(jump, mediapipe().points) @ _UP["-y"].T
    places[:, lost] = np.nan
    np.save(tmp_path / "points.npy", places)
    with pytest.raises(FileFormatError, match=r"is missing from frame 0|no known order"):
        read_motion(tmp_path / "points.npy", source_fps=_FPS)


def test_points_whose_order_nothing_tells_are_refused(jump: Motion, tmp_path: Path) -> None:
    order = next(one for one in keypoint_orders() if one.name == "COCO")
    places = points(jump, order.points)
    mixed = places[:, np.random.default_rng(0).permutation(17)]
    np.save(tmp_path / "mixed.npy", mixed)
    with pytest.raises(FileFormatError, match=r"17 points.*joint_names"):
        read_motion(tmp_path / "mixed.npy", source_fps=_FPS)


def mediapipe() -> KeypointOrder:
    return next(one for one in keypoint_orders() if one.name == "MediaPipe")


def json_layouts(places: np.ndarray, names: tuple[str, ...]) -> dict[str, Any]:
    rounded = places.round(5).tolist()
    shouted = [name.upper() for name in names]
    dicts = [[{"x": x, "y": y, "z": z, "visibility": 0.9} for x, y, z in row] for row in rounded]
    named = [[{"name": n, **p} for n, p in zip(shouted, row, strict=True)] for row in dicts]
    pictures = [[{"x": 0.5, "y": 0.5, "z": 0.0}] * len(names)] * len(rounded)
    return {
        "lists": rounded,
        "frames of landmarks": [{"frame": i, "timestamp": i / _FPS, "landmarks": row} for i, row in enumerate(dicts)],
        "by name": {"fps": _FPS, "frames": [dict(zip(shouted, row, strict=True)) for row in dicts]},
        "world beside picture": {"fps": _FPS, "frames": [
            {"pose_landmarks": seen, "pose_world_landmarks": row} for seen, row in zip(pictures, named, strict=True)]},
        "persons": {"frame_rate": _FPS, "data": [{"keypoints_3d": [row]} for row in rounded]},
        "milliseconds": [{"time": 1000 * i / _FPS, "joints": row} for i, row in enumerate(named)],
        "names beside": {"fps": _FPS, "keypoint_names": list(names), "keypoints": rounded},
        "nobody for a moment": {"fps": _FPS, "frames": [
            {"landmarks": [] if i in (40, 41) else row} for i, row in enumerate(named)]},
    }  # fmt: skip


@pytest.mark.parametrize("layout", list(json_layouts(np.zeros((1, 33, 3)), mediapipe().points)))
def test_json_of_frames_is_read_in_many_layouts(layout: str, jump: Motion, tmp_path: Path) -> None:
    places = points(jump, mediapipe().points) @ _UP["-y"].T
    content = json_layouts(places, mediapipe().points)[layout]
    (tmp_path / "take.json").write_text(json.dumps(content))
    asked = {"source_fps": _FPS} if layout == "lists" else {}
    motion = read_motion(tmp_path / "take.json", **asked)
    assert motion.fps == pytest.approx(_FPS)
    atol = 0.12 if layout == "nobody for a moment" else 2e-3
    assert_same_body(motion, jump, atol)


@pytest.mark.parametrize(
    ("content", "cause"),
    [
        ({"annotations": [{"keypoints": [1, 2, 2] * 17}], "images": []}, "not of any known"),
        ({"keypoints_2d": [[[1, 2, 0.9]] * 4] * 30}, "in a picture"),
        ({"joints": ["a", "b"], "version": 3}, "not of any known"),
        ({"frames": [{"landmarks": [{"x": "left", "y": 0, "z": 0}] * 33}]}, "cannot be read"),
        ({"keypoints": [[[0, 1, 2]] * 4] * 9}, "no frames of a body's points"),
        ([[[None, None, None]] * 33] * 9, "none of its points has a place"),
    ],
)  # fmt: skip
def test_json_that_is_no_motion_says_why(content: Any, cause: str, tmp_path: Path) -> None:
    (tmp_path / "take.json").write_text(json.dumps(content))
    with pytest.raises(FileFormatError, match=cause):
        read_motion(tmp_path / "take.json", source_fps=_FPS)


def test_places_in_a_picture_are_doubted(jump: Motion, tmp_path: Path) -> None:
    places = points(jump, mediapipe().points) @ _UP["-y"].T
    low = places.min(axis=(0, 1))
    squeezed = (places - low) / (places.max(axis=(0, 1)) - low) * np.array([1.0, 1.0, 0.3])
    np.save(tmp_path / "picture.npy", squeezed)
    doubts = read_motion(tmp_path / "picture.npy", source_fps=_FPS).source.doubts
    assert any(
        d.name == "unit" and d.weight > 0.5 and "world landmarks" in d.reason for d in doubts
    )


def csv_layouts(places: np.ndarray, names: tuple[str, ...]) -> dict[str, str]:
    rows = [",".join(f"{v:.5f}" for v in row) for row in places.reshape(len(places), -1)]
    long = [
        f"{i},{name},{x:.5f},{y:.5f},{z:.5f},0.9"
        for i, row in enumerate(places) for name, (x, y, z) in zip(names, row, strict=True)
    ]  # fmt: skip
    return {
        "axis first": "\n".join([",".join(f"{a}_{n}" for n in names for a in "xyz"), *rows]),
        "behind a model's name": "\n".join(
            [",".join(f"body_{n}_{a}" for n in names for a in "xyz"), *rows]
        ),
        "numbered": "\n".join(
            [",".join(f"{a}{n}" for n in range(len(names)) for a in "xyz"), *rows]
        ),
        "names above axes": "\n".join(
            [",".join(n for n in names for _ in "xyz"), ",".join("xyz" * len(names)), *rows]
        ),
        "names above the first of three axes, times before, units below": "\n".join(
            [
                "Frame,Time," + ",".join(f"{n},," for n in names),
                ",," + ",".join("XYZ" * len(names)),
                ",s," + ",".join(["m"] * 3 * len(names)),
                *(f"{t + 1},{t / _FPS:.4f},{row}" for t, row in enumerate(rows)),
            ]
        ),
        "DeepLabCut": "\n".join(
            [
                "scorer," + ",".join(["me"] * 3 * len(names)),
                "bodyparts," + ",".join(n for n in names for _ in "xyz"),
                "coords," + ",".join("xyz" * len(names)),
                *(f"{t},{row}" for t, row in enumerate(rows)),
            ]
        ),
        "without words": "\n".join(rows),
        "without words, frames before": "\n".join(f"{t},{row}" for t, row in enumerate(rows)),
        "without words, decimal commas": "\n".join(
            row.replace(",", ";").replace(".", ",") for row in rows
        ),
        "a row for each landmark": "\n".join(["frame,landmark,x,y,z,visibility", *long]),
    }


@pytest.mark.parametrize("layout", list(csv_layouts(np.zeros((1, 33, 3)), mediapipe().points)))
def test_csv_of_landmarks(layout: str, jump: Motion, tmp_path: Path) -> None:
    places = points(jump, mediapipe().points) @ _UP["-y"].T
    (tmp_path / "take.csv").write_text(csv_layouts(places, mediapipe().points)[layout] + "\n")
    motion = read_motion(tmp_path / "take.csv", source_fps=_FPS)
    assert_same_body(motion, jump)
    assert "left_toe" in motion.joint_names


def test_times_and_units_of_a_table_are_believed(jump: Motion, tmp_path: Path) -> None:
    names = mediapipe().points
    places = points(jump, names) @ _UP["-y"].T
    said = csv_layouts(100 * places, names)
    units = said["names above the first of three axes, times before, units below"]
    (tmp_path / "take.csv").write_text(
        units.replace(",m,", ",cm,").replace(",m,", ",cm,").replace(",m\n", ",cm\n")
    )
    motion = read_motion(tmp_path / "take.csv")
    assert motion.fps == _FPS
    assert motion.source.unit == "centimetre"
    assert_same_body(motion, jump)
    timed = [f"{t / _FPS:.4f},{row}" for t, row in enumerate(said["without words"].split("\n"))]
    (tmp_path / "timed.csv").write_text("\n".join(timed))
    assert read_motion(tmp_path / "timed.csv").fps == _FPS


@pytest.mark.parametrize(
    ("table", "cause"),
    [
        (np.random.default_rng(1).normal(size=(50, 99)), "in no known order"),
        (np.random.default_rng(1).normal(size=(50, 36)), "is a table of 36 numbers a row"),
    ],
)
def test_tables_without_words_that_are_no_body_are_refused(
    table: np.ndarray, cause: str, tmp_path: Path
) -> None:
    np.savetxt(tmp_path / "table.csv", table, delimiter=",")
    with pytest.raises(FileFormatError, match=cause):
        read_motion(tmp_path / "table.csv", source_fps=30.0)


def test_numbers_before_points_that_do_not_go_on_are_refused(jump: Motion, tmp_path: Path) -> None:
    places = points(jump, mediapipe().points) @ _UP["-y"].T
    rows = np.hstack([np.ones((len(places), 1)), places.reshape(len(places), -1)])
    np.savetxt(tmp_path / "table.csv", rows, delimiter=",")
    with pytest.raises(FileFormatError, match="neither times nor counts"):
        read_motion(tmp_path / "table.csv", source_fps=30.0)


_POSE2SIM = {
    f"{letter}{word}": f"{side}_{part}" for letter, side in (("R", "right"), ("L", "left"))
    for word, part in {"Hip": "hip", "Knee": "knee", "Ankle": "ankle", "BigToe": "big_toe", "SmallToe": "small_toe",
                       "Heel": "heel", "Shoulder": "shoulder", "Elbow": "elbow", "Wrist": "wrist"}.items()
} | {"Neck": "neck", "Head": "head", "Nose": "nose"}  # fmt: skip


def trc(names: list[str], places: np.ndarray) -> str:
    head = ["PathFileType\t4\t(X/Y/Z)\tx.trc", "DataRate\tCameraRate\tNumFrames\tNumMarkers\tUnits",
            f"{_FPS:g}\t{_FPS:g}\t{len(places)}\t{len(names)}\tm", "Frame#\tTime\t" + "\t\t\t".join(names) + "\t\t",
            "\t\t" + "\t".join(f"{a}{i + 1}" for i in range(len(names)) for a in "XYZ")]  # fmt: skip
    rows = [
        "\t".join([str(i + 1), f"{i / _FPS:.4f}", *(f"{v:.5f}" for v in row.ravel())])
        for i, row in enumerate(places)
    ]
    return "\n".join([*head, *rows]) + "\n"


def test_trc_of_joints_is_a_body(jump: Motion, tmp_path: Path) -> None:
    places = points(jump, tuple(_POSE2SIM.values())) @ _UP["y"].T
    (tmp_path / "pose2sim.trc").write_text(trc(list(_POSE2SIM), places))
    motion = read_motion(tmp_path / "pose2sim.trc")
    assert (motion.fps, motion.source.up_axis) == (_FPS, "y")
    assert_same_body(motion, jump)
    assert any("video tools" in doubt.reason for doubt in motion.source.doubts)


def test_guessed_markers_are_read_before_the_joints_that_they_were_guessed_from(
    jump: Motion, tmp_path: Path
) -> None:
    joints = points(jump, tuple(_POSE2SIM.values()))
    at = dict(zip(_POSE2SIM.values(), np.moveaxis(joints, 1, 0), strict=True))
    across = at["left_hip"] - at["right_hip"]
    across /= np.linalg.norm(across, axis=1, keepdims=True)
    ahead = np.cross(across, np.array([0, 0, 1.0]))
    guessed = {}
    for letter, side, sign in (("r", "right", -1.0), ("L", "left", 1.0)):
        out = sign * across
        hip = at[f"{side}_hip"] + np.array([0, 0, 0.08])
        guessed |= {f"{letter}.ASIS": hip + 0.08 * ahead + 0.03 * out, f"{letter}.PSIS": hip - 0.1 * ahead - 0.05 * out,
                    f"{letter}_toe": at[f"{side}_big_toe"], f"{letter}_calc": at[f"{side}_heel"],
                    f"{letter}_shoulder": at[f"{side}_shoulder"] + np.array([0, 0, 0.06])}  # fmt: skip
        for part, word in (
            ("knee", "knee"),
            ("ankle", "ankle"),
            ("elbow", "lelbow"),
            ("wrist", "lwrist"),
        ):
            inner = word.replace("l", "m", 1) if word.startswith("l") else f"m{word}"
            guessed |= {f"{letter}_{word}": at[f"{side}_{part}"] + 0.04 * out,
                        f"{letter}_{inner}": at[f"{side}_{part}"] - 0.04 * out}  # fmt: skip
    guessed["C7"] = at["neck"] - 0.05 * ahead
    names = [*_POSE2SIM, *(f"{name}_study" for name in guessed)]
    moved = joints + np.array(
        [0.5, 0.0, 0.0]
    )  # another body: that of the guessed markers is to be found
    places = np.concatenate([moved, np.stack(list(guessed.values()), axis=1)], axis=1) @ _UP["y"].T
    (tmp_path / "opencap.trc").write_text(trc(names, places))
    motion = read_motion(tmp_path / "opencap.trc")
    knee = motion.positions[:, motion.roles["left_knee"]]
    hips = motion.positions[:, motion.roles["left_hip"]]
    thigh = np.linalg.norm(at["left_knee"] - at["left_hip"], axis=1)
    np.testing.assert_allclose(np.linalg.norm(knee - hips, axis=1), thigh, atol=0.06)
    assert any(
        "between the markers on both sides" in doubt.reason for doubt in motion.source.doubts
    )


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        (
            ",".join(f"{name}_{axis}" for name in ("Hips", *_POSE2SIM) for axis in "xyz"),
            "no frames",
        ),
        ("\n" + ",".join(f"c{number}" for number in range(40)), "not of any known motion format"),
    ],
)
def test_tables_without_a_row_say_so(text: str, cause: str, tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_text(text + "\n")
    with pytest.raises(FileFormatError, match=cause):
        read_motion(tmp_path / "table.csv", source_fps=30.0)
