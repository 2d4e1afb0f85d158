"""Legs that cannot move as a human's: those of birds, with knees behind or a tarsus, and those of giants."""

from __future__ import annotations

from typing import Final

import numpy as np
from jaxtyping import Float64

from retarget.robots.kinematics import body_poses
from retarget.robots.neutral import zero_joints
from retarget.robots.plausibility.one_way import straight_angle
from retarget.robots.spec import SIDES
from retarget.robots.tree import KinematicTree

__all__ = ["leg_notes"]

_FLEXION: Final = 0.6  # rad from straight that a walker's knee bends by at least, in swing
_LITTLE: Final = 0.1  # rad: enough from straight to see which way a leg bends
# Of the leg's length: the two rolling joints of a human-like knee are up to 0.16 apart.
_APART: Final = 0.18
_PARALLEL: Final = np.cos(np.radians(20.0))
_LONGEST: Final = 1.4  # metres from hip to ankle: half as long again as of the tallest people
_BIRD: Final = (
    "its thighs and shanks cannot be turned as a human's are, so that gates on limbs, and what depends on the feet's "
    "places beside the hips', do not compare"
)


def leg_notes(
    tree: KinematicTree,
    roles: dict[str, int],
    points: dict[str, Float64[np.ndarray, "3"]],
    bending: dict[str, int],
    upright: Float64[np.ndarray, "3 3"],
) -> tuple[str, ...]:
    """What of both legs no motion of a human's can be followed closely with, and why."""
    if "left_ankle" not in roles:
        return ()
    notes = []
    legs = [_Leg(tree, roles, points, bending, upright, side) for side in SIDES]
    if all(leg.bends_ahead() for leg in legs):
        notes.append(f"the knees bend the shanks ahead, as a bird's heels do: {_BIRD}")
    between = [leg.other_joints() for leg in legs]
    if all(between):
        names = " and ".join(names[0] for names in between)
        notes.append(f"the legs bend at a third place, at {names}, as a bird's do: {_BIRD}")
    length = min(leg.length for leg in legs)
    if length > _LONGEST:
        notes.append(
            f"the legs are {length:.1f} m long from hip to ankle: such a body falls too slowly to move as fast as a "
            "human; scale the model if its unit is another, else play motions as slowly as it falls (--time-scale "
            "similar)"
        )
    return tuple(notes)


class _Leg:
    """One leg, standing at joint angles of zero, or those nearest to it."""

    def __init__(
        self,
        tree: KinematicTree,
        roles: dict[str, int],
        points: dict[str, Float64[np.ndarray, "3"]],
        bending: dict[str, int],
        upright: Float64[np.ndarray, "3 3"],
        side: str,
    ) -> None:
        self._tree, self._upright = tree, upright
        self._rest = zero_joints(tree)
        self._pelvis = roles["pelvis"]
        self._bodies = [roles[f"{side}_{role}"] for role in ("hip", "knee", "ankle")]
        self._points = [points[f"{side}_{role}"] for role in ("hip", "knee", "ankle")]
        self._knee = bending.get(f"{side}_knee", roles[f"{side}_knee"] - 1)
        hip, knee, ankle = self._places(self._rest)
        self.length = float(np.linalg.norm(knee - hip) + np.linalg.norm(ankle - knee))

    def bends_ahead(self) -> bool:
        """Whether the knee cannot bend as a walker's does, but the other way."""
        straight = straight_angle(self._reach)
        moved = self._reach(straight + _LITTLE) - self._reach(straight - _LITTLE)
        if abs(moved[0]) < 0.3 * _LITTLE * self.length:
            return False
        low, high = self._tree.lower[self._knee], self._tree.upper[self._knee]
        straight += 2 * np.pi * round((0.5 * (low + high) - straight) / (2 * np.pi))
        back, ahead = (
            (straight - low, high - straight) if moved[0] > 0 else (high - straight, straight - low)
        )
        return bool(back < _FLEXION < ahead)

    def other_joints(self) -> list[str]:
        """Hinges that bend the leg as its knee does, at places of their own between hip and knee."""
        positions, rotations = body_poses(self._tree, self._rest, self._upright)
        hip, knee, _ = self._places(self._rest)
        axis = rotations[self._knee + 1] @ self._tree.axes[self._knee + 1]
        found, body = [], int(self._tree.parents[self._bodies[1]])
        while body not in (0, self._pelvis):
            own = rotations[body] @ self._tree.axes[body]
            apart = min(_beside(place - positions[body], own) for place in (hip, knee))
            if abs(own @ axis) > _PARALLEL and apart > _APART * self.length:
                found.append(self._tree.joint_names[body - 1])
            body = int(self._tree.parents[body])
        return found

    def _places(self, joints: Float64[np.ndarray, "N"]) -> list[Float64[np.ndarray, "3"]]:
        positions, rotations = body_poses(self._tree, joints, self._upright)
        return [
            positions[body] + rotations[body] @ point
            for body, point in zip(self._bodies, self._points, strict=True)
        ]

    def _reach(self, angle: float) -> Float64[np.ndarray, "3"]:
        """From hip to ankle with the knee at an angle, metres."""
        joints = self._rest.copy()
        joints[self._knee] = angle
        hip, _, ankle = self._places(joints)
        return np.asarray(ankle - hip)


def _beside(way: Float64[np.ndarray, "3"], axis: Float64[np.ndarray, "3"]) -> float:
    """How far a point is from an axis, metres."""
    return float(np.linalg.norm(way - (way @ axis) * axis))
