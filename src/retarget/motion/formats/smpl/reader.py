"""Motions of the SMPL family, as AMASS, video models and generators write them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
from jaxtyping import Float64, Int64

from retarget.containers import npz_names
from retarget.errors import FileFormatError
from retarget.geometry import rotated
from retarget.motion.formats.asked import Asked
from retarget.motion.formats.contents import NPY, ZIP, open_contents, pickled_part
from retarget.motion.formats.posed import posed
from retarget.motion.formats.smpl.body import body_tree
from retarget.motion.formats.smpl.fields import (
    BODY,
    FULL,
    KEYS,
    REMEDY,
    ROOT,
    SHAPE,
    TRANS,
    gaps_in,
    gender_of,
    rate_of,
    shape_of,
    translation_of,
)
from retarget.motion.formats.smpl.layouts import persons_in
from retarget.motion.formats.smpl.poses import BODY_JOINTS, Pose, pose_of, turn
from retarget.motion.formats.smpl.rotations import quaternions_of, six_are_rows
from retarget.motion.formats.smpl.size import Size, size_by_stance
from retarget.motion.formats.smpl.skeleton import rest_body, stand_in_doubt
from retarget.motion.formats.smpl.soma import SOMA_FEET, SOMA_FINGERS, SOMA_REST
from retarget.motion.formats.smpl.tools import Person
from retarget.motion.recording import LONG, Recording

__all__ = ["looks_like_smpl", "read_smpl", "recording_of_person"]

# What tells a pickle or a torch file of one of the layouts: keys are written as they are.
_SIGNATURES: Final = (
    (b"smpl_params_global",), (b"body_params_global",), (b"pose_world", b"trans_world"), (b"smpl_orient_world",),
    (b"smpl_poses", b"smpl_trans"), (b"pred_rotmat", b"pred_shape"), (b"global_orient", b"body_pose"),
    (b"poses", b"trans"), (b"thetas", b"root_translation"),
    (b"pred_thetas", b"pred_betas"), (b"root_orient", b"pose_body"), (b"poses_root", b"poses_body"),
    (b"smplx_world", b"trans"), (b"pose_aa", b"trans", b"beta"),
    (b"pose_aa", b"trans_orig"),
)  # fmt: skip
_HEAD: Final = 1 << 16  # bytes that name the keys of nearly all files, however long they are
_FEET: Final = ("left_ankle", "right_ankle", "left_foot", "right_foot")  # the latter are the balls


def looks_like_smpl(data: bytes) -> bool:
    """Whether a file is a container with the keys of one of the layouts."""
    names = npz_names(data) if data.startswith(ZIP) else frozenset()
    if names:
        if {"body", "framerate", "n_frames"} <= names:  # GRAB
            return True
        posed_ = names & {*FULL, *BODY, "smpl_poses", "pose_world"}
        others = names & {*TRANS, *SHAPE, *ROOT, "smpl_trans", "trans_world"}
        return bool(posed_ and (others or names <= set(KEYS)))
    if data.startswith(NPY) and b", 322)" in data[:256]:  # Motion-X
        return True
    keys = pickled_part(data)
    return _has_signature(keys[:_HEAD]) or _has_signature(keys)


def _has_signature(keys: bytes) -> bool:
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
    content = open_contents(data, path, KEYS)
    del data
    people = persons_in(content)
    if not people:
        cause = "holds no poses of an SMPL body"
        if isinstance(content, Mapping) and "betas" in content:
            cause = "holds a body's shape and no motion"
        raise FileFormatError(path, cause, REMEDY)
    names = [person.name for person in people]
    chosen = [people[asked.index_of(names, path)]]
    del content, people
    return recording_of_person(chosen.pop(), path, asked, asked.note_of_others(names))


def recording_of_person(
    person: Person, path: Path, asked: Asked, notes: tuple[str, ...] = ()
) -> Recording:
    """A recording of the motion of one person, whichever file it was found in.

    Args:
        person: Who, and the layout of what is said of it.
        path: Where it is from.
        asked: Where body models lie, and the rate.
        notes: What to say of the file.

    Raises:
        FileFormatError: Its arrays are of no body, or hold something that is not a finite number.
    """
    pose = pose_of(person, path)
    trans, travel = translation_of(person, len(pose.values), path)
    gender = gender_of(person.fields.get("gender"))
    body = rest_body(pose.kind, gender, shape_of(person.fields), asked.smpl_models)
    kept = _kept_joints(pose)
    fps, rates = rate_of(person, path)
    layout = person.layout
    if layout.about_origin:
        trans += _way_of_pelvis(pose, body.joints[0])
    doubts = [*travel, *rates, *gaps_in(person.fields)]
    moves = not any(doubt.name == "travel" for doubt in travel)
    pose = _compact(pose, kept)
    del person  # of a long clip it is larger than what is made of it
    recording = _recording(pose, trans, body.joints, kept, path)
    if body.cause:
        feet = _feet(pose.kind, kept)
        size = _sized(recording[2], trans, asked.source_fps or fps, feet, body.size, moves)
        doubts.insert(0, stand_in_doubt(pose.kind, body.cause, size))
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
            *notes,
            *pose.notes,
            *body.notes,
        ),
        doubts=tuple(doubts),
    )


def _recording(
    pose: Pose,
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
            raise FileFormatError(path, f"frames {block.start} on: {error}", REMEDY) from None
        return out

    positions, rotations = posed(len(pose.values), parents, turns, lambda _: offsets, trans)
    return tuple(tree.names[joint] for joint in kept), parents, positions, rotations


def _way_of_pelvis(pose: Pose, pelvis: Float64[np.ndarray, "3"]) -> Float64[np.ndarray, "T 3"]:
    """How far the pelvis goes as the body is turned about its model's origin, metres."""
    turns = quaternions_of(np.asarray(pose.values[:, :1], np.float64))[:, 0]
    return np.asarray(rotated(turns, np.broadcast_to(pelvis, (len(turns), 3))) - pelvis)


