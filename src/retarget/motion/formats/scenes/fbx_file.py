"""Binary FBX as a tree of named nodes with values; arrays are unpacked when they are asked for.

The layout, which Autodesk does not publish: "FBX binary file format specification" (code.blender.org, 2013) and ufbx.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np

from retarget.errors import FileFormatError

__all__ = ["FBX_MAGIC", "OLDEST", "TORN", "FbxArray", "FbxNode", "open_fbx"]

FBX_MAGIC: Final = b"Kaydara FBX Binary  \x00"
_HEAD: Final = 27  # bytes: the magic, two more and the version
# What is read of the whole file, and of its objects: meshes and pictures are most of many files.
_WANTED: Final = {
    "": frozenset({"GlobalSettings", "Objects", "Connections"}),
    "Objects": frozenset(
        {"Model", "AnimationStack", "AnimationLayer", "AnimationCurveNode", "AnimationCurve"}
    ),
}
OLDEST: Final = 7000
_WIDE: Final = 7500  # from this version on, offsets have 64 bits
_DEEPEST: Final = 64
_MOST_NODES: Final = 2_000_000
_MOST_UNPACKED: Final = 1 << 29
_SINGLE: Final = {
    code: struct.Struct(layout)
    for code, layout in {"Y": "<h", "I": "<i", "F": "<f", "D": "<d", "L": "<q"}.items()
}
_SIZE, _ARRAY = struct.Struct("<I"), struct.Struct("<3I")
_ARRAYS: Final = {"i": "<i4", "l": "<i8", "f": "<f4", "d": "<f8", "b": "|u1", "c": "|u1"}
TORN: Final = "export or copy it again"


class FbxArray(NamedTuple):
    """An array as it lies in the file.

    Attributes:
        kind: NumPy's name of its numbers.
        length: How many there are.
        packed: Whether they are deflated.
        content: Their bytes.
    """

    kind: str
    length: int
    packed: bool
    content: memoryview

    def numbers(self) -> np.ndarray[Any, Any]:
        """Its numbers.

        Raises:
            ValueError: There are more or fewer than it says.
        """
        size = self.length * np.dtype(self.kind).itemsize
        raw: bytes | memoryview = self.content
        if self.packed:
            if size > _MOST_UNPACKED:
                raise ValueError("an array is too large")
            raw = zlib.decompressobj().decompress(self.content, size + 1)
        if len(raw) != size:
            raise ValueError("an array has other numbers than it says")
        return np.frombuffer(raw, self.kind)


class FbxNode(NamedTuple):
    """A node of the tree.

    Attributes:
        name: Its name.
        values: Numbers, texts as bytes, and arrays.
        nodes: Those below it.
    """

    name: str
    values: tuple[Any, ...]
    nodes: tuple[FbxNode, ...]

    def below(self, name: str) -> Iterator[FbxNode]:
        """The nodes of this name that are below it."""
        return (node for node in self.nodes if node.name == name)

    def first(self, name: str) -> FbxNode | None:
        """The first of them."""
        return next(self.below(name), None)

    def arrays(self, names: frozenset[str]) -> dict[str, np.ndarray[Any, Any]]:
        """The numbers of arrays below it, by the names of their nodes; of several of one name the first.

        Args:
            names: Which arrays are wanted.

        Raises:
            ValueError: One is no array, or holds other numbers than it says.
        """
        found: dict[str, np.ndarray[Any, Any]] = {}
        for node in self.nodes:
            if node.name in names and node.values and node.name not in found:
                numbers = getattr(node.values[0], "numbers", None)  # of a binary file, or a text
                if numbers is None:
                    raise ValueError(f"{node.name} is no array")
                found[node.name] = numbers()
        return found


def open_fbx(data: bytes, path: Path) -> tuple[FbxNode, int]:
    """What a binary FBX file says of skeletons and their animation, as a tree, and its version, such as 7400.

    Raises:
        FileFormatError: It is torn, or older than version 7.
    """
    if len(data) < _HEAD:
        raise FileFormatError(path, "ends within its head", TORN)
    version = int(struct.unpack_from("<I", data, _HEAD - 4)[0])
    if version < OLDEST:
        cause = f"is FBX of version {version / 1000:g}, which is not read"
        raise FileFormatError(path, cause, "export it again as FBX 2014 (7.4) or newer")
    try:
        nodes = tuple(_Tree(data, version >= _WIDE).nodes(_HEAD, len(data), 0, _WANTED[""]))
    except (struct.error, IndexError, ValueError, KeyError) as error:
        raise FileFormatError(path, f"is torn ({error})"[:200], TORN) from None
    return FbxNode("", (), nodes), version


class _Tree:
    """Takes a file apart."""

    def __init__(self, data: bytes, wide: bool) -> None:
        self.data, self.view = data, memoryview(data)
        self.head = struct.Struct("<3QB" if wide else "<3IB")
        self.made = 0

    def nodes(
        self, at: int, stop: int, depth: int, wanted: frozenset[str] | None
    ) -> Iterator[FbxNode]:
        if depth > _DEEPEST:
            raise ValueError("its nodes are too deep")
        while at < stop:
            end, count, size, name = self.head.unpack_from(self.data, at)
            begin = at + self.head.size
            if end == 0:  # what closes a list
                return
            self.made += 1
            if not begin + name + size <= end <= stop or self.made > _MOST_NODES:
                raise ValueError(f"a node at byte {at} goes beyond what it is in")
            word = self.data[begin : begin + name].decode("utf-8", "replace")
            if wanted is None or word in wanted:
                values, after = self.values(begin + name, count, size)
                below = self.nodes(after, end, depth + 1, _WANTED.get(word))
                yield FbxNode(word, values, tuple(below))
            at = end

    def values(self, at: int, count: int, size: int) -> tuple[tuple[Any, ...], int]:
        stop = at + size
        if count > size:
            raise ValueError("a node has more values than bytes")
        found: list[Any] = []
        for _ in range(count):
            code = chr(self.data[at])
            value, at = self.value(code, at + 1)
            if at > stop:
                raise ValueError("a value goes beyond its node")
            found.append(value)
        return tuple(found), stop

    def value(self, code: str, at: int) -> tuple[Any, int]:
        if code in _SINGLE:
            layout = _SINGLE[code]
            return layout.unpack_from(self.data, at)[0], at + layout.size
        if code in "CB":
            return bool(self.data[at]), at + 1
        if code in "SR":
            size = _SIZE.unpack_from(self.data, at)[0]
            return self.data[at + 4 : at + 4 + size], at + 4 + size
        if code not in _ARRAYS:
            raise ValueError(f"a value is of the kind {code!r}")
        count, packed, size = _ARRAY.unpack_from(self.data, at)
        begin = at + 12
        size = size if packed else count * np.dtype(_ARRAYS[code]).itemsize
        content = self.view[begin : begin + size]
        return FbxArray(_ARRAYS[code], count, bool(packed), content), begin + size
