"""A result's arrays on disk: what each must be, checked before anything is made of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any, Final, NamedTuple, NoReturn

import numpy as np

from retarget.containers import npz_names, read_npz, write_npz
from retarget.errors import FileFormatError
from retarget.inputs import read_bytes, understanding
from retarget.wording import shown

__all__ = [
    "RESIDUAL",
    "ROTATION_STEPS",
    "SCHEMA_VERSION",
    "is_result_file",
    "read_result_arrays",
    "write_result_arrays",
]

SCHEMA_VERSION: Final = 3
RESIDUAL: Final = "residual_"
"""Prefix of the residuals' arrays in a file."""
ROTATION_STEPS: Final = 32767
"""Of a quaternion's component from 0 to 1; half a step turns by 0.004 degrees at most."""

# Mantissa noise and packed rotations do not compress: deflating them takes ten times longer to save 5 to 10 %.
_STORED: Final = ("qpos", "source_positions", "source_rotations")
_COMPRESSION_LEVEL: Final = 1
_REMEDY: Final = "retarget the clip again"
_FARTHEST: Final = 1e6  # metres or rad; no body is there, and beyond it squares and sums lose all
_MOST_COST: Final = 1e30  # what single precision can still square
_OFF_UNIT: Final = (
    0.02  # of its length may a packed quaternion be off it; rounding is a ten-thousandth of that
)


class _Array(NamedTuple):
    """What an array of a result is: NumPy's kinds of numbers, a shape with named sizes, and how large values may be."""

    kinds: str
    shape: tuple[str | int, ...]
    most: float = np.inf


_TEXT: Final = _Array("U", ())
_ARRAYS: Final = {
    "qpos": _Array("f", ("frames", "coordinates"), _FARTHEST),
    "fps": _Array("fiu", ()),
    "joint_names": _Array("U", ("joints",)),
    "robot": _TEXT,
    "manifest_json": _TEXT,
    "contacts": _Array("b", ("frames", 2, 2)),
    "body_contacts": _Array("b", ("frames", "body contacts")),
    "body_contact_names": _Array("U", ("body contacts",)),
    "yielded_json": _TEXT,
    "frame_cost": _Array("f", ("frames",), _MOST_COST),
    "source_position_roles": _Array("U", ("places",)),
    "source_positions": _Array("f", ("frames", "places", 3), _FARTHEST),
    "source_rotation_roles": _Array("U", ("turns",)),
    "source_rotations": _Array("i", ("frames", "turns", 4)),
}
_SCENE: Final = {
    "thing_names": _Array("U", ("things",)),
    "thing_poses": _Array("f", ("frames", "things", 7), _FARTHEST),
    "thing_sizes": _Array("f", ("things",), _FARTHEST),
    "thing_moves": _Array("b", ("things",)),
    "source_thing_poses": _Array("f", ("frames", "things", 7), _FARTHEST),
    "touch_names": _Array("U", ("touch points",)),
    "touches": _Array("i", ("frames", "touch points")),
    "hold_runs": _Array("iu", ("holds", 4)),
    "hold_places": _Array("f", ("holds", 3), _FARTHEST),
    "scene_json": _TEXT,
}
"""Arrays that a result with things around it has besides."""
_RESIDUALS: Final = _Array("f", ("frames",), _FARTHEST)

_HOLD: Final = {"point": str, "start_s": float, "end_s": float, "distance": float}

# What is read of a record by those who judge a result, by its place.
_RECORD: Final = {
    "schema_version": int,
    "motion": dict,
    "options": dict,
    "run": dict,
    "run.robot": str,
    "robot_sha256": str,
}


def write_result_arrays(stream: IO[bytes], arrays: Mapping[str, np.ndarray]) -> None:
    """Write a result's arrays; what compresses well is compressed."""
    write_npz(stream, arrays, stored=_STORED, level=_COMPRESSION_LEVEL)


def read_result_arrays(path: str | Path) -> dict[str, Any]:
    """Read and check a result's arrays.

    Returns:
        The arrays by name, read-only, with the residuals of any name; texts as ``str``, and those that end in
        ``_json`` as what they say.

    Raises:
        FileFormatError: The file is missing, torn, or no result; the message names the array, and the frame where
            there is one.
    """
    data = read_bytes(path, "give the path of a result (.npz)")
    arrays: dict[str, Any] = read_npz(data, path)
    with understanding(path, "retargeting result", _REMEDY):
        missing = [name for name in _ARRAYS if name not in arrays]
        if missing:
            own = "manifest_json" in arrays
            cause = f"has no array {missing[0]!r}; " + (
                "another version of retarget wrote it" if own else "it is no retargeting result"
            )
            raise FileFormatError(path, cause, _REMEDY)
        residuals = {name: _RESIDUALS for name in arrays if name.startswith(RESIDUAL)}
        sizes: dict[str, int] = {}
        scene = _SCENE if "scene_json" in arrays else {}
        if missing := [name for name in scene if name not in arrays]:
            raise FileFormatError(path, f"has a scene but no array {missing[0]!r}", _REMEDY)
        for name, said in {**_ARRAYS, **scene, **residuals}.items():
            _check(path, name, arrays[name], said, sizes)
        if not sizes["frames"]:
            raise FileFormatError(path, "holds no frames", _REMEDY)
        _check_rotations(path, arrays["source_rotations"])
        for name, said in {**_ARRAYS, **scene}.items():
            if said is _TEXT:
                arrays[name] = str(arrays[name])
            if name.endswith("_json"):
                arrays[name] = _parsed(path, name, arrays[name])
        _check_record(path, arrays["manifest_json"])
        _check_yielded(path, arrays["yielded_json"])
    return arrays


