"""Forces that a motion needs and no contact can give: kernels over a clip's frames."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float64, Int64

from retarget.compiled.jit import jit
from retarget.compiled.scratch import scratch
from retarget.evaluation.forces.cone_fit import Edges, cone_fit
from retarget.evaluation.forces.dynamics import Masses, angular_step, body_forces, gather_forces
from retarget.evaluation.forces.ground_points import GroundPoints
from retarget.evaluation.forces.hull import hull_distance
from retarget.evaluation.forces.sharing import shared_load
from retarget.ground import GRAVITY
from retarget.solver.arrays import Tree

__all__ = ["Found", "Ground", "Room", "find_forces"]


class Ground(NamedTuple):
    """Which points may be pushed, and how.

    Attributes:
        points: Those that may touch the floor.
        friction: Coefficient of friction.
        height: Metres over the floor up to which a point is pushed.
        speed: m/s up to which it is, in the step before or after the frame.
        arm: Metres over which torques are counted as forces.
    """

    points: GroundPoints
    friction: float
    height: float
    speed: float
    arm: float


class Found(NamedTuple):
    """What is found out about every frame but the first and the last; filled.

    Attributes:
        force: Force that is left, as a share of the robot's weight.
        torque: Torque about the base's origin that is left, as a share of weight times a metre.
        effort: Largest joint torque as a share of the joint's limit.
        centre: Centre of mass, metres; of all frames.
        touching: Whether a point is within `Ground.height` of the floor; of all frames.
        outside: Distance along the floor from the centre of mass to the hull of the points that are pushed, metres;
            `hull.FAR` where none is.
    """

    force: Float64[np.ndarray, "T"]
    torque: Float64[np.ndarray, "T"]
    effort: Float64[np.ndarray, "T"]
    centre: Float64[np.ndarray, "T 3"]
    touching: Bool[np.ndarray, "T"]
    outside: Float64[np.ndarray, "T"]


class Room(NamedTuple):
    """What `find_forces` works in.

    Attributes:
        places: Points that stand, from the base's origin, metres; along the robot's heading and square to it, so that
            it does not matter to the cones' edges which way it looks.
        bodies: On which body each of them is.
        points: Which of the `Ground.points` each of them is.
        edges: Edges of the cones that pushed last, by `Ground.points`.
        forces: Forces on them, N, likewise.
        R, r, axes: Poses of the frames before, at and after the one that is looked at.
    """

    places: Float64[np.ndarray, "K 3"]
    bodies: Int64[np.ndarray, "K"]
    points: Int64[np.ndarray, "K"]
    edges: Edges
    forces: Float64[np.ndarray, "K 3"]
    R: Float64[np.ndarray, "3 B 3 3"]
    r: Float64[np.ndarray, "3 B 3"]
    axes: Float64[np.ndarray, "3 B 3"]


@jit(fastmath=True)
def find_forces(
    qpos: Float64[np.ndarray, "T Q"],
    first: int,
    positions: Float64[np.ndarray, "n B 3"],
    rotations: Float64[np.ndarray, "n B 3 3"],
    fps: float,
    tree: Tree,
    masses: Masses,
    limits: Float64[np.ndarray, "N"],
    ground: Ground,
    room: Room,
    found: Found,
) -> None:
    """Fill ``found`` of all frames but the last of a block that begins with frame ``first``, and of the one before it.

    Blocks follow each other. Velocities and accelerations are first and second differences of ``qpos``.

    Args:
        qpos: All configurations.
        first: First frame of the block.
        positions: Of all bodies in the block's frames, metres.
        rotations: Likewise.
        fps: Frames per second.
        tree: The robot.
        masses: Likewise.
        limits: The joints' largest torques, N m; infinite ones are given as very large.
        ground: What may be pushed, and how.
        room: Room to work in, kept from block to block.
        found: Filled.
    """
    bodies = tree.parents.shape[0]
    velocity = scratch(5 + bodies, np.float64)
    acceleration = scratch(5 + bodies, np.float64)
    force = scratch((bodies, 3), np.float64)
    torque = scratch((bodies, 3), np.float64)
    load = scratch(6, np.float64)
    left = scratch(6, np.float64)
    rest = scratch(6, np.float64)
    weight = masses.total * GRAVITY
    for frame in range(positions.shape[0]):
        t = first + frame - 1
        new = (t + 1) % 3  # its pose is there one frame ahead
        _keep(qpos[t + 1], positions[frame], rotations[frame], tree, room, new)
        _look(qpos[t + 1], masses, ground, room.R[new], room.r[new], t + 1, found)
        if t < 1:
            continue
        now = t % 3
        _differences(qpos[t - 1], qpos[t], qpos[t + 1], fps, velocity, acceleration)
        R, r, axes = room.R[now], room.r[now], room.axes[now]
        body_forces(velocity, acceleration, tree, masses, R, r, axes, force, torque)
        _add_up(r, force, torque, load)
        c, s = _heading(R[0])
        _turn(c, -s, load)
        for i in range(3):
            load[3 + i] /= ground.arm
        count = _standing(qpos, t, fps, ground, room)
        found.outside[t] = hull_distance(
            room.places, count, found.centre[t, 0] - qpos[t, 0], found.centre[t, 1] - qpos[t, 1]
        )
        for k in range(count):
            _turn(c, -s, room.places[k])
        _still_there(count, room)
        cone_fit(room.places, count, ground.friction, load, ground.arm, room.edges, left)
        for k in range(room.edges.number[0]):
            room.edges.points[k] = room.points[room.edges.points[k]]
        found.force[t] = (
            math.sqrt(left[0] * left[0] + left[1] * left[1] + left[2] * left[2]) / weight
        )
        found.torque[t] = (
            math.sqrt(left[3] * left[3] + left[4] * left[4] + left[5] * left[5])
            * ground.arm
            / weight
        )
        for i in range(6):
            load[i] -= left[i]
        shared_load(room.places, count, ground.friction, load, ground.arm, rest, room.forces)
        for k in range(count):
            _turn(c, s, room.places[k])
            _turn(c, s, room.forces[k])
            _take(k, room, r, force, torque)
        gather_forces(tree, r, force, torque)
        for b in range(1, bodies):
            effort = 0.0
            for i in range(3):
                effort += axes[b, i] * torque[b, i]
            found.effort[t] = max(found.effort[t], abs(effort) / limits[b - 1])


@jit(fastmath=True, inner=True)
def _keep(
    qpos: Float64[np.ndarray, "Q"],
    positions: Float64[np.ndarray, "B 3"],
    rotations: Float64[np.ndarray, "B 3 3"],
    tree: Tree,
    room: Room,
    place: int,
) -> None:
    """Keep the pose of a frame, counted from the base's origin, and its joints' axes in the world."""
    for b in range(positions.shape[0]):
        for i in range(3):
            room.r[place, b, i] = positions[b, i] - qpos[i]
            axis = 0.0
            for k in range(3):
                room.R[place, b, i, k] = rotations[b, i, k]
                axis += rotations[b, i, k] * tree.axes[b, k]
            room.axes[place, b, i] = axis


@jit(fastmath=True, inner=True)
def _differences(
    before: Float64[np.ndarray, "Q"],
    here: Float64[np.ndarray, "Q"],
    after: Float64[np.ndarray, "Q"],
    fps: float,
    velocity: Float64[np.ndarray, "V"],
    acceleration: Float64[np.ndarray, "V"],
) -> None:
    """Central differences, the base's turn in its own frame."""
    first = scratch(3, np.float64)
    second = scratch(3, np.float64)
    angular_step(before, here, first)
    angular_step(here, after, second)
    for i in range(3):
        velocity[i] = (after[i] - before[i]) * fps / 2
        acceleration[i] = (after[i] - 2 * here[i] + before[i]) * fps * fps
        velocity[3 + i] = (second[i] + first[i]) * fps / 2
        acceleration[3 + i] = (second[i] - first[i]) * fps * fps
    for j in range(7, here.shape[0]):
        velocity[j - 1] = (after[j] - before[j]) * fps / 2
        acceleration[j - 1] = (after[j] - 2 * here[j] + before[j]) * fps * fps


