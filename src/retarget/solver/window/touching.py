"""Active sets of what touches: which spheres and pairs of capsules the next system treats as touching.

After each solve the linear prediction of the step chooses them, so that a window settles in a handful of steps.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64, Int64

from retarget.compiled.jit import jit
from retarget.compiled.packs import LANES, REAL, anywhere, both, either, packs, where
from retarget.compiled.scratch import scratch
from retarget.solver.arrays import Capsules, Floor, Scene, Tree
from retarget.solver.kinematics.collision import (
    centre_distance_squared,
    deepest_overlap,
    segment_distance,
)
from retarget.solver.kinematics.poses import Poses, pack_count
from retarget.solver.limits.keep import floor_depth
from retarget.solver.window.room import Things
from retarget.solver.window.things.touching import predict_things

__all__ = ["predict_touching", "shift_floor", "violations"]

_LARGEST_SHIFT = 0.05  # metres; a floor multiplier beyond this fights a target that cannot be met
_PAIR_REACH = 0.03  # metres beyond contact within which a pair's approach is predicted
# Metres of a margin, as wide as the default one, that only weights keep: what passes it is not solved on.
_SOFT = 0.008


@jit(fastmath=True, inner=True)
def predict_touching(
    steps: Float64[np.ndarray, "n V"],
    frames: int,
    candidates: Int64[np.ndarray, "K"],
    poses: Poses,
    tree: Tree,
    floor: Floor,
    capsules: Capsules,
    floor_shift: Float64[np.ndarray, "P F L"],
    floor_active: Float64[np.ndarray, "P F L"],
    pair_shift: Float64[np.ndarray, "P K L"],
    pair_active: Float64[np.ndarray, "P K L"],
    scene: Scene | None,
    things: Things | None,
    met: int,
    retaken: bool,
) -> None:
    """Mark the spheres and pairs that would touch after the step, to first order; see `predict_things`."""
    bodies = tree.parents.shape[0]
    step = scratch((bodies + 5, LANES), REAL)
    spin = packs(scratch((bodies, 3, LANES), REAL))
    velocity = packs(scratch((bodies, 3, LANES), REAL))  # of the body's origin
    for p in range(pack_count(frames)):
        for lane in range(LANES):
            t = min(p * LANES + lane, frames - 1)
            for k in range(bodies + 5):
                step[k, lane] = steps[t, k]
        q, R, r = packs(poses.qpos[p]), packs(poses.R[p]), packs(poses.r[p])
        _velocities(packs(step), tree, r, packs(poses.axes[p]), velocity, spin)
        shift, touching = packs(floor_shift[p]), packs(floor_active[p])
        clearances = packs(poses.clearances[p])
        for s in range(floor.bodies.shape[0]):
            b = floor.bodies[s]
            height = q[2] + r[b, 2] + velocity[b, 2] - floor.radii[s]
            for k in range(3):
                x = floor.points[s, k]
                up = R[b, 2, k] + spin[b, 0] * R[b, 1, k] - spin[b, 1] * R[b, 0, k]
                height += up * x
            if floor.feet[s] >= 0:
                height -= clearances[floor.feet[s]]
            touching[s] = where(height < shift[s], 1.0, 0.0)
        if candidates.shape[0] > 0:
            shifts, marks = packs(pair_shift[p]), packs(pair_active[p])
            _predict_pairs(p, candidates, poses, capsules, velocity, spin, shifts, marks)
        predict_things(p, poses, scene, things, met, retaken, velocity, spin)


@jit(fastmath=True, inner=True)
def _velocities(
    step: Float64[np.ndarray, "V"],
    tree: Tree,
    r: Float64[np.ndarray, "B 3"],
    axes: Float64[np.ndarray, "B 3"],
    velocity: Float64[np.ndarray, "B 3"],
    spin: Float64[np.ndarray, "B 3"],
) -> None:
    """Velocities of the bodies' origins and their spins, for a step."""
    for i in range(3):
        velocity[0, i] = step[i]
        spin[0, i] = step[3 + i]
    for b in range(1, tree.parents.shape[0]):
        p = tree.parents[b]
        d0 = r[b, 0] - r[p, 0]
        d1 = r[b, 1] - r[p, 1]
        d2 = r[b, 2] - r[p, 2]
        velocity[b, 0] = velocity[p, 0] + spin[p, 1] * d2 - spin[p, 2] * d1
        velocity[b, 1] = velocity[p, 1] + spin[p, 2] * d0 - spin[p, 0] * d2
        velocity[b, 2] = velocity[p, 2] + spin[p, 0] * d1 - spin[p, 1] * d0
        for i in range(3):
            spin[b, i] = spin[p, i] + step[5 + b] * axes[b, i]


