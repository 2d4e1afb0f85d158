"""Acclaim skeletons (ASF): bones with a direction, a length, axes and degrees of freedom.

The format: Acclaim Advanced Technologies Group, as described by M. Schafer (1994) and J. Lander, "Working with motion
capture file formats" (1998).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Final

import numpy as np
from jaxtyping import Float64, Int64

from retarget.errors import FileFormatError
from retarget.geometry import quaternion_product, unit
from retarget.wording import listed, quoted

__all__ = ["AcclaimSkeleton", "Bone", "looks_like_asf", "parse_asf", "turns_about"]

_MOST_BONES: Final = 2000
_REMEDY: Final = "export the skeleton again as ASF"
_CMU_LENGTH: Final = 0.45
_INCH: Final = 0.0254


@dataclass(slots=True)
class Bone:
    """A bone, or the root.

    Attributes:
        name: Its name.
        direction: From its start to its end at rest, in the world.
        length: Its length.
        axis: Axes of its degrees of freedom at rest: the quaternion (wxyz) that turns the world's into them.
        freedoms: What its numbers in a motion are: ``rx``, ``ry``, ``rz``, ``tx``, ``ty``, ``tz`` or ``l``.
    """

    name: str
    direction: Float64[np.ndarray, "3"] = field(default_factory=lambda: np.zeros(3))
    length: float = 0.0
    axis: Float64[np.ndarray, "4"] = field(default_factory=lambda: np.array([1.0, 0, 0, 0]))
    freedoms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AcclaimSkeleton:
    """A skeleton whose joints are where its bones begin; a bone at which nothing begins has an end of its own.

    Attributes:
        bones: The root, then bones after the bones they begin at.
        parents: For each joint of ``names`` its parent, -1 for the root.
        names: Names of the bones, and ``Foo#end`` for the ends of bones at which nothing begins.
        offsets: From each joint's parent to it at rest, in the file's unit.
        position: Where the root is at rest.
        metres_per_unit: Size of the unit, where the file is one of those in which that is known.
        degrees: Angles are in degrees.
    """

    bones: tuple[Bone, ...]
    names: tuple[str, ...]
    parents: Int64[np.ndarray, "J"]
    offsets: Float64[np.ndarray, "J 3"]
    position: Float64[np.ndarray, "3"]
    metres_per_unit: float | None
    degrees: bool


def looks_like_asf(data: bytes) -> bool:
    """Whether a text is an Acclaim skeleton."""
    start = data[:65536]
    return b":version" in start and b":bonedata" in data[: 1 << 20]


def turns_about(axes: str, angles: Float64[np.ndarray, "T n"]) -> Float64[np.ndarray, "T 4"]:
    """Quaternions (wxyz) of turns about fixed axes, the first one first; ``axes`` such as ``xyz``, angles in rad."""
    out: Float64[np.ndarray, "T 4"] | None = None
    for column, axis in enumerate(axes):
        turn = np.zeros((len(angles), 4))
        turn[:, 0] = np.cos(angles[:, column] / 2)
        turn[:, 1 + "xyz".index(axis)] = np.sin(angles[:, column] / 2)
        out = turn if out is None else quaternion_product(turn, out)
    return np.tile([1.0, 0.0, 0.0, 0.0], (len(angles), 1)) if out is None else out


@lru_cache(maxsize=1)  # a folder's takes have one skeleton
def parse_asf(data: bytes, path: Path) -> AcclaimSkeleton:
    """Parse an Acclaim skeleton.

    Raises:
        FileFormatError: It is none, or is cut short; the message names the line.
    """
    return _Parser(path).parse(data)


class _Parser:
    def __init__(self, path: Path) -> None:
        self.path = path
        self.line = 0
        self.root = Bone("root")
        self.bones: dict[str, Bone] = {}
        self.children: dict[str, list[str]] = {}
        self.length = 0.0
        self.degrees = True
        self.position = np.zeros(3)
        self.root_words: dict[str, list[str]] = {}

    def parse(self, data: bytes) -> AcclaimSkeleton:
        section, bone = "", {}  # type: str, dict[str, list[str]]
        for number, raw in enumerate(data.decode("latin-1").splitlines(), 1):
            self.line = number
            words = raw.partition("#")[0].split()
            if not words:
                continue
            if words[0].startswith(":"):
                section = words[0][1:].lower()
                continue
            key = words[0].lower()
            if section == "units":
                self._unit(key, words[1:])
            elif section == "root":
                self.root_words[key] = words[1:]
            elif section == "bonedata":
                if key == "begin":
                    bone = {}
                elif key == "end":
                    self._add(bone)
                else:
                    bone[key] = words[1:]
            elif section == "hierarchy" and key not in ("begin", "end"):
                self.children.setdefault(words[0], []).extend(words[1:])
        if not self.bones or not self.children:
            raise FileFormatError(self.path, "has no bones or no hierarchy", _REMEDY)
        self._root()
        return self._built()

    def _fail(self, cause: str) -> FileFormatError:
        return FileFormatError(self.path, cause, _REMEDY, line=self.line)

    def _numbers(self, words: list[str], count: int, what: str) -> list[float]:
        try:
            values = [float(word) for word in words[:count]]
        except ValueError:
            values = []
        if len(values) != count or not all(math.isfinite(v) and abs(v) < 1e9 for v in values):
            raise self._fail(f"{what} holds {quoted(' '.join(words))}, not {count} numbers")
        return values

    def _unit(self, key: str, words: list[str]) -> None:
        if key == "length":
            self.length = self._numbers(words, 1, "length")[0]
        elif key == "angle" and words:
            self.degrees = not words[0].lower().startswith("rad")

    def _axis(self, words: list[str], order: str) -> Float64[np.ndarray, "4"]:
        values = np.array(self._numbers(words, 3, "axis"))
        angles = np.radians(values) if self.degrees else values
        return np.asarray(turns_about(self._order(order), angles[None])[0])

    def _order(self, word: str) -> str:
        if sorted(word.lower()) != ["x", "y", "z"]:
            raise self._fail(f"the order of axes {quoted(word)} is none")
        return word.lower()

    def _root(self) -> None:
        words = self.root_words
        self.root.freedoms = tuple(
            word.lower() for word in words.get("order", ["tx", "ty", "tz", "rx", "ry", "rz"])
        )
        self.root.axis = self._axis(
            words.get("orientation", ["0"] * 3), (words.get("axis") or ["xyz"])[0]
        )
        self.position = np.array(self._numbers(words.get("position", ["0"] * 3), 3, "position"))

    def _add(self, words: dict[str, list[str]]) -> None:
        name = (words.get("name") or [""])[0]
        if not name or name in self.bones or len(self.bones) >= _MOST_BONES:
            raise self._fail("a bone has no name of its own, or there are too many")
        direction = np.array(self._numbers(words.get("direction", []), 3, "direction"))
        axis = words.get("axis", ["0", "0", "0", "XYZ"])
        self.bones[name] = Bone(
            name,
            unit(direction),
            self._numbers(words.get("length", []), 1, "length")[0],
            self._axis(axis, axis[3] if len(axis) > 3 else "xyz"),
            tuple(word.lower() for word in words.get("dof", [])),
        )

    def _built(self) -> AcclaimSkeleton:
        names, parents, offsets, bones = ["root"], [-1], [np.zeros(3)], [self.root]
        waiting = [("root", name) for name in reversed(self.children.get("root", []))]
        ends: list[tuple[int, Bone]] = []
        while waiting:
            parent, name = waiting.pop()
            if name not in self.bones or name in names:
                raise self._fail(
                    f"the hierarchy names {quoted(name)}, which is no bone or has a place already"
                )
            at = names.index(parent)
            names.append(name)
            parents.append(at)
            offsets.append(bones[at].direction * bones[at].length)
            bones.append(self.bones[name])
            below = self.children.get(name, [])
            waiting += [(name, child) for child in reversed(below)]
            if not below:
                ends.append((len(names) - 1, self.bones[name]))
        left = [name for name in self.bones if name not in names]
        if left:
            raise self._fail(f"the hierarchy leaves out {listed(left)}")
        for at, bone in ends:
            names.append(f"{bone.name}#end")
            parents.append(at)
            offsets.append(bone.direction * bone.length)
        known = abs(self.length - _CMU_LENGTH) < 1e-6
        return AcclaimSkeleton(
            tuple(bones), tuple(names), np.array(parents, np.int64), np.array(offsets), self.position,
            _INCH / _CMU_LENGTH if known else None, self.degrees,
        )  # fmt: skip
