"""JSON of frames with points of the body, as scripts around detectors write it: there is no one layout.

A frame is a list of points, a mapping of names to points, or a mapping with one of these under some key; a point is
three numbers (more are left out) or a mapping with x, y and z and perhaps a name. Frames are the whole file or one of
its values, beside which a rate may stand. Of places in a picture and places in the world the latter are read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from jaxtyping import Float64

from retarget.errors import FileFormatError
from retarget.motion.formats.arrays.points import PointSet

__all__ = ["looks_like_landmarks", "points_of_landmarks", "rate_of_times"]

_LARGEST: Final = 1 << 26  # bytes: what Python makes of them takes twelve times as much
_FRAMES: Final = (
    "frames", "data", "poses", "motion", "positions", "joint_positions", "keypoints", "keypoints_3d", "keypoints3d",
    "landmarks", "world_landmarks", "pose_world_landmarks", "results", "joints",
)  # fmt: skip
# Where a frame has its points: in the world first.
_POINTS: Final = (
    "pose_world_landmarks", "poseWorldLandmarks", "worldLandmarks", "world_landmarks", "keypoints3d", "keypoints3D",
    "keypoints_3d", "joints3d", "joints_3d", "positions", "joint_positions", "pose_landmarks", "poseLandmarks",
    "landmarks", "landmark", "joints", "keypoints", "points", "pose", "body",
)  # fmt: skip
_NAMES: Final = ("name", "joint", "label", "part", "landmark", "keypoint")
_LISTED: Final = (
    "joint_names",
    "names",
    "landmark_names",
    "keypoint_names",
    "keypoints_names",
    "labels",
)
_TIMES: Final = ("timestamp", "time", "t", "timestamp_ms", "time_ms")
_RATES: Final = ("fps", "frame_rate", "framerate", "frameRate", "rate")
_TOLD: Final = (b'"x"', b"landmark", b"eypoint", b'"joint', b'"positions"')
_TRIPLE: Final = re.compile(rb"\[\s*(?:-?\d|null|NaN)[^\[\]{}:,]*(?:,[^\[\]{}:,\"]*){2,4}\]")
_NAMED: Final = re.compile(rb'"[zZ]"\s*:\s*[-\dnN]')
_HEAD: Final = 1 << 16  # bytes in which a recording has the points of several frames
_DEEPEST: Final = 3
_FEWEST: Final = 10  # points of a body
_REMEDY: Final = "write a list of frames, each a list of points with x, y and z, or an object with names of points"


def looks_like_landmarks(data: bytes) -> bool:
    """Whether a text is JSON that begins with points of three numbers, and speaks of them or is nothing but lists."""
    start = data[:_HEAD].lstrip(b"\xef\xbb\xbf \t\r\n")
    if not start.startswith((b"[", b"{")):
        return False
    bare = b"".join(start[:64].split())
    if not bare.startswith(b"[[[") and not any(word in start for word in _TOLD):
        return False
    return any(len(point.findall(start)) >= _FEWEST for point in (_TRIPLE, _NAMED))


def points_of_landmarks(text: str, path: Path) -> PointSet:
    """The points of all frames.

    Raises:
        FileFormatError: The file holds no frames of points with three coordinates each.
    """
    if len(text) > _LARGEST:
        raise FileFormatError(path, "is too large for JSON", "write it as .npz")
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise FileFormatError(path, f"cannot be read ({error})"[:300], _REMEDY) from None
    frames, said = _frames_in(content)
    try:
        names, places = _table(_points_in(frame, 0) or {} for frame in frames)
    except (TypeError, ValueError, OverflowError) as error:
        raise FileFormatError(path, f"a point cannot be read ({error})"[:300], _REMEDY) from None
    if len(names) < _FEWEST:
        raise FileFormatError(path, _what_lacks(text), _REMEDY)
    if not np.isfinite(places).any():
        raise FileFormatError(path, "none of its points has a place", _REMEDY)
    listed = next((said[key] for key in _LISTED if isinstance(said.get(key), list)), None)
    if all(name.isdigit() for name in names):
        names = ()
        if listed is not None and len(listed) == places.shape[1]:
            names = tuple(str(name) for name in listed)
    names = names if len(set(names)) == len(names) else ()
    return PointSet(places, names, fps=_rate(said, frames))


def _table(
    frames: Iterable[Mapping[str, Any]],
) -> tuple[tuple[str, ...], Float64[np.ndarray, "T N 3"]]:
    """Names of the points of the first frame that has any, and where they are in each; NaN where they are not.

    A frame is made numbers at once: as Python's own, those of a long recording are gigabytes.
    """
    at: dict[str, int] = {}
    rows: list[Float64[np.ndarray, "N 3"]] = []
    for points in frames:
        at = at or {name: index for index, name in enumerate(points)}
        row = np.full((len(at), 3), np.nan)
        known = [name for name in points if name in at]
        if known:
            row[[at[name] for name in known]] = [points[name] for name in known]
        rows.append(row)
    places = np.full((len(rows), len(at), 3), np.nan)
    for place, row in zip(places, rows, strict=True):
        place[: len(row)] = row  # of frames before the first point there are none
    return tuple(at), places


def rate_of_times(times: Float64[np.ndarray, "T"]) -> float:
    """Frames per second by their times, whole where they nearly are; NaN where they do not tell."""
    times = times[np.isfinite(times)]
    if len(times) < 2 or not times[-1] > times[0]:
        return float("nan")
    rate = (len(times) - 1) / (times[-1] - times[0])
    whole = round(rate)
    return float(whole if whole > 0 and abs(rate - whole) < 0.01 * whole else rate)


def _frames_in(content: Any) -> tuple[Sequence[Any], Mapping[str, Any]]:
    """The frames, and what is said beside them."""
    if isinstance(content, list):
        return content, {}
    if not isinstance(content, Mapping):
        return (), {}
    for key in (*_FRAMES, *content):
        value = content.get(key)
        if isinstance(value, list) and value and isinstance(value[0], (list, dict)):
            return value, content
        if isinstance(value, Mapping) and all(str(number).isdigit() for number in value) and value:
            return [value[number] for number in sorted(value, key=int)], content
    return (), content


def _points_in(frame: Any, depth: int) -> dict[str, Any] | None:
    """Names and coordinates of a frame's points; None where there are none."""
    if depth > _DEEPEST:
        return None
    if isinstance(frame, list):
        return _of_list(frame, depth)
    if not isinstance(frame, Mapping):
        return None
    points = {str(name): point for name, one in frame.items() if (point := _point(one)) is not None}
    if len(points) >= _FEWEST:
        return points
    for key in _POINTS:
        if key in frame and (found := _points_in(frame[key], depth + 1)):
            return found
    return None


