"""Xsens MVNX: segments with global orientations and the places of their origins, metres, z up.

The format: "MVN User Manual" (Movella), section MVNX. Elements are found in the text itself, as a parser of XML makes a
hundred bytes of objects of each number.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from jaxtyping import Float32, Float64, Int64

from retarget.errors import FileFormatError
from retarget.frame_rates import rate_problem
from retarget.motion.doubts import Doubt
from retarget.motion.formats.asked import Asked
from retarget.motion.formats.gaps import unturned_where_zero
from retarget.motion.formats.suits.turns import joined_turns
from retarget.motion.recording import LONG, Recording
from retarget.wording import quoted

__all__ = ["looks_like_mvnx", "read_mvnx"]

_SUBJECT: Final = re.compile(rb"<subject\b([^>]*)>")
_ATTRIBUTE: Final = re.compile(rb'([\w:]+)\s*=\s*"([^"]*)"')
_SEGMENT: Final = re.compile(rb"<segment\b([^>]*)>")
_JOINT: Final = re.compile(
    rb"<connector1>\s*([^</]+)/[^<]*</connector1>\s*<connector2>\s*([^</]+)/[^<]*</connector2>"
)
_FRAME: Final = re.compile(rb"<frame\b([^>]*)>")
_ORIENTATION: Final = re.compile(rb"<orientation>([^<]*)</orientation>")
_POSITION: Final = re.compile(rb"<position>([^<]*)</position>")
_REMEDY: Final = "export it again as MVNX with orientations and positions of segments"
_MOST_SEGMENTS: Final = 400
_ON_THE_SPOT: Final = 0.6


def looks_like_mvnx(data: bytes) -> bool:
    """Whether a text is an MVNX file."""
    return b"<mvnx" in data[:8192]


def read_mvnx(data: bytes, path: Path, asked: Asked) -> Recording:
    """Read one subject of an MVNX file; identity and T-pose frames before the motion are no part of it.

    Args:
        data: The file's bytes.
        path: Where they are from.
        asked: Which subject.

    Raises:
        FileFormatError: There is no subject or no frame, or a frame has not all segments.
    """
    subjects = list(_SUBJECT.finditer(data))
    if not subjects:
        raise FileFormatError(path, "holds no subject", _REMEDY)
    if b"</mvnx>" not in data[-4096:]:
        raise FileFormatError(path, "is cut short: its last element is open", "copy it again")
    said = [_attributes(match[1]) for match in subjects]
    names = [one.get("label", str(i)) for i, one in enumerate(said, 1)]
    chosen = asked.index_of(names, path, "subject")
    stop = subjects[chosen + 1].start() if chosen + 1 < len(subjects) else len(data)
    start = subjects[chosen].end()
    head = data[start : max(start, data.find(b"<frames", start, stop))]
    text = _Text(data, start, stop, path)
    del data  # of a long recording it is larger than the motion
    segments = tuple(_attributes(m[1]).get("label", "") for m in _SEGMENT.finditer(head))
    if not 0 < len(segments) <= _MOST_SEGMENTS or len(set(segments)) != len(segments):
        raise FileFormatError(path, f"has {len(segments)} segments", _REMEDY)
    normal, rest_frame = _frames_to_read(text)
    if not len(normal):
        raise FileFormatError(path, "holds no frames", "export it again with its motion")
    order, parents = _tree(segments, head)
    rest = None
    if rest_frame is not None:
        only = np.array([rest_frame])
        (rest,) = _numbers(text, _POSITION, only, 3 * len(segments), "position")
        rest = rest.reshape(-1, 3)[order]
    rotations = _rotations(text, normal, order, path)
    positions = np.empty((len(normal), len(order), 3))
    done = 0
    for part in _numbers(text, _POSITION, normal, 3 * len(segments), "position"):
        positions[done : done + len(part)] = part.reshape(len(part), -1, 3)[:, order]
        done += len(part)
    del text
    fps = _rate(said[chosen].get("frameRate", ""), path)
    doubts: tuple[Doubt, ...] = ()
    if said[chosen].get("configuration", "FullBody") == "UpperBody":
        reason = "only the upper body wore sensors: the pelvis stays at one place, and legs are as assumed"
        doubts = (Doubt("travel", _ON_THE_SPOT, reason),)
    return Recording(
        joint_names=tuple(segments[i] for i in order),
        parents=parents,
        positions=positions,
        rotations=rotations,
        fps=fps,
        metres_per_unit=1.0,
        up_axis="z",
        rest=rest,
        notes=asked.note_of_others(names, "subject"),
        doubts=doubts,
    )  # fmt: skip


def _attributes(text: bytes) -> dict[str, str]:
    return {
        key.decode(): value.decode("utf-8", "replace") for key, value in _ATTRIBUTE.findall(text)
    }


class _Text(NamedTuple):
    """The part of a file's text that is one subject's, without a copy of it."""

    data: bytes
    start: int
    stop: int
    path: Path


def _rotations(
    text: _Text, frames: Int64[np.ndarray, "T"], order: list[int], path: Path
) -> Float64[np.ndarray, "T J 4"] | Float32[np.ndarray, "T J 4"]:
    """Unit quaternions in the order of the joints.

    Raises:
        FileFormatError: One is of another length.
    """

    def units() -> Iterator[Float64[np.ndarray, "n J 4"]]:
        for part in _numbers(text, _ORIENTATION, frames, 4 * len(order), "orientation"):
            turns = unturned_where_zero(part.reshape(len(part), -1, 4)[:, order])
            norms = np.linalg.norm(turns, axis=-1, keepdims=True)
            if not ((norms > 0.5) & (norms < 1.5)).all():
                raise FileFormatError(path, "an orientation is no unit quaternion", _REMEDY)
            yield turns / norms

    return joined_turns(units(), len(frames), len(order))


def _frames_to_read(text: _Text) -> tuple[Int64[np.ndarray, "T"], int | None]:
    """Numbers of the frames that are motion, and of the one in which all orientations are one."""
    normal, rest = array("q"), None
    for number, match in enumerate(_FRAME.finditer(text.data, text.start, text.stop)):
        kind = _attributes(match[1]).get("type", "normal")
        if kind == "normal":
            normal.append(number)
        elif kind == "identity" and rest is None:
            rest = number
    return np.frombuffer(normal, np.int64) if normal else np.empty(0, np.int64), rest


def _numbers(
    text: _Text, element: re.Pattern[bytes], frames: Int64[np.ndarray, "T"], columns: int, what: str
) -> Iterator[Float64[np.ndarray, "n columns"]]:
    """Numbers of some frames' elements, some thousand frames at a time."""
    rows, done, seen = list[bytes](), 0, 0
    for number, match in enumerate(element.finditer(text.data, text.start, text.stop)):
        seen = number + 1
        if done + len(rows) < len(frames) and number == frames[done + len(rows)]:
            rows.append(b" ".join(match[1].split(b"\n")))
        if len(rows) == LONG:
            yield _parsed(rows, frames[done:], columns, what, text.path)
            done, rows = done + LONG, []
    if seen <= frames[-1]:
        cause = f"has {what}s in {seen} of its {frames[-1] + 1} frames"
        raise FileFormatError(text.path, cause, _REMEDY)
    if rows:
        yield _parsed(rows, frames[done:], columns, what, text.path)


