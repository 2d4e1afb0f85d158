"""Joint rotations of a skeleton of which only places are known.

A joint on which three or more points are fixed (a pelvis with its hips and spine, a hand with its knuckles) is turned
as they are. A limb is turned about its own length by its hinge: the normal of the bent limb, which is kept, as the
trunk turns it, over frames in which the limb is straight, from both sides of them. All other joints turn as little as
they can from their parents. What is found is right up to a constant rotation of each joint's axes, on which nothing
depends.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from jaxtyping import Float32, Float64

from retarget.geometry import (
    cross,
    frame_from_y,
    frame_from_z,
    matrix_from_quaternion,
    quaternion_from_matrix,
    unit,
    without_flips,
)
from retarget.motion.numeric.hinges import FADING, kept_hinges
from retarget.motion.numeric.quantiles import median_of, quantile_of
from retarget.motion.skeleton.tree import children_of, line_to

__all__ = ["turn_by_places"]

_SIDES: Final = ("left", "right")
# Weight of level ground against the knee's hinge in how a foot is turned about its length; between 0.5 and 0.8 the feet
# of LAFAN1, CMU, Bandai and an SMPL clip come within 3 degrees (median) of those recorded.
_LEVEL: Final = 0.7
_RIGID: Final = 0.05  # share by which the distance of two points of one rigid body may vary (5th to 95th percentile)
_SPREAD: Final = 0.3  # sine of the least angle at a joint between two points that turn it
_SAMPLED: Final = 400  # frames, evenly over the motion, that tell what is rigid

Places = Float64[np.ndarray, "T 3"]
Frames = Float64[np.ndarray, "T 3 3"]


def turn_by_places(
    positions: Float64[np.ndarray, "T J 3"],
    parents: Sequence[int],
    roles: Mapping[str, int],
    fps: float,
    rotations: Float64[np.ndarray, "T J 4"] | Float32[np.ndarray, "T J 4"],
) -> None:
    """Fill in joint rotations.

    Args:
        positions: Global joint positions, metres, z up.
        parents: Parent joints, -1 for roots; parents come before their children.
        roles: Body role -> joint; all of `REQUIRED_ROLES` are there.
        fps: Frames per second.
        rotations: Filled: global unit quaternions, wxyz, continuous along time.
    """
    body = _Body(positions, list(parents), roles, rotations)
    body.turn(roles["pelvis"], body.trunk("hip", "pelvis"))
    body.turn(roles["chest"], body.trunk("shoulder", "chest"))
    for side in _SIDES:
        _turn_limb(body, fps, side, ("hip", "knee", "ankle"), "pelvis", 1.0)
        _turn_limb(body, fps, side, ("shoulder", "elbow", "wrist"), "chest", -1.0)
    for joint, children in enumerate(children_of(body.parents)):
        if joint not in body.done:
            body.turn(joint, _with_parent(body, joint, children))


class _Body:
    """Places of a skeleton, by joint and by role."""

    def __init__(
        self,
        positions: Float64[np.ndarray, "T J 3"],
        parents: list[int],
        roles: Mapping[str, int],
        rotations: Float64[np.ndarray, "T J 4"] | Float32[np.ndarray, "T J 4"],
    ) -> None:
        self.positions, self.parents, self.roles = positions, parents, roles
        self.rotations = rotations
        self.done: set[int] = set()
        self.few = slice(None, None, max(1, len(positions) // _SAMPLED))

    def turn(self, joint: int, frames: Frames) -> None:
        """Set a joint's frames."""
        self.rotations[:, joint] = without_flips(quaternion_from_matrix(frames))
        self.done.add(joint)

    def frames(self, joint: int) -> Frames:
        """A joint's frames, once they are set."""
        return np.ascontiguousarray(matrix_from_quaternion(self.rotations[:, joint]))

    def at(self, role: str) -> Places:
        return np.asarray(self.positions[:, self.roles[role]], np.float64)

    def middle(self, part: str) -> Places:
        return np.asarray((self.at(f"left_{part}") + self.at(f"right_{part}")) / 2)

    def trunk(self, part: str, carrier: str) -> Frames:
        """Pelvis or chest: y along the line of its limbs' roots, z up the trunk."""
        joint = self.roles[carrier]
        left, right = self._pair(joint, part)
        across = left - right
        up = self._above(joint, (left + right) / 2, across)
        if up is None:
            up = self.middle("shoulder") - self.middle("hip")
        return frame_from_y(across, up)

    def _pair(self, carrier: int, part: str) -> tuple[Places, Places]:
        """The points on the left and the right that move with the carrier: those that hang on it, if they are rigid."""
        ends = [self.roles[f"{side}_{part}"] for side in _SIDES]
        lines = [line_to(carrier, end, self.parents) for end in ends]
        first = [line[0] for line in lines if line]
        if len(set(first)) == 2 and all(
            self._is_rigid(*pair) for pair in (first, *((carrier, joint) for joint in first))
        ):
            ends = first
        left, right = (np.asarray(self.positions[:, end], np.float64) for end in ends)
        return left, right

    def _above(self, carrier: int, middle: Places, across: Places) -> Places | None:
        """From between the limbs' roots up to a point of the trunk that moves with them, if there is one."""
        trunk = [
            self.roles[role] for role in ("pelvis", "spine", "chest", "neck") if role in self.roles
        ]
        near = [j for j in trunk if j == carrier or self.parents[j] == carrier]
        best, found = _SPREAD, None
        reach = np.linalg.norm(across[self.few], axis=1).mean()
        for joint in near:
            way = np.asarray(self.positions[:, joint], np.float64) - middle
            few = way[self.few]
            length = np.linalg.norm(few, axis=1)
            if length.mean() < 0.2 * reach or not _steady(length):
                continue
            aside = np.abs(np.sum(unit(few) * unit(across[self.few]), axis=1)).mean()
            square = float(np.sqrt(max(0.0, 1.0 - aside**2)))
            if square > best:
                sign = 1.0 if self._points_up(few) else -1.0
                best, found = square, sign * way
        return found

    def _points_up(self, way: Places) -> bool:
        trunk = (self.middle("shoulder") - self.middle("hip"))[self.few]
        return float(np.sum(way * trunk)) > 0

    def _is_rigid(self, one: int, other: int) -> bool:
        apart = self.positions[self.few, one] - self.positions[self.few, other]
        return _steady(np.linalg.norm(apart, axis=1))

    def rigid_children(self, joint: int, children: Sequence[int]) -> list[int]:
        """Children at a constant distance from a joint that is not zero."""
        return [c for c in children if self._is_rigid(joint, c)]


