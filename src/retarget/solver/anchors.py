"""Where stances are held, moved to where the start's soles are on average."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64

from retarget.compiled.jit import jit
from retarget.compiled.packs import LANES, REAL, packs
from retarget.compiled.scratch import scratch
from retarget.solver.arrays import Problem, Soles, Tree, single_robot
from retarget.solver.kinematics.forward import world_point
from retarget.solver.kinematics.lanes import make_poses, pose_lanes

__all__ = ["STANCE_MEMORY", "anchors_from_start", "contact_places"]

STANCE_MEMORY = 4.0  # seconds


@jit(fastmath=True)
def _fill_places(
    qpos: Float64[np.ndarray, "T Q"],
    tree: Tree,
    soles: Soles,
    place: Float64[np.ndarray, "T K 2"],
) -> None:
    frames, points = place.shape[0], place.shape[1]
    poses = make_poses(tree)
    from_base = scratch((3, LANES), REAL)
    for first in range(0, frames, LANES):
        pose_lanes(qpos, first, tree, poses)
        for i in range(points):
            body, point = soles.contact_bodies[i], soles.contact_points[i]
            world_point(packs(poses.R), packs(poses.r), body, point, packs(from_base))
            for lane in range(min(LANES, frames - first)):
                for k in range(2):
                    place[first + lane, i, k] = qpos[first + lane, k] + from_base[k, lane]


@jit(fastmath=True)
def _place_anchors(
    place: Float64[np.ndarray, "T K 2"],
    weights: Float64[np.ndarray, "T K"],
    anchors: Float64[np.ndarray, "T K 3"],
    half: int,
    soles: Soles,
) -> None:
    frames, points = weights.shape
    for i in range(points):
        start = 0
        while start < frames:
            if weights[start, i] <= 0:
                start += 1
                continue
            stop = start + 1
            while (
                stop < frames
                and weights[stop, i] > 0
                and anchors[stop, i, 0] == anchors[start, i, 0]
                and anchors[stop, i, 1] == anchors[start, i, 1]
            ):
                stop += 1
            for k in range(2):
                _moving_mean(place[start:stop, i, k], half, anchors[start:stop, i, k])
            start = stop
    for foot in range(soles.feet.shape[0]):
        _keep_length(weights, anchors, 2 * foot, soles)


@jit(fastmath=True, inner=True)
def _keep_length(
    weights: Float64[np.ndarray, "T K"],
    anchors: Float64[np.ndarray, "T K 3"],
    heel: int,
    soles: Soles,
) -> None:
    """Move a foot's heel to its length behind the toe, where both are held: means of a turning foot are nearer."""
    toe = heel + 1
    length = 0.0
    for k in range(3):
        length += (soles.contact_points[toe, k] - soles.contact_points[heel, k]) ** 2
    length = np.sqrt(length)
    for t in range(weights.shape[0]):
        if weights[t, heel] > 0 and weights[t, toe] > 0:
            forward0 = anchors[t, toe, 0] - anchors[t, heel, 0]
            forward1 = anchors[t, toe, 1] - anchors[t, heel, 1]
            share = length / (np.sqrt(forward0 * forward0 + forward1 * forward1) + 1e-9)
            anchors[t, heel, 0] = anchors[t, toe, 0] - share * forward0
            anchors[t, heel, 1] = anchors[t, toe, 1] - share * forward1


@jit(inner=True)
def _moving_mean(
    values: Float64[np.ndarray, "n"], half: int, out: Float64[np.ndarray, "n"]
) -> None:
    """Mean over the samples at most ``half`` away."""
    count = values.shape[0]
    first = 0
    last = -1
    total = 0.0
    for t in range(count):
        while last < min(count - 1, t + half):
            last += 1
            total += values[last]
        while first < t - half:
            total -= values[first]
            first += 1
        out[t] = total / (last + 1 - first)


def anchors_from_start(
    start: Float64[np.ndarray, "T Q"], problem: Problem, memory: float = STANCE_MEMORY
) -> Float64[np.ndarray, "T K 3"]:
    """Anchors moved to the mean place that their sole point has in ``start`` over each stance; heights stay.

    Where the foot wants to be on average costs the limbs least. In a stance longer than ``memory`` (seconds) the mean
    moves along: somebody who stands and then kneels turns the robot's foot, because its knee is only a hinge, and a
    foot that turns over seconds does not slide.
    """
    clip, anchors = problem.clip, problem.clip.anchors.copy()
    half = max(1, round(memory / 2 * problem.fps))
    places = contact_places(start, problem)
    _place_anchors(places, clip.contact_weights, anchors, half, single_robot(problem).soles)
    return anchors


def contact_places(
    qpos: Float64[np.ndarray, "T Q"], problem: Problem
) -> Float64[np.ndarray, "T K 2"]:
    """Where along the ground each point is that may be held, metres."""
    packed = single_robot(problem)
    places = np.empty((*problem.clip.contact_weights.shape, 2))
    _fill_places(qpos, packed.tree, packed.soles, places)
    return places