def _check(
    path: str | Path, name: str, array: np.ndarray, said: _Array, sizes: dict[str, int]
) -> None:
    """Check an array's kind, shape and values; sizes that are met first are noted."""
    kind_fits = array.dtype.kind in said.kinds or (array.size == 0 and said.kinds == "U")
    if not kind_fits or (said.kinds == "i" and array.dtype != np.int16):
        raise FileFormatError(path, f"{name} holds {array.dtype}", _REMEDY)
    wanted = (
        tuple(
            sizes.setdefault(size, at) if isinstance(size, str) else size
            for size, at in zip(said.shape, array.shape, strict=True)
        )
        if len(said.shape) == array.ndim
        else said.shape
    )
    if array.shape != wanted:
        named = ", ".join(
            f"{sizes[size]} {size}" if size in sizes else str(size) for size in said.shape
        )
        cause = f"{name} is of shape {array.shape}, not of ({named})"
        raise FileFormatError(path, cause, _REMEDY)
    if array.dtype.kind == "f":
        most = min(said.most, float(np.finfo(array.dtype).max))
        wrong = ~(np.abs(array) <= most)  # true for NaN too
        if wrong.any():
            at = tuple(int(index) for index in np.argwhere(wrong)[0])
            place = f"frame {at[0]}, " if at else ""
            cause = f"{name}: {place}value {at[1:]} is {array[at]:g}"
            raise FileFormatError(path, cause, _REMEDY)


def _check_rotations(path: str | Path, rotations: np.ndarray) -> None:
    squares = np.einsum("tsi,tsi->ts", rotations, rotations, dtype=np.float32)
    wrong = np.abs(squares / np.float32(ROTATION_STEPS**2) - 1) > 2 * _OFF_UNIT
    if wrong.any():
        frame, which = np.argwhere(wrong)[0]
        cause = f"source_rotations: frame {frame}, rotation {which} is no unit quaternion"
        raise FileFormatError(path, cause, _REMEDY)


def _parsed(path: str | Path, name: str, text: str) -> Any:
    def no_number(word: str) -> NoReturn:
        raise FileFormatError(path, f"{name} holds {word}", _REMEDY)

    try:
        return json.loads(text, parse_constant=no_number)
    except json.JSONDecodeError as error:
        raise FileFormatError(path, f"{name} is not JSON ({error})", _REMEDY) from None


def _check_record(path: str | Path, record: object) -> None:
    """Check the types of what is read of a record; what it lacks was not known when it was written."""
    if not isinstance(record, dict):
        raise FileFormatError(path, "manifest_json is not a JSON object", _REMEDY)
    for place, kind in _RECORD.items():
        *tables, key = place.split(".")
        table = record
        for outer in tables:
            table = table.get(outer, {})
        value = table.get(key)
        if value is not None and type(value) is not kind:
            held = shown(repr(value)[:40])
            cause = f"manifest_json: {place} is {held}, not of type {kind.__name__}"
            raise FileFormatError(path, cause, _REMEDY)
    version = record.get("schema_version", SCHEMA_VERSION)
    if version > SCHEMA_VERSION:
        cause = f"is of schema version {version}; this retarget reads up to {SCHEMA_VERSION}"
        raise FileFormatError(path, cause, "update retarget")


def _check_yielded(path: str | Path, holds: object) -> None:
    """Check that a list of holds that gave way holds what `retarget.result.YieldedHold` takes."""
    if not isinstance(holds, list):
        raise FileFormatError(path, "yielded_json is no list", _REMEDY)
    for number, hold in enumerate(holds):
        fits = isinstance(hold, dict) and hold.keys() == _HOLD.keys()
        if not fits or any(type(hold[key]) is not kind for key, kind in _HOLD.items()):
            cause = f"yielded_json: entry {number} is no hold with {', '.join(_HOLD)}"
            raise FileFormatError(path, cause, _REMEDY)


def is_result_file(path: Path) -> bool:
    """Whether a file is a result of ours, or one that is damaged or missing."""
    if not path.is_file():
        return not path.exists()
    with path.open("rb") as stream:
        archive = stream.read(2) == b"PK"
    names = npz_names(path.read_bytes()) if archive else ()
    return "manifest_json" in names or (path.suffix == ".npz" and not names)
