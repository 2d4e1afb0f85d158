"""Problems turned so that their clip begins facing along x: a solve of a turned take is then the turned solve.

Steps are damped in the axes of the world, and end before they have converged. Where much is undecided, such as by which
of its balls a flat hand bears on a box, another heading would be another motion.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from jaxtyping import Float64

from retarget.geometry import quaternion_from_matrix, quaternion_product
from retarget.solver.arrays import Problem

__all__ = ["facing", "turned_poses", "turned_problem", "turned_settling"]

_LEVEL: Final = (
    0.5  # of the line between the hips that is along the ground where it tells the heading
)

_Anchors = Float64[np.ndarray, "n K 3"]
_Settle = Callable[[Float64[np.ndarray, "n Q"], _Anchors], _Anchors]


def facing(
    hips: Float64[np.ndarray, "3"], trunk: Float64[np.ndarray, "3"]
) -> Float64[np.ndarray, "3 3"]:
    """The rotation about the vertical that has a body face along x.

    Args:
        hips: From the right hip to the left, metres.
        trunk: From the hips to the shoulders, metres: of one that lies on its side it tells the heading.
    """
    level = np.hypot(hips[0], hips[1]) >= _LEVEL * np.linalg.norm(hips)
    x, y = (hips[1], -hips[0]) if level else (trunk[0], trunk[1])
    length = np.hypot(x, y)
    if length == 0.0:
        return np.eye(3)
    c, s = x / length, y / length
    return np.array([[c, s, 0.0], [-s, c, 0.0], [0.0, 0.0, 1.0]])


def turned_problem(problem: Problem, turn: Float64[np.ndarray, "3 3"]) -> Problem:
    """The problem in a world that is turned about the vertical."""
    clip, scene = problem.clip, problem.scene
    clip = clip._replace(
        positions=clip.positions @ turn.T,
        frames=turn @ clip.frames,
        anchors=clip.anchors @ turn.T,
        centres=clip.centres @ turn.T,
    )
    if scene is not None:
        scene = scene._replace(
            places=scene.places @ turn.T,
            turns=turn @ scene.turns,
            grounds=scene.grounds @ turn.T,
        )
    return problem._replace(clip=clip, scene=scene)


def turned_poses(
    qpos: Float64[np.ndarray, "n Q"], turn: Float64[np.ndarray, "3 3"]
) -> Float64[np.ndarray, "n Q"]:
    """Configurations in a world that is turned about the vertical."""
    out = qpos.copy()
    out[:, :3] = qpos[:, :3] @ turn.T
    own = np.broadcast_to(quaternion_from_matrix(turn[None]), (len(qpos), 4))
    out[:, 3:7] = quaternion_product(own, qpos[:, 3:7])
    return out


def turned_settling(settle: _Settle, turn: Float64[np.ndarray, "3 3"]) -> _Settle:
    """What changes anchors once the start is known, in a world that is turned about the vertical."""

    def settled(start: Float64[np.ndarray, "n Q"], anchors: _Anchors) -> _Anchors:
        return np.asarray(settle(turned_poses(start, turn.T), anchors @ turn) @ turn.T)

    return settled
