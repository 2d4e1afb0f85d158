"""Collision capsules of a robot, and the pairs of them that must stay apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import mujoco
import numpy as np
from jaxtyping import Float64, Int64

from retarget.robots.kinematics import body_poses
from retarget.robots.tree import KinematicTree, quaternion_matrix

__all__ = ["CollisionModel", "build_collision", "inscribed_capsules", "segment_distance"]

_FOOT_CAPSULES = (
    3  # of a sole that is a row of thin capsules, the outermost and the middle say enough
)
_SOLE_ROW_LENGTH = 0.1  # metres: shorter capsules of such a row lie within the longer ones' outline
_BOX_ROW = 3  # at most so many capsules side by side fill a flat box


@dataclass(frozen=True, slots=True, eq=False)
class CollisionModel:
    """Capsules and pairs, as in `RobotModel` without the prefix."""

    bodies: Int64[np.ndarray, "G"]
    starts: Float64[np.ndarray, "G 3"]
    ends: Float64[np.ndarray, "G 3"]
    radii: Float64[np.ndarray, "G"]
    names: tuple[str, ...]
    pairs: Int64[np.ndarray, "P 2"]
    gaps: Float64[np.ndarray, "P"]


@dataclass(frozen=True, slots=True, eq=False)
class _Capsule:
    body: int
    start: np.ndarray
    end: np.ndarray
    radius: float
    name: str

    @property
    def length(self) -> float:
        return float(np.linalg.norm(self.end - self.start))


def build_collision(
    model: Any, tree: KinematicTree, feet: tuple[int, ...], postures: list[Float64[np.ndarray, "N"]]
) -> CollisionModel:
    """Capsules within the collision geometry, and the pairs to keep apart.

    Spheres and capsules are taken as they are; cylinders, boxes, ellipsoids and the bounding boxes of meshes
    are replaced by the capsules inscribed in them. Left out are pairs of one body or of parent and child,
    pairs the model excludes, and capsules that already touch in one of ``postures``.
    """
    capsules = [
        capsule
        for body in range(len(tree.parents))
        for capsule in _thinned(_body_capsules(model, tree, body), body in feet)
    ]
    bodies = np.array([c.body for c in capsules], np.int64)
    starts = np.array([c.start for c in capsules]).reshape(-1, 3)
    ends = np.array([c.end for c in capsules]).reshape(-1, 3)
    radii = np.array([c.radius for c in capsules])
    free = _body_pairs(model, tree)
    pairs = np.array(
        [(i, j) for i in range(len(bodies)) for j in range(i) if free[bodies[i], bodies[j]]],
        np.int64,
    ).reshape(-1, 2)
    gaps = np.full(len(pairs), np.inf)
    for joints in postures:
        positions, rotations = body_poses(tree, joints)
        start, end = (
            positions[bodies] + np.einsum("gij,gj->gi", rotations[bodies], local)
            for local in (starts, ends)
        )
        i, j = pairs.T
        gap = segment_distance(start[i], end[i], start[j], end[j]) - radii[i] - radii[j]
        pairs, gaps = pairs[gap > 0], np.minimum(gaps, gap)[gap > 0]
    names = tuple(capsule.name for capsule in capsules)
    return CollisionModel(bodies, starts, ends, radii, names, pairs, gaps)


def segment_distance(
    a: Float64[np.ndarray, "P 3"],
    b: Float64[np.ndarray, "P 3"],
    c: Float64[np.ndarray, "P 3"],
    d: Float64[np.ndarray, "P 3"],
) -> Float64[np.ndarray, "P"]:
    """Distance between segments a-b and c-d, metres (Ericson, Real-Time Collision Detection, 5.1.9)."""
    first, second, between = b - a, d - c, a - c
    tiny = 1e-12
    aa, ee = (np.maximum(np.sum(v * v, -1), tiny) for v in (first, second))
    f, g = np.sum(second * between, -1), np.sum(first * between, -1)
    cross = np.sum(first * second, -1)
    determinant = aa * ee - cross * cross
    free = determinant > 1e-9 * aa * ee
    s = np.where(free, (cross * f - g * ee) / np.where(free, determinant, 1.0), 0.0).clip(0, 1)
    t = ((cross * s + f) / ee).clip(0, 1)
    s = ((t * cross - g) / aa).clip(0, 1)  # exact again after t was clipped; unchanged otherwise
    gap = between + s[..., None] * first - t[..., None] * second
    return np.asarray(np.linalg.norm(gap, axis=-1))


def _body_capsules(model: Any, tree: KinematicTree, body: int) -> list[_Capsule]:
    capsules: list[_Capsule] = []
    for geom in range(model.ngeom):
        frame = tree.frames[model.geom_bodyid[geom]]
        if frame.body != body:
            continue
        name = model.geom(geom).name or f"{model.body(model.geom_bodyid[geom]).name}_{geom}"
        placed = frame.child(model.geom_pos[geom], quaternion_matrix(model.geom_quat[geom]))
        for number, (*axis, radius) in enumerate(inscribed_capsules(model, geom)):
            start, end = (placed.position + placed.rotation @ point for point in axis)
            capsules.append(
                _Capsule(body, start, end, radius, f"{name}/{number}" if number else name)
            )
    return capsules


def inscribed_capsules(model: Any, geom: int) -> list[tuple[np.ndarray, np.ndarray, float]]:
    """Capsules within a geom of a MuJoCo model: ends of their axes in the geom's frame and radius, metres."""
    shape, size = mujoco.mjtGeom(model.geom_type[geom]), model.geom_size[geom]
    kinds = mujoco.mjtGeom
    z = np.array([0.0, 0.0, 1.0])
    if shape == kinds.mjGEOM_SPHERE:
        return [(np.zeros(3), np.zeros(3), float(size[0]))]
    if shape == kinds.mjGEOM_CAPSULE:
        return [(-size[1] * z, size[1] * z, float(size[0]))]
    if shape == kinds.mjGEOM_CYLINDER:
        radius = float(min(size[0], size[1]))
        return [((radius - size[1]) * z, (size[1] - radius) * z, radius)]
    if shape in (kinds.mjGEOM_BOX, kinds.mjGEOM_ELLIPSOID, kinds.mjGEOM_MESH):
        return _in_box(
            model.geom_aabb[geom, :3], model.geom_aabb[geom, 3:], shape == kinds.mjGEOM_BOX
        )
    return []  # planes and height fields belong to the world


