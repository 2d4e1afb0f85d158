"""The hierarchy part of a BVH file: joints, offsets and channels.

The reader's words for what is wrong with a file are here too, as the motion part uses the same.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from retarget.errors import FileFormatError
from retarget.wording import quoted, shortened

__all__ = [
    "MALFORMED", "TRUNCATED", "Skeleton", "finite_number", "lines", "looks_like_bvh", "parse_hierarchy",
]  # fmt: skip

TRUNCATED: Final = "the file seems to be cut short; copy or export it again"
MALFORMED: Final = "export the file again as a standard BVH"
_LINE: Final = re.compile(rb"[^\r\n]*(?:\r\n|\n|\r|\Z)")
_MOTION: Final = re.compile(rb"^[ \t]*MOTION[ \t]*\r?\n", re.M | re.I)
# Hierarchies by their text, the newest last; longer ones are parsed each time.
_known: dict[bytes, tuple[Skeleton, int, int]] = {}
_MOST_KNOWN: Final = 16
_LONGEST_KNOWN: Final = 2**17
_MOST_JOINTS: Final = 20_000  # ten times what the fullest rigs have
_PIECE: Final = 2**14  # bytes that are split into lines at once
# What channels are: places in a pose of three positions and three rotations.
_CHANNELS: Final = {
    f"{axis}{kind}": index + first
    for first, kind in ((0, "position"), (3, "rotation"))
    for index, axis in enumerate("xyz")
}


def looks_like_bvh(data: bytes) -> bool:
    """Whether a file's first bytes are those of a BVH."""
    start = data[:4096].replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")
    return start[:9].upper() == b"HIERARCHY"


