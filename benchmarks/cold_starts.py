"""Whether the dance is solved alike wherever it is begun: cold starts in mid-clip against the whole clip's answer.

Usage: python benchmarks/cold_starts.py

From each of 300 frames, evenly spaced, the clip from there to its end is solved with no knowledge of what came before:
the same calibration, targets and anchors, a start and windows of its own. Its first seconds are compared with those
frames of the whole clip's answer. A second solve begins with the whole clip's start of those frames: where it differs,
only the past is missing.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
from jaxtyping import Float64, Int64

from measure import clip_files, on_one_core, table, write_section

on_one_core()

from retarget import RetargetOptions, load_robot, read_motion  # noqa: E402
from retarget.pipeline import make_targets  # noqa: E402
from retarget.solver.anchors import anchors_from_start  # noqa: E402
from retarget.solver.arrays import Clip, Problem  # noqa: E402
from retarget.solver.clip import solve_clip  # noqa: E402
from retarget.solver.problem import (  # noqa: E402
    TaskWeights,
    make_problem,
    rated_clip_options,
    rated_start_options,
)
from retarget.solver.start.solve import solve_start  # noqa: E402
from retarget.targets.build import cold_start  # noqa: E402

COMMAND = "make bench (benchmarks/cold_starts.py)"
DANCE = "bvhTools_test2_3945f.bvh"
STARTS = 300
SECONDS = 3.0
ANOTHER = 0.5  # rad: a joint that far off is in another motion
CATCHING_UP = 5  # frames in which a clip without a past need not be where a fast motion had got to


class Difference(NamedTuple):
    """A cold start beside the whole clip.

    Attributes:
        first: Where it starts.
        change: Largest difference of a joint in each frame, rad.
        joint: The joint of the largest of all.
        cost: Cost of the frames that differ, of the cold start's answer.
        whole_cost: The same of the whole clip's.
        led_change: As ``change``, of the solve that begins with the whole clip's start.
    """

    first: int
    change: Float64[np.ndarray, "n"]
    joint: str
    cost: float
    whole_cost: float
    led_change: Float64[np.ndarray, "n"]


def main() -> None:
    path = next(path for path in clip_files() if path.name == DANCE)
    differences = compare_starts(path)
    other = [d for d in differences if d.change.max() > ANOTHER]
    later = [d for d in other if d.change[CATCHING_UP:].max() > ANOTHER]
    start = [d for d in differences if d.change[0] > ANOTHER]
    never = [d for d in differences if d.change[-round(len(d.change) / 6) :].max() > ANOTHER]
    led = [np.flatnonzero(d.led_change > ANOTHER) for d in differences]
    led = [frames for frames in led if len(frames)]
    rows = [
        [
            str(d.first),
            _span(np.flatnonzero(d.change > ANOTHER)),
            f"{d.change.max():.2f}",
            d.joint,
            f"{d.cost:.1f}",
            f"{d.whole_cost:.1f}",
        ]
        for d in other
    ]
    body = (
        f"`{DANCE}`, Unitree G1: {STARTS} cold starts, each solved to the end of the clip; first {SECONDS:g} s compared"
        f". Another motion is a joint more than {ANOTHER:g} rad off in any frame.\n\n"
        f"- start frames that give another motion: **{len(other)} of {STARTS}**; worst difference "
        f"{max(d.change.max() for d in differences):.2f} rad\n"
        f"- of these off in the very first frame, about which a clip without a past knows least: {len(start)}; still "
        f"off beyond the first {CATCHING_UP} frames: {len(later)}; in the last half second of the three: "
        f"**{len(never)}**\n"
        f"- cheaper over the frames that differ: the cold start in {sum(d.cost < d.whole_cost for d in other)}, the "
        f"whole clip in {sum(d.cost >= d.whole_cost for d in other)}\n"
        f"- solved from the whole clip's start of these frames instead of their own: {len(led)} differ, none beyond "
        f"frame {max((int(frames[-1]) for frames in led), default=0)}: there only the past is missing\n\n"
        + table(["start", "frames off", "rad", "joint", "cost", "whole clip's cost"], rows)
    )
    write_section("cold starts", "Cold starts", COMMAND, body)


def compare_starts(path: Path) -> list[Difference]:
    """Every cold start of a clip beside the whole clip's answer."""
    robot = load_robot("unitree_g1")
    motion = read_motion(path)
    _, _, targets, shape = make_targets(motion, robot)
    free = make_problem(targets, robot, shape, RetargetOptions(), TaskWeights())
    seeds = cold_start(targets, shape, robot)
    start_options = rated_start_options(targets.fps)
    clip_options = rated_clip_options(targets.fps)
    whole_start = solve_start(seeds, free, start_options)
    anchors = anchors_from_start(whole_start, free)
    anchored = free._replace(clip=free.clip._replace(anchors=anchors))
    whole, whole_cost, _ = solve_clip(whole_start, anchored, clip_options)
    frames = round(SECONDS * targets.fps)
    differences = []
    for first in np.linspace(0, len(whole) - frames, STARTS).round().astype(int):
        rest = from_frame(anchored, first)
        start = solve_start(seeds[first:], from_frame(free, first), start_options)
        qpos, cost, _ = solve_clip(start, rest, clip_options)
        led, _, _ = solve_clip(whole_start[first:], rest, clip_options)
        here = slice(first, first + frames)
        change = np.abs(qpos[:frames, 7:] - whole[here, 7:])
        off = change.max(axis=1) > ANOTHER
        differences.append(
            Difference(
                int(first),
                change.max(axis=1),
                robot.joint_names[int(change.max(axis=0).argmax())],
                float(cost[:frames][off].sum()),
                float(whole_cost[here][off].sum()),
                np.abs(led[:frames, 7:] - whole[here, 7:]).max(axis=1),
            )
        )
    return differences


def from_frame(problem: Problem, first: int) -> Problem:
    """The rest of a problem from a frame on."""
    return problem._replace(clip=Clip(*(values[first:] for values in problem.clip)))


def _span(frames: Int64[np.ndarray, "n"]) -> str:
    """Which frames after the start, of how many between."""
    return f"{frames[0]} to {frames[-1]} ({len(frames)})"


if __name__ == "__main__":
    main()
