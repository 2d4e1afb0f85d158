"""Motions of the SMPL family, as AMASS, video models and generators write them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from jaxtyping import Float64, Int64

from retarget.containers import npz_names
from retarget.errors import FileFormatError
from retarget.frame_rates import rate_problem
from retarget.motion.doubts import Doubt
from retarget.motion.formats.asked import Asked
from retarget.motion.formats.contents import NPY, ZIP, open_contents, pickled_part
from retarget.motion.formats.posed import posed
from retarget.motion.formats.smpl.body import body_tree
from retarget.motion.formats.smpl.layouts import Person, persons_in
from retarget.motion.formats.smpl.rotations import numbers_per_joint, quaternions_of, six_are_rows
from retarget.motion.formats.smpl.size import Size, size_by_stance
from retarget.motion.formats.smpl.skeleton import rest_body, stand_in_doubt
from retarget.motion.recording import LONG, Recording

__all__ = ["looks_like_smpl", "read_smpl"]

_FULL: Final = ("poses", "pose", "fullpose", "full_pose")
_ROOT: Final = ("root_orient", "global_orient", "poses_root")
_BODY: Final = ("pose_body", "body_pose", "poses_body")
_HANDS: Final = ("pose_hand", "hand_pose", "poses_hand")
_LEFT_HAND: Final = ("left_hand_pose", "pose_left_hand")
_RIGHT_HAND: Final = ("right_hand_pose", "pose_right_hand")
_TRANS: Final = ("trans", "transl", "translation", "root_trans", "pred_trans", "Th")
_SHAPE: Final = ("betas", "beta", "shape", "shapes")
_RATE: Final = (
    "mocap_framerate",
    "mocap_frame_rate",
    "framerate",
    "frame_rate",
    "fps",
    "mocap_fps",
)
_OTHER: Final = ("gender", "surface_model_type", "pose_jaw", "jaw_pose", "smpl_poses", "smpl_trans", "smpl_scaling",
                 "pose_world", "trans_world", "pred_rotmat", "pred_shape", "frame", "frame_ids")  # fmt: skip
_KEYS: Final = (
    *_FULL,
    *_ROOT,
    *_BODY,
    *_HANDS,
    *_LEFT_HAND,
    *_RIGHT_HAND,
    *_TRANS,
    *_SHAPE,
    *_RATE,
    *_OTHER,
)
_REMEDY: Final = "see 'retarget formats' for the SMPL layouts that are read"
# What tells a pickle or a torch file of one of the layouts: keys are written as they are.
_SIGNATURES: Final = (
    (b"smpl_params_global",), (b"body_params_global",), (b"pose_world", b"trans_world"), (b"smpl_orient_world",),
    (b"smpl_poses", b"smpl_trans"), (b"pred_rotmat", b"pred_shape"), (b"global_orient", b"body_pose"),
    (b"poses", b"trans", b"betas"),
    (b"pred_thetas", b"pred_betas"), (b"root_orient", b"pose_body"), (b"poses_root", b"poses_body"),
)  # fmt: skip
_FEET: Final = (7, 8, 10, 11)  # ankles and balls of the feet, in all bodies
_FULL_JOINTS: Final = (24, 52, 55, 22)
_BODY_JOINTS, _HAND_JOINTS = 22, 15
_STILL: Final = 1e-6
_CAMERA: Final = 0.5
_NO_TRAVEL: Final = 0.6
_GAPS: Final = 0.4


@dataclass(frozen=True, slots=True)
class _Pose:
    """Rotations as a file has them: rows of ``numbers`` a joint, for the first joints of a body."""

    kind: str
    values: Float64[np.ndarray, "T J n"]
    notes: tuple[str, ...] = ()


def looks_like_smpl(data: bytes) -> bool:
    """Whether a file is a container with the keys of one of the layouts."""
    names = npz_names(data) if data.startswith(ZIP) else frozenset()
    if names:
        posed_ = names & {*_FULL, *_BODY, "smpl_poses", "pose_world"}
        return bool(posed_ and names & {*_TRANS, *_SHAPE, *_ROOT, "smpl_trans", "trans_world"})
    if data.startswith(NPY) and b", 322)" in data[:256]:  # Motion-X
        return True
    keys = pickled_part(data)
    return any(all(key in keys for key in signature) for signature in _SIGNATURES)


def read_smpl(data: bytes, path: Path, asked: Asked) -> Recording:
    """Read a file of the SMPL family; hands are kept where they move.

    Args:
        data: The file's bytes.
        path: Where they are from.
        asked: Which person, and where body models lie.

    Raises:
        FileFormatError: The content is of no known layout, or holds something that is not a finite number.
    """
    content = open_contents(data, path, _KEYS)
    del data
    people = persons_in(content)
    if not people:
        cause = "holds no poses of an SMPL body"
        if isinstance(content, Mapping) and "betas" in content:
            cause = "holds a body's shape and no motion"
        raise FileFormatError(path, cause, _REMEDY)
    names = [person.name for person in people]
    person = people[asked.index_of(names, path)]
    if "identity_coeffs" in person.fields:
        cause = "holds SOMA parameters of GEM-X, whose joints only SOMA's own body model tells"
        raise FileFormatError(
            path, cause, "write the skeleton as BVH with GEM-X's export_soma_bvh, and give that"
        )
    pose = _pose(person, path)
    trans, travel = _trans(person, len(pose.values), path)
    gender = _gender(person.fields.get("gender"))
    body = rest_body(pose.kind, gender, _shape(person.fields), asked.smpl_models)
    kept = _kept_joints(pose)
    fps, rates = _rate(person, path)
    layout = person.layout
    doubts = [*travel, *rates, *_gaps(person.fields)]
    moves = not any(doubt.name == "travel" for doubt in travel)
    pose = _compact(pose, kept)
    del content, people, person  # of a long clip they are larger than what is made of them
    recording = _recording(pose, trans, body.joints, kept, path)
    if body.cause:
        size = _sized(recording[2], trans, asked.source_fps or fps, kept, body.size, moves)
        doubts.insert(0, stand_in_doubt(body.cause, size))
    return Recording(
        joint_names=recording[0],
        parents=recording[1],
        positions=recording[2],
        rotations=recording[3],
        fps=fps,
        metres_per_unit=1.0,
        up_axis=layout.up_axis or None,
        likely_up_axis=layout.likely_up,
        notes=(
            f"{layout.name} layout, {pose.kind.upper()} body, {gender}",
            *asked.note_of_others(names),
            *pose.notes,
            *body.notes,
        ),
        doubts=tuple(doubts),
    )


def _recording(
    pose: _Pose,
    trans: Float64[np.ndarray, "T 3"],
    rest: Float64[np.ndarray, "J 3"],
    kept: Int64[np.ndarray, "K"],
    path: Path,
) -> tuple[tuple[str, ...], Int64[np.ndarray, "K"], np.ndarray, np.ndarray]:
    tree = body_tree(pose.kind)
    place = {int(joint): index for index, joint in enumerate(kept)}
    parents = np.array([place.get(int(tree.parents[joint]), -1) for joint in kept], np.int64)
    origins = np.where(tree.parents >= 0, tree.parents, 0)
    offsets = np.where((tree.parents >= 0)[:, None], rest - rest[origins], rest)[None, kept]
    given = pose.values.shape[1]
    rows = pose.values.shape[-1] == 6 and six_are_rows(pose.values[:2000])

    def turns(block: slice) -> Float64[np.ndarray, "n K 4"]:
        values = np.asarray(pose.values[block][:, kept[kept < given]], np.float64)
        if not np.isfinite(values).all():
            frame, joint = np.argwhere(~np.isfinite(values))[0][:2]
            cause = f"frame {block.start + frame}, joint {tree.names[kept[joint]]} has a rotation that is not finite"
            raise FileFormatError(path, cause, "repair the frame or cut it out")
        out = np.zeros((len(values), len(kept), 4))
        out[..., 0] = 1.0
        try:
            out[:, : values.shape[1]] = quaternions_of(values, rows)
        except ValueError as error:
            raise FileFormatError(path, f"frames {block.start} on: {error}", _REMEDY) from None
        return out

    positions, rotations = posed(len(pose.values), parents, turns, lambda _: offsets, trans)
    return tuple(tree.names[joint] for joint in kept), parents, positions, rotations


def _sized(
    positions: Float64[np.ndarray, "T K 3"],
    trans: Float64[np.ndarray, "T 3"],
    fps: float,
    kept: Int64[np.ndarray, "K"],
    size: Size,
    moves: bool,
) -> Size:
    """Scale a body of size 1 in place, as its shape and, where it travels, its feet tell; returns its size."""
    if size.error and moves:
        feet = [int(np.flatnonzero(kept == joint)[0]) for joint in _FEET]
        size = size_by_stance(positions[:, 0], positions[:, feet], fps, size)
    if size.scale != 1.0:
        for first in range(0, len(positions), LONG):
            block = slice(first, first + LONG)
            positions[block] *= size.scale
            positions[block] += (1.0 - size.scale) * trans[block, None]
    return size


def _kept_joints(pose: _Pose) -> Int64[np.ndarray, "K"]:
    """Body joints, and those of hands that are ever turned; a face has no part in a robot's motion."""
    names = body_tree(pose.kind).names
    if pose.kind == "smpl":
        return np.arange(len(names))
    first = names.index("left_index1")
    hands = np.arange(first, len(names))
    moves = _turns(pose.values[:, first:])
    body = np.arange(_BODY_JOINTS)
    return np.concatenate([body, hands]) if moves else body


