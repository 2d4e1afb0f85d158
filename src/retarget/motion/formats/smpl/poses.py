"""Rotations of a file of the SMPL family, of body and hands in one array, whichever way they are written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from jaxtyping import Float64

from retarget.errors import FileFormatError
from retarget.motion.formats.smpl.fields import (
    BODY,
    FULL,
    HANDS,
    LEFT_HAND,
    REMEDY,
    RIGHT_HAND,
    ROOT,
    found_in,
    text_of,
)
from retarget.motion.formats.smpl.rotations import numbers_per_joint, w_is_last
from retarget.motion.formats.smpl.tools import Person
from retarget.motion.recording import LONG

__all__ = ["BODY_JOINTS", "Pose", "pose_of", "turn"]

_FULL_JOINTS: Final = (24, 52, 55, 22, 77)
_SOMA_ROWS: Final = {228: 3, 684: 9}  # numbers of 76 joints in a row, and of each
BODY_JOINTS, _HAND_JOINTS = 22, 15
_STILL: Final = 1e-6
_QUATERNION: Final = 4  # numbers of a joint


@dataclass(frozen=True, slots=True)
class Pose:
    """Rotations as a file has them: rows of ``numbers`` a joint, for the first joints of a body."""

    kind: str
    values: Float64[np.ndarray, "T J n"]
    notes: tuple[str, ...] = ()


def turn(joints: Float64[np.ndarray, "T J n"]) -> bool:
    """Whether any of these joints is ever turned.

    Rotation vectors of zero are a hand that nobody recorded; others are compared with frame 0.
    """
    if joints.shape[1] == 0:
        return False
    usual = 0.0 if joints.shape[-1] == 3 else joints[:1]
    blocks = (joints[first : first + LONG] for first in range(0, len(joints), LONG))
    return any(bool(np.any(np.abs(block - usual) > _STILL)) for block in blocks)


def pose_of(person: Person, path: Path) -> Pose:
    """The rotations of a person in a file; quaternions are turned to wxyz.

    Raises:
        FileFormatError: They are of no body of the family, or quaternions whose scalar cannot be told.
    """
    pose = _pose_as_written(person, path)
    if pose.values.shape[-1] != _QUATERNION:
        return pose
    last = w_is_last(pose.values[:LONG])
    if last is None:
        cause = "has quaternions of which nothing tells whether w stands first or last"
        raise FileFormatError(path, cause, "write axes times angles (T, J, 3)")
    if last:
        pose = _pose_as_written(replace(person, fields=_scalar_first(person.fields)), path)
    note = f"rotations are quaternions, {'xyzw' if last else 'wxyz'}: so their largest numbers say"
    return replace(pose, notes=(*pose.notes, note))


def _scalar_first(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Fields with xyzw quaternions as wxyz."""
    found = dict(fields)
    for key in (*FULL, *ROOT, *BODY, *HANDS, *LEFT_HAND, *RIGHT_HAND):
        if found.get(key) is not None:
            rows = np.asarray(found[key])
            if rows.ndim > 1 and rows[0].size % _QUATERNION == 0:
                turns = rows.reshape(len(rows), -1, _QUATERNION)
                found[key] = np.roll(turns, 1, axis=-1).reshape(len(rows), -1)
    return found


def _pose_as_written(person: Person, path: Path) -> Pose:
    fields = person.fields
    stated = text_of(fields.get("surface_model_type")).lower().replace("-", "")
    stated = stated if stated in ("smpl", "smplh", "smplx") else ""
    full = found_in(fields, FULL, path)
    if full is not None:
        rows = full.reshape(len(full), -1)
        per = numbers_per_joint(rows.shape[1], _FULL_JOINTS)
        if not per:
            cause = f"has poses of {rows.shape[1]} numbers per frame, no count of an SMPL body"
            raise FileFormatError(path, cause, REMEDY)
        values = rows.reshape(len(rows), -1, per)
        kind = {24: "smpl", 52: "smplh", 55: "smplx", 77: "soma"}.get(values.shape[1], "")
        return Pose(kind or stated or person.layout.kind or "smpl", values)
    return _split_pose(person, stated, path)


def _split_pose(person: Person, stated: str, path: Path) -> Pose:
    fields = person.fields
    body, root = found_in(fields, BODY, path), found_in(fields, ROOT, path)
    if body is None or root is None:
        missing = "root_orient (or global_orient)" if root is None else "pose_body (or body_pose)"
        raise FileFormatError(path, f"has poses but no {missing}", REMEDY)
    rows = body.reshape(len(body), -1)
    soma = _SOMA_ROWS.get(rows.shape[1], 0)
    per = soma or numbers_per_joint(rows.shape[1], (21, 23, 24))
    top = root.reshape(len(root), -1)
    if not per or top.shape != (len(rows), per):
        cause = f"its root orientation is {root.shape} and its body pose {body.shape}"
        raise FileFormatError(path, cause, REMEDY)
    parts = [top, rows]
    if soma:
        return Pose("soma", np.concatenate(parts, axis=1).reshape(len(rows), -1, per))
    joints = rows.shape[1] // per
    kind = stated or person.layout.kind
    if not kind:
        from_smplx = any(
            key in fields for key in ("pose_jaw", "jaw_pose", "global_orient", "pose_lhand")
        )
        kind = "smpl" if joints >= 23 else "smplx" if from_smplx else "smplh"
    if kind == "smpl":
        return Pose(kind, np.concatenate(parts, axis=1)[:, : 24 * per].reshape(len(rows), -1, per))
    hands, notes = _hands(fields, len(rows), per, path)
    parts = [top, rows[:, : 21 * per]]
    if hands is not None and turn(hands.reshape(len(hands), -1, per)):
        if kind == "smplx":  # jaw and eyes come before
            still = np.zeros((len(rows), 3, per))
            still[..., :per] = _identity(per)
            parts.append(still.reshape(len(rows), -1))
        parts.append(hands)
    return Pose(kind, np.concatenate(parts, axis=1).reshape(len(rows), -1, per), notes)


def _hands(
    fields: Mapping[str, Any], frames: int, per: int, path: Path
) -> tuple[Float64[np.ndarray, "T n"] | None, tuple[str, ...]]:
    both = found_in(fields, HANDS, path)
    sides = [found_in(fields, keys, path) for keys in (LEFT_HAND, RIGHT_HAND)]
    if both is None and all(side is None for side in sides):
        return None, ()
    if both is None:
        empty = np.tile(_identity(per), (frames, _HAND_JOINTS))
        whole = [empty if side is None else side.reshape(len(side), -1) for side in sides]
        if any(len(side) != frames for side in whole):
            return None, (
                "the hands have another number of frames than the body; they were left out",
            )
        rows = np.concatenate(whole, axis=1)
    else:
        rows = both.reshape(len(both), -1)
    if rows.shape != (frames, 2 * _HAND_JOINTS * per):
        return None, ("the hands are principal components of a model; they were left out",)
    return rows, ()


def _identity(per: int) -> Float64[np.ndarray, "n"]:
    return {
        3: np.zeros(3),
        4: np.array([1.0, 0, 0, 0]),
        9: np.eye(3).ravel(),
        6: np.array([1.0, 0, 0, 0, 1.0, 0]),
    }[per]
