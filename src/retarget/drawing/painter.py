"""Pictures of bodies on a floor, painted by the processor: the same on every machine, with no display nor driver."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final, TypeAlias

import numpy as np
from jaxtyping import Float32, Float64, Int64, UInt8

from retarget.drawing.camera import Camera
from retarget.drawing.look import rgb
from retarget.drawing.paint_bodies import clear, paint_capsules, paint_triangles, resolve
from retarget.drawing.paint_floor import paint_floor, shade_ground

__all__ = ["Bodies", "Outline", "Painter", "Surface"]

Outline: TypeAlias = tuple[Float64[np.ndarray, "C 2"], str]
"""Corners of a convex outline on the floor, counter-clockwise, and the colour that fills it."""

_MAP, _WIDE_MAP = 256, 768  # texels of the shadow map along a side; of a row of figures
_MARGIN = 0.35  # metres around the bodies that the shadow map holds
_MOST_CORNERS = 24
_TONES: Final = ("#dfe4e9", "#f7f8fa", "#e9ecef", "#c5ccd4")
_PAPER: Final = ("#ffffff",) * 4


@dataclass(frozen=True, slots=True, eq=False)
class Surface:
    """A body's mesh in the world: corners, their normals, triangles, and its colour with 1 if it is solid."""

    points: Float64[np.ndarray, "V 3"]
    normals: Float64[np.ndarray, "V 3"]
    triangles: Int64[np.ndarray, "F 3"]
    paint: Float32[np.ndarray, "4"]


@dataclass(frozen=True, slots=True, eq=False)
class Bodies:
    """All that is painted in one picture, metres, world.

    Attributes:
        starts: First ends of the axes of K capsules.
        ends: Second ends.
        radii: Radii.
        paints: Red, green, blue (0 to 1), and how solid, see `paint_capsules`.
        weighty: Whether each casts a shadow.
        hulls: Convex outlines on the floor, counter-clockwise, and the colours they are filled with.
        surfaces: Meshes.
    """

    starts: Float64[np.ndarray, "K 3"]
    ends: Float64[np.ndarray, "K 3"]
    radii: Float64[np.ndarray, "K"]
    paints: Float32[np.ndarray, "K 4"]
    weighty: np.ndarray
    hulls: tuple[Outline, ...] = ()
    surfaces: tuple[Surface, ...] = field(default_factory=tuple)

    @classmethod
    def joined(cls, parts: Sequence[Bodies]) -> Bodies:
        """Several as one."""
        return cls(
            np.concatenate([part.starts for part in parts]),
            np.concatenate([part.ends for part in parts]),
            np.concatenate([part.radii for part in parts]),
            np.concatenate([part.paints for part in parts]),
            np.concatenate([part.weighty for part in parts]),
            tuple(hull for part in parts for hull in part.hulls),
            tuple(surface for part in parts for surface in part.surfaces),
        )


