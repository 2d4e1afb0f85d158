"""Model file + `RobotSpec` -> `RobotModel`."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float64

from retarget.errors import RobotError
from retarget.geometry import unit
from retarget.robots.collision import build_collision
from retarget.robots.kinematics import body_poses
from retarget.robots.links import build_links
from retarget.robots.model import RobotModel
from retarget.robots.neutral import neutral_joints, zero_joints
from retarget.robots.reading.description import read_description
from retarget.robots.reading.guard import guarded
from retarget.robots.roles import resolve_roles
from retarget.robots.soles import find_soles, geometry_points, pad_soles
from retarget.robots.spec import RobotSpec
from retarget.robots.tree import KinematicTree, build_tree
from retarget.wording import listed

__all__ = ["compile_robot"]

_UPRIGHT = 0.7  # cosine of the angle to z or y, about 45 degrees: clear of any zero posture's lean


def compile_robot(path: Path, spec: RobotSpec) -> RobotModel:
    """Build the flat model of the robot in an MJCF or URDF file.

    Raises:
        FileFormatError: The file cannot be read.
        RobotError: The model cannot be used, or a joint pattern of ``spec`` matches nothing.
        RoleError: A body role is neither given nor found.
    """
    with guarded(path):
        return _compile(path, spec)


def _compile(path: Path, spec: RobotSpec) -> RobotModel:
    description = read_description(path)
    model, tree = description.model, build_tree(description)
    name = spec.name or _name_of(path, description.name)
    unmatched = spec.unmatched_patterns(tree.joint_names)
    if unmatched:
        raise RobotError(
            f"{path}: no joint matches {unmatched[0]!r} of the robot's TOML file; "
            f"joints are {listed(tree.joint_names)}"
        )
    places = {model.body(i).name: frame for i, frame in enumerate(tree.frames) if i}
    roles, role_points = resolve_roles(
        str(path), tree, places, spec.roles, lambda body: geometry_points(model, tree, body)
    )
    _require_convention(str(path), tree, roles, role_points)
    feet = (roles["left_ankle"], roles["right_ankle"])
    upright = zero_joints(tree)
    neutral = neutral_joints(tree, roles, spec)
    soles, sole_radius = _soles(str(path), model, tree, feet, upright, spec)
    collision = build_collision(model, tree, feet, [upright, neutral])
    arrays: dict[str, Any] = {
        "parents": tree.parents,
        "offsets": tree.offsets,
        "orientations": tree.orientations,
        "axes": tree.axes,
        "lower": tree.lower,
        "upper": tree.upper,
        "velocity_limits": np.array(
            [
                spec.velocity_limit(joint, description.velocity_limits.get(joint, np.inf))
                for joint in tree.joint_names
            ]
        ),
        "acceleration_limits": np.array(
            [spec.acceleration_limit(joint) for joint in tree.joint_names]
        ),
        "effort_limits": np.array(
            [
                spec.effort_limit(joint, default)
                for joint, default in zip(tree.joint_names, tree.effort_limits, strict=True)
            ]
        ),
        "neutral": neutral,
        "feet": np.array(feet, np.int64),
        "soles": soles,
        "capsule_bodies": collision.bodies,
        "capsule_starts": collision.starts,
        "capsule_ends": collision.ends,
        "capsule_radii": collision.radii,
        "collision_pairs": collision.pairs,
        "collision_gaps": collision.gaps,
        "masses": tree.masses,
        "mass_centres": tree.mass_centres,
        "inertias": tree.inertias,
    }
    arrays = {key: np.ascontiguousarray(array) for key, array in arrays.items()}
    names = (tree.body_names, tree.joint_names, collision.names)
    return RobotModel(
        name=name,
        sha256=_content_hash(arrays, (name, *names, roles, sole_radius), role_points),
        body_names=tree.body_names,
        joint_names=tree.joint_names,
        roles=roles,
        role_points=role_points,
        sole_radius=sole_radius,
        capsule_names=collision.names,
        source=_source_text(path, spec),
        notes=description.notes + tree.notes,
        links=build_links(str(path), model, tree, spec.links),
        joint_sets=spec.joints_of_sets(tree.joint_names),
        **arrays,
    )


def _require_convention(
    robot: str,
    tree: KinematicTree,
    roles: dict[str, int],
    points: dict[str, Float64[np.ndarray, "3"]],
) -> None:
    """Refuse a base whose frame is not x forward, y left, z up: postures would be built on it."""
    positions, rotations = body_poses(tree, zero_joints(tree))

    def centre(role: str) -> Float64[np.ndarray, "3"]:
        return np.asarray(positions[roles[role]] + rotations[roles[role]] @ points[role])

    left = unit(centre("left_hip") - centre("right_hip"))
    up = unit(centre("left_shoulder") + centre("right_shoulder") - 2 * centre("left_hip"))
    if left[1] < _UPRIGHT or up[2] < _UPRIGHT:
        raise RobotError(
            f"{robot}: with the base unrotated the robot must stand along z and look along x, its left at +y; "
            "turn the base body's frame in the model, or correct the roles of left and right"
        )


def _soles(
    robot: str,
    model: Any,
    tree: KinematicTree,
    feet: tuple[int, int],
    upright: Float64[np.ndarray, "N"],
    spec: RobotSpec,
) -> tuple[Float64[np.ndarray, "2 S 3"], float]:
    if spec.soles is None:
        return find_soles(robot, model, tree, feet, upright)
    return pad_soles(np.array(spec.soles.left), np.array(spec.soles.right)), spec.soles.radius


def _name_of(path: Path, model_name: str) -> str:
    """The model's own name; the file's when that says nothing."""
    return path.stem if model_name in ("", "MuJoCo Model") else model_name


def _content_hash(
    arrays: dict[str, np.ndarray], plain: tuple[Any, ...], points: dict[str, np.ndarray]
) -> str:
    """SHA-256 over everything that can change a result; not over comments, meshes or paths."""
    digest = hashlib.sha256(repr(plain).encode())
    for key, array in sorted({**arrays, **points}.items()):
        digest.update(f"{key}{array.shape}{array.dtype}".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()


def _source_text(path: Path, spec: RobotSpec) -> str:
    source = spec.source
    if not source.package:
        return str(path)
    return f"{source.package} {source.version}: {source.path}; {source.licence}"