def _turns(joints: Float64[np.ndarray, "T J n"]) -> bool:
    """Whether any of these joints is ever turned.

    Rotation vectors of zero are a hand that nobody recorded; matrices and six numbers are compared with frame 0.
    """
    if joints.shape[1] == 0:
        return False
    usual = 0.0 if joints.shape[-1] == 3 else joints[:1]
    blocks = (joints[first : first + LONG] for first in range(0, len(joints), LONG))
    return any(bool(np.any(np.abs(block - usual) > _STILL)) for block in blocks)


def _compact(pose: _Pose, kept: Int64[np.ndarray, "K"]) -> _Pose:
    """The poses of a long clip without the joints behind those that are kept, in single precision."""
    if len(pose.values) <= LONG:
        return pose
    given = kept[kept < pose.values.shape[1]]
    values = np.empty((len(pose.values), int(given.max()) + 1, pose.values.shape[2]), np.float32)
    for first in range(0, len(values), LONG):
        values[first : first + LONG] = pose.values[first : first + LONG, : values.shape[1]]
    return replace(pose, values=values)


def _pose(person: Person, path: Path) -> _Pose:
    fields = person.fields
    stated = _text(fields.get("surface_model_type")).lower().replace("-", "")
    stated = stated if stated in ("smpl", "smplh", "smplx") else ""
    full = _found(fields, _FULL, path)
    if full is not None:
        rows = full.reshape(len(full), -1)
        per = numbers_per_joint(rows.shape[1], _FULL_JOINTS)
        if not per:
            cause = f"has poses of {rows.shape[1]} numbers per frame, no count of an SMPL body"
            raise FileFormatError(path, cause, _REMEDY)
        values = rows.reshape(len(rows), -1, per)
        kind = {24: "smpl", 52: "smplh", 55: "smplx"}.get(values.shape[1], "")
        return _Pose(kind or stated or person.layout.kind or "smpl", values)
    return _split_pose(person, stated, path)


