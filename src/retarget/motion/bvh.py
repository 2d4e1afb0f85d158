"""Biovision Hierarchy (BVH) files as they really are.

Any hierarchy and channel order, position channels on any joint, several roots, any line ends, any names. The
format: M. Meredith and S. Maddock, "Motion capture file formats explained", University of Sheffield (2001).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
from jaxtyping import Float64, Int64

from retarget.errors import FileFormatError
from retarget.motion.recording import Recording

__all__ = ["looks_like_bvh", "read_bvh"]

_REST_SHARE: Final = 0.9  # of the used rotation channels are exactly zero in a frame "at rest"
_WATCHED_FRAMES: Final = 300  # from the start, to see which channels are used and zero
_LINE: Final = re.compile(rb"[^\r\n]*(?:\r\n|\n|\r|\Z)")
_UTF16_MARKS: Final = (b"\xff\xfe", b"\xfe\xff")
_TRUNCATED: Final = "the file seems to be cut short; copy or export it again"
_MALFORMED: Final = "export the file again as a standard BVH"


def looks_like_bvh(data: bytes) -> bool:
    """Whether a file's first bytes are those of a BVH."""
    start = data[:4096].replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")
    return start[:9].upper() == b"HIERARCHY"


def read_bvh(data: bytes, path: Path) -> Recording:
    """Read a BVH file's content.

    Args:
        data: The file's bytes.
        path: Where they are from, for messages.

    Returns:
        Global poses in the file's unit and world.

    Raises:
        FileFormatError: The content is no BVH, is cut short, or holds something that is not a finite number;
            the message names the line.
    """
    from retarget.motion.kinematics import global_poses

    if data.startswith(_UTF16_MARKS):
        data = data.decode("utf-16", "replace").encode()
    skeleton, motion_line, offset = _parse_hierarchy(data, path)
    frames, frame_time, offset = _parse_motion_head(data, path, motion_line, offset)
    values = _parse_values(data, path, offset, skeleton, frames)
    notes = [*skeleton.notes]
    if len(values) != frames:
        notes.append(
            f"the file says {frames} frames and holds {len(values)}; all of those were read"
        )

    joints = len(skeleton.names)
    positions = np.empty((len(values), joints, 3))
    rotations = np.empty((len(values), joints, 4))
    kinds = np.array(skeleton.kinds, np.int64)
    parents = np.array(skeleton.parents, np.int64)
    offsets = np.array(skeleton.offsets, np.float64).reshape(joints, 3)
    starts = np.array([*skeleton.starts, len(skeleton.kinds)], np.int64)
    global_poses(values, kinds, starts, parents, offsets, positions, rotations)
    return Recording(
        joint_names=tuple(skeleton.names),
        parents=parents,
        positions=positions,
        rotations=rotations,
        fps=_rate(frame_time),
        rest_frames=_frames_at_rest(values, kinds, starts),
        notes=tuple(notes),
    )


@dataclass(slots=True)
class _Skeleton:
    """A hierarchy while it is parsed; see :func:`retarget.motion.kinematics.global_poses`."""

    names: list[str] = field(default_factory=list)
    parents: list[int] = field(default_factory=list)
    offsets: list[list[float]] = field(default_factory=list)
    kinds: list[int] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(self, name: str, parent: int) -> int:
        distinct, copies = name, 1
        while distinct in self.names:
            copies += 1
            distinct = f"{name}#{copies}"
        if copies > 1 and "#end" not in name:
            self.notes.append(
                f"two joints are named {name!r}; the later one is called {distinct!r}"
            )
        self.names.append(distinct)
        self.parents.append(parent)
        self.offsets.append([0.0, 0.0, 0.0])
        self.starts.append(len(self.kinds))
        return len(self.names) - 1


