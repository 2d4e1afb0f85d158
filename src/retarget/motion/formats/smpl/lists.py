"""Lists in files of the SMPL family: of frames, each a mapping of one body, or of clips."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from retarget.motion.formats.smpl.fields import text_of
from retarget.motion.formats.smpl.tools import Fields

__all__ = ["mapping_of_list"]

_OWN_NAMES: Final = ("fname", "seq_name", "name", "babel_id", "id")


def mapping_of_list(items: Sequence[Any], poses: frozenset[str]) -> Fields:
    """A list's frames as arrays over time, else its clips by name; nothing where it has neither.

    Args:
        items: The list.
        poses: Keys of which a clip has one.
    """
    return _joined(items) or _named(items, poses)


def _named(clips: Sequence[Any], poses: frozenset[str]) -> Fields:
    """Clips of a list (BABEL's as TEACH has them), by what they call themselves, else by their number."""
    found: dict[str, Any] = {}
    for number, clip in enumerate(clips, 1):
        if not isinstance(clip, Mapping) or not poses & set(map(str, clip)):
            return {}
        name = next((text for key in _OWN_NAMES if (text := text_of(clip.get(key)))), "")
        found[str(number) if not name or name in found else name] = clip
    return found


def _joined(frames: Sequence[Any]) -> Fields:
    """Arrays over time of a list that has a mapping for each frame, with its root and its body."""
    if not frames or not all(
        isinstance(one, Mapping) and {"body_pose", "global_orient"} <= set(one) for one in frames
    ):
        return {}
    keys = set.intersection(*(set(one) for one in frames)) & {
        "global_orient",
        "body_pose",
        "transl",
        "trans",
        "betas",
    }
    rows = {key: [np.ravel(np.asarray(one[key])) for one in frames] for key in sorted(keys)}
    return {
        key: np.stack(values).astype(np.float64)
        for key, values in rows.items()
        if all(row.shape == values[0].shape and row.dtype.kind in "fiu" for row in values)
    }
