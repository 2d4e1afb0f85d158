"""How large a body of the SMPL family is whose shape nobody knows: told by feet that stand.

A file says how the body turns and where it goes, not how long its legs are. A foot that stands does not move, so what
the legs move it by, beside the pelvis, is what the body travels: v_pelvis + s v_leg = 0 gives the size s.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from jaxtyping import Float64

__all__ = ["Size", "size_by_stance"]

_SPAN: Final = 0.05  # seconds over which speeds are taken
_PASSING: Final = 0.3  # m/s: a foot that moves slower beside the pelvis tells nothing
_STANDING: Final = 0.12  # m/s: a foot whose speed of the right size is higher does not stand
_LEAST, _MOST = 0.75, 1.3  # sizes of adults beside the mean body, and of children who walk in AMASS
_ENOUGH: Final = 1.0  # seconds of feet that stand and pass, all four points together
# Standard error of what they tell, as real walks, jumps and dances of 2 s and more have it, and what sizes that scatter
# add to it, by the distance of their quartiles.
_ERROR, _SCATTERED = 0.02, 0.4
_FRAMES: Final = 20_000  # are enough


class Size(NamedTuple):
    """A body's size.

    Attributes:
        scale: Factor on the joints of the mean body.
        error: Standard error of it.
        seconds: How long feet stood and told it; 0 where they did not.
    """

    scale: float
    error: float
    seconds: float


def size_by_stance(
    pelvis: Float64[np.ndarray, "T 3"],
    feet: Float64[np.ndarray, "T F 3"],
    fps: float,
    expected: Size,
) -> Size:
    """A body's size from its motion and what was expected, each counting as it is known.

    Args:
        pelvis: Where the pelvis is, metres.
        feet: Ankles and toes of a body of size 1.
        fps: Frames per second; where they are not known (nan), the motion tells nothing.
        expected: Size without a look at the motion.

    Example:
        >>> still = np.zeros((90, 3)), np.zeros((90, 4, 3))
        >>> size_by_stance(*still, 30.0, Size(1.0, 0.07, 0.0)).scale
        1.0
    """
    if not fps > 0:  # the file does not say its rate, which is told to who reads it
        return expected
    reach = max(1, round(_SPAN * fps / 2))
    if len(pelvis) <= 2 * reach:
        return expected
    few = slice(0, _FRAMES)
    legs = feet[few] - pelvis[few, None]
    travel = (pelvis[few][2 * reach :] - pelvis[few][: -2 * reach]) * (fps / (2 * reach))
    passing = (legs[2 * reach :] - legs[: -2 * reach]) * (fps / (2 * reach))
    squares = np.einsum("tfi,tfi->tf", passing, passing)
    sizes = -np.einsum("ti,tfi->tf", travel, passing) / np.maximum(squares, 1e-12)
    left = np.linalg.norm(travel[:, None] + sizes[..., None] * passing, axis=-1)
    tells = (squares > _PASSING**2) & (left < _STANDING) & (sizes > _LEAST) & (sizes < _MOST)
    seconds = float(tells.sum()) / fps
    if seconds < _ENOUGH:
        return expected
    found, weights = sizes[tells], squares[tells]
    order = np.argsort(found)
    shares = np.cumsum(weights[order])
    low, told, high = found[order][
        np.searchsorted(shares, shares[-1] * np.array([0.25, 0.5, 0.75]))
    ]
    sure, known = 1 / (_ERROR**2 + (_SCATTERED * (high - low)) ** 2), expected.error**-2
    scale = (sure * told + known * expected.scale) / (sure + known)
    return Size(float(scale), float((sure + known) ** -0.5), seconds)