def _parse_hierarchy(data: bytes, path: Path) -> tuple[_Skeleton, int, int]:
    """The skeleton, and the line number and the offset after the line ``MOTION``."""
    if not looks_like_bvh(data):
        raise FileFormatError(
            path, "is not a BVH file: it does not start with HIERARCHY", _MALFORMED
        )
    skeleton = _Skeleton()
    stack: list[int] = []
    current = -1
    number = offset = 0
    for number, (content, offset) in enumerate(_lines(data), start=1):
        for statement in re.split(r"([{}])", content):
            words = statement.split()
            keyword = words[0].upper() if words else ""
            if keyword in ("", "HIERARCHY"):
                continue
            if keyword == "MOTION":
                if stack:
                    missing = f"{len(stack)} closing brace" + ("s" if len(stack) > 1 else "")
                    raise FileFormatError(
                        path, f"MOTION comes {missing} too early", _MALFORMED, line=number
                    )
                if not skeleton.kinds:
                    raise FileFormatError(
                        path, "the hierarchy has no channels", _MALFORMED, line=number
                    )
                return skeleton, number, offset
            if keyword in ("ROOT", "JOINT"):
                name = " ".join(words[1:]) or f"joint{len(skeleton.names)}"
                current = skeleton.add(name, stack[-1] if stack else -1)
            elif keyword == "END" and stack:
                current = skeleton.add(f"{skeleton.names[stack[-1]]}#end", stack[-1])
            elif keyword == "{" and current >= 0:
                stack.append(current)
            elif keyword == "}" and stack:
                stack.pop()
            elif keyword == "OFFSET" and stack:
                skeleton.offsets[stack[-1]] = _offset(words[1:], path, number)
            elif keyword == "CHANNELS" and stack:
                if stack[-1] != len(skeleton.names) - 1:
                    raise FileFormatError(
                        path, "CHANNELS come after a child joint", _MALFORMED, line=number
                    )
                skeleton.kinds += _channels(words[1:], path, number)
            else:
                raise FileFormatError(
                    path, f"{_shortened(statement)!r} does not belong here", _MALFORMED, line=number
                )
    raise FileFormatError(path, "ends within the hierarchy, before MOTION", _TRUNCATED, line=number)


def _lines(data: bytes, start: int = 0) -> Iterator[tuple[str, int]]:
    """Lines of a text, each with the offset after it; joint names may be in any encoding."""
    for match in _LINE.finditer(data, start):
        text = match.group().decode("utf-8", "backslashreplace")
        yield text.removeprefix("\ufeff"), match.end()


def _offset(words: list[str], path: Path, line: int) -> list[float]:
    if len(words) != 3:
        raise FileFormatError(path, f"OFFSET has {len(words)} of 3 values", _MALFORMED, line=line)
    return [_number(word, "OFFSET", path, line) for word in words]


def _channels(words: list[str], path: Path, line: int) -> list[int]:
    from retarget.motion.kinematics import POSITION_CHANNELS, ROTATION_CHANNELS

    known = POSITION_CHANNELS | ROTATION_CHANNELS
    count = words[0] if words else "nothing"
    if count != str(len(words) - 1):
        cause = f"CHANNELS announces {_shortened(count)} and names {max(len(words) - 1, 0)}"
        raise FileFormatError(path, cause, _MALFORMED, line=line)
    for word in words[1:]:
        if word.lower() not in known:
            cause = f"unknown channel {_shortened(word)!r}"
            remedy = "known are Xposition, Yposition, Zposition, Xrotation, Yrotation, Zrotation"
            raise FileFormatError(path, cause, remedy, line=line)
    return [known[word.lower()] for word in words[1:]]


def _parse_motion_head(data: bytes, path: Path, line: int, offset: int) -> tuple[int, str, int]:
    """The frame count said, the frame time in seconds as written, and the offset of the first frame's line."""
    found: list[str] = []
    for text, end in _lines(data, offset):
        line += 1
        if not text.strip():
            continue
        wanted = ("Frames", "Frame Time")[len(found)]
        match = re.fullmatch(r"\s*" + wanted.replace(" ", r"\s*") + r"\s*:?\s*(\S+)\s*", text, re.I)
        if not match:
            cause = f"{_shortened(text)!r} stands where '{wanted}:' and a number should"
            raise FileFormatError(path, cause, _MALFORMED, line=line)
        found.append(match[1])
        value = _number(match[1], wanted, path, line)
        if len(found) == 1 and (value < 0 or value != int(value)):
            raise FileFormatError(path, f"{value:g} frames are impossible", _MALFORMED, line=line)
        if len(found) == 2:
            if value <= 0:
                cause = f"the frame time is {value:g} s; it must be positive"
                raise FileFormatError(path, cause, "correct the line 'Frame Time:'", line=line)
            return int(float(found[0])), found[1], end
    raise FileFormatError(path, "ends before its first frame", _TRUNCATED, line=line)


