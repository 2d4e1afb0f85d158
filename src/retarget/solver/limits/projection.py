"""The trajectory of a joint nearest to a given one that keeps position, speed and acceleration limits at every frame.

A convex problem a joint: least squares under bounds on the angle, its first and its second difference. A primal-dual
interior-point method (Boyd & Vandenberghe 2004, chapter 11.7) begins strictly inside the limits and stays there, so
that whatever it returns keeps them exactly. A step is one factorisation of a pentadiagonal matrix: time grows linearly
with frames.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Float64

from retarget.compiled.jit import jit
from retarget.solver.arrays import Limits

__all__ = ["limit_joint_motion"]

_ROUNDING = 1e-9  # share of a limit kept free, so that rounding does not break it
_START_SHARE = 0.9  # of the largest scale about a resting joint that keeps the limits
_FIRST_GAP = 0.1  # rad^2; smaller ones take up to five times as many steps
_GAP = 1e-10  # rad^2; mean of slack times multiplier at which a trajectory counts as nearest
_RESIDUAL = 1e-6  # rad; largest residual of the optimality condition
_LEAST_CENTRING, _MOST_CENTRING = 0.05, 0.9  # share of the gap that the next step aims at
_BOUNDARY = 0.99  # share of the way to the nearest limit that a step may go
_MOST_STEPS = 100  # about 16 are usual, 31 the most seen; each of them leaves the limits kept


class _Scratch(NamedTuple):
    """Room to work on a joint.

    Attributes:
        y: The trajectory.
        move: Its next change.
        residual: Of the optimality condition, rad.
        slack: Distance to each limit: angle, first and second difference, each from above and from below.
        force: Multiplier of each limit.
        matrix: Diagonal of the linear system and the two above it.
    """

    y: Float64[np.ndarray, "T"]
    move: Float64[np.ndarray, "T"]
    residual: Float64[np.ndarray, "T"]
    slack: Float64[np.ndarray, "6 T"]
    force: Float64[np.ndarray, "6 T"]
    matrix: Float64[np.ndarray, "T 3"]


@jit(allocates=True)
def limit_joint_motion(
    qpos: Float64[np.ndarray, "T Q"], limits: Limits
) -> Float64[np.ndarray, "B"]:
    """Move joints, in place, to the nearest trajectory within all their limits; one that keeps them is left alone.

    Args:
        qpos: Configurations within position limits.
        limits: All of them finite but the base's.

    Returns:
        The largest change of each joint, rad.
    """
    frames = qpos.shape[0]
    change = np.zeros(limits.step.shape[0])
    x = np.empty(frames)
    low = np.empty(3)
    high = np.empty(3)
    work = _Scratch(
        np.empty(frames),
        np.empty(frames),
        np.empty(frames),
        np.empty((6, frames)),
        np.empty((6, frames)),
        np.empty((frames, 3)),
    )
    for b in range(1, limits.step.shape[0]):
        for t in range(frames):
            x[t] = qpos[t, 6 + b]
        # Bounds far beyond any use stand for limits that are infinite.
        reach = 1.0 + x.max() - x.min()
        low[0] = max(limits.lower[b], x.min() - reach)
        high[0] = min(limits.upper[b], x.max() + reach)
        high[1] = min(limits.step[b] * (1.0 - _ROUNDING), 4.0 * reach)
        high[2] = min(limits.second_difference[b] * (1.0 - _ROUNDING), 8.0 * reach)
        low[1] = -high[1]
        low[2] = -high[2]
        kept = True
        for t in range(frames):
            kept = kept and abs(_difference(x, 1, t)) <= high[1]
            kept = kept and abs(_difference(x, 2, t)) <= high[2]
        if kept:
            continue
        _find_nearest(x, low, high, work)
        for t in range(frames):
            change[b] = max(change[b], abs(work.y[t] - x[t]))
            qpos[t, 6 + b] = work.y[t]
    return change


@jit(inner=True)
def _find_nearest(
    x: Float64[np.ndarray, "T"],
    low: Float64[np.ndarray, "3"],
    high: Float64[np.ndarray, "3"],
    work: _Scratch,
) -> None:
    """Fill ``work.y`` with the trajectory nearest to ``x`` within limits of the angle and its two differences."""
    y, slack, force = work.y, work.slack, work.force
    frames = x.shape[0]
    rest = 0.5 * (x.min() + x.max())
    share = 1.0
    for t in range(frames):
        for kind in range(1, 3):
            size = abs(_difference(x, kind, t))
            if size > high[kind]:
                share = min(share, high[kind] / size)
    for t in range(frames):
        y[t] = rest + _START_SHARE * share * (x[t] - rest)
    _measure_slack(y, low, high, slack)
    for i in range(6):
        for t in range(frames):
            force[i, t] = _FIRST_GAP / slack[i, t]
    taken = 0.0
    for _ in range(_MOST_STEPS):
        gap = 0.0
        for i in range(6):
            for t in range(frames):
                gap += slack[i, t] * force[i, t]
        gap /= 6 * frames
        goal = gap * min(max((1.0 - taken) ** 2, _LEAST_CENTRING), _MOST_CENTRING)
        if _find_move(x, goal, work) < _RESIDUAL and gap < _GAP:
            break
        taken = _make_move(goal, low, high, work)
        if taken == 0.0:
            break


@jit(inner=True)
def _difference(x: Float64[np.ndarray, "T"], order: int, t: int) -> float:
    """The angle, or the first or second difference that ends at a frame; 0 where there is none yet."""
    if order == 0:
        return float(x[t])
    if order == 1:
        return float(x[t] - x[t - 1]) if t >= 1 else 0.0
    return float(x[t] - 2.0 * x[t - 1] + x[t - 2]) if t >= 2 else 0.0


@jit(inner=True)
def _measure_slack(
    y: Float64[np.ndarray, "T"],
    low: Float64[np.ndarray, "3"],
    high: Float64[np.ndarray, "3"],
    slack: Float64[np.ndarray, "6 T"],
) -> float:
    """Fill the distances to the limits; returns the smallest."""
    smallest = np.inf
    for t in range(y.shape[0]):
        for kind in range(3):
            value = _difference(y, kind, t)
            slack[2 * kind, t] = high[kind] - value
            slack[2 * kind + 1, t] = value - low[kind]
            smallest = min(smallest, slack[2 * kind, t], slack[2 * kind + 1, t])
    return smallest


@jit(inner=True)
def _find_move(x: Float64[np.ndarray, "T"], goal: float, work: _Scratch) -> float:
    """Newton's step to slack times multiplier equal to ``goal``; returns the largest residual of optimality, rad."""
    y, move, residual, m = work.y, work.move, work.residual, work.matrix
    slack, force = work.slack, work.force
    frames = x.shape[0]
    for t in range(frames):
        m[t, 0] = 1.0
        m[t, 1] = 0.0
        m[t, 2] = 0.0
        move[t] = x[t] - y[t]
        residual[t] = x[t] - y[t]
    for t in range(frames):
        for kind in range(min(t, 2) + 1):
            i = 2 * kind
            weight = force[i, t] / slack[i, t] + force[i + 1, t] / slack[i + 1, t]
            push = goal / slack[i, t] - goal / slack[i + 1, t]
            net = force[i, t] - force[i + 1, t]
            m[t, 0] += weight
            move[t] -= push
            residual[t] -= net
            if kind == 1:
                m[t - 1, 0] += weight
                m[t - 1, 1] -= weight
                move[t - 1] += push
                residual[t - 1] += net
            elif kind == 2:
                m[t - 1, 0] += 4.0 * weight
                m[t - 2, 0] += weight
                m[t - 1, 1] -= 2.0 * weight
                m[t - 2, 1] -= 2.0 * weight
                m[t - 2, 2] += weight
                move[t - 1] += 2.0 * push
                move[t - 2] -= push
                residual[t - 1] += 2.0 * net
                residual[t - 2] -= net
    _solve_pentadiagonal(m, move)
    largest = 0.0
    for t in range(frames):
        largest = max(largest, abs(residual[t]))
    return largest


