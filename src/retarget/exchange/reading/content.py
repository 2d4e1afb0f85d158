"""What a file of robot motion holds, by key, before anything is known of its meaning."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree

import numpy as np

from retarget.containers import PLAIN, Allowance, read_data, record
from retarget.errors import FileFormatError
from retarget.exchange.objects import THING_PREFIX
from retarget.exchange.tables import Container
from retarget.inputs import read_bytes, understanding

__all__ = ["Content", "read_content"]

_LARGEST_BYTES: Final = 2 << 30
_ENUMS: Final = Allowance(
    {
        name: record(name, lambda it, budget: it.arguments[0] if it.arguments else None)
        for name in (
            "protomotions.simulator.base_simulator.simulator_state.StateConversion",
            "protomotions.simulator.base_simulator.robot_state.StateConversion",
        )
    }
)
_WORDS: Final = re.compile(rb"\s*[A-Za-z]{4,}\s")  # nor a pickle: those of text begin with a mark
_INDICES: Final = re.compile(r"Body part indexes:\s*\[([0-9 \n]*)\]")


@dataclass(frozen=True, slots=True, eq=False)
class Content:
    """A file's values.

    Attributes:
        path: The file, or the folder.
        container: How they are packed.
        values: By key; of a table of text ``columns``, ``headings`` or none, and nothing else.
        remarks: What is against the rules of consumers about how it is packed, by name of the rule.
    """

    path: Path
    container: Container
    values: Mapping[str, Any]
    remarks: tuple[tuple[str, str], ...] = ()


def read_content(path: str | Path) -> Content:
    """Read a file of robot motion, or a folder of tables, as plain data; no code of it is run.

    Raises:
        FileFormatError: It is missing, too large, torn, asks for code, or is in no container that is known.
    """
    path = Path(path)
    with understanding(path, "robot motion", "export it again"):
        return _folder(path) if path.is_dir() else _content(path)


def _content(path: Path) -> Content:
    data = read_bytes(path, "give the path of a robot's motion", most=_LARGEST_BYTES)
    if not data.strip():
        raise FileFormatError(path, "is empty", "export it again")
    if data.lstrip()[:1] == b"<":
        return Content(path, "mjcf", _keyframes(data, path))
    if _is_text(data):
        return Content(path, "csv", _table(data, path))
    if _WORDS.match(data):
        raise FileFormatError(
            path,
            "is text, and no table of numbers with commas between them",
            "give a robot's motion; a human's is for: retarget inspect",
        )
    values = read_data(data, path, PLAIN | _ENUMS)
    if not isinstance(values, dict) or not all(isinstance(key, str) for key in values):
        raise FileFormatError(
            path,
            f"holds a {type(values).__name__} and no named values",
            "give a file of one of the formats that `retarget formats --exports` lists",
        )
    return Content(path, _container(data), values, _remarks(data))


def _container(data: bytes) -> Container:
    if data.startswith(b"\x93NUMPY"):
        return "npy_dict"
    if data.startswith(b"PK\x03\x04"):
        return "npz" if b".npy" in data[:300] else "torch_zip"
    return "pickle"


def _remarks(data: bytes) -> tuple[tuple[str, str], ...]:
    """What readers in older or other environments stumble over."""
    remarks = []
    if _container(data) in {"pickle", "npy_dict"} and b"numpy._core" in data:
        text = "its pickle names numpy._core, which NumPy 1 does not have: trainers on it cannot open the file"
        remarks.append(("container", text))
    if _container(data) == "npz" and data[8:10] != b"\x00\x00":
        text = "its arrays are compressed, which readers in C++ (cnpy) cannot open"
        remarks.append(("container", text))
    return tuple(remarks)


def _is_text(data: bytes) -> bool:
    """Whether a file begins as a table of text does."""
    head = data[:4096].removeprefix(b"\xef\xbb\xbf")
    return b"\x00" not in head and b"," in head and all(c >= 32 or c in b"\t\r\n" for c in head)


def _table(data: bytes, path: Path) -> dict[str, Any]:
    """Columns, and headings where the first line has some."""
    try:
        text = data.removeprefix(b"\xef\xbb\xbf").decode("utf-8")
    except UnicodeDecodeError as error:
        raise FileFormatError(path, f"is no text ({error.reason})", "export it again") from error
    first, _, rest = text.partition("\n")
    cells = [cell.strip() for cell in first.strip().split(",")]
    headed = not all(map(_is_number, cells))
    body = rest if headed else text
    if not body.strip():
        raise FileFormatError(path, "holds no frames", "export it again with its motion")
    lines = body.splitlines()
    for at, line in enumerate(lines):
        if line.strip() and line.count(",") != len(cells) - 1:
            cause = f"a row has {line.count(',') + 1} columns, the first line {len(cells)}"
            raise FileFormatError(path, cause, "export it again", line=at + 1 + headed)
    try:
        columns = np.loadtxt(io.StringIO(body), delimiter=",", ndmin=2, comments=None)
    except ValueError as error:
        cause = str(error).partition(";")[0]
        raise FileFormatError(
            path, f"is no table of numbers ({cause})", "export it again"
        ) from None
    return {"columns": columns, **({"headings": tuple(cells)} if headed else {})}


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _folder(path: Path) -> Content:
    """Tables of a folder by their file names, and which links the metadata says they are of."""
    files = sorted(path.glob("*.csv"))
    if not files:
        raise FileFormatError(
            path, "is a folder without tables (.csv)", "give a file, or the folder of one motion"
        )
    values: dict[str, Any] = {
        file.name: _table(read_bytes(file, "export the motion again", most=_LARGEST_BYTES), file)[
            "columns"
        ]
        for file in files
    }
    metadata = path / "metadata.txt"
    if metadata.is_file():
        found = _INDICES.search(metadata.read_text("utf-8", "replace"))
        if found is None:
            raise FileFormatError(
                metadata, "lists no body part indexes on one line", "export the motion again"
            )
        values["indices"] = tuple(int(number) for number in found[1].split())
    return Content(path, "csv_folder", values)


def _keyframes(data: bytes, path: Path) -> dict[str, Any]:
    """``time``, ``qpos`` and ``qvel`` of all keys, and names of the things in the model around them."""
    if b"<!DOCTYPE" in data or b"<!ENTITY" in data:
        raise FileFormatError(path, "is XML with a document type", "export it again without")
    try:
        root = ElementTree.fromstring(data)
        keys = [key for frame in root.iter("keyframe") for key in frame]
        columns: dict[str, Any] = {
            name: np.array([key.attrib[name].split() for key in keys], np.float64)
            for name in ("time", "qpos", "qvel")
            if all(name in key.attrib for key in keys)
        }
    except (ElementTree.ParseError, ValueError) as error:
        raise FileFormatError(path, f"is torn, or no XML ({error})", "export it again") from None
    if not keys or "qpos" not in columns:
        raise FileFormatError(path, "holds no keyframes with qpos", "give a file of motion")
    if "time" in columns:
        columns["time"] = columns["time"][:, 0]
    free = [body for body in root.iter("body") if body.find("freejoint") is not None]
    names = [name for body in free if (name := body.get("name", "")).startswith(THING_PREFIX)]
    if names:
        columns["object_names"] = [name.removeprefix(THING_PREFIX) for name in names]
    return columns