def _parse_values(
    data: bytes, path: Path, offset: int, skeleton: _Skeleton, frames: int
) -> Float64[np.ndarray, "T C"]:
    """The channel values, one row a frame; ``frames`` is the count that the file gives."""
    from retarget.motion.numbers import NumberRowsError, parse_rows

    columns = len(skeleton.kinds)
    try:
        values = parse_rows(data, offset, columns)
    except NumberRowsError as error:
        line, frame = error.line, f"frame {error.row}"
        if error.count is not None:
            cause = f"{frame} has {error.count} of {columns} values"
            cut = error.row >= frames - 1 or not data[offset:].rstrip().count(b"\n") > error.row
            remedy = _TRUNCATED if error.count < columns and cut else _MALFORMED
            raise FileFormatError(path, cause, remedy, line=line) from None
        joint = skeleton.names[
            int(np.searchsorted(skeleton.starts, error.column or 0, "right")) - 1
        ]
        cause = f"{frame}, value {(error.column or 0) + 1} (joint {joint}) is {error.word!r}"
        remedy = "write numbers with a decimal point" if "," in error.word else ""
        remedy = remedy or "every value must be a finite number; repair the frame or cut it out"
        raise FileFormatError(path, cause, remedy, line=line) from None
    if not len(values):
        raise FileFormatError(path, "holds no frames", "export it again with its motion")
    return values


def _number(word: str, what: str, path: Path, line: int) -> float:
    try:
        value = float(word)
    except ValueError:
        value = np.nan
    if not np.isfinite(value):
        remedy = "write numbers with a decimal point" if "," in word else _MALFORMED
        cause = f"{what} holds {_shortened(word)!r}, not a finite number"
        raise FileFormatError(path, cause, remedy, line=line)
    return value


def _shortened(text: str) -> str:
    text = text.strip()
    return text if len(text) <= 60 else f"{text[:57]}..."


def _rate(frame_time: str) -> float:
    """Frames a second: the whole or NTSC rate whose period was rounded to what is written, else its reciprocal.

    Files write periods with few digits (0.0333 for 30 frames a second), but a rate more than 0.2% away is
    never meant.
    """
    period = float(frame_time)
    rate = 1.0 / period
    fraction = frame_time.lower().partition("e")[0].partition(".")[2]
    last_digit = 10.0 ** -len(fraction) if "e" not in frame_time.lower() else 1e-9
    for candidate in (
        round(rate),
        *(nominal / 1.001 for nominal in (24.0, 30.0, 48.0, 60.0, 120.0)),
    ):
        if candidate > 0 and abs(1.0 / candidate - period) <= min(last_digit, 0.002 * period):
            return float(candidate)
    return rate


def _frames_at_rest(
    values: Float64[np.ndarray, "T C"],
    kinds: Int64[np.ndarray, "C"],
    starts: Int64[np.ndarray, "J+1"],
) -> int:
    """Leading frames in which nearly all rotation channels that are ever used are exactly zero.

    The first joint is left out: where the body is, and which way it faces, is no pose.
    """
    used = (kinds >= 3) & np.any(values[:_WATCHED_FRAMES] != 0, axis=0)
    used[: starts[1]] = False
    if not used.any():
        return 0
    at_rest = np.mean(values[:_WATCHED_FRAMES, used] == 0, axis=1) >= _REST_SHARE
    return int(np.argmin(at_rest)) if not at_rest.all() else len(at_rest)
