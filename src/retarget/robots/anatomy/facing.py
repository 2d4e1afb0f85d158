"""How a robot stands at zero angles: where is up, where is ahead, and which side is left."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from jaxtyping import Float64

from retarget.robots.anatomy.pairs import Chain, MirroredPair
from retarget.robots.kinematics import axis_rotation, body_poses
from retarget.robots.neutral import zero_joints
from retarget.robots.tree import KinematicTree

__all__ = ["Geometry", "first_is_left", "standing"]

Geometry: TypeAlias = Callable[[int], Float64[np.ndarray, "n 3"]]
"""Points of a body's collision geometry in its frame, metres."""

_LEFT = re.compile(r"(^|[^a-z])(l|left)([^a-z]|$)|left|(^|_)L(?=[A-Z0-9])|(?<=[a-z0-9])L($|_)")
_RIGHT = re.compile(r"(^|[^a-z])(r|right)([^a-z]|$)|right|(^|_)R(?=[A-Z0-9])|(?<=[a-z0-9])R($|_)")
_SNAP = np.cos(
    np.radians(30.0)
)  # models are drawn along the axes of their base: a near one is meant
_ON_AXIS = np.cos(np.radians(3.0))  # a mirror's normal so near to an axis is that axis
_ACROSS_AXIS = np.sin(np.radians(3.0))
_SAMPLES, _LITTLE = (
    41,
    0.1,
)  # angles tried for the straightest elbow, and rad by which it is bent from there
_NEAR_AXIS = np.cos(np.radians(20.0))  # legs and trunks lean by less
# Who is left and where is ahead: how much each witness counts. Names may be swapped, knees of birds bend the other way.
_NAMES, _KNEES, _ELBOWS, _FEET, _CONVENTION = 2.0, 2.0, 1.0, 1.5, 1.5


def standing(
    left: Float64[np.ndarray, "3"],
    leg: Float64[np.ndarray, "3"],
    trunk: Float64[np.ndarray, "3"],
    axes: Float64[np.ndarray, "N 3"],
) -> Float64[np.ndarray, "3 3"]:
    """Rotation that turns the base so that the robot stands along z and looks along x.

    Args:
        left: From the right to the left hip, in the base's frame.
        leg: From the ankles to the hips.
        trunk: From the hips to the shoulders; zeros where it is not known.
        axes: Joint axes in the base's frame at zero angles: those that turn trunk and limbs stand upright.
    """
    up = leg / max(float(np.linalg.norm(leg)), 1e-9)
    up = up + trunk / max(float(np.linalg.norm(trunk)), 1e-9)
    left = _snapped(left, _ON_AXIS)
    level = up - (up @ left) * left
    up = _snapped(level, _SNAP)
    if np.count_nonzero(up) > 1 or not _is_drawn_along(up, left, axes):
        up = _along_axes(level / np.linalg.norm(level), axes)
    up = up - (up @ left) * left
    up = up / np.linalg.norm(up)
    return np.asarray(np.stack([np.cross(left, up), left, up]) + 0.0)  # no minus zeros


def _is_drawn_along(
    up: Float64[np.ndarray, "3"],
    left: Float64[np.ndarray, "3"],
    axes: Float64[np.ndarray, "N 3"],
) -> bool:
    """Whether a joint turns the robot about a direction, or most that roll it do so squarely across it."""
    along, aside = np.abs(axes @ up), np.abs(axes @ left)
    rolling = aside < _ACROSS_AXIS
    across = rolling & (along < _ACROSS_AXIS)
    return bool((along > _ON_AXIS).any() or across.sum() > (rolling & ~across).sum())


def _along_axes(
    direction: Float64[np.ndarray, "3"], axes: Float64[np.ndarray, "N 3"]
) -> Float64[np.ndarray, "3"]:
    """The direction that most joint axes near to one agree upon; itself where there are none."""
    along = axes @ direction
    near = axes[np.abs(along) > _NEAR_AXIS] * np.sign(along[np.abs(along) > _NEAR_AXIS])[:, None]
    if not len(near):
        return direction
    agree = (near @ near.T > _ON_AXIS).sum(1)
    return np.asarray(near[int(np.argmax(agree))])


def _snapped(direction: Float64[np.ndarray, "3"], least: float) -> Float64[np.ndarray, "3"]:
    """A direction of length one, or the axis that is near to it."""
    unit = direction / max(float(np.linalg.norm(direction)), 1e-12)
    axis = int(np.argmax(np.abs(unit)))
    if abs(unit[axis]) < least:
        return np.asarray(unit)
    snapped = np.zeros(3)
    snapped[axis] = np.sign(unit[axis])
    return snapped


