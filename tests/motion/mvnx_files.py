"""MVNX files for tests, as Xsens' manual describes them."""

from __future__ import annotations

import numpy as np

from retarget.motion import Motion

__all__ = ["mvnx"]

# Segments of Xsens and the joints of SMPL at which they begin; each with its parent.
SEGMENTS = {
    "Pelvis": ("pelvis", ""), "L5": ("spine1", "Pelvis"), "T8": ("spine3", "L5"), "Neck": ("neck", "T8"),
    "Head": ("head", "Neck"),
    **{
        f"{side}{segment}": (f"{side.lower()}_{joint}", parent if parent in ("T8", "Pelvis") else f"{side}{parent}")
        for side in ("Right", "Left")
        for segment, joint, parent in (
            ("Shoulder", "collar", "T8"), ("UpperArm", "shoulder", "Shoulder"), ("ForeArm", "elbow", "UpperArm"),
            ("Hand", "wrist", "ForeArm"), ("UpperLeg", "hip", "Pelvis"), ("LowerLeg", "knee", "UpperLeg"),
            ("Foot", "ankle", "LowerLeg"), ("Toe", "foot", "Foot"),
        )
    },
}  # fmt: skip


def mvnx(motion: Motion) -> bytes:
    """A motion of SMPL's joints as segments with orientations and positions."""
    joints = [motion.joint_names.index(joint) for joint, _ in SEGMENTS.values()]
    places, turns = motion.positions[:, joints], motion.rotations[:, joints]
    segments = "".join(f'<segment label="{name}" id="{i}"/>' for i, name in enumerate(SEGMENTS, 1))
    links = "".join(
        f'<joint label="j{name}"><connector1>{parent}/j{name}</connector1>'
        f"<connector2>{name}/j{name}</connector2></joint>"
        for name, (_, parent) in SEGMENTS.items()
        if parent
    )
    frames = "\n".join(
        f'<frame time="{round(1000 * t / motion.fps)}" index="{t}" type="normal">'
        f"<orientation>{_row(turns[t])}</orientation><position>{_row(places[t])}</position></frame>"
        for t in range(len(motion))
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?><mvnx version="4" xmlns="http://www.xsens.com/mvn/mvnx">'
        f'<subject label="A" frameRate="{motion.fps:g}" segmentCount="{len(SEGMENTS)}" configuration="FullBody">'
        f'<segments>{segments}</segments><joints>{links}</joints><frames segmentCount="{len(SEGMENTS)}">{frames}'
        "</frames></subject></mvnx>\n"
    ).encode()


def _row(values: np.ndarray) -> str:
    return " ".join(f"{value:.6f}" for value in values.ravel())
