"""Heels and toes of a live stream: when they touch down, where they are held, and how they are let go.

The thresholds are those of whole clips; what they lack here is the future.
"""

from __future__ import annotations

import math

import numpy as np
from jaxtyping import Float64

from retarget._jit import jit
from retarget.motion.feet import HEIGHT_OFF, HEIGHT_ON, SPEED_OFF, SPEED_ON
from retarget.motion.segments import SEGMENTS
from retarget.solver.kinematics import body_kinematics, world_point
from retarget.solver.live_arrays import LiveModel, LiveState
from retarget.solver.rows import contact_rise
from retarget.targets.anchors import LARGEST_DRIFT

__all__ = ["find_stance", "hold_touched"]

_FEET = (SEGMENTS.index("left_foot"), SEGMENTS.index("right_foot"))
_FADED = 0.02  # share of an offset that no longer counts


@jit(fastmath=True, inner=True)
def find_stance(
    positions: Float64[np.ndarray, "1 J 3"], model: LiveModel, state: LiveState
) -> None:
    """Stance by the thresholds of whole clips; a point that has just touched down has no weight yet."""
    leg = model.leg_length
    slots = state.history.shape[0]
    slot = state.seen[0] % slots  # the oldest frame, which this one replaces
    span = max(1, min(state.seen[0], slots))
    oldest = slot if state.seen[0] >= slots else 0
    for i in range(4):
        foot = i // 2
        squared = 0.0
        height = 0.0
        for k in range(3):
            if i % 2 == 1:
                place = positions[0, model.toes[foot], k]
            else:
                place = positions[0, model.ankles[foot], k]
                for c in range(3):
                    place += state.clip.frames[0, _FEET[foot], k, c] * model.heels[foot, c]
            if state.seen[0] > 0:
                squared += (place - state.history[oldest, i, k]) ** 2
            state.history[slot, i, k] = place
            height = place
        speed = math.sqrt(squared) * model.fps / span
        height -= model.rests[i]
        if state.stance[i]:
            stays = height < HEIGHT_OFF * leg and speed < SPEED_OFF * leg
            _keep_or_release(i, stays, model, state)
        else:
            state.touched[i] = height < HEIGHT_ON * leg and speed < SPEED_ON * leg
            state.stance[i] = state.touched[i]
            _fade(i, model, state)


@jit(fastmath=True, inner=True)
def _wanted_place(i: int, model: LiveModel, state: LiveState) -> None:
    """Where the targets want a contact point, into ``wanted``."""
    foot = i // 2
    for k in range(3):
        state.wanted[k] = state.places[0, 1 + foot, k]
        for c in range(3):
            state.wanted[k] += state.clip.frames[0, _FEET[foot], k, c] * model.contacts[i, c]


@jit(fastmath=True, inner=True)
def _keep_or_release(i: int, stays: bool, model: LiveModel, state: LiveState) -> None:
    """A held point stays held, or is let go: then what it is off its target fades away.

    A foot that has wandered far from where it is held, as one that slides on purpose does, is let go too.
    """
    anchor = state.clip.anchors[0, i]
    _wanted_place(i, model, state)
    state.touched[i] = False
    drift = math.sqrt((state.wanted[0] - anchor[0]) ** 2 + (state.wanted[1] - anchor[1]) ** 2)
    state.stance[i] = stays and drift < LARGEST_DRIFT
    if not state.stance[i]:
        state.fade[i] = 1.0
        for k in range(3):
            state.off[i, k] = anchor[k] - state.wanted[k]
        _fade(i, model, state)


@jit(fastmath=True, inner=True)
def _fade(i: int, model: LiveModel, state: LiveState) -> None:
    """A free point: drawn ever more weakly to a place that moves from where it was held to its target."""
    state.fade[i] *= model.options.fade
    if state.touched[i] or state.fade[i] < _FADED:
        state.fade[i] = 0.0
    else:
        _wanted_place(i, model, state)
        for k in range(3):
            state.clip.anchors[0, i, k] = state.wanted[k] + state.fade[i] * state.off[i, k]
    state.clip.contact_weights[0, i] = model.options.release * state.fade[i]


@jit(fastmath=True, inner=True)
def hold_touched(model: LiveModel, state: LiveState) -> None:
    """Hold the points that have touched down where they are, and let held ones settle to the floor."""
    clip, soles, scratch = state.clip, model.soles, state.scratch
    body_kinematics(state.free, model.tree, scratch.R, scratch.r, scratch.a)
    for i in range(4):
        if not state.stance[i]:
            continue
        if state.touched[i]:
            body = soles.contact_bodies[i]
            world_point(scratch.R, scratch.r, body, soles.contact_points[i], scratch.x)
            for k in range(3):
                clip.anchors[0, i, k] = state.free[k] + scratch.x[k]
            clip.contact_weights[0, i] = model.strengths[i]
        rise = contact_rise(scratch.R, soles, i)
        height = min(rise + soles.contact_radii[i], model.options.heel_lift)
        clip.anchors[0, i, 2] = height + model.options.settle * (clip.anchors[0, i, 2] - height)
