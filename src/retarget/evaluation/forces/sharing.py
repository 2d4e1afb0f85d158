"""How contacts share a load that they can carry: of the many answers the one that pushes least.

A foot has more points than a wrench has numbers. The sum of squares of all pushes, along the edges of the cones at the
points, is made least, with a little of the load left for it (`SOFTNESS`). What is left, r, minimises a convex function
of six numbers, by Newton's method: with a column c an edge (its force, and its torque over an arm) and load b it is
``softness (|r|^2 / 2 - b . r) + sum max(0, c . r)^2 / 2``, and the pushes are ``max(0, c . r) / softness``.
"""

from __future__ import annotations

import math

import numpy as np
from jaxtyping import Float64

from retarget.compiled.jit import jit
from retarget.compiled.scratch import scratch

__all__ = ["share_load", "shared_load"]

SOFTNESS = 1e-2  # a push that would carry a load of 1 alone leaves a hundredth of it; together they leave less
_ROUNDS = 40
_ENOUGH = 1e-4  # of the load
_DIAGONAL = math.sqrt(0.5)


def share_load(
    places: Float64[np.ndarray, "n 3"],
    friction: float,
    load: Float64[np.ndarray, "6"],
    arm: float,
) -> Float64[np.ndarray, "n 3"]:
    """Forces at some points that carry a load that they can carry.

    Args:
        places: Of the points from the load's reference, metres.
        friction: Coefficient of friction.
        load: Force and torque; the torque is divided by ``arm``.
        arm: Metres.

    Example:
        >>> share_load(np.zeros((2, 3)), 0.8, np.array([0, 0, 8.0, 0, 0, 0]), 1.0).round(1).tolist()
        [[0.0, 0.0, 4.0], [0.0, 0.0, 4.0]]
    """
    forces = np.empty(places.shape)
    count = len(places)
    _share(
        np.ascontiguousarray(places, np.float64), count, friction, load, arm, np.zeros(6), forces
    )
    return forces


@jit(fastmath=True, inner=True)
def _derivatives(
    places: Float64[np.ndarray, "n 3"],
    count: int,
    friction: float,
    load: Float64[np.ndarray, "6"],
    arm: float,
    left: Float64[np.ndarray, "6"],
    slope: Float64[np.ndarray, "6"],
    curve: Float64[np.ndarray, "6 6"],
    forces: Float64[np.ndarray, "n 3"],
) -> float:
    """Value of the function, its first and second derivatives, and the points' forces times `SOFTNESS`."""
    value = 0.0
    for i in range(6):
        slope[i] = SOFTNESS * (left[i] - load[i])
        value += SOFTNESS * left[i] * (0.5 * left[i] - load[i])
        for k in range(6):
            curve[i, k] = 0.0
        curve[i, i] = SOFTNESS
    for p in range(count):
        x = places[p, 0] / arm
        y = places[p, 1] / arm
        z = places[p, 2] / arm
        # How a push at this point answers what is left of force and torque.
        gx = left[0] + left[4] * z - left[5] * y
        gy = left[1] + left[5] * x - left[3] * z
        gz = left[2] + left[3] * y - left[4] * x
        # The eight edges of the cone, opposite ones together: along x, y and both diagonals.
        straight, sloping = friction, friction * _DIAGONAL
        hx, hy = straight * gx, straight * gy
        du, dv = sloping * (gx + gy), sloping * (gx - gy)
        a0, a1 = max(gz + hx, 0.0), max(gz - hx, 0.0)
        b0, b1 = max(gz + hy, 0.0), max(gz - hy, 0.0)
        c0, c1 = max(gz + du, 0.0), max(gz - du, 0.0)
        d0, d1 = max(gz + dv, 0.0), max(gz - dv, 0.0)
        value += 0.5 * (
            (a0 * a0 + a1 * a1 + b0 * b0 + b1 * b1) + (c0 * c0 + c1 * c1 + d0 * d0 + d1 * d1)
        )
        fx = straight * (a0 - a1) + sloping * ((c0 - c1) + (d0 - d1))
        fy = straight * (b0 - b1) + sloping * ((c0 - c1) - (d0 - d1))
        fz = ((a0 + a1) + (b0 + b1)) + ((c0 + c1) + (d0 + d1))
        forces[p, 0] = fx
        forces[p, 1] = fy
        forces[p, 2] = fz
        if fz <= 0.0:
            continue
        on_a0, on_a1 = 1.0 if a0 > 0.0 else 0.0, 1.0 if a1 > 0.0 else 0.0
        on_b0, on_b1 = 1.0 if b0 > 0.0 else 0.0, 1.0 if b1 > 0.0 else 0.0
        on_c0, on_c1 = 1.0 if c0 > 0.0 else 0.0, 1.0 if c1 > 0.0 else 0.0
        on_d0, on_d1 = 1.0 if d0 > 0.0 else 0.0, 1.0 if d1 > 0.0 else 0.0
        along, across = on_c0 + on_c1, on_d0 + on_d1
        xx = straight * straight * (on_a0 + on_a1) + sloping * sloping * (along + across)
        yy = straight * straight * (on_b0 + on_b1) + sloping * sloping * (along + across)
        xy = sloping * sloping * (along - across)
        xz = straight * (on_a0 - on_a1) + sloping * ((on_c0 - on_c1) + (on_d0 - on_d1))
        yz = straight * (on_b0 - on_b1) + sloping * ((on_c0 - on_c1) - (on_d0 - on_d1))
        zz = ((on_a0 + on_a1) + (on_b0 + on_b1)) + (along + across)
        slope[0] += fx
        slope[1] += fy
        slope[2] += fz
        slope[3] += y * fz - z * fy
        slope[4] += z * fx - x * fz
        slope[5] += x * fy - y * fx
        # Torque rows of the point's own second derivatives: place x each column.
        ax, ay, az = y * xz - z * xy, z * xx - x * xz, x * xy - y * xx
        bx, by, bz = y * yz - z * yy, z * xy - x * yz, x * yy - y * xy
        cx, cy, cz = y * zz - z * yz, z * xz - x * zz, x * yz - y * xz
        curve[0, 0] += xx
        curve[1, 0] += xy
        curve[1, 1] += yy
        curve[2, 0] += xz
        curve[2, 1] += yz
        curve[2, 2] += zz
        curve[3, 0] += ax
        curve[4, 0] += ay
        curve[5, 0] += az
        curve[3, 1] += bx
        curve[4, 1] += by
        curve[5, 1] += bz
        curve[3, 2] += cx
        curve[4, 2] += cy
        curve[5, 2] += cz
        curve[3, 3] += y * cx - z * bx
        curve[4, 3] += y * cy - z * by
        curve[5, 3] += y * cz - z * bz
        curve[4, 4] += z * ay - x * cy
        curve[5, 4] += z * az - x * cz
        curve[5, 5] += x * bz - y * az
    return value


