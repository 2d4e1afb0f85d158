"""Where the wrist is on skeletons that divide the forearm: at the joint that bends, not at one that only twists.

Acclaim's skeletons (CMU, HDM05, and what was made of them) end the radius at a joint ``lwrist`` that turns about the
forearm alone; the hand is bent by the next one, ``lhand``, a quarter of the forearm further on. Files made of them may
have both at one place. Names call the first one a wrist; how the joints move, and how long forearms are, say which is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from jaxtyping import Float64

from retarget.geometry import rotated, unit
from retarget.motion.skeleton.fingers import finger_named
from retarget.motion.skeleton.tree import children_of

__all__ = ["wrists_that_bend"]

_SIDES: Final = ("left", "right")
# Degrees from its mean that a direction keeps to where a joint does not bend, and passes where one does, in all but
# the twentieth of the frames that goes furthest. Known rigs with a wrist that moves all bend it by 3 and more; those
# of Acclaim keep it to 0.1, and bend the next joint by 5 to 15.
_STIFF, _BENT = 0.3, 1.0
_HERE: Final = 0.02  # of an upper arm: joints that are nearer are at one place
# Upper arms that forearms are long. Adults' are 0.8 to 1.15 between joint centres; to where fingers begin it is over
# 1.2.
_SHORTEST, _LONGEST = 0.8, 1.2

Places = Float64[np.ndarray, "T 3"]


def wrists_that_bend(
    roles: Mapping[str, int],
    names: Sequence[str],
    parents: Sequence[int],
    positions: Float64[np.ndarray, "T J 3"],
    rotations: Float64[np.ndarray, "T J 4"] | None,
) -> dict[str, int]:
    """The wrists that are further on than names say, by role; both or none.

    Args:
        roles: Body role -> joint, with shoulders, elbows and wrists.
        names: Joint names.
        parents: Parent joints, -1 for roots.
        positions: Global positions in some frames, in any unit and world.
        rotations: Global unit quaternions, wxyz; None where only places are known.
    """
    below, found = children_of(parents), {}
    for side in _SIDES:
        arm = _Arm(roles, side, positions, rotations)
        for joint in below[arm.wrist]:
            if finger_named(names[joint]) or "#" in names[joint]:
                continue
            if arm.divided_at(joint, [j for j in below[joint] if not finger_named(names[j])]):
                found[f"{side}_wrist"] = joint
                break
    return found if len(found) == len(_SIDES) else {}


class _Arm:
    """An arm by its roles, and the direction of its forearm."""

    def __init__(
        self,
        roles: Mapping[str, int],
        side: str,
        positions: Float64[np.ndarray, "T J 3"],
        rotations: Float64[np.ndarray, "T J 4"] | None,
    ) -> None:
        shoulder, elbow, self.wrist = (
            roles[f"{side}_{part}"] for part in ("shoulder", "elbow", "wrist")
        )
        self.positions, self.rotations = positions, rotations
        upper = positions[:, elbow] - positions[:, shoulder]
        self.upper = float(np.linalg.norm(upper, axis=1).mean())
        self.elbow = elbow
        self.along = unit(positions[:, self.wrist] - positions[:, elbow])

    def divided_at(self, joint: int, beyond: Sequence[int]) -> bool:
        """Whether the forearm goes on to a joint below the wrist of its name, which bends what is beyond."""
        step = self._line(self.wrist, joint)
        if np.linalg.norm(step, axis=1).max() < _HERE * self.upper:
            return self._only_twists(self.wrist) and self._bends(joint)
        if self._length(self.wrist) >= _SHORTEST * self.upper:
            return False
        if not _SHORTEST * self.upper <= self._length(joint) <= _LONGEST * self.upper:
            return False
        in_line = np.linalg.norm(unit(step) - self.along, axis=1)
        return _usual(in_line) < _STIFF and (
            self._bends(joint)
            if self.rotations is not None
            else any(_wanders(unit(self._line(joint, j)), self.along) for j in beyond)
        )

    def _line(self, start: int, end: int) -> Places:
        return np.asarray(self.positions[:, end] - self.positions[:, start])

    def _length(self, joint: int) -> float:
        return float(np.linalg.norm(self._line(self.elbow, joint), axis=1).mean())

    def _only_twists(self, joint: int) -> bool:
        return self.rotations is not None and _usual(self._swing(joint)) < _STIFF

    def _bends(self, joint: int) -> bool:
        return self.rotations is not None and _usual(self._swing(joint)) > _BENT

    def _swing(self, joint: int) -> Float64[np.ndarray, "T"]:
        """How far the forearm goes from its mean direction in a joint's axes."""
        assert self.rotations is not None
        inverse = self.rotations[:, joint] * np.array([1.0, -1.0, -1.0, -1.0])
        own = rotated(inverse, self.along)
        return np.asarray(np.linalg.norm(own - unit(own.mean(axis=0)), axis=1))


def _usual(chords: Float64[np.ndarray, "T"]) -> float:
    """Degrees of the angles over chords of a unit circle, in all but a twentieth of the frames."""
    return float(np.degrees(2 * np.arcsin(min(1.0, float(np.percentile(chords, 95)) / 2))))


def _wanders(one: Places, other: Places) -> bool:
    """Whether the angle between two unit vectors changes as where a joint bends."""
    angles = np.degrees(np.arccos(np.clip(np.sum(one * other, axis=1), -1.0, 1.0)))
    return bool(np.percentile(np.abs(angles - np.median(angles)), 95) > _BENT)
