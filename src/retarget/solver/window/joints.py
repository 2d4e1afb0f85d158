"""Active sets of joints: which limits of position, speed and acceleration the next system treats as equalities.

The signs of multipliers choose the joints at a position limit (a primal-dual active set), the linear prediction of the
step those at a limit of speed or acceleration, so that a window settles in a handful of steps.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64, Int8, Int64

from retarget.compiled.jit import jit
from retarget.solver.arrays import Limits
from retarget.solver.kinematics.tree import retract
from retarget.solver.linear.banded import block_rows

__all__ = [
    "FREE",
    "UNKNOWN",
    "cut_held_joints",
    "hold_joints",
    "predict_rates",
    "retract_all",
    "speeding",
]

# Behind a held joint's couplings within its frame: its right-hand side, and its couplings with itself in other frames.
_RIGHT, _NEXT, _BEFORE, _AFTER_NEXT, _BEFORE_LAST = range(5)
FREE, UNKNOWN = 0, 2  # state of a joint limit: -1 held at lower, 1 held at upper


@jit(fastmath=True, inner=True)
def _couplings(own: int, k: int, row: int, width: int, block: int) -> tuple[int, int, int, int]:
    """Where a joint's couplings with itself in the next frame, the one before, +2 and -2 frames are.

    A frame's rows hold those with later frames only (`retarget.solver.linear.banded`), row k of frame t being

        | own: columns 0 ... V, right-hand side, reciprocal | next: [k] t+1 | after next: [k] t+2 |
        ^ own + k * row                                     ^ + width       ^ + 2 * width

    and those with earlier ones are in these frames' rows, a block per frame further up.
    """
    following = own + k * row + width + k
    after = following + width
    return following, following - block, after, after - 2 * block


@jit(fastmath=True, inner=True)
def cut_held_joints(
    qpos: Float64[np.ndarray, "T Q"],
    first: int,
    frames: int,
    lower: Float64[np.ndarray, "B"],
    upper: Float64[np.ndarray, "B"],
    state: Int8[np.ndarray, "n V"],
    rows: Float64[np.ndarray, "h W"],
    index: Int64[np.ndarray, "h 2"],
    a: Float64[np.ndarray, "S"],
    width: int,
) -> int:
    """Cut joints that are held at a limit out of the system; returns how many are.

    A held joint's step is known: it moves to the other rows' right-hand sides. Its own row is kept for the test of
    its multiplier in `hold_joints`.
    """
    size = lower.shape[0] + 5
    row = 3 * width
    block = block_rows(size) * row
    right = width - 2  # column of the right-hand side
    held = 0
    for t in range(frames):
        own = t * block
        q = qpos[first + t]
        for k in range(6, size):
            pull = a[own + k * row + right]
            if state[t, k] == UNKNOWN:
                state[t, k] = FREE
                if q[k + 1] <= lower[k - 5] + 1e-9 and pull < 0:
                    state[t, k] = -1
                elif q[k + 1] >= upper[k - 5] - 1e-9 and pull > 0:
                    state[t, k] = 1
            if state[t, k] != FREE:
                for c in range(size):
                    rows[held, c] = a[own + c * row + k] if c < k else a[own + k * row + c]
                rows[held, size + _RIGHT] = pull
                following, before, after, last = _couplings(own, k, row, width, block)
                rows[held, size + _NEXT] = a[following]
                rows[held, size + _BEFORE] = a[before] if t >= 1 else 0.0
                rows[held, size + _AFTER_NEXT] = a[after]
                rows[held, size + _BEFORE_LAST] = a[last] if t >= 2 else 0.0
                index[held, 0] = t
                index[held, 1] = k
                held += 1
    for m in range(held):
        t = index[m, 0]
        k = index[m, 1]
        bound = upper[k - 5] if state[t, k] > 0 else lower[k - 5]
        move = bound - qpos[first + t, k + 1]
        if move != 0.0:
            own = t * block
            for c in range(size):
                a[own + c * row + right] -= rows[m, c] * move
            here = own + k * row + right  # the same joint's is a block further in the next frame
            a[here + block] -= rows[m, size + _NEXT] * move
            a[here + 2 * block] -= rows[m, size + _AFTER_NEXT] * move
            if t >= 1:
                a[here - block] -= rows[m, size + _BEFORE] * move
            if t >= 2:
                a[here - 2 * block] -= rows[m, size + _BEFORE_LAST] * move
    for m in range(held):
        t = index[m, 0]
        k = index[m, 1]
        bound = upper[k - 5] if state[t, k] > 0 else lower[k - 5]
        move = bound - qpos[first + t, k + 1]
        own = t * block
        for c in range(k):
            a[own + c * row + k] = 0.0
        for c in range(k + 1, size):
            a[own + k * row + c] = 0.0
        a[own + k * row + right] = a[own + k * row + k] * move
        following, before, after, last = _couplings(own, k, row, width, block)
        a[following] = 0.0
        a[after] = 0.0
        if t >= 1:
            a[before] = 0.0
        if t >= 2:
            a[last] = 0.0
    return held


@jit(fastmath=True, inner=True)
def hold_joints(
    qpos: Float64[np.ndarray, "T Q"],
    first: int,
    frames: int,
    held: int,
    lower: Float64[np.ndarray, "B"],
    upper: Float64[np.ndarray, "B"],
    state: Int8[np.ndarray, "n V"],
    rows: Float64[np.ndarray, "h W"],
    index: Int64[np.ndarray, "h 2"],
    x: Float64[np.ndarray, "n V"],
) -> None:
    """Choose the joints to hold next: those whose step crosses a limit, and those held whose multiplier pushes out."""
    size = x.shape[1]
    for m in range(held):
        t = index[m, 0]
        k = index[m, 1]
        multiplier = rows[m, size + _RIGHT]
        for c in range(size):
            multiplier -= rows[m, c] * x[t, c]
        if t + 1 < frames:
            multiplier -= rows[m, size + _NEXT] * x[t + 1, k]
        if t >= 1:
            multiplier -= rows[m, size + _BEFORE] * x[t - 1, k]
        if t + 2 < frames:
            multiplier -= rows[m, size + _AFTER_NEXT] * x[t + 2, k]
        if t >= 2:
            multiplier -= rows[m, size + _BEFORE_LAST] * x[t - 2, k]
        if multiplier * state[t, k] <= 0:
            state[t, k] = FREE
    for t in range(frames):
        for k in range(6, size):
            wanted = qpos[first + t, k + 1] + x[t, k]
            if wanted > upper[k - 5] + 1e-9:
                state[t, k] = 1
            elif wanted < lower[k - 5] - 1e-9:
                state[t, k] = -1


@jit(fastmath=True, inner=True)
def predict_rates(
    qpos: Float64[np.ndarray, "T Q"],
    first: int,
    steps: Float64[np.ndarray, "n V"],
    frames: int,
    limits: Limits,
    speed_active: Int8[np.ndarray, "n V"],
    acceleration_active: Int8[np.ndarray, "n V"],
) -> None:
    """Mark the joints that would be too speed_active, or turn too speed_active, after the step."""
    for t in range(frames):
        q = qpos[first + t]
        s = steps[t]
        if first + t > 0:
            for k in range(6, s.shape[0]):
                change = q[k + 1] + s[k] - qpos[first + t - 1, k + 1]
                if t > 0:
                    change -= steps[t - 1, k]
                limit = limits.step[k - 5]
                speed_active[t, k] = 1 if change > limit else -1 if change < -limit else 0
        if first + t > 1 and limits.second_difference.shape[0] > 0:
            q1 = qpos[first + t - 1]
            q2 = qpos[first + t - 2]
            for k in range(6, s.shape[0]):
                turn = q[k + 1] - 2 * q1[k + 1] + q2[k + 1] + s[k]
                if t > 0:
                    turn -= 2 * steps[t - 1, k]
                if t > 1:
                    turn += steps[t - 2, k]
                limit = limits.second_difference[k - 5]
                acceleration_active[t, k] = 1 if turn > limit else -1 if turn < -limit else 0


@jit(fastmath=True, inner=True)
def speeding(
    qpos: Float64[np.ndarray, "T Q"],
    first: int,
    frames: int,
    limits: Limits,
) -> float:
    """Largest share by which a joint's step or second difference exceeds its limit; negative where none does."""
    worst = -1.0
    for t in range(max(first, 1), first + frames):
        for b in range(1, limits.step.shape[0]):
            step = abs(qpos[t, 6 + b] - qpos[t - 1, 6 + b])
            worst = max(worst, step / limits.step[b] - 1.0)
    for t in range(max(first, 2), first + frames):
        for b in range(1, limits.second_difference.shape[0]):
            turn = abs(qpos[t, 6 + b] - 2 * qpos[t - 1, 6 + b] + qpos[t - 2, 6 + b])
            worst = max(worst, turn / limits.second_difference[b] - 1.0)
    return worst


@jit(fastmath=True, inner=True)
def retract_all(
    qpos: Float64[np.ndarray, "n Q"], step: Float64[np.ndarray, "n V"], limits: Limits
) -> None:
    """Apply a window's step in place."""
    for t in range(qpos.shape[0]):
        retract(qpos[t], step[t], limits, qpos[t])
