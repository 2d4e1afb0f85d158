"""Containers with many clips or a mapping for each frame: which of their arrays make one motion.

Layouts as their readers tell them: VideoPose3D's Human3.6M has ``positions_3d`` of each action of each subject,
HumanAct12 lists of ``joints3D``, and what people save of SAM 3D Body a mapping, or a list with one for each person, for
each frame, whose points are about ``pred_cam_t``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from jaxtyping import Float64

from retarget.errors import FileFormatError
from retarget.motion.formats.gaps import refuse_hardly_seen

__all__ = ["clips_in", "moved_by_camera", "places_of_frames"]

_CAMERA: Final = "pred_cam_t"
_DEEPEST: Final = 2  # mappings in one another, as of subjects and of actions


def clips_in(value: Any) -> dict[str, Float64[np.ndarray, "T N 3"]]:
    """The clips, by name, of a mapping of names or of a list of them; none where it is one array."""
    return dict(_clips(value, "", 0))


def _clips(value: Any, name: str, depth: int) -> Iterator[tuple[str, np.ndarray]]:
    if isinstance(value, np.ndarray) and value.dtype == object and value.ndim < 2:
        value = value.item() if value.ndim == 0 else list(value)
    if isinstance(value, np.ndarray):
        if depth and _is_clip(value):
            yield name, value
    elif depth > _DEEPEST:
        return
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _clips(inner, f"{name} {key}".strip(), depth + 1)
    elif isinstance(value, (list, tuple)) and value and all(_is_clip(one) for one in value):
        for number, one in enumerate(value, 1):
            yield f"{name} {number}".strip(), one


def _is_clip(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.dtype.kind == "f" and value.ndim == 3


def places_of_frames(
    frames: Sequence[Any], keys: Sequence[str], path: Path
) -> Float64[np.ndarray, "T N 3"] | None:
    """Places of a list with a mapping for each frame, or with a list of one; NaN where nobody was seen.

    Raises:
        FileFormatError: Frames show several persons, and nothing says who is who, or points differ in number.
    """
    seen: list[Mapping[str, Any] | None] = []
    for number, frame in enumerate(frames):
        people = [frame] if isinstance(frame, Mapping) else frame
        if not isinstance(people, (list, tuple)) or not all(
            isinstance(one, Mapping) for one in people
        ):
            return None
        if len(people) > 1:
            cause = f"frame {number} shows {len(people)} persons, and nothing says who is who"
            raise FileFormatError(path, cause, "write a list with the frames of one person")
        seen.append(people[0] if people else None)
    first = next((one for one in seen if one is not None), None)
    key = next((key for key in keys if first is not None and key in first), None)
    if key is None:
        return None
    rows = [None if one is None else _of_one(one, key, n, path) for n, one in enumerate(seen)]
    shapes = {row.shape for row in rows if row is not None}
    if len(shapes) > 1:
        raise FileFormatError(path, f"frames have {key} of {len(shapes)} shapes", "repair the list")
    refuse_hardly_seen(sum(row is not None for row in rows), len(rows), path, "cut the list")
    nobody = np.full(shapes.pop(), np.nan)
    return np.stack([nobody if row is None else row for row in rows])


def _of_one(
    frame: Mapping[str, Any], key: str, number: int, path: Path
) -> Float64[np.ndarray, "N 3"]:
    places = np.asarray(frame.get(key))
    if places.dtype.kind != "f" or places.ndim != 2 or places.shape[1] != 3:
        cause = f"frame {number}: {key} is {places.dtype} of shape {places.shape}, not (points, 3)"
        raise FileFormatError(path, cause, "repair the list")
    return moved_by_camera(places.astype(np.float64), frame)


def moved_by_camera(places: np.ndarray, said: Mapping[str, Any]) -> np.ndarray:
    """Points that are about their root, moved to where a model of one picture sees that."""
    moved = np.asarray(said.get(_CAMERA, np.zeros(3)))
    if moved.dtype.kind != "f" or moved.shape != (*places.shape[:-2], 3):
        return places
    return np.asarray(places + moved[..., None, :])
