"""EasyMocap's folders: a JSON file for each frame, with the bodies or the points of everybody who is seen in it.

The layout is that of EasyMocap's ``doc/02_output.md``: a list (or one under ``annots``) with an ``id`` for each person,
and either ``Rh``, ``Th``, ``poses`` and ``shapes`` (folder ``smpl``) or ``keypoints3d`` (folder ``keypoints3d``). Its
bodies are turned about the origin of their model and not about their pelvis.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
from jaxtyping import Float64

from retarget.errors import FileFormatError
from retarget.inputs import read_bytes
from retarget.motion.formats.arrays.points import PointSet, recording_of_points
from retarget.motion.formats.asked import Asked
from retarget.motion.formats.gaps import refuse_hardly_seen
from retarget.motion.formats.smpl.reader import recording_of_person
from retarget.motion.formats.smpl.tools import EASYMOCAP, Person
from retarget.motion.recording import Recording

__all__ = ["follows_a_frame", "looks_like_easymocap", "read_easymocap"]

_BEGINS: Final = re.compile(
    rb'\s*(?:\{\s*"annots"\s*:\s*)?\[\s*\{\s*"id"\s*:\s*-?\d+\s*,\s*"(?:keypoints3d|Rh|Th)"\s*:'
)
_NUMBERED: Final = re.compile(r"(?P<before>.*?)(?P<number>\d{1,9})")
_BODY: Final = {"turns": "Rh", "trans": "Th", "poses": "poses", "betas": "shapes"}
_LARGEST, _LARGEST_FRAME = 1 << 28, 1 << 22  # bytes of all files, and of one
_WITH_ROOT: Final = 72
_REMEDY: Final = "write the folder again with EasyMocap"


def looks_like_easymocap(data: bytes) -> bool:
    """Whether a text is JSON that begins with a person's number and its points, or how its body is turned."""
    return _BEGINS.match(data[:4096].removeprefix(b"\xef\xbb\xbf")) is not None


def follows_a_frame(path: Path) -> bool:
    """Whether the frame before this file's lies beside it, so that it is read with that."""
    own = _NUMBERED.fullmatch(path.stem)
    if own is None or not int(own["number"]):
        return False
    before = f"{int(own['number']) - 1:0{len(own['number'])}d}"
    return path.with_name(f"{own['before']}{before}{path.suffix}").exists()


def read_easymocap(data: bytes, path: Path, asked: Asked) -> Recording:
    """Read a person from the first file of a folder and those that are numbered after it.

    Args:
        data: The file's bytes.
        path: The file; those of the other frames lie beside it.
        asked: Which person, and where body models lie.

    Raises:
        FileFormatError: The file is not the folder's first, or one of them cannot be read.
    """
    people: dict[str, list[_Seen]] = {}
    files = _files(path)
    for seen in _everybody(data, files):
        people.setdefault(str(seen.person["id"]), []).append(seen)
    names = sorted(people, key=lambda name: -len(people[name]))
    index = asked.index_of(names, path)
    frames = people[names[index]]
    notes = (f"a frame was read of each of {len(files)} files", *asked.note_of_others(names))
    if "keypoints3d" in frames[0].person:
        return recording_of_points(PointSet(_points(frames), notes=notes), path)
    fields = {key: _rows(frames, theirs) for key, theirs in _BODY.items()}
    fields["poses"] = np.concatenate(
        [fields.pop("turns"), _below_root(fields["poses"], path)], axis=1
    )
    fields["frames"] = np.array([seen.number for seen in frames])
    return recording_of_person(Person(names[index], fields, EASYMOCAP), path, asked, notes)


def _below_root(poses: Float64[np.ndarray, "T n"], path: Path) -> Float64[np.ndarray, "T 69"]:
    """Turns of all joints but the root, before which some versions write three zeros."""
    if poses.shape[1] == _WITH_ROOT and not poses[:, :3].any():
        return poses[:, 3:]
    if poses.shape[1] != _WITH_ROOT - 3:
        cause = (
            f"its poses have {poses.shape[1]} numbers a frame, not the 72 of SMPL, the first 3 zero"
        )
        raise FileFormatError(path, cause, "fit SMPL's body, or give the folder keypoints3d")
    return poses


