"""Holds on things that are missed: firmer where hands are far off, and giving way where they drag feet along."""

from __future__ import annotations

from typing import Final

import numpy as np
from jaxtyping import Bool, Float32, Float64

from retarget.compiled.jit import jit
from retarget.compiled.packs import LANES, REAL, packs
from retarget.compiled.scratch import scratch
from retarget.solver.arrays import Problem, Soles, Tree
from retarget.solver.depths import scene_depths
from retarget.solver.kinematics.forward import world_point
from retarget.solver.kinematics.lanes import LanePoses, make_poses, pose_lanes

__all__ = ["FIRMLY", "firmer_weights", "hold_misses", "yielding_weights"]

FIRMLY: Final = 400.0
"""Weight, 1/m^2, from which an anchor on a thing is a hold rather than a leaning."""

_REACHED: Final = 0.02  # metres of a miss from which a hold gives way
# Metres that a palm is off what it holds, and all of its hand off things, from which on it is held more firmly: a hand
# that touches with its other end may have its palm 5 cm off.
_OFF: Final = 0.03
_NOWHERE: Final = -1e3  # metres of a sphere's radius with which it meets nothing
_FIRMER: Final = 5.0  # times; 10 keep more hands, and let the H1's feet slide at 11 mm/s
_DRAGGED: Final = 0.015  # metres along the floor from which a foot is dragged off its place
_PULLED_IN: Final = 0.01  # metres in a thing from which something is pulled into it
_MOMENT: Final = 0.4  # seconds around that in which holds give way


def hold_misses(
    qpos: Float64[np.ndarray, "T Q"], problem: Problem, held: Bool[np.ndarray, "T K"]
) -> Float64[np.ndarray, "T K"]:
    """How far each held point is from its anchor, metres; 0 of others."""
    return np.asarray(np.linalg.norm(_misses(qpos, problem, held), axis=2))


def _misses(
    qpos: Float64[np.ndarray, "T Q"], problem: Problem, held: Bool[np.ndarray, "T K"]
) -> Float64[np.ndarray, "T K 3"]:
    """From each held point to its anchor, world, metres; 0 of others."""
    missed = np.zeros((*held.shape, 3))
    _find_misses(qpos, problem.tree, problem.soles, problem.clip.anchors, held, missed)
    return missed


def firmer_weights(
    qpos: Float64[np.ndarray, "T Q"],
    problem: Problem,
    normals: Float64[np.ndarray, "T K 3"],
) -> Float64[np.ndarray, "T K"] | None:
    """Weights of all anchors, those of hands that are off what they hold larger around the frames in which they are.

    An arm that is straight already comes nearer only if the whole body does, which weighs as much as many arms: where a
    robot's trunk is longer than the human's, or its arms are shorter, a hold's usual weight leaves centimetres that it
    can reach.

    Args:
        qpos: A solve with all of them as firm as usual.
        problem: That it solves.
        normals: Of what palms are held on where that lies still, world; 0 elsewhere.

    Returns:
        None where no hand is off what it holds.
    """
    weights = problem.clip.contact_weights
    hands = normals.any(axis=2)
    along = (_misses(qpos, problem, hands & (weights >= FIRMLY)) * normals).sum(axis=2)
    off = _without_touch(np.abs(along) > _OFF, qpos, problem)
    if not off.any():
        return None
    from scipy.ndimage import gaussian_filter1d, maximum_filter1d

    span = max(1, round(_MOMENT * problem.fps))
    around = maximum_filter1d(off.astype(np.float64), 2 * span + 1, axis=0)
    share = gaussian_filter1d(around, 0.5 * _MOMENT * problem.fps, axis=0)
    return np.asarray(np.where(hands, weights * _FIRMER**share, weights))


