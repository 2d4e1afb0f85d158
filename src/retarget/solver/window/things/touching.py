"""Active sets of things: which spheres the next system treats as touching, how deep they are, and multipliers."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from retarget.compiled.jit import jit
from retarget.compiled.packs import LANES, REAL, anywhere, both, either, packs, where
from retarget.compiled.scratch import scratch
from retarget.solver.arrays import Scene
from retarget.solver.kinematics.poses import Poses
from retarget.solver.window.room import Things
from retarget.solver.window.things.distance import LARGEST_SHIFT, measure_pairs, sphere_centre

__all__ = ["deepest_thing", "predict_things", "shift_things"]

_REACH = 0.03  # metres within which an approach is predicted
# Metres off a surface at which a step has what touches it go on touching: what a hand presses on is let go of, and
# pressed in a centimetre, by turns else.
_STICKING = 2e-4


@jit(fastmath=True, inner=True)
def predict_things(
    p: int,
    poses: Poses,
    scene: Scene | None,
    things: Things | None,
    count: int,
    retaken: bool,
    velocity: Float[np.ndarray, "B 3"],
    spin: Float[np.ndarray, "B 3"],
) -> None:
    """Mark the pairs of a pack that would touch after the step, to first order.

    Distances are those that the step's system was made from. Where a step is ``retaken`` with new multipliers they are
    measured again, as there may be more pairs, and what multipliers push stays marked: the step itself knows the old
    ones.
    """
    if scene is None or things is None:
        return
    q, R, r = packs(poses.qpos[p]), packs(poses.R[p]), packs(poses.r[p])
    shift, touching = packs(things.shift[p]), packs(things.active[p])
    distances = packs(things.distances[p])
    total = scene.shapes.kinds.shape[0]
    x = packs(scratch((3, LANES), REAL))
    if retaken:
        measure_pairs(p, count, poses, scene, things)
    for m in range(count):
        s = things.near[m] // total
        b = scene.bodies[s]
        was = touching[m] > 0.5
        distance = distances[m]
        within = either(distance < scene.radii[s] + _REACH, was)
        if not anywhere(within):
            touching[m] = 0.0
            continue
        normal = packs(things.normals[p, m])
        sphere_centre(q, R, r, b, scene.points[s], x)
        d0 = x[0] - q[0] - r[b, 0]
        d1 = x[1] - q[1] - r[b, 1]
        d2 = x[2] - q[2] - r[b, 2]
        rate = (
            normal[0] * (velocity[b, 0] + spin[b, 1] * d2 - spin[b, 2] * d1)
            + normal[1] * (velocity[b, 1] + spin[b, 2] * d0 - spin[b, 0] * d2)
            + normal[2] * (velocity[b, 2] + spin[b, 0] * d1 - spin[b, 1] * d0)
        )
        off = distance + rate - scene.radii[s] - shift[m]
        touches = off < where(was, _STICKING, 0.0)
        if retaken:
            touches = either(touches, both(was, shift[m] > 0.0))
        touching[m] = where(both(touches, within), 1.0, 0.0)


@jit(fastmath=True, inner=True)
def deepest_thing(
    poses: Poses, packs_used: int, scene: Scene | None, things: Things | None, count: int
) -> float:
    """How deep the deepest sphere of some packs is in a thing, metres; 0 where none is. Distances are measured anew."""
    if scene is None or things is None:
        return 0.0
    total = scene.shapes.kinds.shape[0]
    worst_numbers = scratch((1, LANES), REAL)
    worst = packs(worst_numbers)
    for p in range(packs_used):
        measure_pairs(p, count, poses, scene, things)
        distances = packs(things.distances[p])
        for m in range(count):
            worst[0] = max(worst[0], scene.radii[things.near[m] // total] - distances[m])
    deepest = 0.0
    for lane in range(LANES):
        deepest = max(deepest, worst_numbers[0, lane])
    return deepest


@jit(fastmath=True, inner=True)
def shift_things(packs_used: int, scene: Scene | None, things: Things | None, count: int) -> None:
    """Raise the multipliers of the pairs that the system held and that overlap all the same, as `deepest_thing` saw."""
    if scene is None or things is None:
        return
    total = scene.shapes.kinds.shape[0]
    for p in range(packs_used):
        held, shifts = packs(things.active[p]), packs(things.shift[p])
        distances = packs(things.distances[p])
        for m in range(count):
            overlap = scene.radii[things.near[m] // total] - distances[m]
            raised = min(max(shifts[m] + overlap, 0.0), LARGEST_SHIFT)
            shifts[m] = where(held[m] > 0.5, raised, shifts[m])
