"""Acclaim files: the skeleton beside a motion, bones about their own axes, the same motion as in BVH, torn files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from bvh_files import CLIPS
from scipy.spatial.transform import Rotation

from retarget.errors import FileFormatError
from retarget.motion import read_motion
from retarget.motion.formats.acclaim.motion import read_amc
from retarget.motion.formats.asked import Asked

needs_clips = pytest.mark.skipif(not CLIPS.is_dir(), reason="needs ../shared/clips")

# (name, parent, direction, length, axis in degrees, freedoms)
BONES = [
    ("lowerback", "root", (0, 1, 0), 5, (0, 0, 0), "rx ry rz"),
    ("head", "lowerback", (0, 1, 0), 3, (0, 0, 0), "rx ry rz"),
    *(
        bone
        for side, x in (("l", 1), ("r", -1))
        for bone in (
            (f"{side}hipjoint", "root", (x, 0, 0), 1.5, (0, 0, 0), ""),
            (f"{side}femur", f"{side}hipjoint", (0, -1, 0), 7, (10, 20, x * 20), "rx ry rz"),
            (f"{side}tibia", f"{side}femur", (0, -1, 0), 7, (10, 20, x * 20), "rx"),
            (f"{side}foot", f"{side}tibia", (0, -0.3, 1), 2.5, (0, 0, 0), "rx rz"),
            (f"{side}humerus", "lowerback", (x, 0, 0), 5, (0, 0, x * 90), "rz rx ry"),
            (f"{side}radius", f"{side}humerus", (x, 0, 0), 4, (0, 0, 0), "ry"),
            (f"{side}hand", f"{side}radius", (x, 0, 0), 2, (0, 0, 0), ""),
        )
    ),
]


def asf(bones: list[tuple] = BONES) -> str:
    lines = [":version 1.10", ":units", "  length 0.45", "  angle deg", ":root", "   order TX TY TZ RX RY RZ",
             "   axis XYZ", "   position 0 0 0", "   orientation 0 0 0", ":bonedata"]  # fmt: skip
    for name, _, direction, length, axis, freedoms in bones:
        lines += ["  begin", f"     name {name}", "     direction " + " ".join(map(str, direction)),
                  f"     length {length}", "     axis " + " ".join(map(str, axis)) + " XYZ"]  # fmt: skip
        lines += [f"    dof {freedoms}"] if freedoms else []
        lines += ["  end"]
    lines += [
        ":hierarchy",
        "  begin",
        *(f"    {parent} {name}" for name, parent, *_ in bones),
        "  end",
    ]
    return "\n".join(lines)


def amc(
    values: dict[str, np.ndarray], end: str = "\r\n", head: str = "#!OML:ASF C:\\lab\\Walker.ASF"
) -> str:
    lines = [head, ":FULLY-SPECIFIED", ":DEGREES"]
    for frame in range(len(values["root"])):
        lines += [
            str(frame + 1),
            *(
                f"{name} {' '.join(f'{v:.9g}' for v in rows[frame])}"
                for name, rows in values.items()
            ),
        ]
    return end.join(lines) + end


def motion_values(frames: int = 30) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(1)
    values = {
        "root": np.cumsum(rng.normal(0, 1, (frames, 6)), axis=0) * [0.1, 0.1, 0.1, 2, 2, 2]
        + [0, 17, 0, 0, 0, 0]
    }
    for name, *_, freedoms in BONES:
        if freedoms:
            values[name] = np.cumsum(rng.normal(0, 2, (frames, len(freedoms.split()))), axis=0)
    return values


def expected(values: dict[str, np.ndarray], frame: int) -> dict[str, np.ndarray]:
    """Starts of bones: each turns about its own axes, C M C^-1, before what its parent turns."""
    root = values["root"][frame]
    turns = {"root": Rotation.from_euler("xyz", root[3:], degrees=True)}
    ends = {"root": root[:3]}
    starts = {}
    for name, parent, direction, length, axis, freedoms in BONES:
        order = "".join(word[1] for word in freedoms.split())
        own = (
            Rotation.from_euler(order, values[name][frame], degrees=True)
            if order
            else Rotation.identity()
        )
        rest = Rotation.from_euler("xyz", axis, degrees=True)
        turns[name] = turns[parent] * rest * own * rest.inv()
        starts[name] = ends[parent]
        ends[name] = ends[parent] + turns[name].apply(
            np.array(direction) / np.linalg.norm(direction) * length
        )
    return starts


def test_bones_turn_about_their_own_axes(tmp_path: Path) -> None:
    values = motion_values()
    (tmp_path / "walker.asf").write_text(asf())
    path = tmp_path / "walk.amc"
    path.write_text(amc(values))
    recording = read_amc(path.read_bytes(), path, Asked())
    for frame in (0, 7, 29):
        for name, place in expected(values, frame).items():
            found = recording.positions[frame, recording.joint_names.index(name)]
            np.testing.assert_allclose(found, place, atol=1e-6, err_msg=name)
    assert recording.metres_per_unit == pytest.approx(0.0254 / 0.45)


def test_the_skeleton_is_the_one_named_else_the_prefix_else_the_only_one(tmp_path: Path) -> None:
    path = tmp_path / "07_01.amc"
    path.write_text(amc(motion_values(), head="# nothing is named"))
    with pytest.raises(FileFormatError, match=r"has no skeleton beside it; copy its .asf file"):
        read_motion(path)
    (tmp_path / "other.asf").write_text(asf())
    assert "the skeleton is other.asf" in read_motion(path).source.notes
    (tmp_path / "07.asf").write_text(asf())
    assert "the skeleton is 07.asf" in read_motion(path).source.notes
    (tmp_path / "WALKER.asf").write_text(asf())
    path.write_text(amc(motion_values()))
    assert "the skeleton is WALKER.asf" in read_motion(path).source.notes


def test_the_rate_is_assumed_and_doubted_until_it_is_said(tmp_path: Path) -> None:
    path = tmp_path / "07_01.amc"
    path.write_text(amc(motion_values()))
    (tmp_path / "07.asf").write_text(asf())
    motion = read_motion(path)
    assert motion.fps == 120
    assert "rate" in [doubt.name for doubt in motion.source.doubts]
    assert read_motion(path, source_fps=60).fps == 60


@pytest.mark.parametrize(
    ("torn", "words"),
    [
        (lambda text: text.replace("ltibia ", "ltibia x", 1), "is no number"),
        (lambda text: text.replace("lfemur", "lfemurr"), "moves bones that its skeleton lacks: lfemurr"),
        (lambda text: text[: len(text) // 2].rsplit("\r\n", 3)[0] + "\r\n", "or ends early"),
        (lambda text: text.replace("lfemur", "rfemurX", 2).replace("rfemurX", "lfemur", 1), "lists other bones"),
        (lambda text: ":FULLY-SPECIFIED\n:DEGREES\n", "holds no frames"),
    ],
)  # fmt: skip
def test_a_torn_motion_is_refused_in_one_line(torn, words: str, tmp_path: Path) -> None:
    (tmp_path / "walker.asf").write_text(asf())
    path = tmp_path / "walk.amc"
    path.write_bytes(torn(amc(motion_values())).encode())
    with pytest.raises(FileFormatError, match=words) as error:
        read_motion(path)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("length 7", "length nan"), "length holds 'nan', not 1 numbers"),
        (("    root lhipjoint\n", ""), "hierarchy leaves out"),
        (("    lfemur ltibia", "    lfemur lfemur"), "no bone or has a place already"),
        (("axis 10 20 20 XYZ", "axis 10 20 20 XXZ"), "the order of axes 'XXZ' is none"),
    ],
)
def test_a_torn_skeleton_is_refused_with_its_line(
    change: tuple[str, str], words: str, tmp_path: Path
) -> None:
    text = asf()
    assert change[0] in text
    (tmp_path / "walker.asf").write_text(text.replace(*change))
    path = tmp_path / "walk.amc"
    path.write_text(amc(motion_values()))
    with pytest.raises(FileFormatError, match=words) as error:
        read_motion(path)
    assert "walker.asf:" in str(error.value)


@needs_clips
def test_hdm05_is_read_though_its_first_line_is_no_unicode() -> None:
    (path,) = CLIPS.glob("hdm05/*.amc")
    motion = read_motion(path)
    assert (len(motion), motion.source.rig, motion.source.up_axis) == (202, "acclaim", "y")
