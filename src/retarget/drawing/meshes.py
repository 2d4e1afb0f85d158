"""The meshes of a robot's description, where the user has them, on the bodies of our model."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from jaxtyping import Float32, Float64, Int64

from retarget.drawing.props import corner_normals
from retarget.errors import RobotError
from retarget.robots.model import RobotModel

if TYPE_CHECKING:
    import mujoco

__all__ = ["BodyMesh", "read_meshes"]

_MODELS: Final = (".xml", ".mjcf", ".urdf")
_READABLE: Final = (".stl", ".obj", ".msh")
_MOST_FILES: Final = 20_000  # of a folder that are looked at
_MOST_TRIED: Final = 6  # model files
_LEAST_SHARE: Final = 0.5  # of our bodies that a model file must name


@dataclass(frozen=True, slots=True, eq=False)
class BodyMesh:
    """A mesh that moves with a body.

    Attributes:
        body: The robot model's body.
        points: Corners in the body's frame, metres.
        normals: Unit normals of the corners.
        triangles: Corners of each triangle.
    """

    body: int
    points: Float32[np.ndarray, "V 3"]
    normals: Float32[np.ndarray, "V 3"]
    triangles: Int64[np.ndarray, "F 3"]


def read_meshes(robot: RobotModel, place: Path) -> tuple[BodyMesh, ...]:
    """Read the meshes of a robot from its MJCF or URDF, or the folder that holds that and the mesh files.

    Visual meshes are taken, where a model tells them from those that collide.

    Args:
        robot: The robot, whose links' names must be those of the description.
        place: A model file, or a folder; mesh files are found by their names anywhere in it.

    Raises:
        RobotError: No model file there is of this robot, or none of its meshes can be read; it says why.
    """
    files = _files_in(place if place.is_dir() else place.parent)
    by_name = {path.name.lower(): path for path in files if path.suffix.lower() in _READABLE}
    models = [path for path in files if path.suffix.lower() in _MODELS]
    reasons = []
    for path in [place] if place.is_file() else _likely(models, robot):
        try:
            found = _meshes_of(_compiled(path, by_name), robot)
        except (ValueError, RuntimeError, OSError) as error:
            reasons.append(f"{path.name}: {' '.join(str(error).split())[:200]}")
            continue
        if found:
            return found
        reasons.append(f"{path.name}: has no mesh on a link of {robot.name}")
    why = "; ".join(reasons) or f"no model file there names the links of {robot.name}"
    raise RobotError(
        f"{place}: no meshes of {robot.name} ({why}); give the folder with its MJCF or URDF and its "
        f"{', '.join(_READABLE)} files"
    )


def _files_in(folder: Path) -> list[Path]:
    found: list[Path] = []
    for root, folders, names in os.walk(folder):
        folders.sort()
        found += [Path(root, name) for name in sorted(names)]
        if len(found) > _MOST_FILES:
            break
    return found


def _likely(models: Iterable[Path], robot: RobotModel) -> list[Path]:
    """Model files that name most of the robot's moving links, those that name most first."""
    moving = [n for n, moves in zip(robot.links.names, robot.links.moving, strict=True) if moves]
    scored = []
    for path in models:
        text = path.read_bytes()
        named = sum(b'"' + name.encode() + b'"' in text for name in moving)
        if named >= _LEAST_SHARE * len(moving) and b"mesh" in text:
            scored.append((-named, len(path.parts), str(path), path))
    return [path for *_, path in sorted(scored)[:_MOST_TRIED]]


def _compiled(path: Path, by_name: dict[str, Path]) -> mujoco.MjModel:
    """A model with its meshes, wherever in the folder these are; those that are missing or unreadable are left out."""
    import mujoco

    spec: Any = mujoco.MjSpec.from_file(str(path))
    spec.compiler.discardvisual = False
    spec.meshdir = ""
    left_out = set()
    for mesh in list(spec.meshes):
        name = mesh.file.replace("\\", "/").rpartition("/")[2].lower()
        if not name:
            continue
        if name in by_name:
            mesh.file = str(by_name[name].absolute())
        else:
            left_out.add(mesh.name or name.rpartition(".")[0])
            spec.delete(mesh)
    for geom in list(spec.geoms):
        if geom.meshname in left_out:
            spec.delete(geom)
    for texture in list(spec.textures):
        texture.file = ""
        texture.builtin = mujoco.mjtBuiltin.mjBUILTIN_FLAT
        texture.width = texture.height = 8
    return spec.compile()


def _meshes_of(model: mujoco.MjModel, robot: RobotModel) -> tuple[BodyMesh, ...]:
    import mujoco

    links = {name: k for k, name in enumerate(robot.links.names)}
    geoms = np.flatnonzero(model.geom_type == mujoco.mjtGeom.mjGEOM_MESH)
    seen = geoms[(model.geom_contype[geoms] == 0) & (model.geom_conaffinity[geoms] == 0)]
    found = []
    for geom in seen if len(seen) else geoms:
        placed = _on_a_link(model, int(model.geom_bodyid[geom]), links)
        if placed is None:
            continue
        link, shift, turn = placed
        mesh = int(model.geom_dataid[geom])
        rows = slice(model.mesh_vertadr[mesh], model.mesh_vertadr[mesh] + model.mesh_vertnum[mesh])
        faces = slice(model.mesh_faceadr[mesh], model.mesh_faceadr[mesh] + model.mesh_facenum[mesh])
        points = model.mesh_vert[rows].astype(np.float64) @ _matrix(model.geom_quat[geom]).T
        points = (points + model.geom_pos[geom]) @ turn.T + shift
        points = points @ robot.links.rotations[link].T + robot.links.offsets[link]
        triangles = model.mesh_face[faces].astype(np.int64)
        found.append(
            BodyMesh(
                int(robot.links.bodies[link]),
                points.astype(np.float32),
                corner_normals(points, triangles).astype(np.float32),
                triangles,
            )
        )
    return tuple(found)


def _on_a_link(
    model: mujoco.MjModel, body: int, links: dict[str, int]
) -> tuple[int, Float64[np.ndarray, "3"], Float64[np.ndarray, "3 3"]] | None:
    """The link that a body is, or is welded to, and where it lies in that link's frame; None of what is no link."""
    shift, turn = np.zeros(3), np.eye(3)
    while body:
        if model.body(body).name in links:
            return links[model.body(body).name], shift, turn
        if model.body_jntnum[body]:
            return None
        around = _matrix(model.body_quat[body])
        shift, turn = around @ shift + model.body_pos[body], around @ turn
        body = int(model.body_parentid[body])
    return None


def _matrix(quaternion: Float64[np.ndarray, "4"]) -> Float64[np.ndarray, "3 3"]:
    import mujoco

    numbers = np.empty(9)
    mujoco.mju_quat2Mat(numbers, quaternion)
    return numbers.reshape(3, 3)
