"""Which joint plays which part of the body.

Every skeleton is mapped once onto the same roles: pelvis, spine, chest, neck, head, and left and right hip,
knee, ankle, toe, shoulder, elbow and wrist. A limb role's joint is the near end of the segment it moves, so the
left knee's joint is where the left shank begins. Names propose the limbs; the hierarchy must agree. Pelvis and
chest follow from the hierarchy. Where names say nothing, the skeleton's shape proposes (`shape`); where they say
something else than the shape, nobody guesses.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import numpy as np
from jaxtyping import Float64

from retarget.errors import RoleError
from retarget.motion.doubts import Doubt
from retarget.motion.skeleton.languages import without_shared_prefix
from retarget.motion.skeleton.names import LIMB_WORDS, split_name
from retarget.motion.skeleton.shape_names import limbs_without_names
from retarget.motion.skeleton.torso import find_torso
from retarget.motion.skeleton.tree import children_of, is_below, line_to
from retarget.wording import listed, quoted

__all__ = ["REQUIRED_ROLES", "ROLES", "find_roles"]

_LEG: Final = ("hip", "knee", "ankle", "toe")
_ARM: Final = ("shoulder", "elbow", "wrist")
_SIDES: Final = ("left", "right")
_APART: Final = 0.02  # of a leg's length: joints that are always closer are at one place
_IN_LINE: Final = np.cos(
    np.radians(30.0)
)  # with the shank; a toe further ahead shows where the foot points
_FEW_FRAMES: Final = 24  # enough for lengths, and for what is always at one place
_MOST_JOINTS: Final = 40  # that a message lists: all of most skeletons without fingers
_SHAPE_DOUBT: Final = (
    0.4  # of roles that only the shape tells: right on every known rig, but nobody can confirm it
)

ROLES: Final = (
    "pelvis", "spine", "chest", "neck", "head",
    *(f"{side}_{part}" for side in _SIDES for part in (*_LEG, *_ARM)),
)  # fmt: skip
REQUIRED_ROLES: Final = tuple(
    role for role in ROLES if role not in ("spine", "neck", "head", "left_toe", "right_toe")
)


def find_roles(
    names: Sequence[str],
    parents: Sequence[int],
    positions: Float64[np.ndarray, "T J 3"],
    overrides: Mapping[str, str] | None = None,
) -> tuple[dict[str, int], list[str], list[Doubt]]:
    """Find the joints of a skeleton's roles.

    Args:
        names: Joint names; end sites are named ``Foo#end``.
        parents: Parent joints, -1 for roots; parents come before their children.
        positions: Global positions in some frames, in any unit and world.
        overrides: Role -> joint name; these are taken as they are.

    Returns:
        Role -> joint index, with all of `REQUIRED_ROLES`; notes for the user; and doubts.

    Raises:
        RoleError: A role or joint in ``overrides`` does not exist, a required role cannot be found, names and
            shape tell different joints, or the joints of a limb do not follow one another.
    """
    from retarget.motion.numeric.quantiles import row_medians

    parents = [int(parent) for parent in parents]
    given = _resolve(overrides or {}, names)
    few = positions[:: max(1, len(positions) // _FEW_FRAMES)]
    lengths = row_medians(_bone_lengths(few, parents).T)
    read = without_shared_prefix(names)
    named = _limbs_from_names(read, parents, few, lengths, given)
    limbs = {**named, **given}
    doubts: list[Doubt] = []
    if any(role not in limbs for role in _required_limbs()):
        shaped = limbs_without_names(names, parents, positions, lengths, named, given)
        if shaped:
            limbs = {**shaped, **limbs}
            reason = "joint names do not tell all roles; they were found from the skeleton's shape, so check them"
            doubts.append(Doubt("roles", _SHAPE_DOUBT, reason))
    missing = [role for role in _required_limbs() if role not in limbs]
    if missing:
        raise RoleError(_missing_message(missing, names))
    limbs = _without_shank_ends(limbs, names, given, few)
    roles = {**find_torso(read, parents, lengths, limbs, given), **limbs}
    _check_limbs(roles, names, parents, lengths)
    notes = [
        f"the {side} foot has no toe joint and no end site that shows where it points"
        for side in _SIDES
        if f"{side}_toe" not in roles
    ]
    return {role: roles[role] for role in ROLES if role in roles}, notes, doubts


def _resolve(overrides: Mapping[str, str], names: Sequence[str]) -> dict[str, int]:
    given = {}
    for role, joint in overrides.items():
        if role not in ROLES:
            raise RoleError(f"unknown role {quoted(role)}; known: {', '.join(ROLES)}")
        if joint not in names:
            raise RoleError(
                f"role {role} is given joint {quoted(joint)}; the joints are: {listed(names, _MOST_JOINTS)}"
            )
        given[role] = list(names).index(joint)
    return given


def _required_limbs() -> list[str]:
    return [role for role in REQUIRED_ROLES if role not in ("pelvis", "chest")]


def _bone_lengths(
    positions: Float64[np.ndarray, "T J 3"], parents: Sequence[int]
) -> Float64[np.ndarray, "T J"]:
    """Distance of every joint from its parent; zero for roots."""
    joints = np.arange(len(parents))
    origins = np.where(np.array(parents) < 0, joints, parents)
    bones = positions - positions[:, origins]
    return np.asarray(np.sqrt(np.einsum("tji,tji->tj", bones, bones)))


def _limbs_from_names(
    names: Sequence[str],
    parents: Sequence[int],
    positions: Float64[np.ndarray, "T J 3"],
    lengths: Float64[np.ndarray, "J"],
    given: Mapping[str, int],
) -> dict[str, int]:
    """The limbs that names tell, each as one chain of the hierarchy; a limb in doubt is left out."""
    named = [split_name(name) for name in names]
    ends = {joint for joint, name in enumerate(names) if "#end" in name}
    words: dict[str, dict[str, list[int]]] = {side: {} for side in _SIDES}
    for joint, (side, word) in enumerate(named):
        if side and joint not in ends:
            words[side].setdefault(word, []).append(joint)
    middle = _in_the_middle(words, positions, lengths)
    limbs: dict[str, int] = {}
    for side in _SIDES:
        first = {
            word: next((joint for joint in joints if joint not in middle), joints[0])
            for word, joints in words[side].items()
        }
        for chain in (_LEG[:3], _ARM):
            options = [
                [given[f"{side}_{part}"]]
                if f"{side}_{part}" in given
                else [first[word] for word in LIMB_WORDS[part].split() if word in first]
                for part in chain
            ]
            options[0].sort(key=lambda joint: joint in middle)
            if not options[2] and options[1]:  # no joint at the far end: its end site will do
                options[2] = [
                    j for j in range(len(names)) if j in ends and parents[j] == options[1][0]
                ]
            joints = _first_chain(options, parents)
            limbs |= {f"{side}_{part}": joint for part, joint in zip(chain, joints, strict=False)}
        ankle = limbs.get(f"{side}_ankle")
        if ankle is not None:
            toes = [first[word] for word in LIMB_WORDS["toe"].split() if word in first]
            toe = _toe(ankle, toes, parents, lengths)
            if toe >= 0:
                knee = limbs[f"{side}_knee"]
                limbs[f"{side}_toe"] = _ahead(knee, ankle, toe, parents, positions)
    return limbs


def _in_the_middle(
    words: Mapping[str, Mapping[str, Sequence[int]]],
    positions: Float64[np.ndarray, "T J 3"],
    lengths: Float64[np.ndarray, "J"],
) -> set[int]:
    """Joints that are always where their namesake of the other side is: helpers such as ``LHipJoint``, no hips."""
    found: set[int] = set()
    near = _APART * float(lengths.max(initial=0.0))
    for word in {w for part in ("hip", "shoulder") for w in LIMB_WORDS[part].split()}:
        for pair in zip(words["left"].get(word, ()), words["right"].get(word, ()), strict=False):
            apart = positions[:1, pair[0]] - positions[:1, pair[1]]
            if np.abs(apart).max() <= near:
                apart = positions[:, pair[0]] - positions[:, pair[1]]
                found |= set(pair) if np.abs(apart).max() <= near else set()
    return found


def _first_chain(options: Sequence[Sequence[int]], parents: Sequence[int]) -> tuple[int, ...]:
    """The first choice in which each joint is below the one before; empty if there is none."""
    for choice in itertools.product(*options):
        if all(is_below(far, near, parents) for near, far in itertools.pairwise(choice)):
            return choice
    return ()


def _toe(
    ankle: int,
    candidates: Iterable[int],
    parents: Sequence[int],
    lengths: Float64[np.ndarray, "J"],
) -> int:
    """The named toe below the ankle, else the ankle's farthest child (often an end site), else -1."""
    for joint in candidates:
        if is_below(joint, ankle, parents) and lengths[joint] > 0:
            return joint
    children = [joint for joint in children_of(parents)[ankle] if lengths[joint] > 0]
    return max(children, key=lambda joint: lengths[joint], default=-1)


