"""Fields of a file of the SMPL family by their many names: places, shape, rate, gender, and when nobody was seen."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
from jaxtyping import Float64

from retarget.errors import FileFormatError
from retarget.frame_rates import rate_problem
from retarget.motion.doubts import Doubt
from retarget.motion.formats.smpl.tools import Person

__all__ = [
    "BODY",
    "FULL",
    "HANDS",
    "KEYS",
    "LEFT_HAND",
    "REMEDY",
    "RIGHT_HAND",
    "ROOT",
    "SHAPE",
    "TRANS",
    "found_in",
    "gaps_in",
    "gender_of",
    "rate_of",
    "shape_of",
    "text_of",
    "translation_of",
]

FULL: Final = ("poses", "pose", "fullpose", "full_pose")
ROOT: Final = ("root_orient", "global_orient", "poses_root")
BODY: Final = ("pose_body", "body_pose", "poses_body")
HANDS: Final = ("pose_hand", "hand_pose", "poses_hand")
LEFT_HAND: Final = ("left_hand_pose", "pose_left_hand", "pose_lhand")
RIGHT_HAND: Final = ("right_hand_pose", "pose_right_hand", "pose_rhand")
TRANS: Final = ("trans", "transl", "translation", "root_trans", "pred_trans", "Th")
SHAPE: Final = ("betas", "beta", "shape", "shapes")
_RATE: Final = (
    "mocap_framerate",
    "mocap_frame_rate",
    "framerate",
    "frame_rate",
    "fps",
    "mocap_fps",
)
_OTHER: Final = ("gender", "surface_model_type", "pose_jaw", "jaw_pose", "smpl_poses", "smpl_trans", "smpl_scaling",
                 "pose_world", "trans_world", "pred_rotmat", "pred_shape", "frame", "frame_ids", "body")  # fmt: skip
KEYS: Final = (
    *FULL,
    *ROOT,
    *BODY,
    *HANDS,
    *LEFT_HAND,
    *RIGHT_HAND,
    *TRANS,
    *SHAPE,
    *_RATE,
    *_OTHER,
)
REMEDY: Final = "see 'retarget formats' for the SMPL layouts that are read"
_CAMERA: Final = 0.5
_NO_TRAVEL: Final = 0.6
_GAPS: Final = 0.4


def translation_of(
    person: Person, frames: int, path: Path
) -> tuple[Float64[np.ndarray, "T 3"], list[Doubt]]:
    """Where the body is, metres, (T, 3), and why that may be wrong; at one place where the file does not say it.

    Raises:
        FileFormatError: There are others than the poses, or numbers that are not finite.
    """
    found = found_in(person.fields, TRANS, path)
    if found is None:
        reason = (
            f"the file ({person.layout.name} layout) does not say where the body is, so it stays at one place and its "
            "feet slide"
        )
        return np.zeros((frames, 3)), [Doubt("travel", _NO_TRAVEL, reason)]
    trans = found.reshape(len(found), -1).astype(np.float64)
    if trans.shape != (frames, 3):
        raise FileFormatError(path, f"has {frames} poses and translations {found.shape}", REMEDY)
    if not np.isfinite(trans).all():
        frame = int(np.argwhere(~np.isfinite(trans))[0][0])
        raise FileFormatError(
            path, f"frame {frame}: the translation is not finite", "repair the frame or cut it out"
        )
    if not person.layout.in_camera:
        return trans, []
    reason = f"{person.layout.name} writes poses in the camera's axes: right only if the camera stood still and level"
    return trans, [Doubt("travel", _CAMERA, reason)]


def shape_of(fields: Mapping[str, Any]) -> Float64[np.ndarray, "B"]:
    """The coefficients of the body's shape, one of each; none where there are none to be used."""
    value = next((fields[key] for key in SHAPE if key in fields), None)
    array = np.asarray(0.0 if value is None else value)
    if array.dtype.kind not in "fiu" or not np.isfinite(array).all() or array.ndim > 3:
        return np.zeros(0)
    if array.ndim < 2:
        return np.atleast_1d(array).astype(np.float64) if value is not None else np.zeros(0)
    return np.median(array.reshape(-1, array.shape[-1]).astype(np.float64), axis=0)


def rate_of(person: Person, path: Path) -> tuple[float, list[Doubt]]:
    """Frames per second, and why that may be wrong.

    Raises:
        FileFormatError: It is no rate that there is.
    """
    for key in _RATE:
        if key in person.fields:
            value = np.asarray(person.fields[key])
            if value.size != 1 or value.dtype.kind not in "fiu":
                raise FileFormatError(path, f"{key} is no rate", "say it with --source-fps")
            if problem := rate_problem(value.item()):
                raise FileFormatError(path, problem, f"correct {key}, or say it with --source-fps")
            return float(value.item()), []
    layout = person.layout
    if not layout.rate_doubt:
        return layout.fps, []
    reason = f"{layout.name} does not write the rate; it was taken to be {layout.fps:g}, say it with --source-fps"
    return layout.fps, [Doubt("rate", layout.rate_doubt, reason)]


def gaps_in(fields: Mapping[str, Any]) -> list[Doubt]:
    """A doubt where a person was not seen for a while, so that its frames do not follow one another."""
    missing = 0
    if "frames" in fields:
        numbers = np.ravel(np.asarray(fields["frames"]))
        if numbers.dtype.kind in "iu" and len(numbers) > 1:
            missing = int(np.sum(np.maximum(np.diff(numbers) - 1, 0)))
    if "exists" in fields:
        seen = np.ravel(np.asarray(fields["exists"])).astype(bool)
        missing = int(np.sum(~seen[seen.argmax() : len(seen) - seen[::-1].argmax()]))
    if not missing:
        return []
    reason = f"the person was not seen in {missing} frames; what stands there, or follows at once, is the tool's guess"
    return [Doubt("glitches", _GAPS, reason)]


def gender_of(value: Any) -> str:
    """Female, male or neutral."""
    word = text_of(value).lower()
    return next(
        (g for g in ("female", "neutral", "male") if g.startswith(word[:1]) and word), "neutral"
    )


def text_of(value: Any) -> str:
    """A field as text; empty where it is something else."""
    if isinstance(value, np.ndarray) and value.size == 1:
        value = value.item()
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return value if isinstance(value, str) else ""


def found_in(
    fields: Mapping[str, Any], keys: tuple[str, ...], path: Path
) -> Float64[np.ndarray, "T ..."] | None:
    """The first array of numbers with one of these names, a row per frame; None where there is none."""
    for key in keys:
        if key not in fields or fields[key] is None:
            continue
        value = np.asarray(fields[key])
        if value.dtype.kind not in "fiu" or value.ndim < 2 or len(value) == 0:
            raise FileFormatError(path, f"{key} holds {value.dtype} of shape {value.shape}", REMEDY)
        return value
    return None