@jit(fastmath=True, inner=True)
def _look(
    qpos: Float64[np.ndarray, "Q"],
    masses: Masses,
    ground: Ground,
    R: Float64[np.ndarray, "B 3 3"],
    r: Float64[np.ndarray, "B 3"],
    t: int,
    found: Found,
) -> None:
    """Centre of mass, and whether anything touches, of one frame."""
    for i in range(3):
        found.centre[t, i] = 0.0
    for b in range(masses.masses.shape[0]):
        share = masses.masses[b] / masses.total
        for i in range(3):
            place = r[b, i]
            for k in range(3):
                place += R[b, i, k] * masses.centres[b, k]
            found.centre[t, i] += share * place
    for i in range(3):
        found.centre[t, i] += qpos[i]
    found.touching[t] = False
    points = ground.points
    for p in range(points.bodies.shape[0]):
        b = points.bodies[p]
        height = qpos[2] + r[b, 2] - points.radii[p]
        for k in range(3):
            height += R[b, 2, k] * points.centres[p, k]
        if height <= ground.height:
            found.touching[t] = True
            break


@jit(fastmath=True, inner=True)
def _add_up(
    r: Float64[np.ndarray, "B 3"],
    force: Float64[np.ndarray, "B 3"],
    torque: Float64[np.ndarray, "B 3"],
    load: Float64[np.ndarray, "6"],
) -> None:
    """Add the forces and torques of all bodies up to one wrench about the base's origin."""
    for i in range(6):
        load[i] = 0.0
    for b in range(r.shape[0]):
        x, y, z = r[b, 0], r[b, 1], r[b, 2]
        for i in range(3):
            load[i] += force[b, i]
            load[3 + i] += torque[b, i]
        load[3] += y * force[b, 2] - z * force[b, 1]
        load[4] += z * force[b, 0] - x * force[b, 2]
        load[5] += x * force[b, 1] - y * force[b, 0]