def first_is_left(
    tree: KinematicTree,
    legs: MirroredPair | None,
    arms: MirroredPair | None,
    ahead: Float64[np.ndarray, "3"],
    geometry: Geometry,
    doubts: list[str],
) -> bool:
    """Whether the first chain of the legs (of the arms where there are no legs) is the left one.

    Then the robot looks along ``ahead``, else the other way. Witnesses that say otherwise are added to ``doubts``.
    """
    main = legs or arms
    assert main is not None
    names = 0
    for pair in filter(None, (legs, arms)):
        agree = np.sign(pair.normal @ main.normal)
        names += int(agree) * (_sides(tree, pair.first) - _sides(tree, pair.second))
    witnesses = {
        "names": _NAMES * float(np.sign(names)),
        "knees": _KNEES * _bend_ahead(tree, legs, ahead) if legs is not None else 0.0,
        "elbows": _ELBOWS * _elbows_ahead(tree, main, ahead) if legs is None else 0.0,
        "feet": _FEET * _feet_ahead(tree, legs, ahead, geometry) if legs is not None else 0.0,
        "convention": _CONVENTION * float(np.sign(ahead[0]) if abs(ahead[0]) > _ON_AXIS else 0.0),
    }
    total = float(sum(witnesses.values()))
    against = [name for name, vote in witnesses.items() if vote * total < 0]
    if against:
        doubts.append(
            f"which side is left, and where is ahead: the {' and '.join(against)} "
            f"{'say' if len(against) > 1 or against[0] != 'convention' else 'says'} otherwise"
        )
    return total >= 0


def _sides(tree: KinematicTree, chain: Chain) -> int:
    """How many more names of a chain say left than right."""
    names = [name for b in chain for name in (tree.body_names[b], tree.joint_names[b - 1])]
    right = sum(bool(_RIGHT.search(name) or _RIGHT.search(name.lower())) for name in names)
    left = sum(bool(_LEFT.search(name) or _LEFT.search(name.lower())) for name in names)
    return left - right


def _bend_ahead(tree: KinematicTree, limbs: MirroredPair, ahead: np.ndarray) -> float:
    """1 where limbs bend away from ``ahead``, as knees do, -1 where towards it, 0 where both ways alike."""
    vote = 0.0
    joints = zero_joints(tree)
    positions, rotations = body_poses(tree, joints)
    for chain in (limbs.first, limbs.second):
        best, knee = 0.0, -1
        for k, body in enumerate(chain[1:-1], 1):
            upper = positions[body] - positions[chain[0]]
            lower = positions[chain[-1]] - positions[body]
            lengths = min(np.linalg.norm(upper), np.linalg.norm(lower))
            axis = rotations[body] @ tree.axes[body]
            score = float(lengths * abs(axis @ limbs.normal))
            if score > best + 1e-9:
                best, knee = score, k
        if knee < 0:
            continue
        body = chain[knee]
        lower, upper_limit = tree.lower[body - 1], tree.upper[body - 1]
        if abs(upper_limit + lower) < 0.3 * (upper_limit - lower):
            continue
        axis = rotations[body] @ tree.axes[body]
        turn = 1.0 if upper_limit + lower > 0 else -1.0
        moved = np.cross(axis, positions[chain[-1]] - positions[body]) * turn
        vote -= float(np.sign(moved @ ahead)) / 2
    return vote


def _elbows_ahead(tree: KinematicTree, arms: MirroredPair, ahead: np.ndarray) -> float:
    """1 where elbows bend straight arms towards ``ahead``, -1 where away from it, 0 where they bend neither way."""
    vote = 0.0
    positions, rotations = body_poses(tree, zero_joints(tree))
    for chain in (arms.first, arms.second):
        start, end = positions[chain[0]], positions[chain[-1]]
        lengths = [
            min(np.linalg.norm(positions[b] - start), np.linalg.norm(end - positions[b]))
            for b in chain
        ]
        body = chain[int(np.argmax(lengths))]
        axis, place = rotations[body] @ tree.axes[body], positions[body]
        low, high = tree.lower[body - 1], tree.upper[body - 1]
        angles = np.linspace(low, high, _SAMPLES)
        turned = np.clip(0.0, low, high)
        ends = [place + axis_rotation(axis, a - turned) @ (end - place) for a in angles]
        straight = int(np.argmax([np.linalg.norm(e - start) for e in ends]))
        far = 0 if angles[straight] - low > high - angles[straight] else _SAMPLES - 1
        turn = axis_rotation(axis, float(np.sign(far - straight)) * _LITTLE)
        moved = (turn - np.eye(3)) @ (ends[straight] - place)
        if abs(moved @ ahead) > np.linalg.norm(moved) / 2:
            vote += float(np.sign(moved @ ahead)) / 2
    return vote


def _feet_ahead(
    tree: KinematicTree, legs: MirroredPair, ahead: np.ndarray, geometry: Geometry
) -> float:
    """1 where feet reach farther ahead of the ankle than behind, by mass and by what is joined to them."""
    vote = 0.0
    _, rotations = body_poses(tree, zero_joints(tree))
    for chain in (legs.first, legs.second):
        foot = chain[-1]
        reach = geometry(foot) @ rotations[foot].T @ ahead
        if len(reach) and np.ptp(reach) > 1e-3:
            middle = float(reach.max() + reach.min())
            vote += float(np.sign(middle)) / 2 if abs(middle) > 0.1 * np.ptp(reach) else 0.0
        elif tree.masses[foot] > 0:
            lever = float(rotations[foot] @ tree.mass_centres[foot] @ ahead)
            vote += float(np.sign(lever)) / 2 if abs(lever) > 2e-3 else 0
    return vote
