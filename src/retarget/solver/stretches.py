"""Long clips in stretches: what takes much memory per frame is made for some thousand frames at a time.

Nobody can tell where stretches meet. The start of a stretch is solved from before the seam to well behind it, beginning
from the start before, and takes over where both agree best; so starts are one sequence. Anchors, which are means over
seconds, see that sequence on both sides of a seam. The windows of the solve march on with what they hand each other.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import NamedTuple, TypeAlias

import numpy as np
from jaxtyping import Bool, Float32, Float64

from retarget.solver.anchors import STANCE_MEMORY
from retarget.solver.arrays import Problem
from retarget.solver.balance.path import centre_path
from retarget.solver.clip import ClipOptions, March, march_windows
from retarget.solver.held_things import hold_things
from retarget.solver.missed_holds import Held, hold_again
from retarget.solver.stances import hold_stances
from retarget.solver.start.frame import StartOptions
from retarget.solver.start.limbs import Limbs
from retarget.solver.start.solve import solve_start
from retarget.solver.weights import UNSTEADY

__all__ = [
    "LEAST_SECONDS",
    "MOST_FRAMES",
    "Seam",
    "Solution",
    "Stretch",
    "StretchProblem",
    "plan_stretches",
    "solve_stretch",
    "start_stretch",
]

MOST_FRAMES = 4096  # of a stretch: about 15 MB
LEAST_SECONDS = 60.0  # but so long that what overlaps is little of it
_FADE = 0.5  # seconds in which anchors pass from one stretch's to the next one's
_RUN_IN = 1.0  # seconds that starts are solved before they take over from the stretch before
_SWITCH = 0.5  # seconds in which both agree somewhere
_AHEAD = 2.0  # seconds that a start's path looks ahead: more hardly changes it


Settle: TypeAlias = Callable[
    [Float64[np.ndarray, "n Q"], Float64[np.ndarray, "n K 3"]], Float64[np.ndarray, "n K 3"]
]


class Stretch(NamedTuple):
    """Frames of a clip that are solved together.

    Attributes:
        begin: The first frame that is looked at.
        first: The first that becomes final.
        last: The frame after the last that becomes final.
        known: The frame up to which anchors are placed.
        end: The frame up to which starts are solved.
    """

    begin: int
    first: int
    last: int
    known: int
    end: int


class StretchProblem(NamedTuple):
    """A stretch as it is to be solved, from its first frame looked at on.

    Attributes:
        problem: Of its frames.
        carried: As for `hold_stances`.
        seeds: As for `solve_start`.
        limbs: The robot's.
        centre: Weight of the centre of mass's distance from its path, 1/m^2.
        fixed: Anchors that stay where they are; None where there is no scene.
        normals: As for `hold_things`; None where there is no scene.
        settle: Changes anchors once the start is known, those of feet on moving things.
    """

    problem: Problem
    carried: Bool[np.ndarray, "n K"]
    seeds: Float64[np.ndarray, "n Q"]
    limbs: Limbs
    centre: float
    fixed: Bool[np.ndarray, "n K"] | None = None
    normals: Float64[np.ndarray, "n K 3"] | None = None
    settle: Settle | None = None


class Solution(NamedTuple):
    """A solved clip.

    Attributes:
        qpos: Configurations.
        cost: Cost of each frame before its last step.
        held: Contact points that were held.
        anchors: Where along the ground, metres.
    """

    qpos: Float64[np.ndarray, "T Q"]
    cost: Float64[np.ndarray, "T"]
    held: Bool[np.ndarray, "T K"]
    anchors: Float32[np.ndarray, "T K 2"]

    @classmethod
    def allocate(cls, frames: int, problem: Problem) -> Solution:
        """Room for the frames of a clip."""
        size, points = len(problem.limits.lower) + 6, len(problem.soles.contact_bodies)
        return cls(
            np.empty((frames, size)),
            np.empty(frames),
            np.empty((frames, points), bool),
            np.empty((frames, points, 2), np.float32),
        )


class Seam(NamedTuple):
    """What a stretch hands to the next.

    Attributes:
        first: Where the next one's windows begin: where this one's end, or a little before that.
        begin: The first frame that they change: `ClipOptions.seam` before that.
        start: Starts, from the first frame that the next looks at on.
        qpos: Frames that the last window has solved, from ``begin`` on.
        shift: Their multipliers.
        anchors: Anchors from ``begin`` on, and behind this one's end for as long as they fade.
        centres: The centre of mass's path, likewise.
    """

    first: int
    begin: int
    start: Float64[np.ndarray, "n Q"]
    qpos: Float64[np.ndarray, "a Q"]
    shift: Float64[np.ndarray, "a F"]
    anchors: Float64[np.ndarray, "f K 3"]
    centres: Float64[np.ndarray, "f 3"]


def plan_stretches(frames: int, fps: float, options: ClipOptions) -> list[Stretch]:
    """Stretches of about equal length, at most `MOST_FRAMES` where these last long enough; often there is one."""
    longest = max(MOST_FRAMES, round(LEAST_SECONDS * fps))
    count = -(-frames // longest)
    # Windows lie as they would in one stretch.
    windows = [round(k * frames / count / options.window) for k in range(count)]
    reach = _reach(fps, options)
    beyond = reach + round((_SWITCH + _AHEAD) * fps)
    seams = [*(window * options.window for window in windows), frames]
    return [
        Stretch(
            max(0, first - reach),
            first,
            last,
            min(frames, last + reach),
            min(frames, last + beyond),
        )
        for first, last in pairwise(seams)
    ]


def start_stretch(
    stretch: Stretch, part: StretchProblem, seam: Seam | None, options: StartOptions
) -> Float64[np.ndarray, "n Q"]:
    """Starts of all frames that are looked at; ``seam`` is what the stretch before has left."""
    problem, seeds = part.problem, part.seeds
    if seam is None:
        return solve_start(seeds, problem, options, part.limbs)
    # The stretch before has placed its anchors by its own starts up to here.
    placed = 2 * (stretch.first - stretch.begin)
    begin = placed - round(_RUN_IN * problem.fps)
    seeds = seeds[begin:].copy()
    seeds[0] = seam.start[begin]
    frames = _frames(problem, begin, stretch.end - stretch.begin)
    own = solve_start(seeds, frames, options, part.limbs)
    before = seam.start[placed:][: round(_SWITCH * problem.fps)]
    apart = np.abs(before - own[placed - begin :][: len(before)])[:, 7:].max(axis=1)
    switch = placed + int(np.flatnonzero(apart == apart.min())[-1])
    return np.concatenate([seam.start[:switch], own[switch - begin :]])


def solve_stretch(
    stretch: Stretch,
    part: StretchProblem,
    start: Float64[np.ndarray, "n Q"],
    seam: Seam | None,
    options: ClipOptions,
    solution: Solution,
) -> tuple[Seam, int]:
    """Fill the solution's frames of a stretch; returns what the next needs, and the steps times frames taken.

    Joint limits and floor are kept nearly, as windows do: `retarget.solver.clip.keep_limits` is for all stretches.
    """
    begin, first, last, known, _ = stretch
    count, here, there = known - begin, first - begin, last - begin
    problem = _frames(part.problem, 0, count)
    anchors, weights = hold_stances(start[:count], problem, part.carried[:count], options)
    if part.fixed is not None:
        fixed = part.fixed[:count]
        anchors[fixed] = problem.clip.anchors[fixed]
        if part.settle is not None:
            anchors = part.settle(start[:count], anchors)
    march = March.of(start[:count], problem)
    standing = problem._replace(
        clip=problem.clip._replace(anchors=anchors, contact_weights=weights)
    )
    path, shares = np.zeros((count, 3)), np.zeros((count, 2))
    if part.centre > 0.0:
        path, shares = centre_path(start[:count], standing)
    steadiness = UNSTEADY + (1.0 - UNSTEADY) * shares[:, 0]
    if part.fixed is not None:  # things carry the body wherever they do
        steadiness = np.ones(count)
    onward = changed = here
    if seam is not None:
        onward, changed = seam.first - begin, seam.begin - begin
        share = np.ones(len(seam.anchors))
        share[here - changed :] = np.linspace(1.0, 0.0, len(share) - (here - changed))
        faded = anchors[changed : changed + len(share)]
        faded += share[:, None, None] * (seam.anchors - faded)
        faded_path = path[changed : changed + len(share)]
        faded_path += share[:, None] * (seam.centres - faded_path)
        march.qpos[:changed] = solution.qpos[begin : seam.begin]
        march.qpos[changed : changed + len(seam.qpos)] = seam.qpos
        march.shift[changed : changed + len(seam.qpos)] = seam.shift
    held = standing._replace(
        clip=standing.clip._replace(
            centres=path, centre_weights=part.centre * shares, steadiness=steadiness
        )
    )
    steps, at = march_windows(march, onward, here, there, held, options)
    if part.fixed is not None and part.normals is not None:
        frames = (onward, here, there, changed)
        fixed, normals = part.fixed[:count], part.normals[:count]
        more, at = hold_things(march, start[:count], frames, at, held, fixed, normals, options)
        steps += more
    elif part.fixed is None:
        how = Held(problem, held, part.centre)
        # What the next stretch solves again, it begins from as this one's windows have left it.
        final = there if there == count else max(0, at - options.seam)
        anchors, more = hold_again(march, changed, final, how, part.carried[:count], options)
        steps += more
    own = slice(changed + begin, last)
    solution.qpos[own] = march.qpos[changed:there]
    solution.cost[own] = march.cost[changed:there]
    solution.held[first:last] = problem.clip.contact_weights[here:there] > 0
    solution.anchors[own] = anchors[changed:there, :, :2]
    reach = _reach(problem.fps, options)
    back = max(0, at - options.seam)
    beyond = slice(back, at + options.ahead)
    return Seam(
        begin + at,
        begin + back,
        start[max(0, there - reach) :].copy(),
        march.qpos[beyond].copy(),
        march.shift[beyond].copy(),
        anchors[back : there + round(_FADE * problem.fps)].copy(),
        path[back : there + round(_FADE * problem.fps)].copy(),
    ), steps


def _reach(fps: float, options: ClipOptions) -> int:
    """Frames around those that become final whose starts have a say in an anchor that is used."""
    return round((STANCE_MEMORY / 2 + _FADE) * fps) + options.ahead + 1


def _frames(problem: Problem, first: int, last: int) -> Problem:
    return problem.part(first, last)
