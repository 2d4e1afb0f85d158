"""Poses and velocities of links, compiled: one pass outward over the tree for each frame."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from jaxtyping import Float64, Int64

from retarget.compiled.jit import jit
from retarget.compiled.quaternions import multiply
from retarget.compiled.scratch import scratch

__all__ = ["LinkArrays", "LinkMotion", "RootMotion", "TreeArrays", "track_links"]


class TreeArrays(NamedTuple):
    """The robot model's kinematics: parents, offsets (m), rest rotations (wxyz) and joint axes of its B bodies."""

    parents: Int64[np.ndarray, "B"]
    offsets: Float64[np.ndarray, "B 3"]
    rests: Float64[np.ndarray, "B 4"]
    axes: Float64[np.ndarray, "B 3"]


class LinkArrays(NamedTuple):
    """Frames of L links in the bodies that carry them (m, wxyz), and centres of mass in the links (m)."""

    bodies: Int64[np.ndarray, "L"]
    offsets: Float64[np.ndarray, "L 3"]
    rotations: Float64[np.ndarray, "L 4"]
    mass_centres: Float64[np.ndarray, "L 3"]


class RootMotion(NamedTuple):
    """Base and joints over time: position, rotation (wxyz), world velocities, angles and rates of N joints."""

    position: Float64[np.ndarray, "T 3"]
    rotation: Float64[np.ndarray, "T 4"]
    velocity: Float64[np.ndarray, "T 3"]
    spin: Float64[np.ndarray, "T 3"]
    angles: Float64[np.ndarray, "T N"]
    rates: Float64[np.ndarray, "T N"]


class LinkMotion(NamedTuple):
    """Where links are and how they move, in the world: metres, wxyz, m/s, rad/s."""

    position: Float64[np.ndarray, "T L 3"]
    rotation: Float64[np.ndarray, "T L 4"]
    velocity: Float64[np.ndarray, "T L 3"]
    centre_velocity: Float64[np.ndarray, "T L 3"]
    spin: Float64[np.ndarray, "T L 3"]


@jit(fastmath=True, inner=True)
def _turn(
    q: Float64[np.ndarray, "4"], v: Float64[np.ndarray, "3"], out: Float64[np.ndarray, "3"]
) -> None:
    """The vector v turned by the unit quaternion q: v + 2 u x (u x v + w v)."""
    w, x, y, z = q[0], q[1], q[2], q[3]
    a = y * v[2] - z * v[1] + w * v[0]
    b = z * v[0] - x * v[2] + w * v[1]
    c = x * v[1] - y * v[0] + w * v[2]
    out[0] = v[0] + 2 * (y * c - z * b)
    out[1] = v[1] + 2 * (z * a - x * c)
    out[2] = v[2] + 2 * (x * b - y * a)


@jit(fastmath=True, inner=True)
def _carried(
    velocity: Float64[np.ndarray, "3"],
    spin: Float64[np.ndarray, "3"],
    arm: Float64[np.ndarray, "3"],
    out: Float64[np.ndarray, "3"],
) -> None:
    """Velocity of a point that a turning body carries at ``arm`` from where it has ``velocity``."""
    out[0] = velocity[0] + spin[1] * arm[2] - spin[2] * arm[1]
    out[1] = velocity[1] + spin[2] * arm[0] - spin[0] * arm[2]
    out[2] = velocity[2] + spin[0] * arm[1] - spin[1] * arm[0]


@jit(fastmath=True)
def track_links(root: RootMotion, tree: TreeArrays, links: LinkArrays, out: LinkMotion) -> None:
    """Fill ``out``. Rotations keep their sign from frame to frame where the base's and the joints do."""
    bodies = tree.parents.shape[0]
    at = scratch((bodies, 3), np.float64)
    rotation = scratch((bodies, 4), np.float64)
    velocity = scratch((bodies, 3), np.float64)
    spin = scratch((bodies, 3), np.float64)
    joint = scratch((4,), np.float64)
    local = scratch((4,), np.float64)
    arm = scratch((3,), np.float64)
    for t in range(root.position.shape[0]):
        for i in range(3):
            at[0, i] = root.position[t, i]
            velocity[0, i] = root.velocity[t, i]
            spin[0, i] = root.spin[t, i]
        for i in range(4):
            rotation[0, i] = root.rotation[t, i]
        for b in range(1, bodies):
            p = tree.parents[b]
            half = 0.5 * root.angles[t, b - 1]
            sine = math.sin(half)
            joint[0] = math.cos(half)
            for i in range(3):
                joint[1 + i] = sine * tree.axes[b, i]
            multiply(tree.rests[b], joint, local)
            multiply(rotation[p], local, rotation[b])
            _turn(rotation[p], tree.offsets[b], arm)
            for i in range(3):
                at[b, i] = at[p, i] + arm[i]
            _carried(velocity[p], spin[p], arm, velocity[b])
            _turn(rotation[b], tree.axes[b], arm)
            rate = root.rates[t, b - 1]
            for i in range(3):
                spin[b, i] = spin[p, i] + rate * arm[i]
        for k in range(links.bodies.shape[0]):
            b = links.bodies[k]
            multiply(rotation[b], links.rotations[k], out.rotation[t, k])
            _turn(rotation[b], links.offsets[k], arm)
            for i in range(3):
                out.position[t, k, i] = at[b, i] + arm[i]
                out.spin[t, k, i] = spin[b, i]
            _carried(velocity[b], spin[b], arm, out.velocity[t, k])
            _turn(out.rotation[t, k], links.mass_centres[k], arm)
            _carried(out.velocity[t, k], spin[b], arm, out.centre_velocity[t, k])
