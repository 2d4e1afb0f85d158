"""Balls within the convex hulls of meshes that together are as large as these.

Simulators collide hulls of meshes, and what is kept out of things are spheres. Balls that touch a hull from inside
reach as far as it to a millimetre; the first of them say most of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from jaxtyping import Float64

__all__ = ["balls_within", "most_reaching"]

_DIRECTIONS: Final = 642  # in which a hull's reach is compared
_SAMPLES: Final = 500  # places on its surface
_DEEP: Final = 2e-3  # metres, root mean square, by which balls may lie below the surface
_SHORT: Final = 7e-4  # metres by which a hull may reach farther than its balls
# As many times as much as depth below the surface, squared, counts what balls do not reach.
_REACHES: Final = 64.0
_FAR: Final = 0.2  # metres that anything is from no ball
# Radii of the ball that is nearest to a corner by which another is within it.
_INWARD: Final = (0.0, 0.1, 0.2, 0.4)


class _Hull(NamedTuple):
    """A convex hull.

    Attributes:
        corners: Its vertices that reach farthest in some direction, metres.
        normals: Of its faces, outward.
        offsets: Of the faces from the origin, metres.
        samples: Places spread evenly over it.
        outward: Normals there.
        reach: How far it goes in each of the directions, metres.
    """

    corners: Float64[np.ndarray, "n 3"]
    normals: Float64[np.ndarray, "F 3"]
    offsets: Float64[np.ndarray, "F"]
    samples: Float64[np.ndarray, "S 3"]
    outward: Float64[np.ndarray, "S 3"]
    reach: Float64[np.ndarray, "D"]


def balls_within(
    meshes: Sequence[Float64[np.ndarray, "n 3"]], most: int = 96
) -> Float64[np.ndarray, "B 4"]:
    """Fill the convex hulls of meshes; nothing stands out of them.

    Args:
        meshes: Points of each, in one frame, metres.
        most: Balls at most.

    Returns:
        Centre and radius of each ball, metres, the one that fills most first; none where nothing has a volume.

    Example:
        >>> corners = np.stack(np.meshgrid([-0.1, 0.1], [-0.02, 0.02], [-0.02, 0.02]), -1).reshape(-1, 3)
        >>> round(float(balls_within([corners])[0, 3]), 6)
        0.02
    """
    directions = _directions()
    hulls = [hull for points in meshes if (hull := _hull_of(points, directions)) is not None]
    if not hulls:
        return np.zeros((0, 4))
    each = [np.concatenate([found := _touching(h), _towards_corners(h, found)]) for h in hulls]
    balls = np.concatenate(each)
    samples = np.concatenate([hull.samples for hull in hulls])
    below = np.linalg.norm(samples - balls[:, None, :3], axis=2) - balls[:, None, 3]
    # A ball reaches for its own hull alone.
    short = np.full((len(balls), len(hulls) * len(directions)), _FAR)
    row = 0
    for k, (hull, own) in enumerate(zip(hulls, each, strict=True)):
        reach = own[:, :3] @ directions.T + own[:, 3:]
        columns = slice(k * len(directions), (k + 1) * len(directions))
        short[row : row + len(own), columns] = np.maximum(hull.reach - reach, 0.0)
        row += len(own)
    return balls[_chosen(below, short, most)]


def most_reaching(balls: Float64[np.ndarray, "B 4"], count: int) -> Float64[np.ndarray, "b 4"]:
    """The few of some balls that reach most nearly as far as all of them in all directions."""
    reach = balls[:, :3] @ _directions().T + balls[:, 3:]
    short = reach.max(axis=0) - reach
    return balls[_chosen(np.zeros((len(balls), 1)), short, min(count, len(balls)))]


def _chosen(
    below: Float64[np.ndarray, "B S"], short: Float64[np.ndarray, "B D"], most: int
) -> list[int]:
    """Which balls to take, each time the one that leaves least, given what each of them alone leaves, metres."""
    deep, lack = np.full(below.shape[1], _FAR), np.full(short.shape[1], _FAR)
    chosen: list[int] = []
    while len(chosen) < most:
        left = (np.minimum(below, deep) ** 2).mean(axis=1)
        left += _REACHES * (np.minimum(short, lack) ** 2).mean(axis=1)
        chosen.append(int(np.argmin(left)))
        deep, lack = np.minimum(deep, below[chosen[-1]]), np.minimum(lack, short[chosen[-1]])
        if (deep**2).mean() < _DEEP**2 and lack.max() < _SHORT:
            break
    return chosen


def _hull_of(
    points: Float64[np.ndarray, "n 3"], directions: Float64[np.ndarray, "D 3"]
) -> _Hull | None:
    from scipy.spatial import ConvexHull, QhullError

    try:
        found = ConvexHull(points)
    except (QhullError, ValueError):
        return None
    faces = points[found.simplices]
    normals, offsets = found.equations[:, :3], -found.equations[:, 3]
    sides = np.cross(faces[:, 1] - faces[:, 0], faces[:, 2] - faces[:, 0])
    areas = np.linalg.norm(sides, axis=1).cumsum()
    # Where evenly spaced shares of the surface fall, and a sequence of low discrepancy within each face.
    number = np.arange(_SAMPLES)
    own = np.minimum(np.searchsorted(areas, (number + 0.5) / _SAMPLES * areas[-1]), len(faces) - 1)
    shares = np.outer(number, [0.7548776662, 0.5698402910]) % 1.0
    shares = np.where(shares.sum(axis=1, keepdims=True) > 1.0, 1.0 - shares, shares)
    chosen = faces[own]
    samples = chosen[:, 0] + np.einsum("sk,skj->sj", shares, chosen[:, 1:] - chosen[:, :1])
    corners = points[found.vertices]
    farthest = directions @ corners.T
    return _Hull(
        corners[np.unique(farthest.argmax(axis=1))],
        normals,
        offsets,
        samples,
        normals[own],
        farthest.max(axis=1),
    )


def _directions() -> Float64[np.ndarray, "D 3"]:
    """Directions spread evenly: a spiral from pole to pole."""
    k = np.arange(_DIRECTIONS) + 0.5
    height = 1.0 - 2.0 * k / _DIRECTIONS
    around = np.pi * (1.0 + np.sqrt(5.0)) * k
    level = np.sqrt(1.0 - height**2)
    return np.stack([level * np.cos(around), level * np.sin(around), height], axis=1)


def _touching(hull: _Hull) -> Float64[np.ndarray, "S 4"]:
    """The largest ball within a hull that touches it at each of its samples."""
    balls = np.empty((len(hull.samples), 4))
    for ball, place, normal in zip(balls, hull.samples, hull.outward, strict=True):
        room = np.maximum(hull.offsets - hull.normals @ place, 0.0)
        tilt = 1.0 - hull.normals @ normal
        other = tilt > 1e-9  # not the face that it touches
        radius = float((room[other] / tilt[other]).min())
        ball[:3], ball[3] = place - radius * normal, radius
    return balls


def _towards_corners(hull: _Hull, balls: Float64[np.ndarray, "n 4"]) -> Float64[np.ndarray, "m 4"]:
    """Balls that reach into a hull's corners, of several sizes."""
    apart = np.linalg.norm(hull.corners[:, None] - balls[:, :3], axis=2) - balls[:, 3]
    nearest = balls[apart.argmin(axis=1)]
    inward = nearest[:, :3] - hull.corners
    inward *= (nearest[:, 3] / np.maximum(np.linalg.norm(inward, axis=1), 1e-12))[:, None]
    centres = np.concatenate([hull.corners + share * inward for share in _INWARD])
    room = np.concatenate(
        [
            (hull.offsets - part @ hull.normals.T).min(axis=1)
            for part in np.array_split(centres, 1 + len(centres) // 256)
        ]
    )
    return np.column_stack([centres, np.maximum(room, 0.0)])
