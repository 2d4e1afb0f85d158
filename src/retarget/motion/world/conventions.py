"""Units and up axes of files: which there are, the unit found from the skeleton, and the turn to our world."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final, NamedTuple

import numpy as np
from jaxtyping import Float64

from retarget.errors import OptionsError, RoleError, UnknownNameError
from retarget.motion.doubts import Doubt

__all__ = [
    "AXES",
    "FARTHEST_FLOOR",
    "STANDARD_LEG",
    "UNITS",
    "Unit",
    "axis_rotation",
    "checked_axis",
    "checked_floor",
    "find_unit",
    "leg_length",
    "unit_name",
    "unit_named",
]

STANDARD_LEG: Final = 0.82
"""Hip to ankle of an average adult in metres: 0.245 + 0.246 of a stature of 1.67 m (Winter 2009, fig. 4.1)."""

# Metres. Files in metres, centimetres and millimetres may be of a child; other units must make the legs those of an
# adult to be believed.
_LEGS: Final = (0.40, 1.15)
_ADULT_LEGS: Final = (0.60, 1.08)
_SMALL_LEG: Final = (
    0.62  # shorter: a child of up to eight years, a small character, or another unit
)
_UNKNOWN_DOUBT, _SMALL_DOUBT = 0.3, 0.3
UNITS: Final = {
    "metre": 1.0,
    "centimetre": 0.01,
    "millimetre": 0.001,
    "decimetre": 0.1,
    "inch": 0.0254,
    "foot": 0.3048,
    # ASF files of the CMU database, whose lengths are inches times 0.45.
    "cmu": 0.0254 / 0.45,
    # MikuMikuDance's: its first model, 158 cm tall, is 20 of them.
    "mikucell": 0.08,
}
"""Length units by name, in metres."""
FARTHEST_FLOOR: Final = 1000.0
"""Metres from a file's origin at which its floor may be said to be."""
_COMMON: Final = ("metre", "centimetre", "millimetre")
_OF_RIGS: Final = frozenset({"mikucell"})  # units that only some rigs are in, and no others
_CUSTOM_DOUBT: Final = 0.1
AXES: Final = ("x", "y", "z", "-x", "-y", "-z")
"""Signed axes of a file, of which one points up."""


class Unit(NamedTuple):
    """A length unit: its name and its size in metres."""

    name: str
    metres: float


def leg_length(positions: Float64[np.ndarray, "T J 3"], roles: Mapping[str, int]) -> float:
    """Median length of hip-knee-ankle over both legs and all frames, in the positions' unit."""
    from retarget.motion.numeric.quantiles import median_of

    chains = [
        roles[f"{side}_{part}"] for part in ("hip", "knee", "ankle") for side in ("left", "right")
    ]
    joints = positions[:, chains]
    bones = joints[:, 2:] - joints[:, :4]
    lengths = np.sqrt(np.einsum("tbi,tbi->tb", bones, bones))
    return median_of(lengths[:, :2] + lengths[:, 2:])


def find_unit(leg: float, own: str = "") -> tuple[Unit, list[Doubt]]:
    """The unit in which a leg length is that of a human.

    Args:
        leg: Hip to ankle in the file's unit.
        own: The unit in which rigs of this kind are made, besides the common ones; empty where they have none.

    Returns:
        The unit that brings the leg nearest to `STANDARD_LEG`; where none is plausible, one that makes it that
        long. A doubt says so, or that the legs are those of a child, or that a rig's own unit was taken.

    Raises:
        RoleError: The leg has no length.
    """
    if not leg > 0:
        raise RoleError("the legs have no length; name the right joints in a role file")
    units = {own: UNITS[own]} | {name: UNITS[name] for name in _COMMON} if own else UNITS
    possible = [
        Unit(name, metres)
        for name, metres in units.items()
        if (name == own or name not in _OF_RIGS)
        and (low_high := _LEGS if name in (*_COMMON, own) else _ADULT_LEGS)[0] <= metres * leg
        and metres * leg <= low_high[1]
    ]
    if not possible:
        reason = (
            f"no known unit makes the leg of {leg:g} that of a human; it was scaled to {STANDARD_LEG} m, so speeds "
            "and heights are relative to that; say which unit with --unit"
        )
        return Unit("unknown", STANDARD_LEG / leg), [Doubt("unit", _UNKNOWN_DOUBT, reason)]
    unit = min(possible, key=lambda unit: abs(math.log(unit.metres * leg / STANDARD_LEG)))
    length = unit.metres * leg
    if length < _SMALL_LEG:
        reason = f"the legs are {length:.2f} m long in {unit.name}s: a child, or another unit; say which with --unit"
        return unit, [Doubt("unit", _SMALL_DOUBT, reason)]
    if unit.name != own:
        return unit, []
    reason = (
        f"bones are named as a rig's whose makers count in {own}s of {100 * unit.metres:g} cm, which makes its legs "
        f"{length:.2f} m long; say another unit with --unit"
    )
    return unit, [Doubt("unit", _CUSTOM_DOUBT, reason)]


def checked_axis(name: str) -> str:
    """The name of an up axis, if it is one.

    Raises:
        UnknownNameError: It is none of `AXES`; the message lists them.
    """
    if name not in AXES:
        raise UnknownNameError("up axis", name, list(AXES))
    return name


def checked_floor(height: float) -> float:
    """A floor's height in metres, if it can be one.

    Raises:
        OptionsError: It is not finite, or farther from the origin than `FARTHEST_FLOOR`.
    """
    if not abs(height) <= FARTHEST_FLOOR:  # false for NaN too
        raise OptionsError(
            f"the floor is said to be at {height:g} m; give its height along the up axis in metres, from "
            f"{-FARTHEST_FLOOR:g} to {FARTHEST_FLOOR:g}"
        )
    return height


def unit_named(name: str) -> Unit:
    """The unit with this name.

    Raises:
        UnknownNameError: There is none; the message lists those known.
    """
    if name not in UNITS:
        raise UnknownNameError("unit", name, list(UNITS))
    return Unit(name, UNITS[name])


def unit_name(metres: float) -> str:
    """The name of a unit of this size, ``unknown`` if it has none."""
    return next((name for name, size in UNITS.items() if size == metres), "unknown")


def axis_rotation(up_axis: str) -> tuple[Float64[np.ndarray, "3 3"], Float64[np.ndarray, "4"]]:
    """The rotation from a world with this up axis to ours (z up), as a matrix and as a quaternion, wxyz.

    Axes are renamed in a cycle, so that y up with z forward becomes z up with x forward; a downward axis is
    first turned up by half a turn about the axis that becomes x.
    """
    axis = AXES.index(up_axis[-1])
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
