"""Reading a motion file: from bytes to a `Motion` in metres, z up, with its body roles."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np

from retarget.demo import embedded_clip
from retarget.errors import FileFormatError, OptionsError, RoleError
from retarget.files import split_which
from retarget.frame_rates import rate_problem
from retarget.inputs import read_bytes, understanding
from retarget.kinds import MotionFormatKind
from retarget.motion.formats.asked import Asked
from retarget.motion.formats.registry import format_of, sniff_format
from retarget.motion.motion import Motion, MotionSource
from retarget.motion.recording import Recording
from retarget.motion.understand import motion_from_recording

__all__ = ["MODELS_VARIABLE", "read_motion"]

MODELS_VARIABLE: Final = "RETARGET_SMPL_MODELS"
"""Environment variable that names the folder of body models."""
_SAME_RATE: Final = 0.002

_REMEDY = "export or copy it again; if other programs can read it, report it"


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
    source_fps: float | None = None,
    smpl_models: str | Path | None = None,
) -> Motion:
    """Read a motion file of any known format.

    Args:
        path: The file, or the name of an embedded clip (`retarget.demo.clip_names`); it is only read. Where it
            holds several persons or animations, ``#2`` or ``#name`` behind the path picks one.
        format: Its format, or ``auto`` to find it from content and name.
        skip_bind_pose: Drop the frames that are a bind pose (T-pose): None if they are recognised, True in any
            case (then at least the first frame goes), False never.
        roles: Body role -> joint name, for roles that are not found or not right; see `ROLES`.
        up: The file's up axis, one of `retarget.motion.world.conventions.AXES`; None finds it.
        unit: The file's length unit, one of `retarget.motion.world.conventions.UNITS`; None finds it.
        floor_m: Height of the floor along the up axis, metres; None finds it from what stands.
        keep_glitches: Leave frames as they are in which the body is where no body can be.
        source_fps: Frames per second of the file, over what it says; needed where it says nothing.
        smpl_models: Folder of your own SMPL, SMPL-H and SMPL-X model files, which tell where the joints of a body
            of such a shape are; None looks at the environment variable ``RETARGET_SMPL_MODELS``.

    Returns:
        The motion in metres, z up; ``source`` says what was found out, ``source.notes`` what to know, and
        ``source.doubts`` what may be wrong. Its arrays are in single precision if it has more than `BLOCK` frames.

    Raises:
        FileFormatError: The file is missing, unreadable, not what its format promises, or has too many frames in a
            row in which the body is where no body can be.
        UnknownNameError: There is no such format, axis or unit.
        OptionsError: The floor is at no height that a floor can have, the rate is none, or there is no such folder.
        RoleError: The skeleton's body roles cannot be found.

    Example:
        >>> motion = read_motion("walk.bvh")  # doctest: +SKIP
        >>> motion.source.unit, motion.source.up_axis  # doctest: +SKIP
        ('centimetre', 'y')
    """
    kind = MotionFormatKind(str(format))
    path = embedded_clip(str(path)) or path
    said_path = str(path)
    path, which = split_which(path)
    asked = Asked(which, _checked_rate(source_fps), models_folder(smpl_models))
    data = _contents(path)
    # Numbers that are none are found by their values; nobody need be warned of them besides.
    with understanding(path, "motion", _REMEDY), np.errstate(all="ignore"):
        chosen = sniff_format(data, path) if kind == MotionFormatKind.AUTO else format_of(kind)
        source = MotionSource(
            path=said_path, sha256=hashlib.sha256(data).hexdigest(), format=str(chosen.kind)
        )
        # A reader lets go of a text when it has its numbers: that of a long clip is as large as the motion.
        text = [data]
        del data
        try:
            return motion_from_recording(
                _at_rate(chosen.read(text.pop(), path, asked), asked.source_fps),
                source,
                skip_bind_pose=skip_bind_pose,
                roles=roles,
                up=up,
                unit=unit,
                floor_m=floor_m,
                keep_glitches=keep_glitches,
            )
        except RoleError as error:
            raise RoleError(f"{said_path}: {error}") from None


def _checked_rate(fps: float | None) -> float | None:
    if fps is not None and (problem := rate_problem(fps)):
        raise OptionsError(f"the source's rate: {problem}")
    return fps


def _at_rate(recording: Recording, fps: float | None) -> Recording:
    """The recording at the rate that a user says it has; rates that the reader assumed are no doubt then."""
    if fps is None:
        return recording
    notes = recording.notes
    if abs(recording.fps - fps) > _SAME_RATE * fps:
        notes = (
            *notes,
            f"read as {fps:g} fps as asked; the file says or implies {recording.fps:g}",
        )
    doubts = tuple(doubt for doubt in recording.doubts if doubt.name != "rate")
    return replace(recording, fps=fps, notes=notes, doubts=doubts)


def models_folder(said: str | Path | None) -> Path | None:
    """The folder of body models: as said, else as the environment says.

    Raises:
        OptionsError: There is no such folder.
    """
    folder = said if said is not None else os.environ.get(MODELS_VARIABLE) or None
    if folder is None:
        return None
    if not Path(folder).is_dir():
        raise OptionsError(
            f"{folder}: no such folder of body models; give it with --smpl-models or {MODELS_VARIABLE}"
        )
    return Path(folder)


def _contents(path: Path) -> bytes:
    data = read_bytes(
        path, "give the path of one motion file; for folders there is the batch command"
    )
    if not data or data.isspace():  # stripped it would be held twice
        raise FileFormatError(path, "is empty", "export or copy it again")
    return data
