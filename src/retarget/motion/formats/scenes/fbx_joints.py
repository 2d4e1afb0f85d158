"""Poses of FBX joints in their parents, of all joints at once.

A pose is T Roff Rp Rpre R Rpost^-1 Rp^-1 Soff Sp S Sp^-1 (FBX SDK, "Computing transformation matrices"): place, pivots,
a turn before, the animated turn by three angles, and a turn after.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple, Self

import numpy as np
from jaxtyping import Float64, Int64

from retarget.geometry import quaternion_product
from retarget.motion.formats.scenes.fbx_curves import FbxCurve, alike, sampled
from retarget.motion.formats.scenes.fbx_scene import FbxModel

__all__ = ["FbxJoints", "Moving", "joints_of"]

# Which axis turns first, second and third: XYZ, XZY, YZX, YXZ, ZXY, ZYX, by their number in the file.
_ORDERS: Final = np.array([[0, 1, 2], [0, 2, 1], [1, 2, 0], [1, 0, 2], [2, 0, 1], [2, 1, 0]])
_CONJUGATE: Final = np.array([1.0, -1.0, -1.0, -1.0])


class Moving(NamedTuple):
    """A property of three numbers of each joint over time.

    Attributes:
        rest: Its values where nothing is animated.
        groups: Curves that are alike, and the joints and axes that they are of.
    """

    rest: Float64[np.ndarray, "J 3"]
    groups: tuple[tuple[list[FbxCurve], list[int], list[int]], ...]

    @classmethod
    def of(
        cls, models: Sequence[FbxModel], curves: Sequence[Mapping[int, FbxCurve]], what: str
    ) -> Self:
        """The property of some models, with each one's curves by axis."""
        rest = np.array([model.vector(what) for model in models])
        rows = [(j, axis, curve) for j, own in enumerate(curves) for axis, curve in own.items()]
        groups = [[rows[n] for n in group] for group in alike([curve for *_, curve in rows])]
        parts = [
            ([curve for *_, curve in part], [j for j, *_ in part], [axis for _, axis, _ in part])
            for part in groups
        ]
        return cls(rest, tuple(parts))

    def at(self, moments: Float64[np.ndarray, "n"]) -> Float64[np.ndarray, "n J 3"]:
        """Its values at some times, seconds."""
        values = np.tile(self.rest, (len(moments), 1, 1))
        for curves, joints, axes in self.groups:
            values[:, joints, axes] = sampled(curves, moments)
        return values


class FbxJoints(NamedTuple):
    """What is constant about joints.

    Attributes:
        axes: The axes that they turn about, the first one first.
        before: A turn in the parent before the animated one, wxyz.
        after: One after it, as its inverse.
        fixed: What is added to their places.
        swung: And what is turned with them, and added.
    """

    axes: Int64[np.ndarray, "J 3"]
    before: Float64[np.ndarray, "J 4"]
    after: Float64[np.ndarray, "J 4"]
    fixed: Float64[np.ndarray, "J 3"]
    swung: Float64[np.ndarray, "J 3"]

    def turns(self, angles: Float64[np.ndarray, "n J 3"]) -> Float64[np.ndarray, "n J 4"]:
        """Rotations in the parents, wxyz, at animated angles in degrees."""
        turned = _by_angles(angles, self.axes)
        return quaternion_product(quaternion_product(self.before, turned), self.after)


def joints_of(models: Sequence[FbxModel]) -> FbxJoints:
    """What is constant about the joints of these models; one that says nothing of turns has none but its own."""
    active = np.array([bool(model.number("RotationActive")) for model in models])
    numbers = [int(model.number("RotationOrder")) for model in models]
    known = [number if 0 <= number < len(_ORDERS) else 0 for number in numbers]
    before, after, pivot, scaling, scaled, turned, scale = (
        np.array([model.vector(name, otherwise) for model in models])
        for name, otherwise in (
            ("PreRotation", 0.0),
            ("PostRotation", 0.0),
            ("RotationPivot", 0.0),
            ("ScalingPivot", 0.0),
            ("ScalingOffset", 0.0),
            ("RotationOffset", 0.0),
            ("Lcl Scaling", 1.0),
        )
    )
    plain = np.zeros((len(models), 3), np.int64) + _ORDERS[0]
    return FbxJoints(
        axes=np.where(active[:, None], _ORDERS[known], plain),
        before=_by_angles(np.where(active[:, None], before, 0.0), plain),
        after=_by_angles(np.where(active[:, None], after, 0.0), plain) * _CONJUGATE,
        fixed=turned + pivot,
        swung=scaled + scaling - scale * scaling - pivot,
    )


def _by_angles(
    angles: Float64[np.ndarray, "*n J 3"], axes: Int64[np.ndarray, "J 3"]
) -> Float64[np.ndarray, "*n J 4"]:
    """Turns by angles in degrees about fixed axes, one after the other; wxyz."""
    joints = np.arange(len(axes))
    half = np.radians(angles) / 2
    cos, sin = np.cos(half), np.sin(half)

    def turn(axis: Int64[np.ndarray, "J"]) -> Float64[np.ndarray, "*n J 4"]:
        about = np.zeros((*angles.shape[:-1], 4))
        about[..., 0] = cos[..., joints, axis]
        about[..., joints, 1 + axis] = sin[..., joints, axis]
        return about

    first, second, third = axes.T
    return quaternion_product(turn(third), quaternion_product(turn(second), turn(first)))
