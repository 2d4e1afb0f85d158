"""The least change of a stream's frame that takes the robot out of things, within the reach of its joints."""

from __future__ import annotations

from typing import Final

from retarget.compiled.jit import jit
from retarget.solver.kinematics.tree import retract
from retarget.solver.limits.least_change import find_changes
from retarget.solver.live.arrays import LiveModel, LiveState
from retarget.solver.live.thing_arrays import LiveThings, ThingRoom

__all__ = ["push_out"]

_ROUNDS: Final = 3
_LEAST: Final = 5e-4  # metres that may be left


@jit(fastmath=True, inner=True)
def push_out(
    things: LiveThings | None, room: ThingRoom | None, model: LiveModel, state: LiveState
) -> None:
    """Move base and joints, in place, as little as takes spheres out of things; held points stay where they are."""
    if things is None or room is None:
        return
    room.deep[0] = True
    for _ in range(_ROUNDS):
        for k in range(state.qpos.shape[0]):
            room.qpos[0, k] = state.qpos[k]
        inside = find_changes(
            room.qpos, model.tree, things.soles, room.firm, things.scene, room.deep, _LEAST, room.change
        )  # fmt: skip
        if inside == 0:
            break
        retract(state.qpos, room.change[0], state.reach, state.qpos)