def _without_touch(
    off: Bool[np.ndarray, "T K"], qpos: Float64[np.ndarray, "T Q"], problem: Problem
) -> Bool[np.ndarray, "T K"]:
    """Which palms are off, without those whose hands touch something with another end."""
    scene = problem.scene
    assert scene is not None
    off = off.copy()
    for k in np.flatnonzero(off.any(axis=0)).tolist():
        of_hand = scene.bodies == problem.soles.contact_bodies[k]
        radii = np.where(of_hand, scene.radii + _OFF, _NOWHERE)
        hand = scene._replace(radii=radii.astype(scene.radii.dtype))
        off[:, k] &= scene_depths(qpos, problem.tree, hand, off[:, k]) <= 0.0
    return off


def yielding_weights(
    qpos: Float64[np.ndarray, "T Q"],
    problem: Problem,
    fixed: Bool[np.ndarray, "T K"],
    depth: Float64[np.ndarray, "T"],
) -> Float64[np.ndarray, "T K"] | None:
    """Weights of all anchors, those of holds that drag feet along the smaller the farther they are missed.

    Args:
        qpos: A solve with all of them firm.
        problem: That it solves.
        fixed: Anchors on things.
        depth: How deep it is in things, metres.

    Returns:
        None where no foot is dragged along.
    """
    weights = problem.clip.contact_weights
    held = fixed & (weights >= FIRMLY) & (problem.soles.contact_feet < 0)
    feet = (weights > 0) & (problem.soles.contact_feet >= 0)
    off = _misses(qpos, problem, held | feet)
    missed, along = np.linalg.norm(off, axis=2), np.linalg.norm(off[..., :2], axis=2)
    missed[:, problem.soles.contact_feet >= 0] = 0.0
    if missed.max(initial=0.0) < _REACHED:
        return None
    from scipy.ndimage import gaussian_filter1d, maximum_filter1d

    span = max(1, round(_MOMENT * problem.fps))
    dragged = maximum_filter1d((along * feet).max(axis=1), 2 * span + 1) > _DRAGGED
    dragged |= maximum_filter1d(depth, 2 * span + 1) > _PULLED_IN
    dragged &= maximum_filter1d(missed.max(axis=1), 2 * span + 1) > _REACHED
    if not dragged.any():
        return None
    smooth = gaussian_filter1d(missed, 0.5 * _MOMENT * problem.fps, axis=0)
    given = np.maximum(1.0 - (_REACHED / np.maximum(smooth, 1e-6)) ** 2, 0.0)
    share = gaussian_filter1d(dragged.astype(np.float64), 0.5 * _MOMENT * problem.fps)
    kept = 1.0 - share[:, None] * given
    return np.asarray(np.where(problem.soles.contact_feet < 0, weights * kept, weights))


@jit(fastmath=True)
def _find_misses(
    qpos: Float64[np.ndarray, "T Q"],
    tree: Tree,
    soles: Soles,
    anchors: Float64[np.ndarray, "T K 3"],
    held: Bool[np.ndarray, "T K"],
    missed: Float64[np.ndarray, "T K 3"],
) -> None:
    stand = make_poses(tree)
    place = scratch((3, LANES), REAL)
    for first in range(0, qpos.shape[0], LANES):
        last = min(first + LANES, qpos.shape[0])
        posed = False
        for i in range(held.shape[1]):
            wanted = False
            for t in range(first, last):
                wanted = wanted or held[t, i]
            if not wanted:
                continue
            if not posed:
                pose_lanes(qpos, first, tree, stand)
                posed = True
            _place(stand, soles.contact_bodies[i], soles.contact_points[i], place)
            for t in range(first, last):
                if not held[t, i]:
                    continue
                for k in range(3):
                    missed[t, i, k] = anchors[t, i, k] - qpos[t, k] - place[k, t - first]
                missed[t, i, 2] += soles.contact_radii[i]


@jit(fastmath=True, inner=True)
def _place(
    stand: LanePoses, b: int, point: Float32[np.ndarray, "3"], place: Float32[np.ndarray, "3 L"]
) -> None:
    """Fill where a point of body b is, relative to the base, metres."""
    world_point(packs(stand.R), packs(stand.r), b, point, packs(place))
