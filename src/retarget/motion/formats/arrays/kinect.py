"""Bodies that a Kinect of the second version tracked, as text: the ``.skeleton`` files of NTU RGB+D.

The layout is that of the data set's own reader (``shahroudy/NTURGB-D``, ``Matlab/read_skeleton_file.m``): how many
frames there are; in each, how many bodies; of each body its number and nine states, how many joints it has, and for
each joint twelve numbers, of which the first three are its place in the camera's axes, metres, y up.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from jaxtyping import Float64

from retarget.errors import FileFormatError
from retarget.motion.formats.arrays.points import PointSet, recording_of_points
from retarget.motion.formats.asked import Asked
from retarget.motion.formats.gaps import refuse_hardly_seen
from retarget.motion.recording import Recording
from retarget.wording import quoted

__all__ = ["looks_like_kinect", "read_kinect"]

_STATES, _JOINTS, _OF_A_JOINT = 10, 25, 12  # words of a body, its joints, and numbers of each
_HEAD: Final = 4096  # bytes
_LARGEST: Final = 1 << 26  # bytes: what Python makes of its words takes six times as much
_LONGEST_COUNT: Final = 9  # digits
_FPS: Final = 30.0
_REMEDY: Final = "download it again from the data set"


def looks_like_kinect(data: bytes) -> bool:
    """Whether a text begins with a count of frames, and in the first frame that has a body one of 25 joints."""
    start = data[:_HEAD]
    if not start[:1].isdigit():
        return False
    lines = [line.split() for line in start.splitlines()]
    at = 1
    while at < len(lines) and lines[at] == [b"0"]:  # frames in which nobody is seen
        at += 1
    following = lines[at : at + 4]
    return [len(line) for line in [lines[0], *following]] == [
        1,
        1,
        _STATES,
        1,
        _OF_A_JOINT,
    ] and following[2] == [b"%d" % _JOINTS]


def read_kinect(data: bytes, path: Path, asked: Asked) -> Recording:
    """Read the joints of one of the bodies that were tracked, from the first to the last frame in which it was seen.

    Args:
        data: The file's bytes.
        path: Where they are from.
        asked: Which body; the one that was seen longest is the first.

    Raises:
        FileFormatError: The text ends early, holds no body, or something that is no number; or the body was not seen
            for longer than can be filled.
    """
    if len(data) > _LARGEST:
        raise FileFormatError(path, "is too large for one recording of a Kinect", _REMEDY)
    words = data.split()
    del data
    seen = _bodies(words, path)
    if not seen:
        raise FileFormatError(path, "holds no body in any frame", "choose another recording")
    numbers = sorted(seen, key=lambda number: -len(seen[number]))  # as they appear where alike
    names = [number.decode("latin-1") for number in numbers]
    places = _places(words, seen[numbers[asked.index_of(names, path, "body", "bodies")]], path)
    notes = asked.note_of_others(names, "body", "bodies")
    points = PointSet(places, fps=_FPS, maker="NTU RGB+D", metres_per_unit=1.0, notes=notes)
    return recording_of_points(points, path)


def _bodies(words: Sequence[bytes], path: Path) -> dict[bytes, list[tuple[int, int]]]:
    """For each body's number the frames in which it was seen, and where in the text its joints begin."""
    seen: dict[bytes, list[tuple[int, int]]] = {}
    at = 1
    for frame in range(_count(words, 0, path)):
        bodies = _count(words, at, path)
        at += 1
        for _ in range(bodies):
            joints = _count(words, at + _STATES, path)
            if joints != _JOINTS:
                cause = f"frame {frame}: a body has {joints} joints, not {_JOINTS}"
                raise FileFormatError(path, cause, _REMEDY)
            begin = at + _STATES + 1
            seen.setdefault(words[at], []).append((frame, begin))
            at = begin + _JOINTS * _OF_A_JOINT
            if at > len(words):
                raise FileFormatError(path, f"ends within frame {frame}", _REMEDY)
    return seen


def _count(words: Sequence[bytes], at: int, path: Path) -> int:
    word = words[at] if at < len(words) else b""
    if not word.isdigit() or len(word) > _LONGEST_COUNT:
        cause = f"word {at}: {quoted(word.decode('latin-1'))} is no count" if word else "ends early"
        raise FileFormatError(path, cause, _REMEDY)
    return int(word)


def _places(
    words: Sequence[bytes], seen: Sequence[tuple[int, int]], path: Path
) -> Float64[np.ndarray, "T 25 3"]:
    """Places from the first frame on in which a body was seen, NaN in those in which it was not."""
    first = seen[0][0]
    refuse_hardly_seen(len(seen), seen[-1][0] - first, path, "choose another one", "body")
    places = np.full((seen[-1][0] - first + 1, _JOINTS, 3), np.nan)
    for frame, begin in seen:
        row = words[begin : begin + _JOINTS * _OF_A_JOINT]
        for axis in range(3):
            try:
                places[frame - first, :, axis] = [float(word) for word in row[axis::_OF_A_JOINT]]
            except ValueError as error:
                raise FileFormatError(path, f"frame {frame}: {error}"[:300], _REMEDY) from None
    places[~places.any(axis=2)] = np.nan  # the camera itself: nobody is there
    return places
