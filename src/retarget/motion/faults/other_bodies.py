"""Whether a file holds more bodies than the one that is read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from jaxtyping import Float64

from retarget.errors import RoleError
from retarget.motion.doubts import Doubt
from retarget.motion.skeleton.roles import find_roles

__all__ = ["other_body_doubts"]

_FEWEST: Final = 13  # joints of a body: pelvis, and three of each limb
_APART: Final = 0.3  # leg lengths between the pelvises: nearer, they are helpers of one rig
_WEIGHT: Final = 0.55


def other_body_doubts(
    names: Sequence[str],
    parents: Sequence[int],
    positions: Float64[np.ndarray, "T J 3"],
    roles: Mapping[str, int],
    leg: float,
) -> list[Doubt]:
    """A doubt if joints that do not hang on this body's pelvis are another body.

    Args:
        names: Of the joints.
        parents: Of each joint, -1 for roots.
        positions: Global positions in some frames, in any unit and world.
        roles: Role -> joint of the body that is read.
        leg: Length of its leg in the same unit.

    Example:
        >>> other_body_doubts(["Hips"], [-1], np.zeros((1, 1, 3)), {"pelvis": 0}, 0.8)
        []
    """
    pelvis = roles["pelvis"]
    above = {-1}
    joint = pelvis
    while joint >= 0:
        above.add(joint)
        joint = parents[joint]
    tops: list[int] = []  # of each joint: the child of one above the pelvis on which it hangs
    for joint, parent in enumerate(parents):
        tops.append(joint if parent in above else tops[parent])
    known = {tops[joint] for joint in roles.values()}
    counts = Counter(top for top in tops if top not in known)
    for top, count in counts.items():
        if count < _FEWEST:
            continue
        part = [joint for joint, other in enumerate(tops) if other == top]
        place = {joint: index for index, joint in enumerate(part)}
        try:
            found, _, _ = find_roles(
                tuple(names[joint].removesuffix("#2") for joint in part),
                [place.get(parents[joint], -1) for joint in part],
                positions[:, part],
                None,
            )
        except RoleError:
            continue
        away = positions[:, part[found["pelvis"]]] - positions[:, pelvis]
        if np.median(np.linalg.norm(away, axis=1)) > _APART * leg:
            reason = (
                f"the file holds another body, that of {names[part[found['pelvis']]]}, which was left out; "
                "export each body to a file of its own"
            )
            return [Doubt("roles", _WEIGHT, reason)]
    return []