def _steady(lengths: Float64[np.ndarray, "n"]) -> bool:
    low, middle, high = (quantile_of(lengths, share) for share in (0.05, 0.5, 0.95))
    return bool(middle > 1e-6 and high - low <= _RIGID * middle)


def _turn_limb(
    body: _Body,
    fps: float,
    side: str,
    chain: tuple[str, str, str],
    trunk: str,
    sign: float,
) -> None:
    """Upper and lower segment of a limb about one hinge, and the foot or hand at its end."""
    top, middle, end = (f"{side}_{part}" for part in chain)
    upper, lower = unit(body.at(middle) - body.at(top)), unit(body.at(end) - body.at(middle))
    base = body.frames(body.roles[trunk])
    leg = trunk == "pelvis"
    guess = base[..., 1] if leg else _hinge_of_resting_arm(base, upper, side)
    hinge = np.empty_like(upper)
    kept_hinges(
        upper, lower, base, np.ascontiguousarray(guess), sign, FADING / fps, hinge
    )  # fmt: skip
    body.turn(body.roles[top], frame_from_z(-upper, hinge))
    body.turn(body.roles[middle], frame_from_z(-lower, hinge))
    joint = body.roles[end]
    below = body.rigid_children(joint, children_of(body.parents)[joint])
    fixed = _turned_by_children(body, joint, below)
    if fixed is not None:
        body.turn(joint, fixed)
    elif leg and f"{side}_toe" in body.roles:
        ahead = body.at(f"{side}_toe") - body.at(end)
        body.turn(joint, _foot(ahead, hinge))


def _foot(ahead: Places, hinge: Places) -> Frames:
    """A foot that rolls neither sideways from level ground nor far from the knee's hinge."""
    level = np.stack([-ahead[:, 1], ahead[:, 0], np.zeros(len(ahead))], axis=1)
    flat = np.sum(level**2, axis=1) / np.maximum(np.sum(ahead**2, axis=1), 1e-12)
    level = unit(level)
    agrees = np.clip(np.sum(level * hinge, axis=1), 0.0, 1.0)
    across = level * (_LEVEL * flat * agrees)[:, None] + hinge * (1.0 - _LEVEL)
    sole = cross(unit(ahead), across)
    return frame_from_z(sole, cross(sole, ahead))


def _hinge_of_resting_arm(base: Frames, upper: Places, side: str) -> Places:
    """Where an arm that was never bent has its hinge: along the trunk's left; held sideways, to bend ahead."""
    left, up = base[..., 1], base[..., 2]
    sideways = np.abs(np.sum(left * upper, axis=1, keepdims=True)) > 0.8
    return np.where(sideways, up if side == "left" else -up, left)


def _turned_by_children(body: _Body, joint: int, children: Sequence[int]) -> Frames | None:
    """A joint's frame from two of the points that are fixed on it, the best spread ones; None if they are in line."""
    best, chosen = _SPREAD, None
    few = {
        c: unit(
            np.asarray(body.positions[body.few, c] - body.positions[body.few, joint], np.float64)
        )
        for c in children
    }
    for i, one in enumerate(children):
        for other in children[i + 1 :]:
            sine = median_of(np.linalg.norm(cross(few[one], few[other]), axis=1))
            if sine > best and body._is_rigid(one, other):
                best, chosen = sine, (one, other)
    if chosen is None:
        return None
    first, second = (
        np.asarray(body.positions[:, c] - body.positions[:, joint], np.float64) for c in chosen
    )
    return frame_from_z(first, second)


def _with_parent(body: _Body, joint: int, children: Sequence[int]) -> Frames:
    """A joint that turns as its fixed points do, else as little as it can from its parent."""
    parent = body.parents[joint]
    below = body.rigid_children(joint, children)
    fixed = _turned_by_children(body, joint, below)
    if fixed is not None:
        return fixed
    if parent < 0:
        return np.broadcast_to(np.eye(3), (len(body.positions), 3, 3))
    base = body.frames(parent)
    if not below:
        return base
    way = unit(np.asarray(body.positions[:, below[0]] - body.positions[:, joint], np.float64))
    usual = unit(np.einsum("tji,tj->ti", base[body.few], way[body.few]).mean(axis=0))
    return _swung(base, base @ usual, way)


def _swung(base: Frames, start: Places, end: Places) -> Frames:
    """Frames turned by the least rotation that takes one direction to another."""
    axis, cosine = cross(start, end), np.sum(start * end, axis=1)[:, None, None]
    skew = np.zeros((len(axis), 3, 3))
    skew[:, 0, 1], skew[:, 0, 2], skew[:, 1, 2] = -axis[:, 2], axis[:, 1], -axis[:, 0]
    skew -= np.swapaxes(skew, 1, 2)
    turn = np.eye(3) + skew + skew @ skew / np.maximum(1.0 + cosine, 1e-6)
    return np.asarray(turn @ base)