def _ahead(
    knee: int,
    ankle: int,
    toe: int,
    parents: Sequence[int],
    positions: Float64[np.ndarray, "T J 3"],
) -> int:
    """The toe, or where that is straight below the ankle the first joint beyond it that shows where the foot points."""
    children = children_of(parents)
    while children[toe] and _in_line(knee, ankle, toe, positions):
        toe = children[toe][0]
    return toe


def _without_shank_ends(
    limbs: Mapping[str, int],
    names: Sequence[str],
    given: Mapping[str, int],
    positions: Float64[np.ndarray, "T J 3"],
) -> dict[str, int]:
    """The limbs without toes that are end sites below the shank: these end the leg and show no foot."""
    left = dict(limbs)
    for side in _SIDES:
        knee, ankle, toe = (limbs.get(f"{side}_{part}", -1) for part in _LEG[1:])
        ends = min(knee, ankle, toe) >= 0 and "#end" in names[toe] and f"{side}_toe" not in given
        if ends and _in_line(knee, ankle, toe, positions):
            del left[f"{side}_toe"]
    return left


def _in_line(knee: int, ankle: int, toe: int, positions: Float64[np.ndarray, "T J 3"]) -> bool:
    """Whether a joint lies in the direction of the shank in most frames."""
    shank = positions[:, ankle] - positions[:, knee]
    foot = positions[:, toe] - positions[:, ankle]
    along = np.einsum("ti,ti->t", shank, foot)
    squares = np.einsum("ti,ti->t", shank, shank) * np.einsum("ti,ti->t", foot, foot)
    return bool(2 * (along > _IN_LINE * np.sqrt(squares)).sum() >= len(along))


