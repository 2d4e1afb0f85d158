"""Other clips of the same skeleton know better: a clip in which somebody lies shows no up axis, its sisters do.

Sets of recordings lie in one folder, and all of one actor's have one skeleton and one world. So where a clip's up axis
is doubtful, those beside it are asked that are in no doubt.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np

from retarget.errors import RetargetError
from retarget.motion.doubts import Doubt
from retarget.motion.motion import Motion

__all__ = ["as_its_sisters"]

_ASKED: Final = 3  # sisters without doubt are enough
_TRIED: Final = 12  # files that are read to find them
_LARGEST: Final = 2**25  # bytes; longer ones cost more time than their word is worth
_WORTH: Final = 0.1  # weight of a doubt that others are asked about
_LEFT: Final = 0.1  # weight of the doubt that is left where all agree
_SAME_BONE: Final = 0.01  # metres, and share of its length


def as_its_sisters(
    path: Path, motion: Motion, read: Callable[[Path, str | None], Motion]
) -> Motion:
    """The motion, read with the up axis of other files in its folder with the same skeleton, if its own is doubtful.

    Args:
        path: The motion's file.
        motion: What it was understood as.
        read: Reads a file, with the up axis given or found.
    """
    doubtful = [doubt for doubt in motion.source.doubts if doubt.name == "up_axis"]
    if not doubtful or doubtful[0].weight < _WORTH:
        return motion
    axes = [sister.source.up_axis for sister in _sure_sisters(path, motion, read)]
    if not axes or len(set(axes)) > 1:
        return motion
    known = read(path, axes[0])
    reason = (
        f"{axes[0]} was taken as up, as in {len(axes)} other file{'s' * (len(axes) > 1)} of this folder with the same "
        "skeleton; say which axis is with --up"
    )
    doubts = (*known.source.doubts, Doubt("up_axis", _LEFT, reason))
    return replace(known, source=replace(known.source, doubts=doubts))


def _sure_sisters(
    path: Path, motion: Motion, read: Callable[[Path, str | None], Motion]
) -> Iterator[Motion]:
    """Some motions of the same skeleton whose up axis is in no doubt, nearest names first."""
    found = 0
    for other in _beside(path)[:_TRIED]:
        try:
            sister = read(other, None)
        except RetargetError:
            continue
        doubtful = any(doubt.name == "up_axis" for doubt in sister.source.doubts)
        if not doubtful and _same_skeleton(motion, sister):
            yield sister
            found += 1
        if found == _ASKED:
            return


def _beside(path: Path) -> list[Path]:
    """Files of the same kind in the same folder; those first whose names share the most with this one's beginning."""
    try:
        others = [
            other
            for other in sorted(path.parent.iterdir())
            if other.suffix == path.suffix
            and other.name != path.name
            and other.is_file()
            and other.stat().st_size <= _LARGEST
        ]
    except OSError:
        return []
    return sorted(others, key=lambda other: -_shared_beginning(other.name, path.name))


def _shared_beginning(one: str, other: str) -> int:
    pairs = zip(one, other, strict=False)
    return next((at for at, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))


def _same_skeleton(one: Motion, other: Motion) -> bool:
    """Whether names, hierarchy and bone lengths are the same."""
    if one.joint_names != other.joint_names or not np.array_equal(one.parents, other.parents):
        return False
    first, second = (_bones(motion) for motion in (one, other))
    return bool(np.all(np.abs(first - second) < _SAME_BONE * (1.0 + first)))


def _bones(motion: Motion) -> np.ndarray:
    joints = np.flatnonzero(motion.parents >= 0)
    bones = motion.positions[0, joints] - motion.positions[0, motion.parents[joints]]
    return np.asarray(np.linalg.norm(bones, axis=-1), np.float64)
