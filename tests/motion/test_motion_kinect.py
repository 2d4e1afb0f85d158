"""Text of bodies that a Kinect tracked, as NTU RGB+D has it: no file could be had, so it is written from its reader."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from body_points import assert_same_body, points
from jaxtyping import Float64
from smpl_files import amass, walk, written

from retarget.errors import FileFormatError
from retarget.motion import Motion, read_motion
from retarget.motion.formats.arrays.keypoints import keypoint_orders

_TO_Y_UP = np.array([[1, 0, 0], [0, 0, 1], [0, -1, 0.0]]).T
_STATES = "0 1 1 1 1 0 0.02764709 -0.2019409 2"
_CAMERA = "311.93 205.57 1017.17 522.13 -0.2505 0.0437 0.9549 -0.0852 2"


def skeleton_text(*bodies: Float64[np.ndarray, "T 25 3"]) -> bytes:
    """Bodies as NTU RGB+D writes them, metres, y up; a body has no place in frames in which it was not seen."""
    frames = max(len(body) for body in bodies)
    lines = [str(frames)]
    for frame in range(frames):
        here = [
            (number, body[frame])
            for number, body in enumerate(bodies)
            if frame < len(body) and np.isfinite(body[frame]).all()
        ]
        lines.append(str(len(here)))
        for number, joints in here:
            lines += [f"7205759403793110{number} {_STATES}", str(len(joints))]
            lines += [f"{x:.7f} {y:.7f} {z:.7f} {_CAMERA}" for x, y, z in joints]
    return ("\r\n".join(lines) + "\r\n").encode()


def joints_of(motion: Motion) -> Float64[np.ndarray, "T 25 3"]:
    """A motion's joints in Kinect's order, y up, two metres before the camera."""
    order = next(order for order in keypoint_orders() if order.name == "Kinect")
    return points(motion, order.points) @ _TO_Y_UP + np.array([0.0, -0.3, 2.0])


@pytest.fixture(scope="module")
def steps(tmp_path_factory: pytest.TempPathFactory) -> Motion:
    return read_motion(written(tmp_path_factory.mktemp("kinect"), "walk.npz", amass(walk(60))))


def test_the_body_that_was_seen_longest_is_read(steps: Motion, tmp_path: Path) -> None:
    whole = joints_of(steps)
    passing = whole[:20] + np.array([1.0, 0, 0])
    late = whole.copy()
    late[:10] = np.nan
    file = tmp_path / "S001C001P001R001A001.skeleton"
    file.write_bytes(skeleton_text(passing, late))
    found = read_motion(file)
    assert (found.source.format, found.fps, len(found)) == ("kinect", 30.0, 50)
    assert found.source.up_axis == "y" and "2 bodies" in " ".join(found.source.notes)
    assert_same_body(found, steps.frames(10, 60))
    assert len(read_motion(f"{file}#2")) == 20


def test_frames_without_the_body_are_filled_where_they_are_few(
    steps: Motion, tmp_path: Path
) -> None:
    file, places = tmp_path / "clip.skeleton", joints_of(steps)
    places[30:34] = np.nan
    file.write_bytes(skeleton_text(places))
    assert len(read_motion(file)) == 60
    places[20:45] = np.nan
    file.write_bytes(skeleton_text(places))
    with pytest.raises(FileFormatError, match="missing from frame 20 on"):
        read_motion(file)


@pytest.mark.parametrize(
    ("old", "new", "cause"),
    [
        (b"\r\n25\r\n", b"\r\n24\r\n", "24 joints, not 25"),
        (b"60\r\n", b"61\r\n", "ends early"),
        (b" 2\r\n25", b" 2\r\nmany", "is no count"),
        (b"0.0000000", b"0.00o", "could not convert"),
    ],
)
def test_torn_texts_are_refused(
    old: bytes, new: bytes, cause: str, steps: Motion, tmp_path: Path
) -> None:
    places = joints_of(steps)
    places[40, 3, 0] = 0.0
    first, rest = skeleton_text(places)[:4], skeleton_text(places)[4:]
    head = first.replace(old, new)
    rest = rest if head != first else rest[:5000] + rest[5000:].replace(old, new, 1)
    file = tmp_path / "clip.skeleton"
    file.write_bytes(head + rest)
    with pytest.raises(FileFormatError, match=cause):
        read_motion(file)
