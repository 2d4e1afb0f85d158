"""Biovision Hierarchy (BVH) files as they really are.

Any hierarchy and channel order, position channels on any joint, several roots, any line ends, any names. The
format: M. Meredith and S. Maddock, "Motion capture file formats explained", University of Sheffield (2001).
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
from jaxtyping import Float32, Float64, Int64

from retarget.errors import FileFormatError
from retarget.frame_rates import period_problem
from retarget.motion.formats.bvh_hierarchy import (
    MALFORMED,
    TRUNCATED,
    Skeleton,
    finite_number,
    lines,
    parse_hierarchy,
)
from retarget.motion.motion import BLOCK
from retarget.motion.recording import Recording
from retarget.wording import quoted, shortened

__all__ = ["read_bvh"]

_REST_SHARE: Final = 0.9  # of the used rotation channels are exactly zero in a frame "at rest"
_WATCHED_FRAMES: Final = 300  # from the start, to see which channels are used and zero
# Bytes of numbers: pieces of this size go back to the system when they are let go of.
_PART: Final = 2**26
_UTF16_MARKS: Final = (b"\xff\xfe", b"\xfe\xff")


class _Joints(NamedTuple):
    """A skeleton as `retarget.motion.numeric.kinematics.global_poses` takes it."""

    kinds: Int64[np.ndarray, "C"]
    starts: Int64[np.ndarray, "J+1"]
    parents: Int64[np.ndarray, "J"]
    offsets: Float64[np.ndarray, "J 3"]


def read_bvh(data: bytes, path: Path) -> Recording:
    """Read a BVH file's content.

    Args:
        data: The file's bytes.
        path: Where they are from, for messages.

    Returns:
        Global poses in the file's unit and world.

    Raises:
        FileFormatError: The content is no BVH, is cut short, or holds something that is not a finite number;
            the message names the line.
    """
    if data.startswith(_UTF16_MARKS):
        data = data.decode("utf-16", "replace").encode()
    skeleton, motion_line, offset = parse_hierarchy(data, path)
    frames, frame_time, offset = _parse_motion_head(data, path, motion_line, offset)
    parts = _parse_values(data, path, offset, skeleton)
    del data  # nobody else has it, where the caller let go
    notes = [*skeleton.notes]
    held = sum(map(len, parts))
    if held != frames:
        notes.append(f"the file says {frames} frames and holds {held}; all of those were read")

    joints = _Joints(
        kinds=np.array(skeleton.kinds, np.int64),
        starts=np.array([*skeleton.starts, len(skeleton.kinds)], np.int64),
        parents=np.array(skeleton.parents, np.int64),
        offsets=np.array(skeleton.offsets, np.float64).reshape(len(skeleton.parents), 3),
    )
    notes += _fill_unused_positions(parts, joints)
    at_rest = _frames_at_rest(parts[0], joints)
    positions, rotations = _poses(parts, joints)
    return Recording(
        joint_names=tuple(skeleton.names),
        parents=joints.parents,
        positions=positions,
        rotations=rotations,
        fps=_rate(frame_time),
        rest=None if skeleton.turned else _rest_pose(skeleton),
        rest_frames=at_rest,
        notes=tuple(notes),
    )


def _rest_pose(skeleton: Skeleton) -> Float64[np.ndarray, "J 3"]:
    """Where the joints are if all channels are zero: offsets added up, from the root on."""
    places: list[tuple[float, float, float]] = []
    for parent, (x, y, z) in zip(skeleton.parents, skeleton.offsets, strict=True):
        px, py, pz = places[parent] if parent >= 0 else (0.0, 0.0, 0.0)
        places.append((px + x, py + y, pz + z))
    return np.array(places)


def _parse_motion_head(data: bytes, path: Path, line: int, offset: int) -> tuple[int, str, int]:
    """The frame count said, the frame time in seconds as written, and the offset of the first frame's line."""
    found: list[str] = []
    for text, end in lines(data, offset):
        line += 1
        if not text.strip():
            continue
        wanted = ("Frames", "Frame Time")[len(found)]
        match = re.fullmatch(r"\s*" + wanted.replace(" ", r"\s*") + r"\s*:?\s*(\S+)\s*", text, re.I)
        if not match:
            cause = f"{quoted(text.strip())} stands where '{wanted}:' and a number should"
            raise FileFormatError(path, cause, MALFORMED, line=line)
        found.append(match[1])
        value = finite_number(match[1], wanted, path, line)
        if len(found) == 1 and (value < 0 or value != int(value)):
            raise FileFormatError(path, f"{value:g} frames are impossible", MALFORMED, line=line)
        if len(found) == 2:
            if problem := period_problem(value):
                raise FileFormatError(path, problem, "correct the line 'Frame Time:'", line=line)
            return int(float(found[0])), found[1], end
    raise FileFormatError(path, "ends before its first frame", TRUNCATED, line=line)


