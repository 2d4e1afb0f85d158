"""Which body of a robot carries which role: as given, or proposed from geometry and names."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from jaxtyping import Float64

from retarget.errors import RoleError
from retarget.robots.limbs import Limb, find_limbs
from retarget.robots.spec import ROLES, RolePlace
from retarget.robots.tree import Frame, KinematicTree
from retarget.wording import listed

__all__ = ["resolve_roles"]

_BEND_NAMES = {"leg": ("knee",), "arm": ("elbow",)}
_TOE_REACH = 0.25  # share of the shank's length by which toe joints lie in front of the ankle
_WRIST_REACH = 0.25  # share of the upper arm's length that a wrist must be away from the elbow
_TIP_SHARE = 0.95  # points so far out, compared with the farthest, make the end of a forearm


def resolve_roles(
    robot: str,
    tree: KinematicTree,
    places: Mapping[str, Frame],
    given: Mapping[str, RolePlace],
    tips: Callable[[int], Float64[np.ndarray, "n 3"]],
) -> tuple[dict[str, int], dict[str, Float64[np.ndarray, "3"]]]:
    """Body index and joint centre (m, in the body's frame) of every role.

    Legs are the mirrored pair of limbs that ends lowest, arms the longest other pair. Knee and elbow are
    the joints so named, or those that lie farthest from both ends of the limb and bend it. The hip lies
    on the flexion axis above the knee, the shoulder where the axes above the elbow meet best.

    Args:
        robot: The model file, for messages.
        tree: The robot's tree.
        places: Name of each body of the model file -> its frame in the tree.
        given: Roles that are not to be proposed.
        tips: Points of a body's geometry (m, in its frame), to find the end of a forearm without wrist.

    Raises:
        RoleError: A given body does not exist, or a role is neither given nor found.
    """
    for role, place in given.items():
        if place.body not in places:
            raise RoleError(
                f"{robot}: role {role!r} names the body {place.body!r}, which does not exist; "
                f"bodies are {listed(places)}"
            )
    frames = {
        role: places[place.body].child(np.array(place.point), np.eye(3))
        for role, place in given.items()
    }
    if any(role not in frames for role in ROLES):
        frames = _proposed(robot, tree, tips) | frames
    return (
        {role: frames[role].body for role in ROLES},
        {role: frames[role].position for role in ROLES},
    )


def _proposed(
    robot: str, tree: KinematicTree, tips: Callable[[int], Float64[np.ndarray, "n 3"]]
) -> dict[str, Frame]:
    limbs = find_limbs(tree)
    if limbs is None:
        raise RoleError(
            f"{robot}: two legs and two arms, mirrored left and right, were not found; name the bodies "
            f"under [roles] in a robot TOML file; joints are {listed(tree.joint_names)}"
        )
    frames = {"pelvis": _origin(limbs.pelvis), "chest": _origin(limbs.chest)}
    for side, leg, arm in (
        ("left", limbs.left_leg, limbs.left_arm),
        ("right", limbs.right_leg, limbs.right_arm),
    ):
        knee = _bend(tree, leg, "leg", tips)
        elbow = _bend(tree, arm, "arm", tips)
        if knee in (0, len(leg.bodies) - 1) or elbow == 0:
            raise RoleError(
                f"{robot}: the {side} {'arm' if elbow == 0 else 'leg'} has too few joints to find its "
                "knee or elbow; name the bodies under [roles] in a robot TOML file"
            )
        frames[f"{side}_hip"] = _origin(_hip(leg, knee))
        frames[f"{side}_knee"] = _origin(leg.bodies[knee])
        frames[f"{side}_ankle"] = _origin(_foot(leg, knee))
        frames[f"{side}_shoulder"] = _origin(_shoulder(arm, elbow))
        frames[f"{side}_elbow"] = _origin(arm.bodies[elbow])
        frames[f"{side}_wrist"] = _wrist(arm, elbow, tips)
    return frames


def _origin(body: int) -> Frame:
    return Frame(body, np.zeros(3), np.eye(3))


def _bend(
    tree: KinematicTree,
    limb: Limb,
    kind: str,
    tips: Callable[[int], Float64[np.ndarray, "n 3"]],
) -> int:
    """Index in the limb of its knee or elbow."""
    last = len(limb.bodies) - 1

    def score(k: int) -> float:
        start = limb.anchors[0]
        end = limb.anchors[last] if k < last else limb.anchors[k] + _tip(limb, k, tips)
        upper, lower = limb.anchors[k] - start, end - limb.anchors[k]
        lengths = np.linalg.norm(upper), np.linalg.norm(lower)
        if min(lengths) < 1e-6:
            return 0.0
        bending = np.linalg.norm(np.cross(limb.axes[k], lower / lengths[1]))
        return float(min(lengths) * bending)

    candidates = list(range(len(limb.bodies)))
    named = [
        k
        for k in candidates
        if any(
            word
            in f"{tree.joint_names[limb.bodies[k] - 1]} {tree.body_names[limb.bodies[k]]}".lower()
            for word in _BEND_NAMES[kind]
        )
    ]
    return max(named or candidates, key=score)


def _hip(leg: Limb, knee: int) -> int:
    """The body above the knee whose origin is nearest to the flexion axis and beside it to the knee."""
    flexion = max(range(knee), key=lambda k: abs(leg.axes[k, 1]))

    def offset(k: int) -> float:
        to_axis = np.cross(leg.axes[flexion], leg.anchors[k] - leg.anchors[flexion])
        sideways = leg.anchors[k, 1] - leg.anchors[knee, 1]
        return float(to_axis @ to_axis + sideways**2)

    return leg.bodies[min(range(knee), key=offset)]


def _shoulder(arm: Limb, elbow: int) -> int:
    """The body above the elbow whose origin is nearest to all the shoulder's axes."""
    above = range(elbow)

    def offset(k: int) -> float:
        crossed = (np.cross(arm.axes[i], arm.anchors[k] - arm.anchors[i]) for i in above)
        return float(sum(c @ c for c in crossed))

    return arm.bodies[min(above, key=offset)]


def _foot(leg: Limb, knee: int) -> int:
    """The last body of the ankle: the one below the knee before any toe joint."""
    ankle = leg.anchors[knee + 1]
    shank = np.linalg.norm(ankle - leg.anchors[knee])
    below = range(knee + 1, len(leg.bodies))
    near = [k for k in below if leg.anchors[k, 0] - ankle[0] <= _TOE_REACH * shank]
    return leg.bodies[max(near)]


def _wrist(arm: Limb, elbow: int, tips: Callable[[int], Float64[np.ndarray, "n 3"]]) -> Frame:
    """The last body of the arm, or the end of the forearm's geometry where there is no wrist joint."""
    last = len(arm.bodies) - 1
    upper = np.linalg.norm(arm.anchors[elbow] - arm.anchors[0])
    if np.linalg.norm(arm.anchors[last] - arm.anchors[elbow]) > _WRIST_REACH * upper:
        return _origin(arm.bodies[last])
    return Frame(arm.bodies[last], arm.rotations[last].T @ _tip(arm, last, tips), np.eye(3))


def _tip(
    limb: Limb, k: int, tips: Callable[[int], Float64[np.ndarray, "n 3"]]
) -> Float64[np.ndarray, "3"]:
    """The far end of a body's geometry from its origin, in world directions, metres."""
    points = tips(limb.bodies[k])
    if not len(points):
        return np.zeros(3)
    distance = points @ (mean := points.mean(0)) / max(float(np.linalg.norm(mean)), 1e-9)
    end = points[distance >= _TIP_SHARE * distance.max()].mean(0)
    return np.asarray(limb.rotations[k] @ end)
