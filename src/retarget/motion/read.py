"""Reading a motion file: from bytes to a `Motion` in metres, z up, with its body roles."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

from retarget.errors import FileFormatError, RoleError
from retarget.kinds import MotionFormatKind
from retarget.motion.formats.registry import format_of, sniff_format
from retarget.motion.motion import Motion, MotionSource
from retarget.motion.understand import motion_from_recording

__all__ = ["read_motion"]


def read_motion(
    path: str | Path,
    *,
    format: MotionFormatKind | str = MotionFormatKind.AUTO,  # noqa: A002 - the command's option has this name
    skip_bind_pose: bool | None = None,
    roles: Mapping[str, str] | None = None,
    up: str | None = None,
    unit: str | None = None,
    floor_m: float | None = None,
    keep_glitches: bool = False,
) -> Motion:
    """Read a motion file of any known format.

    Args:
        path: The file; it is only read.
        format: Its format, or ``auto`` to find it from content and name.
        skip_bind_pose: Drop the frames that are a bind pose (T-pose): None if they are recognised, True in any
            case (then at least the first frame goes), False never.
        roles: Body role -> joint name, for roles that are not found or not right; see `ROLES`.
        up: The file's up axis, one of `retarget.motion.conventions.AXES`; None finds it.
        unit: The file's length unit, one of `retarget.motion.conventions.UNITS`; None finds it.
        floor_m: Height of the floor along the up axis, metres; None finds it from what stands.
        keep_glitches: Leave frames as they are in which the body is where no body can be.

    Returns:
        The motion in metres, z up; ``source`` says what was found out, ``source.notes`` what to know, and
        ``source.doubts`` what may be wrong. Its arrays are in single precision if it has more than `BLOCK` frames.

    Raises:
        FileFormatError: The file is missing, unreadable, not what its format promises, or has too many frames in a
            row in which the body is where no body can be.
        UnknownNameError: There is no such format, axis or unit.
        OptionsError: The floor is at no height that a floor can have.
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
        return motion_from_recording(
            recording,
            source,
            skip_bind_pose=skip_bind_pose,
            roles=roles,
            up=up,
            unit=unit,
            floor_m=floor_m,
            keep_glitches=keep_glitches,
        )
    except RoleError as error:
        raise RoleError(f"{path}: {error}") from None


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
