"""Limbs whose joints do not let them hang, as a human's do who stands: no motion can be followed closely with such."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64

from retarget.robots.kinematics import axis_rotation, body_poses
from retarget.robots.neutral import zero_joints
from retarget.robots.spec import LIMBS, SIDES
from retarget.robots.tree import KinematicTree
from retarget.wording import listed

__all__ = ["hanging_notes"]

_HANGS = np.radians(8.0)  # so near to straight down a human's upper arms and thighs hang
_SAMPLES = 25
_WIDTHS = (
    1.0,
    1.0,
    0.3,
    0.1,
    0.03,
)  # shares of a joint's range that are tried in one sweep after another
_SEGMENTS = {"leg": "thighs", "arm": "upper arms"}


def hanging_notes(
    tree: KinematicTree,
    roles: dict[str, int],
    points: dict[str, Float64[np.ndarray, "3"]],
    upright: Float64[np.ndarray, "3 3"],
) -> tuple[str, ...]:
    """Of upper arms and thighs that no angles of the joints above them bring near to straight down, and how near."""
    notes = []
    for limb, (first, middle, _) in LIMBS.items():
        if f"left_{first}" not in roles:
            continue
        trunk = roles["pelvis" if limb == "leg" else "chest"]
        nearest = {
            side: _nearest_to_down(
                tree,
                trunk,
                (roles[f"{side}_{first}"], points[f"{side}_{first}"]),
                (roles[f"{side}_{middle}"], points[f"{side}_{middle}"]),
                upright,
            )
            for side in SIDES
        }
        aside = {side: angle for side, angle in nearest.items() if angle > _HANGS}
        if aside:
            degrees = round(float(np.degrees(max(aside.values()))))
            notes.append(
                f"joint ranges do not let {listed(tuple(aside))} {_SEGMENTS[limb]} hang: they come no nearer than "
                f"{degrees} degrees to straight down, and stay so far from a human's who stands or walks"
            )
    return tuple(notes)


def _nearest_to_down(
    tree: KinematicTree,
    trunk: int,
    start: tuple[int, Float64[np.ndarray, "3"]],
    end: tuple[int, Float64[np.ndarray, "3"]],
    upright: Float64[np.ndarray, "3 3"],
) -> float:
    """Smallest angle between a segment and straight down, rad, by one joint at a time from some postures."""
    chain = []
    body = int(tree.parents[end[0]])
    while body > 0 and body != trunk:
        chain.append(body)
        body = int(tree.parents[body])
    zero = zero_joints(tree)
    best = np.pi
    for share in (None, 0.5, 0.25, 0.75):
        joints = zero.copy()
        if share is not None:
            for body in chain:
                low, high = tree.lower[body - 1], tree.upper[body - 1]
                joints[body - 1] = low + share * (high - low)
        for width in _WIDTHS:
            for body in chain:
                best = min(best, _turned_best(tree, joints, body, start, end, upright, width))
                if best < _HANGS:
                    return best
    return best


def _turned_best(
    tree: KinematicTree,
    joints: Float64[np.ndarray, "N"],
    body: int,
    start: tuple[int, Float64[np.ndarray, "3"]],
    end: tuple[int, Float64[np.ndarray, "3"]],
    upright: Float64[np.ndarray, "3 3"],
    width: float,
) -> float:
    """Turn one joint, in place, by a share of its range at most, to where the segment hangs best: rad from down."""
    positions, rotations = body_poses(tree, joints, upright)
    first, last = (positions[b] + rotations[b] @ point for b, point in (start, end))
    axis, place = rotations[body] @ tree.axes[body], positions[body]
    low, high = tree.lower[body - 1], tree.upper[body - 1]
    reach = width * (high - low)
    here = joints[body - 1]
    angles = np.linspace(max(low, here - reach), min(high, here + reach), _SAMPLES)
    turns = np.stack([axis_rotation(axis, float(a - here)) for a in angles])
    above = _carries(tree, body, start[0])
    ends = place + (turns @ (last - place))
    starts = place + (turns @ (first - place)) if above else np.broadcast_to(first, ends.shape)
    line = ends - starts
    down = -line[:, 2] / np.maximum(np.linalg.norm(line, axis=1), 1e-9)
    k = int(np.argmax(down))
    joints[body - 1] = angles[k]
    return float(np.arccos(np.clip(down[k], -1.0, 1.0)))


def _carries(tree: KinematicTree, body: int, other: int) -> bool:
    while other > body:
        other = int(tree.parents[other])
    return other == body