def _check_limbs(
    roles: Mapping[str, int],
    names: Sequence[str],
    parents: Sequence[int],
    lengths: Float64[np.ndarray, "J"],
) -> None:
    for side, chain in itertools.product(_SIDES, (_LEG, _ARM)):
        limb = [f"{side}_{part}" for part in chain if f"{side}_{part}" in roles]
        for near, far in itertools.pairwise(limb):
            line = line_to(roles[near], roles[far], parents)
            if not line:
                raise RoleError(
                    f"role {far} ({names[roles[far]]}) is not below role {near} ({names[roles[near]]}) in the "
                    "skeleton; name the right joints in a role file"
                )
            if lengths[line].sum() == 0:
                raise RoleError(
                    f"roles {near} ({names[roles[near]]}) and {far} ({names[roles[far]]}) are at the same "
                    "place; name the right joints in a role file"
                )
    shared = [
        part for part in (*_LEG[:3], *_ARM) if roles[f"left_{part}"] == roles[f"right_{part}"]
    ]
    if shared:
        raise RoleError(f"left and right {shared[0]} are the same joint; name them in a role file")


def _missing_message(missing: Sequence[str], names: Sequence[str]) -> str:
    joints = listed([name for name in names if "#" not in name], _MOST_JOINTS)
    return (
        f"no joint found for {', '.join(missing)}; name them in a role file with lines such as "
        f'{missing[0]} = "JointName" under [roles]; the joints are: {joints}'
    )
