"""Where forearms end: at the wrist's joints, or at the end of what is there instead."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64

from retarget.robots.anatomy.facing import Geometry
from retarget.robots.anatomy.limbs import Limb
from retarget.robots.tree import Frame, KinematicTree

__all__ = ["carries_more", "far_end", "find_wrist"]

_ACROSS = 0.7  # cosine to a direction (45 degrees) above which an axis lies along it, and does not bend it
_SAME_PLACE = 1e-3  # metres
_HAND_AWAY = 0.02  # metres from a joint's axis: what is joined there tells where the body ends
_WRIST_REACH = 0.25  # share of the upper arm's length that a wrist must be away from the elbow
_TIP_SHARE = 0.95  # points so far out, compared with the farthest, make the end of a forearm
_SHORT_FOREARM, _LONG_FOREARM = (
    0.7,
    1.1,
)  # of the upper arm: what forearms that end in no wrist are taken to have
_FOREARM = 0.9  # of the upper arm: length of a forearm of which nothing is known (Winter 2009: 0.146 / 0.186 of height)


def find_wrist(tree: KinematicTree, arm: Limb, elbow: int, geometry: Geometry) -> Frame:
    """The last body that bends the hand, or the end of the forearm's geometry where there is no such joint."""
    last = len(arm.bodies) - 1
    upper = float(np.linalg.norm(arm.anchors[elbow] - arm.anchors[0]))
    beyond = [k for k in range(elbow + 1, last + 1) if _away(arm, k, elbow) > _WRIST_REACH * upper]
    if not beyond:
        return _forearm_end(tree, arm, last, elbow, upper, geometry)
    bends = [k for k in beyond if _bends(arm, k, elbow)]
    # Fingers bend across the hand, too: a wrist's axes lie within a hand's breadth of each other.
    length = _away(arm, (bends or beyond)[0], elbow)
    hand = [k for k in beyond if _away(arm, k, elbow) <= max(1.5 * length, 1.1 * upper)]
    bends = [k for k in bends if k in hand]
    if bends:
        return _at(arm.bodies[_last_of_wrist(arm, bends)])
    return _forearm_end(tree, arm, hand[-1], elbow, upper, geometry)


def _bends(arm: Limb, k: int, elbow: int) -> bool:
    """Whether a joint's axis lies across the forearm: the line to it in the plane in which the elbow moves it.

    How far aside of that plane the elbow's origin lies is the maker's choice, and may differ left and right.
    """
    line = arm.anchors[k] - arm.anchors[elbow]
    line = line - (line @ arm.axes[elbow]) * arm.axes[elbow]
    return bool(abs(arm.axes[k] @ line) < _ACROSS * np.linalg.norm(line))


def _away(arm: Limb, k: int, elbow: int) -> float:
    return float(np.linalg.norm(arm.anchors[k] - arm.anchors[elbow]))


def _last_of_wrist(arm: Limb, bends: list[int]) -> int:
    """The last of a wrist's joints: it has one axis across the hand or two; a further one is a finger's."""
    second = [k for k in bends[1:2] if abs(arm.axes[k] @ arm.axes[bends[0]]) < _ACROSS]
    return (second or bends)[0]


def _forearm_end(
    tree: KinematicTree, arm: Limb, k: int, elbow: int, upper: float, geometry: Geometry
) -> Frame:
    """The end of a forearm that at most twists: on the axis of that, or where the forearm's geometry ends."""
    body = arm.bodies[k]
    tip = far_end(tree, arm, k, geometry)
    if k > elbow:
        axis = (
            arm.axes[k]
            if arm.axes[k] @ (arm.anchors[k] - arm.anchors[elbow] + tip) > 0
            else -arm.axes[k]
        )
        reach = _away(arm, k, elbow) + float(tip @ axis)
        beyond = np.clip(reach, _SHORT_FOREARM * upper, _LONG_FOREARM * upper) - _away(
            arm, k, elbow
        )
        return Frame(body, arm.rotations[k].T @ (max(float(beyond), 0.0) * axis), np.eye(3))
    if np.linalg.norm(tip) < _WRIST_REACH * upper:  # nothing is known of it
        return Frame(body, arm.rotations[k].T @ (_FOREARM * upper * _along(arm, elbow)), np.eye(3))
    return Frame(body, arm.rotations[k].T @ tip, np.eye(3))


def _along(arm: Limb, elbow: int) -> Float64[np.ndarray, "3"]:
    """Direction of a forearm of which nothing is known: along its twisting axis, else as the upper arm."""
    upper = arm.anchors[elbow] - arm.anchors[max(0, elbow - 1)]
    if np.linalg.norm(upper) < _SAME_PLACE:
        upper = arm.anchors[elbow] - arm.anchors[0]
    if elbow + 1 < len(arm.bodies):
        axis = arm.axes[elbow + 1]
        return np.asarray(axis if axis @ upper > 0 else -axis)
    return np.asarray(upper / np.linalg.norm(upper))


def far_end(
    tree: KinematicTree, limb: Limb, k: int, geometry: Geometry
) -> Float64[np.ndarray, "3"]:
    """The far end of a body from its origin, in world directions, metres: of its geometry, else by its mass centre."""
    body = limb.bodies[k]
    if carries_more(tree, body) and k == len(limb.bodies) - 1:  # a hand begins there
        return np.asarray(limb.rotations[k] @ max(_children(tree, body), key=np.linalg.norm))
    points = geometry(body)
    by_mass = 2 * tree.mass_centres[body]
    if not len(points) or np.linalg.norm(points, axis=1).max() < np.linalg.norm(by_mass) / 2:
        return np.asarray(limb.rotations[k] @ by_mass)
    mean = points.mean(0)
    if np.linalg.norm(mean) < _SAME_PLACE:  # drawn around the joint: it has no far end
        return np.asarray(limb.rotations[k] @ by_mass)
    distance = points @ mean / float(np.linalg.norm(mean))
    end = points[distance >= _TIP_SHARE * distance.max()].mean(0)
    return np.asarray(limb.rotations[k] @ end)


def carries_more(tree: KinematicTree, body: int) -> bool:
    """Whether other bodies are joined to a body away from its own joint: fingers, or a hand that was cut off."""
    return any(np.linalg.norm(offset) > _HAND_AWAY for offset in _children(tree, body))


def _children(tree: KinematicTree, body: int) -> list[Float64[np.ndarray, "3"]]:
    return [tree.offsets[b] for b in range(body + 1, len(tree.parents)) if tree.parents[b] == body]


def _at(body: int) -> Frame:
    return Frame(body, np.zeros(3), np.eye(3))
