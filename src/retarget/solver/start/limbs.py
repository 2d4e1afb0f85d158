"""The robot's limbs, and the second way in which each can take the same pose.

Trunk and limbs hardly touch each other's cost, so that each can choose among a frame's answers for itself. A limb that
begins with three crossing hinges - a shoulder, a hip - reaches every orientation in two ways: with the outer hinges
turned half round and the middle one mirrored at the angle where the outer two are parallel.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from jaxtyping import Float32, Float64, Int64

from retarget.compiled.jit import jit
from retarget.geometry import cross
from retarget.solver.arrays import Limits, Tasks, Tree

__all__ = ["TRUNK", "Limbs", "find_limbs", "turn_limbs"]

TRUNK = 0  # number of the group that carries the limbs
_SQUARE = 0.05  # largest cosine of the angle between two hinges that count as crossing squarely
_SLACK = 0.3  # rad beyond a joint limit from where the solve finds back


class Limbs(NamedTuple):
    """The trunk (group 0) and G - 1 limbs.

    Attributes:
        group: Group of each body; that of a joint is its body's.
        joints: Bodies with a joint, ordered by group.
        first: Where each group begins in ``joints``, and one entry for their end.
        triples: The three hinges with which a limb begins, by body, for limbs that have two ways.
        mirror: Twice the angle of the middle hinge at which the outer two are parallel, rad.
    """

    group: Int64[np.ndarray, "B"]
    joints: Int64[np.ndarray, "B-1"]
    first: Int64[np.ndarray, "G+1"]
    triples: Int64[np.ndarray, "L 3"]
    mirror: Float64[np.ndarray, "L"]


def find_limbs(tree: Tree, tasks: Tasks) -> Limbs:
    """Groups of bodies: the trunk is whatever carries two or more chains that follow something."""
    bodies = len(tree.parents)
    follows = np.zeros(bodies, bool)
    for b in tasks.bodies:
        follows[_path(tree, int(b))] = True
    chains = np.bincount(tree.parents[1:][follows[1:]], minlength=bodies)
    trunk = np.zeros(bodies, bool)
    trunk[0] = True
    for b in np.flatnonzero(chains > 1):
        trunk[_path(tree, int(b))] = True
    group = np.full(bodies, TRUNK)
    count = 1
    for b in range(1, bodies):
        if trunk[b]:
            continue
        if not trunk[tree.parents[b]]:
            group[b] = group[tree.parents[b]]
        elif follows[b]:
            group[b] = count
            count += 1
    order = 1 + np.argsort(group[1:], kind="stable")
    first = np.searchsorted(group[order], np.arange(count + 1))
    triples, mirror = _two_ways(tree, group)
    return Limbs(group, order, first, triples, mirror)


def _path(tree: Tree, body: int) -> list[int]:
    path = [body]
    while path[-1] > 0:
        path.append(int(tree.parents[path[-1]]))
    return path


def _two_ways(
    tree: Tree, group: Int64[np.ndarray, "B"]
) -> tuple[Int64[np.ndarray, "L 3"], Float64[np.ndarray, "L"]]:
    """The first three successive hinges of each limb of which the middle one crosses its neighbours squarely."""
    found: dict[int, tuple[tuple[int, int, int], float]] = {}
    parents, groups = tree.parents.tolist(), group.tolist()
    for c in range(1, len(parents)):
        b = parents[c]
        a = parents[b]
        if groups[c] == TRUNK or groups[c] in found or a < 1 or groups[a] != groups[c]:
            continue
        before = tree.basis[b, 0].T @ tree.axes[a]
        after = tree.basis[c, 0] @ tree.axes[c]
        middle = tree.axes[b]
        if max(abs(before @ middle), abs(after @ middle)) < _SQUARE:
            parallel = math.atan2(middle @ cross(after, before), after @ before)
            found[groups[c]] = (a, b, c), 2 * parallel
    triples = np.array([triple for triple, _ in found.values()], np.int64)
    return triples.reshape(-1, 3), np.array([mirror for _, mirror in found.values()])


@jit(fastmath=True, inner=True)
def turn_limbs(
    qpos: Float32[np.ndarray, "Q"], limbs: Limbs, limits: Limits, angles: Float64[np.ndarray, "3"]
) -> None:
    """Take a pose, in place, the other way by each limb whose joint limits allow it; ``angles`` is room."""
    for i in range(limbs.triples.shape[0]):
        within = True
        for k in range(3):
            b = limbs.triples[i, k]
            other = limbs.mirror[i] - qpos[6 + b] if k == 1 else qpos[6 + b] + math.pi
            middle = 0.5 * (limits.lower[b] + limits.upper[b])
            other -= 2 * math.pi * math.floor((other - middle) / (2 * math.pi) + 0.5)
            angles[k] = min(max(other, limits.lower[b]), limits.upper[b])
            within = within and abs(angles[k] - other) <= _SLACK
        if within:
            for k in range(3):
                qpos[6 + limbs.triples[i, k]] = angles[k]