@jit(fastmath=True, inner=True)
def _heading(base: Float64[np.ndarray, "3 3"]) -> tuple[float, float]:
    """Cosine and sine of the direction along the floor in which the base looks."""
    ahead, aside = base[0, 0], base[1, 0]
    size = math.sqrt(ahead * ahead + aside * aside)
    if size < 1e-6:
        return 1.0, 0.0
    return ahead / size, aside / size


@jit(fastmath=True, inner=True)
def _turn(c: float, s: float, vectors: Float64[np.ndarray, "3k"]) -> None:
    """Turn one vector, or several in one array, about the vertical."""
    for k in range(0, vectors.shape[0], 3):
        x = vectors[k]
        y = vectors[k + 1]
        vectors[k] = c * x - s * y
        vectors[k + 1] = s * x + c * y


@jit(fastmath=True, inner=True)
def _standing(
    qpos: Float64[np.ndarray, "T Q"], t: int, fps: float, ground: Ground, room: Room
) -> int:
    """Fill the points that the floor can push in a frame; returns how many."""
    points = ground.points
    place = scratch(3, np.float64)
    local = scratch(3, np.float64)
    now = t % 3
    count = 0
    for p in range(points.bodies.shape[0]):
        b = points.bodies[p]
        R = room.R[now, b]
        for i in range(3):
            place[i] = room.r[now, b, i]
            for k in range(3):
                place[i] += R[i, k] * points.centres[p, k]
        place[2] -= points.radii[p]
        if qpos[t, 2] + place[2] > ground.height:
            continue
        # The point of the body that is lowest in this frame.
        for i in range(3):
            local[i] = points.centres[p, i] - R[2, i] * points.radii[p]
        if not (
            _slow(qpos, t, -1, fps, b, local, place, ground, room)
            or _slow(qpos, t, 1, fps, b, local, place, ground, room)
        ):
            continue
        for i in range(3):
            room.places[count, i] = place[i]
        room.bodies[count] = b
        room.points[count] = p
        count += 1
    return count


@jit(fastmath=True, inner=True)
def _still_there(count: int, room: Room) -> None:
    """Leave of the edges that pushed last those whose points stand, by their places among these."""
    edges = room.edges
    kept = 0
    for e in range(edges.number[0]):
        for k in range(count):
            if room.points[k] == edges.points[e]:
                edges.points[kept], edges.ways[kept] = k, edges.ways[e]
                kept += 1
                break
    edges.number[0] = kept


@jit(fastmath=True, inner=True)
def _slow(
    qpos: Float64[np.ndarray, "T Q"],
    t: int,
    step: int,
    fps: float,
    b: int,
    local: Float64[np.ndarray, "3"],
    place: Float64[np.ndarray, "3"],
    ground: Ground,
    room: Room,
) -> bool:
    """Whether a point of a body stays where it is from a frame to the next or from the one before."""
    other = (t + step) % 3
    R = room.R[other, b]
    squared = 0.0
    for i in range(3):
        move = qpos[t + step, i] + room.r[other, b, i] - qpos[t, i] - place[i]
        for k in range(3):
            move += R[i, k] * local[k]
        squared += move * move
    return math.sqrt(squared) * fps <= ground.speed


@jit(fastmath=True, inner=True)
def _take(
    point: int,
    room: Room,
    r: Float64[np.ndarray, "B 3"],
    force: Float64[np.ndarray, "B 3"],
    torque: Float64[np.ndarray, "B 3"],
) -> None:
    """Take off what the floor gives from what its body needs."""
    b = room.bodies[point]
    f = room.forces[point]
    x = room.places[point, 0] - r[b, 0]
    y = room.places[point, 1] - r[b, 1]
    z = room.places[point, 2] - r[b, 2]
    for i in range(3):
        force[b, i] -= f[i]
    torque[b, 0] -= y * f[2] - z * f[1]
    torque[b, 1] -= z * f[0] - x * f[2]
    torque[b, 2] -= x * f[1] - y * f[0]
