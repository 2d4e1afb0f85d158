"""Recordings far from their origin, as on a map, are brought to it: numbers so large lose millimetres."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from jaxtyping import Float64

from retarget.errors import FileFormatError
from retarget.wording import listed

__all__ = ["brought_near", "refuse_scattered"]

_REACH: Final = 10.0  # metres from the pelvis: nobody's hand or foot is so far

_FAR: Final = 1000.0  # metres at which single precision, in which long clips and results are kept, has 0.06 mm
_SAMPLED: Final = 200  # frames, evenly over the motion; more than half of them are no glitches


def refuse_scattered(
    positions: Float64[np.ndarray, "T J 3"],
    names: Sequence[str],
    roles: Mapping[str, int],
    path: str,
) -> None:
    """Refuse a body one of whose joints is nowhere near the others in most frames.

    Args:
        positions: Global positions, metres.
        names: Of the joints.
        roles: Role -> joint.
        path: Of the file.

    Raises:
        FileFormatError: There is such a joint; the message names it.
    """
    few = positions[:: max(1, len(positions) // _SAMPLED)]
    played = list(roles.values())
    away = np.median(np.abs(few[:, played] - few[:, roles["pelvis"], None]).max(axis=2), axis=0)
    if away.max() > _REACH:
        role = list(roles)[int(np.argmax(away))]
        cause = f"joint {names[roles[role]]} ({role}) is {away.max():.4g} m from the pelvis in most frames"
        raise FileFormatError(path, cause, "correct its offset or its places, or the roles")


def brought_near(
    positions: Float64[np.ndarray, "T J 3"],
    names: Sequence[str],
    roles: Mapping[str, int],
    *,
    level: bool = False,
) -> tuple[tuple[float, float, float], list[str]]:
    """Move a motion whose body is farther than a kilometre from the origin there, in place, by whole metres.

    Args:
        positions: Global positions, metres, z up.
        names: Of the joints.
        roles: Role -> joint.
        level: Leave heights as they are, since that of the floor is given.

    Returns:
        What was subtracted, and notes: also of joints that are so far from the body.
    """
    few = positions[:: max(1, len(positions) // _SAMPLED)]
    body = np.median(few[:, roles["pelvis"]], axis=0)
    away = np.abs(few - few[:, roles["pelvis"], None]).max(axis=(0, 2))
    notes = []
    if (astray := np.flatnonzero(away > _FAR)).size:
        which = listed([names[joint] for joint in astray.tolist()])
        notes.append(
            f"{which}: up to {away.max() / 1000:.4g} km from the body, which is no place of a joint"
        )
    offset = np.rint(body)
    if level or abs(offset[2]) < _FAR:  # things around it stand on the floor of the file
        offset[2] = 0.0
    distance = float(np.linalg.norm(offset))
    if distance < _FAR:
        return (0.0, 0.0, 0.0), notes
    positions -= offset
    x, y, z = offset.tolist()
    notes.append(
        f"the body is {distance / 1000:.4g} km from the file's origin; it was brought to the origin, as numbers so "
        f"large lose precision: ({x:.0f}, {y:.0f}, {z:.0f}) m were subtracted"
    )
    return (x, y, z), notes
