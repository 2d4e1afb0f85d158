"""The unit and the up axis of a file, found from the skeleton."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

import numpy as np
from jaxtyping import Float64

from retarget.errors import RoleError

__all__ = [
    "STANDARD_LEG",
    "Unit",
    "axis_rotation",
    "find_unit",
    "find_up_axis",
    "leg_length",
    "mirror_notes",
    "unit_name",
]

STANDARD_LEG: Final = 0.82
"""Hip to ankle of an average adult in metres: 0.245 + 0.246 of a stature of 1.67 m (Winter 2009, fig. 4.1)."""

_PLAUSIBLE_LEGS: Final = (0.40, 1.15)  # metres; from a small child to the tallest of adults
_UNITS: Final = {
    "metre": 1.0,
    "centimetre": 0.01,
    "millimetre": 0.001,
    "decimetre": 0.1,
    "inch": 0.0254,
    "foot": 0.3048,
    # ASF files of the CMU database, whose lengths are inches times 0.45.
    "cmu": 0.0254 / 0.45,
}
_CLEAR: Final = 0.7  # mean component of the body's axis along the up axis: 45 degrees of tilt
_FLOOR_ERROR: Final = 0.25  # leg lengths; joints are above the floor, and data is shifted a little
_MIRRORED_SHARE: Final = 0.9  # of the frames have the legs crossed over where the feet point
_AXES: Final = "xyz"


class Unit(NamedTuple):
    """A length unit: its name and its size in metres."""

    name: str
    metres: float


def leg_length(positions: Float64[np.ndarray, "T J 3"], roles: Mapping[str, int]) -> float:
    """Median length of hip-knee-ankle over both legs and all frames, in the positions' unit."""
    legs = [
        np.linalg.norm(
            positions[:, roles[f"{side}_hip"]] - positions[:, roles[f"{side}_knee"]], axis=-1
        )
        + np.linalg.norm(
            positions[:, roles[f"{side}_knee"]] - positions[:, roles[f"{side}_ankle"]], axis=-1
        )
        for side in ("left", "right")
    ]
    return float(np.median(legs))


def find_unit(leg: float) -> tuple[Unit, list[str]]:
    """The unit in which a leg length is that of a human.

    Args:
        leg: Hip to ankle in the file's unit.

    Returns:
        The unit that brings the leg nearest to `STANDARD_LEG`; where none is plausible, one that makes it that
        long, with a note.

    Raises:
        RoleError: The leg has no length.
    """
    if not leg > 0:
        raise RoleError("the legs have no length; name the right joints in a role file")
    name, metres = min(_UNITS.items(), key=lambda unit: abs(np.log(unit[1] * leg / STANDARD_LEG)))
    if _PLAUSIBLE_LEGS[0] <= metres * leg <= _PLAUSIBLE_LEGS[1]:
        return Unit(name, metres), []
    note = (
        f"no known unit makes the leg of {leg:g} that of a human; it was scaled to {STANDARD_LEG} m, "
        "so speeds and heights are relative to that"
    )
    return Unit("unknown", STANDARD_LEG / leg), [note]


def unit_name(metres: float) -> str:
    """The name of a unit of this size, ``unknown`` if it has none."""
    return next((name for name, size in _UNITS.items() if size == metres), "unknown")