@dataclass(slots=True)
class Skeleton:
    """A hierarchy while it is parsed.

    Attributes:
        names: Distinct joint names; end sites are named ``Foo#end``.
        parents: Parent joints, -1 for roots.
        offsets: Joint origins in their parents' frames.
        kinds: What each channel is, as `retarget.motion.numeric.kinematics.global_poses` takes it.
        starts: The first channel of each joint.
        turned: Joints whose offset is followed by a rotation at rest, each with the line that says so.
        notes: What a user should know.
    """

    names: list[str] = field(default_factory=list)
    parents: list[int] = field(default_factory=list)
    offsets: list[list[float]] = field(default_factory=list)
    kinds: list[int] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    turned: dict[int, int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    _copies: dict[str, int] = field(default_factory=dict)  # of each name that is taken, how often

    def add(self, name: str, parent: int) -> None:
        """Add a joint without offset and channels; a name that is taken gets a number."""
        distinct, copies = name, self._copies.get(name, 0) + 1
        while copies > 1 and (distinct := f"{name}#{copies}") in self._copies:
            copies += 1
        self._copies[name] = copies
        self._copies.setdefault(distinct, 1)
        if copies > 1 and "#end" not in name:
            self.notes.append(
                f"two joints are named {quoted(name)}; the later one is called {quoted(distinct)}"
            )
        self.names.append(distinct)
        self.parents.append(parent)
        self.offsets.append([0.0, 0.0, 0.0])
        self.starts.append(len(self.kinds))


def parse_hierarchy(data: bytes, path: Path) -> tuple[Skeleton, int, int]:
    """Parse up to the line ``MOTION``, or know it from a file before: those of one set have one skeleton.

    Returns:
        The skeleton, which must not be changed, the number of that line, and the offset after it.

    Raises:
        FileFormatError: This is no hierarchy, or it is cut short.
    """
    match = _MOTION.search(data, 0, _LONGEST_KNOWN)
    head = data[: match.end()] if match else b""
    known = _known.get(head)
    if known is None:
        known = _parse_hierarchy(data, path)
        if match and known[2] == match.end():
            while len(_known) >= _MOST_KNOWN:
                _known.pop(next(iter(_known)))
            _known[head] = known
    return known


def _parse_hierarchy(data: bytes, path: Path) -> tuple[Skeleton, int, int]:
    if not looks_like_bvh(data):
        cause = "is not a BVH file: it does not start with HIERARCHY"
        raise FileFormatError(path, cause, MALFORMED)
    skeleton = Skeleton()
    open_joints: list[int] = []
    number = 0
    for number, (content, offset) in enumerate(lines(data), start=1):
        braces = "{" in content or "}" in content
        for statement in re.split(r"([{}])", content) if braces else [content]:
            words = statement.split()
            if not words or words[0].upper() == "HIERARCHY":
                continue
            if words[0].upper() == "MOTION":
                _check_end(skeleton, open_joints, path, number)
                return skeleton, number, offset
            _apply(words, skeleton, open_joints, path, number)
    raise FileFormatError(path, "ends within the hierarchy, before MOTION", TRUNCATED, line=number)


def _apply(
    words: list[str], skeleton: Skeleton, open_joints: list[int], path: Path, line: int
) -> None:
    """Add what one statement says; ``open_joints`` are those whose braces are open, the innermost last."""
    keyword = words[0].upper()
    joint = open_joints[-1] if open_joints else -1
    if len(skeleton.names) > _MOST_JOINTS:
        cause = f"the hierarchy has more than {_MOST_JOINTS} joints"
        raise FileFormatError(path, cause, "cut out what is no body", line=line)
    if keyword in ("ROOT", "JOINT"):
        skeleton.add(" ".join(words[1:]) or f"joint{len(skeleton.names)}", joint)
    elif keyword == "END" and open_joints:
        skeleton.add(f"{skeleton.names[joint]}#end", joint)
    elif keyword == "{" and skeleton.names:
        open_joints.append(len(skeleton.names) - 1)
    elif keyword == "}" and open_joints:
        open_joints.pop()
    elif keyword == "OFFSET" and open_joints:
        numbers = _offset(words[1:], path, line)
        skeleton.offsets[joint] = numbers[:3]
        if any(numbers[3:]):
            skeleton.turned[joint] = line
    elif keyword == "CHANNELS" and joint == len(skeleton.names) - 1:
        skeleton.kinds += _channels(words[1:], path, line)
    elif keyword == "CHANNELS" and open_joints:
        raise FileFormatError(path, "CHANNELS come after a child joint", MALFORMED, line=line)
    else:
        cause = f"{quoted(' '.join(words))} does not belong here"
        raise FileFormatError(path, cause, MALFORMED, line=line)


def _check_end(skeleton: Skeleton, open_joints: list[int], path: Path, line: int) -> None:
    if open_joints:
        missing = f"{len(open_joints)} closing brace" + "s" * (len(open_joints) > 1)
        raise FileFormatError(path, f"MOTION comes {missing} too early", MALFORMED, line=line)
    if not skeleton.kinds:
        raise FileFormatError(path, "the hierarchy has no channels", MALFORMED, line=line)
    _check_turned(skeleton, path)


def _check_turned(skeleton: Skeleton, path: Path) -> None:
    """A rotation at rest is left out where the joint's own channels give its whole rotation, as they always do."""
    ends = [*skeleton.starts[1:], len(skeleton.kinds)]
    for joint, line in skeleton.turned.items():
        channels = skeleton.kinds[skeleton.starts[joint] : ends[joint]]
        if "#end" not in skeleton.names[joint] and sum(kind >= 3 for kind in channels) < 3:
            cause = f"joint {skeleton.names[joint]} has a rotation at rest and no three rotation channels"
            raise FileFormatError(path, cause, MALFORMED, line=line)
    if skeleton.turned:
        skeleton.notes.append(
            f"{len(skeleton.turned)} joints have a rotation at rest behind their offset; their channels hold it too"
        )


def _offset(words: list[str], path: Path, line: int) -> list[float]:
    if len(words) not in (3, 6):  # six: with a rotation at rest, as SOMA's tools write
        raise FileFormatError(path, f"OFFSET has {len(words)} of 3 values", MALFORMED, line=line)
    return [finite_number(word, "OFFSET", path, line) for word in words]


def _channels(words: list[str], path: Path, line: int) -> list[int]:
    count = words[0] if words else "nothing"
    if count != str(len(words) - 1):
        cause = f"CHANNELS announces {shortened(count)} and names {max(len(words) - 1, 0)}"
        raise FileFormatError(path, cause, MALFORMED, line=line)
    kinds = [_CHANNELS.get(word.lower(), -1) for word in words[1:]]
    if -1 in kinds:
        cause = f"unknown channel {quoted(words[1 + kinds.index(-1)])}"
        remedy = "known are Xposition, Yposition, Zposition, Xrotation, Yrotation, Zrotation"
        raise FileFormatError(path, cause, remedy, line=line)
    return kinds


def lines(data: bytes, start: int = 0) -> Iterator[tuple[str, int]]:
    """Lines of a text, each with the offset after it; joint names may be in any encoding."""
    while start < len(data):
        piece = data[start : start + _PIECE]
        whole = piece.splitlines(keepends=True)
        if start + len(piece) < len(data) and len(whole) > 1:
            whole.pop()  # it may go on, as may a CR before a LF
        elif start + len(piece) < len(data):
            match = _LINE.match(data, start)
            whole = [match.group()] if match else whole
        for line in whole:
            start += len(line)
            yield (
                line.decode("utf-8", "backslashreplace").removeprefix("\ufeff").rstrip("\r\n"),
                start,
            )


def finite_number(word: str, what: str, path: Path, line: int) -> float:
    """The number a word stands for.

    Raises:
        FileFormatError: It is none, or not finite; ``what`` says what holds it.
    """
    try:
        value = float(word)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        remedy = "write numbers with a decimal point" if "," in word else MALFORMED
        cause = f"{what} holds {quoted(word)}, not a finite number"
        raise FileFormatError(path, cause, remedy, line=line)
    return value
