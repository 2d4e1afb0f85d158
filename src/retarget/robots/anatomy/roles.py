"""Which body of a robot carries which role: as given, or proposed from how its chains move, and from names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from retarget.errors import RoleError
from retarget.robots.anatomy.facing import Geometry, standing
from retarget.robots.anatomy.forearms import carries_more, far_end, find_wrist
from retarget.robots.anatomy.limbs import Limb, Limbs, find_limbs
from retarget.robots.anatomy.no_bend import no_bend, require_knees_that_bend, require_same_joints
from retarget.robots.anatomy.straight import on_twisting_axis, straightened
from retarget.robots.kinematics import body_poses
from retarget.robots.neutral import zero_joints
from retarget.robots.spec import LIMBS, ROLES, SIDES, RolePlace
from retarget.robots.tree import Frame, KinematicTree
from retarget.wording import listed

__all__ = ["FoundRoles", "limb_length", "resolve_roles"]

_LACKING = {
    "left_shoulder": "the robot has no arms: the human's arms are not followed, and measures of arms have no value",
    "left_hip": "the robot has no legs: its base stays level and at its height, and moves and turns along the floor as "
    "the human's hips (of a robot that stands fast take the joints alone); nothing is held on the ground, and "
    "measures of legs, feet and forces have no value",
}

_BEND_NAMES = {"leg": ("knee",), "arm": ("elbow",)}
_NAMED = 1.5  # how much more a joint counts as knee or elbow that is called so
_GUESSED = 0.5  # how much less a joint counts beyond which there is no other
_TOE_REACH = 0.25  # share of the shank's length by which toe joints lie in front of the ankle
_ACROSS = 0.7  # cosine to a direction (45 degrees) above which an axis lies along it, and does not bend it
_SHOULDER_AXES = 3  # joints of a shoulder; what lies before them moves the shoulder itself
_SAME_PLACE = 1e-3  # metres: hinges so near to each other are those of one joint


@dataclass(frozen=True, slots=True, eq=False)
class FoundRoles:
    """Roles, and how the base is turned when the robot stands.

    Attributes:
        bodies: Role -> body index.
        points: Role -> joint centre in that body's frame, metres.
        upright: Rotation of the base with which the robot stands along z and looks along x.
        notes: What was assumed, in plain sentences.
    """

    bodies: dict[str, int]
    points: dict[str, Float64[np.ndarray, "3"]]
    upright: Float64[np.ndarray, "3 3"]
    notes: tuple[str, ...]


def resolve_roles(
    robot: str,
    tree: KinematicTree,
    places: Mapping[str, Frame],
    given: Mapping[str, RolePlace],
    geometry: Geometry,
) -> FoundRoles:
    """Body index and joint centre (m, in the body's frame) of every role that the robot has.

    Legs and arms are mirrored pairs of chains. Knee and elbow are the hinges that bend them, far from both ends. The
    hip lies on the flexion axis above the knee, the shoulder where the axes above the elbow meet best. The ankle is the
    last body before the toes, the wrist the last one that bends the hand, or the end of a forearm that has none.

    Args:
        robot: The model file, for messages.
        tree: The robot's tree.
        places: Name of each body of the model file -> its frame in the tree.
        given: Roles that are not to be proposed.
        geometry: Points of a body's collision geometry, to find the end of a forearm without wrist.

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
    notes: list[str] = []
    if any(role not in frames for role in ROLES):
        limbs = find_limbs(tree, geometry)
        frames = _proposed(robot, tree, limbs, geometry, set(given), notes) | frames
    _require_whole_limbs(robot, frames)
    bodies = {role: frames[role].body for role in ROLES if role in frames}
    points = {role: frames[role].position for role in bodies}
    upright = _upright(robot, tree, bodies, points)
    if (upright != np.eye(3)).any():
        notes.append(
            "the base's frame is not x ahead, y left and z up: the robot stands with it turned"
        )
    notes += [text for role, text in _LACKING.items() if role not in bodies]
    return FoundRoles(bodies, points, upright, tuple(notes))


def _require_whole_limbs(robot: str, frames: dict[str, Frame]) -> None:
    """Take chest and pelvis out where what they carry is not there; refuse a part of a limb."""
    for limb, chain in LIMBS.items():
        roles = [f"{side}_{role}" for side in SIDES for role in chain]
        lacking = [role for role in roles if role not in frames]
        if lacking and len(lacking) < len(roles):
            given = next(role for role in roles if role in frames)
            raise RoleError(
                f"{robot}: {given!r} is stated, but the robot's {limb}s were not found, nor is {lacking[0]!r} stated; "
                f"state all of {listed(roles)}"
            )
    if "left_shoulder" not in frames:
        frames.pop("chest", None)


def limb_length(
    tree: KinematicTree, bodies: Mapping[str, int], points: Mapping[str, Float64[np.ndarray, "3"]]
) -> float:
    """Thigh and shank of the left leg, or upper arm and forearm of a robot without legs, metres."""
    centre = _centres(tree, bodies, points)
    chain = LIMBS["leg" if "left_hip" in bodies else "arm"]
    first, middle, last = (centre(f"left_{role}") for role in chain)
    return float(np.linalg.norm(middle - first) + np.linalg.norm(last - middle))


def _centres(
    tree: KinematicTree, bodies: Mapping[str, int], points: Mapping[str, Float64[np.ndarray, "3"]]
) -> Callable[[str], Float64[np.ndarray, "3"]]:
    positions, rotations = body_poses(tree, zero_joints(tree))
    return lambda role: np.asarray(positions[bodies[role]] + rotations[bodies[role]] @ points[role])


def _upright(
    robot: str,
    tree: KinematicTree,
    bodies: Mapping[str, int],
    points: Mapping[str, Float64[np.ndarray, "3"]],
) -> Float64[np.ndarray, "3 3"]:
    """How the base is turned when hips and shoulders are as roles say: left, level and above each other."""
    centre = _centres(tree, bodies, points)

    def middle(role: str) -> Float64[np.ndarray, "3"]:
        return np.asarray((centre(f"left_{role}") + centre(f"right_{role}")) / 2)

    first = "hip" if "left_hip" in bodies else "shoulder"
    left = centre(f"left_{first}") - centre(f"right_{first}")
    leg = middle("hip") - middle("ankle") if first == "hip" else np.zeros(3)
    trunk = np.zeros(3)
    if "left_shoulder" in bodies:
        trunk = middle("shoulder") - (middle("hip") if first == "hip" else 0.0)
        if first == "shoulder" and np.linalg.norm(trunk) < np.linalg.norm(left) / 2:
            trunk = middle("shoulder") - middle(
                "wrist"
            )  # the base's origin is between the shoulders
    if min(np.linalg.norm(left), np.linalg.norm(leg + trunk)) < _SAME_PLACE:
        raise RoleError(
            f"{robot}: both hips, or shoulders and ankles, are in one place; correct the roles"
        )
    _, rotations = body_poses(tree, zero_joints(tree))
    axes = np.einsum("bij,bj->bi", rotations, tree.axes)[1:]
    return standing(left, leg, trunk, axes)


def _proposed(
    robot: str,
    tree: KinematicTree,
    limbs: Limbs | None,
    geometry: Geometry,
    given: set[str],
    notes: list[str],
) -> dict[str, Frame]:
    if limbs is None:
        raise RoleError(
            f"{robot}: neither two legs nor two arms, mirrored left and right, were found; name the bodies "
            f"under [roles] in a robot TOML file; joints are {listed(tree.joint_names)}"
        )
    if limbs.no_human and not given:
        raise RoleError(
            f"{robot}: {limbs.no_human}; if that is not so, name the bodies under [roles] in a robot TOML file"
        )
    if limbs.lone and not given:
        lone = tree.body_names[limbs.lone[0]]
        raise RoleError(
            f"{robot}: {lone!r} begins a limb that has no mirror image left or right, and "
            f"{'arms' if limbs.arms is None else 'legs'} were not found; name the bodies under [roles] in a robot "
            "TOML file, or take the limb out"
        )
    notes += limbs.doubts
    frames = {"pelvis": _origin(limbs.pelvis), "chest": _origin(limbs.chest)}
    for kind, pair in (("leg", limbs.legs), ("arm", limbs.arms)):
        if pair is None:
            continue
        bends = [
            _require_bend(robot, tree, limb, kind, side, geometry)
            for limb, side in zip(pair, SIDES, strict=True)
        ]
        require_same_joints(robot, tree, pair, bends, LIMBS[kind][1])
        for side, limb, bend in zip(SIDES, pair, bends, strict=True):
            found = (_leg if kind == "leg" else _arm)(tree, limb, bend, geometry)
            frames |= {
                f"{side}_{role}": frame for role, frame in zip(LIMBS[kind], found, strict=True)
            }
    return frames


def _require_bend(
    robot: str, tree: KinematicTree, limb: Limb, kind: str, side: str, geometry: Geometry
) -> int:
    if kind == "leg":
        require_knees_that_bend(robot, tree, limb)
    bend = _bend(tree, limb, kind, geometry)
    if bend == 0:
        raise no_bend(robot, tree, limb, f"{side} {kind}")
    return bend


def _leg(
    tree: KinematicTree, leg: Limb, knee: int, geometry: Geometry
) -> tuple[Frame, Frame, Frame]:
    """Hip, knee and ankle."""
    hip = _origin(_hip(leg, _first_in_place(tree, leg, knee)))
    ankle = _ankle(leg, knee, geometry)
    return hip, straightened(tree, leg, knee, _place(leg, hip), _place(leg, ankle)), ankle


def _arm(
    tree: KinematicTree, arm: Limb, elbow: int, geometry: Geometry
) -> tuple[Frame, Frame, Frame]:
    """Shoulder, elbow and wrist."""
    shoulder = _origin(_shoulder(arm, _first_in_place(tree, arm, elbow)))
    wrist = find_wrist(tree, arm, elbow, geometry)
    middle = straightened(tree, arm, elbow, _place(arm, shoulder), _place(arm, wrist))
    if middle.position.any():
        # Origins lie aside: the upper arm's line is the axis about which it twists.
        shoulder = on_twisting_axis(tree, arm, elbow, shoulder)
        middle = straightened(tree, arm, elbow, _place(arm, shoulder), _place(arm, wrist))
    return shoulder, middle, wrist


def _place(limb: Limb, frame: Frame) -> Float64[np.ndarray, "3"]:
    k = limb.bodies.index(frame.body)
    return np.asarray(limb.anchors[k] + limb.rotations[k] @ frame.position)


def _origin(body: int) -> Frame:
    return Frame(body, np.zeros(3), np.eye(3))


def _bend(tree: KinematicTree, limb: Limb, kind: str, geometry: Geometry) -> int:
    """Index in the limb of its knee or elbow: of hinges in one place the last, so that it carries the whole segment."""
    last = len(limb.bodies) - 1

    def score(k: int) -> float:
        start = limb.anchors[0]
        end = limb.anchors[last]
        beyond = k == last or np.linalg.norm(end - limb.anchors[k]) < _SAME_PLACE
        if beyond:
            end = limb.anchors[k] + far_end(tree, limb, last, geometry)
            if last == 1 and np.linalg.norm(end - limb.anchors[k]) < _SAME_PLACE:
                end = 2 * limb.anchors[k] - start  # of two joints one is in the middle
        upper, lower = limb.anchors[k] - start, end - limb.anchors[k]
        lengths = np.linalg.norm(upper), np.linalg.norm(lower)
        if min(lengths) < 1e-6:
            return 0.0
        bending = float(np.linalg.norm(np.cross(limb.axes[k], lower / lengths[1])))
        if beyond and not carries_more(tree, limb.bodies[last]):
            bending *= _GUESSED
        if kind == "leg":
            bending *= abs(float(limb.axes[k, 1]))
        names = f"{tree.joint_names[limb.bodies[k] - 1]} {tree.body_names[limb.bodies[k]]}".lower()
        named = any(word in names for word in _BEND_NAMES[kind])
        return float(min(lengths)) * bending * (_NAMED if named else 1.0)

    best = max(range(len(limb.bodies)), key=score)
    if score(best) < 1e-6:
        return 0
    while best < last and (
        np.linalg.norm(limb.anchors[best + 1] - limb.anchors[best]) < _SAME_PLACE
        and tree.virtual[limb.bodies[best]]
    ):
        best += 1
    return best


def _first_in_place(tree: KinematicTree, limb: Limb, k: int) -> int:
    """Index of the first hinge of a joint that is made of several; the others of its place follow."""
    while k > 1 and tree.virtual[limb.bodies[k - 1]]:
        k -= 1
    return k


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
    above = range(max(0, elbow - _SHOULDER_AXES), elbow)

    def offset(k: int) -> float:
        crossed = (np.cross(arm.axes[i], arm.anchors[k] - arm.anchors[i]) for i in above)
        return float(sum(c @ c for c in crossed))

    return arm.bodies[min(above, key=offset)]


def _ankle(leg: Limb, knee: int, geometry: Geometry) -> Frame:
    """The last body of the ankle: before any toe joint; where there is none, the end of the shank."""
    below = range(knee + 1, len(leg.bodies))
    if not below:
        points = geometry(leg.bodies[knee])
        if not len(points):
            return Frame(leg.bodies[knee], np.zeros(3), np.eye(3))
        lowest = points @ leg.rotations[knee][2]
        low = points[lowest <= lowest.min() + 0.1 * np.ptp(lowest)].mean(0)
        return Frame(leg.bodies[knee], low, np.eye(3))
    pitch = [k for k in below if abs(leg.axes[k, 1]) > _ACROSS] or [below[0]]
    foot = pitch[0]
    for k in pitch[1:]:
        away = leg.anchors[k] - leg.anchors[foot]
        shank = np.linalg.norm(leg.anchors[foot] - leg.anchors[knee])
        if away[0] > _TOE_REACH * shank and away[0] > 0.8 * abs(away[2]):
            return _origin(leg.bodies[k - 1])  # the first joint of the toes
        foot = k
    rest = [k for k in below if k > foot and abs(leg.axes[k, 1]) <= _ACROSS]
    return _origin(leg.bodies[max([foot, *rest])])