@jit(inner=True)
def _solve_pentadiagonal(m: Float64[np.ndarray, "T 3"], x: Float64[np.ndarray, "T"]) -> None:
    """Solve in place by an LDL^T factorisation, which replaces the matrix."""
    frames = x.shape[0]
    for t in range(frames):
        for back in range(1, min(t, 2) + 1):
            share = m[t - back, back]
            m[t, 0] -= share * share * m[t - back, 0]
            x[t] -= share * x[t - back]
        if t >= 1:
            m[t, 1] -= m[t - 1, 2] * m[t - 1, 0] * m[t - 1, 1]
        m[t, 1] /= m[t, 0]
        m[t, 2] /= m[t, 0]
    for t in range(frames - 1, -1, -1):
        x[t] /= m[t, 0]
        for ahead in range(1, min(frames - 1 - t, 2) + 1):
            x[t] -= m[t, ahead] * x[t + ahead]


@jit(inner=True)
def _make_move(
    goal: float,
    low: Float64[np.ndarray, "3"],
    high: Float64[np.ndarray, "3"],
    work: _Scratch,
) -> float:
    """Go as far as slacks and multipliers stay positive; returns the share gone, 0 where rounding leaves no way."""
    y, move, slack, force = work.y, work.move, work.slack, work.force
    frames = y.shape[0]
    most = 1.0 / _BOUNDARY
    for t in range(frames):
        for kind in range(3):
            change = _difference(move, kind, t)
            for i in range(2 * kind, 2 * kind + 2):
                closer = change if i % 2 == 0 else -change
                stronger = (goal + force[i, t] * closer) / slack[i, t] - force[i, t]
                if closer > 0:
                    most = min(most, slack[i, t] / closer)
                if stronger < 0:
                    most = min(most, -force[i, t] / stronger)
    share = _BOUNDARY * most
    for t in range(frames):
        for kind in range(3):
            change = _difference(move, kind, t)
            for i in range(2 * kind, 2 * kind + 2):
                closer = change if i % 2 == 0 else -change
                stronger = (goal + force[i, t] * closer) / slack[i, t] - force[i, t]
                force[i, t] += share * stronger
    for t in range(frames):
        before = y[t]  # kept exactly: a step taken back would round
        y[t] = before + share * move[t]
        move[t] = before
    if _measure_slack(y, low, high, slack) > 0:
        return share
    for t in range(frames):
        y[t] = move[t]
    return 0.0
