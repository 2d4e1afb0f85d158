"""Heels and toes of a live stream: when they touch down, where they are held, and how they are let go.

The thresholds are those of whole clips; what they lack here is the future.
"""

from __future__ import annotations

import math

from retarget.compiled.jit import jit
from retarget.motion.ground.feet import HEIGHT_OFF, HEIGHT_ON
from retarget.motion.segments import SEGMENTS
from retarget.solver.kinematics.contact import contact_rise
from retarget.solver.kinematics.forward import body_kinematics, world_point
from retarget.solver.live.arrays import LiveModel, LiveState
from retarget.solver.live.thing_arrays import LiveThings, ThingRoom
from retarget.targets.anchors import LARGEST_DRIFT

__all__ = ["find_stance", "hold_touched", "wanted_place"]

_FEET = (SEGMENTS.index("left_foot"), SEGMENTS.index("right_foot"))
# Power of a share by which a hold's weight fades: let go at once, a foot under tension jumps.
_LOOSENING = 8
_FADED = 0.02  # share of an offset that no longer counts


@jit(fastmath=True, inner=True)
def find_stance(model: LiveModel, state: LiveState) -> None:
    """Stance by the thresholds of whole clips; a point that has just touched down has no weight yet.

    There, stance is what lies within the loose thresholds around what lies within the strict ones. Speeds fall only
    after a touch-down, for which a stream cannot wait: it takes the loose one.

    A point that is low and slow is held, unless it slides. Before it has been so for long, it may have travelled as
    far as a slide does: touch-down is faster than a slide, but only for an instant.
    """
    leg = model.leg_length
    for i in range(4):
        _note_place(i, model, state)
        back = min(state.seen[0], model.speed_span)
        speed = _travelled(i, back, 3, state) * model.fps / max(back, 1)
        height = _height(i, model.things, state.room, model, state)
        low = HEIGHT_OFF if state.resting[i] > 0 else HEIGHT_ON
        rests = height < low * leg and speed < model.slow[i]
        back = min(state.resting[i], model.slide_span)
        state.resting[i] = state.resting[i] + 1 if rests else 0
        held = rests and _travelled(i, back, 2, state) < model.slide
        if state.stance[i]:
            _keep_or_release(i, held, model, state)
        else:
            state.touched[i] = held
            state.stance[i] = held
            _fade(i, model, state)


@jit(fastmath=True, inner=True)
def _height(
    i: int, things: LiveThings | None, room: ThingRoom | None, model: LiveModel, state: LiveState
) -> float:
    """How far a point is above where it rests, metres: on the floor, or on the nearest thing that faces up."""
    if things is None or room is None:
        slot = state.seen[0] % state.history.shape[0]
        return float(state.history[slot, i, 2] - model.rests[i])
    return float(room.distance[i] - things.rests[i])


@jit(fastmath=True, inner=True)
def _note_place(i: int, model: LiveModel, state: LiveState) -> None:
    """Put the place of a human's heel or toe into the history."""
    foot = i // 2
    slot = state.seen[0] % state.history.shape[0]
    for k in range(3):
        if i % 2 == 1:
            place = state.positions[0, model.toes[foot], k]
        else:
            place = state.positions[0, model.ankles[foot], k]
            for c in range(3):
                place += state.clip.frames[0, _FEET[foot], k, c] * model.heels[foot, c]
        state.history[slot, i, k] = place


@jit(fastmath=True, inner=True)
def _travelled(i: int, back: int, dimensions: int, state: LiveState) -> float:
    """How far a point has come in some frames, metres, seen along the first dimensions."""
    slots = state.history.shape[0]
    now, then = state.seen[0] % slots, (state.seen[0] - back) % slots
    squared = 0.0
    for k in range(dimensions):
        squared += (state.history[now, i, k] - state.history[then, i, k]) ** 2
    return math.sqrt(squared)


@jit(fastmath=True, inner=True)
def wanted_place(i: int, model: LiveModel, state: LiveState) -> None:
    """Where the targets want a contact point, into ``wanted``."""
    foot = i // 2
    for k in range(3):
        state.wanted[k] = state.places[0, 1 + foot, k]
        for c in range(3):
            state.wanted[k] += state.clip.frames[0, _FEET[foot], k, c] * model.contacts[i, c]


@jit(fastmath=True, inner=True)
def _keep_or_release(i: int, stays: bool, model: LiveModel, state: LiveState) -> None:
    """A held point stays held, or is let go: then what it is off its target fades away.

    A foot that has slowly wandered far from where it is held is let go too, to touch down anew.
    """
    anchor = state.clip.anchors[0, i]
    wanted_place(i, model, state)
    state.touched[i] = False
    drift = math.sqrt((state.wanted[0] - anchor[0]) ** 2 + (state.wanted[1] - anchor[1]) ** 2)
    if drift >= LARGEST_DRIFT:
        state.resting[i] = 0
    state.stance[i] = stays and drift < LARGEST_DRIFT
    if not state.stance[i]:
        state.fade[i] = 1.0
        for k in range(3):
            state.off[i, k] = anchor[k] - state.wanted[k]
        _fade(i, model, state)


@jit(fastmath=True, inner=True)
def _fade(i: int, model: LiveModel, state: LiveState) -> None:
    """A free point: drawn ever more weakly to a place that moves from where it was held to its target.

    At first as firmly as it was held, and soon loosely.
    """
    state.fade[i] *= model.options.fade
    if state.touched[i] or state.fade[i] < _FADED:
        state.fade[i] = 0.0
    else:
        wanted_place(i, model, state)
        for k in range(3):
            state.clip.anchors[0, i, k] = state.wanted[k] + state.fade[i] * state.off[i, k]
    loose = model.strengths[i] * state.fade[i] ** _LOOSENING
    state.clip.contact_weights[0, i] = max(loose, model.options.release * state.fade[i])


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
        height = _anchor_height(i, model.things, state.room, model, state)
        clip.anchors[0, i, 2] = height + model.options.settle * (clip.anchors[0, i, 2] - height)


@jit(fastmath=True, inner=True)
def _anchor_height(
    i: int, things: LiveThings | None, room: ThingRoom | None, model: LiveModel, state: LiveState
) -> float:
    """How high a held point settles on the floor, or on the plane of what the human's is on."""
    R, soles = state.scratch.R, model.soles
    if things is None or room is None:
        rise = contact_rise(R, soles, i, 0.0, 0.0, 1.0)
        return float(min(rise + soles.contact_radii[i], model.options.heel_lift))
    place, n, anchor = room.grounds[i, 0], room.grounds[i, 1], state.clip.anchors[0, i]
    rise = contact_rise(R, soles, i, n[0], n[1], n[2])
    above = min(rise + soles.contact_radii[i], model.options.heel_lift)
    along = n[0] * (anchor[0] - place[0]) + n[1] * (anchor[1] - place[1])
    return float(place[2] + (above - along) / n[2])
