"""Model file + `RobotSpec` -> `RobotModel`."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool, Float64, Int64

from retarget.errors import RobotError
from retarget.robots.anatomy.backs import spare_trunk_joints
from retarget.robots.anatomy.hinges import superfluous_hinges
from retarget.robots.anatomy.roles import limb_length, resolve_roles
from retarget.robots.anatomy.soles import find_soles, geometry_points, pad_soles
from retarget.robots.coupled import resolve_couplings
from retarget.robots.couplings import Couplings, Loops
from retarget.robots.held import joints_without_role
from retarget.robots.links import build_links
from retarget.robots.model import RobotModel
from retarget.robots.neutral import neutral_joints, zero_joints
from retarget.robots.plausibility.hanging import hanging_notes
from retarget.robots.plausibility.masses import with_likely_inertias
from retarget.robots.plausibility.mirrored_ranges import with_mirrored_ranges
from retarget.robots.plausibility.one_way import bending_one_way, moving_as_a_trunk, without_range
from retarget.robots.plausibility.speeds import likely_speeds
from retarget.robots.plausibility.unlike_legs import leg_notes
from retarget.robots.reading.description import read_description
from retarget.robots.reading.equalities import find_couplings, find_loops
from retarget.robots.reading.guard import guarded
from retarget.robots.shapes.collision import build_collision
from retarget.robots.shapes.near_shapes import without_fat_neighbours
from retarget.robots.spec import LIMBS, RobotSpec
from retarget.robots.tree import KinematicTree, build_tree
from retarget.wording import listed

__all__ = ["compile_robot"]

# Metres from hip to ankle: the smallest humanoid that is sold has 0.1, the largest that was built 2.5.
_SHORTEST_LIMB, _LONGEST_LIMB = 0.03, 5.0


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
    tree, mass_notes = with_likely_inertias(tree)
    name = spec.name or _name_of(path, description.name)
    unmatched = spec.unmatched_patterns(tree.joint_names)
    if unmatched:
        raise RobotError(
            f"{path}: no joint matches {unmatched[0]!r} of the robot's TOML file; "
            f"joints are {listed(tree.joint_names)}"
        )
    places = {model.body(i).name: frame for i, frame in enumerate(tree.frames) if i}
    found = resolve_roles(
        str(path), tree, places, spec.roles, lambda body: geometry_points(model, tree, body)
    )
    roles, role_points = found.bodies, found.points
    legs = "left_ankle" in roles
    feet: tuple[int, int] | tuple[()] = (roles["left_ankle"], roles["right_ankle"]) if legs else ()
    upright = found.upright
    tree, sign_notes = with_mirrored_ranges(tree, roles, role_points, upright)
    bending, spare = superfluous_hinges(tree, roles, role_points, upright)
    spare = spare | spare_trunk_joints(tree, roles, upright)
    unlimited = without_range(tree)
    tree, range_notes = bending_one_way(tree, roles, role_points, bending, unlimited, upright)
    tree, trunk_notes = moving_as_a_trunk(tree, roles, role_points, unlimited, upright)
    zero = zero_joints(tree)
    neutral = neutral_joints(tree, roles, bending, upright, spec)
    length = limb_length(tree, roles, role_points)
    _require_size(str(path), length, LIMBS["leg" if legs else "arm"])
    sole_notes: tuple[str, ...] = ()
    if not feet:
        soles, sole_radius = np.zeros((0, 1, 3)), 0.0
    elif spec.soles is None:
        soles, sole_radius, sole_notes = find_soles(model, tree, feet, zero, upright, length)
    else:
        soles = pad_soles(np.array(spec.soles.left), np.array(spec.soles.right))
        sole_radius = spec.soles.radius
    loops = find_loops(model, tree)
    coupled = resolve_couplings(
        str(path),
        tree,
        find_couplings(model, tree),
        loops,
        joints_without_role(tree.parents, roles) | tree.slides | spare,
        neutral,
        set(bending.values()),
    )
    held, neutral = coupled.held, coupled.neutral
    stated = description.velocity_limits | spec.copied_speeds(tree.joint_names)
    speeds, speed_notes = likely_speeds(stated, tree.joint_names, held)
    collision, shape_notes = without_fat_neighbours(
        build_collision(model, tree, feet, [zero, neutral]), tree, roles, bending, neutral
    )
    ball_bodies, balls = _stated_balls(path, spec, tree)
    arrays: dict[str, Any] = {
        "parents": tree.parents,
        "offsets": tree.offsets,
        "orientations": tree.orientations,
        "axes": tree.axes,
        "lower": coupled.lower,
        "upper": coupled.upper,
        "velocity_limits": np.array(
            [spec.typed_speed(joint, speeds.get(joint, np.inf)) for joint in tree.joint_names]
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
        "held": held,
        "upright": upright,
        "feet": np.array(feet, np.int64),
        "soles": soles,
        "capsule_bodies": collision.bodies,
        "capsule_starts": collision.starts,
        "capsule_ends": collision.ends,
        "capsule_radii": collision.radii,
        "ball_bodies": ball_bodies,
        "balls": balls,
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
        sha256=_content_hash(
            {**arrays, **_following(coupled.couplings, loops)},
            (name, *names, roles, sole_radius),
            role_points,
        ),
        body_names=tree.body_names,
        joint_names=tree.joint_names,
        roles=roles,
        role_points=role_points,
        sole_radius=sole_radius,
        capsule_names=collision.names,
        stated_roles=tuple(spec.roles),
        source=_source_text(path, spec),
        notes=(
            *description.notes,
            *tree.notes,
            *mass_notes,
            *found.notes,
            *sign_notes,
            *range_notes,
            *trunk_notes,
            *speed_notes,
            *hanging_notes(tree, roles, role_points, upright),
            *leg_notes(tree, roles, role_points, bending, upright),
            *sole_notes,
            *coupled.notes,
            *shape_notes,
            *_held_notes(tree, held),
        ),
        links=build_links(str(path), model, tree, spec.links),
        couplings=coupled.couplings,
        loops=loops,
        joint_sets=spec.joints_of_sets(tree.joint_names),
        **arrays,
    )


def _stated_balls(
    path: Path, spec: RobotSpec, tree: KinematicTree
) -> tuple[Int64[np.ndarray, "H"], Float64[np.ndarray, "H 4"]]:
    """Bodies of the hands' balls, and these."""
    bodies: list[int] = []
    balls: list[tuple[float, ...]] = []
    for name, own in spec.hands.items():
        if name not in tree.body_names:
            raise RobotError(
                f"{path}: no moving body is called {name!r} as [hands] of the robot's TOML file has it; "
                f"bodies are {listed(tree.body_names)}"
            )
        bodies += [tree.body_names.index(name)] * len(own)
        balls += own
    return np.array(bodies, np.int64), np.array(balls, np.float64).reshape(-1, 4)