def _of_list(items: Sequence[Any], depth: int) -> dict[str, Any] | None:
    """A list of points, of as many numbers as three for each, or of persons, of whom the first one is taken."""
    points = [_point(item) for item in items]
    if points and all(point is not None for point in points):
        return dict(zip(_names_of(items), points, strict=True))
    if depth == 0 and len(items) % 3 == 0 and all(isinstance(item, (int, float)) for item in items):
        return {str(at // 3): items[at : at + 3] for at in range(0, len(items), 3)}
    if items and depth > 0:
        return _points_in(items[0], depth + 1)
    return None


def _names_of(items: Sequence[Any]) -> Iterator[str]:
    for number, item in enumerate(items):
        name = None
        if isinstance(item, Mapping):
            name = next((item[key] for key in _NAMES if isinstance(item.get(key), str)), None)
        yield str(number) if name is None else name


def _point(item: Any) -> list[float] | None:
    """Three coordinates; None where it is no point."""
    if isinstance(item, Mapping):
        keys = ("x", "y", "z") if "x" in item else ("X", "Y", "Z")
        if all(key in item for key in keys):
            return [_number(item[key]) for key in keys]
        return _point(item["position"]) if "position" in item else None
    if (
        isinstance(item, list)
        and 3 <= len(item) <= 5
        and not any(isinstance(v, (list, dict, str)) for v in item)
    ):
        return [_number(value) for value in item[:3]]
    return None


def _number(value: Any) -> float:
    return float("nan") if value is None else float(value)


def _what_lacks(text: str) -> str:
    start = text[:65536].lower()
    if "2d" in start or '"annotations"' in start:
        return "holds points in a picture, of two coordinates"
    return "holds no frames of a body's points with three coordinates"


def _rate(said: Mapping[str, Any], frames: Sequence[Any]) -> float:
    for key in _RATES:
        value = said.get(key)
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return float(value)
    for key in _TIMES:
        times = [frame.get(key) for frame in frames if isinstance(frame, Mapping)]
        if len(times) == len(frames) and all(isinstance(time, (int, float)) for time in times):
            seconds = np.array(times, np.float64)
            # No recording has less than one frame a second: longer steps are milliseconds.
            steps = np.median(np.diff(seconds)) if len(seconds) > 1 else 0.0
            return rate_of_times(
                seconds / 1000.0 if steps > 1.0 or key.endswith("_ms") else seconds
            )
    return float("nan")
