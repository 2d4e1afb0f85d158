"""The joint trees of SMPL, SMPL-H, SMPL-X and SOMA, and one fixed skeleton each for when nobody knows the body's shape.

The trunk and limbs of SMPL are the rest joints of one body without any dependence on shape: an "SMPL-Body" as its
licence calls it, CC BY 4.0 (see NOTICE; M. Loper et al., "SMPL: A Skinned Multi-Person Linear Model", 2015), as
published in SMPLSim's ``smpl_humanoid.xml``. Those of SMPL-X are the joints that NVIDIA's Kimodo publishes for one body
under Apache-2.0, brought to the length of SMPL's legs. Hands are neither: phalanges have the mean lengths of
A. Buryanov and V. Kotiuk, "Proportions of hand segments" (2010).
"""

from __future__ import annotations

from functools import cache
from typing import Final, NamedTuple

import numpy as np
from jaxtyping import Float64, Int64

from retarget.motion.formats.smpl.soma import SOMA, SOMA_FINGERS, SOMA_REST, tree_of_lines

__all__ = ["BodyTree", "body_tree", "fixed_skeleton"]

_BODY: Final = (
    ("pelvis", -1), ("left_hip", 0), ("right_hip", 0), ("spine1", 0), ("left_knee", 1), ("right_knee", 2),
    ("spine2", 3), ("left_ankle", 4), ("right_ankle", 5), ("spine3", 6), ("left_foot", 7), ("right_foot", 8),
    ("neck", 9), ("left_collar", 9), ("right_collar", 9), ("head", 12), ("left_shoulder", 13),
    ("right_shoulder", 14), ("left_elbow", 16), ("right_elbow", 17), ("left_wrist", 18), ("right_wrist", 19),
)  # fmt: skip
_FINGERS: Final = ("index", "middle", "pinky", "ring", "thumb")
_LEFT_WRIST, _RIGHT_WRIST, _HEAD = 20, 21, 15

# From each joint's parent, metres; x left, y up, z forward; the first row is the pelvis in the model's axes.
_SMPL: Final = (
    (-0.0018, -0.2233, 0.0282), (0.0695, -0.0914, -0.0068), (-0.0677, -0.0905, -0.0043), (-0.0025, 0.1090, -0.0267),
    (0.0343, -0.3752, -0.0045), (-0.0383, -0.3826, -0.0089), (0.0055, 0.1352, 0.0011), (-0.0136, -0.3980, -0.0437),
    (0.0158, -0.3984, -0.0423), (0.0015, 0.0529, 0.0254), (0.0264, -0.0558, 0.1193), (-0.0254, -0.0481, 0.1233),
    (-0.0028, 0.2139, -0.0429), (0.0788, 0.1217, -0.0341), (-0.0818, 0.1188, -0.0386), (0.0052, 0.0650, 0.0513),
    (0.0910, 0.0305, -0.0089), (-0.0960, 0.0326, -0.0091), (0.2596, -0.0128, -0.0275), (-0.2537, -0.0133, -0.0214),
    (0.2492, 0.0090, -0.0012), (-0.2553, 0.0078, -0.0056), (0.0840, -0.0082, -0.0149), (-0.0846, -0.0061, -0.0103),
)  # fmt: skip
# In the model's axes, metres.
_SMPLX: Final = (
    (0.00225, -0.37226, 0.01233), (0.05455, -0.46620, -0.01528), (-0.05494, -0.47881, -0.00989),
    (0.00076, -0.25933, -0.01265), (0.11342, -0.88264, -0.02183), (-0.10301, -0.87637, -0.02395),
    (0.00766, -0.11370, -0.01951), (0.07168, -1.32022, -0.05135), (-0.08853, -1.32322, -0.04198),
    (-0.00268, -0.05761, 0.00161), (0.12097, -1.38550, 0.07491), (-0.12910, -1.38851, 0.08510),
    (-0.01370, 0.11375, -0.02722), (0.04505, 0.03003, -0.00677), (-0.04931, 0.02900, -0.01326),
    (0.01095, 0.28914, -0.00276), (0.17133, 0.08771, -0.02066), (-0.15865, 0.08267, -0.02238),
    (0.44424, 0.01786, -0.05975), (-0.45068, 0.04723, -0.04694), (0.72041, 0.03911, -0.06223),
    (-0.72256, 0.04240, -0.06339),
)  # fmt: skip
# Per finger: the knuckle from the wrist along and across the palm (towards the thumb), and the two phalanges that
# follow, metres (Buryanov & Kotiuk 2010, table 1: metacarpals and phalanges); how it spreads, rad.
_HAND: Final = {
    "index": (0.0900, 0.0230, 0.0398, 0.0224, 0.08),
    "middle": (0.0930, 0.0010, 0.0446, 0.0263, 0.0),
    "ring": (0.0870, -0.0190, 0.0414, 0.0257, -0.08),
    "pinky": (0.0780, -0.0380, 0.0327, 0.0181, -0.18),
    "thumb": (0.0230, 0.0270, 0.0462, 0.0316, 0.70),
}
_IN_THE_PALM: Final = 0.35  # of the way to the knuckle, where SOMA has a joint that hardly turns
_PALM_DOWN: Final = 0.008  # metres by which the thumb's root lies below the palm's plane