def _following(couplings: Couplings, loops: Loops) -> dict[str, np.ndarray]:
    """What of couplings and loops can change a result."""
    found: dict[str, np.ndarray] = {}
    if len(couplings.dependents):
        found["coupled"] = np.stack([couplings.dependents, couplings.drivers])
        found["polynomials"] = couplings.polynomials
    if len(loops.bodies):
        found["loop_bodies"], found["loop_points"] = loops.bodies, loops.points
    return found


def _held_notes(tree: KinematicTree, held: Bool[np.ndarray, "N"]) -> tuple[str, ...]:
    names = [name for name, one in zip(tree.joint_names, held, strict=True) if one]
    if not names:
        return ()
    return (f"{len(names)} joints that no body role needs are held at neutral: {listed(names)}",)


def _require_size(robot: str, length: float, chain: tuple[str, str, str]) -> None:
    first, middle, last = chain
    if not _SHORTEST_LIMB < length < _LONGEST_LIMB:
        limb = "legs" if first == "hip" else "arms"
        raise RobotError(
            f"{robot}: its {limb} are {length:.3g} m long from {first} to {last}; lengths are in metres: scale the "
            f"model, or correct the roles of {first}s, {middle}s and {last}s"
        )


def _name_of(path: Path, model_name: str) -> str:
    """The model's own name; the file's when that says nothing."""
    return path.stem if model_name in ("", "MuJoCo Model") else model_name


def _content_hash(
    arrays: dict[str, np.ndarray], plain: tuple[Any, ...], points: dict[str, np.ndarray]
) -> str:
    """SHA-256 over everything that can change a result; not over comments, meshes or paths."""
    digest = hashlib.sha256(repr(plain).encode())
    plain_base = not arrays["held"].any() and (arrays["upright"] == np.eye(3)).all()
    unsaid = {"held", "upright"} if plain_base else set()
    unsaid |= set() if len(arrays["balls"]) else {"ball_bodies", "balls"}
    said = {k: v for k, v in arrays.items() if k not in unsaid}
    for key, array in sorted({**said, **points}.items()):
        digest.update(f"{key}{array.shape}{array.dtype}".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()


def _source_text(path: Path, spec: RobotSpec) -> str:
    source = spec.source
    if not source.package:
        return str(path)
    return f"{source.package} {source.version}: {source.path}; {source.licence}"
