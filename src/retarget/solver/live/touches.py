"""What of a live human touches things, from its past alone, and where the robot is held on them.

The thresholds are those of whole clips. There a point keeps its way to its place before it is held; here a place is
not known before it is touched, and what comes near a surface keeps its distance from the nearest place of it.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from jaxtyping import Float64

from retarget.compiled.jit import jit
from retarget.motion.ground.feet import SPEED_OFF
from retarget.motion.segments import SEGMENTS
from retarget.scenes.distance import BOX, HULL
from retarget.scenes.nearest import ANY, nearest_shape
from retarget.scenes.scene import FEET
from retarget.scenes.sides import side_of
from retarget.scenes.touches import DRIFT, NEAR_OFF, NEAR_ON, UPWARD
from retarget.solver.live.arrays import LiveModel, LiveState
from retarget.solver.live.thing_arrays import BODY, LiveThings, ThingRoom
from retarget.targets.nearness import BEHIND, LEAST, NEAR
from retarget.targets.things import APPROACHING

__all__ = ["hold_on_things", "look_around", "place_body"]

_HANDS = (SEGMENTS.index("left_hand"), SEGMENTS.index("right_hand"))
_FEET = (SEGMENTS.index("left_foot"), SEGMENTS.index("right_foot"))
_HEELS = (BODY.index("left_heel"), BODY.index("right_heel"))
_TOES = (BODY.index("left_toe"), BODY.index("right_toe"))
_ANKLES = (BODY.index("left_ankle"), BODY.index("right_ankle"))
_KNEES = (BODY.index("left_knee"), BODY.index("right_knee"))
_HIPS = (BODY.index("left_hip"), BODY.index("right_hip"))
_PALMS = (BODY.index("left_palm"), BODY.index("right_palm"))
_WRISTS = (BODY.index("left_wrist"), BODY.index("right_wrist"))
_SEAT, _PELVIS, _CHEST = (BODY.index(name) for name in ("seat", "pelvis", "chest"))
_LOOKED_UP: Final = (
    _PELVIS + 1
)  # how many of them, the first ones, may touch things or stay near them
_REACH: Final = 0.15  # metres from a surface from which on what comes near it is led there
_ASTRAY: Final = 0.5  # metres that a robot's base may be from where the scaled human's pelvis is
_FAINT: Final = 1e-3  # share of a weight that no longer counts


@jit(fastmath=True, inner=True)
def place_body(
    things: LiveThings | None, room: ThingRoom | None, model: LiveModel, state: LiveState
) -> None:
    """Fill where the points of the body are; the segments' frames are those of the human still."""
    if things is None or room is None:
        return
    frames, places, body = state.clip.frames[0], state.positions[0], room.body
    for n in range(body.shape[0]):
        if things.joints[n] >= 0:
            for i in range(3):
                body[n, i] = places[things.joints[n], i]
    for side in range(2):
        for i in range(3):
            palm, heel = body[_WRISTS[side], i], body[_ANKLES[side], i]
            for k in range(3):
                palm += frames[_HANDS[side], i, k] * things.palms[side, k]
                heel += frames[_FEET[side], i, k] * model.heels[side, k]
            body[_PALMS[side], i] = palm
            body[_HEELS[side], i] = heel
    for i in range(3):
        body[_SEAT, i] = (body[_HIPS[0], i] + body[_HIPS[1], i]) / 2
        body[_CHEST, i] = (places[model.shoulders[0], i] + places[model.shoulders[1], i]) / 2


@jit(fastmath=True, inner=True)
def look_around(things: LiveThings | None, room: ThingRoom | None) -> None:
    """Fill the nearest surface of each point that may touch one, what is under the feet, and sides of things."""
    if things is None or room is None:
        return
    count = things.listed.shape[0]
    for n in range(_LOOKED_UP):
        x, way = room.body[n], room.normal[n]
        upright = UPWARD if n < FEET or n == _SEAT else ANY
        room.distance[n] = nearest_shape(
            things.solids, things.bounds, things.offsets, things.axes, x, things.listed, count,
            upright, room.normals[0], way,
        )  # fmt: skip
        for i in range(3):
            room.on[n, i] = x[i] - room.distance[n] * way[i]
    for n in range(FEET):
        for i in range(3):
            room.grounds[n, 0, i] = things.scale * room.on[n, i]
            room.grounds[n, 1, i] = room.normal[n, i]
    _find_sides(things, room)


@jit(fastmath=True, inner=True)
def _find_sides(things: LiveThings, room: ThingRoom) -> None:
    """Fill on which side of things the human's parts are, in the order of `retarget.scenes.body.SIDE_POINTS`."""
    body, x = room.body, room.normals[0]
    for o in range(things.scene.shapes.kinds.shape[0]):
        if _is_far(things, o, body[_PELVIS]):
            continue
        _note_side(things, o, 0, body[_PELVIS])
        _note_side(things, o, 1, body[_CHEST])
        for side in range(2):
            hip, knee, heel = body[_HIPS[side]], body[_KNEES[side]], body[_HEELS[side]]
            toe, group = body[_TOES[side]], 2 + 4 * side
            for part in range(3):
                for i in range(3):
                    if part == 0:
                        x[i] = (hip[i] + knee[i]) / 2
                    elif part == 1:
                        x[i] = (knee[i] + heel[i]) / 2
                    else:
                        x[i] = (heel[i] + toe[i]) / 2
                _note_side(things, o, group + part, x)
            _note_side(things, o, group + 3, body[_PALMS[side]])


