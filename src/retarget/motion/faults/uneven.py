"""Whether both sides of a body are alike: arms or legs of two lengths are no person's, or not what roles say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
from jaxtyping import Float64

from retarget.motion.doubts import Doubt

__all__ = ["uneven_doubts"]

_BONES: Final = {
    "thigh": ("hip", "knee"),
    "shank": ("knee", "ankle"),
    "upper arm": ("shoulder", "elbow"),
    "forearm": ("elbow", "wrist"),
}
_FRAMES: Final = 20  # tell lengths, which hardly change
# Ratios of both sides' lengths. Recorded bones, also those from markers and videos, differ by 7 percent at most, the
# arms of an animators' robot by 14.
_ODD, _WRONG = 1.3, 1.6
_ODD_WEIGHT, _WRONG_WEIGHT = 0.3, 0.55


def uneven_doubts(positions: Float64[np.ndarray, "T J 3"], roles: Mapping[str, int]) -> list[Doubt]:
    """A doubt if a bone is much longer on one side than on the other.

    Args:
        positions: Global positions in some frames, in any unit and world.
        roles: Role -> joint.

    Example:
        >>> roles = {f"{side}_{joint}": 0 for side in ("left", "right")
        ...          for joint in ("hip", "knee", "ankle", "shoulder", "elbow", "wrist")}
        >>> uneven_doubts(np.zeros((3, 1, 3)), roles)
        []
    """
    ends = [
        [roles[f"{side}_{end}"] for side in ("left", "right") for end in bone]
        for bone in _BONES.values()
    ]
    marks = positions[:: max(1, len(positions) // _FRAMES), np.array(ends)]
    bones = (marks[..., 1::2, :] - marks[..., ::2, :]).astype(np.float64)
    lengths = np.sqrt(np.einsum("tbsi,tbsi->tbs", bones, bones)).mean(axis=0)
    ratios = lengths.max(axis=1) / np.maximum(lengths.min(axis=1), 1e-12)
    worst = int(np.argmax(ratios))
    ratio = float(ratios[worst])
    if not ratio > _ODD or not lengths.max() > 0:
        return []
    name, longer = list(_BONES)[worst], "left" if lengths[worst, 0] > lengths[worst, 1] else "right"
    reason = (
        f"the {longer} {name} is {ratio:.1f} times as long as the other: joints are misplaced, or play other parts; "
        "name them in a role file if they do"
    )
    return [Doubt("skeleton", _WRONG_WEIGHT if ratio > _WRONG else _ODD_WEIGHT, reason)]