def _parsed(
    rows: list[bytes], frames: Int64[np.ndarray, "n"], columns: int, what: str, path: Path
) -> Float64[np.ndarray, "n columns"]:
    from retarget.motion.formats.numbers import NumberRowsError, parse_rows

    try:
        parts = parse_rows(b"\n".join(rows), 0, columns, max(1, (1 << 26) // (8 * columns)))
    except NumberRowsError as error:
        cause = f"frame {frames[error.row]}: {quoted(error.word)} is no number of a {what}"
        if error.count is not None:
            cause = f"frame {frames[error.row]} has {error.count} of {columns} numbers of {what}s"
        raise FileFormatError(path, cause, _REMEDY) from None
    values = np.concatenate(parts) if parts else np.empty((0, columns))
    if len(values) != len(rows):
        raise FileFormatError(path, f"has frames without {what}s", _REMEDY)
    return values


def _rate(word: str, path: Path) -> float:
    try:
        fps = float(word)
    except ValueError:
        return float("nan")
    if problem := rate_problem(fps):
        raise FileFormatError(path, problem, "correct frameRate, or say it with --source-fps")
    return fps


def _tree(segments: tuple[str, ...], head: bytes) -> tuple[list[int], Int64[np.ndarray, "J"]]:
    """Segments with parents before their children, and the parents, as the file's joints connect them."""
    index = {name: i for i, name in enumerate(segments)}
    above = [-1] * len(segments)
    for upper, lower in _JOINT.findall(head):
        near, far = (
            index.get(name.decode("utf-8", "replace").strip(), -1) for name in (upper, lower)
        )
        if near >= 0 and far >= 0 and above[far] < 0 and near != far:
            above[far] = near
    order: list[int] = []
    waiting = [i for i, parent in enumerate(above) if parent < 0]
    while waiting:
        here = waiting.pop(0)
        order.append(here)
        waiting = [i for i, parent in enumerate(above) if parent == here] + waiting
    place = {segment: at for at, segment in enumerate(order)}
    return order, np.array([place.get(above[i], -1) for i in order], np.int64)
