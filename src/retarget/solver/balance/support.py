"""Where the ground can push: the convex hull of all that stands, frame by frame."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Float64, Int64

from retarget.compiled.jit import jit
from retarget.compiled.packs import LANES, REAL, packs
from retarget.compiled.scratch import scratch
from retarget.ground import STANDING_HEIGHT
from retarget.solver.arrays import Floor, Masses, Problem, Soles, Tree, single_robot
from retarget.solver.kinematics.forward import world_point
from retarget.solver.kinematics.lanes import make_poses, pose_lanes
from retarget.solver.kinematics.masses import first_moments

__all__ = ["Support", "find_support", "nearest_on_hull"]

CORNERS = 24  # most of a hull; two soles and what else touches have fewer


class Support(NamedTuple):
    """What carries the body in each frame, and how its mass is spread; metres, world.

    Attributes:
        centres: Centres of mass.
        corners: Corners of the convex hull of what is held on the ground, counter-clockwise.
        counts: Their number.
        spins: Horizontal angular momentum about the centre of mass between a frame and the one before, of bodies taken
            as points, for a mass of 1 and a frame's time of 1: m^2.
        lowest: Height of the lowest point of all bodies but the feet.
    """

    centres: Float64[np.ndarray, "T 3"]
    corners: Float64[np.ndarray, "T 24 2"]
    counts: Int64[np.ndarray, "T"]
    spins: Float64[np.ndarray, "T 2"]
    lowest: Float64[np.ndarray, "T"]


def find_support(qpos: Float64[np.ndarray, "T Q"], problem: Problem) -> Support:
    """Find what stands, where it is held, and the centres of mass above it.

    A foot that is held stands where it is held, turned as in ``qpos``: on the whole sole when heel and toe are held,
    else on the half of the sole that is. The centres of mass are those of ``qpos``, moved along with its body to where
    what is held touches: so limbs keep their directions.
    """
    frames = len(qpos)
    packed = single_robot(problem)
    support = Support(
        np.empty((frames, 3)),
        np.zeros((frames, CORNERS, 2)),
        np.zeros(frames, np.int64),
        np.zeros((frames, 2)),
        np.empty(frames),
    )
    moves, shares = np.zeros((frames, 3)), np.zeros(frames)
    clip = problem.clip
    _fill(
        qpos,
        clip.contact_weights,
        clip.anchors,
        clip.clearances,
        packed.tree,
        packed.masses,
        packed.soles,
        packed.floor,
        support,
        moves,
        shares,
    )
    if frames > 1:
        support.spins[0] = support.spins[1]
    _move_along(moves, shares, support)
    return support


@jit()
def _move_along(
    moves: Float64[np.ndarray, "T 3"], shares: Float64[np.ndarray, "T"], support: Support
) -> None:
    """Move centres of mass and lowest points along with what is held; between such frames, from one to the next.

    Moves are sums of weighted moves, the shares sums of their weights.
    """
    frames = shares.shape[0]
    before = -1
    t = 0
    while t < frames:
        after = t
        while after < frames and shares[after] == 0.0:
            after += 1
        if after == frames and before < 0:
            return
        first = before if before >= 0 else after
        last = after if after < frames else before
        for u in range(t, min(after + 1, frames)):
            part = (u - first) / (last - first) if last > first else 0.0
            for k in range(3):
                a, b = moves[first, k] / shares[first], moves[last, k] / shares[last]
                support.centres[u, k] += a + part * (b - a)
                if k == 2:
                    support.lowest[u] += a + part * (b - a)
        before = after
        t = after + 1


@jit(fastmath=True)
def _fill(
    qpos: Float64[np.ndarray, "T Q"],
    weights: Float64[np.ndarray, "T K"],
    anchors: Float64[np.ndarray, "T K 3"],
    clearances: Float64[np.ndarray, "T 2"],
    tree: Tree,
    masses: Masses,
    soles: Soles,
    floor: Floor,
    support: Support,
    moves: Float64[np.ndarray, "T 3"],
    shares: Float64[np.ndarray, "T"],
) -> None:
    centres, corners, counts, spins, lowest = support
    bodies, points = tree.parents.shape[0], soles.points.shape[1]
    poses = make_poses(tree)
    moments = scratch((bodies, 3, LANES), REAL)
    held = weights.shape[1]
    standing = scratch((2 * points + held, 2), np.float64)
    x = scratch(3, np.float64)
    R = scratch((bodies, 3, 3), np.float64)
    r = scratch((bodies, 3), np.float64)
    before = scratch((bodies, 3), np.float64)
    for first in range(0, qpos.shape[0], LANES):
        pose_lanes(qpos, first, tree, poses)
        first_moments(packs(poses.R), packs(poses.r), tree, masses, packs(moments))
        for lane in range(min(LANES, qpos.shape[0] - first)):
            t = first + lane
            for k in range(3):
                centres[t, k] = qpos[t, k] + moments[0, k, lane]
            for b in range(bodies):
                for i in range(3):
                    r[b, i] = poses.r[b, i, lane] + qpos[t, i]
                    for k in range(3):
                        R[b, i, k] = poses.R[b, i, k, lane]
            lowest[t] = np.inf
            for s in range(floor.bodies.shape[0]):
                if floor.feet[s] < 0:
                    world_point(R, r, floor.bodies[s], floor.points[s], x)
                    lowest[t] = min(lowest[t], x[2] - floor.radii[s])
            for b in range(bodies):
                for i in range(3):
                    x[i] = r[b, i]
                    for k in range(3):
                        x[i] += R[b, i, k] * masses.points[b, k]
                    x[i] -= centres[t, i]
                if t > 0:
                    # About the middle of this frame and the one before.
                    m0 = 0.5 * (x[0] + before[b, 0])
                    m1 = 0.5 * (x[1] + before[b, 1])
                    m2 = 0.5 * (x[2] + before[b, 2])
                    v0 = x[0] - before[b, 0]
                    v1 = x[1] - before[b, 1]
                    v2 = x[2] - before[b, 2]
                    spins[t, 0] += masses.shares[b] * (m1 * v2 - m2 * v1)
                    spins[t, 1] += masses.shares[b] * (m2 * v0 - m0 * v2)
                for i in range(3):
                    before[b, i] = x[i]
            for i in range(held):
                if weights[t, i] > 0.0:
                    shares[t] += _add_move(
                        i, weights[t], anchors[t], clearances[t], soles, R, r, x, moves[t]
                    )
            count = _standing_points(
                weights[t], anchors[t], clearances[t], soles, R, r, x, standing
            )
            counts[t] = _hull(standing[:count], corners[t])


@jit(fastmath=True, inner=True)
def _add_move(
    i: int,
    weights: Float64[np.ndarray, "K"],
    anchors: Float64[np.ndarray, "K 3"],
    clearances: Float64[np.ndarray, "2"],
    soles: Soles,
    R: Float64[np.ndarray, "B 3 3"],
    r: Float64[np.ndarray, "B 3"],
    x: Float64[np.ndarray, "3"],
    move: Float64[np.ndarray, "3"],
) -> float:
    """Add how far a held point is from where it is held, times its weight, which is returned."""
    world_point(R, r, soles.contact_bodies[i], soles.contact_points[i], x)
    weight: float = weights[i]
    height = x[2] - soles.contact_radii[i] - anchors[i, 2]
    foot = soles.contact_feet[i]
    if foot >= 0:
        height -= clearances[foot]
    move[0] += weight * (anchors[i, 0] - x[0])
    move[1] += weight * (anchors[i, 1] - x[1])
    move[2] -= weight * height
    return weight


@jit(fastmath=True, inner=True)
def _standing_points(
    weights: Float64[np.ndarray, "K"],
    anchors: Float64[np.ndarray, "K 3"],
    clearances: Float64[np.ndarray, "2"],
    soles: Soles,
    R: Float64[np.ndarray, "B 3 3"],
    r: Float64[np.ndarray, "B 3"],
    x: Float64[np.ndarray, "3"],
    out: Float64[np.ndarray, "n 2"],
) -> int:
    """Fill the points that stand, seen from above; returns how many."""
    count = 0
    for foot in range(2):
        heel = 2 * foot
        toe = heel + 1
        on_heel, on_toe = weights[heel] > 0.0, weights[toe] > 0.0
        if not (on_heel or on_toe) or clearances[foot] > STANDING_HEIGHT:
            continue
        b = soles.feet[foot]
        held = toe if on_toe else heel
        world_point(R, r, b, soles.contact_points[held], x)
        shift0 = anchors[held, 0] - x[0]
        shift1 = anchors[held, 1] - x[1]
        for s in range(soles.points.shape[1]):
            ahead = 0.0  # from the middle between heel and toe, along the foot
            for k in range(3):
                a, c = soles.contact_points[heel, k], soles.contact_points[toe, k]
                ahead += (soles.points[foot, s, k] - 0.5 * (a + c)) * (c - a)
            if (ahead > 0.0 and not on_toe) or (ahead < 0.0 and not on_heel):
                continue
            world_point(R, r, b, soles.points[foot, s], x)
            out[count, 0] = x[0] + shift0
            out[count, 1] = x[1] + shift1
            count += 1
    for i in range(4, weights.shape[0]):
        if weights[i] > 0.0:
            out[count, 0] = anchors[i, 0]
            out[count, 1] = anchors[i, 1]
            count += 1
    return count


@jit(fastmath=True, inner=True)
def _hull(points: Float64[np.ndarray, "n 2"], corners: Float64[np.ndarray, "24 2"]) -> int:
    """Corners of the convex hull, counter-clockwise (Jarvis 1973: from one corner to the next); returns how many."""
    n = points.shape[0]
    if n == 0:
        return 0
    first = 0
    for i in range(n):
        lower = points[i, 1] < points[first, 1]
        level = points[i, 1] == points[first, 1] and points[i, 0] < points[first, 0]
        if lower or level:
            first = i
    count = 0
    at = first
    while count < corners.shape[0]:
        corners[count, 0] = points[at, 0]
        corners[count, 1] = points[at, 1]
        count += 1
        best = -1
        for i in range(n):
            d0 = points[i, 0] - points[at, 0]
            d1 = points[i, 1] - points[at, 1]
            if d0 * d0 + d1 * d1 < 1e-12:
                continue
            if best < 0:
                best = i
                continue
            b0 = points[best, 0] - points[at, 0]
            b1 = points[best, 1] - points[at, 1]
            turn = b0 * d1 - b1 * d0
            farther = d0 * d0 + d1 * d1 > b0 * b0 + b1 * b1
            if turn < 0.0 or (turn == 0.0 and farther):
                best = i
        if best < 0:
            break
        e0 = points[best, 0] - points[first, 0]
        e1 = points[best, 1] - points[first, 1]
        if e0 * e0 + e1 * e1 < 1e-12:
            break
        at = best
    return count


@jit(fastmath=True, inner=True)
def nearest_on_hull(
    corners: Float64[np.ndarray, "24 2"], count: int, x: float, y: float
) -> tuple[float, float]:
    """The point of a hull that is nearest to one, itself where it is inside."""
    j = 0
    if count > 2:
        # From the last corner round to the first: most points are inside.
        i = count - 1
        while j < count:
            e0 = corners[j, 0] - corners[i, 0]
            e1 = corners[j, 1] - corners[i, 1]
            if e0 * (y - corners[i, 1]) - e1 * (x - corners[i, 0]) < 0.0:
                break
            i = j
            j += 1
        if j == count:
            return x, y
    best0, best1, least = corners[0, 0], corners[0, 1], np.inf
    for i in range(count):
        j = i + 1 if i + 1 < count else 0
        e0 = corners[j, 0] - corners[i, 0]
        e1 = corners[j, 1] - corners[i, 1]
        d0 = x - corners[i, 0]
        d1 = y - corners[i, 1]
        length = e0 * e0 + e1 * e1
        s = min(max((d0 * e0 + d1 * e1) / length, 0.0), 1.0) if length > 0.0 else 0.0
        f0 = d0 - s * e0
        f1 = d1 - s * e1
        away = f0 * f0 + f1 * f1
        if away < least:
            least = away
            best0 = corners[i, 0] + s * e0
            best1 = corners[i, 1] + s * e1
    return best0, best1
