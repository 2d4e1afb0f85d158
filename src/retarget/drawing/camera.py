"""Where pictures are seen from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from jaxtyping import Float64

__all__ = ["Camera", "following"]

_FIELD: Final = np.radians(
    28.0
)  # of view, upright: a long lens, under which bodies keep their shape


@dataclass(frozen=True, slots=True, eq=False)
class Camera:
    """A camera: an eye, world axes of the picture's right, up and towards the viewer, and a size of the picture.

    Attributes:
        eye: Where it stands, metres; of a camera without perspective, any point in the middle of the picture.
        right: Unit vector to the right of the picture.
        up: Unit vector to its top.
        towards: Unit vector out of the picture, towards the viewer.
        focal: Pixels per metre at one metre; without perspective, pixels per metre.
        perspective: Whether what is farther away is smaller.

    Example:
        >>> camera = Camera.looking(azimuth=0.0, elevation=0.0)
        >>> camera.picture(np.array([0.0, 0.2, 1.0])).tolist()
        [0.2, 1.0]
    """

    eye: Float64[np.ndarray, "3"]
    right: Float64[np.ndarray, "3"]
    up: Float64[np.ndarray, "3"]
    towards: Float64[np.ndarray, "3"]
    focal: float = 1.0
    perspective: bool = False

    @classmethod
    def looking(cls, azimuth: float, elevation: float) -> Camera:
        """A camera without perspective at an azimuth about z and an elevation above the floor, in radians."""
        sa, ca, se, ce = np.sin(azimuth), np.cos(azimuth), np.sin(elevation), np.cos(elevation)
        return cls(
            np.zeros(3),
            np.array([-sa, ca, 0.0]),
            np.array([-se * ca, -se * sa, ce]),
            np.array([ce * ca, ce * sa, se]),
        )

    def framing(self, centre: Float64[np.ndarray, "3"], metres: float, pixels: int) -> Camera:
        """The same view in perspective, of ``metres`` around a centre in ``pixels`` rows."""
        distance = metres / (2 * np.tan(_FIELD / 2))
        eye = centre + self.towards * distance
        return replace(self, eye=eye, focal=pixels * distance / metres, perspective=True)

    def picture(self, points: Float64[np.ndarray, "*n 3"]) -> Float64[np.ndarray, "*n 2"]:
        """Places in the picture without perspective, metres."""
        return np.stack([points @ self.right, points @ self.up], axis=-1)

    def plain(self) -> Float64[np.ndarray, "14"]:
        """The numbers that painting kernels take: eye, right, up, forward, focal, perspective."""
        numbers = np.array([self.focal, float(self.perspective)])
        return np.concatenate([self.eye, self.right, self.up, -self.towards, numbers])


def following(
    places: Float64[np.ndarray, "T 3"], fps: float, seconds: float = 1.0
) -> Float64[np.ndarray, "T 3"]:
    """A smooth path that a camera follows: the places averaged over some seconds to either side.

    Example:
        >>> following(np.array([[0.0, 0, 0], [2.0, 0, 0]]), fps=1.0)[:, 0].tolist()
        [1.0, 1.0]
    """
    reach = max(round(seconds * fps), 1)
    padded = np.pad(places, ((reach + 1, reach), (0, 0)), "edge")
    sums = np.cumsum(padded, axis=0)
    return np.asarray((sums[2 * reach + 1 :] - sums[: -2 * reach - 1]) / (2 * reach + 1))
