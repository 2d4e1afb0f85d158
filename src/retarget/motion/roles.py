"""Which joint plays which part of the body.

Every skeleton is mapped once onto the same roles: pelvis, spine, chest, neck, head, and left and right hip,
knee, ankle, toe, shoulder, elbow and wrist. A limb role's joint is the near end of the segment it moves, so the
left knee's joint is where the left shank begins. Names propose the limbs; the hierarchy must agree. Pelvis and
chest follow from the hierarchy. Where names say nothing, the skeleton's shape proposes (`shape`).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import numpy as np
from jaxtyping import Float64

from retarget.errors import RoleError
from retarget.motion.names import LIMB_WORDS, split_name
from retarget.motion.torso import find_torso
from retarget.motion.tree import children_of, is_below, line_to

__all__ = ["REQUIRED_ROLES", "ROLES", "find_roles"]

_LEG: Final = ("hip", "knee", "ankle", "toe")
_ARM: Final = ("shoulder", "elbow", "wrist")
_SIDES: Final = ("left", "right")

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
) -> tuple[dict[str, int], list[str]]:
    """Find the joints of a skeleton's roles.

    Args:
        names: Joint names; end sites are named ``Foo#end``.
        parents: Parent joints, -1 for roots; parents come before their children.
        positions: Global positions in some frames, in any unit and world.
        overrides: Role -> joint name; these are taken as they are.

    Returns:
        Role -> joint index, with all of `REQUIRED_ROLES`, and notes for the user.

    Raises:
        RoleError: A role or joint in ``overrides`` does not exist, a required role cannot be found, or the
            joints of a limb do not follow one another.
    """
    from retarget.motion.shape import limbs_from_shape

    parents = [int(parent) for parent in parents]
    given = _resolve(overrides or {}, names)
    lengths = np.median(_bone_lengths(positions, parents), axis=0)
    limbs = {**_limbs_from_names(names, parents, lengths, given), **given}
    notes: list[str] = []
    if any(role not in limbs for role in _required_limbs()):
        shaped = limbs_from_shape(parents, positions, lengths)
        if shaped:
            limbs = {**shaped, **given}
            notes.append(
                "joint names do not tell all roles; they were found from the skeleton's shape, so check them"
            )
    missing = [role for role in _required_limbs() if role not in limbs]
    if missing:
        raise RoleError(_missing_message(missing, names))
    roles = {**find_torso(names, parents, lengths, limbs, given), **limbs}
    _check_limbs(roles, names, parents, lengths)
    notes += [
        f"the {side} foot has no toe joint and no end site"
        for side in _SIDES
        if f"{side}_toe" not in roles
    ]
    return {role: roles[role] for role in ROLES if role in roles}, notes


def _resolve(overrides: Mapping[str, str], names: Sequence[str]) -> dict[str, int]:
    given = {}
    for role, joint in overrides.items():
        if role not in ROLES:
            raise RoleError(f"unknown role {role!r}; known: {', '.join(ROLES)}")
        if joint not in names:
            raise RoleError(
                f"role {role} is given joint {joint!r}; the joints are: {', '.join(names)}"
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
    return np.asarray(np.linalg.norm(positions - positions[:, origins], axis=-1))


def _limbs_from_names(
    names: Sequence[str],
    parents: Sequence[int],
    lengths: Float64[np.ndarray, "J"],
    given: Mapping[str, int],
) -> dict[str, int]:
    """The limbs that names tell, each as one chain of the hierarchy; a limb in doubt is left out."""
    named = [split_name(name) for name in names]
    ends = {joint for joint, name in enumerate(names) if "#end" in name}
    limbs: dict[str, int] = {}
    for side in _SIDES:
        first: dict[str, int] = {}
        for joint, (its_side, word) in enumerate(named):
            if its_side == side and joint not in ends:
                first.setdefault(word, joint)
        for chain in (_LEG[:3], _ARM):
            options = [
                [given[f"{side}_{part}"]]
                if f"{side}_{part}" in given
                else [first[word] for word in LIMB_WORDS[part].split() if word in first]
                for part in chain
            ]
            if not options[2] and options[1]:  # no joint at the far end: its end site will do
                options[2] = [
                    j for j in range(len(names)) if j in ends and parents[j] == options[1][0]
                ]
            joints = _first_chain(options, parents)
            limbs |= {f"{side}_{part}": joint for part, joint in zip(chain, joints, strict=False)}
        ankle = limbs.get(f"{side}_ankle")
        if ankle is not None:
            words = [first[word] for word in LIMB_WORDS["toe"].split() if word in first]
            limbs |= _toe(side, ankle, words, parents, lengths)
    return limbs


def _first_chain(options: Sequence[Sequence[int]], parents: Sequence[int]) -> tuple[int, ...]:
    """The first choice in which each joint is below the one before; empty if there is none."""
    for choice in itertools.product(*options):
        if all(is_below(far, near, parents) for near, far in itertools.pairwise(choice)):
            return choice
    return ()


def _toe(
    side: str,
    ankle: int,
    candidates: Iterable[int],
    parents: Sequence[int],
    lengths: Float64[np.ndarray, "J"],
) -> dict[str, int]:
    """The named toe below the ankle, else the ankle's farthest child (often an end site)."""
    for joint in candidates:
        if is_below(joint, ankle, parents) and lengths[joint] > 0:
            return {f"{side}_toe": joint}
    children = [joint for joint in children_of(parents)[ankle] if lengths[joint] > 0]
    return {f"{side}_toe": max(children, key=lambda joint: lengths[joint])} if children else {}


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
    joints = ", ".join(name for name in names if "#" not in name)
    return (
        f"no joint found for {', '.join(missing)}; name them in a role file with lines such as "
        f'{missing[0]} = "JointName" under [roles]; the joints are: {joints}'
    )
