"""Which clips train and which test: seeded, and no take on both sides."""

from __future__ import annotations

import hashlib
import random
import re
from collections.abc import Sequence
from dataclasses import dataclass

from retarget.errors import OptionsError

__all__ = ["Shares", "SplitClip", "assigned", "takes"]

# What tools append to the name of a recording for its mirror image or a piece of it. Numbers alone are not among them:
# they tell takes apart.
_MIRRORED = re.compile(r"[_\-. ]?(mirror(ed)?|flip(ped)?|m)$")
_PIECE = re.compile(r"[_\-. ]?(part|piece|seg|segment|chunk|cut|split|crop|window)[_\-. ]?\d+$")


@dataclass(frozen=True, slots=True)
class Shares:
    """Splits and the shares of frames that they should get.

    Example:
        >>> Shares.parsed("train=0.8, test=0.2").names
        ('train', 'test')
    """

    names: tuple[str, ...] = ("train", "validation", "test")
    shares: tuple[float, ...] = (0.8, 0.1, 0.1)

    @classmethod
    def parsed(cls, text: str) -> Shares:
        """Shares from a text such as ``train=0.8,test=0.2``; they count in proportion to their sum.

        Raises:
            OptionsError: A name stands twice, a share is no number, negative, or all are zero.
        """
        names, shares = [], []
        for part in text.split(","):
            name, separator, number = (piece.strip() for piece in part.partition("="))
            try:
                share = float(number)
            except ValueError:
                share = -1.0
            if not separator or not name or not 0 <= share < float("inf") or name in names:
                raise OptionsError(f"splits are NAME=SHARE between commas, each once, not {text!r}")
            names.append(name)
            shares.append(share)
        total = sum(shares)
        if not total:
            raise OptionsError(f"splits {text!r}: all shares are zero")
        return cls(tuple(names), tuple(share / total for share in shares))


@dataclass(frozen=True, slots=True)
class SplitClip:
    """What splitting needs to know of a clip.

    Attributes:
        name: Name of the clip.
        folder: Folder of its source.
        file: Name of its source file.
        contents: Hashes of what it is made of: source, configurations. Clips that share one are one take.
        frames: Number of frames.
    """

    name: str
    folder: str
    file: str
    contents: tuple[str, ...]
    frames: int


def takes(clips: Sequence[SplitClip]) -> list[str]:
    """For each clip the take that it belongs to: the name of the take's first clip.

    Clips are of one take when they are made of the same recording (pieces, other options, mirror images), when their
    content is the same, or when their files in one folder are called alike but for what tools append to the name of
    a mirror image or a piece.
    """
    groups = _Groups(len(clips))
    for at, clip in enumerate(clips):
        for content in clip.contents:
            groups.join(at, ("content", content))
        groups.join(at, ("name", clip.folder, _plain_name(clip.file)))
    return [clips[first].name for first in groups.firsts()]


def assigned(
    clips: Sequence[SplitClip], shares: Shares, seed: int, *, by_folder: bool = False
) -> list[str]:
    """The split of each clip. Whole takes, or whole source folders with all takes that reach into them, stay together.

    Groups are taken in an order that the seed shuffles. Each goes where the largest part of a split's share is still
    missing and it fits in, else where most frames are missing. So the same clips with the same seed are always split
    alike, whatever order they come in.
    """
    groups = _Groups(len(clips))
    for at, (clip, take) in enumerate(zip(clips, takes(clips), strict=True)):
        groups.join(at, ("take", take))
        if by_folder:
            groups.join(at, ("folder", clip.folder))
    members: dict[int, list[int]] = {}
    for at, first in enumerate(groups.firsts()):
        members.setdefault(first, []).append(at)
    keyed = sorted((_key(clips, group), group) for group in members.values())
    random.Random(seed).shuffle(keyed)
    wanted = [share * sum(clip.frames for clip in clips) for share in shares.shares]
    missing = list(wanted)
    split = [""] * len(clips)
    for _, group in keyed:
        frames = sum(clips[at].frames for at in group)
        chosen = _emptiest(missing, wanted, frames)
        missing[chosen] -= frames
        for at in group:
            split[at] = shares.names[chosen]
    return split


def _emptiest(missing: Sequence[float], wanted: Sequence[float], frames: int) -> int:
    fitting = [at for at, left in enumerate(missing) if left >= frames > 0]
    if fitting:
        return max(fitting, key=lambda at: missing[at] / wanted[at])
    return max(range(len(missing)), key=missing.__getitem__)


def _key(clips: Sequence[SplitClip], group: Sequence[int]) -> str:
    """A text by which a group is known, whatever order clips come in."""
    names = "\n".join(sorted(clips[at].name for at in group))
    return hashlib.sha256(names.encode("utf-8", "backslashreplace")).hexdigest()


def _plain_name(file: str) -> str:
    name = file.lower()
    name = name.rpartition(".")[0] or name
    while True:
        shorter = _PIECE.sub("", _MIRRORED.sub("", name))
        if shorter in ("", name):
            return name
        name = shorter


class _Groups:
    """Things that are joined by what they share (union-find)."""

    def __init__(self, count: int) -> None:
        self._above = list(range(count))
        self._holder: dict[tuple[str, ...], int] = {}

    def join(self, at: int, shared: tuple[str, ...]) -> None:
        other = self._holder.setdefault(shared, at)
        first, second = sorted((self._root(at), self._root(other)))
        self._above[second] = first

    def firsts(self) -> list[int]:
        """The first member of each one's group."""
        return [self._root(at) for at in range(len(self._above))]

    def _root(self, at: int) -> int:
        while self._above[at] != at:
            self._above[at] = self._above[self._above[at]]
            at = self._above[at]
        return at
