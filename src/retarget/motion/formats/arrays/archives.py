"""Joint places in NumPy's, pickled and torch's containers: generators' output, and arrays with names."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
from jaxtyping import Float64, Int64

from retarget.containers import npz_names
from retarget.errors import FileFormatError
from retarget.frame_rates import rate_problem
from retarget.motion.formats.arrays.clips import clips_in, moved_by_camera, places_of_frames
from retarget.motion.formats.arrays.features import (
    FEATURES,
    STREAMED,
    places_of_features,
    places_of_streamed,
)
from retarget.motion.formats.arrays.keypoints import counts
from retarget.motion.formats.arrays.points import REMEDY, PointSet, recording_of_points
from retarget.motion.formats.asked import Asked
from retarget.motion.formats.contents import NPY, ZIP, open_contents, pickled_part
from retarget.motion.formats.joint_orders import fitting_order
from retarget.motion.recording import Recording

__all__ = ["looks_like_arrays", "read_arrays"]

_PLACES: Final = ("posed_joints", "global_joint_positions", "joint_positions", "joints", "positions", "keypoints",
                  "joints3d", "joints_3d", "joints3D", "keypoints_3d", "keypoints3d", "pred_keypoints_3d",
                  "positions_3d", "smpl_joints", "xyz", "points", "motion")  # fmt: skip
_PICKLED: Final = (b"posed_joints", b"joint_positions", b"motion_path", b"joints3D", b"pred_keypoints_3d",
                   b"positions_3d")  # fmt: skip
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
_OTHERS: Final = ("lengths", "text", "height", "unit", "units", "foot_contacts", "pred_cam_t")
_KEYS: Final = (*_PLACES, *_NAMES, *_PARENTS, *_TURNS, *_RATES, *_OTHERS)
_FEATURES: Final = {  # maker, how they are made places, and the rate where the joints' order does not imply it
    FEATURES: ("HumanML3D", places_of_features, float("nan")),
    STREAMED: ("MotionStreamer", places_of_streamed, 30.0),
}
_KIMODO, _HOLOSOMA = 30.0, 30.0
_OMOMO_ROW, _OMOMO_JOINTS = 591, slice(162, 318)
_OMOMO_WIDTH: Final = b"M\x4f\x02"  # 591, as pickles write it


def looks_like_arrays(data: bytes) -> bool:
    """Whether a file is a container with an array of places."""
    names = npz_names(data) if data.startswith(ZIP) else frozenset()
    if names:
        return bool(names & {*_PLACES} - {"motion", "points"}) and "body_positions" not in names
    head = data[:256]
    if data.startswith(NPY) and b"'|O'" not in head:
        return any(end in head for end in (b", 3)", b", 4)", b", 591)", b", 263)", b", 272)"))
    keys = pickled_part(data)
    if any(key in keys for key in _PICKLED):
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


def _point_set(content: Any, path: Path, asked: Asked) -> PointSet:
    if isinstance(content, Mapping):
        return _from_mapping(content, path, asked)
    if isinstance(content, np.ndarray) and content.dtype == object and content.ndim == 1:
        content = list(content)
    if isinstance(content, (list, tuple)):
        places = places_of_frames(content, _PLACES, path)
        if places is not None:
            asked.index_of(["the only one"], path)
            return PointSet(places)
    array = _numbers(content, "the array", path)
    if array.ndim == 4:  # generators write several samples, or one of one
        samples = range(1, 1 + len(array))
        index = asked.index_of(samples, path, "sample")
        return PointSet(
            _of_three(array[index], path), notes=asked.note_of_others(samples, "sample")
        )
    asked.index_of(["the only one"], path)
    if array.ndim == 2 and array.shape[1] == _OMOMO_ROW:
        joints = array[:, _OMOMO_JOINTS].reshape(len(array), -1, 3)
        return PointSet(joints, fps=30.0, maker="OMOMO", metres_per_unit=1.0, up_axis="z")
    if array.ndim == 2 and array.shape[1] in _FEATURES:
        return _from_features(array, path)
    return PointSet(_of_three(array, path))


def _from_features(array: Float64[np.ndarray, "T n"], path: Path) -> PointSet:
    maker, places_of, fps = _FEATURES[array.shape[1]]
    places = places_of(array)
    if fitting_order(places)[0] is None:
        cause = f"holds {array.shape[1]} features per frame that are not {maker}'s of a body, or are normalised"
        raise FileFormatError(path, cause, "give features times std plus mean, or the 22 joints")
    notes = (f"places are those of {maker}'s features",)
    return PointSet(places, fps=fps, maker="" if np.isnan(fps) else maker, notes=notes)


def _from_mapping(content: Mapping[str, Any], path: Path, asked: Asked) -> PointSet:
    key = next((key for key in _PLACES if key in content), None)
    if key is None:
        raise FileFormatError(path, f"has none of {', '.join(_PLACES)}", REMEDY)
    if clips := clips_in(content[key]):
        names = list(clips)
        index = asked.index_of(names, path, "clip")
        return PointSet(clips[names[index]], notes=asked.note_of_others(names, "clip"))
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
    places = moved_by_camera(_of_three(array[index] if batched else array, path), content)
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
        raise FileFormatError(path, f"{what} holds {array.dtype} of shape {array.shape}", REMEDY)
    return array


def _of_three(array: Float64[np.ndarray, "..."], path: Path) -> Float64[np.ndarray, "T N 3"]:
    if array.ndim == 2 and array.shape[1] == 3:
        cause = (
            "holds three numbers a frame, as of one joint's places or turns (TRUMANS), and no body"
        )
        raise FileFormatError(path, cause, "give the joints, or poses with trans as .npz")
    if array.ndim == 2 and array.shape[1] % 3 == 0:
        array = array.reshape(len(array), -1, 3)
    if array.ndim == 3 and array.shape[2] == 4 and _confident(array):
        array = array[..., :3]
    if array.ndim != 3 or array.shape[2] != 3:
        raise FileFormatError(
            path, f"the places are of shape {array.shape}, not (frames, joints, 3)", REMEDY
        )
    return array


def _confident(array: Float64[np.ndarray, "T N 4"]) -> bool:
    """Whether the fourth numbers are a detector's confidence, and not those of quaternions."""
    if array.shape[1] not in counts():
        return False
    few = array[:: max(1, len(array) // 300)]
    last = few[..., 3]
    lengths = np.linalg.norm(few, axis=-1)
    return bool(((last >= 0.0) & (last <= 1.0)).all() and np.abs(lengths - 1.0).max() > 0.01)


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
