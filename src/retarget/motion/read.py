"""Reading a motion file: from bytes to a `Motion` in metres, z up, with its body roles."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from jaxtyping import Float64

from retarget.errors import FileFormatError, RoleError
from retarget.kinds import MotionFormatKind
from retarget.motion.bind_pose import bind_pose_frames
from retarget.motion.conventions import (
    Unit,
    axis_rotation,
    find_unit,
    find_up_axis,
    leg_length,
    mirror_notes,
    unit_name,
)
from retarget.motion.edit import compact
from retarget.motion.formats import format_of, sniff_format
from retarget.motion.motion import BLOCK, Motion, MotionSource
from retarget.motion.names import recognised_rig
from retarget.motion.recording import Recording
from retarget.motion.repeats import without_repeats
from retarget.motion.roles import find_roles

__all__ = ["motion_from_recording", "read_motion"]

_FARTHEST = 1e12  # in any unit; far beyond, sums and squares overflow
_SAMPLED_FRAMES = 200  # enough for lengths and tilts, which hardly change


def read_motion(
    path: str | Path,
    *,
    format: MotionFormatKind | str = MotionFormatKind.AUTO,  # noqa: A002 - the command's option has this name
    skip_bind_pose: bool | None = None,
    roles: Mapping[str, str] | None = None,
) -> Motion:
    """Read a motion file of any known format.

    Args:
        path: The file; it is only read.
        format: Its format, or ``auto`` to find it from content and name.
        skip_bind_pose: Drop the frames that are a bind pose (T-pose): None if they are recognised, True in any
            case (then at least the first frame goes), False never.
        roles: Body role -> joint name, for roles that are not found or not right; see `ROLES`.

    Returns:
        The motion in metres, z up; ``source`` says what was found out, and ``source.notes`` what to know. Its arrays
        are in single precision if it has more than `BLOCK` frames.

    Raises:
        FileFormatError: The file is missing, unreadable, or not what its format promises.
        UnknownNameError: There is no such format.
        RoleError: The skeleton's body roles cannot be found.

    Example:
        >>> motion = read_motion("walk.bvh")  # doctest: +SKIP
        >>> motion.source.unit, motion.source.up_axis  # doctest: +SKIP
        ('centimetre', 'y')
    """
    path = Path(path)
    kind = MotionFormatKind(str(format))
    data = _contents(path)
    chosen = sniff_format(data, path) if kind == MotionFormatKind.AUTO else format_of(kind)
    source = MotionSource(
        path=str(path), sha256=hashlib.sha256(data).hexdigest(), format=str(chosen.kind)
    )
    # A reader lets go of a text when it has its numbers: that of a long clip is as large as the motion.
    text = [data]
    del data
    recording = chosen.read(text.pop(), path)
    try:
        return motion_from_recording(recording, source, skip_bind_pose=skip_bind_pose, roles=roles)
    except RoleError as error:
        raise RoleError(f"{path}: {error}") from None


def motion_from_recording(
    recording: Recording,
    source: MotionSource,
    *,
    skip_bind_pose: bool | None = None,
    roles: Mapping[str, str] | None = None,
) -> Motion:
    """Find out roles, unit, up axis and bind pose of a recording, and bring it into our world.

    Args:
        recording: What a reader returned; its arrays are changed in place.
        source: Path, hash and format; the rest is filled in.
        skip_bind_pose: As for `read_motion`.
        roles: As for `read_motion`.

    Raises:
        FileFormatError: The recording has no frames or holds something that is not a finite number.
        RoleError: The skeleton's body roles cannot be found.
    """
    from retarget.motion.kinematics import to_world

    _check(recording, source)
    recording = without_repeats(recording)
    positions = np.require(recording.positions, np.float64, ["C", "W"])
    rotations = np.require(recording.rotations, None, ["C", "W"])
    names, parents = recording.joint_names, recording.parents.astype(np.int64)
    sample = positions[:: max(1, len(positions) // _SAMPLED_FRAMES)]
    found, role_notes = find_roles(names, parents.tolist(), sample, roles)
    unit, unit_notes = _unit(recording, sample, found)
    up_axis, axis_notes = _up_axis(recording, sample, found)
    axis_notes += mirror_notes(sample, found)
    for first in range(0, len(positions), BLOCK):
        block = slice(first, first + BLOCK)
        turned = rotations[block].astype(np.float64)
        to_world(positions[block], turned, unit.metres, *axis_rotation(up_axis))
        rotations[block] = turned
    bind = bind_pose_frames(positions, found, recording.fps, recording.rest_frames)
    dropped, bind_notes = _frames_to_drop(bind, len(positions), skip_bind_pose)
    motion = Motion(
        joint_names=names,
        parents=parents,
        positions=positions[dropped:],
        rotations=rotations[dropped:],
        fps=recording.fps,
        roles=found,
        source=MotionSource(
            path=source.path,
            sha256=source.sha256,
            format=source.format,
            unit=unit.name,
            metres_per_unit=unit.metres,
            up_axis=up_axis,
            rig=recognised_rig(names),
            bind_pose=bind > 0,
            dropped_frames=dropped,
            notes=(
                *source.notes,
                *recording.notes,
                *role_notes,
                *unit_notes,
                *axis_notes,
                *bind_notes,
            ),
        ),
    )
    return compact(motion) if len(motion) > BLOCK else motion


def _unit(
    recording: Recording, sample: Float64[np.ndarray, "T J 3"], roles: Mapping[str, int]
) -> tuple[Unit, list[str]]:
    if recording.metres_per_unit is None:
        return find_unit(leg_length(sample, roles))
    return Unit(unit_name(recording.metres_per_unit), recording.metres_per_unit), []


def _up_axis(
    recording: Recording, sample: Float64[np.ndarray, "T J 3"], roles: Mapping[str, int]
) -> tuple[str, list[str]]:
    if recording.up_axis is None:
        return find_up_axis(sample, roles, recording.likely_up_axis)
    return recording.up_axis, []


def _contents(path: Path) -> bytes:
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise FileFormatError(path, "does not exist", "give the path of a motion file") from None
    except IsADirectoryError:
        raise FileFormatError(
            path, "is a folder", "give the path of one motion file, or use the batch command"
        ) from None
    except OSError as error:
        cause = f"cannot be read ({error.strerror or error})"
        raise FileFormatError(path, cause, "check its permissions") from None
    if not data.strip():
        raise FileFormatError(path, "is empty", "export or copy it again")
    return data


def _check(recording: Recording, source: MotionSource) -> None:
    place = source.path or "motion"
    if len(recording.positions) == 0:
        raise FileFormatError(place, "holds no frames", "export it again with its motion")
    for first in range(0, len(recording.positions), BLOCK):
        block = slice(first, first + BLOCK)
        for what, array, most in (
            ("position", recording.positions[block], _FARTHEST),
            ("rotation", recording.rotations[block], 2.0),
        ):
            right = np.abs(array) < most  # false for NaN too
            if not right.all():
                frame, joint = np.argwhere(~right)[0][:2]
                cause = f"frame {first + frame}, joint {recording.joint_names[joint]} has an impossible {what}"
                raise FileFormatError(place, cause, "repair the frame or cut it out")
        rotations = recording.rotations[block]
        off = np.abs(np.einsum("tjk,tjk->tj", rotations, rotations) - 1) > 1e-3
        if off.any():
            frame, joint = np.argwhere(off)[0]
            cause = (
                f"frame {first + frame}, joint {recording.joint_names[joint]}: "
                "the rotation is no unit quaternion"
            )
            raise FileFormatError(place, cause, "readers must return unit quaternions, wxyz")


def _frames_to_drop(bind: int, frames: int, skip: bool | None) -> tuple[int, list[str]]:
    """How many frames to drop, and what to say about it."""
    if skip is None:
        skip = bind > 0
    if not skip:
        return 0, ["the first frame is a bind pose and was kept"] if bind else []
    if frames == 1:
        return 0, ["the only frame was kept although bind poses are to be dropped"]
    if bind == 0:
        return 1, ["the first frame was dropped as asked, though it does not look like a bind pose"]
    which = "the first frame was" if bind == 1 else f"the first {bind} frames were"
    return bind, [f"{which} dropped: a bind pose (T-pose)"]