@jit(fastmath=True, inner=True)
def _is_far(things: LiveThings, o: int, pelvis: Float64[np.ndarray, "3"]) -> bool:
    """Whether a shape is farther than a robot reaches whose base is about where the human's pelvis is."""
    squared = 0.0
    for i in range(3):
        squared += (things.scale * pelvis[i] - things.scene.places[0, o, i]) ** 2
    reach = things.scene.reach + things.scene.bounds[o] + _ASTRAY
    return bool(squared > reach * reach)


@jit(fastmath=True, inner=True)
def _note_side(things: LiveThings, o: int, group: int, x: Float64[np.ndarray, "3"]) -> None:
    n = o + 1  # the floor is none of the robot's things
    kind = things.solids.kinds[n]
    if kind in (BOX, HULL):
        first = things.solids.first[n]
        planes = things.solids.planes[first : first + things.solids.sizes[n, 0]]
        things.scene.sides[0, group, o] = side_of(
            kind, things.solids.halves[n], planes, x, things.offsets[n], things.axes[n]
        )


@jit(fastmath=True, inner=True)
def hold_on_things(
    first: bool,
    things: LiveThings | None,
    room: ThingRoom | None,
    model: LiveModel,
    state: LiveState,
) -> None:
    """Fill where hands, knees and seat are held, and joints near things stay, and how firmly."""
    if things is None or room is None:
        return
    for p in range(things.held.shape[0]):
        _follow_touch(p, first, things, room, model, state)
    for i in range(FEET):
        room.firm[0, i] = state.stance[i] and model.strengths[i] > 0.0
    count = things.held.shape[0]
    for c in range(things.clear.shape[0]):
        n, e = things.clear[c], count + c
        away = max(room.distance[n], 0.0) / NEAR
        share = math.exp(-away * away)
        room.weights[e] = things.soft * share if share > LEAST else 0.0
        for i in range(3):
            room.anchors[e, i] = things.scale * room.body[n, i]
        if things.palm_of[c] >= 0:
            _follow_palm(c, e, things, room)


@jit(fastmath=True, inner=True)
def _follow_touch(
    p: int, first: bool, things: LiveThings, room: ThingRoom, model: LiveModel, state: LiveState
) -> None:
    """Find whether a point touches its nearest surface; hold it where it came to, or lead it there as it comes near."""
    n, leg = things.held[p], model.leg_length
    slots, seen = room.past.shape[0], state.seen[0]
    for i in range(3):
        room.past[seen % slots, p, i] = room.body[n, i]
    away = room.distance[n] - things.rests[n]
    near = away < (NEAR_OFF if room.resting[p] > 0 else NEAR_ON) * leg
    back = min(seen, model.speed_span)
    speed = _travelled(p, back, seen, room) * model.fps / max(back, 1)
    rests = near and speed < SPEED_OFF * leg
    back = min(room.resting[p], model.slide_span)
    room.resting[p] = room.resting[p] + 1 if rests else 0
    held = rests and _travelled(p, back, seen, room) < model.slide
    radius = things.soles.contact_radii[things.columns[p]]
    drift = 0.0
    for i in range(3):
        drift += (room.on[n, i] - room.since[p, i]) ** 2
    begins = held and (not room.touches[p] or drift > DRIFT * DRIFT)
    ends = room.touches[p] and not held
    room.touches[p] = held
    for i in range(3):
        up = room.normal[n, i]
        free = things.scale * (room.body[n, i] - things.rests[n] * up) + radius * up
        if begins:
            room.since[p, i] = room.on[n, i]
            room.place[p, i] = things.scale * room.on[n, i] + radius * up
        goal = room.place[p, i] if held else free
        if begins or ends:
            was = room.anchors[p, i] if room.weights[p] > 0.0 else free
            room.off[p, i] = was - goal
        room.off[p, i] *= 0.0 if first else things.fade
        room.anchors[p, i] = goal + room.off[p, i]
    least = APPROACHING * max(1.0 - max(away, 0.0) / _REACH, 0.0) ** 2
    if held:
        room.risen[p] = min(max(room.risen[p], least) + things.rising, 1.0)
    else:
        room.risen[p] = max(room.risen[p] * things.fade, least)
    room.weights[p] = things.strengths[p] * room.risen[p] if room.risen[p] > _FAINT else 0.0
    room.firm[0, things.columns[p]] = held


@jit(fastmath=True, inner=True)
def _travelled(p: int, back: int, seen: int, room: ThingRoom) -> float:
    """How far a point has come in some frames, metres."""
    slots, squared = room.past.shape[0], 0.0
    for k in range(3):
        squared += (room.past[seen % slots, p, k] - room.past[(seen - back) % slots, p, k]) ** 2
    return math.sqrt(squared)


@jit(fastmath=True, inner=True)
def _follow_palm(c: int, e: int, things: LiveThings, room: ThingRoom) -> None:
    """Put a wrist's anchor behind its palm's while that is held; see `retarget.targets.nearness`."""
    p = things.palm_of[c]
    share = min(room.weights[p] / things.soft, 1.0)
    if things.hands[c] == 0.0:
        room.weights[e] *= 1.0 - share
        return
    room.weights[e] *= 1.0 - (1.0 - BEHIND) * share
    wrist, palm = room.body[things.clear[c]], room.body[things.held[p]]
    length = 0.0
    for i in range(3):
        length += (wrist[i] - palm[i]) ** 2
    reach = things.hands[c] / max(math.sqrt(length), 1e-6)
    for i in range(3):
        behind = room.anchors[p, i] + reach * (wrist[i] - palm[i])
        room.anchors[e, i] += share * (behind - room.anchors[e, i])
