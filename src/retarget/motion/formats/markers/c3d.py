"""C3D files: points of all processors' number formats, integers and floats, with their names and the person's sizes.

The format: the C3D.ORG user guide (Motion Lab Systems, 2008). Points are taken out of the records in one piece, which a
loop over frames is too slow for; analogue channels are passed over.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
from jaxtyping import Float64

from retarget.errors import FileFormatError
from retarget.frame_rates import rate_problem
from retarget.motion.formats.markers.trajectories import Trajectories
from retarget.motion.motion import BLOCK

__all__ = ["looks_like_c3d", "parse_c3d"]

_SECTION: Final = 512
_INTEL, _DEC, _MIPS = 84, 85, 86
_REMEDY: Final = "export it again as C3D"
_MOST_PARAMETERS: Final = 4096
_MOST_POINTS: Final = 10_000
# Groups of points that are results of a model and no markers.
_OUTPUTS: Final = (
    "ANGLES",
    "FORCES",
    "MOMENTS",
    "POWERS",
    "SCALARS",
    "MODELED_MARKERS",
    "REACTIONS",
)
_UNITS: Final = {"mm": 0.001, "millimeters": 0.001, "cm": 0.01, "m": 1.0, "meters": 1.0}


class _Parameter(NamedTuple):
    """A parameter's values: numbers in a flat array, or texts."""

    numbers: Float64[np.ndarray, "n"]
    texts: tuple[str, ...]


def looks_like_c3d(data: bytes) -> bool:
    """Whether a file begins as C3D files do: with the number of a section of parameters."""
    if len(data) < 2 * _SECTION or data[1] != 0x50 or data[0] == 0:
        return False
    at = (data[0] - 1) * _SECTION
    return len(data) > at + 4 and data[at + 3] in (_INTEL, _DEC, _MIPS, 0, 1)


def parse_c3d(data: bytes, path: Path) -> Trajectories:
    """Read a C3D file's points.

    Raises:
        FileFormatError: It holds no points or no names of them, or is cut short.
    """
    at = (data[0] - 1) * _SECTION if data else 0
    if len(data) < _SECTION or not 0 <= at < len(data) - 4:
        raise FileFormatError(path, "has no parameters where its head says", _REMEDY)
    processor = data[at + 3] if data[at + 3] in (_INTEL, _DEC, _MIPS) else _INTEL
    order = ">" if processor == _MIPS else "<"
    parameters = _parameters(data, at + 4, order, processor)
    head = struct.unpack(f"{order}6H", data[2:14])
    points, analogue, first, last = head[0], head[1], head[2], head[3]
    start = struct.unpack(f"{order}H", data[16:18])[0]
    scale = _one(parameters, "POINT:SCALE", _float(data[12:16], processor))
    rate = _one(parameters, "POINT:RATE", _float(data[20:24], processor))
    if points == 0 and any(key.startswith("ROTATION:") for key in parameters):
        cause = "holds turns of segments, as Theia3D writes them, and no markers"
        raise FileFormatError(path, cause, "export the skeleton as BVH, FBX or GLB")
    if not 0 < points <= _MOST_POINTS:
        raise FileFormatError(path, f"holds {points} points", _REMEDY)
    names = _labels(parameters)
    if len(names) < points:
        cause = f"names {len(names)} of its {points} points, so nobody knows which is which"
        raise FileFormatError(path, cause, "label the markers and export it again")
    if not parameters:
        raise FileFormatError(path, "has no parameters", _REMEDY)
    start = int(_one(parameters, "POINT:DATA_START", 0.0)) or start
    frames, first, notes = _frames(parameters, first, last)
    wide = scale < 0
    record = 4 * points + analogue
    size = record * (4 if wide else 2)
    offset = (start - 1) * _SECTION
    held = max(0, len(data) - offset) // size if offset > 0 else 0
    if held == 0:
        raise FileFormatError(path, "holds no frames", "the file may be cut short; copy it again")
    if held < frames or frames <= 0:
        notes.append(f"the file says {frames} frames and holds {held}; all of those were read")
        frames = held
    if problem := rate_problem(rate):
        raise FileFormatError(path, problem, "correct POINT:RATE, or say it with --source-fps")
    outputs = _outputs(parameters)
    kept = [i for i in range(points) if names[i] not in outputs]
    places = _places(data, offset, frames, record, kept, processor, 1.0 if wide else scale, wide)
    unit = " ".join(_texts(parameters, "POINT:UNITS")).strip().lower()
    return Trajectories(
        tuple(names[i] for i in kept), places, float(rate), _UNITS.get(unit), first,
        _sizes(parameters), tuple(notes), _up(parameters),
    )  # fmt: skip


def _parameters(data: bytes, at: int, order: str, processor: int) -> dict[str, _Parameter]:
    """All parameters as ``GROUP:NAME``; what is torn ends the list."""
    groups: dict[int, str] = {}
    found: list[tuple[int, str, _Parameter]] = []
    for _ in range(_MOST_PARAMETERS):
        if at + 2 > len(data):
            break
        length, group = struct.unpack("bb", data[at : at + 2])
        length = abs(length)
        if length == 0 or group == 0 or at + 4 + length > len(data):
            break
        name = data[at + 2 : at + 2 + length].decode("latin-1").strip().upper()
        here = at + 2 + length
        step = struct.unpack(f"{order}h", data[here : here + 2])[0]
        if group < 0:
            groups[-group] = name
        else:
            found.append((group, name, _parameter(data, here + 2, order, processor)))
        if step <= 0:
            break
        at = here + step
    return {f"{groups.get(group, group)}:{name}": value for group, name, value in found}


