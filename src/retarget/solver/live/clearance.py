"""How high the soles of a stream's feet are kept in swing: as high as the human's, as far as the past tells."""

from __future__ import annotations

import math

from retarget.compiled.jit import jit
from retarget.ground import FALL_SHARE, GRAVITY
from retarget.solver.live.arrays import LiveModel, LiveState
from retarget.solver.live.thing_arrays import LiveThings, ThingRoom
from retarget.targets.clearance import LIFTING

__all__ = ["find_clearances"]


@jit(fastmath=True, inner=True)
def find_clearances(first: bool, model: LiveModel, state: LiveState) -> None:
    """Least heights of both soles: those of the human's feet, scaled, and 0 in stance.

    A foot is as high as the lower of its ankle and toe joints is above where that joint lies lowest. Its clearance
    rises from 0 no faster than `LIFTING` allows. Where both feet are off the ground and the hips do not fall nearly
    freely, the floor or the heights are not quite known: both are lowered until one foot is down.
    """
    least = state.clip.clearances[0]
    rise = 0.5 * LIFTING / model.fps**2
    for foot in range(2):
        before = least[foot]
        least[foot] = 0.0
        if not (state.stance[2 * foot] or state.stance[2 * foot + 1]):
            ankle = state.positions[0, model.ankles[foot], 2] - model.lifts[foot, 0]
            toe = state.positions[0, model.toes[foot], 2] - model.lifts[foot, 1]
            least[foot] = model.sizes.scale * max(min(ankle, toe), 0.0)
            if not first:
                least[foot] = min(least[foot], rise * (math.sqrt(before / rise) + 1.0) ** 2)
            least[foot] = min(least[foot], _above_things(foot, model.things, state.room))
    lower = min(least[0], least[1])
    falls = _falls(model, state)
    state.flies[0] = lower > 0.0 and (state.flies[0] or falls)
    if not state.flies[0]:
        least[0] -= lower
        least[1] -= lower
    for i in range(4):
        if state.fade[i] > 0.0:
            place, radius = state.clip.anchors[0, i], model.soles.contact_radii[i]
            place[2] = max(place[2], least[i // 2] + radius)


@jit(fastmath=True, inner=True)
def _above_things(foot: int, things: LiveThings | None, room: ThingRoom | None) -> float:
    """How high a foot is above what is under it, scaled, metres; as the floor may be far below that."""
    if things is None or room is None:
        return math.inf
    heel, toe = room.distance[2 * foot], room.distance[2 * foot + 1] - things.rests[2 * foot + 1]
    return float(things.scale * max(min(heel, toe), 0.0))


@jit(fastmath=True, inner=True)
def _falls(model: LiveModel, state: LiveState) -> bool:
    """Note the height of the human's hips; whether they fall nearly freely, as in flight."""
    heights, seen, span = state.hip_heights, state.seen[0], model.fall_span
    slots = heights.shape[0]
    heights[seen % slots] = state.hips[0, 2]
    if seen < 2 * span:
        return False
    bend = (
        heights[seen % slots]
        - 2 * heights[(seen - span) % slots]
        + heights[(seen - 2 * span) % slots]
    )
    return bool(bend * (model.fps / span) ** 2 < -FALL_SHARE * GRAVITY)