class BodyTree(NamedTuple):
    """Names and parents of a body's joints; parents come before their children."""

    names: tuple[str, ...]
    parents: Int64[np.ndarray, "J"]


@cache
def body_tree(kind: str) -> BodyTree:
    """The tree of ``smpl`` (24 joints), ``smplh`` (52), ``smplx`` (55) or ``soma`` (77), in the models' own order."""
    if kind == "soma":
        return BodyTree(*tree_of_lines(SOMA))
    rows = list(_BODY)
    if kind == "smpl":
        rows += [("left_hand", _LEFT_WRIST), ("right_hand", _RIGHT_WRIST)]
        return _tree(rows)
    if kind == "smplx":
        rows += [("jaw", _HEAD), ("left_eye", _HEAD), ("right_eye", _HEAD)]
    for side, wrist in (("left", _LEFT_WRIST), ("right", _RIGHT_WRIST)):
        for finger in _FINGERS:
            for phalanx in range(3):
                parent = wrist if phalanx == 0 else len(rows) - 1
                rows.append((f"{side}_{finger}{phalanx + 1}", parent))
    return _tree(rows)


def _tree(rows: list[tuple[str, int]]) -> BodyTree:
    return BodyTree(
        tuple(name for name, _ in rows), np.array([parent for _, parent in rows], np.int64)
    )


def fixed_skeleton(kind: str) -> Float64[np.ndarray, "J 3"]:
    """Rest joints of a body of one shape in the model's axes, metres: x left, y up, z forward."""
    tree = body_tree(kind)
    joints = np.zeros((len(tree.names), 3))
    if kind == "soma":
        return _soma_joints()
    if kind == "smplx":
        joints[:22] = np.array(_SMPLX) * (_leg(_smpl_joints()) / _leg(np.array(_SMPLX)))
    else:
        known = min(24 if kind == "smpl" else 22, len(joints))
        joints[:known] = _smpl_joints()[:known]
    if kind == "smpl":
        return joints
    head = joints[_HEAD]
    for name, offset in (("jaw", (0, -0.02, 0.01)), ("left_eye", (0.03, 0.06, 0.08))):
        if name in tree.names:
            joints[tree.names.index(name)] = head + offset
    if "right_eye" in tree.names:
        joints[tree.names.index("right_eye")] = head + np.array([-0.03, 0.06, 0.08])
    for side, sign in (("left", 1.0), ("right", -1.0)):
        wrist = joints[tree.names.index(f"{side}_wrist")]
        for finger in _FINGERS:
            for phalanx, place in enumerate(_phalanges(finger, sign), 1):
                joints[tree.names.index(f"{side}_{finger}{phalanx}")] = wrist + place
    return joints


def _phalanges(finger: str, sign: float) -> list[Float64[np.ndarray, "3"]]:
    """Where a finger's three joints are from the wrist, metres; ``sign`` is 1 on the left."""
    along, across, first, second, spread = _HAND[finger]
    way = np.array([np.cos(spread), 0.0, np.sin(spread)])
    place = np.array([along, -_PALM_DOWN if finger == "thumb" else 0.0, across])
    places = [place, place + first * way, place + (first + second) * way]
    return [one * (sign, 1.0, 1.0) for one in places]


def _soma_joints() -> Float64[np.ndarray, "77 3"]:
    """Joints of the trunk and limbs, and knuckles from the measures of hands; others stay where their parents are."""
    names, parents = body_tree("soma")
    joints = np.zeros((len(names), 3))
    for joint, (name, parent) in enumerate(zip(names, parents, strict=True)):
        if parent >= 0:
            joints[joint] = joints[parent] + SOMA_REST.get(name, (0.0, 0.0, 0.0))
    for side, sign in (("Left", 1.0), ("Right", -1.0)):
        wrist = joints[names.index(f"{side}Hand")]
        for finger, parts in SOMA_FINGERS.items():
            places = _phalanges(finger, sign)
            if len(parts) > len(places):
                places = [places[0] * _IN_THE_PALM, *places]
            for part, place in zip(parts, places, strict=True):
                joints[names.index(side + part)] = wrist + place
    return joints


def _smpl_joints() -> Float64[np.ndarray, "24 3"]:
    offsets, parents = np.array(_SMPL), body_tree("smpl").parents
    joints = offsets.copy()
    for joint, parent in enumerate(parents):
        if parent >= 0:
            joints[joint] += joints[parent]
    return joints


def _leg(joints: Float64[np.ndarray, "J 3"]) -> float:
    bones = joints[[1, 2, 4, 5]] - joints[[4, 5, 7, 8]]
    return float(np.linalg.norm(bones, axis=1).sum() / 2)
