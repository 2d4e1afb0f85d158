"""A stream's base that moves as the human's pelvis does, and eases into what held feet ask besides.

Each frame for itself, the base goes wherever feet and limbs push it, to and fro by millimetres, which at the rate of
frames are large accelerations. Here it has a path that it is held to: the human's pelvis, smoothed, and beside it by
what the feet that are held are beside their targets. So limbs keep their directions, and what comes and goes with the
feet does so smoothly.
"""

from __future__ import annotations

from retarget.compiled.jit import jit
from retarget.motion.segments import SEGMENTS
from retarget.solver.live.arrays import LiveModel, LiveState
from retarget.solver.live.stance import wanted_place

__all__ = ["aim_base", "begin_base"]

_PELVIS = SEGMENTS.index("pelvis")


@jit(fastmath=True, inner=True)
def aim_base(first: bool, model: LiveModel, state: LiveState) -> None:
    """Set the target of the pelvis: mostly its path; a little its place.

    The pelvis is smoothed by a critically damped alpha-beta filter, which does not lag behind steady speeds (Benedict
    and Bordner 1962); it comes beside it like a critically damped spring.
    """
    path, options = state.path, model.options
    loose, firm = model.tasks.position_weights[_PELVIS], model.steady.position_weights[_PELVIS]
    share = 1.0 - loose / firm if firm > 0.0 else 0.0
    _find_beside(model, state)
    for i in range(3):
        place = state.places[0, 0, i]
        if first:
            path[:, i] = 0.0
            path[0, i] = place
        ahead = path[0, i] + path[1, i]
        path[0, i] = ahead + options.position_gain * (place - ahead)
        path[1, i] += options.speed_gain * (place - ahead)
        off = path[2, i] - state.beside[i]
        step = path[3, i] + options.ease * off
        path[3, i] = (path[3, i] - options.ease * step) * options.eased
        path[2, i] = state.beside[i] + (off + step) * options.eased
        moved = path[0, i] + path[2, i]
        state.clip.positions[0, _PELVIS, i] = place + share * (moved - place)


@jit(fastmath=True, inner=True)
def _find_beside(model: LiveModel, state: LiveState) -> None:
    """How far the points that are held are beside where targets want them, on average; 0 where none is."""
    for k in range(3):
        state.beside[k] = 0.0
    count = 0
    for i in range(4):
        if model.strengths[i] > 0.0 and state.stance[i] and not state.touched[i]:
            wanted_place(i, model, state)
            count += 1
            for k in range(3):
                off = state.clip.anchors[0, i, k] - state.wanted[k]
                state.beside[k] += (off - state.beside[k]) / count


@jit(fastmath=True, inner=True)
def begin_base(model: LiveModel, state: LiveState) -> None:
    """Begin with the pelvis where a first frame has put it; the scratch's poses must be those of that frame."""
    b = model.tasks.bodies[_PELVIS]
    for i in range(3):
        state.path[2, i] = state.free[i] + state.scratch.r[b, i] - state.path[0, i]
        state.path[3, i] = 0.0
