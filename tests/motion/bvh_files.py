"""BVH text for tests: one small human with many knobs, and any hierarchy."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from retarget.motion.formats.bvh import read_bvh
from retarget.motion.recording import Recording

CLIPS = Path(__file__).resolve().parents[3] / "shared" / "clips"
"""Clips that lie beside a checkout; tests that need them are skipped where they are absent."""

EMBEDDED = Path(__file__).resolve().parents[2] / "src" / "retarget" / "demo" / "clips"

ROTATIONS = ("Zrotation", "Xrotation", "Yrotation")
ROOT_CHANNELS = ("Xposition", "Yposition", "Zposition", *ROTATIONS)


@dataclass(frozen=True)
class Joint:
    name: str
    parent: int
    offset: Sequence[float]
    channels: Sequence[str] = ROTATIONS
    is_end: bool = False


def human(rename: Callable[[str], str] = lambda name: name, scale: float = 1.0) -> list[Joint]:
    """A human of 1.7 m in centimetres, y up, facing z, arms level (a T-pose); its left is +x."""
    table: list[tuple[str, str, tuple[float, float, float]]] = [
        ("Hips", "", (0, 92, 0)),
        ("Spine", "Hips", (0, 12, -1)),
        ("Chest", "Spine", (0, 14, 0)),
        ("Neck", "Chest", (0, 22, 0)),
        ("Head", "Neck", (0, 9, 1)),
    ]
    for side, sign in (("Left", 1), ("Right", -1)):
        table += [
            (f"{side}Shoulder", "Chest", (sign * 4, 17, 0)),
            (f"{side}Arm", f"{side}Shoulder", (sign * 13, 0, 0)),
            (f"{side}ForeArm", f"{side}Arm", (sign * 28, 0, 0)),
            (f"{side}Hand", f"{side}ForeArm", (sign * 25, 0, 0)),
            (f"{side}UpLeg", "Hips", (sign * 9, -3, 0)),
            (f"{side}Leg", f"{side}UpLeg", (0, -41, 0)),
            (f"{side}Foot", f"{side}Leg", (0, -40, -1)),
            (f"{side}Toe", f"{side}Foot", (0, -6, 13)),
        ]
    # Depth first, as a file has them.
    joints: list[Joint] = []

    def add(name: str, parent: int) -> None:
        offset = next(row[2] for row in table if row[0] == name)
        channels = ROOT_CHANNELS if parent < 0 else ROTATIONS
        index = len(joints)
        joints.append(Joint(rename(name), parent, [scale * v for v in offset], channels))
        children = [row[0] for row in table if row[1] == name]
        for child in children:
            add(child, index)
        if not children:
            joints.append(Joint("", index, [0, 0, scale * 5], (), is_end=True))

    add("Hips", -1)
    return joints


def column(joints: Sequence[Joint], name: str, channel: str) -> int:
    """The place of a channel in a row of values."""
    at = 0
    for joint in joints:
        if joint.name == name:
            return at + list(joint.channels).index(channel)
        at += len(joint.channels)
    raise KeyError(name)


def walking(
    joints: Sequence[Joint], frames: int, fps: float = 30.0, scale: float = 1.0
) -> np.ndarray:
    """Rows of a stroll with hanging arms; column order as in the file."""
    width = sum(len(joint.channels) for joint in joints)
    rows = np.zeros((frames, width))
    phase = 2 * np.pi * np.arange(frames) / fps
    rows[:, 1] = scale * 92
    rows[:, 2] = scale * 100 * np.arange(frames) / fps
    names = [joint.name for joint in joints]
    for side, sign in (("Left", 1), ("Right", -1)):
        for name, channel, degrees in (
            (f"{side}UpLeg", "Xrotation", 25 * sign * np.sin(phase)),
            (f"{side}Leg", "Xrotation", 20 - 20 * sign * np.cos(phase)),
            (f"{side}Arm", "Zrotation", np.full(frames, -75.0 * sign)),
            (f"{side}ForeArm", "Yrotation", -sign * (20 + 10 * np.sin(phase))),
        ):
            if name in names:
                rows[:, column(joints, name, channel)] = degrees
    return rows


def hierarchy_text(joints: Sequence[Joint], indent: str = "\t") -> str:
    lines = ["HIERARCHY"]

    def write(index: int, depth: int) -> None:
        joint, pad = joints[index], indent * depth
        kind = (
            "End Site"
            if joint.is_end
            else f"{'ROOT' if joint.parent < 0 else 'JOINT'} {joint.name}"
        )
        lines.extend([f"{pad}{kind}", f"{pad}{{"])
        lines.append(f"{pad}{indent}OFFSET " + " ".join(repr(float(v)) for v in joint.offset))
        if not joint.is_end:
            lines.append(f"{pad}{indent}CHANNELS {len(joint.channels)} " + " ".join(joint.channels))
        for child, other in enumerate(joints):
            if other.parent == index:
                write(child, depth + 1)
        lines.append(f"{pad}}}")

    for index, joint in enumerate(joints):
        if joint.parent < 0:
            write(index, 0)
    return "\n".join(lines) + "\n"


def bvh_text(
    joints: Sequence[Joint],
    rows: np.ndarray,
    *,
    frame_time: str = "0.0333333",
    frames: int | None = None,
) -> str:
    count = len(rows) if frames is None else frames
    body = "".join(" ".join(repr(float(v)) for v in row) + "\n" for row in rows)
    return f"{hierarchy_text(joints)}MOTION\nFrames: {count}\nFrame Time: {frame_time}\n{body}"


PLACE = Path("some/clip.bvh")
JOINTS = human()
TEXT = bvh_text(JOINTS, walking(JOINTS, 5))


def read(text: str | bytes) -> Recording:
    """Read a BVH file as if it lay at `PLACE`."""
    return read_bvh(text if isinstance(text, bytes) else text.encode(), PLACE)
