"""The container of glTF 2.0: JSON with buffers, in one file (GLB), beside it or inside it; and its accessors.

The format: "glTF 2.0 Specification" (Khronos, 2021).
"""

from __future__ import annotations

import base64
import json
import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote

import numpy as np
from jaxtyping import Float32, Float64

from retarget.errors import FileFormatError
from retarget.inputs import read_bytes
from retarget.wording import quoted

__all__ = ["GltfFile", "open_gltf"]

_MAGIC: Final = b"glTF"
_JSON, _BIN = 0x4E4F534A, 0x004E4942
_REMEDY: Final = "export it again as GLB"
_KINDS: Final = {5120: "<i1", 5121: "<u1", 5122: "<i2", 5123: "<u2", 5125: "<u4", 5126: "<f4"}
_WIDTHS: Final = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT4": 16}
_LARGEST: Final = {"i1": 127.0, "u1": 255.0, "i2": 32767.0, "u2": 65535.0}
_MOST_NUMBERS: Final = 1 << 27


@dataclass(frozen=True, slots=True)
class GltfFile:
    """A glTF file.

    Attributes:
        content: Its JSON.
        path: Where it is from.
        inside: The buffer of a GLB file.
        buffers: Those that were opened, as many accessors lie in one.
    """

    content: dict[str, Any]
    path: Path
    inside: bytes | memoryview
    buffers: dict[int, bytes | memoryview] = field(default_factory=dict)

    def items(self, kind: str) -> list[dict[str, Any]]:
        """All nodes, animations or others."""
        found = self.content.get(kind, [])
        if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
            raise FileFormatError(self.path, f"its {kind} are no list", _REMEDY)
        return found

    def numbers(self, accessor: int) -> Float64[np.ndarray, "n w"] | Float32[np.ndarray, "n w"]:
        """The numbers of an accessor, a row for each element; integers that are normalised become shares.

        What is in single precision stays so: a long animation has millions.
        """
        said = self._one("accessors", accessor)
        count, width = int(said.get("count", 0)), _WIDTHS.get(str(said.get("type")), 0)
        kind = _KINDS.get(int(said.get("componentType", 0)), "")
        if not width or not kind or not 0 < count * width <= _MOST_NUMBERS:
            raise FileFormatError(
                self.path, f"accessor {accessor} is of no kind that is known", _REMEDY
            )
        values = np.zeros((count, width), np.float32 if kind == "<f4" else np.float64)
        if "bufferView" in said:
            values[:] = self._view(
                said["bufferView"], int(said.get("byteOffset", 0)), kind, count, width
            )
        if "sparse" in said:
            sparse = said["sparse"]
            some, where = int(sparse["count"]), sparse["indices"]
            places = self._view(
                where["bufferView"], int(where.get("byteOffset", 0)), _KINDS[int(where["componentType"])], some, 1
            ).astype(np.int64)[:, 0]  # fmt: skip
            if some and not (places.min() >= 0 and places.max() < count):
                raise FileFormatError(self.path, f"accessor {accessor} is torn", _REMEDY)
            other = sparse["values"]
            values[places] = self._view(
                other["bufferView"], int(other.get("byteOffset", 0)), kind, some, width
            )
        if said.get("normalized") and kind[1:] in _LARGEST:
            values = np.maximum(values / _LARGEST[kind[1:]], -1.0)
        return values

    def _one(self, kind: str, index: int) -> dict[str, Any]:
        found = self.content.get(kind, [])
        known = isinstance(found, list) and isinstance(index, int) and 0 <= index < len(found)
        if not known or not isinstance(found[index], dict):
            raise FileFormatError(
                self.path, f"speaks of a {kind[:-1]} {quoted(index)} that it lacks", _REMEDY
            )
        one: dict[str, Any] = found[index]
        return one

    def _view(self, index: int, offset: int, kind: str, count: int, width: int) -> np.ndarray:
        view = self._one("bufferViews", index)
        buffer = self._buffer(int(view.get("buffer", 0)))
        size = np.dtype(kind).itemsize * width
        step = int(view.get("byteStride", size)) or size
        begin = int(view.get("byteOffset", 0)) + offset
        if begin < 0 or step < size or count < 1 or begin + (count - 1) * step + size > len(buffer):
            raise FileFormatError(self.path, "its buffer is cut short", "copy it again")
        rows = np.lib.stride_tricks.as_strided(
            np.frombuffer(buffer, np.uint8)[begin:], (count, size), (step, 1), writeable=False
        )
        return np.ascontiguousarray(rows).view(kind).reshape(count, width)

    def _buffer(self, index: int) -> bytes | memoryview:
        if index not in self.buffers:
            self.buffers[index] = self._opened(index)
        return self.buffers[index]

    def _opened(self, index: int) -> bytes | memoryview:
        said = self._one("buffers", index)
        uri = said.get("uri")
        if uri is None:
            return self.inside
        if str(uri).startswith("data:"):
            return base64.b64decode(str(uri).partition(",")[2])
        name = unquote(str(uri))
        if Path(name).is_absolute() or ".." in Path(name).parts or "://" in name:
            raise FileFormatError(self.path, f"its buffer {quoted(name)} lies elsewhere", _REMEDY)
        return read_bytes(self.path.parent / name, "copy the file that lies beside the .gltf file")


def open_gltf(data: bytes, path: Path) -> GltfFile:
    """Open a glTF or GLB file.

    Raises:
        FileFormatError: It is neither, or of version 1.
    """
    text: bytes = data
    inside: bytes | memoryview = b""
    if data.startswith(_MAGIC):
        version = struct.unpack("<I", data[4:8])[0]
        if version != 2:
            raise FileFormatError(path, f"is glTF of version {version}", "export it as glTF 2.0")
        at = 12
        while at + 8 <= len(data):
            size, kind = struct.unpack("<II", data[at : at + 8])
            if kind == _JSON:
                text = data[at + 8 : at + 8 + size]
            elif kind == _BIN:
                inside = memoryview(data)[at + 8 : at + 8 + size]
            at += 8 + size
    try:
        content = json.loads(text.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise FileFormatError(path, "holds no JSON that can be read", _REMEDY) from None
    if not isinstance(content, dict) or not isinstance(content.get("asset"), dict):
        raise FileFormatError(path, "is no glTF file", _REMEDY)
    return GltfFile(content, path, inside)
