"""What an FBX file holds: models with properties and what they hang on, animations, and the skeleton that one moves."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from jaxtyping import Float64, Int64

from retarget.errors import FileFormatError
from retarget.motion.formats.scenes.fbx_curves import CurveReader, FbxCurve
from retarget.motion.formats.scenes.fbx_file import FbxNode

__all__ = [
    "PLACE",
    "REMEDY",
    "TURN",
    "FbxModel",
    "FbxScene",
    "properties_of",
    "scene_of",
    "skeleton_of",
    "takes_of",
]

REMEDY: Final = "export it with its animation, baked, as FBX"
PLACE, TURN = "Lcl Translation", "Lcl Rotation"
_AXES: Final = {"X": 0, "Y": 1, "Z": 2}
_BONES: Final = ("LimbNode", "Limb", "Root", "Effector")
_NO_BONES: Final = (
    "Mesh",
    "Camera",
    "Light",
    "CameraSwitcher",
    "NurbsSurface",
    "NurbsCurve",
    "Line",
)
_MOST_JOINTS: Final = 5000

Vector = Float64[np.ndarray, "3"]


class FbxModel(NamedTuple):
    """A node of the scene: its name, what it is, and its properties by name."""

    name: str
    kind: str
    properties: Mapping[str, tuple[float, ...]]

    def vector(self, name: str, otherwise: float = 0.0) -> Vector:
        """The first three numbers of a property; where it has not as many, one number thrice."""
        value = self.properties.get(name, ())
        return np.array(value[:3] if len(value) >= 3 else [otherwise] * 3, np.float64)

    def number(self, name: str, otherwise: float = 0.0) -> float:
        """The first number of a property, if it has one."""
        value = self.properties.get(name, ())
        return value[0] if value else otherwise


class FbxScene(NamedTuple):
    """What hangs on what: models, curves and their owners by number, in the order of the file."""

    objects: dict[int, FbxNode]
    above: dict[int, list[tuple[int, str]]]
    models: dict[int, FbxModel]

    def owners(self, number: int, kind: str) -> list[tuple[int, str]]:
        """The objects of a kind that something belongs to, and as what."""
        return [
            (owner, what)
            for owner, what in self.above.get(number, [])
            if owner in self.objects and self.objects[owner].name == kind
        ]


Curves = dict[tuple[int, str], dict[int, FbxCurve]]


def scene_of(root: FbxNode) -> FbxScene:
    """The objects of a file, and what each belongs to."""
    objects = {
        node.values[0]: node
        for group in root.below("Objects")
        for node in group.nodes
        if node.values and isinstance(node.values[0], int)
    }
    above: dict[int, list[tuple[int, str]]] = {}
    for group in root.below("Connections"):
        for row in group.below("C"):
            if len(row.values) >= 3 and all(isinstance(v, int) for v in row.values[1:3]):
                what = _text(row.values[3]) if len(row.values) > 3 else ""
                above.setdefault(row.values[1], []).append((row.values[2], what))
    models = {}
    for number, node in objects.items():
        if node.name == "Model":
            name = _text(node.values[1]).partition("\0")[0] if len(node.values) > 1 else ""
            kind = _text(node.values[2]) if len(node.values) > 2 else ""
            models[number] = FbxModel(name or f"node{number}", kind, properties_of(node))
    return FbxScene(objects, above, models)


def takes_of(scene: FbxScene) -> dict[str, Curves]:
    """The curves of each animation, by model and property and then by axis; of several layers the first counts."""
    stacks: dict[int, str] = {}
    for number, node in scene.objects.items():
        if node.name == "AnimationStack":
            name = _text(node.values[1]).partition("\0")[0] if len(node.values) > 1 else ""
            stacks[number] = name or str(len(stacks) + 1)
    found: dict[str, Curves] = {name: {} for name in stacks.values()}
    reader = CurveReader()
    for number, node in scene.objects.items():
        if node.name != "AnimationCurve":
            continue
        for group, axis in scene.owners(number, "AnimationCurveNode"):
            if axis[:2] != "d|" or axis[2:] not in _AXES:
                continue
            takes = [
                stacks[stack]
                for layer, _ in scene.owners(group, "AnimationLayer")
                for stack, _ in scene.owners(layer, "AnimationStack")
            ]
            for model, what in scene.owners(group, "Model"):
                if what not in (PLACE, TURN) or not takes:
                    continue
                if (curve := reader.read(node)) is None:
                    continue
                for take in takes:
                    found[take].setdefault((model, what), {}).setdefault(_AXES[axis[2:]], curve)
    return found


def skeleton_of(
    scene: FbxScene, moved: set[int], path: Path
) -> tuple[list[int], Int64[np.ndarray, "J"]]:
    """Bones, what moves besides and what these hang on, parents before their children."""
    above: dict[int, int] = {}
    for number in scene.models:
        above[number] = next(
            (owner for owner, what in scene.owners(number, "Model") if not what), 0
        )
    moved = {number for number in moved if scene.models[number].kind not in _NO_BONES}
    wanted: dict[int, int] = {}  # with their depths
    for number, model in scene.models.items():
        if model.kind not in _BONES and number not in moved:
            continue
        line = [number]
        while (upper := above[line[-1]]) and upper not in wanted:
            line.append(upper)
            if len(line) > len(scene.models):
                raise FileFormatError(path, "its nodes are no tree", REMEDY)
        depth = wanted.get(upper, -1)
        for one in reversed(line):
            depth += 1
            wanted.setdefault(one, depth)
    if len(wanted) > _MOST_JOINTS:
        raise FileFormatError(path, f"has {len(wanted)} joints", REMEDY)
    order = sorted(wanted, key=lambda number: wanted[number])
    place = {number: joint for joint, number in enumerate(order)}
    return order, np.array([place.get(above[number], -1) for number in order], np.int64)


def properties_of(node: FbxNode | None) -> dict[str, tuple[float, ...]]:
    """Properties whose values are numbers: a name and three texts, then the numbers."""
    table = None if node is None else node.first("Properties70")
    found = {}
    for row in () if table is None else table.below("P"):
        numbers = [float(v) for v in row.values[4:] if isinstance(v, bool | int | float)]
        if len(row.values) > 4 and np.isfinite(numbers).all():
            found[_text(row.values[0])] = tuple(numbers)
    return found


def _text(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else ""
