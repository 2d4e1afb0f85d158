"""The points of the feet that touch the ground, from the feet's collision geometry."""

from __future__ import annotations

from typing import Any

import mujoco
import numpy as np
from jaxtyping import Float64

from retarget.robots.anatomy.guessed_soles import mirrored_sole, plate_sole
from retarget.robots.kinematics import body_poses
from retarget.robots.tree import KinematicTree, quaternion_matrix
from retarget.wording import quoted

__all__ = ["find_soles", "geometry_points", "pad_soles"]

_SOLE_DEPTH = 0.003  # metres above the lowest point within which geometry counts as sole
_OUTLINE_TOLERANCE = 0.0005  # metres by which the outline may shrink when a point is dropped
_EDGE = 0.35  # of a foot's length: a sole that is shorter is an edge on which a tilted foot stands
_MOST_TILT = 25.0  # degrees by which a foot may be tilted at zero angles
_RIM_POINTS = 12  # points that stand for the round edge of a cylinder


def find_soles(
    model: Any,
    tree: KinematicTree,
    feet: tuple[int, int],
    joints: Float64[np.ndarray, "N"],
    upright: Float64[np.ndarray, "3 3"],
    leg_length: float,
) -> tuple[Float64[np.ndarray, "2 S 3"], float, tuple[str, ...]]:
    """Sphere centres in the feet's frames (m), their common radius (m), and what was assumed.

    In the upright posture ``joints`` the spheres whose lowest points are lowest are kept, and of those
    the outline seen from above. Capsules give the spheres at their ends, boxes, cylinders and meshes
    their corners; where radii differ, the smallest is used and the others' centres are lowered to match.
    A foot without geometry gets the mirror image of the other's sole, or a plate of usual proportions.
    """
    _, rotations = body_poses(tree, joints, upright)
    spheres = [_foot_spheres(model, tree, foot, joints) for foot in feet]
    known = [foot for foot in (0, 1) if len(spheres[foot][0])]
    radius = min((float(spheres[foot][1].min()) for foot in known), default=0.0)
    soles: dict[int, np.ndarray] = {
        foot: _sole(*spheres[foot], radius, rotations[feet[foot]]) for foot in known
    }
    names = [tree.body_names[foot] for foot in feet]
    notes = []
    if len(known) == 1:
        foot, other = known[0], 1 - known[0]
        soles[other] = mirrored_sole(soles[foot], rotations[feet[foot]], rotations[feet[other]])
        notes.append(
            f"sole of {quoted(names[other])}: nothing is known of its shape; the other foot's is mirrored "
            "(confidence 90%)"
        )
    elif not known:
        soles = {k: plate_sole(tree, feet[k], leg_length, joints, upright) for k in (0, 1)}
        size = 100 * np.ptp(soles[0] @ rotations[feet[0]].T, axis=0)
        notes.append(
            f"soles of {quoted(names[0])} and {quoted(names[1])}: no geometry of theirs can be read; plates of "
            f"{size[0]:.0f} x {size[1]:.0f} cm are assumed from the feet's masses and the legs' length "
            "(confidence 40%); state [soles] in a robot TOML file, or put the meshes beside the model"
        )
    return pad_soles(soles[0], soles[1]), radius, tuple(notes)


def _sole(
    centres: Float64[np.ndarray, "n 3"],
    radii: Float64[np.ndarray, "n"],
    radius: float,
    rotation: Float64[np.ndarray, "3 3"],
) -> Float64[np.ndarray, "s 3"]:
    """The outline of the lowest spheres of a foot, in its frame; a foot that is tilted at rest is laid level first."""
    tilt = _tilt(centres @ rotation.T, radii)
    rotation = tilt @ rotation if tilt is not None else rotation
    upright = centres @ rotation.T
    upright[:, 2] -= radii - radius
    upright = upright[np.argsort(upright[:, 2], kind="stable")]
    lowest = upright[upright[:, 2] <= upright[0, 2] + _SOLE_DEPTH]
    # Of points above one another (a thin box's edges) the lowest.
    lowest = lowest[np.unique(lowest[:, :2].round(3), axis=0, return_index=True)[1]]
    outline = _outline(lowest[:, :2])
    lowest[:, 2] = upright[
        0, 2
    ]  # a round edge bears on its lowest line, which is within the outline
    return np.asarray(lowest[outline] @ rotation)


def _tilt(
    points: Float64[np.ndarray, "n 3"], radii: Float64[np.ndarray, "n"]
) -> Float64[np.ndarray, "3 3"] | None:
    """The turn about the sideways axis that lays a foot level that stands on an edge; None for one that is level."""
    length = float(np.ptp(points[:, 0]))

    def reach(angle: float) -> float:
        turned = points @ _pitch(angle).T
        low = turned[:, 2] - radii
        return float(np.ptp(turned[low <= low.min() + _SOLE_DEPTH, 0]))

    if length < 1e-3 or reach(0.0) > _EDGE * length:
        return None
    angles = np.radians(np.arange(-_MOST_TILT, _MOST_TILT + 0.1, 0.5))
    reaches = np.array([reach(float(angle)) for angle in angles])
    good = angles[reaches > max(_EDGE * length, 0.9 * reaches.max())]
    return _pitch(float(good[np.argmin(np.abs(good))])) if len(good) else None