def _in_box(
    centre: np.ndarray, half: np.ndarray, fill: bool
) -> list[tuple[np.ndarray, np.ndarray, float]]:
    """Capsules along a box's longest side, side by side across its middle one when it is to be filled."""
    shortest, middle, longest = np.argsort(half)
    radius = float(half[shortest])
    along = np.eye(3)[longest] * (half[longest] - radius)
    count = min(_BOX_ROW, max(1, round(half[middle] / radius))) if fill else 1
    across = np.eye(3)[middle] * (half[middle] - radius)
    shifts = np.linspace(-1, 1, count) if count > 1 else np.zeros(1)
    return [(centre + s * across - along, centre + s * across + along, radius) for s in shifts]


def _thinned(capsules: list[_Capsule], foot: bool) -> list[_Capsule]:
    """Of a foot's row of long thin capsules, the outermost and those evenly between."""
    if not foot:
        return capsules
    long = [c for c in capsules if c.length > _SOLE_ROW_LENGTH]
    if len(long) <= _FOOT_CAPSULES:
        return capsules
    centres = np.array([(c.start + c.end) / 2 for c in long])
    spread = np.linalg.svd(centres - centres.mean(0))[2][0]
    row = [long[k] for k in np.argsort(centres @ spread)]
    chosen = np.linspace(0, len(row) - 1, _FOOT_CAPSULES).round().astype(int)
    return [row[k] for k in chosen]


def _body_pairs(model: Any, tree: KinematicTree) -> np.ndarray:
    """(B, B) whether two bodies' capsules are to be kept apart."""
    count = len(tree.parents)
    free = ~np.eye(count, dtype=bool)
    for body in range(1, count):
        parent = tree.parents[body]
        while tree.virtual[parent]:
            parent = tree.parents[parent]
        free[body, parent] = free[parent, body] = False
    for signature in model.exclude_signature:
        first, second = (tree.frames[int(i)].body for i in (signature >> 16, signature & 0xFFFF))
        free[first, second] = free[second, first] = False
    return free
