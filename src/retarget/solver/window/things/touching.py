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
from retarget.solver.window.things.distance import sphere_centre, surely_apart, thing_distance

__all__ = ["LARGEST_SHIFT", "deepest_thing", "predict_things", "shift_things"]

LARGEST_SHIFT = 0.1
"""Largest multiplier of a sphere, metres; as for capsules."""

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

    Where a step is ``retaken`` with new multipliers, what these push stays marked: the step itself knows the old ones.
    """
    if scene is None or things is None:
        return
    q, R, r = packs(poses.qpos[p]), packs(poses.R[p]), packs(poses.r[p])
    shift, touching = packs(things.shift[p]), packs(things.active[p])
    total = scene.shapes.kinds.shape[0]
    point, normals, local = (
        scratch((3, LANES), REAL),
        scratch((3, LANES), REAL),
        scratch((3, LANES), REAL),
    )
    x, normal = packs(point), packs(normals)
    for m in range(count):
        s = things.near[m] // total
        n = things.near[m] - s * total
        b = scene.bodies[s]
        was = touching[m] > 0.5
        sphere_centre(q, R, r, scene, s, x)
        within_reach = scene.radii[s] + _REACH
        if not anywhere(was) and surely_apart(p, s, n, scene, things, point, local, within_reach):
            touching[m] = 0.0
            continue
        distance = thing_distance(p, s, n, scene, things, point, normals, local)
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
        within = either(distance < within_reach, was)
        if retaken:
            touches = either(touches, both(was, shift[m] > 0.0))
        touching[m] = where(both(touches, within), 1.0, 0.0)


@jit(fastmath=True, inner=True)
def deepest_thing(
    poses: Poses, packs_used: int, scene: Scene | None, things: Things | None, count: int
) -> float:
    """How deep the deepest sphere of some packs is in a thing, metres; 0 where none is."""
    if scene is None or things is None:
        return 0.0
    total = scene.shapes.kinds.shape[0]
    worst_numbers = scratch((1, LANES), REAL)
    worst = packs(worst_numbers)
    point, normal, local = (
        scratch((3, LANES), REAL),
        scratch((3, LANES), REAL),
        scratch((3, LANES), REAL),
    )
    for p in range(packs_used):
        q, R, r = packs(poses.qpos[p]), packs(poses.R[p]), packs(poses.r[p])
        for m in range(count):
            s = things.near[m] // total
            sphere_centre(q, R, r, scene, s, packs(point))
            n = things.near[m] - s * total
            if surely_apart(p, s, n, scene, things, point, local, scene.radii[s]):
                continue
            distance = thing_distance(p, s, n, scene, things, point, normal, local)
            worst[0] = max(worst[0], scene.radii[s] - distance)
    deepest = 0.0
    for lane in range(LANES):
        deepest = max(deepest, worst_numbers[0, lane])
    return deepest


@jit(fastmath=True, inner=True)
def shift_things(
    poses: Poses, packs_used: int, scene: Scene | None, things: Things | None, count: int
) -> None:
    """Raise the multipliers of the pairs that the system held and that overlap all the same."""
    if scene is None or things is None:
        return
    total = scene.shapes.kinds.shape[0]
    point, normal, local = (
        scratch((3, LANES), REAL),
        scratch((3, LANES), REAL),
        scratch((3, LANES), REAL),
    )
    for p in range(packs_used):
        q, R, r = packs(poses.qpos[p]), packs(poses.R[p]), packs(poses.r[p])
        held, shifts = packs(things.active[p]), packs(things.shift[p])
        for m in range(count):
            if not anywhere(held[m] > 0.5):
                continue
            s = things.near[m] // total
            sphere_centre(q, R, r, scene, s, packs(point))
            n = things.near[m] - s * total
            distance = thing_distance(p, s, n, scene, things, point, normal, local)
            raised = min(max(shifts[m] + scene.radii[s] - distance, 0.0), LARGEST_SHIFT)
            shifts[m] = where(held[m] > 0.5, raised, shifts[m])
