"""Frames side by side, one per lane: their targets and their poses."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from retarget.compiled.jit import jit
from retarget.compiled.packs import LANES, REAL, packs
from retarget.compiled.scratch import scratch
from retarget.solver.arrays import Clip, Tasks, Tree
from retarget.solver.kinematics.forward import body_kinematics

__all__ = ["LanePoses", "LaneTargets", "load_target", "make_poses", "make_targets", "pose_lanes"]


class LaneTargets(NamedTuple):
    """As `retarget.solver.arrays.Clip`, with lanes in place of frames, last."""

    positions: Float[np.ndarray, "M 3 L"]
    frames: Float[np.ndarray, "M 3 3 L"]
    contact_weights: Float[np.ndarray, "K L"]
    anchors: Float[np.ndarray, "K 3 L"]


@jit(inner=True, inlined=True)
def make_targets(clip: Clip) -> LaneTargets:
    """Room for the targets of `LANES` frames."""
    segments, points = clip.positions.shape[1], clip.anchors.shape[1]
    return LaneTargets(
        scratch((segments, 3, LANES), REAL),
        scratch((segments, 3, 3, LANES), REAL),
        scratch((points, LANES), REAL),
        scratch((points, 3, LANES), REAL),
    )


@jit(inner=True)
def load_target(
    clip: Clip, t: int, lane: int, x: float, y: float, tasks: Tasks, targets: LaneTargets
) -> None:
    """Put frame t of a clip into a lane, with places on the ground relative to (x, y).

    What no task follows is left out: a lane's numbers lie far apart, and to write them takes a tenth of the start.
    """
    origin = (x, y, 0.0)
    for i in range(clip.positions.shape[1]):
        if tasks.position_weights[i] != 0.0:
            for c in range(3):
                targets.positions[i, c, lane] = clip.positions[t, i, c] - origin[c]
        for k in range(3):
            if tasks.axis_weights[i, k] != 0.0:
                for c in range(3):
                    targets.frames[i, c, k, lane] = clip.frames[t, i, c, k]
    for i in range(clip.anchors.shape[1]):
        weight = clip.contact_weights[t, i]
        targets.contact_weights[i, lane] = weight
        if weight > 0.0:
            for c in range(3):
                targets.anchors[i, c, lane] = clip.anchors[t, i, c] - origin[c]


class LanePoses(NamedTuple):
    """Configurations of some frames, and what `body_kinematics` makes of them."""

    qpos: Float[np.ndarray, "Q L"]
    R: Float[np.ndarray, "B 3 3 L"]
    r: Float[np.ndarray, "B 3 L"]
    axes: Float[np.ndarray, "B 3 L"]


@jit(inner=True, inlined=True)
def make_poses(tree: Tree) -> LanePoses:
    """Room for the poses of `LANES` frames."""
    bodies = tree.parents.shape[0]
    return LanePoses(
        scratch((bodies + 6, LANES), REAL),
        scratch((bodies, 3, 3, LANES), REAL),
        scratch((bodies, 3, LANES), REAL),
        scratch((bodies, 3, LANES), REAL),
    )


@jit(fastmath=True, inner=True)
def pose_lanes(qpos: Float[np.ndarray, "T Q"], first: int, tree: Tree, poses: LanePoses) -> None:
    """Forward kinematics of the frames from ``first``; lanes beyond the last frame repeat it."""
    for lane in range(LANES):
        t = min(first + lane, qpos.shape[0] - 1)
        for k in range(qpos.shape[1]):
            poses.qpos[k, lane] = qpos[t, k]
    body_kinematics(packs(poses.qpos), tree, packs(poses.R), packs(poses.r), packs(poses.axes))