def _pitch(angle: float) -> Float64[np.ndarray, "3 3"]:
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, 0.0, s], [0.0, 1.0, 0.0], [-s, 0.0, c]])


def pad_soles(
    left: Float64[np.ndarray, "L 3"], right: Float64[np.ndarray, "R 3"]
) -> Float64[np.ndarray, "2 S 3"]:
    """Both soles with equally many points; the shorter one repeats its last."""
    count = max(len(left), len(right))
    return np.stack(
        [np.concatenate([s, np.repeat(s[-1:], count - len(s), 0)]) for s in (left, right)]
    )


def geometry_points(model: Any, tree: KinematicTree, body: int) -> Float64[np.ndarray, "n 3"]:
    """Corners and sphere centres of a body's collision geometry in its frame, metres."""
    return _body_spheres(model, tree, body)[0]


def _foot_spheres(
    model: Any, tree: KinematicTree, foot: int, joints: Float64[np.ndarray, "N"]
) -> tuple[np.ndarray, np.ndarray]:
    """Spheres of a foot; where it has no geometry of its own, those of its toes as they are at rest, in its frame."""
    centres, radii = _body_spheres(model, tree, foot)
    if len(centres):
        return centres, radii
    positions, rotations = body_poses(tree, joints)
    for body in range(foot + 1, len(tree.parents)):
        if tree.parents[body] == foot:
            points, own = _body_spheres(model, tree, body)
            world = positions[body] + points @ rotations[body].T
            centres = np.concatenate([centres, (world - positions[foot]) @ rotations[foot]])
            radii = np.concatenate([radii, own])
    return centres, radii


def _body_spheres(model: Any, tree: KinematicTree, body: int) -> tuple[np.ndarray, np.ndarray]:
    """Centres (n, 3) in the body's frame and radii (n,) of spheres whose hull is its geometry."""
    centres, radii = [np.zeros((0, 3))], [np.zeros(0)]
    for geom in range(model.ngeom):
        frame = tree.frames[model.geom_bodyid[geom]]
        if frame.body != body:
            continue
        points, radius = _geom_spheres(model, geom)
        placed = frame.child(model.geom_pos[geom], quaternion_matrix(model.geom_quat[geom]))
        centres.append(placed.position + points @ placed.rotation.T)
        radii.append(np.full(len(points), radius))
    return np.concatenate(centres), np.concatenate(radii)


def _geom_spheres(model: Any, geom: int) -> tuple[np.ndarray, float]:
    shape, size = mujoco.mjtGeom(model.geom_type[geom]), model.geom_size[geom]
    kinds = mujoco.mjtGeom
    signs = np.array([-1.0, 1.0])
    if shape == kinds.mjGEOM_SPHERE:
        return np.zeros((1, 3)), float(size[0])
    if shape == kinds.mjGEOM_CAPSULE:
        return np.outer(signs * size[1], [0, 0, 1]), float(size[0])
    if shape == kinds.mjGEOM_BOX:
        return np.stack(np.meshgrid(signs, signs, signs), -1).reshape(-1, 3) * size, 0.0
    if shape == kinds.mjGEOM_CYLINDER:
        angle = np.arange(_RIM_POINTS) * (2 * np.pi / _RIM_POINTS)
        rim = np.stack([np.cos(angle), np.sin(angle), np.zeros(_RIM_POINTS)], -1) * size[0]
        return np.concatenate([rim + np.array([0.0, 0.0, side * size[1]]) for side in signs]), 0.0
    if shape == kinds.mjGEOM_ELLIPSOID:
        return np.concatenate([np.diag(size), -np.diag(size)]), 0.0
    if shape == kinds.mjGEOM_MESH:
        mesh = model.geom_dataid[geom]
        first = model.mesh_vertadr[mesh]
        return model.mesh_vert[first : first + model.mesh_vertnum[mesh]].astype(np.float64), 0.0
    return np.zeros((0, 3)), 0.0


def _outline(points: Float64[np.ndarray, "n 2"]) -> list[int]:
    """Indices of the convex hull, counter-clockwise (Andrew's monotone chain), less what hardly matters."""
    order = [int(k) for k in np.lexsort((points[:, 1], points[:, 0]))]

    def half(indices: list[int]) -> list[int]:
        chain: list[int] = []
        for k in indices:
            while (
                len(chain) > 1 and _turn(points[chain[-2]], points[chain[-1]], points[k]) <= 1e-12
            ):
                chain.pop()
            chain.append(k)
        return chain[:-1]

    hull = half(order) + half(order[::-1]) or order[:1]
    while len(hull) > 3:
        heights = [
            _height(points[hull[k - 1]], points[hull[k]], points[hull[(k + 1) % len(hull)]])
            for k in range(len(hull))
        ]
        flattest = int(np.argmin(heights))
        if heights[flattest] > _OUTLINE_TOLERANCE:
            break
        del hull[flattest]
    return hull


def _turn(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> float:
    """Twice the signed area of a triangle, m^2; positive for a left turn."""
    return float((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]))


def _height(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> float:
    """Distance of b from the line a-c, metres."""
    return abs(_turn(a, b, c)) / max(float(np.linalg.norm(c - a)), 1e-9)
