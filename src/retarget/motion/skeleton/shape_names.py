"""Limbs from a skeleton's shape, held against what its joints' names say: where both speak they must agree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from jaxtyping import Float64

from retarget.errors import RoleError
from retarget.motion.skeleton.languages import without_shared_prefix
from retarget.motion.skeleton.names import part_of_body, split_name
from retarget.motion.skeleton.shape import limbs_from_shape
from retarget.motion.skeleton.tree import line_to

__all__ = ["limbs_without_names"]

_PART: Final = {"hip": "leg", "knee": "leg", "ankle": "leg", "toe": "leg"}  # else an arm's


def limbs_without_names(
    names: Sequence[str],
    parents: Sequence[int],
    positions: Float64[np.ndarray, "T J 3"],
    lengths: Float64[np.ndarray, "J"],
    named: Mapping[str, int],
    given: Mapping[str, int],
) -> dict[str, int]:
    """The limbs that the skeleton's shape tells; empty if it tells none.

    Args:
        names: Joint names as the file has them.
        parents: Parent joints, -1 for roots.
        positions: Global positions in some frames, in any unit and world.
        lengths: Distance of each joint from its parent.
        named: Role -> joint of the limbs that names tell.
        given: Role -> joint of the roles that the user gave.

    Raises:
        RoleError: Names tell other joints.
    """
    said = without_shared_prefix(names)
    shaped = _sided_as_named(limbs_from_shape(parents, positions, lengths), said)
    for role, joint in shaped.items():
        side, _, part = role.partition("_")
        wanted, read = _PART.get(part, "arm"), part_of_body(said[joint])
        other = named.get(role, joint)
        same_limb = (
            other == joint or line_to(other, joint, parents) or line_to(joint, other, parents)
        )
        said_side = split_name(said[joint]).side
        if role in given or (same_limb and read in ("", wanted) and said_side in ("", side)):
            continue
        by_name = names[other] if role in named else _joints_that_read(side, wanted, names, said)
        raise RoleError(
            f"names and shape of the skeleton tell different joints for {role}: {by_name} by name, "
            f'{names[joint]} by shape; name the right ones in a role file with lines such as {role} = "JointName" '
            "under [roles]"
        )
    return shaped


def _sided_as_named(shaped: dict[str, int], names: Sequence[str]) -> dict[str, int]:
    """Limbs found from shape, on the sides that their names say where all say the other one.

    Shape tells sides by where the body faces, which a short or still motion may hardly show; names are meant.
    """
    said = [(role, split_name(names[joint]).side) for role, joint in shaped.items()]
    other = {"left": "right", "right": "left"}
    if all(side in ("", other[role.partition("_")[0]]) for role, side in said) and any(
        side for _, side in said
    ):
        parts = ((role.partition("_"), joint) for role, joint in shaped.items())
        return {f"{other[side]}_{part}": joint for (side, _, part), joint in parts}
    return shaped


def _joints_that_read(side: str, part: str, names: Sequence[str], said: Sequence[str]) -> str:
    """The joints whose names speak of a limb, as a message names them."""
    speak = [i for i, name in enumerate(said) if "#" not in name and part_of_body(name) == part]
    found = [names[i] for i in speak]
    of_side = [names[i] for i in speak if split_name(said[i]).side == side]
    return f"one of {', '.join((of_side or found)[:8])}" if found else "none"
