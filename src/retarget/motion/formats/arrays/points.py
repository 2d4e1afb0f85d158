"""Points over time, named or in a known order, and the recording that is made of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from jaxtyping import Float64, Int64

from retarget.errors import FileFormatError
from retarget.geometry import quaternion_from_matrix, without_flips
from retarget.motion.doubts import Doubt
from retarget.motion.formats.arrays.keypoints import KeypointOrder, by_a_camera, keypoint_order
from retarget.motion.formats.gaps import fill_gaps
from retarget.motion.formats.named_tree import tree_of_names
from retarget.motion.recording import LONG, Recording
from retarget.wording import listed

__all__ = ["REMEDY", "PointSet", "recording_of_points"]

REMEDY: Final = "see 'retarget formats' for the arrays that are read"
# Rates that writers have and do not store, by the joints' order; and what else tells them.
_IMPLIED: Final = {
    "SMPL's body": ("HumanML3D and MDM", 20.0),
    "SMPL-H in MuJoCo's order": ("OMOMO", 30.0),
}
_ASSUMED: Final = 0.1
_FILLED, _MOST_FILLED = 0.1, 0.2
_MOST_JOINTS: Final = 1000
_PICTURE, _MARGIN, _SAMPLED = 0.6, 0.1, 300  # weight of the doubt; how far out of a picture; frames


@dataclass(frozen=True, slots=True)
class PointSet:
    """Points over time as a file has them, before anything is made of them.

    Attributes:
        places: Positions, NaN where they are missing.
        names: The file's names; empty where it has none.
        parents: The file's parents; None where it has none.
        turns: Global rotation matrices; None where there are none.
        fps: Frames per second; NaN where the file does not say.
        maker: What wrote it, where that tells the rate.
        metres_per_unit: Size of the unit, where it is known.
        up_axis: The up axis, where it is known.
        notes: What to know.
    """

    places: Float64[np.ndarray, "T N 3"]
    names: tuple[str, ...] = ()
    parents: Int64[np.ndarray, "N"] | None = None
    turns: Float64[np.ndarray, "T N 3 3"] | None = None
    fps: float = float("nan")
    maker: str = ""
    metres_per_unit: float | None = None
    up_axis: str | None = None
    notes: tuple[str, ...] = ()


def recording_of_points(points: PointSet, path: Path) -> Recording:
    """A recording of named or ordered points.

    Raises:
        FileFormatError: Nobody knows which joint is which, or too much is missing.
    """
    places = points.places
    frames, count = places.shape[:2]
    if not 0 < count <= _MOST_JOINTS or frames == 0:
        raise FileFormatError(path, f"holds {frames} frames of {count} joints", REMEDY)
    names, parents, notes, fps, doubts = (
        points.names,
        points.parents,
        list(points.notes),
        points.fps,
        [],
    )
    turns = points.turns
    own = False  # whether nobody else has the places
    likely_up = "y"
    if not names or (parents is None and (tree := tree_of_names(names)) is None):
        order, problem = keypoint_order(places)
        if order is None:
            told = f"its joints' names ({listed(names)}) tell no body, and it " if names else ""
            remedy = "give the joints' names beside the array (joint_names)"
            raise FileFormatError(path, f"{told}{problem}", remedy)
        if isinstance(order, KeypointOrder):
            tree = order.tree
            places, names, parents, own = tree.places(places), tree.names, tree.parents, True
            turns, likely_up = None, order.likely_up
        else:
            names, parents = order.names, order.parents
        notes.append(
            f"joints are in the order of {order.name}: so their number and the bones' lengths say"
        )
        if np.isnan(fps) and order.name in _IMPLIED:
            maker, fps = _IMPLIED[order.name]
            points = replace(points, maker=maker)
    elif parents is None:
        assert tree is not None
        likely_up = "-y" if by_a_camera(names) else likely_up
        places, names, parents = tree.places(places), tree.names, tree.parents
        own = True
        turns = None if turns is None else _picked(turns, tree.sources)
    assert parents is not None
    if points.maker:
        reason = f"{points.maker} does not write the rate; it was taken to be {fps:g}, say it with --source-fps"
        doubts.append(Doubt("rate", _ASSUMED, reason))
    # Of a long clip each copy is as large as its motion.
    points = replace(points, places=np.empty((0, 0, 3)), turns=None)
    places = places if own else np.array(places, np.float64)
    doubts += [*_fill(places, names, fps, path), *_in_a_picture(places, points.metres_per_unit)]
    common: dict[str, Any] = {
        "metres_per_unit": points.metres_per_unit, "up_axis": points.up_axis, "likely_up_axis": likely_up,
        "notes": tuple(notes), "doubts": tuple(doubts),
    }  # fmt: skip
    if turns is None:
        return Recording.of_places(names, parents, places, fps, **common)
    kind = np.float32 if frames > LONG else np.float64
    rotations = np.empty((*places.shape[:2], 4), kind)
    for joint in range(len(names)):
        rotations[:, joint] = without_flips(quaternion_from_matrix(turns[:, joint]))
    return Recording(names, parents, places, rotations, fps, **common)


def _in_a_picture(
    places: Float64[np.ndarray, "T J 3"], metres_per_unit: float | None
) -> list[Doubt]:
    """A doubt where no place lies outside of a picture that is 1 wide and 1 high: these are no places in a room."""
    few = places[:: max(1, len(places) // _SAMPLED)]
    within = (few[..., :2] >= -_MARGIN).all() and (few[..., :2] <= 1.0 + _MARGIN).all()
    if not within or metres_per_unit is not None or np.ptp(few, axis=1).max() > 1.0 + _MARGIN:
        return []
    reason = (
        "all places lie between 0 and 1, as in a picture: the body is as wide and deep as the picture makes it; give "
        "places in the world (MediaPipe's world landmarks)"
    )
    return [Doubt("unit", _PICTURE, reason)]


def _picked(
    turns: Float64[np.ndarray, "T N 3 3"], sources: Sequence[tuple[int, ...]]
) -> Float64[np.ndarray, "T J 3 3"] | None:
    """Rotations of a tree's joints, if each is one of the points."""
    return turns[:, [of[0] for of in sources]] if all(len(of) == 1 for of in sources) else None


def _fill(
    places: Float64[np.ndarray, "T J 3"], names: Sequence[str], fps: float, path: Path
) -> list[Doubt]:
    """Fill short gaps in place; a doubt says so."""
    missing = ~np.isfinite(places).all(axis=-1)
    if not missing.any():
        return []
    rate = 30.0 if np.isnan(fps) else fps
    filled = sum(fill_gaps(places[:, joint], rate) for joint in np.flatnonzero(missing.any(axis=0)))
    left = ~np.isfinite(places).all(axis=-1)
    if left.any():
        frame, joint = np.argwhere(left)[0]
        cause = (
            f"joint {names[joint]} is missing from frame {frame} on, for longer than can be filled"
        )
        raise FileFormatError(path, cause, "cut the clip there")
    reason = f"{filled} places of joints were missing; they were filled from the frames around them"
    return [Doubt("glitches", _FILLED if missing.mean() < _MOST_FILLED else 0.4, reason)]
