"""Geoms of an MJCF file's worldbody as shapes: planes, boxes, round ones, meshes' hulls, and height fields."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from retarget.errors import FileFormatError
from retarget.scenes.meshes import Mesh, shapes_of
from retarget.scenes.shapes import Shape

__all__ = ["shapes_of_world"]


def shapes_of_world(path: Path) -> list[Shape]:
    """Shapes of all geoms that are fixed to the world and collide, metres, world.

    Raises:
        FileFormatError: MuJoCo does not read the file, or it has no such geom.
    """
    import mujoco

    try:
        model = mujoco.MjModel.from_xml_path(str(path))
    except (ValueError, OSError) as error:
        cause = f"is no MJCF that MuJoCo reads ({str(error).splitlines()[0][:150]})"
        raise FileFormatError(path, cause, "correct it") from None
    data = mujoco.MjData(model)
    mujoco.mj_kinematics(model, data)
    found = []
    for g in range(model.ngeom):
        if model.body_weldid[model.geom_bodyid[g]] != 0:
            continue
        if not (model.geom_contype[g] or model.geom_conaffinity[g]):
            continue
        turn = data.geom_xmat[g].reshape(3, 3).copy()
        found += [shape.at(data.geom_xpos[g], turn) for shape in _shapes(model, g, path)]
    if not found:
        raise FileFormatError(path, "has no geom in its worldbody that collides", "add some")
    return found


def _shapes(model: Any, g: int, path: Path) -> list[Shape]:
    import mujoco

    kind, size = model.geom_type[g], model.geom_size[g]
    kinds = mujoco.mjtGeom
    if kind == kinds.mjGEOM_PLANE:
        return [Shape.plane()]
    if kind == kinds.mjGEOM_BOX:
        return [Shape.box(2 * size)]
    if kind == kinds.mjGEOM_SPHERE:
        return [Shape.sphere(size[0])]
    if kind == kinds.mjGEOM_CAPSULE:
        return [Shape.capsule(size[0], 2 * size[1])]
    if kind == kinds.mjGEOM_CYLINDER:
        return [Shape.cylinder(size[0], 2 * size[1])]
    if kind == kinds.mjGEOM_MESH:
        m = model.geom_dataid[g]
        first, count = model.mesh_vertadr[m], model.mesh_vertnum[m]
        start, faces = model.mesh_faceadr[m], model.mesh_facenum[m]
        mesh = Mesh(
            model.mesh_vert[first : first + count].astype(np.float64),
            model.mesh_face[start : start + faces].astype(np.int64),
        )
        return list(shapes_of(mesh, "mesh", "hull")[0])
    if kind == kinds.mjGEOM_HFIELD:
        h = model.geom_dataid[g]
        rows, columns = model.hfield_nrow[h], model.hfield_ncol[h]
        first = model.hfield_adr[h]
        half_x, half_y, top, _ = model.hfield_size[h]
        heights = model.hfield_data[first : first + rows * columns].reshape(rows, columns) * top
        return [Shape.height_field(heights.T.astype(np.float64), (2 * half_x, 2 * half_y))]
    raise FileFormatError(
        path, f"geom {g} is an {kinds(kind).name[7:].lower()}", "use boxes, round ones or meshes"
    )