class Painter:
    """Paints pictures of one size; keeps its buffers from one to the next.

    Example:
        >>> painter = Painter(640, 360)
        >>> painter.paint(bodies, Camera.looking(0.5, 0.1).framing(centre, 2.0, 360))  # doctest: +SKIP
    """

    def __init__(self, width: int, height: int, *, paper: bool = False) -> None:
        """Make a painter of pictures of ``width`` x ``height`` pixels, on white paper or in a light room."""
        self.width, self.height = width, height
        self._picture = np.empty((height, width, 3), np.float32)
        self._colours = np.empty((2 * height, 2 * width, 3), np.float32)
        self._depths = np.full((2 * height, 2 * width), 1e9, np.float32)
        size = _WIDE_MAP if paper else _MAP
        self._shade = np.empty((size, size), np.float32)
        self._tones = np.array([rgb(tone) for tone in (_PAPER if paper else _TONES)], np.float32)

    def paint(
        self, bodies: Bodies, camera: Camera, *, floor_radius: float = 8.0
    ) -> UInt8[np.ndarray, "h w 3"]:
        """Paint bodies as a camera sees them.

        Args:
            bodies: What is there.
            camera: Where it is seen from; its focal length is in pixels of the picture.
            floor_radius: Distance at which the floor has faded away, metres.

        Returns:
            A picture of its own, red, green and blue.
        """
        corner, texel = self._shadows(bodies)
        counts, hulls, fills = _outlines(bodies.hulls)
        places = np.concatenate([bodies.starts, *(s.points for s in bodies.surfaces)])[:, :2]
        middle = places.mean(axis=0) if len(places) else np.zeros(2)
        paint_floor(
            self._picture,
            camera.plain(),
            middle,
            floor_radius,
            self._tones,
            corner,
            texel,
            self._shade,
            hulls,
            counts,
            fills,
        )
        finer = replace(camera, focal=2 * camera.focal).plain()
        box = self._box(bodies, camera)
        clear(self._colours, self._depths, box)
        paint_capsules(
            bodies.starts,
            bodies.ends,
            bodies.radii,
            bodies.paints,
            finer,
            self._colours,
            self._depths,
        )
        for surface in bodies.surfaces:
            paint_triangles(
                surface.points,
                surface.normals,
                surface.triangles,
                surface.paint,
                finer,
                self._colours,
                self._depths,
                np.empty_like(surface.points),
            )
        out = np.empty((self.height, self.width, 3), np.uint8)
        resolve(self._picture, self._colours, self._depths, box, out)
        return out

    def _shadows(self, bodies: Bodies) -> tuple[Float64[np.ndarray, "2"], float]:
        """Fill the shadow map; returns its corner and the size of a texel, metres."""
        starts, ends, radii = bodies.starts, bodies.ends, bodies.radii
        if not bodies.weighty.all():
            keep = np.flatnonzero(bodies.weighty)
            starts, ends, radii = starts[keep], ends[keep], radii[keep]
        if not len(starts):
            self._shade[:] = 0
            return np.zeros(2), 1.0
        both = np.concatenate([starts[:, :2], ends[:, :2]])
        low, high = both.min(axis=0), both.max(axis=0)
        side = float((high - low).max()) + 2 * _MARGIN
        corner = (low + high) / 2 - side / 2
        texel = side / len(self._shade)
        shade_ground(starts, ends, radii, corner, texel, self._shade)
        return corner, texel

    def _box(self, bodies: Bodies, camera: Camera) -> Int64[np.ndarray, "4"]:
        """Left, top, right and bottom of the samples in which anything may be seen; even numbers."""
        width, height = 2 * self.width, 2 * self.height
        whole = np.array([0, 0, width, height])
        points = np.concatenate([bodies.starts, bodies.ends, *(s.points for s in bodies.surfaces)])
        if not len(points):
            return np.zeros(4, np.int64)
        reach = float(bodies.radii.max(initial=0.0))
        away = points - camera.eye
        depth = -away @ camera.towards
        focal = 2 * camera.focal
        if camera.perspective:
            if depth.min() < reach + 0.1:
                return whole
            focal = focal / (depth - reach)
        across, above = (away @ camera.right) * focal, (away @ camera.up) * focal
        grow = 1.1 * reach * focal + 4
        box = [
            width / 2 + (across - grow).min(),
            height / 2 - (above + grow).max(),
            width / 2 + (across + grow).max(),
            height / 2 - (above - grow).min(),
        ]
        edges = np.clip(np.array(box), 0, [width, height, width, height])
        return np.array(
            [
                int(edges[0]) // 2 * 2,
                int(edges[1]) // 2 * 2,
                -(-int(np.ceil(edges[2])) // 2) * 2,
                -(-int(np.ceil(edges[3])) // 2) * 2,
            ]
        )


def _outlines(
    hulls: Sequence[Outline],
) -> tuple[Int64[np.ndarray, "P"], Float64[np.ndarray, "P C 2"], Float32[np.ndarray, "P 3"]]:
    """How many corners each outline has, the corners of all in one array, and what they are filled with."""
    packed = np.zeros((len(hulls), _MOST_CORNERS, 2))
    counts = np.zeros(len(hulls), np.int64)
    fills = np.array([rgb(colour) for _, colour in hulls], np.float32).reshape(len(hulls), 3)
    for k, (hull, _) in enumerate(hulls):
        count = min(len(hull), _MOST_CORNERS)
        packed[k, :count], counts[k] = hull[:count], count
    return counts, packed, fills