def _split_pose(person: Person, stated: str, path: Path) -> _Pose:
    fields = person.fields
    body, root = _found(fields, _BODY, path), _found(fields, _ROOT, path)
    if body is None or root is None:
        missing = "root_orient (or global_orient)" if root is None else "pose_body (or body_pose)"
        raise FileFormatError(path, f"has poses but no {missing}", _REMEDY)
    rows = body.reshape(len(body), -1)
    per = numbers_per_joint(rows.shape[1], (21, 23, 24))
    top = root.reshape(len(root), -1)
    if not per or top.shape != (len(rows), per):
        cause = f"its root orientation is {root.shape} and its body pose {body.shape}"
        raise FileFormatError(path, cause, _REMEDY)
    parts = [top, rows]
    joints = rows.shape[1] // per
    kind = stated or person.layout.kind
    if not kind:
        from_smplx = any(key in fields for key in ("pose_jaw", "jaw_pose", "global_orient"))
        kind = "smpl" if joints >= 23 else "smplx" if from_smplx else "smplh"
    if kind == "smpl":
        return _Pose(kind, np.concatenate(parts, axis=1)[:, : 24 * per].reshape(len(rows), -1, per))
    hands, notes = _hands(fields, len(rows), per, path)
    parts = [top, rows[:, : 21 * per]]
    if hands is not None and _turns(hands.reshape(len(hands), -1, per)):
        if kind == "smplx":  # jaw and eyes come before
            still = np.zeros((len(rows), 3, per))
            still[..., :per] = _identity(per)
            parts.append(still.reshape(len(rows), -1))
        parts.append(hands)
    return _Pose(kind, np.concatenate(parts, axis=1).reshape(len(rows), -1, per), notes)