def _sized(
    positions: Float64[np.ndarray, "T K 3"],
    trans: Float64[np.ndarray, "T 3"],
    fps: float,
    feet: list[int],
    size: Size,
    moves: bool,
) -> Size:
    """Scale a body of size 1 in place, as its shape and, where it travels, its feet tell; returns its size."""
    if size.error and moves:
        size = size_by_stance(positions[:, 0], positions[:, feet], fps, size)
    if size.scale != 1.0:
        for first in range(0, len(positions), LONG):
            block = slice(first, first + LONG)
            positions[block] *= size.scale
            positions[block] += (1.0 - size.scale) * trans[block, None]
    return size


def _feet(kind: str, kept: Int64[np.ndarray, "K"]) -> list[int]:
    """Ankles and balls of the feet among the joints that are kept."""
    names = body_tree(kind).names
    feet = SOMA_FEET if kind == "soma" else _FEET
    return [int(np.flatnonzero(kept == names.index(foot))[0]) for foot in feet]


def _kept_joints(pose: Pose) -> Int64[np.ndarray, "K"]:
    """Body joints, and those of hands that are ever turned; a face has no part in a robot's motion."""
    names = body_tree(pose.kind).names
    if pose.kind == "smpl":
        return np.arange(len(names))
    if pose.kind == "soma":
        return _kept_of_soma(pose, names)
    first = names.index("left_index1")
    hands = np.arange(first, len(names))
    moves = turn(pose.values[:, first:])
    body = np.arange(BODY_JOINTS)
    return np.concatenate([body, hands]) if moves else body


def _kept_of_soma(pose: Pose, names: tuple[str, ...]) -> Int64[np.ndarray, "K"]:
    fingers = {f"{side}{part}" for side in ("Left", "Right")
               for parts in SOMA_FINGERS.values() for part in parts}  # fmt: skip
    hands = np.array([joint for joint, name in enumerate(names) if name in fingers])
    body = np.array([joint for joint, name in enumerate(names) if joint == 0 or name in SOMA_REST])
    return np.sort(np.concatenate([body, hands])) if turn(pose.values[:, hands]) else body


def _compact(pose: Pose, kept: Int64[np.ndarray, "K"]) -> Pose:
    """The poses of a long clip without the joints behind those that are kept, in single precision."""
    if len(pose.values) <= LONG:
        return pose
    given = kept[kept < pose.values.shape[1]]
    values = np.empty((len(pose.values), int(given.max()) + 1, pose.values.shape[2]), np.float32)
    for first in range(0, len(values), LONG):
        values[first : first + LONG] = pose.values[first : first + LONG, : values.shape[1]]
    return replace(pose, values=values)
