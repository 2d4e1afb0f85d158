"""Holds on things that a march has missed: pulled harder first, as bodies can mostly come nearer, then let go of."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float64

from retarget.solver.arrays import Problem
from retarget.solver.clip import ClipOptions, March, march_windows
from retarget.solver.deep import march_again, march_anew
from retarget.solver.depths import scene_depths
from retarget.solver.reach import firmer_weights, yielding_weights

__all__ = ["hold_things"]

_NOTICED = 0.01  # of a hold's weight


def hold_things(
    march: March,
    start: Float64[np.ndarray, "n Q"],
    frames: tuple[int, int, int, int],
    at: int,
    held: Problem,
    fixed: Bool[np.ndarray, "n K"],
    normals: Float64[np.ndarray, "n K 3"],
    options: ClipOptions,
) -> tuple[int, int]:
    """March again, in place, where holds on things are missed, and where something is deep in one.

    Args:
        march: A march over the frames of a stretch.
        start: Where it began.
        frames: The first that windows begin with, the first that becomes final, the frame after the last that does, and
            the first that may change.
        at: Where windows have ended.
        held: How everything is held.
        fixed: Anchors on things.
        normals: Of what palms are held on where that lies still, world; 0 elsewhere.
        options: Of the march.

    Returns:
        Steps times frames, and where windows have ended.
    """
    scene = held.scene
    assert scene is not None
    onward, here, there, changed = frames
    depth = scene_depths(march.qpos, held.tree, scene)
    steps = 0
    for yielding in (False, True):
        weights = (
            yielding_weights(march.qpos, held, fixed, depth)
            if yielding
            else firmer_weights(march.qpos, held, normals)
        )
        if weights is None:
            continue
        # Once more from where the march began, so that nothing has been dragged along.
        other = _others(weights, held.clip.contact_weights)
        held = held._replace(clip=held.clip._replace(contact_weights=weights))
        more = march_anew(march, start, onward, there, other, depth, held, options)
        if more is None:
            march.qpos[onward:] = start[onward:]
            march.shift[onward:] = 0.0
            more, at = march_windows(march, onward, here, there, held, options)
            depth = scene_depths(march.qpos, held.tree, scene)
        steps += more
    return steps + march_again(march, changed, there, depth, held, options), at


def _others(
    after: Float64[np.ndarray, "n K"], before: Float64[np.ndarray, "n K"]
) -> Bool[np.ndarray, "n"]:
    """Frames in which a hold's weight has become another, by more than nobody notices."""
    return np.asarray((np.abs(after - before) > _NOTICED * before).any(axis=1))
