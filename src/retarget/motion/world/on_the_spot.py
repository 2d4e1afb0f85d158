"""Whether a body walks on the spot: on a treadmill, or in a file that lost how its root travels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
from jaxtyping import Float64

from retarget.motion.doubts import Doubt
from retarget.motion.segments import SIDES

__all__ = ["on_the_spot_doubts"]

_SPAN: Final = 0.05  # seconds to both sides over which speeds are taken
_REST: Final = 0.02  # quantile of a joint's heights: where it rests
_DOWN: Final = 0.05  # leg lengths above that
_SLIDES: Final = 0.25  # m/s of the slowest joint of the feet that is down: no foot stands
# Share of the time in which something is down that has to slide, and of all time that something has to be. Of 30 clips
# whose pelvis is slower than the feet that slide none reaches 0.3; walks on the spot have 0.95.
_MOSTLY: Final = 0.7
_ENOUGH: Final = 0.3
_SHORTEST: Final = 0.5  # seconds of that: a step
# The pelvis is slower than this share of what slides: it does not travel with the feet.
_STAYS: Final = 0.5
_FRAMES: Final = 20_000  # are enough
_WEIGHT: Final = 0.55  # nothing can push such a body as it moves


def on_the_spot_doubts(
    positions: Float64[np.ndarray, "T J 3"], roles: Mapping[str, int], fps: float
) -> list[Doubt]:
    """A doubt if feet that are down slide nearly always, beneath a pelvis that stays.

    Who runs or skates slides, too, but travels as fast.

    Args:
        positions: Global positions, metres, z up.
        roles: Role -> joint.
        fps: Frames per second.

    Example:
        >>> on_the_spot_doubts(np.zeros((40, 1, 3)), {"pelvis": 0}, 30.0)
        []
    """
    names = [f"{side}_{joint}" for side in SIDES for joint in ("ankle", "toe")]
    feet = [roles[name] for name in names if name in roles]
    reach = max(1, round(_SPAN * fps))
    if not feet or len(positions) < _SHORTEST * fps + 2 * reach:
        return []
    some = positions[:_FRAMES, [roles["pelvis"], *feet]].astype(np.float64)
    steps = some[2 * reach :, :, :2] - some[: -2 * reach, :, :2]
    speeds = np.sqrt(np.einsum("tji,tji->tj", steps, steps)) * (fps / (2 * reach))
    heights = some[:, 1:, 2]
    leg = sum(
        float(np.linalg.norm(positions[0, roles[f"left_{a}"]] - positions[0, roles[f"left_{b}"]]))
        for a, b in (("hip", "knee"), ("knee", "ankle"))
    )
    rest = np.sort(heights, axis=0)[int(_REST * (len(heights) - 1))]
    low = (heights - rest)[reach:-reach] < _DOWN * leg
    slowest = np.where(low, speeds[:, 1:], np.inf).min(axis=1)
    down = low.any(axis=1)
    sliding = slowest[down & (slowest > _SLIDES)]
    if (
        len(sliding) < max(_MOSTLY * down.sum(), _SHORTEST * fps)
        or down.sum() < _ENOUGH * len(down)
        or np.median(speeds[:, 0]) > _STAYS * np.median(sliding)
    ):
        return []
    reason = (
        f"the body stays where it is while feet that are down slide at {np.median(sliding):.1f} m/s, as on a "
        "treadmill or in a file without root motion; export it with root motion"
    )
    return [Doubt("travel", _WEIGHT, reason)]
