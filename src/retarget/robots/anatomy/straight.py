"""Centres of knees and elbows: where the hinge's axis passes the straight limb, not where a file puts an origin."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64

from retarget.robots.anatomy.hinges import range_of_hinge
from retarget.robots.anatomy.limbs import Limb
from retarget.robots.kinematics import axis_rotation
from retarget.robots.tree import Frame, KinematicTree

__all__ = ["on_twisting_axis", "straightened"]

_CROOKED = 5.0  # degrees: a limb that can be as straight as this by its joints' origins is left as its file has it
_SAMPLES = 61  # angles tried over the hinge's range
_TWISTS = 0.8  # cosine to a segment above which an axis twists it
_ALONG = float(np.cos(np.radians(10.0)))  # so near to that axis a segment may come to lie
_LITTLE = 0.03  # cosine by which a segment may come to lie less along it
_FARTHEST = 0.5  # of the shorter segment: farther along the axis no centre is sought


def straightened(
    tree: KinematicTree,
    limb: Limb,
    bend: int,
    start: Float64[np.ndarray, "3"],
    end: Float64[np.ndarray, "3"],
) -> Frame:
    """Centre of a knee or elbow in its body's frame.

    A body's origin may lie anywhere on its hinge's axis. Where it lies so far aside that the straight limb has a
    corner, the centre is the point of the axis that is nearest to the line between the straight limb's ends.

    Args:
        tree: The robot's tree.
        limb: The leg or arm.
        bend: Index in the limb of the knee or elbow.
        start: Hip or shoulder at zero angles, metres.
        end: Ankle or wrist at zero angles.
    """
    body = limb.bodies[bend]
    origin, axis = limb.anchors[bend], limb.axes[bend]
    own = Frame(body, np.zeros(3), np.eye(3))
    low, high = range_of_hinge(tree, body)
    turns = np.linspace(low, high, _SAMPLES) - np.clip(0.0, low, high)
    ends = np.array([origin + axis_rotation(axis, float(turn)) @ (end - origin) for turn in turns])
    far = ends[int(np.argmax(np.linalg.norm(ends - start, axis=1)))]
    if _corner(start, origin, far) < _CROOKED:
        return own
    along = (far - start) / np.linalg.norm(far - start)
    crossing = float(along @ axis)
    if abs(crossing) > 0.9:  # the axis lies along the limb and bends nothing
        return own
    away = origin - start
    shift = (crossing * (along @ away) - axis @ away) / (1 - crossing**2)
    shorter = min(np.linalg.norm(origin - start), np.linalg.norm(far - origin))
    centre = origin + shift * axis
    crooked = _corner(start, centre, far) > _corner(start, origin, far)
    if (
        abs(shift) > _FARTHEST * shorter
        or crooked
        or _leaves_twist(tree, limb, bend, start, centre)
    ):
        return own
    return Frame(body, float(shift) * tree.axes[body], np.eye(3))


def on_twisting_axis(tree: KinematicTree, limb: Limb, bend: int, frame: Frame) -> Frame:
    """A shoulder moved onto the axis about which the upper arm twists, if any; carried by the body above it."""
    k = limb.bodies.index(frame.body)
    start = limb.anchors[k] + limb.rotations[k] @ frame.position
    twist = _twist(tree, limb, bend, start)
    if twist is None or twist == 0:
        return frame
    along = limb.axes[twist]
    away = start - limb.anchors[twist]
    place = limb.anchors[twist] + (away @ along) * along
    above = twist - 1
    turned = limb.rotations[above].T @ (place - limb.anchors[above])
    return Frame(limb.bodies[above], turned, np.eye(3))


def _twist(
    tree: KinematicTree, limb: Limb, bend: int, start: Float64[np.ndarray, "3"]
) -> int | None:
    """Index of the last joint above a knee or elbow that turns the segment about itself: none of an elbow's own."""
    while bend > 0 and tree.virtual[limb.bodies[bend - 1]]:
        bend -= 1
    line = limb.anchors[bend] - start
    length = max(float(np.linalg.norm(line)), 1e-9)
    found = [k for k in range(bend) if abs(limb.axes[k] @ line) > _TWISTS * length]
    return found[-1] if found else None


def _leaves_twist(
    tree: KinematicTree,
    limb: Limb,
    bend: int,
    start: Float64[np.ndarray, "3"],
    centre: Float64[np.ndarray, "3"],
) -> bool:
    """Whether a segment to another centre lies less along the axis about which it twists."""
    twist = _twist(tree, limb, bend, start)
    if twist is None:
        return False
    axis = limb.axes[twist]
    before, after = (
        abs(float((point - start) @ axis)) / max(float(np.linalg.norm(point - start)), 1e-9)
        for point in (limb.anchors[bend], centre)
    )
    return after < min(before, _ALONG) - _LITTLE


def _corner(
    start: Float64[np.ndarray, "3"], middle: Float64[np.ndarray, "3"], end: Float64[np.ndarray, "3"]
) -> float:
    """Angle between two segments, degrees."""
    upper, lower = middle - start, end - middle
    lengths = float(np.linalg.norm(upper) * np.linalg.norm(lower))
    return float(np.degrees(np.arccos(np.clip(upper @ lower / max(lengths, 1e-12), -1, 1))))
