"""What a clip is solved with before its first frame.

A frame in mid-clip is smoothed by the frames on both sides of it. The first has none before it: left free, it would
follow whatever its targets do, and run on as fast as the frames after it go, as no frame in mid-clip does. So a clip
is solved as though it had begun a moment earlier, with a motion that comes up to its first targets and fades out the
further it is from them. Of what a motion did before it was cut nothing is known; this is what it did most likely.
"""

from __future__ import annotations

import math

import numpy as np
from jaxtyping import Float64

from retarget.compiled.jit import jit
from retarget.compiled.scratch import scratch
from retarget.motion.numeric.vectors import rotation_of
from retarget.solver.arrays import Clip

__all__ = ["clip_led_in", "held_before"]

# Seconds for which the first frames' speed goes on backwards, falling off exponentially.
FADE = 1.0 / 40.0


def clip_led_in(clip: Clip, frames: int, lead: int, fps: float) -> Clip:
    """The first ``frames`` of a clip, and ``lead`` frames before them."""
    led = Clip(*(np.empty((lead + frames, *values.shape[1:])) for values in clip))
    _fill(Clip(*(values[:frames] for values in clip)), _frames_away(lead, fps), led)
    return led


def held_before(values: Float64[np.ndarray, "n ..."], lead: int) -> Float64[np.ndarray, "m ..."]:
    """Values by frame, with ``lead`` copies of the first before them (m = lead + n)."""
    return np.concatenate([np.repeat(values[:1], lead, axis=0), values])


def _frames_away(lead: int, fps: float) -> Float64[np.ndarray, "lead"]:
    """How many frames' worth of motion each frame of the lead is before the first frame; falls with time."""
    fade = FADE * fps
    return np.asarray(fade * (1.0 - np.exp(-np.arange(lead, 0, -1) / fade)))


@jit()
def _fill(clip: Clip, away: Float64[np.ndarray, "lead"], led: Clip) -> None:
    """Fill a clip that is led in to; ``away`` is how many frames' worth of motion each frame is before the first."""
    lead = away.shape[0]
    next_one = min(1, clip.frames.shape[0] - 1)
    step = scratch(3, np.float64)
    for t in range(led.frames.shape[0]):
        at = max(t - lead, 0)
        share = away[t] if t < lead else 0.0
        for i in range(clip.contact_weights.shape[1]):
            led.contact_weights[t, i] = clip.contact_weights[at, i]
            for k in range(3):
                led.anchors[t, i, k] = clip.anchors[at, i, k]
        for foot in range(clip.clearances.shape[1]):
            led.clearances[t, foot] = clip.clearances[at, foot]
        led.steadiness[t] = clip.steadiness[at]
        for k in range(clip.centre_weights.shape[1]):
            led.centre_weights[t, k] = clip.centre_weights[at, k]
        for k in range(3):
            led.centres[t, k] = clip.centres[at, k]
            if t < lead:
                led.centres[t, k] += share * (clip.centres[0, k] - clip.centres[next_one, k])
        for m in range(clip.frames.shape[1]):
            for k in range(3):
                led.positions[t, m, k] = clip.positions[at, m, k]
                if t < lead:
                    back = clip.positions[0, m, k] - clip.positions[next_one, m, k]
                    led.positions[t, m, k] += share * back
            if t < lead:
                _turn_between(clip.frames[0, m], clip.frames[next_one, m], step)
            else:
                step[:] = 0.0
            _turned(clip.frames[at, m], step, -share, led.frames[t, m])


@jit(inner=True)
def _turn_between(
    first: Float64[np.ndarray, "3 3"],
    second: Float64[np.ndarray, "3 3"],
    turn: Float64[np.ndarray, "3"],
) -> None:
    """Fill the shortest turn from one frame to another, axis times angle in the first one's axes, rad."""
    D = scratch((3, 3), np.float64)
    trace = 0.0
    for i in range(3):
        for j in range(3):
            D[i, j] = 0.0
            for k in range(3):
                D[i, j] += first[k, i] * second[k, j]
        trace += D[i, i]
    # The quaternion's largest part is well conditioned (Shepperd 1978).
    q = scratch(4, np.float64)
    largest = -1
    for i in range(3):
        if D[i, i] > trace and (largest < 0 or D[i, i] > D[largest, largest]):
            largest = i
    i = max(largest, 0)
    j, k = (i + 1) % 3, (i + 2) % 3
    if largest < 0:
        q[0] = 1.0 + trace
        q[1], q[2], q[3] = D[2, 1] - D[1, 2], D[0, 2] - D[2, 0], D[1, 0] - D[0, 1]
    else:
        q[0] = D[k, j] - D[j, k]
        q[1 + i] = 1.0 + D[i, i] - D[j, j] - D[k, k]
        q[1 + j] = D[j, i] + D[i, j]
        q[1 + k] = D[k, i] + D[i, k]
    sine = math.sqrt(q[1] * q[1] + q[2] * q[2] + q[3] * q[3])
    angle = 2.0 * math.atan2(sine, abs(q[0]))
    scale = angle / sine if sine > 0.0 else 0.0
    for a in range(3):
        turn[a] = scale * (q[1 + a] if q[0] >= 0.0 else -q[1 + a])


@jit(inner=True)
def _turned(
    frame: Float64[np.ndarray, "3 3"],
    turn: Float64[np.ndarray, "3"],
    share: float,
    out: Float64[np.ndarray, "3 3"],
) -> None:
    """Fill a frame turned about its own axes by a share of a turn (axis times angle, rad)."""
    angle = math.sqrt(turn[0] * turn[0] + turn[1] * turn[1] + turn[2] * turn[2])
    half = 0.5 * share * angle
    scale = math.sin(half) / angle if angle > 0.0 else 0.0
    quaternion = scratch(4, np.float64)
    quaternion[0] = math.cos(half)
    for k in range(3):
        quaternion[1 + k] = scale * turn[k]
    R = scratch((3, 3), np.float64)
    rotation_of(quaternion, R)
    for i in range(3):
        for j in range(3):
            out[i, j] = frame[i, 0] * R[0, j] + frame[i, 1] * R[1, j] + frame[i, 2] * R[2, j]