class _Seen(NamedTuple):
    """A person in a frame: its number, its file, and what that says of the person."""

    number: int
    file: Path
    person: Mapping[str, Any]

    def row(self, key: str) -> Float64[np.ndarray, "n"]:
        """The numbers under a key, of however many lists in one another."""
        try:
            row = np.asarray(self.person[key], np.float64).ravel()
        except (KeyError, ValueError, TypeError, OverflowError) as error:
            cause = f"its {key} cannot be read ({type(error).__name__}: {error})"[:300]
            raise FileFormatError(self.file, cause, _REMEDY) from None
        return row


def _rows(frames: Sequence[_Seen], key: str) -> Float64[np.ndarray, "T n"]:
    """The numbers under a key in all frames."""
    rows = np.zeros((len(frames), len(frames[0].row(key))))
    for out, seen in zip(rows, frames, strict=True):
        row = seen.row(key)
        if len(row) != len(out):
            cause = f"has {len(row)} numbers of {key}, not {len(out)} as before"
            raise FileFormatError(seen.file, cause, _REMEDY)
        out[:] = row
    return rows


def _files(path: Path) -> list[tuple[int, Path]]:
    """Numbers and paths of a folder's frames.

    Raises:
        FileFormatError: The file is not the first one of them.
    """
    own = _NUMBERED.fullmatch(path.stem)
    if own is None:
        return [(0, path)]
    beside = (
        (found, file)
        for file in path.parent.iterdir()
        if file.suffix == path.suffix and (found := _NUMBERED.fullmatch(file.stem)) is not None
    )
    files = sorted(
        (int(found["number"]), file) for found, file in beside if found["before"] == own["before"]
    )
    if files and files[0][0] < int(own["number"]):
        cause = f"is one of {len(files)} frames in files of their own"
        raise FileFormatError(path, cause, f"give the first one, {files[0][1].name}")
    return files or [(0, path)]


def _everybody(data: bytes, files: Sequence[tuple[int, Path]]) -> Iterator[_Seen]:
    """All persons of all frames."""
    left = _LARGEST
    for place, (number, file) in enumerate(files):
        content = data if place == 0 else read_bytes(file, _REMEDY, most=_LARGEST_FRAME)
        left -= len(content)
        if left < 0:
            raise FileFormatError(file, "is beyond what can be read of one folder", "cut it in two")
        try:
            people = json.loads(content)
        except (ValueError, RecursionError) as error:
            raise FileFormatError(file, f"cannot be read ({error})"[:300], _REMEDY) from None
        people = people.get("annots") if isinstance(people, Mapping) else people
        if not isinstance(people, list) or not all(
            isinstance(person, Mapping) and "id" in person for person in people
        ):
            raise FileFormatError(file, "is no list of persons with an id each", _REMEDY)
        for person in people:
            yield _Seen(number, file, person)


def _points(frames: Sequence[_Seen]) -> Float64[np.ndarray, "T N 3"]:
    """Places from the first to the last frame, NaN where a point, or the person, was not seen."""
    first, last = frames[0].number, frames[-1].number
    rows, listed = _rows(frames, "keypoints3d"), frames[0].person["keypoints3d"]
    count = len(listed) if isinstance(listed, list) else 0
    per = rows.shape[1] // max(count, 1)
    if per not in (3, 4) or per * count != rows.shape[1]:
        cause = f"its {count} points have {rows.shape[1]} numbers"
        raise FileFormatError(frames[0].file, cause, _REMEDY)
    refuse_hardly_seen(len(frames), last - first, frames[0].file, _REMEDY)
    points = rows.reshape(len(rows), count, per)
    seen = np.asarray(points[..., 3] > 0.0 if per > 3 else points.any(axis=2))
    places = np.full((last - first + 1, count, 3), np.nan)
    numbers = [frame.number - first for frame in frames]
    places[numbers] = np.where(seen[..., None], points[..., :3], np.nan)
    return places