def _parse_values(
    data: bytes, path: Path, offset: int, skeleton: Skeleton
) -> list[Float64[np.ndarray, "n C"]]:
    """The channel values, one row per frame, in parts."""
    from retarget.motion.formats.numbers import NumberRowsError, parse_rows

    columns = len(skeleton.kinds)
    try:
        parts = parse_rows(data, offset, columns, max(BLOCK, _PART // (8 * columns)))
    except NumberRowsError as error:
        frame = f"frame {error.row}"
        if error.count is not None:
            cause = f"{frame} has {error.count} of {columns} values"
            remedy = TRUNCATED if error.last and error.count < columns else MALFORMED
        else:
            column = error.column or 0
            joint = skeleton.names[int(np.searchsorted(skeleton.starts, column, "right")) - 1]
            cause = f"{frame}, value {column + 1} (joint {shortened(joint)}) is {error.word!r}"
            remedy = "every value must be a finite number; repair the frame or cut it out"
            if "," in error.word:
                remedy = "write numbers with a decimal point"
        raise FileFormatError(path, cause, remedy, line=error.line) from None
    if not parts:
        raise FileFormatError(path, "holds no frames", "export it again with its motion")
    return parts


def _fill_unused_positions(parts: list[Float64[np.ndarray, "n C"]], joints: _Joints) -> list[str]:
    """Give position channels their joint's offset where they are zero in all frames and the offset is not.

    Some exporters give every joint position channels and mean displacements; zeros would fold the skeleton up.
    """
    kinds, starts, parents, offsets = joints
    used = np.zeros(len(kinds), bool)
    for values in parts:
        used |= values.any(axis=0)
    movable = np.flatnonzero((kinds < 3) & ~used)
    owners = np.searchsorted(starts, movable, "right") - 1
    filled = 0
    for joint in np.unique(owners):
        channels = np.arange(starts[joint], starts[joint + 1])
        channels = channels[kinds[channels] < 3]
        if parents[joint] >= 0 and offsets[joint].any() and not used[channels].any():
            for values in parts:
                values[:, channels] = offsets[joint, kinds[channels]]
            filled += 1
    if not filled:
        return []
    return [f"{filled} joints have position channels that are always zero; their offsets were used"]


def _poses(
    parts: list[Float64[np.ndarray, "n C"]], joints: _Joints
) -> tuple[
    Float64[np.ndarray, "T J 3"], Float64[np.ndarray, "T J 4"] | Float32[np.ndarray, "T J 4"]
]:
    """Global positions and rotations; of a long clip rotations in single precision, which halves what they take.

    ``parts`` is empty afterwards.
    """
    from retarget.motion.numeric.kinematics import global_poses

    frames, count = sum(map(len, parts)), len(joints.parents)
    positions = np.empty((frames, count, 3))
    kind = np.float32 if frames > BLOCK else np.float64
    rotations: np.ndarray[Any, Any] = np.empty((frames, count, 4), kind)
    first = 0
    parts.reverse()
    while parts:
        part = parts.pop()
        for at in range(0, len(part), BLOCK):
            values = part[at : at + BLOCK]
            here = slice(first, first + len(values))
            turned = np.empty((len(values), count, 4))
            global_poses(values, *joints, positions[here], turned)
            if first > 0:  # signs go on too
                flipped = np.sum(turned[0] * rotations[first - 1], axis=-1) < 0
                turned[:, flipped] *= -1.0
            rotations[here] = turned
            first += len(values)
    return positions, rotations


def _rate(frame_time: str) -> float:
    """Frames per second: the whole or NTSC rate whose period was rounded to what is written, else its reciprocal.

    Files write periods with few digits (0.0333 for 30 frames a second), but a rate more than 0.2% away is
    never meant.
    """
    period = float(frame_time)
    rate = 1.0 / period
    fraction = frame_time.lower().partition("e")[0].partition(".")[2]
    last_digit = 10.0 ** -len(fraction) if "e" not in frame_time.lower() else 1e-9
    for candidate in (
        round(rate),
        *(nominal / 1.001 for nominal in (24.0, 30.0, 48.0, 60.0, 120.0)),
    ):
        if candidate > 0 and abs(1.0 / candidate - period) <= min(last_digit, 0.002 * period):
            return float(candidate)
    return rate


def _frames_at_rest(values: Float64[np.ndarray, "T C"], joints: _Joints) -> int:
    """Leading frames in which nearly all rotation channels that are ever used are exactly zero.

    The first joint is left out: where the body is, and which way it faces, is no pose.
    """
    kinds, starts, _, _ = joints
    used = (kinds >= 3) & np.any(values[:_WATCHED_FRAMES] != 0, axis=0)
    used[: starts[1]] = False
    if not used.any():
        return 0
    at_rest = np.mean(values[:_WATCHED_FRAMES, used] == 0, axis=1) >= _REST_SHARE
    return int(np.argmin(at_rest)) if not at_rest.all() else len(at_rest)
