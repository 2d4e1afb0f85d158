"""Animation curves of FBX: values at moments, between keys constant, linear or along Bezier curves."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import numpy as np
from jaxtyping import Float32, Float64, Int64

from retarget.motion.formats.scenes.fbx_file import FbxNode

__all__ = ["CurveReader", "FbxCurve", "alike", "sampled"]

_SECOND: Final = 46_186_158_000  # units of time
_CONSTANT, _LINEAR, _CUBIC = 0x2, 0x4, 0x8
_NEXT: Final = 0x100  # of a constant key: its value is the next one's
_WEIGHTED_RIGHT, _WEIGHTED_LEFT = 0x01000000, 0x02000000
_THIRD: Final = 1.0 / 3.0
_WEIGHT: Final = 1e-4  # one unit of a weight
_HALVINGS: Final = 40
_SOON: Final = 1e-6  # seconds
_ATTRIBUTES: Final = ("KeyAttrFlags", "KeyAttrDataFloat", "KeyAttrRefCount")
_NAMED: Final = frozenset({"KeyTime", "KeyValueFloat", *_ATTRIBUTES})
_NONE: Final = np.empty(0)


class _Ways(NamedTuple):
    """How a curve goes on from each group of its keys: what `FbxCurve` says of them."""

    ends: Int64[np.ndarray, "g"]
    flags: Int64[np.ndarray, "g"]
    tangents: Float64[np.ndarray, "g 4"]


class FbxCurve(NamedTuple):
    """A curve of one number over time, as the file has it: of a long animation a copy is larger than its motion.

    Attributes:
        keys: Times of its keys in the file's unit, rising.
        values: At its keys.
        ends: Keys that have the same way to go on follow one another: the number of the first key after each group.
        flags: How it goes on from the keys of each group.
        tangents: Slopes a second from each key on and into the next one, and the parts of the time between that
            these last.
    """

    keys: Int64[np.ndarray, "k"]
    values: Float32[np.ndarray, "k"]
    ends: Int64[np.ndarray, "g"]
    flags: Int64[np.ndarray, "g"]
    tangents: Float64[np.ndarray, "g 4"]

    @property
    def span(self) -> tuple[float, float]:
        """Times of the first and the last key, seconds."""
        return float(self.keys[0] / _SECOND), float(self.keys[-1] / _SECOND)

    def seconds(self, most: int) -> Float64[np.ndarray, "n"]:
        """Times of the first keys, seconds."""
        return self.keys[:most] / _SECOND


class CurveReader:
    """Reads curves one after another; what a curve has in common with the one before is kept once."""

    def __init__(self) -> None:
        self._keys: Int64[np.ndarray, "k"] = np.empty(0, np.int64)
        self._written: tuple[bytes, ...] = ()
        self._ways = _Ways(np.empty(0, np.int64), np.empty(0, np.int64), np.empty((0, 4)))

    def read(self, node: FbxNode) -> FbxCurve | None:
        """The curve that a node ``AnimationCurve`` holds; None where it has no keys.

        Raises:
            ValueError: Its keys do not fit.
        """
        arrays = node.arrays(_NAMED)
        keys, values = arrays.get("KeyTime", _NONE), arrays.get("KeyValueFloat", _NONE)
        if len(keys) == 0:
            return None
        whole = keys.dtype == np.int64 and values.dtype.kind == "f" and len(values) == len(keys)
        if not whole or not np.isfinite(values).all():
            raise ValueError("a curve has keys that do not fit")
        if not np.array_equal(keys, self._keys):
            if np.any(keys[1:] < keys[:-1]):
                raise ValueError("a curve has keys that do not fit")
            self._keys, self._written = keys, ()
        attributes = [arrays.get(name, _NONE) for name in _ATTRIBUTES]
        written = tuple(array.dtype.str.encode() + array.tobytes() for array in attributes)
        if written != self._written:
            self._ways, self._written = _ways_of(attributes, len(keys)), written
        return FbxCurve(self._keys, values, *self._ways)


def _ways_of(attributes: Sequence[np.ndarray[Any, Any]], keys: int) -> _Ways:
    """How a curve goes on from each group of its keys; along straight lines where what is said does not fit them."""
    flags, numbers, counts = attributes
    kinds, counts = flags.astype(np.int64), counts.astype(np.int64)
    numbers = numbers.astype(np.float32)
    if not len(kinds) or len(counts) != len(kinds) or counts.min() < 0 or counts.sum() != keys:
        kinds, counts = np.array([_LINEAR]), np.array([keys])
    own = np.full((len(kinds), 4), _THIRD)
    own[:, :2] = 0.0
    if len(numbers) == 4 * len(kinds):
        rows = numbers.reshape(-1, 4)
        own[:, :2] = rows[:, :2]
        weights = np.ascontiguousarray(rows[:, 2]).view(np.uint32)
        right, left = kinds & _WEIGHTED_RIGHT != 0, kinds & _WEIGHTED_LEFT != 0
        own[right, 2] = (weights[right] & 0xFFFF) * _WEIGHT
        own[left, 3] = (weights[left] >> 16) * _WEIGHT
        if not np.isfinite(own).all():
            raise ValueError("a curve has slopes that are not finite")
        own[:, 2:] = np.clip(own[:, 2:], 0.0, 1.0)
    return _Ways(np.cumsum(counts), kinds, own)


def alike(curves: Sequence[FbxCurve]) -> list[list[int]]:
    """The curves by what they share: those of a group have one array of keys, and groups of these that end alike."""
    groups: dict[tuple[int, bytes], list[int]] = {}
    for number, curve in enumerate(curves):
        groups.setdefault((id(curve.keys), curve.ends.tobytes()), []).append(number)
    return list(groups.values())


def sampled(
    curves: Sequence[FbxCurve], wanted: Float64[np.ndarray, "T"]
) -> Float64[np.ndarray, "T m"]:
    """Values of curves that are alike at some times; before the first key and after the last one those of these.

    Args:
        curves: Curves of one group of `alike`.
        wanted: Seconds, rising.
    """
    keys = curves[0].keys
    begin, end = (float(wanted[at] + _SOON) * _SECOND for at in (0, -1))
    first = max(bisect_right(keys, begin) - 1, 0)
    stop = min(bisect_right(keys, end, lo=first) + 1, len(keys))
    times = keys[first:stop] / _SECOND
    values = np.stack([curve.values[first:stop] for curve in curves], axis=1).astype(np.float64)
    if len(times) == 1:
        return np.repeat(values, len(wanted), axis=0)
    before = np.clip(np.searchsorted(times, wanted + _SOON, side="right") - 1, 0, len(times) - 2)
    after = before + 1
    span = np.maximum(times[after] - times[before], 1e-9)
    share = np.clip((wanted - times[before]) / span, 0.0, 1.0)
    from_value, to_value = values[before], values[after]
    found = from_value + share[:, None] * (to_value - from_value)
    group = np.searchsorted(curves[0].ends, first + before, side="right")
    reached = share >= 1.0 - 1e-9
    for number, curve in enumerate(curves):
        if not np.any(curve.flags & (_CONSTANT | _CUBIC)):
            continue
        flags = curve.flags[group]
        still, bent = flags & _CONSTANT != 0, flags & _CUBIC != 0
        ends = from_value[:, number], to_value[:, number]
        held = np.where(reached | (flags & _NEXT != 0), ends[1], ends[0])
        found[still, number] = held[still]
        if bent.any():
            here = ends[0][bent], ends[1][bent]
            own = curve.tangents[group[bent]]
            found[bent, number] = _bezier(here, own, span[bent], share[bent])
    return found


def _bezier(
    ends: tuple[Float64[np.ndarray, "n"], Float64[np.ndarray, "n"]],
    tangents: Float64[np.ndarray, "n 4"],
    span: Float64[np.ndarray, "n"],
    share: Float64[np.ndarray, "n"],
) -> Float64[np.ndarray, "n"]:
    """Cubic Bezier curves in time and value; with weights of a third, time is the parameter."""
    leaving, arriving, right, left = tangents.T
    at = share.copy()
    uneven = (np.abs(right - _THIRD) > 1e-3) | (np.abs(left - _THIRD) > 1e-3)
    if uneven.any():  # otherwise time is the parameter itself
        low, high = np.zeros(len(share)), np.ones(len(share))
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            rest = 1 - middle
            time = 3 * rest**2 * middle * right + 3 * rest * middle**2 * (1 - left) + middle**3
            low, high = np.where(time < share, middle, low), np.where(time < share, high, middle)
        at[uneven] = ((low + high) / 2)[uneven]
    first, last = ends
    out, into = first + leaving * right * span, last - arriving * left * span
    rest = 1 - at
    return np.asarray(
        rest**3 * first + 3 * rest**2 * at * out + 3 * rest * at**2 * into + at**3 * last
    )
