"""Forward kinematics of a window, as many frames side by side as a vector has lanes."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from jaxtyping import Float32, Float64

from retarget.compiled.jit import jit
from retarget.compiled.packs import LANES, packs
from retarget.solver.arrays import Capsules, Clip, Tasks, Tree
from retarget.solver.kinematics.collision import capsule_ends
from retarget.solver.kinematics.forward import body_kinematics
from retarget.solver.kinematics.lanes import LaneTargets, load_target
from retarget.solver.linear.banded import aligned_zeros

__all__ = ["Poses", "allocate_poses", "load_targets", "pack_count", "pose_frames"]


class Poses(NamedTuple):
    """Frames of a window in packs: frame t is lane ``t % LANES`` of pack ``t // LANES``; spare lanes repeat the last.

    Places on the ground are relative to the window's first, where single precision is a micrometre and better.

    Attributes:
        origin: Where the window begins, world, metres.
        qpos: Configurations.
        R: World rotations of the bodies.
        r: Their origins, relative to the base, metres.
        axes: World axes of the joints.
        starts: First ends of the capsules, relative to the base, metres.
        ends: Second ends.
        positions, frames, contact_weights, anchors, clearances, centres, centre_weights: Targets; see
            `retarget.solver.arrays.Clip`.
    """

    origin: Float64[np.ndarray, "2"]
    qpos: Float32[np.ndarray, "P Q L"]
    R: Float32[np.ndarray, "P B 3 3 L"]
    r: Float32[np.ndarray, "P B 3 L"]
    axes: Float32[np.ndarray, "P B 3 L"]
    starts: Float32[np.ndarray, "P G 3 L"]
    ends: Float32[np.ndarray, "P G 3 L"]
    positions: Float32[np.ndarray, "P M 3 L"]
    frames: Float32[np.ndarray, "P M 3 3 L"]
    contact_weights: Float32[np.ndarray, "P K L"]
    anchors: Float32[np.ndarray, "P K 3 L"]
    clearances: Float32[np.ndarray, "P 2 L"]
    centres: Float32[np.ndarray, "P 3 L"]
    centre_weights: Float32[np.ndarray, "P 2 L"]


@jit()
def pack_count(frames: int) -> int:
    """Packs that hold some frames."""
    return -(-frames // LANES)


def allocate_poses(frames: int, tree: Tree, capsules: Capsules, clip: Clip) -> Poses:
    """Room for the frames of a window."""
    count, bodies = pack_count(frames), len(tree.parents)
    segments, points = clip.positions.shape[1], clip.anchors.shape[1]
    spheres = len(capsules.bodies)
    shapes = (
        (bodies + 6,),
        (bodies, 3, 3),
        (bodies, 3),
        (bodies, 3),
        (spheres, 3),
        (spheres, 3),
        (segments, 3),
        (segments, 3, 3),
        (points,),
        (points, 3),
        (clip.clearances.shape[1],),
        (3,),
        (2,),
    )
    # Whole vectors each, so that all begin on a vector boundary.
    ends = np.cumsum([count * math.prod(shape) * LANES for shape in shapes]).tolist()
    room = aligned_zeros(ends[-1])
    arrays = (
        room[first:last].reshape(count, *shape, LANES)
        for shape, first, last in zip(shapes, [0, *ends], ends, strict=False)
    )
    return Poses(np.zeros(2), *arrays)


@jit(inner=True)
def load_targets(
    clip: Clip,
    first: int,
    frames: int,
    origin: Float64[np.ndarray, "Q"],
    tasks: Tasks,
    poses: Poses,
) -> None:
    """Lay the targets of the frames from ``first`` side by side, in a window that begins at ``origin``."""
    for k in range(2):
        poses.origin[k] = origin[k]
    for p in range(pack_count(frames)):
        targets = LaneTargets(
            poses.positions[p], poses.frames[p], poses.contact_weights[p], poses.anchors[p]
        )
        for lane in range(LANES):
            t = first + min(p * LANES + lane, frames - 1)
            load_target(clip, t, lane, origin[0], origin[1], tasks, targets)
            for foot in range(clip.clearances.shape[1]):
                poses.clearances[p, foot, lane] = clip.clearances[t, foot]
            for k in range(2):
                poses.centres[p, k, lane] = clip.centres[t, k] - origin[k]
            poses.centres[p, 2, lane] = clip.centres[t, 2]
            for k in range(2):
                poses.centre_weights[p, k, lane] = clip.centre_weights[t, k]


@jit(fastmath=True, inner=True)
def pose_frames(
    qpos: Float64[np.ndarray, "n Q"], tree: Tree, capsules: Capsules, poses: Poses
) -> None:
    """Forward kinematics of the frames."""
    frames = qpos.shape[0]
    for p in range(pack_count(frames)):
        for lane in range(LANES):
            q = qpos[min(p * LANES + lane, frames - 1)]
            for k in range(2):
                poses.qpos[p, k, lane] = q[k] - poses.origin[k]
            for k in range(2, q.shape[0]):
                poses.qpos[p, k, lane] = q[k]
        R, r = packs(poses.R[p]), packs(poses.r[p])
        body_kinematics(packs(poses.qpos[p]), tree, R, r, packs(poses.axes[p]))
        capsule_ends(R, r, capsules, packs(poses.starts[p]), packs(poses.ends[p]))
