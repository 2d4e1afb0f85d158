"""Things on paths in a file of a robot's motion: in arrays and columns of their own, or behind the robot's joints."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import numpy as np
from jaxtyping import Float64

from retarget.exchange.objects import OBJECT_KEYS, OBJECT_TABLE, thing_order
from retarget.exchange.reading.raw import Misfit
from retarget.exchange.reading.stored import StoredMotion
from retarget.exchange.rotations import read_rotation
from retarget.exchange.tables import Quaternion
from retarget.robots.model import RobotModel
from retarget.wording import counted

__all__ = ["things_apart"]

_POSE, _RATE = 7, 6  # numbers of a free joint, and of its rates
_UNIT: Final = 1e-2  # by which the length of a quaternion behind joints may be off one
_LEAST_NORM: Final = 1e-6


def things_apart(
    stored: StoredMotion, robot: RobotModel, joints: tuple[str, ...] | None
) -> StoredMotion:
    """A motion whose joints are the robot's alone, and what is around them as ``object_pose`` (T, O, 7), wxyz.

    Args:
        stored: As its table has read it.
        robot: The robot that it should be of.
        joints: Names of the joints that it should have; None tries the robot's joint sets.

    Raises:
        Misfit: Its things have another number of frames, or poses that are none.
    """
    if "object_pose" in stored.values:
        return stored
    found = _of_their_own(stored)
    apart = _behind_joints(stored, robot, joints) if found is None else _with(stored, found)
    count = apart.values["object_pose"].shape[1] if "object_pose" in apart.values else 0
    names = tuple(np.asarray(stored.besides.get(OBJECT_KEYS[0], ()), np.str_).reshape(-1).tolist())
    if not names or not count:
        return apart
    if len(names) != count:
        raise Misfit(f"{OBJECT_KEYS[0]} has {len(names)} names for {counted(count, 'thing')}")
    return replace(apart, object_names=names)


def _with(stored: StoredMotion, poses: Float64[np.ndarray, "T O 7"]) -> StoredMotion:
    return replace(stored, values={**stored.values, "object_pose": poses})


def _of_their_own(stored: StoredMotion) -> Float64[np.ndarray, "T O 7"] | None:
    """Poses in arrays or columns of their own; None where the file has none."""
    order = thing_order(stored.table)
    if OBJECT_TABLE in stored.besides:
        rows = _numbers(stored, OBJECT_TABLE)
        headed = any(row.columns for row in stored.table.rows)
        if rows.ndim != 2 or not rows.shape[1] or rows.shape[1] % _POSE:
            raise Misfit(f"{OBJECT_TABLE} is {rows.shape}")
        return _poses(rows.reshape(len(rows), -1, _POSE), "wxyz" if headed else order)
    there = [key for key in OBJECT_KEYS[1:] if key in stored.besides]
    if not there:
        return None
    if len(there) == 1:
        other = next(key for key in OBJECT_KEYS[1:] if key not in there)
        raise Misfit(f"it has {there[0]} and no {other}")
    places, turns = (_numbers(stored, key) for key in OBJECT_KEYS[1:])
    places, turns = (a[:, None] if a.ndim == 2 else a for a in (places, turns))
    if places.shape[1:] != (places.shape[1], 3) or turns.shape != (*places.shape[:2], 4):
        raise Misfit(f"{OBJECT_KEYS[1]} is {places.shape}, {OBJECT_KEYS[2]} {turns.shape}")
    return _poses(np.concatenate([places, turns], axis=2), order)


def _numbers(stored: StoredMotion, key: str) -> Float64[np.ndarray, "T *n"]:
    given: Any = stored.besides[key]
    try:
        array = np.asarray(given, np.float64)
    except (TypeError, ValueError):
        raise Misfit(f"{key} holds no numbers") from None
    if array.ndim < 2 or len(array) != stored.frames:
        raise Misfit(f"{key} is {array.shape}, of {stored.frames} frames")
    return array


def _poses(poses: Float64[np.ndarray, "T O 7"], order: Quaternion) -> Float64[np.ndarray, "T O 7"]:
    turns = read_rotation(poses[..., 3:], order)
    lengths = np.linalg.norm(turns, axis=2, keepdims=True)
    if (lengths < _LEAST_NORM).any():
        frame = int(np.argmax((lengths < _LEAST_NORM).any(axis=(1, 2))))
        raise Misfit(f"a thing has a quaternion of zero in frame {frame}")
    return np.concatenate([poses[..., :3], turns / lengths], axis=2)


def _behind_joints(
    stored: StoredMotion, robot: RobotModel, joints: tuple[str, ...] | None
) -> StoredMotion:
    """Things behind the joints of a configuration: told from joints by their number and their quaternions."""
    table = stored.table
    last = table.container == "csv" and table.rows[-1].source == "joint_position"
    holds = table.objects or table.container == "mjcf" or last
    if not holds or stored.joint_names is not None:
        return stored
    given = (robot.joint_names, *robot.joint_sets.values()) if joints is None else (joints,)
    sizes = sorted({len(names) for names in given}, reverse=True)
    if stored.joints in sizes:
        return stored
    array = stored.values["joint_position"]
    for size in sizes:
        count, left = divmod(stored.joints - size, _POSE)
        if count < 1 or left:
            continue
        poses = array[:, size:].reshape(stored.frames, count, _POSE)
        lengths = np.linalg.norm(poses[..., 3:], axis=2)
        told = lengths[
            np.isfinite(lengths)
        ]  # frames that are lost are named by whoever judges the file
        if not len(told) or not (np.abs(told - 1.0) < _UNIT).all():
            continue
        order: Quaternion = thing_order(table) if last else "wxyz"
        apart = _with(stored, _poses(poses, order))
        values = {**apart.values, "joint_position": array[:, :size]}
        rates = values.get("joint_velocity")
        if rates is not None and rates.shape[1] == size + _RATE * count:
            values["joint_velocity"] = rates[:, :size]
        return replace(apart, values=values)
    return stored
