"""``scene.toml``: things around a motion, as people write them; terrain may be given as its mesh or MJCF alone."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from pydantic import Field, ValidationError

from retarget.errors import FileFormatError, OptionsError, RetargetError
from retarget.files import sha256_of
from retarget.inputs import complaint, read_toml, understanding
from retarget.scenes.scene import Scene, TaskKind, Terrain, Touch
from retarget.scenes.spec_shapes import object_of, shapes_of_thing
from retarget.scenes.specs import ObjectSpec, Spec, TerrainSpec, TouchSpec

__all__ = ["SceneSpec", "load_scene", "read_scene_spec", "scene_files", "scene_sha256"]

_REMEDY: Final = "see docs/scenes.md for what a scene may hold"
_TERRAIN_ALONE: Final = {".obj": "mesh", ".stl": "mesh", ".xml": "mjcf", ".mjcf": "mjcf"}
_REFUSED: Final = {
    "topology": "no mesh between body and things is built; the soft anchors that stand for it need no choice",
    "mesh_sample_count": "meshes are taken as shapes, not as samples; leave it out",
    "objectives": "the cost is chosen by --style and --weight; leave it out",
    "solver": "there is one solver; leave it out",
}


class SceneSpec(Spec):
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

    @property
    def object_names(self) -> tuple[str, ...]:
        """Names of the objects, given or made."""
        return tuple(one.name or f"object{i or ''}" for i, one in enumerate(self.object))

    def scene(self, folder: Path | None = None) -> Scene:
        """Read all files and make the scene; paths are relative to ``folder``.

        Raises:
            RetargetError: A file or a thing is wrong; the message names it.
        """
        folder = folder or Path()
        notes: list[str] = []
        objects = [
            object_of(spec, name, folder, notes)
            for spec, name in zip(self.object, self.object_names, strict=True)
        ]
        terrains = [
            Terrain(name, shapes_of_thing(spec, name, folder, notes), spec.scale)
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
    """Read ``scene.toml`` and the files that it names, or one mesh or MJCF as terrain.

    Raises:
        FileFormatError: A file is missing or cannot be read.
        OptionsError: A key or value of the scene is wrong; the message names file, thing and remedy.

    Example:
        >>> load_scene("carry.toml").kind  # doctest: +SKIP
        <TaskKind.OBJECT_INTERACTION: 'object_interaction'>
    """
    path = Path(path)
    return _read(path, tuple(map(_stamp, scene_files(path))))


@lru_cache(maxsize=4)
def _read(path: Path, stamps: tuple[tuple[Path, int, int], ...]) -> Scene:
    """A scene, read once for each content of its files: variants of one recording share it."""
    spec = read_scene_spec(path)
    with understanding(path, "scene", _REMEDY):
        try:
            scene = spec.scene(path.parent)
        except (FileFormatError, OptionsError):
            raise
        except RetargetError as error:
            raise OptionsError(f"{path}: {error}") from None
    return Scene(scene.objects, scene.terrains, scene.touches, path, scene.notes)


def _stamp(path: Path) -> tuple[Path, int, int]:
    """A file, its size and its time of change; of one that is missing it is for its reader to say so."""
    if not path.is_file():
        return path.absolute(), 0, 0
    status = path.stat()
    return path.absolute(), status.st_size, status.st_mtime_ns


def scene_files(path: Path) -> tuple[Path, ...]:
    """A scene's file and all files that it names: what a result depends on.

    Raises:
        RetargetError: The scene cannot be read, or says something that cannot be.
    """
    return tuple(dict.fromkeys((path, *read_scene_spec(path).files(path.parent))))


def scene_sha256(path: Path) -> str:
    """Hash over `scene_files`.

    Raises:
        RetargetError: One is missing, or the scene says something that cannot be.
    """
    digest = hashlib.sha256(sha256_of(path).encode())
    for file in scene_files(path)[1:]:
        digest.update(sha256_of(file).encode())
    return digest.hexdigest()


def read_scene_spec(path: Path) -> SceneSpec:
    """What ``scene.toml`` says, before its files are read; a mesh (OBJ, STL) or MJCF is terrain, in metres and z up.

    Raises:
        FileFormatError: It is missing or no TOML.
        OptionsError: A key or value is wrong.
    """
    alone = _TERRAIN_ALONE.get(path.suffix.lower())
    if alone is not None:
        return SceneSpec(
            terrain=[TerrainSpec.model_validate({"name": path.stem, alone: path.name})]
        )
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
        said = error.errors()[0]
        raise OptionsError(
            f"{path}: {complaint({**said, 'loc': _place(said['loc'], content)}, _REMEDY)}"
        ) from None


def _place(loc: Sequence[int | str], content: Mapping[str, Any]) -> tuple[int | str, ...]:
    """Where in a scene something is wrong: by the thing's name, where it has one, else by its number from 0."""
    match loc:
        case [str() as key, int() as number, *rest]:
            thing = content[key][number]
            name = thing.get("name", thing.get("thing")) if isinstance(thing, dict) else None
            return (f"{key} {name!r}" if name else f"{key}.{number}", *rest)
        case _:
            return tuple(loc)
