"""Skeletons far larger than any body are read in time that grows with their size, not with its square."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest

from retarget.errors import RetargetError
from retarget.motion import read_motion

BODY = {
    "hips": ("", (0, 0, 0)), "spine": ("hips", (0, 20, 0)), "head": ("spine", (0, 40, 0)),
    "larm": ("spine", (18, 28, 0)), "lelbow": ("larm", (28, 0, 0)), "lhand": ("lelbow", (25, 0, 0)),
    "rarm": ("spine", (-18, 28, 0)), "relbow": ("rarm", (-28, 0, 0)), "rhand": ("relbow", (-25, 0, 0)),
    "lleg": ("hips", (9, -3, 0)), "lknee": ("lleg", (0, -41, 0)), "lfoot": ("lknee", (0, -40, 0)),
    "ltoe": ("lfoot", (0, -6, 13)),
    "rleg": ("hips", (-9, -3, 0)), "rknee": ("rleg", (0, -41, 0)), "rfoot": ("rknee", (0, -40, 0)),
    "rtoe": ("rfoot", (0, -6, 13)),
}  # fmt: skip
NAMES = {
    "hips": "Hips", "spine": "Spine", "head": "Head",
    **{f"{s}{part}": f"{side}{name}" for s, side in (("l", "Left"), ("r", "Right"))
       for part, name in (("arm", "Arm"), ("elbow", "ForeArm"), ("hand", "Hand"), ("leg", "UpLeg"),
                          ("knee", "Leg"), ("foot", "Foot"), ("toe", "ToeBase"))},
}  # fmt: skip


def written(
    folder: Path, more: list[tuple[str, str, tuple[float, float, float]]], named: bool
) -> Path:
    """A BVH of a body and more joints (name, parent, offset); names of the body say something, or nothing."""
    names = NAMES if named else {joint: f"j{number}" for number, joint in enumerate(BODY)}
    children: dict[str, list[tuple[str, tuple[float, float, float]]]] = {}
    for joint, (parent, offset) in [*BODY.items(), *((n, (p, o)) for n, p, o in more)]:
        children.setdefault(parent, []).append((joint, offset))
    lines, count = ["HIERARCHY"], 0
    stack: list[tuple[str, tuple[float, float, float], bool]] = [("hips", (0.0, 0.0, 0.0), True)]
    while stack:
        joint, offset, opens = stack.pop()
        if not opens:
            lines.append("}")
            continue
        root = joint == "hips"
        channels = "6 Xposition Yposition Zposition" if root else "3"
        count += 6 if root else 3
        x, y, z = offset
        lines += [
            f"{'ROOT' if root else 'JOINT'} {names.get(joint, joint)}", "{", f"OFFSET {x:g} {y:g} {z:g}",
            f"CHANNELS {channels} Zrotation Xrotation Yrotation",
        ]  # fmt: skip
        if joint not in children:
            lines += ["End Site", "{", "OFFSET 0 1 0", "}"]
        stack.append((joint, offset, False))
        stack.extend((child, at, True) for child, at in reversed(children.get(joint, [])))
    rng = np.random.default_rng(1)
    rows = rng.normal(scale=4.0, size=(3, count))
    rows[:, :3] = [0, 90, 0]
    lines += ["MOTION", "Frames: 3", "Frame Time: 0.033333"]
    lines += [" ".join(f"{value:.2f}" for value in row) for row in rows]
    file = folder / "large.bvh"
    file.write_text("\n".join(lines) + "\n")
    return file


def wide(count: int) -> list[tuple[str, str, tuple[float, float, float]]]:
    return [(f"x{n}", "spine", (0.01 * (n % 97), 0.02 * (n % 89), 1.0)) for n in range(count)]


def deep(count: int) -> list[tuple[str, str, tuple[float, float, float]]]:
    return [(f"x{n}", f"x{n - 1}" if n else "head", (0.0, 0.01, 0.0)) for n in range(count)]


@pytest.mark.parametrize("named", [True, False])
@pytest.mark.parametrize(
    "more",
    [wide(9_500), deep(2_000)],
    ids=["19,000 joints, half of them ends", "2,000 joints deep"],
)
def test_a_large_skeleton_is_read_or_refused_within_seconds(
    more: list[tuple[str, str, tuple[float, float, float]]], named: bool, tmp_path: Path
) -> None:
    file = written(tmp_path, more, named)
    began = time.process_time()  # of this process: others on the machine do not count
    try:
        motion = read_motion(file)
    except RetargetError as error:
        assert not named
        assert str(error).startswith(str(file))
        assert len(str(error)) < 1200
    else:
        assert len(motion.joint_names) > len(more)
        assert motion.joint_names[motion.roles["left_knee"]] in ("LeftLeg", "j10")
    assert time.process_time() - began < 10