def _hands(
    fields: Mapping[str, Any], frames: int, per: int, path: Path
) -> tuple[Float64[np.ndarray, "T n"] | None, tuple[str, ...]]:
    both = _found(fields, _HANDS, path)
    sides = [_found(fields, keys, path) for keys in (_LEFT_HAND, _RIGHT_HAND)]
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
    return {3: np.zeros(3), 9: np.eye(3).ravel(), 6: np.array([1.0, 0, 0, 0, 1.0, 0])}[per]


def _trans(
    person: Person, frames: int, path: Path
) -> tuple[Float64[np.ndarray, "T 3"], list[Doubt]]:
    found = _found(person.fields, _TRANS, path)
    if found is None:
        reason = (
            f"the file ({person.layout.name} layout) does not say where the body is, so it stays at one place and its "
            "feet slide"
        )
        return np.zeros((frames, 3)), [Doubt("travel", _NO_TRAVEL, reason)]
    trans = found.reshape(len(found), -1).astype(np.float64)
    if trans.shape != (frames, 3):
        raise FileFormatError(path, f"has {frames} poses and translations {found.shape}", _REMEDY)
    if not np.isfinite(trans).all():
        frame = int(np.argwhere(~np.isfinite(trans))[0][0])
        raise FileFormatError(
            path, f"frame {frame}: the translation is not finite", "repair the frame or cut it out"
        )
    if not person.layout.in_camera:
        return trans, []
    reason = f"{person.layout.name} writes poses in the camera's axes: right only if the camera stood still and level"
    return trans, [Doubt("travel", _CAMERA, reason)]


def _shape(fields: Mapping[str, Any]) -> Float64[np.ndarray, "B"]:
    value = next((fields[key] for key in _SHAPE if key in fields), None)
    array = np.asarray(0.0 if value is None else value)
    if array.dtype.kind not in "fiu" or not np.isfinite(array).all() or array.ndim > 3:
        return np.zeros(0)
    if array.ndim < 2:
        return np.atleast_1d(array).astype(np.float64) if value is not None else np.zeros(0)
    return np.median(array.reshape(-1, array.shape[-1]).astype(np.float64), axis=0)


def _rate(person: Person, path: Path) -> tuple[float, list[Doubt]]:
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


def _gaps(fields: Mapping[str, Any]) -> list[Doubt]:
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


def _gender(value: Any) -> str:
    word = _text(value).lower()
    return next(
        (g for g in ("female", "neutral", "male") if g.startswith(word[:1]) and word), "neutral"
    )


def _text(value: Any) -> str:
    if isinstance(value, np.ndarray) and value.size == 1:
        value = value.item()
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return value if isinstance(value, str) else ""


def _found(
    fields: Mapping[str, Any], keys: tuple[str, ...], path: Path
) -> Float64[np.ndarray, "T ..."] | None:
    """The first array of numbers with one of these names, a row per frame; None where there is none."""
    for key in keys:
        if key not in fields or fields[key] is None:
            continue
        value = np.asarray(fields[key])
        if value.dtype.kind not in "fiu" or value.ndim < 2 or len(value) == 0:
            raise FileFormatError(
                path, f"{key} holds {value.dtype} of shape {value.shape}", _REMEDY
            )
        return value
    return None
