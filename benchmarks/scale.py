"""Growth: time per frame and memory at 300,000 frames beside 3,000, every clip's speed, and arithmetic beside the peak.

Usage: python benchmarks/scale.py [--frames N]
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from statistics import mean

from measure import (
    CLIPS,
    child_cost,
    child_output,
    clip_files,
    median_seconds,
    memory_unit,
    on_one_core,
    table,
    write_section,
)

on_one_core()

import numba  # noqa: E402
import numpy as np  # noqa: E402

from retarget.config import RunConfig  # noqa: E402
from retarget.evaluation import evaluate_result  # noqa: E402
from retarget.motion import Motion  # noqa: E402
from retarget.motion.edit import compact  # noqa: E402
from retarget.motion.motion import BLOCK  # noqa: E402
from retarget.pipeline import retarget_motion  # noqa: E402
from retarget.robots import RobotModel  # noqa: E402
from retarget.solver.kinematics.forward import tree_arrays  # noqa: E402

COMMAND = "make bench (benchmarks/scale.py)"
SHORT = 3000
PARTS = 6  # short clips that are averaged, spread over the recording


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--frames", type=int, default=300_000, help="length of the long clip")
    parser.add_argument("--child", type=int, nargs=2, metavar=("FIRST", "FRAMES"))
    arguments = parser.parse_args()
    if arguments.child:
        print(json.dumps(_cost(*arguments.child)))
        return
    files = clip_files()
    _growth(arguments.frames)
    _every_clip(files)


def _growth(frames: int) -> None:
    firsts = [round(k * 2 * 3945 / PARTS) for k in range(PARTS)]
    shorts = [_child(first, SHORT) for first in firsts]
    short = {name: mean(one[name] for one in shorts) for name in shorts[0]}
    long = _child(0, frames)
    rows = [
        [
            f"{count:,}",
            *(f"{cost[name]:.1f}" for name in ("solve", "evaluate")),
            f"{cost['mb']:.0f}",
        ]
        for count, cost in ((SHORT, short), (frames, long))
    ]
    ratio = (long["solve"] + long["evaluate"]) / (short["solve"] + short["evaluate"])
    body = (
        f"The LAFAN1 clip there and back again, Unitree G1; each length a process of its own, {SHORT:,} frames the "
        f"mean of {PARTS} parts of the same motion. A frame of the long clip takes {ratio:.2f} times as long.\n\n"
        + table(["frames", "retargeting, us per frame", "evaluating", "peak memory MB"], rows)
        + f"\n\n`retarget run` on a BVH file of {frames:,} frames, from its text to the saved and scored result: "
        + _whole_run(frames)
    )
    write_section("growth", "Long clips", COMMAND, body)


def _whole_run(frames: int) -> str:
    """Time and memory of a process that reads, retargets, evaluates and saves a long clip."""
    with tempfile.TemporaryDirectory() as folder:
        clip, output = Path(folder) / "long.bvh", Path(folder) / "long.npz"
        _write_there_and_back(clip, frames)
        words = ["run", "--motion", str(clip), "--output", str(output)]
        seconds, peak = child_cost([sys.executable, "-m", "retarget", *words])
    return f"{seconds:.1f} s, {frames / seconds:,.0f} frames/s, peak memory {peak:.0f} MB."


def _write_there_and_back(path: Path, frames: int) -> None:
    """The LAFAN1 clip as a file in which it is played forwards and backwards in turn."""
    text = next((CLIPS / "lafan1_bvh").glob("*.bvh")).read_text()
    head, _, motion = text.partition("MOTION")
    _, rate, *rows = motion.strip().splitlines()
    rows += rows[-2:0:-1]
    with path.open("w") as stream:
        stream.write(f"{head}MOTION\nFrames: {frames}\n{rate}\n")
        stream.writelines(rows[t % len(rows)] + "\n" for t in range(frames))


def _child(first: int, frames: int) -> dict[str, float]:
    words = [sys.executable, __file__, "--child", str(first), str(frames)]
    cost: dict[str, float] = json.loads(child_output(words))
    return cost


def _cost(first: int, frames: int) -> dict[str, float]:
    """Microseconds a frame and peak memory (MB) of one length."""
    robot = RunConfig().load_robot()
    path = next((CLIPS / "lafan1_bvh").glob("*.bvh"))
    motion = RunConfig().read_motion(path)
    evaluate_result(retarget_motion(motion.frames(0, 300), robot), robot)
    # As `read_motion` holds a clip of such a length.
    motion = _there_and_back(compact(motion) if frames > BLOCK else motion, first, frames)
    started = time.perf_counter()
    result = retarget_motion(motion, robot)
    solved = time.perf_counter()
    del motion  # a result holds what it is measured against
    evaluate_result(result, robot)
    done = time.perf_counter()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * memory_unit() / 1e6
    return {
        "solve": (solved - started) / frames * 1e6,
        "evaluate": (done - solved) / frames * 1e6,
        "mb": peak,
    }


def _there_and_back(motion: Motion, first: int, frames: int) -> Motion:
    """A recording played forwards and backwards in turn, which no joint notices but for the time."""
    last = len(motion) - 1
    index = np.arange(first, first + frames) % (2 * last)
    index = np.where(index > last, 2 * last - index, index)
    return replace(motion, positions=motion.positions[index], rotations=motion.rotations[index])


def _every_clip(files: list[Path]) -> None:
    robot = RunConfig().load_robot()
    peak = _peak()
    work = _work_of_a_step(len(robot.joint_names) + 6, robot)
    rows = []
    for path in files:
        motion = RunConfig().read_motion(path)
        runs: list[dict[str, float]] = []

        def run(motion: Motion = motion, runs: list[dict[str, float]] = runs) -> float:
            record = retarget_motion(motion, robot).provenance
            runs.append(record["timings"])
            return float(record["steps_per_frame"])

        _, steps = median_seconds(run, 5)
        frames = len(motion)
        solve = min(one["solve"] for one in runs)
        both = min(one["problem"] + one["start"] + one["solve"] for one in runs)
        rows.append(
            [
                f"`{path.name}`",
                str(frames),
                f"{frames / both:,.0f}",
                f"{solve / frames * 1e6:.1f}",
                f"{steps:.2f}",
                f"{100 * work * steps * frames / solve / peak:.0f} %",
            ]
        )
    body = (
        "Fastest of 5 repeats in a warm process, Unitree G1. The share of the peak is that of the whole-clip solve: "
        f"{work / 1e3:.0f} kflop a frame and step (14/3 n^3 of the factorisation with its triangles of zeros left out, "
        "n = 35 unknowns; 106 a body and 15 a coupling of the assembly; collisions, the floor, sines and what repeats "
        f"a step are not counted) beside {peak / 1e9:.1f} Gflop/s of single precision, the faster of a loop of "
        "multiply-adds and a product of matrices on one core.\n\n"
        + table(
            [
                "clip",
                "frames",
                "start and solve, frames/s",
                "solve, us per frame",
                "steps",
                "of peak",
            ],
            rows,
        )
    )
    write_section("clips", "Every clip, and arithmetic beside the peak", COMMAND, body)


def _work_of_a_step(unknowns: int, robot: RobotModel) -> float:
    """Floating-point operations of one Gauss-Newton step a frame: factorisation and assembly.

    Counted in multiply-adds: rows of the own block n^3, the next frame's own and next block n^3 / 2 each, the own
    block of the frame after n^3 / 3.
    """
    tree = tree_arrays(robot)
    couplings = int((tree.depth + 1).sum())
    return 14 / 3 * unknowns**3 + 106 * len(tree.parents) + 15 * couplings


@numba.njit(fastmath={"contract"})  # type: ignore[untyped-decorator]
def _multiply_adds(values: np.ndarray, factor: np.float32, summand: np.float32, times: int) -> None:
    for _ in range(times):
        for i in range(values.shape[0]):
            v = values[i]
            for _ in range(32):
                v = v * factor + summand
            values[i] = v


def _peak() -> float:
    """Operations per second that one core reaches with multiply-adds of single precision, the solve's."""
    values, times = np.ones(1024, np.float32), 2000
    factor, summand = np.float32(0.999), np.float32(1e-3)
    a = np.random.default_rng(0).random((768, 768), np.float32)
    rates = []
    for _ in range(5):
        looped, _ = median_seconds(lambda: _multiply_adds(values, factor, summand, times), 1)
        product, _ = median_seconds(lambda: a @ a, 1)
        rates += [64 * len(values) * times / looped, 2 * len(a) ** 3 / product]
    return max(rates)


if __name__ == "__main__":
    main()
