"""Features of text-to-motion models as places: turns and ways of the root from frame to frame, and joints beside it.

HumanML3D: a row has 263 numbers: the root's turn about the up axis (half of it) and its way (x, z) to the next frame,
as the body faces there; its height; 21 joints beside the root, as the body faces; then rotations, velocities and
contacts that say the same again. Source: HumanML3D, ``motion_representation.ipynb`` (Guo et al. 2022), from memory.

MotionStreamer, MotionMillion: 272 numbers: the root's way (x, z) from the frame before, as the body faced there; six
numbers of its turn about the up axis from the frame before; 22 joints, the root above the origin, as the body faces;
then velocities and rotations. Source: the repository 272-dim-Motion-Representation (Xiao et al. 2025).
"""

from __future__ import annotations

from typing import Final

import numpy as np
from jaxtyping import Float64

from retarget.motion.recording import LONG

__all__ = ["FEATURES", "STREAMED", "places_of_features", "places_of_streamed"]

FEATURES: Final = 263
STREAMED: Final = 272
_AT: Final = slice(8, 74)  # 22 joints of a row of 272
_FARTHEST: Final = 1e9  # in any unit
_JOINTS: Final = slice(4, 67)  # 21 of them


def places_of_features(rows: Float64[np.ndarray, "T 263"]) -> Float64[np.ndarray, "T 22 3"]:
    """Places of SMPL's 22 joints, y up, the first frame facing z; features must not be normalised."""
    moves = np.asarray(rows[:, : _JOINTS.start], np.float64)
    ways = np.zeros((len(rows), 3))
    ways[1:, 0], ways[1:, 2] = moves[:-1, 1], moves[:-1, 2]
    places = np.empty((len(rows), 22, 3))
    with np.errstate(over="ignore", invalid="ignore"):
        turned = 2 * np.concatenate([[0.0], np.cumsum(moves[:-1, 0])])
        root = np.cumsum(_turned_back(ways[:, None], turned)[:, 0], axis=0)
        for first in range(0, len(rows), LONG):
            here = slice(first, first + LONG)
            beside = np.asarray(rows[here, _JOINTS], np.float64).reshape(-1, 21, 3)
            some = places[here]
            some[:, 1:] = _turned_back(beside, turned[here]) + root[here, None]
            some[:, 0] = root[here]
            some[:, 0, 1] = moves[here, 3]
            some[~(np.abs(some) < _FARTHEST)] = np.nan  # what is out of bounds is missing
    return places


def places_of_streamed(rows: Float64[np.ndarray, "T 272"]) -> Float64[np.ndarray, "T 22 3"]:
    """Places of SMPL's 22 joints, y up; features must not be normalised."""
    moves = np.asarray(rows[:, : _AT.start], np.float64)
    places = np.empty((len(rows), 22, 3))
    with np.errstate(over="ignore", invalid="ignore"):
        turned = np.cumsum(
            np.arctan2(moves[:, 4], moves[:, 2])
        )  # the first row of each turn's matrix
        ways = np.zeros((len(rows), 3))
        ways[:, 0], ways[:, 2] = moves[:, 0], moves[:, 1]
        ways[1:] = _turned_back(ways[1:, None], turned[:-1])[:, 0]
        root = np.cumsum(ways, axis=0)
        for first in range(0, len(rows), LONG):
            here = slice(first, first + LONG)
            beside = np.asarray(rows[here, _AT], np.float64).reshape(-1, 22, 3)
            some = places[here]
            some[:] = _turned_back(beside, turned[here]) + root[here, None]
            some[~(np.abs(some) < _FARTHEST)] = np.nan  # what is out of bounds is missing
    return places


def _turned_back(
    places: Float64[np.ndarray, "T N 3"], angles: Float64[np.ndarray, "T"]
) -> Float64[np.ndarray, "T N 3"]:
    """Places turned about y by the negative of an angle in each frame, rad."""
    cosine, sine = np.cos(angles)[:, None], np.sin(angles)[:, None]
    x, y, z = places[..., 0], places[..., 1], places[..., 2]
    return np.stack([x * cosine - z * sine, y, x * sine + z * cosine], axis=-1)