@jit(fastmath=True, inner=True)
def _predict_pairs(
    p: int,
    candidates: Int64[np.ndarray, "K"],
    poses: Poses,
    capsules: Capsules,
    velocity: Float64[np.ndarray, "B 3"],
    spin: Float64[np.ndarray, "B 3"],
    shift: Float64[np.ndarray, "K"],
    touching: Float64[np.ndarray, "K"],
) -> None:
    r, starts, ends = packs(poses.r[p]), packs(poses.starts[p]), packs(poses.ends[p])
    for n in range(candidates.shape[0]):
        i = capsules.pairs[candidates[n], 0]
        j = capsules.pairs[candidates[n], 1]
        was = touching[n] > 0.5
        bound = capsules.bounds[i] + capsules.bounds[j] + _PAIR_REACH
        close = centre_distance_squared(starts, ends, i, j) < bound * bound
        if not anywhere(either(close, was)):
            touching[n] = 0.0
            continue
        distance, s, t = segment_distance(starts, ends, i, j)
        contact = capsules.radii[i] + capsules.radii[j]
        x0 = starts[i, 0] + s * (ends[i, 0] - starts[i, 0])
        x1 = starts[i, 1] + s * (ends[i, 1] - starts[i, 1])
        x2 = starts[i, 2] + s * (ends[i, 2] - starts[i, 2])
        y0 = starts[j, 0] + t * (ends[j, 0] - starts[j, 0])
        y1 = starts[j, 1] + t * (ends[j, 1] - starts[j, 1])
        y2 = starts[j, 2] + t * (ends[j, 2] - starts[j, 2])
        n0 = x0 - y0
        n1 = x1 - y1
        n2 = x2 - y2
        approach = _along(capsules.bodies[i], x0, x1, x2, n0, n1, n2, r, velocity, spin)
        approach -= _along(capsules.bodies[j], y0, y1, y2, n0, n1, n2, r, velocity, spin)
        apart = contact + capsules.margins[candidates[n]] + shift[n]
        touches = distance + approach / distance < apart
        within = either(distance < contact + _PAIR_REACH, was)
        touching[n] = where(both(touches, within), 1.0, 0.0)


@jit(fastmath=True, inner=True)
def _along(
    b: int,
    x0: float,
    x1: float,
    x2: float,
    n0: float,
    n1: float,
    n2: float,
    r: Float64[np.ndarray, "B 3"],
    velocity: Float64[np.ndarray, "B 3"],
    spin: Float64[np.ndarray, "B 3"],
) -> float:
    """Velocity of a body's point along a direction, times the direction's length."""
    d0 = x0 - r[b, 0]
    d1 = x1 - r[b, 1]
    d2 = x2 - r[b, 2]
    rate: float = (
        n0 * (velocity[b, 0] + spin[b, 1] * d2 - spin[b, 2] * d1)
        + n1 * (velocity[b, 1] + spin[b, 2] * d0 - spin[b, 0] * d2)
        + n2 * (velocity[b, 2] + spin[b, 0] * d1 - spin[b, 1] * d0)
    )
    return rate


@jit(fastmath=True, inner=True)
def violations(
    poses: Poses, count: int, candidates: Int64[np.ndarray, "K"], floor: Floor, capsules: Capsules
) -> tuple[float, float]:
    """Deepest sphere below the floor and deepest overlap of two capsules in some packs, metres."""
    worst = scratch((2, LANES), REAL)
    found = packs(worst)
    for p in range(count):
        q, R, r = packs(poses.qpos[p]), packs(poses.R[p]), packs(poses.r[p])
        found[0] = max(found[0], floor_depth(q[2], R, r, floor))
        if candidates.shape[0] > 0:
            starts, ends = packs(poses.starts[p]), packs(poses.ends[p])
            found[1] = max(found[1], deepest_overlap(starts, ends, capsules, candidates, _SOFT))
    depth = overlap = 0.0
    for lane in range(LANES):
        depth = max(depth, worst[0, lane])
        overlap = max(overlap, worst[1, lane])
    return depth, overlap


@jit(fastmath=True, inner=True)
def shift_floor(
    poses: Poses, count: int, floor: Floor, shift: Float64[np.ndarray, "P F L"]
) -> None:
    """Augmented-Lagrangian update of the floor spheres' multipliers in some packs."""
    for p in range(count):
        q, R, r = packs(poses.qpos[p]), packs(poses.R[p]), packs(poses.r[p])
        multipliers = packs(shift[p])
        for s in range(floor.bodies.shape[0]):
            b = floor.bodies[s]
            depth = floor.radii[s] - q[2] - r[b, 2]
            for k in range(3):
                depth -= R[b, 2, k] * floor.points[s, k]
            multipliers[s] = min(max(multipliers[s] + depth, 0.0), _LARGEST_SHIFT)
