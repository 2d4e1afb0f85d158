"""Joint places in NumPy's, pickled and torch's containers: generators' output, and arrays with names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from jaxtyping import Float64, Int64

from retarget.containers import npz_names
from retarget.errors import FileFormatError
from retarget.frame_rates import rate_problem
from retarget.geometry import quaternion_from_matrix, without_flips
from retarget.motion.doubts import Doubt
from retarget.motion.formats.arrays.names import tree_of_names
from retarget.motion.formats.arrays.orders import fitting_order
from retarget.motion.formats.asked import Asked
from retarget.motion.formats.contents import NPY, ZIP, open_contents, pickled_part
from retarget.motion.formats.gaps import fill_gaps
from retarget.motion.recording import LONG, Recording
from retarget.wording import listed

__all__ = ["PointSet", "looks_like_arrays", "read_arrays", "recording_of_points"]

_PLACES: Final = ("posed_joints", "global_joint_positions", "joint_positions", "joints", "positions", "keypoints",
                  "joints3d", "joints_3d", "smpl_joints", "xyz", "points", "motion")  # fmt: skip
_NAMES: Final = (
    "joint_names",
    "names",
    "joints_names",
    "keypoint_names",
    "body_names",
    "labels",
    "marker_names",
)
_PARENTS: Final = ("parents", "parent", "joint_parents")
_TURNS: Final = ("global_rot_mats", "global_rotations", "global_joint_rotations")
_RATES: Final = ("fps", "frame_rate", "framerate", "mocap_framerate", "rate")
_OTHERS: Final = ("lengths", "text", "height", "unit", "units", "foot_contacts")
_KEYS: Final = (*_PLACES, *_NAMES, *_PARENTS, *_TURNS, *_RATES, *_OTHERS)
_REMEDY: Final = "see 'retarget formats' for the arrays that are read"
# Rates that writers have and do not store, by the joints' order; and what else tells them.
_IMPLIED: Final = {
    "SMPL's body": ("HumanML3D and MDM", 20.0),
    "SMPL-H in MuJoCo's order": ("OMOMO", 30.0),
}
_KIMODO, _HOLOSOMA = 30.0, 30.0
_OMOMO_ROW, _OMOMO_JOINTS = 591, slice(162, 318)
_OMOMO_WIDTH: Final = b"M\x4f\x02"  # 591, as pickles write it
_FEATURES: Final = 263
_ASSUMED: Final = 0.1
_FILLED, _MOST_FILLED = 0.1, 0.2
_MOST_JOINTS: Final = 1000


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


def looks_like_arrays(data: bytes) -> bool:
    """Whether a file is a container with an array of places."""
    names = npz_names(data) if data.startswith(ZIP) else frozenset()
    if names:
        return bool(names & {*_PLACES} - {"motion", "points"}) and "body_positions" not in names
    head = data[:256]
    if data.startswith(NPY) and b"'|O'" not in head:
        return b", 3)" in head or b", 591)" in head or b", 263)" in head
    keys = pickled_part(data)
    if any(key in keys for key in (b"posed_joints", b"joint_positions", b"motion_path")):
        return True
    if b"motion" in keys and b"lengths" in keys:  # MDM
        return True
    return b"_rebuild_tensor_v2" in keys and _OMOMO_WIDTH in keys


def read_arrays(data: bytes, path: Path, asked: Asked) -> Recording:
    """Read places of joints from a container of arrays.

    Args:
        data: The file's bytes.
        path: Where they are from.
        asked: Which of several samples.

    Raises:
        FileFormatError: There are no places of a human's joints, or it is not known which joint is which.
    """
    content = open_contents(data, path, _KEYS)
    del data
    points = [_point_set(content, path, asked)]
    del content
    return recording_of_points(points.pop(), path)


def recording_of_points(points: PointSet, path: Path) -> Recording:
    """A recording of named or ordered points.

    Raises:
        FileFormatError: Nobody knows which joint is which, or too much is missing.
    """
    places = points.places
    frames, count = places.shape[:2]
    if not 0 < count <= _MOST_JOINTS or frames == 0:
        raise FileFormatError(path, f"holds {frames} frames of {count} joints", _REMEDY)
    names, parents, notes, fps, doubts = (
        points.names,
        points.parents,
        list(points.notes),
        points.fps,
        [],
    )
    turns = points.turns
    own = False  # whether nobody else has the places
    if not names or (parents is None and (tree := tree_of_names(names)) is None):
        order, problem = fitting_order(places)
        if order is None:
            told = f"its joints' names ({listed(names)}) tell no body, and it " if names else ""
            remedy = "give the joints' names beside the array (joint_names)"
            raise FileFormatError(path, f"{told}{problem}", remedy)
        names, parents = order.names, order.parents
        notes.append(
            f"joints are in the order of {order.name}: so their number and the bones' lengths say"
        )
        if np.isnan(fps) and order.name in _IMPLIED:
            maker, fps = _IMPLIED[order.name]
            points = replace(points, maker=maker)
    elif parents is None:
        assert tree is not None
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
    doubts += _fill(places, names, fps, path)
    common: dict[str, Any] = {
        "metres_per_unit": points.metres_per_unit, "up_axis": points.up_axis,
        "notes": tuple(notes), "doubts": tuple(doubts),
    }  # fmt: skip
    if turns is None:
        return Recording.of_places(names, parents, places, fps, **common)
    kind = np.float32 if frames > LONG else np.float64
    rotations = np.empty((*places.shape[:2], 4), kind)
    for joint in range(len(names)):
        rotations[:, joint] = without_flips(quaternion_from_matrix(turns[:, joint]))
    return Recording(names, parents, places, rotations, fps, **common)


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


def _point_set(content: Any, path: Path, asked: Asked) -> PointSet:
    if isinstance(content, Mapping):
        return _from_mapping(content, path, asked)
    asked.index_of(["the only one"], path)
    array = _numbers(content, "the array", path)
    if array.ndim == 2 and array.shape[1] == _OMOMO_ROW:
        joints = array[:, _OMOMO_JOINTS].reshape(len(array), -1, 3)
        return PointSet(joints, fps=30.0, maker="OMOMO", metres_per_unit=1.0, up_axis="z")
    if array.ndim == 2 and array.shape[1] == _FEATURES:
        raise FileFormatError(
            path,
            "holds HumanML3D's 263 features per frame, not places",
            "give the 22 joints (new_joints)",
        )
    return PointSet(_of_three(array, path))


def _from_mapping(content: Mapping[str, Any], path: Path, asked: Asked) -> PointSet:
    key = next((key for key in _PLACES if key in content), None)
    if key is None:
        raise FileFormatError(path, f"has none of {', '.join(_PLACES)}", _REMEDY)
    array = _numbers(content[key], key, path)
    if (
        key == "motion" and array.ndim == 4 and array.shape[2] == 3
    ):  # MDM: samples, joints, xyz, frames
        labels = [str(text) for text in np.ravel(content.get("text", range(len(array))))][
            : len(array)
        ]
        index = asked.index_of(labels or range(len(array)), path, "sample")
        frames = array.shape[3]
        lengths = np.ravel(content.get("lengths", [frames] * len(array)))
        used = int(lengths[index]) if index < len(lengths) else frames
        places = np.moveaxis(array[index], -1, 0)[: max(1, min(used, frames))]
        return PointSet(places, notes=asked.note_of_others(labels, "sample"))
    batched = array.ndim == 4
    index = asked.index_of(
        range(1, 1 + len(array)) if batched else ["the only one"], path, "sample"
    )
    places = _of_three(array[index] if batched else array, path)
    turns = next((content[k] for k in _TURNS if k in content), None)
    if turns is not None:
        turns = _numbers(turns, "rotations", path)
        turns = turns[index] if batched and turns.ndim == 5 else turns
        turns = turns if turns.shape == (*places.shape, 3) else None
    fps, maker = _rate(content, path), ""
    metres, up = None, None
    if key == "posed_joints":
        metres, up = 1.0, "y"
    if np.isnan(fps) and key in ("posed_joints", "global_joint_positions"):
        fps, maker = (_KIMODO, "Kimodo") if key == "posed_joints" else (_HOLOSOMA, "holosoma")
    return PointSet(
        places, _names(content, places.shape[1]), _parents(content, places.shape[1]), turns, fps, maker, metres, up,
        asked.note_of_others(range(1, 1 + len(array)), "sample") if batched else (),
    )  # fmt: skip


def _numbers(value: Any, what: str, path: Path) -> Float64[np.ndarray, "..."]:
    array = np.asarray(value) if not isinstance(value, Mapping) else np.empty(0, object)
    if array.dtype.kind not in "fiu" or array.ndim < 2 or array.size == 0:
        raise FileFormatError(path, f"{what} holds {array.dtype} of shape {array.shape}", _REMEDY)
    return array


def _of_three(array: Float64[np.ndarray, "..."], path: Path) -> Float64[np.ndarray, "T N 3"]:
    if array.ndim == 2 and array.shape[1] % 3 == 0:
        array = array.reshape(len(array), -1, 3)
    if array.ndim != 3 or array.shape[2] != 3:
        raise FileFormatError(
            path, f"the places are of shape {array.shape}, not (frames, joints, 3)", _REMEDY
        )
    return array


def _names(content: Mapping[str, Any], count: int) -> tuple[str, ...]:
    for key in _NAMES:
        if key in content:
            names = [
                n.decode("utf-8", "replace") if isinstance(n, bytes) else str(n)
                for n in np.ravel(content[key])
            ]
            if len(names) == count and len(set(names)) == count:
                return tuple(names)
    return ()


def _parents(content: Mapping[str, Any], count: int) -> Int64[np.ndarray, "N"] | None:
    for key in _PARENTS:
        if key in content:
            array = np.ravel(np.asarray(content[key]))
            if array.dtype.kind in "iu" and len(array) == count:
                parents = np.where(array.astype(np.int64) >= count, -1, array.astype(np.int64))
                if (parents < np.arange(count)).all():
                    return np.maximum(parents, -1)
    return None


def _rate(content: Mapping[str, Any], path: Path) -> float:
    for key in _RATES:
        if key in content:
            value = np.asarray(content[key])
            if value.size == 1 and value.dtype.kind in "fiu":
                if problem := rate_problem(float(value.item())):
                    raise FileFormatError(path, problem, f"correct {key}")
                return float(value.item())
    return float("nan")
