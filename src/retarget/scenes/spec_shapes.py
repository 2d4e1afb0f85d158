"""Things of a scene from what is said of them: shapes out of meshes, MJCF, numbers and files beside the scene."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import numpy as np
from jaxtyping import Float64

from retarget.errors import FileFormatError, OptionsError, RetargetError
from retarget.scenes.meshes import Mesh, read_mesh, shapes_of
from retarget.scenes.scene import ObjectTrajectory, SceneObject
from retarget.scenes.shapes import Shape
from retarget.scenes.specs import FieldSpec, ObjectSpec, Place, ThingSpec
from retarget.scenes.trajectories import read_trajectory

__all__ = ["object_of", "shapes_of_thing"]

_POINT_RADIUS: Final = 0.02  # metres of the spheres that stand for sample points
_LARGEST_MOVED: Final = (
    50.0  # metres: no ship or train that a person is on; a box of 51 mm and more is, in millimetres
)
_UNITS: Final = {"metre": 1.0, "centimetre": 0.01, "millimetre": 0.001, "inch": 0.0254}
_UP: Final = {"z": np.eye(3), "y": np.array([[1.0, 0, 0], [0, 0, -1.0], [0, 1.0, 0]])}


def object_of(spec: ObjectSpec, name: str, folder: Path, notes: list[str]) -> SceneObject:
    """An object with its shapes and path; what is assumed is added to ``notes``."""
    path = spec.trajectory or spec.trajectory_path
    trajectory: ObjectTrajectory | None = None
    if path is not None:
        if spec.identity_trajectory:
            raise RetargetError(f"{name}: has a trajectory and is said to have none; leave one out")
        trajectory = read_trajectory(folder / path, spec.fps)
    elif not spec.identity_trajectory and not (spec.boxes or spec.mjcf):
        notes.append(f"{name}: no trajectory is given: it lies at the origin")
    mesh = spec.mesh or spec.mesh_path
    found = SceneObject(
        name,
        shapes_of_thing(spec, name, folder, notes),
        trajectory,
        spec.scale,
        None if mesh is None else folder / mesh,
        spec.mass_kg,
    )
    if mesh is not None and found.moves:
        largest = max(2 * shape.bound for shape in found.shapes)
        if largest > _LARGEST_MOVED:
            cause = f"is {largest:.4g} m large in {spec.unit}s, and {name} moves"
            remedy = 'say unit = "millimetre" in the scene, or scale the mesh'
            raise FileFormatError(folder / mesh, cause, remedy)
    return found


def shapes_of_thing(
    spec: ThingSpec, name: str, folder: Path, notes: list[str]
) -> tuple[Shape, ...]:
    """All shapes of a thing; what is assumed is added to ``notes``.

    Raises:
        FileFormatError: One of its files cannot be read, or holds what is no shape.
        RetargetError: One of its shapes is none; the message names the thing.
    """
    try:
        return _shapes(spec, name, folder, notes)
    except (FileFormatError, OptionsError):
        raise
    except RetargetError as error:
        raise RetargetError(f"{name}: {error}") from None


def _shapes(spec: ThingSpec, name: str, folder: Path, notes: list[str]) -> tuple[Shape, ...]:
    found: list[Shape] = []
    path = spec.mesh or spec.mesh_path
    if path is not None:
        mesh = read_mesh(folder / path, _UNITS[spec.unit])
        mesh = Mesh(mesh.vertices @ _UP[spec.up].T, mesh.faces)
        shapes, told = shapes_of(mesh, name, spec.mesh_as)
        found += shapes
        notes += told
    if spec.mjcf is not None:
        from retarget.scenes.mjcf import shapes_of_world

        found += [shape.scaled(_UNITS[spec.unit]) for shape in shapes_of_world(folder / spec.mjcf)]
    if spec.shape is not None:
        found.append(_single(spec))
    found += [box.at_its_place(Shape.box(box.size_m, box.rounded_m)) for box in spec.boxes]
    found += [ball.at_its_place(Shape.sphere(ball.radius_m)) for ball in spec.spheres]
    for kind, make in (("capsules", Shape.capsule), ("cylinders", Shape.cylinder)):
        for one in getattr(spec, kind):
            if one.height_m is None:
                raise RetargetError(f"one of its {kind} has no height_m; add it")
            found.append(one.at_its_place(make(one.radius_m, one.height_m)))
    found += [_field(one, folder) for one in spec.height_fields]
    if spec.sample_points is not None:
        points = _points(spec.sample_points, folder)
        found += [Shape.sphere(_POINT_RADIUS).at(point) for point in points]
        notes.append(
            f"{name}: {len(points)} sample points are taken as spheres of {_POINT_RADIUS} m"
        )
    return tuple(found)


def _single(spec: ThingSpec) -> Shape:
    if spec.shape == "plane":
        return Shape.plane()
    if spec.shape == "box":
        if spec.size_m is None:
            raise RetargetError("a box needs size_m; add it")
        return Shape.box(spec.size_m)
    if spec.radius_m is None or (spec.shape != "sphere" and spec.height_m is None):
        raise RetargetError(f"a {spec.shape} needs radius_m and height_m; add them")
    if spec.shape == "sphere":
        return Shape.sphere(spec.radius_m)
    assert spec.height_m is not None
    make = Shape.capsule if spec.shape == "capsule" else Shape.cylinder
    return make(spec.radius_m, spec.height_m)


def _field(spec: FieldSpec, folder: Path) -> Shape:
    if (spec.heights is None) == (spec.file is None):
        raise RetargetError("a height field needs heights or a file; give one of them")
    if spec.file is not None:
        heights = _array(folder / spec.file)
    else:
        rows = spec.heights or []
        if len({len(row) for row in rows}) != 1:
            raise RetargetError("rows of heights are of unlike lengths; correct them")
        heights = np.array(rows, np.float64)
    _check_heights(heights, None if spec.file is None else folder / spec.file)
    return Shape.height_field(heights, spec.size_m).at(spec.center)


def _check_heights(heights: Float64[np.ndarray, "*n"], path: Path | None) -> None:
    """Refuse heights that are no field, by the file that they are from and the first place that is wrong."""
    wrong, remedy = "", ""
    if heights.ndim != 2 or min(heights.shape) < 2:
        wrong, remedy = f"heights of shape {heights.shape} are no field", "give 2 x 2 or more"
    elif not np.isfinite(heights).all():
        row, column = np.argwhere(~np.isfinite(heights))[0]
        wrong = f"the height in row {row}, column {column} is not a number"
        remedy = "fill it from those around it"
    if wrong and path is not None:
        raise FileFormatError(path, wrong, remedy)
    if wrong:
        raise RetargetError(f"{wrong}; {remedy}")


def _points(given: Iterable[Place] | Path, folder: Path) -> Float64[np.ndarray, "N 3"]:
    points = (
        _array(folder / given) if isinstance(given, Path) else np.array(list(given), np.float64)
    )
    if points.ndim != 2 or points.shape[1] != 3 or not len(points):
        raise RetargetError(f"sample points of shape {points.shape} are none; give (N, 3)")
    return points


def _array(path: Path) -> Any:
    from retarget.containers import read_npy
    from retarget.inputs import read_bytes

    array = read_npy(read_bytes(path, "give the path of an .npy file"), path)
    if array.dtype.kind not in "fiu":
        raise FileFormatError(path, f"holds {array.dtype}, not numbers", "write an array of floats")
    return array.astype(np.float64)