@jit(fastmath=True, inner=True)
def _solve(curve: Float64[np.ndarray, "6 6"], x: Float64[np.ndarray, "6"]) -> None:
    """Cholesky of the lower triangle in place; ``x`` is the right side and becomes the solution."""
    for k in range(6):
        for j in range(k):
            curve[k, k] -= curve[k, j] * curve[k, j]
        scale = 1.0 / math.sqrt(max(curve[k, k], 0.1 * SOFTNESS))
        curve[k, k] = scale
        for i in range(k + 1, 6):
            for j in range(k):
                curve[i, k] -= curve[i, j] * curve[k, j]
            curve[i, k] *= scale
        for j in range(k):
            x[k] -= curve[k, j] * x[j]
        x[k] *= scale
    for back in range(6):
        k = 5 - back
        for i in range(k + 1, 6):
            x[k] -= curve[i, k] * x[i]
        x[k] *= curve[k, k]


@jit(fastmath=True, inner=True)
def shared_load(
    places: Float64[np.ndarray, "n 3"],
    count: int,
    friction: float,
    load: Float64[np.ndarray, "6"],
    arm: float,
    left: Float64[np.ndarray, "6"],
    forces: Float64[np.ndarray, "n 3"],
) -> None:
    """Fill forces in cones at the first ``count`` points that carry a load that they can carry, pushing least.

    ``left`` is where Newton's method sets out from, such as where it arrived for a similar load, and where it arrives.
    """
    slope = scratch(6, np.float64)
    step = scratch(6, np.float64)
    trial = scratch(6, np.float64)
    curve = scratch((6, 6), np.float64)
    size = 0.0
    for i in range(6):
        size += load[i] * load[i]
    close = _ENOUGH * _ENOUGH * SOFTNESS * SOFTNESS * size
    value = _derivatives(places, count, friction, load, arm, left, slope, curve, forces)
    for _ in range(_ROUNDS):
        steep = 0.0
        for i in range(6):
            steep += slope[i] * slope[i]
            step[i] = -slope[i]
        if steep <= close:
            break
        _solve(curve, step)
        fall = 0.0
        for i in range(6):
            fall += slope[i] * (-step[i])
        share = 1.0
        here = value
        for _ in range(20):
            for i in range(6):
                trial[i] = left[i] + share * step[i]
            here = _derivatives(places, count, friction, load, arm, trial, slope, curve, forces)
            if here <= value - 1e-4 * share * fall:
                break
            share *= 0.25
        if here >= value:  # rounding is all that is left
            _derivatives(places, count, friction, load, arm, left, slope, curve, forces)
            break
        value = here
        for i in range(6):
            left[i] = trial[i]
    for p in range(count):
        for i in range(3):
            forces[p, i] /= SOFTNESS


@jit(fastmath=True)
def _share(
    places: Float64[np.ndarray, "n 3"],
    count: int,
    friction: float,
    load: Float64[np.ndarray, "6"],
    arm: float,
    left: Float64[np.ndarray, "6"],
    forces: Float64[np.ndarray, "n 3"],
) -> None:
    shared_load(places, count, friction, load, arm, left, forces)
