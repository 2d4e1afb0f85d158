"""``scene.toml``: things around a motion, as people write them."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import numpy as np
from jaxtyping import Float64
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from retarget.errors import FileFormatError, OptionsError, RetargetError
from retarget.files import sha256_of
from retarget.inputs import read_toml, understanding
from retarget.scenes.meshes import Mesh, MeshShape, read_mesh, shapes_of
from retarget.scenes.scene import ObjectTrajectory, Scene, SceneObject, TaskKind, Terrain, Touch
from retarget.scenes.shapes import Shape
from retarget.scenes.trajectories import read_trajectory
from retarget.wording import shortened

__all__ = [
    "BoxSpec",
    "FieldSpec",
    "ObjectSpec",
    "RoundSpec",
    "SceneSpec",
    "TerrainSpec",
    "TouchSpec",
    "load_scene",
    "read_scene_spec",
    "scene_sha256",
]

_REMEDY: Final = "see docs/scenes.md for what a scene may hold"
_POINT_RADIUS: Final = 0.02  # metres of the spheres that stand for sample points
_UNITS: Final = {"metre": 1.0, "centimetre": 0.01, "millimetre": 0.001, "inch": 0.0254}
_UP: Final = {"z": np.eye(3), "y": np.array([[1.0, 0, 0], [0, 0, -1.0], [0, 1.0, 0]])}
_REFUSED: Final = {
    "topology": "no mesh between body and things is built; the soft anchors that stand for it need no choice",
    "mesh_sample_count": "meshes are taken as shapes, not as samples; leave it out",
    "objectives": "the cost is chosen by --style and --weight; leave it out",
    "solver": "there is one solver; leave it out",
}

Place = tuple[float, float, float]
_Length = Annotated[float, Field(gt=0)]


class _Spec(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class _Posed(_Spec):
    center: Place = (0.0, 0.0, 0.0)
    yaw_deg: float = 0.0
    wxyz: tuple[float, float, float, float] | None = None

    def at_its_place(self, shape: Shape) -> Shape:
        """The shape moved and turned as said."""
        from retarget.geometry import matrix_from_quaternion

        if self.wxyz is not None:
            quaternion = np.array(self.wxyz)
            return shape.at(
                self.center, matrix_from_quaternion(quaternion / np.linalg.norm(quaternion))
            )
        angle = math.radians(self.yaw_deg)
        turn = np.array(
            [
                [math.cos(angle), -math.sin(angle), 0],
                [math.sin(angle), math.cos(angle), 0],
                [0, 0, 1.0],
            ]
        )
        return shape.at(self.center, turn)


class BoxSpec(_Posed):
    """A box: its middle, and its size along x, y and z, metres."""

    size_m: tuple[_Length, _Length, _Length]
    rounded_m: float = Field(default=0.0, ge=0)


class RoundSpec(_Posed):
    """A sphere, or with a height a cylinder or capsule about its z axis, metres."""

    radius_m: _Length
    height_m: _Length | None = None


class FieldSpec(_Spec):
    """Ground of heights over a rectangle, metres: in the file, or in an ``.npy`` beside it."""

    center: Place = (0.0, 0.0, 0.0)
    size_m: tuple[_Length, _Length]
    heights: list[list[float]] | None = None
    file: Path | None = None


class _ThingSpec(_Spec):
    """What objects and terrain share.

    Attributes:
        name: For tables, touches and results.
        mesh: An OBJ or STL file; ``mesh_path`` says the same.
        mesh_as: What to take each of its connected pieces as.
        mjcf: An MJCF file, whose worldbody's geoms are taken.
        unit: Of mesh and MJCF.
        up: Up axis of the mesh's file: ``z``, or ``y``.
        shape: One shape at the origin, with ``size_m`` or ``radius_m`` and ``height_m``.
        sample_points: Points that are taken as small spheres.
        scale: Size in the robot's world over its real size, or ``scaled`` as the world is.
    """

    name: str = ""
    mesh: Path | None = None
    mesh_path: Path | None = None
    mesh_as: MeshShape = "auto"
    mjcf: Path | None = None
    unit: Literal["metre", "centimetre", "millimetre", "inch"] = "metre"
    up: Literal["z", "y"] = "z"
    shape: Literal["box", "sphere", "capsule", "cylinder", "plane"] | None = None
    size_m: tuple[_Length, _Length, _Length] | None = None
    radius_m: _Length | None = None
    height_m: _Length | None = None
    boxes: list[BoxSpec] = Field(default_factory=list)
    spheres: list[RoundSpec] = Field(default_factory=list)
    capsules: list[RoundSpec] = Field(default_factory=list)
    cylinders: list[RoundSpec] = Field(default_factory=list)
    height_fields: list[FieldSpec] = Field(default_factory=list)
    sample_points: list[Place] | Path | None = None


class ObjectSpec(_ThingSpec):
    """A thing of its own size.

    Attributes:
        trajectory: A file with its path; ``trajectory_path`` says the same.
        fps: Rate of that file, over what it says.
        identity_trajectory: It lies at the origin of the motion's world.
        mass_kg: For exports.
    """

    trajectory: Path | None = None
    trajectory_path: Path | None = None
    fps: _Length | None = None
    identity_trajectory: bool = False
    scale: float | Literal["scaled"] = 1.0
    mass_kg: _Length | None = None


class TerrainSpec(_ThingSpec):
    """What the floor carries and nobody moves."""

    scale: float | Literal["scaled"] = "scaled"


class TouchSpec(_Spec):
    """A contact that is given rather than found."""

    point: str
    thing: str
    from_s: float
    to_s: float


class SceneSpec(_Spec):
    """A scene as a file says it.

    Example:
        >>> SceneSpec(terrain=[TerrainSpec(boxes=[BoxSpec(size_m=(1, 1, 0.2), center=(0, 0, 0.1))])]).scene().kind.value
        'climbing'
    """

    kind: TaskKind | None = None
    object: list[ObjectSpec] = Field(default_factory=list)
    terrain: list[TerrainSpec] = Field(default_factory=list)
    touch: list[TouchSpec] = Field(default_factory=list)

    @classmethod
    def robot_only(cls) -> SceneSpec:
        """Nothing but the floor."""
        return cls()

    @classmethod
    def object_interaction(cls, *objects: ObjectSpec) -> SceneSpec:
        """Objects that are carried or moved."""
        return cls(kind=TaskKind.OBJECT_INTERACTION, object=list(objects))

    @classmethod
    def climbing(cls, *terrains: TerrainSpec) -> SceneSpec:
        """Terrain that is climbed."""
        return cls(kind=TaskKind.CLIMBING, terrain=list(terrains))

    def scene(self, folder: Path | None = None) -> Scene:
        """Read all files and make the scene; paths are relative to ``folder``.

        Raises:
            RetargetError: A file or a thing is wrong; the message names it.
        """
        folder = folder or Path()
        notes: list[str] = []
        objects = [
            _object(spec, spec.name or f"object{i or ''}", folder, notes)
            for i, spec in enumerate(self.object)
        ]
        terrains = [
            Terrain(name, _shapes(spec, name, folder, notes), spec.scale)
            for i, spec in enumerate(self.terrain)
            for name in [spec.name or f"terrain{i or ''}"]
        ]
        touches = tuple(Touch(t.point, t.thing, t.from_s, t.to_s) for t in self.touch)
        scene = Scene(tuple(objects), tuple(terrains), touches, notes=tuple(notes))
        if self.kind is not None and self.kind != scene.kind:
            raise RetargetError(
                f"kind is {self.kind.value}, but what there is makes it {scene.kind.value}; leave kind out"
            )
        return scene

    def files(self, folder: Path | None = None) -> tuple[Path, ...]:
        """All files that it is made from besides itself."""
        folder = folder or Path()
        found: list[Path | None] = []
        for spec in (*self.object, *self.terrain):
            points = spec.sample_points
            found += [
                spec.mesh,
                spec.mesh_path,
                spec.mjcf,
                points if isinstance(points, Path) else None,
            ]
            found += [field.file for field in spec.height_fields]
        for one in self.object:
            found += [one.trajectory, one.trajectory_path]
        return tuple(folder / path for path in found if path is not None)


def load_scene(path: str | Path) -> Scene:
    """Read ``scene.toml`` and the files that it names.

    Raises:
        FileFormatError: A file is missing or cannot be read.
        OptionsError: A key or value of the scene is wrong; the message names file, thing and remedy.

    Example:
        >>> load_scene("carry.toml").kind  # doctest: +SKIP
        <TaskKind.OBJECT_INTERACTION: 'object_interaction'>
    """
    path = Path(path)
    spec = read_scene_spec(path)
    with understanding(path, "scene", _REMEDY):
        try:
            scene = spec.scene(path.parent)
        except (FileFormatError, OptionsError):
            raise
        except RetargetError as error:
            raise OptionsError(f"{path}: {error}") from None
    return Scene(scene.objects, scene.terrains, scene.touches, path, scene.notes)


def scene_sha256(path: Path) -> str:
    """Hash over a scene's file and all files that it names: what a result depends on.

    Raises:
        RetargetError: One is missing, or the scene says something that cannot be.
    """
    digest = hashlib.sha256(sha256_of(path).encode())
    for file in read_scene_spec(path).files(path.parent):
        digest.update(sha256_of(file).encode())
    return digest.hexdigest()


def read_scene_spec(path: Path) -> SceneSpec:
    """What ``scene.toml`` says, before its files are read.

    Raises:
        FileFormatError: It is missing or no TOML.
        OptionsError: A key or value is wrong.
    """
    content = read_toml(path, "give the path of a scene (scene.toml)")
    content = (
        {**content.pop("scene", {}), **content}
        if isinstance(content.get("scene"), dict)
        else content
    )
    for refused, why in _REFUSED.items():
        if refused in content or (refused == "topology" and "mesh" in content):
            raise OptionsError(f"{path}: {refused}: {why}")
    for key in ("object", "terrain", "touch"):
        if isinstance(content.get(key), dict):
            content[key] = [content[key]]
    for key in ("object", "terrain"):
        for thing in content.get(key, ()):
            for refused, why in _REFUSED.items():
                if isinstance(thing, dict) and refused in thing:
                    raise OptionsError(f"{path}: {key} {thing.get('name', '')!r}: {refused}: {why}")
    try:
        return SceneSpec.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(shortened(str(part)) for part in first["loc"])
        said = shortened(first["msg"].replace("Input should be", "must be"), 200)
        if first["type"] == "extra_forbidden":
            said = f"there is no such key; {_REMEDY}"
        raise OptionsError(f"{path}: {place}: {said}") from None


def _object(spec: ObjectSpec, name: str, folder: Path, notes: list[str]) -> SceneObject:
    path = spec.trajectory or spec.trajectory_path
    trajectory: ObjectTrajectory | None = None
    if path is not None:
        if spec.identity_trajectory:
            raise RetargetError(f"{name}: has a trajectory and is said to have none; leave one out")
        trajectory = read_trajectory(folder / path, spec.fps)
    elif not spec.identity_trajectory and not (spec.boxes or spec.mjcf):
        notes.append(f"{name}: no trajectory is given: it lies at the origin")
    mesh = spec.mesh or spec.mesh_path
    return SceneObject(
        name,
        _shapes(spec, name, folder, notes),
        trajectory,
        spec.scale,
        None if mesh is None else folder / mesh,
        spec.mass_kg,
    )


def _shapes(spec: _ThingSpec, name: str, folder: Path, notes: list[str]) -> tuple[Shape, ...]:
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
        found.append(_single(spec, name))
    found += [box.at_its_place(Shape.box(box.size_m, box.rounded_m)) for box in spec.boxes]
    found += [ball.at_its_place(Shape.sphere(ball.radius_m)) for ball in spec.spheres]
    for kind, make in (("capsules", Shape.capsule), ("cylinders", Shape.cylinder)):
        for one in getattr(spec, kind):
            if one.height_m is None:
                raise RetargetError(f"{name}: one of its {kind} has no height_m; add it")
            found.append(one.at_its_place(make(one.radius_m, one.height_m)))
    found += [_field(one, name, folder) for one in spec.height_fields]
    if spec.sample_points is not None:
        points = _points(spec.sample_points, name, folder)
        found += [Shape.sphere(_POINT_RADIUS).at(point) for point in points]
        notes.append(
            f"{name}: {len(points)} sample points are taken as spheres of {_POINT_RADIUS} m"
        )
    return tuple(found)


def _single(spec: _ThingSpec, name: str) -> Shape:
    if spec.shape == "plane":
        return Shape.plane()
    if spec.shape == "box":
        if spec.size_m is None:
            raise RetargetError(f"{name}: a box needs size_m; add it")
        return Shape.box(spec.size_m)
    if spec.radius_m is None or (spec.shape != "sphere" and spec.height_m is None):
        raise RetargetError(f"{name}: a {spec.shape} needs radius_m and height_m; add them")
    if spec.shape == "sphere":
        return Shape.sphere(spec.radius_m)
    assert spec.height_m is not None
    make = Shape.capsule if spec.shape == "capsule" else Shape.cylinder
    return make(spec.radius_m, spec.height_m)


def _field(spec: FieldSpec, name: str, folder: Path) -> Shape:
    if (spec.heights is None) == (spec.file is None):
        raise RetargetError(f"{name}: a height field needs heights or a file; give one of them")
    if spec.file is not None:
        heights = _array(folder / spec.file)
    else:
        rows = spec.heights or []
        if len({len(row) for row in rows}) != 1:
            raise RetargetError(f"{name}: rows of heights are of unlike lengths; correct them")
        heights = np.array(rows, np.float64)
    return Shape.height_field(heights, spec.size_m).at(spec.center)


def _points(given: Iterable[Place] | Path, name: str, folder: Path) -> Float64[np.ndarray, "N 3"]:
    points = (
        _array(folder / given) if isinstance(given, Path) else np.array(list(given), np.float64)
    )
    if points.ndim != 2 or points.shape[1] != 3 or not len(points):
        raise RetargetError(f"{name}: sample points of shape {points.shape} are none; give (N, 3)")
    return points


def _array(path: Path) -> Any:
    from retarget.containers import read_npy
    from retarget.inputs import read_bytes

    array = read_npy(read_bytes(path, "give the path of an .npy file"), path)
    if array.dtype.kind not in "fiu":
        raise FileFormatError(path, f"holds {array.dtype}, not numbers", "write an array of floats")
    return array.astype(np.float64)