def _parameter(data: bytes, at: int, order: str, processor: int) -> _Parameter:
    nothing = _Parameter(np.empty(0), ())
    if at + 2 > len(data):
        return nothing
    kind, dimensions = struct.unpack("bB", data[at : at + 2])
    shape = tuple(data[at + 2 : at + 2 + dimensions])
    count = math.prod(shape)
    begin = at + 2 + dimensions
    raw = data[begin : begin + count * abs(kind)]
    if kind not in (-1, 1, 2, 4) or len(raw) != count * abs(kind):
        return nothing
    if kind == -1:
        width = shape[0] if len(shape) > 1 else count
        text = raw.decode("latin-1")
        rows = (
            [text[i : i + width].strip(" \0") for i in range(0, len(text), width)] if width else []
        )
        return _Parameter(np.empty(0), tuple(rows))
    if kind == 4:
        return _Parameter(_floats(np.frombuffer(raw, np.uint8).reshape(-1, 4), processor), ())
    return _Parameter(
        np.frombuffer(raw, f"{order}i{kind}" if kind == 2 else "i1").astype(np.float64), ()
    )


def _floats(raw: np.ndarray[Any, Any], processor: int) -> Float64[np.ndarray, "*n"]:
    """Numbers of four bytes each, in the last axis; DEC's have their halves swapped and are four times as large."""
    if processor == _DEC:
        swapped = np.ascontiguousarray(raw[..., [2, 3, 0, 1]])
        return np.asarray(swapped.view("<f4")[..., 0].astype(np.float64) / 4.0)
    kind = ">f4" if processor == _MIPS else "<f4"
    return np.asarray(np.ascontiguousarray(raw).view(kind)[..., 0].astype(np.float64))


def _float(raw: bytes, processor: int) -> float:
    return float(_floats(np.frombuffer(raw, np.uint8).reshape(1, 4), processor)[0])


def _one(parameters: Mapping[str, _Parameter], key: str, otherwise: float) -> float:
    value = parameters.get(key)
    return float(value.numbers[0]) if value is not None and len(value.numbers) else otherwise


def _texts(parameters: Mapping[str, _Parameter], key: str) -> tuple[str, ...]:
    value = parameters.get(key)
    return value.texts if value is not None else ()


def _labels(parameters: Mapping[str, _Parameter]) -> list[str]:
    """Names of points; beyond 255 of them lists go on in LABELS2, LABELS3."""
    names = list(_texts(parameters, "POINT:LABELS"))
    for number in range(2, 100):
        more = _texts(parameters, f"POINT:LABELS{number}")
        if not more:
            break
        names += more
    return names


def _outputs(parameters: Mapping[str, _Parameter]) -> set[str]:
    groups = {*_OUTPUTS, *(t.upper() for t in _texts(parameters, "POINT:TYPE_GROUPS"))}
    return {name for group in groups for name in _texts(parameters, f"POINT:{group}") if name}


def _frames(
    parameters: Mapping[str, _Parameter], first: int, last: int
) -> tuple[int, int, list[str]]:
    """How many frames the file says it has, and the number of the first."""
    begin, end = (
        _long(parameters.get(f"TRIAL:ACTUAL_{which}_FIELD")) for which in ("START", "END")
    )
    if begin is not None and end is not None and end >= begin > 0:
        return end - begin + 1, begin, []
    count = int(_one(parameters, "POINT:FRAMES", 0.0))
    said = last - first + 1
    return (max(said, count % 65536 if count < 0 else count), first, [])


def _up(parameters: Mapping[str, _Parameter]) -> str:
    """The axis that points up on the recorder's screen; z where it says nothing."""
    said = " ".join(_texts(parameters, "POINT:Y_SCREEN")).strip().lower()
    return (
        said.replace("+", "") if said.replace("+", "") in ("x", "y", "z", "-x", "-y", "-z") else "z"
    )


def _long(value: _Parameter | None) -> int | None:
    """A number in two words."""
    if value is None or len(value.numbers) < 2:
        return None
    low, high = (int(number) & 0xFFFF for number in value.numbers[:2])
    return low + (high << 16)


def _sizes(parameters: Mapping[str, _Parameter]) -> dict[str, float]:
    """The person's sizes as Plug-in Gait writes them, by the names it uses, such as ``LLegLength``."""
    return {
        key.partition(":")[2]: float(value.numbers[0])
        for key, value in parameters.items()
        if key.startswith("PROCESSING:") and len(value.numbers) and np.isfinite(value.numbers[0])
    }


def _places(
    data: bytes,
    offset: int,
    frames: int,
    record: int,
    kept: list[int],
    processor: int,
    scale: float,
    wide: bool,
) -> Float64[np.ndarray, "T N 3"]:
    """Positions, NaN where the fourth word says that a point was not seen, or where it lies at the very origin."""
    width = 4 if wide else 2
    raw = np.frombuffer(data, np.uint8, frames * record * width, offset).reshape(
        frames, record, width
    )
    columns = np.add.outer(4 * np.array(kept, np.int64), np.arange(4))
    places = np.empty((frames, len(kept), 3))
    for begin in range(0, frames, BLOCK):
        part = raw[begin : begin + BLOCK][:, columns.ravel()].reshape(-1, len(kept), 4, width)
        if wide:
            values = _floats(part, processor)
        else:
            kind = ">i2" if processor == _MIPS else "<i2"
            values = np.ascontiguousarray(part).view(kind)[..., 0].astype(np.float64)
        here = values[..., :3] * scale
        unseen = (values[..., 3] < 0) | ~np.any(here, axis=-1) | ~np.isfinite(here).all(axis=-1)
        here[unseen] = np.nan
        places[begin : begin + len(here)] = here
    return places