def find_up_axis(
    positions: Float64[np.ndarray, "T J 3"], roles: Mapping[str, int], likely: str
) -> tuple[str, list[str]]:
    """The signed axis along which heads are above feet.

    A body that lies or stands on its hands in the whole clip shows another axis than the true one. So an axis
    other than the likely one is believed if the lowest point along it is at zero, where files have their floor,
    or else if that is no better along the likely one.

    Args:
        positions: Global positions in the file's world.
        roles: Role -> joint.
        likely: The axis that most files of the format have.

    Returns:
        ``x``, ``y``, ``z``, ``-x``, ``-y`` or ``-z``; and a note if it is the likely one against the evidence.
    """
    top = positions[:, roles.get("head", roles["chest"])]
    feet = (positions[:, roles["left_ankle"]] + positions[:, roles["right_ankle"]]) / 2
    body = top - feet
    body = body / np.maximum(np.linalg.norm(body, axis=-1, keepdims=True), 1e-12)
    upright = body.mean(axis=0)
    axis = int(np.argmax(np.abs(upright)))
    shown = ("-" if upright[axis] < 0 else "") + _AXES[axis]
    if abs(upright[axis]) < _CLEAR:
        return likely, [f"the body is not upright enough to show the up axis; {likely} was assumed"]
    if shown == likely:
        return shown, []
    leg = leg_length(positions, roles)
    lies = float(np.percentile(np.ptp(_along(likely, positions), axis=1), 95)) < 1.5 * leg
    floor_fits = _floor_is_at_zero(likely, positions, leg) and not _floor_is_at_zero(
        shown, positions, leg
    )
    if floor_fits and (lies or shown[-1] == likely[-1]):
        return likely, [
            f"the body is upright along {shown}, but its floor is along {likely}, taken as up"
        ]
    return shown, []


def _along(axis: str, positions: Float64[np.ndarray, "T J 3"]) -> Float64[np.ndarray, "T J"]:
    values = positions[..., _AXES.index(axis[-1])]
    return -values if axis.startswith("-") else values


def _floor_is_at_zero(axis: str, positions: Float64[np.ndarray, "T J 3"], leg: float) -> bool:
    lowest = _along(axis, positions).min(axis=1)
    return abs(float(np.percentile(lowest, 5))) < _FLOOR_ERROR * leg


def mirror_notes(positions: Float64[np.ndarray, "T J 3"], roles: Mapping[str, int]) -> list[str]:
    """A note if the left leg is on the right of where the feet point, as in data of a left-handed world.

    Args:
        positions: Global positions in any unit and world.
        roles: Role -> joint.
    """
    sides = ("left", "right")
    if any(f"{side}_toe" not in roles for side in sides):
        return []
    up = positions[:, roles["chest"]] - positions[:, roles["left_hip"]]
    up = up + positions[:, roles["chest"]] - positions[:, roles["right_hip"]]
    feet = [
        positions[:, roles[f"{side}_toe"]] - positions[:, roles[f"{side}_ankle"]] for side in sides
    ]
    left = np.cross(up, feet[0] + feet[1])
    apart = positions[:, roles["left_hip"]] - positions[:, roles["right_hip"]]
    if np.mean(np.sum(left * apart, axis=-1) < 0) < _MIRRORED_SHARE:
        return []
    return [
        "left and right are swapped: the file is of a left-handed world or its sides are named wrongly"
    ]


def axis_rotation(up_axis: str) -> tuple[Float64[np.ndarray, "3 3"], Float64[np.ndarray, "4"]]:
    """The rotation from a world with this up axis to ours (z up), as a matrix and as a quaternion, wxyz.

    Axes are renamed in a cycle, so that y up with z forward becomes z up with x forward; a downward axis is
    first turned up by half a turn about the axis that becomes x.
    """
    axis = _AXES.index(up_axis[-1])
    # Row 0 takes the axis after the up axis, row 1 the one after that, row 2 the up axis itself.
    matrix = np.roll(np.eye(3), 2 - axis, axis=0)
    half = 0.5
    quaternion = {
        2: np.array([1.0, 0.0, 0.0, 0.0]),
        1: np.array([half, half, half, half]),
        0: np.array([half, -half, -half, -half]),
    }[axis]
    if up_axis.startswith("-"):  # half a turn about x, applied after the cycle
        matrix = np.diag([1.0, -1.0, -1.0]) @ matrix
        w, x, y, z = quaternion
        quaternion = np.array([-x, w, -z, y])
    return np.ascontiguousarray(matrix), quaternion
