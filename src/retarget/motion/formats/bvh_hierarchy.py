"""The hierarchy part of a BVH file: joints, offsets and channels.

The reader's words for what is wrong with a file are here too, as the motion part uses the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np

from retarget.errors import FileFormatError

__all__ = [
    "MALFORMED", "TRUNCATED", "Skeleton", "finite_number", "lines", "looks_like_bvh", "parse_hierarchy", "shortened",
]  # fmt: skip

TRUNCATED: Final = "the file seems to be cut short; copy or export it again"
MALFORMED: Final = "export the file again as a standard BVH"
_LINE: Final = re.compile(rb"[^\r\n]*(?:\r\n|\n|\r|\Z)")


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
        kinds: What each channel is; see :mod:`retarget.motion.kinematics`.
        starts: The first channel of each joint.
        notes: What a user should know.
    """

    names: list[str] = field(default_factory=list)
    parents: list[int] = field(default_factory=list)
    offsets: list[list[float]] = field(default_factory=list)
    kinds: list[int] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(self, name: str, parent: int) -> None:
        """Add a joint without offset and channels; a name that is taken gets a number."""
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


def parse_hierarchy(data: bytes, path: Path) -> tuple[Skeleton, int, int]:
    """Parse up to the line ``MOTION``.

    Returns:
        The skeleton, the number of that line, and the offset after it.

    Raises:
        FileFormatError: This is no hierarchy, or it is cut short.
    """
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
    if keyword in ("ROOT", "JOINT"):
        skeleton.add(" ".join(words[1:]) or f"joint{len(skeleton.names)}", joint)
    elif keyword == "END" and open_joints:
        skeleton.add(f"{skeleton.names[joint]}#end", joint)
    elif keyword == "{" and skeleton.names:
        open_joints.append(len(skeleton.names) - 1)
    elif keyword == "}" and open_joints:
        open_joints.pop()
    elif keyword == "OFFSET" and open_joints:
        skeleton.offsets[joint] = _offset(words[1:], path, line)
    elif keyword == "CHANNELS" and joint == len(skeleton.names) - 1:
        skeleton.kinds += _channels(words[1:], path, line)
    elif keyword == "CHANNELS" and open_joints:
        raise FileFormatError(path, "CHANNELS come after a child joint", MALFORMED, line=line)
    else:
        cause = f"{shortened(' '.join(words))!r} does not belong here"
        raise FileFormatError(path, cause, MALFORMED, line=line)


def _check_end(skeleton: Skeleton, open_joints: list[int], path: Path, line: int) -> None:
    if open_joints:
        missing = f"{len(open_joints)} closing brace" + "s" * (len(open_joints) > 1)
        raise FileFormatError(path, f"MOTION comes {missing} too early", MALFORMED, line=line)
    if not skeleton.kinds:
        raise FileFormatError(path, "the hierarchy has no channels", MALFORMED, line=line)


def _offset(words: list[str], path: Path, line: int) -> list[float]:
    if len(words) != 3:
        raise FileFormatError(path, f"OFFSET has {len(words)} of 3 values", MALFORMED, line=line)
    return [finite_number(word, "OFFSET", path, line) for word in words]


def _channels(words: list[str], path: Path, line: int) -> list[int]:
    from retarget.motion.kinematics import POSITION_CHANNELS, ROTATION_CHANNELS

    known = POSITION_CHANNELS | ROTATION_CHANNELS
    count = words[0] if words else "nothing"
    if count != str(len(words) - 1):
        cause = f"CHANNELS announces {shortened(count)} and names {max(len(words) - 1, 0)}"
        raise FileFormatError(path, cause, MALFORMED, line=line)
    for word in words[1:]:
        if word.lower() not in known:
            cause = f"unknown channel {shortened(word)!r}"
            remedy = "known are Xposition, Yposition, Zposition, Xrotation, Yrotation, Zrotation"
            raise FileFormatError(path, cause, remedy, line=line)
    return [known[word.lower()] for word in words[1:]]


def lines(data: bytes, start: int = 0) -> Iterator[tuple[str, int]]:
    """Lines of a text, each with the offset after it; joint names may be in any encoding."""
    for match in _LINE.finditer(data, start):
        text = match.group().decode("utf-8", "backslashreplace")
        yield text.removeprefix("\ufeff"), match.end()


def finite_number(word: str, what: str, path: Path, line: int) -> float:
    """The number a word stands for.

    Raises:
        FileFormatError: It is none, or not finite; ``what`` says what holds it.
    """
    try:
        value = float(word)
    except ValueError:
        value = np.nan
    if not np.isfinite(value):
        remedy = "write numbers with a decimal point" if "," in word else MALFORMED
        cause = f"{what} holds {shortened(word)!r}, not a finite number"
        raise FileFormatError(path, cause, remedy, line=line)
    return value


def shortened(text: str) -> str:
    """Text from a file as messages quote it."""
    text = text.strip()
    return text if len(text) <= 60 else f"{text[:57]}..."
