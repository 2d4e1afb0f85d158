"""Whether limbs pop for a frame, and whether the robot's heading drifts from the human's."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from jaxtyping import Float32, Float64, Int64

from retarget.compiled.jit import jit
from retarget.compiled.scratch import scratch
from retarget.evaluation.frames.following.angles import direction
from retarget.evaluation.frames.following.bodies import BodyTrack
from retarget.evaluation.thresholds import HEADING_WINDOW, POP_SPAN

__all__ = ["Steadiness", "find_steadiness", "measure_steadiness"]

_LINES = (("right_hip", "left_hip"), ("right_shoulder", "left_shoulder"))


class Steadiness(NamedTuple):
    """Pops and headings.

    Attributes:
        pops: Of the limb that pops most in each frame, rad; 0 at the ends of the clip.
        seconds: Middle of each window of `HEADING_WINDOW` seconds.
        headings: Yaw in it from the human to the robot, rad, without jumps of whole turns.
    """

    pops: Float64[np.ndarray, "T"]
    seconds: Float64[np.ndarray, "W"]
    headings: Float64[np.ndarray, "W"]


def find_steadiness(track: BodyTrack, fps: float) -> Steadiness:
    """Lay the robot's limbs beside themselves a moment before and after, and beside the human's in windows."""
    what, frames = track.compared, len(track.points)
    pops, sums = np.zeros(frames), np.zeros((frames, 2))
    lines = [row for pair in _LINES if (row := what.columns(*pair)) is not None]
    every = np.ascontiguousarray(np.concatenate([what.ends, *(row[None] for row in lines)]))
    span = max(round(POP_SPAN * fps), 1)
    _watch(track.points, track.human, every, len(what.ends), span, pops, sums)
    windows = max(round(frames / (HEADING_WINDOW * fps)), 1)
    edges = np.linspace(0, frames, windows + 1).astype(np.int64)
    totals = np.add.reduceat(sums, edges[:-1], axis=0)
    headings = np.unwrap(np.arctan2(totals[:, 0], totals[:, 1]))
    return Steadiness(pops, (edges[:-1] + edges[1:]) / (2 * fps), headings)


def measure_steadiness(found: Steadiness, fps: float) -> dict[str, float | None]:
    """Measures of pops and heading; see `retarget.evaluation.MEASURES`."""
    pops = len(found.pops) > 2 * max(round(POP_SPAN * fps), 1)
    drifts = len(found.headings) > 1
    return {
        "limb_pop_max": float(np.degrees(found.pops.max())) if pops else None,
        "heading_drift": float(np.degrees(np.ptp(found.headings))) if drifts else None,
    }


@jit(fastmath=True, inner=True)
def _directions(
    points: Float32[np.ndarray, "P 3"],
    ends: Int64[np.ndarray, "L 2"],
    out: Float64[np.ndarray, "L 3"],
) -> None:
    """Unit directions of lines between joint centres; zero where these coincide."""
    for line in range(ends.shape[0]):
        direction(points, ends[line], out[line])


@jit(fastmath=True)
def _watch(
    robot: Float32[np.ndarray, "T P 3"],
    human: Float32[np.ndarray, "T P 3"],
    ends: Int64[np.ndarray, "L 2"],
    limbs: int,
    span: int,
    pops: Float64[np.ndarray, "T"],
    sums: Float64[np.ndarray, "T 2"],
) -> None:
    """Fill pops of the first so many lines, and sums of sine and cosine between human and robot of all."""
    frames, lines = robot.shape[0], ends.shape[0]
    own = scratch((3, lines, 3), np.float64)
    theirs = scratch((3, lines, 3), np.float64)
    for t in range(frames):
        _directions(robot[t], ends, own[1])
        _directions(human[t], ends, theirs[1])
        for line in range(lines):
            h = theirs[1, line]
            r = own[1, line]
            sums[t, 0] += h[0] * r[1] - h[1] * r[0]
            sums[t, 1] += h[0] * r[0] + h[1] * r[1]
        if t < span or t + span >= frames:
            continue
        _directions(robot[t - span], ends, own[0])
        _directions(robot[t + span], ends, own[2])
        _directions(human[t - span], ends, theirs[0])
        _directions(human[t + span], ends, theirs[2])
        for limb in range(limbs):
            a = 0.0
            b = 0.0
            for i in range(3):
                off = own[1, limb, i] - 0.5 * (own[0, limb, i] + own[2, limb, i])
                a += off * off
                off = theirs[1, limb, i] - 0.5 * (theirs[0, limb, i] + theirs[2, limb, i])
                b += off * off
            pops[t] = max(pops[t], math.sqrt(a) - math.sqrt(b))
