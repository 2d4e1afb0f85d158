"""Xsens' MVNX and tables of OptiTrack's Motive: real files, made ones, and what is refused.

No table with a human's bones could be had: those here are made from Motive's documentation.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
import smpl_files as made
from bvh_files import CLIPS
from scipy.spatial.transform import Rotation

from retarget.errors import FileFormatError
from retarget.motion import Motion, read_motion

needs_clips = pytest.mark.skipif(not CLIPS.is_dir(), reason="needs ../shared/clips")
# Bones of Motive and the joints of SMPL at which they begin.
BONES = {
    "Hip": "pelvis", "Ab": "spine1", "Chest": "spine3", "Neck": "neck", "Head": "head",
    **{
        f"{letter}{bone}": f"{side}_{joint}"
        for letter, side in (("L", "left"), ("R", "right"))
        for bone, joint in (("Shoulder", "collar"), ("UArm", "shoulder"), ("FArm", "elbow"), ("Hand", "wrist"),
                            ("Thigh", "hip"), ("Shin", "knee"), ("Foot", "ankle"), ("Toe", "foot"))
    },
}  # fmt: skip
PARENTS = {"Ab": "Hip", "Chest": "Ab", "Neck": "Chest", "Head": "Neck", "Shoulder": "Chest", "UArm": "Shoulder",
           "FArm": "UArm", "Hand": "FArm", "Thigh": "Hip", "Shin": "Thigh", "Foot": "Shin", "Toe": "Foot"}  # fmt: skip


@pytest.fixture
def walk(tmp_path: Path) -> Motion:
    return read_motion(made.written(tmp_path, "amass.npz", made.amass(made.walk())))


def parent_of(bone: str) -> str:
    if bone in PARENTS:
        return PARENTS[bone]
    parent = PARENTS.get(bone[1:], "")
    return parent if parent in ("", "Hip", "Chest") else bone[0] + parent


def motive(
    motion: Motion,
    *,
    local: bool = False,
    version: str = "1.23",
    unit: str = "Meters",
    gap: slice | None = None,
) -> bytes:
    names = list(BONES)
    joints = [motion.joint_names.index(BONES[name]) for name in names]
    world = Rotation.from_euler("x", -90, degrees=True)  # z up to y up
    places = np.stack([world.apply(motion.positions[:, j]) for j in joints], axis=1)
    turns = [world * Rotation.from_quat(np.roll(motion.rotations[:, j], -1, -1)) for j in joints]
    if local:
        whole_places, whole_turns = places.copy(), list(turns)
        for index, name in enumerate(names):
            if parent_of(name):
                above = names.index(parent_of(name))
                places[:, index] = (
                    whole_turns[above].inv().apply(whole_places[:, index] - whole_places[:, above])
                )
                turns[index] = whole_turns[above].inv() * whole_turns[index]
    places = places * {"Meters": 1, "Millimeters": 1000}[unit]
    second = {"1.21": ["", "", "", ""], "1.25": ["Type", "Name", "ID", "Parent"]}.get(
        version, ["Type", "Name", "ID", ""]
    )
    columns = [name for name in names for _ in range(7)]
    rows = [["Format Version", version, "Take Name", "walk", "Capture Frame Rate", "120.000000", "Export Frame Rate",
             "30.000000", "Rotation Type", "Quaternion", "Length Units", unit, "Coordinate Space",
             "Local" if local else "Global"], []]  # fmt: skip
    rows.append(["", second[0], *["Bone"] * len(columns)])
    rows.append(["", second[1], *("Anna" if name == "Hip" else f"Anna:{name}" for name in columns)])
    rows.append(["", second[2], *(str(i) for i in range(len(columns)))])
    if version == "1.25":
        rows.append(
            [
                "",
                second[3],
                *(f"Anna:{parent_of(n)}" if parent_of(n) != "Hip" else "Anna" for n in columns),
            ]
        )
    rows.append(["", "", *(["Rotation"] * 4 + ["Position"] * 3) * len(names)])
    rows.append(["Frame", "Time (Seconds)", *["X", "Y", "Z", "W", "X", "Y", "Z"] * len(names)])
    for t in range(len(places)):
        cells = [
            f"{v:.6f}" for i in range(len(names)) for v in [*turns[i][t].as_quat(), *places[t, i]]
        ]
        if gap is not None and gap.start <= t < gap.stop:
            cells[7 * names.index("LShin") : 7 * names.index("LShin") + 7] = [""] * 7
        rows.append([str(t), f"{t / 30:.6f}", *cells])
    return "\r\n".join(",".join(row) for row in rows).encode()


@pytest.mark.parametrize("version", ["1.21", "1.23", "1.25"])
@pytest.mark.parametrize("local", [False, True])
def test_bones_of_motive_are_the_motion_in_each_version_and_space(
    version: str, local: bool, walk: Motion, tmp_path: Path
) -> None:
    unit = "Millimeters" if version == "1.23" else "Meters"
    motion = read_motion(
        made.written(tmp_path, "take.csv", motive(walk, local=local, version=version, unit=unit))
    )
    assert (motion.fps, motion.source.up_axis) == (30, "y")
    for bone, joint in BONES.items():
        found = motion.positions[:, motion.joint_names.index(bone)]
        expected = walk.positions[:, walk.joint_names.index(joint)]
        # Both worlds have z up; they are turned about it.
        np.testing.assert_allclose(found[:, 2], expected[:, 2], atol=1e-4)
        np.testing.assert_allclose(
            np.linalg.norm(np.diff(found, axis=0), axis=1),
            np.linalg.norm(np.diff(expected, axis=0), axis=1),
            atol=1e-4,
        )
    assert motion.roles["left_hip"] == motion.joint_names.index("LThigh")
    assert motion.roles["left_toe"] == motion.joint_names.index("LToe")


FBX_NAMES = {"Ab": "Spine", "Chest": "Spine1", "Shoulder": "Shoulder", "UArm": "Arm", "FArm": "ForeArm", "Hand": "Hand",
             "Thigh": "UpLeg", "Shin": "Leg", "Foot": "Foot", "Toe": "ToeBase"}  # fmt: skip


@pytest.mark.parametrize("version", ["1.23", "1.25"])
def test_bones_may_have_the_names_of_fbx(version: str, walk: Motion, tmp_path: Path) -> None:
    def renamed(match: re.Match[str]) -> str:
        side = {"L": "Left", "R": "Right"}.get(match[1], "")
        return f"Anna:{side}{FBX_NAMES[match[2]]}"

    text = motive(walk, local=True, version=version).decode()
    text = re.sub(rf"Anna:([LR]?)({'|'.join(FBX_NAMES)})\b", renamed, text)
    motion = read_motion(made.written(tmp_path, "take.csv", text.encode()))
    plain = read_motion(made.written(tmp_path, "plain.csv", motive(walk, version=version)))
    assert motion.joint_names[motion.roles["left_elbow"]] == "LeftForeArm"
    for role in ("left_wrist", "right_toe", "head"):
        np.testing.assert_allclose(
            motion.role_positions(role), plain.role_positions(role), atol=1e-3
        )


def test_a_bone_that_was_lost_for_a_moment_is_filled_and_for_long_refused(
    walk: Motion, tmp_path: Path
) -> None:
    motion = read_motion(made.written(tmp_path, "take.csv", motive(walk, gap=slice(10, 14))))
    knee = motion.role_positions("left_knee")[:, 2]
    np.testing.assert_allclose(knee, walk.role_positions("left_knee")[:, 2], atol=5e-3)
    assert any("were missing 4 times" in doubt.reason for doubt in motion.source.doubts)
    with pytest.raises(FileFormatError, match="bone LShin is missing from frame 10 on"):
        read_motion(made.written(tmp_path, "take.csv", motive(walk, gap=slice(10, 30))))


def test_rotations_that_are_no_quaternions_are_refused(walk: Motion, tmp_path: Path) -> None:
    data = motive(walk).replace(b"Rotation Type,Quaternion", b"Rotation Type,XYZ")
    with pytest.raises(FileFormatError, match="rotations are 'XYZ'; export quaternions"):
        read_motion(made.written(tmp_path, "take.csv", data))


@pytest.mark.parametrize(
    ("old", "new", "cause"),
    [
        (b",X,Y,Z\r\n", b",X,Y\r\n", "its last bone lacks columns"),
        (b"Take Name,", b"Take Name," + b"a" * 200_000 + b",", "its head cannot be read"),
    ],
)
def test_torn_heads_are_refused(
    old: bytes, new: bytes, cause: str, walk: Motion, tmp_path: Path
) -> None:
    data = motive(walk)
    data = data if b"\r\n" in data else data.replace(b"\n", b"\r\n")
    assert old in data
    with pytest.raises(FileFormatError, match=cause):
        read_motion(made.written(tmp_path, "take.csv", data.replace(old, new, 1)))


@needs_clips
def test_a_real_table_without_bones_says_what_it_holds() -> None:
    (path,) = CLIPS.glob("motive_csv/*.csv")
    with pytest.raises(
        FileFormatError, match="holds Marker, Rigid Body, Rigid Body Marker and no skeleton's bones"
    ):
        read_motion(path)


@needs_clips
@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda text: text.replace(b"<subject ", b"<object "), "holds no subject"),
        (lambda text: text.replace(b'type="normal"', b'type="tpose"'), "holds no frames"),
        (lambda text: text.replace(b'frameRate="60"', b'frameRate="-1"'), "a rate of -1"),
        (lambda text: text[: len(text) // 2], "is cut short"),
        (
            lambda text: text.replace(b"<position>", b"<position>x ", 9),
            "'x' is no number of a position",
        ),
        (lambda text: text.replace(b'<segment label="L5"', b'<segment label="Pelvis"'), "segments"),
    ],
)
def test_a_torn_mvnx_is_refused_in_one_line(change, words: str, tmp_path: Path) -> None:
    (path,) = CLIPS.glob("mvnx/*.mvnx")
    torn = made.written(tmp_path, "walk.mvnx", change(path.read_bytes()))
    with pytest.raises(FileFormatError, match=words) as error:
        read_motion(torn)
    assert "\n" not in str(error.value)
