"""Evaluation of a batch: real results, many times over, judged into a folder by one process.

Usage: python benchmarks/evaluation.py
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from measure import (
    CLIPS,
    clip_files,
    memory_unit,
    on_one_core,
    table,
    write_section,
)

on_one_core()

from retarget.evaluation import MEASURES, evaluate_result  # noqa: E402
from retarget.evaluation_batch import evaluate_batch  # noqa: E402
from retarget.motion import read_motion  # noqa: E402
from retarget.pipeline import retarget_motion  # noqa: E402
from retarget.result import RetargetingResult  # noqa: E402
from retarget.robots import RobotModel, load_robot  # noqa: E402

COMMAND = "make bench (benchmarks/evaluation.py)"
COUNTS = (100, 1000)
REPEATS = 15
SHORT = "amp_npz/humanoid_walk.npz"
LONG = "lafan1_bvh/bvhTools_test2_3945f.bvh"


def main() -> None:
    robot = load_robot("unitree_g1")
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "results"
        folder.mkdir()
        for k, path in enumerate(clip_files()):
            retarget_motion(read_motion(path), robot).save_npz(folder / f"{k:03d}.npz")
        rows = []
        for count in COUNTS:
            words = [
                sys.executable,
                __file__,
                str(folder),
                str(Path(place) / f"out{count}"),
                str(count),
            ]
            told = json.loads(subprocess.run(words, check=True, stdout=subprocess.PIPE).stdout)
            rows.append(
                [
                    f"{count:,}",
                    f"{told['frames']:,}",
                    f"{told['busy']:.1f}",
                    f"{told['frames'] / told['busy']:,.0f}",
                    f"{told['summary']:.1f}",
                    f"{told['peak'] / 1e6:.0f}",
                    f"{told['again']:.1f}",
                ]
            )
    single = []
    for name in (SHORT, LONG):
        result = retarget_motion(read_motion(CLIPS / name), robot)
        evaluate_result(result, robot)
        busy = min(_busy(result, robot) for _ in range(REPEATS))
        row = [f"`{name}`", str(len(result)), f"{busy * 1e3:.1f}", f"{len(result) / busy:,.0f}"]
        single.append(row)
    heads = ["clips", "frames", "processor s", "frames/s", "summary s", "peak MB", "again s"]
    body = (
        f"All {len(MEASURES)} measures, series for the worst second, gates, diagnoses and a report on disk of each "
        "clip, by `evaluate_batch` in one process: the readable clips' results over and over. Read, judged, hashed and "
        "written; *again* is a second run, which finds all done.\n\n"
        + table(heads, rows)
        + f"\n\nOne clip in memory, processor time, the least of {REPEATS}:\n\n"
        + table(["clip", "frames", "ms", "frames/s"], single)
    )
    write_section("evaluation", "Evaluation", COMMAND, body)


def _busy(result: RetargetingResult, robot: RobotModel) -> float:
    """Seconds that the processor works to judge a result."""
    started = time.process_time()
    evaluate_result(result, robot)
    return time.process_time() - started


def _judge(folder: Path, output: Path, count: int) -> None:
    files = sorted(folder.iterdir())
    lengths = [len(RetargetingResult.load_npz(file)) for file in files]
    links = output.parent / f"links{count}"
    links.mkdir()
    results = {}
    for k in range(count):
        name = f"{k:05d}.npz"
        os.link(files[k % len(files)], links / name)
        results[name] = links / name
    evaluate_batch(dict(list(results.items())[: len(files)]), output.parent / f"warm{count}")
    busy = time.process_time()
    done = evaluate_batch(results, output)
    busy = time.process_time() - busy
    started = time.perf_counter()
    done.summary()
    summed = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * memory_unit()
    started = time.perf_counter()
    evaluate_batch(results, output)
    again = time.perf_counter() - started
    frames = sum(lengths[k % len(files)] for k in range(count))
    told = {"frames": frames, "busy": busy, "summary": summed, "peak": peak, "again": again}
    print(json.dumps(told))


if __name__ == "__main__":
    if len(sys.argv) > 1:
        _judge(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
    else:
        main()
